/*
 * here_posix.h - what this folder knows about the calling host thread.
 *
 * One thread-local structure, so that the switch and the signal handlers reach it without a call
 * and without a lock. A context stays on the host thread that first switched to it.
 */
#ifndef HERE_POSIX_H
#define HERE_POSIX_H

#include "host/host.h"

typedef struct host_here {
    const void *stack;     /* Of the context that runs; NULL on the thread's own stack. */
    int *errno_place;      /* NULL until the thread adopted its first context. */
    void **exceptions;     /* The C++ runtime's globals of this thread; NULL without one. */
    bool announces;        /* A sanitizer wants to hear of switches. */
    bool cleans;           /* Somebody (Valgrind, too) wants to hear of stacks. */
    unsigned keeps_lock;   /* Above 0: a lock of this folder is held, no place to stall at. */
    const char *own_stack; /* The thread's own stack, as the system gave it. */
    size_t own_stack_bytes;
    struct host_catch *caught; /* NULL while the thread's faults are nobody's business. */
    struct host_catch *kept;  /* See host_faults_keep(). */
    bool passes_faults;       /* See host_faults_pass(). */
    const char *abort_explained; /* See host_abort_explain(). */
    const void *again;        /* Where faulting code is to go on: see fault_posix.c. */
    struct host_watch *watch;
    long number;                        /* See host_thread_number(). */
    struct host_thread *thread;         /* NULL on a thread that this folder did not make. */
    host_kick_handler *volatile kicked; /* NULL while the thread takes no kicks. */
    void *kick_owner;
    volatile unsigned answers; /* Signals that it is about to judge: see signal_posix.c. */
    int timer; /* See kick_again_posix.c. */
    int timer_state;
    bool passes_on; /* Calls the signal handler that was there before ours. */
} host_here;

extern _Thread_local host_here host_here_now __attribute__((tls_model("initial-exec")));

#endif

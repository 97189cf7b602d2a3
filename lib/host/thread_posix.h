/*
 * thread_posix.h - a host thread as the rest of this folder sees it, and what is to be forgotten
 * in a forked process.
 *
 * A record lives for ever and stands for one thread of the system after the other, so a kick that
 * comes late finds at worst somebody else, who does not mind.
 */
#ifndef THREAD_POSIX_H
#define THREAD_POSIX_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "host/host.h"

/* In host_thread.kickers: kicks are not wanted. The rest counts those who kick at the moment. */
#define HOST_THREAD_DEAF 0x80000000u

struct host_thread {
    struct host_thread *next_parked;
    struct host_thread *next_made;
    pthread_t thread;
    atomic_long number; /* The system's, for its own thread to write; 0 if it has none. */
    host_gate *starts;
    host_gate *ended;
    host_entry *entry; /* NULL: the thread is to end. */
    void *argument;
    sigset_t mask; /* Of signals, while the entry runs. */
    atomic_uint kickers;
    atomic_bool is_kicked; /* A signal is on its way that its thread has not seen yet. */
    atomic_bool is_gone;   /* It stayed behind in the process that this one was forked from. */
    atomic_bool is_torn;   /* It ended in the middle of its entry. */
    host_entry *torn;      /* See host_thread_when_torn(). */
    void *torn_owner;
};

/* The system's number of the calling thread; 0 if it has none. */
long host_thread_number(void);

/* As host_thread_start, but the thread takes no signal. */
host_thread *host_thread_start_quiet(host_entry *entry, void *argument);

/* Each knows what another file keeps. In a forked process, before anything else runs there: */
void host_lock_forget(void);
void host_signal_forget(void);
void host_freed_forget(void);
void host_guest_forget(void);
void host_watch_forget(void);
void host_beat_forget(void);

/* When the process exits: ends its thread if nobody needs it any more. */
void host_watch_end(void);
void host_beat_end(void);

#endif

/*
 * thread.h - threads: what runs at PASSIVE_LEVEL, and which of them goes on.
 *
 * A thread is a dispatcher object (signalled when it has ended). Ready threads wait in one list per
 * priority; a processor takes the first that may run there. A switch happens only in the dispatch
 * hook, in a wait or at a thread's end, always at DISPATCH_LEVEL. Equal priorities take turns of 20
 * virtual milliseconds.
 */
#ifndef DQ_THREAD_H
#define DQ_THREAD_H

#include <wdm.h>

#include "sim/clock.h"
#include "sim/machine.h"

enum { DQ_PRIORITY_NORMAL = 8, DQ_PRIORITY_REALTIME = 31, DQ_PRIORITIES = 32 };

typedef enum dq_thread_state {
    DQ_THREAD_READY,
    DQ_THREAD_RUNNING,
    DQ_THREAD_WAITING,
    DQ_THREAD_ENDED
} dq_thread_state;

typedef struct dq_thread {
    DISPATCHER_HEADER header; /* First: PKTHREAD and a waitable object at once. */
    dq_thread_state state;
    char name[32];
    uint32_t number; /* 0: the test's own. */
    uint64_t made_ns; /* Virtual time. */
    uint64_t affinity;
    int priority;
    unsigned references; /* One more while it has not ended. */
    dq_task *task;
    void (*routine)(void *context);
    void *context;
    NTSTATUS exit_status;
    int apc_disable; /* Critical regions, and mutexes owned, nested. */
    int guarded;     /* Guarded regions, nested. */
    unsigned callouts; /* Of stack.c, nested. */
    struct dq_apc *apcs; /* apc.c: special kernel APCs that wait for it. */
    /* While it waits: */
    NTSTATUS wait_status;
    unsigned wait_count;
    KWAIT_BLOCK *wait_blocks;
    KWAIT_BLOCK own_blocks[4];
    bool wait_all;
    dq_deadline timeout;
    uint8_t wait_irql;
    const void *wait_place; /* Return address of the wait, for reports. */
    dq_service wait_service;
    const struct dq_wait_matter *wait_matter; /* wait.h, or NULL. */
    LIST_ENTRY ready_link;
    struct dq_thread *next; /* All threads of the machine. */
    /* ---- thread.c's, psthread.c's and mutex.c's own: */
    uint64_t system_affinity; /* By KeSetSystemAffinityThread(Ex); 0: not set. */
    uint64_t allowed;       /* The one of the two that counts, cut down to what the machine has. */
    bool internal;          /* The kernel's own: it may wait for ever, and no report names it. */
    bool system;            /* Made by PsCreateSystemThread. */
    const void *made_place; /* Who called PsCreateSystemThread. */
    bool wait_next;         /* KeSetEvent(..., TRUE) and the like: a wait must follow at once. */
    uint8_t wait_next_irql; /* The IRQL that the wait will lower to. */
    LIST_ENTRY mutexes;     /* That it owns: in memory of drivers, which may be gone. */
    int mutex_count;
    GUID activity;          /* ex/etw.c: that its events belong to. */
    dq_machine *machine;
} dq_thread;

typedef struct dq_threads {
    dq_thread *all;
    LIST_ENTRY ready[DQ_PRIORITIES];
    uint32_t ready_mask; /* Bit n: ready[n] may not be empty. */
    uint32_t count;
    dq_thread *corpse;  /* The last that was released: freed when nobody stands on it any more. */
    void *private_part; /* psthread.c: the handle table. */
} dq_threads;

/* A processor's part. */
typedef struct dq_turn {
    int claimed; /* Priority of what it runs or will run next; -1: it is idle. */
    bool over;   /* The current thread has had its turn. */
    bool chosen; /* So that another goes on, where it could have as well. */
    uint64_t begun_ns;
    dq_deadline end; /* Set only while others wait for their turn. */
} dq_turn;

/* Starts routine(context) at PASSIVE_LEVEL on one of the processors in `affinity` (0: all). The
 * caller owns one reference. NULL: short of memory. Any context below DISPATCH_LEVEL, or the home
 * context before the run. */
dq_thread *dq_thread_create(dq_machine *machine, const char *name, uint64_t affinity, int priority,
                            void (*routine)(void *context), void *context);
void dq_thread_release(dq_machine *machine, dq_thread *thread);

/* The current thread of `cpu`; an ISR or DPC runs in an arbitrary thread's context: this one. */
dq_thread *dq_thread_current(const dq_processor *cpu);

/* ---- For the kernel's own files -------------------------------------------------------------- */

/* Makes a thread that waits no longer (or is new) compete for a processor. Hardware may call it. */
void dq_thread_ready(dq_thread *thread);

/* Before a thread gives its processor away without a schedule point: a step that others may go
 * before only if it takes a ready thread away from another processor, which was asked to run it. */
dq_processor *dq_thread_about_to_leave(dq_processor *cpu);

/* The current thread, marked DQ_THREAD_WAITING, gives its processor away. Returns when it was made
 * ready and chosen again, on the processor where it goes on, both before and after at
 * DISPATCH_LEVEL. */
dq_processor *dq_thread_block(dq_processor *cpu);

/* Gives `cpu` to the first ready thread that may run there, else to its idle loop; returns which.
 * The caller switches. */
dq_thread *dq_thread_hand_on(dq_processor *cpu);

/* The dispatch hook's second half: another thread goes on if one should. */
void dq_thread_dispatch(dq_processor *cpu);

/* True if a ready thread may run on `cpu`. */
bool dq_thread_is_awaited(const dq_processor *cpu);

/* The preempt hook: a ready thread of the same priority may go on here, if so chosen. */
void dq_thread_consider(dq_processor *cpu);

/* The quantum hook: the current thread has had its turn, by the host's clock. */
void dq_thread_end_turn(dq_processor *cpu);

/* Lets others of the same priority go first, if any are ready. Below DISPATCH_LEVEL. */
dq_processor *dq_thread_yield(dq_processor *cpu);

/* Applies a changed affinity of the current thread. */
void dq_thread_rearrange(dq_thread *thread);

void dq_thread_set_priority(dq_thread *thread, int priority);

/* What must hold when the current thread ends: PASSIVE_LEVEL, and what sinks ask of it. */
void dq_thread_check_end(dq_processor *cpu);

/* stack.c: no callout may be under way. */
void dq_stack_thread_ends(dq_processor *cpu, const dq_thread *thread);

/* region.c: bug check 0x20 if the thread is in a critical or guarded region. */
void dq_region_thread_ends(dq_processor *cpu, const dq_thread *thread);

/* The current thread ends. At PASSIVE_LEVEL. */
_Noreturn void dq_thread_exit(dq_processor *cpu, NTSTATUS status);

/* Lowers to `irql` and delivers, without telling anybody: for the end of waits and switches. */
dq_processor *dq_thread_resume_at(dq_processor *cpu, unsigned irql);

/* Of one processor: its turns by virtual time. */
void dq_thread_start_turns(dq_processor *cpu);

bool dq_threads_start(dq_machine *machine);
void dq_threads_stop(dq_machine *machine);

static inline uint64_t dq_processor_set(const dq_machine *machine)
{
    return machine->processor_count == 64 ? UINT64_MAX : (1ull << machine->processor_count) - 1;
}

#endif

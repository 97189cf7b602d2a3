/*
 * live.h - what the files of live mode share: the host threads that carry tasks, and the state of
 * a live run.
 *
 * A task that has begun is carried by one host thread from its first to its last step; a processor
 * is a slot that a task holds to run. A carrier that may not run waits at its gate. Everything
 * here is changed inside the monitor, except what says otherwise.
 */
#ifndef DQ_LIVE_H
#define DQ_LIVE_H

#include "sim/machine.h"

typedef struct dq_carrier {
    dq_machine *machine;
    dq_task *task;
    host_thread *thread; /* NULL until the task begins. */
    host_gate *gate;
    host_context base; /* The host thread's own stack, under the task's. */
    dq_task *next;     /* Who goes on when this one has left its stack. */
    host_watch *watch; /* While it is in a device's callback. */
    bool served;       /* Its errand at home is done. */
    host_given leaves; /* Since the run is over. */
    /* Atomic: */
    bool in_guest;      /* Outside the monitor: a kick may deliver. */
    bool hinted;        /* A kick is on its way. */
    const void *kicked; /* Where the last kick found it. */
    bool missed;        /* That was no place to deliver. */
    /* Its thread's own: */
    unsigned misses; /* In a row. */
} dq_carrier;

/* For how long something is so, while one host thread runs the processor: the time that was given
 * to that thread. */
typedef struct dq_live_span {
    const host_thread *thread; /* NULL: it is not so. */
    host_given given;
} dq_live_span;

/* What the beat knows of a processor. */
typedef struct dq_live_stay {
    dq_live_span late;   /* A kick is due. */
    dq_live_span quiet;  /* The run makes no progress. */
    dq_live_span loop;   /* The run makes progress that leads to nothing. */
    dq_live_span still;  /* What it does at DISPATCH_LEVEL or above is the same. */
    uint32_t loop_calls; /* Of its execution, when that began. */
    uint32_t ordinal;    /* Of what it does; 0: nothing. */
    uint32_t calls;
    uint64_t asked_ns; /* When it was kicked, to learn where it is; 0: not yet. */
} dq_live_stay;

typedef struct dq_live {
    dq_machine *machine;
    host_gate *home; /* The home context waits here. */
    host_beat *beat;
    dq_carrier *errand; /* Whose errand waits to be run at home. */
    unsigned running;   /* Processors whose host threads do not rest. */
    unsigned carriers;  /* Host threads that stand on a task's stack. */
    bool waits_outside; /* Nobody can run, but a host thread of the process might do something. */
    uint64_t wakes;     /* Of carriers and of the beat: none comes while the machine is idle. */
    /* The beat's own: */
    uint64_t began_ns;
    uint64_t seen_progress;
    uint64_t seen_moved;
    uint64_t quiet_ns;   /* So long nothing has been called, as the beat counts it. */
    uint64_t looked_ns;  /* When it last counted. */
    uint64_t quantum_ns; /* Next turn. */
    uint64_t retry_ns;   /* Between kicks that are late. */
    uint64_t asked_ns;   /* When the one that seems to loop was kicked, to learn where it is. */
    dq_live_stay stays[DQ_PROCESSORS_MAX];
    bool beats; /* It will be called again by itself. */
} dq_live;

static inline dq_live *dq_live_of(const dq_machine *machine)
{
    return machine->scheduler_state;
}

/* ---- Carriers (carrier.c) -------------------------------------------------------------------- */

/* The one that the calling host thread is; NULL on any other host thread. */
extern DQ_TLS dq_carrier *dq_carrier_here;

/* Lets the task's host thread go on; makes one for a task that has not begun. */
void dq_carrier_wake(dq_machine *machine, dq_task *task);

/* The calling carrier waits for its wake-up, outside the monitor. It does not return when the run
 * is over. */
void dq_carrier_park(void);

/* Leaves the task's stack for good and lets `next`, if any, go on. */
_Noreturn void dq_carrier_leave(dq_task *next);

/* Waits until the host thread of a task that was left is done with it. */
void dq_carrier_retire(dq_task *task);

/* Around a device's callback, which has the monitor while it runs: one that does not return is a
 * finding. */
void dq_live_watch_call(void);
void dq_live_end_call(void);

/* ---- Processors (sched_live.c) --------------------------------------------------------------- */

/* Lets a resting processor's host thread look again. */
void dq_live_rouse(dq_processor *cpu);

/* Before the run ends at `cpu`: what has come for other processors, in time for them to take it, is
 * taken. Elsewhere they have done so when it came. Does not return if that ends the run. */
void dq_live_settle(dq_processor *cpu);

/* Ends the run from a host thread that is no carrier. */
void dq_live_end(dq_machine *machine);

static inline uint64_t dq_live_processors(const dq_machine *machine)
{
    return UINT64_MAX >> (64 - machine->processor_count);
}

/* ---- The beat (livebeat.c) ------------------------------------------------------------------- */

bool dq_live_beat_start(dq_machine *machine);

/* Something runs that did not: the beat goes on if it slept. */
void dq_live_beat_again(dq_live *live);

/* Where virtual time follows the host's: lets the time that has passed pass. */
void dq_live_follow_clock(dq_processor *cpu);

/* ---- The watch (livewatch.c) ----------------------------------------------------------------- */

/* How long an interrupt may be held up, and a thread refuse to stop: 5 s. Tests may turn it. */
extern uint64_t dq_live_patience_ns;

/* How long it has been so at `cpu`; begins to count if it is new. */
uint64_t dq_live_span_ns(dq_live_span *span, const dq_processor *cpu);

/* Ends the run if it, or a processor of it, stands still. */
void dq_live_watch(dq_machine *machine, uint64_t now_ns);

/* Ends the run: what is pending at `cpu` cannot be delivered. */
void dq_live_give_up(dq_processor *cpu);

/* Why the carrier's thread takes no kick at all; NULL if it does. */
const char *dq_live_hindrance(const dq_carrier *carrier);

/* Where the last kick found the carrier's thread, in words. Returns their length. */
size_t dq_live_say_where(const dq_carrier *carrier, char *text, size_t bytes);

/* ---- The end (livestop.c) -------------------------------------------------------------------- */

/* On the home context, which has the monitor: stops all host threads of the run and frees the
 * monitor. A thread that cannot be stopped ends the process, with a report. */
void dq_live_stop_all(dq_machine *machine);

#endif

/*
 * loop.h - a loop that calls services for ever and lets no time pass.
 *
 * Every call is progress to the watchdog, but nothing comes of it: virtual time stands still, or
 * goes on only by YieldProcessor (who waits for a time looks at the clock, too), no thread begins
 * or is woken (so none can end or wait for ever), and no interrupt, DPC or stimulus is taken. The
 * watchdog's thread sees that from outside, when it looks anyhow; it then asks the
 * processors to attend, and the next service call is the one that is blamed.
 *
 * That takes the watchdog long. Where the same schedule is run again, it need not: the run is known
 * to loop from a certain moment on, so it loops when it has come there and goes round for a while.
 */
#ifndef DQ_LOOP_H
#define DQ_LOOP_H

#include "sim/processor.h"

/* A moment of a run since which nothing has happened. It is the same in each run of a schedule. */
typedef struct dq_loop_moment {
    uint64_t spent_ns; /* Virtual time that was spent, but for YieldProcessor. */
    uint64_t wakes;
    uint32_t executions; /* Without those that are idle loops. */
} dq_loop_moment;

/* A machine's part. */
typedef struct dq_loop {
    bool stalled;          /* The run was found to loop without a call. */
    bool found;            /* It was found to loop with calls, ... */
    dq_loop_moment since;  /* ... from that moment on. */
    uint64_t asked_at;     /* dq_loop_moved() when the watchdog found that it does not change. */
    uint64_t wakes_before; /* In runs before the machine was rewound. */
    uint64_t moved;        /* A known loop: dq_loop_moved() at the latest call, */
    uint64_t calls;        /* and how many calls it has been that. */
    size_t choices;        /* Written down before these. */
} dq_loop;

/* Changes with each of these, and never comes back to what it was. Any host thread. */
uint64_t dq_loop_moved(const dq_machine *machine);

/* Has the watch of the machine's home thread, if any, look for loops. */
void dq_loop_watch(dq_machine *machine);

/* A processor was asked to attend (DQ_ATTEND_LOOP): if it loops, that is a finding. */
void dq_loop_look(dq_processor *cpu);

/* Live: writes down that `cpu` loops, on its behalf. */
void dq_loop_note(dq_processor *cpu);

#endif

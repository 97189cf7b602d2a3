/*
 * sched.h - the scheduler seam: "who goes on from here?"
 *
 * The machine asks one object. `turns` runs all processors as contexts on one host thread, one step
 * at a time; its answers come from dq_choose(), so that first, random, replay and explore are
 * one scheduler with different answers. `live` gives each running thread a host thread; the
 * functions are then called inside the monitor.
 */
#ifndef DQ_SCHED_H
#define DQ_SCHED_H

#include "sim/processor.h"

typedef struct dq_scheduler {
    const char *name;
    /* On the home context, before the machine's first run: makes what is used by all of them. False
     * when memory is short. May be NULL. */
    bool (*start)(dq_machine *machine);
    /* On the home context: starts the processors; returns when the run is over. */
    void (*run)(dq_machine *machine);
    /* A schedule point of `cpu`: others may go on first. `yields` if the caller asks them to. */
    dq_processor *(*point)(dq_processor *cpu, bool yields);
    /* `cpu` has nothing to do, or may not go on (it spins): others go on. Returns when it may look
     * again. */
    void (*rest)(dq_processor *cpu);
    /* Something changed on `target` that its scheduler must know: an interrupt became pending, a
     * thread ready. */
    void (*wake)(dq_processor *target);
    /* Runs a task in place of the current one on `cpu`. */
    void (*switch_task)(dq_processor *cpu, dq_task *to);
    /* Control goes to the home context, for good or (an errand) until it is done. */
    void (*home)(dq_processor *cpu, bool for_good);
    /* On the home context, after the run or a longjmp out of an errand: nothing of the machine runs
     * any more when it returns. */
    void (*end)(dq_machine *machine);
    /* The task is about to be freed. */
    void (*retire)(dq_task *task);
    void (*stop)(dq_machine *machine);
} dq_scheduler;

extern const dq_scheduler dq_sched_turns;

/* In an exploration that keeps no order, at a schedule point at which nothing is pending or put off,
 * and which the run before has not come to: asks who goes on. Returns as dq_turns_go(). */
dq_processor *dq_turns_part(dq_processor *cpu);

/* The turn goes to another processor. Returns when the caller goes on again, and where. */
dq_processor *dq_turns_go(dq_processor *to);

extern const dq_scheduler dq_sched_live;

#endif

/*
 * clock.h - virtual time.
 *
 * Time advances when nothing can run (to the next deadline), by a stall, by the test, and by a
 * fixed cost of time queries and register accesses. A deadline that has passed fires at once,
 * inside the call that moved the clock, however busy the processors are. Deadlines that tie fire in
 * order of (time, priority, sequence number).
 */
#ifndef DQ_CLOCK_H
#define DQ_CLOCK_H

#include "sim/processor.h"

typedef struct dq_deadline {
    uint64_t due_ns;
    uint32_t priority; /* Smaller first: see below. */
    uint64_t sequence;
    size_t slot; /* Place in the heap plus one; 0 when not set. */
    void (*fire)(dq_machine *machine,
                 struct dq_deadline *deadline); /* Hardware's code: no kernel call. */
    void *owner;
} dq_deadline;

enum { DQ_PRIORITY_TIMER = 10, DQ_PRIORITY_WAIT = 20, DQ_PRIORITY_STIMULUS = 30 };

typedef struct dq_clock {
    uint64_t now_ns;
    dq_deadline **heap;
    size_t count, capacity;
    uint64_t sequence;
    bool firing;
} dq_clock;

/* Due in the past fires at the next movement or point. False when memory is short. */
bool dq_clock_set(dq_machine *machine, dq_deadline *deadline, uint64_t due_ns);
bool dq_clock_cancel(dq_machine *machine, dq_deadline *deadline); /* True if it was set. */

/* Moves time forward to `until_ns`, firing deadlines on the way; after each, the caller's processor
 * takes what became pending and others may go on. */
dq_processor *dq_clock_pass(dq_processor *cpu, uint64_t until_ns);

/* Live: time has passed on the host's clock. No schedule point. */
void dq_clock_follow(dq_processor *cpu, uint64_t until_ns);

/* The cost of a time query or register access. */
dq_processor *dq_clock_charge(dq_processor *cpu);

/* For the scheduler, when nothing can run: moves to the next deadline and fires what is due. False
 * without any. */
bool dq_clock_skip(dq_machine *machine);

uint64_t dq_clock_next_ns(const dq_machine *machine); /* UINT64_MAX without a deadline. */
void dq_clock_stop(dq_machine *machine);

#endif

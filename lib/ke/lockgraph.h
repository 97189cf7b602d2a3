/*
 * lockgraph.h - which processor waits for which lock, and who holds it: deadlocks are seen when
 * they close.
 *
 * A processor that spins is blocked by every holder of the lock that it wants, all at once. So a
 * cycle is a deadlock for certain, and it is found by the last one to begin waiting, whatever
 * timers are armed.
 */
#ifndef DQ_LOCKGRAPH_H
#define DQ_LOCKGRAPH_H

#include <wdm.h>

#include "sim/lock.h"
#include "sim/processor.h"
#include "sim/text.h"

/* What a processor waits for. On the stack of the one that waits; an ISR on top may wait for
 * another lock. */
typedef struct dq_lock_want {
    const void *lock;
    dq_lock_api api;
    const void *place;
    const dq_execution *execution;
    struct dq_lock_want *outer;
} dq_lock_want;

/* One EX_SPIN_LOCK that the processor holds. The word has no room to say where that was. */
typedef struct dq_lock_hold {
    const volatile LONG *lock;
    const void *place;
    dq_lock_api api;
} dq_lock_hold;

enum { DQ_LOCK_HOLDS = 32 };

/* Per processor, in the dq_prcb. */
typedef struct dq_locks {
    dq_lock_want *want;
    dq_lock_hold *holds; /* DQ_LOCK_HOLDS of them, made when the first is needed. */
    unsigned hold_count;
} dq_locks;

/* Around the time that a processor spins. */
void dq_lockgraph_wait_begin(dq_processor *cpu, dq_lock_want *want);
void dq_lockgraph_wait_end(dq_processor *cpu, dq_lock_want *want);

/* Ends the run with a "deadlock" finding if `cpu`, which is about to wait, closes a cycle. */
void dq_lockgraph_check(dq_processor *cpu);

/* Adds lines for a report: which lock `cpu` spins on, and which processors keep it out. */
void dq_lockgraph_describe(dq_processor *cpu, dq_text *text);

/* Bug check 0xF: `cpu` wants a lock at `place` that it has held since `held_place`. */
_Noreturn void dq_lockgraph_recursion(dq_processor *cpu, const volatile void *lock,
                                      const char *what, const void *held_place, const void *place);

/* What `cpu` holds of EX_SPIN_LOCKs: written by rwlock.c. The latest hold of `lock`, or NULL. */
dq_lock_hold *dq_lockgraph_hold(const dq_processor *cpu, const volatile LONG *lock);

#endif

/*
 * raceexecution.h - executions, as the race detector sees them: what each knows, and its lane.
 *
 * Each thread, DPC, ISR activation and work item has a clock of its own: it knows nothing of what
 * it interrupted. A lane is used again when no access speaks of its last execution any more, or
 * when the newcomer knows all of it, as one activation of an ISR knows the one before.
 */
#ifndef DQ_CHECK_RACEEXECUTION_H
#define DQ_CHECK_RACEEXECUTION_H

#include "check/raceclock.h"
#include "check/raceshadow.h"
#include "sim/machine.h"

enum { DQ_RACE_NO_LANE = 0xFFFF, DQ_RACE_BELOW = 4, DQ_RACE_NAME = 32 };

typedef struct dq_raceexecution {
    uint32_t ordinal;
    uint16_t lane; /* DQ_RACE_NO_LANE: it has touched nothing yet. */
    bool touched;  /* Since it last handed over. */
    uint32_t epoch;
    uintptr_t loading; /* In live mode: it has said that it loads this atomically. 0: nothing. */
    dq_raceclock clock;
    struct dq_raceexecution *next; /* In its bucket, or unused. */
} dq_raceexecution;

/* Who has a lane, or had it last: for reports. */
typedef struct dq_racelane {
    bool live;
    uint32_t first_epoch, epoch; /* Of that one. */
    uint32_t ordinal;
    uint32_t below[DQ_RACE_BELOW]; /* What it had interrupted, innermost first; 0: nothing. */
    dq_execution_kind kind;
    const void *routine, *object;
    char name[DQ_RACE_NAME];
} dq_racelane;

typedef struct dq_raceexecutions {
    dq_raceexecution *buckets[256];
    dq_raceexecution *unused;
    dq_raceexecution *latest[DQ_PROCESSORS_MAX];
    dq_racelane lanes[DQ_RACE_LANES];
    unsigned lane_count;
} dq_raceexecutions;

/* NULL if it has not been met. */
dq_raceexecution *dq_raceexecution_find(const dq_raceexecutions *executions, uint32_t ordinal);

/* Makes it: it knows nothing yet. NULL when memory is short. */
dq_raceexecution *dq_raceexecution_make(dq_raceexecutions *executions, uint32_t ordinal);

/* Gives it a lane if it has none. */
void dq_raceexecution_give_lane(dq_raceexecutions *executions, dq_raceshadow *shadow,
                                dq_raceexecution *execution, const dq_execution *who);

/* It has ended. */
void dq_raceexecution_end(dq_raceexecutions *executions, dq_raceexecution *execution);

/* All are forgotten. */
void dq_raceexecution_clear(dq_raceexecutions *executions);
void dq_raceexecution_free_all(dq_raceexecutions *executions);

/* The one that made an access, unless its lane has been used again. */
const dq_racelane *dq_raceexecution_of(const dq_raceexecutions *executions,
                                       const dq_raceslot *slot);

#endif

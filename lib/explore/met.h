/*
 * met.h - the states that the runs of a pass have met, and what it took to come there.
 *
 * A state is a number of 64 bits (sim/order.h). Two different ones have the same with a probability
 * of 1 in 2^64: among ten million states there is such a pair in about 3 of a million cases.
 *
 * The table does not grow beyond a limit: then old ones are forgotten, which costs time and nothing
 * else.
 */
#ifndef DQ_MET_H
#define DQ_MET_H

#include "sim/choice.h"

typedef struct dq_bounds {
    uint32_t of[DQ_BOUND_COUNT];
} dq_bounds;

typedef struct dq_met_entry dq_met_entry;

typedef struct dq_met {
    dq_met_entry *entries;
    size_t capacity, count;
    unsigned next; /* Of a full bucket, to be forgotten. */
} dq_met;

void dq_met_stop(dq_met *met);
void dq_met_clear(dq_met *met);

/* True if the state was met by a run that had used up no more; else it is met from now on. What is
 * not limited does not count. */
bool dq_met_before(dq_met *met, uint64_t state, const dq_bounds *used, const dq_bounds *limit);

#endif

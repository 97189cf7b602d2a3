/*
 * passes.h - the order of the bounds: few preemptions first, then few interrupts, then few
 * faults, then few delays.
 *
 * After a pass, everything within its bounds has been run. What an earlier pass has run may be run
 * again (search.h), but is counted once: a schedule belongs to the pass whose bounds it needs.
 */
#ifndef DQ_PASSES_H
#define DQ_PASSES_H

#include "explore/search.h"

typedef struct dq_passes {
    dq_bounds last;  /* What is asked for. */
    dq_bounds limit; /* Of the present pass. */
    dq_bounds done;  /* Everything within these has been run ... */
    bool any_done;   /* ... once the first pass is over. */
    bool exhausted;  /* No bound has left out anything: larger ones would find nothing new. */
    bool cut[DQ_BOUND_COUNT]; /* In the passes since that bound began to grow. */
} dq_passes;

void dq_passes_begin(dq_passes *passes, const dq_bounds *last);

/* After a complete pass, with what its bounds have cut off. False if that was the last. */
bool dq_passes_advance(dq_passes *passes, const bool cut[DQ_BOUND_COUNT]);

/* True if a run that used that much belongs to the present pass, not to an earlier one. */
bool dq_passes_counts(const dq_passes *passes, const dq_bounds *used);

#endif

/*
 * passes.c - counts bounds up like the digits of a number, the delays fastest.
 */
#include "explore/passes.h"

#include <string.h>

/* Slowest first. */
static const dq_bound order[] = { DQ_BOUND_PREEMPTION, DQ_BOUND_INTERRUPT, DQ_BOUND_FAULT,
                                  DQ_BOUND_DELAY };

enum { ORDERS = sizeof(order) / sizeof(*order) };

/* Beyond this the next step is all that is asked for: each further pass would mostly repeat. */
enum { SINGLE_STEPS = 3 };

static uint32_t next_of(uint32_t limit, uint32_t last)
{
    return limit < SINGLE_STEPS && limit < last ? limit + 1 : last;
}

static uint32_t before(uint32_t limit)
{
    return limit <= SINGLE_STEPS ? limit - 1 : SINGLE_STEPS;
}

void dq_passes_begin(dq_passes *passes, const dq_bounds *last)
{
    memset(passes, 0, sizeof(*passes));
    passes->last = *last;
}

static bool can_grow(const dq_passes *passes, int digit)
{
    const dq_bound bound = order[digit];

    return passes->cut[bound] && passes->limit.of[bound] < passes->last.of[bound];
}

static void grow(dq_passes *passes, int digit)
{
    const dq_bound bound = order[digit];

    passes->limit.of[bound] = next_of(passes->limit.of[bound], passes->last.of[bound]);
    for (int faster = digit; faster < ORDERS; faster++) {
        passes->cut[order[faster]] = false;
    }
}

/* All faster bounds have come to their end, or would find nothing new. As long as slower ones are
 * 0, or if there are none, that is a step further than before. */
static void note_done(dq_passes *passes, int digit)
{
    for (int slower = digit - 1; slower >= 0; slower--) {
        if (passes->limit.of[order[slower]] > 0) {
            return;
        }
    }
    passes->any_done = true;
    passes->done = passes->limit;
    for (int faster = digit + 1; faster < ORDERS; faster++) {
        passes->done.of[order[faster]] = passes->last.of[order[faster]];
    }
}

bool dq_passes_advance(dq_passes *passes, const bool cut[DQ_BOUND_COUNT])
{
    for (int digit = 0; digit < ORDERS; digit++) {
        passes->cut[order[digit]] = passes->cut[order[digit]] || cut[order[digit]];
    }
    for (int digit = ORDERS - 1; digit >= 0; digit--) {
        note_done(passes, digit);
        if (can_grow(passes, digit)) {
            grow(passes, digit);
            return true;
        }
        if (digit > 0) {
            passes->limit.of[order[digit]] = 0;
        }
    }
    passes->done = passes->last;
    passes->exhausted = true;
    for (int digit = 0; digit < ORDERS; digit++) {
        passes->exhausted = passes->exhausted && !cut[order[digit]];
    }
    return false;
}

bool dq_passes_counts(const dq_passes *passes, const dq_bounds *used)
{
    for (int digit = 0; digit < ORDERS; digit++) {
        const uint32_t limit = passes->limit.of[order[digit]];

        if (limit > 0 && used->of[order[digit]] <= before(limit)) {
            return false;
        }
    }
    return true;
}

/*
 * raceclock.h - vector clocks: how much of each lane somebody knows to have happened.
 *
 * A lane stands for one execution at a time; what an execution does is numbered by epochs, and it
 * begins a new one when it hands over what it has done. A lane that a clock does not reach has
 * epoch 0.
 */
#ifndef DQ_CHECK_RACECLOCK_H
#define DQ_CHECK_RACECLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct dq_raceclock {
    uint32_t *epochs; /* By lane. */
    unsigned count, capacity;
} dq_raceclock;

static inline uint32_t dq_raceclock_get(const dq_raceclock *clock, unsigned lane)
{
    return lane < clock->count ? clock->epochs[lane] : 0;
}

/* Makes `clock` know the lane up to `epoch`, too. False when memory is short. */
bool dq_raceclock_know(dq_raceclock *clock, unsigned lane, uint32_t epoch);

/* Makes `clock` know all that `other` knows, too. False when memory is short. */
bool dq_raceclock_join(dq_raceclock *clock, const dq_raceclock *other);

/* Makes it know nothing; the memory stays. */
void dq_raceclock_clear(dq_raceclock *clock);
void dq_raceclock_free(dq_raceclock *clock);

#endif

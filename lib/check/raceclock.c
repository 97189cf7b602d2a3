/*
 * raceclock.c - vector clocks.
 */
#include "check/raceclock.h"

#include <stdlib.h>
#include <string.h>

static bool reach(dq_raceclock *clock, unsigned count)
{
    if (count > clock->capacity) {
        const unsigned wanted = count < 16 ? 16 : count + count / 2;
        uint32_t *grown = realloc(clock->epochs, wanted * sizeof(*grown));

        if (grown == NULL) {
            return false;
        }
        clock->epochs = grown;
        clock->capacity = wanted;
    }
    if (count > clock->count) {
        memset(clock->epochs + clock->count, 0, (count - clock->count) * sizeof(uint32_t));
        clock->count = count;
    }
    return true;
}

bool dq_raceclock_know(dq_raceclock *clock, unsigned lane, uint32_t epoch)
{
    if (!reach(clock, lane + 1)) {
        return false;
    }
    if (epoch > clock->epochs[lane]) {
        clock->epochs[lane] = epoch;
    }
    return true;
}

bool dq_raceclock_join(dq_raceclock *clock, const dq_raceclock *other)
{
    if (!reach(clock, other->count)) {
        return false;
    }
    for (unsigned i = 0; i < other->count; i++) {
        clock->epochs[i] =
            other->epochs[i] > clock->epochs[i] ? other->epochs[i] : clock->epochs[i];
    }
    return true;
}

void dq_raceclock_clear(dq_raceclock *clock)
{
    clock->count = 0;
}

void dq_raceclock_free(dq_raceclock *clock)
{
    free(clock->epochs);
    *clock = (dq_raceclock){ .epochs = NULL };
}

/*
 * pair.h - two processors that take steps in turn: what the lock tests begin with.
 */
#ifndef TEST_PAIR_H
#define TEST_PAIR_H

#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <ntddk.h>

#include "sim/machine.h"

static volatile LONG pair_step;
static char pair_order[64];

/* Waits with the processor, at any IRQL, until the other has come so far. */
static inline void pair_await(LONG step)
{
    while (InterlockedCompareExchange(&pair_step, 0, 0) < step) {
        YieldProcessor();
    }
}

static inline void pair_reach(LONG step)
{
    InterlockedExchange(&pair_step, step);
}

static inline void pair_note(const char *letter)
{
    strcat(pair_order, letter);
}

/* Waits with the processor, at any IRQL, until so many others spin on a lock or at a barrier. */
static inline void pair_await_spinners(unsigned count)
{
    for (;;) {
        {
            DQ_INSIDE(dq_self->live);
            if (dq_self->machine->spinners >= count) {
                return;
            }
        }
        YieldProcessor();
    }
}

static inline int pair_reset(void **state)
{
    (void)state;
    pair_step = 0;
    pair_order[0] = '\0';
    return 0;
}

#endif

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

/* Lets the other processors go on for a while, at any IRQL. */
static inline void pair_give_way(void)
{
    for (int i = 0; i < 20; i++) {
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

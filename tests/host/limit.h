/*
 * limit.h - waits for what another thread will do, with a limit that only a broken program meets.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include <time.h>

#include "host/host.h"

#define LIMIT_NS 30000000000u

static inline bool is_late(uint64_t since_ns)
{
    return host_clock_ns() - since_ns > LIMIT_NS;
}

/* Sleeps, so that the others get a processor even where there are too few. */
static inline void rest(void)
{
    const struct timespec moment = { .tv_nsec = 10000 };

    nanosleep(&moment, NULL);
}

/* Waits until the condition holds; fails the test if it never does. */
#define WAIT_UNTIL(condition)                \
    do {                                     \
        uint64_t since_ns = host_clock_ns(); \
        while (!(condition)) {               \
            assert_false(is_late(since_ns)); \
            rest();                          \
        }                                    \
    } while (0)

#endif

/*
 * clock.h - virtual time, seen from a test.
 *
 * The run begins at 0. Time passes when nothing can run, in stalls, with each register access and
 * time query (options.access_cost_ns), and when a test says so.
 */
#ifndef DIRQL_CLOCK_H
#define DIRQL_CLOCK_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Virtual nanoseconds since the run began. Free of charge. Any IRQL, and in device callbacks. */
DIRQL_API uint64_t dirql_time_ns(void);

/* Lets this much time pass: timers expire, devices act, other threads run. Below DISPATCH_LEVEL the
 * caller's thread sleeps; at or above it, the processor is kept busy and takes the interrupts above
 * its IRQL. Virtual time has an end, after 292 years: beyond it fails the run. */
DIRQL_API void dirql_time_advance_ns(uint64_t duration_ns);
DIRQL_API void dirql_time_advance_us(uint64_t duration_us);
DIRQL_API void dirql_time_advance_ms(uint64_t duration_ms);

#ifdef __cplusplus
}
#endif

#endif

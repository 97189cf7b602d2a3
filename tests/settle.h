/*
 * settle.h - for tests that hold in every mode: an interrupt may come late, and on another
 * processor, so that a test waits for what it wants to see.
 */
#ifndef TEST_SETTLE_H
#define TEST_SETTLE_H

#include <dirql/clock.h>

#include <ntddk.h>

/* Sleeps until whatever is on its way has arrived and is done. PASSIVE_LEVEL. */
static inline void settle(void)
{
    dirql_time_advance_ms(10); /* ISRs and DPCs on other processors may take some, too. */
}

/* Keeps the processor busy, at any IRQL, until something ends the run. */
static inline void await_the_end(void)
{
    for (;;) {
        KeStallExecutionProcessor(50);
    }
}

#endif

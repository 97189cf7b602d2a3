/*
 * timer.h - KTIMER objects over the machine's clock.
 *
 * A KTIMER has no room for a deadline, so a set timer borrows one from a list of its machine;
 * KTIMER.TimerListEntry.Flink points to it and is NULL while the timer is not set.
 */
#ifndef DQ_TIMER_H
#define DQ_TIMER_H

#include <wdm.h>

#include "sim/machine.h"

/* A set KTIMER that lies in these bytes, or NULL: for frees. */
PKTIMER dq_timer_inside(dq_machine *machine, const void *base, size_t bytes);

/* Calls visit() for each that is set, with the place that set it. The memory of a timer may be
 * gone: it is not to be followed. For leak reports. */
void dq_timer_for_each(dq_machine *machine, void (*visit)(void *context, const void *place),
                       void *context);

void dq_timers_stop(dq_machine *machine);

/* 100 ns since 1601 at virtual time 0: 1 January 2024, 00:00. */
#define DQ_TIMER_EPOCH_100NS 133485408000000000ull

static inline uint64_t dq_timer_system_100ns(const dq_machine *machine)
{
    return DQ_TIMER_EPOCH_100NS + machine->clock.now_ns / 100u;
}

#endif

/*
 * race.h - see race.c.
 */
#ifndef DQ_CHECK_RACE_H
#define DQ_CHECK_RACE_H

#include "check/racememory.h"
#include "sim/machine.h"

/* `iso`: volatile accesses order nothing. NULL when memory is short. Freed with the machine. */
dq_sink *dq_race_create(dq_machine *machine, bool iso);

/* What it knows of memory, for others. */
const dq_racememory *dq_race_memory(const dq_sink *sink);

/* Races in this memory are none. False when there are too many such ranges. */
bool dq_race_ignore(dq_sink *sink, const volatile void *address, size_t bytes,
                    const char *reason);

#endif

/*
 * race.h - see race.c.
 */
#ifndef DQ_CHECK_RACE_H
#define DQ_CHECK_RACE_H

#include "sim/machine.h"

/* `iso`: volatile accesses order nothing. NULL when memory is short. Freed with the machine. */
dq_sink *dq_race_create(dq_machine *machine, bool iso);

/* Races in this memory are none. False when there are too many such ranges. */
bool dq_race_ignore(dq_sink *sink, const volatile void *address, size_t bytes,
                    const char *reason);

#endif

/*
 * outside.h - lines in the hands of host threads that are no simulated ones; see outside.c.
 */
#ifndef DQ_CONTROL_OUTSIDE_H
#define DQ_CONTROL_OUTSIDE_H

#include <dirql/line.h>

#include "sim/machine.h"

typedef uint64_t dirql_outside_act(dq_machine *machine, dq_line *wire);

/* For a call of `function` by a host thread that simulates nothing: acts on the line inside the
 * machine that it belongs to, and returns what `act` does. Where that cannot be, says why, and
 * returns 0. */
uint64_t dirql_outside_do(const dirql_line *line, const char *function, dirql_outside_act *act);

/* True if the caller is no simulated code. */
static inline bool dirql_outside_is(void)
{
    return DQ_UNLIKELY(dq_self->machine == NULL);
}

#endif

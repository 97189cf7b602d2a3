/*
 * delay.h - code that is held up until something is due.
 *
 * Computation takes no virtual time, so by itself nothing comes due between two statements, however
 * long a real processor may take for them. A delay is that it takes long: all processors stand
 * still until the next timer, timeout or stimulus is due, and that happens. Whether there is one is
 * a choice, where the test allows any (option delays).
 *
 * It is asked at schedule points, and where a processor comes to rest while others could go on, or
 * the test's body to its end. So it is asked once more behind steps that are nobody else's, before
 * which an exploration does not ask (explore/search.h): what comes due may be the first to show
 * that they are somebody's.
 */
#ifndef DQ_DELAY_H
#define DQ_DELAY_H

#include "sim/machine.h"

static inline bool dq_delay_may_come(const dq_machine *machine)
{
    return DQ_UNLIKELY(machine->delays_left > 0);
}

/* Where `cpu` has come to such a place. True: something has come due. */
bool dq_delay_at(dq_processor *cpu);

#endif

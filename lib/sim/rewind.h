/*
 * rewind.h - a machine that explores is made once, and put back to its beginning for each run.
 *
 * It lies in an arena, with all that its parts allocate (dq_machine_get). What lies elsewhere is
 * either of use for the next run and stays (stacks, the log of choices, the watch), or is given
 * back (findings, ranges of addresses, what the kernel's rewind hook knows of). Sinks begin anew by
 * themselves.
 */
#ifndef DQ_REWIND_H
#define DQ_REWIND_H

#include "sim/machine.h"

/* The machine, in an arena, is ready to run its body: remembers it. False when memory is short. */
bool dq_rewind_mark(dq_machine *machine);

/* After a run that has passed: it can be run again, as if it were new. False if it is one that must
 * be destroyed and made again: a sink of its does not begin anew. */
bool dq_machine_rewind(dq_machine *machine);

#endif

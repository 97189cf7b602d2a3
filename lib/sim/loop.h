/*
 * loop.h - a loop that calls services for ever and lets no time pass.
 *
 * Every call is progress to the watchdog, but nothing comes of it: virtual time stands still, no
 * thread begins or is woken (so none can end or wait for ever), and no interrupt, DPC or stimulus
 * is taken. The watchdog's thread sees that from outside, when it looks anyhow; it then asks the
 * processors to attend, and the next service call is the one that is blamed.
 */
#ifndef DQ_LOOP_H
#define DQ_LOOP_H

#include "sim/machine.h"

/* Changes with each of these, and never comes back to what it was. Any host thread. */
uint64_t dq_loop_moved(const dq_machine *machine);

/* Has the watch of the machine's home thread, if any, look for loops. */
void dq_loop_watch(dq_machine *machine);

/* Live: writes down that `cpu` loops, on its behalf. */
void dq_loop_note(dq_processor *cpu);

#endif

/*
 * pending.h - what is queued or asserted and cannot come, for reports of whoever waits for ever.
 */
#ifndef DQ_PENDING_H
#define DQ_PENDING_H

#include "sim/machine.h"

/* Adds a line for each, after a new line: asserted lines and messages that are masked, DPCs and
 * APCs that are queued, and why they do not come. What only has to be delivered is left out. Any
 * context. */
void dq_pending_describe(dq_machine *machine, dq_text *text);

/* The same as the `more` of a finding; NULL if there is nothing. */
char *dq_pending_take(dq_machine *machine);

#endif

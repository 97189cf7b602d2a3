/*
 * gonestack.h - memory in stack frames that have returned.
 */
#ifndef DQ_GONESTACK_H
#define DQ_GONESTACK_H

#include "sim/machine.h"

/* The thread whose stack the memory lies on, by number; 0: it is on none. */
uint32_t dq_stack_owner(const dq_machine *machine, const void *address);

/* True if the function that had this memory on its stack is known to have returned. `owner` is what
 * dq_stack_owner() said when it was in use; 0: then it is false. Reads nothing there. */
bool dq_stack_is_gone(const dq_machine *machine, const void *address, uint32_t owner);

/* Fails the run: a timer (`is_dpc` false) or a DPC in such memory is due. It was set, or queued, at
 * `place`. */
void dq_stack_accuse(dq_processor *cpu, bool is_dpc, const void *object, size_t bytes,
                     const void *place);

#endif

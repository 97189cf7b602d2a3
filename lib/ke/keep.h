/*
 * keep.h - memory of the kernel's own that lives exactly as long as its machine.
 *
 * Objects that must outlive their use, so that a stale pointer to them can be recognised, and
 * blocks that nobody frees one by one. It is not the pool: leak checks do not see it.
 */
#ifndef DQ_KEEP_H
#define DQ_KEEP_H

#include <stddef.h>

#include "sim/machine.h"

/* Zeroed, aligned for anything. NULL when memory is short. Any context that may call the host's
 * allocator. */
void *dq_keep(dq_machine *machine, size_t bytes);

/* Gives one block back before the machine ends. */
void dq_keep_drop(dq_machine *machine, void *block);

/* For the halt hook: frees what is left. */
void dq_keep_stop(dq_machine *machine);

#endif

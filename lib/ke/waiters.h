/*
 * waiters.h - who waits for an object when its memory goes away, or it is initialised again.
 */
#ifndef DQ_WAITERS_H
#define DQ_WAITERS_H

#include <wdm.h>

#include "sim/machine.h"

/* True if a thread waits for something in this memory. */
bool dq_waiters_are_inside(dq_machine *machine, const void *base, size_t bytes);

/* Fails the run if so: the memory, of a "pool block of 16 bytes", is to be freed. */
void dq_waiters_check_free(dq_processor *cpu, const void *base, size_t bytes, const char *what);

/* Before the object is initialised: fails the run if a thread waits for it. */
void dq_waiters_check_init(dq_processor *cpu, const DISPATCHER_HEADER *header);

#endif

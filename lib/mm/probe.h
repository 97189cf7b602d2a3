/*
 * probe.h - what is known of memory that user mode has named.
 */
#ifndef DQ_PROBE_H
#define DQ_PROBE_H

#include "sim/machine.h"

/* NULL if the range may be user mode's (sim/useraddress.h); else why not, as the end of a sentence:
 * it reaches beyond user mode's addresses, or lies in pool or in a device's memory. */
const char *dq_probe_why_not_users(dq_machine *machine, const volatile void *address, size_t bytes);

/* True if all of its pages can be read. */
bool dq_probe_is_there(const volatile void *address, size_t bytes);

/* Writes what is there to each page: a fault like any other where nothing can be written. What others
 * write meanwhile stays. */
void dq_probe_touch(volatile void *address, size_t length);

#endif

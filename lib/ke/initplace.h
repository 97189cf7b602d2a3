/*
 * initplace.h - where dispatcher objects were initialised, and mutexes acquired: for reports.
 *
 * The documented structures have no room for a place, but for a small number: places are numbered
 * in the order in which they are met. What has no number is not known.
 */
#ifndef DQ_INITPLACE_H
#define DQ_INITPLACE_H

#include <wdm.h>

#include "sim/machine.h"

/* The number of a place in this run; 0: none is left, or memory is short. */
USHORT dq_initplace_number(dq_machine *machine, const void *place);

/* NULL: there is no such number. */
const void *dq_initplace_get(const dq_machine *machine, unsigned number);

/* After dq_wait_header_init(): who called it is `place`. */
void dq_initplace_set(dq_machine *machine, DISPATCHER_HEADER *header, const void *place);

/* NULL: that is not known. */
const void *dq_initplace_of(const dq_machine *machine, const DISPATCHER_HEADER *header);

#endif

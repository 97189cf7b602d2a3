/*
 * processorchange.h - who is told when processors are added.
 */
#ifndef DQ_PROCESSORCHANGE_H
#define DQ_PROCESSORCHANGE_H

#include <wdm.h>

#include "sim/machine.h"

/* Calls visit() for each registration, with who made it: for leak reports. */
void dq_processor_changes_for_each(dq_machine *machine,
                                   void (*visit)(void *context, const void *place), void *context);

#endif

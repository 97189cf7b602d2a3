/*
 * nmi.h - nonmaskable interrupts, and who is asked about them.
 */
#ifndef DQ_NMI_H
#define DQ_NMI_H

#include <wdm.h>

#include "sim/machine.h"

/* The machine's hook: a processor has taken one, and is at HIGH_LEVEL. */
void dq_nmi_arrive(dq_processor *cpu);

/* Calls visit() for each callback that is registered, with who did it: for leak reports. */
void dq_nmi_callbacks_for_each(dq_machine *machine, void (*visit)(void *context, const void *place),
                               void *context);

#endif

/*
 * bugcheckcallback.h - routines that drivers want called at a bug check.
 */
#ifndef DQ_BUGCHECKCALLBACK_H
#define DQ_BUGCHECKCALLBACK_H

#include <wdm.h>

#include "sim/machine.h"

/* Calls visit() for each that is registered, with who did it: for leak reports. */
void dq_bugcheck_callbacks_for_each(dq_machine *machine,
                                    void (*visit)(void *context, const void *place), void *context);

/* dq_machine.bug_check: calls all of them, those for a reason first. */
void dq_bugcheck_callbacks_call(dq_processor *cpu);

/* ---- bugcheckreason.c ------------------------------------------------------------------------ */

/* At HIGH_LEVEL: asks those that were registered for a reason. */
void dq_bugcheck_reasons_call(dq_processor *cpu);

/* As dq_bugcheck_callbacks_for_each(), of these. */
void dq_bugcheck_reasons_for_each(dq_machine *machine,
                                  void (*visit)(void *context, const void *place), void *context);

#endif

/*
 * abort.h - abort() was called by the C library, or by guest code: what is known of it.
 */
#ifndef DQ_ABORT_H
#define DQ_ABORT_H

#include "sim/machine.h"

/* Does not return. `end`: of the stack that the caller's frames lie on. */
_Noreturn void dq_abort_report(dq_processor *cpu, const host_fault *fault, const void *end);

/* The same where it was raise() with a signal for faults. */
_Noreturn void dq_abort_report_raised(dq_processor *cpu, const host_fault *fault, const void *end);

#endif

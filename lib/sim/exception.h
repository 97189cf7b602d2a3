/*
 * exception.h - an exception that nobody handles.
 */
#ifndef DQ_EXCEPTION_H
#define DQ_EXCEPTION_H

#include "sim/processor.h"

/* Ends the run: bug check 0x1E with the exception's code, the place and what else is known of it; in
 * an ISR, whose exceptions stop at the interrupt object, 0x3D without records. */
_Noreturn void dq_exception(dq_processor *cpu, uint32_t code, uint64_t place, uint64_t p3,
                            uint64_t p4, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif

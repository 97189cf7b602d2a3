/*
 * exception.c - there are no handlers in simulated code: an exception is the end of the run.
 */
#include "sim/exception.h"

#include <stdarg.h>
#include <stdio.h>

#include "sim/finding.h"

enum { KMODE_EXCEPTION = 0x1E, INTERRUPT_EXCEPTION = 0x3D };

void dq_exception(dq_processor *cpu, uint32_t code, uint64_t place, uint64_t p3, uint64_t p4,
                  const char *format, ...)
{
    char text[DQ_FINDING_TEXT - 100];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (cpu->execution->kind == DQ_EXECUTION_ISR) {
        dq_bugcheck(cpu, INTERRUPT_EXCEPTION, 0, 0, 0, 0,
                    "no ISR handles an exception (code 0x%08X): %s", code, text);
    }
    dq_bugcheck(cpu, KMODE_EXCEPTION, code, place, p3, p4, "%s", text);
}

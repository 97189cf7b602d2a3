/*
 * raise.c - a service raises a status: it goes to a handler, or is bug check 0x1E.
 */
#include "ke/raise.h"

#include <stdarg.h>
#include <stdio.h>

#include "ke/ki.h"
#include "sim/exception.h"

void dq_raise_status(dq_processor *cpu, NTSTATUS status, const void *place, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)cpu; /* It is the caller's. */
    dq_exception((uint32_t)status, (uintptr_t)place, "status 0x%08X was raised: %s",
                 (unsigned)status, text);
}

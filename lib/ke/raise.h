/*
 * raise.h - a service raises a status, as its documented page says.
 */
#ifndef DQ_RAISE_H
#define DQ_RAISE_H

#include <wdm.h>

#include "sim/processor.h"

/* Goes to a handler of the driver's, which takes the place of what is left of the service: it has
 * undone what it began. If there is none, bug check 0x1E with the status and the place. */
_Noreturn void dq_raise_status(dq_processor *cpu, NTSTATUS status, const void *place,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif

/*
 * exraise.c - routines that raise one status each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ke/ki.h"
#include "ke/raise.h"

static _Noreturn void raise_or_stop(dq_processor *cpu, NTSTATUS status, const char *service,
                                    const void *place)
{
    if (cpu == NULL) { /* Refused: there is nothing to go back to. */
        fprintf(stderr, "dirql: %s was called outside the machine, and cannot return\n", service);
        abort();
    }
    dq_raise_status(cpu, status, place, "the driver called %s", service);
}

VOID NTAPI ExRaiseAccessViolation(VOID)
{
    const void *place = DQ_CALL_PLACE;

    raise_or_stop(dq_enter(DQ_SERVICE_ExRaiseAccessViolation, place, NULL, 0, 0, 0),
                  STATUS_ACCESS_VIOLATION, "ExRaiseAccessViolation", place);
}

VOID NTAPI ExRaiseDatatypeMisalignment(VOID)
{
    const void *place = DQ_CALL_PLACE;

    raise_or_stop(dq_enter(DQ_SERVICE_ExRaiseDatatypeMisalignment, place, NULL, 0, 0, 0),
                  STATUS_DATATYPE_MISALIGNMENT, "ExRaiseDatatypeMisalignment", place);
}

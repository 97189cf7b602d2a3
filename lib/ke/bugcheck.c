/*
 * bugcheck.c - ends that code asks for: bug checks, raised statuses, failed assertions,
 * breakpoints.
 *
 * A raised status and a breakpoint, which has no debugger, go to whoever handles them
 * (sim/exception.h); else they are KMODE_EXCEPTION_NOT_HANDLED with (code, address, 0, 0).
 */
#include <stdio.h>
#include <stdlib.h>

#include "ke/ki.h"
#include "sim/exception.h"

/* For callers that were refused. A device's refusal has gone home by itself; a foreign host thread
 * has nowhere to go. */
static _Noreturn void nowhere(const char *service)
{
    fprintf(stderr,
            "dirql: %s was called by a host thread outside the machine, and cannot return\n",
            service);
    abort();
}

VOID NTAPI KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1,
                        ULONG_PTR BugCheckParameter2, ULONG_PTR BugCheckParameter3,
                        ULONG_PTR BugCheckParameter4)
{
    dq_processor *cpu =
        dq_enter(DQ_SERVICE_KeBugCheckEx, __builtin_return_address(0), NULL, BugCheckCode, 0, 0);

    if (cpu == NULL) {
        nowhere("KeBugCheckEx");
    }
    dq_bugcheck(cpu, BugCheckCode, BugCheckParameter1, BugCheckParameter2, BugCheckParameter3,
                BugCheckParameter4, "The driver called KeBugCheckEx.");
}

VOID NTAPI KeBugCheck(ULONG BugCheckCode)
{
    dq_processor *cpu =
        dq_enter(DQ_SERVICE_KeBugCheck, __builtin_return_address(0), NULL, BugCheckCode, 0, 0);

    if (cpu == NULL) {
        nowhere("KeBugCheck");
    }
    dq_bugcheck(cpu, BugCheckCode, 0, 0, 0, 0, "The driver called KeBugCheck.");
}

VOID NTAPI ExRaiseStatus(NTSTATUS Status)
{
    const void *place = DQ_CALL_PLACE;
    dq_processor *cpu = dq_enter(DQ_SERVICE_ExRaiseStatus, place, NULL, (ULONG)Status, 0, 0);

    if (cpu == NULL) {
        nowhere("ExRaiseStatus");
    }
    dq_exception((ULONG)Status, (uintptr_t)place,
                 "Status 0x%08X was raised, and no handler is there to catch it", (unsigned)Status);
}

/* With (code, 0, 0, 0): there is no trap frame, and no exception record. */
static _Noreturn void fail_fast(dq_processor *cpu, ULONG code)
{
    dq_bugcheck(cpu, KERNEL_SECURITY_CHECK_FAILURE, code, 0, 0, 0, "%s",
                code == FAST_FAIL_CORRUPT_LIST_ENTRY
                    ? "a LIST_ENTRY is corrupt: its neighbours do not point at it. It was removed "
                      "twice, or never inserted, or its memory was freed or overwritten."
                    : "the driver has found its own data corrupt (RtlFailFast).");
}

void dq_expect_list_entry(dq_processor *cpu, const LIST_ENTRY *entry)
{
    if (entry->Flink->Blink != entry || entry->Blink->Flink != entry) {
        fail_fast(cpu, FAST_FAIL_CORRUPT_LIST_ENTRY);
    }
}

VOID NTAPI RtlFailFast(ULONG Code)
{
    dq_processor *cpu =
        dq_enter(DQ_SERVICE_RtlFailFast, __builtin_return_address(0), NULL, Code, 0, 0);

    if (cpu == NULL) {
        nowhere("RtlFailFast");
    }
    fail_fast(cpu, Code);
}

static _Noreturn void breakpoint(const void *place, const char *text)
{
    dq_exception((ULONG)STATUS_BREAKPOINT, (uintptr_t)place, "%s", text);
}

/* As on a machine without a debugger: the text is printed, and the exception that follows is fatal
 * unless somebody handles it. */
static void fail_assertion(dq_processor *cpu, NTSTATUS exception, const char *assertion,
                           const char *file, ULONG line, const char *message, const void *place)
{
    char text[512];

    snprintf(text, sizeof(text), "Assertion failed: %s (%s:%u)%s%s",
             assertion != NULL ? assertion : "?", file != NULL ? file : "an unknown file",
             (unsigned)line, message != NULL ? ": " : "", message != NULL ? message : "");
    dq_emit_text(cpu, PRINT, NULL, text);
    dq_exception((ULONG)exception, (uintptr_t)place, "%s", text);
}

VOID NTAPI RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber,
                     PSTR MutableMessage)
{
    const void *place = DQ_CALL_PLACE;

    DQ_ENTER(RtlAssert, NULL, LineNumber, 0, 0, DQ_VOID);
    fail_assertion(cpu, STATUS_BREAKPOINT, VoidFailedAssertion, VoidFileName, LineNumber,
                   MutableMessage, place);
}

VOID NTAPI WdkRaiseAssertionFailure(PCSTR Assertion, PCSTR FileName, ULONG LineNumber,
                                    PCSTR Message)
{
    const void *place = DQ_CALL_PLACE;

    DQ_ENTER(RtlAssert, NULL, LineNumber, 0, 0, DQ_VOID);
    fail_assertion(cpu, STATUS_ASSERTION_FAILURE, Assertion, FileName, LineNumber, Message, place);
}

VOID NTAPI DbgBreakPoint(VOID)
{
    const void *place = DQ_CALL_PLACE;
    dq_processor *cpu = dq_enter(DQ_SERVICE_DbgBreakPoint, place, NULL, 0, 0, 0);

    if (cpu != NULL) {
        breakpoint(place, "The driver stopped at a breakpoint, and no debugger is there.");
    }
}

VOID NTAPI DbgBreakPointWithStatus(ULONG Status)
{
    const void *place = DQ_CALL_PLACE;
    char text[128];
    dq_processor *cpu = dq_enter(DQ_SERVICE_DbgBreakPoint, place, NULL, Status, 0, 0);

    if (cpu != NULL) {
        snprintf(text, sizeof(text),
                 "The driver stopped at a breakpoint with status 0x%X, and no debugger is there.",
                 (unsigned)Status);
        breakpoint(place, text);
    }
}

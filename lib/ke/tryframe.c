/*
 * tryframe.c - what the macros of excpt.h call.
 *
 * They are part of a function of the driver, not services: no schedule point, and no IRQL is too
 * high.
 */
#include "sim/tryframe.h"

#include <excpt.h>

_Static_assert(sizeof(dq_try_frame) <= sizeof(WDK_TRY_FRAME), "The frame is too small.");
_Static_assert(offsetof(dq_try_frame, id) == offsetof(WDK_TRY_FRAME, Id), "It sets the number.");
_Static_assert(sizeof(dq_exception_record) == sizeof(EXCEPTION_RECORD), "They are the same.");
_Static_assert(offsetof(dq_exception_record, parameters) ==
                   offsetof(EXCEPTION_RECORD, ExceptionInformation),
               "They are the same.");

#define NAME(function, id) ((dq_try_name){ (function), (id) })

PVOID NTAPI WdkTryOpen(WDK_TRY_FRAME *Frame, PVOID Function)
{
    dq_try_open((dq_try_frame *)(void *)Frame, Function);
    return Frame;
}

PVOID NTAPI WdkTryScope(VOID)
{
    return dq_try_innermost();
}

VOID NTAPI WdkTryDone(PVOID Scope)
{
    dq_try_frame *frame = Scope;

    if (frame != NULL) {
        frame->done = true;
    }
}

VOID NTAPI WdkTryClose(PVOID *Scope)
{
    dq_try_close(*Scope, __builtin_return_address(0));
}

BOOLEAN NTAPI WdkTryHandles(PVOID Function, ULONG Id)
{
    return dq_try_handles(NAME(Function, Id));
}

BOOLEAN NTAPI WdkTryAnswer(PVOID Function, ULONG Id, LONG Answer)
{
    dq_try_answer(NAME(Function, Id), Answer);
}

WDK_TERMINATION NTAPI WdkTryFinally(PVOID Function, ULONG Id)
{
    return (WDK_TERMINATION){ dq_try_finally(NAME(Function, Id)), TRUE };
}

VOID NTAPI WdkTryFinallyEnd(WDK_TERMINATION *Termination)
{
    if (Termination->Runs) {
        dq_try_finally_left(Termination->Raise, __builtin_return_address(0));
    } else if (Termination->Raise != NULL) {
        dq_try_finally_end(Termination->Raise);
    }
}

ULONG NTAPI WdkExceptionCode(PVOID Function, ULONG Id)
{
    ULONG code = 0;

    if (!dq_try_code(NAME(Function, Id), &code)) {
        dq_try_misplaced("GetExceptionCode", "the filter and the handler of a __try",
                         __builtin_return_address(0));
    }
    return code;
}

PEXCEPTION_POINTERS NTAPI WdkExceptionInformation(PVOID Function, ULONG Id)
{
    dq_exception_pointers *pointers = dq_try_pointers(NAME(Function, Id));

    if (pointers == NULL) {
        dq_try_misplaced("GetExceptionInformation", "the filter of a __try",
                         __builtin_return_address(0));
    }
    return (PEXCEPTION_POINTERS)(void *)pointers;
}

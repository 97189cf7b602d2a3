/*
 * stack.c - the stack that code runs on, and calls that need a certain part of it.
 *
 * A simulated thread's stack does not grow. A callout that finds too little of it is refused as the
 * page has it for a system that is at its limit.
 */
#include "ke/ki.h"

enum { SPARE = 4096 }; /* For the call itself, and for an interrupt on top of it. */

static uintptr_t low_of(const dq_processor *cpu)
{
    return (uintptr_t)cpu->task->context.stack;
}

static uintptr_t high_of(const dq_processor *cpu)
{
    return dq_task_stack_begin(cpu->task);
}

static size_t remaining(const dq_processor *cpu)
{
    return (uintptr_t)__builtin_frame_address(0) - low_of(cpu);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

VOID NTAPI IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit)
{
    DQ_ENTER(IoGetStackLimits, NULL, 0, 0, 0, DQ_VOID);
    *LowLimit = low_of(cpu);
    *HighLimit = high_of(cpu);
}

ULONG_PTR NTAPI IoGetRemainingStackSize(VOID)
{
    DQ_ENTER(IoGetRemainingStackSize, NULL, 0, 0, 0, 0);
    return remaining(cpu);
}

PVOID NTAPI IoGetInitialStack(VOID)
{
    DQ_ENTER(IoGetInitialStack, NULL, 0, 0, 0, NULL);
    return (PVOID)high_of(cpu);
}

LOGICAL NTAPI IoWithinStackLimits(ULONG_PTR RegionStart, SIZE_T RegionSize)
{
    DQ_ENTER(IoWithinStackLimits, NULL, RegionStart, RegionSize, 0, FALSE);
    return RegionStart >= low_of(cpu) && RegionStart <= high_of(cpu) &&
           RegionSize <= high_of(cpu) - RegionStart;
}

/* ---- Callouts -------------------------------------------------------------------------------- */

static void call(PEXPAND_STACK_CALLOUT callout, void *parameter)
{
    dq_thread *thread = dq_thread_current(dq_self);
    unsigned depth;

    thread->callouts++;
    depth = dq_guest_call(dq_self, DQ_CODE(callout));
    callout(parameter);
    dq_guest_return(depth);
    dq_thread_current(dq_self)->callouts--;
}

static NTSTATUS expand(dq_processor *cpu, PEXPAND_STACK_CALLOUT callout, void *parameter,
                       SIZE_T size, dq_service service, const void *place)
{
    if (size > MAXIMUM_EXPANSION_SIZE) {
        return STATUS_INVALID_PARAMETER_3;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_NO_MEMORY;
    }
    if (remaining(cpu) < size + SPARE) {
        return STATUS_STACK_OVERFLOW;
    }
    DQ_CALLS_ROUTINES(service, place);
    call(callout, parameter);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter,
                                             SIZE_T Size)
{
    DQ_ENTER(KeExpandKernelStackAndCallout, NULL, (uintptr_t)Callout, Parameter, Size,
             STATUS_UNSUCCESSFUL);
    return expand(cpu, Callout, Parameter, Size, DQ_SERVICE_KeExpandKernelStackAndCallout,
                  DQ_CALL_PLACE);
}

NTSTATUS NTAPI KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter,
                                               SIZE_T Size, BOOLEAN Wait, PVOID Context)
{
    DQ_ENTER(KeExpandKernelStackAndCalloutEx, NULL, (uintptr_t)Callout, Parameter, Size,
             STATUS_UNSUCCESSFUL);
    (void)Context;
    if (Wait && cpu->irql >= DQ_LEVEL_DISPATCH) {
        return STATUS_INVALID_PARAMETER_4;
    }
    return expand(cpu, Callout, Parameter, Size, DQ_SERVICE_KeExpandKernelStackAndCalloutEx,
                  DQ_CALL_PLACE);
}

void dq_stack_thread_ends(dq_processor *cpu, const dq_thread *thread)
{
    if (thread->callouts > 0) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "StackCallout" },
                "thread %s calls PsTerminateSystemThread in a routine that "
                "KeExpandKernelStackAndCallout called: it would never return",
                thread->name);
    }
}

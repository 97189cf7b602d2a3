/*
 * processor.c - which processor this is, and how many there are. One group, all active, none is
 * ever added.
 */
#include "ke/ki.h"

ULONG NTAPI KeGetCurrentProcessorNumber(VOID)
{
    DQ_ENTER(KeGetCurrentProcessorNumber, NULL, 0, 0, 0, 0);
    return cpu->number;
}

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    DQ_ENTER(KeGetCurrentProcessorNumberEx, NULL, 0, 0, 0, 0);
    if (ProcNumber != NULL) {
        *ProcNumber = (PROCESSOR_NUMBER){ .Group = 0, .Number = cpu->number };
    }
    return cpu->number;
}

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    DQ_ENTER(KeQueryActiveProcessorCount, NULL, 0, 0, 0, 0);
    if (ActiveProcessors != NULL) {
        *ActiveProcessors = dq_processor_set(cpu->machine);
    }
    return cpu->machine->processor_count;
}

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    DQ_ENTER(KeQueryActiveProcessorCountEx, NULL, GroupNumber, 0, 0, 0);
    return GroupNumber == 0 || GroupNumber == ALL_PROCESSOR_GROUPS ? cpu->machine->processor_count
                                                                   : 0;
}

KAFFINITY NTAPI KeQueryActiveProcessors(VOID)
{
    DQ_ENTER(KeQueryActiveProcessors, NULL, 0, 0, 0, 0);
    return dq_processor_set(cpu->machine);
}

/* Costs time, as a poll of a register does: a loop that waits for another processor must not stop
 * the clock. */
VOID NTAPI YieldProcessor(VOID)
{
    DQ_ENTER(YieldProcessor, NULL, 0, 0, 0, DQ_VOID);
    (void)dq_clock_charge(dq_yield(cpu));
}

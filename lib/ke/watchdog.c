/*
 * watchdog.c - whether code at a raised IRQL has run long enough.
 *
 * There is no DPC watchdog by the clock: what takes too long is a warning of the checker's, and
 * what does not end is a livelock. So its limits are zero, which the page has for one that is
 * switched off.
 */
#include "ke/ki.h"

enum { LONG_ENOUGH_NS = 100000 }; /* What the guidelines for DPCs allow. */

static bool runs_dpc(const dq_processor *cpu)
{
    const dq_execution *execution = cpu->execution;

    while (execution != NULL && execution->kind != DQ_EXECUTION_DPC) {
        execution = execution->below;
    }
    return execution != NULL;
}

/* The page's IRQL is DISPATCH_LEVEL; below it the answer is known. */
LOGICAL NTAPI KeIsExecutingDpc(VOID)
{
    DQ_ENTER(KeIsExecutingDpc, NULL, 0, 0, 0, FALSE);
    return runs_dpc(cpu);
}

/* Somebody waits for the IRQL to fall, or the caller has taken its time. Asking takes some, too, so
 * that a loop that waits for the answer ends. */
LOGICAL NTAPI KeShouldYieldProcessor(VOID)
{
    uint32_t kept_out;

    DQ_ENTER(KeShouldYieldProcessor, NULL, 0, 0, 0, FALSE);
    cpu = dq_clock_charge(cpu);
    kept_out = dq_attention(cpu) & (((2u << cpu->irql) - 2u) | DQ_ATTEND_SWITCH);
    return kept_out != 0 || cpu->execution->spent_ns >= LONG_ENOUGH_NS;
}

NTSTATUS NTAPI KeQueryDpcWatchdogInformation(PKDPC_WATCHDOG_INFORMATION WatchdogInformation)
{
    DQ_ENTER(KeQueryDpcWatchdogInformation, NULL, 0, 0, 0, STATUS_UNSUCCESSFUL);
    if (!runs_dpc(cpu) && cpu->irql < DQ_LEVEL_DISPATCH) {
        return STATUS_UNSUCCESSFUL;
    }
    *WatchdogInformation = (KDPC_WATCHDOG_INFORMATION){ 0 };
    return STATUS_SUCCESS;
}

/*
 * region.c - critical and guarded regions: no kernel APC is delivered to the thread inside. The
 * machine queues special ones only, which a guarded region keeps out and a critical one does not.
 */
#include "ke/apc.h"
#include "ke/ki.h"

static void refuse_leave(dq_processor *cpu, uint64_t subcode, dq_service service, const char *rule)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = rule,
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { subcode },
                           .page = dq_service_name(service) },
            "%s by a thread that is not in such a region", dq_service_name(service));
}

/* A system thread begins with normal kernel APCs off, once. That the test's thread still owns a
 * mutex is a finding of its own. */
void dq_region_thread_ends(dq_processor *cpu, const dq_thread *thread)
{
    const int disabled = thread->apc_disable - thread->system - thread->mutex_count;

    if (disabled != 0 || thread->guarded != 0) {
        dq_bugcheck(cpu, KERNEL_APC_PENDING_DURING_EXIT, 0, (uint64_t)-disabled, cpu->irql,
                    0, "thread %s ends in a %s region that it entered", thread->name,
                    disabled != 0 ? "critical" : "guarded");
    }
}

VOID NTAPI KeEnterCriticalRegion(VOID)
{
    DQ_ENTER(KeEnterCriticalRegion, NULL, 0, 0, 0, DQ_VOID);
    dq_thread_current(cpu)->apc_disable++;
}

VOID NTAPI KeLeaveCriticalRegion(VOID)
{
    DQ_ENTER(KeLeaveCriticalRegion, NULL, 0, 0, 0, DQ_VOID);
    /* In a DPC the thread is not its own: what it changes is found when it returns. */
    if (dq_thread_current(cpu)->apc_disable <= 0 && cpu->execution->kind != DQ_EXECUTION_DPC) {
        refuse_leave(cpu, 0x3E, DQ_SERVICE_KeLeaveCriticalRegion, "CriticalRegions");
    }
    dq_thread_current(cpu)->apc_disable--;
}

VOID NTAPI KeEnterGuardedRegion(VOID)
{
    DQ_ENTER(KeEnterGuardedRegion, NULL, 0, 0, 0, DQ_VOID);
    dq_thread_current(cpu)->guarded++;
}

VOID NTAPI KeLeaveGuardedRegion(VOID)
{
    DQ_ENTER(KeLeaveGuardedRegion, NULL, 0, 0, 0, DQ_VOID);
    if (dq_thread_current(cpu)->guarded <= 0) {
        refuse_leave(cpu, 0x0004000E, DQ_SERVICE_KeLeaveGuardedRegion, "GuardedRegions");
    }
    if (--dq_thread_current(cpu)->guarded == 0) {
        dq_apc_leave_region(cpu);
    }
}

BOOLEAN NTAPI KeAreApcsDisabled(VOID)
{
    const dq_thread *thread;

    DQ_ENTER(KeAreApcsDisabled, NULL, 0, 0, 0, FALSE);
    thread = dq_thread_current(cpu);
    return thread->apc_disable > 0 || thread->guarded > 0;
}

BOOLEAN NTAPI KeAreAllApcsDisabled(VOID)
{
    DQ_ENTER(KeAreAllApcsDisabled, NULL, 0, 0, 0, FALSE);
    return dq_thread_current(cpu)->guarded > 0 || cpu->irql >= DQ_LEVEL_APC;
}

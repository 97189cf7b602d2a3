/*
 * affinity.c - a thread chooses the processors that it runs on.
 *
 * The affinity that the system sets comes before the thread's own, until it reverts. Below
 * DISPATCH_LEVEL the thread has moved when the call returns; at DISPATCH_LEVEL it moves when IRQL
 * falls.
 */
#include "ke/ki.h"

/* Returns the system affinity that was set before, 0 if none was. */
static uint64_t set_system_affinity(dq_processor *cpu, uint64_t affinity)
{
    dq_thread *thread = dq_thread_current(cpu);
    const uint64_t before = thread->system_affinity;

    thread->system_affinity = affinity & dq_processor_set(cpu->machine);
    dq_thread_rearrange(thread);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return before;
}

static void check_set(dq_processor *cpu, uint64_t affinity, dq_service service)
{
    if ((affinity & dq_processor_set(cpu->machine)) == 0) {
        dq_find(cpu,
                &(dq_finding){
                    .severity = DQ_ERROR, .rule = "affinity", .page = dq_service_name(service) },
                "%s: the set 0x%llx has no active processor", dq_service_name(service),
                (unsigned long long)affinity);
    }
}

VOID NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    DQ_ENTER(KeSetSystemAffinityThread, NULL, Affinity, 0, 0, DQ_VOID);
    check_set(cpu, Affinity, DQ_SERVICE_KeSetSystemAffinityThread);
    (void)set_system_affinity(cpu, Affinity);
}

VOID NTAPI KeRevertToUserAffinityThread(VOID)
{
    DQ_ENTER(KeRevertToUserAffinityThread, NULL, 0, 0, 0, DQ_VOID);
    (void)set_system_affinity(cpu, 0);
}

KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    DQ_ENTER(KeSetSystemAffinityThreadEx, NULL, Affinity, 0, 0, 0);
    check_set(cpu, Affinity, DQ_SERVICE_KeSetSystemAffinityThreadEx);
    return set_system_affinity(cpu, Affinity);
}

VOID NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    DQ_ENTER(KeRevertToUserAffinityThreadEx, NULL, Affinity, 0, 0, DQ_VOID);
    (void)set_system_affinity(cpu, Affinity);
}

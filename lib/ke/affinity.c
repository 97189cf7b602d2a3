/*
 * affinity.c - a thread chooses the processors that it runs on.
 *
 * The affinity that the system sets comes before the thread's own, until it reverts. A set with
 * bits of processors that are not there has no effect. Below DISPATCH_LEVEL the thread has moved
 * when the call returns; at DISPATCH_LEVEL it moves when IRQL falls.
 */
#include "ke/ki.h"
#include "sim/computing.h"

/* Returns the system affinity that was set before, 0 if none was. */
static uint64_t set_system_affinity(dq_processor *cpu, uint64_t affinity)
{
    dq_thread *thread = dq_thread_current(cpu);
    const uint64_t before = thread->system_affinity;

    thread->system_affinity = affinity;
    dq_thread_rearrange(thread);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return before;
}

/* The pages: all bits are those of processors, at least one of which is active. */
static bool is_set(const dq_processor *cpu, uint64_t affinity)
{
    return affinity != 0 && (affinity & ~dq_processor_set(cpu->machine)) == 0;
}

/* Returns the system affinity that was set before, 0 if none was. */
static uint64_t set_if_possible(dq_processor *cpu, uint64_t affinity, dq_service service)
{
    if ((affinity & dq_processor_set(cpu->machine)) == 0) {
        dq_find(cpu,
                &(dq_finding){
                    .severity = DQ_ERROR, .rule = "affinity", .page = dq_service_name(service) },
                "%s: the set 0x%llx has no active processor", dq_service_name(service),
                (unsigned long long)affinity);
    }
    return is_set(cpu, affinity) ? set_system_affinity(cpu, affinity)
                                 : dq_thread_current(cpu)->system_affinity;
}

/* Has no effect unless the system has set an affinity before. */
static void revert(dq_processor *cpu, uint64_t affinity)
{
    if (dq_thread_current(cpu)->system_affinity != 0 && (affinity == 0 || is_set(cpu, affinity))) {
        (void)set_system_affinity(cpu, affinity);
    }
}

VOID NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    DQ_ENTER(KeSetSystemAffinityThread, NULL, Affinity, 0, 0, DQ_VOID);
    (void)set_if_possible(cpu, Affinity, DQ_SERVICE_KeSetSystemAffinityThread);
}

VOID NTAPI KeRevertToUserAffinityThread(VOID)
{
    DQ_ENTER(KeRevertToUserAffinityThread, NULL, 0, 0, 0, DQ_VOID);
    revert(cpu, 0);
}

KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    DQ_ENTER(KeSetSystemAffinityThreadEx, NULL, Affinity, 0, 0, 0);
    return set_if_possible(cpu, Affinity, DQ_SERVICE_KeSetSystemAffinityThreadEx);
}

VOID NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    DQ_ENTER(KeRevertToUserAffinityThreadEx, NULL, Affinity, 0, 0, DQ_VOID);
    revert(cpu, Affinity);
}

/* ---- By group -------------------------------------------------------------------------------- */

/* The group is valid, too. */
static bool is_valid(const dq_processor *cpu, const GROUP_AFFINITY *affinity)
{
    return affinity->Group == 0 && is_set(cpu, affinity->Mask);
}

VOID NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity,
                                          PGROUP_AFFINITY PreviousAffinity)
{
    uint64_t before = 0;

    DQ_ENTER(KeSetSystemGroupAffinityThread, NULL,
             DQ_READ(KeSetSystemGroupAffinityThread, Affinity->Mask),
             DQ_READ(KeSetSystemGroupAffinityThread, Affinity->Group), 0, DQ_VOID);
    if (is_valid(cpu, Affinity)) {
        before = set_system_affinity(cpu, Affinity->Mask);
    }
    if (PreviousAffinity != NULL) {
        *PreviousAffinity = (GROUP_AFFINITY){ .Mask = before };
    }
}

VOID NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity)
{
    DQ_ENTER(KeRevertToUserGroupAffinityThread, NULL,
             DQ_READ(KeRevertToUserGroupAffinityThread, PreviousAffinity->Mask), 0, 0, DQ_VOID);
    if (PreviousAffinity->Group == 0) {
        revert(cpu, PreviousAffinity->Mask);
    }
}

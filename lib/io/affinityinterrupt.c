/*
 * affinityinterrupt.c - the processors on which an ISR can be called.
 */
#include "io/io.h"
#include "ke/ki.h"

static NTSTATUS get_affinity(dq_processor *cpu, PKINTERRUPT pointer, PGROUP_AFFINITY affinity)
{
    const struct _KINTERRUPT *one = dq_interrupt_find(&dq_kernel_of(cpu)->interrupts, pointer);

    if (one == NULL || one->state != DQ_INTERRUPT_CONNECTED || affinity == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *affinity = (GROUP_AFFINITY){ 0 };
    for (; one != NULL; one = one->next_in_set) {
        affinity->Mask |= one->processors;
    }
    return STATUS_SUCCESS;
}

NTSTATUS IoGetAffinityInterrupt(PKINTERRUPT InterruptObject, PGROUP_AFFINITY GroupAffinity)
{
    DQ_ENTER(IoGetAffinityInterrupt, InterruptObject, GroupAffinity, 0, 0, STATUS_UNSUCCESSFUL);
    return get_affinity(cpu, InterruptObject, GroupAffinity);
}

NTSTATUS WdmlibIoGetAffinityInterrupt(PKINTERRUPT InterruptObject, PGROUP_AFFINITY GroupAffinity)
{
    DQ_ENTER(IoGetAffinityInterrupt, InterruptObject, GroupAffinity, 0, 0, STATUS_UNSUCCESSFUL);
    return get_affinity(cpu, InterruptObject, GroupAffinity);
}

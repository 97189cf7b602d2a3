/*
 * group.c - processor groups and nodes: there is one of each, with all processors in it.
 */
#include "ke/ki.h"
#include "sim/computing.h"

static bool is_group(ULONG group)
{
    return group == 0 || group == ALL_PROCESSOR_GROUPS;
}

/* ---- Groups ---------------------------------------------------------------------------------- */

USHORT NTAPI KeQueryActiveGroupCount(VOID)
{
    DQ_ENTER(KeQueryActiveGroupCount, NULL, 0, 0, 0, 0);
    return 1;
}

USHORT NTAPI KeQueryMaximumGroupCount(VOID)
{
    DQ_ENTER(KeQueryMaximumGroupCount, NULL, 0, 0, 0, 0);
    return 1;
}

KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber)
{
    DQ_ENTER(KeQueryGroupAffinity, NULL, GroupNumber, 0, 0, 0);
    return GroupNumber == 0 ? dq_processor_set(cpu->machine) : 0;
}

/* No processor is ever added. */
ULONG NTAPI KeQueryMaximumProcessorCount(VOID)
{
    DQ_ENTER(KeQueryMaximumProcessorCount, NULL, 0, 0, 0, 0);
    return cpu->machine->processor_count;
}

ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    DQ_ENTER(KeQueryMaximumProcessorCountEx, NULL, GroupNumber, 0, 0, 0);
    return is_group(GroupNumber) ? cpu->machine->processor_count : 0;
}

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    DQ_ENTER(KeGetProcessorIndexFromNumber, NULL,
             DQ_READ(KeGetProcessorIndexFromNumber, ProcNumber->Group),
             DQ_READ(KeGetProcessorIndexFromNumber, ProcNumber->Number), 0,
             INVALID_PROCESSOR_INDEX);
    return ProcNumber->Group == 0 && ProcNumber->Number < cpu->machine->processor_count
               ? ProcNumber->Number
               : INVALID_PROCESSOR_INDEX;
}

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    DQ_ENTER(KeGetProcessorNumberFromIndex, NULL, ProcIndex, 0, 0, STATUS_UNSUCCESSFUL);
    if (ProcIndex >= cpu->machine->processor_count) {
        return STATUS_INVALID_PARAMETER;
    }
    *ProcNumber = (PROCESSOR_NUMBER){ .Group = 0, .Number = (UCHAR)ProcIndex };
    return STATUS_SUCCESS;
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

USHORT NTAPI KeGetCurrentNodeNumber(VOID)
{
    DQ_ENTER(KeGetCurrentNodeNumber, NULL, 0, 0, 0, 0);
    return 0;
}

USHORT NTAPI KeQueryHighestNodeNumber(VOID)
{
    DQ_ENTER(KeQueryHighestNodeNumber, NULL, 0, 0, 0, 0);
    return 0;
}

USHORT NTAPI KeQueryNodeMaximumProcessorCount(USHORT NodeNumber)
{
    DQ_ENTER(KeQueryNodeMaximumProcessorCount, NULL, NodeNumber, 0, 0, 0);
    return NodeNumber == 0 ? (USHORT)cpu->machine->processor_count : 0;
}

ULONG NTAPI KeQueryNodeActiveProcessorCount(USHORT NodeNumber)
{
    DQ_ENTER(KeQueryNodeActiveProcessorCount, NULL, NodeNumber, 0, 0, 0);
    return NodeNumber == 0 ? cpu->machine->processor_count : 0;
}

/* Of a node that is not there the page says nothing: it has no processors. */
VOID NTAPI KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count)
{
    const bool is_there = NodeNumber == 0;

    DQ_ENTER(KeQueryNodeActiveAffinity, NULL, NodeNumber, 0, 0, DQ_VOID);
    if (Affinity != NULL) {
        *Affinity = (GROUP_AFFINITY){ .Mask = is_there ? dq_processor_set(cpu->machine) : 0 };
    }
    if (Count != NULL) {
        *Count = is_there ? (USHORT)cpu->machine->processor_count : 0;
    }
}

NTSTATUS NTAPI KeQueryNodeActiveAffinity2(USHORT NodeNumber, PGROUP_AFFINITY GroupAffinities,
                                          USHORT GroupAffinitiesCount,
                                          PUSHORT GroupAffinitiesRequired)
{
    DQ_ENTER(KeQueryNodeActiveAffinity2, NULL, NodeNumber, GroupAffinitiesCount, 0,
             STATUS_UNSUCCESSFUL);
    if (NodeNumber != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    *GroupAffinitiesRequired = 1;
    if (GroupAffinitiesCount < 1) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    *GroupAffinities = (GROUP_AFFINITY){ .Mask = dq_processor_set(cpu->machine) };
    return STATUS_SUCCESS;
}

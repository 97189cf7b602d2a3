/*
 * relationship.c - how the processors belong together: each is a core, all are one of everything
 * else.
 *
 * The order of the answers is that of LOGICAL_PROCESSOR_RELATIONSHIP, which the page leaves open.
 */
#include <string.h>

#include "ke/ki.h"

typedef SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX information;

enum {
    HEAD = FIELD_OFFSET(information, Processor),
    /* One group's share of each; they are all that there is of them. */
    PROCESSOR_BYTES = HEAD + sizeof(PROCESSOR_RELATIONSHIP),
    NODE_BYTES = HEAD + sizeof(NUMA_NODE_RELATIONSHIP),
    GROUP_BYTES = HEAD + sizeof(GROUP_RELATIONSHIP)
};

typedef struct answer {
    unsigned char *at; /* NULL: there is no buffer. */
    ULONG room, needed;
} answer;

static void add(answer *out, const information *what)
{
    if (out->at != NULL && out->needed + what->Size <= out->room) {
        memcpy(out->at + out->needed, what, what->Size);
    }
    out->needed += what->Size;
}

static void add_processors(answer *out, LOGICAL_PROCESSOR_RELATIONSHIP relationship,
                           KAFFINITY processors)
{
    information made = { .Relationship = relationship, .Size = PROCESSOR_BYTES };

    made.Processor.GroupCount = 1;
    made.Processor.GroupMask[0].Mask = processors;
    add(out, &made);
}

static void add_cores(answer *out, KAFFINITY processors)
{
    for (KAFFINITY left = processors; left != 0; left &= left - 1) {
        add_processors(out, RelationProcessorCore, left & (~left + 1));
    }
}

static void add_node(answer *out, KAFFINITY all)
{
    information made = { .Relationship = RelationNumaNode, .Size = NODE_BYTES };

    made.NumaNode.GroupCount = 1;
    made.NumaNode.GroupMask.Mask = all;
    add(out, &made);
}

static void add_group(answer *out, const dq_machine *machine, KAFFINITY all)
{
    information made = { .Relationship = RelationGroup, .Size = GROUP_BYTES };
    PROCESSOR_GROUP_INFO *group = &made.Group.GroupInfo[0];

    made.Group.MaximumGroupCount = 1;
    made.Group.ActiveGroupCount = 1;
    group->MaximumProcessorCount = (UCHAR)machine->processor_count;
    group->ActiveProcessorCount = (UCHAR)machine->processor_count;
    group->ActiveProcessorMask = all;
    add(out, &made);
}

/* Of the processors that are asked about. False: there is no such relationship. */
static bool find(answer *out, const dq_machine *machine,
                 LOGICAL_PROCESSOR_RELATIONSHIP relationship, KAFFINITY processors)
{
    const KAFFINITY all = dq_processor_set(machine);

    switch (relationship) {
    case RelationProcessorCore:
        add_cores(out, processors);
        return true;
    case RelationNumaNode:
    case RelationNumaNodeEx:
        add_node(out, all);
        return true;
    case RelationCache:
        return true;
    case RelationProcessorPackage:
    case RelationProcessorDie:
    case RelationProcessorModule:
        add_processors(out, relationship, all);
        return true;
    case RelationGroup:
        add_group(out, machine, all);
        return true;
    default:
        return false;
    }
}

static void find_all(answer *out, const dq_machine *machine, KAFFINITY processors)
{
    static const LOGICAL_PROCESSOR_RELATIONSHIP every[] = {
        RelationProcessorCore, RelationNumaNode,     RelationProcessorPackage,
        RelationGroup,         RelationProcessorDie, RelationProcessorModule
    };

    for (size_t i = 0; i < sizeof(every) / sizeof(*every); i++) {
        (void)find(out, machine, every[i], processors);
    }
}

static bool is_processor(const dq_machine *machine, const PROCESSOR_NUMBER *number)
{
    return number->Group == 0 && number->Reserved == 0 && number->Number < machine->processor_count;
}

NTSTATUS NTAPI KeQueryLogicalProcessorRelationship(
    PPROCESSOR_NUMBER ProcessorNumber, LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information, PULONG Length)
{
    KAFFINITY processors;
    answer out;

    DQ_ENTER(KeQueryLogicalProcessorRelationship, NULL, ProcessorNumber, RelationshipType, 0,
             STATUS_UNSUCCESSFUL);
    if (ProcessorNumber != NULL && !is_processor(cpu->machine, ProcessorNumber)) {
        return STATUS_INVALID_PARAMETER;
    }
    processors = ProcessorNumber != NULL ? (KAFFINITY)1 << ProcessorNumber->Number
                                         : dq_processor_set(cpu->machine);
    out = (answer){ .at = (unsigned char *)Information, .room = Information != NULL ? *Length : 0 };
    if (RelationshipType == RelationAll) {
        find_all(&out, cpu->machine, processors);
    } else if (!find(&out, cpu->machine, RelationshipType, processors)) {
        return STATUS_INVALID_PARAMETER;
    }
    *Length = out.needed;
    return out.needed <= out.room ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH;
}

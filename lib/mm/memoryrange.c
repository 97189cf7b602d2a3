/*
 * memoryrange.c - which physical memory the machine has.
 */
#include "ex/pool.h"
#include "ke/ki.h"
#include "mm/frame.h"
#include "sim/fail.h"

enum { TAG = 0x6E52684D }; /* "MhRn". */

typedef struct listing {
    PPHYSICAL_MEMORY_RANGE ranges; /* NULL: they are counted. */
    size_t count;
} listing;

static void list(void *context, const dq_frame_range *range)
{
    listing *l = context;

    if (l->ranges != NULL) {
        l->ranges[l->count].BaseAddress.QuadPart = (LONGLONG)(range->first << PAGE_SHIFT);
        l->ranges[l->count].NumberOfBytes.QuadPart =
            (LONGLONG)((range->end - range->first) << PAGE_SHIFT);
    }
    l->count++;
}

static PPHYSICAL_MEMORY_RANGE ranges(dq_processor *cpu, const void *partition, const void *place)
{
    listing l = { .count = 0 };

    if (partition != NULL || dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return NULL;
    }
    dq_frame_for_each_range(cpu->machine, list, &l);
    l.ranges = dq_pool_part(cpu, (l.count + 1) * sizeof(*l.ranges), TAG, NULL, place);
    if (l.ranges != NULL) {
        l.count = 0;
        dq_frame_for_each_range(cpu->machine, list, &l);
        l.ranges[l.count] = (PHYSICAL_MEMORY_RANGE){ .NumberOfBytes = { .QuadPart = 0 } };
    }
    return l.ranges;
}

PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRanges(VOID)
{
    DQ_ENTER(MmGetPhysicalMemoryRanges, NULL, 0, 0, 0, NULL);
    return ranges(cpu, NULL, DQ_CALL_PLACE);
}

PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRangesEx(PVOID PartitionObject)
{
    DQ_ENTER(MmGetPhysicalMemoryRangesEx, NULL, PartitionObject, 0, 0, NULL);
    return ranges(cpu, PartitionObject, DQ_CALL_PLACE);
}

PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRangesEx2(PVOID PartitionObject, ULONG Flags)
{
    DQ_ENTER(MmGetPhysicalMemoryRangesEx2, NULL, PartitionObject, Flags, 0, NULL);
    return ranges(cpu, PartitionObject, DQ_CALL_PLACE);
}

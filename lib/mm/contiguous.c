/*
 * contiguous.c - memory that is contiguous for devices, and the physical address of any memory.
 */
#include <inttypes.h>

#include "ke/ki.h"
#include "mm/frame.h"
#include "sim/fail.h"
#include "sim/place.h"

static PVOID allocate(dq_processor *cpu, const dq_frame_wish *wish)
{
    const dq_frame_block *block = NULL;

    if ((wish->boundary & (wish->boundary - 1)) != 0) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "ContiguousMemory",
                               .page = "wdm: MmAllocateContiguousMemorySpecifyCache",
                               .place = wish->place },
                "%s was given 0x%" PRIx64
                " for what the memory must not cross a multiple of: that is a power of two, or 0",
                dq_service_name(cpu->execution->service), wish->boundary);
        return NULL;
    }
    if (!dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, wish->place)) {
        block = dq_frame_block_make(cpu->machine, wish);
    }
    return block != NULL ? block->memory : NULL;
}

PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes,
                                       PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    DQ_ENTER(MmAllocateContiguousMemory, NULL, NumberOfBytes, HighestAcceptableAddress.QuadPart, 0,
             NULL);
    return allocate(cpu, &(dq_frame_wish){ .use = DQ_FRAME_CONTIGUOUS,
                                           .bytes = NumberOfBytes,
                                           .highest = (uint64_t)HighestAcceptableAddress.QuadPart,
                                           .caching = MmCached,
                                           .place = __builtin_return_address(0) });
}

PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes,
                                                   PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                   PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                   PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                   MEMORY_CACHING_TYPE CacheType)
{
    DQ_ENTER(MmAllocateContiguousMemorySpecifyCache, NULL, NumberOfBytes,
             HighestAcceptableAddress.QuadPart, CacheType, NULL);
    return allocate(cpu, &(dq_frame_wish){ .use = DQ_FRAME_CONTIGUOUS,
                                           .bytes = NumberOfBytes,
                                           .lowest = (uint64_t)LowestAcceptableAddress.QuadPart,
                                           .highest = (uint64_t)HighestAcceptableAddress.QuadPart,
                                           .boundary = (uint64_t)BoundaryAddressMultiple.QuadPart,
                                           .caching = CacheType,
                                           .place = __builtin_return_address(0) });
}

/* There is one node. */
PVOID NTAPI MmAllocateContiguousMemorySpecifyCacheNode(SIZE_T NumberOfBytes,
                                                       PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                       PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                       PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                       MEMORY_CACHING_TYPE CacheType,
                                                       NODE_REQUIREMENT PreferredNode)
{
    DQ_ENTER(MmAllocateContiguousMemorySpecifyCacheNode, NULL, NumberOfBytes,
             HighestAcceptableAddress.QuadPart, CacheType, NULL);
    (void)PreferredNode;
    return allocate(cpu, &(dq_frame_wish){ .use = DQ_FRAME_CONTIGUOUS,
                                           .bytes = NumberOfBytes,
                                           .lowest = (uint64_t)LowestAcceptableAddress.QuadPart,
                                           .highest = (uint64_t)HighestAcceptableAddress.QuadPart,
                                           .boundary = (uint64_t)BoundaryAddressMultiple.QuadPart,
                                           .caching = CacheType,
                                           .place = __builtin_return_address(0) });
}

/* NX or executable, and at most one of the ways not to cache. */
static bool is_protection(ULONG protect)
{
    const ULONG caching = protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE);

    return ((protect & ~caching) == PAGE_READWRITE ||
            (protect & ~caching) == PAGE_EXECUTE_READWRITE) &&
           caching != (PAGE_NOCACHE | PAGE_WRITECOMBINE);
}

PVOID NTAPI MmAllocateContiguousNodeMemory(SIZE_T NumberOfBytes,
                                           PHYSICAL_ADDRESS LowestAcceptableAddress,
                                           PHYSICAL_ADDRESS HighestAcceptableAddress,
                                           PHYSICAL_ADDRESS BoundaryAddressMultiple, ULONG Protect,
                                           NODE_REQUIREMENT PreferredNode)
{
    DQ_ENTER(MmAllocateContiguousNodeMemory, NULL, NumberOfBytes,
             HighestAcceptableAddress.QuadPart, Protect, NULL);
    (void)PreferredNode;
    if (!is_protection(Protect)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "ContiguousMemory",
                               .page = "wdm: MmAllocateContiguousNodeMemory",
                               .place = __builtin_return_address(0) },
                "MmAllocateContiguousNodeMemory was asked for protection 0x%" PRIx32
                ": it is PAGE_READWRITE or PAGE_EXECUTE_READWRITE, with PAGE_NOCACHE or "
                "PAGE_WRITECOMBINE at most",
                (uint32_t)Protect);
        return NULL;
    }
    return allocate(cpu, &(dq_frame_wish){ .use = DQ_FRAME_CONTIGUOUS,
                                           .bytes = NumberOfBytes,
                                           .lowest = (uint64_t)LowestAcceptableAddress.QuadPart,
                                           .highest = (uint64_t)HighestAcceptableAddress.QuadPart,
                                           .boundary = (uint64_t)BoundaryAddressMultiple.QuadPart,
                                           .place = __builtin_return_address(0) });
}

/* ---- Freeing --------------------------------------------------------------------------------- */

static void refuse(dq_processor *cpu, const dq_frame_block *block, const void *address,
                   const void *place)
{
    char first[200];

    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "ContiguousMemory",
                           .page = "wdm: MmFreeContiguousMemory",
                           .place = place },
            "%s was given %p, %s%s", dq_service_name(cpu->execution->service), address,
            block == NULL ? "which no MmAllocateContiguousMemory... returned"
                          : "which was freed before, in ",
            block == NULL ? ""
                          : dq_place_describe(block->freed_place, first, sizeof(first)));
}

/* What MmFreeContiguousMemorySpecifyCache is told, beside the address. */
typedef struct told {
    size_t bytes;
    MEMORY_CACHING_TYPE caching;
} told;

static void check_told(dq_processor *cpu, const dq_frame_block *block, const told *what,
                       const dq_finding *finding)
{
    if (what->bytes != block->bytes) {
        dq_find(cpu, finding, "%s was given %" PRIu64 " bytes, but %" PRIu64 " were allocated",
                dq_service_name(cpu->execution->service), (uint64_t)what->bytes,
                (uint64_t)block->bytes);
    } else if (block->service == DQ_SERVICE_MmAllocateContiguousMemory ||
               block->service == DQ_SERVICE_MmAllocateContiguousNodeMemory) {
        dq_find(cpu, finding,
                "%s was given memory of %s: it frees that of "
                "MmAllocateContiguousMemorySpecifyCache, MmFreeContiguousMemory any",
                dq_service_name(cpu->execution->service), dq_service_name(block->service));
    } else if ((int)what->caching != block->caching) {
        dq_find(cpu, finding, "%s was given cache type %d, but %d was allocated",
                dq_service_name(cpu->execution->service), (int)what->caching, block->caching);
    }
}

static void free_memory(dq_processor *cpu, PVOID address, const told *what, const void *place)
{
    dq_frame_block *block = dq_frame_block_at(cpu->machine, DQ_FRAME_CONTIGUOUS, address);
    const dq_finding finding = { .severity = DQ_ERROR,
                                 .rule = "ContiguousMemory",
                                 .page = "wdm: MmFreeContiguousMemory",
                                 .place = place };
    char text[DQ_FINDING_TEXT];
    bool damaged;

    if (block == NULL || block->memory == NULL) {
        refuse(cpu, block, address, place);
        return;
    }
    if (what != NULL) {
        check_told(cpu, block, what, &finding);
    }
    damaged = dq_frame_block_tell_damage(cpu->machine, block, text, sizeof(text));
    dq_frame_block_free(cpu->machine, block, place);
    if (damaged) {
        dq_find(cpu, &finding, "%s", text);
    }
}

VOID NTAPI MmFreeContiguousMemory(PVOID BaseAddress)
{
    DQ_ENTER(MmFreeContiguousMemory, BaseAddress, BaseAddress, 0, 0, DQ_VOID);
    free_memory(cpu, BaseAddress, NULL, __builtin_return_address(0));
}

VOID NTAPI MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes,
                                              MEMORY_CACHING_TYPE CacheType)
{
    const told what = { .bytes = NumberOfBytes, .caching = CacheType };

    DQ_ENTER(MmFreeContiguousMemorySpecifyCache, BaseAddress, BaseAddress, NumberOfBytes,
             CacheType, DQ_VOID);
    free_memory(cpu, BaseAddress, &what, __builtin_return_address(0));
}

/* ---- Physical addresses ---------------------------------------------------------------------- */

PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress)
{
    PHYSICAL_ADDRESS physical = { .QuadPart = 0 };

    DQ_ENTER(MmGetPhysicalAddress, NULL, BaseAddress, 0, 0, physical);
    if ((uintptr_t)BaseAddress < PAGE_SIZE) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "PhysicalAddress",
                               .page = "ntddk: MmGetPhysicalAddress",
                               .place = __builtin_return_address(0) },
                "MmGetPhysicalAddress was given %p, which is no valid address", BaseAddress);
        return physical;
    }
    physical.QuadPart = (LONGLONG)dq_frame_physical(cpu->machine, BaseAddress);
    return physical;
}

/*
 * mdlpages.c - pages that are allocated without an address: MmAllocatePagesForMdl.
 */
#include <string.h>

#include "ke/ki.h"
#include "mm/frame.h"
#include "mm/mdl.h"

enum { POOL_TAG = 0x646D4D4D }; /* "MMmd" */

/* One block of pages, as large as one can be had. */
static dq_frame_block *get_pages(dq_processor *cpu, dq_frame_wish *wish, ULONG flags)
{
    const bool all = (flags & (MM_ALLOCATE_FULLY_REQUIRED |
                               MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS)) != 0;
    dq_frame_block *block = NULL;

    for (size_t pages = BYTES_TO_PAGES(wish->bytes); block == NULL && pages > 0; pages--) {
        wish->bytes = pages * PAGE_SIZE;
        wish->scattered = (flags & MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS) == 0;
        block = dq_frame_block_make(cpu->machine, wish);
        if (block == NULL && wish->scattered) {
            wish->scattered = false;
            block = dq_frame_block_make(cpu->machine, wish);
        }
        if (all) {
            break;
        }
    }
    return block;
}

static PMDL describe(dq_processor *cpu, dq_frame_block *block, const void *place)
{
    PMDL mdl = dq_pool_allocate(cpu, NonPagedPoolNx, MmSizeOfMdl(NULL, block->bytes), POOL_TAG,
                                place);

    if (mdl == NULL) {
        dq_frame_block_free(cpu->machine, block, place);
        return NULL;
    }
    MmInitializeMdl(mdl, NULL, block->bytes);
    mdl->Process = NULL;
    mdl->MappedSystemVa = NULL;
    mdl->MdlFlags = MDL_PAGES_LOCKED;
    for (size_t i = 0; i < block->pages; i++) {
        MmGetMdlPfnArray(mdl)[i] = (PFN_NUMBER)(block->first + (uint64_t)i * block->stride);
    }
    return mdl;
}

static PMDL allocate(dq_processor *cpu, PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, SIZE_T bytes,
                     ULONG flags, const void *place)
{
    dq_frame_wish wish = { .use = DQ_FRAME_PAGES,
                           .bytes = bytes,
                           .lowest = (uint64_t)low.QuadPart,
                           .highest = (uint64_t)high.QuadPart,
                           .zeroed = (flags & MM_DONT_ZERO_ALLOCATION) == 0,
                           .place = place };
    dq_frame_block *block =
        bytes != 0 && bytes <= 0xFFFFF000u ? get_pages(cpu, &wish, flags) : NULL;

    return block != NULL ? describe(cpu, block, place) : NULL;
}

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                 PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes)
{
    DQ_ENTER(MmAllocatePagesForMdl, NULL, LowAddress.QuadPart, HighAddress.QuadPart, TotalBytes,
             NULL);
    (void)SkipBytes;
    return allocate(cpu, LowAddress, HighAddress, TotalBytes, 0, __builtin_return_address(0));
}

PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                   PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                   MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    DQ_ENTER(MmAllocatePagesForMdlEx, NULL, LowAddress.QuadPart, HighAddress.QuadPart, TotalBytes,
             NULL);
    (void)SkipBytes;
    (void)CacheType;
    return allocate(cpu, LowAddress, HighAddress, TotalBytes, Flags, __builtin_return_address(0));
}

VOID NTAPI MmFreePagesFromMdl(PMDL MemoryDescriptorList)
{
    const void *place = __builtin_return_address(0);
    dq_frame_block *block;

    DQ_ENTER(MmFreePagesFromMdl, NULL, MemoryDescriptorList, 0, 0, DQ_VOID);
    block = dq_frame_block_of(cpu->machine, MmGetMdlPfnArray(MemoryDescriptorList)[0]);
    if (block == NULL || block->use != DQ_FRAME_PAGES || block->memory == NULL ||
        (MemoryDescriptorList->MdlFlags & MDL_PARTIAL) != 0 ||
        (MemoryDescriptorList->MdlFlags & MDL_PAGES_LOCKED) == 0) {
        dq_mdl_refuse(cpu, MemoryDescriptorList,
                      &(dq_mdl_error){ .rule = "MdlPages", .place = place },
                      "whose pages MmAllocatePagesForMdl did not allocate, or which are freed");
        return;
    }
    dq_mdl_unmap(cpu->machine, MemoryDescriptorList);
    MemoryDescriptorList->MdlFlags &= (CSHORT)~MDL_PAGES_LOCKED;
    dq_frame_block_check(cpu, block, place);
    dq_frame_block_free(cpu->machine, block, place);
}

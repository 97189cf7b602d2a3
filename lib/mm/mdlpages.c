/*
 * mdlpages.c - pages that are allocated without an address: MmAllocatePagesForMdl.
 */
#include <inttypes.h>

#include "ke/ki.h"
#include "mm/frame.h"
#include "mm/mdl.h"
#include "mm/mdlheld.h"
#include "sim/fail.h"

enum { POOL_TAG = 0x646D4D4D }; /* "MMmd" */

enum { LARGE_PAGE = 0x200000 };

typedef struct request {
    PHYSICAL_ADDRESS low, high;
    uint64_t skip;
    SIZE_T bytes;
    ULONG flags;
    const void *place;
} request;

/* ---- What does not go together --------------------------------------------------------------- */

static bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* NULL, or what is wrong. */
static const char *why_not(const dq_processor *cpu, const request *r)
{
    const bool chunks = (r->flags & MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS) != 0;
    const bool removes = (r->flags & MM_ALLOCATE_AND_HOT_REMOVE) != 0;

    if (r->skip % PAGE_SIZE != 0) {
        return "SkipBytes is a multiple of PAGE_SIZE";
    }
    if (chunks && r->skip != 0 && (!is_power_of_two(r->skip) || r->bytes % r->skip != 0)) {
        return "with MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS, SkipBytes is a power of two, and "
               "TotalBytes a multiple of it";
    }
    if ((r->flags & MM_ALLOCATE_FAST_LARGE_PAGES) != 0 &&
        (!chunks || r->skip == 0 || r->skip % LARGE_PAGE != 0)) {
        return "MM_ALLOCATE_FAST_LARGE_PAGES needs MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS, and "
               "SkipBytes that are a multiple of the size of a large page";
    }
    if (removes && (r->flags & MM_ALLOCATE_FULLY_REQUIRED) != 0) {
        return "MM_ALLOCATE_AND_HOT_REMOVE excludes MM_ALLOCATE_FULLY_REQUIRED";
    }
    return removes && cpu->irql != PASSIVE_LEVEL ? "MM_ALLOCATE_AND_HOT_REMOVE needs PASSIVE_LEVEL"
                                                 : NULL;
}

static bool check(dq_processor *cpu, const request *r)
{
    const char *why = why_not(cpu, r);

    if (why != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "MdlAllocate",
                               .page = "wdm: MmAllocatePagesForMdlEx",
                               .place = r->place },
                "%s was given SkipBytes 0x%" PRIx64 " and flags 0x%" PRIx32 ": %s",
                dq_service_name(cpu->execution->service), r->skip, (uint32_t)r->flags, why);
    }
    return why == NULL;
}

/* ---- Allocating ------------------------------------------------------------------------------ */

/* One block of pages, as large as one can be had: scattered, if all can be. */
static dq_frame_block *get_pages(dq_processor *cpu, const request *r)
{
    const size_t all = ROUND_TO_PAGES(r->bytes);
    const bool chunks = (r->flags & MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS) != 0;
    dq_frame_wish wish = { .use = DQ_FRAME_PAGES,
                           .bytes = all,
                           .lowest = (uint64_t)r->low.QuadPart,
                           .highest = (uint64_t)r->high.QuadPart,
                           .scattered = true,
                           .zeroed = (r->flags & MM_DONT_ZERO_ALLOCATION) == 0,
                           .place = r->place };
    dq_frame_block *block = chunks ? NULL : dq_frame_block_make(cpu->machine, &wish);

    if (block != NULL) {
        return block;
    }
    wish.scattered = false;
    wish.partly = !chunks || r->skip != 0;
    wish.skip = chunks ? 0 : r->skip;
    wish.chunk = chunks ? r->skip : 0;
    block = dq_frame_block_make(cpu->machine, &wish);
    if (block != NULL && block->bytes < all && (r->flags & MM_ALLOCATE_FULLY_REQUIRED) != 0) {
        dq_frame_block_free(cpu->machine, block, r->place);
        return NULL;
    }
    return block;
}

static PMDL describe(dq_processor *cpu, dq_frame_block *block, const void *place)
{
    PMDL mdl = dq_pool_part(cpu, MmSizeOfMdl(NULL, block->bytes), POOL_TAG, NULL, place);

    if (mdl == NULL) {
        dq_frame_block_free(cpu->machine, block, place);
        return NULL;
    }
    MmInitializeMdl(mdl, NULL, block->bytes);
    mdl->Process = NULL;
    mdl->MappedSystemVa = NULL;
    mdl->MdlFlags = MDL_PAGES_LOCKED;
    for (size_t i = 0; i < block->pages; i++) {
        MmGetMdlPfnArray(mdl)[i] = (PFN_NUMBER)dq_frame_block_frame(block, i);
    }
    return mdl;
}

static PMDL allocate(dq_processor *cpu, const request *r)
{
    dq_frame_block *block = NULL;

    if (check(cpu, r) && r->bytes != 0 && r->bytes <= 0xFFFFF000u &&
        !dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, r->place)) {
        block = get_pages(cpu, r);
    }
    return block != NULL ? describe(cpu, block, r->place) : NULL;
}

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                 PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes)
{
    DQ_ENTER(MmAllocatePagesForMdl, NULL, LowAddress.QuadPart, HighAddress.QuadPart, TotalBytes,
             NULL);
    return allocate(cpu, &(request){ .low = LowAddress,
                                     .high = HighAddress,
                                     .skip = (uint64_t)SkipBytes.QuadPart,
                                     .bytes = TotalBytes,
                                     .place = __builtin_return_address(0) });
}

PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                   PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                   MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    DQ_ENTER(MmAllocatePagesForMdlEx, NULL, LowAddress.QuadPart, HighAddress.QuadPart, TotalBytes,
             NULL);
    (void)CacheType;
    return allocate(cpu, &(request){ .low = LowAddress,
                                     .high = HighAddress,
                                     .skip = (uint64_t)SkipBytes.QuadPart,
                                     .bytes = TotalBytes,
                                     .flags = Flags,
                                     .place = __builtin_return_address(0) });
}

/* ---- Freeing --------------------------------------------------------------------------------- */

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
    if (dq_mdl_is_held(cpu->machine, DQ_MDL_MAPPED_FOR_USER, MemoryDescriptorList)) {
        dq_mdl_refuse(cpu, MemoryDescriptorList,
                      &(dq_mdl_error){ .rule = "MdlMap", .place = place },
                      "that is still mapped for user mode: call MmUnmapLockedPages first");
    }
    dq_mdl_unmap(cpu->machine, MemoryDescriptorList);
    MemoryDescriptorList->MdlFlags &= (CSHORT)~MDL_PAGES_LOCKED;
    dq_frame_block_check(cpu, block, place);
    dq_frame_block_free(cpu->machine, block, place);
}

/*
 * noncached.c - memory that is not cached: pages that lie anywhere.
 */
#include <inttypes.h>

#include "ke/ki.h"
#include "mm/frame.h"
#include "sim/fail.h"
#include "sim/place.h"

/* All of the last page is the caller's. */
PVOID NTAPI MmAllocateNonCachedMemory(SIZE_T NumberOfBytes)
{
    const dq_frame_wish wish = { .use = DQ_FRAME_NONCACHED,
                                 .bytes = ROUND_TO_PAGES(NumberOfBytes),
                                 .told = NumberOfBytes,
                                 .highest = UINT64_MAX,
                                 .scattered = true,
                                 .place = DQ_CALL_PLACE };
    const dq_frame_block *block = NULL;

    DQ_ENTER(MmAllocateNonCachedMemory, NULL, NumberOfBytes, 0, 0, NULL);
    if (wish.bytes >= NumberOfBytes && !dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, wish.place)) {
        block = dq_frame_block_make(cpu->machine, &wish);
    }
    return block != NULL ? block->memory : NULL;
}

VOID NTAPI MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    const dq_finding finding = { .severity = DQ_ERROR,
                                 .rule = "NonCachedMemory",
                                 .page = "ntddk: MmFreeNonCachedMemory",
                                 .place = DQ_CALL_PLACE };
    dq_frame_block *block;
    char first[200];

    DQ_ENTER(MmFreeNonCachedMemory, BaseAddress, BaseAddress, NumberOfBytes, 0, DQ_VOID);
    block = dq_frame_block_at(cpu->machine, DQ_FRAME_NONCACHED, BaseAddress);
    if (block == NULL || block->memory == NULL) {
        dq_find(cpu, &finding, "MmFreeNonCachedMemory was given %p, %s%s", BaseAddress,
                block == NULL ? "which MmAllocateNonCachedMemory did not return"
                              : "which was freed before, in ",
                block == NULL ? "" : dq_place_describe(block->freed_place, first, sizeof(first)));
        return;
    }
    if (block->told != NumberOfBytes) {
        dq_find(cpu, &finding,
                "MmFreeNonCachedMemory was given %" PRIu64 " bytes, but %" PRIu64 " were allocated",
                (uint64_t)NumberOfBytes, (uint64_t)block->told);
    }
    dq_frame_block_check(cpu, block, finding.place);
    dq_frame_block_free(cpu->machine, block, finding.place);
}

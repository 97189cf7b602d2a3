/*
 * commonbuffer.c - memory that processor and device share all the time.
 */
#include <inttypes.h>

#include "hal/adapter.h"
#include "ke/ki.h"
#include "sim/fail.h"
#include "sim/place.h"

/* A controller cannot carry into the upper bits of an address. */
static uint64_t boundary_of(const DEVICE_DESCRIPTION *description)
{
    if (description->Master) {
        return 0;
    }
    return description->DmaWidth == Width8Bits ? 0x10000 : 0x20000;
}

PVOID dq_dma_allocate_common_buffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                    PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled)
{
    const void *place = __builtin_return_address(0);
    const dq_adapter *adapter;
    const dq_frame_block *block;

    DQ_ENTER(AllocateCommonBuffer, DmaAdapter, DmaAdapter, Length, CacheEnabled, NULL);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    if (adapter == NULL || Length == 0 || dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return NULL;
    }
    block = dq_frame_block_make(cpu->machine,
                                &(dq_frame_wish){ .use = DQ_FRAME_COMMON,
                                                  .bytes = Length,
                                                  .highest = adapter->highest,
                                                  .boundary = boundary_of(&adapter->description),
                                                  .owner = adapter,
                                                  .caching = CacheEnabled != FALSE,
                                                  .place = place });
    if (block == NULL) {
        return NULL;
    }
    LogicalAddress->QuadPart = (LONGLONG)(block->only.first << PAGE_SHIFT);
    return block->memory;
}

static void check_match(dq_processor *cpu, const dq_frame_block *block, const dq_adapter *adapter,
                        ULONG length, uint64_t logical, BOOLEAN cached, const void *place)
{
    const uint64_t first = block->only.first << PAGE_SHIFT;

    if (block->owner != adapter || block->bytes != length || first != logical) {
        dq_dma_refuse(cpu, &(dq_dma_error){ .place = place },
                      "%u bytes at 0x%" PRIx64 " are not what %sAllocateCommonBuffer was given and "
                      "returned: %" PRIu64 " bytes at 0x%" PRIx64,
                      length, logical, block->owner != adapter ? "this adapter's " : "",
                      (uint64_t)block->bytes, first);
    } else if ((cached != FALSE) != block->caching) {
        dq_dma_refuse(cpu, &(dq_dma_error){ .place = place },
                      "CacheEnabled is %s, but AllocateCommonBuffer was given %s",
                      cached ? "TRUE" : "FALSE", cached ? "FALSE" : "TRUE");
    }
}

VOID dq_dma_free_common_buffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                               PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress,
                               BOOLEAN CacheEnabled)
{
    const void *place = __builtin_return_address(0);
    const dq_adapter *adapter;
    dq_frame_block *block;
    char freed[200], text[DQ_FINDING_TEXT];
    bool damaged;

    DQ_ENTER(FreeCommonBuffer, DmaAdapter, VirtualAddress, Length, CacheEnabled, DQ_VOID);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    if (adapter == NULL) {
        return;
    }
    block = dq_frame_block_at(cpu->machine, DQ_FRAME_COMMON, VirtualAddress);
    if (block == NULL || block->memory == NULL) {
        dq_dma_refuse(cpu, &(dq_dma_error){ .subcode = 0x03, .p2 = 1, .place = place },
                      "%p is no common buffer%s%s", VirtualAddress,
                      block != NULL ? " any longer: it was freed in " : "",
                      block != NULL
                          ? dq_place_describe(block->freed_place, freed, sizeof(freed))
                          : "");
        return;
    }
    check_match(cpu, block, adapter, Length, (uint64_t)LogicalAddress.QuadPart, CacheEnabled,
                place);
    damaged = dq_frame_block_tell_damage(cpu->machine, block, text, sizeof(text));
    dq_frame_block_free(cpu->machine, block, place);
    if (damaged) {
        dq_dma_refuse(cpu,
                      &(dq_dma_error){
                          .subcode = 0x0F, .p2 = 0x05, .p3 = block->address, .place = place },
                      "%s", text);
    }
}

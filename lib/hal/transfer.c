/*
 * transfer.c - MapTransfer and FlushAdapterBuffers: packets of a request.
 *
 * What the device can reach as it is, it gets as it is. Pages out of its reach, and several pages
 * for a device that cannot gather them, go through map registers.
 */
#include "hal/adapter.h"

#include <inttypes.h>
#include <string.h>

#include "ke/keep.h"
#include "ke/ki.h"
#include "mm/mdl.h"
#include "sim/computing.h"

static uint64_t physical_at(const MDL *mdl, size_t offset)
{
    const size_t at = mdl->ByteOffset + offset;

    return ((uint64_t)MmGetMdlPfnArray(mdl)[at >> PAGE_SHIFT] << PAGE_SHIFT) +
           (at & (PAGE_SIZE - 1));
}

/* How many bytes from `offset` on follow each other in physical memory, `bytes` at most. */
static size_t run_at(const MDL *mdl, size_t offset, size_t bytes)
{
    const uint64_t first = physical_at(mdl, offset);
    size_t run = PAGE_SIZE - ((mdl->ByteOffset + offset) & (PAGE_SIZE - 1));

    while (run < bytes && physical_at(mdl, offset + run) == first + run) {
        run += PAGE_SIZE;
    }
    return min(run, bytes);
}

static bool is_in_reach(const dq_adapter *adapter, uint64_t physical, size_t bytes)
{
    return physical <= adapter->highest && bytes - 1 <= adapter->highest - physical;
}

/* ---- Through map registers ------------------------------------------------------------------- */

static void copy(dq_machine *machine, const dq_dma_piece *piece, bool into_registers)
{
    size_t done = 0;

    while (done < piece->bytes) {
        const size_t run = run_at(piece->mdl, piece->offset + done,
                                  min(piece->bytes - done, (size_t)PAGE_SIZE));
        char *page = dq_frame_byte(machine, physical_at(piece->mdl, piece->offset + done));
        char *registers = dq_frame_byte(machine, piece->logical + done);

        if (page != NULL) { /* Else the buffer was freed: nobody reads it. */
            memcpy(into_registers ? registers : page, into_registers ? page : registers, run);
        }
        done += run;
    }
}

static bool reserve(dq_processor *cpu, const dq_adapter *adapter, dq_dma_registers *set,
                    dq_dma_piece *piece)
{
    const size_t within = (piece->mdl->ByteOffset + piece->offset) & (PAGE_SIZE - 1);
    const ULONG pages = (ULONG)((within + piece->bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);

    if (pages > set->count - set->used) {
        dq_dma_refuse(cpu,
                      &(dq_dma_error){ .subcode = 0x0C,
                                       .p2 = set->used + pages,
                                       .p3 = set->count,
                                       .place = cpu->execution->place },
                      "a transfer of %" PRIu64 " bytes needs %u map registers, but only %u of %u "
                      "are left",
                      (uint64_t)piece->bytes, pages, set->count - set->used, set->count);
        return false;
    }
    if (set->pages == NULL) {
        set->pages = dq_frame_block_make(cpu->machine,
                                         &(dq_frame_wish){ .use = DQ_FRAME_REGISTERS,
                                                           .bytes = (size_t)set->count * PAGE_SIZE,
                                                           .highest = adapter->highest,
                                                           .owner = adapter,
                                                           .place = cpu->execution->place });
    }
    if (set->pages == NULL) {
        dq_bugcheck(cpu, DRIVER_VERIFIER_DMA_VIOLATION, 0, 2, set->count, 0,
                    "there is no contiguous memory for %u map registers in reach of the device",
                    set->count);
    }
    piece->logical = ((set->pages->only.first + set->used) << PAGE_SHIFT) + within;
    piece->bounced = true;
    set->used += pages;
    return true;
}

/* ---- Mapping --------------------------------------------------------------------------------- */

dq_dma_piece *dq_dma_map(dq_processor *cpu, dq_adapter *adapter, dq_dma_registers *set,
                         const dq_dma_piece *wanted, bool partly)
{
    const size_t run = run_at(wanted->mdl, wanted->offset, wanted->bytes);
    const uint64_t physical = physical_at(wanted->mdl, wanted->offset);
    dq_dma_piece *piece = dq_keep(cpu->machine, sizeof(*piece));
    dq_dma_piece **link = &set->pieces;

    if (piece == NULL) {
        dq_bugcheck(cpu, DRIVER_VERIFIER_DMA_VIOLATION, 0, 2, 1, 0,
                    "the machine is short of memory for map registers");
    }
    *piece = *wanted;
    piece->logical = physical;
    piece->bytes = partly ? run : wanted->bytes;
    if ((run < piece->bytes || !is_in_reach(adapter, physical, run)) &&
        !reserve(cpu, adapter, set, piece)) {
        dq_keep_drop(cpu->machine, piece);
        return NULL;
    }
    if (piece->bounced && piece->to_device) {
        copy(cpu->machine, piece, true);
    }
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = piece;
    return piece;
}

void dq_dma_unmap(dq_processor *cpu, dq_adapter *adapter, dq_dma_registers *set,
                  dq_dma_piece *piece)
{
    dq_dma_piece **link = &set->pieces;

    if (piece->bounced && !piece->to_device) {
        copy(cpu->machine, piece, false);
    }
    if (adapter->current == piece) {
        adapter->current = NULL;
    }
    while (*link != piece) {
        link = &(*link)->next;
    }
    *link = piece->next;
    dq_keep_drop(cpu->machine, piece);
}

/* ---- Services -------------------------------------------------------------------------------- */

static dq_dma_registers *check_set(dq_processor *cpu, const dq_adapter *adapter, const void *base,
                                   const void *place)
{
    dq_dma_registers *set = adapter->sets;

    while (set != NULL && (set != base || set->list != NULL)) {
        set = set->next;
    }
    if (set == NULL) {
        dq_dma_refuse(cpu,
                      &(dq_dma_error){ .subcode = 0x16, .p2 = (uintptr_t)base, .place = place },
                      "MapRegisterBase %p is not what the AdapterControl routine was given, or the "
                      "map registers have been freed",
                      base);
    }
    return set;
}

/* Offset of CurrentVa into the MDL; false after a finding. */
static bool check_range(dq_processor *cpu, const MDL *mdl, const void *current, ULONG length,
                        size_t *offset, const void *place)
{
    *offset = (size_t)((const char *)current - (const char *)MmGetMdlVirtualAddress(mdl));
    if (!(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL))) {
        dq_dma_refuse(cpu,
                      &(dq_dma_error){ .subcode = 0x0E, .p2 = (uintptr_t)mdl, .place = place },
                      "the buffer is not locked");
        return false;
    }
    if (*offset < mdl->ByteCount && length != 0 && length <= mdl->ByteCount - *offset) {
        return true;
    }
    dq_dma_refuse(cpu, &(dq_dma_error){ .place = place },
                  "%u bytes at CurrentVa %p are not in the MDL: %u bytes from %p", length, current,
                  mdl->ByteCount, MmGetMdlVirtualAddress(mdl));
    return false;
}

PHYSICAL_ADDRESS dq_dma_map_transfer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                     PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice)
{
    const void *place = __builtin_return_address(0);
    PHYSICAL_ADDRESS logical = { .QuadPart = 0 };
    dq_dma_piece wanted = { .mdl = Mdl,
                            .bytes = DQ_READ(MapTransfer, *Length),
                            .to_device = WriteToDevice != FALSE };
    const dq_dma_piece *piece;
    dq_adapter *adapter;
    dq_dma_registers *set;

    DQ_ENTER(MapTransfer, DmaAdapter, Mdl, CurrentVa, wanted.bytes, logical);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    set = adapter != NULL ? check_set(cpu, adapter, MapRegisterBase, place) : NULL;
    if (set == NULL || !check_range(cpu, Mdl, CurrentVa, *Length, &wanted.offset, place)) {
        return logical;
    }
    piece = dq_dma_map(cpu, adapter, set, &wanted,
                       adapter->description.Master && adapter->description.ScatterGather);
    if (piece != NULL) {
        *Length = (ULONG)piece->bytes;
        logical.QuadPart = (LONGLONG)piece->logical;
        adapter->current = adapter->description.Master ? NULL : piece;
        adapter->current_done = 0;
    }
    return logical;
}

BOOLEAN dq_dma_flush(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa,
                     ULONG Length, BOOLEAN WriteToDevice)
{
    const void *place = __builtin_return_address(0);
    size_t offset, flushed = 0;
    dq_adapter *adapter;
    dq_dma_registers *set;
    dq_dma_piece *next;

    DQ_ENTER(FlushAdapterBuffers, DmaAdapter, Mdl, CurrentVa, Length, FALSE);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    set = adapter != NULL ? check_set(cpu, adapter, MapRegisterBase, place) : NULL;
    if (set == NULL || !check_range(cpu, Mdl, CurrentVa, Length, &offset, place)) {
        return FALSE;
    }
    for (dq_dma_piece *piece = set->pieces; piece != NULL; piece = next) {
        next = piece->next;
        if (piece->mdl != Mdl || piece->offset < offset || piece->offset - offset >= Length) {
            continue;
        }
        if (piece->to_device != (WriteToDevice != FALSE)) {
            dq_dma_refuse(cpu, &(dq_dma_error){ .place = place },
                          "the transfer was mapped in the other direction");
        }
        flushed += piece->bytes;
        dq_dma_unmap(cpu, adapter, set, piece);
    }
    if (flushed == 0) {
        dq_dma_refuse(
            cpu,
            &(dq_dma_error){ .subcode = 0x16, .p2 = (uintptr_t)MapRegisterBase, .place = place },
            "nothing is mapped at CurrentVa %p", CurrentVa);
        return FALSE;
    }
    set->used = set->pieces == NULL ? 0 : set->used;
    return TRUE;
}

ULONG dq_dma_read_counter(PDMA_ADAPTER DmaAdapter)
{
    const void *place = __builtin_return_address(0);
    const dq_adapter *adapter;

    DQ_ENTER(ReadDmaCounter, DmaAdapter, DmaAdapter, 0, 0, 0);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    if (adapter == NULL) {
        return 0;
    }
    if (adapter->description.Master) {
        dq_dma_refuse(cpu, &(dq_dma_error){ .place = place },
                      "a bus master has no counter of the system's");
        return 0;
    }
    return adapter->current != NULL ? (ULONG)(adapter->current->bytes - adapter->current_done) : 0;
}

/*
 * scatter.c - scatter/gather lists: a whole request at once.
 *
 * A list may cover a chain of MDLs. Its map registers stay with it until PutScatterGatherList.
 */
#include "hal/adapter.h"

#include <string.h>

#include "ex/pool.h"
#include "ke/ki.h"
#include "mm/mdl.h"
#include "sim/fail.h"

enum { POOL_TAG = 0x4C47734D }; /* "MsGL" */

static size_t size_for(size_t elements)
{
    return sizeof(SCATTER_GATHER_LIST) + elements * sizeof(SCATTER_GATHER_ELEMENT);
}

/* Pages that the bytes at `offset` of a chain lie in; 0 if they are not in it. */
static ULONG count_pages(const MDL *mdl, size_t offset, size_t bytes)
{
    ULONG pages = 0;

    for (; mdl != NULL && bytes > 0; mdl = mdl->Next) {
        const size_t here = offset < mdl->ByteCount ? min(mdl->ByteCount - offset, bytes) : 0;

        pages += here > 0 ? ADDRESS_AND_SIZE_TO_SPAN_PAGES(mdl->ByteOffset + offset, here) : 0;
        bytes -= here;
        offset -= min(offset, (size_t)mdl->ByteCount);
    }
    return bytes == 0 ? pages : 0;
}

static size_t offset_of(const MDL *mdl, const void *current)
{
    return (size_t)((const char *)current - (const char *)MmGetMdlVirtualAddress(mdl));
}

/* A part of the list, which is told of by itself when it is left. */
static void *make_room(dq_processor *cpu, size_t bytes, const void *place)
{
    dq_pool_request request = dq_pool_request_of_type(NonPagedPoolNx, bytes, POOL_TAG,
                                                      cpu->execution->service, place);

    request.object = "";
    return dq_pool_request_memory(cpu, &request);
}

/* ---- Making ---------------------------------------------------------------------------------- */

static bool add_pieces(dq_processor *cpu, dq_adapter *adapter, dq_dma_registers *set,
                       dq_dma_piece wanted, PSCATTER_GATHER_LIST list)
{
    size_t left = wanted.bytes;

    while (left > 0) {
        const dq_dma_piece *piece;

        wanted.bytes = left;
        piece = dq_dma_map(cpu, adapter, set, &wanted, adapter->description.ScatterGather);
        if (piece == NULL) {
            return false;
        }
        list->Elements[list->NumberOfElements++] = (SCATTER_GATHER_ELEMENT){
            .Address = { .QuadPart = (LONGLONG)piece->logical },
            .Length = (ULONG)piece->bytes,
        };
        wanted.offset += piece->bytes;
        left -= piece->bytes;
    }
    return true;
}

static bool add_all(dq_processor *cpu, dq_adapter *adapter, const dq_dma_request *request,
                    dq_dma_registers *set, PSCATTER_GATHER_LIST list)
{
    size_t offset = request->offset, left = request->bytes;

    for (PMDL mdl = request->mdl; left > 0; mdl = mdl->Next) {
        const size_t here = offset < mdl->ByteCount ? min(mdl->ByteCount - offset, left) : 0;
        const dq_dma_piece wanted = {
            .mdl = mdl, .offset = offset, .bytes = here, .to_device = request->to_device
        };

        if (here > 0 && !add_pieces(cpu, adapter, set, wanted, list)) {
            return false;
        }
        left -= here;
        offset -= min(offset, (size_t)mdl->ByteCount);
    }
    return true;
}

PSCATTER_GATHER_LIST dq_dma_list_make(dq_processor *cpu, dq_adapter *adapter,
                                      const dq_dma_request *request, dq_dma_registers *set)
{
    PSCATTER_GATHER_LIST list = request->list_memory;

    list->NumberOfElements = 0;
    list->Reserved = (ULONG_PTR)set;
    set->list = list;
    set->list_is_ours = request->list_is_ours;
    set->to_device = request->to_device;
    return add_all(cpu, adapter, request, set, list) ? list : NULL;
}

/* The request for a list, or a status that says why there can be none. */
static NTSTATUS prepare(dq_processor *cpu, const dq_adapter *adapter, PMDL mdl,
                        const void *current, ULONG length, dq_dma_request *request)
{
    request->mdl = mdl;
    request->offset = offset_of(mdl, current);
    request->bytes = length;
    request->registers = count_pages(mdl, request->offset, length);
    if (request->registers == 0) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    for (const MDL *one = mdl; one != NULL; one = one->Next) {
        if (!(one->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL))) {
            dq_dma_refuse(cpu,
                          &(dq_dma_error){ .subcode = 0x0E,
                                           .p2 = (uintptr_t)one,
                                           .place = request->place },
                          "the buffer is not locked");
            return STATUS_UNSUCCESSFUL;
        }
    }
    return request->registers <= adapter->registers ? STATUS_SUCCESS
                                                    : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS dq_dma_get_list(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl,
                         PVOID CurrentVa, ULONG Length, PDRIVER_LIST_CONTROL ExecutionRoutine,
                         PVOID Context, BOOLEAN WriteToDevice)
{
    dq_dma_request request = { .device = DeviceObject,
                               .list_control = ExecutionRoutine,
                               .context = Context,
                               .to_device = WriteToDevice != FALSE,
                               .list_is_ours = true,
                               .place = __builtin_return_address(0) };
    dq_adapter *adapter;
    NTSTATUS status;

    DQ_ENTER(GetScatterGatherList, DmaAdapter, Mdl, CurrentVa, Length, STATUS_UNSUCCESSFUL);
    adapter = dq_adapter_check(cpu, DmaAdapter, request.place);
    if (adapter == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    status = prepare(cpu, adapter, Mdl, CurrentVa, Length, &request);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, request.place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    request.list_memory = make_room(cpu, size_for(request.registers), request.place);
    return request.list_memory != NULL ? dq_dma_queue(cpu, adapter, &request)
                                       : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS dq_dma_build_list(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl,
                           PVOID CurrentVa, ULONG Length, PDRIVER_LIST_CONTROL ExecutionRoutine,
                           PVOID Context, BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                           ULONG ScatterGatherLength)
{
    dq_dma_request request = { .device = DeviceObject,
                               .list_control = ExecutionRoutine,
                               .context = Context,
                               .to_device = WriteToDevice != FALSE,
                               .list_memory = ScatterGatherBuffer,
                               .place = __builtin_return_address(0) };
    dq_adapter *adapter;
    NTSTATUS status;

    DQ_ENTER(BuildScatterGatherList, DmaAdapter, Mdl, CurrentVa, Length, STATUS_UNSUCCESSFUL);
    adapter = dq_adapter_check(cpu, DmaAdapter, request.place);
    if (adapter == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    status = prepare(cpu, adapter, Mdl, CurrentVa, Length, &request);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return ScatterGatherLength >= size_for(request.registers)
               ? dq_dma_queue(cpu, adapter, &request)
               : STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS dq_dma_list_size(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID CurrentVa, ULONG Length,
                          PULONG ScatterGatherListSize, PULONG pNumberOfMapRegisters)
{
    const dq_adapter *adapter;
    ULONG pages;

    DQ_ENTER(CalculateScatterGatherList, DmaAdapter, Mdl, CurrentVa, Length, STATUS_UNSUCCESSFUL);
    adapter = dq_adapter_check(cpu, DmaAdapter, __builtin_return_address(0));
    if (adapter == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    pages = Mdl != NULL ? count_pages(Mdl, offset_of(Mdl, CurrentVa), Length)
                        : ADDRESS_AND_SIZE_TO_SPAN_PAGES(CurrentVa, Length);
    if (pages == 0) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (pages > adapter->registers) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *ScatterGatherListSize = (ULONG)size_for(pages);
    if (pNumberOfMapRegisters != NULL) {
        *pNumberOfMapRegisters = pages;
    }
    return STATUS_SUCCESS;
}

/* ---- Giving back ----------------------------------------------------------------------------- */

static dq_dma_registers *set_of(const dq_adapter *adapter, const SCATTER_GATHER_LIST *list)
{
    dq_dma_registers *set = adapter != NULL ? adapter->sets : NULL;

    while (set != NULL && set->list != list) {
        set = set->next;
    }
    return set;
}

static void refuse_list(dq_processor *cpu, const void *list, const void *place)
{
    dq_dma_refuse(cpu, &(dq_dma_error){ .subcode = 0x06, .p3 = 1, .place = place },
                  "%p is no scatter/gather list of this adapter, or has been given back", list);
}

VOID dq_dma_put_list(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather,
                     BOOLEAN WriteToDevice)
{
    const void *place = __builtin_return_address(0);
    dq_adapter *adapter;
    dq_dma_registers *set;
    bool ours;

    DQ_ENTER(PutScatterGatherList, DmaAdapter, ScatterGather, WriteToDevice, 0, DQ_VOID);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    if (adapter == NULL) {
        return;
    }
    set = set_of(adapter, ScatterGather);
    if (set == NULL) {
        refuse_list(cpu, ScatterGather, place);
        return;
    }
    if (set->to_device != (WriteToDevice != FALSE)) {
        dq_dma_refuse(cpu, &(dq_dma_error){ .place = place },
                      "the list was made for the other direction");
    }
    ours = set->list_is_ours;
    if (set->target != NULL) {
        dq_pool_give_back(cpu, set->target, POOL_TAG, place);
    }
    dq_dma_registers_drop(cpu, adapter, set);
    if (ours) {
        dq_pool_give_back(cpu, ScatterGather, POOL_TAG, place);
    }
    dq_dma_serve(cpu, adapter);
}

/* ---- As an MDL ------------------------------------------------------------------------------- */

static bool goes_through_registers(const dq_dma_registers *set)
{
    const dq_dma_piece *piece = set->pieces;

    while (piece != NULL && !piece->bounced) {
        piece = piece->next;
    }
    return piece != NULL;
}

/* One page frame for each page that the elements touch. */
static void describe(const SCATTER_GATHER_LIST *list, PMDL mdl)
{
    PPFN_NUMBER frames = MmGetMdlPfnArray(mdl);

    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        const SCATTER_GATHER_ELEMENT *element = &list->Elements[i];
        const uint64_t first = (uint64_t)element->Address.QuadPart >> PAGE_SHIFT;
        const uint64_t last =
            ((uint64_t)element->Address.QuadPart + element->Length - 1) >> PAGE_SHIFT;

        for (uint64_t frame = first; frame <= last; frame++) {
            *frames++ = (PFN_NUMBER)frame;
        }
    }
}

static PMDL make_target(dq_processor *cpu, const dq_dma_registers *set,
                        const SCATTER_GATHER_LIST *list, const MDL *original, const void *place)
{
    const size_t bytes = sizeof(MDL) + set->count * sizeof(PFN_NUMBER);
    PMDL target = dq_pool_allocate(cpu, NonPagedPoolNx, bytes, POOL_TAG, place);

    if (target != NULL) {
        memcpy(target, original, sizeof(MDL));
        target->Next = NULL;
        target->Size = (CSHORT)bytes;
        target->MappedSystemVa = NULL;
        target->MdlFlags = MDL_PAGES_LOCKED;
        describe(list, target);
    }
    return target;
}

NTSTATUS dq_dma_list_mdl(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather,
                         PMDL OriginalMdl, PMDL *TargetMdl)
{
    const void *place = __builtin_return_address(0);
    dq_adapter *adapter;
    dq_dma_registers *set;

    DQ_ENTER(BuildMdlFromScatterGatherList, DmaAdapter, ScatterGather, OriginalMdl, 0,
             STATUS_UNSUCCESSFUL);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    set = set_of(adapter, ScatterGather);
    if (set == NULL) {
        refuse_list(cpu, ScatterGather, place);
        return STATUS_INVALID_PARAMETER;
    }
    if (OriginalMdl == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (set->target != NULL) {
        return STATUS_NONE_MAPPED; /* The page has it for the second call. */
    }
    if (goes_through_registers(set)) {
        set->target = make_target(cpu, set, ScatterGather, OriginalMdl, place);
        if (set->target == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        *TargetMdl = set->target;
    } else {
        *TargetMdl = OriginalMdl;
    }
    return STATUS_SUCCESS;
}

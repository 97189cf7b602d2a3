/*
 * adapter.c - DMA adapters: IoGetDmaAdapter, PutDmaAdapter and what an adapter says of itself.
 *
 * A released adapter is remembered, so that a stale pointer is known as such.
 */
#include "hal/adapter.h"

#include <stdarg.h>
#include <stdio.h>

#include "ke/busdma.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "mm/mdl.h"
#include "sim/fail.h"

enum { CONTROLLER_REGISTERS = 17, ALIGNMENT = 1 }; /* A controller counts to 64 KB. */

void dq_dma_refuse(dq_processor *cpu, const dq_dma_error *error, const char *format, ...)
{
    char text[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "DmaAdapter",
                           .page = dq_service_name(cpu->execution->service),
                           .code = error->subcode != 0 ? DRIVER_VERIFIER_DMA_VIOLATION : 0,
                           .parameters = { error->subcode, error->p2, error->p3 },
                           .place = error->place },
            "%s: %s", dq_service_name(cpu->execution->service), text);
}

dq_adapter *dq_adapter_check(dq_processor *cpu, PDMA_ADAPTER pointer, const void *place)
{
    dq_adapter *adapter = dq_kernel_of(cpu)->adapters;

    while (adapter != NULL && &adapter->head != pointer) {
        adapter = adapter->next;
    }
    if (adapter != NULL && !adapter->released) {
        return adapter;
    }
    dq_dma_refuse(cpu,
                  &(dq_dma_error){ .subcode = pointer == NULL ? 0x19 : 0x18,
                                   .p2 = (uintptr_t)pointer,
                                   .place = place },
                  "%s", pointer == NULL ? "the adapter is NULL"
                                        : "there is no such adapter, or PutDmaAdapter has released "
                                          "it");
    return NULL;
}

/* ---- Getting --------------------------------------------------------------------------------- */

static uint64_t highest_address(const DEVICE_DESCRIPTION *description)
{
    if (description->Master && description->Dma64BitAddresses) {
        return UINT64_MAX;
    }
    return description->Master && description->Dma32BitAddresses ? 0xFFFFFFFFu : 0xFFFFFFu;
}

static ULONG count_registers(const DEVICE_DESCRIPTION *description)
{
    const ULONG wanted = BYTES_TO_PAGES(description->MaximumLength) + 1;

    return description->Master ? wanted : min(wanted, (ULONG)CONTROLLER_REGISTERS);
}

static PDMA_ADAPTER get(dq_processor *cpu, const DEVICE_DESCRIPTION *DeviceDescription,
                        PULONG NumberOfMapRegisters, const void *place)
{
    dq_adapter *adapter;

    if (DeviceDescription->Version > DEVICE_DESCRIPTION_VERSION2 ||
        dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return NULL;
    }
    adapter = dq_keep(cpu->machine, sizeof(*adapter));
    if (adapter == NULL) {
        return NULL;
    }
    adapter->head = (DMA_ADAPTER){ .Version = 1,
                                   .Size = sizeof(DMA_ADAPTER),
                                   .DmaOperations = &dq_dma_operations };
    adapter->description = *DeviceDescription;
    adapter->highest = highest_address(DeviceDescription);
    adapter->registers = count_registers(DeviceDescription);
    adapter->place = place;
    adapter->next = dq_kernel_of(cpu)->adapters;
    dq_kernel_of(cpu)->adapters = adapter;
    *NumberOfMapRegisters = adapter->registers;
    return &adapter->head;
}

PDMA_ADAPTER NTAPI IoGetDmaAdapter(PDEVICE_OBJECT PhysicalDeviceObject,
                                   PDEVICE_DESCRIPTION DeviceDescription,
                                   PULONG NumberOfMapRegisters)
{
    DQ_ENTER(IoGetDmaAdapter, PhysicalDeviceObject, DeviceDescription, 0, 0, NULL);
    return get(cpu, DeviceDescription, NumberOfMapRegisters, __builtin_return_address(0));
}

/* Unlike IoGetDmaAdapter, for callers at DISPATCH_LEVEL, too. */
PDMA_ADAPTER dq_bus_get_dma_adapter(dq_processor *cpu, const DEVICE_DESCRIPTION *description,
                                    PULONG registers, const void *place)
{
    return get(cpu, description, registers, place);
}

/* ---- Releasing ------------------------------------------------------------------------------- */

static unsigned count_buffers(dq_machine *machine, const dq_adapter *adapter)
{
    unsigned count = 0;

    for (const dq_frame_block *block = dq_frame_block_next(machine, NULL, adapter); block != NULL;
         block = dq_frame_block_next(machine, block, adapter)) {
        count += block->use == DQ_FRAME_COMMON;
    }
    return count;
}

static unsigned count_sets(const dq_adapter *adapter, bool lists)
{
    unsigned count = 0;

    for (const dq_dma_registers *set = adapter->sets; set != NULL; set = set->next) {
        count += (set->list != NULL) == lists;
    }
    return count;
}

/* The subcode of what is still out, and how many. 0: nothing. */
static uint32_t still_out(dq_machine *machine, const dq_adapter *adapter, unsigned *count,
                          const char **what)
{
    *count = count_buffers(machine, adapter);
    if (*count != 0) {
        *what = "common buffers";
        return 0x07;
    }
    if (adapter->busy || adapter->first != NULL) {
        *what = "adapter channels";
        *count = 1;
        return 0x08;
    }
    *count = count_sets(adapter, false);
    if (*count != 0) {
        *what = "sets of map registers";
        return 0x09;
    }
    *count = count_sets(adapter, true);
    *what = "scatter/gather lists";
    return *count != 0 ? 0x0A : 0;
}

static VOID put_adapter(PDMA_ADAPTER DmaAdapter)
{
    const void *place = __builtin_return_address(0);
    dq_adapter *adapter;
    unsigned count;
    uint32_t subcode;
    const char *what;

    DQ_ENTER(PutDmaAdapter, DmaAdapter, DmaAdapter, 0, 0, DQ_VOID);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    if (adapter == NULL) {
        return;
    }
    subcode = still_out(cpu->machine, adapter, &count, &what);
    if (subcode != 0) {
        dq_dma_refuse(cpu,
                      &(dq_dma_error){ .subcode = subcode,
                                       .p2 = (uintptr_t)DmaAdapter,
                                       .p3 = count,
                                       .place = place },
                      "%u %s of the adapter have not been freed", count, what);
    }
    adapter->released = true;
}

static ULONG get_alignment(PDMA_ADAPTER DmaAdapter)
{
    DQ_ENTER(GetDmaAlignment, DmaAdapter, DmaAdapter, 0, 0, ALIGNMENT);
    (void)dq_adapter_check(cpu, DmaAdapter, __builtin_return_address(0));
    return ALIGNMENT;
}

/* Version 1 ends in the middle; who asked for it does not look behind. */
DMA_OPERATIONS dq_dma_operations = {
    .Size = sizeof(DMA_OPERATIONS),
    .PutDmaAdapter = put_adapter,
    .AllocateCommonBuffer = dq_dma_allocate_common_buffer,
    .FreeCommonBuffer = dq_dma_free_common_buffer,
    .AllocateAdapterChannel = dq_dma_allocate_channel,
    .FlushAdapterBuffers = dq_dma_flush,
    .FreeAdapterChannel = dq_dma_free_channel,
    .FreeMapRegisters = dq_dma_free_map_registers,
    .MapTransfer = dq_dma_map_transfer,
    .GetDmaAlignment = get_alignment,
    .ReadDmaCounter = dq_dma_read_counter,
    .GetScatterGatherList = dq_dma_get_list,
    .PutScatterGatherList = dq_dma_put_list,
    .CalculateScatterGatherList = dq_dma_list_size,
    .BuildScatterGatherList = dq_dma_build_list,
    .BuildMdlFromScatterGatherList = dq_dma_list_mdl,
};

VOID NTAPI KeFlushIoBuffers(PMDL Mdl, BOOLEAN ReadOperation, BOOLEAN DmaOperation)
{
    DQ_ENTER(KeFlushIoBuffers, NULL, Mdl, ReadOperation, DmaOperation, DQ_VOID);
    (void)dq_mdl_check_described(cpu, Mdl, __builtin_return_address(0));
}

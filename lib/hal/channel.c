/*
 * channel.c - whose turn an adapter is: AllocateAdapterChannel, its queue, and giving back.
 *
 * Requests are served in order, each by its driver's routine at DISPATCH_LEVEL, in the context of
 * whoever made the adapter free.
 */
#include "hal/adapter.h"

#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/fail.h"

/* ---- Sets of map registers ------------------------------------------------------------------- */

static dq_dma_registers *make_set(dq_processor *cpu, dq_adapter *adapter,
                                  const dq_dma_request *request)
{
    dq_dma_registers *set = dq_keep(cpu->machine, sizeof(*set));

    if (set != NULL) {
        set->count = request->registers;
        set->service = request->service;
        set->place = request->place;
        set->next = adapter->sets;
        adapter->sets = set;
        adapter->registers_used += set->count;
    }
    return set;
}

void dq_dma_registers_drop(dq_processor *cpu, dq_adapter *adapter, dq_dma_registers *set)
{
    dq_dma_registers **link = &adapter->sets;

    while (set->pieces != NULL) {
        dq_dma_unmap(cpu, adapter, set, set->pieces);
    }
    if (set->pages != NULL) {
        dq_frame_block_free(cpu->machine, set->pages, cpu->execution->place);
    }
    while (*link != set) {
        link = &(*link)->next;
    }
    *link = set->next;
    adapter->registers_used -= set->count;
    dq_keep_drop(cpu->machine, set);
}

/* ---- Serving --------------------------------------------------------------------------------- */

static void call_list_routine(dq_processor *cpu, dq_adapter *adapter,
                              const dq_dma_request *request, dq_dma_registers *set)
{
    PSCATTER_GATHER_LIST list = dq_dma_list_make(cpu, adapter, request, set);
    unsigned depth;

    if (list == NULL) {
        dq_dma_registers_drop(cpu, adapter, set);
        return;
    }
    depth = dq_guest_begin(cpu);
    request->list_control(request->device, request->device->CurrentIrp, list, request->context);
    dq_guest_end(depth);
}

static void call_control_routine(dq_processor *cpu, dq_adapter *adapter,
                                 const dq_dma_request *request, dq_dma_registers *set)
{
    IO_ALLOCATION_ACTION action;
    unsigned depth;

    adapter->channel = set;
    depth = dq_guest_begin(cpu);
    action =
        request->control(request->device, request->device->CurrentIrp, set, request->context);
    dq_guest_end(depth);
    if (action == KeepObject || adapter->channel != set) {
        return;
    }
    adapter->channel = NULL;
    if (action == DeallocateObjectKeepRegisters) {
        set->kept = true;
    } else {
        dq_dma_registers_drop(dq_self, adapter, set);
    }
}

static void check_irql(dq_processor *cpu, const dq_dma_request *request)
{
    if (cpu->irql != DISPATCH_LEVEL) {
        dq_bugcheck(cpu, IRQL_UNEXPECTED_VALUE,
                    (uint64_t)cpu->irql << 16 | (uint64_t)DISPATCH_LEVEL << 8 | 2,
                    (uintptr_t)request->control, (uintptr_t)request->context, 0,
                    "the routine of a DMA adapter returned at IRQL %u, but was called at "
                    "DISPATCH_LEVEL",
                    cpu->irql);
    }
}

static void serve_one(dq_processor *cpu, dq_adapter *adapter)
{
    dq_dma_request *request = adapter->first;
    dq_dma_registers *set = make_set(cpu, adapter, request);
    const unsigned irql = cpu->irql;

    if (set == NULL) {
        dq_bugcheck(cpu, DRIVER_VERIFIER_DMA_VIOLATION, 0, 2, request->registers, 0,
                    "the machine is short of memory for map registers");
    }
    adapter->first = request->next;
    adapter->last = adapter->first != NULL ? adapter->last : NULL;
    adapter->busy = true;
    adapter->served = request->device;
    if (irql < DISPATCH_LEVEL) { /* A finding that was suppressed. */
        dq_irql_raise(cpu, DISPATCH_LEVEL);
    }
    if (request->list_control != NULL) {
        call_list_routine(cpu, adapter, request, set);
    } else {
        call_control_routine(cpu, adapter, request, set);
    }
    check_irql(dq_self, request);
    adapter->served = NULL;
    adapter->busy = adapter->channel != NULL;
    dq_keep_drop(dq_self->machine, request);
    if (irql < DISPATCH_LEVEL) {
        (void)dq_irql_lower(dq_self, irql);
    }
}

void dq_dma_serve(dq_processor *cpu, dq_adapter *adapter)
{
    while (!adapter->busy && adapter->first != NULL &&
           adapter->first->registers <= adapter->registers - adapter->registers_used) {
        serve_one(cpu, adapter);
        cpu = dq_self;
    }
}

/* Only one request of a device may be queued, and none by its own routine. */
static void check_alone(dq_processor *cpu, const dq_adapter *adapter, const dq_dma_request *wanted)
{
    const dq_dma_request *other = adapter->first;

    while (other != NULL && other->device != wanted->device) {
        other = other->next;
    }
    if (other != NULL || (wanted->control != NULL && adapter->served == wanted->device)) {
        dq_dma_refuse(cpu, &(dq_dma_error){ .subcode = 0x0B, .p2 = 2, .place = wanted->place },
                      "%s", other != NULL
                                ? "a request of this device object is queued already"
                                : "the AdapterControl routine of this device object is running");
    }
}

NTSTATUS dq_dma_queue(dq_processor *cpu, dq_adapter *adapter, const dq_dma_request *request)
{
    dq_dma_request *queued;

    if (request->registers > adapter->registers) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    check_alone(cpu, adapter, request);
    queued = dq_keep(cpu->machine, sizeof(*queued));
    if (queued == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *queued = *request;
    queued->service = cpu->execution->service;
    if (adapter->last != NULL) {
        adapter->last->next = queued;
    } else {
        adapter->first = queued;
    }
    adapter->last = queued;
    dq_dma_serve(cpu, adapter);
    return STATUS_SUCCESS;
}

NTSTATUS dq_dma_allocate_channel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                 ULONG NumberOfMapRegisters, PDRIVER_CONTROL ExecutionRoutine,
                                 PVOID Context)
{
    const void *place = __builtin_return_address(0);
    dq_adapter *adapter;

    DQ_ENTER(AllocateAdapterChannel, DmaAdapter, DmaAdapter, NumberOfMapRegisters,
             (uintptr_t)ExecutionRoutine, STATUS_UNSUCCESSFUL);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    if (adapter == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return dq_dma_queue(cpu, adapter,
                        &(dq_dma_request){ .device = DeviceObject,
                                           .registers = NumberOfMapRegisters,
                                           .control = ExecutionRoutine,
                                           .context = Context,
                                           .place = place });
}

/* ---- Giving back ----------------------------------------------------------------------------- */

static void check_flushed(dq_processor *cpu, const dq_dma_registers *set, uint32_t subcode,
                          const void *place)
{
    unsigned count = 0;

    for (const dq_dma_piece *piece = set->pieces; piece != NULL; piece = piece->next) {
        count++;
    }
    if (count != 0) {
        dq_dma_refuse(cpu, &(dq_dma_error){ .subcode = subcode, .p2 = count, .place = place },
                      "%u mapped transfers have not been flushed: call FlushAdapterBuffers first",
                      count);
    }
}

VOID dq_dma_free_channel(PDMA_ADAPTER DmaAdapter)
{
    const void *place = __builtin_return_address(0);
    dq_adapter *adapter;

    DQ_ENTER(FreeAdapterChannel, DmaAdapter, DmaAdapter, 0, 0, DQ_VOID);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    if (adapter == NULL) {
        return;
    }
    if (adapter->channel == NULL) {
        dq_dma_refuse(cpu, &(dq_dma_error){ .subcode = 0x04, .p2 = 1, .place = place },
                      "the adapter's channel is not allocated");
        return;
    }
    check_flushed(cpu, adapter->channel, 0x0D, place);
    dq_dma_registers_drop(cpu, adapter, adapter->channel);
    adapter->channel = NULL;
    if (adapter->served == NULL) {
        adapter->busy = false;
        dq_dma_serve(cpu, adapter);
    }
}

VOID dq_dma_free_map_registers(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase,
                               ULONG NumberOfMapRegisters)
{
    const void *place = __builtin_return_address(0);
    dq_adapter *adapter;
    dq_dma_registers *set;

    DQ_ENTER(FreeMapRegisters, DmaAdapter, DmaAdapter, MapRegisterBase, NumberOfMapRegisters,
             DQ_VOID);
    adapter = dq_adapter_check(cpu, DmaAdapter, place);
    set = adapter != NULL ? adapter->sets : NULL;
    while (set != NULL && set != MapRegisterBase) {
        set = set->next;
    }
    if (adapter == NULL) {
        return;
    }
    if (set == NULL || !set->kept || set->count != NumberOfMapRegisters) {
        dq_dma_refuse(cpu, &(dq_dma_error){ .subcode = 0x05, .p2 = 1, .place = place }, "%s",
                      set == NULL ? "these map registers are not allocated"
                      : set->kept ? "that is not the number of map registers that was allocated"
                                  : "these map registers belong to the adapter's channel");
        return;
    }
    check_flushed(cpu, set, 0x10, place);
    dq_dma_registers_drop(cpu, adapter, set);
    dq_dma_serve(cpu, adapter);
}

/*
 * wmi.c - WMI's side towards drivers: registration, events, requests.
 *
 * Who registers is asked for its blocks by a worker thread. Nothing is done with the answer but to
 * give back the references in it: consumers name blocks by GUID.
 */
#include "io/wmi.h"

#include <stdio.h>
#include <string.h>

#include "ex/workqueue.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"
#include "mm/mdl.h"
#include "sim/computing.h"
#include "sim/place.h"

enum { INFO_BYTES = 4096, INFO_MOST = 0x100000, GUID_TEXT = 40 };
enum { MAX_EVENT = 1024 }; /* Bytes, header and all: what the registry says by default. */

struct dq_wmi_provider {
    PDEVICE_OBJECT device;
    ULONG number; /* From 1: its provider id. */
    WMIREGTYPE asks;
    const dq_thread *asker; /* A worker that asks it now. */
    const void *place;
    struct dq_wmi_provider *next;
};

static struct dq_wmi_provider *find(dq_machine *machine, const DEVICE_OBJECT *device)
{
    struct dq_wmi_provider *p = dq_io_of(machine) != NULL ? dq_io_of(machine)->wmi_providers : NULL;

    while (p != NULL && p->device != device) {
        p = p->next;
    }
    return p;
}

bool dq_wmi_is_provider(dq_machine *machine, const DEVICE_OBJECT *device)
{
    return find(machine, device) != NULL;
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void fill(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    const dq_wmi_request *request = context;

    (void)irp;
    stack->Parameters.WMI.ProviderId = (ULONG_PTR)request->provider;
    stack->Parameters.WMI.DataPath = (PVOID)(uintptr_t)request->path;
    stack->Parameters.WMI.BufferSize = request->bytes;
    stack->Parameters.WMI.Buffer = request->buffer;
}

NTSTATUS dq_wmi_send(dq_processor *cpu, const dq_wmi_request *request, ULONG_PTR *information)
{
    dq_wmi_request copy = *request;

    return dq_irp_transact(cpu,
                           &(dq_irp_transaction){ .device = request->provider,
                                                  .major = IRP_MJ_SYSTEM_CONTROL,
                                                  .minor = request->minor,
                                                  .status = STATUS_NOT_SUPPORTED,
                                                  .fill = fill,
                                                  .context = &copy,
                                                  .place = request->place },
                           information);
}

/* ---- Asking a provider what it has ----------------------------------------------------------- */

static void drop_references(const WMIREGINFO *info)
{
    for (ULONG i = 0; i < info->GuidCount; i++) {
        if ((info->WmiRegGuid[i].Flags & WMIREG_FLAG_INSTANCE_PDO) != 0) {
            ObDereferenceObject((PVOID)info->WmiRegGuid[i].Pdo);
        }
    }
}

/* Returns how many bytes it needs if that is more; else 0. */
static ULONG ask_with(const struct dq_wmi_provider *provider, ULONG bytes)
{
    dq_machine *machine = dq_self->machine;
    WMIREGINFO *info = dq_keep(machine, bytes);
    const PDEVICE_OBJECT device = provider->device;
    ULONG_PTR information = 0;
    ULONG needed = 0;
    NTSTATUS status;

    if (info == NULL || device == NULL) {
        return 0;
    }
    status = dq_wmi_send(dq_self,
                         &(dq_wmi_request){ .provider = device,
                                            .minor = IRP_MN_REGINFO_EX,
                                            .path = (const void *)(uintptr_t)provider->asks,
                                            .buffer = info,
                                            .bytes = bytes,
                                            .place = provider->place },
                         &information);
    if (status == STATUS_BUFFER_TOO_SMALL && information == sizeof(ULONG)) {
        needed = info->BufferSize;
    } else if (NT_SUCCESS(status) && information >= sizeof(*info)) {
        drop_references(info);
    }
    dq_keep_drop(machine, info);
    return needed > bytes && needed <= INFO_MOST ? needed : 0;
}

static void ask(const dq_work *work)
{
    DQ_INSIDE(dq_self->live);
    struct dq_wmi_provider *provider = work->parameter;
    ULONG needed;

    dq_self->execution->service = DQ_SERVICE_IoWMIRegistrationControl;
    if (provider->device != NULL) {
        provider->asker = dq_thread_current(dq_self);
        needed = ask_with(provider, INFO_BYTES);
        if (needed != 0) {
            (void)ask_with(provider, needed);
        }
        provider->asker = NULL;
    }
}

static void ask_soon(dq_processor *cpu, struct dq_wmi_provider *provider, WMIREGTYPE type)
{
    provider->asks = type;
    if (dq_work_inside(cpu->machine, provider, sizeof(*provider)) != NULL) {
        return; /* It is about to be asked. */
    }
    dq_work_queue_insert(cpu,
                         &(dq_work){ .item = provider,
                                     .bytes = sizeof(*provider),
                                     .routine = DQ_CODE(ask),
                                     .parameter = provider,
                                     .call = ask,
                                     .place = provider->place,
                                     .system = true },
                         DelayedWorkQueue);
}

/* ---- Registering ----------------------------------------------------------------------------- */

static NTSTATUS add(dq_processor *cpu, PDEVICE_OBJECT device, const void *place)
{
    dq_io *io = dq_io_of(cpu->machine);
    struct dq_wmi_provider *made;

    if (find(cpu->machine, device) != NULL) {
        return STATUS_OBJECT_NAME_EXISTS;
    }
    if (io == NULL || dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    made = dq_keep(cpu->machine, sizeof(*made));
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *made = (struct dq_wmi_provider){ .device = device,
                                      .number = ++io->wmi_providers_made,
                                      .place = place,
                                      .next = io->wmi_providers };
    io->wmi_providers = made;
    ask_soon(cpu, made, WMIREGISTER);
    return STATUS_SUCCESS;
}

/* Until the driver has answered what it is being asked, unless that is the caller. */
static void wait_for_answer(dq_processor *cpu, const struct dq_wmi_provider *provider)
{
    static const uint64_t step_ns = 1000ull * 1000;
    const dq_service service = cpu->execution->service;

    while (provider->asker != NULL && provider->asker != dq_thread_current(dq_self)) {
        dq_wait_until(dq_self, dq_self->machine->clock.now_ns + step_ns, service, provider->place);
    }
}

static NTSTATUS change(dq_processor *cpu, const DEVICE_OBJECT *device, ULONG action)
{
    struct dq_wmi_provider *provider = find(cpu->machine, device);

    if (provider == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (action == WMIREG_ACTION_DEREGISTER) {
        provider->device = NULL; /* A worker may hold it. */
        wait_for_answer(cpu, provider);
    } else {
        ask_soon(cpu, provider, action == WMIREG_ACTION_REREGISTER ? WMIREGISTER : WMIUPDATE);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoWMIRegistrationControl(PDEVICE_OBJECT DeviceObject, ULONG Action)
{
    NTSTATUS status;

    DQ_ENTER(IoWMIRegistrationControl, DeviceObject, Action, 0, 0, STATUS_UNSUCCESSFUL);
    if (!dq_device_is_alive(cpu->machine, DeviceObject)) {
        dq_wrong_object(cpu, DeviceObject, NULL, "no device object, or no longer one");
        return STATUS_INVALID_PARAMETER;
    }
    if (Action < WMIREG_ACTION_REGISTER || Action > WMIREG_ACTION_UPDATE_GUIDS) {
        return STATUS_INVALID_PARAMETER;
    }
    status = Action == WMIREG_ACTION_REGISTER ? add(cpu, DeviceObject, DQ_CALL_PLACE)
                                              : change(cpu, DeviceObject, Action);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return status;
}

void dq_wmi_delete(dq_processor *cpu, const DEVICE_OBJECT *device, const void *place)
{
    struct dq_wmi_provider *provider = find(cpu->machine, device);
    char at[160];

    if (provider == NULL) {
        return;
    }
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "WmiProvider",
                           .page = "wdm: IoWMIRegistrationControl",
                           .parameters = { (uintptr_t)device },
                           .place = place },
            "a device is deleted that is a WMI provider since %s",
            dq_place_describe(provider->place, at, sizeof(at)));
    provider->device = NULL;
}

ULONG NTAPI IoWMIDeviceObjectToProviderId(PDEVICE_OBJECT DeviceObject)
{
    const struct dq_wmi_provider *provider;

    DQ_ENTER(IoWMIDeviceObjectToProviderId, DeviceObject, 0, 0, 0, 0);
    provider = find(cpu->machine, DeviceObject);
    return provider != NULL ? provider->number : 0;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void describe_guid(const GUID *guid, char *text, size_t bytes)
{
    snprintf(text, bytes, "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", guid->Data1,
             guid->Data2, guid->Data3, guid->Data4[0], guid->Data4[1], guid->Data4[2],
             guid->Data4[3], guid->Data4[4], guid->Data4[5], guid->Data4[6], guid->Data4[7]);
}

static void record(dq_processor *cpu, const char *what, const GUID *guid, ULONG provider,
                   ULONG bytes)
{
    char guid_text[GUID_TEXT], text[128];

    describe_guid(guid, guid_text, sizeof(guid_text));
    snprintf(text, sizeof(text), "%s %s of provider %u, %u bytes", what, guid_text,
             (unsigned)provider, (unsigned)bytes);
    dq_emit_text(cpu, PRINT, NULL, text);
}

/* WMI frees it by ExFreePool. */
static void check_memory(dq_processor *cpu, const WNODE_HEADER *header, const void *place)
{
    const dq_pool_block *block = dq_mdl_pool_block(cpu->machine, header);
    const bool begins = block != NULL && block->address == (const void *)header;

    if (!begins || block->paged || header->BufferSize > block->bytes) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "WmiEvent",
                               .page = "wdm: IoWMIWriteEvent",
                               .place = place },
                "an event of %u bytes is written from %p: %s", (unsigned)header->BufferSize,
                (const void *)header,
                !begins        ? "no block of the pool begins there"
                : block->paged ? "that is paged pool"
                               : "the block of the pool has fewer");
    }
}

NTSTATUS dq_wmi_write(dq_processor *cpu, WNODE_HEADER *header, const void *place)
{
    check_memory(cpu, header, place);
    if (header->BufferSize > MAX_EVENT) {
        return STATUS_BUFFER_OVERFLOW;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    record(cpu, "WMI event", &header->Guid, header->ProviderId, header->BufferSize);
    ExFreePool(header);
    return STATUS_SUCCESS;
}

/* What lies over the header is an EVENT_TRACE_HEADER: its Size is 16 bits, its Guid may be elsewhere,
 * and what would be the provider is a version. The memory stays the driver's. */
static NTSTATUS log_event(dq_processor *cpu, const WNODE_HEADER *header, const void *place)
{
    const GUID *guid = &header->Guid;
    const void *elsewhere;

    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if ((header->Flags & WNODE_FLAG_USE_GUID_PTR) != 0) {
        memcpy(&elsewhere, &header->Guid, sizeof(elsewhere));
        guid = elsewhere;
    }
    record(cpu, "WMI trace event", guid, 0, (USHORT)header->BufferSize);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoWMIWriteEvent(PVOID WnodeEventItem)
{
    const void *place = DQ_CALL_PLACE;
    WNODE_HEADER *header = WnodeEventItem;
    const bool is_logged =
        (DQ_READ(IoWMIWriteEvent, header->Flags) & WNODE_FLAG_TRACED_GUID) != 0;

    DQ_ENTER(IoWMIWriteEvent, WnodeEventItem, is_logged, 0, 0, STATUS_UNSUCCESSFUL);
    return is_logged ? log_event(cpu, header, place) : dq_wmi_write(cpu, header, place);
}

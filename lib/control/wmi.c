/*
 * wmi.c - include/dirql/wmi.h: a consumer of the data that drivers provide.
 */
#include <dirql/wmi.h>

#include <string.h>

#include "control/enter.h"
#include "io/wmi.h"
#include "ke/ki.h"

enum { POOL_TAG = 0x436D6957 /* "WimC" */, DATA_OFFSET = 72 /* Of every kind of block. */ };

typedef struct demand {
    PDEVICE_OBJECT provider;
    const GUID *block;
    UCHAR minor;
    ULONG instance, item; /* Or method. */
    const void *input;
    ULONG input_bytes, output_bytes;
    const void *place;
} demand;

/* ---- The header ------------------------------------------------------------------------------ */

static void fill_header(PWNODE_HEADER header, const demand *d, ULONG bytes)
{
    header->BufferSize = bytes;
    header->Guid = *d->block;
    header->Flags = WNODE_FLAG_STATIC_INSTANCE_NAMES;
    switch (d->minor) {
    case IRP_MN_QUERY_ALL_DATA:
        header->Flags |= WNODE_FLAG_ALL_DATA;
        break;
    case IRP_MN_CHANGE_SINGLE_ITEM:
        header->Flags |= WNODE_FLAG_SINGLE_ITEM;
        break;
    case IRP_MN_EXECUTE_METHOD:
        header->Flags |= WNODE_FLAG_METHOD_ITEM;
        break;
    default:
        header->Flags |= WNODE_FLAG_SINGLE_INSTANCE;
        break;
    }
}

static void fill_block(void *buffer, const demand *d)
{
    PWNODE_SINGLE_INSTANCE one = buffer;
    PWNODE_SINGLE_ITEM item = buffer; /* A method has its members at the same places. */

    if (d->minor == IRP_MN_QUERY_ALL_DATA) {
        return;
    }
    one->InstanceIndex = d->instance;
    if (d->minor == IRP_MN_CHANGE_SINGLE_ITEM || d->minor == IRP_MN_EXECUTE_METHOD) {
        item->ItemId = d->item;
        item->DataBlockOffset = DATA_OFFSET;
        item->SizeDataItem = d->input_bytes;
    } else {
        one->DataBlockOffset = DATA_OFFSET;
        one->SizeDataBlock = d->input_bytes;
    }
    if (d->input_bytes > 0) {
        memcpy((UCHAR *)buffer + DATA_OFFSET, d->input, d->input_bytes);
    }
}

/* ---- The answer ------------------------------------------------------------------------------ */

typedef struct answer {
    void *data;
    ULONG bytes;
    ULONG *done;
} answer;

static ULONG data_offset(const void *buffer, UCHAR minor)
{
    switch (minor) {
    case IRP_MN_QUERY_ALL_DATA:
        return ((const WNODE_ALL_DATA *)buffer)->DataBlockOffset;
    case IRP_MN_EXECUTE_METHOD:
        return ((const WNODE_METHOD_ITEM *)buffer)->DataBlockOffset;
    default:
        return ((const WNODE_SINGLE_INSTANCE *)buffer)->DataBlockOffset;
    }
}

/* WNODE_TOO_SMALL has left the number of instances where it was. */
static ULONG too_small_offset(const void *buffer, UCHAR minor)
{
    const ULONG header = minor == IRP_MN_QUERY_ALL_DATA
                             ? FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength) +
                                   ((const WNODE_ALL_DATA *)buffer)->InstanceCount *
                                       (ULONG)sizeof(OFFSETINSTANCEDATAANDLENGTH)
                         : minor == IRP_MN_EXECUTE_METHOD
                             ? FIELD_OFFSET(WNODE_METHOD_ITEM, VariableData)
                             : FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData);

    return (header + 7u) & ~7u;
}

static NTSTATUS take_answer(const void *buffer, const demand *d, ULONG_PTR information,
                            const answer *to)
{
    const WNODE_HEADER *header = buffer;
    ULONG offset, used;

    if ((header->Flags & WNODE_FLAG_TOO_SMALL) != 0) {
        offset = too_small_offset(buffer, d->minor);
        used = ((const WNODE_TOO_SMALL *)buffer)->SizeNeeded;
        *to->done = used > offset ? used - offset : 0;
        return STATUS_BUFFER_TOO_SMALL;
    }
    offset = data_offset(buffer, d->minor);
    used = information > offset ? (ULONG)information - offset : 0;
    *to->done = used;
    if (used > to->bytes) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(to->data, (const UCHAR *)buffer + offset, used);
    return STATUS_SUCCESS;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* Room for the largest header: of all instances, with their offsets and lengths. */
static ULONG buffer_bytes(const demand *d)
{
    const ULONG data = d->output_bytes > d->input_bytes ? d->output_bytes : d->input_bytes;

    return d->minor == IRP_MN_QUERY_ALL_DATA ? (ULONG)sizeof(WNODE_ALL_DATA) + 8 + 2 * data
                                             : DATA_OFFSET + data;
}

static NTSTATUS ask(dq_processor *cpu, const demand *d, const answer *to)
{
    const ULONG bytes = buffer_bytes(d);
    ULONG_PTR information = 0;
    NTSTATUS status;
    void *buffer;

    if (!dq_wmi_is_provider(cpu->machine, d->provider)) {
        (void)dirql_control_refuse_call(cpu, "the device is no WMI provider: its driver has not "
                                             "called IoWMIRegistrationControl for it");
        return STATUS_INVALID_PARAMETER;
    }
    if (d->block == NULL || (d->input == NULL && d->input_bytes > 0) ||
        (to != NULL && to->data == NULL && to->bytes > 0)) {
        (void)dirql_control_refuse_call(cpu, d->block == NULL
                                                 ? "`block` is NULL"
                                                 : "there is a number of bytes, but `data` is NULL");
        return STATUS_INVALID_PARAMETER;
    }
    buffer = ExAllocatePoolZero(NonPagedPoolNx, bytes, POOL_TAG);
    if (buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    fill_header(buffer, d, bytes);
    fill_block(buffer, d);
    status = dq_wmi_send(cpu,
                         &(dq_wmi_request){ .provider = d->provider, .minor = d->minor,
                                            .path = d->block, .buffer = buffer, .bytes = bytes,
                                            .place = d->place },
                         &information);
    if (NT_SUCCESS(status) && to != NULL) {
        status = take_answer(buffer, d, information, to);
    }
    ExFreePool(buffer);
    return status;
}

#define ENTER(name)                                                                  \
    const void *place = __builtin_return_address(0);                                 \
    dq_processor *cpu = dirql_control_enter(DQ_SERVICE_##name, place);                \
    DQ_LEAVES(cpu);                                                                  \
    if (cpu == NULL) {                                                               \
        return STATUS_UNSUCCESSFUL;                                                  \
    }

NTSTATUS dirql_wmi_query(PDEVICE_OBJECT provider, const GUID *block, ULONG instance, void *data,
                         ULONG bytes, ULONG *done)
{
    ULONG unused;

    ENTER(dirql_wmi_query)
    return ask(cpu,
               &(demand){ .provider = provider, .block = block,
                          .minor = IRP_MN_QUERY_SINGLE_INSTANCE, .instance = instance,
                          .output_bytes = bytes, .place = place },
               &(answer){ data, bytes, done != NULL ? done : &unused });
}

NTSTATUS dirql_wmi_query_all(PDEVICE_OBJECT provider, const GUID *block, void *data, ULONG bytes,
                             ULONG *done)
{
    ULONG unused;

    ENTER(dirql_wmi_query_all)
    return ask(cpu,
               &(demand){ .provider = provider, .block = block, .minor = IRP_MN_QUERY_ALL_DATA,
                          .output_bytes = bytes, .place = place },
               &(answer){ data, bytes, done != NULL ? done : &unused });
}

NTSTATUS dirql_wmi_set(PDEVICE_OBJECT provider, const GUID *block, ULONG instance, const void *data,
                       ULONG bytes)
{
    ENTER(dirql_wmi_set)
    return ask(cpu,
               &(demand){ .provider = provider, .block = block,
                          .minor = IRP_MN_CHANGE_SINGLE_INSTANCE, .instance = instance,
                          .input = data, .input_bytes = bytes, .place = place },
               NULL);
}

NTSTATUS dirql_wmi_set_item(PDEVICE_OBJECT provider, const GUID *block, ULONG instance, ULONG item,
                            const void *data, ULONG bytes)
{
    ENTER(dirql_wmi_set_item)
    return ask(cpu,
               &(demand){ .provider = provider, .block = block,
                          .minor = IRP_MN_CHANGE_SINGLE_ITEM, .instance = instance, .item = item,
                          .input = data, .input_bytes = bytes, .place = place },
               NULL);
}

NTSTATUS dirql_wmi_execute(PDEVICE_OBJECT provider, const GUID *block, ULONG instance, ULONG method,
                           void *data, ULONG input_bytes, ULONG output_bytes, ULONG *done)
{
    ULONG unused;

    ENTER(dirql_wmi_execute)
    return ask(cpu,
               &(demand){ .provider = provider, .block = block, .minor = IRP_MN_EXECUTE_METHOD,
                          .instance = instance, .item = method, .input = data,
                          .input_bytes = input_bytes, .output_bytes = output_bytes,
                          .place = place },
               &(answer){ data, output_bytes, done != NULL ? done : &unused });
}

NTSTATUS dirql_wmi_enable_events(PDEVICE_OBJECT provider, const GUID *block, BOOLEAN enable)
{
    ENTER(dirql_wmi_enable_events)
    return ask(cpu,
               &(demand){ .provider = provider, .block = block,
                          .minor = enable ? IRP_MN_ENABLE_EVENTS : IRP_MN_DISABLE_EVENTS,
                          .place = place },
               NULL);
}

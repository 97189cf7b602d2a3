/*
 * wmilib.c - WMI requests of a driver that describes its data in a WMILIB_CONTEXT.
 *
 * The data lie in the request's buffer behind a header (WNODE_...). For all instances at once the
 * driver writes their lengths where the header's list of offsets and lengths will be;
 * WmiCompleteRequest spreads them.
 */
#include <string.h>

#include <wmilib.h>

#include "io/wmi.h"
#include "ke/ki.h"
#include "sim/computing.h"

enum { POOL_TAG = 0x626C6D57 /* "Wmlb" */, NO_INDEX = -1 };

#define ALIGNED(offset) (((ULONG)(offset) + 7u) & ~7u)

static NTSTATUS not_completed(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    return status;
}

static ULONG data_offset(const WNODE_ALL_DATA *all)
{
    return ALIGNED(FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength) +
                   all->InstanceCount * sizeof(OFFSETINSTANCEDATAANDLENGTH));
}

/* ---- Registration ---------------------------------------------------------------------------- */

typedef struct registration {
    ULONG flags;
    UNICODE_STRING base_name, mof;
    PUNICODE_STRING registry_path;
    PDEVICE_OBJECT pdo;
} registration;

/* A counted string; returns where it lies. */
static ULONG put_string(WMIREGINFO *info, ULONG *used, const UNICODE_STRING *string)
{
    const ULONG at = *used;
    UCHAR *to = (UCHAR *)info + at;
    const USHORT length = string != NULL ? string->Length : 0;

    memcpy(to, &length, sizeof(length));
    if (length > 0) {
        memcpy(to + sizeof(length), string->Buffer, length);
    }
    *used += (ULONG)sizeof(length) + length;
    return at;
}

static ULONG size_of(const WMILIB_CONTEXT *context, const registration *r)
{
    const ULONG path = r->registry_path != NULL ? r->registry_path->Length : 0;

    return FIELD_OFFSET(WMIREGINFO, WmiRegGuid) + context->GuidCount * (ULONG)sizeof(WMIREGGUID) +
           3 * (ULONG)sizeof(USHORT) + r->base_name.Length + r->mof.Length + path;
}

static void put_guids(WMIREGINFO *info, const WMILIB_CONTEXT *context, const registration *r,
                      ULONG base_name)
{
    for (ULONG i = 0; i < context->GuidCount; i++) {
        WMIREGGUID *to = &info->WmiRegGuid[i];

        to->Guid = *context->GuidList[i].Guid;
        to->Flags = context->GuidList[i].Flags | r->flags;
        to->InstanceCount = context->GuidList[i].InstanceCount;
        if ((to->Flags & WMIREG_FLAG_INSTANCE_PDO) != 0) {
            to->Pdo = (ULONG_PTR)r->pdo;
            ObReferenceObject(r->pdo); /* Who asked gives it back. */
        } else {
            to->BaseNameOffset = base_name;
        }
    }
}

static NTSTATUS put_registration(PIRP irp, const WMILIB_CONTEXT *context, const registration *r)
{
    const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    WMIREGINFO *info = stack->Parameters.WMI.Buffer;
    const ULONG size = size_of(context, r);
    ULONG used = FIELD_OFFSET(WMIREGINFO, WmiRegGuid) +
                 context->GuidCount * (ULONG)sizeof(WMIREGGUID);
    ULONG base_name;

    if (stack->Parameters.WMI.BufferSize < size) { /* How much it is, is said. */
        memcpy(info, &size, sizeof(size));
        return not_completed(irp, STATUS_BUFFER_TOO_SMALL, sizeof(ULONG));
    }
    memset(info, 0, size);
    info->BufferSize = size;
    info->GuidCount = context->GuidCount;
    base_name = put_string(info, &used, &r->base_name);
    info->RegistryPath = put_string(info, &used, r->registry_path);
    info->MofResourceName = put_string(info, &used, &r->mof);
    put_guids(info, context, r, base_name);
    return not_completed(irp, STATUS_SUCCESS, size);
}

static NTSTATUS register_blocks(PWMILIB_CONTEXT context, PDEVICE_OBJECT device, PIRP irp)
{
    registration r = { 0 };
    const unsigned depth = dq_guest_begin(dq_self);
    NTSTATUS status = context->QueryWmiRegInfo(device, &r.flags, &r.base_name, &r.registry_path,
                                               &r.mof, &r.pdo);

    dq_guest_end(depth);
    if (!NT_SUCCESS(status)) {
        return not_completed(irp, status, 0);
    }
    status = put_registration(irp, context, &r);
    if ((r.flags & WMIREG_FLAG_INSTANCE_BASENAME) != 0 && r.base_name.Buffer != NULL) {
        ExFreePool(r.base_name.Buffer);
    }
    return status;
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static LONG find_block(const WMILIB_CONTEXT *context, const GUID *guid)
{
    for (ULONG i = 0; guid != NULL && i < context->GuidCount; i++) {
        if (IsEqualGUID(context->GuidList[i].Guid, guid)) {
            return (LONG)i;
        }
    }
    return NO_INDEX;
}

/* One call of a driver's routine. */
typedef struct block_call {
    const WMILIB_CONTEXT *context;
    PDEVICE_OBJECT device;
    PIRP irp;
    ULONG block;
    void *buffer;
    ULONG bytes; /* Of the buffer. */
} block_call;

static ULONG room(const block_call *c, ULONG offset)
{
    return c->bytes > offset ? c->bytes - offset : 0;
}

static NTSTATUS query_all(const block_call *c)
{
    PWNODE_ALL_DATA all = c->buffer;
    const ULONG count = c->context->GuidList[c->block].InstanceCount;
    ULONG offset, available;

    all->InstanceCount = count;
    all->OffsetInstanceNameOffsets = 0;
    offset = data_offset(all);
    all->DataBlockOffset = offset;
    available = room(c, offset);
    return c->context->QueryWmiDataBlock(
        c->device, c->irp, c->block, 0, count,
        available > 0 ? (PULONG)(void *)all->OffsetInstanceDataAndLength : NULL, available,
        available > 0 ? (PUCHAR)all + offset : NULL);
}

static NTSTATUS query_one(const block_call *c)
{
    PWNODE_SINGLE_INSTANCE one = c->buffer;
    const ULONG offset = ALIGNED(FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData));
    const ULONG available = room(c, offset);

    one->DataBlockOffset = offset;
    return c->context->QueryWmiDataBlock(c->device, c->irp, c->block, one->InstanceIndex, 1,
                                         available > 0 ? &one->SizeDataBlock : NULL, available,
                                         available > 0 ? (PUCHAR)one + offset : NULL);
}

static NTSTATUS change_one(const block_call *c)
{
    PWNODE_SINGLE_INSTANCE one = c->buffer;

    return c->context->SetWmiDataBlock(c->device, c->irp, c->block, one->InstanceIndex,
                                       one->SizeDataBlock, (PUCHAR)one + one->DataBlockOffset);
}

static NTSTATUS change_item(const block_call *c)
{
    PWNODE_SINGLE_ITEM item = c->buffer;

    return c->context->SetWmiDataItem(c->device, c->irp, c->block, item->InstanceIndex,
                                      item->ItemId, item->SizeDataItem,
                                      (PUCHAR)item + item->DataBlockOffset);
}

static NTSTATUS execute(const block_call *c)
{
    PWNODE_METHOD_ITEM method = c->buffer;

    return c->context->ExecuteWmiMethod(c->device, c->irp, c->block, method->InstanceIndex,
                                        method->MethodId, method->SizeDataBlock,
                                        room(c, method->DataBlockOffset),
                                        (PUCHAR)method + method->DataBlockOffset);
}

static NTSTATUS control(const block_call *c)
{
    const UCHAR minor = IoGetCurrentIrpStackLocation(c->irp)->MinorFunction;
    const BOOLEAN enable = minor == IRP_MN_ENABLE_EVENTS || minor == IRP_MN_ENABLE_COLLECTION;
    const bool events = minor == IRP_MN_ENABLE_EVENTS || minor == IRP_MN_DISABLE_EVENTS;

    return c->context->WmiFunctionControl(c->device, c->irp, c->block,
                                          events ? WmiEventControl : WmiDataBlockControl, enable);
}

/* What a minor function needs, and whom it calls. */
typedef struct minor_function {
    NTSTATUS (*call)(const block_call *c);
    bool present;     /* The driver has the routine. */
    NTSTATUS without; /* Status if it has not. */
    ULONG header;     /* Bytes that the buffer must have. */
    bool by_instance;
} minor_function;

static bool look_up(const WMILIB_CONTEXT *context, UCHAR minor, minor_function *f)
{
    switch (minor) {
    case IRP_MN_QUERY_ALL_DATA:
        *f = (minor_function){ query_all, context->QueryWmiDataBlock != NULL,
                               STATUS_INVALID_DEVICE_REQUEST, sizeof(WNODE_ALL_DATA), false };
        return true;
    case IRP_MN_QUERY_SINGLE_INSTANCE:
        *f = (minor_function){ query_one, context->QueryWmiDataBlock != NULL,
                               STATUS_INVALID_DEVICE_REQUEST,
                               FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData), true };
        return true;
    case IRP_MN_CHANGE_SINGLE_INSTANCE:
        *f = (minor_function){ change_one, context->SetWmiDataBlock != NULL, STATUS_WMI_READ_ONLY,
                               FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData), true };
        return true;
    case IRP_MN_CHANGE_SINGLE_ITEM:
        *f = (minor_function){ change_item, context->SetWmiDataItem != NULL, STATUS_WMI_READ_ONLY,
                               FIELD_OFFSET(WNODE_SINGLE_ITEM, VariableData), true };
        return true;
    case IRP_MN_EXECUTE_METHOD:
        *f = (minor_function){ execute, context->ExecuteWmiMethod != NULL,
                               STATUS_INVALID_DEVICE_REQUEST,
                               FIELD_OFFSET(WNODE_METHOD_ITEM, VariableData), true };
        return true;
    case IRP_MN_ENABLE_EVENTS:
    case IRP_MN_DISABLE_EVENTS:
    case IRP_MN_ENABLE_COLLECTION:
    case IRP_MN_DISABLE_COLLECTION:
        *f = (minor_function){ control, context->WmiFunctionControl != NULL, STATUS_SUCCESS, 0,
                               false };
        return true;
    default:
        return false;
    }
}

static NTSTATUS check_request(const block_call *c, const minor_function *f)
{
    const WMIGUIDREGINFO *block = &c->context->GuidList[c->block];

    if (f->header != 0 && (c->buffer == NULL || c->bytes < f->header)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (f->header != 0 && (block->Flags & WMIREG_FLAG_EVENT_ONLY_GUID) != 0) {
        return STATUS_WMI_GUID_NOT_FOUND;
    }
    if (f->by_instance &&
        ((const WNODE_SINGLE_INSTANCE *)c->buffer)->InstanceIndex >= block->InstanceCount) {
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    }
    return f->present ? STATUS_SUCCESS : f->without;
}

static bool is_registration(UCHAR minor)
{
    return minor == IRP_MN_REGINFO || minor == IRP_MN_REGINFO_EX;
}

/* Sets `called` if a routine of the driver has the request. */
static NTSTATUS call_block(const block_call *c, const minor_function *f, bool *called)
{
    const NTSTATUS status = check_request(c, f);
    unsigned depth;
    NTSTATUS result;

    *called = status == STATUS_SUCCESS && f->present;
    if (!*called) {
        return not_completed(c->irp, status, 0);
    }
    depth = dq_guest_begin(dq_self);
    result = f->call(c);
    dq_guest_end(depth);
    return result;
}

NTSTATUS NTAPI WmiSystemControl(PWMILIB_CONTEXT WmiLibInfo, PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                PSYSCTL_IRP_DISPOSITION IrpDisposition)
{
    const PIO_STACK_LOCATION stack =
        DQ_READ(WmiSystemControl, IoGetCurrentIrpStackLocation(Irp));
    const UCHAR minor = DQ_READ(WmiSystemControl, stack->MinorFunction);
    minor_function f = { 0 };
    bool called = false;
    NTSTATUS status;
    LONG block;

    DQ_ENTER(WmiSystemControl, DeviceObject, Irp, minor, 0, STATUS_UNSUCCESSFUL);
    (void)cpu;
    if (!is_registration(minor) && !look_up(WmiLibInfo, minor, &f)) {
        *IrpDisposition = IrpNotWmi;
        return STATUS_SUCCESS;
    }
    if (stack->Parameters.WMI.ProviderId != (ULONG_PTR)DeviceObject) {
        *IrpDisposition = IrpForward;
        return STATUS_SUCCESS;
    }
    *IrpDisposition = IrpNotCompleted;
    if (is_registration(minor)) {
        return register_blocks(WmiLibInfo, DeviceObject, Irp);
    }
    block = find_block(WmiLibInfo, stack->Parameters.WMI.DataPath);
    if (block == NO_INDEX) {
        return not_completed(Irp, STATUS_WMI_GUID_NOT_FOUND, 0);
    }
    status = call_block(&(block_call){ .context = WmiLibInfo, .device = DeviceObject, .irp = Irp,
                                       .block = (ULONG)block,
                                       .buffer = stack->Parameters.WMI.Buffer,
                                       .bytes = stack->Parameters.WMI.BufferSize },
                        &f, &called);
    *IrpDisposition = called ? IrpProcessed : IrpNotCompleted;
    return status;
}

/* ---- The end of a request -------------------------------------------------------------------- */

/* From lengths one behind the other to pairs, from the last to the first. */
static void spread_lengths(PWNODE_ALL_DATA all)
{
    const ULONG *lengths = (const ULONG *)(const void *)all->OffsetInstanceDataAndLength;
    ULONG offset = all->DataBlockOffset;

    for (ULONG i = all->InstanceCount; i-- > 0;) {
        all->OffsetInstanceDataAndLength[i].LengthInstanceData = lengths[i];
    }
    for (ULONG i = 0; i < all->InstanceCount; i++) {
        all->OffsetInstanceDataAndLength[i].OffsetInstanceData = offset;
        offset = ALIGNED(offset + all->OffsetInstanceDataAndLength[i].LengthInstanceData);
    }
}

/* The bytes in front of the data. */
static ULONG offset_of(UCHAR minor, const void *buffer)
{
    switch (minor) {
    case IRP_MN_QUERY_ALL_DATA:
        return ((const WNODE_ALL_DATA *)buffer)->DataBlockOffset;
    case IRP_MN_QUERY_SINGLE_INSTANCE:
        return ((const WNODE_SINGLE_INSTANCE *)buffer)->DataBlockOffset;
    case IRP_MN_EXECUTE_METHOD:
        return ((const WNODE_METHOD_ITEM *)buffer)->DataBlockOffset;
    default:
        return 0;
    }
}

static void finish_block(UCHAR minor, void *buffer, ULONG used)
{
    PWNODE_HEADER header = buffer;

    header->BufferSize = offset_of(minor, buffer) + used;
    KeQuerySystemTime(&header->TimeStamp);
    if (minor == IRP_MN_QUERY_ALL_DATA) {
        spread_lengths(buffer);
    } else if (minor == IRP_MN_QUERY_SINGLE_INSTANCE) {
        ((PWNODE_SINGLE_INSTANCE)buffer)->SizeDataBlock = used;
    } else {
        ((PWNODE_METHOD_ITEM)buffer)->SizeDataBlock = used;
    }
}

static void finish_too_small(void *buffer, ULONG needed)
{
    PWNODE_TOO_SMALL small = buffer;

    small->WnodeHeader.BufferSize = sizeof(*small);
    small->WnodeHeader.Flags |= WNODE_FLAG_TOO_SMALL;
    small->SizeNeeded = needed;
}

NTSTATUS NTAPI WmiCompleteRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp, NTSTATUS Status,
                                  ULONG BufferUsed, CCHAR PriorityBoost)
{
    const PIO_STACK_LOCATION stack =
        DQ_READ(WmiCompleteRequest, IoGetCurrentIrpStackLocation(Irp));
    const UCHAR minor = DQ_READ(WmiCompleteRequest, stack->MinorFunction);
    void *buffer = DQ_READ(WmiCompleteRequest, stack->Parameters.WMI.Buffer);
    const bool returns = minor == IRP_MN_QUERY_ALL_DATA || minor == IRP_MN_QUERY_SINGLE_INSTANCE ||
                         minor == IRP_MN_EXECUTE_METHOD;
    ULONG_PTR information = 0;

    DQ_ENTER(WmiCompleteRequest, DeviceObject, Irp, (ULONG)Status, BufferUsed, Status);
    (void)cpu;
    if (returns && NT_SUCCESS(Status)) {
        finish_block(minor, buffer, BufferUsed);
        information = ((PWNODE_HEADER)buffer)->BufferSize;
    } else if (returns && Status == STATUS_BUFFER_TOO_SMALL) {
        finish_too_small(buffer, offset_of(minor, buffer) + BufferUsed);
        information = sizeof(WNODE_TOO_SMALL);
        Status = STATUS_SUCCESS;
    }
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = information;
    IoCompleteRequest(Irp, PriorityBoost);
    return Status;
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* At DISPATCH_LEVEL, too: the page of IoWMIWriteEvent does not allow that to others. */
NTSTATUS NTAPI WmiFireEvent(PDEVICE_OBJECT DeviceObject, LPCGUID Guid, ULONG InstanceIndex,
                            ULONG EventDataSize, PVOID EventData)
{
    const ULONG offset = ALIGNED(FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData));
    const void *place = DQ_CALL_PLACE;
    PWNODE_SINGLE_INSTANCE event;
    NTSTATUS status;

    DQ_ENTER(WmiFireEvent, DeviceObject, InstanceIndex, EventDataSize, 0, STATUS_UNSUCCESSFUL);
    DQ_CALLED_FROM(place);

    event = ExAllocatePoolZero(NonPagedPoolNx, offset + EventDataSize, POOL_TAG);
    if (event == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    event->WnodeHeader.BufferSize = offset + EventDataSize;
    event->WnodeHeader.Guid = *Guid;
    event->WnodeHeader.ProviderId = IoWMIDeviceObjectToProviderId(DeviceObject);
    event->WnodeHeader.Flags = WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_EVENT_ITEM |
                               WNODE_FLAG_STATIC_INSTANCE_NAMES;
    KeQuerySystemTime(&event->WnodeHeader.TimeStamp);
    event->InstanceIndex = InstanceIndex;
    event->DataBlockOffset = offset;
    event->SizeDataBlock = EventDataSize;
    if (EventData != NULL) {
        memcpy((PUCHAR)event + offset, EventData, EventDataSize);
        ExFreePool(EventData);
    }
    status = dq_wmi_write(cpu, &event->WnodeHeader, place);
    if (!NT_SUCCESS(status)) {
        ExFreePool(event);
    }
    return status;
}

/*
 * device.c - device objects: made, deleted, and the DPC that each one has.
 */
#include <string.h>

#include "ex/pool.h"
#include "io/io.h"
#include "io/power.h"
#include "io/wmi.h"
#include "ke/devicequeue.h"
#include "ke/keep.h"
#include "ke/ki.h"

enum { TYPE_DEVICE = 3 }; /* DEVICE_OBJECT.Type, "wdm: DEVICE_OBJECT". */

/* Its extension is aligned for anything, and keeps away from what the system has in the object. */
enum { GAP = 64 };
static const size_t bytes_of_object = (sizeof(DEVICE_OBJECT) + 15) / 16 * 16 + GAP;

/* What the kernel knows of a device object. One of a driver's is a block of pool, and its extension
 * follows it there. */
typedef struct dq_device_record {
    struct dq_device_record *next;
    UNICODE_STRING name;
    size_t extension_bytes;
    unsigned holds; /* By queued work items and calls of its driver: it stays until these end. */
    PDEVICE_OBJECT lower; /* That it is attached to. */
    dq_startio startio;
    POWER_STATE power; /* That PoSetPowerState was told. */
    bool deleted;
    const void *place; /* Who called IoCreateDevice; NULL: nobody did. */
    const void *deleted_place;
    PDEVICE_OBJECT device;
    DEVICE_OBJECT systems; /* That, if it is the system's own. */
} dq_device_record;

static dq_device_record *record_of(dq_machine *machine, const void *device)
{
    const dq_io *io = dq_io_of(machine);
    dq_device_record *record = io != NULL ? io->devices : NULL;

    while (record != NULL && (record->deleted || record->device != device)) {
        record = record->next;
    }
    return record;
}

/* Deleted ones, too. NULL: a driver object, or a device object that nobody made here. */
static dq_device_record *any_record_of(dq_machine *machine, const void *device)
{
    const dq_io *io = dq_io_of(machine);
    dq_device_record *record = io != NULL ? io->devices : NULL;

    while (record != NULL && record->device != device) {
        record = record->next;
    }
    return record;
}

bool dq_device_is_alive(dq_machine *machine, const void *device)
{
    return record_of(machine, device) != NULL;
}

PDEVICE_OBJECT dq_device_lower(dq_machine *machine, const DEVICE_OBJECT *device)
{
    const dq_device_record *record = record_of(machine, device);

    return record != NULL ? record->lower : NULL;
}

void dq_device_set_lower(dq_machine *machine, const DEVICE_OBJECT *device, PDEVICE_OBJECT lower)
{
    dq_device_record *record = any_record_of(machine, device);

    if (record != NULL) {
        record->lower = lower;
    }
}

dq_startio *dq_device_startio(dq_machine *machine, const DEVICE_OBJECT *device)
{
    dq_device_record *record = record_of(machine, device);

    return record != NULL ? &record->startio : NULL;
}

POWER_STATE *dq_device_power(dq_machine *machine, const void *device)
{
    dq_device_record *record = record_of(machine, device);

    return record != NULL ? &record->power : NULL;
}

bool dq_device_is_known(dq_machine *machine, const void *device)
{
    return any_record_of(machine, device) != NULL;
}

PDEVICE_OBJECT dq_device_named(dq_machine *machine, const UNICODE_STRING *name)
{
    const dq_io *io = dq_io_of(machine);
    dq_device_record *record = io != NULL ? io->devices : NULL;

    while (record != NULL && (record->deleted || !dq_name_is(&record->name, name))) {
        record = record->next;
    }
    return record != NULL ? record->device : NULL;
}

static size_t name_bytes(const UNICODE_STRING *name)
{
    return name != NULL ? name->Length : 0;
}

static void forget(dq_machine *machine, dq_device_record *record)
{
    dq_device_record **link = &dq_io_of(machine)->devices;

    while (*link != record) {
        link = &(*link)->next;
    }
    *link = record->next;
    dq_keep_drop(machine, record);
}

static bool name_is_taken(dq_machine *machine, const UNICODE_STRING *name)
{
    return name_bytes(name) != 0 &&
           (dq_device_named(machine, name) != NULL || dq_name_is_link(machine, name));
}

static dq_device_record *make_record(dq_machine *machine, const UNICODE_STRING *name)
{
    const size_t named_bytes = name_bytes(name);
    dq_io *io = dq_io_of(machine);
    dq_device_record *record;

    if (io == NULL) {
        return NULL;
    }
    record = dq_keep(machine, sizeof(*record) + named_bytes);
    if (record == NULL) {
        return NULL;
    }
    record->device = &record->systems;
    if (named_bytes > 0) {
        record->name.Buffer = (PWCH)(void *)(record + 1);
        record->name.Length = name->Length;
        record->name.MaximumLength = name->Length;
        memcpy(record->name.Buffer, name->Buffer, named_bytes);
    }
    record->next = io->devices;
    io->devices = record;
    return record;
}

/* Of a driver's. */
static bool give_memory(dq_processor *cpu, dq_device_record *record, size_t extension_bytes,
                        const void *place)
{
    const size_t bytes = bytes_of_object + extension_bytes;
    PDEVICE_OBJECT device = bytes > extension_bytes
                                ? dq_pool_part(cpu, bytes, DQ_POOL_DEVICE, "", place)
                                : NULL;

    if (device == NULL) {
        return false;
    }
    memset(device, 0, bytes);
    memset((char *)device + bytes_of_object - GAP, DQ_HEAP_FILL, GAP);
    device->DeviceExtension = extension_bytes > 0 ? (char *)device + bytes_of_object : NULL;
    record->device = device;
    record->extension_bytes = extension_bytes;
    return true;
}

static void fill(PDEVICE_OBJECT device, size_t extension_bytes)
{
    device->Type = TYPE_DEVICE;
    device->Size = (USHORT)(sizeof(DEVICE_OBJECT) + extension_bytes);
    device->Flags = DO_DEVICE_INITIALIZING;
    device->StackSize = 1;
    dq_devicequeue_init(&device->DeviceQueue);
}

PDEVICE_OBJECT dq_device_object_create(dq_machine *machine)
{
    dq_device_record *record = make_record(machine, NULL);

    if (record == NULL) {
        return NULL;
    }
    fill(record->device, 0);
    return record->device;
}

NTSTATUS IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                        PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                        ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                        PDEVICE_OBJECT *DeviceObject)
{
    dq_device_record *record;

    DQ_ENTER(IoCreateDevice, DriverObject, DeviceExtensionSize, DeviceType, 0, STATUS_UNSUCCESSFUL);
    if (DeviceObject == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *DeviceObject = NULL;
    if (name_is_taken(cpu->machine, DeviceName)) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    if (dq_fails(cpu, DQ_FAIL_DEVICE, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    record = make_record(cpu->machine, DeviceName);
    if (record == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!give_memory(cpu, record, DeviceExtensionSize, DQ_CALL_PLACE)) {
        forget(cpu->machine, record);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    fill(record->device, DeviceExtensionSize);
    record->place = DQ_CALL_PLACE;
    record->device->DeviceType = DeviceType;
    record->device->Characteristics = DeviceCharacteristics;
    record->device->Flags |= Exclusive ? DO_EXCLUSIVE : 0;
    record->device->DriverObject = DriverObject;
    if (DriverObject != NULL) {
        record->device->NextDevice = DriverObject->DeviceObject;
        DriverObject->DeviceObject = record->device;
    }
    *DeviceObject = record->device;
    return STATUS_SUCCESS;
}

/* ---- Deleting -------------------------------------------------------------------------------- */

/* Of the object and its extension. */
static size_t bytes_of(const dq_device_record *record)
{
    return bytes_of_object + record->extension_bytes;
}

static bool lies_in(const dq_device_record *record, const void *address)
{
    return (uintptr_t)address - (uintptr_t)record->device < bytes_of(record);
}

/* An ISR whose context dies with the device would use freed memory at its next interrupt. */
static void check_interrupts(dq_processor *cpu, const dq_device_record *record, const void *place)
{
    for (PKINTERRUPT i = dq_kernel_of(cpu)->interrupts.all; i != NULL; i = i->next) {
        if (i->state == DQ_INTERRUPT_CONNECTED &&
            (lies_in(record, i->context) || lies_in(record, i->lock))) {
            dq_find(cpu,
                    &(dq_finding){ .severity = DQ_ERROR,
                                   .rule = "DeleteConnected",
                                   .page = "wdm: IoDisconnectInterrupt",
                                   .place = place },
                    "IoDeleteDevice was called while the interrupt of line \"%s\" is connected "
                    "and uses this device's memory: call IoDisconnectInterrupt(Ex) first",
                    dq_interrupt_name(cpu->machine, i));
            return;
        }
    }
}

static void check_dpc(dq_processor *cpu, const dq_device_record *record, const void *place)
{
    PKDPC dpc = dq_dpc_inside(cpu->machine, record->device, bytes_of(record));

    if (dpc != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "DeleteWithDpc",
                               .page = "wdm: IoDeleteDevice",
                               .code = TIMER_OR_DPC_INVALID,
                               .place = place,
                               .parameters = { 1, (uintptr_t)dpc, (uintptr_t)record->device,
                                               (uintptr_t)record->device + bytes_of(record) } },
                "IoDeleteDevice was called while a DPC in the device's memory is queued: stop "
                "the device, then call KeRemoveQueueDpc or KeFlushQueuedDpcs");
    }
}

static void check_gap(dq_processor *cpu, const dq_device_record *record, const void *place)
{
    const unsigned char *extension = (const unsigned char *)record->device + bytes_of_object;
    int at = -1;

    while (at >= -GAP && extension[at] == DQ_HEAP_FILL) {
        at--;
    }
    if (record->device != &record->systems && at >= -GAP) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "bug check",
                               .page = "wdm: IoCreateDevice",
                               .code = SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION,
                               .place = place,
                               .parameters = { (uintptr_t)extension, (uintptr_t)(extension + at),
                                               0, 0x23 } },
                "somebody has written before the extension of a device object: byte %d of it is "
                "damaged",
                at);
    }
}

static void accuse_stack(dq_processor *cpu, unsigned code, const void *place, const char *what)
{
    dq_irp_accuse(cpu,
                  &(dq_irp_error){ .rule = "DeviceStack",
                                   .severity = DQ_ERROR,
                                   .code = code,
                                   .p2 = (uintptr_t)place,
                                   .page = "wdm: IoDeleteDevice",
                                   .place = place },
                  "IoDeleteDevice was called %s", what);
}

static void check_stack(dq_processor *cpu, dq_device_record *record, const void *place)
{
    if (record->lower != NULL) {
        accuse_stack(cpu, 0x201, place,
                     "for a device that is attached to another: call IoDetachDevice first");
        record->lower->AttachedDevice = NULL;
        record->lower = NULL;
    }
    if (record->device->AttachedDevice != NULL) {
        accuse_stack(cpu, 0, place,
                     "for a device that another is attached to, which would go on sending to it");
    }
    if (dq_shutdown_registered(cpu->machine, record->device) != NULL) {
        accuse_stack(cpu, 0, place,
                     "for a device that is registered for shutdown: call "
                     "IoUnregisterShutdownNotification first");
    }
}

static void unlink_from_driver(PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT *link =
        device->DriverObject != NULL ? &device->DriverObject->DeviceObject : NULL;

    while (link != NULL && *link != NULL && *link != device) {
        link = &(*link)->NextDevice;
    }
    if (link != NULL && *link == device) {
        *link = device->NextDevice;
    }
}

static void drop(dq_machine *machine, dq_device_record *record)
{
    dq_remove_locks_forget(machine, record->device, bytes_of(record));
    if (record->device != &record->systems) {
        dq_pool_give_back(dq_self, record->device, DQ_POOL_DEVICE, record->deleted_place);
    }
    forget(machine, record);
}

VOID IoDeleteDevice(PDEVICE_OBJECT DeviceObject)
{
    const void *place = DQ_CALL_PLACE;
    dq_device_record *record;

    DQ_ENTER(IoDeleteDevice, DeviceObject, 0, 0, 0, DQ_VOID);
    record = record_of(cpu->machine, DeviceObject);
    if (record == NULL || dq_pdo_find(cpu->machine, DeviceObject) != NULL) {
        dq_find(
            cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "DevicePointer",
                           .page = "wdm: IoDeleteDevice",
                           .code = DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                           .parameters = { 0x240, (uintptr_t)place },
                           .place = place },
            "IoDeleteDevice was given a pointer that is no device object of IoCreateDevice, or no "
            "longer one");
        return;
    }
    check_interrupts(cpu, record, place);
    check_dpc(cpu, record, place);
    check_gap(cpu, record, place);
    check_stack(cpu, record, place);
    dq_iotimer_delete(cpu, DeviceObject);
    dq_shutdown_forget(cpu->machine, DeviceObject);
    dq_power_requests_check(cpu, DeviceObject);
    dq_idle_delete(cpu->machine, DeviceObject);
    dq_wmi_delete(cpu, DeviceObject, DQ_CALL_PLACE);
    unlink_from_driver(record->device);
    record->deleted = true;
    record->deleted_place = place;
    if (record->holds == 0 && record->device->ReferenceCount == 0) {
        drop(cpu->machine, record);
    }
}

PDEVICE_OBJECT dq_device_at(dq_machine *machine, const void *address, size_t *offset,
                            const void **place)
{
    const dq_io *io = ((dq_kernel *)machine->kernel)->io;
    dq_device_record *record = io != NULL ? io->devices : NULL;

    while (record != NULL && (record->deleted || !lies_in(record, address))) {
        record = record->next;
    }
    if (record == NULL) {
        return NULL;
    }
    *offset = (uintptr_t)address - (uintptr_t)record->device;
    *place = record->place;
    return record->device;
}

const UNICODE_STRING *dq_device_name(dq_machine *machine, const DEVICE_OBJECT *device)
{
    const dq_device_record *record = record_of(machine, device);

    return record != NULL ? &record->name : NULL;
}

void dq_device_for_each(dq_machine *machine,
                        void (*visit)(void *context, PDEVICE_OBJECT device, const void *place),
                        void *context)
{
    const dq_io *io = ((dq_kernel *)machine->kernel)->io;

    for (dq_device_record *record = io != NULL ? io->devices : NULL; record != NULL;
         record = record->next) {
        if (!record->deleted && record->place != NULL) {
            visit(context, record->device, record->place);
        }
    }
}

void dq_device_for_each_referenced(dq_machine *machine,
                                   void (*visit)(void *context, PDEVICE_OBJECT device,
                                                 const void *place),
                                   void *context)
{
    const dq_io *io = ((dq_kernel *)machine->kernel)->io;

    for (dq_device_record *record = io != NULL ? io->devices : NULL; record != NULL;
         record = record->next) {
        if (record->device->ReferenceCount > 0) {
            visit(context, record->device, record->place);
        }
    }
}

/* ---- Holding --------------------------------------------------------------------------------- */

void dq_device_object_hold(dq_machine *machine, const void *device)
{
    dq_device_record *record = any_record_of(machine, device);

    if (record != NULL) {
        record->holds++;
    }
}

void dq_device_object_release(dq_machine *machine, const void *device)
{
    dq_device_record *record = any_record_of(machine, device);

    if (record != NULL && --record->holds == 0 && record->deleted) {
        drop(machine, record);
    }
}

/* ---- The device's DPC ------------------------------------------------------------------------ */

VOID IoInitializeDpcRequest(PDEVICE_OBJECT DeviceObject, PIO_DPC_ROUTINE DpcRoutine)
{
    DQ_ENTER(IoInitializeDpcRequest, DeviceObject, (uintptr_t)DpcRoutine, 0, 0, DQ_VOID);
    /* The routine's second and third parameter are a device and an IRP, not plain pointers. */
    dq_dpc_initialise(cpu, &DeviceObject->Dpc, (PKDEFERRED_ROUTINE)(void (*)(void))DpcRoutine,
                      DeviceObject);
}

VOID IoRequestDpc(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    DQ_ENTER(IoRequestDpc, DeviceObject, (uintptr_t)Irp, (uintptr_t)Context, 0, DQ_VOID);
    dq_dpc_insert(cpu, &DeviceObject->Dpc, Irp, Context);
    if (dq_must_look(cpu, cpu->irql)) {
        dq_deliver(cpu);
    }
}

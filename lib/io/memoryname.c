/*
 * memoryname.c - an address in one of the kernel's own structures, in the words of the headers: by
 * tables of their documented fields.
 */
#include "io/memoryname.h"

#include <stdio.h>
#include <string.h>

#include "ex/pool.h"
#include "io/io.h"
#include "ke/ki.h"
#include "sim/place.h"

/* ---- Fields ---------------------------------------------------------------------------------- */

typedef struct field {
    const char *name;
    size_t offset, bytes;
    const char *advice; /* What keeps its accesses apart, where that is a rule of its own. */
} field;

#define FIELD(type, name, advice) { #name, offsetof(type, name), sizeof(((type *)0)->name), advice }

static const char completed_once[] =
    "a request is completed once, and by one: by who has taken it from its queue, or has got its "
    "cancel routine back from IoSetCancelRoutine(Irp, NULL); IoCsqRemoveNextIrp does both";
static const char canceled[] =
    "IoCancelIrp sets it at any time: look at it under the queue's lock, behind IoSetCancelRoutine, "
    "which tells who has the request";
static const char cancel_routine[] =
    "change it by IoSetCancelRoutine alone, and the request is whose call returned the routine";
static const char queued[] =
    "hold the queue's lock wherever a request is put in or taken out; IoCsqInsertIrp and "
    "IoCsqRemoveIrp do";
static const char driver_context[] =
    "it is the driver's while it owns the request: do not touch it behind IoCallDriver, "
    "IoCompleteRequest or the lock of the queue that the request was put into";
static const char mapped[] =
    "the first MmGetSystemAddressForMdlSafe maps it: call it in the dispatch routine, before others "
    "know the request";
static const char started[] =
    "IoStartPacket and IoStartNextPacket set it: StartIo and what follows on it may look at it, "
    "and others not";
static const char set_once[] = "set it in AddDevice, before DO_DEVICE_INITIALIZING is cleared";

static const field irp_fields[] = {
    FIELD(IRP, Type, NULL),
    FIELD(IRP, Size, NULL),
    FIELD(IRP, MdlAddress, NULL),
    FIELD(IRP, Flags, NULL),
    FIELD(IRP, AssociatedIrp.SystemBuffer, NULL),
    FIELD(IRP, ThreadListEntry, NULL),
    FIELD(IRP, IoStatus.Status, completed_once),
    FIELD(IRP, IoStatus.Information, completed_once),
    FIELD(IRP, IoStatus, completed_once),
    FIELD(IRP, RequestorMode, NULL),
    FIELD(IRP, PendingReturned, completed_once),
    FIELD(IRP, StackCount, NULL),
    FIELD(IRP, CurrentLocation, completed_once),
    FIELD(IRP, Cancel, canceled),
    FIELD(IRP, CancelIrql, canceled),
    FIELD(IRP, UserIosb, NULL),
    FIELD(IRP, UserEvent, NULL),
    FIELD(IRP, Overlay, NULL),
    FIELD(IRP, CancelRoutine, cancel_routine),
    FIELD(IRP, UserBuffer, NULL),
    FIELD(IRP, Tail.Overlay.DriverContext, driver_context),
    FIELD(IRP, Tail.Overlay.Thread, NULL),
    FIELD(IRP, Tail.Overlay.ListEntry, queued),
    FIELD(IRP, Tail.Overlay.CurrentStackLocation, completed_once),
    FIELD(IRP, Tail.Overlay.OriginalFileObject, NULL),
    { NULL, 0, 0, NULL }
};

static const field location_fields[] = {
    FIELD(IO_STACK_LOCATION, MajorFunction, NULL),
    FIELD(IO_STACK_LOCATION, MinorFunction, NULL),
    FIELD(IO_STACK_LOCATION, Flags, NULL),
    FIELD(IO_STACK_LOCATION, Control, completed_once),
    FIELD(IO_STACK_LOCATION, Parameters, NULL),
    FIELD(IO_STACK_LOCATION, DeviceObject, NULL),
    FIELD(IO_STACK_LOCATION, FileObject, NULL),
    FIELD(IO_STACK_LOCATION, CompletionRoutine, NULL),
    FIELD(IO_STACK_LOCATION, Context, NULL),
    { NULL, 0, 0, NULL }
};

static const field mdl_fields[] = {
    FIELD(MDL, Next, NULL),
    FIELD(MDL, Size, NULL),
    FIELD(MDL, MdlFlags, mapped),
    FIELD(MDL, Process, NULL),
    FIELD(MDL, MappedSystemVa, mapped),
    FIELD(MDL, StartVa, NULL),
    FIELD(MDL, ByteCount, NULL),
    FIELD(MDL, ByteOffset, NULL),
    { NULL, 0, 0, NULL }
};

static const field device_fields[] = {
    FIELD(DEVICE_OBJECT, Type, NULL),
    FIELD(DEVICE_OBJECT, Size, NULL),
    FIELD(DEVICE_OBJECT, ReferenceCount, NULL),
    FIELD(DEVICE_OBJECT, DriverObject, NULL),
    FIELD(DEVICE_OBJECT, NextDevice, NULL),
    FIELD(DEVICE_OBJECT, AttachedDevice, NULL),
    FIELD(DEVICE_OBJECT, CurrentIrp, started),
    FIELD(DEVICE_OBJECT, Timer, NULL),
    FIELD(DEVICE_OBJECT, Flags, set_once),
    FIELD(DEVICE_OBJECT, Characteristics, set_once),
    FIELD(DEVICE_OBJECT, DeviceExtension, NULL),
    FIELD(DEVICE_OBJECT, DeviceType, NULL),
    FIELD(DEVICE_OBJECT, StackSize, set_once),
    FIELD(DEVICE_OBJECT, Queue, NULL),
    FIELD(DEVICE_OBJECT, AlignmentRequirement, set_once),
    FIELD(DEVICE_OBJECT, DeviceQueue, NULL),
    FIELD(DEVICE_OBJECT, Dpc, NULL),
    FIELD(DEVICE_OBJECT, DeviceLock, NULL),
    { NULL, 0, 0, NULL }
};

/* "IoStatus.Status", "Parameters+8"; "+3" where there is no field. */
static void name_field(const field *fields, size_t offset, char *text, size_t bytes,
                       const char **advice)
{
    for (const field *f = fields; f->name != NULL; f++) {
        const size_t within = offset - f->offset;

        if (within < f->bytes && within != 0) {
            snprintf(text, bytes, "%s+%zu", f->name, within);
        } else if (within == 0) {
            snprintf(text, bytes, "%s", f->name);
        } else {
            continue;
        }
        *advice = f->advice;
        return;
    }
    snprintf(text, bytes, "+%zu", offset);
}

/* ---- Structures ------------------------------------------------------------------------------ */

typedef struct wanted {
    uintptr_t address;
    dq_memory_name *name;
    bool found;
} wanted;

static void try_irp(void *context, dq_irp *record)
{
    wanted *w = context;
    const size_t offset = w->address - (uintptr_t)record->irp;
    const size_t bytes =
        sizeof(IRP) + dq_irp_stack_size(record) * sizeof(IO_STACK_LOCATION);
    char field_text[64];

    if (w->found || offset >= bytes) {
        return;
    }
    w->found = true;
    if (offset < sizeof(IRP)) {
        name_field(irp_fields, offset, field_text, sizeof(field_text), &w->name->advice);
        snprintf(w->name->text, sizeof(w->name->text), "%s of an IRP", field_text);
    } else {
        name_field(location_fields, (offset - sizeof(IRP)) % sizeof(IO_STACK_LOCATION), field_text,
                   sizeof(field_text), &w->name->advice);
        snprintf(w->name->text, sizeof(w->name->text), "%s of stack location %zu of an IRP",
                 field_text, (offset - sizeof(IRP)) / sizeof(IO_STACK_LOCATION) + 1);
    }
    (void)dq_irp_history(record, w->name->origin, sizeof(w->name->origin));
}

static void add_wide(char *text, size_t bytes, const UNICODE_STRING *name)
{
    const size_t used = strlen(text);
    size_t i = 0;

    while (i < name->Length / sizeof(WCHAR) && used + i + 1 < bytes) {
        text[used + i] = name->Buffer[i] < 0x7F ? (char)name->Buffer[i] : '?';
        i++;
    }
    text[used + i] = '\0';
}

/* "\Device\Uart0", "a device of \Driver\uart", "device "com1"" of a test's bus. */
static void name_device(dq_machine *machine, const DEVICE_OBJECT *device, char *text, size_t bytes)
{
    const UNICODE_STRING *name = dq_device_name(machine, device);
    const dq_pdo *pdo = dq_pdo_find(machine, device);

    text[0] = '\0';
    if (name != NULL && name->Length > 0) {
        add_wide(text, bytes, name);
    } else if (pdo != NULL) {
        snprintf(text, bytes, "device \"%s\"", pdo->name);
    } else if (device->DriverObject != NULL && device->DriverObject->DriverName.Length > 0) {
        snprintf(text, bytes, "a device of ");
        add_wide(text, bytes, &device->DriverObject->DriverName);
    } else {
        snprintf(text, bytes, "a device");
    }
}

static bool try_devices(dq_machine *machine, const wanted *w)
{
    size_t offset;
    const void *place;
    const DEVICE_OBJECT *device = dq_device_at(machine, (const void *)w->address, &offset, &place);
    char name[96], field_text[64], at[160];

    if (device == NULL) {
        return false;
    }
    name_device(machine, device, name, sizeof(name));
    if (offset < sizeof(DEVICE_OBJECT)) {
        name_field(device_fields, offset, field_text, sizeof(field_text), &w->name->advice);
        snprintf(w->name->text, sizeof(w->name->text), "%s of %s", field_text, name);
    } else {
        snprintf(w->name->text, sizeof(w->name->text), "device extension of %s +%zu", name,
                 (size_t)(w->address - (uintptr_t)device->DeviceExtension));
    }
    if (place != NULL) {
        snprintf(w->name->origin, sizeof(w->name->origin), "created at %s",
                 dq_place_describe(place, at, sizeof(at)));
    }
    return true;
}

static void try_mdl(void *context, const dq_pool_block *block)
{
    static const uint32_t tag = 0x206C644D; /* "Mdl ", see mdl.c. */
    wanted *w = context;
    const size_t offset = w->address - (uintptr_t)block->address;
    char field_text[64], at[160];

    if (w->found || block->tag != tag || offset >= sizeof(MDL)) {
        return;
    }
    w->found = true;
    name_field(mdl_fields, offset, field_text, sizeof(field_text), &w->name->advice);
    snprintf(w->name->text, sizeof(w->name->text), "%s of an MDL", field_text);
    snprintf(w->name->origin, sizeof(w->name->origin), "allocated at %s",
             dq_place_describe(block->place, at, sizeof(at)));
}

bool dq_io_name_memory(dq_machine *machine, const void *address, dq_memory_name *name)
{
    wanted w = { .address = (uintptr_t)address, .name = name };

    *name = (dq_memory_name){ .advice = NULL };
    if (try_devices(machine, &w)) {
        return true;
    }
    dq_irp_for_each(machine, try_irp, &w);
    if (!w.found) {
        dq_pool_for_each(machine, try_mdl, &w);
    }
    return w.found;
}

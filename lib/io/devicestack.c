/*
 * devicestack.c - device objects attached to each other: who is on top of whom.
 *
 * A device knows the one above it (AttachedDevice); the one below it is the I/O manager's
 * business.
 */
#include "io/io.h"
#include "ke/ki.h"

static void accuse(dq_processor *cpu, unsigned code, const DEVICE_OBJECT *device,
                   const void *place, const char *what)
{
    dq_irp_accuse(cpu,
                  &(dq_irp_error){ .rule = "DeviceStack",
                                   .severity = DQ_ERROR,
                                   .code = code,
                                   .p2 = (uintptr_t)place,
                                   .p3 = (uintptr_t)device,
                                   .page = dq_service_name(cpu->execution->service),
                                   .place = place },
                  "%s %s", dq_service_name(cpu->execution->service), what);
}

static PDEVICE_OBJECT top_of(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice != NULL) {
        device = device->AttachedDevice;
    }
    return device;
}

/* ---- Attaching ------------------------------------------------------------------------------- */

static bool may_attach(dq_processor *cpu, PDEVICE_OBJECT source, PDEVICE_OBJECT target,
                       const void *place)
{
    if (!dq_device_is_alive(cpu->machine, source) || !dq_device_is_alive(cpu->machine, target)) {
        accuse(cpu, 0x04, source, place,
               "was given a pointer that is no device object, or no longer one");
        return false;
    }
    if (dq_device_lower(cpu->machine, source) != NULL || source->AttachedDevice != NULL) {
        accuse(cpu, 0, source, place, "was given a source device that is part of a stack already");
        return false;
    }
    if (top_of(target) == source) {
        accuse(cpu, 0, source, place, "was to attach a device to itself");
        return false;
    }
    return true;
}

/* NULL: it cannot be attached. `where` may be NULL; it is set before anybody can send to the
 * source. */
static PDEVICE_OBJECT attach(dq_processor *cpu, PDEVICE_OBJECT source, PDEVICE_OBJECT target,
                             PDEVICE_OBJECT *where, const void *place)
{
    PDEVICE_OBJECT lower;

    if (!may_attach(cpu, source, target, place)) {
        return NULL;
    }
    lower = top_of(target);
    source->StackSize = (CCHAR)(lower->StackSize + 1);
    source->AlignmentRequirement = lower->AlignmentRequirement;
    dq_device_set_lower(cpu->machine, source, lower);
    if (where != NULL) {
        *where = lower;
    }
    lower->AttachedDevice = source;
    return lower;
}

PDEVICE_OBJECT NTAPI IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice,
                                                 PDEVICE_OBJECT TargetDevice)
{
    DQ_ENTER(IoAttachDeviceToDeviceStack, SourceDevice, TargetDevice, 0, 0, NULL);
    return attach(cpu, SourceDevice, TargetDevice, NULL, DQ_CALL_PLACE);
}

NTSTATUS NTAPI IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT SourceDevice,
                                               PDEVICE_OBJECT TargetDevice,
                                               PDEVICE_OBJECT *AttachedToDeviceObject)
{
    DQ_ENTER(IoAttachDeviceToDeviceStackSafe, SourceDevice, TargetDevice, 0, 0,
             STATUS_UNSUCCESSFUL);
    return attach(cpu, SourceDevice, TargetDevice, AttachedToDeviceObject,
                  DQ_CALL_PLACE) != NULL
               ? STATUS_SUCCESS
               : STATUS_NO_SUCH_DEVICE;
}

NTSTATUS NTAPI IoAttachDevice(PDEVICE_OBJECT SourceDevice, PUNICODE_STRING TargetDevice,
                              PDEVICE_OBJECT *AttachedDevice)
{
    const void *place = DQ_CALL_PLACE;
    PFILE_OBJECT file;
    NTSTATUS status;

    DQ_ENTER(IoAttachDevice, SourceDevice, TargetDevice, 0, 0, STATUS_UNSUCCESSFUL);
    status = dq_file_open_name(cpu, TargetDevice, true, &file, place);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (attach(dq_self, SourceDevice, file->DeviceObject, AttachedDevice, place) == NULL) {
        status = STATUS_NO_SUCH_DEVICE;
    }
    dq_file_close(dq_self, file, place);
    return status;
}

/* ---- Detaching ------------------------------------------------------------------------------- */

VOID NTAPI IoDetachDevice(PDEVICE_OBJECT TargetDevice)
{
    const void *place = DQ_CALL_PLACE;

    DQ_ENTER(IoDetachDevice, TargetDevice, 0, 0, 0, DQ_VOID);
    if (!dq_device_is_known(cpu->machine, TargetDevice)) {
        accuse(cpu, 0x04, TargetDevice, place,
               "was given a pointer that is no device object, or no longer one");
        return;
    }
    if (TargetDevice->AttachedDevice == NULL) {
        accuse(cpu, 0x202, TargetDevice, place,
               "was called for a device that nothing is attached to (or no longer): it is given "
               "the lower device");
        return;
    }
    dq_device_set_lower(cpu->machine, TargetDevice->AttachedDevice, NULL);
    TargetDevice->AttachedDevice = NULL;
}

/* ---- The top --------------------------------------------------------------------------------- */

static PDEVICE_OBJECT find_top(dq_processor *cpu, PDEVICE_OBJECT device, const void *place)
{
    if (!dq_device_is_alive(cpu->machine, device)) {
        accuse(cpu, 0x04, device, place,
               "was given a pointer that is no device object, or no longer one");
        return device;
    }
    return top_of(device);
}

PDEVICE_OBJECT NTAPI IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject)
{
    DQ_ENTER(IoGetAttachedDevice, DeviceObject, 0, 0, 0, DeviceObject);
    return find_top(cpu, DeviceObject, DQ_CALL_PLACE);
}

PDEVICE_OBJECT NTAPI IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT top;

    DQ_ENTER(IoGetAttachedDeviceReference, DeviceObject, 0, 0, 0, DeviceObject);
    top = find_top(cpu, DeviceObject, DQ_CALL_PLACE);
    top->ReferenceCount++;
    return top;
}

PDEVICE_OBJECT NTAPI IoGetRelatedDeviceObject(PFILE_OBJECT FileObject)
{
    const void *place = DQ_CALL_PLACE;

    DQ_ENTER(IoGetRelatedDeviceObject, FileObject, 0, 0, 0, NULL);
    return dq_file_check(cpu, FileObject, place)
               ? find_top(cpu, FileObject->DeviceObject, place)
               : NULL;
}

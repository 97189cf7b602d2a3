/*
 * bus.c - the driver of the test's physical device objects, written as a bus driver would be: it
 * completes what reaches the bottom of a stack.
 *
 * What it does not know it completes with the status that the request came with.
 */
#include "io/io.h"
#include "io/pci.h"
#include "ke/ki.h"

enum { POOL_TAG = 0x73755242 }; /* "BRus" */

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* ---- Plug and Play --------------------------------------------------------------------------- */

static NTSTATUS tell_target(PDEVICE_OBJECT device, PIRP irp)
{
    PDEVICE_RELATIONS relations =
        ExAllocatePoolZero(PagedPool, sizeof(DEVICE_RELATIONS), POOL_TAG);

    if (relations == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ObReferenceObject(device);
    relations->Count = 1;
    relations->Objects[0] = device;
    irp->IoStatus.Information = (ULONG_PTR)relations;
    return STATUS_SUCCESS;
}

/* A device that knows D0 and D3, and whose children need no numbers. */
static NTSTATUS tell_capabilities(PDEVICE_CAPABILITIES capabilities)
{
    if (capabilities->Version != 1 || capabilities->Size < sizeof(DEVICE_CAPABILITIES)) {
        return STATUS_UNSUCCESSFUL;
    }
    capabilities->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    for (unsigned i = PowerSystemSleeping1; i < PowerSystemMaximum; i++) {
        capabilities->DeviceState[i] = PowerDeviceD3;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_EJECT:
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        return complete(irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_CAPABILITIES:
        return complete(irp, tell_capabilities(stack->Parameters.DeviceCapabilities.Capabilities));
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (stack->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation) {
            return complete(irp, tell_target(device, irp));
        }
        return complete(irp, irp->IoStatus.Status);
    case IRP_MN_QUERY_INTERFACE:
        return complete(irp, dq_bus_query_interface(device, irp));
    case IRP_MN_READ_CONFIG:
        return complete(irp, dq_pci_read_config(device, irp));
    case IRP_MN_WRITE_CONFIG:
        return complete(irp, dq_pci_write_config(device, irp));
    case IRP_MN_QUERY_BUS_INFORMATION:
        return complete(irp, dq_pci_query_bus(device, irp));
    default:
        return complete(irp, irp->IoStatus.Status);
    }
}

/* ---- Power, and others ----------------------------------------------------------------------- */

static NTSTATUS NTAPI dispatch_power(PDEVICE_OBJECT device, PIRP irp)
{
    const UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;

    (void)device;
    if (minor == IRP_MN_SET_POWER || minor == IRP_MN_QUERY_POWER) {
        return complete(irp, STATUS_SUCCESS);
    }
    return complete(irp, irp->IoStatus.Status);
}

static NTSTATUS NTAPI dispatch_system_control(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete(irp, irp->IoStatus.Status);
}

PDRIVER_OBJECT dq_bus_driver(dq_machine *machine)
{
    dq_io *io = dq_io_of(machine);

    if (io == NULL) {
        return NULL;
    }
    io->bus.Type = IO_TYPE_DRIVER;
    io->bus.Size = sizeof(DRIVER_OBJECT);
    io->bus.MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    io->bus.MajorFunction[IRP_MJ_POWER] = dispatch_power;
    io->bus.MajorFunction[IRP_MJ_SYSTEM_CONTROL] = dispatch_system_control;
    return &io->bus;
}

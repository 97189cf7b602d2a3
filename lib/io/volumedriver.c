/*
 * volumedriver.c - the dispatch routines of the volume's device.
 *
 * A request is completed at once, unless the test has given the volume a latency: then it is marked
 * pending, and done by a DPC that much later.
 */
#include "io/io.h"
#include "io/irp.h"
#include "io/volume.h"
#include "ke/keep.h"
#include "ke/ki.h"

/* A request that is done later. */
typedef struct later {
    PIRP irp;
    dq_deadline deadline;
    KDPC dpc;
    uint8_t processor;
} later;

/* ---- Reading and writing --------------------------------------------------------------------- */

/* As the device that the request was made for wanted it. */
static void *buffer_of(const IRP *irp)
{
    if (irp->MdlAddress != NULL) {
        return MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    }
    return (irp->Flags & IRP_BUFFERED_IO) != 0 ? irp->AssociatedIrp.SystemBuffer : irp->UserBuffer;
}

static NTSTATUS read(PIRP irp, const IO_STACK_LOCATION *stack)
{
    dq_node *node = stack->FileObject->FsContext;
    const int64_t offset = stack->Parameters.Read.ByteOffset.QuadPart;
    const ULONG length = stack->Parameters.Read.Length;

    if (offset < 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (length > 0 && (uint64_t)offset >= node->bytes) {
        return STATUS_END_OF_FILE;
    }
    irp->IoStatus.Information = dq_node_read(node, (uint64_t)offset, buffer_of(irp), length);
    node->read_100ns = (int64_t)dq_timer_system_100ns(dq_self->machine);
    return STATUS_SUCCESS;
}

static NTSTATUS write(PIRP irp, const IO_STACK_LOCATION *stack)
{
    const PFILE_OBJECT file = stack->FileObject;
    const ULONG length = stack->Parameters.Write.Length;
    const LARGE_INTEGER wanted = stack->Parameters.Write.ByteOffset;
    const bool at_end = wanted.HighPart == -1 && wanted.LowPart == FILE_WRITE_TO_END_OF_FILE;
    dq_node *node = file->FsContext;
    const uint64_t offset = at_end ? node->bytes : (uint64_t)wanted.QuadPart;
    NTSTATUS status;

    if (wanted.QuadPart < 0 && !at_end) {
        return STATUS_INVALID_PARAMETER;
    }
    status = dq_node_write(dq_self->machine, node, offset, buffer_of(irp), length);
    if (NT_SUCCESS(status)) {
        irp->IoStatus.Information = length;
        if (at_end && (file->Flags & FO_SYNCHRONOUS_IO) != 0) {
            file->CurrentByteOffset.QuadPart = (LONGLONG)(offset + length);
        }
    }
    return status;
}

/* ---- One request ----------------------------------------------------------------------------- */

static NTSTATUS failure_of(const dq_volume *volume, const IO_STACK_LOCATION *stack)
{
    const PFILE_OBJECT file = stack->FileObject;
    const dq_node *node = file != NULL ? file->FsContext : NULL;

    if (stack->MajorFunction == IRP_MJ_CLEANUP || stack->MajorFunction == IRP_MJ_CLOSE) {
        return STATUS_SUCCESS;
    }
    return node != NULL && node->failure != STATUS_SUCCESS ? node->failure : volume->failure;
}

/* Needs a file or a directory: what is done to the volume itself is refused. */
static NTSTATUS perform_on_node(dq_volume *volume, PIRP irp, const IO_STACK_LOCATION *stack)
{
    const dq_node *node = stack->FileObject != NULL ? stack->FileObject->FsContext : NULL;
    dq_machine *machine = dq_self->machine;

    if (node == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (irp->MdlAddress != NULL && buffer_of(irp) == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES; /* A filter wants MDLs, and they cannot be mapped. */
    }
    switch (stack->MajorFunction) {
    case IRP_MJ_READ:
        return node->directory ? STATUS_INVALID_DEVICE_REQUEST : read(irp, stack);
    case IRP_MJ_WRITE:
        return node->directory ? STATUS_INVALID_DEVICE_REQUEST : write(irp, stack);
    case IRP_MJ_QUERY_INFORMATION:
        return dq_volume_query(irp, stack);
    case IRP_MJ_SET_INFORMATION:
        return dq_volume_set(volume, machine, irp, stack);
    case IRP_MJ_DIRECTORY_CONTROL:
        return dq_volume_list(machine, irp, stack, buffer_of(irp));
    default:
        return STATUS_SUCCESS; /* IRP_MJ_FLUSH_BUFFERS. */
    }
}

/* As above, but for the times that who opened the file wants left alone: FILE_BASIC_INFORMATION. */
static NTSTATUS perform_and_keep_times(dq_volume *volume, PIRP irp, const IO_STACK_LOCATION *stack)
{
    const dq_opening *opening = stack->FileObject != NULL ? stack->FileObject->FsContext2 : NULL;
    dq_node *node = stack->FileObject != NULL ? stack->FileObject->FsContext : NULL;
    const dq_node before = node != NULL ? *node : (dq_node){ 0 };
    const NTSTATUS status = perform_on_node(volume, irp, stack);
    const bool sets_them = stack->MajorFunction == IRP_MJ_SET_INFORMATION &&
                           stack->Parameters.SetFile.FileInformationClass == FileBasicInformation;

    if (node != NULL && opening != NULL && !sets_them) {
        node->read_100ns = opening->keeps_read ? before.read_100ns : node->read_100ns;
        node->written_100ns = opening->keeps_written ? before.written_100ns : node->written_100ns;
        node->changed_100ns = opening->keeps_changed ? before.changed_100ns : node->changed_100ns;
    }
    return status;
}

static NTSTATUS perform(dq_volume *volume, PIRP irp)
{
    const IO_STACK_LOCATION *stack = IoGetCurrentIrpStackLocation(irp);
    dq_machine *machine = dq_self->machine;
    NTSTATUS status = failure_of(volume, stack);

    irp->IoStatus.Information = 0;
    if (!NT_SUCCESS(status)) {
        return status;
    }
    switch (stack->MajorFunction) {
    case IRP_MJ_CREATE:
        return dq_volume_create(volume, machine, irp, stack);
    case IRP_MJ_CLEANUP:
        dq_volume_cleanup(machine, stack->FileObject);
        return STATUS_SUCCESS;
    case IRP_MJ_CLOSE:
        dq_volume_close(machine, stack->FileObject);
        return STATUS_SUCCESS;
    default:
        return perform_and_keep_times(volume, irp, stack);
    }
}

/* Who made the request has given its buffers. */
static NTSTATUS perform_for_maker(dq_volume *volume, PIRP irp)
{
    const dq_irp *record = dq_irp_find(dq_self->machine, irp);
    DQ_TOUCHES_GIVEN(record->service, record->place);

    return perform(volume, irp);
}

static NTSTATUS complete(dq_volume *volume, PIRP irp)
{
    const NTSTATUS status = perform_for_maker(volume, irp);

    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* ---- Later ----------------------------------------------------------------------------------- */

static void come_due(dq_machine *machine, dq_deadline *deadline)
{
    later *l = deadline->owner;

    (void)dq_dpc_insert(&machine->processors[l->processor], &l->dpc, NULL, NULL);
}

/* The DPC's routine. */
static void complete_later(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    DQ_INSIDE(dq_self->live);
    later *l = context;
    const PIRP irp = l->irp;
    dq_machine *machine = dq_self->machine;

    (void)dpc;
    (void)argument1;
    (void)argument2;
    dq_keep_drop(machine, l);
    (void)complete(dq_io_of(machine)->volume, irp);
}

static bool postpone(dq_processor *cpu, const dq_volume *volume, PIRP irp)
{
    later *l = dq_keep(cpu->machine, sizeof(*l));

    if (l == NULL) {
        return false;
    }
    l->irp = irp;
    l->processor = cpu->number;
    l->deadline = (dq_deadline){ .priority = DQ_PRIORITY_TIMER, .fire = come_due, .owner = l };
    dq_dpc_initialise(cpu, &l->dpc, complete_later, l);
    if (!dq_clock_set(cpu->machine, &l->deadline,
                      cpu->machine->clock.now_ns + volume->latency_ns)) {
        dq_keep_drop(cpu->machine, l);
        return false;
    }
    return true;
}

static bool takes_time(const dq_volume *volume, const IO_STACK_LOCATION *stack)
{
    return volume->latency_ns > 0 &&
           (stack->MajorFunction == IRP_MJ_READ || stack->MajorFunction == IRP_MJ_WRITE ||
            stack->MajorFunction == IRP_MJ_FLUSH_BUFFERS);
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    DQ_INSIDE(dq_self->live);
    dq_volume *volume = dq_io_of(dq_self->machine)->volume;

    (void)device;
    if (takes_time(volume, IoGetCurrentIrpStackLocation(irp))) {
        IoMarkIrpPending(irp);
        if (postpone(dq_self, volume, irp)) {
            return STATUS_PENDING;
        }
        (void)complete(volume, irp);
        return STATUS_PENDING;
    }
    return complete(volume, irp);
}

void dq_volume_driver_init(DRIVER_OBJECT *driver)
{
    static const UCHAR majors[] = {
        IRP_MJ_CREATE,        IRP_MJ_CLEANUP,         IRP_MJ_CLOSE,
        IRP_MJ_READ,          IRP_MJ_WRITE,           IRP_MJ_QUERY_INFORMATION,
        IRP_MJ_FLUSH_BUFFERS, IRP_MJ_SET_INFORMATION, IRP_MJ_DIRECTORY_CONTROL
    };

    driver->Type = IO_TYPE_DRIVER;
    driver->Size = sizeof(DRIVER_OBJECT);
    for (size_t i = 0; i < RTL_NUMBER_OF(majors); i++) {
        driver->MajorFunction[majors[i]] = dispatch;
    }
}

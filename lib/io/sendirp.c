/*
 * sendirp.c - IoCallDriver: the next stack location becomes the current one, and the dispatch
 * routine of the device's driver is called.
 *
 * The device stays in memory until its dispatch routine has returned, though that may delete it.
 */
#include "io/io.h"
#include "io/irp.h"
#include "ke/ki.h"

/* The dispatch routine of a driver that has none for this major function. */
static NTSTATUS NTAPI refuse(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static PDRIVER_DISPATCH routine_of(const DEVICE_OBJECT *device, const IO_STACK_LOCATION *stack)
{
    PDRIVER_DISPATCH routine = NULL;

    if (stack->MajorFunction <= IRP_MJ_MAXIMUM_FUNCTION) {
        routine = device->DriverObject->MajorFunction[stack->MajorFunction];
    }
    return routine != NULL ? routine : refuse;
}

/* The IRP leaves whoever sends it. */
static void leave_sender(dq_processor *cpu, dq_irp *record, dq_irp_frame **sender,
                         const void *place)
{
    const IRP *irp = record->irp;

    *sender = dq_irp_frame_of(cpu, irp);
    if (*sender != NULL && !(*sender)->completed) {
        (*sender)->forwarded = true;
        (*sender)->lower_returned = false;
        (*sender)->back = false;
    }
    if (!record->sent) {
        record->base = irp->CurrentLocation;
        record->event_was_set =
            irp->UserEvent != NULL && irp->UserEvent->Header.SignalState > 0;
    } else {
        dq_irp_stage_at(record, irp->CurrentLocation)->forwarded = true;
    }
    record->sent = true;
    record->dispatched = true;
    record->sent_place = place;
}

static NTSTATUS call(dq_processor *cpu, const dq_irp_frame *frame, PDEVICE_OBJECT device, PIRP irp)
{
    PDRIVER_DISPATCH routine = (PDRIVER_DISPATCH)(uintptr_t)frame->routine;
    const unsigned depth = dq_guest_begin(cpu);
    const NTSTATUS status = routine(device, irp);

    dq_guest_end(depth);
    return status;
}

/* Whoever sent the request and still waits for it may have missed its end: "devtest" has no name
 * for it, bug check 0xC9 has 0x307. */
static void check_event(dq_processor *cpu, const dq_irp *record, PIRP irp, const void *place)
{
    dq_irp_accuse(cpu,
                  &(dq_irp_error){ .rule = "IrpEvent",
                                   .severity = DQ_ERROR,
                                   .code = 0x307,
                                   .p2 = (uintptr_t)place,
                                   .p3 = (uintptr_t)irp,
                                   .place = place },
                  "a request was sent whose event was set already, and IoCallDriver returned "
                  "STATUS_PENDING: a wait would not wait for it. %s was given the event",
                  dq_service_name(record->service));
}

/* Only if the IRP has not been completed meanwhile, up to the driver that was called. */
static void note_return(const dq_irp_frame *frame, NTSTATUS status)
{
    dq_irp_stage *stage;

    if (!frame->completed && frame->record->alive) {
        stage = dq_irp_stage_at(frame->record, frame->level);
        stage->returned = true;
        stage->status = status;
        stage->routine = frame->routine;
    }
}

NTSTATUS dq_irp_send(dq_processor *cpu, PDEVICE_OBJECT device, PIRP irp, dq_service service,
                     const void *place)
{
    dq_machine *machine = cpu->machine;
    dq_irp *record = dq_irp_check(cpu, irp, 0x03, place);
    const dq_irp_entry entry = dq_irp_enter(cpu);
    dq_irp_frame frame = { 0 }, *sender;
    PIO_STACK_LOCATION stack;
    bool event_was_set, first;
    NTSTATUS status;

    (void)service;
    if (record == NULL || !dq_irp_check_send(cpu, record, device, place)) {
        return STATUS_INVALID_PARAMETER;
    }
    first = !record->sent;
    leave_sender(cpu, record, &sender, place);
    event_was_set = first && record->event_was_set && record->origin == DQ_IRP_THREADED;
    irp->CurrentLocation--;
    stack = --irp->Tail.Overlay.CurrentStackLocation;
    stack->DeviceObject = device;
    dq_irp_enter_location(dq_irp_stage_at(record, irp->CurrentLocation), stack);
    frame.device = device;
    frame.level = irp->CurrentLocation;
    frame.routine = DQ_CODE(routine_of(device, stack));
    dq_device_object_hold(machine, device);
    dq_irp_frame_begin(cpu, &frame, record);
    status = call(cpu, &frame, device, irp);
    cpu = dq_self;
    dq_irp_frame_end(machine, &frame);
    note_return(&frame, status);
    if (sender != NULL && sender->forwarded) {
        sender->lower = status;
        sender->lower_returned = true;
    }
    dq_irp_check_return(cpu, &entry, &frame, place);
    dq_irp_check_dispatch(cpu, &frame, status, place);
    if (event_was_set && status == STATUS_PENDING) {
        check_event(cpu, record, irp, place);
    }
    dq_device_object_release(machine, device);
    return status;
}

NTSTATUS FASTCALL IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    DQ_ENTER(IoCallDriver, DeviceObject, Irp, 0, 0, STATUS_UNSUCCESSFUL);
    return dq_irp_send(cpu, DeviceObject, Irp, DQ_SERVICE_IoCallDriver,
                       DQ_CALL_PLACE);
}

/* Since Windows Vista, the same. A driver whose device is pageable is called at PASSIVE_LEVEL. */
NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    DQ_ENTER(PoCallDriver, DeviceObject, Irp, 0, 0, STATUS_UNSUCCESSFUL);
    return dq_irp_send(cpu, DeviceObject, Irp, DQ_SERVICE_PoCallDriver,
                       DQ_CALL_PLACE);
}

/* Since Windows Vista, nothing is left to do. */
VOID NTAPI PoStartNextPowerIrp(PIRP Irp)
{
    DQ_ENTER(PoStartNextPowerIrp, Irp, Irp, 0, 0, DQ_VOID);
    (void)dq_irp_check(cpu, Irp, 0, DQ_CALL_PLACE);
}

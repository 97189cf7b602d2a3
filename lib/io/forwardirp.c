/*
 * forwardirp.c - what drivers do around IoCallDriver: IoForwardIrpSynchronously, and completion
 * routines that keep their driver loaded.
 */
#include "ex/pool.h"
#include "io/io.h"
#include "io/irp.h"
#include "ke/ki.h"

enum { POOL_TAG = 0x78436F49 }; /* "IoCx" */

/* ---- IoForwardIrpSynchronously --------------------------------------------------------------- */

static NTSTATUS NTAPI wake(PDEVICE_OBJECT device, PIRP irp, PVOID event)
{
    (void)device;
    (void)irp;
    (void)KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN NTAPI IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    const void *place = DQ_CALL_PLACE;
    KEVENT event;

    DQ_ENTER(IoForwardIrpSynchronously, DeviceObject, Irp, 0, 0, FALSE);
    if (dq_irp_check(cpu, Irp, 0x03, place) == NULL || Irp->CurrentLocation <= 1 ||
        Irp->CurrentLocation > Irp->StackCount) {
        return FALSE;
    }
    dq_wait_header_init(&event.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, wake, &event, TRUE, TRUE, TRUE);
    if (dq_irp_send(cpu, DeviceObject, Irp, DQ_SERVICE_IoForwardIrpSynchronously, place) ==
        STATUS_PENDING) {
        (void)dq_wait_for_matter(dq_self, &event, DQ_SERVICE_IoForwardIrpSynchronously, place,
                                 &(dq_wait_matter){ .what = "the completion of an IRP" });
    }
    return TRUE;
}

/* ---- IoSetCompletionRoutineEx ---------------------------------------------------------------- */

/* Pool of the driver's: if the request is never sent, it is a leak. */
typedef struct extended {
    PIO_COMPLETION_ROUTINE routine;
    PVOID context;
    PDEVICE_OBJECT device;
    BOOLEAN on_success, on_error, on_cancel;
} extended;

static bool is_wanted(const extended *e, const IRP *irp)
{
    return (e->on_success && NT_SUCCESS(irp->IoStatus.Status)) ||
           (e->on_error && !NT_SUCCESS(irp->IoStatus.Status)) || (e->on_cancel && irp->Cancel);
}

static extended take(PVOID context)
{
    DQ_INSIDE(dq_self->live);
    const extended e = *(const extended *)context;

    dq_pool_give_back(dq_self, context, POOL_TAG, DQ_CODE(e.routine));
    return e;
}

static void let_go(PDEVICE_OBJECT device)
{
    DQ_INSIDE(dq_self->live);

    dq_device_object_release(dq_self->machine, device);
}

static NTSTATUS NTAPI call_extended(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    const extended e = take(context);
    NTSTATUS status = STATUS_SUCCESS;

    if (is_wanted(&e, irp)) {
        status = e.routine(device, irp, e.context);
    } else if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount) {
        IoMarkIrpPending(irp);
    }
    let_go(e.device);
    return status;
}

const void *dq_irp_completion_routine(const IO_STACK_LOCATION *below)
{
    return below->CompletionRoutine == call_extended
               ? DQ_CODE(((const extended *)below->Context)->routine)
               : DQ_CODE(below->CompletionRoutine);
}

NTSTATUS NTAPI IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                        PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                        BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                                        BOOLEAN InvokeOnCancel)
{
    const void *place = DQ_CALL_PLACE;
    const dq_irp_frame *frame;
    extended *e;

    DQ_ENTER(IoSetCompletionRoutineEx, DeviceObject, Irp, (uintptr_t)CompletionRoutine, 0,
             STATUS_UNSUCCESSFUL);
    if (dq_irp_check(cpu, Irp, 0, place) == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    frame = dq_irp_frame_of(cpu, Irp);
    if (frame != NULL && frame->device != NULL && frame->device != DeviceObject) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "IoSetCompletionRoutineExCheckDeviceObject",
                                       .severity = DQ_ERROR,
                                       .place = place },
                      "IoSetCompletionRoutineEx was given another device object than the one that "
                      "the request was sent to: it is the driver of this one that must stay");
    }
    e = dq_pool_allocate(cpu, NonPagedPoolNx, sizeof(*e), POOL_TAG, place);
    if (e == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *e = (extended){ CompletionRoutine, Context,       DeviceObject,
                     InvokeOnSuccess,   InvokeOnError, InvokeOnCancel };
    dq_device_object_hold(cpu->machine, DeviceObject);
    IoSetCompletionRoutine(Irp, call_extended, e, TRUE, TRUE, TRUE);
    return STATUS_SUCCESS;
}

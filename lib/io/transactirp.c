/*
 * transactirp.c - a request of the I/O manager's own: sent to the top of a device's stack, and
 * waited for.
 */
#include "io/io.h"
#include "io/irp.h"
#include "ke/ki.h"

NTSTATUS dq_irp_transact(dq_processor *cpu, const dq_irp_transaction *t, ULONG_PTR *information)
{
    const dq_service service = cpu->execution->service;
    PDEVICE_OBJECT device = dq_device_top(t->device);
    IO_STATUS_BLOCK status_block = { .Status = STATUS_UNSUCCESSFUL };
    PIO_STACK_LOCATION stack;
    NTSTATUS status;
    dq_irp *record;
    KEVENT event;

    record = dq_irp_make(cpu, device->StackSize, DQ_IRP_THREADED, service, t->place);
    if (record == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    dq_wait_header_init(&event.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    record->thread = dq_thread_current(cpu);
    record->irp->Tail.Overlay.Thread = (PETHREAD)record->thread;
    record->irp->Tail.Overlay.OriginalFileObject = t->file;
    record->irp->UserIosb = &status_block;
    record->irp->UserEvent = &event;
    record->irp->IoStatus.Status = t->status;
    record->irp->RequestorMode = t->mode;
    stack = IoGetNextIrpStackLocation(record->irp);
    stack->MajorFunction = t->major;
    stack->MinorFunction = t->minor;
    stack->FileObject = t->file;
    if (t->fill != NULL) {
        t->fill(record->irp, stack, t->context);
    }
    status = dq_irp_send(cpu, device, record->irp, service, t->place);
    if (status == STATUS_PENDING) {
        (void)dq_wait_for_matter(dq_self, &event, service, t->place,
                                 &(dq_wait_matter){ .what = "the completion of its IRP" });
        status = status_block.Status;
    }
    if (information != NULL) {
        *information = status_block.Information;
    }
    return status;
}

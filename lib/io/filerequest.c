/*
 * filerequest.c - a request to an open file: sent to the top of its device's stack; waited for, or
 * not.
 *
 * A file that was opened for synchronous requests takes one at a time. Where nobody waits, the
 * event that the caller gave is set at the end, or else the file object's.
 */
#include "io/file.h"

#include "ex/executive.h"
#include "io/io.h"
#include "io/irp.h"
#include "ke/ki.h"

/* ---- Findings -------------------------------------------------------------------------------- */

void dq_file_check_use(dq_processor *cpu, const FILE_OBJECT *file, ACCESS_MASK needed,
                       const void *place)
{
    const char *service = dq_service_name(cpu->execution->service);
    const ACCESS_MASK access = dq_file_access(file);
    dq_finding finding = { .severity = DQ_WARNING, .page = service, .place = place };

    if (!dq_attends(cpu, DQ_ATTEND_SINKS)) {
        return;
    }
    if (file->DeletePending) {
        finding.rule = "FileDeletePending";
        dq_find(cpu, &finding,
                "%s was called with the handle of a file that is marked for deletion", service);
    } else if (needed != 0 && (needed & access) == 0) {
        finding.rule = "FileAccess";
        dq_find(cpu, &finding,
                "%s needs access 0x%X to a file, but this handle was opened for 0x%X", service,
                needed, access);
    }
}

/* ---- One at a time --------------------------------------------------------------------------- */

/* Returns whether the file was taken. */
static bool take(dq_processor *cpu, PFILE_OBJECT file, const void *place)
{
    const dq_service service = cpu->execution->service;

    if ((file->Flags & FO_SYNCHRONOUS_IO) == 0) {
        return false;
    }
    while (file->Busy != 0) {
        file->Waiters++;
        (void)dq_wait_for_matter(
            dq_self, &file->Lock, service, place,
            &(dq_wait_matter){ .what = "a file that another request is at work on" });
        file->Waiters--;
    }
    file->Busy = 1;
    return true;
}

static void give_back(PFILE_OBJECT file)
{
    file->Busy = 0;
    if (file->Waiters > 0) {
        dq_signal(dq_self, &file->Lock);
    }
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* A request on its way. */
typedef struct sending {
    dq_irp *record;
    dq_object *event; /* Of the caller's handle, with a reference; or NULL. */
    KEVENT done;      /* If it is waited for. */
    IO_STATUS_BLOCK status_block;
} sending;

static NTSTATUS find_event(dq_processor *cpu, HANDLE handle, dq_object **event)
{
    dq_object *object = dq_handle_object(cpu->machine, handle);

    *event = NULL;
    if (handle == NULL) {
        return STATUS_SUCCESS;
    }
    if (object == NULL) {
        return dq_handle_refuse(cpu, handle);
    }
    if (object->type != *ExEventObjectType) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    object->references++;
    *event = object;
    return STATUS_SUCCESS;
}

static bool set_buffer(dq_processor *cpu, dq_irp *record, const dq_file_call *call,
                       PDEVICE_OBJECT device)
{
    const dq_irp_buffer buffer = { .device = device,
                                   .address = call->buffer,
                                   .bytes = call->bytes,
                                   .input = call->input,
                                   .output = call->output,
                                   .place = call->place };

    if (!call->input && !call->output) {
        return true;
    }
    return call->copy ? dq_irp_set_copy(cpu, record, &buffer)
                      : dq_irp_set_buffer(cpu, record, &buffer);
}

static bool make(dq_processor *cpu, const dq_file_call *call, sending *s)
{
    PDEVICE_OBJECT device = dq_device_top(call->file->DeviceObject);
    PIO_STACK_LOCATION stack;
    PIRP irp;

    s->record = dq_irp_allocate(cpu, device->StackSize, DQ_IRP_THREADED, cpu->execution->service,
                                call->place);
    if (s->record == NULL) {
        return false;
    }
    irp = s->record->irp;
    s->record->thread = dq_thread_current(cpu);
    irp->Tail.Overlay.Thread = (PETHREAD)s->record->thread;
    irp->Tail.Overlay.OriginalFileObject = call->file;
    irp->Flags |= (call->file->Flags & FO_NO_INTERMEDIATE_BUFFERING) != 0 ? IRP_NOCACHE : 0;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = call->major;
    stack->MinorFunction = call->minor;
    stack->FileObject = call->file;
    if (!set_buffer(cpu, s->record, call, device)) {
        dq_irp_free(cpu, s->record, cpu->execution->service, call->place);
        return false;
    }
    if (call->fill != NULL) {
        call->fill(irp, stack, call->context);
    }
    return true;
}

static void give_status(const dq_file_call *call, dq_service service,
                        const IO_STATUS_BLOCK *result, NTSTATUS status)
{
    DQ_TOUCHES_GIVEN(service, call->place);

    *call->status_block = *result;
    call->status_block->Status = status;
}

static NTSTATUS send_and_wait(dq_processor *cpu, const dq_file_call *call, sending *s)
{
    const dq_service service = cpu->execution->service;
    PIRP irp = s->record->irp;
    NTSTATUS status;

    dq_wait_header_init(&s->done.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    irp->Flags |= IRP_SYNCHRONOUS_API;
    irp->UserIosb = &s->status_block;
    irp->UserEvent = &s->done;
    status = dq_irp_send(cpu, dq_device_top(call->file->DeviceObject), irp, service, call->place);
    if (status == STATUS_PENDING || s->done.Header.SignalState == 0) {
        /* Also what is completed has its end in this thread: without special APCs, never. */
        (void)dq_wait_for_matter(dq_self, &s->done, service, call->place,
                                 &(dq_wait_matter){ .what = "the completion of its IRP" });
        status = s->status_block.Status;
    }
    give_status(call, service, &s->status_block, status);
    if (s->event != NULL) {
        dq_signal(dq_self, (PKEVENT)(uintptr_t)s->event->pointer);
    }
    dq_signal(dq_self, &call->file->Event);
    if (call->finish != NULL) {
        call->finish(call->context, status);
    }
    return status;
}

/* Whoever gets STATUS_PENDING finds the result in the status block when the event is set. */
static NTSTATUS send_only(dq_processor *cpu, const dq_file_call *call, sending *s)
{
    PIRP irp = s->record->irp;

    irp->UserIosb = call->status_block;
    irp->UserEvent = s->event != NULL ? (PKEVENT)(uintptr_t)s->event->pointer : &call->file->Event;
    s->record->held[0] = s->event;
    s->record->held[1] = dq_file_hold(call->file);
    s->event = NULL;
    call->status_block->Status = STATUS_PENDING;
    call->status_block->Information = 0;
    return dq_irp_send(cpu, dq_device_top(call->file->DeviceObject), irp, cpu->execution->service,
                       call->place);
}

static NTSTATUS send(dq_processor *cpu, const dq_file_call *call, sending *s)
{
    if (!make(cpu, call, s)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    call->file->Event.Header.SignalState = 0;
    if (s->event != NULL) {
        ((PKEVENT)(uintptr_t)s->event->pointer)->Header.SignalState = 0;
    }
    return call->waits || (call->file->Flags & FO_SYNCHRONOUS_IO) != 0 ? send_and_wait(cpu, call, s)
                                                                       : send_only(cpu, call, s);
}

NTSTATUS dq_file_ask(dq_processor *cpu, const dq_file_call *call)
{
    sending s = { .record = NULL };
    NTSTATUS status = find_event(cpu, call->event, &s.event);
    dq_object *held;
    bool taken;

    if (!NT_SUCCESS(status)) {
        return status;
    }
    held = dq_file_hold(call->file); /* The handle may be closed meanwhile. */
    taken = take(cpu, call->file, call->place);
    status = send(dq_self, call, &s);
    if (taken) {
        give_back(call->file);
    }
    if (s.event != NULL) {
        (void)dq_object_release(dq_self->machine, s.event);
    }
    (void)dq_object_release(dq_self->machine, held);
    if (dq_must_look(dq_self, dq_self->irql)) {
        (void)dq_deliver(dq_self);
    }
    return status;
}

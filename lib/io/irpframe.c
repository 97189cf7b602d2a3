/*
 * irpframe.c - which driver's routines are being called with which IRP.
 *
 * Calls nest within an execution, and executions interrupt each other: the innermost frame of an
 * execution is the routine that its code is in.
 */
#include "io/io.h"
#include "io/irp.h"

static dq_irp_frame **frames_of(dq_machine *machine)
{
    return &dq_io_of(machine)->irps.frames;
}

void dq_irp_frame_begin(dq_processor *cpu, dq_irp_frame *frame, dq_irp *record)
{
    dq_irp_frame **first = frames_of(cpu->machine);

    frame->record = record;
    frame->irp = record->irp;
    frame->execution = cpu->execution;
    frame->next = *first;
    *first = frame;
}

void dq_irp_frame_end(dq_machine *machine, dq_irp_frame *frame)
{
    dq_irp_frame **link = frames_of(machine);

    while (*link != frame) {
        link = &(*link)->next;
    }
    *link = frame->next;
}

dq_irp_frame *dq_irp_frame_of(const dq_processor *cpu, const IRP *irp)
{
    dq_irp_frame *frame = *frames_of(cpu->machine);

    while (frame != NULL && frame->execution != cpu->execution) {
        frame = frame->next;
    }
    return frame != NULL && frame->irp == irp ? frame : NULL;
}

void dq_irp_frames_pass(dq_machine *machine, const dq_irp *record, int level)
{
    const IRP *irp = record->irp;
    const UCHAR control = irp->Tail.Overlay.CurrentStackLocation->Control;

    for (dq_irp_frame *f = *frames_of(machine); f != NULL; f = f->next) {
        if (f->record == record && f->level == level && !f->completion && !f->completed) {
            f->completed = true;
            f->back = true;
            f->status = irp->IoStatus.Status;
            f->marked = (control & SL_PENDING_RETURNED) != 0;
        }
    }
}

void dq_irp_frames_return(dq_machine *machine, const dq_irp *record, int level)
{
    for (dq_irp_frame *f = *frames_of(machine); f != NULL; f = f->next) {
        if (f->record == record && f->level == level) {
            f->back = true;
        }
    }
}

void dq_irp_frames_forget(const dq_processor *cpu)
{
    dq_irp_frame **link = frames_of(cpu->machine);

    while (*link != NULL) {
        if ((*link)->execution == cpu->execution) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
}

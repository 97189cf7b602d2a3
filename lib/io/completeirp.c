/*
 * completeirp.c - IoCompleteRequest: up the stack of drivers, to each one's completion routine.
 *
 * A routine that returns STATUS_MORE_PROCESSING_REQUIRED keeps the request for its driver; another
 * IoCompleteRequest goes on above it. Who is boosted does not matter here.
 */
#include <string.h>

#include "io/io.h"
#include "io/irp.h"
#include "ke/ki.h"

enum { HISTORY_TEXT = 400 };

static _Noreturn void refuse(dq_processor *cpu, const IRP *irp)
{
    const dq_irp *record = irp != NULL ? dq_irp_find(cpu->machine, irp) : NULL;
    char history[HISTORY_TEXT];

    if (record == NULL) {
        dq_bugcheck(cpu, MULTIPLE_IRP_COMPLETE_REQUESTS, (uintptr_t)irp, 0, 0, 0,
                    "IoCompleteRequest was given %s",
                    irp == NULL ? "a null pointer" : "a pointer that is no IRP");
    }
    dq_bugcheck(cpu, MULTIPLE_IRP_COMPLETE_REQUESTS, (uintptr_t)irp, 0, 0, 0,
                "an IRP is completed that was completed, or freed, before: %s",
                dq_irp_history(record, history, sizeof(history)));
}

static bool is_wanted(const IO_STACK_LOCATION *stack, const IRP *irp)
{
    return stack->CompletionRoutine != NULL &&
           (((stack->Control & SL_INVOKE_ON_SUCCESS) != 0 && NT_SUCCESS(irp->IoStatus.Status)) ||
            ((stack->Control & SL_INVOKE_ON_ERROR) != 0 && !NT_SUCCESS(irp->IoStatus.Status)) ||
            ((stack->Control & SL_INVOKE_ON_CANCEL) != 0 && irp->Cancel));
}

static NTSTATUS call(dq_processor *cpu, dq_irp *record, const IO_STACK_LOCATION *below,
                     const void *place)
{
    const PIRP irp = record->irp;
    const bool has_own = irp->CurrentLocation <= irp->StackCount;
    const dq_irp_entry entry = dq_irp_enter(cpu);
    PDEVICE_OBJECT device =
        has_own ? irp->Tail.Overlay.CurrentStackLocation->DeviceObject : NULL;
    dq_irp_frame frame = { .device = device,
                           .routine = dq_irp_completion_routine(below),
                           .level = irp->CurrentLocation,
                           .completion = true };
    NTSTATUS status;
    unsigned depth;

    dq_irp_frame_begin(cpu, &frame, record);
    depth = dq_guest_begin(cpu);
    status = below->CompletionRoutine(device, irp, below->Context);
    dq_guest_end(depth);
    dq_irp_frame_end(cpu->machine, &frame);
    dq_irp_check_return(dq_self, &entry, &frame, place);
    return status;
}

/* The driver at the current location is done with the request, which goes one up. Returns that
 * location, and clears the driver's own. */
static IO_STACK_LOCATION step(dq_processor *cpu, dq_irp *record, const void *place)
{
    const PIRP irp = record->irp;
    const PIO_STACK_LOCATION stack = irp->Tail.Overlay.CurrentStackLocation;
    const int level = irp->CurrentLocation;
    IO_STACK_LOCATION below;

    dq_irp_frames_pass(cpu->machine, record, level);
    dq_irp_check_pending(cpu, record, level, (stack->Control & SL_PENDING_RETURNED) != 0, place);
    dq_irp_stage_at(record, level)->returned = false;
    dq_irp_stage_at(record, level)->entered = false;
    below = *stack;
    irp->PendingReturned = (below.Control & SL_PENDING_RETURNED) != 0;
    memset(stack, 0, sizeof(*stack));
    irp->CurrentLocation++;
    irp->Tail.Overlay.CurrentStackLocation++;
    dq_irp_frames_return(cpu->machine, record, irp->CurrentLocation);
    return below;
}

/* True: the routine keeps the request. */
static bool come_back(dq_processor *cpu, dq_irp *record, const IO_STACK_LOCATION *below,
                      const void *place)
{
    const PIRP irp = record->irp;
    const bool makers = irp->CurrentLocation >= record->base;

    if (makers) {
        record->sent = false; /* It is its maker's again. */
    }
    if (is_wanted(below, irp)) {
        return call(cpu, record, below, place) == STATUS_MORE_PROCESSING_REQUIRED;
    }
    if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount) {
        IoMarkIrpPending(irp);
    }
    return false;
}

void dq_irp_complete(dq_processor *cpu, PIRP irp, dq_service service, const void *place)
{
    dq_irp *record = irp != NULL ? dq_irp_find(cpu->machine, irp) : NULL;

    if (record == NULL || !record->alive || record->final || irp->Type != IO_TYPE_IRP ||
        irp->CurrentLocation > irp->StackCount + 1) {
        refuse(cpu, irp);
    }
    dq_irp_check_complete(cpu, record, place);
    while (irp->CurrentLocation <= irp->StackCount) {
        const IO_STACK_LOCATION below = step(cpu, record, place);

        if (come_back(cpu, record, &below, place)) {
            return;
        }
        cpu = dq_self;
    }
    dq_irp_finish(cpu, record, service, place);
}

VOID FASTCALL IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    DQ_ENTER(IoCompleteRequest, Irp, Irp, PriorityBoost, 0, DQ_VOID);
    dq_irp_complete(cpu, Irp, DQ_SERVICE_IoCompleteRequest, DQ_CALL_PLACE);
    if (dq_must_look(dq_self, dq_self->irql)) {
        (void)dq_deliver(dq_self);
    }
}

/*
 * irplocation.c - the stack location that a request is sent on with: there is one, it is set up,
 * and it is nobody else's.
 *
 * A driver that skips its own location lends it to the next driver: what the driver above had put
 * there, to be called when the request comes back, must be there still.
 */
#include <stddef.h>
#include <string.h>

#include "io/io.h"
#include "io/irp.h"
#include "ke/ki.h"

enum { INVOKE = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL };

void dq_irp_enter_location(dq_irp_stage *stage, const IO_STACK_LOCATION *location)
{
    *stage = (dq_irp_stage){ .entered = true,
                             .completion = DQ_CODE(location->CompletionRoutine),
                             .context = location->Context,
                             .invoke = location->Control & INVOKE };
}

/* The driver that sends on has `next` for its own if that was entered, and not come back from. */
static void check_skipped(dq_processor *cpu, dq_irp *record, const IO_STACK_LOCATION *next,
                          const void *place)
{
    const dq_irp_stage *stage = dq_irp_stage_at(record, record->irp->CurrentLocation - 1);

    if (stage->entered &&
        (stage->completion != DQ_CODE(next->CompletionRoutine) || stage->context != next->Context ||
         stage->invoke != (next->Control & INVOKE))) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "IrpStack",
                                       .page = "wdm: IoSkipCurrentIrpStackLocation",
                                       .severity = DQ_ERROR,
                                       .place = place },
                      "a completion routine was set after IoSkipCurrentIrpStackLocation: it is in "
                      "the place of what the driver above, or whoever made the IRP, has set");
    }
}

/* All that a driver reads of its location. */
static bool is_blank(const IO_STACK_LOCATION *location)
{
    static const IO_STACK_LOCATION blank;

    return location->MajorFunction == 0 && location->MinorFunction == 0 && location->Flags == 0 &&
           location->FileObject == NULL &&
           memcmp(&location->Parameters, &blank.Parameters, sizeof(blank.Parameters)) == 0;
}

/* A blank location is a request of IRP_MJ_CREATE that opens nothing. */
static void check_prepared(dq_processor *cpu, const IO_STACK_LOCATION *own,
                           const IO_STACK_LOCATION *next, const void *place)
{
    if (is_blank(next) && !is_blank(own)) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "IrpStack",
                                       .page = "wdm: IofCallDriver",
                                       .severity = DQ_ERROR,
                                       .place = place },
                      "the IRP is sent on with a stack location that nobody has set up: the next "
                      "driver would find major function 0 (IRP_MJ_CREATE) in it, and nothing else");
    }
}

void dq_irp_check_location(dq_processor *cpu, dq_irp *record, const DEVICE_OBJECT *device,
                           const void *place)
{
    const IRP *irp = record->irp;
    const IO_STACK_LOCATION *next = irp->Tail.Overlay.CurrentStackLocation - 1;
    const IO_STACK_LOCATION *own = next + 1;
    const bool has_own = irp->CurrentLocation <= irp->StackCount;
    const IO_STACK_LOCATION *upper =
        has_own && irp->CurrentLocation < irp->StackCount ? own + 1 : NULL;
    dq_irp_error error = { .rule = "IrpStack",
                           .severity = DQ_ERROR,
                           .code = 0x208,
                           .p2 = (uintptr_t)place,
                           .p3 = (uintptr_t)record->irp,
                           .place = place };

    if (irp->CurrentLocation - 1 < device->StackSize) {
        dq_irp_accuse(cpu, &error,
                      "the IRP has %d stack location%s left, and the device that it is sent to "
                      "needs %d (its StackSize)",
                      irp->CurrentLocation - 1, irp->CurrentLocation == 2 ? "" : "s",
                      device->StackSize);
    }
    if ((next->Control & (SL_PENDING_RETURNED | SL_ERROR_RETURNED)) != 0) {
        error.code = 0x206;
        dq_irp_accuse(cpu, &error,
                      "the next driver's stack location is marked pending before it gets it: a "
                      "request that IoMarkIrpPending was called for is sent on with "
                      "IoCopyCurrentIrpStackLocationToNext, not with "
                      "IoSkipCurrentIrpStackLocation, and no location is copied whole");
    }
    if (has_own && own->CompletionRoutine != NULL && next->Control != 0 &&
        next->CompletionRoutine == own->CompletionRoutine && next->Context == own->Context &&
        own->DeviceObject != NULL &&
        (upper == NULL || upper->DeviceObject == NULL ||
         upper->DeviceObject->DriverObject != own->DeviceObject->DriverObject)) {
        error.code = 0x207;
        dq_irp_accuse(cpu, &error,
                      "the IRP is sent on with the upper driver's completion routine: the stack "
                      "location was copied by hand");
    }
    check_skipped(cpu, record, next, place);
    if (has_own && record->sent) {
        check_prepared(cpu, own, next, place);
    }
}

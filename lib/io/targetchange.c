/*
 * targetchange.c - IoReportTargetDeviceChange: custom events of a device, for whoever is registered
 * for it.
 *
 * Who is told sees a copy: the driver's structure is its own again when the service returns.
 */
#include <string.h>

#include "ex/workqueue.h"
#include "io/devnode.h"
#include "io/pnpnotify.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "mm/mdl.h"
#include "sim/fail.h"

typedef struct report {
    PDEVICE_OBJECT pdo;
    PDEVICE_CHANGE_COMPLETE_CALLBACK callback;
    PVOID context;
    TARGET_DEVICE_CUSTOM_NOTIFICATION *copy;
} report;

static bool is_paged(dq_machine *machine, const void *address)
{
    const dq_pool_block *block = dq_mdl_pool_block(machine, address);

    return block != NULL && block->paged;
}

/* NULL, or what is wrong. */
static const char *why_not(const dq_processor *cpu, const TARGET_DEVICE_CUSTOM_NOTIFICATION *event,
                           const void *context)
{
    if (cpu->irql == DISPATCH_LEVEL && is_paged(cpu->machine, event)) {
        return "from paged pool, at DISPATCH_LEVEL";
    }
    if (is_paged(cpu->machine, context)) {
        return "with a context from paged pool";
    }
    if (event->Version != 1) {
        return "whose Version is not 1";
    }
    if (event->Size < FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer)) {
        return "whose Size is less than that of its own fields";
    }
    return event->FileObject != NULL ? "whose FileObject is not NULL" : NULL;
}

/* STATUS_INVALID_DEVICE_REQUEST, also after a finding that was suppressed. */
static NTSTATUS check(dq_processor *cpu, PDEVICE_OBJECT pdo,
                      const TARGET_DEVICE_CUSTOM_NOTIFICATION *event, const void *context,
                      const void *place)
{
    const char *why = why_not(cpu, event, context);

    if (why != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "TargetDeviceChange",
                               .page = "wdm: IoReportTargetDeviceChange",
                               .place = place },
                "%s was given an event %s", dq_service_name(cpu->execution->service), why);
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    return dq_devnode_check(cpu, pdo, place) != NULL && !dq_pnp_is_system_event(&event->Event)
               ? STATUS_SUCCESS
               : STATUS_INVALID_DEVICE_REQUEST;
}

static report *make(dq_processor *cpu, PDEVICE_OBJECT pdo,
                    const TARGET_DEVICE_CUSTOM_NOTIFICATION *event, const void *place)
{
    const size_t bytes = max(event->Size, sizeof(*event));
    report *made = dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)
                       ? NULL
                       : dq_keep(cpu->machine, sizeof(*made) + bytes);

    if (made != NULL) {
        made->pdo = pdo;
        made->copy = (TARGET_DEVICE_CUSTOM_NOTIFICATION *)(made + 1);
        memcpy(made->copy, event, event->Size);
    }
    return made;
}

NTSTATUS NTAPI IoReportTargetDeviceChange(PDEVICE_OBJECT PhysicalDeviceObject,
                                          PVOID NotificationStructure)
{
    const void *place = DQ_CALL_PLACE;
    report *r;
    NTSTATUS status;

    DQ_ENTER(IoReportTargetDeviceChange, PhysicalDeviceObject, 0, 0, 0, STATUS_UNSUCCESSFUL);
    status = check(cpu, PhysicalDeviceObject, NotificationStructure, NULL, place);
    if (status != STATUS_SUCCESS) {
        return status;
    }
    r = make(cpu, PhysicalDeviceObject, NotificationStructure, place);
    if (r == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    dq_pnp_tell_custom(cpu->machine, r->pdo, r->copy);
    dq_keep_drop(dq_self->machine, r);
    return STATUS_SUCCESS;
}

/* ---- Soon after ------------------------------------------------------------------------------ */

static void tell_from_worker(const dq_work *work)
{
    DQ_INSIDE(dq_self->live);
    const report *r = work->parameter;
    unsigned depth;

    dq_self->execution->service = DQ_SERVICE_IoReportTargetDeviceChangeAsynchronous;
    dq_pnp_tell_custom(dq_self->machine, r->pdo, r->copy);
    if (r->callback != NULL) {
        depth = dq_guest_begin(dq_self);
        r->callback(r->context);
        dq_guest_end(depth);
    }
}

static void forget(dq_machine *machine, const dq_work *work)
{
    dq_keep_drop(machine, work->parameter);
}

NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT PhysicalDeviceObject,
                                                      PVOID NotificationStructure,
                                                      PDEVICE_CHANGE_COMPLETE_CALLBACK Callback,
                                                      PVOID Context)
{
    const void *place = DQ_CALL_PLACE;
    report *r;
    NTSTATUS status;

    DQ_ENTER(IoReportTargetDeviceChangeAsynchronous, PhysicalDeviceObject, 0, 0, 0,
             STATUS_UNSUCCESSFUL);
    status = check(cpu, PhysicalDeviceObject, NotificationStructure, Context, place);
    if (status != STATUS_SUCCESS) {
        return status;
    }
    r = make(cpu, PhysicalDeviceObject, NotificationStructure, place);
    if (r == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    r->callback = Callback;
    r->context = Context;
    dq_work_queue_insert(cpu,
                         &(dq_work){ .item = r,
                                     .bytes = sizeof(*r),
                                     .routine = DQ_CODE(tell_from_worker),
                                     .parameter = r,
                                     .call = tell_from_worker,
                                     .done = forget,
                                     .place = place,
                                     .system = true },
                         DelayedWorkQueue);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return STATUS_SUCCESS;
}

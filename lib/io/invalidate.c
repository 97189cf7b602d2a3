/*
 * invalidate.c - what a driver says of its device has changed: the Plug and Play manager asks, on a
 * worker thread.
 */
#include "ex/workqueue.h"
#include "io/devnode.h"
#include "io/irp.h"
#include "ke/keep.h"
#include "ke/ki.h"

typedef struct question {
    PDEVICE_OBJECT pdo;
    UCHAR minor;
    DEVICE_RELATION_TYPE relations;
    dq_service service;
    const void *place;
} question;

static void fill(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    const question *q = context;

    (void)irp;
    if (q->minor == IRP_MN_QUERY_DEVICE_RELATIONS) {
        stack->Parameters.QueryDeviceRelations.Type = q->relations;
    }
}

/* Who made the list has referenced the objects. */
static void drop_relations(PDEVICE_RELATIONS relations)
{
    for (ULONG i = 0; i < relations->Count; i++) {
        ObDereferenceObject(relations->Objects[i]);
    }
    ExFreePool(relations);
}

static void ask(const dq_work *work)
{
    DQ_INSIDE(dq_self->live);
    question *q = work->parameter;
    ULONG_PTR answer = 0;
    NTSTATUS status;

    dq_self->execution->service = q->service;
    status = dq_irp_transact(dq_self,
                             &(dq_irp_transaction){ .device = q->pdo,
                                                    .major = IRP_MJ_PNP,
                                                    .minor = q->minor,
                                                    .status = STATUS_NOT_SUPPORTED,
                                                    .fill = fill,
                                                    .context = q,
                                                    .place = q->place },
                             &answer);
    if (NT_SUCCESS(status) && answer != 0 && q->minor == IRP_MN_QUERY_DEVICE_RELATIONS) {
        drop_relations((PDEVICE_RELATIONS)answer);
    }
}

static void forget(dq_machine *machine, const dq_work *work)
{
    question *q = work->parameter;

    dq_device_object_release(machine, q->pdo);
    dq_keep_drop(machine, q);
}

static void ask_soon(dq_processor *cpu, const question *wanted)
{
    question *q;

    if (dq_devnode_check(cpu, wanted->pdo, wanted->place) == NULL) {
        return;
    }
    q = dq_keep(cpu->machine, sizeof(*q));
    if (q == NULL) {
        return;
    }
    *q = *wanted;
    dq_device_object_hold(cpu->machine, q->pdo);
    dq_work_queue_insert(cpu,
                         &(dq_work){ .item = q,
                                     .bytes = sizeof(*q),
                                     .routine = DQ_CODE(ask),
                                     .parameter = q,
                                     .call = ask,
                                     .done = forget,
                                     .place = q->place,
                                     .system = true },
                         DelayedWorkQueue);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}

VOID NTAPI IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject)
{
    DQ_ENTER(IoInvalidateDeviceState, PhysicalDeviceObject, 0, 0, 0, DQ_VOID);
    ask_soon(cpu, &(question){ .pdo = PhysicalDeviceObject,
                               .minor = IRP_MN_QUERY_PNP_DEVICE_STATE,
                               .service = DQ_SERVICE_IoInvalidateDeviceState,
                               .place = DQ_CALL_PLACE });
}

VOID NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type)
{
    DQ_ENTER(IoInvalidateDeviceRelations, DeviceObject, Type, 0, 0, DQ_VOID);
    if (Type == BusRelations || Type == PowerRelations) {
        ask_soon(cpu, &(question){ .pdo = DeviceObject,
                                   .minor = IRP_MN_QUERY_DEVICE_RELATIONS,
                                   .relations = Type,
                                   .service = DQ_SERVICE_IoInvalidateDeviceRelations,
                                   .place = DQ_CALL_PLACE });
    }
}

/*
 * eject.c - IoRequestDeviceEject: the Plug and Play manager removes a device in order, on a worker
 * thread, and lets its bus eject it.
 *
 * The device alone: a device has no relations here.
 */
#include <stdio.h>

#include "ex/workqueue.h"
#include "io/devnode.h"
#include "io/irp.h"
#include "io/pnpsend.h"
#include "ke/keep.h"
#include "ke/ki.h"

typedef struct ejection {
    PDEVICE_OBJECT device;
    const void *place;
} ejection;

static void fill_capabilities(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    (void)irp;
    stack->Parameters.DeviceCapabilities.Capabilities = context;
}

static NTSTATUS ask(const ejection *e, UCHAR minor,
                    void (*fill)(PIRP irp, PIO_STACK_LOCATION stack, void *context), void *context)
{
    return dq_irp_transact(dq_self,
                           &(dq_irp_transaction){ .device = e->device,
                                                  .major = IRP_MJ_PNP,
                                                  .minor = minor,
                                                  .status = STATUS_NOT_SUPPORTED,
                                                  .fill = fill,
                                                  .context = context,
                                                  .place = e->place },
                           NULL);
}

/* While the system is running. */
static bool can_be_ejected(const ejection *e)
{
    DEVICE_CAPABILITIES capabilities = {
        .Size = sizeof(capabilities), .Version = 1, .Address = MAXULONG, .UINumber = MAXULONG
    };

    return NT_SUCCESS(ask(e, IRP_MN_QUERY_CAPABILITIES, fill_capabilities, &capabilities)) &&
           capabilities.EjectSupported;
}

/* False: somebody objects, and was told that it is off. */
static bool query_remove(dq_pdo *pdo, const ejection *e)
{
    const dq_pnp_request query = { .minor = IRP_MN_QUERY_REMOVE_DEVICE, .place = e->place };
    const dq_pnp_request cancel = { .minor = IRP_MN_CANCEL_REMOVE_DEVICE, .place = e->place };
    bool sent;
    const NTSTATUS status = dq_pnp_send(dq_self, pdo, &query, &sent);

    if (!NT_SUCCESS(status) && sent) {
        (void)dq_pnp_send(dq_self, pdo, &cancel, NULL);
    }
    return NT_SUCCESS(status);
}

static void tell(const dq_pdo *pdo)
{
    char text[80];

    snprintf(text, sizeof(text), "device \"%s\" is ejected", pdo->name);
    dq_emit_text(dq_self, PRINT, NULL, text);
}

static void eject(const dq_work *work)
{
    DQ_INSIDE(dq_self->live);
    const ejection *e = work->parameter;
    const dq_pnp_request remove = { .minor = IRP_MN_REMOVE_DEVICE, .place = e->place };
    dq_pdo *pdo = dq_pdo_find(dq_self->machine, e->device);
    bool ejects;

    dq_self->execution->service = DQ_SERVICE_IoRequestDeviceEject;
    if (pdo == NULL || pdo->state >= DQ_PDO_SURPRISED) {
        return; /* It is gone already. */
    }
    ejects = can_be_ejected(e);
    if (!query_remove(pdo, e)) {
        return;
    }
    (void)dq_pnp_send(dq_self, pdo, &remove, NULL);
    dq_pnp_check_detached(dq_self, pdo, e->place);
    if (ejects && NT_SUCCESS(ask(e, IRP_MN_EJECT, NULL, NULL))) {
        tell(pdo);
    }
}

static void forget(dq_machine *machine, const dq_work *work)
{
    ejection *e = work->parameter;

    dq_device_object_release(machine, e->device);
    dq_keep_drop(machine, e);
}

VOID NTAPI IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject)
{
    const void *place = DQ_CALL_PLACE;
    ejection *e;

    DQ_ENTER(IoRequestDeviceEject, PhysicalDeviceObject, 0, 0, 0, DQ_VOID);
    e = dq_devnode_check(cpu, PhysicalDeviceObject, place) != NULL
            ? dq_keep(cpu->machine, sizeof(*e))
            : NULL;
    if (e == NULL) {
        return;
    }
    *e = (ejection){ .device = PhysicalDeviceObject, .place = place };
    dq_device_object_hold(cpu->machine, PhysicalDeviceObject);
    dq_work_queue_insert(cpu,
                         &(dq_work){ .item = e,
                                     .bytes = sizeof(*e),
                                     .routine = DQ_CODE(eject),
                                     .parameter = e,
                                     .call = eject,
                                     .done = forget,
                                     .place = place,
                                     .system = true },
                         DelayedWorkQueue);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}

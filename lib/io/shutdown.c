/*
 * shutdown.c - which devices are told that the system shuts down, by IRP_MJ_SHUTDOWN.
 *
 * First come those of IoRegisterShutdownNotification, then those of the last chance; in each the
 * latest first, which the pages leave open.
 */
#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"

typedef struct dq_shutdown {
    PDEVICE_OBJECT device;
    bool last_chance;
    const void *place;
    struct dq_shutdown *next;
} dq_shutdown;

static NTSTATUS add(dq_processor *cpu, PDEVICE_OBJECT device, bool last_chance, const void *place)
{
    dq_io *io = dq_io_of(cpu->machine);
    dq_shutdown *made;

    if (!dq_device_is_alive(cpu->machine, device)) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "DevicePointer",
                                       .severity = DQ_ERROR,
                                       .page = dq_service_name(cpu->execution->service),
                                       .place = place },
                      "%s was given a pointer that is no device object, or no longer one",
                      dq_service_name(cpu->execution->service));
        return STATUS_INVALID_PARAMETER;
    }
    if (dq_fails(cpu, DQ_FAIL_DEVICE, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    made = dq_keep(cpu->machine, sizeof(*made));
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *made = (dq_shutdown){
        .device = device, .last_chance = last_chance, .place = place, .next = io->shutdowns
    };
    io->shutdowns = made;
    dq_emit(cpu, ORDER_GIVE, made, 0, 0, 0);
    device->Flags |= DO_SHUTDOWN_REGISTERED;
    return STATUS_SUCCESS;
}

void dq_shutdown_forget(dq_machine *machine, PDEVICE_OBJECT device)
{
    dq_shutdown **link = &dq_io_of(machine)->shutdowns;

    while (*link != NULL) {
        dq_shutdown *found = *link;

        if (found->device == device) {
            *link = found->next;
            dq_keep_drop(machine, found);
        } else {
            link = &found->next;
        }
    }
    device->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
}

const void *dq_shutdown_registered(dq_machine *machine, const DEVICE_OBJECT *device)
{
    const dq_shutdown *found = dq_io_of(machine)->shutdowns;

    while (found != NULL && found->device != device) {
        found = found->next;
    }
    return found != NULL ? found->place : NULL;
}

/* ---- Telling --------------------------------------------------------------------------------- */

static dq_shutdown *take(dq_machine *machine, bool last_chance)
{
    dq_shutdown **link = &dq_io_of(machine)->shutdowns;
    dq_shutdown *found;

    while (*link != NULL && (*link)->last_chance != last_chance) {
        link = &(*link)->next;
    }
    found = *link;
    if (found != NULL) {
        *link = found->next;
    }
    return found;
}

static void tell(dq_processor *cpu, bool last_chance, const void *place)
{
    dq_machine *machine = cpu->machine;
    dq_shutdown *found;

    while ((found = take(machine, last_chance)) != NULL) {
        PDEVICE_OBJECT device = found->device;

        dq_emit(dq_self, ORDER_TAKE, found, 0, 0, 0);
        dq_keep_drop(machine, found);
        (void)dq_irp_transact(dq_self,
                              &(dq_irp_transaction){ .device = device,
                                                     .major = IRP_MJ_SHUTDOWN,
                                                     .place = place },
                              NULL);
    }
}

void dq_shutdown_tell(dq_processor *cpu, const void *place)
{
    if (dq_io_of(cpu->machine) != NULL) {
        tell(cpu, false, place);
        tell(dq_self, true, place);
    }
}

/* ---- Services -------------------------------------------------------------------------------- */

NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    DQ_ENTER(IoRegisterShutdownNotification, DeviceObject, 0, 0, 0, STATUS_UNSUCCESSFUL);
    return add(cpu, DeviceObject, false, DQ_CALL_PLACE);
}

NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    DQ_ENTER(IoRegisterLastChanceShutdownNotification, DeviceObject, 0, 0, 0,
             STATUS_UNSUCCESSFUL);
    return add(cpu, DeviceObject, true, DQ_CALL_PLACE);
}

VOID NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    const void *place = DQ_CALL_PLACE;

    DQ_ENTER(IoUnregisterShutdownNotification, DeviceObject, 0, 0, 0, DQ_VOID);
    if (dq_io_of(cpu->machine) == NULL ||
        dq_shutdown_registered(cpu->machine, DeviceObject) == NULL) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "ShutdownNotification",
                                       .severity = DQ_ERROR,
                                       .page = "wdm: IoUnregisterShutdownNotification",
                                       .place = place },
                      "IoUnregisterShutdownNotification was called for a device that is not "
                      "registered");
        return;
    }
    dq_shutdown_forget(cpu->machine, DeviceObject);
}

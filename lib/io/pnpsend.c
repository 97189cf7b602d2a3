/*
 * pnpsend.c - Plug and Play requests, as the PnP manager sends them.
 */
#include "io/pnpsend.h"

#include "io/devnode.h"
#include "io/irp.h"
#include "io/pnpnotify.h"
#include "ke/ki.h"

/* Interfaces that a driver enables as it starts can be opened, and are told of, from now on; those
 * that it leaves enabled as it is removed are disabled. */
static void note_state(dq_pdo *pdo, UCHAR minor, NTSTATUS status, const void *place)
{
    switch (minor) {
    case IRP_MN_START_DEVICE:
        pdo->state = NT_SUCCESS(status) ? DQ_PDO_STARTED : pdo->state;
        break;
    case IRP_MN_STOP_DEVICE:
        pdo->state = DQ_PDO_PRESENT;
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        pdo->state = DQ_PDO_SURPRISED;
        break;
    case IRP_MN_REMOVE_DEVICE:
        pdo->state = DQ_PDO_REMOVED;
        break;
    default:
        return;
    }
    pdo->state_place = place;
    if (pdo->state == DQ_PDO_STARTED) {
        dq_interfaces_announce(dq_self, pdo->device);
    } else if (pdo->state == DQ_PDO_REMOVED) {
        dq_interfaces_disable(dq_self, pdo->device);
    }
}

NTSTATUS dq_pnp_send(dq_processor *cpu, dq_pdo *pdo, const dq_pnp_request *request, bool *sent)
{
    const UCHAR minor = request->minor;
    NTSTATUS status = minor == IRP_MN_QUERY_REMOVE_DEVICE
                          ? dq_pnp_tell_target(cpu, pdo->device, minor)
                          : STATUS_SUCCESS;

    if (sent != NULL) {
        *sent = NT_SUCCESS(status);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = dq_irp_transact(dq_self,
                             &(dq_irp_transaction){ .device = pdo->device,
                                                    .major = IRP_MJ_PNP,
                                                    .minor = minor,
                                                    .status = STATUS_NOT_SUPPORTED,
                                                    .fill = request->fill,
                                                    .context = request->context,
                                                    .place = request->place },
                             NULL);
    note_state(pdo, minor, status, request->place);
    if (minor == IRP_MN_CANCEL_REMOVE_DEVICE || minor == IRP_MN_SURPRISE_REMOVAL ||
        minor == IRP_MN_REMOVE_DEVICE) {
        (void)dq_pnp_tell_target(dq_self, pdo->device, minor);
    }
    return status;
}

void dq_pnp_check_detached(dq_processor *cpu, const dq_pdo *pdo, const void *place)
{
    if (pdo->device->AttachedDevice != NULL) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "DeviceStack",
                                       .severity = DQ_ERROR,
                                       .code = 0x21D,
                                       .p2 = (uintptr_t)place,
                                       .place = place },
                      "a driver has not detached its device on IRP_MN_REMOVE_DEVICE");
    }
}

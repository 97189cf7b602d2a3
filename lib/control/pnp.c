/*
 * pnp.c - include/dirql/driver.h: what the Plug and Play and power managers send to a device.
 */
#include <dirql/driver.h>

#include "control/enter.h"
#include "control/handle.h"
#include "io/io.h"
#include "io/pnpsend.h"
#include "ke/ki.h"
#include "sim/place.h"

/* ---- What may be sent ------------------------------------------------------------------------ */

dq_pdo *dirql_pdo_check(dq_processor *cpu, const DEVICE_OBJECT *device)
{
    dq_pdo *pdo = dq_pdo_find(cpu->machine, device);

    if (pdo == NULL) {
        dirql_control_refuse_call(cpu, "%s is no device that dirql_pdo_create() returned in this "
                                  "run", device != NULL ? "the pointer" : "NULL");
    }
    return pdo;
}

static bool refuse(dq_processor *cpu, const dq_pdo *pdo, const char *what, const char *advice)
{
    char at[160];

    return dirql_control_refuse_call(cpu, "device \"%s\" %s at %s: %s", pdo->name, what,
                                     dq_place_describe(pdo->state_place, at, sizeof(at)), advice);
}

/* Nothing follows a removal. */
static bool check_present(dq_processor *cpu, const dq_pdo *pdo)
{
    return pdo->state != DQ_PDO_REMOVED ||
           refuse(cpu, pdo, "was removed already,",
                  "nothing is sent to it any more, unless dirql_driver_add_device() adds it again");
}

static bool check_order(dq_processor *cpu, const dq_pdo *pdo, UCHAR minor)
{
    if (!check_present(cpu, pdo)) {
        return false;
    }
    if (minor == IRP_MN_START_DEVICE && pdo->state == DQ_PDO_STARTED) {
        return refuse(cpu, pdo, "was started already,",
                      "stop it first (dirql_device_pnp, IRP_MN_STOP_DEVICE), or remove it");
    }
    if (pdo->state == DQ_PDO_SURPRISED && minor != IRP_MN_REMOVE_DEVICE) {
        return refuse(cpu, pdo, "was removed by surprise,", "only dirql_device_remove() follows");
    }
    return true;
}

/* ---- Plug and Play --------------------------------------------------------------------------- */

static void fill_start(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    dirql_resources *resources = context;

    (void)irp;
    if (resources != NULL) {
        stack->Parameters.StartDevice.AllocatedResources = dirql_resources_raw(resources);
        stack->Parameters.StartDevice.AllocatedResourcesTranslated =
            dirql_resources_translated(resources);
    }
}

static NTSTATUS send_pnp(dq_processor *cpu, PDEVICE_OBJECT device, UCHAR minor,
                         dirql_resources *resources, const void *place)
{
    dq_pdo *pdo = dirql_pdo_check(cpu, device);

    if (pdo == NULL || !check_order(cpu, pdo, minor)) {
        return STATUS_UNSUCCESSFUL;
    }
    return dq_pnp_send(
        cpu, pdo,
        &(dq_pnp_request){
            .minor = minor, .fill = fill_start, .context = resources, .place = place },
        NULL);
}

NTSTATUS dirql_device_start(PDEVICE_OBJECT pdo, dirql_resources *resources)
{
    DIRQL_ENTER(dirql_device_start, STATUS_UNSUCCESSFUL);

    if (resources != NULL &&
        dirql_handle_check(cpu->machine, DIRQL_HANDLE_RESOURCES, resources,
                           "dirql_device_start") == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    return send_pnp(cpu, pdo, IRP_MN_START_DEVICE, resources, place);
}

NTSTATUS dirql_device_pnp(PDEVICE_OBJECT pdo, UCHAR minor)
{
    DIRQL_ENTER(dirql_device_pnp, STATUS_UNSUCCESSFUL);

    return send_pnp(cpu, pdo, minor, NULL, place);
}

NTSTATUS dirql_device_remove(PDEVICE_OBJECT pdo)
{
    DIRQL_ENTER(dirql_device_remove, STATUS_UNSUCCESSFUL);
    const NTSTATUS status = send_pnp(cpu, pdo, IRP_MN_REMOVE_DEVICE, NULL, place);

    if (dq_pdo_find(dq_self->machine, pdo) != NULL) {
        dq_pnp_check_detached(dq_self, dq_pdo_find(dq_self->machine, pdo), place);
    }
    return status;
}

/* ---- Power ----------------------------------------------------------------------------------- */

typedef struct power {
    POWER_STATE_TYPE type;
    POWER_STATE state;
} power;

static void fill_power(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    const power *p = context;

    (void)irp;
    stack->Parameters.Power.Type = p->type;
    stack->Parameters.Power.State = p->state;
    stack->Parameters.Power.ShutdownType = PowerActionNone;
}

static NTSTATUS send_power(dq_processor *cpu, PDEVICE_OBJECT device, power p, const void *place)
{
    const dq_pdo *pdo = dirql_pdo_check(cpu, device);

    if (pdo == NULL || !check_present(cpu, pdo)) {
        return STATUS_UNSUCCESSFUL;
    }
    return dq_irp_transact(cpu,
                           &(dq_irp_transaction){ .device = device,
                                                  .major = IRP_MJ_POWER,
                                                  .minor = IRP_MN_SET_POWER,
                                                  .status = STATUS_NOT_SUPPORTED,
                                                  .fill = fill_power,
                                                  .context = &p,
                                                  .place = place },
                           NULL);
}

NTSTATUS dirql_device_set_power(PDEVICE_OBJECT pdo, DEVICE_POWER_STATE state)
{
    DIRQL_ENTER(dirql_device_set_power, STATUS_UNSUCCESSFUL);
    const power p = { .type = DevicePowerState, .state = { .DeviceState = state } };

    if ((int)state <= PowerDeviceUnspecified || (int)state >= PowerDeviceMaximum) {
        (void)dirql_control_refuse_call(cpu, "%d is no state of a device (DEVICE_POWER_STATE)",
                                        (int)state);
        return STATUS_INVALID_PARAMETER;
    }
    return send_power(cpu, pdo, p, place);
}

NTSTATUS dirql_device_set_system_power(PDEVICE_OBJECT pdo, SYSTEM_POWER_STATE state)
{
    DIRQL_ENTER(dirql_device_set_system_power, STATUS_UNSUCCESSFUL);
    const power p = { .type = SystemPowerState, .state = { .SystemState = state } };

    if ((int)state <= PowerSystemUnspecified || (int)state >= PowerSystemMaximum) {
        (void)dirql_control_refuse_call(cpu, "%d is no state of the system (SYSTEM_POWER_STATE)",
                                        (int)state);
        return STATUS_INVALID_PARAMETER;
    }
    return send_power(cpu, pdo, p, place);
}

void dirql_shutdown(void)
{
    DIRQL_ENTER(dirql_shutdown, DQ_VOID);

    dq_shutdown_tell(cpu, place);
}

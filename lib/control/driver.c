/*
 * driver.c - include/dirql/driver.h: what the I/O, Plug and Play and power managers do with a
 * driver.
 */
#include <dirql/driver.h>

#include <string.h>

#include "control/control.h"
#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"

/* A driver object and what it points to. */
typedef struct loaded {
    DRIVER_OBJECT driver;
    DRIVER_EXTENSION extension;
    UNICODE_STRING registry_path;
    WCHAR name[64];
    WCHAR path[128];
    WCHAR key[64];
} loaded;

static dq_processor *enter(dq_service service, const void *place)
{
    dq_processor *cpu = dq_enter(service, place, NULL, 0, 0, 0);

    if (cpu != NULL && cpu->irql != DQ_LEVEL_PASSIVE) {
        dirql_control_fail(cpu->machine, "IRQL", "%s at IRQL %u: it needs PASSIVE_LEVEL",
                           dq_service_name(service), cpu->irql);
    }
    return cpu;
}

static void accuse(dq_processor *cpu, const char *rule, unsigned code, const void *place,
                   const char *what)
{
    dq_irp_accuse(cpu,
                  &(dq_irp_error){ .rule = rule, .severity = DQ_ERROR, .code = code,
                                   .p2 = code != 0 ? (uintptr_t)place : 0, .place = place },
                  "%s", what);
}

/* ---- Loading --------------------------------------------------------------------------------- */

static void append(UNICODE_STRING *string, WCHAR *buffer, size_t bytes, const char *first,
                   const char *second)
{
    const char *parts[2] = { first, second };
    size_t length = 0;

    for (unsigned i = 0; i < 2; i++) {
        for (const char *c = parts[i]; *c != '\0' && length + 1 < bytes / sizeof(WCHAR); c++) {
            buffer[length++] = (WCHAR)(unsigned char)*c;
        }
    }
    *string = (UNICODE_STRING){ .Buffer = buffer,
                                .Length = (USHORT)(length * sizeof(WCHAR)),
                                .MaximumLength = (USHORT)bytes };
}

static loaded *make(dq_machine *machine, const char *name, PDRIVER_INITIALIZE entry)
{
    loaded *made = dq_keep(machine, sizeof(*made));

    if (made == NULL) {
        return NULL;
    }
    append(&made->driver.DriverName, made->name, sizeof(made->name), "\\Driver\\", name);
    append(&made->registry_path, made->path, sizeof(made->path),
           "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\", name);
    append(&made->extension.ServiceKeyName, made->key, sizeof(made->key), "", name);
    made->driver.Type = IO_TYPE_DRIVER;
    made->driver.Size = sizeof(DRIVER_OBJECT);
    made->driver.DriverInit = entry;
    made->driver.DriverExtension = &made->extension;
    made->extension.DriverObject = &made->driver;
    return made;
}

PDRIVER_OBJECT dirql_driver_load(const char *name, PDRIVER_INITIALIZE entry, NTSTATUS *status)
{
    dq_processor *cpu = enter(DQ_SERVICE_dirql_driver_load, __builtin_return_address(0));
    DQ_LEAVES(cpu);
    loaded *made = cpu != NULL && name != NULL && entry != NULL ? make(cpu->machine, name, entry)
                                                               : NULL;
    NTSTATUS returned;
    unsigned depth;

    if (made == NULL) {
        if (cpu != NULL) {
            dirql_control_fail(cpu->machine, "driver",
                               "dirql_driver_load: no name, no entry, or no memory");
        }
        return NULL;
    }
    depth = dq_guest_begin(cpu);
    returned = entry(&made->driver, &made->registry_path);
    dq_guest_end(depth);
    if (status != NULL) {
        *status = returned;
    }
    return NT_SUCCESS(returned) ? &made->driver : NULL;
}

void dirql_driver_unload(PDRIVER_OBJECT driver)
{
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_driver_unload, place);
    DQ_LEAVES(cpu);
    unsigned depth;

    if (cpu == NULL) {
        return;
    }
    if (driver->DriverUnload == NULL) {
        accuse(cpu, "DriverUnload", 0, place,
               "a driver without a DriverUnload routine cannot be unloaded");
        return;
    }
    depth = dq_guest_begin(cpu);
    driver->DriverUnload(driver);
    dq_guest_end(depth);
    cpu = dq_self;
    if (driver->DeviceObject != NULL) {
        accuse(cpu, "DriverUnload", 0, place,
               "a driver was unloaded, but has left a device object");
    }
    if (dq_io_of(cpu->machine) != NULL) {
        dq_driver_extensions_drop(cpu->machine, driver);
    }
}

/* ---- AddDevice ------------------------------------------------------------------------------- */

static void check_added(dq_processor *cpu, PDEVICE_OBJECT pdo, const void *place)
{
    for (const DEVICE_OBJECT *d = pdo->AttachedDevice; d != NULL; d = d->AttachedDevice) {
        const DEVICE_OBJECT *lower = dq_device_lower(cpu->machine, d);

        if ((d->Flags & DO_DEVICE_INITIALIZING) != 0) {
            accuse(cpu, "AddDevice", 0x243, place,
                   "AddDevice left DO_DEVICE_INITIALIZING set in its device object's Flags");
        }
        if ((d->Flags & DO_BUFFERED_IO) != 0 && (d->Flags & DO_DIRECT_IO) != 0) {
            accuse(cpu, "AddDevice", 0x245, place,
                   "AddDevice set both DO_BUFFERED_IO and DO_DIRECT_IO in its device object's "
                   "Flags");
        }
        if (lower != NULL && (lower->Flags & DO_POWER_PAGABLE) != 0 &&
            (d->Flags & DO_POWER_PAGABLE) == 0) {
            accuse(cpu, "AddDevice", 0x23F, place,
                   "AddDevice did not inherit DO_POWER_PAGABLE from the device below");
        }
    }
}

NTSTATUS dirql_driver_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_driver_add_device, place);
    DQ_LEAVES(cpu);
    NTSTATUS status;
    unsigned depth;

    if (cpu == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    if (driver->DriverExtension == NULL || driver->DriverExtension->AddDevice == NULL) {
        accuse(cpu, "AddDevice", 0, place, "the driver has no AddDevice routine");
        return STATUS_NO_SUCH_DEVICE;
    }
    depth = dq_guest_begin(cpu);
    status = driver->DriverExtension->AddDevice(driver, pdo);
    dq_guest_end(depth);
    if (NT_SUCCESS(status)) {
        check_added(dq_self, pdo, place);
    }
    return status;
}

/* ---- Plug and Play, power -------------------------------------------------------------------- */

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

static NTSTATUS send_pnp(dq_processor *cpu, PDEVICE_OBJECT pdo, UCHAR minor,
                         dirql_resources *resources, const void *place)
{
    return dq_irp_transact(cpu,
                           &(dq_irp_transaction){ .device = pdo,
                                                  .major = IRP_MJ_PNP,
                                                  .minor = minor,
                                                  .status = STATUS_NOT_SUPPORTED,
                                                  .fill = fill_start,
                                                  .context = resources,
                                                  .place = place },
                           NULL);
}

NTSTATUS dirql_device_start(PDEVICE_OBJECT pdo, dirql_resources *resources)
{
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_device_start, place);
    DQ_LEAVES(cpu);

    return cpu != NULL ? send_pnp(cpu, pdo, IRP_MN_START_DEVICE, resources, place)
                       : STATUS_UNSUCCESSFUL;
}

NTSTATUS dirql_device_pnp(PDEVICE_OBJECT pdo, UCHAR minor)
{
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_device_pnp, place);
    DQ_LEAVES(cpu);

    return cpu != NULL ? send_pnp(cpu, pdo, minor, NULL, place) : STATUS_UNSUCCESSFUL;
}

NTSTATUS dirql_device_remove(PDEVICE_OBJECT pdo)
{
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_device_remove, place);
    DQ_LEAVES(cpu);
    NTSTATUS status;

    if (cpu == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    status = send_pnp(cpu, pdo, IRP_MN_REMOVE_DEVICE, NULL, place);
    if (pdo->AttachedDevice != NULL) {
        accuse(dq_self, "DeviceStack", 0x21D, place,
               "a driver has not detached its device on IRP_MN_REMOVE_DEVICE");
    }
    return status;
}

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

static NTSTATUS send_power(dq_processor *cpu, PDEVICE_OBJECT pdo, power p, const void *place)
{
    return dq_irp_transact(cpu,
                           &(dq_irp_transaction){ .device = pdo,
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
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_device_set_power, place);
    DQ_LEAVES(cpu);
    const power p = { .type = DevicePowerState, .state = { .DeviceState = state } };

    return cpu != NULL ? send_power(cpu, pdo, p, place) : STATUS_UNSUCCESSFUL;
}

NTSTATUS dirql_device_set_system_power(PDEVICE_OBJECT pdo, SYSTEM_POWER_STATE state)
{
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_device_set_system_power, place);
    DQ_LEAVES(cpu);
    const power p = { .type = SystemPowerState, .state = { .SystemState = state } };

    return cpu != NULL ? send_power(cpu, pdo, p, place) : STATUS_UNSUCCESSFUL;
}

void dirql_shutdown(void)
{
    const void *place = __builtin_return_address(0);
    dq_processor *cpu = enter(DQ_SERVICE_dirql_shutdown, place);
    DQ_LEAVES(cpu);

    if (cpu != NULL) {
        dq_shutdown_tell(cpu, place);
    }
}

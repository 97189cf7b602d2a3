/*
 * driver.c - include/dirql/driver.h: drivers are loaded, given devices, and unloaded.
 */
#include <dirql/driver.h>

#include <stdio.h>
#include <string.h>

#include "control/enter.h"
#include "io/io.h"
#include "io/pnpnotify.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/place.h"

/* A driver object and what it points to. It stays when it is unloaded, to be known as such. */
typedef struct dirql_driver {
    DRIVER_OBJECT driver;
    DRIVER_EXTENSION extension;
    UNICODE_STRING registry_path;
    WCHAR name[64];
    WCHAR path[128];
    WCHAR key[64];
    char text[64]; /* Its name. */
    const void *loaded_at;
    const void *unloaded_at; /* NULL: it is not. */
    struct dirql_driver *next;
} dirql_driver;

static void accuse(dq_processor *cpu, const char *rule, unsigned code, const void *place,
                   const char *what)
{
    dq_irp_accuse(cpu,
                  &(dq_irp_error){ .rule = rule, .severity = DQ_ERROR, .code = code,
                                   .p2 = code != 0 ? (uintptr_t)place : 0, .place = place },
                  "%s", what);
}

/* ---- Which driver ---------------------------------------------------------------------------- */

static dirql_driver **all_drivers(dq_machine *machine)
{
    return &((dirql_control *)machine->control)->drivers;
}

static dirql_driver *loaded_as(dq_machine *machine, const char *name)
{
    dirql_driver *driver = *all_drivers(machine);

    while (driver != NULL && (driver->unloaded_at != NULL || strcmp(driver->text, name) != 0)) {
        driver = driver->next;
    }
    return driver;
}

/* NULL: it is none that is loaded; that has failed the run. */
static dirql_driver *check_driver(dq_processor *cpu, const DRIVER_OBJECT *object)
{
    dirql_driver *driver = *all_drivers(cpu->machine);
    char at[160];

    while (driver != NULL && &driver->driver != object) {
        driver = driver->next;
    }
    if (driver == NULL) {
        dirql_control_refuse_call(cpu, "%s is no driver that dirql_driver_load() returned in this "
                                  "run%s", object != NULL ? "the pointer" : "NULL",
                                  object != NULL ? "" : ": it did not load, see its status");
    } else if (driver->unloaded_at != NULL) {
        dirql_control_refuse_call(cpu, "driver \"%s\" was unloaded already, at %s", driver->text,
                                  dq_place_describe(driver->unloaded_at, at, sizeof(at)));
        driver = NULL;
    }
    return driver;
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

static dirql_driver *make(dq_processor *cpu, const char *name, PDRIVER_INITIALIZE entry,
                          const void *place)
{
    dirql_driver *made = dq_keep(cpu->machine, sizeof(*made));

    if (made == NULL) {
        dirql_control_fail(cpu->machine, "memory", "dirql_driver_load: short of memory");
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
    memcpy(made->text, name, strlen(name) + 1);
    made->loaded_at = place;
    return made;
}

/* Names have room for the service key's path before them. */
static bool check_load(dq_processor *cpu, const char *name, PDRIVER_INITIALIZE entry)
{
    const dirql_driver *other;
    char at[160];

    if (name == NULL || name[0] == '\0') {
        return dirql_control_refuse_call(cpu, "the driver has no name");
    }
    if (strlen(name) > 48) {
        return dirql_control_refuse_call(cpu, "the name \"%.60s\" has %zu characters; a driver's "
                                         "has 48 at most", name, strlen(name));
    }
    if (entry == NULL) {
        return dirql_control_refuse_call(cpu, "driver \"%s\" has no DriverEntry: `entry` is NULL",
                                         name);
    }
    other = loaded_as(cpu->machine, name);
    if (other != NULL) {
        return dirql_control_refuse_call(cpu, "a driver \"%s\" is loaded already, at %s: unload it "
                                         "first, or give this one another name", name,
                                         dq_place_describe(other->loaded_at, at, sizeof(at)));
    }
    return true;
}

/* The page "Clearing the DO_DEVICE_INITIALIZING Flag": of what DriverEntry has made, the I/O manager
 * clears it. */
static void make_devices_ready(const DRIVER_OBJECT *driver)
{
    for (PDEVICE_OBJECT d = driver->DeviceObject; d != NULL; d = d->NextDevice) {
        d->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    }
}

PDRIVER_OBJECT dirql_driver_load(const char *name, PDRIVER_INITIALIZE entry, NTSTATUS *status)
{
    DIRQL_ENTER(dirql_driver_load, NULL);
    dirql_driver *made = check_load(cpu, name, entry) ? make(cpu, name, entry, place) : NULL;
    NTSTATUS returned;
    unsigned depth;

    if (made == NULL) {
        return NULL;
    }
    depth = dq_guest_begin(cpu);
    returned = entry(&made->driver, &made->registry_path);
    dq_guest_end(depth);
    if (status != NULL) {
        *status = returned;
    }
    if (!NT_SUCCESS(returned)) {
        return NULL;
    }
    make_devices_ready(&made->driver);
    made->next = *all_drivers(dq_self->machine);
    *all_drivers(dq_self->machine) = made;
    return &made->driver;
}

void dirql_driver_unload(PDRIVER_OBJECT driver)
{
    DIRQL_ENTER(dirql_driver_unload, DQ_VOID);
    dirql_driver *known = check_driver(cpu, driver);
    const void *listens;
    unsigned depth;
    char at[160], text[300];

    if (known == NULL) {
        return;
    }
    if (driver->DriverUnload == NULL) {
        accuse(cpu, "DriverUnload", 0, place,
               "a driver without a DriverUnload routine cannot be unloaded");
        return;
    }
    known->unloaded_at = place;
    depth = dq_guest_begin(cpu);
    driver->DriverUnload(driver);
    dq_guest_end(depth);
    if (driver->DeviceObject != NULL) {
        accuse(dq_self, "DriverUnload", 0, place,
               "a driver was unloaded, but has left a device object");
    }
    listens = dq_pnp_holds_driver(dq_self->machine, driver);
    if (listens != NULL) {
        snprintf(text, sizeof(text),
                 "a driver was unloaded, but a notification keeps it loaded, registered in %s",
                 dq_place_describe(listens, at, sizeof(at)));
        accuse(dq_self, "DriverUnload", 0, place, text);
    }
    if (dq_io_of(dq_self->machine) != NULL) {
        dq_driver_extensions_drop(dq_self->machine, driver);
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
    DIRQL_ENTER(dirql_driver_add_device, STATUS_UNSUCCESSFUL);
    dq_pdo *device = check_driver(cpu, driver) != NULL ? dirql_pdo_check(cpu, pdo) : NULL;
    NTSTATUS status;
    unsigned depth;

    if (device == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    if (driver->DriverExtension == NULL || driver->DriverExtension->AddDevice == NULL) {
        accuse(cpu, "AddDevice", 0, place, "the driver has no AddDevice routine");
        return STATUS_NO_SUCH_DEVICE;
    }
    if (device->state == DQ_PDO_PRESENT || device->state == DQ_PDO_REMOVED) {
        device->state = DQ_PDO_ADDED; /* Also as a device that was disabled is enabled again. */
    }
    depth = dq_guest_begin(cpu);
    status = driver->DriverExtension->AddDevice(driver, pdo);
    dq_guest_end(depth);
    if (NT_SUCCESS(status)) {
        check_added(dq_self, pdo, place);
    }
    return status;
}

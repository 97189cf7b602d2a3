/*
 * devicekey.c - the keys of devices, of their interfaces and of drivers.
 *
 * They are there as soon as they are asked for, but for a driver's parameters, which its INF file
 * would have made: the test makes them.
 */
#include "ex/registry.h"
#include "io/devnode.h"
#include "ke/ki.h"
#include "sim/fail.h"

#define SERVICES      "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"
#define DRIVER_STATES "\\Registry\\Machine\\System\\DriverStates\\"

typedef struct opening {
    ACCESS_MASK access;
    bool make;
    const void *place;
} opening;

static NTSTATUS open_path(dq_processor *cpu, const dq_path *path, const opening *how,
                          PHANDLE handle)
{
    dq_key_search search = { .name = &path->name, .make_all = how->make };
    dq_key *key;
    NTSTATUS status;

    if (path->cut) {
        return STATUS_NAME_TOO_LONG;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, how->place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = dq_key_find(cpu->machine, &search, &key);
    return NT_SUCCESS(status) ? dq_key_open(cpu, key, how->access, how->place, handle) : status;
}

NTSTATUS NTAPI IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType,
                                       ACCESS_MASK DesiredAccess, PHANDLE DeviceRegKey)
{
    const opening how = { DesiredAccess, true, DQ_CALL_PLACE };
    const dq_devnode *node;
    dq_path path;

    DQ_ENTER(IoOpenDeviceRegistryKey, DeviceObject, DevInstKeyType, DesiredAccess, 0,
             STATUS_UNSUCCESSFUL);
    *DeviceRegKey = NULL;
    node = dq_devnode_check(cpu, DeviceObject, how.place);
    if (node == NULL || !dq_devnode_key_path(node, DevInstKeyType, &path)) {
        return STATUS_INVALID_PARAMETER;
    }
    return open_path(cpu, &path, &how, DeviceRegKey);
}

NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING SymbolicLinkName,
                                                ACCESS_MASK DesiredAccess,
                                                PHANDLE DeviceInterfaceRegKey)
{
    const opening how = { DesiredAccess, true, DQ_CALL_PLACE };
    const dq_interface *interface;
    dq_path path;

    DQ_ENTER(IoOpenDeviceInterfaceRegistryKey, NULL, DesiredAccess, 0, 0, STATUS_UNSUCCESSFUL);
    *DeviceInterfaceRegKey = NULL;
    if (SymbolicLinkName == NULL || SymbolicLinkName->Length == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    interface = dq_interface_find(cpu->machine, SymbolicLinkName);
    if (interface == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    dq_interface_key_path(interface, &path);
    return open_path(cpu, &path, &how, DeviceInterfaceRegKey);
}

/* ---- Drivers --------------------------------------------------------------------------------- */

/* The last part of "\Driver\uart", or of the path of a service's key. */
static UNICODE_STRING last_part(const UNICODE_STRING *name)
{
    UNICODE_STRING part = *name;

    for (size_t i = 0; i < name->Length / sizeof(WCHAR); i++) {
        if (name->Buffer[i] == '\\') {
            part.Buffer = name->Buffer + i + 1;
            part.Length = (USHORT)(name->Length - (i + 1) * sizeof(WCHAR));
        }
    }
    return part;
}

static UNICODE_STRING service_of(const DRIVER_OBJECT *driver)
{
    const DRIVER_EXTENSION *extension = driver->DriverExtension;

    return last_part(extension != NULL && extension->ServiceKeyName.Length > 0
                         ? &extension->ServiceKeyName
                         : &driver->DriverName);
}

static bool make_path(const DRIVER_OBJECT *driver, DRIVER_REGKEY_TYPE type, dq_path *path)
{
    const UNICODE_STRING service = service_of(driver);

    if (service.Length == 0) {
        return false;
    }
    dq_path_start(path, type == DriverRegKeyParameters ? SERVICES : DRIVER_STATES);
    dq_path_add_wide(path, &service);
    dq_path_add(path, type == DriverRegKeyParameters        ? "\\Parameters"
                      : type == DriverRegKeyPersistentState ? "\\Own"
                                                            : "\\Shared");
    return type == DriverRegKeyParameters || type == DriverRegKeyPersistentState ||
           type == DriverRegKeySharedPersistentState;
}

static void check_parameters(dq_processor *cpu, const opening *how)
{
    const ACCESS_MASK writing =
        KEY_SET_VALUE | KEY_CREATE_SUB_KEY | DELETE | GENERIC_WRITE | GENERIC_ALL | MAXIMUM_ALLOWED;

    if ((how->access & writing) != 0 && dq_attends(cpu, DQ_ATTEND_SINKS)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "RegistryAccess",
                               .page = "IoOpenDriverRegistryKey",
                               .place = how->place },
                "IoOpenDriverRegistryKey was asked for access 0x%X to a driver's parameters, which "
                "are immutable: ask for KEY_READ, and keep state in a key for state",
                how->access);
    }
}

/* A driver object without a name, an unknown type or flags: STATUS_INVALID_PARAMETER. Parameters
 * that nobody made: STATUS_OBJECT_NAME_NOT_FOUND. The page is silent about both. */
NTSTATUS NTAPI IoOpenDriverRegistryKey(PDRIVER_OBJECT DriverObject, DRIVER_REGKEY_TYPE RegKeyType,
                                       ACCESS_MASK DesiredAccess, ULONG Flags, PHANDLE DriverRegKey)
{
    const opening how = { DesiredAccess, RegKeyType != DriverRegKeyParameters,
                          DQ_CALL_PLACE };
    dq_path path;

    DQ_ENTER(IoOpenDriverRegistryKey, DriverObject, RegKeyType, DesiredAccess, Flags,
             STATUS_UNSUCCESSFUL);
    *DriverRegKey = NULL;
    if (DriverObject == NULL || Flags != 0 || !make_path(DriverObject, RegKeyType, &path)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (RegKeyType == DriverRegKeyParameters) {
        check_parameters(cpu, &how);
    }
    return open_path(cpu, &path, &how, DriverRegKey);
}

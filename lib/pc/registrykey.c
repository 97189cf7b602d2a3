/*
 * registrykey.c - IRegistryKey: a key of the registry as an object.
 *
 * The object owns its handle, so that a key is closed with the last reference. DeleteKey closes it
 * at once; what is called afterwards gets STATUS_INVALID_HANDLE.
 */
#include "unknown.h"
#include "verify.h"

typedef struct registry_key {
    pc_unknown unknown;
    HANDLE handle; /* NULL: deleted. */
} registry_key;

static registry_key *self(IRegistryKey *This)
{
    return (registry_key *)This;
}

/* Makes the object around an open handle; closes that if memory is short. */
static NTSTATUS wrap(PREGISTRYKEY *out, HANDLE handle, const pc_origin *origin);

/* ---- The methods, in the order of the table; all at PASSIVE_LEVEL ---------------------------- */

#define ENTER(method) \
    pc_enter("IRegistryKey::" #method, PASSIVE_LEVEL, "portcls: IRegistryKey::" #method, PC_PLACE)

static NTSTATUS STDMETHODCALLTYPE QueryInterface(IRegistryKey *This, REFIID InterfaceId,
                                                 PVOID *Interface)
{
    PC_CALLED;
    return pc_unknown_query(&self(This)->unknown, InterfaceId, Interface);
}

static ULONG STDMETHODCALLTYPE AddRef(IRegistryKey *This)
{
    PC_CALLED;
    return pc_unknown_add(&self(This)->unknown);
}

static ULONG STDMETHODCALLTYPE Release(IRegistryKey *This)
{
    PC_CALLED;
    return pc_unknown_release(&self(This)->unknown, PC_PLACE);
}

/* (portcls: IRegistryKey::QueryKey) */
static NTSTATUS STDMETHODCALLTYPE QueryKey(IRegistryKey *This,
                                           KEY_INFORMATION_CLASS KeyInformationClass,
                                           PVOID KeyInformation, ULONG Length, PULONG ResultLength)
{
    PC_CALLED;
    return ENTER(QueryKey) ? ZwQueryKey(self(This)->handle, KeyInformationClass, KeyInformation,
                                        Length, ResultLength)
                           : STATUS_UNSUCCESSFUL;
}

/* (portcls: IRegistryKey::EnumerateKey) */
static NTSTATUS STDMETHODCALLTYPE EnumerateKey(IRegistryKey *This, ULONG Index,
                                               KEY_INFORMATION_CLASS KeyInformationClass,
                                               PVOID KeyInformation, ULONG Length,
                                               PULONG ResultLength)
{
    PC_CALLED;
    return ENTER(EnumerateKey) ? ZwEnumerateKey(self(This)->handle, Index, KeyInformationClass,
                                                KeyInformation, Length, ResultLength)
                               : STATUS_UNSUCCESSFUL;
}

/* (portcls: IRegistryKey::QueryValueKey) */
static NTSTATUS STDMETHODCALLTYPE QueryValueKey(IRegistryKey *This, PUNICODE_STRING ValueName,
                                                KEY_VALUE_INFORMATION_CLASS InformationClass,
                                                PVOID KeyValueInformation, ULONG Length,
                                                PULONG ResultLength)
{
    PC_CALLED;
    return ENTER(QueryValueKey) ? ZwQueryValueKey(self(This)->handle, ValueName, InformationClass,
                                                  KeyValueInformation, Length, ResultLength)
                                : STATUS_UNSUCCESSFUL;
}

/* (portcls: IRegistryKey::EnumerateValueKey) */
static NTSTATUS STDMETHODCALLTYPE EnumerateValueKey(IRegistryKey *This, ULONG Index,
                                                    KEY_VALUE_INFORMATION_CLASS InformationClass,
                                                    PVOID KeyValueInformation, ULONG Length,
                                                    PULONG ResultLength)
{
    PC_CALLED;
    return ENTER(EnumerateValueKey)
               ? ZwEnumerateValueKey(self(This)->handle, Index, InformationClass,
                                     KeyValueInformation, Length, ResultLength)
               : STATUS_UNSUCCESSFUL;
}

/* (portcls: IRegistryKey::SetValueKey) */
static NTSTATUS STDMETHODCALLTYPE SetValueKey(IRegistryKey *This, PUNICODE_STRING ValueName,
                                              ULONG Type, PVOID Data, ULONG DataSize)
{
    PC_CALLED;
    return ENTER(SetValueKey)
               ? ZwSetValueKey(self(This)->handle, ValueName, 0, Type, Data, DataSize)
               : STATUS_UNSUCCESSFUL;
}

/* (portcls: IRegistryKey::QueryRegistryValues) */
static NTSTATUS STDMETHODCALLTYPE QueryRegistryValues(IRegistryKey *This,
                                                      PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                                      PVOID Context)
{
    PC_CALLED;
    if (QueryTable == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return ENTER(QueryRegistryValues)
               ? RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, (PCWSTR)self(This)->handle, QueryTable,
                                        Context, NULL)
               : STATUS_UNSUCCESSFUL;
}

/* STATUS_INVALID_PARAMETER: no out pointer or name; STATUS_NOT_SUPPORTED: aggregation. (portcls:
 * IRegistryKey::NewSubKey; silent about the codes) */
static NTSTATUS STDMETHODCALLTYPE NewSubKey(IRegistryKey *This, PREGISTRYKEY *RegistrySubKey,
                                            PUNKNOWN OuterUnknown, ACCESS_MASK DesiredAccess,
                                            PUNICODE_STRING SubKeyName, ULONG CreateOptions,
                                            PULONG Disposition)
{
    PC_CALLED;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    NTSTATUS status;

    if (RegistrySubKey == NULL || SubKeyName == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *RegistrySubKey = NULL;
    if (!ENTER(NewSubKey)) {
        return STATUS_UNSUCCESSFUL;
    }
    if (OuterUnknown != NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    if (self(This)->handle == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    InitializeObjectAttributes(&attributes, SubKeyName, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                               self(This)->handle, NULL);
    status = ZwCreateKey(&handle, DesiredAccess, &attributes, 0, NULL, CreateOptions, Disposition);
    return NT_SUCCESS(status)
               ? wrap(RegistrySubKey, handle, PC_ORIGIN("IRegistryKey", "IRegistryKey::NewSubKey"))
               : status;
}

/* The handle goes with the key; where that cannot be deleted, it stays. (portcls:
 * IRegistryKey::DeleteKey) */
static NTSTATUS STDMETHODCALLTYPE DeleteKey(IRegistryKey *This)
{
    PC_CALLED;
    registry_key *key = self(This);
    NTSTATUS status;

    if (!ENTER(DeleteKey)) {
        return STATUS_UNSUCCESSFUL;
    }
    status = ZwDeleteKey(key->handle);
    if (NT_SUCCESS(status)) {
        ZwClose(key->handle);
        key->handle = NULL;
    }
    return status;
}

/* ---- The object ------------------------------------------------------------------------------ */

static void destroy(pc_unknown *unknown, const void *place)
{
    registry_key *key = (registry_key *)unknown;

    if (key->handle != NULL && pc_enter("IRegistryKey::Release", PASSIVE_LEVEL,
                                        "portcls: IRegistryKey", place)) {
        ZwClose(key->handle);
    }
}

static const IRegistryKeyVtbl methods = {
    QueryInterface,      AddRef,        Release,           QueryKey,
    EnumerateKey,        QueryValueKey, EnumerateValueKey, SetValueKey,
    QueryRegistryValues, NewSubKey,     DeleteKey,
};

static const GUID key_id = {
    0xE8DA4302, 0xF304, 0x11D0, { 0x95, 0x8B, 0x00, 0xC0, 0x4F, 0xB9, 0x25, 0xD3 }
};
static const GUID *const interfaces[] = { &key_id, NULL };

static NTSTATUS wrap(PREGISTRYKEY *out, HANDLE handle, const pc_origin *origin)
{
    registry_key *key = pc_unknown_create(sizeof(*key), &methods, interfaces, destroy, origin);

    if (key == NULL) {
        ZwClose(handle);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    pc_keep_handle(handle);
    key->handle = handle;
    *out = (PREGISTRYKEY)key;
    return STATUS_SUCCESS;
}

/* ---- The functions --------------------------------------------------------------------------- */

/* The physical device object below an adapter's. NULL after a report. */
static PDEVICE_OBJECT physical_device(PVOID device, const char *page, const void *place)
{
    PDEVICE_OBJECT physical = pc_physical_device(device);

    if (physical == NULL) {
        pc_report(PC_ERROR, "AdapterDevice", page, place,
                  "PortCls was given something that is no device object of an adapter: it is not "
                  "attached to a physical device object.");
    }
    return physical;
}

/* The flags of IoOpenDeviceRegistryKey; 0: it is no such type. */
static ULONG flags_of(ULONG type)
{
    switch (type) {
    case DeviceRegistryKey:
        return PLUGPLAY_REGKEY_DEVICE;
    case DriverRegistryKey:
        return PLUGPLAY_REGKEY_DRIVER;
    case HwProfileRegistryKey:
        return PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_CURRENT_HWPROFILE;
    default:
        return 0;
    }
}

static NTSTATUS open_device_key(PVOID device, ULONG type, ACCESS_MASK access, const void *place,
                                PHANDLE handle)
{
    PDEVICE_OBJECT physical;

    if (flags_of(type) == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    physical = physical_device(device, "portcls: PcNewRegistryKey", place);
    return physical != NULL ? IoOpenDeviceRegistryKey(physical, flags_of(type), access, handle)
                            : STATUS_INVALID_PARAMETER;
}

/* IRQL: PASSIVE_LEVEL. HwProfileRegistryKey is the device's key in the hardware profile.
 * STATUS_INVALID_PARAMETER: no out pointer, no attributes for a general key, no device for another,
 * a subdevice, DeviceInterfaceRegistryKey; STATUS_NOT_SUPPORTED: aggregation; otherwise what
 * opening the key returned. (portcls: PcNewRegistryKey; silent about the codes) */
NTSTATUS NTAPI PcNewRegistryKey(PREGISTRYKEY *OutRegistryKey, PUNKNOWN OuterUnknown,
                                ULONG RegistryKeyType, ACCESS_MASK DesiredAccess,
                                PVOID DeviceObject, PVOID SubDevice,
                                POBJECT_ATTRIBUTES ObjectAttributes, ULONG CreateOptions,
                                PULONG Disposition)
{
    PC_CALLED;
    HANDLE handle;
    NTSTATUS status;

    if (!pc_enter("PcNewRegistryKey", PASSIVE_LEVEL, "portcls: PcNewRegistryKey", PC_PLACE)) {
        return STATUS_UNSUCCESSFUL;
    }
    if (OutRegistryKey == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *OutRegistryKey = NULL;
    if (OuterUnknown != NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    if (SubDevice != NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (RegistryKeyType != GeneralRegistryKey) {
        status = open_device_key(DeviceObject, RegistryKeyType, DesiredAccess, PC_PLACE, &handle);
    } else if (ObjectAttributes == NULL) {
        status = STATUS_INVALID_PARAMETER;
    } else {
        status = ZwCreateKey(&handle, DesiredAccess, ObjectAttributes, 0, NULL, CreateOptions,
                             Disposition);
    }
    return NT_SUCCESS(status)
               ? wrap(OutRegistryKey, handle, PC_ORIGIN("IRegistryKey", "PcNewRegistryKey"))
               : status;
}

/* IRQL: PASSIVE_LEVEL. Statuses as of IoGetDeviceProperty. (portcls: PcGetDeviceProperty) */
NTSTATUS NTAPI PcGetDeviceProperty(PVOID DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                   ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength)
{
    PC_CALLED;
    const char *page = "portcls: PcGetDeviceProperty";
    PDEVICE_OBJECT physical;

    if (!pc_enter("PcGetDeviceProperty", PASSIVE_LEVEL, page, PC_PLACE)) {
        return STATUS_UNSUCCESSFUL;
    }
    physical = physical_device(DeviceObject, page, PC_PLACE);
    return physical != NULL ? IoGetDeviceProperty(physical, DeviceProperty, BufferLength,
                                                  PropertyBuffer, ResultLength)
                            : STATUS_INVALID_DEVICE_REQUEST;
}

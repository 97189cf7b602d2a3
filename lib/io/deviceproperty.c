/*
 * deviceproperty.c - the properties of a device, by number and by key.
 *
 * Both are the same properties: a number is a key that everybody knows. The numbers that the
 * documentation reserves are not handled.
 */
#include <string.h>

#include "io/devnode.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/fail.h"

/* A GUID that IoGetDeviceProperty tells as text. */
enum { GUID_AS_TEXT = 0x10000 };

static const GUID device_id = {
    0xA45C254E, 0xDF1C, 0x4EFD, { 0x80, 0x20, 0x67, 0xD1, 0x46, 0xA8, 0x50, 0xE0 }
};
static const GUID container_id = {
    0x8C7ED206, 0x3F8A, 0x4827, { 0xB3, 0xAB, 0xAE, 0x9E, 0x1F, 0xAE, 0xFC, 0x6C }
};
/* Of what has a number, but no key: nobody else knows this one. */
static const GUID own_id = {
    0x5C1A0A7E, 0x0E0B, 0x4D55, { 0x9A, 0x11, 0x64, 0x69, 0x72, 0x71, 0x6C, 0x01 }
};

typedef struct form {
    const GUID *id;
    ULONG pid;
    ULONG type; /* A DEVPROPTYPE, or one with GUID_AS_TEXT. */
} form;

static const form forms[] = {
    [DevicePropertyDeviceDescription] = { &device_id, 2, DEVPROP_TYPE_STRING },
    [DevicePropertyHardwareID] = { &device_id, 3, DEVPROP_TYPE_STRING_LIST },
    [DevicePropertyCompatibleIDs] = { &device_id, 4, DEVPROP_TYPE_STRING_LIST },
    [DevicePropertyBootConfiguration] = { &own_id, 2, DEVPROP_TYPE_BINARY },
    [DevicePropertyBootConfigurationTranslated] = { &own_id, 3, DEVPROP_TYPE_BINARY },
    [DevicePropertyClassName] = { &device_id, 9, DEVPROP_TYPE_STRING },
    [DevicePropertyClassGuid] = { &device_id, 10, DEVPROP_TYPE_GUID | GUID_AS_TEXT },
    [DevicePropertyDriverKeyName] = { &device_id, 11, DEVPROP_TYPE_STRING },
    [DevicePropertyManufacturer] = { &device_id, 13, DEVPROP_TYPE_STRING },
    [DevicePropertyFriendlyName] = { &device_id, 14, DEVPROP_TYPE_STRING },
    [DevicePropertyLocationInformation] = { &device_id, 15, DEVPROP_TYPE_STRING },
    [DevicePropertyPhysicalDeviceObjectName] = { &device_id, 16, DEVPROP_TYPE_STRING },
    [DevicePropertyBusTypeGuid] = { &device_id, 21, DEVPROP_TYPE_GUID },
    [DevicePropertyLegacyBusType] = { &device_id, 22, DEVPROP_TYPE_UINT32 },
    [DevicePropertyBusNumber] = { &device_id, 23, DEVPROP_TYPE_UINT32 },
    [DevicePropertyEnumeratorName] = { &device_id, 24, DEVPROP_TYPE_STRING },
    [DevicePropertyAddress] = { &device_id, 30, DEVPROP_TYPE_UINT32 },
    [DevicePropertyUINumber] = { &device_id, 18, DEVPROP_TYPE_UINT32 },
    [DevicePropertyInstallState] = { &device_id, 36, DEVPROP_TYPE_UINT32 },
    [DevicePropertyRemovalPolicy] = { &device_id, 33, DEVPROP_TYPE_UINT32 },
    [DevicePropertyContainerID] = { &container_id, 2, DEVPROP_TYPE_GUID | GUID_AS_TEXT },
};

static const form *form_of(DEVICE_REGISTRY_PROPERTY property)
{
    return (size_t)property < RTL_NUMBER_OF(forms) && forms[property].id != NULL ? &forms[property]
                                                                                 : NULL;
}

bool dq_device_property_key(DEVICE_REGISTRY_PROPERTY property, DEVPROPKEY *key, DEVPROPTYPE *type)
{
    const form *is = form_of(property);

    if (is == NULL) {
        return false;
    }
    *key = (DEVPROPKEY){ .fmtid = *is->id, .pid = is->pid };
    *type = is->type & ~(ULONG)GUID_AS_TEXT;
    return true;
}

NTSTATUS dq_device_property_set(dq_machine *machine, dq_devnode *node,
                                DEVICE_REGISTRY_PROPERTY property, const void *data, ULONG bytes)
{
    dq_property kept = { .locale = LOCALE_NEUTRAL, .bytes = bytes, .data = (void *)data };
    NTSTATUS status;

    if (!dq_device_property_key(property, &kept.key, &kept.type)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    status = dq_property_change(machine, &node->properties, 0, &kept);
    if (NT_SUCCESS(status) && property == DevicePropertyClassGuid) {
        dq_devnode_set_driver(machine, node);
    }
    return status;
}

/* ---- By number ------------------------------------------------------------------------------- */

static NTSTATUS give(const void *data, ULONG bytes, void *buffer, ULONG length, PULONG result)
{
    *result = bytes;
    if (length < bytes || (buffer == NULL && bytes > 0)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (bytes > 0) {
        memcpy(buffer, data, bytes);
    }
    return STATUS_SUCCESS;
}

/* A property that the device does not have: STATUS_OBJECT_NAME_NOT_FOUND, where the page is
 * silent. */
NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject,
                                   DEVICE_REGISTRY_PROPERTY DeviceProperty, ULONG BufferLength,
                                   PVOID PropertyBuffer, PULONG ResultLength)
{
    const void *place = DQ_CALL_PLACE;
    const form *is = form_of(DeviceProperty);
    DEVPROPKEY key;
    const dq_property *property;
    dq_devnode *node;
    dq_path text;

    DQ_ENTER(IoGetDeviceProperty, DeviceObject, DeviceProperty, BufferLength, 0,
             STATUS_UNSUCCESSFUL);
    *ResultLength = 0;
    node = dq_devnode_check(cpu, DeviceObject, place);
    if (node == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (is == NULL) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    key = (DEVPROPKEY){ .fmtid = *is->id, .pid = is->pid };
    property = dq_property_find(node->properties, &key, LOCALE_NEUTRAL);
    if (property == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if ((is->type & GUID_AS_TEXT) == 0 || property->bytes != sizeof(GUID)) {
        return give(property->data, property->bytes, PropertyBuffer, BufferLength, ResultLength);
    }
    dq_path_start(&text, "");
    dq_path_add_guid(&text, property->data);
    return give(text.text, text.name.Length + (ULONG)sizeof(WCHAR), PropertyBuffer, BufferLength,
                ResultLength);
}

/* ---- By key ---------------------------------------------------------------------------------- */

NTSTATUS NTAPI IoGetDevicePropertyData(PDEVICE_OBJECT Pdo, CONST DEVPROPKEY *PropertyKey, LCID Lcid,
                                       ULONG Flags, ULONG Size, PVOID Data, PULONG RequiredSize,
                                       PDEVPROPTYPE Type)
{
    const dq_property_get get = { PropertyKey, Lcid, Flags, Size, Data, RequiredSize, Type };
    const void *place = DQ_CALL_PLACE;
    dq_devnode *node;

    DQ_ENTER(IoGetDevicePropertyData, Pdo, Lcid, Flags, Size, STATUS_UNSUCCESSFUL);
    node = dq_devnode_check(cpu, Pdo, place);
    if (node == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    return !dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)
               ? dq_property_answer(node->properties, &get)
               : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI IoSetDevicePropertyData(PDEVICE_OBJECT Pdo, CONST DEVPROPKEY *PropertyKey, LCID Lcid,
                                       ULONG Flags, DEVPROPTYPE Type, ULONG Size, PVOID Data)
{
    const void *place = DQ_CALL_PLACE;
    dq_property property = { .locale = Lcid, .type = Type, .bytes = Size, .data = Data };
    dq_devnode *node;

    DQ_ENTER(IoSetDevicePropertyData, Pdo, Lcid, Flags, Size, STATUS_UNSUCCESSFUL);
    node = dq_devnode_check(cpu, Pdo, place);
    if (node == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (PropertyKey == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    property.key = *PropertyKey;
    return dq_property_change(cpu->machine, &node->properties, Flags, &property);
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

NTSTATUS NTAPI IoGetDeviceNumaNode(PDEVICE_OBJECT Pdo, PUSHORT NodeNumber)
{
    DQ_ENTER(IoGetDeviceNumaNode, Pdo, 0, 0, 0, STATUS_UNSUCCESSFUL);
    if (!dq_device_is_alive(cpu->machine, Pdo)) {
        return STATUS_INVALID_PARAMETER;
    }
    *NodeNumber = 0;
    return STATUS_SUCCESS;
}

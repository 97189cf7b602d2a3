/*
 * devnode.c - what the PnP manager keeps of a device.
 *
 * All devices are of one enumerator, and of the setup class that Windows has for those it does not
 * know, until the test says otherwise.
 */
#include "io/devnode.h"

#include <string.h>

#include "ke/keep.h"
#include "ke/ki.h"

#define SYSTEM     "\\Registry\\Machine\\System\\CurrentControlSet\\"
#define HW_PROFILE "Hardware Profiles\\Current\\System\\CurrentControlSet\\"
#define ENUMERATOR "DIRQL"

static const GUID unknown_class = {
    0x4D36E97E, 0xE325, 0x11CE, { 0xBF, 0xC1, 0x08, 0x00, 0x2B, 0xE1, 0x03, 0x18 }
};

static void set_number(dq_machine *machine, dq_devnode *node, DEVICE_REGISTRY_PROPERTY property,
                       ULONG value)
{
    (void)dq_device_property_set(machine, node, property, &value, sizeof(value));
}

static void set_path(dq_machine *machine, dq_devnode *node, DEVICE_REGISTRY_PROPERTY property,
                     const dq_path *path)
{
    (void)dq_device_property_set(machine, node, property, path->text,
                                 path->name.Length + (ULONG)sizeof(WCHAR));
}

void dq_devnode_set_driver(dq_machine *machine, dq_devnode *node)
{
    DEVPROPKEY key;
    DEVPROPTYPE type;
    const dq_property *class_id;
    dq_path path;

    (void)dq_device_property_key(DevicePropertyClassGuid, &key, &type);
    class_id = dq_property_find(node->properties, &key, LOCALE_NEUTRAL);
    if (class_id != NULL && class_id->bytes == sizeof(GUID)) {
        dq_path_start(&path, "");
        dq_path_add_guid(&path, class_id->data);
        dq_path_add(&path, "\\");
        dq_path_add_number(&path, node->number);
        set_path(machine, node, DevicePropertyDriverKeyName, &path);
    }
}

static void set_defaults(dq_machine *machine, dq_devnode *node)
{
    dq_path path;

    set_number(machine, node, DevicePropertyAddress, 0xFFFFFFFF);
    set_number(machine, node, DevicePropertyUINumber, 0xFFFFFFFF);
    set_number(machine, node, DevicePropertyInstallState, InstallStateInstalled);
    set_number(machine, node, DevicePropertyRemovalPolicy, RemovalPolicyExpectNoRemoval);
    dq_path_start(&path, ENUMERATOR);
    set_path(machine, node, DevicePropertyEnumeratorName, &path);
    dq_path_start(&path, "\\Device\\DIRQL");
    dq_path_add_number(&path, node->number);
    set_path(machine, node, DevicePropertyPhysicalDeviceObjectName, &path);
    dq_path_start(&path, "Unknown");
    set_path(machine, node, DevicePropertyClassName, &path);
    (void)dq_device_property_set(machine, node, DevicePropertyClassGuid, &unknown_class,
                                 sizeof(unknown_class));
}

dq_devnode *dq_devnode_of(dq_machine *machine, const void *device)
{
    const dq_pdo *pdo = dq_pdo_find(machine, device);
    dq_devnode **link;
    unsigned count = 0;

    if (pdo == NULL) {
        return NULL;
    }
    link = &dq_io_of(machine)->devnodes;
    while (*link != NULL && (*link)->pdo != pdo) {
        link = &(*link)->next;
        count++;
    }
    if (*link == NULL) {
        *link = dq_keep(machine, sizeof(**link));
        if (*link != NULL) {
            (*link)->pdo = pdo;
            (*link)->number = count;
            set_defaults(machine, *link);
        }
    }
    return *link;
}

dq_devnode *dq_devnode_check(dq_processor *cpu, const void *device, const void *place)
{
    dq_devnode *node = dq_devnode_of(cpu->machine, device);

    if (node == NULL && dq_pdo_find(cpu->machine, device) == NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "PhysicalDevice",
                               .page = dq_service_name(cpu->execution->service),
                               .code = PNP_DETECTED_FATAL_ERROR,
                               .parameters = { 2, (uintptr_t)device },
                               .place = place },
                "%s was given %s that is no physical device object",
                dq_service_name(cpu->execution->service),
                device == NULL ? "NULL: something" : "something");
    }
    return node;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

/* A name may have separators in it, which would be part of the path. */
static void add_name(dq_path *path, const char *name)
{
    char one[2] = { 0 };

    for (; *name != '\0'; name++) {
        one[0] = *name == '\\' || *name == '/' ? '_' : *name;
        dq_path_add(path, one);
    }
}

void dq_devnode_add_instance(const dq_devnode *node, dq_path *path, const char *separator)
{
    dq_path_add(path, ENUMERATOR);
    dq_path_add(path, separator);
    add_name(path, node->pdo->name);
    dq_path_add(path, separator);
    dq_path_add_number(path, node->number);
}

bool dq_devnode_key_path(const dq_devnode *node, ULONG type, dq_path *path)
{
    const ULONG which = type & ~(ULONG)PLUGPLAY_REGKEY_CURRENT_HWPROFILE;
    DEVPROPKEY key;
    DEVPROPTYPE kept;
    const dq_property *driver;

    dq_path_start(path, SYSTEM);
    dq_path_add(path, type & PLUGPLAY_REGKEY_CURRENT_HWPROFILE ? HW_PROFILE : "");
    if (which == PLUGPLAY_REGKEY_DEVICE) {
        dq_path_add(path, "Enum\\");
        dq_devnode_add_instance(node, path, "\\");
        dq_path_add(path, "\\Device Parameters");
        return true;
    }
    (void)dq_device_property_key(DevicePropertyDriverKeyName, &key, &kept);
    driver = dq_property_find(node->properties, &key, LOCALE_NEUTRAL);
    if (which != PLUGPLAY_REGKEY_DRIVER || driver == NULL || driver->type != DEVPROP_TYPE_STRING) {
        return false;
    }
    dq_path_add(path, "Control\\Class\\");
    dq_path_add_wide(path, &(UNICODE_STRING){ .Buffer = driver->data,
                                              .Length = (USHORT)(driver->bytes - sizeof(WCHAR)) });
    return true;
}

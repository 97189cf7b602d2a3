/*
 * devnode.h - what the PnP manager keeps of a device: its properties and its interfaces.
 */
#ifndef DQ_DEVNODE_H
#define DQ_DEVNODE_H

#include <wdm.h>

#include "io/devicepath.h"
#include "io/io.h"

typedef struct dq_property {
    DEVPROPKEY key;
    LCID locale;
    DEVPROPTYPE type;
    ULONG bytes;
    void *data;
    struct dq_property *next;
} dq_property;

typedef struct dq_devnode {
    const dq_pdo *pdo;
    unsigned number; /* From 0, of all devices. */
    dq_property *properties;
    struct dq_pci *pci; /* NULL: it is not on the PCI bus. */
    unsigned bus_references;   /* To its bus interface. */
    const void *bus_interface; /* Who asked for it last. */
    struct dq_devnode *next;
} dq_devnode;

/* The node of a physical device object; made when it is first asked for. NULL: it is none, or
 * memory is short. */
dq_devnode *dq_devnode_of(dq_machine *machine, const void *device);

/* The same, for a service called from `place`: what is no physical device object is a finding. */
dq_devnode *dq_devnode_check(dq_processor *cpu, const void *device, const void *place);

/* "DIRQL\uart\0000", with another separator if need be. */
void dq_devnode_add_instance(const dq_devnode *node, dq_path *path, const char *separator);

/* The path of the key that IoOpenDeviceRegistryKey opens. False: the flags make no sense. */
bool dq_devnode_key_path(const dq_devnode *node, ULONG type, dq_path *path);

/* The setup class has changed, and the driver's key with it. */
void dq_devnode_set_driver(dq_machine *machine, dq_devnode *node);

/* ---- property.c ------------------------------------------------------------------------------ */

dq_property *dq_property_find(dq_property *list, const DEVPROPKEY *key, LCID locale);
/* STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS dq_property_set(dq_machine *machine, dq_property **list, const dq_property *property);
/* STATUS_OBJECT_NAME_NOT_FOUND. */
NTSTATUS dq_property_drop(dq_machine *machine, dq_property **list, const DEVPROPKEY *key,
                          LCID locale);

/* What IoGet...PropertyData and IoSet...PropertyData do with a list. */
typedef struct dq_property_get {
    const DEVPROPKEY *key;
    LCID locale;
    ULONG flags, size;
    void *data;
    PULONG required;
    PDEVPROPTYPE type;
} dq_property_get;
NTSTATUS dq_property_answer(dq_property *list, const dq_property_get *get);
NTSTATUS dq_property_change(dq_machine *machine, dq_property **list, ULONG flags,
                            const dq_property *property);

/* ---- deviceproperty.c ------------------------------------------------------------------------ */

/* How a DEVICE_REGISTRY_PROPERTY is kept. False: it is none that is handled. */
bool dq_device_property_key(DEVICE_REGISTRY_PROPERTY property, DEVPROPKEY *key, DEVPROPTYPE *type);

/* Sets it, in the form in which it is kept. */
NTSTATUS dq_device_property_set(dq_machine *machine, dq_devnode *node,
                                DEVICE_REGISTRY_PROPERTY property, const void *data, ULONG bytes);

/* ---- deviceinterface.c ----------------------------------------------------------------------- */

typedef struct dq_interface {
    dq_devnode *node;
    GUID class_id;
    UNICODE_STRING reference; /* Empty: none. */
    UNICODE_STRING link;
    bool enabled;
    bool announced;    /* Who listens was told of it. */
    const void *place; /* That enabled it. */
    dq_property *properties;
    struct dq_interface *next; /* In order of registration. */
} dq_interface;

/* NULL: there is none of that name. */
dq_interface *dq_interface_find(dq_machine *machine, const UNICODE_STRING *link);

void dq_interface_key_path(const dq_interface *interface, dq_path *path);

/* The device was started: its enabled interfaces are told of. It was removed: none is enabled. */
void dq_interfaces_announce(dq_processor *cpu, const DEVICE_OBJECT *pdo);
void dq_interfaces_disable(dq_processor *cpu, const DEVICE_OBJECT *pdo);

#endif

/*
 * deviceinterface.c - device interfaces: registered, enabled, found by class.
 *
 * An interface stays registered for the whole run. Its name leads to its device while it is enabled.
 * Who listens is told of it when its device is started, not before.
 */
#include "io/devnode.h"

#include <string.h>

#include "ex/pool.h"
#include "ex/registry.h"
#include "io/pnpnotify.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/fail.h"

enum { TAG_STRING = 0x67727453, TAG_LIST = 0x66497644 }; /* "Strg", "DvIf" */

enum { SEPARATOR = sizeof(WCHAR) }; /* Between a name and its reference string. */

static bool is_class(const dq_interface *interface, const GUID *class_id)
{
    return memcmp(&interface->class_id, class_id, sizeof(GUID)) == 0;
}

dq_interface *dq_interface_find(dq_machine *machine, const UNICODE_STRING *link)
{
    const dq_io *io = dq_io_of(machine);
    dq_interface *interface = io != NULL ? io->interfaces : NULL;

    while (interface != NULL && !dq_key_name_is(&interface->link, link)) {
        interface = interface->next;
    }
    return interface;
}

static dq_interface *find_alias(dq_machine *machine, const dq_devnode *node, const GUID *class_id,
                                const UNICODE_STRING *reference)
{
    dq_interface *interface = dq_io_of(machine)->interfaces;

    while (interface != NULL && (interface->node != node || !is_class(interface, class_id) ||
                                 !dq_key_name_is(&interface->reference, reference))) {
        interface = interface->next;
    }
    return interface;
}

/* `first` and what stands for a separator in it: "\??\" for links, "##?#" for keys. */
static void add_name(const dq_interface *interface, dq_path *path, const char *first)
{
    dq_path_add(path, first);
    dq_devnode_add_instance(interface->node, path, "#");
    dq_path_add(path, "#");
    dq_path_add_guid(path, &interface->class_id);
}

void dq_interface_key_path(const dq_interface *interface, dq_path *path)
{
    dq_path_start(path, "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses\\");
    dq_path_add_guid(path, &interface->class_id);
    dq_path_add(path, "\\");
    add_name(interface, path, "##?#");
    dq_path_add(path, "\\#");
    dq_path_add_wide(path, &interface->reference);
    dq_path_add(path, "\\Device Parameters");
}

/* ---- Names that callers get ------------------------------------------------------------------ */

static NTSTATUS give_name(dq_processor *cpu, const dq_interface *interface, PUNICODE_STRING name,
                          const void *place)
{
    const USHORT bytes = interface->link.Length;

    name->Buffer = dq_pool_allocate(cpu, PagedPool, bytes + sizeof(WCHAR), TAG_STRING, place);
    if (name->Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memcpy(name->Buffer, interface->link.Buffer, bytes);
    name->Buffer[bytes / sizeof(WCHAR)] = 0;
    name->Length = bytes;
    name->MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
    return STATUS_SUCCESS;
}

static bool keep_text(dq_machine *machine, UNICODE_STRING *to, const UNICODE_STRING *from)
{
    to->Buffer = dq_keep(machine, from->Length + sizeof(WCHAR));
    if (to->Buffer == NULL) {
        return false;
    }
    if (from->Length > 0) {
        memcpy(to->Buffer, from->Buffer, from->Length);
    }
    to->Length = from->Length;
    to->MaximumLength = (USHORT)(from->Length + sizeof(WCHAR));
    return true;
}

/* ---- Registration ---------------------------------------------------------------------------- */

static bool has_separator(const UNICODE_STRING *reference)
{
    for (size_t i = 0; i < reference->Length / sizeof(WCHAR); i++) {
        if (reference->Buffer[i] == '\\' || reference->Buffer[i] == '/') {
            return true;
        }
    }
    return false;
}

static NTSTATUS make(dq_machine *machine, dq_devnode *node, const GUID *class_id,
                     const UNICODE_STRING *reference, dq_interface **made)
{
    dq_interface **link = &dq_io_of(machine)->interfaces;
    dq_interface *interface = dq_keep(machine, sizeof(*interface));
    dq_path path;

    if (interface == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    interface->node = node;
    interface->class_id = *class_id;
    dq_path_start(&path, "");
    add_name(interface, &path, "\\??\\");
    if (reference->Length > 0) {
        dq_path_add(&path, "\\");
        dq_path_add_wide(&path, reference);
    }
    if (path.cut) {
        return STATUS_NAME_TOO_LONG;
    }
    if (!keep_text(machine, &interface->reference, reference) ||
        !keep_text(machine, &interface->link, &path.name)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = interface;
    *made = interface;
    return STATUS_SUCCESS;
}

/* A name of more than about a thousand characters: STATUS_NAME_TOO_LONG, where Windows has no
 * limit. */
NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject,
                                         CONST GUID *InterfaceClassGuid,
                                         PUNICODE_STRING ReferenceString,
                                         PUNICODE_STRING SymbolicLinkName)
{
    static const UNICODE_STRING none;
    const void *place = DQ_CALL_PLACE;
    const UNICODE_STRING *reference = ReferenceString != NULL ? ReferenceString : &none;
    dq_interface *interface;
    dq_devnode *node;
    NTSTATUS status = STATUS_SUCCESS, given;

    DQ_ENTER(IoRegisterDeviceInterface, PhysicalDeviceObject, 0, 0, 0, STATUS_UNSUCCESSFUL);
    node = dq_devnode_check(cpu, PhysicalDeviceObject, place);
    if (node == NULL || InterfaceClassGuid == NULL || has_separator(reference)) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    interface = find_alias(cpu->machine, node, InterfaceClassGuid, reference);
    if (interface == NULL) {
        status = make(cpu->machine, node, InterfaceClassGuid, reference, &interface);
    } else {
        status = STATUS_OBJECT_NAME_EXISTS;
    }
    given = NT_SUCCESS(status) ? give_name(cpu, interface, SymbolicLinkName, place) : status;
    return NT_SUCCESS(given) ? status : given;
}

/* ---- Enabling -------------------------------------------------------------------------------- */

static void announce(dq_processor *cpu, dq_interface *interface)
{
    if (interface->announced != interface->enabled &&
        interface->node->pdo->state != DQ_PDO_ADDED) {
        interface->announced = interface->enabled;
        dq_pnp_tell_interface(cpu, &interface->class_id, &interface->link, interface->enabled,
                              interface->place);
    }
}

void dq_interfaces_announce(dq_processor *cpu, const DEVICE_OBJECT *pdo)
{
    for (dq_interface *i = dq_io_of(cpu->machine)->interfaces; i != NULL; i = i->next) {
        if (i->node->pdo->device == pdo) {
            announce(cpu, i);
        }
    }
}

void dq_interfaces_disable(dq_processor *cpu, const DEVICE_OBJECT *pdo)
{
    for (dq_interface *i = dq_io_of(cpu->machine)->interfaces; i != NULL; i = i->next) {
        if (i->node->pdo->device == pdo) {
            i->enabled = false;
            announce(cpu, i);
        }
    }
}

/* A name that nobody registered: STATUS_OBJECT_NAME_NOT_FOUND, also when it is to be enabled, where
 * the page is silent. */
NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable)
{
    const void *place = DQ_CALL_PLACE;
    dq_interface *interface;

    DQ_ENTER(IoSetDeviceInterfaceState, NULL, Enable, 0, 0, STATUS_UNSUCCESSFUL);
    if (SymbolicLinkName == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    interface = dq_interface_find(cpu->machine, SymbolicLinkName);
    if (interface == NULL || (!Enable && !interface->enabled)) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (Enable && interface->enabled) {
        return STATUS_OBJECT_NAME_EXISTS;
    }
    if (Enable && dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    interface->enabled = Enable != FALSE;
    interface->place = place;
    announce(cpu, interface);
    return STATUS_SUCCESS;
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* The one that the name is, or begins with, as far as can be. */
PDEVICE_OBJECT dq_interface_device(dq_machine *machine, const UNICODE_STRING *name, USHORT *bytes)
{
    const dq_interface *found = NULL;

    for (const dq_interface *i = dq_io_of(machine)->interfaces; i != NULL; i = i->next) {
        if (dq_name_begins(name, &i->link) &&
            (found == NULL || found->link.Length < i->link.Length)) {
            found = i;
        }
    }
    if (found == NULL || !found->enabled) {
        return NULL;
    }
    *bytes = found->link.Length;
    if (found->reference.Length > 0) {
        *bytes = (USHORT)(*bytes - found->reference.Length - SEPARATOR);
    }
    return found->node->pdo->device;
}

/* ---- Finding --------------------------------------------------------------------------------- */

typedef struct wish {
    const GUID *class_id;
    const dq_devnode *node; /* NULL: of any device. */
    bool disabled;          /* These, too. */
} wish;

static bool is_wished(const dq_interface *interface, const wish *w)
{
    return is_class(interface, w->class_id) && (w->node == NULL || interface->node == w->node) &&
           (w->disabled || interface->enabled);
}

/* Writes to `to` if that is not NULL. Returns the bytes of all names and the last null. */
static size_t list_names(dq_machine *machine, const wish *w, WCHAR *to)
{
    size_t bytes = sizeof(WCHAR);

    for (const dq_interface *i = dq_io_of(machine)->interfaces; i != NULL; i = i->next) {
        if (is_wished(i, w)) {
            if (to != NULL) {
                memcpy(to, i->link.Buffer, i->link.MaximumLength);
                to += i->link.MaximumLength / sizeof(WCHAR);
            }
            bytes += i->link.MaximumLength;
        }
    }
    if (to != NULL) {
        *to = 0;
    }
    return bytes;
}

NTSTATUS NTAPI IoGetDeviceInterfaces(CONST GUID *InterfaceClassGuid,
                                     PDEVICE_OBJECT PhysicalDeviceObject, ULONG Flags,
                                     PZZWSTR *SymbolicLinkList)
{
    const void *place = DQ_CALL_PLACE;
    wish w = { .class_id = InterfaceClassGuid,
               .disabled = (Flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE) != 0 };

    DQ_ENTER(IoGetDeviceInterfaces, PhysicalDeviceObject, Flags, 0, 0, STATUS_UNSUCCESSFUL);
    *SymbolicLinkList = NULL;
    if (PhysicalDeviceObject != NULL) {
        w.node = dq_devnode_check(cpu, PhysicalDeviceObject, place);
        if (w.node == NULL) {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
    }
    if (InterfaceClassGuid == NULL || dq_io_of(cpu->machine) == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    *SymbolicLinkList =
        dq_pool_allocate(cpu, PagedPool, list_names(cpu->machine, &w, NULL), TAG_LIST, place);
    if (*SymbolicLinkList == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    (void)list_names(cpu->machine, &w, *SymbolicLinkList);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoGetDeviceInterfaceAlias(PUNICODE_STRING SymbolicLinkName,
                                         CONST GUID *AliasInterfaceClassGuid,
                                         PUNICODE_STRING AliasSymbolicLinkName)
{
    const void *place = DQ_CALL_PLACE;
    const dq_interface *interface, *alias;

    DQ_ENTER(IoGetDeviceInterfaceAlias, NULL, 0, 0, 0, STATUS_UNSUCCESSFUL);
    interface = SymbolicLinkName != NULL ? dq_interface_find(cpu->machine, SymbolicLinkName) : NULL;
    if (interface == NULL || AliasInterfaceClassGuid == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    alias =
        find_alias(cpu->machine, interface->node, AliasInterfaceClassGuid, &interface->reference);
    return alias != NULL ? give_name(cpu, alias, AliasSymbolicLinkName, place)
                         : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* ---- Properties ------------------------------------------------------------------------------ */

/* An unknown interface: STATUS_OBJECT_NAME_NOT_FOUND, where the pages are silent; so is a property
 * that it does not have. */
NTSTATUS NTAPI IoGetDeviceInterfacePropertyData(PUNICODE_STRING SymbolicLinkName,
                                                CONST DEVPROPKEY *PropertyKey, LCID Lcid,
                                                ULONG Flags, ULONG Size, PVOID Data,
                                                PULONG RequiredSize, PDEVPROPTYPE Type)
{
    const dq_property_get get = { PropertyKey, Lcid, Flags, Size, Data, RequiredSize, Type };
    const dq_interface *interface;

    DQ_ENTER(IoGetDeviceInterfacePropertyData, NULL, Lcid, Flags, Size, STATUS_UNSUCCESSFUL);
    interface = SymbolicLinkName != NULL ? dq_interface_find(cpu->machine, SymbolicLinkName) : NULL;
    if (interface == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return !dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, DQ_CALL_PLACE)
               ? dq_property_answer(interface->properties, &get)
               : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI IoSetDeviceInterfacePropertyData(PUNICODE_STRING SymbolicLinkName,
                                                CONST DEVPROPKEY *PropertyKey, LCID Lcid,
                                                ULONG Flags, DEVPROPTYPE Type, ULONG Size,
                                                PVOID Data)
{
    dq_property property = { .locale = Lcid, .type = Type, .bytes = Size, .data = Data };
    dq_interface *interface;

    DQ_ENTER(IoSetDeviceInterfacePropertyData, NULL, Lcid, Flags, Size, STATUS_UNSUCCESSFUL);
    interface = SymbolicLinkName != NULL ? dq_interface_find(cpu->machine, SymbolicLinkName) : NULL;
    if (interface == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (PropertyKey == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    property.key = *PropertyKey;
    return dq_property_change(cpu->machine, &interface->properties, Flags, &property);
}

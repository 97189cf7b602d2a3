/*
 * pci.c - a device on the PCI bus, in a test's hands (include/dirql/pci.h).
 */
#include <dirql/pci.h>

#include <string.h>

#include <wdmguid.h>

#include "control/control.h"
#include "io/pci.h"
#include "ke/keep.h"

/* NULL after a failure. */
static dq_devnode *node_of(dq_machine *machine, PDEVICE_OBJECT pdo, const char *function)
{
    dq_devnode *node = dq_devnode_of(machine, pdo);

    if (node == NULL) {
        dirql_control_fail(machine, "device",
                           "%s: %p is no device object that dirql_pdo_create() made in this run",
                           function, (void *)pdo);
    }
    return node;
}

/* ---- Attaching ------------------------------------------------------------------------------- */

static bool check_options(dq_machine *machine, const dirql_pci_options *options)
{
    if (options->bus > 255 || options->device >= PCI_MAX_DEVICES ||
        options->function >= PCI_MAX_FUNCTION) {
        dirql_control_fail(machine, "device",
                           "dirql_pci_attach: there is no place %u:%u.%u on a PCI bus (`bus` is at "
                           "most 255, `device` 31, `function` 7)",
                           options->bus, options->device, options->function);
        return false;
    }
    return true;
}

static void set_number(dq_machine *machine, dq_devnode *node, DEVICE_REGISTRY_PROPERTY property,
                       ULONG value)
{
    (void)dq_device_property_set(machine, node, property, &value, sizeof(value));
}

static void set_place(dq_machine *machine, dq_devnode *node, const dirql_pci_options *options)
{
    set_number(machine, node, DevicePropertyBusNumber, options->bus);
    set_number(machine, node, DevicePropertyAddress, options->device << 16 | options->function);
    set_number(machine, node, DevicePropertyLegacyBusType, PCIBus);
    (void)dq_device_property_set(machine, node, DevicePropertyBusTypeGuid, &GUID_BUS_TYPE_PCI,
                                 sizeof(GUID));
}

void dirql_pci_attach(PDEVICE_OBJECT pdo, const dirql_pci_options *options)
{
    DIRQL_INSIDE;
    static const dirql_pci_options none = { 0 };
    dq_machine *machine = dirql_control_machine("dirql_pci_attach");
    dq_devnode *node = machine != NULL ? node_of(machine, pdo, "dirql_pci_attach") : NULL;
    const dirql_pci_options *wanted = options != NULL ? options : &none;

    if (node == NULL || !check_options(machine, wanted)) {
        return;
    }
    if (node->pci != NULL) {
        dirql_control_fail(machine, "device",
                           "dirql_pci_attach: device \"%s\" is on the PCI bus already",
                           node->pdo->name);
        return;
    }
    node->pci = dq_keep(machine, sizeof(*node->pci));
    if (node->pci == NULL) {
        dirql_control_fail(machine, "device", "dirql_pci_attach: memory is short");
        return;
    }
    *node->pci = (dq_pci){ .bus = wanted->bus,
                           .slot.u.bits = { .DeviceNumber = wanted->device,
                                            .FunctionNumber = wanted->function },
                           .written = wanted->written,
                           .context = wanted->context };
    if (wanted->config != NULL) {
        memcpy(node->pci->space, wanted->config, sizeof(node->pci->space));
    }
    set_place(machine, node, wanted);
}

/* ---- The space ------------------------------------------------------------------------------- */

static UCHAR *space_of(PDEVICE_OBJECT pdo, ULONG offset, ULONG bytes, const char *function)
{
    dq_machine *machine = dirql_control_machine(function);
    dq_devnode *node = machine != NULL ? node_of(machine, pdo, function) : NULL;

    if (node == NULL) {
        return NULL;
    }
    if (node->pci == NULL) {
        dirql_control_fail(machine, "device",
                           "%s: device \"%s\" is not on the PCI bus: call dirql_pci_attach() first",
                           function, node->pdo->name);
        return NULL;
    }
    if (offset > sizeof(node->pci->space) || bytes > sizeof(node->pci->space) - offset) {
        dirql_control_fail(machine, "device",
                           "%s: %u bytes at offset %u; a configuration space has %zu", function,
                           bytes, offset, sizeof(node->pci->space));
        return NULL;
    }
    return node->pci->space + offset;
}

/* True if there is something to copy; else false, after a failure if it is missing. */
static bool check_data(const void *data, ULONG bytes, const char *function)
{
    dq_machine *machine = dirql_control_machine(function);

    if (machine != NULL && data == NULL && bytes > 0) {
        dirql_control_fail(machine, "device", "%s: `data` is NULL, but `bytes` is %u", function,
                           bytes);
    }
    return data != NULL && bytes > 0;
}

void dirql_pci_write(PDEVICE_OBJECT pdo, ULONG offset, const void *data, ULONG bytes)
{
    DIRQL_INSIDE;
    UCHAR *space = space_of(pdo, offset, bytes, "dirql_pci_write");

    if (space != NULL && check_data(data, bytes, "dirql_pci_write")) {
        memcpy(space, data, bytes);
    }
}

void dirql_pci_read(PDEVICE_OBJECT pdo, ULONG offset, void *data, ULONG bytes)
{
    DIRQL_INSIDE;
    const UCHAR *space = space_of(pdo, offset, bytes, "dirql_pci_read");

    if (space != NULL && check_data(data, bytes, "dirql_pci_read")) {
        memcpy(data, space, bytes);
    }
}

/*
 * pci.c - the configuration space of a PCI device, and what the PCI bus answers.
 *
 * What PCI says is read-only stays as the device has made it; the error bits of the status register
 * are cleared by writing ones.
 */
#include "io/pci.h"

#include <string.h>

#include <wdmguid.h>

#include "ke/ki.h"

enum { POOL_TAG = 0x69635042 /* "BPci" */, STATUS_ERRORS = 0xF9 /* Of the upper byte. */ };

dq_pci *dq_pci_of(dq_machine *machine, const void *device)
{
    const dq_devnode *node = dq_devnode_of(machine, device);

    return node != NULL ? node->pci : NULL;
}

/* ---- The space ------------------------------------------------------------------------------- */

static bool is_bridge(const dq_pci *pci)
{
    return PCI_CONFIGURATION_TYPE(pci->space) == PCI_BRIDGE_TYPE;
}

static bool is_read_only(const dq_pci *pci, ULONG offset)
{
    if (offset < FIELD_OFFSET(PCI_COMMON_CONFIG, Command) ||
        (offset >= FIELD_OFFSET(PCI_COMMON_CONFIG, RevisionID) &&
         offset <= FIELD_OFFSET(PCI_COMMON_CONFIG, BaseClass)) ||
        offset == FIELD_OFFSET(PCI_COMMON_CONFIG, HeaderType) ||
        offset == FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.CapabilitiesPtr) ||
        offset == FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.InterruptPin)) {
        return true;
    }
    return !is_bridge(pci) && ((offset >= FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.SubVendorID) &&
                                offset < FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.ROMBaseAddress)) ||
                               offset == FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.MinimumGrant) ||
                               offset == FIELD_OFFSET(PCI_COMMON_CONFIG, u.type0.MaximumLatency));
}

static ULONG available(ULONG offset, ULONG length)
{
    const ULONG left = offset < sizeof(PCI_COMMON_CONFIG)
                           ? (ULONG)sizeof(PCI_COMMON_CONFIG) - offset : 0;

    return min(length, left);
}

ULONG dq_pci_get(const dq_pci *pci, ULONG offset, void *buffer, ULONG length)
{
    const ULONG count = available(offset, length);

    memcpy(buffer, pci->space + min(offset, (ULONG)sizeof(pci->space)), count);
    return count;
}

static void set_byte(dq_pci *pci, ULONG offset, UCHAR value)
{
    const ULONG status = FIELD_OFFSET(PCI_COMMON_CONFIG, Status);

    if (offset == status + 1) {
        pci->space[offset] &= (UCHAR)~(value & STATUS_ERRORS);
    } else if (offset != status && !is_read_only(pci, offset)) {
        pci->space[offset] = value;
    }
}

ULONG dq_pci_set(dq_pci *pci, ULONG offset, const void *buffer, ULONG length)
{
    const ULONG count = available(offset, length);

    for (ULONG i = 0; i < count; i++) {
        set_byte(pci, offset + i, ((const UCHAR *)buffer)[i]);
    }
    if (count > 0 && pci->written != NULL) {
        pci->written(pci->context, offset, count);
    }
    return count;
}

/* ---- Requests -------------------------------------------------------------------------------- */

static NTSTATUS access_config(PDEVICE_OBJECT device, PIRP irp, bool write)
{
    const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    void *buffer = stack->Parameters.ReadWriteConfig.Buffer;
    const ULONG offset = stack->Parameters.ReadWriteConfig.Offset;
    const ULONG length = stack->Parameters.ReadWriteConfig.Length;
    dq_pci *pci = dq_pci_of(dq_self->machine, device);
    ULONG count;

    if (pci == NULL) {
        return irp->IoStatus.Status;
    }
    if (stack->Parameters.ReadWriteConfig.WhichSpace != PCI_WHICHSPACE_CONFIG) {
        return STATUS_INVALID_PARAMETER_1; /* It has no ROM. */
    }
    count = write ? dq_pci_set(pci, offset, buffer, length)
                  : dq_pci_get(pci, offset, buffer, length);
    irp->IoStatus.Information = count;
    return count > 0 || length == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_3;
}

NTSTATUS dq_pci_read_config(PDEVICE_OBJECT device, PIRP irp)
{
    return access_config(device, irp, false);
}

NTSTATUS dq_pci_write_config(PDEVICE_OBJECT device, PIRP irp)
{
    return access_config(device, irp, true);
}

NTSTATUS dq_pci_query_bus(PDEVICE_OBJECT device, PIRP irp)
{
    const dq_pci *pci = dq_pci_of(dq_self->machine, device);
    PPNP_BUS_INFORMATION bus;

    if (pci == NULL) {
        return irp->IoStatus.Status;
    }
    bus = ExAllocatePoolZero(PagedPool, sizeof(*bus), POOL_TAG);
    if (bus == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    bus->BusTypeGuid = GUID_BUS_TYPE_PCI;
    bus->LegacyBusType = PCIBus;
    bus->BusNumber = pci->bus;
    irp->IoStatus.Information = (ULONG_PTR)bus;
    return STATUS_SUCCESS;
}

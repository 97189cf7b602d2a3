/*
 * pci.h - the configuration space of a PCI device.
 */
#ifndef DQ_IO_PCI_H
#define DQ_IO_PCI_H

#include <wdm.h>

#include "io/devnode.h"

typedef struct dq_pci {
    ULONG bus;
    PCI_SLOT_NUMBER slot;
    UCHAR space[sizeof(PCI_COMMON_CONFIG)];
    void (*written)(void *context, ULONG offset, ULONG bytes);
    void *context;
} dq_pci;

/* NULL: the device is not on the PCI bus. */
dq_pci *dq_pci_of(dq_machine *machine, const void *device);

/* The driver reads or writes. Returns how many bytes: as many as there are from `offset` on. */
ULONG dq_pci_get(const dq_pci *pci, ULONG offset, void *buffer, ULONG length);
ULONG dq_pci_set(dq_pci *pci, ULONG offset, const void *buffer, ULONG length);

/* The answers to requests that reach the bus driver. */
NTSTATUS dq_pci_read_config(PDEVICE_OBJECT device, PIRP irp);
NTSTATUS dq_pci_write_config(PDEVICE_OBJECT device, PIRP irp);
NTSTATUS dq_pci_query_bus(PDEVICE_OBJECT device, PIRP irp);

/* ---- businterface.c -------------------------------------------------------------------------- */

/* Calls visit() for each device whose bus interface is referenced, with who asked for it. */
void dq_bus_references_for_each(dq_machine *machine,
                                void (*visit)(void *context, const void *place), void *context);

/* The answer to IRP_MN_QUERY_INTERFACE for GUID_BUS_INTERFACE_STANDARD. */
NTSTATUS dq_bus_query_interface(PDEVICE_OBJECT device, PIRP irp);

#endif

/*
 * pci.h - a device on the PCI bus, as the bus driver below the driver under test knows it.
 *
 * It has a configuration space of 256 bytes, which the driver reads and writes by the bus interface
 * (BUS_INTERFACE_STANDARD) and by IRP_MN_READ_CONFIG and IRP_MN_WRITE_CONFIG; it answers
 * IRP_MN_QUERY_BUS_INFORMATION, and has the properties of its place: bus number, address, legacy
 * bus type and bus type GUID.
 *
 * All: any IRQL; offsets and sizes in bytes. What is no device of dirql_pdo_create(), is attached
 * twice or not at all, a place that no bus has, or bytes outside the space: the run ends with a
 * finding. Pages: wdm, BUS_INTERFACE_STANDARD; kernel, irp-mn-read-config.
 */
#ifndef DIRQL_PCI_H
#define DIRQL_PCI_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dirql_pci_options {
    ULONG bus, device, function; /* Up to 255, 31 and 7. */
    /* What PCI_COMMON_CONFIG begins with. NULL: zeros. */
    const PCI_COMMON_CONFIG *config;
    /* Called after the driver has written: `offset` and `bytes` say what. May be NULL. At any IRQL;
     * dirql_pci_read() and _write() may be called. */
    void (*written)(void *context, ULONG offset, ULONG bytes);
    void *context;
} dirql_pci_options;

/* Makes a device of dirql_pdo_create() one on the PCI bus. Once for each device. */
DIRQL_API void dirql_pci_attach(PDEVICE_OBJECT pdo, const dirql_pci_options *options);

/* The device's own view of its configuration space: whatever it writes is there. The driver's
 * writes leave as they are what PCI makes read-only (IDs, class, header type, capabilities pointer,
 * interrupt pin ...), and clear the status bits that they have set. Base addresses are kept as they
 * are written. */
DIRQL_API void dirql_pci_write(PDEVICE_OBJECT pdo, ULONG offset, const void *data, ULONG bytes);
DIRQL_API void dirql_pci_read(PDEVICE_OBJECT pdo, ULONG offset, void *data, ULONG bytes);

#ifdef __cplusplus
}
#endif

#endif

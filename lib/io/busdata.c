/*
 * busdata.c - HalGetBusDataByOffset and HalSetBusDataByOffset: the configuration space of a device
 * that is named by its place on the bus.
 *
 * The page says how many bytes are read, but not what is said where nothing is: that is as the
 * HAL's older pages have it.
 */
#include <string.h>

#include "io/pci.h"
#include "ke/ki.h"

/* The device in that slot, or NULL; *bus says whether there is such a bus. */
static dq_pci *find(dq_machine *machine, BUS_DATA_TYPE type, ULONG number, ULONG slot, bool *bus)
{
    const dq_io *io = type == PCIConfiguration ? dq_io_of(machine) : NULL;
    dq_pci *found = NULL;

    *bus = false;
    for (const dq_devnode *n = io != NULL ? io->devnodes : NULL; n != NULL; n = n->next) {
        if (n->pci != NULL && n->pci->bus == number) {
            *bus = true;
            found = n->pci->slot.u.AsULONG == slot ? n->pci : found;
        }
    }
    return found;
}

ULONG NTAPI HalGetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber,
                                  PVOID Buffer, ULONG Offset, ULONG Length)
{
    static const USHORT nobody = PCI_INVALID_VENDORID;
    const dq_pci *pci;
    bool bus;
    ULONG count;

    DQ_ENTER(HalGetBusDataByOffset, NULL, BusNumber, SlotNumber, Offset, 0);
    pci = find(cpu->machine, BusDataType, BusNumber, SlotNumber, &bus);
    if (pci != NULL) {
        return dq_pci_get(pci, Offset, Buffer, Length);
    }
    count = bus ? min(Length, (ULONG)sizeof(nobody)) : 0;
    memcpy(Buffer, &nobody, count);
    return count;
}

ULONG NTAPI HalSetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber,
                                  PVOID Buffer, ULONG Offset, ULONG Length)
{
    dq_pci *pci;
    bool bus;

    DQ_ENTER(HalSetBusDataByOffset, NULL, BusNumber, SlotNumber, Offset, 0);
    pci = find(cpu->machine, BusDataType, BusNumber, SlotNumber, &bus);
    return pci != NULL && PCI_CONFIGURATION_TYPE(pci->space) != PCI_BRIDGE_TYPE
               ? dq_pci_set(pci, Offset, Buffer, Length)
               : 0;
}

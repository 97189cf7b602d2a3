/*
 * businterface.c - BUS_INTERFACE_STANDARD, as the bus driver gives it to who asks for it.
 *
 * Bus addresses are the machine's own. The routines' context is the physical device
 * object.
 */
#include "io/pci.h"

#include <wdmguid.h>

#include "ke/busdma.h"
#include "ke/ki.h"

/* The interface lives as long as the device: references are not counted. */
static VOID change_reference(PVOID context)
{
    (void)context;
}

/* Ports and memory are where the bus has them. */
static BOOLEAN NTAPI translate(PVOID Context, PHYSICAL_ADDRESS BusAddress, ULONG Length,
                               PULONG AddressSpace, PPHYSICAL_ADDRESS TranslatedAddress)
{
    const void *place = __builtin_return_address(0);

    DQ_ENTER(TranslateBusAddress, Context, Length, 0, 0, FALSE);
    (void)AddressSpace;
    if (dq_devnode_check(cpu, Context, place) == NULL) {
        return FALSE;
    }
    *TranslatedAddress = BusAddress;
    return TRUE;
}

static dq_pci *space_of(dq_processor *cpu, const void *device, ULONG type, const void *place)
{
    const dq_devnode *node = dq_devnode_check(cpu, device, place);

    return node != NULL && type == PCI_WHICHSPACE_CONFIG ? node->pci : NULL;
}

static ULONG NTAPI set_data(PVOID Context, ULONG DataType, PVOID Buffer, ULONG Offset, ULONG Length)
{
    const void *place = __builtin_return_address(0);
    dq_pci *pci;

    DQ_ENTER(SetBusData, Context, Offset, Length, 0, 0);
    pci = space_of(cpu, Context, DataType, place);
    return pci != NULL ? dq_pci_set(pci, Offset, Buffer, Length) : 0;
}

static ULONG NTAPI get_data(PVOID Context, ULONG DataType, PVOID Buffer, ULONG Offset, ULONG Length)
{
    const void *place = __builtin_return_address(0);
    const dq_pci *pci;

    DQ_ENTER(GetBusData, Context, Offset, Length, 0, 0);
    pci = space_of(cpu, Context, DataType, place);
    return pci != NULL ? dq_pci_get(pci, Offset, Buffer, Length) : 0;
}

NTSTATUS dq_bus_query_interface(PDEVICE_OBJECT device, PIRP irp)
{
    const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (!IsEqualGUID(stack->Parameters.QueryInterface.InterfaceType,
                     &GUID_BUS_INTERFACE_STANDARD) ||
        stack->Parameters.QueryInterface.Size < sizeof(BUS_INTERFACE_STANDARD) ||
        stack->Parameters.QueryInterface.Version < BUS_INTERFACE_STANDARD_VERSION) {
        return irp->IoStatus.Status;
    }
    *(PBUS_INTERFACE_STANDARD)stack->Parameters.QueryInterface.Interface =
        (BUS_INTERFACE_STANDARD){ .Size = sizeof(BUS_INTERFACE_STANDARD),
                                  .Version = BUS_INTERFACE_STANDARD_VERSION,
                                  .Context = device,
                                  .InterfaceReference = change_reference,
                                  .InterfaceDereference = change_reference,
                                  .TranslateBusAddress = translate,
                                  .GetDmaAdapter = dq_bus_get_dma_adapter,
                                  .SetBusData = set_data,
                                  .GetBusData = get_data };
    return STATUS_SUCCESS;
}

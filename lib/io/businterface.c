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

/* ---- References ------------------------------------------------------------------------------ */

/* NULL after a finding: it is no device, or nobody holds its interface any longer. */
static dq_devnode *check(dq_processor *cpu, const void *device, const void *place)
{
    dq_devnode *node = dq_devnode_check(cpu, device, place);

    if (node != NULL && node->bus_references == 0) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "BusInterface",
                               .page = "kernel: irp-mn-query-interface",
                               .place = place },
                "%s of a bus interface was called after its last InterfaceDereference",
                dq_service_name(cpu->execution->service));
        return NULL;
    }
    return node;
}

static VOID reference(PVOID context)
{
    const void *place = __builtin_return_address(0);
    dq_devnode *node;

    DQ_ENTER(InterfaceReference, context, 0, 0, 0, DQ_VOID);
    node = check(cpu, context, place);
    if (node != NULL) {
        node->bus_references++;
    }
}

static VOID dereference(PVOID context)
{
    const void *place = __builtin_return_address(0);
    dq_devnode *node;

    DQ_ENTER(InterfaceDereference, context, 0, 0, 0, DQ_VOID);
    node = check(cpu, context, place);
    if (node != NULL) {
        node->bus_references--;
    }
}

void dq_bus_references_for_each(dq_machine *machine,
                                void (*visit)(void *context, const void *place), void *context)
{
    const dq_io *io = dq_io_of(machine);

    for (const dq_devnode *n = io != NULL ? io->devnodes : NULL; n != NULL; n = n->next) {
        if (n->bus_references > 0) {
            visit(context, n->bus_interface);
        }
    }
}

/* ---- What it does ---------------------------------------------------------------------------- */

/* Ports and memory are where the bus has them. */
static BOOLEAN NTAPI translate(PVOID Context, PHYSICAL_ADDRESS BusAddress, ULONG Length,
                               PULONG AddressSpace, PPHYSICAL_ADDRESS TranslatedAddress)
{
    const void *place = __builtin_return_address(0);

    DQ_ENTER(TranslateBusAddress, Context, Length, 0, 0, FALSE);
    (void)AddressSpace;
    if (check(cpu, Context, place) == NULL) {
        return FALSE;
    }
    *TranslatedAddress = BusAddress;
    return TRUE;
}

static dq_pci *space_of(dq_processor *cpu, const void *device, ULONG type, const void *place)
{
    const dq_devnode *node = check(cpu, device, place);

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

static PDMA_ADAPTER NTAPI get_dma_adapter(PVOID Context, PDEVICE_DESCRIPTION DeviceDescriptor,
                                          PULONG NumberOfMapRegisters)
{
    const void *place = __builtin_return_address(0);

    DQ_ENTER(GetDmaAdapter, Context, DeviceDescriptor, 0, 0, NULL);
    return check(cpu, Context, place) != NULL
               ? dq_bus_get_dma_adapter(cpu, DeviceDescriptor, NumberOfMapRegisters, place)
               : NULL;
}

/* ---- The answer ------------------------------------------------------------------------------ */

NTSTATUS dq_bus_query_interface(PDEVICE_OBJECT device, PIRP irp)
{
    const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    dq_devnode *node = dq_devnode_of(dq_self->machine, device);

    if (node == NULL ||
        !IsEqualGUID(stack->Parameters.QueryInterface.InterfaceType,
                     &GUID_BUS_INTERFACE_STANDARD) ||
        stack->Parameters.QueryInterface.Size < sizeof(BUS_INTERFACE_STANDARD) ||
        stack->Parameters.QueryInterface.Version < BUS_INTERFACE_STANDARD_VERSION) {
        return irp->IoStatus.Status;
    }
    node->bus_references++;
    node->bus_interface = dq_self->execution->place;
    irp->IoStatus.Information = 0;
    *(PBUS_INTERFACE_STANDARD)stack->Parameters.QueryInterface.Interface =
        (BUS_INTERFACE_STANDARD){ .Size = sizeof(BUS_INTERFACE_STANDARD),
                                  .Version = BUS_INTERFACE_STANDARD_VERSION,
                                  .Context = device,
                                  .InterfaceReference = reference,
                                  .InterfaceDereference = dereference,
                                  .TranslateBusAddress = translate,
                                  .GetDmaAdapter = get_dma_adapter,
                                  .SetBusData = set_data,
                                  .GetBusData = get_data };
    return STATUS_SUCCESS;
}

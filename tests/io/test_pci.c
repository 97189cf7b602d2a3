/*
 * test_pci.c - a device on the PCI bus: its configuration space, by the bus interface and by
 * requests, and what the bus says of it.
 */
#include "pnp.h"

#include <dirql/driver.h>
#include <dirql/pci.h>

#include <wdmguid.h>

static const PCI_COMMON_CONFIG card = {
    .VendorID = 0x1AF4,
    .DeviceID = 0x1059,
    .Command = PCI_ENABLE_MEMORY_SPACE,
    .Status = PCI_STATUS_CAPABILITIES_LIST | PCI_STATUS_RECEIVED_MASTER_ABORT,
    .BaseClass = PCI_CLASS_MULTIMEDIA_DEV,
    .u.type0 = { .SubVendorID = 0x1AF4, .SubSystemID = 0x11, .InterruptPin = 1,
                 .CapabilitiesPtr = 0x40 },
    .DeviceSpecific = { PCI_CAPABILITY_ID_VENDOR_SPECIFIC },
};

static struct {
    ULONG offset, bytes, calls;
} written;

static void note(void *context, ULONG offset, ULONG bytes)
{
    assert_ptr_equal(context, &written);
    written.offset = offset;
    written.bytes = bytes;
    written.calls++;
}

static PVOID asked; /* The context of the interface that a test has asked for. */
static VOID (*done)(PVOID context);

static int card_start(void **state)
{
    (void)pnp_start(state);
    memset(&written, 0, sizeof(written));
    dirql_pci_attach(pdo, &(dirql_pci_options){ .bus = 2, .device = 5, .function = 1,
                                                .config = &card, .written = note,
                                                .context = &written });
    asked = NULL;
    return 0;
}

static int card_stop(void **state)
{
    (void)state;
    if (asked != NULL) {
        done(asked);
    }
    return 0;
}

/* ---- Requests -------------------------------------------------------------------------------- */

static IO_STATUS_BLOCK send(void (*fill)(PIO_STACK_LOCATION stack, void *context), UCHAR minor,
                            void *context)
{
    KEVENT event;
    IO_STATUS_BLOCK status;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, pdo, NULL, 0, NULL, &event, &status);
    assert_non_null(irp);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(irp)->MinorFunction = minor;
    fill(IoGetNextIrpStackLocation(irp), context);
    if (IoCallDriver(pdo, irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    }
    return status;
}

static void ask_bus_interface(PIO_STACK_LOCATION stack, void *context)
{
    stack->Parameters.QueryInterface.InterfaceType = &GUID_BUS_INTERFACE_STANDARD;
    stack->Parameters.QueryInterface.Size = sizeof(BUS_INTERFACE_STANDARD);
    stack->Parameters.QueryInterface.Version = 1;
    stack->Parameters.QueryInterface.Interface = context;
}

static BUS_INTERFACE_STANDARD bus_interface(void)
{
    BUS_INTERFACE_STANDARD bus = { 0 };

    assert_int_equal(send(ask_bus_interface, IRP_MN_QUERY_INTERFACE, &bus).Status, STATUS_SUCCESS);
    asked = bus.Context;
    done = bus.InterfaceDereference;
    return bus;
}

typedef struct config_access {
    ULONG space, offset, length;
    void *buffer;
} config_access;

static void ask_config(PIO_STACK_LOCATION stack, void *context)
{
    const config_access *a = context;

    stack->Parameters.ReadWriteConfig.WhichSpace = a->space;
    stack->Parameters.ReadWriteConfig.Buffer = a->buffer;
    stack->Parameters.ReadWriteConfig.Offset = a->offset;
    stack->Parameters.ReadWriteConfig.Length = a->length;
}

static void ask_nothing(PIO_STACK_LOCATION stack, void *context)
{
    (void)stack;
    (void)context;
}

/* ---- The interface --------------------------------------------------------------------------- */

static void the_bus_interface_reads_the_configuration_space(void **state)
{
    BUS_INTERFACE_STANDARD bus = bus_interface();
    PCI_COMMON_CONFIG read = { 0 };

    (void)state;
    assert_int_equal(bus.Size, sizeof(bus));
    assert_int_equal(bus.Version, 1);
    bus.InterfaceReference(bus.Context);
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &read, 0, sizeof(read)),
                     sizeof(read));
    assert_memory_equal(&read, &card, sizeof(read));
    bus.InterfaceDereference(bus.Context);
}

static void it_does_so_at_the_level_of_an_interrupt(void **state)
{
    BUS_INTERFACE_STANDARD bus = bus_interface();
    USHORT id = 0;
    KIRQL old;

    (void)state;
    KeRaiseIrql(7, &old);
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &id, 2, 2), 2);
    KeLowerIrql(old);
    assert_int_equal(id, 0x1059);
}

static void a_read_ends_where_the_space_ends(void **state)
{
    BUS_INTERFACE_STANDARD bus = bus_interface();
    UCHAR read[16];

    (void)state;
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, read, 248, 16), 8);
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, read, 256, 16), 0);
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_ROM, read, 0, 16), 0);
}

static void the_command_register_can_be_written(void **state)
{
    BUS_INTERFACE_STANDARD bus = bus_interface();
    USHORT command = PCI_ENABLE_MEMORY_SPACE | PCI_ENABLE_BUS_MASTER, now = 0;

    (void)state;
    assert_int_equal(bus.SetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &command, 4, 2), 2);
    dirql_pci_read(pdo, 4, &now, sizeof(now));
    assert_int_equal(now, command);
    assert_int_equal(written.calls, 1);
    assert_int_equal(written.offset, 4);
    assert_int_equal(written.bytes, 2);
}

static void what_pci_makes_read_only_stays(void **state)
{
    BUS_INTERFACE_STANDARD bus = bus_interface();
    PCI_COMMON_CONFIG all, now;

    (void)state;
    memset(&all, 0xFF, sizeof(all));
    all.Status = 0;
    bus.SetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &all, 0, sizeof(all));
    dirql_pci_read(pdo, 0, &now, sizeof(now));
    assert_int_equal(now.VendorID, card.VendorID);
    assert_int_equal(now.BaseClass, card.BaseClass);
    assert_int_equal(now.u.type0.SubSystemID, card.u.type0.SubSystemID);
    assert_int_equal(now.u.type0.CapabilitiesPtr, 0x40);
    assert_int_equal(now.u.type0.InterruptPin, 1);
    assert_int_equal(now.u.type0.InterruptLine, 0xFF);
    assert_int_equal(now.Status, card.Status);
}

static void an_error_bit_is_cleared_by_writing_one(void **state)
{
    BUS_INTERFACE_STANDARD bus = bus_interface();
    USHORT status = PCI_STATUS_RECEIVED_MASTER_ABORT, now = 0;

    (void)state;
    bus.SetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &status, 6, 2);
    dirql_pci_read(pdo, 6, &now, sizeof(now));
    assert_int_equal(now, PCI_STATUS_CAPABILITIES_LIST);
}

static void its_dma_adapter_is_one_of_the_device(void **state)
{
    BUS_INTERFACE_STANDARD bus = bus_interface();
    DEVICE_DESCRIPTION description = { .Version = DEVICE_DESCRIPTION_VERSION, .Master = TRUE,
                                       .Dma32BitAddresses = TRUE, .MaximumLength = PAGE_SIZE };
    ULONG registers = 0;
    PDMA_ADAPTER adapter;
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old); /* Where IoGetDmaAdapter cannot be called. */
    adapter = bus.GetDmaAdapter(bus.Context, &description, &registers);
    KeLowerIrql(old);
    assert_non_null(adapter);
    assert_int_equal(registers, 2);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

static void bus_addresses_are_the_machines(void **state)
{
    BUS_INTERFACE_STANDARD bus = bus_interface();
    PHYSICAL_ADDRESS address = { .QuadPart = 0xFEBF0000 }, translated = { .QuadPart = 0 };
    ULONG space = 0;

    (void)state;
    assert_true(bus.TranslateBusAddress(bus.Context, address, 4096, &space, &translated));
    assert_int_equal(translated.QuadPart, address.QuadPart);
    assert_int_equal(space, 0);
}

static void the_interface_of_a_stranger_is_a_finding(void **state)
{
    BUS_INTERFACE_STANDARD bus = bus_interface();
    USHORT id;

    (void)state;
    dirql_expect_finding("PhysicalDevice");
    (void)bus.GetBusData(&bus, PCI_WHICHSPACE_CONFIG, &id, 0, 2);
}

static void it_is_referenced_once_by_the_query(void **state)
{
    BUS_INTERFACE_STANDARD bus = bus_interface();
    USHORT id = 0;

    (void)state;
    bus.InterfaceReference(bus.Context);
    bus.InterfaceDereference(bus.Context);
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &id, 0, 2), 2);
    bus.InterfaceDereference(bus.Context);
    asked = NULL;
    dirql_expect_finding("BusInterface");
    (void)bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &id, 0, 2);
    fail_msg("nobody holds it");
}

static void another_interface_is_not_answered(void **state)
{
    BUS_INTERFACE_STANDARD bus;
    KEVENT event;
    IO_STATUS_BLOCK status;
    PIRP irp;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, pdo, NULL, 0, NULL, &event, &status);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    ask_bus_interface(IoGetNextIrpStackLocation(irp), &bus);
    IoGetNextIrpStackLocation(irp)->MinorFunction = IRP_MN_QUERY_INTERFACE;
    IoGetNextIrpStackLocation(irp)->Parameters.QueryInterface.InterfaceType =
        &GUID_PCMCIA_INTERFACE_STANDARD;
    assert_int_equal(IoCallDriver(pdo, irp), STATUS_NOT_SUPPORTED);
}

/* ---- By its place ---------------------------------------------------------------------------- */

static ULONG slot_of(ULONG device, ULONG function)
{
    const PCI_SLOT_NUMBER slot = { .u.bits = { .DeviceNumber = device,
                                               .FunctionNumber = function } };

    return slot.u.AsULONG;
}

static void an_old_driver_names_its_place(void **state)
{
    PCI_COMMON_CONFIG read = { 0 };
    USHORT command = PCI_ENABLE_BUS_MASTER;

    (void)state;
    assert_int_equal(
        HalGetBusDataByOffset(PCIConfiguration, 2, slot_of(5, 1), &read, 0, sizeof(read)),
        sizeof(read));
    assert_memory_equal(&read, &card, sizeof(read));
    assert_int_equal(HalSetBusDataByOffset(PCIConfiguration, 2, slot_of(5, 1), &command, 4, 2), 2);
    assert_int_equal(written.offset, 4);
    assert_int_equal(HalGetBusDataByOffset(PCIConfiguration, 2, slot_of(5, 1), &command, 255, 2),
                     1);
}

static void a_slot_may_be_empty(void **state)
{
    USHORT id = 0;

    (void)state;
    assert_int_equal(HalGetBusDataByOffset(PCIConfiguration, 2, slot_of(5, 0), &id, 0, 64), 2);
    assert_int_equal(id, PCI_INVALID_VENDORID);
    assert_int_equal(HalSetBusDataByOffset(PCIConfiguration, 2, slot_of(5, 0), &id, 0, 2), 0);
}

static void there_may_be_no_such_bus(void **state)
{
    USHORT id = 0;

    (void)state;
    assert_int_equal(HalGetBusDataByOffset(PCIConfiguration, 3, slot_of(5, 1), &id, 0, 2), 0);
    assert_int_equal(HalGetBusDataByOffset(EisaConfiguration, 2, slot_of(5, 1), &id, 0, 2), 0);
    assert_int_equal(id, 0);
}

static void a_bridge_is_not_written(void **state)
{
    const PCI_COMMON_CONFIG bridge = { .HeaderType = PCI_BRIDGE_TYPE };
    PDEVICE_OBJECT other = dirql_pdo_create("bridge", NULL, 0);
    USHORT command = PCI_ENABLE_BUS_MASTER;

    (void)state;
    dirql_pci_attach(other, &(dirql_pci_options){ .bus = 2, .device = 6, .config = &bridge });
    assert_int_equal(HalSetBusDataByOffset(PCIConfiguration, 2, slot_of(6, 0), &command, 4, 2), 0);
    assert_int_equal(HalGetBusDataByOffset(PCIConfiguration, 2, slot_of(6, 0), &command, 4, 2), 2);
    assert_int_equal(command, 0);
}

/* The list of capabilities begins at 0x40. */
static void a_capability_says_what_power_states_there_are(void **state)
{
    const PCI_PM_CAPABILITY power = { .Header = { PCI_CAPABILITY_ID_POWER_MANAGEMENT, 0 },
                                      .PMC.Capabilities = { .Version = 3, .Support.D1 = 1 },
                                      .PMCSR.ControlStatus.PowerState = 3 };
    PCI_PM_CAPABILITY read;

    (void)state;
    dirql_pci_write(pdo, 0x40, &power, sizeof(power));
    assert_int_equal(
        HalGetBusDataByOffset(PCIConfiguration, 2, slot_of(5, 1), &read, 0x40, sizeof(read)), 8);
    assert_int_equal(read.PMC.AsUSHORT, 0x0203);
    assert_int_equal(read.PMCSR.AsUSHORT, 3);
}

/* ---- By requests ----------------------------------------------------------------------------- */

static void requests_read_and_write_the_same_space(void **state)
{
    USHORT command = PCI_ENABLE_BUS_MASTER, read = 0;
    IO_STATUS_BLOCK status;

    (void)state;
    status = send(ask_config, IRP_MN_WRITE_CONFIG,
                  &(config_access){ PCI_WHICHSPACE_CONFIG, 4, 2, &command });
    assert_int_equal(status.Status, STATUS_SUCCESS);
    assert_int_equal(status.Information, 2);
    status = send(ask_config, IRP_MN_READ_CONFIG,
                  &(config_access){ PCI_WHICHSPACE_CONFIG, 4, 2, &read });
    assert_int_equal(status.Status, STATUS_SUCCESS);
    assert_int_equal(read, command);
}

static void a_request_outside_the_space_is_invalid(void **state)
{
    USHORT word = 0;

    (void)state;
    assert_int_equal(send(ask_config, IRP_MN_READ_CONFIG,
                          &(config_access){ PCI_WHICHSPACE_CONFIG, 256, 2, &word }).Status,
                     STATUS_INVALID_PARAMETER_3);
    assert_int_equal(send(ask_config, IRP_MN_READ_CONFIG,
                          &(config_access){ PCI_WHICHSPACE_ROM, 0, 2, &word }).Status,
                     STATUS_INVALID_PARAMETER_1);
}

static void the_bus_says_what_it_is(void **state)
{
    const IO_STATUS_BLOCK status = send(ask_nothing, IRP_MN_QUERY_BUS_INFORMATION, NULL);
    PPNP_BUS_INFORMATION bus = (PPNP_BUS_INFORMATION)status.Information;

    (void)state;
    assert_int_equal(status.Status, STATUS_SUCCESS);
    assert_true(IsEqualGUID(&bus->BusTypeGuid, &GUID_BUS_TYPE_PCI));
    assert_int_equal(bus->LegacyBusType, PCIBus);
    assert_int_equal(bus->BusNumber, 2);
    ExFreePool(bus);
}

static void the_devices_place_is_among_its_properties(void **state)
{
    ULONG bus = 0, address = 0, length;

    (void)state;
    assert_int_equal(IoGetDeviceProperty(pdo, DevicePropertyBusNumber, 4, &bus, &length),
                     STATUS_SUCCESS);
    assert_int_equal(IoGetDeviceProperty(pdo, DevicePropertyAddress, 4, &address, &length),
                     STATUS_SUCCESS);
    assert_int_equal(bus, 2);
    assert_int_equal(address, 0x50001);
}

static void a_device_on_no_bus_has_no_configuration_space(void **state)
{
    USHORT word = 0;
    BUS_INTERFACE_STANDARD bus = bus_interface();

    (void)state;
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &word, 0, 2), 0);
    assert_int_equal(send(ask_config, IRP_MN_READ_CONFIG,
                          &(config_access){ PCI_WHICHSPACE_CONFIG, 0, 2, &word }).Status,
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(send(ask_nothing, IRP_MN_QUERY_BUS_INFORMATION, NULL).Status,
                     STATUS_NOT_SUPPORTED);
}

/* ---- The test's side ------------------------------------------------------------------------- */

static void the_device_writes_what_it_likes(void **state)
{
    const USHORT vendor = 0x8086;
    USHORT now = 0;

    (void)state;
    dirql_pci_write(pdo, 0, &vendor, sizeof(vendor));
    dirql_pci_read(pdo, 0, &now, sizeof(now));
    assert_int_equal(now, vendor);
    assert_int_equal(written.calls, 0);
}

static void a_device_is_attached_once(void **state)
{
    (void)state;
    dirql_expect_finding("device");
    dirql_pci_attach(pdo, NULL);
}

static void a_place_that_no_bus_has_is_refused(void **state)
{
    (void)state;
    dirql_expect_finding("device");
    dirql_pci_attach(pdo, &(dirql_pci_options){ .device = 32 });
}

static void a_space_ends_at_256_bytes(void **state)
{
    UCHAR byte = 0;

    (void)state;
    dirql_expect_finding("device");
    dirql_pci_read(pdo, 256, &byte, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(the_bus_interface_reads_the_configuration_space, card_start,
                                       card_stop),
        dirql_unit_test_setup_teardown(it_does_so_at_the_level_of_an_interrupt, card_start,
                                       card_stop),
        dirql_unit_test_setup_teardown(a_read_ends_where_the_space_ends, card_start, card_stop),
        dirql_unit_test_setup_teardown(the_command_register_can_be_written, card_start, card_stop),
        dirql_unit_test_setup_teardown(what_pci_makes_read_only_stays, card_start, card_stop),
        dirql_unit_test_setup_teardown(an_error_bit_is_cleared_by_writing_one, card_start,
                                       card_stop),
        dirql_unit_test_setup_teardown(its_dma_adapter_is_one_of_the_device, card_start, card_stop),
        dirql_unit_test_setup_teardown(bus_addresses_are_the_machines, card_start, card_stop),
        dirql_unit_test_setup_teardown(the_interface_of_a_stranger_is_a_finding, card_start,
                                       card_stop),
        dirql_unit_test_setup_teardown(another_interface_is_not_answered, card_start, card_stop),
        dirql_unit_test_setup_teardown(requests_read_and_write_the_same_space, card_start,
                                       card_stop),
        dirql_unit_test_setup_teardown(a_request_outside_the_space_is_invalid, card_start,
                                       card_stop),
        dirql_unit_test_setup_teardown(the_bus_says_what_it_is, card_start, card_stop),
        dirql_unit_test_setup_teardown(the_devices_place_is_among_its_properties, card_start,
                                       card_stop),
        dirql_unit_test_setup_teardown(a_device_on_no_bus_has_no_configuration_space, pnp_start,
                                       card_stop),
        dirql_unit_test_setup_teardown(the_device_writes_what_it_likes, card_start, card_stop),
        dirql_unit_test_setup_teardown(a_device_is_attached_once, card_start, card_stop),
        dirql_unit_test_setup(a_place_that_no_bus_has_is_refused, pnp_start),
        dirql_unit_test_setup_teardown(a_space_ends_at_256_bytes, card_start, card_stop),
        dirql_unit_test_setup_teardown(it_is_referenced_once_by_the_query, card_start, card_stop),
        dirql_unit_test_setup_teardown(an_old_driver_names_its_place, card_start, card_stop),
        dirql_unit_test_setup_teardown(a_slot_may_be_empty, card_start, card_stop),
        dirql_unit_test_setup_teardown(there_may_be_no_such_bus, card_start, card_stop),
        dirql_unit_test_setup_teardown(a_bridge_is_not_written, card_start, card_stop),
        dirql_unit_test_setup_teardown(a_capability_says_what_power_states_there_are, card_start,
                                       card_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_busrules.c - the rules about what drivers get from the bus and from Plug and Play, each found
 * when it is broken, and not when it is kept.
 */
#include "rule.h"
#include "left.h"

#include <dirql/line.h>

#include <wdmguid.h>

static void ask_for_the_bus_interface(PDEVICE_OBJECT pdo, BUS_INTERFACE_STANDARD *bus)
{
    IO_STATUS_BLOCK status;
    KEVENT event;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, pdo, NULL, 0, NULL, &event, &status);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(irp)->MinorFunction = IRP_MN_QUERY_INTERFACE;
    IoGetNextIrpStackLocation(irp)->Parameters.QueryInterface.InterfaceType =
        &GUID_BUS_INTERFACE_STANDARD;
    IoGetNextIrpStackLocation(irp)->Parameters.QueryInterface.Size = sizeof(*bus);
    IoGetNextIrpStackLocation(irp)->Parameters.QueryInterface.Version = 1;
    IoGetNextIrpStackLocation(irp)->Parameters.QueryInterface.Interface = (PINTERFACE)bus;
    assert_int_equal(IoCallDriver(pdo, irp), STATUS_SUCCESS);
}

static void leave_a_bus_interface(void *context)
{
    BUS_INTERFACE_STANDARD bus;

    (void)context;
    ask_for_the_bus_interface(dirql_pdo_create("card", NULL, 0), &bus);
    if (tidy) {
        bus.InterfaceDereference(bus.Context);
    }
}

static void a_bus_interface_that_is_held_is_reported(void **state)
{
    (void)state;
    tidy = false;
    rule_run(1, leave_a_bus_interface);
    assert_finding_is(0, 0, 0, 0, 0, "BusInterfaceLeft");
    assert_report_has("a bus interface is still referenced. IoCallDriver was called at "
                      "ask_for_the_bus_interface");
    tidy = true;
    assert_silent(leave_a_bus_interface, 1, "BusInterfaceLeft");
}

static void use_a_bus_interface_too_late(void *context)
{
    BUS_INTERFACE_STANDARD bus;
    ULONG value;

    (void)context;
    ask_for_the_bus_interface(dirql_pdo_create("card", NULL, 0), &bus);
    bus.InterfaceDereference(bus.Context);
    (void)bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &value, 0, sizeof(value));
}

static void a_bus_interface_that_nobody_holds_is_not_used(void **state)
{
    (void)state;
    assert_error(use_a_bus_interface_too_late, 1, "BusInterface");
    tidy = true;
    assert_silent(leave_a_bus_interface, 1, "BusInterface");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bus_interface_that_is_held_is_reported),
        cmocka_unit_test(a_bus_interface_that_nobody_holds_is_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

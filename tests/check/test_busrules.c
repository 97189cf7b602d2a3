/*
 * test_busrules.c - the rules about what drivers get from the bus and from Plug and Play, each
 * found when it is broken, and not when it is kept.
 */
#include "rule.h"
#include "left.h"

#include <dirql/line.h>

#include <wdmguid.h>
#include <wmilib.h>

enum { TAG = 0x74736554 };

/* ---- The bus interface ----------------------------------------------------------------------- */

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

/* ---- WMI ------------------------------------------------------------------------------------- */

static PWNODE_HEADER event;

static void write_an_event(void *context)
{
    event = ExAllocatePoolZero(context != NULL ? PagedPool : NonPagedPoolNx, sizeof(*event), TAG);
    event->BufferSize = sizeof(*event);
    (void)IoWMIWriteEvent(event);
}

static void write_a_paged_event(void *context)
{
    (void)context;
    write_an_event(&event);
}

static void an_event_from_paged_pool_is_found(void **state)
{
    (void)state;
    assert_error(write_a_paged_event, 1, "WmiEvent");
    assert_silent(write_an_event, 1, "WmiEvent");
}

/* ---- Plug and Play --------------------------------------------------------------------------- */

static DRIVER_OBJECT driver;
static PVOID entry;

static NTSTATUS hear(PVOID structure, PVOID context)
{
    (void)structure;
    (void)context;
    return STATUS_SUCCESS;
}

static void listen_as(PDRIVER_OBJECT listener)
{
    static GUID ports = { 1, 2, 3, { 4 } };

    if (IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, &ports, listener,
                                       hear, NULL, &entry) == STATUS_SUCCESS) {
        IoUnregisterPlugPlayNotificationEx(entry);
    }
}

static void listen(void *context)
{
    (void)context;
    listen_as(&driver);
}

static void listen_as_nobody(void *context)
{
    (void)context;
    listen_as(NULL);
}

static void a_listener_without_a_driver_is_found(void **state)
{
    (void)state;
    assert_error(listen_as_nobody, 1, "PnpNotification");
    assert_silent(listen, 1, "PnpNotification");
}

static void report_version(USHORT version)
{
    TARGET_DEVICE_CUSTOM_NOTIFICATION custom = { .Version = version,
                                                 .Size = sizeof(custom),
                                                 .Event = { 1, 2, 3, { 4 } },
                                                 .NameBufferOffset = -1 };

    (void)IoReportTargetDeviceChange(dirql_pdo_create("card", NULL, 0), &custom);
}

static void report_a_change(void *context)
{
    (void)context;
    report_version(1);
}

static void report_a_strange_change(void *context)
{
    (void)context;
    report_version(2);
}

static void a_custom_event_of_another_version_is_found(void **state)
{
    (void)state;
    assert_error(report_a_strange_change, 1, "TargetDeviceChange");
    assert_silent(report_a_change, 1, "TargetDeviceChange");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bus_interface_that_is_held_is_reported),
        cmocka_unit_test(a_bus_interface_that_nobody_holds_is_not_used),
        cmocka_unit_test(an_event_from_paged_pool_is_found),
        cmocka_unit_test(a_listener_without_a_driver_is_found),
        cmocka_unit_test(a_custom_event_of_another_version_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_device.c - device objects and the DPC that each one has.
 */
#include "../ke/wire.h"

static DRIVER_OBJECT driver;
static PDEVICE_OBJECT device;

static int start(void **state)
{
    (void)state;
    memset(&driver, 0, sizeof(driver));
    return IoCreateDevice(&driver, 100, NULL, FILE_DEVICE_SOUND, FILE_DEVICE_SECURE_OPEN, TRUE,
                          &device) != STATUS_SUCCESS;
}

static void device_is_as_it_was_asked_for(void **state)
{
    (void)state;
    assert_int_equal(device->DeviceType, FILE_DEVICE_SOUND);
    assert_int_equal(device->Characteristics, FILE_DEVICE_SECURE_OPEN);
    assert_ptr_equal(device->DriverObject, &driver);
    assert_int_equal(device->StackSize, 1);
    assert_int_equal(device->Flags & DO_DEVICE_INITIALIZING, DO_DEVICE_INITIALIZING);
    assert_int_equal(device->Flags & DO_EXCLUSIVE, DO_EXCLUSIVE);
}

static void extension_is_zeroed(void **state)
{
    const UCHAR *extension = device->DeviceExtension;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(extension[i], 0);
    }
}

static void devices_of_a_driver_are_listed_newest_first(void **state)
{
    PDEVICE_OBJECT second;

    (void)state;
    assert_int_equal(IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &second),
                     STATUS_SUCCESS);
    assert_ptr_equal(driver.DeviceObject, second);
    assert_ptr_equal(second->NextDevice, device);
    IoDeleteDevice(second);
    assert_ptr_equal(driver.DeviceObject, device);
    IoDeleteDevice(device);
    assert_null(driver.DeviceObject);
}

static void name_can_be_used_once_at_a_time(void **state)
{
    UNICODE_STRING name;
    PDEVICE_OBJECT named, other;

    (void)state;
    RtlInitUnicodeString(&name, L"\\Device\\Sound0");
    assert_int_equal(IoCreateDevice(&driver, 0, &name, FILE_DEVICE_SOUND, 0, FALSE, &named),
                     STATUS_SUCCESS);
    assert_int_equal(IoCreateDevice(&driver, 0, &name, FILE_DEVICE_SOUND, 0, FALSE, &other),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_null(other);
    IoDeleteDevice(named);
    assert_int_equal(IoCreateDevice(&driver, 0, &name, FILE_DEVICE_SOUND, 0, FALSE, &other),
                     STATUS_SUCCESS);
}

static void deleting_twice_is_reported(void **state)
{
    (void)state;
    IoDeleteDevice(device);
    dirql_expect_finding("DevicePointer");
    IoDeleteDevice(device);
    fail_msg("the device is gone");
}

/* ---- The device's DPC ------------------------------------------------------------------------ */

static struct {
    unsigned calls;
    KIRQL irql;
    PDEVICE_OBJECT device;
    PIRP irp;
    PVOID context;
} dpc;

static VOID dpc_for_isr(PKDPC object, PDEVICE_OBJECT given, PIRP irp, PVOID context)
{
    assert_ptr_equal(object, &device->Dpc);
    dpc.calls++;
    dpc.irql = KeGetCurrentIrql();
    dpc.device = given;
    dpc.irp = irp;
    dpc.context = context;
}

static void request_dpc(struct wire *wire)
{
    IoRequestDpc(device, (PIRP)wire, wire);
    assert_int_equal(dpc.calls, 0);
}

static void dpc_that_the_isr_requests_runs_after_it(void **state)
{
    struct wire wire = { .act = request_dpc };

    (void)state;
    memset(&dpc, 0, sizeof(dpc));
    IoInitializeDpcRequest(device, dpc_for_isr);
    wire_make(&wire, NULL);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_int_equal(dpc.calls, 1);
    assert_int_equal(dpc.irql, DISPATCH_LEVEL);
    assert_ptr_equal(dpc.device, device);
    assert_ptr_equal(dpc.irp, &wire);
    assert_ptr_equal(dpc.context, &wire);
}

static void device_deleted_with_its_dpc_queued_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    IoInitializeDpcRequest(device, dpc_for_isr);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&device->Dpc, NULL, NULL);
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 1, (ULONG_PTR)&device->Dpc, DIRQL_ANY,
                               DIRQL_ANY);
    IoDeleteDevice(device);
    fail_msg("the DPC will run in memory that is gone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(device_is_as_it_was_asked_for, start),
        dirql_unit_test_setup(extension_is_zeroed, start),
        dirql_unit_test_setup(devices_of_a_driver_are_listed_newest_first, start),
        dirql_unit_test_setup(name_can_be_used_once_at_a_time, start),
        dirql_unit_test_setup(deleting_twice_is_reported, start),
        dirql_unit_test_setup_teardown(dpc_that_the_isr_requests_runs_after_it, start, wire_stop),
        dirql_unit_test_setup(device_deleted_with_its_dpc_queued_is_reported, start,
                              .checks = DIRQL_CHECKS_NONE),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

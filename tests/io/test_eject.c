/*
 * test_eject.c - a device whose eject button was pressed.
 */
#include "pnp.h"

#include <dirql/driver.h>
#include <dirql/trace.h>

#include <wdmguid.h>

#include "../settle.h"

typedef struct extension {
    PDEVICE_OBJECT lower;
} extension;

static struct {
    UCHAR minors[16];
    volatile LONG count;
    KIRQL irql;
    BOOLEAN ejects, objects;
    volatile LONG told;
} seen;

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT device;

static NTSTATUS NTAPI pass_on(PDEVICE_OBJECT object, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(((extension *)object->DeviceExtension)->lower, irp);
}

static NTSTATUS finish(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS remove_it(PDEVICE_OBJECT object, PIRP irp)
{
    const PDEVICE_OBJECT lower = ((extension *)object->DeviceExtension)->lower;
    NTSTATUS status;

    irp->IoStatus.Status = STATUS_SUCCESS;
    status = pass_on(object, irp);
    IoDetachDevice(lower);
    IoDeleteDevice(object);
    return status;
}

static NTSTATUS NTAPI dispatch_pnp(PDEVICE_OBJECT object, PIRP irp)
{
    const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (stack->MinorFunction != IRP_MN_START_DEVICE) {
        seen.irql = KeGetCurrentIrql();
        seen.minors[seen.count] = stack->MinorFunction;
        InterlockedIncrement(&seen.count);
    }
    switch (stack->MinorFunction) {
    case IRP_MN_QUERY_CAPABILITIES:
        stack->Parameters.DeviceCapabilities.Capabilities->EjectSupported = seen.ejects;
        return pass_on(object, irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
        if (seen.objects) {
            return finish(irp, STATUS_UNSUCCESSFUL);
        }
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass_on(object, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove_it(object, irp);
    default:
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass_on(object, irp);
    }
}

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT object, PIRP irp)
{
    (void)object;
    return finish(irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT object, PDEVICE_OBJECT physical)
{
    NTSTATUS status =
        IoCreateDevice(object, sizeof(extension), NULL, FILE_DEVICE_SOUND, 0, FALSE, &device);

    if (status == STATUS_SUCCESS) {
        ((extension *)device->DeviceExtension)->lower =
            IoAttachDeviceToDeviceStack(device, physical);
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    }
    return status;
}

static VOID NTAPI unload(PDRIVER_OBJECT object)
{
    (void)object;
}

static NTSTATUS NTAPI driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    (void)path;
    object->MajorFunction[IRP_MJ_CREATE] = succeed;
    object->MajorFunction[IRP_MJ_CLEANUP] = succeed;
    object->MajorFunction[IRP_MJ_CLOSE] = succeed;
    object->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    object->DriverExtension->AddDevice = add_device;
    object->DriverUnload = unload;
    return STATUS_SUCCESS;
}

static int start(void **state)
{
    NTSTATUS status;

    (void)pnp_start(state);
    memset(&seen, 0, sizeof(seen));
    driver = dirql_driver_load("drive", driver_entry, &status);
    return dirql_driver_add_device(driver, pdo) != STATUS_SUCCESS ||
           dirql_device_start(pdo, NULL) != STATUS_SUCCESS;
}

static int stop(void **state)
{
    (void)state;
    dirql_driver_unload(driver);
    return 0;
}

static void press(LONG requests)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoRequestDeviceEject(pdo);
    KeLowerIrql(old);
    for (unsigned i = 0; i < 100 && ReadAcquire(&seen.count) < requests; i++) {
        settle();
    }
    settle();
    assert_int_equal(seen.count, requests);
}

static void a_device_is_asked_and_removed_on_a_thread(void **state)
{
    static const UCHAR expected[] = { IRP_MN_QUERY_CAPABILITIES, IRP_MN_QUERY_REMOVE_DEVICE,
                                      IRP_MN_REMOVE_DEVICE };

    (void)state;
    press(3);
    assert_memory_equal(seen.minors, expected, sizeof(expected));
    assert_int_equal(seen.irql, PASSIVE_LEVEL);
    assert_null(pdo->AttachedDevice);
}

static bool is_ejected(void)
{
    char *trace;
    bool found;

    dirql_trace_start();
    press(3);
    trace = dirql_trace_text();
    found = strstr(trace, "device \"uart\" is ejected") != NULL;
    dirql_trace_free(trace);
    return found;
}

static void one_that_can_be_ejected_is(void **state)
{
    (void)state;
    seen.ejects = TRUE;
    assert_true(is_ejected());
}

static void one_that_cannot_is_only_removed(void **state)
{
    (void)state;
    assert_false(is_ejected());
}

static void a_driver_may_object(void **state)
{
    (void)state;
    seen.objects = TRUE;
    press(3);
    assert_int_equal(seen.minors[2], IRP_MN_CANCEL_REMOVE_DEVICE);
    assert_ptr_equal(pdo->AttachedDevice, device);
    assert_int_equal(dirql_device_remove(pdo), STATUS_SUCCESS);
}

static NTSTATUS object_to(PVOID structure, PVOID context)
{
    const PLUGPLAY_NOTIFICATION_HEADER *head = structure;

    (void)context;
    InterlockedIncrement(&seen.told);
    return IsEqualGUID(&head->Event, &GUID_TARGET_DEVICE_QUERY_REMOVE) ? STATUS_UNSUCCESSFUL
                                                                       : STATUS_SUCCESS;
}

static void who_listens_may_object_before_it_is_asked(void **state)
{
    static DRIVER_OBJECT listener;
    PFILE_OBJECT file;
    NTSTATUS status;
    PVOID entry;

    (void)state;
    file = dirql_file_open(device, &status);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, file,
                                                    &listener, object_to, NULL, &entry),
                     STATUS_SUCCESS);
    press(1);
    assert_int_equal(seen.told, 1);
    IoUnregisterPlugPlayNotificationEx(entry);
    dirql_file_close(file);
    assert_int_equal(dirql_device_remove(pdo), STATUS_SUCCESS);
}

static void one_that_is_gone_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(dirql_device_remove(pdo), STATUS_SUCCESS);
    press(1);
    assert_int_equal(seen.minors[0], IRP_MN_REMOVE_DEVICE);
}

static void the_device_is_one_of_the_bus(void **state)
{
    (void)state;
    dirql_expect_finding("PhysicalDevice");
    IoRequestDeviceEject(device);
    fail_msg("that is a function driver's");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(a_device_is_asked_and_removed_on_a_thread, start, stop),
        dirql_unit_test_setup_teardown(one_that_can_be_ejected_is, start, stop),
        dirql_unit_test_setup_teardown(one_that_cannot_is_only_removed, start, stop),
        dirql_unit_test_setup_teardown(a_driver_may_object, start, stop),
        dirql_unit_test_setup_teardown(who_listens_may_object_before_it_is_asked, start, stop),
        dirql_unit_test_setup_teardown(one_that_is_gone_is_left_alone, start, stop),
        dirql_unit_test_setup(the_device_is_one_of_the_bus, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_drivermisuse.c - what a test does to a driver in a wrong order, or to what is none, is said.
 */
#include <dirql/cmocka.h>
#include <dirql/driver.h>

#include <ntddk.h>

#include <string.h>

/* ---- A driver that says yes to everything
 * ------------------------------------------------------ */

static NTSTATUS pass_down(PDEVICE_OBJECT device, PIRP irp)
{
    PDEVICE_OBJECT lower = *(PDEVICE_OBJECT *)device->DeviceExtension;
    const IO_STACK_LOCATION *stack = IoGetCurrentIrpStackLocation(irp);
    const BOOLEAN goes =
        stack->MajorFunction == IRP_MJ_PNP && stack->MinorFunction == IRP_MN_REMOVE_DEVICE;
    NTSTATUS status;

    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(lower, irp);
    if (goes) {
        IoDetachDevice(lower);
        IoDeleteDevice(device);
    }
    return status;
}

static NTSTATUS complete(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT below)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(PDEVICE_OBJECT), NULL, FILE_DEVICE_UNKNOWN, 0,
                                     FALSE, &device);

    if (NT_SUCCESS(status)) {
        *(PDEVICE_OBJECT *)device->DeviceExtension = IoAttachDeviceToDeviceStack(device, below);
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    }
    return status;
}

static VOID unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static NTSTATUS driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = unload;
    driver->DriverExtension->AddDevice = add_device;
    driver->MajorFunction[IRP_MJ_CREATE] = complete;
    driver->MajorFunction[IRP_MJ_CLEANUP] = complete;
    driver->MajorFunction[IRP_MJ_CLOSE] = complete;
    driver->MajorFunction[IRP_MJ_READ] = complete;
    driver->MajorFunction[IRP_MJ_PNP] = pass_down;
    driver->MajorFunction[IRP_MJ_POWER] = pass_down;
    return STATUS_SUCCESS;
}

/* ---- Its tests ------------------------------------------------------------------------------- */

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT pdo;

/* Loads it, with a device that is not started. */
static void begin(void)
{
    driver = dirql_driver_load("uart", driver_entry, NULL);
    pdo = dirql_pdo_create("com1", NULL, 0);
    (void)dirql_driver_add_device(driver, pdo);
}

static void unload_twice(void)
{
    (void)dirql_device_remove(pdo);
    dirql_driver_unload(driver);
    dirql_driver_unload(driver);
}

static void unload_nothing(void)
{
    dirql_driver_unload(NULL);
}

static void load_twice(void)
{
    (void)dirql_driver_load("uart", driver_entry, NULL);
}

static void load_without_entry(void)
{
    (void)dirql_driver_load("other", NULL, NULL);
}

static void load_without_name(void)
{
    (void)dirql_driver_load(NULL, driver_entry, NULL);
}

static void add_to_an_unloaded_driver(void)
{
    (void)dirql_device_remove(pdo);
    dirql_driver_unload(driver);
    (void)dirql_driver_add_device(driver, pdo);
}

static void add_no_device(void)
{
    (void)dirql_driver_add_device(driver, pdo->AttachedDevice);
}

static void start_twice(void)
{
    (void)dirql_device_start(pdo, NULL);
    (void)dirql_device_start(pdo, NULL);
}

static void start_nothing(void)
{
    (void)dirql_device_start(NULL, NULL);
}

static void start_with_no_resources(void)
{
    (void)dirql_device_start(pdo, (dirql_resources *)(void *)pdo);
}

static void remove_twice(void)
{
    (void)dirql_device_remove(pdo);
    (void)dirql_device_remove(pdo);
}

static void start_what_was_removed(void)
{
    (void)dirql_device_remove(pdo);
    (void)dirql_device_start(pdo, NULL);
}

static void power_what_was_removed(void)
{
    (void)dirql_device_remove(pdo);
    (void)dirql_device_set_power(pdo, PowerDeviceD0);
}

static void start_after_a_surprise(void)
{
    (void)dirql_device_start(pdo, NULL);
    (void)dirql_device_pnp(pdo, IRP_MN_SURPRISE_REMOVAL);
    (void)dirql_device_start(pdo, NULL);
}

static NTSTATUS wait_in_read(PDEVICE_OBJECT device, PIRP irp)
{
    LARGE_INTEGER moment = { .QuadPart = -10 };
    KIRQL old;

    (void)device;
    (void)irp;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    return STATUS_SUCCESS;
}

static PFILE_OBJECT open_started(void)
{
    (void)dirql_device_start(pdo, NULL);
    return dirql_file_open(pdo->AttachedDevice, NULL);
}

static void read_what_waits(void)
{
    PFILE_OBJECT file = open_started();
    char byte;

    driver->MajorFunction[IRP_MJ_READ] = wait_in_read;
    (void)dirql_file_read(file, &byte, 1, NULL);
}

static NTSTATUS forget_read(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

static void read_what_never_comes(void)
{
    PFILE_OBJECT file = open_started();
    char byte;

    driver->MajorFunction[IRP_MJ_READ] = forget_read;
    (void)dirql_file_read(file, &byte, 1, NULL);
}

static void open_nothing(void)
{
    (void)dirql_file_open(NULL, NULL);
}

static void close_twice(void)
{
    PFILE_OBJECT file = open_started();

    dirql_file_close(file);
    dirql_file_close(file);
}

static void read_what_is_closed(void)
{
    PFILE_OBJECT file = open_started();
    char byte;

    dirql_file_close(file);
    (void)dirql_file_read(file, &byte, 1, NULL);
}

static void (*misuse)(void);

static void run(void *context)
{
    (void)context;
    begin();
    misuse();
}

static void assert_says(void (*what)(void), const char *const *parts)
{
    const dirql_options options = { .fixed = 1 };
    dirql_result result;

    misuse = what;
    assert_int_equal(dirql_run(&options, run, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.errors, 1);
    for (; *parts != NULL; parts++) {
        if (strstr(result.report, *parts) == NULL) {
            fail_msg("the report does not say \"%s\":\n%s", *parts, result.report);
        }
    }
    dirql_result_free(&result);
}

#define SAYS(what, ...) assert_says(what, (const char *const[]){ __VA_ARGS__, NULL })

static void a_driver_is_loaded_and_unloaded_once(void **state)
{
    (void)state;
    SAYS(unload_twice, "dirql_driver_unload: driver \"uart\" was unloaded already, at unload_twice");
    SAYS(unload_nothing, "NULL is no driver", "at unload_nothing");
    SAYS(load_twice, "a driver \"uart\" is loaded already, at begin", "another name");
    SAYS(load_without_entry, "`entry` is NULL");
    SAYS(load_without_name, "no name");
    SAYS(add_to_an_unloaded_driver, "dirql_driver_add_device: driver \"uart\" was unloaded");
    SAYS(add_no_device, "no device that dirql_pdo_create() returned");
}

static void a_device_is_started_and_removed_in_order(void **state)
{
    (void)state;
    SAYS(start_twice, "device \"com1\" was started already, at start_twice", "IRP_MN_STOP_DEVICE");
    SAYS(start_nothing, "dirql_device_start: NULL is no device", "at start_nothing");
    SAYS(start_with_no_resources, "dirql_device_start: the resources pointer is none");
    SAYS(remove_twice, "device \"com1\" was removed already, at remove_twice");
    SAYS(start_what_was_removed, "removed already", "dirql_driver_add_device()");
    SAYS(power_what_was_removed, "dirql_device_set_power: device \"com1\" was removed already");
    SAYS(start_after_a_surprise, "was removed by surprise", "only dirql_device_remove() follows");
}

static void a_file_is_used_while_it_is_open(void **state)
{
    (void)state;
    SAYS(open_nothing, "dirql_file_open: NULL is no device object");
    SAYS(close_twice, "dirql_file_close was given what is no file object, or one that is closed",
         "dirql_file_close, once", "at close_twice");
    SAYS(read_what_is_closed, "dirql_file_read was given what is no file object",
         "at read_what_is_closed");
}

static void a_device_is_stopped_removed_and_added_again(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dirql_device_start(pdo, NULL), STATUS_SUCCESS);
        assert_int_equal(dirql_device_pnp(pdo, IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
        assert_int_equal(dirql_device_start(pdo, NULL), STATUS_SUCCESS);
        assert_int_equal(dirql_device_remove(pdo), STATUS_SUCCESS);
        assert_int_equal(dirql_driver_add_device(driver, pdo), STATUS_SUCCESS);
    }
    assert_int_equal(dirql_device_start(pdo, NULL), STATUS_SUCCESS);
    assert_int_equal(dirql_device_pnp(pdo, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    assert_int_equal(dirql_device_remove(pdo), STATUS_SUCCESS);
    dirql_driver_unload(driver);
    driver = dirql_driver_load("uart", driver_entry, NULL); /* Of the same name. */
    assert_non_null(driver);
    dirql_driver_unload(driver);
}

static void what_happens_in_a_request_is_where_it_happens(void **state)
{
    (void)state;
    SAYS(read_what_waits, "KeDelayExecutionThread", "at wait_in_read");
    SAYS(read_what_never_comes, "deadlock", "read_what_never_comes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_is_loaded_and_unloaded_once),
        cmocka_unit_test(a_device_is_started_and_removed_in_order),
        cmocka_unit_test(a_file_is_used_while_it_is_open),
        cmocka_unit_test(what_happens_in_a_request_is_where_it_happens),
        dirql_unit_test(a_device_is_stopped_removed_and_added_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

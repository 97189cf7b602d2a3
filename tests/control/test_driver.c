/* Tests of include/dirql/driver.h: the life of a driver and of its device. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/driver.h>

#include <ntddk.h>

/* ---- A driver -------------------------------------------------------------------------------- */

enum { DOUBLE = CTL_CODE(FILE_DEVICE_SOUND, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS) };

typedef struct extension {
    PDEVICE_OBJECT lower;
} extension;

static char happened[64];
static UNICODE_STRING link_name, device_name;
static ULONG ports;
static DEVICE_POWER_STATE power_state;

static void note(const char *letter)
{
    strcat(happened, letter);
}

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS create_or_close(PDEVICE_OBJECT device, PIRP irp)
{
    const UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;

    (void)device;
    note(major == IRP_MJ_CREATE ? "o" : major == IRP_MJ_CLEANUP ? "u" : "c");
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS read_or_write(PDEVICE_OBJECT device, PIRP irp)
{
    const IO_STACK_LOCATION *stack = IoGetCurrentIrpStackLocation(irp);

    (void)device;
    if (stack->MajorFunction == IRP_MJ_READ) {
        memset(irp->AssociatedIrp.SystemBuffer, 'r', stack->Parameters.Read.Length);
        return complete(irp, STATUS_SUCCESS, stack->Parameters.Read.Length);
    }
    assert_memory_equal(irp->AssociatedIrp.SystemBuffer, "abc", 3);
    return complete(irp, STATUS_SUCCESS, stack->Parameters.Write.Length);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp)
{
    PULONG value = irp->AssociatedIrp.SystemBuffer;

    (void)device;
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode != DOUBLE) {
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    *value *= 2;
    return complete(irp, STATUS_SUCCESS, sizeof(*value));
}

static NTSTATUS start_device(const extension *own, PIRP irp)
{
    PCM_RESOURCE_LIST resources =
        IoGetCurrentIrpStackLocation(irp)->Parameters.StartDevice.AllocatedResourcesTranslated;

    note("s");
    assert_true(IoForwardIrpSynchronously(own->lower, irp));
    ports = resources != NULL
                ? resources->List[0].PartialResourceList.PartialDescriptors[0].u.Port.Length
                : 0;
    return complete(irp, irp->IoStatus.Status, 0);
}

static NTSTATUS remove_device(PDEVICE_OBJECT device, PIRP irp)
{
    PDEVICE_OBJECT lower = ((extension *)device->DeviceExtension)->lower;
    NTSTATUS status;

    note("r");
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(lower, irp);
    IoDetachDevice(lower);
    IoDeleteSymbolicLink(&link_name);
    IoDeleteDevice(device);
    return status;
}

static NTSTATUS pnp(PDEVICE_OBJECT device, PIRP irp)
{
    const extension *own = device->DeviceExtension;

    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start_device(own, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove_device(device, irp);
    default:
        irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(irp);
        return IoCallDriver(own->lower, irp);
    }
}

static NTSTATUS power(PDEVICE_OBJECT device, PIRP irp)
{
    const extension *own = device->DeviceExtension;

    power_state = IoGetCurrentIrpStackLocation(irp)->Parameters.Power.State.DeviceState;
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(own->lower, irp);
}

static NTSTATUS shut_down(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    note("d");
    return complete(irp, STATUS_SUCCESS, 0);
}

static ULONG flags_to_clear;

static NTSTATUS add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS status;

    note("a");
    status = IoCreateDevice(driver, sizeof(extension), &device_name, FILE_DEVICE_SOUND, 0, FALSE,
                            &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ((extension *)device->DeviceExtension)->lower = IoAttachDeviceToDeviceStack(device, pdo);
    (void)IoCreateSymbolicLink(&link_name, &device_name);
    device->Flags |= DO_BUFFERED_IO;
    device->Flags &= ~flags_to_clear;
    return STATUS_SUCCESS;
}

static VOID unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    note("x");
}

static NTSTATUS driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING expected;

    RtlInitUnicodeString(&expected,
                         L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uart");
    assert_true(RtlEqualUnicodeString(path, &expected, FALSE));
    note("e");
    driver->DriverUnload = unload;
    driver->DriverExtension->AddDevice = add_device;
    driver->MajorFunction[IRP_MJ_CREATE] = create_or_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = create_or_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = create_or_close;
    driver->MajorFunction[IRP_MJ_READ] = read_or_write;
    driver->MajorFunction[IRP_MJ_WRITE] = read_or_write;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->MajorFunction[IRP_MJ_PNP] = pnp;
    driver->MajorFunction[IRP_MJ_POWER] = power;
    driver->MajorFunction[IRP_MJ_SHUTDOWN] = shut_down;
    return STATUS_SUCCESS;
}

/* ---- Its life -------------------------------------------------------------------------------- */

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT pdo;

static int start(void **state)
{
    (void)state;
    happened[0] = '\0';
    ports = 0;
    flags_to_clear = DO_DEVICE_INITIALIZING;
    RtlInitUnicodeString(&device_name, L"\\Device\\Uart0");
    RtlInitUnicodeString(&link_name, L"\\DosDevices\\COM1");
    driver = dirql_driver_load("uart", driver_entry, NULL);
    pdo = dirql_pdo_create("uart", NULL, 0);
    return driver == NULL;
}

static void add(void)
{
    assert_int_equal(dirql_driver_add_device(driver, pdo), STATUS_SUCCESS);
}

static void end(void)
{
    assert_int_equal(dirql_device_remove(pdo), STATUS_SUCCESS);
    dirql_driver_unload(driver);
}

static void it_is_loaded_started_removed_and_unloaded(void **state)
{
    dirql_resources *resources = dirql_resources_create();

    (void)state;
    dirql_resources_add_port(resources, 0x3F8, 8);
    add();
    assert_int_equal(dirql_device_start(pdo, resources), STATUS_SUCCESS);
    assert_int_equal(ports, 8);
    end();
    assert_string_equal(happened, "easrx");
}

static void other_minor_functions_go_down(void **state)
{
    (void)state;
    add();
    assert_int_equal(dirql_device_start(pdo, NULL), STATUS_SUCCESS);
    assert_int_equal(dirql_device_pnp(pdo, IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    assert_int_equal(dirql_device_pnp(pdo, IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    assert_int_equal(dirql_device_pnp(pdo, IRP_MN_QUERY_REMOVE_DEVICE), STATUS_SUCCESS);
    end();
}

static void power_states_go_down(void **state)
{
    (void)state;
    add();
    assert_int_equal(dirql_device_set_power(pdo, PowerDeviceD3), STATUS_SUCCESS);
    assert_int_equal(power_state, PowerDeviceD3);
    assert_int_equal(dirql_device_set_system_power(pdo, PowerSystemSleeping3), STATUS_SUCCESS);
    end();
}

static void a_user_opens_it_by_its_link(void **state)
{
    ULONG value = 21;
    ULONG_PTR done;
    PFILE_OBJECT file;
    UCHAR buffer[4];

    (void)state;
    add();
    assert_int_equal(dirql_device_start(pdo, NULL), STATUS_SUCCESS);
    file = dirql_file_open_name(L"\\DosDevices\\COM1", NULL);
    assert_non_null(file);
    assert_int_equal(dirql_file_read(file, buffer, 4, &done), STATUS_SUCCESS);
    assert_int_equal(done, 4);
    assert_memory_equal(buffer, "rrrr", 4);
    assert_int_equal(dirql_file_write(file, "abc", 3, &done), STATUS_SUCCESS);
    assert_int_equal(done, 3);
    assert_int_equal(
        dirql_file_control(file, DOUBLE, &value, sizeof(value), &value, sizeof(value), &done),
        STATUS_SUCCESS);
    assert_int_equal(value, 42);
    assert_int_equal(dirql_file_control(file, DOUBLE + 4, NULL, 0, NULL, 0, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    dirql_file_close(file);
    end();
    assert_string_equal(happened, "easoucrx");
}

static void a_name_that_nobody_has_is_not_opened(void **state)
{
    NTSTATUS status;

    (void)state;
    add();
    assert_null(dirql_file_open_name(L"\\DosDevices\\COM2", &status));
    assert_int_equal(status, STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(dirql_file_open_name(L"COM2", &status));
    assert_int_equal(status, STATUS_OBJECT_NAME_INVALID);
    end();
}

static void who_is_registered_is_told_of_the_shutdown(void **state)
{
    (void)state;
    add();
    assert_int_equal(IoRegisterShutdownNotification(pdo->AttachedDevice), STATUS_SUCCESS);
    dirql_shutdown();
    assert_string_equal(happened, "ead");
    dirql_shutdown();
    assert_string_equal(happened, "ead");
    end();
}

static PDEVICE_OBJECT first_told;
static unsigned told;

static NTSTATUS note_shutdown(PDEVICE_OBJECT device, PIRP irp)
{
    assert_int_equal(IoGetCurrentIrpStackLocation(irp)->MajorFunction, IRP_MJ_SHUTDOWN);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    first_told = told++ == 0 ? device : first_told;
    return complete(irp, STATUS_SUCCESS, 0);
}

static VOID unload_nothing(PDRIVER_OBJECT object)
{
    (void)object;
}

static NTSTATUS load_for_shutdown(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    (void)path;
    object->MajorFunction[IRP_MJ_SHUTDOWN] = note_shutdown;
    object->DriverUnload = unload_nothing;
    return STATUS_SUCCESS;
}

static void who_is_registered_for_the_last_chance_is_told_last(void **state)
{
    PDEVICE_OBJECT last, first, never;
    PDRIVER_OBJECT object = dirql_driver_load("shutdown", load_for_shutdown, NULL);

    (void)state;
    told = 0;
    assert_non_null(object);
    assert_int_equal(IoCreateDevice(object, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &last),
                     STATUS_SUCCESS);
    assert_int_equal(IoCreateDevice(object, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &first),
                     STATUS_SUCCESS);
    assert_int_equal(IoCreateDevice(object, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &never),
                     STATUS_SUCCESS);
    last->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    first->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_int_equal(IoRegisterLastChanceShutdownNotification(last), STATUS_SUCCESS);
    assert_int_equal(IoRegisterLastChanceShutdownNotification(never), STATUS_SUCCESS);
    assert_int_equal(IoRegisterShutdownNotification(first), STATUS_SUCCESS);
    IoUnregisterShutdownNotification(never);
    dirql_shutdown();
    assert_int_equal(told, 2);
    assert_ptr_equal(first_told, first);
    IoDeleteDevice(never);
    IoDeleteDevice(first);
    IoDeleteDevice(last);
    dirql_driver_unload(object);
}

static NTSTATUS refuse_to_load(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    (void)object;
    (void)path;
    return STATUS_INSUFFICIENT_RESOURCES;
}

static void a_driver_can_refuse_to_load(void **state)
{
    NTSTATUS status;

    (void)state;
    assert_null(dirql_driver_load("other", refuse_to_load, &status));
    assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
    dirql_driver_unload(driver);
}

/* ---- A legacy driver's device ---------------------------------------------------------------- */

static VOID delete_device(PDRIVER_OBJECT object)
{
    IoDeleteDevice(object->DeviceObject);
}

static NTSTATUS make_device(PDRIVER_OBJECT object)
{
    PDEVICE_OBJECT device;

    object->MajorFunction[IRP_MJ_CREATE] = create_or_close;
    object->MajorFunction[IRP_MJ_CLEANUP] = create_or_close;
    object->MajorFunction[IRP_MJ_CLOSE] = create_or_close;
    object->DriverUnload = delete_device;
    return IoCreateDevice(object, 0, &device_name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}

static NTSTATUS load_with_device(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    const NTSTATUS status = make_device(object);

    (void)path;
    assert_int_equal(object->DeviceObject->Flags & DO_DEVICE_INITIALIZING, DO_DEVICE_INITIALIZING);
    return status;
}

static NTSTATUS load_without_device(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    (void)object;
    (void)path;
    return STATUS_SUCCESS;
}

static void a_device_that_driver_entry_makes_can_be_opened(void **state)
{
    PDRIVER_OBJECT legacy;
    PFILE_OBJECT file;

    (void)state;
    RtlInitUnicodeString(&device_name, L"\\Device\\Legacy");
    legacy = dirql_driver_load("legacy", load_with_device, NULL);
    assert_int_equal(legacy->DeviceObject->Flags & DO_DEVICE_INITIALIZING, 0);
    file = dirql_file_open_name(L"\\Device\\Legacy", NULL);
    assert_non_null(file);
    dirql_file_close(file);
    dirql_driver_unload(legacy);
}

static void a_device_that_is_made_later_is_for_the_driver_to_make_ready(void **state)
{
    PDRIVER_OBJECT legacy = dirql_driver_load("legacy", load_without_device, NULL);
    NTSTATUS status;

    (void)state;
    RtlInitUnicodeString(&device_name, L"\\Device\\Legacy");
    assert_int_equal(make_device(legacy), STATUS_SUCCESS);
    assert_null(dirql_file_open_name(L"\\Device\\Legacy", &status));
    assert_int_equal(status, STATUS_NO_SUCH_DEVICE);
    dirql_driver_unload(legacy);
}

/* ---- Its errors ------------------------------------------------------------------------------ */

static void a_device_that_is_not_ready_is_reported(void **state)
{
    (void)state;
    flags_to_clear = 0;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x243, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    (void)dirql_driver_add_device(driver, pdo);
    fail_msg("its DO_DEVICE_INITIALIZING is set");
}

static NTSTATUS forget_to_detach(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(((extension *)device->DeviceExtension)->lower, irp);
}

static void a_device_that_stays_is_reported(void **state)
{
    (void)state;
    add();
    driver->MajorFunction[IRP_MJ_PNP] = forget_to_detach;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x21D, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    (void)dirql_device_remove(pdo);
    fail_msg("it is still attached");
}

static void unloading_it_with_a_device_is_reported(void **state)
{
    (void)state;
    add();
    dirql_expect_finding("DriverUnload");
    dirql_driver_unload(driver);
    fail_msg("its device is left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(it_is_loaded_started_removed_and_unloaded, start),
        dirql_unit_test_setup(it_is_loaded_started_removed_and_unloaded, start, .processors = 2),
        dirql_unit_test_setup(other_minor_functions_go_down, start),
        dirql_unit_test_setup(power_states_go_down, start),
        dirql_unit_test_setup(a_user_opens_it_by_its_link, start),
        dirql_unit_test_setup(a_name_that_nobody_has_is_not_opened, start),
        dirql_unit_test_setup(who_is_registered_is_told_of_the_shutdown, start),
        dirql_unit_test(who_is_registered_for_the_last_chance_is_told_last),
        dirql_unit_test_setup(a_driver_can_refuse_to_load, start),
        dirql_unit_test(a_device_that_driver_entry_makes_can_be_opened),
        dirql_unit_test(a_device_that_is_made_later_is_for_the_driver_to_make_ready),
        dirql_unit_test_setup(a_device_that_is_not_ready_is_reported, start),
        dirql_unit_test_setup(a_device_that_stays_is_reported, start),
        dirql_unit_test_setup(unloading_it_with_a_device_is_reported, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

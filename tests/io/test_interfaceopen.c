/*
 * test_interfaceopen.c - where the name of a device interface leads to, and when: from the start of
 * its device to its removal.
 */
#include "pnp.h"

#include <dirql/driver.h>

#include <wdmguid.h>

#include "../settle.h"

static const GUID wave_class = { 0x55555555, 2, 3, { 4 } };
static UNICODE_STRING wave = RTL_CONSTANT_STRING(L"Wave");
static UNICODE_STRING plain_name, wave_name;
static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT device;

static struct {
    WCHAR opened[32];  /* The file name that the driver was last given. */
    NTSTATUS while_starting; /* What opening the interface answered then. */
    NTSTATUS start_status;   /* What the driver answers. */
    BOOLEAN disables; /* Its interfaces, when it is removed. */
    volatile LONG arrivals, removals;
    LONG arrivals_while_starting;
} seen;

/* ---- The driver ------------------------------------------------------------------------------ */

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI create_or_close(PDEVICE_OBJECT object, PIRP irp)
{
    const IO_STACK_LOCATION *stack = IoGetCurrentIrpStackLocation(irp);
    const UNICODE_STRING *name = &stack->FileObject->FileName;

    assert_ptr_equal(object, device);
    if (stack->MajorFunction == IRP_MJ_CREATE) {
        memset(seen.opened, 0, sizeof(seen.opened));
        if (name->Length > 0) {
            memcpy(seen.opened, name->Buffer, name->Length);
        }
    }
    return complete(irp, STATUS_SUCCESS);
}

static NTSTATUS open_interface(const UNICODE_STRING *name)
{
    UNICODE_STRING copy = *name;
    PFILE_OBJECT file;
    PDEVICE_OBJECT top;
    const NTSTATUS status = IoGetDeviceObjectPointer(&copy, FILE_READ_DATA, &file, &top);

    if (NT_SUCCESS(status)) {
        assert_ptr_equal(top, device);
        ObDereferenceObject(file);
    }
    return status;
}

static NTSTATUS start_device(PDEVICE_OBJECT lower, PIRP irp)
{
    assert_true(IoForwardIrpSynchronously(lower, irp));
    assert_int_equal(IoSetDeviceInterfaceState(&wave_name, TRUE), STATUS_SUCCESS);
    seen.while_starting = open_interface(&wave_name);
    settle();
    seen.arrivals_while_starting = seen.arrivals;
    return complete(irp, seen.start_status);
}

static NTSTATUS remove_device(PDEVICE_OBJECT lower, PIRP irp)
{
    NTSTATUS status;

    if (seen.disables) {
        assert_int_equal(IoSetDeviceInterfaceState(&wave_name, FALSE), STATUS_SUCCESS);
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(lower, irp);
    IoDetachDevice(lower);
    IoDeleteDevice(device);
    return status;
}

static NTSTATUS NTAPI plug_and_play(PDEVICE_OBJECT object, PIRP irp)
{
    PDEVICE_OBJECT lower = *(PDEVICE_OBJECT *)object->DeviceExtension;

    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start_device(lower, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove_device(lower, irp);
    default:
        irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(irp);
        return IoCallDriver(lower, irp);
    }
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT object, PDEVICE_OBJECT physical)
{
    const NTSTATUS status = IoCreateDevice(object, sizeof(PDEVICE_OBJECT), NULL, FILE_DEVICE_SOUND,
                                           0, FALSE, &device);

    if (NT_SUCCESS(status)) {
        *(PDEVICE_OBJECT *)device->DeviceExtension =
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
    object->DriverUnload = unload;
    object->DriverExtension->AddDevice = add_device;
    object->MajorFunction[IRP_MJ_CREATE] = create_or_close;
    object->MajorFunction[IRP_MJ_CLEANUP] = create_or_close;
    object->MajorFunction[IRP_MJ_CLOSE] = create_or_close;
    object->MajorFunction[IRP_MJ_PNP] = plug_and_play;
    return STATUS_SUCCESS;
}

/* ---- Its life -------------------------------------------------------------------------------- */

static int start(void **state)
{
    memset(&seen, 0, sizeof(seen));
    (void)pnp_start(state);
    driver = dirql_driver_load("uart", driver_entry, NULL);
    if (driver == NULL || dirql_driver_add_device(driver, pdo) != STATUS_SUCCESS ||
        IoRegisterDeviceInterface(pdo, &wave_class, &wave, &wave_name) != STATUS_SUCCESS) {
        return 1;
    }
    return IoRegisterDeviceInterface(pdo, &wave_class, NULL, &plain_name) != STATUS_SUCCESS;
}

static int stop(void **state)
{
    (void)state;
    RtlFreeUnicodeString(&wave_name);
    RtlFreeUnicodeString(&plain_name);
    return 0;
}

static void start_it(void)
{
    assert_int_equal(dirql_device_start(pdo, NULL), seen.start_status);
}

static void remove_it(void)
{
    assert_int_equal(dirql_device_remove(pdo), STATUS_SUCCESS);
    dirql_driver_unload(driver);
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void an_enabled_interface_leads_to_the_top_of_its_stack(void **state)
{
    (void)state;
    start_it();
    assert_int_equal(open_interface(&wave_name), STATUS_SUCCESS);
    remove_it();
}

static void the_driver_is_given_the_reference_string(void **state)
{
    (void)state;
    start_it();
    assert_int_equal(open_interface(&wave_name), STATUS_SUCCESS);
    assert_wide_equal(seen.opened, L"\\Wave");
    assert_int_equal(IoSetDeviceInterfaceState(&plain_name, TRUE), STATUS_SUCCESS);
    assert_int_equal(open_interface(&plain_name), STATUS_SUCCESS);
    assert_wide_equal(seen.opened, L"");
    remove_it();
}

static void what_follows_the_name_is_for_the_driver(void **state)
{
    WCHAR buffer[128] = { 0 };
    UNICODE_STRING longer = { .Buffer = buffer, .MaximumLength = sizeof(buffer) };

    (void)state;
    start_it();
    RtlCopyUnicodeString(&longer, &wave_name);
    assert_int_equal(RtlAppendUnicodeToString(&longer, L"\\pin"), STATUS_SUCCESS);
    assert_int_equal(open_interface(&longer), STATUS_SUCCESS);
    assert_wide_equal(seen.opened, L"\\Wave\\pin");
    remove_it();
}

static void one_that_is_disabled_cannot_be_opened(void **state)
{
    (void)state;
    start_it();
    assert_int_equal(open_interface(&plain_name), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoSetDeviceInterfaceState(&plain_name, TRUE), STATUS_SUCCESS);
    assert_int_equal(IoSetDeviceInterfaceState(&wave_name, FALSE), STATUS_SUCCESS);
    assert_int_equal(open_interface(&wave_name), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(IoSetDeviceInterfaceState(&wave_name, TRUE), STATUS_SUCCESS);
    remove_it();
}

static void a_handle_is_opened_by_it_as_well(void **state)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    HANDLE file;

    (void)state;
    start_it();
    InitializeObjectAttributes(&attributes, &wave_name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenFile(&file, FILE_READ_DATA | SYNCHRONIZE, &attributes, &block,
                                FILE_SHARE_READ, FILE_SYNCHRONOUS_IO_NONALERT),
                     STATUS_SUCCESS);
    assert_wide_equal(seen.opened, L"\\Wave");
    ZwClose(file);
    remove_it();
}

static void nobody_opens_a_device_before_it_is_started(void **state)
{
    NTSTATUS status;

    (void)state;
    assert_null(dirql_file_open(device, &status));
    assert_int_equal(status, STATUS_NO_SUCH_DEVICE);
    start_it();
    assert_int_equal(seen.while_starting, STATUS_NO_SUCH_DEVICE);
    assert_int_equal(dirql_device_pnp(pdo, IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    assert_int_equal(open_interface(&wave_name), STATUS_SUCCESS); /* The driver may let it wait. */
    remove_it();
}

static void nobody_opens_a_device_that_did_not_start(void **state)
{
    (void)state;
    seen.start_status = STATUS_DEVICE_NOT_READY;
    start_it();
    assert_int_equal(open_interface(&wave_name), STATUS_NO_SUCH_DEVICE);
    remove_it();
}

/* ---- Being told of --------------------------------------------------------------------------- */

static DRIVER_NOTIFICATION_CALLBACK_ROUTINE hear;
static NTSTATUS NTAPI hear(PVOID structure, PVOID context)
{
    const PLUGPLAY_NOTIFICATION_HEADER *head = structure;

    (void)context;
    InterlockedIncrement(IsEqualGUID(&head->Event, &GUID_DEVICE_INTERFACE_ARRIVAL)
                             ? &seen.arrivals
                             : &seen.removals);
    return STATUS_SUCCESS;
}

static PVOID listen(void)
{
    PVOID entry = NULL;

    assert_int_equal(
        IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange,
                                       PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
                                       (PVOID)(ULONG_PTR)&wave_class, driver, hear, NULL, &entry),
        STATUS_SUCCESS);
    return entry;
}

static void arrivals_are_told_when_the_device_has_started(void **state)
{
    PVOID entry = listen();

    (void)state;
    start_it();
    settle();
    assert_int_equal(seen.arrivals_while_starting, 0);
    assert_int_equal(seen.arrivals, 1);
    seen.disables = TRUE;
    assert_int_equal(dirql_device_remove(pdo), STATUS_SUCCESS);
    settle();
    assert_int_equal(seen.removals, 1);
    IoUnregisterPlugPlayNotificationEx(entry);
    dirql_driver_unload(driver);
}

static void what_the_driver_leaves_enabled_is_disabled_when_it_is_removed(void **state)
{
    PVOID entry = listen();

    (void)state;
    start_it();
    assert_int_equal(dirql_device_remove(pdo), STATUS_SUCCESS);
    settle();
    assert_int_equal(seen.removals, 1);
    assert_int_equal(open_interface(&wave_name), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(IoSetDeviceInterfaceState(&wave_name, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
    IoUnregisterPlugPlayNotificationEx(entry);
    dirql_driver_unload(driver);
}

static void nobody_is_told_of_a_device_that_did_not_start(void **state)
{
    PVOID entry = listen();

    (void)state;
    seen.start_status = STATUS_DEVICE_NOT_READY;
    start_it();
    assert_int_equal(dirql_device_remove(pdo), STATUS_SUCCESS);
    settle();
    assert_int_equal(seen.arrivals, 0);
    assert_int_equal(seen.removals, 0);
    IoUnregisterPlugPlayNotificationEx(entry);
    dirql_driver_unload(driver);
}

#define OPEN_TEST(test) dirql_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN_TEST(an_enabled_interface_leads_to_the_top_of_its_stack),
        OPEN_TEST(the_driver_is_given_the_reference_string),
        OPEN_TEST(what_follows_the_name_is_for_the_driver),
        OPEN_TEST(one_that_is_disabled_cannot_be_opened),
        OPEN_TEST(a_handle_is_opened_by_it_as_well),
        OPEN_TEST(nobody_opens_a_device_before_it_is_started),
        OPEN_TEST(nobody_opens_a_device_that_did_not_start),
        OPEN_TEST(arrivals_are_told_when_the_device_has_started),
        OPEN_TEST(what_the_driver_leaves_enabled_is_disabled_when_it_is_removed),
        OPEN_TEST(nobody_is_told_of_a_device_that_did_not_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

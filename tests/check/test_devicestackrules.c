/*
 * test_devicestackrules.c - what is wrong with device queues, device stacks and their names; and
 * what is all right.
 */
#include "irprule.h"

#include <dirql/driver.h>

/* ---- Queues ---------------------------------------------------------------------------------- */

static void insert_twice(void *context)
{
    static KDEVICE_QUEUE_ENTRY first, second;
    KDEVICE_QUEUE queue;
    KIRQL old;

    (void)context;
    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    KeInitializeDeviceQueue(&queue);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)KeInsertDeviceQueue(&queue, &first);
    (void)KeInsertDeviceQueue(&queue, &second);
    (void)KeInsertDeviceQueue(&queue, &second);
    KeLowerIrql(old);
}

static NTSTATUS start_packet(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, NULL);
    return STATUS_PENDING;
}

TRIES(start_without_a_routine, stack_skip, start_packet)

static VOID finish_and_go_on(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_succeed(device, irp);
    IoStartNextPacket(device, FALSE);
}

static void use_start_io(bool deferred)
{
    stack_make();
    IoSetStartIoAttributes(stack.lower, (BOOLEAN)deferred, FALSE);
    stack.lower_driver.DriverStartIo = finish_and_go_on;
    stack.lower_does = start_packet;
    own_make(&own, IRP_MJ_READ);
    (void)own_send(&own);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void start_within_the_routine(void *context)
{
    (void)context;
    use_start_io(false);
}

static void start_when_it_has_returned(void *context)
{
    (void)context;
    use_start_io(true);
}

static void queues_are_used_as_meant(void **state)
{
    (void)state;
    assert_error(insert_twice, 1, "DeviceQueue");
    assert_error(start_without_a_routine, 1, "StartIo");
    assert_warned(start_within_the_routine, 1, 1, "StartIoRecursion");
}

/* ---- Device stacks --------------------------------------------------------------------------- */

static void delete_attached(void *context)
{
    (void)context;
    stack_make();
    IoDeleteDevice(stack.upper);
}

static void detach_twice(void *context)
{
    (void)context;
    stack_make();
    IoDetachDevice(stack.lower);
    IoDetachDevice(stack.lower);
}

static void attach_twice(void *context)
{
    (void)context;
    stack_make();
    (void)IoAttachDeviceToDeviceStack(stack.upper, stack.lower);
}

static void a_stack_is_taken_apart_from_the_top(void **state)
{
    (void)state;
    assert_broken(delete_attached, 1, IO_MANAGER, 0x201, DIRQL_ANY, 0, 0, "DeviceStack");
    assert_broken(detach_twice, 1, IO_MANAGER, 0x202, DIRQL_ANY, (ULONG_PTR)stack.lower, 0,
                  "DeviceStack");
    assert_error(attach_twice, 1, "DeviceStack");
}

static NTSTATUS add_unready(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;

    IoCreateDevice(driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &device);
    IoAttachDeviceToDeviceStack(device, pdo);
    return STATUS_SUCCESS;
}

static NTSTATUS enter_unready(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = add_unready;
    return STATUS_SUCCESS;
}

static void add_a_device_that_is_not_ready(void *context)
{
    (void)context;
    (void)dirql_driver_add_device(dirql_driver_load("unready", enter_unready, NULL),
                                  dirql_pdo_create("unready", NULL, 0));
}

static void unload_without_a_routine(void *context)
{
    (void)context;
    dirql_driver_unload(dirql_driver_load("unready", enter_unready, NULL));
}

static NTSTATUS add_ready(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    const NTSTATUS status = add_unready(driver, pdo);

    pdo->AttachedDevice->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return status;
}

static PDEVICE_OBJECT ready_pdo;

static VOID unload_ready(PDRIVER_OBJECT driver)
{
    PDEVICE_OBJECT device = driver->DeviceObject;

    IoDetachDevice(ready_pdo);
    IoDeleteDevice(device);
}

static NTSTATUS enter_ready(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = add_ready;
    driver->DriverUnload = unload_ready;
    return STATUS_SUCCESS;
}

static void load_and_unload(void *context)
{
    PDRIVER_OBJECT driver = dirql_driver_load("ready", enter_ready, NULL);

    (void)context;
    ready_pdo = dirql_pdo_create("ready", NULL, 0);
    (void)dirql_driver_add_device(driver, ready_pdo);
    dirql_driver_unload(driver);
}

static void drivers_are_loaded_as_meant(void **state)
{
    (void)state;
    assert_broken(add_a_device_that_is_not_ready, 1, IO_MANAGER, 0x243, DIRQL_ANY, 0, 0,
                  "AddDevice");
    assert_error(unload_without_a_routine, 1, "DriverUnload");
}

static void use_an_open_file(void *context)
{
    PFILE_OBJECT file;

    (void)context;
    stack_make();
    file = dirql_file_open(stack.upper, NULL);
    (void)IoGetRelatedDeviceObject(file);
    dirql_file_close(file);
    stack_delete();
}

static void use_a_closed_file(void *context)
{
    PFILE_OBJECT file;

    (void)context;
    stack_make();
    file = dirql_file_open(stack.upper, NULL);
    dirql_file_close(file);
    (void)IoGetRelatedDeviceObject(file);
}

static void a_file_is_used_while_it_is_open(void **state)
{
    (void)state;
    assert_silent(use_an_open_file, 1, "FileObject");
    assert_error(use_a_closed_file, 1, "FileObject");
}

static void unregister_unregistered(void *context)
{
    (void)context;
    stack_make();
    IoUnregisterShutdownNotification(stack.upper);
}

static void only_what_is_registered_is_unregistered(void **state)
{
    (void)state;
    assert_error(unregister_unregistered, 1, "ShutdownNotification");
}

#define AT_DISPATCH(name, call)                     \
    static void name(void *context)                 \
    {                                               \
        UNICODE_STRING text;                        \
        PDEVICE_OBJECT device;                      \
        PFILE_OBJECT file;                          \
        HANDLE handle;                              \
        KIRQL old;                                  \
                                                    \
        (void)context;                              \
        stack_make();                               \
        RtlInitUnicodeString(&text, L"\\Device\\X"); \
        KeRaiseIrql(DISPATCH_LEVEL, &old);          \
        call;                                       \
        (void)device;                               \
        (void)file;                                 \
        (void)handle;                               \
    }

AT_DISPATCH(attach_by_name_too_high, (void)IoAttachDevice(stack.upper, &text, &device))
AT_DISPATCH(make_an_event_too_high, (void)IoCreateNotificationEvent(&text, &handle))
AT_DISPATCH(make_a_link_too_high, (void)IoCreateSymbolicLink(&text, &text))
AT_DISPATCH(open_too_high, (void)IoGetDeviceObjectPointer(&text, 0, &file, &device))

static void names_are_for_passive_level(void **state)
{
    (void)state;
    assert_verifier(attach_by_name_too_high, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, DIRQL_ANY,
                    "IrqlIoPassive1");
    assert_verifier(make_an_event_too_high, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, DIRQL_ANY,
                    "IrqlIoPassive2");
    assert_verifier(make_a_link_too_high, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, DIRQL_ANY,
                    "IrqlIoPassive3");
    assert_verifier(open_too_high, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, DIRQL_ANY, "IrqlIoPassive5");
}

/* ---- All right ------------------------------------------------------------------------------- */

static void use_names(void *context)
{
    UNICODE_STRING name, link;
    PDEVICE_OBJECT named, source, attached, top;
    PFILE_OBJECT file;
    HANDLE handle;

    (void)context;
    stack_make();
    RtlInitUnicodeString(&name, L"\\Device\\Named");
    RtlInitUnicodeString(&link, L"\\DosDevices\\Named");
    IoCreateDevice(&stack.lower_driver, 0, &name, FILE_DEVICE_SOUND, 0, FALSE, &named);
    named->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    IoCreateDevice(&stack.lower_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &source);
    source->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_int_equal(IoCreateSymbolicLink(&link, &name), STATUS_SUCCESS);
    assert_int_equal(IoGetDeviceObjectPointer(&link, FILE_READ_DATA, &file, &top), STATUS_SUCCESS);
    ObDereferenceObject(file);
    assert_int_equal(IoAttachDevice(source, &name, &attached), STATUS_SUCCESS);
    assert_ptr_equal(attached, named);
    assert_int_equal(IoRegisterShutdownNotification(source), STATUS_SUCCESS);
    IoUnregisterShutdownNotification(source);
    IoDetachDevice(named);
    IoDeleteDevice(source);
    IoDeleteDevice(named);
    assert_int_equal(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
    assert_non_null(IoCreateNotificationEvent(&name, &handle));
    ZwClose(handle);
    stack_delete();
}

static const kept_rule kept[] = {
    KEPT("DeviceQueue", start_when_it_has_returned),
    KEPT("StartIo", start_when_it_has_returned),
    KEPT("StartIoRecursion", start_when_it_has_returned),
    KEPT("DeviceStack", use_names),
    KEPT("ShutdownNotification", use_names),
    KEPT("AddDevice", load_and_unload),
    KEPT("DriverUnload", load_and_unload),
    KEPT("IrqlIoPassive1", use_names),
    KEPT("IrqlIoPassive2", use_names),
    KEPT("IrqlIoPassive3", use_names),
    KEPT("IrqlIoPassive5", use_names),
};

static void stacks_that_are_right_are_not_reported(void **state)
{
    (void)state;
    assert_all_kept(kept, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues_are_used_as_meant),
        cmocka_unit_test(a_stack_is_taken_apart_from_the_top),
        cmocka_unit_test(drivers_are_loaded_as_meant),
        cmocka_unit_test(a_file_is_used_while_it_is_open),
        cmocka_unit_test(only_what_is_registered_is_unregistered),
        cmocka_unit_test(names_are_for_passive_level),
        cmocka_unit_test(stacks_that_are_right_are_not_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

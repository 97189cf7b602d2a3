/*
 * test_pnpnotify.c - who is told of interfaces that come and go, and of devices that are removed.
 */
#include "listen.h"

/* ---- Interfaces ------------------------------------------------------------------------------ */

static void an_interface_that_comes_and_goes_is_told_of(void **state)
{
    (void)state;
    listen_to(&wave_class, 0);
    IoSetDeviceInterfaceState(&link, TRUE);
    wait_for(1);
    assert_int_equal(heard.calls, 1);
    assert_int_equal(heard.irql, PASSIVE_LEVEL);
    assert_memory_equal(heard.name, link.Buffer, link.Length);
    IoSetDeviceInterfaceState(&link, FALSE);
    wait_for(2);
    assert_true(IsEqualGUID(&heard.event, &GUID_DEVICE_INTERFACE_REMOVAL));
    assert_int_equal(IoUnregisterPlugPlayNotificationEx(heard.entry), STATUS_SUCCESS);
}

static void one_of_another_class_is_not(void **state)
{
    (void)state;
    listen_to(&other_class, 0);
    IoSetDeviceInterfaceState(&link, TRUE);
    settle();
    assert_int_equal(heard.calls, 0);
    IoSetDeviceInterfaceState(&link, FALSE);
    IoUnregisterPlugPlayNotification(heard.entry);
}

static void one_that_is_there_is_told_of_if_wished(void **state)
{
    (void)state;
    IoSetDeviceInterfaceState(&link, TRUE);
    listen_to(&wave_class, 0);
    assert_int_equal(heard.calls, 0);
    IoUnregisterPlugPlayNotification(heard.entry);
    listen_to(&wave_class, PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES);
    assert_int_equal(heard.calls, 1);
    IoSetDeviceInterfaceState(&link, FALSE);
    wait_for(2);
    IoUnregisterPlugPlayNotificationEx(heard.entry);
}

static void nobody_is_told_after_the_end(void **state)
{
    (void)state;
    listen_to(&wave_class, 0);
    IoUnregisterPlugPlayNotificationEx(heard.entry);
    IoSetDeviceInterfaceState(&link, TRUE);
    settle();
    assert_int_equal(heard.calls, 0);
    IoSetDeviceInterfaceState(&link, FALSE);
}

static void a_routine_may_end_its_own_registration(void **state)
{
    (void)state;
    heard.ends = TRUE;
    listen_to(&wave_class, 0);
    IoSetDeviceInterfaceState(&link, TRUE);
    wait_for(1);
    IoSetDeviceInterfaceState(&link, FALSE);
    settle();
    assert_int_equal(heard.calls, 1);
}

static void what_is_missing_or_too_much_is_refused(void **state)
{
    (void)state;
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, NULL,
                                                    &listener, hear, NULL, &heard.entry),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryReserved, 0, NULL, &listener,
                                                    hear, NULL, &heard.entry),
                     STATUS_INVALID_PARAMETER);
    dirql_fail_set("other:1");
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryHardwareProfileChange, 0, NULL,
                                                    &listener, hear, NULL, &heard.entry),
                     STATUS_INSUFFICIENT_RESOURCES);
}

static void an_entry_that_has_ended_is_a_finding(void **state)
{
    (void)state;
    listen_to(&wave_class, 0);
    IoUnregisterPlugPlayNotification(heard.entry);
    dirql_expect_finding("wrong object");
    IoUnregisterPlugPlayNotification(heard.entry);
}

static void an_entry_that_is_left_is_a_finding(void **state)
{
    (void)state;
    dirql_expect_finding("NotificationLeft");
    listen_to(&wave_class, 0);
}

/* ---- Targets --------------------------------------------------------------------------------- */

static void a_file_of_a_device_is_told_of_its_removal(void **state)
{
    (void)state;
    open_target();
    assert_int_equal(dirql_device_pnp(pdo, IRP_MN_QUERY_REMOVE_DEVICE), STATUS_SUCCESS);
    assert_true(IsEqualGUID(&heard.event, &GUID_TARGET_DEVICE_QUERY_REMOVE));
    assert_int_equal(dirql_device_pnp(pdo, IRP_MN_CANCEL_REMOVE_DEVICE), STATUS_SUCCESS);
    assert_true(IsEqualGUID(&heard.event, &GUID_TARGET_DEVICE_REMOVE_CANCELLED));
    assert_int_equal(dirql_device_pnp(pdo, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    assert_true(IsEqualGUID(&heard.event, &GUID_TARGET_DEVICE_REMOVE_COMPLETE));
    assert_int_equal(heard.calls, 3);
    close_target();
}

/* ---- Who listens ----------------------------------------------------------------------------- */

static void who_listens_is_not_the_target(void **state)
{
    (void)state;
    open_target();
    dirql_expect_finding("PnpNotification");
    (void)IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, file, &target_driver,
                                         hear, &heard, &heard.entry);
    fail_msg("that is the target's driver");
}

static void a_routine_does_not_end_its_registration_before_that_has_returned(void **state)
{
    (void)state;
    assert_int_equal(IoSetDeviceInterfaceState(&link, TRUE), STATUS_SUCCESS);
    settle();
    heard.ends = TRUE;
    dirql_expect_finding("PnpNotification");
    listen_to(&wave_class, PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES);
    fail_msg("it has not returned");
}

static VOID NTAPI unload_and_end(PDRIVER_OBJECT driver)
{
    (void)driver;
    IoUnregisterPlugPlayNotificationEx(heard.entry);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static NTSTATUS NTAPI driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = heard.ends ? unload_and_end : unload;
    return IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0,
                                          (PVOID)(ULONG_PTR)&wave_class, driver, hear, &heard,
                                          &heard.entry);
}

static void a_driver_may_end_its_registrations_while_it_is_unloaded(void **state)
{
    NTSTATUS status;

    (void)state;
    heard.ends = TRUE;
    dirql_driver_unload(dirql_driver_load("ends", driver_entry, &status));
}

static void a_driver_that_listens_is_not_unloaded(void **state)
{
    NTSTATUS status;
    PDRIVER_OBJECT driver = dirql_driver_load("listens", driver_entry, &status);

    (void)state;
    dirql_expect_finding("DriverUnload");
    dirql_driver_unload(driver);
    fail_msg("its registration keeps it loaded");
}

static void it_may_object(void **state)
{
    (void)state;
    open_target();
    heard.answer = STATUS_UNSUCCESSFUL;
    assert_int_equal(dirql_device_pnp(pdo, IRP_MN_QUERY_REMOVE_DEVICE), STATUS_UNSUCCESSFUL);
    assert_int_equal(heard.calls, 1);
    close_target();
}

static KEVENT unregistered;

static VOID NTAPI unregister(PVOID context)
{
    (void)context;
    IoUnregisterPlugPlayNotificationEx(heard.entry);
    KeSetEvent(&unregistered, 0, FALSE);
}

/* The one waits for the other. */
static NTSTATUS wait_for_a_work_item(PVOID structure, PVOID context)
{
    static WORK_QUEUE_ITEM item;

    (void)structure;
    (void)context;
    ExInitializeWorkItem(&item, unregister, NULL);
    ExQueueWorkItem(&item, CriticalWorkQueue);
    KeWaitForSingleObject(&unregistered, Executive, KernelMode, FALSE, NULL);
    return STATUS_SUCCESS;
}

static void a_routine_that_waits_for_its_own_end_waits_for_ever(void **state)
{
    (void)state;
    KeInitializeEvent(&unregistered, NotificationEvent, FALSE);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0,
                                                    (PVOID)(ULONG_PTR)&wave_class, &listener,
                                                    wait_for_a_work_item, NULL, &heard.entry),
                     STATUS_SUCCESS);
    IoSetDeviceInterfaceState(&link, TRUE);
    dirql_expect_finding("deadlock");
    KeWaitForSingleObject(&unregistered, Executive, KernelMode, FALSE, NULL);
    fail_msg("nobody goes on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(an_interface_that_comes_and_goes_is_told_of, start, stop),
        dirql_unit_test_setup_teardown(one_of_another_class_is_not, start, stop),
        dirql_unit_test_setup_teardown(one_that_is_there_is_told_of_if_wished, start, stop),
        dirql_unit_test_setup_teardown(nobody_is_told_after_the_end, start, stop),
        dirql_unit_test_setup_teardown(a_routine_may_end_its_own_registration, start, stop),
        dirql_unit_test_setup_teardown(what_is_missing_or_too_much_is_refused, start, stop),
        dirql_unit_test_setup(an_entry_that_has_ended_is_a_finding, start),
        dirql_unit_test_setup_teardown(an_entry_that_is_left_is_a_finding, start, stop),
        dirql_unit_test_setup_teardown(a_file_of_a_device_is_told_of_its_removal, start, stop),
        dirql_unit_test_setup_teardown(it_may_object, start, stop),
        dirql_unit_test_setup_teardown(who_listens_is_not_the_target, start, stop),
        dirql_unit_test_setup_teardown(
            a_routine_does_not_end_its_registration_before_that_has_returned, start, stop),
        dirql_unit_test_setup_teardown(a_driver_may_end_its_registrations_while_it_is_unloaded,
                                       start, stop),
        dirql_unit_test_setup_teardown(a_driver_that_listens_is_not_unloaded, start, stop),
        dirql_unit_test_setup_teardown(a_routine_that_waits_for_its_own_end_waits_for_ever, start,
                                       stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_pnpnotify.c - who is told of interfaces that come and go, and of devices that are removed.
 */
#include "pnp.h"

#include <dirql/driver.h>

#include <wdmguid.h>

#include "../settle.h"

static const GUID wave_class = { 0x33333333, 2, 3, { 4 } };
static const GUID other_class = { 0x44444444, 2, 3, { 4 } };
static UNICODE_STRING link;
static DRIVER_OBJECT listener;

static struct {
    volatile LONG calls;
    GUID event;
    WCHAR name[128];
    KIRQL irql;
    NTSTATUS answer;
    PVOID entry;
    BOOLEAN ends;
} heard;

static DRIVER_NOTIFICATION_CALLBACK_ROUTINE hear;
static NTSTATUS hear(PVOID structure, PVOID context)
{
    const PLUGPLAY_NOTIFICATION_HEADER *head = structure;

    assert_ptr_equal(context, &heard);
    assert_int_equal(head->Version, 1);
    heard.event = head->Event;
    heard.irql = KeGetCurrentIrql();
    if (IsEqualGUID(&head->Event, &GUID_DEVICE_INTERFACE_ARRIVAL)) {
        const DEVICE_INTERFACE_CHANGE_NOTIFICATION *change = structure;

        assert_int_equal(change->Size, sizeof(*change));
        memcpy(heard.name, change->SymbolicLinkName->Buffer, change->SymbolicLinkName->Length);
    }
    if (heard.ends) {
        IoUnregisterPlugPlayNotificationEx(heard.entry);
    }
    InterlockedIncrement(&heard.calls);
    return heard.answer;
}

static int start(void **state)
{
    memset(&heard, 0, sizeof(heard));
    (void)pnp_start(state);
    return IoRegisterDeviceInterface(pdo, &wave_class, NULL, &link) != STATUS_SUCCESS;
}

static int stop(void **state)
{
    (void)state;
    RtlFreeUnicodeString(&link);
    return 0;
}

static void listen_to(const GUID *class_id, ULONG flags)
{
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, flags,
                                                    (PVOID)(ULONG_PTR)class_id, &listener, hear,
                                                    &heard, &heard.entry),
                     STATUS_SUCCESS);
}

static void wait_for(LONG calls)
{
    for (unsigned i = 0; i < 100 && ReadAcquire(&heard.calls) < calls; i++) {
        settle();
    }
}

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

static NTSTATUS succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static DRIVER_OBJECT target_driver;
static PDEVICE_OBJECT target;
static PFILE_OBJECT file;

static void open_target(void)
{
    NTSTATUS status;

    memset(&target_driver, 0, sizeof(target_driver));
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        target_driver.MajorFunction[i] = succeed;
    }
    assert_int_equal(
        IoCreateDevice(&target_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &target),
        STATUS_SUCCESS);
    assert_ptr_equal(IoAttachDeviceToDeviceStack(target, pdo), pdo);
    target->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    file = dirql_file_open(target, &status);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, file,
                                                    &listener, hear, &heard, &heard.entry),
                     STATUS_SUCCESS);
}

static void close_target(void)
{
    IoUnregisterPlugPlayNotificationEx(heard.entry);
    dirql_file_close(file);
    IoDetachDevice(pdo);
    IoDeleteDevice(target);
}

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

static void it_may_object(void **state)
{
    (void)state;
    open_target();
    heard.answer = STATUS_UNSUCCESSFUL;
    assert_int_equal(dirql_device_pnp(pdo, IRP_MN_QUERY_REMOVE_DEVICE), STATUS_UNSUCCESSFUL);
    assert_int_equal(heard.calls, 1);
    close_target();
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

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
    PFILE_OBJECT file;
    UCHAR data[8];
} heard;

static const GUID label_change;

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
    if (IsEqualGUID(&head->Event, &label_change)) {
        const TARGET_DEVICE_CUSTOM_NOTIFICATION *event = structure;

        heard.file = event->FileObject;
        memcpy(heard.data, event->CustomDataBuffer, 5);
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

/* ---- Custom events --------------------------------------------------------------------------- */

static const GUID label_change = { 0x55555555, 2, 3, { 4 } };

static union {
    TARGET_DEVICE_CUSTOM_NOTIFICATION event;
    UCHAR bytes[64];
} custom;

static PVOID make_custom(const GUID *event)
{
    memset(&custom, 0, sizeof(custom));
    custom.event.Version = 1;
    custom.event.Size = FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) + 5;
    custom.event.Event = *event;
    custom.event.NameBufferOffset = -1;
    memcpy(custom.event.CustomDataBuffer, "label", 5);
    return &custom;
}

static void a_custom_event_is_told_with_its_data_and_the_file(void **state)
{
    (void)state;
    open_target();
    assert_int_equal(IoReportTargetDeviceChange(pdo, make_custom(&label_change)), STATUS_SUCCESS);
    assert_int_equal(heard.calls, 1);
    assert_true(IsEqualGUID(&heard.event, &label_change));
    assert_ptr_equal(heard.file, file);
    assert_memory_equal(heard.data, "label", 5);
    assert_null(custom.event.FileObject);
    close_target();
}

static volatile LONG told;

static VOID NTAPI note_told(PVOID context)
{
    assert_ptr_equal(context, &custom);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(heard.calls, 1);
    InterlockedIncrement(&told);
}

static void it_is_told_soon_after_by_the_asynchronous_form(void **state)
{
    KIRQL old;

    (void)state;
    told = 0;
    open_target();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(
        IoReportTargetDeviceChangeAsynchronous(pdo, make_custom(&label_change), note_told, &custom),
        STATUS_SUCCESS);
    memset(custom.event.CustomDataBuffer, 0, 5); /* It is the caller's again. */
    KeLowerIrql(old);
    for (unsigned i = 0; i < 100 && ReadAcquire(&told) == 0; i++) {
        settle();
    }
    assert_int_equal(told, 1);
    assert_memory_equal(heard.data, "label", 5);
    close_target();
}

static void an_event_of_the_systems_own_is_refused(void **state)
{
    (void)state;
    assert_int_equal(IoReportTargetDeviceChange(pdo, make_custom(&GUID_TARGET_DEVICE_QUERY_REMOVE)),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(IoReportTargetDeviceChangeAsynchronous(
                         pdo, make_custom(&GUID_TARGET_DEVICE_REMOVE_COMPLETE), NULL, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
}

static void without_memory_nobody_is_told(void **state)
{
    (void)state;
    open_target();
    dirql_fail_set("other:1");
    assert_int_equal(IoReportTargetDeviceChange(pdo, make_custom(&label_change)),
                     STATUS_INSUFFICIENT_RESOURCES);
    dirql_fail_set("other:1");
    assert_int_equal(
        IoReportTargetDeviceChangeAsynchronous(pdo, make_custom(&label_change), NULL, NULL),
        STATUS_INSUFFICIENT_RESOURCES);
    dirql_fail_set(NULL);
    assert_int_equal(heard.calls, 0);
    close_target();
}

static void a_custom_event_has_no_file_yet(void **state)
{
    (void)state;
    make_custom(&label_change);
    custom.event.FileObject = (PFILE_OBJECT)&custom;
    dirql_expect_finding("TargetDeviceChange");
    (void)IoReportTargetDeviceChange(pdo, &custom);
    fail_msg("the PnP manager fills it in");
}

static void a_custom_event_from_paged_pool_is_reported_at_dispatch_level(void **state)
{
    PVOID paged = ExAllocatePoolZero(PagedPool, sizeof(custom), 'tseT');
    KIRQL old;

    (void)state;
    memcpy(paged, make_custom(&label_change), sizeof(custom));
    assert_int_equal(IoReportTargetDeviceChange(pdo, paged), STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_finding("TargetDeviceChange");
    (void)IoReportTargetDeviceChangeAsynchronous(pdo, paged, NULL, NULL);
    fail_msg("that is paged");
}

static void the_device_is_one_of_the_bus(void **state)
{
    (void)state;
    open_target();
    dirql_expect_finding("PhysicalDevice");
    (void)IoReportTargetDeviceChange(target, make_custom(&label_change));
    fail_msg("that is a function driver's");
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
        dirql_unit_test_setup_teardown(a_custom_event_is_told_with_its_data_and_the_file, start,
                                       stop),
        dirql_unit_test_setup_teardown(it_is_told_soon_after_by_the_asynchronous_form, start, stop),
        dirql_unit_test_setup_teardown(an_event_of_the_systems_own_is_refused, start, stop),
        dirql_unit_test_setup_teardown(without_memory_nobody_is_told, start, stop),
        dirql_unit_test_setup_teardown(a_custom_event_has_no_file_yet, start, stop),
        dirql_unit_test_setup_teardown(a_custom_event_from_paged_pool_is_reported_at_dispatch_level,
                                       start, stop),
        dirql_unit_test_setup_teardown(the_device_is_one_of_the_bus, start, stop),
        dirql_unit_test_setup_teardown(who_listens_is_not_the_target, start, stop),
        dirql_unit_test_setup_teardown(
            a_routine_does_not_end_its_registration_before_that_has_returned, start, stop),
        dirql_unit_test_setup_teardown(a_driver_may_end_its_registrations_while_it_is_unloaded,
                                       start, stop),
        dirql_unit_test_setup_teardown(a_driver_that_listens_is_not_unloaded, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

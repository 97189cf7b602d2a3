/*
 * test_targetchange.c - custom events of a device, and who is told of them.
 */
#include "listen.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(a_custom_event_is_told_with_its_data_and_the_file, start,
                                       stop),
        dirql_unit_test_setup_teardown(it_is_told_soon_after_by_the_asynchronous_form, start, stop),
        dirql_unit_test_setup_teardown(an_event_of_the_systems_own_is_refused, start, stop),
        dirql_unit_test_setup_teardown(without_memory_nobody_is_told, start, stop),
        dirql_unit_test_setup_teardown(a_custom_event_has_no_file_yet, start, stop),
        dirql_unit_test_setup_teardown(a_custom_event_from_paged_pool_is_reported_at_dispatch_level,
                                       start, stop),
        dirql_unit_test_setup_teardown(the_device_is_one_of_the_bus, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

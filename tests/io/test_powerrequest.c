/*
 * test_powerrequest.c - what drivers ask of the power manager.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/power.h>

#include <ntddk.h>

static DRIVER_OBJECT driver;
static PDEVICE_OBJECT device;
static PVOID request;

static int start(void **state)
{
    (void)state;
    return IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_SERIAL_PORT, 0, FALSE, &device) !=
               STATUS_SUCCESS ||
           PoCreatePowerRequest(&request, device, NULL) != STATUS_SUCCESS;
}

static int stop(void **state)
{
    (void)state;
    PoDeletePowerRequest(request);
    IoDeleteDevice(device);
    return 0;
}

static void requests_count(void **state)
{
    (void)state;
    assert_int_equal(dirql_power_requests(PowerRequestSystemRequired), 0);
    assert_int_equal(PoSetPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
    assert_int_equal(PoSetPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
    assert_int_equal(dirql_power_requests(PowerRequestSystemRequired), 2);
    assert_int_equal(PoClearPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
    assert_int_equal(dirql_power_requests(PowerRequestSystemRequired), 1);
    assert_int_equal(PoClearPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
    assert_int_equal(dirql_power_requests(PowerRequestSystemRequired), 0);
}

static void other_types_are_not_for_drivers(void **state)
{
    (void)state;
    assert_int_equal(PoSetPowerRequest(request, PowerRequestDisplayRequired), STATUS_NOT_SUPPORTED);
    assert_int_equal(PoClearPowerRequest(request, PowerRequestAwayModeRequired),
                     STATUS_NOT_SUPPORTED);
}

static void a_device_is_needed(void **state)
{
    PVOID none = &device;

    (void)state;
    assert_int_equal(PoCreatePowerRequest(&none, NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_null(none);
}

static void memory_may_be_short(void **state)
{
    PVOID none = &device;

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(PoCreatePowerRequest(&none, device, NULL), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(none);
}

static void a_reason_may_be_given(void **state)
{
    COUNTED_REASON_CONTEXT reason = { .Version = DIAGNOSTIC_REASON_VERSION,
                                      .Flags = DIAGNOSTIC_REASON_SIMPLE_STRING };
    PVOID other;

    (void)state;
    RtlInitUnicodeString(&reason.SimpleString, L"a stream plays");
    assert_int_equal(PoCreatePowerRequest(&other, device, &reason), STATUS_SUCCESS);
    PoDeletePowerRequest(other);
}

static void it_is_not_cleared_more_often_than_set(void **state)
{
    (void)state;
    dirql_expect_finding("PowerRequest");
    (void)PoClearPowerRequest(request, PowerRequestSystemRequired);
    fail_msg("it is not set");
}

static void it_is_deleted_before_its_device(void **state)
{
    (void)state;
    dirql_expect_finding("PowerRequest");
    IoDeleteDevice(device);
    fail_msg("the request is there");
}

static void a_deleted_one_is_reported(void **state)
{
    PVOID other;

    (void)state;
    (void)PoCreatePowerRequest(&other, device, NULL);
    PoDeletePowerRequest(other);
    dirql_expect_finding("wrong object");
    (void)PoSetPowerRequest(other, PowerRequestSystemRequired);
    fail_msg("it was deleted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(requests_count, start, stop),
        dirql_unit_test_setup_teardown(other_types_are_not_for_drivers, start, stop),
        dirql_unit_test_setup_teardown(a_device_is_needed, start, stop),
        dirql_unit_test_setup_teardown(memory_may_be_short, start, stop),
        dirql_unit_test_setup_teardown(a_reason_may_be_given, start, stop),
        dirql_unit_test_setup(it_is_not_cleared_more_often_than_set, start),
        dirql_unit_test_setup(it_is_deleted_before_its_device, start),
        dirql_unit_test_setup(a_deleted_one_is_reported, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

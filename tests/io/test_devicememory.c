/*
 * test_devicememory.c - who writes outside of a device extension, or to one whose device was
 * deleted, is found.
 */
#include "../check/rule.h"

#include "../watched.h"

#define GUEST __attribute__((noinline))

enum { EXTENSION = 52 };

static DRIVER_OBJECT driver;

GUEST static PDEVICE_OBJECT create(void)
{
    PDEVICE_OBJECT device = NULL;

    assert_int_equal(
        IoCreateDevice(&driver, EXTENSION, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
        STATUS_SUCCESS);
    return device;
}

static void use_all_of_it(void *context)
{
    PDEVICE_OBJECT device = create();

    (void)context;
    assert_int_equal((ULONG_PTR)device->DeviceExtension % 16, 0);
    for (int i = 0; i < EXTENSION; i++) {
        assert_int_equal(((char *)device->DeviceExtension)[i], 0);
    }
    memset(device->DeviceExtension, 1, EXTENSION);
    IoDeleteDevice(device);
}

static void an_extension_is_zeroed_and_may_be_written_to(void **state)
{
    (void)state;
    assert_kept(use_all_of_it, 1);
}

static void write_behind(void *context)
{
    PDEVICE_OBJECT device = create();

    (void)context;
    ((volatile char *)device->DeviceExtension)[EXTENSION] = 1;
    IoDeleteDevice(device);
    fail_msg("it is damaged");
}

static void a_write_behind_an_extension_is_found_when_the_device_is_deleted(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    rule_run(1, write_behind);
    assert_int_equal(rule_result.code, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
    assert_int_equal(rule_result.parameters[3], 0x24);
    assert_report_has("behind the end of a device object, with its extension, of");
    assert_report_has("allocated at create test_devicememory.c:");
    assert_report_has("IoDeleteDevice, at write_behind");
}

static void write_before(void *context)
{
    PDEVICE_OBJECT device = create();

    (void)context;
    ((volatile char *)device)[-1] = 1;
    IoDeleteDevice(device);
    fail_msg("it is damaged");
}

static void a_write_before_a_device_is_found_too(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    rule_run(1, write_before);
    assert_int_equal(rule_result.code, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
    assert_int_equal(rule_result.parameters[3], 0x23);
}

static void write_before_the_extension(void *context)
{
    PDEVICE_OBJECT device = create();

    (void)context;
    ((volatile char *)device->DeviceExtension)[-8] = 1;
    IoDeleteDevice(device);
    fail_msg("it is damaged");
}

static void a_write_before_an_extension_is_found_too(void **state)
{
    (void)state;
    rule_run(1, write_before_the_extension);
    assert_int_equal(rule_result.code, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
    assert_report_has("before the extension of a device object: byte -8");
}

static void write_late(void *context)
{
    PDEVICE_OBJECT device = create();
    volatile char *extension = device->DeviceExtension;

    (void)context;
    IoDeleteDevice(device);
    extension[3] = 1;
}

static void a_write_to_a_deleted_device_is_found(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    rule_run(1, write_late);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_int_equal(rule_result.code, DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL);
    assert_report_has("It was freed by write_late");
    assert_report_has("allocated by create");
}

static void follow_a_pointer_of_it(void *context)
{
    PDEVICE_OBJECT device = create();

    (void)context;
    IoDeleteDevice(device);
    *(volatile char *)device->DeviceExtension = 1;
}

static void a_pointer_that_was_read_from_it_is_told_as_such(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    rule_run(1, follow_a_pointer_of_it);
    assert_int_equal(rule_result.code, PAGE_FAULT_IN_NONPAGED_AREA);
    assert_report_has("at follow_a_pointer_of_it");
#if defined(__x86_64__)
    assert_report_has("it was read from a block that had been freed");
#endif
}

static void delete_with_a_timer(void *context)
{
    PDEVICE_OBJECT device = NULL;
    LARGE_INTEGER due = { .QuadPart = -10000 };

    (void)context;
    assert_int_equal(
        IoCreateDevice(&driver, sizeof(KTIMER), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
        STATUS_SUCCESS);
    KeInitializeTimer(device->DeviceExtension);
    KeSetTimer(device->DeviceExtension, due, NULL);
    IoDeleteDevice(device);
    fail_msg("it would fire in freed memory");
}

static void a_timer_in_it_must_be_cancelled_first(void **state)
{
    (void)state;
    rule_run(1, delete_with_a_timer);
    assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);
    assert_report_has("a device object, with its extension, of");
    assert_report_has("is freed while a timer in it is set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_extension_is_zeroed_and_may_be_written_to),
        cmocka_unit_test(a_write_behind_an_extension_is_found_when_the_device_is_deleted),
        cmocka_unit_test(a_write_before_a_device_is_found_too),
        cmocka_unit_test(a_write_before_an_extension_is_found_too),
        cmocka_unit_test(a_write_to_a_deleted_device_is_found),
        cmocka_unit_test(a_pointer_that_was_read_from_it_is_told_as_such),
        cmocka_unit_test(a_timer_in_it_must_be_cancelled_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

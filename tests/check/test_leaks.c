/*
 * test_leaks.c - memory that a driver leaves behind is reported at the end of the run, with the place
 * that made it; what it gives back is not. And what a test says about leaks.
 */
#include "left.h"

enum { TAG = 0x6B61654C }; /* "Leak" */

/* Things of a driver; static, so that they outlive the body. */
static KTIMER timer;
static const LARGE_INTEGER in_a_second = { .QuadPart = -10000000 };

/* ---- Memory ---------------------------------------------------------------------------------- */

__attribute__((noinline)) static void leave_pool(void *context)
{
    volatile unsigned count = 3; /* One place: the compiler cannot unroll it. */
    void *blocks[3];

    (void)context;
    for (unsigned i = 0; i < count; i++) {
        blocks[i] = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);
    }
    for (unsigned i = 0; i < 3 && tidy; i++) {
        ExFreePoolWithTag(blocks[i], TAG);
    }
}

static void pool_that_is_not_freed_is_grouped_by_place(void **state)
{
    (void)state;
    assert_left(leave_pool, "PoolLeak",
                "nonpaged pool with tag \"Leak\" was never freed: 300 bytes in 3 blocks. "
                "ExAllocatePool2 was called at leave_pool");
    tidy = false;
    rule_run(1, leave_pool);
    assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);
    assert_int_equal(rule_result.parameters[0], 0x62);
    assert_int_equal(rule_result.parameters[3], 3);
}

static void leave_several(void *context)
{
    (void)context;
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 10, TAG);
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 10, TAG);
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, in_a_second, NULL);
}

static void what_is_left_is_told_by_place_and_in_order(void **state)
{
    const char *set, *pool;

    (void)state;
    rule_run(1, leave_several);
    assert_int_equal(rule_result.errors, 3);
    assert_report_has(": 10 bytes in 1 block. ExAllocatePool2 was called at leave_several");
    set = strstr(rule_result.report, "rule:  TimerLeft:");
    pool = strstr(rule_result.report, "rule:  PoolLeak:");
    assert_true(set != NULL && set < pool); /* What still runs comes first. */
}

static void leave_a_string(void *context)
{
    UNICODE_STRING text;

    (void)context;
    RtlCreateUnicodeString(&text, L"left");
    if (tidy) {
        RtlFreeUnicodeString(&text);
    }
}

static void a_string_that_is_not_freed_is_pool(void **state)
{
    (void)state;
    assert_left(leave_a_string, "PoolLeak", "paged pool with tag \"Strg\"");
}

static void leave_a_work_item(void *context)
{
    PDEVICE_OBJECT device;
    PIO_WORKITEM item;

    (void)context;
    IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    item = IoAllocateWorkItem(device);
    if (tidy) {
        IoFreeWorkItem(item);
    }
    IoDeleteDevice(device);
}

static void a_work_item_that_is_not_freed_is_pool(void **state)
{
    (void)state;
    assert_left(leave_a_work_item, "PoolLeak", "IoAllocateWorkItem was called at");
}

static void leave_a_mapping(void *context)
{
    const dirql_device device = { .name = "card" };
    void *registers;

    (void)context;
    registers = MmMapIoSpace(dirql_device_add_memory(&device, 0, 0x100), 0x100, MmNonCached);
    if (tidy) {
        MmUnmapIoSpace(registers, 0x100);
    }
}

static void device_memory_that_is_still_mapped_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_mapping, "MappingLeft", "device memory is still mapped: 256 bytes");
}

/* ---- What a test says about it --------------------------------------------------------------- */

static void the_option_makes_leaks_warnings_or_nothing(void **state)
{
    dirql_options options = { .leaks = DIRQL_LEAKS_WARNINGS };

    (void)state;
    tidy = false;
    rule_run_with(&options, leave_pool);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_int_equal(rule_result.warnings, 1);
    options.leaks = DIRQL_LEAKS_IGNORED;
    rule_run_with(&options, leave_pool);
    assert_string_equal(rule_result.report, "");
    options = (dirql_options){ .checks = DIRQL_CHECKS_NONE };
    rule_run_with(&options, leave_pool);
    assert_string_equal(rule_result.report, "");
}

static void leave_suppressed(void *context)
{
    dirql_suppress("PoolLeak", "leave_pool", "Its owner is the whole process.");
    leave_pool(context);
}

static void leave_expected(void *context)
{
    dirql_expect_finding("PoolLeak");
    leave_pool(context);
}

static void leaks_are_suppressed_by_place_and_expected_by_name(void **state)
{
    (void)state;
    tidy = false;
    assert_kept(leave_suppressed, 1);
    rule_run(1, leave_expected);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    tidy = true;
    rule_run(1, leave_expected);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
}

static void leave_and_fail(void *context)
{
    leave_pool(context);
    dirql_fail(__FILE__, __LINE__, "something else");
}

static void a_run_that_failed_has_no_leaks(void **state)
{
    (void)state;
    tidy = false;
    rule_run(1, leave_and_fail);
    assert_int_equal(rule_result.errors, 1);
    assert_report_has("something else");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_that_is_not_freed_is_grouped_by_place),
        cmocka_unit_test(what_is_left_is_told_by_place_and_in_order),
        cmocka_unit_test(a_string_that_is_not_freed_is_pool),
        cmocka_unit_test(a_work_item_that_is_not_freed_is_pool),
        cmocka_unit_test(device_memory_that_is_still_mapped_is_reported),
        cmocka_unit_test(the_option_makes_leaks_warnings_or_nothing),
        cmocka_unit_test(leaks_are_suppressed_by_place_and_expected_by_name),
        cmocka_unit_test(a_run_that_failed_has_no_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

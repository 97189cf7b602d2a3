/*
 * test_pooltouched.c - memory that code which is not instrumented writes to after it was freed.
 */
#include "rule.h"

#include "ex/poolguard.h"
#include "sim/pool_error.h"

enum { TAG = 'eerF', BYTES = 64 };

static char *volatile block;

/* AddressSanitizer sees the write itself, and ends the process. */
static void skip_where_a_sanitizer_watches(void)
{
    if (DQ_POOL_IS_SANITIZED) {
        skip();
    }
}

__attribute__((noinline)) static void give_back(void)
{
    ExFreePoolWithTag(block, TAG);
}

static void write_after_the_free(void *context)
{
    (void)context;
    block = ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, TAG);
    give_back();
    block[5] = 1;
}

static void a_write_to_a_freed_block_is_found_at_the_end(void **state)
{
    (void)state;
    skip_where_a_sanitizer_watches();
    assert_broken(write_after_the_free, 1, DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, DIRQL_ANY, 1, 0,
                  0, "PoolUsedAfterFree");
    assert_report_has("somebody has written to byte 5 of a pool block of 64 bytes (tag Free)");
    assert_report_has("It was freed by give_back");
    assert_report_has("and had been allocated by write_after_the_free");
}

static bool goes_on;

static void write_and_free_more(void *context)
{
    write_after_the_free(context);
    for (int i = 0; i < DQ_POOL_KEPT; i++) {
        ExFreePoolWithTag(ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, TAG), TAG);
    }
    goes_on = true;
}

static void it_is_found_at_the_latest_when_the_memory_is_given_back(void **state)
{
    (void)state;
    skip_where_a_sanitizer_watches();
    goes_on = false;
    assert_broken(write_and_free_more, 1, DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, DIRQL_ANY, 1, 0,
                  0, "PoolUsedAfterFree");
    assert_false(goes_on);
}

static void free_many(void *context)
{
    char *blocks[DQ_POOL_KEPT + 10];

    (void)context;
    for (int i = 0; i < DQ_POOL_KEPT + 10; i++) {
        blocks[i] = ExAllocatePool2(POOL_FLAG_NON_PAGED, (SIZE_T)i * 7 + 1, TAG);
        blocks[i][0] = 1;
    }
    for (int i = 0; i < DQ_POOL_KEPT + 10; i++) {
        ExFreePoolWithTag(blocks[i], TAG);
    }
}

static void blocks_that_nobody_touches_are_silent(void **state)
{
    (void)state;
    assert_silent(free_many, 1, "PoolUsedAfterFree");
}

static void a_rule_that_is_suppressed_says_nothing(void *context)
{
    dirql_suppress("PoolUsedAfterFree", NULL, "it is about the suppression");
    write_after_the_free(context);
}

static void the_finding_can_be_suppressed(void **state)
{
    (void)state;
    skip_where_a_sanitizer_watches();
    assert_silent(a_rule_that_is_suppressed_says_nothing, 1, "PoolUsedAfterFree");
}

static void without_checks_nobody_looks(void **state)
{
    dirql_result result;

    (void)state;
    skip_where_a_sanitizer_watches();
    assert_int_equal(dirql_run(&(dirql_options){ .checks = DIRQL_CHECKS_NONE }, write_and_free_more,
                               NULL, &result),
                     DIRQL_PASSED);
    dirql_result_free(&result);
}

static void explored_it_is_found_too(void **state)
{
    const dirql_options options = { .mode = DIRQL_MODE_EXPLORE, .fixed = 1 };
    dirql_result result;

    (void)state;
    skip_where_a_sanitizer_watches();
    assert_int_equal(dirql_run(&options, write_after_the_free, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.code, DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL);
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_to_a_freed_block_is_found_at_the_end),
        cmocka_unit_test(it_is_found_at_the_latest_when_the_memory_is_given_back),
        cmocka_unit_test(blocks_that_nobody_touches_are_silent),
        cmocka_unit_test(the_finding_can_be_suppressed),
        cmocka_unit_test(without_checks_nobody_looks),
        cmocka_unit_test(explored_it_is_found_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_bugcheck.c - ends that driver code asks for.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

static bool reached;

static void bug_check_carries_its_code_and_parameters(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

static void short_bug_check_has_no_parameters(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(MANUALLY_INITIATED_CRASH, 0, 0, 0, 0);
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

static void raised_status_is_bug_check_1e(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, 0xC0000017, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    ExRaiseStatus(STATUS_NO_MEMORY);
}

static void breakpoint_without_a_debugger_is_bug_check_1e(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, 0x80000003, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    DbgBreakPoint();
}

static void failed_assertion_is_a_breakpoint(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, 0x80000003, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    RtlAssert((PVOID) "count == 1", (PVOID) "driver.c", 42, NULL);
}

static void bug_check_works_at_any_irql(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck(MANUALLY_INITIATED_CRASH);
    KeRaiseIrql(HIGH_LEVEL, &old);
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

/* ---- Without an expectation ------------------------------------------------------------------ */

static void fail_an_assertion(void *context)
{
    (void)context;
    RtlAssert((PVOID) "count == 1", (PVOID) "driver.c", 42, (PSTR) "one expected");
    reached = true;
}

static void report_says_what_was_asserted_and_where(void **state)
{
    const dirql_options options = { .name = "asserts" };
    dirql_result result;

    (void)state;
    reached = false;
    assert_int_equal(dirql_run(&options, fail_an_assertion, NULL, &result), DIRQL_FAILED);
    assert_false(reached);
    assert_int_equal(result.code, KMODE_EXCEPTION_NOT_HANDLED);
    assert_int_equal(result.parameters[0], 0x80000003);
    assert_non_null(strstr(result.report, "KMODE_EXCEPTION_NOT_HANDLED"));
    assert_non_null(
        strstr(result.report, "Assertion failed: count == 1 (driver.c:42): one expected"));
    assert_non_null(strstr(result.report, "DIRQL_TEST=asserts DIRQL_"));
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(bug_check_carries_its_code_and_parameters),
        dirql_unit_test(short_bug_check_has_no_parameters),
        dirql_unit_test(raised_status_is_bug_check_1e),
        dirql_unit_test(breakpoint_without_a_debugger_is_bug_check_1e),
        dirql_unit_test(failed_assertion_is_a_breakpoint),
        dirql_unit_test(bug_check_works_at_any_irql),
        dirql_unit_test(bug_check_works_at_any_irql, .checks = DIRQL_CHECKS_NONE),
        cmocka_unit_test(report_says_what_was_asserted_and_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

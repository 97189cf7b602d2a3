/*
 * test_bugcheck.c - ends that driver code asks for.
 */
#include <stdio.h>
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>

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
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, 0xC0000017, DIRQL_ANY, 0, 0);
    ExRaiseStatus(STATUS_NO_MEMORY);
}

static void breakpoint_without_a_debugger_is_bug_check_1e(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, 0x80000003, DIRQL_ANY, 0, 0);
    DbgBreakPoint();
}

static void failed_assertion_is_a_breakpoint(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, 0x80000003, DIRQL_ANY, 0, 0);
    RtlAssert((PVOID) "count == 1", (PVOID) "driver.c", 42, NULL);
}

static void bug_check_works_at_any_irql(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(MANUALLY_INITIATED_CRASH, 0, 0, 0, 0);
    KeRaiseIrql(HIGH_LEVEL, &old);
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

/* ---- Corrupt lists --------------------------------------------------------------------------- */

static LIST_ENTRY head, first, second;

static void start_list(void)
{
    InitializeListHead(&head);
    InsertTailList(&head, &first);
    InsertTailList(&head, &second);
    dirql_expect_bugcheck_with(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_CORRUPT_LIST_ENTRY, 0, 0,
                               0);
}

static void an_entry_that_is_removed_twice_is_bug_check_139(void **state)
{
    (void)state;
    start_list();
    RemoveEntryList(&first);
    RemoveEntryList(&first);
}

static void taking_from_a_list_whose_entry_is_overwritten_is_bug_check_139(void **state)
{
    (void)state;
    start_list();
    first.Blink = &second;
    RemoveHeadList(&head);
}

static void adding_to_a_list_whose_first_entry_is_overwritten_is_bug_check_139(void **state)
{
    (void)state;
    start_list();
    first.Blink = &second;
    InsertHeadList(&head, &(LIST_ENTRY){ 0 });
}

static void adding_to_a_list_whose_last_entry_is_overwritten_is_bug_check_139(void **state)
{
    (void)state;
    start_list();
    second.Flink = &first;
    InsertTailList(&head, &(LIST_ENTRY){ 0 });
}

static void any_fast_fail_carries_its_code(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_INVALID_ARG, 0, 0, 0);
    RtlFailFast(FAST_FAIL_INVALID_ARG);
}

/* ---- Exceptions of an ISR -------------------------------------------------------------------- */

static BOOLEAN raise_in_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    DbgBreakPoint();
    return TRUE;
}

static void an_exception_in_an_isr_is_bug_check_3d(void **state)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .name = "device" });
    PKINTERRUPT interrupt;

    (void)state;
    assert_int_equal(IoConnectInterrupt(&interrupt, raise_in_isr, NULL, NULL,
                                        dirql_line_vector(line), dirql_line_irql(line),
                                        dirql_line_irql(line), dirql_line_mode(line), FALSE,
                                        dirql_line_processors(line), FALSE),
                     STATUS_SUCCESS);
    dirql_expect_bugcheck_with(INTERRUPT_EXCEPTION_NOT_HANDLED, 0, 0, 0, 0);
    dirql_line_assert(line);
    dirql_time_advance_ms(10);
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

static const void *nothing;
static unsigned verified_at;

static void verify_what_does_not_hold(void *context)
{
    (void)context;
    verified_at = __LINE__ + 1;
    RTL_VERIFY(nothing != NULL);
    reached = true;
}

static void an_assertion_fails_in_its_own_line(void **state)
{
    dirql_result result;
    char place[96];

    (void)state;
    reached = false;
    assert_int_equal(dirql_run(NULL, verify_what_does_not_hold, NULL, &result), DIRQL_FAILED);
    assert_false(reached);
    snprintf(place, sizeof(place), "at verify_what_does_not_hold test_bugcheck.c:%u\n",
             verified_at);
    if (strstr(result.report, "test_bugcheck.c:") != NULL) { /* Else no lines are known. */
        assert_non_null(strstr(result.report, place));
    }
    assert_null(strstr(result.report, "wdm_debug.h"));
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
        dirql_unit_test(an_entry_that_is_removed_twice_is_bug_check_139),
        dirql_unit_test(taking_from_a_list_whose_entry_is_overwritten_is_bug_check_139),
        dirql_unit_test(adding_to_a_list_whose_first_entry_is_overwritten_is_bug_check_139),
        dirql_unit_test(adding_to_a_list_whose_last_entry_is_overwritten_is_bug_check_139),
        dirql_unit_test(any_fast_fail_carries_its_code),
        dirql_unit_test(an_exception_in_an_isr_is_bug_check_3d),
        dirql_unit_test(bug_check_works_at_any_irql),
        dirql_unit_test(bug_check_works_at_any_irql, .checks = DIRQL_CHECKS_NONE),
        cmocka_unit_test(an_assertion_fails_in_its_own_line),
        cmocka_unit_test(report_says_what_was_asserted_and_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

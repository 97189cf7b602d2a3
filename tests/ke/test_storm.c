/*
 * test_storm.c - a level line that nobody silences, and one that takes long.
 */
#include "wire.h"

enum { LIMIT = 20 };

static const dirql_line_options shared_line = { .name = "stuck", .irql = 6, .shared = TRUE };

static struct wire first, second;

static void storm_of_an_isr_that_claims_but_does_not_silence_is_bug_check_f2(void **state)
{
    (void)state;
    first = (struct wire){ .noisy = true };
    wire_make(&first, &shared_line);
    dirql_expect_bugcheck_with(HARDWARE_INTERRUPT_STORM, (ULONG_PTR)wire_isr, (ULONG_PTR)&first,
                               (ULONG_PTR)first.interrupt, 1);
    dirql_line_assert(first.line);
    wire_settle();
    fail_msg("the storm was not found");
}

static void storm_in_a_chain_names_its_first_isr(void **state)
{
    (void)state;
    first = (struct wire){ .share = TRUE };
    second = (struct wire){ 0 };
    first.line = dirql_line_create(&shared_line);
    wire_connect(&first);
    wire_join(&second, &first);
    dirql_expect_bugcheck_with(HARDWARE_INTERRUPT_STORM, (ULONG_PTR)wire_isr, (ULONG_PTR)&first,
                               (ULONG_PTR)first.interrupt, 2);
    dirql_line_assert(first.line);
    wire_settle();
    fail_msg("the storm was not found");
}

static void refuse_silently(struct wire *wire)
{
    if (wire->calls == LIMIT) {
        dirql_line_deassert(wire->line);
    }
}

static void line_that_is_silenced_within_the_limit_is_no_storm(void **state)
{
    (void)state;
    first = (struct wire){ .noisy = true, .act = refuse_silently };
    wire_make(&first, &shared_line);
    dirql_line_assert(first.line);
    wire_settle();
    assert_int_equal(first.calls, LIMIT);
}

static void silenced_between_is_no_storm_however_often_it_interrupts(void **state)
{
    (void)state;
    first = (struct wire){ 0 };
    wire_make(&first, &shared_line);
    for (unsigned i = 0; i < 10 * LIMIT; i++) {
        dirql_line_assert(first.line);
        wire_settle();
    }
    assert_int_equal(first.calls, 10 * LIMIT);
}

static void edges_are_no_storm(void **state)
{
    (void)state;
    first = (struct wire){ .noisy = true };
    wire_make(&first, &(dirql_line_options){ .name = "edge", .trigger = DIRQL_EDGE });
    for (unsigned i = 0; i < 10 * LIMIT; i++) {
        dirql_line_assert(first.line);
        wire_settle();
    }
    assert_int_equal(first.calls, 10 * LIMIT);
}

/* ---- What the report says -------------------------------------------------------------------- */

static void storm(void *context)
{
    first = (struct wire){ .noisy = true, .claims = *(LONG *)context };
    first.line = dirql_line_create(&shared_line);
    if (wire_try_connect(&first) == STATUS_SUCCESS) {
        dirql_line_assert(first.line);
        wire_settle();
    }
}

static void report_says(LONG claims, const char *words)
{
    const dirql_options options = { .storm_limit = LIMIT };
    dirql_result result;

    assert_int_equal(dirql_run(&options, storm, &claims, &result), DIRQL_FAILED);
    assert_int_equal(result.code, HARDWARE_INTERRUPT_STORM);
    assert_int_equal(first.calls, LIMIT + 1);
    assert_non_null(strstr(result.report, "\"stuck\""));
    assert_non_null(strstr(result.report, words));
    dirql_result_free(&result);
}

static void report_of_an_unclaimed_storm_says_so(void **state)
{
    (void)state;
    report_says(0, "No ISR claimed it");
}

static void report_of_a_claimed_storm_says_so(void **state)
{
    (void)state;
    report_says(WIRE_ALWAYS, "An ISR claimed it each time");
}

static void report_of_a_storm_with_both_counts_them(void **state)
{
    (void)state;
    report_says(5, "claimed 5 times");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_teardown(storm_of_an_isr_that_claims_but_does_not_silence_is_bug_check_f2,
                                 wire_stop,
                        .storm_limit = LIMIT),
        dirql_unit_test_teardown(storm_in_a_chain_names_its_first_isr, wire_stop,
                                 .storm_limit = LIMIT),
        dirql_unit_test_teardown(line_that_is_silenced_within_the_limit_is_no_storm, wire_stop,
                                 .storm_limit = LIMIT),
        dirql_unit_test_teardown(silenced_between_is_no_storm_however_often_it_interrupts,
                                 wire_stop,
                        .storm_limit = LIMIT),
        dirql_unit_test_teardown(edges_are_no_storm, wire_stop, .storm_limit = LIMIT),
        cmocka_unit_test(report_of_an_unclaimed_storm_says_so),
        cmocka_unit_test(report_of_a_claimed_storm_says_so),
        cmocka_unit_test(report_of_a_storm_with_both_counts_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

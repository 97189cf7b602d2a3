/*
 * Tests that fail, each in its own way. check_fails.cmake runs them and reads what CMocka says: a
 * place marked "once" must be reported exactly once.
 */
#include <dirql/cmocka.h>

#include <dirql/check.h>

#include "plain.h"
#include "stage.h"

/* ---- Assertions in each place ---------------------------------------------------------------- */

static void fails_in_body(void **state)
{
    (void)state;
    assert_int_equal(1, 2); /* once: on the first thread */
}

static void fail_in_thread(void *context)
{
    (void)context;
    assert_string_equal("one", "two"); /* once: in another thread */
}

static void fails_in_second_thread(void **state)
{
    (void)state;
    stage_thread(fail_in_thread, NULL);
}

static void fail_in_dpc(void *context)
{
    (void)context;
    assert_true(0); /* once: in a DPC */
}

static void fails_in_dpc(void **state)
{
    (void)state;
    stage_dpc(fail_in_dpc, NULL);
}

static void fail_in_isr(void *context)
{
    (void)context;
    fail_msg("the ISR gives up at IRQL %d", KeGetCurrentIrql()); /* once: in an ISR */
}

static void fails_in_isr(void **state)
{
    (void)state;
    stage_isr(fail_in_isr, NULL);
}

static void fails_in_a_plain_helper(void **state)
{
    int two = 2;

    (void)state;
    stage_dpc(plain_expects_one, &two);
}

/* ---- Mocks ----------------------------------------------------------------------------------- */

static int mocked(void)
{
    return mock_type(int); /* once: asked for more than there is */
}

static void take(void *context)
{
    (void)context;
    (void)mocked();
}

static void takes_a_value_that_nobody_set(void **state)
{
    (void)state;
    stage_isr(take, NULL);
}

static void leaves_a_value_over(void **state)
{
    (void)state;
    will_return(mocked, 1);
    will_return(mocked, 2); /* CMocka 2.0 does not know this place any more. */
    stage_isr(take, NULL);
}

static void checked(int value)
{
    check_expected(value);
}

static void give_three(void *context)
{
    (void)context;
    checked(3);
}

static void gives_a_wrong_parameter(void **state)
{
    (void)state;
    expect_value(checked, value, 4); /* once: a wrong parameter */
    stage_dpc(give_three, NULL);
}

/* ---- Assertions under test ------------------------------------------------------------------- */

static void assert_nothing(void *context)
{
    mock_assert(0, "unexpected", __FILE__, __LINE__); /* once: an assertion in the wrong place */
    (void)context;
}

static void asserts_in_an_isr_what_the_thread_expects(void **state)
{
    (void)state;
    expect_assert_failure(stage_isr(assert_nothing, NULL));
}

static void do_nothing(void *context)
{
    (void)context;
}

static void expects_an_assertion_that_does_not_come(void **state)
{
    (void)state;
    expect_assert_failure(stage_dpc(do_nothing, NULL)); /* once: no assertion */
}

/* ---- Setup, teardown, findings --------------------------------------------------------------- */

static int refuses(void **state)
{
    (void)state;
    return 3;
}

static int asserts(void **state)
{
    assert_non_null(*state); /* once: in a setup */
    return 0;
}

static int never_comes(void **state)
{
    (void)state;
    print_message("a teardown ran without its machine\n");
    return 0;
}

static void never_begins(void **state)
{
    (void)state;
    print_message("a body ran without its setup\n");
}

static void passes(void **state)
{
    (void)state;
}

static void misses_its_irql(void **state)
{
    (void)state;
    dirql_assert_irql(DISPATCH_LEVEL);
}

static void breaks_a_rule(void **state)
{
    (void)state;
    dirql_fail(__FILE__, __LINE__, "a finding of the machine");
}

/* ---- No failures ----------------------------------------------------------------------------- */

static void skip_in_dpc(void *context)
{
    (void)context;
    skip();
}

static void is_skipped_on_the_first_thread(void **state)
{
    (void)state;
    skip();
}

static void is_skipped_in_a_dpc(void **state)
{
    (void)state;
    stage_dpc(skip_in_dpc, NULL);
}

static void the_next_test_runs(void **state)
{
    (void)state;
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    stage_isr(do_nothing, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_teardown(fails_in_body, never_comes),
        dirql_unit_test_teardown(fails_in_second_thread, never_comes),
        dirql_unit_test_teardown(fails_in_dpc, never_comes),
        dirql_unit_test_teardown(fails_in_isr, never_comes),
        dirql_unit_test(fails_in_a_plain_helper),
        dirql_unit_test(takes_a_value_that_nobody_set),
        dirql_unit_test(leaves_a_value_over),
        dirql_unit_test(gives_a_wrong_parameter),
        dirql_unit_test(asserts_in_an_isr_what_the_thread_expects),
        dirql_unit_test(expects_an_assertion_that_does_not_come),
        dirql_unit_test_setup_teardown(never_begins, refuses, never_comes),
        dirql_unit_test_setup_teardown(never_begins, asserts, never_comes),
        dirql_unit_test_teardown(passes, refuses),
        dirql_unit_test_teardown(misses_its_irql, never_comes),
        dirql_unit_test_teardown(breaks_a_rule, never_comes),
        dirql_unit_test_teardown(is_skipped_on_the_first_thread, never_comes),
        dirql_unit_test_teardown(is_skipped_in_a_dpc, never_comes),
        dirql_unit_test(the_next_test_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

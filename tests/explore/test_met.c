/*
 * test_met.c - which states count as met, by what it took to come there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "explore/met.h"

static dq_met met;
static dq_bounds limit;

static int start(void **state)
{
    (void)state;
    limit = (dq_bounds){ { [DQ_BOUND_PREEMPTION] = 4, [DQ_BOUND_INTERRUPT] = 4 } };
    return 0;
}

static int stop(void **state)
{
    (void)state;
    dq_met_stop(&met);
    return 0;
}

static bool was_met(uint64_t number, uint32_t preemptions, uint32_t interrupts)
{
    const dq_bounds used = {
        { [DQ_BOUND_PREEMPTION] = preemptions, [DQ_BOUND_INTERRUPT] = interrupts }
    };

    return dq_met_before(&met, number, &used, &limit);
}

static void a_state_is_met_once(void **state)
{
    (void)state;
    assert_false(was_met(7, 1, 1));
    assert_true(was_met(7, 1, 1));
    assert_false(was_met(8, 1, 1));
    assert_false(was_met(0, 1, 1));
    assert_true(was_met(0, 1, 1));
}

static void what_cost_more_has_been_met(void **state)
{
    (void)state;
    assert_false(was_met(7, 1, 1));
    assert_true(was_met(7, 2, 1));
    assert_true(was_met(7, 1, 2));
}

static void what_cost_less_of_any_bound_has_not_been_met(void **state)
{
    (void)state;
    assert_false(was_met(7, 1, 1));
    assert_false(was_met(7, 0, 1));
    assert_true(was_met(7, 0, 1));
    assert_false(was_met(7, 3, 0));
    assert_true(was_met(7, 0, 1)); /* That is remembered, too. */
    assert_true(was_met(7, 3, 0));
}

static void what_is_not_limited_costs_nothing(void **state)
{
    (void)state;
    limit.of[DQ_BOUND_PREEMPTION] = DQ_UNBOUNDED;
    assert_false(was_met(7, 100000, 1));
    assert_true(was_met(7, 5, 1));
    assert_false(was_met(7, 5, 0));
}

static void a_pass_forgets_what_the_one_before_has_met(void **state)
{
    (void)state;
    assert_false(was_met(7, 1, 1));
    dq_met_clear(&met);
    assert_false(was_met(7, 1, 1));
}

/* Neighbours in the table, and then so many that it must grow. */
static void many_states_are_remembered(void **state)
{
    enum { MANY = 100000 };
    unsigned forgotten = 0;

    (void)state;
    for (uint64_t i = 1; i <= MANY; i++) {
        assert_false(was_met(i * 0x9E3779B97F4A7C15u, 1, 1));
    }
    for (uint64_t i = 1; i <= MANY; i++) {
        forgotten += !was_met(i * 0x9E3779B97F4A7C15u, 1, 1);
    }
    assert_true(forgotten < MANY / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_state_is_met_once, start, stop),
        cmocka_unit_test_setup_teardown(what_cost_more_has_been_met, start, stop),
        cmocka_unit_test_setup_teardown(what_cost_less_of_any_bound_has_not_been_met, start, stop),
        cmocka_unit_test_setup_teardown(what_is_not_limited_costs_nothing, start, stop),
        cmocka_unit_test_setup_teardown(a_pass_forgets_what_the_one_before_has_met, start, stop),
        cmocka_unit_test_setup_teardown(many_states_are_remembered, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

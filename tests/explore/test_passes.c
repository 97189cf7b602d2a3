/*
 * test_passes.c - the order of the bounds, and which schedule counts in which pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "explore/passes.h"

static dq_passes passes;

static void begin(uint32_t preemptions, uint32_t interrupts, uint32_t faults)
{
    dq_passes_begin(&passes, &(dq_bounds){ { 0, preemptions, interrupts, faults } });
}

static bool after_cutting(bool preemptions, bool interrupts, bool faults)
{
    const bool cut[DQ_BOUND_COUNT] = { false, preemptions, interrupts, faults };

    return dq_passes_advance(&passes, cut);
}

static void assert_limits(uint32_t preemptions, uint32_t interrupts, uint32_t faults)
{
    assert_int_equal(passes.limit.of[DQ_BOUND_PREEMPTION], preemptions);
    assert_int_equal(passes.limit.of[DQ_BOUND_INTERRUPT], interrupts);
    assert_int_equal(passes.limit.of[DQ_BOUND_FAULT], faults);
}

static bool counts(uint32_t preemptions, uint32_t interrupts, uint32_t faults)
{
    return dq_passes_counts(&passes, &(dq_bounds){ { 0, preemptions, interrupts, faults } });
}

static void interrupts_grow_before_preemptions(void **state)
{
    (void)state;
    begin(1, 1, 0);
    assert_limits(0, 0, 0);
    assert_true(after_cutting(true, true, false));
    assert_limits(0, 1, 0);
    assert_true(after_cutting(true, true, false));
    assert_limits(1, 0, 0);
    assert_true(after_cutting(true, true, false));
    assert_limits(1, 1, 0);
    assert_false(after_cutting(true, true, false));
    assert_false(passes.exhausted);
}

static void a_bound_that_cut_nothing_off_does_not_grow(void **state)
{
    (void)state;
    begin(5, 5, 5);
    assert_true(after_cutting(true, false, false));
    assert_limits(1, 0, 0);
    assert_false(after_cutting(false, false, false));
    assert_true(passes.exhausted);
}

static void large_bounds_are_reached_in_a_few_steps(void **state)
{
    (void)state;
    begin(DQ_UNBOUNDED, 0, 0);
    for (uint32_t limit = 1; limit <= 3; limit++) {
        assert_true(after_cutting(true, false, false));
        assert_limits(limit, 0, 0);
    }
    assert_true(after_cutting(true, false, false));
    assert_limits(DQ_UNBOUNDED, 0, 0);
    assert_false(after_cutting(false, false, false));
    assert_true(passes.exhausted);
}

static void a_schedule_counts_in_the_first_pass_that_can_hold_it(void **state)
{
    (void)state;
    begin(2, 2, 0);
    assert_true(counts(0, 0, 0));
    assert_true(after_cutting(true, true, false));
    assert_false(counts(0, 0, 0));
    assert_true(counts(0, 1, 0));
}

static void what_is_complete_grows_with_the_slowest_bound(void **state)
{
    (void)state;
    begin(2, 2, 0);
    assert_true(after_cutting(true, true, false)); /* 0, 0 is done. */
    assert_true(passes.any_done);
    assert_int_equal(passes.done.of[DQ_BOUND_INTERRUPT], 0);
    assert_true(after_cutting(true, true, false)); /* 0, 1 */
    assert_int_equal(passes.done.of[DQ_BOUND_INTERRUPT], 1);
    assert_true(after_cutting(true, true, false)); /* 0, 2 */
    assert_int_equal(passes.done.of[DQ_BOUND_INTERRUPT], 2);
    assert_true(after_cutting(true, true, false)); /* 1, 0 says no more than 0, 2. */
    assert_int_equal(passes.done.of[DQ_BOUND_PREEMPTION], 0);
    assert_int_equal(passes.done.of[DQ_BOUND_INTERRUPT], 2);
    assert_true(after_cutting(true, true, false));
    assert_true(after_cutting(true, true, false)); /* 1, 2 */
    assert_int_equal(passes.done.of[DQ_BOUND_PREEMPTION], 1);
    assert_int_equal(passes.done.of[DQ_BOUND_INTERRUPT], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupts_grow_before_preemptions),
        cmocka_unit_test(a_bound_that_cut_nothing_off_does_not_grow),
        cmocka_unit_test(large_bounds_are_reached_in_a_few_steps),
        cmocka_unit_test(a_schedule_counts_in_the_first_pass_that_can_hold_it),
        cmocka_unit_test(what_is_complete_grows_with_the_slowest_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_ways.c - from one pass of a search to the next: what was too dear.
 */
#include "asking.h"

#include <string.h>

static void three_switches_and_a_free_choice(void)
{
    if (ask_within(DQ_BOUND_PREEMPTION, 3) == 2) {
        (void)ask_free(2);
    }
    (void)ask_within(DQ_BOUND_INTERRUPT, 2);
    (void)ask_within(DQ_BOUND_PREEMPTION, 2);
}

/* All runs of all passes, up to two preemptions and one interrupt, one behind the other. */
static void search_in_passes(void (*run)(void), bool at_the_root)
{
    static const dq_bounds passes[] = {
        { { 0, 0, 0, 0 } }, { { 0, 0, 1, 0 } }, { { 0, 1, 0, 0 } },
        { { 0, 1, 1, 0 } }, { { 0, 2, 0, 0 } }, { { 0, 2, 1, 0 } }
    };
    char all[RUNS_MAX][CHOICES_MAX + 1];
    unsigned all_count = 0;

    search.last = passes[5];
    for (unsigned pass = 0; pass < 6; pass++) {
        run_count = 0;
        if (pass == 0 || at_the_root) {
            dq_search_begin(&search, &passes[pass]);
            search_all(run);
        } else if (dq_search_go_on(&search, &passes[pass])) {
            search_all(run);
        }
        memcpy(all[all_count], runs, run_count * sizeof(*runs));
        all_count += run_count;
    }
    memcpy(runs, all, sizeof(runs));
    run_count = all_count;
}

static void no_pass_repeats_what_one_before_has_run(void **state)
{
    (void)state;
    search_in_passes(three_switches_and_a_free_choice, false);
    assert_int_equal(run_count, 16);
    for (unsigned i = 0; i < run_count; i++) {
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(runs[i], runs[j]);
        }
    }
    assert_false(search.cut[DQ_BOUND_PREEMPTION]);
    assert_false(search.cut[DQ_BOUND_INTERRUPT]);
}

/* What is new in each of them. */
static void the_order_is_that_of_passes_which_begin_at_the_root(void **state)
{
    char expected[RUNS_MAX][CHOICES_MAX + 1];
    unsigned expected_count = 0;

    (void)state;
    search_in_passes(three_switches_and_a_free_choice, true);
    for (unsigned i = 0; i < run_count; i++) {
        unsigned at = 0;

        while (at < expected_count && strcmp(expected[at], runs[i]) != 0) {
            at++;
        }
        if (at == expected_count) {
            strcpy(expected[expected_count++], runs[i]);
        }
    }
    search_in_passes(three_switches_and_a_free_choice, false);
    assert_int_equal(run_count, expected_count);
    for (unsigned i = 0; i < run_count; i++) {
        assert_string_equal(runs[i], expected[i]);
    }
}

static void a_pass_that_nothing_was_left_to_has_no_run(void **state)
{
    const dq_bounds larger = { { 0, 1, 0, 0 } };

    (void)state;
    search.last = larger;
    search_all(two_by_three);
    assert_false(dq_search_go_on(&search, &larger));
}

static void a_pass_begins_at_the_root_if_the_ways_were_lost(void **state)
{
    const dq_bounds larger = { { 0, 1, 0, 0 } };

    (void)state;
    search.last = larger;
    search_all(three_switches);
    assert_int_equal(run_count, 1);
    search.frontier.is_lost = true;
    assert_true(dq_search_go_on(&search, &larger));
    search_all(three_switches);
    assert_int_equal(run_count, 4);
    assert_string_equal(runs[0], "000");
}

static void what_is_beyond_the_last_bound_is_cut_from_every_pass(void **state)
{
    const dq_bounds larger = { { 0, 1, 0, 0 } }, last = { { 0, 2, 0, 0 } };

    (void)state;
    search.last = last;
    begin(0, 0);
    search_all(three_switches_and_a_free_choice);
    assert_true(dq_search_go_on(&search, &larger));
    search_all(three_switches_and_a_free_choice);
    assert_true(dq_search_go_on(&search, &last));
    search_all(three_switches_and_a_free_choice);
    assert_true(search.cut[DQ_BOUND_INTERRUPT]);
    assert_false(search.cut[DQ_BOUND_PREEMPTION]);
}

static void the_share_of_a_pass_grows_over_its_ways(void **state)
{
    const dq_bounds larger = { { 0, 1, 0, 0 } };
    unsigned seen = 0;

    (void)state;
    search.last = larger;
    search_all(three_switches);
    assert_true(dq_search_go_on(&search, &larger));
    do {
        assert_int_equal((int)(dq_search_share(&search) * 3000 + 0.5), seen++ * 1000);
        asked = 0;
        dq_search_begin_run(&search);
        three_switches();
    } while (dq_search_advance(&search));
    assert_int_equal(seen, 3);
}

static void a_way_on_which_something_else_is_asked_has_diverged(void **state)
{
    const dq_bounds larger = { { 0, 1, 0, 0 } };

    (void)state;
    search.last = larger;
    search_all(three_switches);
    search.depth = 0; /* So it is all asked again, as in another process. */
    assert_true(dq_search_go_on(&search, &larger));
    dq_search_begin_run(&search);
    run_count = asked = 0;
    (void)ask_within(DQ_BOUND_PREEMPTION, 2);
    assert_false(search.error != DQ_SEARCH_GOES_ON);
    (void)ask_within(DQ_BOUND_PREEMPTION, 2);
    (void)ask_free(3);
    assert_true(dq_search_has_diverged(&search));
    assert_int_equal(search.error_at, 2);
    assert_int_equal(search.expected.options, 2);
    assert_int_equal(search.asked.options, 3);
}

static void a_run_that_ends_before_its_way_does_has_diverged(void **state)
{
    const dq_bounds larger = { { 0, 1, 0, 0 } };

    (void)state;
    search.last = larger;
    search_all(three_switches);
    search.depth = 0;
    assert_true(dq_search_go_on(&search, &larger));
    dq_search_begin_run(&search);
    run_count = asked = 0;
    (void)ask_within(DQ_BOUND_PREEMPTION, 2);
    assert_true(dq_search_has_diverged(&search));
    assert_int_equal(search.asked.options, 0);
}

/* ---- States that were met -------------------------------------------------------------------- */

static void two_ways_into_a_state_one_of_them_dear(void)
{
    (void)ask_within(DQ_BOUND_PREEMPTION, 2);
    arrive_at(7);
    (void)ask_free(2);
}

static void a_pass_remembers_the_states_of_those_before_it(void **state)
{
    const dq_bounds larger = { { 0, 1, 0, 0 } };

    (void)state;
    search.last = larger;
    search_all(two_ways_into_a_state_one_of_them_dear);
    assert_int_equal(run_count, 2);
    assert_true(dq_search_go_on(&search, &larger));
    search_all(two_ways_into_a_state_one_of_them_dear);
    assert_int_equal(run_count, 1);
    assert_true(search.has_met);
}

static void a_state_behind_each_choice(void)
{
    uint64_t number = 1;

    for (unsigned i = 0; i < 3; i++) {
        number = 2 * number + ask_within(DQ_BOUND_PREEMPTION, 2);
        arrive_at(number);
    }
}

/* Those on the way were met when it was left. */
static void on_a_way_that_was_left_no_state_is_met(void **state)
{
    const dq_bounds larger = { { 0, 1, 0, 0 } };

    (void)state;
    search.last = larger;
    search_all(a_state_behind_each_choice);
    search.depth = 0;
    assert_true(dq_search_go_on(&search, &larger));
    do {
        run_count = asked = 0;
        dq_search_begin_run(&search);
        a_state_behind_each_choice();
        assert_false(search.has_met);
    } while (dq_search_advance(&search));
}

static void dear_first_in_what_a_later_pass_limits_again(void)
{
    const bool is_first = ask_free(2) == 0;

    if (is_first && ask_within(DQ_BOUND_INTERRUPT, 2) == 0) {
        return;
    }
    arrive_at(7);
    (void)ask_free(2);
}

/* Of preemptions there will be more, and then interrupts are limited again. */
static void what_is_not_limited_for_now_counts(void **state)
{
    (void)state;
    search.last = (dq_bounds){ { 0, 1, DQ_UNBOUNDED, 0 } };
    begin(0, DQ_UNBOUNDED);
    search_all(dear_first_in_what_a_later_pass_limits_again);
    assert_int_equal(run_count, 5);
    begin(1, DQ_UNBOUNDED);
    search_all(dear_first_in_what_a_later_pass_limits_again);
    assert_int_equal(run_count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_pass_repeats_what_one_before_has_run, start, stop),
        cmocka_unit_test_setup_teardown(the_order_is_that_of_passes_which_begin_at_the_root, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_pass_that_nothing_was_left_to_has_no_run, start, stop),
        cmocka_unit_test_setup_teardown(a_pass_begins_at_the_root_if_the_ways_were_lost, start,
                                        stop),
        cmocka_unit_test_setup_teardown(what_is_beyond_the_last_bound_is_cut_from_every_pass, start,
                                        stop),
        cmocka_unit_test_setup_teardown(the_share_of_a_pass_grows_over_its_ways, start, stop),
        cmocka_unit_test_setup_teardown(a_way_on_which_something_else_is_asked_has_diverged, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_run_that_ends_before_its_way_does_has_diverged, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_pass_remembers_the_states_of_those_before_it, start,
                                        stop),
        cmocka_unit_test_setup_teardown(on_a_way_that_was_left_no_state_is_met, start, stop),
        cmocka_unit_test_setup_teardown(what_is_not_limited_for_now_counts, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_search.c - one pass of a search over choices.
 */
#include "asking.h"

#include <string.h>

static dq_arena arena;

static bool is_static(void *owner, const void *address)
{
    (void)owner;
    (void)address;
    return true;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static void longer_after_one(void)
{
    if (ask_free(2) == 1) {
        (void)ask_free(2);
    }
}

static void twelve_switches(void)
{
    for (unsigned i = 0; i < 12; i++) {
        (void)ask_within(DQ_BOUND_PREEMPTION, 2);
    }
}

static void ask_nothing(void)
{
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void all_answers_come_once_in_order(void **state)
{
    static const char *const expected[] = { "00", "01", "02", "10", "11", "12" };

    (void)state;
    search_all(two_by_three);
    assert_int_equal(run_count, 6);
    for (unsigned i = 0; i < run_count; i++) {
        assert_string_equal(runs[i], expected[i]);
    }
}

static void what_is_asked_may_depend_on_the_answers(void **state)
{
    static const char *const expected[] = { "0", "10", "11" };

    (void)state;
    search_all(longer_after_one);
    assert_int_equal(run_count, 3);
    for (unsigned i = 0; i < run_count; i++) {
        assert_string_equal(runs[i], expected[i]);
    }
}

static void a_run_that_asks_nothing_is_the_only_one(void **state)
{
    (void)state;
    search_all(ask_nothing);
    assert_int_equal(run_count, 1);
}

static void no_run_uses_up_more_than_its_bound(void **state)
{
    (void)state;
    begin(2, 0);
    search_all(three_switches);
    assert_int_equal(run_count, 7); /* All of 8 but "111". */
    assert_true(search.cut[DQ_BOUND_PREEMPTION]);
    assert_false(search.cut[DQ_BOUND_INTERRUPT]);
}

static void a_bound_that_is_large_enough_cuts_nothing_off(void **state)
{
    (void)state;
    begin(3, 0);
    search_all(three_switches);
    assert_int_equal(run_count, 8);
    assert_false(search.cut[DQ_BOUND_PREEMPTION]);
}

static void what_a_run_has_used_up_is_known(void **state)
{
    (void)state;
    begin(1, 0);
    search_all(three_switches);
    assert_int_equal(run_count, 4);
    assert_string_equal(runs[3], "100");
    assert_int_equal(search.used.of[DQ_BOUND_PREEMPTION], 0); /* All is paid back. */
    assert_int_equal(search.deviations, 0);
}

static void a_run_that_asks_for_something_else_has_diverged(void **state)
{
    (void)state;
    dq_search_begin_run(&search);
    asked = 0;
    (void)ask_free(2);
    (void)ask_free(2);
    assert_true(dq_search_advance(&search));
    dq_search_begin_run(&search);
    asked = 0;
    (void)ask_free(3);
    assert_int_equal(search.error, DQ_SEARCH_DIVERGED);
    assert_int_equal(search.error_at, 0);
    assert_int_equal(search.expected.options, 2);
    assert_int_equal(search.asked.options, 3);
}

static void a_run_that_asks_in_another_service_has_diverged(void **state)
{
    (void)state;
    dq_search_begin_run(&search);
    asked = 0;
    (void)ask_free(2);
    (void)ask_free(2);
    assert_true(dq_search_advance(&search));
    dq_search_begin_run(&search);
    asked = 0;
    execution.service = DQ_SERVICE_KeSetEvent;
    (void)ask_free(2);
    assert_int_equal(search.error, DQ_SEARCH_DIVERGED);
}

static void the_share_counts_only_what_the_bounds_allow(void **state)
{
    const double all = 1 + 12 + 12 * 11 / 2; /* None, one or two of twelve. */

    (void)state;
    begin(2, 0);
    for (unsigned seen = 1; seen <= 40; seen++) {
        asked = 0;
        dq_search_begin_run(&search);
        twelve_switches();
        assert_true(dq_search_advance(&search));
        assert_int_equal((int)(dq_search_share(&search) * all * 1000 + 0.5), seen * 1000);
    }
}

static void the_share_that_was_seen_grows_to_the_end(void **state)
{
    double before = -1;

    (void)state;
    do {
        asked = 0;
        dq_search_begin_run(&search);
        two_by_three();
        assert_true(dq_search_share(&search) > before);
        before = dq_search_share(&search);
    } while (dq_search_advance(&search));
    assert_true(before > 0.8 && before < 1);
}

static void a_new_notice_begins_the_pass_again(void **state)
{
    (void)state;
    dq_search_begin_run(&search);
    asked = 0;
    (void)ask_free(2);
    assert_false(dq_search_is_begun_again(&search));
    search.searcher.notice(&search.searcher, DQ_NOTICE_UNSEEN);
    assert_true(dq_search_is_begun_again(&search));
    assert_int_equal(search.count, 0);
    assert_false(dq_search_is_begun_again(&search));
}

static void memory_is_anybodys_once_code_does_not_say_what_it_touches(void **state)
{
    (void)state;
    search.sharing.is_static = is_static;
    search.sharing.arena = &arena;
    dq_search_begin_run(&search);
    assert_int_equal(search.searcher.touch(&search.searcher, &cpu, &cpu, 8, 1), 0);
    search.searcher.notice(&search.searcher, DQ_NOTICE_UNSEEN);
    assert_int_equal(search.searcher.touch(&search.searcher, &cpu, &cpu, 8, 1),
                     DQ_TOUCH_BRANCHES); /* But nobody is known to. */
}

/* ---- States that were met -------------------------------------------------------------------- */

static void two_ways_into_a_state(void)
{
    (void)ask_free(2);
    arrive_at(7);
    (void)ask_free(2);
}

static void two_ways_into_two_states(void)
{
    arrive_at(7 + ask_free(2));
    (void)ask_free(2);
}

static void a_dear_way_first_and_then_a_cheap_one(void)
{
    const bool is_first = ask_free(2) == 0;
    const bool is_elsewhere = is_first && ask_within(DQ_BOUND_PREEMPTION, 2) == 0;

    arrive_at(is_elsewhere ? 5 : 7);
    (void)ask_within(DQ_BOUND_PREEMPTION, 2);
}

static void a_state_that_was_met_is_not_branched_on(void **state)
{
    (void)state;
    begin(DQ_UNBOUNDED, DQ_UNBOUNDED);
    search_all(two_ways_into_a_state);
    assert_int_equal(run_count, 3);
    assert_string_equal(runs[0], "00");
    assert_string_equal(runs[1], "01");
    assert_string_equal(runs[2], "10");
    assert_true(search.has_met);
}

static void another_state_is(void **state)
{
    (void)state;
    begin(DQ_UNBOUNDED, DQ_UNBOUNDED);
    search_all(two_ways_into_two_states);
    assert_int_equal(run_count, 4);
    assert_false(search.has_met);
}

static void a_state_is_branched_on_again_by_who_has_paid_less(void **state)
{
    (void)state;
    begin(1, 0);
    search_all(a_dear_way_first_and_then_a_cheap_one);
    assert_int_equal(run_count, 5);
    assert_string_equal(runs[2], "010"); /* Comes there, and can pay nothing more. */
    assert_string_equal(runs[3], "10");
    assert_string_equal(runs[4], "11");
}

static void a_pass_from_the_root_meets_all_states_again(void **state)
{
    (void)state;
    begin(DQ_UNBOUNDED, DQ_UNBOUNDED);
    search_all(two_ways_into_a_state);
    begin(DQ_UNBOUNDED, DQ_UNBOUNDED);
    search_all(two_ways_into_a_state);
    assert_int_equal(run_count, 3);
    assert_false(search.searcher.at == 0);
}

static void the_same_run_again_meets_nothing(void **state)
{
    (void)state;
    begin(DQ_UNBOUNDED, DQ_UNBOUNDED);
    for (unsigned i = 0; i < 2; i++) {
        run_count = asked = 0;
        dq_search_begin_run(&search);
        two_ways_into_a_state();
        assert_false(search.has_met);
    }
}

static void of_a_run_without_end_no_more_is_kept(void **state)
{
    dq_choice choice = { .kind = DQ_CHOICE_TEST, .options = 2 };

    (void)state;
    begin(DQ_UNBOUNDED, DQ_UNBOUNDED);
    dq_search_begin_run(&search);
    for (size_t i = 0; i < DQ_CHOICES_KEPT; i++) {
        search.searcher.answer(&search.searcher, &cpu, &choice);
    }
    assert_false(search.left_rest);
    search.searcher.answer(&search.searcher, &cpu, &choice);
    assert_true(search.left_rest);
    assert_int_equal(choice.answer, 0);
    assert_int_equal(search.count, DQ_CHOICES_KEPT);
    assert_int_equal(search.error, DQ_SEARCH_GOES_ON);
    assert_true(dq_search_share(&search) < 1);
    begin(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_answers_come_once_in_order, start, stop),
        cmocka_unit_test_setup_teardown(what_is_asked_may_depend_on_the_answers, start, stop),
        cmocka_unit_test_setup_teardown(a_run_that_asks_nothing_is_the_only_one, start, stop),
        cmocka_unit_test_setup_teardown(no_run_uses_up_more_than_its_bound, start, stop),
        cmocka_unit_test_setup_teardown(a_bound_that_is_large_enough_cuts_nothing_off, start, stop),
        cmocka_unit_test_setup_teardown(what_a_run_has_used_up_is_known, start, stop),
        cmocka_unit_test_setup_teardown(a_run_that_asks_for_something_else_has_diverged, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_run_that_asks_in_another_service_has_diverged, start,
                                        stop),
        cmocka_unit_test_setup_teardown(the_share_that_was_seen_grows_to_the_end, start, stop),
        cmocka_unit_test_setup_teardown(the_share_counts_only_what_the_bounds_allow, start, stop),
        cmocka_unit_test_setup_teardown(a_new_notice_begins_the_pass_again, start, stop),
        cmocka_unit_test_setup_teardown(of_a_run_without_end_no_more_is_kept, start, stop),
        cmocka_unit_test_setup_teardown(a_state_that_was_met_is_not_branched_on, start, stop),
        cmocka_unit_test_setup_teardown(another_state_is, start, stop),
        cmocka_unit_test_setup_teardown(a_state_is_branched_on_again_by_who_has_paid_less, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_pass_from_the_root_meets_all_states_again, start, stop),
        cmocka_unit_test_setup_teardown(the_same_run_again_meets_nothing, start, stop),
        cmocka_unit_test_setup_teardown(memory_is_anybodys_once_code_does_not_say_what_it_touches,
                                        start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_shard.c - several processes that share a search.
 */
#include "asking.h"

#include <string.h>

#include "explore/shard.h"

enum { EARLY = 5 }; /* Choices between two, where there are two shards. */

/* ---- Runs ------------------------------------------------------------------------------------ */

static void twelve_switches(void)
{
    for (unsigned i = 0; i < 12; i++) {
        (void)ask_within(DQ_BOUND_PREEMPTION, 2);
    }
}

static unsigned ask_early(void)
{
    unsigned answers = 0;

    for (unsigned i = 0; i < EARLY; i++) {
        answers = 2 * answers + ask_free(2);
    }
    return answers;
}

static void two_early_ways_into_a_state(void)
{
    (void)ask_free(2);
    arrive_at(7);
    (void)ask_free(2);
}

static void two_late_ways_into_a_state(void)
{
    const unsigned early = ask_early();

    (void)ask_free(2);
    arrive_at(100 + early);
    (void)ask_free(2);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static char counted[RUNS_MAX][CHOICES_MAX + 1];
static unsigned counted_count, made, met;

/* One shard of so many, which makes its runs. */
static void search_shard(unsigned shard, unsigned shards, void (*run)(void))
{
    search.shard = shard;
    search.shards = shards;
    begin(2, 0);
    made = met = 0;
    do {
        run_count = asked = 0;
        dq_search_begin_run(&search);
        run();
        made++;
        met += search.has_met;
        if (dq_shard_counts(&search) && !search.has_met) {
            assert_true(counted_count < RUNS_MAX);
            strcpy(counted[counted_count++], runs[0]);
        }
    } while (dq_search_advance(&search));
}

static int begin_test(void **state)
{
    counted_count = 0;
    return start(state);
}

static void assert_none_twice(void)
{
    for (unsigned i = 0; i < counted_count; i++) {
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(counted[i], counted[j]);
        }
    }
}

static void shards_count_all_runs_and_none_twice(void **state)
{
    const unsigned all = 1 + 12 + 12 * 11 / 2; /* None, one or two of twelve. */

    (void)state;
    for (unsigned shards = 2; shards <= 5; shards++) {
        counted_count = 0;
        for (unsigned shard = 0; shard < shards; shard++) {
            search_shard(shard, shards, twelve_switches);
        }
        assert_int_equal(counted_count, all);
        assert_none_twice();
    }
}

static void a_shard_makes_few_runs_of_others(void **state)
{
    (void)state;
    for (unsigned shard = 0; shard < 2; shard++) {
        counted_count = 0;
        search_shard(shard, 2, twelve_switches);
        assert_in_range(counted_count, 79 / 2 - 6, 79 / 2 + 6);
        assert_in_range(made, counted_count, counted_count + (1u << EARLY));
    }
}

/* The other shard goes on from there, too. */
static void a_state_among_early_choices_is_not_met(void **state)
{
    (void)state;
    search_shard(1, 2, two_early_ways_into_a_state);
    assert_int_equal(made, 4);
    assert_int_equal(met, 0);
}

static void a_state_behind_them_is(void **state)
{
    (void)state;
    for (unsigned shard = 0; shard < 2; shard++) {
        search_shard(shard, 2, two_late_ways_into_a_state);
        assert_true(met > 0);
        assert_true(made < 1u << (EARLY + 2));
    }
    assert_none_twice();
}

/* Each state is come to in two ways, and left in two. */
static void what_was_met_is_counted_by_its_own_shard(void **state)
{
    enum { STATES = 1 << EARLY };
    unsigned ends[2 * STATES] = { 0 };

    (void)state;
    search_shard(0, 2, two_late_ways_into_a_state);
    search_shard(1, 2, two_late_ways_into_a_state);
    for (unsigned i = 0; i < counted_count; i++) {
        unsigned early = 0;

        for (unsigned at = 0; at < EARLY; at++) {
            early = 2 * early + (unsigned)(counted[i][at] - '0');
        }
        ends[2 * early + (unsigned)(counted[i][EARLY + 1] - '0')]++;
    }
    for (unsigned i = 0; i < 2 * STATES; i++) {
        assert_true(ends[i] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shards_count_all_runs_and_none_twice, begin_test, stop),
        cmocka_unit_test_setup_teardown(a_shard_makes_few_runs_of_others, begin_test, stop),
        cmocka_unit_test_setup_teardown(a_state_among_early_choices_is_not_met, begin_test, stop),
        cmocka_unit_test_setup_teardown(a_state_behind_them_is, begin_test, stop),
        cmocka_unit_test_setup_teardown(what_was_met_is_counted_by_its_own_shard, begin_test, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

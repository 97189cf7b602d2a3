/*
 * test_frontier.c - ways that one pass leaves to another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "explore/frontier.h"

static dq_frontier frontier;
static bool cut[DQ_BOUND_COUNT];

static int start(void **state)
{
    (void)state;
    dq_frontier_clear(&frontier);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    dq_frontier_stop(&frontier);
    return 0;
}

/* Of two answers; the first one is `answer`. */
static void leave(uint32_t preemptions, uint32_t interrupts, uint32_t at, uint8_t answer,
                  uint32_t then_at)
{
    const dq_turning turnings[] = { { .at = at, .answer = answer },
                                    { .at = then_at, .answer = 1 } };

    dq_frontier_leave(&frontier, &(dq_way){ .used = { { 0, preemptions, interrupts, 0 } },
                                            .count = 2,
                                            .turnings = turnings });
}

static bool take(uint32_t preemptions, uint32_t interrupts)
{
    const dq_bounds limit = { { 0, preemptions, interrupts, 0 } };

    for (unsigned bound = 0; bound < DQ_BOUND_COUNT; bound++) {
        cut[bound] = false;
    }
    return dq_frontier_take(&frontier, &limit, cut);
}

static void assert_next(uint32_t at, uint8_t answer, uint32_t then_at)
{
    dq_way way;

    assert_true(dq_frontier_next(&frontier, &way));
    assert_int_equal(way.count, 2);
    assert_int_equal(way.turnings[0].at, at);
    assert_int_equal(way.turnings[0].answer, answer);
    assert_int_equal(way.turnings[1].at, then_at);
}

static void assert_no_more(void)
{
    dq_way way;

    assert_false(dq_frontier_next(&frontier, &way));
}

static void a_way_waits_for_the_pass_that_can_afford_it(void **state)
{
    (void)state;
    leave(1, 0, 3, 1, 5);
    leave(0, 2, 3, 1, 6);
    assert_true(take(0, 1));
    assert_no_more();
    assert_true(cut[DQ_BOUND_PREEMPTION]);
    assert_true(cut[DQ_BOUND_INTERRUPT]);
    assert_true(take(0, 2));
    assert_next(3, 1, 6);
    assert_no_more();
    assert_true(cut[DQ_BOUND_PREEMPTION]);
    assert_false(cut[DQ_BOUND_INTERRUPT]);
    assert_true(take(1, 2));
    assert_next(3, 1, 5);
    assert_no_more();
    assert_false(cut[DQ_BOUND_PREEMPTION]);
}

/* The later the first answer other than 0, the sooner. */
static void ways_are_gone_in_the_order_of_a_search(void **state)
{
    (void)state;
    leave(0, 0, 1, 1, 2);
    leave(0, 0, 4, 2, 9);
    leave(0, 0, 4, 1, 6);
    leave(0, 0, 4, 1, 7);
    assert_true(take(0, 0));
    assert_next(4, 1, 7);
    assert_next(4, 1, 6);
    assert_next(4, 2, 9);
    assert_next(1, 1, 2);
    assert_no_more();
}

static void what_no_pass_can_afford_is_cut_from_all(void **state)
{
    (void)state;
    frontier.beyond[DQ_BOUND_FAULT] = true;
    assert_true(take(0, 0));
    assert_true(cut[DQ_BOUND_FAULT]);
    assert_false(cut[DQ_BOUND_PREEMPTION]);
}

static void without_room_all_ways_are_lost(void **state)
{
    (void)state;
    for (uint32_t i = 0; !frontier.is_lost; i++) {
        assert_true(i < 1u << 20);
        leave(1, 0, 0, 1, i + 1);
    }
    assert_false(take(1, 0));
    assert_no_more();
    dq_frontier_clear(&frontier);
    leave(1, 0, 0, 1, 1);
    assert_true(take(1, 0));
    assert_next(0, 1, 1);
}

/* The pass that goes them has begun. */
static void what_is_lost_meanwhile_is_not_what_the_pass_goes(void **state)
{
    (void)state;
    leave(1, 0, 3, 1, 5);
    assert_true(take(1, 0));
    while (!frontier.is_lost) {
        leave(2, 0, 0, 1, 1);
    }
    assert_next(3, 1, 5);
    assert_false(take(2, 0));
}

static void count(void *owner, const dq_way *way)
{
    (void)way;
    ++*(unsigned *)owner;
}

static void all_that_a_pass_has_begun_with_can_be_visited(void **state)
{
    unsigned ways = 0;

    (void)state;
    leave(1, 0, 3, 1, 5);
    leave(2, 0, 3, 1, 6);
    assert_true(take(1, 0));
    leave(2, 0, 0, 1, 1);
    assert_next(3, 1, 5);
    dq_frontier_visit(&frontier, count, &ways);
    assert_int_equal(ways, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_way_waits_for_the_pass_that_can_afford_it, start, stop),
        cmocka_unit_test_setup_teardown(ways_are_gone_in_the_order_of_a_search, start, stop),
        cmocka_unit_test_setup_teardown(what_no_pass_can_afford_is_cut_from_all, start, stop),
        cmocka_unit_test_setup_teardown(without_room_all_ways_are_lost, start, stop),
        cmocka_unit_test_setup_teardown(what_is_lost_meanwhile_is_not_what_the_pass_goes, start,
                                        stop),
        cmocka_unit_test_setup_teardown(all_that_a_pass_has_begun_with_can_be_visited, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_gate.c - gates let one waiter through for each opening.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdatomic.h>

#include "host/host.h"
#include "limit.h"

enum { ROUNDS = 5000, WAITERS = 4 };

static host_gate *to_worker;
static host_gate *to_test;
static int turns;

static int make_gates(void **state)
{
    (void)state;
    turns = 0;
    to_worker = host_gate_create();
    to_test = host_gate_create();
    return to_worker != NULL && to_test != NULL ? 0 : -1;
}

static int destroy_gates(void **state)
{
    (void)state;
    host_gate_destroy(to_worker);
    host_gate_destroy(to_test);
    return 0;
}

static void take_turns(void *argument)
{
    int i;

    (void)argument;
    for (i = 0; i < ROUNDS; i++) {
        host_gate_wait(to_worker);
        turns++;
        host_gate_open(to_test);
    }
}

static void gates_hand_over_in_turn(void **state)
{
    host_thread *worker = host_thread_start(take_turns, NULL);
    int i;

    (void)state;
    assert_non_null(worker);
    for (i = 0; i < ROUNDS; i++) {
        assert_int_equal(turns, i); /* The worker is waiting: no lock is needed to look. */
        host_gate_open(to_worker);
        host_gate_wait(to_test);
    }
    host_thread_join(worker);
    assert_int_equal(turns, ROUNDS);
}

static void openings_do_not_add_up(void **state)
{
    (void)state;
    host_gate_open(to_test);
    host_gate_open(to_test);
    host_gate_wait(to_test);
    assert_false(host_gate_wait_for(to_test, 1));
}

static void a_wait_with_a_limit_ends_without_an_opening(void **state)
{
    (void)state;
    assert_false(host_gate_wait_for(to_test, 0));
    assert_false(host_gate_wait_for(to_test, 1000000));
    host_gate_open(to_test);
    assert_true(host_gate_wait_for(to_test, 0));
}

static void open_after_a_while(void *argument)
{
    (void)argument;
    host_gate_wait_for(to_worker, 20000000); /* Nobody opens it. */
    host_gate_open(to_test);
}

static void a_wait_with_a_limit_is_ended_by_an_opening(void **state)
{
    host_thread *opener = host_thread_start(open_after_a_while, NULL);

    (void)state;
    assert_non_null(opener);
    assert_true(host_gate_wait_for(to_test, LIMIT_NS));
    host_thread_join(opener);
}

static void no_limit_is_too_long(void **state)
{
    host_thread *opener = host_thread_start(open_after_a_while, NULL);

    (void)state;
    assert_non_null(opener);
    assert_true(host_gate_wait_for(to_test, UINT64_MAX));
    host_thread_join(opener);
}

static atomic_int passed;

static void pass_once(void *argument)
{
    host_gate_wait(argument);
    atomic_fetch_add(&passed, 1);
}

static void each_opening_lets_one_of_many_waiters_through(void **state)
{
    host_thread *waiter[WAITERS];
    int i;

    (void)state;
    atomic_store(&passed, 0);
    for (i = 0; i < WAITERS; i++) {
        waiter[i] = host_thread_start(pass_once, to_worker);
        assert_non_null(waiter[i]);
    }
    for (i = 0; i < WAITERS; i++) {
        assert_false(host_gate_wait_for(to_test, 5000000)); /* They fall asleep. */
        assert_int_equal(atomic_load(&passed), i);
        host_gate_open(to_worker);
        WAIT_UNTIL(atomic_load(&passed) == i + 1);
    }
    for (i = 0; i < WAITERS; i++) {
        host_thread_join(waiter[i]);
    }
}

static _Atomic(host_gate *) fresh_gate;

static void open_fresh_gates(void *argument)
{
    host_gate *gate;
    int opened = 0;

    (void)argument;
    while (opened < ROUNDS) {
        gate = atomic_exchange(&fresh_gate, NULL);
        if (gate != NULL) {
            host_gate_open(gate);
            opened++;
        } else {
            host_thread_give_way();
        }
    }
}

static void a_waiter_may_destroy_the_gate_as_soon_as_it_is_through(void **state)
{
    host_thread *opener = host_thread_start(open_fresh_gates, NULL);
    host_gate *gate;
    int i;

    (void)state;
    assert_non_null(opener);
    for (i = 0; i < ROUNDS; i++) {
        gate = host_gate_create();
        assert_non_null(gate);
        atomic_store(&fresh_gate, gate);
        host_gate_wait(gate);
        host_gate_destroy(gate);
    }
    host_thread_join(opener);
}

static void hit_the_limit(void *argument)
{
    int i;

    (void)argument;
    for (i = 0; i < ROUNDS; i++) {
        while (!host_gate_wait_for(to_worker, (uint64_t)(i % 7) * 10000)) {
        }
        turns++;
        host_gate_open(to_test);
    }
}

static void an_opening_at_the_limit_is_not_lost(void **state)
{
    host_thread *worker = host_thread_start(hit_the_limit, NULL);
    int i;

    (void)state;
    assert_non_null(worker);
    for (i = 0; i < ROUNDS; i++) {
        host_gate_open(to_worker);
        assert_true(host_gate_wait_for(to_test, LIMIT_NS));
        assert_int_equal(turns, i + 1);
    }
    host_thread_join(worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gates_hand_over_in_turn, make_gates, destroy_gates),
        cmocka_unit_test_setup_teardown(openings_do_not_add_up, make_gates, destroy_gates),
        cmocka_unit_test_setup_teardown(a_wait_with_a_limit_ends_without_an_opening, make_gates,
                                        destroy_gates),
        cmocka_unit_test_setup_teardown(a_wait_with_a_limit_is_ended_by_an_opening, make_gates,
                                        destroy_gates),
        cmocka_unit_test_setup_teardown(no_limit_is_too_long, make_gates, destroy_gates),
        cmocka_unit_test_setup_teardown(each_opening_lets_one_of_many_waiters_through, make_gates,
                                        destroy_gates),
        cmocka_unit_test(a_waiter_may_destroy_the_gate_as_soon_as_it_is_through),
        cmocka_unit_test_setup_teardown(an_opening_at_the_limit_is_not_lost, make_gates,
                                        destroy_gates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

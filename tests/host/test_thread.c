/*
 * test_thread.c - host threads, gates, the lock and the clock.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "host/host.h"

enum { ROUNDS = 10000 };

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

static void open_for_test(void *argument)
{
    (void)argument;
    host_gate_open(to_test);
}

static void openings_do_not_add_up(void **state)
{
    host_thread *opener;

    (void)state;
    host_gate_open(to_test);
    host_gate_open(to_test);
    host_gate_wait(to_test);
    opener = host_thread_start(open_for_test, NULL);
    assert_non_null(opener);
    host_gate_wait(to_test); /* For the opener's: the second opening of above is gone. */
    host_thread_join(opener);
}

static long long shared_sum;

static void add_many(void *argument)
{
    int i;

    (void)argument;
    for (i = 0; i < ROUNDS; i++) {
        host_lock();
        shared_sum++;
        host_unlock();
    }
}

static void the_lock_excludes(void **state)
{
    host_thread *adders[4];
    int i;

    (void)state;
    shared_sum = 0;
    for (i = 0; i < 4; i++) {
        adders[i] = host_thread_start(add_many, NULL);
        assert_non_null(adders[i]);
    }
    for (i = 0; i < 4; i++) {
        host_thread_join(adders[i]);
    }
    assert_true(shared_sum == 4 * ROUNDS);
}

static void the_clock_never_goes_back(void **state)
{
    uint64_t last_ns = host_clock_ns();
    uint64_t now_ns;
    int i;

    (void)state;
    for (i = 0; i < ROUNDS; i++) {
        now_ns = host_clock_ns();
        assert_true(now_ns >= last_ns);
        last_ns = now_ns;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gates_hand_over_in_turn, make_gates, destroy_gates),
        cmocka_unit_test_setup_teardown(openings_do_not_add_up, make_gates, destroy_gates),
        cmocka_unit_test(the_lock_excludes),
        cmocka_unit_test(the_clock_never_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

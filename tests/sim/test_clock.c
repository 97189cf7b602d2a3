/*
 * test_clock.c - deadlines: their order, and what moves time.
 */
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>

#include <string.h>

static char order[64];

typedef struct letter {
    dirql_stimulus stimulus;
    char text;
    uint64_t at_ns;
} letter;

static void happen(void *context)
{
    letter *l = context;

    l->at_ns = dirql_time_ns();
    order[strlen(order)] = l->text;
}

static letter new_letter(char text)
{
    return (letter){ .stimulus = { .happen = happen }, .text = text };
}

static int start(void **state)
{
    (void)state;
    memset(order, 0, sizeof(order));
    return 0;
}

static void set(letter *l, uint64_t delay_ns)
{
    l->stimulus.context = l;
    dirql_stimulus_after(&l->stimulus, delay_ns);
}

static void time_begins_at_zero_and_stands_still_in_computation(void **state)
{
    (void)state;
    assert_int_equal(dirql_time_ns(), 0);
    for (volatile int i = 0; i < 100000; i++) {
    }
    assert_int_equal(dirql_time_ns(), 0);
}

static void a_stall_takes_its_time(void **state)
{
    (void)state;
    KeStallExecutionProcessor(7);
    assert_int_equal(dirql_time_ns(), 7000);
}

static void a_time_query_costs_a_microsecond(void **state)
{
    LARGE_INTEGER now;

    (void)state;
    KeQuerySystemTime(&now);
    assert_int_equal(dirql_time_ns(), 1000);
}

static void deadlines_fire_at_their_time_in_order(void **state)
{
    letter a = new_letter('a'), b = new_letter('b'), c = new_letter('c');

    (void)state;
    set(&c, 3000);
    set(&a, 1000);
    set(&b, 2000);
    KeStallExecutionProcessor(10);
    assert_string_equal(order, "abc");
    assert_int_equal(a.at_ns, 1000);
    assert_int_equal(c.at_ns, 3000);
}

static void ties_fire_in_the_order_of_setting(void **state)
{
    letter letters[8];

    (void)state;
    for (int i = 0; i < 8; i++) {
        letters[i] = new_letter((char)('a' + i));
        set(&letters[i], 5000);
    }
    KeStallExecutionProcessor(10);
    assert_string_equal(order, "abcdefgh");
}

static void setting_again_moves_a_deadline(void **state)
{
    letter a = new_letter('a'), b = new_letter('b');

    (void)state;
    set(&a, 1000);
    set(&b, 2000);
    set(&a, 3000);
    KeStallExecutionProcessor(10);
    assert_string_equal(order, "ba");
}

static void a_cancelled_deadline_does_not_fire(void **state)
{
    letter a = new_letter('a');

    (void)state;
    set(&a, 1000);
    assert_true(dirql_stimulus_cancel(&a.stimulus));
    assert_false(dirql_stimulus_cancel(&a.stimulus));
    KeStallExecutionProcessor(10);
    assert_string_equal(order, "");
}

static void many_deadlines_keep_their_order(void **state)
{
    static letter letters[500];
    uint64_t last_ns = 0;

    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        letters[i] = (letter){ .stimulus = { .happen = happen } };
        set(&letters[i], (i * 7919 % 500 + 1) * 100);
    }
    for (unsigned i = 0; i < 500; i += 3) {
        dirql_stimulus_cancel(&letters[i].stimulus);
    }
    KeStallExecutionProcessor(60);
    for (unsigned i = 0; i < 500; i++) {
        assert_int_equal(letters[i].at_ns, i % 3 == 0 ? 0 : (i * 7919 % 500 + 1) * 100);
        last_ns = letters[i].at_ns > last_ns ? letters[i].at_ns : last_ns;
    }
    assert_true(last_ns <= 50000);
}

static void nothing_to_run_skips_to_the_next_deadline(void **state)
{
    letter a = new_letter('a');

    (void)state;
    set(&a, 3600ull * 1000 * 1000 * 1000 / 2);
    dirql_time_advance_ms(3600 * 1000 / 2);
    assert_string_equal(order, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(time_begins_at_zero_and_stands_still_in_computation, start),
        dirql_unit_test_setup(a_stall_takes_its_time, start),
        dirql_unit_test_setup(a_time_query_costs_a_microsecond, start),
        dirql_unit_test_setup(deadlines_fire_at_their_time_in_order, start),
        dirql_unit_test_setup(ties_fire_in_the_order_of_setting, start),
        dirql_unit_test_setup(setting_again_moves_a_deadline, start),
        dirql_unit_test_setup(a_cancelled_deadline_does_not_fire, start),
        dirql_unit_test_setup(many_deadlines_keep_their_order, start),
        dirql_unit_test_setup(nothing_to_run_skips_to_the_next_deadline, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_order.c - what has happened, up to the order of steps that commute: two threads and an ISR
 * of a machine that is made up here take steps in one order, and in another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "sim/order.h"

static dq_machine machine;
static dq_processor cpus[2];
static dq_execution threads[2], isr;
static dq_searcher searcher;
static dq_order order;
static uint64_t memory[2];
static int interrupt;

static void renew(void)
{
    dq_order_begin_run(&order);
    memset(&machine, 0, sizeof(machine));
    memset(&isr, 0, sizeof(isr));
    searcher = (dq_searcher){ .order = &order, .at = 1 };
    machine.choices.searcher = &searcher;
    machine.processors = cpus;
    machine.processor_count = 2;
    for (unsigned i = 0; i < 2; i++) {
        threads[i] = (dq_execution){ .kind = DQ_EXECUTION_THREAD, .latest_step = i + 1 };
        cpus[i] = (dq_processor){ .machine = &machine, .number = (uint8_t)i };
        cpus[i].execution = &threads[i];
    }
}

static int stop(void **state)
{
    (void)state;
    dq_order_stop(&order);
    return 0;
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static void read_by(unsigned thread, unsigned which)
{
    dq_order_touch(&machine, &threads[thread], &memory[which], 8, false);
}

static void write_by(unsigned thread, unsigned which)
{
    dq_order_touch(&machine, &threads[thread], &memory[which], 8, true);
}

static void write_0_by_0(void) { write_by(0, 0); }
static void write_0_by_1(void) { write_by(1, 0); }
static void write_1_by_1(void) { write_by(1, 1); }
static void read_0_by_0(void) { read_by(0, 0); }
static void read_0_by_1(void) { read_by(1, 0); }
static void step_of_0(void) { dq_order_step(&machine, &threads[0]); }
static void step_of_1(void) { dq_order_step(&machine, &threads[1]); }
static void general_by_1(void) { dq_order_step_general(&machine, &threads[1]); }
static void learnt_by_0(void) { dq_order_learn(&machine, &threads[0], 1); }
static void time_passes(void) { machine.clock.now_ns++; }

static void write_both_by_1(void)
{
    dq_order_touch(&machine, &threads[1], memory, sizeof(memory), true);
}

static void run_isr_on_0(void)
{
    isr = (dq_execution){ .kind = DQ_EXECUTION_ISR, .object = &interrupt };
    dq_order_begin(&cpus[0], &isr);
    dq_order_touch(&machine, &isr, &memory[1], 8, true);
    dq_order_end(&cpus[0], &isr);
}

static uint64_t done(void (*first)(void), void (*second)(void))
{
    renew();
    first();
    second();
    return dq_order_state(&machine, 0);
}

static bool commute(void (*first)(void), void (*second)(void))
{
    return done(first, second) == done(second, first);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void steps_of_different_executions_commute(void **state)
{
    (void)state;
    assert_true(commute(step_of_0, step_of_1));
    assert_true(commute(write_0_by_0, write_1_by_1));
    assert_true(commute(learnt_by_0, write_0_by_1));
    assert_true(commute(read_0_by_0, read_0_by_1));
}

static void steps_on_one_variable_do_not_if_one_writes(void **state)
{
    (void)state;
    assert_false(commute(write_0_by_0, write_0_by_1));
    assert_false(commute(write_0_by_0, read_0_by_1));
    assert_false(commute(read_0_by_0, write_0_by_1));
    assert_false(commute(write_0_by_0, write_both_by_1));
}

static void steps_of_one_execution_do_not(void **state)
{
    (void)state;
    assert_false(commute(step_of_0, write_0_by_0));
    assert_false(commute(learnt_by_0, step_of_0));
}

static void a_step_that_may_touch_anything_commutes_with_none(void **state)
{
    (void)state;
    assert_false(commute(general_by_1, step_of_0));
    assert_false(commute(general_by_1, write_0_by_0));
    assert_false(commute(general_by_1, run_isr_on_0));
    assert_false(commute(general_by_1, time_passes));
}

static void time_is_of_no_concern_to_others(void **state)
{
    (void)state;
    assert_true(commute(write_0_by_0, time_passes));
    assert_int_not_equal(done(write_0_by_0, time_passes), done(write_0_by_0, step_of_1));
}

static void an_isr_commutes_with_what_it_interrupts_if_they_have_nothing_in_common(void **state)
{
    (void)state;
    assert_true(commute(run_isr_on_0, write_0_by_0));
    assert_false(commute(run_isr_on_0, write_1_by_1));
}

static void what_one_has_done_the_other_has_not(void **state)
{
    (void)state;
    assert_int_not_equal(done(step_of_0, step_of_0), done(step_of_0, step_of_1));
    assert_int_not_equal(done(step_of_0, step_of_1), done(step_of_1, step_of_1));
}

static void another_run_begins_anew(void **state)
{
    const uint64_t first = done(write_0_by_0, write_0_by_1);

    (void)state;
    assert_int_equal(done(write_0_by_0, write_0_by_1), first);
    (void)done(step_of_0, general_by_1); /* On which all depends, but only in this run. */
    assert_int_equal(done(write_0_by_0, write_0_by_1), first);
}

static void many_places_are_told_apart(void **state)
{
    static uint64_t many[4096];
    uint64_t forward, backward;

    (void)state;
    renew();
    for (unsigned i = 0; i < 4096; i++) {
        dq_order_touch(&machine, &threads[0], &many[i], 8, true);
    }
    dq_order_touch(&machine, &threads[1], &many[4000], 8, true);
    forward = order.all;
    renew();
    dq_order_touch(&machine, &threads[1], &many[4000], 8, true);
    for (unsigned i = 0; i < 4096; i++) {
        dq_order_touch(&machine, &threads[0], &many[i], 8, true);
    }
    backward = order.all;
    assert_int_not_equal(forward, backward);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_different_executions_commute),
        cmocka_unit_test(steps_on_one_variable_do_not_if_one_writes),
        cmocka_unit_test(steps_of_one_execution_do_not),
        cmocka_unit_test(a_step_that_may_touch_anything_commutes_with_none),
        cmocka_unit_test(time_is_of_no_concern_to_others),
        cmocka_unit_test(an_isr_commutes_with_what_it_interrupts_if_they_have_nothing_in_common),
        cmocka_unit_test(what_one_has_done_the_other_has_not),
        cmocka_unit_test(another_run_begins_anew),
        cmocka_unit_test(many_places_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, stop);
}

/*
 * test_independent.c - what nobody else can tell the order of is not branched on. This file is
 * instrumented.
 */
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static LONG counts[2][8]; /* Far enough apart. */
static KSPIN_LOCK locks[2];
static KEVENT events[2];
static LONG common;

static void (*step)(unsigned thread);

static void touch_own(unsigned thread)
{
    counts[thread][0]++;
}

static void increment_own(unsigned thread)
{
    InterlockedIncrement(&counts[thread][0]);
}

static void lock_own(unsigned thread)
{
    KIRQL old;

    KeAcquireSpinLock(&locks[thread], &old);
    counts[thread][0]++;
    KeReleaseSpinLock(&locks[thread], old);
}

static void signal_own(unsigned thread)
{
    (void)KeSetEvent(&events[thread], 0, FALSE);
    KeClearEvent(&events[thread]);
}

static void signal_one(unsigned thread)
{
    (void)thread;
    (void)KeSetEvent(&events[0], 0, FALSE);
}

static void touch_common(unsigned thread)
{
    (void)thread;
    InterlockedIncrement(&common);
}

static void touch_common_twice(unsigned thread)
{
    touch_common(thread);
    touch_common(thread);
}

static void touch_both(unsigned thread)
{
    InterlockedIncrement(&counts[thread][0]);
    InterlockedIncrement(&counts[1 - thread][0]);
}

static void touch_what_the_isr_touches(unsigned thread)
{
    (void)thread;
    counts[1][0]++;
}

static void take_steps(unsigned thread)
{
    for (unsigned i = 0; i < 3; i++) {
        step(thread);
    }
}

static void second(void *context)
{
    (void)context;
    take_steps(1);
}

static void both(void *context)
{
    dirql_thread *thread;

    (void)context;
    for (unsigned i = 0; i < 2; i++) {
        KeInitializeSpinLock(&locks[i]);
        KeInitializeEvent(&events[i], NotificationEvent, FALSE);
    }
    thread = dirql_thread_start("second", 1, second, NULL);
    take_steps(0);
    dirql_thread_join(thread);
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    counts[1][0]++;
    return TRUE;
}

static void with_an_interrupt(void *context)
{
    dirql_line *line;
    PKINTERRUPT interrupt;
    LARGE_INTEGER moment;

    (void)context;
    dirql_explore_pause();
    line = dirql_line_create(&(dirql_line_options){ .irql = 7, .trigger = DIRQL_EDGE });
    (void)IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7, Latched,
                             FALSE, 1, FALSE);
    dirql_explore_resume();
    dirql_line_pulse(line);
    take_steps(0);
    moment.QuadPart = -10;
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    IoDisconnectInterrupt(interrupt);
}

static dirql_result explored(void (*body)(void *), void (*with)(unsigned thread), int unreduced)
{
    const dirql_options options = { .mode = DIRQL_MODE_EXPLORE,
                                    .processors = 2,
                                    .preemptions = DIRQL_UNBOUNDED,
                                    .interrupts = DIRQL_UNBOUNDED,
                                    .checks = DIRQL_CHECKS_NONE,
                                    .time_limit_s = 600,
                                    .unreduced = unreduced };
    dirql_result result;

    step = with;
    if (dirql_run(&options, body, NULL, &result) != DIRQL_PASSED) {
        fail_msg("%s", result.report);
    }
    assert_true(result.complete);
    return result;
}

static uint64_t schedules_of(void (*body)(void *), void (*with)(unsigned thread), int unreduced)
{
    dirql_result result = explored(body, with, unreduced);
    const uint64_t schedules = result.schedules;

    dirql_result_free(&result);
    return schedules;
}

static void different_variables_have_1_schedule(void **state)
{
    (void)state;
    assert_int_equal(schedules_of(both, touch_own, 0), 1);
    assert_true(schedules_of(both, touch_own, 1) > 252);
}

static void different_variables_have_1_schedule_by_interlocked_steps_too(void **state)
{
    (void)state;
    assert_int_equal(schedules_of(both, increment_own, 0), 1);
}

static void different_locks_have_1_schedule(void **state)
{
    (void)state;
    assert_int_equal(schedules_of(both, lock_own, 0), 1);
}

static void different_events_have_1_schedule(void **state)
{
    (void)state;
    assert_int_equal(schedules_of(both, signal_own, 0), 1);
}

/* Three steps of the one among the other's three, and the thread's start, which has no step of its
 * own here. */
enum { ORDERS = 35 };

static void one_event_has_all_orders(void **state)
{
    (void)state;
    assert_int_equal(schedules_of(both, signal_one, 0), ORDERS);
}

static void one_variable_has_all_orders(void **state)
{
    (void)state;
    assert_int_equal(schedules_of(both, touch_common, 0), ORDERS);
}

/* A lock masks DPCs and no interrupt here; but it could. */
static void an_interrupt_between_steps_of_no_concern_to_it_is_one_schedule(void **state)
{
    const uint64_t schedules = schedules_of(with_an_interrupt, touch_own, 0);

    (void)state;
    assert_true(schedules > 1); /* It also comes at once, and when the thread sleeps. */
    assert_int_equal(schedules_of(with_an_interrupt, lock_own, 0), schedules);
    assert_true(schedules_of(with_an_interrupt, lock_own, 1) > 5 * schedules);
}

static void an_interrupt_between_steps_of_concern_to_it_is_a_schedule_each(void **state)
{
    const uint64_t schedules = schedules_of(with_an_interrupt, touch_own, 0);

    (void)state;
    assert_true(schedules_of(with_an_interrupt, touch_what_the_isr_touches, 0) >= schedules + 3);
}

/* Two variables that both threads touch, each in another order: what is between two steps on the
 * one is of no concern to the other. */
static void steps_on_different_variables_commute(void **state)
{
    const uint64_t schedules = schedules_of(both, touch_both, 0);

    (void)state;
    assert_true(schedules < schedules_of(both, touch_common_twice, 0));
}

static void the_coverage_says_that_it_is_reduced(void **state)
{
    dirql_result result = explored(both, touch_own, 0);

    (void)state;
    assert_non_null(strstr(result.coverage, "; reduced"));
    dirql_result_free(&result);
    result = explored(both, touch_own, 1);
    assert_null(strstr(result.coverage, "reduced"));
    dirql_result_free(&result);
}

/* A routine of the C library, which is none that is instrumented. */
static void with_foreign_code(void *context)
{
    dirql_thread *thread = dirql_thread_start("foreign", 1, free, NULL);

    (void)context;
    step(0);
    dirql_thread_join(thread);
}

static void what_is_not_instrumented_is_named_once(void **state)
{
    dirql_result result = explored(with_foreign_code, touch_own, 0);

    (void)state;
    assert_non_null(strstr(result.coverage, "; reduced in part, since `"));
    assert_non_null(strstr(result.coverage, "` is not instrumented"));
    dirql_result_free(&result);
    result = explored(with_foreign_code, touch_own, 0);
    assert_non_null(strstr(result.coverage, "; reduced in part"));
    assert_null(strstr(result.coverage, "is not instrumented"));
    dirql_result_free(&result);
}

/* The next process would begin the same pass, and end in its middle, too. */
static void a_limit_smaller_than_a_pass_is_no_use_to_resume_a_reduced_search(void **state)
{
    dirql_options options = { .name = "it",
                              .mode = DIRQL_MODE_EXPLORE,
                              .processors = 2,
                              .checks = DIRQL_CHECKS_NONE,
                              .schedule_limit = 2,
                              .resume = "independent-resume.txt",
                              .fixed = 1 };
    dirql_outcome outcome = DIRQL_PASSED;
    dirql_result result = { .complete = 0 };

    (void)state;
    remove(options.resume);
    step = touch_common;
    for (unsigned processes = 0; outcome == DIRQL_PASSED && processes < 100; processes++) {
        dirql_result_free(&result);
        outcome = dirql_run(&options, both, NULL, &result);
        assert_false(result.complete);
    }
    assert_int_equal(outcome, DIRQL_FAILED);
    assert_non_null(strstr(result.report, "schedule_limit (2) gets nowhere with option resume"));
    dirql_result_free(&result);
    options.schedule_limit = 1000000;
    assert_int_equal(dirql_run(&options, both, NULL, &result), DIRQL_PASSED);
    assert_true(result.complete);
    dirql_result_free(&result);
    remove(options.resume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(different_variables_have_1_schedule),
        cmocka_unit_test(different_variables_have_1_schedule_by_interlocked_steps_too),
        cmocka_unit_test(different_locks_have_1_schedule),
        cmocka_unit_test(different_events_have_1_schedule),
        cmocka_unit_test(one_event_has_all_orders),
        cmocka_unit_test(one_variable_has_all_orders),
        cmocka_unit_test(an_interrupt_between_steps_of_no_concern_to_it_is_one_schedule),
        cmocka_unit_test(an_interrupt_between_steps_of_concern_to_it_is_a_schedule_each),
        cmocka_unit_test(steps_on_different_variables_commute),
        cmocka_unit_test(the_coverage_says_that_it_is_reduced),
        cmocka_unit_test(what_is_not_instrumented_is_named_once),
        cmocka_unit_test(a_limit_smaller_than_a_pass_is_no_use_to_resume_a_reduced_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

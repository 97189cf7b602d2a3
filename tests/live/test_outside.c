/*
 * test_outside.c - host threads that are no simulated ones raise lines; more they may not do.
 */
#include "live.h"

static struct source source;

static void fresh(KAFFINITY processors)
{
    memset(&source, 0, sizeof(source));
    source_make(&source, 5, processors);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static void assert_line(void *context)
{
    (void)context;
    dirql_line_assert(source.line);
}

static void a_line_raised_from_outside_wakes_an_idle_processor(void **state)
{
    struct stranger stranger;

    (void)state;
    fresh(2);
    stranger_start(&stranger, assert_line, NULL);
    while (source.calls == 0) {
        YieldProcessor();
    }
    stranger_join(&stranger);
    assert_int_equal(source.processor, 1);
}

static volatile int seen[4];

static void change_and_look(void *context)
{
    dirql_line *line = context;

    seen[0] = dirql_line_is_asserted(line);
    dirql_line_assert(line);
    seen[1] = dirql_line_is_asserted(line);
    dirql_line_deassert(line);
    seen[2] = dirql_line_is_asserted(line);
    seen[3] = (int)dirql_line_count(line);
}

static void a_line_can_be_lowered_and_looked_at_from_outside(void **state)
{
    dirql_line *line = dirql_line_create(NULL);
    struct stranger stranger;
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    stranger_start(&stranger, change_and_look, line);
    stranger_join(&stranger);
    KeLowerIrql(old);
    assert_int_equal(seen[0], 0);
    assert_int_equal(seen[1], 1);
    assert_int_equal(seen[2], 0);
    assert_int_equal(seen[3], 0);
    assert_false(dirql_line_is_asserted(line));
}

static volatile unsigned edges;

static BOOLEAN count_edge(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    edges++;
    return TRUE;
}

static void pulse_and_wait(void *context)
{
    for (unsigned i = 0; i < 100; i++) {
        dirql_line_pulse(context);
        while (edges <= i) {
            sched_yield();
        }
    }
}

static void each_pulse_from_outside_is_one_interrupt(void **state)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .trigger = DIRQL_EDGE, .irql = 6 });
    struct stranger stranger;
    PKINTERRUPT interrupt;

    (void)state;
    edges = 0;
    assert_int_equal(IoConnectInterrupt(&interrupt, count_edge, NULL, NULL, dirql_line_vector(line),
                                        6, 6, Latched, FALSE, dirql_line_processors(line), FALSE),
                     STATUS_SUCCESS);
    source_connected[source_connected_count++ % 8] = interrupt;
    stranger_start(&stranger, pulse_and_wait, line);
    while (edges < 100) {
    }
    stranger_join(&stranger);
    assert_int_equal(edges, 100);
    assert_int_equal(dirql_line_count(line), 100);
}

/* ---- What reports and traces say of it ------------------------------------------------------- */

static void fail_after_a_raise_from_outside(void *context)
{
    struct stranger stranger;

    (void)context;
    fresh(2);
    stranger_start(&stranger, assert_line, NULL);
    stranger_join(&stranger);
    while (source.calls == 0) { /* Service calls would fill the history. */
    }
    dirql_fail("test", 1, "look at the history");
}

static void the_raise_is_part_of_the_history(void **state)
{
    (void)state;
    live_run(2, fail_after_a_raise_from_outside, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("line \"source\" is asserted");
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void raise_event(void *context)
{
    KeSetEvent(context, 0, FALSE);
}

static void wait_for_an_event_from_outside(void *context)
{
    static KEVENT event;
    struct stranger stranger;

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    stranger_start(&stranger, raise_event, &event);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static void kernel_calls_from_outside_end_the_run(void **state)
{
    (void)state;
    live_run(1, wait_for_an_event_from_outside, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("KeSetEvent was called from a host thread that the machine does not know");
}

static void assert_nothing(void *context)
{
    dirql_line_assert(context);
}

static void give_outside_a_bad_pointer(void *context)
{
    static KEVENT event;
    struct stranger stranger;

    fresh(0);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    stranger_start(&stranger, assert_nothing,
                   context != NULL ? context : (void *)dirql_resources_create());
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static void pointers_that_are_no_line_are_refused_from_outside(void **state)
{
    int something;

    (void)state;
    live_run(1, give_outside_a_bad_pointer, NULL);
    assert_report_has("dirql_line_assert was called from a host thread with a pointer that is no");
    live_run(1, give_outside_a_bad_pointer, &something);
    assert_report_has("dirql_line_assert");
}

static void let_outside_raise(void *context)
{
    struct stranger stranger;

    (void)context;
    fresh(0);
    stranger_start(&stranger, assert_line, NULL);
    stranger_join(&stranger);
}

static void other_modes_refuse_and_name_mode_live(void **state)
{
    dirql_result result;

    (void)state;
    dirql_run(&(dirql_options){ .mode = DIRQL_MODE_FIRST, .fixed = 1 }, let_outside_raise, NULL,
              &result);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_non_null(strstr(result.report, "dirql_line_assert was called from a host thread"));
    assert_non_null(strstr(result.report, "Mode live can do that"));
    assert_int_equal(result.interrupts, 0);
    dirql_result_free(&result);
}

static void assert_something_wrong(void *context)
{
    (void)context;
    assert_int_equal(1, 2);
}

static void let_outside_assert(void *context)
{
    struct stranger stranger;

    (void)context;
    stranger_start(&stranger, assert_something_wrong, NULL);
    stranger_join(&stranger);
}

static void run_that_lets_outside_assert(void *context)
{
    live_run(1, let_outside_assert, context);
}

static void an_assertion_from_outside_says_why_the_process_ends(void **state)
{
    (void)state;
    assert_int_equal(child_run(run_that_lets_outside_assert, NULL), EXIT_FAILURE);
    assert_child_said("exit() was called on a host thread that runs no test");
    assert_child_said("assert on simulated threads only");
}

/* ---- After the run --------------------------------------------------------------------------- */

static void only_make_a_line(void *context)
{
    (void)context;
    fresh(0);
}

static void raise_too_late(void *context)
{
    (void)context;
    live_run(1, only_make_a_line, NULL);
    assert_line(NULL);
    assert_line(NULL);
    live_run(1, only_make_a_line, NULL);
    printf("the next run: %d\n", live_result.outcome);
}

static void a_line_of_a_run_that_is_over_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(child_run(raise_too_late, NULL), 0);
    assert_child_said("dirql_line_assert was called by a host thread for a line of a run that is "
                      "over; the call had no effect.");
    assert_child_said("the next run: 0");
}

static volatile int enough;

static void raise_for_ever(void *context)
{
    (void)context;
    while (!enough) {
        dirql_line_assert(source.line);
        sched_yield();
    }
}

static void end_while_lines_are_raised(void *context)
{
    struct stranger *strangers = context;

    fresh(0);
    for (unsigned i = 0; i < 3; i++) {
        stranger_start(&strangers[i], raise_for_ever, NULL);
    }
    while (source.calls < 5) {
    }
}

static void end_many_runs_while_lines_are_raised(void *context)
{
    (void)context;
    for (unsigned run = 0; run < 10; run++) {
        struct stranger strangers[3];

        enough = false;
        live_run(2, end_while_lines_are_raised, strangers);
        enough = true;
        for (unsigned i = 0; i < 3; i++) {
            pthread_join(strangers[i].thread, NULL);
        }
        if (live_result.outcome != DIRQL_PASSED) {
            printf("%s", live_result.report);
            fflush(stdout);
            _exit(1);
        }
    }
}

static void runs_end_while_lines_are_raised(void **state)
{
    (void)state;
    if (child_run(end_many_runs_while_lines_are_raised, NULL) != 0) {
        fail_msg("%s", child_said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_teardown(a_line_raised_from_outside_wakes_an_idle_processor, source_stop,
                                 LIVE, .processors = 2),
        dirql_unit_test_teardown(a_line_can_be_lowered_and_looked_at_from_outside, source_stop,
                                 LIVE, .processors = 2),
        dirql_unit_test_teardown(each_pulse_from_outside_is_one_interrupt, source_stop, LIVE,
                                 .processors = 2),
        cmocka_unit_test(the_raise_is_part_of_the_history),
        cmocka_unit_test(kernel_calls_from_outside_end_the_run),
        cmocka_unit_test(pointers_that_are_no_line_are_refused_from_outside),
        cmocka_unit_test(an_assertion_from_outside_says_why_the_process_ends),
        cmocka_unit_test(other_modes_refuse_and_name_mode_live),
        cmocka_unit_test(a_line_of_a_run_that_is_over_is_left_alone),
        cmocka_unit_test(runs_end_while_lines_are_raised),
    };

    return RUN_WHERE_KICKS_ARE_PROMPT(tests);
}

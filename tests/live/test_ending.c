/*
 * test_ending.c - what comes for a processor while the body ends on another: as in all modes, that
 * is taken, or told.
 */
#include "live.h"

static struct source first;

static dirql_line *line_of(dirql_trigger trigger)
{
    return dirql_line_create(&(dirql_line_options){
        .name = "late", .irql = 5, .trigger = trigger, .processors = 2 });
}

static void leave_an_edge_that_nobody_takes(void *context)
{
    (void)context;
    dirql_line_pulse(line_of(DIRQL_EDGE));
}

static void an_edge_that_is_lost_is_told(void **state)
{
    (void)state;
    live_run(2, leave_an_edge_that_nobody_takes, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("Line \"late\" interrupted");
    assert_report_has("the interrupt is lost");
}

static void leave_a_line_that_nobody_takes(void *context)
{
    (void)context;
    dirql_line_assert(line_of(DIRQL_LEVEL));
}

static void a_level_that_is_lost_is_told(void **state)
{
    (void)state;
    live_run(2, leave_a_line_that_nobody_takes, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("the interrupt is lost");
}

static BOOLEAN not_mine(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return FALSE;
}

static void leave_a_line_that_nobody_silences(void *context)
{
    dirql_line *line = line_of(DIRQL_LEVEL);
    PKINTERRUPT interrupt;

    (void)context;
    assert_int_equal(IoConnectInterrupt(&interrupt, not_mine, NULL, NULL, dirql_line_vector(line),
                                        5, 5, LevelSensitive, FALSE, 2, FALSE),
                     STATUS_SUCCESS);
    dirql_line_assert(line);
}

static void a_storm_is_told(void **state)
{
    (void)state;
    live_run(2, leave_a_line_that_nobody_silences, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("interrupt storm: the level line \"late\"");
}

static void leave_a_line_that_its_isr_takes(void *context)
{
    (void)context;
    memset(&first, 0, sizeof(first));
    source_make(&first, 5, 2);
    dirql_line_assert(first.line);
}

static void what_an_isr_takes_is_taken(void **state)
{
    (void)state;
    live_run(2, leave_a_line_that_its_isr_takes, NULL);
    assert_int_equal(live_result.outcome, DIRQL_PASSED);
    assert_int_equal(first.calls, 1);
    assert_int_equal(first.processor, 1);
}

static volatile int is_raised;

static void stay_raised(void *context)
{
    KIRQL old;

    (void)context;
    KeRaiseIrql(5, &old);
    is_raised = true;
    for (;;) {
        YieldProcessor();
    }
}

static void leave_an_edge_that_is_masked(void *context)
{
    (void)context;
    is_raised = false;
    dirql_thread_start("masks", 1, stay_raised, NULL);
    while (!is_raised) {
        YieldProcessor();
    }
    dirql_line_pulse(line_of(DIRQL_EDGE));
}

static void what_is_masked_there_is_not_waited_for(void **state)
{
    (void)state;
    live_run(2, leave_an_edge_that_is_masked, NULL);
    assert_int_equal(live_result.outcome, DIRQL_PASSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edge_that_is_lost_is_told),
        cmocka_unit_test(a_level_that_is_lost_is_told),
        cmocka_unit_test(a_storm_is_told),
        cmocka_unit_test(what_an_isr_takes_is_taken),
        cmocka_unit_test(what_is_masked_there_is_not_waited_for),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);

    dirql_result_free(&live_result);
    return failed;
}

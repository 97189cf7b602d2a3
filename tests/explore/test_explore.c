/*
 * test_explore.c - what an exploration finds, says and refuses.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static volatile LONG count;
static unsigned plain;
static DIRQL_KEEP unsigned runs;
static DIRQL_KEEP char seen[8];

/* Every run of an exploration begins with what static variables hold when it begins. */
static dirql_options exploring(void)
{
    count = 0;
    plain = 0;
    return (dirql_options){
        .name = "it", .mode = DIRQL_MODE_EXPLORE, .processors = 2, .time_limit_s = DIRQL_NEVER
    };
}

static dirql_result explored(const dirql_options *options, void (*body)(void *context))
{
    dirql_result result;

    (void)dirql_run(options, body, NULL, &result);
    return result;
}

static void assert_says(const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text != NULL ? text : "(null)", part);
    }
}

/* ---- Bodies ---------------------------------------------------------------------------------- */

static void add_carelessly(void *context)
{
    const LONG before = InterlockedOr(&count, 0);

    (void)context;
    InterlockedExchange(&count, before + 1);
}

static void two_add_carelessly(void *context)
{
    dirql_thread *thread = dirql_thread_start("other", 1, add_carelessly, NULL);

    add_carelessly(context);
    dirql_thread_join(thread);
    if (count != 2) {
        dirql_fail("body.c", 7, "an addition was lost");
    }
}

static void add(void *context)
{
    (void)context;
    InterlockedIncrement(&count);
}

static void two_add(void *context)
{
    dirql_thread *thread = dirql_thread_start("other", 1, add, NULL);

    add(context);
    dirql_thread_join(thread);
    if (count != 2) {
        dirql_fail("body.c", 7, "an addition was lost");
    }
}

static void depend_on_the_past(void *context)
{
    (void)context;
    if (runs++ == 1) {
        KeStallExecutionProcessor(1);
    }
}

static void choose_one_of_three(void *context)
{
    (void)context;
    seen[dirql_choose(3)]++;
}

static void expect_fresh_data(void *context)
{
    (void)context;
    runs++;
    (void)dirql_choose(4);
    if (plain++ != 0) {
        dirql_fail("body.c", 9, "a static variable is not as new");
    }
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

static BOOLEAN count_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    count++;
    return TRUE;
}

static dirql_line *connected(PKINTERRUPT *interrupt)
{
    dirql_line *line = dirql_line_create(
        &(dirql_line_options){ .name = "uart", .irql = 7, .trigger = DIRQL_EDGE });

    (void)IoConnectInterrupt(interrupt, count_isr, NULL, NULL, dirql_line_vector(line), 7, 7,
                             Latched, FALSE, 1, FALSE);
    return line;
}

static void let_everything_happen(void)
{
    LARGE_INTEGER moment;

    moment.QuadPart = -10000;
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
}

static void read_between(void *context)
{
    PKINTERRUPT interrupt;
    dirql_line *line = connected(&interrupt);
    LONG before;
    KIRQL old;

    (void)context;
    dirql_line_pulse(line);
    before = count;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    count = before + 1;
    KeLowerIrql(old);
    let_everything_happen();
    IoDisconnectInterrupt(interrupt);
    if (count != 2) {
        dirql_fail("body.c", 8, "a count was lost");
    }
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void a_lost_update_is_found_with_the_fewest_preemptions(void **state)
{
    const dirql_options options = exploring();
    dirql_result result = explored(&options, two_add_carelessly);

    (void)state;
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "an addition was lost");
    assert_says(result.repeat, ", 1 preemption, 0 interrupts.   replay: DIRQL_TEST=it "
                               "DIRQL_REPLAY=2-");
    dirql_result_free(&result);
}

static void what_was_found_is_found_again_by_its_replay_text(void **state)
{
    dirql_options options = exploring();
    dirql_result result = explored(&options, two_add_carelessly), again;

    (void)state;
    count = 0;
    options.mode = DIRQL_MODE_REPLAY;
    options.replay = result.schedule;
    again = explored(&options, two_add_carelessly);
    assert_int_equal(again.outcome, DIRQL_FAILED);
    assert_says(again.report, "an addition was lost");
    dirql_result_free(&again);
    dirql_result_free(&result);
}

static void a_correct_test_is_explored_completely_and_says_so(void **state)
{
    const dirql_options options = exploring();
    dirql_result result = explored(&options, two_add);

    (void)state;
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_true(result.complete);
    assert_says(result.coverage,
                "explored 2 of 2 schedules: complete for <= 2 preemptions, <= 2 interrupts, "
                "0 faults; no bound left any out");
    dirql_result_free(&result);
}

static void three_add(void *context)
{
    two_add(context);
    InterlockedIncrement(&count);
}

static void that_others_went_on_only_at_calls_is_said_once(void **state)
{
    const dirql_options options = exploring();
    dirql_result result = explored(&options, three_add);

    (void)state;
    assert_says(result.coverage, "; others went on only at calls of services, since `three_add` is "
                                 "not instrumented");
    dirql_result_free(&result);
    result = explored(&options, three_add);
    assert_null(strstr(result.coverage, "instrumented"));
    dirql_result_free(&result);
}

static void an_interrupt_is_tried_at_every_later_place(void **state)
{
    const dirql_options options = exploring();
    dirql_result result = explored(&options, read_between);

    (void)state;
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "a count was lost");
    assert_says(result.repeat, ", 0 preemptions, 1 interrupt.   replay:");
    dirql_result_free(&result);
}

static void without_interrupts_to_spare_none_is_displaced(void **state)
{
    dirql_options options = exploring();
    dirql_result result;

    (void)state;
    options.interrupts = DIRQL_NONE;
    result = explored(&options, read_between);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_says(result.coverage, "complete for <= 2 preemptions, 0 interrupts, 0 faults");
    dirql_result_free(&result);
}

static void every_answer_of_a_choice_is_tried(void **state)
{
    const dirql_options options = exploring();
    dirql_result result = explored(&options, choose_one_of_three);

    (void)state;
    assert_int_equal(result.schedules, 3);
    assert_true(seen[0] > 0 && seen[1] == 1 && seen[2] == 1);
    dirql_result_free(&result);
}

static void static_data_is_as_new_in_every_run(void **state)
{
    const dirql_options options = exploring();
    dirql_result result;

    (void)state;
    runs = 0;
    result = explored(&options, expect_fresh_data);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_int_equal(result.schedules, 4);
    assert_true(runs > 4); /* What is kept counts over all. */
    dirql_result_free(&result);
}

static void a_test_that_is_not_deterministic_is_told_so(void **state)
{
    const dirql_options options = exploring();
    dirql_result result;

    (void)state;
    runs = 0;
    result = explored(&options, depend_on_the_past);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "the test is not deterministic");
    assert_says(result.report, "what an earlier run left behind");
    dirql_result_free(&result);
}

static DIRQL_KEEP unsigned earlier;

static void choose_once_only(void *context)
{
    (void)context;
    if (earlier++ == 0) {
        (void)dirql_choose(2);
    }
}

static void a_run_that_ends_too_early_is_said_to_end(void **state)
{
    const dirql_options options = exploring();
    dirql_result result;

    (void)state;
    earlier = 0;
    result = explored(&options, choose_once_only);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "The first time that was what the test chooses (2 options)");
    assert_says(result.report, "the second time the end of the run. ");
    dirql_result_free(&result);
}

static void a_limit_that_cuts_it_short_is_never_called_complete(void **state)
{
    dirql_options options = exploring();
    dirql_result result;

    (void)state;
    options.schedule_limit = 2;
    result = explored(&options, choose_one_of_three);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_false(result.complete);
    assert_says(result.coverage, "explored 2 schedules so far");
    dirql_result_free(&result);
}

static void who_must_complete_fails_when_cut_short(void **state)
{
    dirql_options options = exploring();
    dirql_result result;

    (void)state;
    options.schedule_limit = 2;
    options.must_complete = 1;
    result = explored(&options, choose_one_of_three);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "must_complete");
    dirql_result_free(&result);
}

static volatile int zero;

static void loop_for_ever(void *context)
{
    KIRQL old;

    (void)context;
    while (zero == 0) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static void loop_for_ever_if_chosen(void *context)
{
    if (dirql_choose(2) != 0) {
        loop_for_ever(context);
    }
}

/* Nobody else ends it. */
static dirql_options exploring_for_a_second(void)
{
    dirql_options options = exploring();

    options.watchdog_ms = DIRQL_NEVER;
    options.time_limit_s = 1;
    return options;
}

static void a_run_without_end_ends_with_the_time(void **state)
{
    const dirql_options options = exploring_for_a_second();
    dirql_result result = explored(&options, loop_for_ever_if_chosen);

    (void)state;
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_false(result.complete);
    assert_says(result.coverage, "explored 1 schedules so far");
    assert_says(result.coverage, "over in the middle of a run");
    dirql_result_free(&result);
}

static void a_first_run_without_end_is_no_success(void **state)
{
    const dirql_options options = exploring_for_a_second();
    dirql_result result = explored(&options, loop_for_ever);

    (void)state;
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "before the first run had ended");
    assert_says(result.coverage, "over in the middle of a run");
    dirql_result_free(&result);
}

static void shards_share_the_schedules_without_overlap(void **state)
{
    dirql_options options = exploring();
    uint64_t sum = 0;

    (void)state;
    options.shards = 3;
    for (options.shard = 0; options.shard < 3; options.shard++) {
        dirql_result result = explored(&options, choose_one_of_three);

        assert_int_equal(result.outcome, DIRQL_PASSED);
        assert_says(result.coverage, " of 3)");
        sum += result.schedules;
        dirql_result_free(&result);
    }
    assert_int_equal(sum, 3);
}

static void a_bound_that_is_negative_is_refused(void **state)
{
    dirql_options options = exploring();
    dirql_result result;

    (void)state;
    options.preemptions = (unsigned)-3;
    result = explored(&options, two_add);
    assert_int_equal(result.outcome, DIRQL_REFUSED);
    assert_says(result.report, "option preemptions is 4294967293 (-3)");
    dirql_result_free(&result);
}

static void a_shard_beyond_the_last_is_refused(void **state)
{
    dirql_options options = exploring();
    dirql_result result;

    (void)state;
    options.shards = 2;
    options.shard = 2;
    result = explored(&options, two_add);
    assert_int_equal(result.outcome, DIRQL_REFUSED);
    assert_says(result.report, "shard 2 of 2");
    dirql_result_free(&result);
}

/* ---- Modules --------------------------------------------------------------------------------- */

static bool unloads;

static void load_a_module(void *context)
{
    void *module = dlopen(TEST_MODULE, RTLD_NOW);

    assert_non_null(module);
    two_add(context);
    if (unloads) {
        dlclose(module);
    }
}

static void a_module_that_the_test_loads_cannot_be_put_back(void **state)
{
    dirql_options options = exploring();
    dirql_result result;

    (void)state;
    unloads = true;
    result = explored(&options, load_a_module);
    assert_null(strstr(result.report, "the test has loaded"));
    dirql_result_free(&result);
    unloads = false;
    options = exploring();
    result = explored(&options, load_a_module);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "the test has loaded dirql_test_module.so");
    assert_says(result.report, "before it begins");
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_update_is_found_with_the_fewest_preemptions),
        cmocka_unit_test(what_was_found_is_found_again_by_its_replay_text),
        cmocka_unit_test(a_correct_test_is_explored_completely_and_says_so),
        cmocka_unit_test(that_others_went_on_only_at_calls_is_said_once),
        cmocka_unit_test(an_interrupt_is_tried_at_every_later_place),
        cmocka_unit_test(without_interrupts_to_spare_none_is_displaced),
        cmocka_unit_test(every_answer_of_a_choice_is_tried),
        cmocka_unit_test(static_data_is_as_new_in_every_run),
        cmocka_unit_test(a_test_that_is_not_deterministic_is_told_so),
        cmocka_unit_test(a_run_that_ends_too_early_is_said_to_end),
        cmocka_unit_test(a_module_that_the_test_loads_cannot_be_put_back),
        cmocka_unit_test(a_limit_that_cuts_it_short_is_never_called_complete),
        cmocka_unit_test(who_must_complete_fails_when_cut_short),
        cmocka_unit_test(a_run_without_end_ends_with_the_time),
        cmocka_unit_test(a_first_run_without_end_is_no_success),
        cmocka_unit_test(shards_share_the_schedules_without_overlap),
        cmocka_unit_test(a_bound_that_is_negative_is_refused),
        cmocka_unit_test(a_shard_beyond_the_last_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

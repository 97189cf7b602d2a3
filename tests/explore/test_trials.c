/*
 * test_trials.c - one test, run with one seed after the other.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>

#include <stdio.h>
#include <string.h>

static DIRQL_KEEP unsigned bodies;
static unsigned plain;
static dirql_result result;

static dirql_options drawing(unsigned runs)
{
    bodies = 0;
    return (dirql_options){ .name = "it", .mode = DIRQL_MODE_RANDOM, .runs = runs,
                            .time_limit_s = DIRQL_NEVER, .fixed = 1 };
}

static void run(const dirql_options *options, void (*body)(void *context))
{
    dirql_result_free(&result);
    (void)dirql_run(options, body, NULL, &result);
}

static void assert_says(const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text != NULL ? text : "(null)", part);
    }
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&result);
    return 0;
}

static void pass(void *context)
{
    (void)context;
    bodies++;
    plain++;
    if (plain != 1) {
        dirql_fail("it", 1, "a static variable was not as new");
    }
}

/* One way of 64. */
static void fail_seldom(void *context)
{
    unsigned sum = 0;

    (void)context;
    bodies++;
    for (unsigned i = 0; i < 6; i++) {
        sum += dirql_choose(2);
    }
    if (sum == 6) {
        KeBugCheck(MANUALLY_INITIATED_CRASH);
    }
}

static void all_runs_are_made_if_none_fails(void **state)
{
    const dirql_options options = drawing(20);

    (void)state;
    plain = 0;
    run(&options, pass);
    assert_string_equal(result.report, "");
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_int_equal(bodies, 20);
    assert_int_equal(result.schedules, 20);
    assert_false(result.complete);
    assert_string_equal(result.coverage,
                        "ran 20 of 20 schedules in mode random, up to seed 20");
}

static void the_first_run_that_fails_is_the_last(void **state)
{
    dirql_options options = drawing(100000);
    char seed[48];

    (void)state;
    options.shorten_limit = DIRQL_NONE;
    options.seed = 7;
    run(&options, fail_seldom);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_int_equal(bodies, result.schedules + 1); /* Once more for its report. */
    snprintf(seed, sizeof(seed), "seed %u, run %u of 100000", (unsigned)result.schedules + 6,
             (unsigned)result.schedules);
    assert_says(result.report, seed);
    assert_says(result.report, "   replay: DIRQL_TEST=it DIRQL_REPLAY=1-");
}

static void the_seed_that_failed_fails_alone(void **state)
{
    dirql_options options = drawing(100000);
    char schedule[256];

    (void)state;
    options.shorten_limit = DIRQL_NONE;
    run(&options, fail_seldom);
    snprintf(schedule, sizeof(schedule), "%s", result.schedule);
    options.seed = result.schedules;
    options.runs = 1;
    run(&options, fail_seldom);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_string_equal(result.schedule, schedule);
}

static volatile int zero;

static void loop_for_ever_seldom(void *context)
{
    KIRQL old;

    (void)context;
    while (dirql_choose(64) == 63 && zero == 0) {
        for (;;) {
            KeRaiseIrql(DISPATCH_LEVEL, &old);
            KeLowerIrql(old);
        }
    }
}

static void a_run_without_end_ends_with_the_time(void **state)
{
    dirql_options options = drawing(1000000);

    (void)state;
    options.watchdog_ms = DIRQL_NEVER;
    options.time_limit_s = 1;
    run(&options, loop_for_ever_seldom);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_says(result.coverage, " of 1000000 schedules in mode random");
    options.must_complete = 1;
    run(&options, loop_for_ever_seldom);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "must_complete");
}

static void shards_share_the_seeds(void **state)
{
    dirql_options options = drawing(20);
    uint64_t schedules = 0;

    (void)state;
    options.shards = 3;
    for (options.shard = 0; options.shard < 3; options.shard++) {
        plain = 0;
        run(&options, pass);
        assert_int_equal(result.outcome, DIRQL_PASSED);
        schedules += result.schedules;
    }
    assert_int_equal(schedules, 20);
    assert_says(result.coverage,
                "ran 6 of 20 schedules in mode random, up to seed 18 (shard 2 of 3)");
}

static void warn(void *context)
{
    (void)context;
    (void)ExAllocatePoolWithTag(NonPagedPoolNx, 8, 'tseT'); /* It is left over. */
}

static void warnings_of_the_last_run_are_told(void **state)
{
    dirql_options options = drawing(3);

    (void)state;
    options.leaks = DIRQL_LEAKS_WARNINGS;
    run(&options, warn);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_int_equal(result.warnings, 1);
}

static void never(void *context)
{
    (void)context;
    fail_msg("a refused run was run");
}

static void absurd_numbers_are_refused(void **state)
{
    dirql_options options = drawing((unsigned)-3);

    (void)state;
    run(&options, never);
    assert_int_equal(result.outcome, DIRQL_REFUSED);
    assert_says(result.report, "option runs is 4294967293 (-3)");
    options = drawing(2);
    options.shorten_limit = 5000000;
    run(&options, never);
    assert_int_equal(result.outcome, DIRQL_REFUSED);
    assert_says(result.report, "option shorten_limit is 5000000");
}

/* ---- Mode pct -------------------------------------------------------------------------------- */

static volatile LONG low, high;
static PKINTERRUPT interrupt;

static BOOLEAN carry(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    InterlockedExchange(&low, 0);
    InterlockedIncrement(&high);
    return TRUE;
}

/* The interrupt must come exactly between two looks. */
static void look_at_both_halves(void *context)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .irql = 7, .trigger = DIRQL_EDGE });
    LONG upper, lower;

    (void)context;
    bodies++;
    low = 9;
    high = 0;
    IoConnectInterrupt(&interrupt, carry, NULL, NULL, dirql_line_vector(line), 7, 7, Latched, FALSE,
                       1, FALSE);
    dirql_line_pulse(line);
    for (int i = 0; i < 5; i++) {
        (void)InterlockedOr(&low, 0);
    }
    upper = InterlockedOr(&high, 0);
    lower = InterlockedOr(&low, 0);
    for (int i = 0; i < 5; i++) {
        (void)InterlockedOr(&low, 0);
    }
    if (upper == 0 && lower == 0) {
        KeBugCheck(MANUALLY_INITIATED_CRASH);
    }
    IoDisconnectInterrupt(interrupt);
}

static dirql_options drawing_priorities(unsigned runs)
{
    dirql_options options = drawing(runs);

    options.mode = DIRQL_MODE_PCT;
    return options;
}

static void pct_finds_an_interrupt_between_two_steps(void **state)
{
    const dirql_options options = drawing_priorities(1000);

    (void)state;
    run(&options, look_at_both_halves);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.repeat, "0 preemptions, 1 interrupt");
    assert_says(result.coverage, "in mode pct");
}

static void pct_says_what_it_promises(void **state)
{
    dirql_options options = drawing_priorities(4);

    (void)state;
    options.pct_depth = 1;
    plain = 0;
    run(&options, pass);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_int_equal(bodies, 5); /* Once to count the steps. */
    assert_int_equal(result.schedules, 4);
    assert_says(result.coverage, "ran 4 of 4 schedules in mode pct, up to seed 4; each finds a bug "
                                 "of depth 1 with a probability of at least 1 in 1 (");
}

static void a_seed_of_pct_fails_alone_too(void **state)
{
    dirql_options options = drawing_priorities(1000);
    char schedule[256];

    (void)state;
    options.shorten_limit = DIRQL_NONE;
    run(&options, look_at_both_halves);
    snprintf(schedule, sizeof(schedule), "%s", result.schedule);
    options.seed = result.schedules;
    options.runs = 1;
    run(&options, look_at_both_halves);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_string_equal(result.schedule, schedule);
}

static volatile LONG met;

/* Ends only when all three are here. */
static void meet(void *context)
{
    (void)context;
    InterlockedIncrement(&met);
    while (ReadAcquire(&met) < 3) {
        YieldProcessor();
    }
}

static void meet_others(void *context)
{
    dirql_thread *others[] = { dirql_thread_start("first", 1, meet, NULL),
                               dirql_thread_start("second", 2, meet, NULL) };

    meet(context);
    dirql_thread_join(others[0]);
    dirql_thread_join(others[1]);
}

static void by_priorities_processors_that_poll_for_each_other_meet(void **state)
{
    dirql_options options = drawing(30);

    (void)state;
    met = 0;
    options.mode = DIRQL_MODE_PCT;
    options.processors = 3;
    options.watchdog_ms = 2000;
    run(&options, meet_others);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_int_equal(result.schedules, 30);
}

static void an_absurd_depth_is_refused(void **state)
{
    dirql_options options = drawing_priorities(4);

    (void)state;
    options.pct_depth = 65;
    run(&options, never);
    assert_int_equal(result.outcome, DIRQL_REFUSED);
    assert_says(result.report, "option pct_depth is 65 (65); a depth is 1 to 64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_runs_are_made_if_none_fails),
        cmocka_unit_test(the_first_run_that_fails_is_the_last),
        cmocka_unit_test(the_seed_that_failed_fails_alone),
        cmocka_unit_test(a_run_without_end_ends_with_the_time),
        cmocka_unit_test(shards_share_the_seeds),
        cmocka_unit_test(warnings_of_the_last_run_are_told),
        cmocka_unit_test(absurd_numbers_are_refused),
        cmocka_unit_test(pct_finds_an_interrupt_between_two_steps),
        cmocka_unit_test(pct_says_what_it_promises),
        cmocka_unit_test(a_seed_of_pct_fails_alone_too),
        cmocka_unit_test(by_priorities_processors_that_poll_for_each_other_meet),
        cmocka_unit_test(an_absurd_depth_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

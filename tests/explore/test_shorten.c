/*
 * test_shorten.c - how a failing schedule becomes short.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <ntddk.h>

#include <stdio.h>
#include <string.h>

enum { CHOICES = 40, RUNS = 2000, NAME = 0x51 };

static volatile LONG count;
static DIRQL_KEEP unsigned bodies;
static unsigned plain;
static dirql_result result;

static dirql_options drawing(void)
{
    count = 0;
    return (dirql_options){ .name = "it", .mode = DIRQL_MODE_RANDOM, .processors = 2, .runs = RUNS,
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

/* The result's schedule, followed once more, ends in the same. */
static void assert_replays(void (*body)(void *context))
{
    const dirql_options options = { .name = "it", .mode = DIRQL_MODE_REPLAY, .processors = 2,
                                    .replay = result.schedule, .fixed = 1 };
    dirql_result again;

    count = 0;
    assert_int_equal(dirql_run(&options, body, NULL, &again), DIRQL_FAILED);
    assert_int_equal(again.code, result.code);
    assert_string_equal(again.schedule, result.schedule);
    dirql_result_free(&again);
}

/* ---- Answers --------------------------------------------------------------------------------- */

static void two_of_forty_matter(void *context)
{
    unsigned answers[CHOICES];

    (void)context;
    bodies++;
    plain++;
    for (unsigned i = 0; i < CHOICES; i++) {
        answers[i] = dirql_choose(2);
    }
    if (answers[7] == 1 && answers[23] == 1) {
        KeBugCheckEx(NAME, plain, 0, 0, 0);
    }
}

static void choose_and_fail(void *context)
{
    (void)context;
    (void)dirql_choose(2);
    KeBugCheckEx(NAME, 1, 0, 0, 0);
}

static void one_choice_that_does_not_matter_is_one_to_none(void **state)
{
    dirql_options options = drawing();

    (void)state;
    do { /* Until 1 is drawn. */
        options.seed++;
        assert_true(options.seed < 100);
        run(&options, choose_and_fail);
        assert_int_equal(result.outcome, DIRQL_FAILED);
    } while (strstr(result.repeat, "shortened") == NULL);
    assert_says(result.repeat, ", shortened from 1 choice to none.");
}

static void answers_that_do_not_matter_are_left_out(void **state)
{
    const dirql_options options = drawing();

    (void)state;
    run(&options, two_of_forty_matter);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.repeat, ", shortened from ");
    assert_says(result.repeat, " choices to 2.   replay: DIRQL_TEST=it DIRQL_REPLAY=1-");
    assert_says(result.schedule, "-c0*7.c1.c0*15.c1");
    assert_int_equal(strlen(strstr(result.schedule, "-c0*7.c1.c0*15.c1")), 17);
    assert_replays(two_of_forty_matter);
}

static void static_variables_are_new_in_each_try(void **state)
{
    const dirql_options options = drawing();

    (void)state;
    plain = 0;
    run(&options, two_of_forty_matter);
    assert_int_equal(result.parameters[0], 1);
}

static void without_a_limit_nothing_is_tried(void **state)
{
    dirql_options options = drawing();

    (void)state;
    options.shorten_limit = DIRQL_NONE;
    run(&options, two_of_forty_matter);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_null(strstr(result.repeat, "shortened"));
    assert_true(strlen(result.schedule) > strlen("1-0000-c0*7.c1.c0*15.c1"));
    assert_replays(two_of_forty_matter);
}

static void no_more_runs_are_spent_than_were_given(void **state)
{
    dirql_options options = drawing();
    unsigned before;

    (void)state;
    options.shorten_limit = DIRQL_NONE;
    bodies = 0;
    run(&options, two_of_forty_matter);
    before = bodies;
    options.shorten_limit = 5;
    bodies = 0;
    run(&options, two_of_forty_matter);
    assert_int_equal(bodies, before + 5);
    assert_replays(two_of_forty_matter);
}

static void one_failure_or_another(void *context)
{
    const unsigned first = dirql_choose(2), second = dirql_choose(2), third = dirql_choose(2);

    (void)context;
    if (first == 1 && second == 1) {
        KeBugCheckEx(NAME, 0, 0, 0, 0);
    }
    if (third == 0) {
        KeBugCheckEx(NAME + 1, 0, 0, 0, 0); /* Fewer answers, but something else. */
    }
}

static void what_fails_otherwise_is_not_taken_for_the_same(void **state)
{
    dirql_options options = drawing();

    (void)state;
    result.code = 0;
    for (options.seed = 1; result.code != NAME; options.seed++) {
        options.runs = 1;
        options.shorten_limit = 100;
        run(&options, one_failure_or_another);
    }
    assert_says(result.schedule, "-c1*2");
    assert_replays(one_failure_or_another);
}

/* ---- Preemptions ----------------------------------------------------------------------------- */

static void add_carelessly(void *context)
{
    const LONG before = InterlockedOr(&count, 0);

    (void)context;
    InterlockedExchange(&count, before + 1);
}

static void add_thrice(void *context)
{
    for (unsigned i = 0; i < 3; i++) {
        add_carelessly(context);
    }
}

static void two_add_thrice(void *context)
{
    dirql_thread *thread = dirql_thread_start("other", 1, add_thrice, NULL);

    add_thrice(context);
    dirql_thread_join(thread);
    if (count != 6) {
        KeBugCheckEx(NAME, 0, 0, 0, 0);
    }
}

/* In mode random each step of another processor counts: its start, and the look that goes wrong. */
static void as_few_preemptions_are_left_as_are_needed(void **state)
{
    dirql_options options = drawing();

    (void)state;
    for (options.seed = 1; options.seed < 20; options.seed++) {
        count = 0;
        run(&options, two_add_thrice);
        assert_int_equal(result.outcome, DIRQL_FAILED);
        if (strstr(result.repeat, ", 1 preemption, ") == NULL) {
            assert_says(result.repeat, ", 2 preemptions, ");
        }
        assert_says(result.repeat, ", 0 interrupts");
        assert_replays(two_add_thrice);
    }
}

/* ---- Passing --------------------------------------------------------------------------------- */

static void pass(void *context)
{
    (void)context;
    bodies++;
}

static void what_passes_is_run_once(void **state)
{
    dirql_options options = drawing();

    (void)state;
    options.runs = 1;
    options.shorten_limit = 100;
    bodies = 0;
    run(&options, pass);
    assert_int_equal(bodies, 1);
    assert_int_equal(result.outcome, DIRQL_PASSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_choice_that_does_not_matter_is_one_to_none),
        cmocka_unit_test(answers_that_do_not_matter_are_left_out),
        cmocka_unit_test(static_variables_are_new_in_each_try),
        cmocka_unit_test(without_a_limit_nothing_is_tried),
        cmocka_unit_test(no_more_runs_are_spent_than_were_given),
        cmocka_unit_test(what_fails_otherwise_is_not_taken_for_the_same),
        cmocka_unit_test(as_few_preemptions_are_left_as_are_needed),
        cmocka_unit_test(what_passes_is_run_once),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

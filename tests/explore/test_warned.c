/*
 * test_warned.c - what is warned of when one of many runs does, and none fails.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <string.h>

static volatile LONG count;

static dirql_options options_for(dirql_mode mode)
{
    count = 0;
    return (dirql_options){ .name = "it",
                            .mode = mode,
                            .processors = 2,
                            .leaks = DIRQL_LEAKS_WARNINGS,
                            .time_limit_s = DIRQL_NEVER };
}

static dirql_result result_of(const dirql_options *options, void (*body)(void *context))
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

static void count_one(void *context)
{
    (void)context;
    InterlockedIncrement(&count);
}

static void leave_two(void)
{
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 'tseT');
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 'owT ');
}

/* Leaves two blocks where the other thread comes first, else one. */
static void leave_more_if_overtaken(void *context)
{
    dirql_thread *thread = dirql_thread_start("other", 1, count_one, NULL);

    (void)context;
    if (InterlockedIncrement(&count) == 2) {
        leave_two();
    } else {
        (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 'enO ');
    }
    dirql_thread_join(thread);
}

static void leave_more_if_chosen(void *context)
{
    (void)context;
    if (dirql_choose(2) == 1) {
        leave_two();
    }
}

static void leave_nothing(void *context)
{
    dirql_thread *thread = dirql_thread_start("other", 1, count_one, NULL);

    count_one(context);
    dirql_thread_join(thread);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void the_schedule_with_the_most_warnings_is_told(void **state)
{
    const dirql_options options = options_for(DIRQL_MODE_EXPLORE);
    dirql_result result = result_of(&options, leave_more_if_overtaken);

    (void)state;
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_int_equal(result.warnings, 2);
    assert_says(result.report, "rule:  PoolLeak:");
    assert_says(result.report, "leave_two");
    assert_says(result.repeat, "replay: DIRQL_TEST=it DIRQL_REPLAY=2-");
    assert_true(result.complete);
    assert_says(result.coverage, "complete for <= 2 preemptions");
    dirql_result_free(&result);
}

static void it_warns_again_when_it_is_replayed(void **state)
{
    dirql_options options = options_for(DIRQL_MODE_EXPLORE);
    dirql_result result = result_of(&options, leave_more_if_overtaken), again;

    (void)state;
    options = options_for(DIRQL_MODE_REPLAY);
    options.replay = result.schedule;
    again = result_of(&options, leave_more_if_overtaken);
    assert_int_equal(again.outcome, DIRQL_PASSED);
    assert_int_equal(again.warnings, 2);
    dirql_result_free(&again);
    dirql_result_free(&result);
}

static void an_exploration_that_warns_of_nothing_says_nothing(void **state)
{
    const dirql_options options = options_for(DIRQL_MODE_EXPLORE);
    dirql_result result = result_of(&options, leave_nothing);

    (void)state;
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_int_equal(result.warnings, 0);
    assert_string_equal(result.report, "");
    assert_string_equal(result.schedule, "");
    dirql_result_free(&result);
}

/* Whichever of them is the last. */
static void of_runs_that_are_drawn_the_one_with_the_most_is_told(void **state)
{
    dirql_options options = options_for(DIRQL_MODE_RANDOM);

    (void)state;
    options.runs = 20;
    for (options.seed = 1; options.seed <= 6; options.seed++) {
        dirql_result result = result_of(&options, leave_more_if_chosen);

        assert_int_equal(result.outcome, DIRQL_PASSED);
        assert_int_equal(result.warnings, 2);
        assert_says(result.report, "leave_two");
        assert_int_equal(result.schedules, 20);
        dirql_result_free(&result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schedule_with_the_most_warnings_is_told),
        cmocka_unit_test(it_warns_again_when_it_is_replayed),
        cmocka_unit_test(an_exploration_that_warns_of_nothing_says_nothing),
        cmocka_unit_test(of_runs_that_are_drawn_the_one_with_the_most_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

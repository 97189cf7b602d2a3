/*
 * test_options.c - what a run refuses, and what it says.
 */
#include <dirql/cmocka.h>

#include <stdlib.h>
#include <string.h>

static void never(void *context)
{
    (void)context;
    fail_msg("a refused run was run");
}

static void nothing(void *context)
{
    (void)context;
}

static void assert_refused(const dirql_options *options, const char *reason)
{
    dirql_result result;

    assert_int_equal(dirql_run(options, never, NULL, &result), DIRQL_REFUSED);
    assert_int_equal(result.outcome, DIRQL_REFUSED);
    if (strstr(result.report, reason) == NULL) {
        fail_msg("the refusal is \"%s\", which does not say \"%s\"", result.report, reason);
    }
    dirql_result_free(&result);
}

static void more_than_64_processors_are_refused(void **state)
{
    (void)state;
    assert_refused(&(dirql_options){ .processors = 65 },
                   "option processors is 65; a machine has 1 to 64 processors");
}

static void sixty_four_processors_are_fine(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(&(dirql_options){ .processors = 64 }, nothing, NULL, &result),
                     DIRQL_PASSED);
    dirql_result_free(&result);
}

static void an_unknown_mode_is_refused(void **state)
{
    (void)state;
    assert_refused(&(dirql_options){ .mode = (dirql_mode)99 }, "option mode is 99");
    assert_refused(&(dirql_options){ .mode = (dirql_mode)-1 }, "option mode is -1");
}

static void unknown_checks_are_refused(void **state)
{
    (void)state;
    assert_refused(&(dirql_options){ .checks = (dirql_checks)7 }, "option checks is 7");
}

static void replay_without_a_text_is_refused(void **state)
{
    (void)state;
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_REPLAY }, "needs a text to follow");
}

static void a_malformed_replay_text_is_refused_with_the_place(void **state)
{
    (void)state;
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_REPLAY, .replay = "nonsense" },
                   "replay text, character 1 (\"nonsense\")");
}

static void a_tiny_stack_is_refused(void **state)
{
    (void)state;
    assert_refused(&(dirql_options){ .stack_bytes = 100 }, "option stack_bytes is 100");
}

static void a_missing_body_is_refused(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(NULL, NULL, NULL, &result), DIRQL_REFUSED);
    assert_non_null(strstr(result.report, "body is NULL"));
    dirql_result_free(&result);
}

static void run_inside(void *context)
{
    *(dirql_outcome *)context = dirql_run(NULL, never, NULL, NULL);
}

static void a_run_inside_a_run_is_refused(void **state)
{
    dirql_outcome inner = DIRQL_PASSED;

    (void)state;
    assert_int_equal(dirql_run(NULL, run_inside, &inner, NULL), DIRQL_PASSED);
    assert_int_equal(inner, DIRQL_REFUSED);
}

static void assert_variable_refused(const char *name, const char *value, const char *reason)
{
    setenv(name, value, 1);
    assert_refused(NULL, reason);
    unsetenv(name);
}

static void bad_environment_variables_are_refused_by_name(void **state)
{
    (void)state;
    assert_variable_refused("DIRQL_PROCESSORS", "0",
                            "DIRQL_PROCESSORS is \"0\"; it must be a number from 1 to 64");
    assert_variable_refused("DIRQL_PROCESSORS", "65", "DIRQL_PROCESSORS is \"65\"");
    assert_variable_refused("DIRQL_PROCESSORS", "many", "DIRQL_PROCESSORS is \"many\"");
    assert_variable_refused("DIRQL_MODE", "fast", "DIRQL_MODE is \"fast\"");
    assert_variable_refused("DIRQL_SEED", "-1", "DIRQL_SEED is \"-1\"");
    assert_variable_refused("DIRQL_REPLAY", "1-", "replay text");
    assert_variable_refused("TEST_TOTAL_SHARDS", "4", "TEST_SHARD_INDEX does not say which");
    assert_variable_refused("TEST_SHARD_INDEX", "1", "shard 1 of 1");
}

static void a_variable_that_is_nearly_one_of_ours_is_refused(void **state)
{
    (void)state;
    assert_variable_refused("DIRQL_PROCESORS", "2", "DIRQL_PROCESORS, which dirql does not know: "
                                                    "is DIRQL_PROCESSORS meant?");
    assert_variable_refused("DIRQL_SEEDS", "2", "is DIRQL_SEED meant?");
    assert_variable_refused("DIRQL_REPROT", "x", "is DIRQL_REPORT meant?");
    assert_variable_refused("DIRQL_mode", "live", "is DIRQL_MODE meant?");
}

static void pass(void *context)
{
    (void)context;
}

static void variables_of_others_are_none_of_ours(void **state)
{
    static const char *const names[] = { "DIRQL_ROOT", "DIRQL_HOME",   "DIRQL_DIR",
                                         "DIRQL_REF",  "DIRQL_WERROR", "DIRQL_SANITIZE" };

    (void)state;
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        setenv(names[i], "ON", 0);
        assert_int_equal(dirql_run(NULL, pass, NULL, NULL), DIRQL_PASSED);
        unsetenv(names[i]);
    }
}

static void an_unknown_mode_says_which_there_are(void **state)
{
    (void)state;
    assert_variable_refused("DIRQL_MODE", "exlpore",
                            "it may be first, random, pct, replay, live and explore. Is explore "
                            "meant?");
    assert_variable_refused("DIRQL_LEAKS", "none", "errors, warnings and ignored");
    assert_variable_refused("DIRQL_SPECIAL_POOL", "overrun",
                            "off, overruns and underruns. Is overruns meant?");
}

static void a_fixed_test_refuses_values_without_sense_too(void **state)
{
    const dirql_options fixed = { .fixed = 1 };

    (void)state;
    setenv("DIRQL_MODE", "exlpore", 1);
    assert_refused(&fixed, "Is explore meant?");
    setenv("DIRQL_MODE", "explore", 1);
    assert_int_equal(dirql_run(&fixed, pass, NULL, NULL), DIRQL_PASSED);
    unsetenv("DIRQL_MODE");
    setenv("DIRQL_RUNS", "many", 1);
    assert_refused(&fixed, "DIRQL_RUNS is \"many\"");
    unsetenv("DIRQL_RUNS");
}

static void a_trace_that_cannot_be_written_is_refused(void **state)
{
    static const dirql_mode modes[] = { DIRQL_MODE_FIRST, DIRQL_MODE_RANDOM, DIRQL_MODE_EXPLORE };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_refused(&(dirql_options){ .mode = modes[i], .trace = "no/such/folder/trace" },
                       "DIRQL_TRACE: no/such/folder/trace cannot be written: No such file");
    }
    assert_refused(&(dirql_options){ .trace = "/" }, "DIRQL_TRACE: / cannot be written: ");
}

static void note_processors(void *context)
{
    *(ULONG *)context = KeQueryActiveProcessorCount(NULL);
}

static void the_environment_overrides_the_options(void **state)
{
    ULONG processors = 0;

    (void)state;
    setenv("DIRQL_PROCESSORS", "3", 1);
    dirql_run(&(dirql_options){ .processors = 2 }, note_processors, &processors, NULL);
    unsetenv("DIRQL_PROCESSORS");
    assert_int_equal(processors, 3);
}

static void find_something(void *context)
{
    (void)context;
    dirql_fail("it.c", 1, "something is found");
}

static bool repeats_with_3_processors(const dirql_options *options)
{
    dirql_result result;
    bool repeats;

    assert_int_equal(dirql_run(options, find_something, NULL, &result), DIRQL_FAILED);
    repeats = strstr(result.repeat, "DIRQL_TEST=it DIRQL_PROCESSORS=3 ") != NULL;
    dirql_result_free(&result);
    return repeats;
}

static void processors_of_the_environment_are_in_the_line_that_repeats_the_run(void **state)
{
    static const dirql_mode modes[] = { DIRQL_MODE_FIRST, DIRQL_MODE_RANDOM, DIRQL_MODE_EXPLORE };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        const dirql_options options = { .name = "it", .mode = modes[i] };

        setenv("DIRQL_PROCESSORS", "3", 1);
        assert_true(repeats_with_3_processors(&options));
        assert_false(repeats_with_3_processors(&(dirql_options){ .name = "it", .fixed = 1 }));
        unsetenv("DIRQL_PROCESSORS");
        assert_false(repeats_with_3_processors(&options));
    }
}

static void negative_limits_are_refused(void **state)
{
    (void)state;
    assert_refused(&(dirql_options){ .schedule_limit = (unsigned)-5 },
                   "option schedule_limit is 4294967291 (-5)");
    assert_refused(&(dirql_options){ .time_limit_s = (unsigned)-2 },
                   "option time_limit_s is 4294967294 (-2)");
    assert_refused(&(dirql_options){ .watchdog_ms = (unsigned)-3 }, "option watchdog_ms is");
    assert_refused(&(dirql_options){ .clock_percent = (unsigned)-3 }, "option clock_percent is");
}

static void assert_taken(const dirql_options *options)
{
    dirql_result result;

    dirql_run(options, nothing, NULL, &result);
    assert_int_not_equal(result.outcome, DIRQL_REFUSED);
    dirql_result_free(&result);
}

static void options_of_another_mode_are_refused(void **state)
{
    (void)state;
    assert_refused(&(dirql_options){ .replay = "1-0-" }, "option replay belongs to mode replay");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_RANDOM, .replay = "1-0-" },
                   "option replay belongs to mode replay");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_FIRST, .clock_percent = 100 },
                   "option clock_percent belongs to mode live");
    assert_refused(&(dirql_options){ .fixed = 1, .clock_percent = 100 },
                   "option clock_percent belongs to mode live");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_LIVE, .must_complete = 1 },
                   "option must_complete belongs to mode explore");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_RANDOM, .resume = "x" },
                   "option resume belongs to mode explore");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_RANDOM, .pct_depth = 2 },
                   "option pct_depth belongs to mode pct");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_FIRST, .preemptions = 1 },
                   "option preemptions belongs to mode explore");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_LIVE, .interrupts = 1 },
                   "option interrupts belongs to mode explore");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_PCT, .faults = 1 },
                   "option faults belongs to mode explore");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_LIVE, .delays = 1 },
                   "option delays belongs to modes explore, random and pct");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_RANDOM, .schedule_limit = 9 },
                   "option schedule_limit belongs to mode explore");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_RANDOM, .unreduced = 1 },
                   "option unreduced belongs to mode explore");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_LIVE, .shards = 2 },
                   "option shards belongs to mode explore, and those that draw");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_EXPLORE, .seed = 4 },
                   "option seed belongs to modes random and pct");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_LIVE, .seed = 4 },
                   "option seed belongs to modes random and pct");
    assert_refused(&(dirql_options){ .mode = DIRQL_MODE_FIRST, .runs = 5 },
                   "option runs belongs to modes random and pct");
    assert_refused(&(dirql_options){ .fixed = 1, .runs = 5 },
                   "option runs belongs to modes random and pct");
}

/* What is refused is a mistake of the test; nobody's DIRQL_MODE makes it one. */
static void bounds_are_left_aside_in_a_mode_of_the_environment(void **state)
{
    static const char *const modes[] = { "first", "random", "pct", "live" };
    const char *was = getenv("DIRQL_MODE");
    char *before = was != NULL ? strdup(was) : NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        setenv("DIRQL_MODE", modes[i], 1);
        assert_taken(&(dirql_options){ .mode = DIRQL_MODE_EXPLORE,
                                       .preemptions = 1,
                                       .interrupts = 1,
                                       .schedule_limit = 3,
                                       .must_complete = 1 });
        assert_taken(&(dirql_options){ .mode = DIRQL_MODE_RANDOM, .seed = 4, .runs = 2 });
    }
    setenv("DIRQL_MODE", "explore", 1);
    setenv("DIRQL_SEED", "4", 1);
    setenv("DIRQL_RUNS", "2", 1);
    assert_taken(&(dirql_options){ .processors = 1 });
    unsetenv("DIRQL_SEED");
    unsetenv("DIRQL_RUNS");
    unsetenv("DIRQL_MODE");
    if (before != NULL) {
        setenv("DIRQL_MODE", before, 1);
    }
    free(before);
}

/* Who leaves the mode open leaves it to DIRQL_MODE. */
static void options_of_a_mode_that_may_come_are_taken(void **state)
{
    (void)state;
    assert_taken(&(dirql_options){ .clock_percent = 100, .must_complete = 1, .runs = 2 });
    assert_taken(&(dirql_options){ .mode = DIRQL_MODE_EXPLORE, .must_complete = 1 });
    assert_taken(&(dirql_options){ .mode = DIRQL_MODE_RANDOM, .must_complete = 1, .runs = 2 });
    assert_taken(&(dirql_options){ .mode = DIRQL_MODE_PCT, .pct_depth = 2 });
    assert_taken(&(dirql_options){ .preemptions = 1, .interrupts = 1, .seed = 4, .shards = 2 });
    assert_taken(&(dirql_options){ .mode = DIRQL_MODE_FIRST,
                                   .fail = "50%",
                                   .seed = 4,
                                   .runs = 1,
                                   .faults = DIRQL_NONE,
                                   .delays = DIRQL_NONE,
                                   .schedule_limit = DIRQL_NEVER });
    assert_taken(&(dirql_options){ .name = "" });
    assert_refused(&(dirql_options){ .clock_percent = DIRQL_NEVER }, "option clock_percent is");
    assert_refused(&(dirql_options){ .access_cost_ns = DIRQL_NEVER }, "option access_cost_ns is");
}

static void what_counts_from_one_is_not_zero(void **state)
{
    (void)state;
    assert_variable_refused("DIRQL_RUNS", "0", "DIRQL_RUNS is \"0\"; it must be a number from 1");
    assert_variable_refused("DIRQL_PCT_DEPTH", "0", "DIRQL_PCT_DEPTH is \"0\"; it must be a number from 1 to 64");
    assert_variable_refused("DIRQL_REPORT", ",", "DIRQL_REPORT, is \",\", which names no file");
    assert_variable_refused("DIRQL_FAIL", "99999999999999999999999", "the number is none, or out of");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_64_processors_are_refused),
        cmocka_unit_test(sixty_four_processors_are_fine),
        cmocka_unit_test(negative_limits_are_refused),
        cmocka_unit_test(options_of_another_mode_are_refused),
        cmocka_unit_test(bounds_are_left_aside_in_a_mode_of_the_environment),
        cmocka_unit_test(options_of_a_mode_that_may_come_are_taken),
        cmocka_unit_test(what_counts_from_one_is_not_zero),
        cmocka_unit_test(an_unknown_mode_is_refused),
        cmocka_unit_test(unknown_checks_are_refused),
        cmocka_unit_test(replay_without_a_text_is_refused),
        cmocka_unit_test(a_malformed_replay_text_is_refused_with_the_place),
        cmocka_unit_test(a_tiny_stack_is_refused),
        cmocka_unit_test(a_missing_body_is_refused),
        cmocka_unit_test(a_run_inside_a_run_is_refused),
        cmocka_unit_test(bad_environment_variables_are_refused_by_name),
        cmocka_unit_test(a_variable_that_is_nearly_one_of_ours_is_refused),
        cmocka_unit_test(variables_of_others_are_none_of_ours),
        cmocka_unit_test(an_unknown_mode_says_which_there_are),
        cmocka_unit_test(a_fixed_test_refuses_values_without_sense_too),
        cmocka_unit_test(a_trace_that_cannot_be_written_is_refused),
        cmocka_unit_test(the_environment_overrides_the_options),
        cmocka_unit_test(processors_of_the_environment_are_in_the_line_that_repeats_the_run),
    };

    unsetenv("DIRQL_MODE");
    unsetenv("DIRQL_SEED");
    unsetenv("DIRQL_REPLAY");
    unsetenv("DIRQL_PROCESSORS");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

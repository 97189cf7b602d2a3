/*
 * test_runs.c - accesses are steps of simulated code only, and steps are where another may go on.
 */
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/thread.h>

#include <stdlib.h>
#include <string.h>

#include "listener.h"
#include "plains.h"

static listener ear;
static _Alignas(64) uint32_t memory[16];

static int start(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    listen(&ear, memory, sizeof(memory));
    return 0;
}

static void touch(void *argument)
{
    store_4(argument, load_4(argument) + 1);
}

/* ---- Who is heard ---------------------------------------------------------------------------- */

static void simulated_code_is_heard(void **state)
{
    (void)state;
    touch(memory);
    assert_int_equal(ear.count, 2);
}

static void the_home_context_is_not_heard(void **state)
{
    (void)state;
    dirql_at_home(touch, memory);
    assert_int_equal(memory[0], 1);
    assert_int_equal(ear.count, 0);
}

static void other_host_threads_are_not_heard(void **state)
{
    host_thread *thread = host_thread_start(touch, memory);

    (void)state;
    assert_non_null(thread);
    host_thread_join(thread);
    assert_int_equal(memory[0], 1);
    assert_int_equal(ear.count, 0);
}

static void devices_are_not_heard(void **state)
{
    (void)state;
    dirql_stimulus_now(touch, memory);
    assert_int_equal(memory[0], 1);
    assert_int_equal(ear.count, 0);
}

static void nothing_happens_outside_of_runs(void **state)
{
    (void)state;
    memory[0] = 0;
    ear.count = 0;
    touch(memory);
    assert_int_equal(memory[0], 1);
    assert_int_equal(ear.count, 0);
}

/* ---- What can come of it --------------------------------------------------------------------- */

enum { TIMES = 5 };

static void count(void *argument)
{
    count_up(argument, TIMES);
}

static void race(void *context)
{
    dirql_thread *other;

    (void)context;
    memory[0] = 0;
    other = dirql_thread_start("other", 1, count, memory);
    count(memory);
    dirql_thread_join(other);
}

static uint32_t count_with(dirql_options options, char **schedule)
{
    dirql_result result;

    options.name = "race";
    options.processors = 2;
    options.fixed = 1;
    assert_int_equal(dirql_run(&options, race, NULL, &result), DIRQL_PASSED);
    if (schedule != NULL) {
        *schedule = result.schedule;
        result.schedule = NULL;
    }
    dirql_result_free(&result);
    return memory[0];
}

static void an_undisturbed_machine_loses_no_count(void **state)
{
    (void)state;
    assert_int_equal(count_with((dirql_options){ .mode = DIRQL_MODE_FIRST }, NULL), 2 * TIMES);
}

/* The counters call nothing: without their accesses, no other could go on in between. */
static void processors_lose_counts_and_a_replay_loses_the_same(void **state)
{
    unsigned lossy = 0;

    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        char *schedule;
        const uint32_t counted =
            count_with((dirql_options){ .mode = DIRQL_MODE_RANDOM, .seed = seed }, &schedule);

        lossy += counted < 2 * TIMES;
        assert_int_equal(
            count_with((dirql_options){ .mode = DIRQL_MODE_REPLAY, .replay = schedule }, NULL),
            counted);
        free(schedule);
    }
    assert_true(lossy > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(simulated_code_is_heard, start),
        dirql_unit_test_setup(the_home_context_is_not_heard, start),
        dirql_unit_test_setup(other_host_threads_are_not_heard, start),
        dirql_unit_test_setup(devices_are_not_heard, start),
        cmocka_unit_test(nothing_happens_outside_of_runs),
        cmocka_unit_test(an_undisturbed_machine_loses_no_count),
        cmocka_unit_test(processors_lose_counts_and_a_replay_loses_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

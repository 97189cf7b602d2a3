/*
 * test_stall.c - loops in which no service is called, in the modes of one host thread.
 */
#include <dirql/cmocka.h>

#include <string.h>

#include "../threadsanitizer.h"

static volatile int zero;
static DIRQL_KEEP unsigned runs;
static DIRQL_KEEP volatile uint64_t rounds[8]; /* Of each run. */

static void count_for_ever(void *context)
{
    (void)context;
    runs++;
    (void)dirql_choose(2);
    while (zero == 0) {
        rounds[runs % 8]++;
    }
}

static void a_loop_that_was_found_is_not_waited_for_as_long_again(void **state)
{
    const dirql_options options = { .mode = DIRQL_MODE_EXPLORE,
                                    .watchdog_ms = 4000,
                                    .shorten_limit = DIRQL_NONE,
                                    .fixed = 1 };
    dirql_result result;

    skip_under_thread_sanitizer(); /* It puts signals off for ever in a loop that calls nothing. */
    (void)state;
    assert_int_equal(dirql_run(&options, count_for_ever, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "no schedule point for 4 seconds of host time"));
    assert_int_equal(runs, 2);
    assert_in_range(rounds[2], 1, rounds[1] / 2);
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_that_was_found_is_not_waited_for_as_long_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

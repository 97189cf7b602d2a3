/*
 * test_poll.c - a loop that only looks at memory waits for others, for time, or for ever.
 */
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <string.h>

#include "polls.h"

static const dirql_mode modes[] = { DIRQL_MODE_FIRST, DIRQL_MODE_RANDOM, DIRQL_MODE_EXPLORE };

static void assert_in_each_mode(void (*body)(void *context), dirql_outcome outcome,
                                const char *reported)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        const dirql_options options = {
            .mode = modes[i], .processors = 3, .shorten_limit = DIRQL_NONE, .fixed = 1
        };
        dirql_result result;

        assert_int_equal(dirql_run(&options, body, NULL, &result), outcome);
        assert_non_null(strstr(result.report, reported));
        dirql_result_free(&result);
    }
}

/* The one that waits is the first to touch the flag. */
static void wait_for_another(void *context)
{
    dirql_thread *threads[2];

    (void)context;
    threads[0] = dirql_thread_start("waits", 1, await_flag, NULL);
    threads[1] = dirql_thread_start("raises", 2, raise_flag, NULL);
    dirql_thread_join(threads[0]);
    dirql_thread_join(threads[1]);
}

static void another_thread_ends_it(void **state)
{
    (void)state;
    lower_flag();
    assert_in_each_mode(wait_for_another, DIRQL_PASSED, "");
}

static VOID NTAPI raise_in_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc;
    (void)a;
    (void)b;
    raise_flag(context);
}

static void wait_for_a_timer(void *context)
{
    static KTIMER timer;
    static KDPC dpc;

    lower_flag();
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, raise_in_dpc, NULL);
    (void)KeSetTimer(&timer, (LARGE_INTEGER){ .QuadPart = -10 * 1000 }, &dpc);
    await_flag(context);
}

static void a_timer_ends_it(void **state)
{
    (void)state;
    assert_in_each_mode(wait_for_a_timer, DIRQL_PASSED, "");
}

static void give_up(void *context)
{
    (void)context;
    lower_flag();
    if (await_flag_for(10000) != 0) {
        dirql_fail(__FILE__, __LINE__, "the flag was raised");
    }
}

static void it_may_give_up(void **state)
{
    (void)state;
    assert_in_each_mode(give_up, DIRQL_PASSED, "");
}

static void wait_for_nobody(void *context)
{
    lower_flag();
    await_flag(context);
}

static void what_nobody_can_end_is_told_where_it_is(void **state)
{
    (void)state;
    assert_in_each_mode(wait_for_nobody, DIRQL_FAILED, "at await_flag polls.c:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_thread_ends_it),
        cmocka_unit_test(a_timer_ends_it),
        cmocka_unit_test(it_may_give_up),
        cmocka_unit_test(what_nobody_can_end_is_told_where_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_serviceloop.c - loops in which services are called for ever, in the modes of one host
 * thread.
 */
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <string.h>
#include <time.h>

#include "../threadsanitizer.h"

static volatile int zero;

static void nothing(void *context)
{
    (void)context;
}

static void assert_livelock(const dirql_options *options, void (*body)(void *context),
                            const char *reason)
{
    dirql_result result;

    assert_int_equal(dirql_run(options, body, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.errors, 1);
    if (strstr(result.report, reason) == NULL) {
        fail_msg("the report does not say \"%s\":\n%s", reason, result.report);
    }
    dirql_result_free(&result);
}

/* ---- Endless --------------------------------------------------------------------------------- */

static void change_irql_for_ever(void *context)
{
    KIRQL old;

    (void)context;
    while (zero == 0) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static void poll_a_lock_for_ever(void *context)
{
    KSPIN_LOCK lock;
    KIRQL old;

    (void)context;
    KeInitializeSpinLock(&lock);
    while (zero == 0) {
        KeAcquireSpinLock(&lock, &old);
        KeReleaseSpinLock(&lock, old);
    }
}

static void yield_for_ever(void *context)
{
    (void)context;
    while (zero == 0) {
        YieldProcessor();
    }
}

static void poll_on_two_processors(void *context)
{
    dirql_thread *other = dirql_thread_start("other", 1, change_irql_for_ever, NULL);

    change_irql_for_ever(context);
    dirql_thread_join(other);
}

static void assert_goes_round_in(dirql_mode mode)
{
    const dirql_options options = {
        .mode = mode, .watchdog_ms = 10, .shorten_limit = DIRQL_NONE, .fixed = 1
    };
    dirql_options two = options;

    two.processors = 2;
    assert_livelock(&options, change_irql_for_ever, "livelock in `thread test`");
    assert_livelock(&options, change_irql_for_ever, "change_irql_for_ever");
    assert_livelock(&options, poll_a_lock_for_ever, "poll_a_lock_for_ever");
    assert_livelock(&options, yield_for_ever, "yield_for_ever");
    assert_livelock(&two, poll_on_two_processors, "change_irql_for_ever");
}

static void a_loop_that_calls_services_for_ever_is_a_livelock(void **state)
{
    (void)state;
    assert_goes_round_in(DIRQL_MODE_FIRST);
}

static void a_loop_that_calls_services_is_found_whatever_is_chosen(void **state)
{
    (void)state;
    assert_goes_round_in(DIRQL_MODE_RANDOM);
    assert_goes_round_in(DIRQL_MODE_PCT);
}

static void a_loop_that_calls_services_is_found_while_exploring(void **state)
{
    (void)state;
    assert_goes_round_in(DIRQL_MODE_EXPLORE);
}

/* ---- Again ----------------------------------------------------------------------------------- */

static DIRQL_KEEP unsigned runs;
static DIRQL_KEEP uint64_t rounds[8]; /* Of each run. */

static void count_rounds_for_ever(void *context)
{
    KIRQL old;

    (void)context;
    runs++;
    (void)dirql_choose(2);
    for (unsigned i = 0; i < 1000; i++) { /* No loop: something happens behind it. */
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
    KeStallExecutionProcessor(1);
    while (zero == 0) {
        rounds[runs % 8]++;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static void count_on_two_processors(void *context)
{
    dirql_thread *other = dirql_thread_start("other", 1, change_irql_for_ever, NULL);

    count_rounds_for_ever(context);
    dirql_thread_join(other);
}

/* Where the watchdog ends a run is never the same twice. */
static void assert_repeats_alike(const dirql_options *options)
{
    dirql_result result;

    runs = 0;
    memset(rounds, 0, sizeof(rounds));
    assert_int_equal(dirql_run(options, count_on_two_processors, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "livelock"));
    assert_in_range(runs, 4, 5); /* One or two that the watchdog ends, then three. */
    assert_int_equal(rounds[runs - 1], rounds[runs]);
    assert_in_range(strlen(result.schedule), 1, 20000); /* Without what was chosen in the loop. */
    dirql_result_free(&result);
}

/* Longer than the calls of a known loop take. */
enum { LONG_MS = UNDER_THREAD_SANITIZER ? 1000 : 100 };

static void what_was_found_to_loop_need_not_loop_long_again(void **state)
{
    dirql_options options = { .mode = DIRQL_MODE_EXPLORE,
                              .processors = 2,
                              .watchdog_ms = LONG_MS,
                              .fixed = 1 };

    (void)state;
    assert_repeats_alike(&options);
    options.mode = DIRQL_MODE_RANDOM;
    options.runs = 10;
    assert_repeats_alike(&options);
}

/* ---- Long ------------------------------------------------------------------------------------ */

static uint64_t host_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void call_for_long_while_time_passes(void *context)
{
    const uint64_t began_ms = host_ms();
    KIRQL old;

    (void)context;
    while (host_ms() - began_ms < 150) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
        KeStallExecutionProcessor(1);
    }
}

static void look_at_the_clock_for_long(void *context)
{
    const uint64_t began_ms = host_ms();

    (void)context;
    while (host_ms() - began_ms < 400) {
        YieldProcessor();
        (void)KeQueryPerformanceCounter(NULL);
    }
}

static void wake_for_long(void *context)
{
    const uint64_t began_ms = host_ms();
    dirql_thread *other;
    KIRQL old;

    (void)context;
    while (host_ms() - began_ms < 150) {
        other = dirql_thread_start("short", -1, nothing, NULL);
        for (int i = 0; i < 10; i++) {
            KeRaiseIrql(DISPATCH_LEVEL, &old);
            KeLowerIrql(old);
        }
        dirql_thread_join(other);
    }
}

static void a_long_loop_is_none_while_something_happens(void **state)
{
    const dirql_options options = { .watchdog_ms = 10, .fixed = 1 };

    (void)state;
    assert_int_equal(dirql_run(&options, call_for_long_while_time_passes, NULL, NULL),
                     DIRQL_PASSED);
    assert_int_equal(dirql_run(&options, look_at_the_clock_for_long, NULL, NULL), DIRQL_PASSED);
    assert_int_equal(dirql_run(&options, wake_for_long, NULL, NULL), DIRQL_PASSED);
}

static void call_for_long(void *context)
{
    const uint64_t began_ms = host_ms();
    KIRQL old;

    (void)context;
    while (host_ms() - began_ms < 150) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static void without_a_watchdog_a_long_loop_is_none(void **state)
{
    (void)state;
    assert_int_equal(dirql_run(&(dirql_options){ .watchdog_ms = DIRQL_NEVER, .fixed = 1 },
                               call_for_long, NULL, NULL),
                     DIRQL_PASSED);
}

static void call_briefly(void *context)
{
    KIRQL old;

    (void)context;
    for (int i = 0; i < 1000; i++) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
    (void)dirql_choose(64);
    (void)dirql_choose(4);
}

static void schedules_without_time_are_no_loop_together(void **state)
{
    const dirql_options options = { .mode = DIRQL_MODE_EXPLORE,
                                    .processors = 2,
                                    .watchdog_ms = 10,
                                    .fixed = 1 };

    (void)state;
    assert_int_equal(dirql_run(&options, call_briefly, NULL, NULL), DIRQL_PASSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_that_calls_services_for_ever_is_a_livelock),
        cmocka_unit_test(a_loop_that_calls_services_is_found_whatever_is_chosen),
        cmocka_unit_test(a_loop_that_calls_services_is_found_while_exploring),
        cmocka_unit_test(what_was_found_to_loop_need_not_loop_long_again),
        cmocka_unit_test(a_long_loop_is_none_while_something_happens),
        cmocka_unit_test(without_a_watchdog_a_long_loop_is_none),
        cmocka_unit_test(schedules_without_time_are_no_loop_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_count.c - how many schedules there are: each once, none twice, none too few.
 */
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <string.h>

enum { STEPS_MAX = 10 };

typedef struct pair {
    unsigned steps;
    void (*step)(unsigned thread);
} pair;

static volatile LONG shared, own[2];
static KSPIN_LOCK lock;

static void touch_shared(unsigned thread)
{
    (void)thread;
    InterlockedIncrement(&shared);
}

static void take_lock(unsigned thread)
{
    KIRQL old;

    (void)thread;
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
}

static const pair *running;

static void second(void *context)
{
    (void)context;
    for (unsigned i = 0; i < running->steps; i++) {
        running->step(1);
    }
}

static void both(void *context)
{
    dirql_thread *thread;

    running = context;
    KeInitializeSpinLock(&lock);
    thread = dirql_thread_start("second", 1, second, NULL);
    for (unsigned i = 0; i < running->steps; i++) {
        running->step(0);
    }
    dirql_thread_join(thread);
}

static dirql_options everything(void)
{
    return (dirql_options){ .mode = DIRQL_MODE_EXPLORE,
                            .processors = 2,
                            .preemptions = DIRQL_UNBOUNDED,
                            .interrupts = DIRQL_UNBOUNDED,
                            .checks = DIRQL_CHECKS_NONE };
}

static uint64_t schedules_of(const dirql_options *options, void (*body)(void *), void *context)
{
    dirql_result result;
    uint64_t schedules;

    if (dirql_run(options, body, context, &result) != DIRQL_PASSED) {
        fail_msg("%s", result.report);
    }
    assert_true(result.complete);
    schedules = result.schedules;
    dirql_result_free(&result);
    return schedules;
}

static void two_threads_with_5_shared_steps_each_have_252_schedules(void **state)
{
    const dirql_options options = everything();
    pair p = { 5, touch_shared };

    (void)state;
    assert_int_equal(schedules_of(&options, both, &p), 252);
}

static void two_threads_with_3_lock_pairs_each_have_20_schedules(void **state)
{
    const dirql_options options = everything();
    pair p = { 3, take_lock };

    (void)state;
    assert_int_equal(schedules_of(&options, both, &p), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_with_5_shared_steps_each_have_252_schedules),
        cmocka_unit_test(two_threads_with_3_lock_pairs_each_have_20_schedules),
    };

    (void)own;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of lib/ke/thread.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static char order[256];
static unsigned count;
static ULONG ran_on[8];
static volatile LONG inside;

static int forget(void **state)
{
    (void)state;
    memset(order, 0, sizeof(order));
    memset(ran_on, 0, sizeof(ran_on));
    count = 0;
    inside = 0;
    return 0;
}

static void note(void *context)
{
    order[count++] = *(const char *)context;
}

static dirql_thread *start(const char *letter, unsigned processor)
{
    return dirql_thread_start(letter, processor, note, (void *)(uintptr_t)letter);
}

static void a_new_thread_waits_for_its_turn_on_a_busy_processor(void **state)
{
    dirql_thread *thread = start("a", DIRQL_ANY_PROCESSOR);

    (void)state;
    assert_int_equal(count, 0);
    dirql_thread_join(thread);
    assert_int_equal(count, 1);
}

static void ready_threads_of_equal_priority_go_on_in_order(void **state)
{
    (void)state;
    (void)start("a", DIRQL_ANY_PROCESSOR);
    (void)start("b", DIRQL_ANY_PROCESSOR);
    (void)start("c", DIRQL_ANY_PROCESSOR);
    dirql_time_advance_us(1);
    assert_string_equal(order, "abc");
}

static void note_processor(void *context)
{
    (void)context;
    ran_on[count++] = KeGetCurrentProcessorNumber();
    KeStallExecutionProcessor(50);
}

static void new_threads_take_idle_processors_lowest_number_first(void **state)
{
    dirql_thread *threads[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        threads[i] = dirql_thread_start("t", DIRQL_ANY_PROCESSOR, note_processor, NULL);
    }
    KeStallExecutionProcessor(20);
    assert_int_equal(count, 3);
    assert_int_equal(ran_on[0] + ran_on[1] + ran_on[2], 1 + 2 + 3);
    for (int i = 0; i < 3; i++) {
        dirql_thread_join(threads[i]);
    }
}

static void a_thread_runs_only_on_its_processors(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        dirql_thread_join(dirql_thread_start("t", i, note_processor, NULL));
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(ran_on[i], i);
    }
}

static void spin_for_50_ms(void *context)
{
    for (int i = 0; i < 1000; i++) {
        if (count < sizeof(order) - 1 &&
            (count == 0 || order[count - 1] != *(const char *)context)) {
            order[count++] = *(const char *)context;
        }
        KeStallExecutionProcessor(50);
    }
}

static void equal_priorities_take_turns_of_20_ms(void **state)
{
    dirql_thread *a = dirql_thread_start("a", 0, spin_for_50_ms, (void *)(uintptr_t) "a");
    dirql_thread *b = dirql_thread_start("b", 0, spin_for_50_ms, (void *)(uintptr_t) "b");

    (void)state;
    dirql_thread_join(a);
    dirql_thread_join(b);
    assert_string_equal(order, "ababab");
}

static void set_when_told(void *context)
{
    (void)KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
    order[count++] = 'h';
}

/* A thread of higher priority that waits for the event, on the caller's processor. */
static void start_high(PKEVENT event)
{
    dirql_thread *thread;

    dirql_thread_move(0);
    KeInitializeEvent(event, SynchronizationEvent, FALSE);
    thread = dirql_thread_start("high", 0, set_when_told, event);
    KeSetPriorityThread((PKTHREAD)(void *)thread, 12);
    dirql_time_advance_us(1);
}

static void a_higher_priority_goes_on_before_the_call_that_wakes_it_returns(void **state)
{
    KEVENT event;

    (void)state;
    start_high(&event);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    assert_string_equal(order, "h");
}

static void an_equal_priority_does_not(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    (void)dirql_thread_start("equal", DIRQL_ANY_PROCESSOR, set_when_told, &event);
    dirql_time_advance_us(1);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    assert_int_equal(count, 0);
}

static void no_thread_is_switched_at_dispatch_level(void **state)
{
    KEVENT event;
    KIRQL old;

    (void)state;
    start_high(&event);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    assert_int_equal(count, 0);
    KeLowerIrql(old);
    assert_int_equal(count, 1);
}

static void a_zero_delay_gives_the_turn_away(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    (void)state;
    (void)start("a", DIRQL_ANY_PROCESSOR);
    KeDelayExecutionThread(KernelMode, FALSE, &zero);
    assert_string_equal(order, "a");
    KeDelayExecutionThread(KernelMode, FALSE, &zero);
}

/* Ends only when two are inside at once. */
static void meet(void *context)
{
    (void)context;
    InterlockedIncrement(&inside);
    while (ReadAcquire(&inside) < 2) {
        KeStallExecutionProcessor(5);
    }
}

static void threads_on_two_processors_run_side_by_side(void **state)
{
    dirql_thread *a = dirql_thread_start("a", 0, meet, NULL);
    dirql_thread *b = dirql_thread_start("b", 1, meet, NULL);

    (void)state;
    dirql_thread_join(a);
    dirql_thread_join(b);
    assert_int_equal(inside, 2);
}

static void many_threads_come_and_go(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        count = 0;
        dirql_thread_join(start("a", i % 3));
        assert_int_equal(count, 1);
    }
}

static void keep_waiting(void *context)
{
    (void)KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
}

static void a_run_ends_though_threads_still_wait(void **state)
{
    static KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    for (int i = 0; i < 10; i++) {
        (void)dirql_thread_start("waiter", DIRQL_ANY_PROCESSOR, keep_waiting, &event);
    }
    dirql_time_advance_us(1);
}

static void stay_raised(void *context)
{
    KIRQL old;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
}

static void a_thread_that_ends_raised_is_bug_check_c8(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, DISPATCH_LEVEL << 16 | 1,
                               (ULONG_PTR)stay_raised, 0, 0);
    dirql_thread_join(dirql_thread_start("raised", DIRQL_ANY_PROCESSOR, stay_raised, NULL));
}

/* ---- Other schedules ------------------------------------------------------------------------- */

static char first;

static void be_first(void *context)
{
    if (first == 0) {
        first = *(const char *)context;
    }
}

static void start_two(void *context)
{
    (void)context;
    first = 0;
    (void)dirql_thread_start("a", 0, be_first, (void *)(uintptr_t) "a");
    (void)dirql_thread_start("b", 0, be_first, (void *)(uintptr_t) "b");
    dirql_time_advance_us(1);
}

static void random_runs_let_threads_go_on_in_any_order(void **state)
{
    unsigned a = 0, b = 0;

    (void)state;
    for (unsigned seed = 1; seed <= 32; seed++) {
        const dirql_options options = { .mode = DIRQL_MODE_RANDOM, .seed = seed, .fixed = 1 };

        assert_int_equal(dirql_run(&options, start_two, NULL, NULL), DIRQL_PASSED);
        a += first == 'a';
        b += first == 'b';
    }
    assert_int_not_equal(a, 0);
    assert_int_not_equal(b, 0);
    assert_int_equal(a + b, 32);
}

static int shared;

static void add_without_a_lock(void *context)
{
    const int before = shared;

    (void)context;
    (void)KeGetCurrentIrql();
    KeMemoryBarrier();
    (void)KeGetCurrentProcessorNumber();
    shared = before + 1;
}

static void add_from_two_threads(void *context)
{
    dirql_thread *threads[2];

    (void)context;
    shared = 0;
    for (int i = 0; i < 2; i++) {
        threads[i] = dirql_thread_start("adder", 0, add_without_a_lock, NULL);
    }
    dirql_thread_join(threads[0]);
    dirql_thread_join(threads[1]);
}

static void random_runs_switch_threads_at_any_service(void **state)
{
    unsigned lost = 0;

    (void)state;
    for (unsigned seed = 1; seed <= 64; seed++) {
        const dirql_options options = { .mode = DIRQL_MODE_RANDOM, .seed = seed, .fixed = 1 };

        assert_int_equal(dirql_run(&options, add_from_two_threads, NULL, NULL), DIRQL_PASSED);
        lost += shared == 1;
    }
    assert_in_range(lost, 1, 63);
}

static void a_random_run_is_replayed_by_its_schedule(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 16; seed++) {
        dirql_options options = { .mode = DIRQL_MODE_RANDOM, .seed = seed, .fixed = 1 };
        dirql_result result;
        char drawn;

        assert_int_equal(dirql_run(&options, start_two, NULL, &result), DIRQL_PASSED);
        drawn = first;
        options =
            (dirql_options){ .mode = DIRQL_MODE_REPLAY, .replay = result.schedule, .fixed = 1 };
        assert_int_equal(dirql_run(&options, start_two, NULL, NULL), DIRQL_PASSED);
        assert_int_equal(first, drawn);
        dirql_result_free(&result);
    }
}

#define WITH(test, ...) dirql_unit_test_setup(test, forget, __VA_ARGS__)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_new_thread_waits_for_its_turn_on_a_busy_processor, .processors = 1, .fixed = 1),
        WITH(ready_threads_of_equal_priority_go_on_in_order, .processors = 1, .fixed = 1),
        WITH(new_threads_take_idle_processors_lowest_number_first, .processors = 4, .fixed = 1),
        WITH(a_thread_runs_only_on_its_processors, .processors = 4),
        WITH(equal_priorities_take_turns_of_20_ms, .processors = 1, .fixed = 1),
        WITH(a_higher_priority_goes_on_before_the_call_that_wakes_it_returns, .processors = 1),
        WITH(an_equal_priority_does_not, .processors = 1, .fixed = 1),
        WITH(no_thread_is_switched_at_dispatch_level, .processors = 1),
        WITH(a_zero_delay_gives_the_turn_away, .processors = 1, .fixed = 1),
        WITH(threads_on_two_processors_run_side_by_side, .processors = 2),
        WITH(many_threads_come_and_go, .processors = 3),
        WITH(a_run_ends_though_threads_still_wait, .processors = 2),
        WITH(a_thread_that_ends_raised_is_bug_check_c8, .checks = DIRQL_CHECKS_NONE),
        cmocka_unit_test(random_runs_let_threads_go_on_in_any_order),
        cmocka_unit_test(random_runs_switch_threads_at_any_service),
        cmocka_unit_test(a_random_run_is_replayed_by_its_schedule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_waitarguments.c - lib/ke/wait.c: modes, alertable waits, the edges of times and counts, and
 * each kind of object among several.
 */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static KEVENT clear, set;
static LARGE_INTEGER no_time;
static const LARGE_INTEGER ms = { .QuadPart = -10000 };

static int start(void **state)
{
    (void)state;
    KeInitializeEvent(&clear, NotificationEvent, FALSE);
    KeInitializeEvent(&set, NotificationEvent, TRUE);
    return 0;
}

static NTSTATUS wait_one(PVOID object, KPROCESSOR_MODE mode, BOOLEAN alertable,
                         const LARGE_INTEGER *timeout)
{
    LARGE_INTEGER copy = timeout != NULL ? *timeout : no_time;

    return KeWaitForSingleObject(object, UserRequest, mode, alertable,
                                 timeout != NULL ? &copy : NULL);
}

static NTSTATUS wait_many(ULONG count, PVOID *objects, WAIT_TYPE type, const LARGE_INTEGER *timeout)
{
    static KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
    LARGE_INTEGER copy = timeout != NULL ? *timeout : no_time;

    return KeWaitForMultipleObjects(count, objects, type, Executive, KernelMode, FALSE,
                                    timeout != NULL ? &copy : NULL, blocks);
}

/* ---- Modes ----------------------------------------------------------------------------------- */

/* Nobody alerts a thread here, or queues user APCs for it. */
static void a_wait_may_be_alertable_and_in_user_mode(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const KPROCESSOR_MODE mode = i & 1 ? UserMode : KernelMode;
        const BOOLEAN alertable = i >> 1 != 0;

        assert_int_equal(wait_one(&set, mode, alertable, NULL), STATUS_SUCCESS);
        assert_int_equal(wait_one(&clear, mode, alertable, &ms), STATUS_TIMEOUT);
        assert_int_equal(wait_one(&clear, mode, alertable, &no_time), STATUS_TIMEOUT);
    }
}

static void so_may_a_delay(void **state)
{
    LARGE_INTEGER interval = ms;

    (void)state;
    assert_int_equal(KeDelayExecutionThread(UserMode, TRUE, &interval), STATUS_SUCCESS);
    assert_true(dirql_time_ns() == 1000000);
}

/* ---- Times ----------------------------------------------------------------------------------- */

static void the_shortest_timeout_takes_100_ns(void **state)
{
    const LARGE_INTEGER shortest = { .QuadPart = -1 };

    (void)state;
    assert_int_equal(wait_one(&clear, KernelMode, FALSE, &shortest), STATUS_TIMEOUT);
    assert_true(dirql_time_ns() == 100);
}

static void set_it_later(void *context)
{
    LARGE_INTEGER hour = { .QuadPart = -36000000000ll };

    KeDelayExecutionThread(KernelMode, FALSE, &hour);
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

static void the_longest_timeout_does_not_end(void **state)
{
    const LARGE_INTEGER longest = { .QuadPart = -MAXLONGLONG - 1 };
    const LARGE_INTEGER last = { .QuadPart = MAXLONGLONG };

    (void)state;
    (void)dirql_thread_start("setter", DIRQL_ANY_PROCESSOR, set_it_later, &clear);
    assert_int_equal(wait_one(&clear, KernelMode, FALSE, &longest), STATUS_SUCCESS);
    KeClearEvent(&clear);
    (void)dirql_thread_start("setter", DIRQL_ANY_PROCESSOR, set_it_later, &clear);
    assert_int_equal(wait_one(&clear, KernelMode, FALSE, &last), STATUS_SUCCESS);
}

/* 1 January 1601 is long over; so is what has passed since the run began. */
static void an_absolute_time_that_is_over_ends_a_wait_and_a_delay_at_once(void **state)
{
    LARGE_INTEGER over = { .QuadPart = 1 };

    (void)state;
    dirql_suppress("DueTime", NULL, "it is about the time");
    assert_int_equal(wait_one(&clear, KernelMode, FALSE, &over), STATUS_TIMEOUT);
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &over), STATUS_SUCCESS);
    KeQuerySystemTime(&over);
    assert_int_equal(wait_one(&clear, KernelMode, FALSE, &over), STATUS_TIMEOUT);
    assert_true(dirql_time_ns() == 1000);
}

static void what_is_signalled_already_is_no_timeout(void **state)
{
    const LARGE_INTEGER over = { .QuadPart = 1 };

    (void)state;
    assert_int_equal(wait_one(&set, KernelMode, FALSE, &over), STATUS_SUCCESS);
    assert_int_equal(wait_one(&set, KernelMode, FALSE, &ms), STATUS_SUCCESS);
    assert_int_equal(wait_one(&set, KernelMode, FALSE, &no_time), STATUS_SUCCESS);
    assert_true(dirql_time_ns() == 0);
}

static void a_wait_that_timed_out_takes_nothing_later(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    assert_int_equal(wait_one(&event, KernelMode, FALSE, &ms), STATUS_TIMEOUT);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    assert_int_not_equal(KeReadStateEvent(&event), 0);
}

/* ---- Counts ---------------------------------------------------------------------------------- */

static void the_65th_object_is_bug_check_c(void **state)
{
    PVOID objects[MAXIMUM_WAIT_OBJECTS + 1];

    (void)state;
    for (int i = 0; i <= MAXIMUM_WAIT_OBJECTS; i++) {
        objects[i] = &set;
    }
    assert_int_equal(wait_many(MAXIMUM_WAIT_OBJECTS, objects, WaitAny, NULL), STATUS_WAIT_0);
    dirql_expect_bugcheck_with(MAXIMUM_WAIT_OBJECTS_EXCEEDED, 0, 0, 0, 0);
    (void)wait_many(MAXIMUM_WAIT_OBJECTS + 1, objects, WaitAny, NULL);
}

static void three_objects_need_no_blocks(void **state)
{
    PVOID objects[THREAD_WAIT_OBJECTS] = { &clear, &clear, &set };

    (void)state;
    assert_int_equal(KeWaitForMultipleObjects(THREAD_WAIT_OBJECTS, objects, WaitAny, Executive,
                                              KernelMode, TRUE, NULL, NULL),
                     STATUS_WAIT_0 + 2);
}

/* ---- Kinds of objects ------------------------------------------------------------------------ */

static void end_at_once(void *context)
{
    (void)context;
}

/* One of each kind, all signalled. */
static struct {
    KEVENT notification, synchronization;
    KMUTEX mutex;
    KSEMAPHORE semaphore;
    KTIMER notification_timer, synchronization_timer;
    PVOID objects[6];
} kinds;

static void signal_one_of_each(void)
{
    KeInitializeEvent(&kinds.notification, NotificationEvent, TRUE);
    KeInitializeEvent(&kinds.synchronization, SynchronizationEvent, TRUE);
    KeInitializeMutex(&kinds.mutex, 0);
    KeInitializeSemaphore(&kinds.semaphore, 2, 5);
    KeInitializeTimer(&kinds.notification_timer);
    KeInitializeTimerEx(&kinds.synchronization_timer, SynchronizationTimer);
    KeSetTimer(&kinds.notification_timer, no_time, NULL);
    KeSetTimer(&kinds.synchronization_timer, no_time, NULL);
    kinds.objects[0] = &kinds.notification;
    kinds.objects[1] = &kinds.synchronization;
    kinds.objects[2] = &kinds.mutex;
    kinds.objects[3] = &kinds.semaphore;
    kinds.objects[4] = &kinds.notification_timer;
    kinds.objects[5] = &kinds.synchronization_timer;
}

static void a_satisfied_wait_does_to_each_what_it_is_for(void **state)
{
    (void)state;
    signal_one_of_each();
    assert_int_equal(wait_many(6, kinds.objects, WaitAll, NULL), STATUS_SUCCESS);
    assert_int_not_equal(KeReadStateEvent(&kinds.notification), 0);
    assert_int_equal(KeReadStateEvent(&kinds.synchronization), 0);
    assert_int_equal(KeReadStateMutex(&kinds.mutex), 0);
    assert_int_equal(KeReadStateSemaphore(&kinds.semaphore), 1);
    assert_true(KeReadStateTimer(&kinds.notification_timer));
    assert_false(KeReadStateTimer(&kinds.synchronization_timer));
    KeReleaseMutex(&kinds.mutex, FALSE);
}

static void a_wait_for_any_does_it_to_one(void **state)
{
    (void)state;
    signal_one_of_each();
    for (NTSTATUS i = 1; i < 6; i++) {
        kinds.objects[0] = &clear;
        if (i > 1) {
            kinds.objects[i - 1] = &clear;
        }
        assert_int_equal(wait_many(6, kinds.objects, WaitAny, NULL), STATUS_WAIT_0 + i);
    }
    assert_int_equal(KeReadStateSemaphore(&kinds.semaphore), 1);
    KeReleaseMutex(&kinds.mutex, FALSE);
}

static void a_wait_for_all_that_times_out_does_it_to_none(void **state)
{
    PVOID objects[7];

    (void)state;
    signal_one_of_each();
    for (int i = 0; i < 6; i++) {
        objects[i] = kinds.objects[i];
    }
    objects[6] = &clear;
    assert_int_equal(wait_many(7, objects, WaitAll, &no_time), STATUS_TIMEOUT);
    assert_int_equal(wait_many(7, objects, WaitAll, &ms), STATUS_TIMEOUT);
    assert_int_not_equal(KeReadStateEvent(&kinds.synchronization), 0);
    assert_int_equal(KeReadStateMutex(&kinds.mutex), 1);
    assert_int_equal(KeReadStateSemaphore(&kinds.semaphore), 2);
    assert_true(KeReadStateTimer(&kinds.synchronization_timer));
}

static void a_thread_that_has_ended_stays_signalled(void **state)
{
    dirql_thread *thread = dirql_thread_start("short", DIRQL_ANY_PROCESSOR, end_at_once, NULL);
    PVOID objects[2] = { &clear, thread };

    (void)state;
    assert_int_equal(wait_many(2, objects, WaitAny, NULL), STATUS_WAIT_0 + 1);
    assert_int_equal(wait_one(thread, KernelMode, FALSE, &no_time), STATUS_SUCCESS);
    dirql_thread_join(thread);
}

/* ---- IRQL ------------------------------------------------------------------------------------ */

static void several_are_polled_at_dispatch_level(void **state)
{
    PVOID objects[2] = { &clear, &set };
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(wait_many(2, objects, WaitAny, &no_time), STATUS_WAIT_0 + 1);
    assert_int_equal(wait_many(2, objects, WaitAll, &no_time), STATUS_TIMEOUT);
    dirql_assert_irql(DISPATCH_LEVEL);
    KeLowerIrql(old);
}

static void several_are_not_waited_for_there(void **state)
{
    PVOID objects[2] = { &set, &set };
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x121, DIRQL_ANY,
                               (ULONG_PTR)&set, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)wait_many(2, objects, WaitAll, NULL);
}

static void a_delay_keeps_apc_level(void **state)
{
    LARGE_INTEGER interval = ms;
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
    dirql_assert_irql(APC_LEVEL);
    KeLowerIrql(old);
}

static void a_delay_at_dispatch_level_is_reported(void **state)
{
    LARGE_INTEGER interval = ms;
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5, DISPATCH_LEVEL, 0, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

#define TEST(f, ...) dirql_unit_test_setup(f, start, __VA_ARGS__)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_wait_may_be_alertable_and_in_user_mode, .processors = 1),
        TEST(so_may_a_delay, .processors = 1),
        TEST(the_shortest_timeout_takes_100_ns, .processors = 1),
        TEST(the_longest_timeout_does_not_end, .processors = 1),
        TEST(an_absolute_time_that_is_over_ends_a_wait_and_a_delay_at_once, .processors = 1),
        TEST(what_is_signalled_already_is_no_timeout, .processors = 1),
        TEST(a_wait_that_timed_out_takes_nothing_later, .processors = 1),
        TEST(the_65th_object_is_bug_check_c, .processors = 1),
        TEST(three_objects_need_no_blocks, .processors = 1),
        TEST(a_satisfied_wait_does_to_each_what_it_is_for, .processors = 1),
        TEST(a_wait_for_any_does_it_to_one, .processors = 1),
        TEST(a_wait_for_all_that_times_out_does_it_to_none, .processors = 1),
        TEST(a_thread_that_has_ended_stays_signalled, .processors = 1),
        TEST(a_thread_that_has_ended_stays_signalled, .processors = 2),
        TEST(several_are_polled_at_dispatch_level, .processors = 1),
        TEST(several_are_not_waited_for_there, .processors = 1),
        TEST(a_delay_keeps_apc_level, .processors = 1),
        TEST(a_delay_at_dispatch_level_is_reported, .processors = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

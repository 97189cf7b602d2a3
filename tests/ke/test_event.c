/* Tests of lib/ke/event.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

typedef struct scene {
    KEVENT event;
    volatile LONG woken;
} scene;

static NTSTATUS wait_for(PVOID object)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS poll(PVOID object)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &zero);
}

static void wait_and_count(void *context)
{
    scene *s = context;

    assert_int_equal(wait_for(&s->event), STATUS_SUCCESS);
    InterlockedIncrement(&s->woken);
}

/* Three threads that wait when this returns. */
static void start_waiters(scene *s)
{
    for (int i = 0; i < 3; i++) {
        (void)dirql_thread_start("waiter", DIRQL_ANY_PROCESSOR, wait_and_count, s);
    }
    dirql_time_advance_ms(1);
}

static void an_event_begins_in_the_state_it_is_given(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    assert_int_not_equal(KeReadStateEvent(&event), 0);
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    assert_int_equal(KeReadStateEvent(&event), 0);
}

static void set_returns_the_state_before(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    assert_int_equal(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
    assert_int_not_equal(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
}

static void reset_returns_the_state_before_and_clears(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    assert_int_not_equal(KeResetEvent(&event), 0);
    assert_int_equal(KeResetEvent(&event), 0);
    assert_int_equal(KeReadStateEvent(&event), 0);
}

static void clear_clears(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    KeClearEvent(&event);
    assert_int_equal(KeReadStateEvent(&event), 0);
}

static void a_notification_event_lets_all_waiters_go_and_stays_set(void **state)
{
    scene s = { .woken = 0 };

    (void)state;
    KeInitializeEvent(&s.event, NotificationEvent, FALSE);
    start_waiters(&s);
    KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE);
    dirql_time_advance_ms(1);
    assert_int_equal(s.woken, 3);
    assert_int_not_equal(KeReadStateEvent(&s.event), 0);
}

static void a_synchronization_event_lets_one_waiter_go_and_clears(void **state)
{
    scene s = { .woken = 0 };

    (void)state;
    KeInitializeEvent(&s.event, SynchronizationEvent, FALSE);
    start_waiters(&s);
    KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE);
    dirql_time_advance_ms(1);
    assert_int_equal(s.woken, 1);
    assert_int_equal(KeReadStateEvent(&s.event), 0);
}

static void a_synchronization_event_without_waiters_stays_set_until_taken(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    assert_int_equal(poll(&event), STATUS_SUCCESS);
    assert_int_equal(poll(&event), STATUS_TIMEOUT);
}

static void a_pulse_lets_waiters_go_and_leaves_the_event_clear(void **state)
{
    scene s = { .woken = 0 };

    (void)state;
    KeInitializeEvent(&s.event, NotificationEvent, FALSE);
    start_waiters(&s);
    assert_int_equal(KePulseEvent(&s.event, IO_NO_INCREMENT, FALSE), 0);
    dirql_time_advance_ms(1);
    assert_int_equal(s.woken, 3);
    assert_int_equal(KeReadStateEvent(&s.event), 0);
}

static void a_pulse_of_a_synchronization_event_lets_one_waiter_go(void **state)
{
    scene s = { .woken = 0 };

    (void)state;
    KeInitializeEvent(&s.event, SynchronizationEvent, FALSE);
    start_waiters(&s);
    assert_int_equal(KePulseEvent(&s.event, IO_NO_INCREMENT, FALSE), 0);
    dirql_time_advance_ms(1);
    assert_int_equal(s.woken, 1);
    assert_int_equal(KeReadStateEvent(&s.event), 0);
}

static void a_pulse_of_a_set_event_says_so_and_clears_it(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    assert_int_not_equal(KePulseEvent(&event, IO_NO_INCREMENT, FALSE), 0);
    assert_int_equal(KeReadStateEvent(&event), 0);
}

static void pulse_with_wait_keeps_the_irql_raised_until_the_wait(void **state)
{
    KEVENT first, second;
    KIRQL old;

    (void)state;
    KeInitializeEvent(&first, NotificationEvent, FALSE);
    KeInitializeEvent(&second, NotificationEvent, TRUE);
    KeRaiseIrql(APC_LEVEL, &old);
    KePulseEvent(&first, IO_NO_INCREMENT, TRUE);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_int_equal(wait_for(&second), STATUS_SUCCESS);
    dirql_assert_irql(APC_LEVEL);
    KeLowerIrql(old);
}

static void setting_for_a_waiter_says_that_it_was_clear(void **state)
{
    scene s = { .woken = 0 };

    (void)state;
    KeInitializeEvent(&s.event, SynchronizationEvent, FALSE);
    start_waiters(&s);
    for (LONG i = 1; i <= 3; i++) {
        assert_int_equal(KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE), 0);
        dirql_time_advance_ms(1);
        assert_int_equal(s.woken, i);
    }
    assert_int_equal(KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE), 0);
    assert_int_not_equal(KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE), 0);
}

static void who_is_woken_at_dispatch_level_goes_on_when_it_is_left(void **state)
{
    scene s = { .woken = 0 };
    KIRQL old;

    (void)state;
    KeInitializeEvent(&s.event, NotificationEvent, FALSE);
    start_waiters(&s);
    dirql_thread_move(0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE);
    assert_int_equal(s.woken, 0);
    KeLowerIrql(old);
    dirql_time_advance_ms(1);
    assert_int_equal(s.woken, 3);
}

static void it_is_initialised_at_any_irql(void **state)
{
    KEVENT event;
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeLowerIrql(old);
    assert_int_not_equal(KeReadStateEvent(&event), 0);
}

static void a_pulse_without_waiters_is_lost(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KePulseEvent(&event, IO_NO_INCREMENT, FALSE);
    assert_int_equal(poll(&event), STATUS_TIMEOUT);
}

static void set_with_wait_keeps_the_irql_raised_until_the_wait(void **state)
{
    KEVENT first, second;

    (void)state;
    KeInitializeEvent(&first, NotificationEvent, FALSE);
    KeInitializeEvent(&second, NotificationEvent, TRUE);
    KeSetEvent(&first, IO_NO_INCREMENT, TRUE);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_int_equal(wait_for(&second), STATUS_SUCCESS);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void set_event_deferred(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

static void a_dpc_wakes_a_thread(void **state)
{
    scene s = { .woken = 0 };
    KDPC dpc;

    (void)state;
    KeInitializeEvent(&s.event, SynchronizationEvent, FALSE);
    KeInitializeDpc(&dpc, set_event_deferred, &s.event);
    start_waiters(&s);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    dirql_time_advance_ms(1);
    assert_int_equal(s.woken, 1);
}

static void what_was_not_initialised_is_reported(void **state)
{
    KEVENT event = { .Header = { .SignalState = 0 } };

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE1, (ULONG_PTR)&event, 0, 0);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
}

static void another_kind_of_object_is_reported(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 0, 1);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE1, (ULONG_PTR)&semaphore, 0,
                               0);
    KeSetEvent((PRKEVENT)(void *)&semaphore, IO_NO_INCREMENT, FALSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(an_event_begins_in_the_state_it_is_given),
        dirql_unit_test(set_returns_the_state_before),
        dirql_unit_test(reset_returns_the_state_before_and_clears),
        dirql_unit_test(clear_clears),
        dirql_unit_test(a_notification_event_lets_all_waiters_go_and_stays_set),
        dirql_unit_test(a_synchronization_event_lets_one_waiter_go_and_clears),
        dirql_unit_test(a_synchronization_event_without_waiters_stays_set_until_taken),
        dirql_unit_test(a_pulse_lets_waiters_go_and_leaves_the_event_clear, .processors = 2),
        dirql_unit_test(a_pulse_of_a_synchronization_event_lets_one_waiter_go, .processors = 2),
        dirql_unit_test(a_pulse_of_a_set_event_says_so_and_clears_it),
        dirql_unit_test(pulse_with_wait_keeps_the_irql_raised_until_the_wait),
        dirql_unit_test(setting_for_a_waiter_says_that_it_was_clear),
        dirql_unit_test(who_is_woken_at_dispatch_level_goes_on_when_it_is_left, .fixed = 1),
        dirql_unit_test(it_is_initialised_at_any_irql),
        dirql_unit_test(a_pulse_without_waiters_is_lost),
        dirql_unit_test(set_with_wait_keeps_the_irql_raised_until_the_wait),
        dirql_unit_test(a_dpc_wakes_a_thread, .processors = 2),
        dirql_unit_test(what_was_not_initialised_is_reported),
        dirql_unit_test(another_kind_of_object_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

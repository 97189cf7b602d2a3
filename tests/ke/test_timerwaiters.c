/* Tests of lib/ke/timer.c: whom an expiry lets go. */
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static LARGE_INTEGER in_ms(int value)
{
    return (LARGE_INTEGER){ .QuadPart = -10000ll * value };
}

static NTSTATUS wait_for(PVOID object)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

typedef struct waiters {
    KTIMER timer;
    volatile LONG woken;
} waiters;

static void wait_and_count(void *context)
{
    waiters *w = context;

    assert_int_equal(wait_for(&w->timer), STATUS_SUCCESS);
    InterlockedIncrement(&w->woken);
}

static LONG woken_by_one_expiry(TIMER_TYPE type)
{
    static waiters w;

    w.woken = 0;
    KeInitializeTimerEx(&w.timer, type);
    KeSetTimer(&w.timer, in_ms(2), NULL);
    for (int i = 0; i < 3; i++) {
        (void)dirql_thread_start("waiter", DIRQL_ANY_PROCESSOR, wait_and_count, &w);
    }
    dirql_time_advance_ms(5);
    return w.woken;
}

static void a_notification_timer_lets_all_waiters_go(void **state)
{
    (void)state;
    assert_int_equal(woken_by_one_expiry(NotificationTimer), 3);
}

static void a_synchronization_timer_lets_one_waiter_go(void **state)
{
    (void)state;
    assert_int_equal(woken_by_one_expiry(SynchronizationTimer), 1);
}

static void a_periodic_synchronization_timer_lets_one_go_each_time(void **state)
{
    KTIMER timer;

    (void)state;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeSetTimerEx(&timer, in_ms(3), 2, NULL);
    assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_true(dirql_time_ns() == 3000000);
    assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_true(dirql_time_ns() == 5000000);
    assert_true(KeCancelTimer(&timer));
}

/* Nobody has waited for the first expiry: it is kept for one who comes later. */
static void an_expiry_that_nobody_waited_for_lets_one_go_later(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    KTIMER timer;

    (void)state;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeSetTimer(&timer, in_ms(1), NULL);
    dirql_time_advance_ms(2);
    assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_int_equal(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, &zero),
                     STATUS_TIMEOUT);
}

/* The wait goes on until the time that was set last. */
static void a_waiter_waits_on_when_the_timer_is_set_again(void **state)
{
    waiters w = { .woken = 0 };

    (void)state;
    KeInitializeTimer(&w.timer);
    KeSetTimer(&w.timer, in_ms(2), NULL);
    (void)dirql_thread_start("waiter", DIRQL_ANY_PROCESSOR, wait_and_count, &w);
    dirql_time_advance_ms(1);
    KeSetTimer(&w.timer, in_ms(5), NULL);
    dirql_time_advance_ms(3);
    assert_int_equal(w.woken, 0);
    dirql_time_advance_ms(3);
    assert_int_equal(w.woken, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_notification_timer_lets_all_waiters_go),
        dirql_unit_test(a_synchronization_timer_lets_one_waiter_go),
        dirql_unit_test(a_periodic_synchronization_timer_lets_one_go_each_time),
        dirql_unit_test(an_expiry_that_nobody_waited_for_lets_one_go_later),
        dirql_unit_test(a_waiter_waits_on_when_the_timer_is_set_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

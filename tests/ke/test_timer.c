/* Tests of lib/ke/timer.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

/* A timer and a DPC that writes down when it runs. */
typedef struct scene {
    KTIMER timer;
    KDPC dpc;
    unsigned runs;
    uint64_t ran_ns[16];
    ULONG processor;
    KIRQL irql;
    LONG was_signalled;
} scene;

static VOID note(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    scene *s = context;

    (void)dpc;
    (void)argument1;
    (void)argument2;
    s->ran_ns[s->runs++ % 16] = dirql_time_ns();
    s->processor = KeGetCurrentProcessorNumber();
    s->irql = KeGetCurrentIrql();
    s->was_signalled = KeReadStateTimer(&s->timer);
}

static void begin(scene *s, TIMER_TYPE type)
{
    memset(s, 0, sizeof(*s));
    KeInitializeTimerEx(&s->timer, type);
    KeInitializeDpc(&s->dpc, note, s);
}

static LARGE_INTEGER in_ms(int value)
{
    return (LARGE_INTEGER){ .QuadPart = -10000ll * value };
}

static NTSTATUS wait_for(PVOID object)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

static void a_relative_timer_expires_when_due_and_runs_its_dpc(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    assert_false(KeSetTimer(&s.timer, in_ms(5), &s.dpc));
    dirql_time_advance_ms(10);
    assert_int_equal(s.runs, 1);
    assert_true(s.ran_ns[0] == 5000000);
    assert_int_equal(s.irql, DISPATCH_LEVEL);
}

static void an_absolute_timer_expires_at_its_time(void **state)
{
    LARGE_INTEGER due;
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeQuerySystemTime(&due);
    due.QuadPart += 30000;
    KeSetTimer(&s.timer, due, &s.dpc);
    dirql_time_advance_ms(10);
    assert_int_equal(s.runs, 1);
    assert_true(s.ran_ns[0] == 3001000);
}

static void a_due_time_in_the_past_expires_within_the_call(void **state)
{
    const LARGE_INTEGER zero = { .QuadPart = 0 };
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    assert_false(KeSetTimer(&s.timer, zero, &s.dpc));
    assert_int_equal(s.runs, 1);
    assert_true(KeReadStateTimer(&s.timer));
}

static void the_timer_is_signalled_before_its_dpc_runs(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    assert_false(KeReadStateTimer(&s.timer));
    dirql_time_advance_ms(2);
    assert_true(s.was_signalled);
}

static void a_timer_begins_unsignalled_and_not_set(void **state)
{
    KTIMER timer;

    (void)state;
    KeInitializeTimer(&timer);
    assert_false(KeReadStateTimer(&timer));
    assert_false(KeCancelTimer(&timer));
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    assert_false(KeReadStateTimer(&timer));
    assert_false(KeCancelTimer(&timer));
}

static void an_absolute_time_that_is_over_expires_within_the_call(void **state)
{
    LARGE_INTEGER over;
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeQuerySystemTime(&over);
    assert_false(KeSetTimer(&s.timer, over, &s.dpc));
    assert_int_equal(s.runs, 1);
    assert_false(KeSetTimerEx(&s.timer, over, 0, &s.dpc));
    assert_int_equal(s.runs, 2);
    assert_false(KeSetCoalescableTimer(&s.timer, over, 0, 100, &s.dpc));
    assert_int_equal(s.runs, 3);
}

static void a_notification_timer_stays_signalled_until_set_again(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    assert_int_equal(wait_for(&s.timer), STATUS_SUCCESS);
    assert_true(KeReadStateTimer(&s.timer));
    KeSetTimer(&s.timer, in_ms(1), NULL);
    assert_false(KeReadStateTimer(&s.timer));
    KeCancelTimer(&s.timer);
}

static void a_synchronization_timer_resets_when_it_releases_a_waiter(void **state)
{
    scene s;

    (void)state;
    begin(&s, SynchronizationTimer);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    assert_int_equal(wait_for(&s.timer), STATUS_SUCCESS);
    assert_false(KeReadStateTimer(&s.timer));
}

static void setting_a_set_timer_cancels_the_first_setting(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    assert_false(KeSetTimer(&s.timer, in_ms(1), &s.dpc));
    assert_true(KeSetTimer(&s.timer, in_ms(4), &s.dpc));
    dirql_time_advance_ms(10);
    assert_int_equal(s.runs, 1);
    assert_true(s.ran_ns[0] == 4000000);
}

static void setting_says_whether_the_timer_was_set(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    assert_false(KeSetTimerEx(&s.timer, in_ms(5), 3, &s.dpc));
    assert_true(KeSetTimerEx(&s.timer, in_ms(5), 0, &s.dpc));
    assert_true(KeSetCoalescableTimer(&s.timer, in_ms(5), 0, 1, &s.dpc));
    assert_true(KeSetTimer(&s.timer, in_ms(5), &s.dpc));
    dirql_time_advance_ms(50);
    assert_int_equal(s.runs, 1);
    assert_false(KeSetTimer(&s.timer, in_ms(5), &s.dpc));
    assert_true(KeCancelTimer(&s.timer));
}

static void the_latest_setting_says_which_dpc_runs(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    dirql_time_advance_ms(2);
    assert_int_equal(s.runs, 0);
    assert_true(KeReadStateTimer(&s.timer));
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

static void cancelling_leaves_the_state_as_it_is(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    KeCancelTimer(&s.timer);
    assert_false(KeReadStateTimer(&s.timer));
    KeSetTimer(&s.timer, in_ms(1), NULL);
    dirql_time_advance_ms(2);
    KeCancelTimer(&s.timer);
    assert_true(KeReadStateTimer(&s.timer));
}

/* The timer has left the queue, its DPC has not run yet: who wants to free it must wait. */
static void cancelling_when_the_dpc_is_queued_returns_false(void **state)
{
    scene s;
    KIRQL old;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_time_advance_ms(2);
    assert_false(KeCancelTimer(&s.timer));
    KeLowerIrql(old);
    assert_int_equal(s.runs, 1);
}

static void cancelling_a_periodic_timer_returns_true_however_often_it_expired(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetTimerEx(&s.timer, in_ms(1), 1, &s.dpc);
    dirql_time_advance_us(3500);
    assert_int_equal(s.runs, 3);
    assert_true(KeCancelTimer(&s.timer));
    assert_false(KeCancelTimer(&s.timer));
}

static void a_cancelled_timer_does_not_expire(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    assert_true(KeCancelTimer(&s.timer));
    assert_false(KeCancelTimer(&s.timer));
    dirql_time_advance_ms(2);
    assert_int_equal(s.runs, 0);
}

static void cancelling_after_expiry_returns_false(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    dirql_time_advance_ms(2);
    assert_false(KeCancelTimer(&s.timer));
}

static void a_periodic_timer_expires_at_the_due_time_and_each_period(void **state)
{
    scene s;

    (void)state;
    begin(&s, SynchronizationTimer);
    KeSetTimerEx(&s.timer, in_ms(5), 2, &s.dpc);
    dirql_time_advance_ms(10);
    assert_int_equal(s.runs, 3);
    assert_true(s.ran_ns[0] == 5000000);
    assert_true(s.ran_ns[1] == 7000000);
    assert_true(s.ran_ns[2] == 9000000);
    assert_true(KeCancelTimer(&s.timer));
    dirql_time_advance_ms(10);
    assert_int_equal(s.runs, 3);
}

static void a_periodic_timer_due_at_once_goes_on_from_now(void **state)
{
    const LARGE_INTEGER zero = { .QuadPart = 0 };
    scene s;

    (void)state;
    begin(&s, SynchronizationTimer);
    KeSetTimerEx(&s.timer, zero, 1, &s.dpc);
    assert_int_equal(s.runs, 1);
    dirql_time_advance_us(1500);
    assert_int_equal(s.runs, 2);
    KeCancelTimer(&s.timer);
}

static void a_coalescable_timer_expires_within_its_tolerance(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetCoalescableTimer(&s.timer, in_ms(5), 0, 3, &s.dpc);
    dirql_time_advance_ms(10);
    assert_int_equal(s.runs, 1);
    assert_in_range(s.ran_ns[0], 5000000, 8000000);
}

static void a_coalescable_timer_may_be_periodic(void **state)
{
    scene s;

    (void)state;
    begin(&s, SynchronizationTimer);
    KeSetCoalescableTimer(&s.timer, in_ms(5), 4, 1, &s.dpc);
    dirql_time_advance_ms(15);
    assert_int_equal(s.runs, 3);
    for (int i = 1; i < 3; i++) {
        assert_in_range(s.ran_ns[i] - s.ran_ns[i - 1], 3000000, 5000000);
    }
    assert_true(KeCancelTimer(&s.timer));
}

static void a_dpcs_own_target_comes_before_where_the_timer_was_set(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    dirql_thread_move(0);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeSetImportanceDpc(&s.dpc, HighImportance);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    dirql_time_advance_ms(2);
    assert_int_equal(s.runs, 1);
    assert_int_equal(s.processor, 1);
}

static void the_dpc_runs_where_the_timer_was_set(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    dirql_thread_move(1);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    dirql_thread_move(0);
    dirql_time_advance_ms(2);
    assert_int_equal(s.runs, 1);
    assert_int_equal(s.processor, 1);
}

static void at_dispatch_level_the_dpc_waits_but_the_timer_expires(void **state)
{
    scene s;
    KIRQL old;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_time_advance_ms(2);
    assert_int_equal(s.runs, 0);
    assert_true(KeReadStateTimer(&s.timer));
    KeLowerIrql(old);
    assert_int_equal(s.runs, 1);
}

static VOID set_again(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    scene *s = context;

    note(dpc, context, argument1, argument2);
    if (s->runs < 3) {
        KeSetTimer(&s->timer, in_ms(1), &s->dpc);
    }
}

static void a_timer_may_be_set_again_by_its_own_dpc(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeInitializeDpc(&s.dpc, set_again, &s);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    dirql_time_advance_ms(10);
    assert_int_equal(s.runs, 3);
    assert_true(s.ran_ns[2] == 3000000);
}

static void timers_that_tie_expire_in_order_of_setting(void **state)
{
    scene a, b;
    PVOID objects[2] = { &b.timer, &a.timer };

    (void)state;
    begin(&a, NotificationTimer);
    begin(&b, NotificationTimer);
    KeSetTimer(&a.timer, in_ms(1), NULL);
    KeSetTimer(&b.timer, in_ms(1), NULL);
    assert_int_equal(
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_WAIT_0 + 1);
    KeCancelTimer(&b.timer);
}

static void initialising_a_set_timer_is_bug_check_c7(void **state)
{
    scene s;

    (void)state;
    begin(&s, NotificationTimer);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 0, (ULONG_PTR)&s.timer, (ULONG_PTR)&s.timer,
                               (ULONG_PTR)(&s.timer + 1));
    KeInitializeTimer(&s.timer);
}

static void a_timer_that_was_not_initialised_is_reported(void **state)
{
    KTIMER timer;

    (void)state;
    memset(&timer, 0, sizeof(timer));
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE1, (ULONG_PTR)&timer, 0, 0);
    KeSetTimer(&timer, in_ms(1), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_timer_begins_unsignalled_and_not_set),
        dirql_unit_test(an_absolute_time_that_is_over_expires_within_the_call),
        dirql_unit_test(setting_says_whether_the_timer_was_set),
        dirql_unit_test(the_latest_setting_says_which_dpc_runs),
        dirql_unit_test(cancelling_leaves_the_state_as_it_is),
        dirql_unit_test(cancelling_when_the_dpc_is_queued_returns_false),
        dirql_unit_test(cancelling_a_periodic_timer_returns_true_however_often_it_expired),
        dirql_unit_test(a_coalescable_timer_may_be_periodic),
        dirql_unit_test(a_dpcs_own_target_comes_before_where_the_timer_was_set, .processors = 2),
        dirql_unit_test(a_relative_timer_expires_when_due_and_runs_its_dpc),
        dirql_unit_test(an_absolute_timer_expires_at_its_time),
        dirql_unit_test(a_due_time_in_the_past_expires_within_the_call),
        dirql_unit_test(the_timer_is_signalled_before_its_dpc_runs),
        dirql_unit_test(a_notification_timer_stays_signalled_until_set_again),
        dirql_unit_test(a_synchronization_timer_resets_when_it_releases_a_waiter),
        dirql_unit_test(setting_a_set_timer_cancels_the_first_setting),
        dirql_unit_test(a_cancelled_timer_does_not_expire),
        dirql_unit_test(cancelling_after_expiry_returns_false),
        dirql_unit_test(a_periodic_timer_expires_at_the_due_time_and_each_period),
        dirql_unit_test(a_periodic_timer_due_at_once_goes_on_from_now),
        dirql_unit_test(a_coalescable_timer_expires_within_its_tolerance),
        dirql_unit_test(the_dpc_runs_where_the_timer_was_set, .processors = 2),
        dirql_unit_test(at_dispatch_level_the_dpc_waits_but_the_timer_expires),
        dirql_unit_test(a_timer_may_be_set_again_by_its_own_dpc),
        dirql_unit_test(timers_that_tie_expire_in_order_of_setting),
        dirql_unit_test(initialising_a_set_timer_is_bug_check_c7),
        dirql_unit_test(a_timer_that_was_not_initialised_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

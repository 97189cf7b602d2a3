/* Tests of lib/ex/extimer.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

#include "../settle.h"

enum { MS = 10000 }; /* In 100 ns. */

static PEX_TIMER timer;

static struct {
    volatile LONG calls, deletions;
    KIRQL irql;
    PVOID context;
    PEX_TIMER timer;
    PVOID deleted;
} seen;

static VOID note(PEX_TIMER expired, PVOID context)
{
    seen.irql = KeGetCurrentIrql();
    seen.timer = expired;
    seen.context = context;
    InterlockedIncrement(&seen.calls);
}

static VOID note_deletion(PVOID context)
{
    seen.deleted = context;
    InterlockedIncrement(&seen.deletions);
}

static PEX_TIMER made; /* By start(): a test may have another. */

static int start(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    timer = ExAllocateTimer(note, &seen, 0);
    made = timer;
    return timer == NULL;
}

static int stop(void **state)
{
    (void)state;
    dirql_suppress("ExTimer", NULL, "the test has deleted it already");
    ExDeleteTimer(made, TRUE, TRUE, NULL);
    return 0;
}

static void the_callback_runs_at_dispatch_level(void **state)
{
    (void)state;
    assert_false(ExSetTimer(timer, -5 * MS, 0, NULL));
    dirql_time_advance_ms(4);
    assert_int_equal(seen.calls, 0);
    dirql_time_advance_ms(2);
    settle();
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.irql, DISPATCH_LEVEL);
    assert_ptr_equal(seen.timer, timer);
    assert_ptr_equal(seen.context, &seen);
    assert_false(ExDeleteTimer(timer, TRUE, TRUE, NULL));
}

static void parameters_are_initialised_to_nothing_special(void **state)
{
    EXT_SET_PARAMETERS set = { 9, 9, 9 };
    EXT_DELETE_PARAMETERS deletion = { 9, 9, NULL, &set };

    (void)state;
    ExInitializeSetTimerParameters(&set);
    assert_int_equal(set.Version, 0);
    assert_int_equal(set.Reserved, 0);
    assert_int_equal(set.NoWakeTolerance, 0);
    ExInitializeDeleteTimerParameters(&deletion);
    assert_int_equal(deletion.Version, 0);
    assert_int_equal(deletion.Reserved, 0);
    assert_null(deletion.DeleteCallback);
    assert_null(deletion.DeleteContext);
    assert_false(ExSetTimer(timer, -5 * MS, 0, &set));
    assert_true(ExCancelTimer(timer, NULL));
}

static void a_period_is_in_units_of_100_ns(void **state)
{
    (void)state;
    ExSetTimer(timer, -5000, 5000, NULL);
    dirql_time_advance_ms(5);
    assert_true(ExCancelTimer(timer, NULL));
    settle();
    assert_in_range(seen.calls, 1, 10);
    assert_false(ExCancelTimer(timer, NULL));
}

static void setting_it_again_cancels_it(void **state)
{
    (void)state;
    assert_false(ExSetTimer(timer, -1000 * MS, 0, NULL));
    assert_true(ExSetTimer(timer, -2000 * MS, 0, NULL));
    assert_true(ExCancelTimer(timer, NULL));
    settle();
    assert_int_equal(seen.calls, 0);
}

static void what_is_due_expires_at_once(void **state)
{
    (void)state;
    assert_false(ExSetTimer(timer, 0, 0, NULL));
    settle();
    assert_int_equal(seen.calls, 1);
}

static void a_thread_can_wait_for_it(void **state)
{
    LARGE_INTEGER none = { .QuadPart = 0 };
    PEX_TIMER notification = ExAllocateTimer(NULL, NULL, EX_TIMER_NOTIFICATION);
    PEX_TIMER synchronization = ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION);

    (void)state;
    ExSetTimer(notification, -MS, 0, NULL);
    ExSetTimer(synchronization, -MS, 0, NULL);
    (void)KeWaitForSingleObject(notification, Executive, KernelMode, FALSE, NULL);
    (void)KeWaitForSingleObject(synchronization, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(KeWaitForSingleObject(notification, Executive, KernelMode, FALSE, &none),
                     STATUS_SUCCESS);
    assert_int_equal(KeWaitForSingleObject(synchronization, Executive, KernelMode, FALSE, &none),
                     STATUS_TIMEOUT);
    ExDeleteTimer(notification, TRUE, FALSE, NULL);
    ExDeleteTimer(synchronization, TRUE, FALSE, NULL);
}

static void a_cancelled_timer_is_not_signalled(void **state)
{
    LARGE_INTEGER while_it_was_set = { .QuadPart = -20 * MS };
    PEX_TIMER notification = ExAllocateTimer(NULL, NULL, EX_TIMER_NOTIFICATION);

    (void)state;
    ExSetTimer(notification, -10 * MS, 0, NULL);
    assert_true(ExCancelTimer(notification, NULL));
    assert_int_equal(
        KeWaitForSingleObject(notification, Executive, KernelMode, FALSE, &while_it_was_set),
        STATUS_TIMEOUT);
    ExDeleteTimer(notification, TRUE, TRUE, NULL);
}

static void setting_it_again_takes_back_its_signal(void **state)
{
    LARGE_INTEGER none = { .QuadPart = 0 };
    PEX_TIMER notification = ExAllocateTimer(NULL, NULL, EX_TIMER_NOTIFICATION);

    (void)state;
    ExSetTimer(notification, -MS, 0, NULL);
    (void)KeWaitForSingleObject(notification, Executive, KernelMode, FALSE, NULL);
    assert_false(ExSetTimer(notification, -100000 * MS, 0, NULL));
    assert_int_equal(KeWaitForSingleObject(notification, Executive, KernelMode, FALSE, &none),
                     STATUS_TIMEOUT);
    assert_true(ExDeleteTimer(notification, TRUE, TRUE, NULL));
}

static void an_absolute_time_follows_the_system_time(void **state)
{
    LARGE_INTEGER now;

    (void)state;
    KeQuerySystemTime(&now);
    assert_false(ExSetTimer(timer, now.QuadPart + 1000 * MS, 0, NULL));
    settle();
    assert_int_equal(seen.calls, 0);
    dirql_time_advance_ms(1001);
    settle();
    assert_int_equal(seen.calls, 1);
}

/* ---- Deleting -------------------------------------------------------------------------------- */

static BOOLEAN delete_timer(BOOLEAN cancel, BOOLEAN wait)
{
    EXT_DELETE_PARAMETERS parameters;

    ExInitializeDeleteTimerParameters(&parameters);
    parameters.DeleteCallback = note_deletion;
    parameters.DeleteContext = &seen;
    return ExDeleteTimer(timer, cancel, wait, &parameters);
}

static void deleting_cancels_if_asked_to(void **state)
{
    (void)state;
    ExSetTimer(timer, -1000 * MS, 0, NULL);
    assert_true(delete_timer(TRUE, FALSE));
    assert_int_equal(seen.deletions, 1);
    assert_ptr_equal(seen.deleted, &seen);
    dirql_time_advance_ms(2000);
    assert_int_equal(seen.calls, 0);
}

static void a_pending_timer_may_expire_before_it_is_deleted(void **state)
{
    (void)state;
    ExSetTimer(timer, -1000 * MS, 0, NULL);
    assert_false(delete_timer(FALSE, FALSE));
    assert_int_equal(seen.deletions, 0);
    assert_false(ExSetTimer(timer, -MS, 0, NULL));
    assert_false(ExCancelTimer(timer, NULL));
    assert_false(delete_timer(TRUE, FALSE));
    dirql_time_advance_ms(2000);
    settle();
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.deletions, 1);
}

static void a_deleted_periodic_timer_expires_once_more_at_most(void **state)
{
    (void)state;
    ExSetTimer(timer, -1000 * MS, 1000 * MS, NULL);
    assert_false(delete_timer(FALSE, FALSE));
    dirql_time_advance_ms(5000);
    settle();
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.deletions, 1);
}

static VOID delete_itself(PEX_TIMER expired, PVOID context)
{
    (void)expired;
    (void)context;
    InterlockedIncrement(&seen.calls);
    (void)delete_timer(TRUE, FALSE);
    assert_int_equal(seen.deletions, 0);
}

static void the_callback_can_delete_its_timer(void **state)
{
    (void)state;
    timer = ExAllocateTimer(delete_itself, NULL, 0);
    ExSetTimer(timer, -MS, 0, NULL);
    dirql_time_advance_ms(2);
    settle();
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.deletions, 1);
}

static void waiting_outlasts_the_callback(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        const LONG before = seen.deletions;

        timer = ExAllocateTimer(note, &seen, 0);
        ExSetTimer(timer, -1, 1, NULL);
        dirql_time_advance_us(10);
        (void)delete_timer(TRUE, TRUE);
        assert_int_equal(seen.deletions, before + 1);
    }
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void a_timer_that_is_gone_is_reported(void **state)
{
    (void)state;
    (void)delete_timer(TRUE, TRUE);
    dirql_expect_finding("ExTimer");
    (void)ExSetTimer(timer, -MS, 0, NULL);
    fail_msg("it is gone");
}

static void waiting_without_cancelling_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("ExTimer");
    (void)delete_timer(FALSE, TRUE);
    fail_msg("it might wait for ever");
}

static void waiting_at_dispatch_level_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("ExTimer");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)delete_timer(TRUE, TRUE);
    fail_msg("it might wait");
}

static void attributes_that_exclude_each_other_are_reported(void **state)
{
    (void)state;
    dirql_expect_finding("ExTimer");
    (void)ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE);
    fail_msg("it cannot be both");
}

static void a_high_resolution_timer_takes_only_relative_times(void **state)
{
    (void)state;
    timer = ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION);
    dirql_expect_finding("ExTimer");
    (void)ExSetTimer(timer, 1, 0, NULL);
    fail_msg("the time is absolute");
}

static void a_period_has_its_greatest_value(void **state)
{
    (void)state;
    assert_false(ExSetTimer(timer, -1000 * MS, MAXLONG, NULL));
    assert_true(ExCancelTimer(timer, NULL));
    dirql_expect_finding("ExTimer");
    (void)ExSetTimer(timer, -1000 * MS, MAXLONG + 1LL, NULL);
    fail_msg("the period is too long");
}

static void cancelling_takes_no_parameters(void **state)
{
    (void)state;
    ExSetTimer(timer, -1000 * MS, 0, NULL);
    dirql_expect_finding("ExTimer");
    (void)ExCancelTimer(timer, (PEXT_CANCEL_PARAMETERS)&seen);
    fail_msg("they are to be NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(the_callback_runs_at_dispatch_level, start, stop),
        dirql_unit_test_setup_teardown(the_callback_runs_at_dispatch_level, start, stop,
                                       .processors = 2),
        dirql_unit_test_setup_teardown(parameters_are_initialised_to_nothing_special, start, stop),
        dirql_unit_test_setup_teardown(a_period_is_in_units_of_100_ns, start, stop),
        dirql_unit_test_setup_teardown(setting_it_again_cancels_it, start, stop),
        dirql_unit_test_setup_teardown(what_is_due_expires_at_once, start, stop),
        dirql_unit_test_setup_teardown(a_thread_can_wait_for_it, start, stop),
        dirql_unit_test_setup_teardown(a_cancelled_timer_is_not_signalled, start, stop),
        dirql_unit_test_setup_teardown(setting_it_again_takes_back_its_signal, start, stop),
        dirql_unit_test_setup_teardown(an_absolute_time_follows_the_system_time, start, stop),
        dirql_unit_test_setup_teardown(deleting_cancels_if_asked_to, start, stop),
        dirql_unit_test_setup_teardown(a_pending_timer_may_expire_before_it_is_deleted, start,
                                       stop),
        dirql_unit_test_setup_teardown(a_deleted_periodic_timer_expires_once_more_at_most, start,
                                       stop),
        dirql_unit_test_setup_teardown(the_callback_can_delete_its_timer, start, stop),
        dirql_unit_test_setup_teardown(waiting_outlasts_the_callback, start, stop),
        dirql_unit_test_setup_teardown(waiting_outlasts_the_callback, start, stop, .processors = 2),
        dirql_unit_test_setup_teardown(a_timer_that_is_gone_is_reported, start, stop),
        dirql_unit_test_setup_teardown(waiting_without_cancelling_is_reported, start, stop),
        dirql_unit_test_setup_teardown(waiting_at_dispatch_level_is_reported, start, stop),
        dirql_unit_test_setup_teardown(attributes_that_exclude_each_other_are_reported, start,
                                       stop),
        dirql_unit_test_setup_teardown(a_high_resolution_timer_takes_only_relative_times, start,
                                       stop),
        dirql_unit_test_setup_teardown(a_period_has_its_greatest_value, start, stop),
        dirql_unit_test_setup_teardown(cancelling_takes_no_parameters, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

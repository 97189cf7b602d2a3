/*
 * test_queuedlock.c - in-stack queued spin locks.
 */
#include "pair.h"

static KSPIN_LOCK lock;

static int reset(void **state)
{
    KeInitializeSpinLock(&lock);
    return pair_reset(state);
}

static void acquire_raises_and_release_restores_what_the_handle_saved(void **state)
{
    KLOCK_QUEUE_HANDLE handle;

    (void)state;
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_int_equal(handle.OldIrql, PASSIVE_LEVEL);
    assert_false(KeTestSpinLock(&lock));
    KeReleaseInStackQueuedSpinLock(&handle);
    dirql_assert_irql(PASSIVE_LEVEL);
    assert_true(KeTestSpinLock(&lock));
}

static void dpc_level_forms_leave_the_irql_alone(void **state)
{
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    KLOCK_QUEUE_HANDLE handle;

    (void)state;
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    dirql_assert_irql(DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_true(KeTestSpinLock(&lock));
    KeLowerIrql(old);
}

static void for_dpc_forms_raise_from_passive(void **state)
{
    KLOCK_QUEUE_HANDLE handle;

    (void)state;
    KeAcquireInStackQueuedSpinLockForDpc(&lock, &handle);
    dirql_assert_irql(DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLockForDpc(&handle);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void for_dpc_forms_stay_at_dispatch(void **state)
{
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    KLOCK_QUEUE_HANDLE handle;

    (void)state;
    KeAcquireInStackQueuedSpinLockForDpc(&lock, &handle);
    assert_false(KeTestSpinLock(&lock));
    KeReleaseInStackQueuedSpinLockForDpc(&handle);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_true(KeTestSpinLock(&lock));
    KeLowerIrql(old);
}

/* Their pages allow what is above, and others do not: that is only warned of. */
static void dpc_level_forms_may_be_above_dispatch(void **state)
{
    KLOCK_QUEUE_HANDLE handle;
    KIRQL old;

    (void)state;
    dirql_suppress("IrqlDispatchPedantic", NULL, "it is what the pages of these routines allow");
    KeRaiseIrql(5, &old);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    dirql_assert_irql(5);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    dirql_assert_irql(5);
    KeLowerIrql(old);
}

static void handles_of_two_locks_nest(void **state)
{
    KLOCK_QUEUE_HANDLE outer, inner;
    KSPIN_LOCK other;

    (void)state;
    KeInitializeSpinLock(&other);
    KeAcquireInStackQueuedSpinLock(&lock, &outer);
    KeAcquireInStackQueuedSpinLock(&other, &inner);
    KeReleaseInStackQueuedSpinLock(&inner);
    dirql_assert_irql(DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLock(&outer);
    dirql_assert_irql(PASSIVE_LEVEL);
}

/* ---- Order of arrival ------------------------------------------------------------------------ */

/* Starts to wait at its step. */
static void queue_up(void *context)
{
    char *letter = context;
    KLOCK_QUEUE_HANDLE handle;

    pair_await(letter[0] - 'a' + 1);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    pair_note(letter);
    KeReleaseInStackQueuedSpinLock(&handle);
}

static void waiters_are_served_in_order_of_arrival(void **state)
{
    static char letters[3][2] = { "a", "b", "c" };
    static const unsigned processors[3] = { 3, 1, 2 };
    dirql_thread *waiters[3];
    KLOCK_QUEUE_HANDLE handle;

    (void)state;
    dirql_thread_move(0);
    for (int i = 0; i < 3; i++) {
        waiters[i] = dirql_thread_start(letters[i], processors[i], queue_up, letters[i]);
    }
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    for (LONG i = 1; i <= 3; i++) {
        pair_reach(i);
        pair_await_spinners((unsigned)i);
    }
    assert_string_equal(pair_order, "");
    KeReleaseInStackQueuedSpinLock(&handle);
    for (int i = 0; i < 3; i++) {
        dirql_thread_join(waiters[i]);
    }
    assert_string_equal(pair_order, "abc");
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void recursive_acquisition_is_bug_check_f(void **state)
{
    KLOCK_QUEUE_HANDLE first, second;

    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)&lock, 0, 0, 0);
    KeAcquireInStackQueuedSpinLock(&lock, &first);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &second);
}

static void handle_released_twice_is_bug_check_10(void **state)
{
    KLOCK_QUEUE_HANDLE handle;

    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)&lock, 0, 0, 0);
    KeRaiseIrqlToDpcLevel();
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
    KeReleaseInStackQueuedSpinLock(&handle);
}

#define ONE(f) \
    dirql_unit_test_setup(f, reset), dirql_unit_test_setup(f, reset, .checks = DIRQL_CHECKS_NONE)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(acquire_raises_and_release_restores_what_the_handle_saved),
        ONE(dpc_level_forms_leave_the_irql_alone),
        ONE(for_dpc_forms_raise_from_passive),
        ONE(for_dpc_forms_stay_at_dispatch),
        ONE(dpc_level_forms_may_be_above_dispatch),
        ONE(handles_of_two_locks_nest),
        dirql_unit_test_setup(waiters_are_served_in_order_of_arrival, reset, .processors = 4),
        ONE(recursive_acquisition_is_bug_check_f),
        ONE(handle_released_twice_is_bug_check_10),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

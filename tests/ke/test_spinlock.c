/*
 * test_spinlock.c - executive spin locks.
 */
#include "pair.h"

#include <dirql/line.h>

static KSPIN_LOCK lock, other_lock;
static KIRQL shared_old;
static volatile LONG counter;

static int reset(void **state)
{
    KeInitializeSpinLock(&lock);
    KeInitializeSpinLock(&other_lock);
    counter = 0;
    return pair_reset(state);
}

/* ---- One processor --------------------------------------------------------------------------- */

static void acquire_raises_and_release_restores(void **state)
{
    KIRQL old = 99;

    (void)state;
    KeAcquireSpinLock(&lock, &old);
    assert_int_equal(old, PASSIVE_LEVEL);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_false(KeTestSpinLock(&lock));
    KeReleaseSpinLock(&lock, old);
    dirql_assert_irql(PASSIVE_LEVEL);
    assert_true(KeTestSpinLock(&lock));
    old = KeAcquireSpinLockRaiseToDpc(&lock);
    assert_int_equal(old, PASSIVE_LEVEL);
    dirql_assert_irql(DISPATCH_LEVEL);
    KeReleaseSpinLock(&lock, old);
}

static void dpc_level_forms_leave_the_irql_alone(void **state)
{
    const KIRQL old = KeRaiseIrqlToDpcLevel();

    (void)state;
    KeAcquireSpinLockAtDpcLevel(&lock);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_false(KeTestSpinLock(&lock));
    KeReleaseSpinLockFromDpcLevel(&lock);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_true(KeTestSpinLock(&lock));
    KeLowerIrql(old);
}

static void locks_nest_and_the_outermost_release_restores_the_irql(void **state)
{
    KIRQL outer, inner;

    (void)state;
    KeAcquireSpinLock(&lock, &outer);
    KeAcquireSpinLock(&other_lock, &inner);
    assert_int_equal(inner, DISPATCH_LEVEL);
    KeReleaseSpinLock(&other_lock, inner);
    dirql_assert_irql(DISPATCH_LEVEL);
    KeReleaseSpinLock(&lock, outer);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void for_dpc_forms_raise_from_passive_only(void **state)
{
    KIRQL old = KeAcquireSpinLockForDpc(&lock);

    (void)state;
    assert_int_equal(old, PASSIVE_LEVEL);
    dirql_assert_irql(DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(&lock, old);
    dirql_assert_irql(PASSIVE_LEVEL);
    old = KeRaiseIrqlToDpcLevel();
    assert_int_equal(KeAcquireSpinLockForDpc(&lock), DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(&lock, DISPATCH_LEVEL);
    dirql_assert_irql(DISPATCH_LEVEL);
    KeLowerIrql(old);
}

static void try_takes_a_free_lock_and_leaves_a_held_one(void **state)
{
    const KIRQL old = KeRaiseIrqlToDpcLevel();

    (void)state;
    assert_true(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    assert_false(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseSpinLockFromDpcLevel(&lock);
    assert_true(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseSpinLock(&lock, DISPATCH_LEVEL); /* What the page says. */
    KeLowerIrql(old);
}

static void testing_a_lock_takes_nothing_and_leaves_the_irql_alone(void **state)
{
    KIRQL old;

    (void)state;
    assert_true(KeTestSpinLock(&lock));
    dirql_assert_irql(PASSIVE_LEVEL);
    KeRaiseIrql(5, &old);
    assert_true(KeTestSpinLock(&lock));
    dirql_assert_irql(5);
    KeLowerIrql(old);
}

static VOID count_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    InterlockedIncrement(&counter);
}

static void release_lets_a_pending_dpc_run(void **state)
{
    static KDPC dpc;
    KIRQL old;

    (void)state;
    KeInitializeDpc(&dpc, count_dpc, NULL);
    KeAcquireSpinLock(&lock, &old);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(counter, 0);
    KeReleaseSpinLock(&lock, old);
    assert_int_equal(counter, 1);
}

static void cancel_lock_is_a_spin_lock_of_the_system(void **state)
{
    KIRQL old = 99;

    (void)state;
    IoAcquireCancelSpinLock(&old);
    assert_int_equal(old, PASSIVE_LEVEL);
    dirql_assert_irql(DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(old);
    dirql_assert_irql(PASSIVE_LEVEL);
}

/* ---- Two processors -------------------------------------------------------------------------- */

static void count_under_lock(void *context)
{
    (void)context;
    for (int i = 0; i < 50; i++) {
        KIRQL old;
        LONG before;

        KeAcquireSpinLock(&lock, &old);
        before = counter;
        YieldProcessor();
        counter = before + 1;
        KeReleaseSpinLock(&lock, old);
    }
}

static void lock_keeps_processors_apart(void **state)
{
    dirql_thread *thread = dirql_thread_start("second", 1, count_under_lock, NULL);

    (void)state;
    count_under_lock(NULL);
    dirql_thread_join(thread);
    assert_int_equal(counter, 100);
}

static void hold_for_a_while(void *context)
{
    KIRQL old;

    (void)context;
    KeAcquireSpinLock(&lock, &old);
    pair_reach(1);
    pair_await_spinners(1);
    assert_int_equal(shared_old, 77); /* The other has not written it. */
    KeReleaseSpinLock(&lock, old);
}

static void old_irql_is_written_after_the_lock_was_taken(void **state)
{
    dirql_thread *thread = dirql_thread_start("holder", 1, hold_for_a_while, NULL);

    (void)state;
    shared_old = 77;
    pair_await(1);
    KeAcquireSpinLock(&lock, &shared_old);
    assert_int_equal(shared_old, PASSIVE_LEVEL);
    KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
    dirql_thread_join(thread);
}

static dirql_line *line;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    dirql_line_deassert(line);
    InterlockedIncrement(&counter);
    return TRUE;
}

static void assert_line_while_the_other_spins(void *context)
{
    KIRQL old;

    (void)context;
    KeAcquireSpinLock(&lock, &old);
    pair_reach(1);
    pair_await_spinners(1);
    dirql_line_assert(line);
    while (ReadAcquire(&counter) == 0) {
        YieldProcessor();
    }
    KeReleaseSpinLock(&lock, old);
}

static void spinning_processor_takes_device_interrupts(void **state)
{
    const dirql_line_options options = { .name = "device", .irql = 5, .processors = 1 };
    PKINTERRUPT interrupt;
    dirql_thread *thread;
    KIRQL old;

    (void)state;
    line = dirql_line_create(&options);
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 5, 5,
                                        LevelSensitive, FALSE, 1, FALSE),
                     STATUS_SUCCESS);
    dirql_thread_move(0);
    thread = dirql_thread_start("holder", 1, assert_line_while_the_other_spins, NULL);
    pair_await(1);
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
    dirql_thread_join(thread);
    IoDisconnectInterrupt(interrupt);
}

static void poll_with_try(void *context)
{
    const KIRQL old = KeRaiseIrqlToDpcLevel();

    (void)context;
    pair_await(1);
    assert_false(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    pair_reach(2);
    while (!KeTryToAcquireSpinLockAtDpcLevel(&lock)) {
    }
    pair_reach(3);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(old);
}

static void polling_for_a_lock_ends_when_it_is_released(void **state)
{
    dirql_thread *thread;
    KIRQL old;

    (void)state;
    thread = dirql_thread_start("poller", 1, poll_with_try, NULL);
    KeAcquireSpinLock(&lock, &old);
    pair_reach(1);
    pair_await(2);
    KeReleaseSpinLock(&lock, old);
    while (!KeTestSpinLock(&lock)) {
    }
    dirql_thread_join(thread);
    assert_int_equal(pair_step, 3);
}

/* ---- Errors: what Windows bug-checks, with the checkers and without -------------------------- */

static void recursive_acquisition_is_bug_check_f(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)&lock, 0, 0, 0);
    KeAcquireSpinLock(&lock, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
}

static void cancel_lock_acquired_twice_is_bug_check_f(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, DIRQL_ANY, 0, 0, 0);
    IoAcquireCancelSpinLock(&old);
    IoAcquireCancelSpinLock(&old);
}

static void cancel_lock_released_twice_is_bug_check_10(void **state)
{
    KIRQL old, raised;

    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_NOT_OWNED, DIRQL_ANY, 0, 0, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &raised);
    IoAcquireCancelSpinLock(&old);
    IoReleaseCancelSpinLock(old);
    IoReleaseCancelSpinLock(old);
}

static BOOLEAN isr_that_wants_the_lock(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    KeAcquireSpinLockAtDpcLevel(&lock);
    return TRUE;
}

static void isr_that_wants_what_it_interrupted_is_bug_check_f(void **state)
{
    PKINTERRUPT interrupt;
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)&lock, 0, 0, 0);
    line = dirql_line_create(NULL);
    assert_int_equal(IoConnectInterrupt(&interrupt, isr_that_wants_the_lock, NULL, NULL,
                                        dirql_line_vector(line), 5, 5, LevelSensitive, FALSE, 1,
                                        FALSE),
                     STATUS_SUCCESS);
    KeAcquireSpinLock(&lock, &old);
    dirql_line_assert(line);
    pair_await(1); /* Nobody comes: it is for the ISR, which may be late. */
}

static void release_of_a_free_lock_is_bug_check_10(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)&lock, 0, 0, 0);
    KeRaiseIrqlToDpcLevel();
    KeReleaseSpinLockFromDpcLevel(&lock);
}

static void hold_for_ever(void *context)
{
    KIRQL old;

    (void)context;
    KeAcquireSpinLock(&lock, &old);
    pair_reach(1);
    pair_await(2);
}

static void release_of_another_processors_lock_is_bug_check_10_on_a_retail_machine(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)&lock, 0, 0, 0);
    dirql_thread_start("holder", 1, hold_for_ever, NULL);
    pair_await(1);
    KeRaiseIrqlToDpcLevel();
    KeReleaseSpinLockFromDpcLevel(&lock);
}

static void acquisition_above_dispatch_is_bug_check_9_on_a_retail_machine(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(IRQL_NOT_GREATER_OR_EQUAL, 5, DISPATCH_LEVEL, 0, 0);
    KeRaiseIrql(5, &old);
    KeAcquireSpinLock(&lock, &old);
}

static void waiting_below_dispatch_is_bug_check_8_on_a_retail_machine(void **state)
{
    (void)state;
    dirql_thread_move(0);
    dirql_thread_start("holder", 1, hold_for_ever, NULL);
    pair_await(1);
    dirql_expect_bugcheck_with(IRQL_NOT_DISPATCH_LEVEL, PASSIVE_LEVEL, 0, 0, 0);
    KeAcquireSpinLockAtDpcLevel(&lock);
}

static void want_both_the_other_way(void *context)
{
    KIRQL old;

    (void)context;
    KeAcquireSpinLock(&other_lock, &old);
    pair_reach(1);
    pair_await(2);
    KeAcquireSpinLockAtDpcLevel(&lock);
}

static void opposite_orders_that_meet_are_a_deadlock(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("deadlock");
    dirql_thread_start("second", 1, want_both_the_other_way, NULL);
    KeAcquireSpinLock(&lock, &old);
    pair_await(1);
    pair_reach(2);
    KeAcquireSpinLockAtDpcLevel(&other_lock);
}

static void opposite_orders_that_never_meet_are_none(void **state)
{
    KIRQL old;

    (void)state;
    KeAcquireSpinLock(&lock, &old);
    KeAcquireSpinLockAtDpcLevel(&other_lock);
    KeReleaseSpinLockFromDpcLevel(&other_lock);
    KeReleaseSpinLock(&lock, old);
    KeAcquireSpinLock(&other_lock, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeReleaseSpinLock(&other_lock, old);
}

#define ONE(f) \
    dirql_unit_test_setup(f, reset), dirql_unit_test_setup(f, reset, .checks = DIRQL_CHECKS_NONE)
#define TWO(f)                                        \
    dirql_unit_test_setup(f, reset, .processors = 2), \
        dirql_unit_test_setup(f, reset, .processors = 2, .checks = DIRQL_CHECKS_NONE)
#define RANDOM(f, number)                                                                       \
    dirql_unit_test_setup(f, reset, .processors = 2, .mode = DIRQL_MODE_RANDOM, .seed = number, \
                          .fixed = 1)
#define RETAIL(f, count) \
    dirql_unit_test_setup(f, reset, .processors = count, .checks = DIRQL_CHECKS_NONE)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(acquire_raises_and_release_restores),
        ONE(dpc_level_forms_leave_the_irql_alone),
        ONE(locks_nest_and_the_outermost_release_restores_the_irql),
        ONE(for_dpc_forms_raise_from_passive_only),
        ONE(try_takes_a_free_lock_and_leaves_a_held_one),
        ONE(testing_a_lock_takes_nothing_and_leaves_the_irql_alone),
        ONE(release_lets_a_pending_dpc_run),
        ONE(cancel_lock_is_a_spin_lock_of_the_system),
        TWO(lock_keeps_processors_apart),
        RANDOM(lock_keeps_processors_apart, 1),
        RANDOM(lock_keeps_processors_apart, 2),
        RANDOM(lock_keeps_processors_apart, 3),
        TWO(old_irql_is_written_after_the_lock_was_taken),
        TWO(spinning_processor_takes_device_interrupts),
        TWO(polling_for_a_lock_ends_when_it_is_released),
        RANDOM(polling_for_a_lock_ends_when_it_is_released, 1),
        ONE(recursive_acquisition_is_bug_check_f),
        ONE(isr_that_wants_what_it_interrupted_is_bug_check_f),
        ONE(cancel_lock_acquired_twice_is_bug_check_f),
        ONE(cancel_lock_released_twice_is_bug_check_10),
        ONE(release_of_a_free_lock_is_bug_check_10),
        RETAIL(release_of_another_processors_lock_is_bug_check_10_on_a_retail_machine, 2),
        RETAIL(acquisition_above_dispatch_is_bug_check_9_on_a_retail_machine, 1),
        RETAIL(waiting_below_dispatch_is_bug_check_8_on_a_retail_machine, 2),
        TWO(opposite_orders_that_meet_are_a_deadlock),
        RETAIL(opposite_orders_that_never_meet_are_none, 1),
        RETAIL(opposite_orders_that_never_meet_are_none, 2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_lockrules.c - each rule about spin locks is found when it is broken, and not when it is
 * kept.
 */
#include "rule.h"

static KSPIN_LOCK lock, other_lock;
static EX_SPIN_LOCK rwlock;
static KLOCK_QUEUE_HANDLE handle;
static KIRQL old, older;
static volatile LONG step;
static PKTHREAD self, holder;

static int reset(void **state)
{
    (void)state;
    lock = 0;
    other_lock = 0;
    rwlock = 0;
    step = 0;
    return 0;
}

static void await(LONG wanted)
{
    while (InterlockedCompareExchange(&step, 0, 0) < wanted) {
        YieldProcessor();
    }
}

/* ---- Where a lock may be acquired and released ----------------------------------------------- */

static void acquire_at_dirql(void *context)
{
    (void)context;
    KeRaiseIrql(5, &old);
    KeAcquireSpinLock(&lock, &older);
}

static void acquire_queued_at_dirql(void *context)
{
    (void)context;
    KeRaiseIrql(5, &old);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
}

static void acquire_shared_at_dirql(void *context)
{
    (void)context;
    KeRaiseIrql(5, &old);
    ExAcquireSpinLockShared(&rwlock);
}

static void executive_lock_at_dirql_is_found(void **state)
{
    (void)state;
    assert_verifier(acquire_at_dirql, 0x42, 5, (ULONG_PTR)&lock, 0, "IrqlKeDispatchLte");
    assert_verifier(acquire_queued_at_dirql, 0x42, 5, (ULONG_PTR)&lock, 0, "IrqlKeDispatchLte");
    assert_verifier(acquire_shared_at_dirql, 0x42, 5, (ULONG_PTR)&rwlock, 0, "IrqlKeDispatchLte");
}

static void acquire_at_dpc_level_at_passive(void *context)
{
    (void)context;
    KeAcquireSpinLockAtDpcLevel(&lock);
}

static void release_from_dpc_level_at_passive(void *context)
{
    (void)context;
    KeReleaseSpinLockFromDpcLevel(&lock);
}

static void dpc_level_forms_below_dispatch_are_found(void **state)
{
    (void)state;
    assert_verifier(acquire_at_dpc_level_at_passive, 0x40, PASSIVE_LEVEL, (ULONG_PTR)&lock, 0,
                    "IrqlDispatch");
    assert_verifier(release_from_dpc_level_at_passive, 0x41, PASSIVE_LEVEL, (ULONG_PTR)&lock, 0,
                    "IrqlDispatch");
}

static void use_dpc_level_forms_at_dirql(void *context)
{
    (void)context;
    KeRaiseIrql(5, &old);
    for (volatile int i = 0; i < 10; i++) { /* Not unrolled: one place of each call. */
        KeAcquireSpinLockAtDpcLevel(&lock);
        KeReleaseSpinLockFromDpcLevel(&lock);
    }
    KeLowerIrql(old);
}

static void use_dpc_level_forms_at_dirql_as_an_error(void *context)
{
    dirql_escalate("IrqlDispatchPedantic");
    use_dpc_level_forms_at_dirql(context);
}

static void use_dpc_level_forms_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(old);
}

static void dpc_level_forms_above_dispatch_are_warned_of_once_each(void **state)
{
    (void)state;
    assert_warned(use_dpc_level_forms_at_dirql, 1, 2, "IrqlDispatchPedantic");
    assert_verifier(use_dpc_level_forms_at_dirql_as_an_error, 0x40, 5, (ULONG_PTR)&lock, 0,
                    "IrqlDispatchPedantic");
    assert_kept(use_dpc_level_forms_at_dispatch, 1);
}

static void release_twice(void *context)
{
    (void)context;
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
    KeReleaseSpinLock(&lock, old);
}

static void release_twice_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &older);
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
    KeReleaseSpinLock(&lock, old);
}

static void release_queued_at_passive(void *context)
{
    (void)context;
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
    KeReleaseInStackQueuedSpinLock(&handle);
}

static void second_release_is_found(void **state)
{
    (void)state;
    assert_verifier(release_twice, 0x32, PASSIVE_LEVEL, (ULONG_PTR)&lock, 0,
                    "IrqlKeReleaseSpinLock");
    assert_verifier(release_queued_at_passive, 0x36, PASSIVE_LEVEL, (ULONG_PTR)&lock, 0,
                    "IrqlKeReleaseSpinLock");
    rule_run(1, release_twice_at_dispatch);
    assert_int_equal(rule_result.code, SPIN_LOCK_NOT_OWNED);
    assert_int_equal(rule_result.parameters[0], (ULONG_PTR)&lock);
}

/* ---- Families -------------------------------------------------------------------------------- */

static void acquire_plain_then_queued(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
}

static void acquire_queued_then_plain(void *context)
{
    (void)context;
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
    KeAcquireSpinLock(&lock, &old);
}

static void initialize_between_families(void *context)
{
    (void)context;
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
}

static void use_many_locks(void *context)
{
    static KSPIN_LOCK many[300];

    (void)context;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 300; i++) {
            KeAcquireSpinLock(&many[i], &old);
            KeReleaseSpinLock(&many[i], old);
        }
    }
    lock = 0;
    KeAcquireInStackQueuedSpinLock(&many[299], &handle);
}

static void acquire_for_dpc_then_queued(void *context)
{
    (void)context;
    old = KeAcquireSpinLockForDpc(&lock);
    KeReleaseSpinLockForDpc(&lock, old);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
}

static void mixed_families_are_found(void **state)
{
    (void)state;
    assert_verifier(acquire_for_dpc_then_queued, 0x1008, (ULONG_PTR)&lock, 0, 0, "SpinLockFamily");
    assert_verifier(acquire_plain_then_queued, 0x1008, (ULONG_PTR)&lock, 0, 0, "SpinLockFamily");
    assert_verifier(acquire_queued_then_plain, 0x1008, (ULONG_PTR)&lock, 0, 0, "SpinLockFamily");
    rule_run(1, use_many_locks);
    assert_int_equal(rule_result.parameters[0], 0x1008);
    lock = 0;
    assert_kept(initialize_between_families, 1);
}

static void release_from_dpc_level_what_raised(void *context)
{
    (void)context;
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLockFromDpcLevel(&lock);
}

static void release_with_irql_what_did_not_raise(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLock(&lock, old);
}

static void release_converted_as_shared(void *context)
{
    (void)context;
    old = ExAcquireSpinLockShared(&rwlock);
    if (ExTryConvertSharedSpinLockExclusive(&rwlock)) {
        ExReleaseSpinLockShared(&rwlock, old);
    }
}

static void release_as_acquired(void *context)
{
    (void)context;
    old = ExAcquireSpinLockShared(&rwlock);
    if (ExTryConvertSharedSpinLockExclusive(&rwlock)) {
        ExReleaseSpinLockExclusive(&rwlock, old);
    }
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    if (KeTryToAcquireSpinLockAtDpcLevel(&lock)) {
        KeReleaseSpinLock(&lock, DISPATCH_LEVEL);
    }
    if (KeTryToAcquireSpinLockAtDpcLevel(&lock)) {
        KeReleaseSpinLockFromDpcLevel(&lock);
    }
    ExAcquireSpinLockSharedAtDpcLevel(&rwlock);
    if (ExTryConvertSharedSpinLockExclusive(&rwlock)) {
        ExReleaseSpinLockExclusiveFromDpcLevel(&rwlock);
    }
    KeLowerIrql(old);
}

static void release_below_dispatch_what_was_tried_for(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &older);
    assert_true(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
}

static void wrong_release_routine_is_found(void **state)
{
    (void)state;
    assert_verifier(release_below_dispatch_what_was_tried_for, 0x1009, (ULONG_PTR)&lock, 0, 0,
                    "SpinLockRelease");
    lock = 0;
    assert_verifier(release_from_dpc_level_what_raised, 0x1009, (ULONG_PTR)&lock, 0, 0,
                    "SpinLockRelease");
    assert_report_has("never be restored");
    lock = 0;
    assert_verifier(release_with_irql_what_did_not_raise, 0x1009, (ULONG_PTR)&lock, 0, 0,
                    "SpinLockRelease");
    assert_verifier(release_converted_as_shared, 0x1009, (ULONG_PTR)&rwlock, 0, 0,
                    "SpinLockRelease");
}

static void right_release_routine_is_fine(void **state)
{
    (void)state;
    assert_kept(release_as_acquired, 1);
}

/* ---- NewIrql, owner, nesting ----------------------------------------------------------------- */

static void release_with_another_irql(void *context)
{
    (void)context;
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, APC_LEVEL);
}

static void release_outer_lock_first(void *context)
{
    (void)context;
    KeAcquireSpinLock(&lock, &old);
    KeAcquireSpinLock(&other_lock, &older);
    KeReleaseSpinLock(&lock, old);
}

static void exchange_the_irqls_of_two_locks(void *context)
{
    (void)context;
    KeAcquireSpinLock(&lock, &old);
    KeAcquireSpinLock(&other_lock, &older);
    KeReleaseSpinLock(&other_lock, old);
}

static void release_in_another_order_at_dispatch(void *context)
{
    KIRQL raised;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &raised);
    KeAcquireSpinLock(&lock, &old);
    KeAcquireSpinLock(&other_lock, &older);
    KeReleaseSpinLock(&lock, old);
    KeReleaseSpinLock(&other_lock, older);
    KeLowerIrql(raised);
}

static void wrong_new_irql_is_found(void **state)
{
    (void)state;
    assert_verifier(release_with_another_irql, 0x20015, (ULONG_PTR)&lock, APC_LEVEL, PASSIVE_LEVEL,
                    "IrqlKeReleaseSpinLock");
    lock = 0;
    assert_verifier(exchange_the_irqls_of_two_locks, 0x20015, (ULONG_PTR)&other_lock, PASSIVE_LEVEL,
                    DISPATCH_LEVEL, "IrqlKeReleaseSpinLock");
}

static void release_that_lowers_below_another_lock_is_found(void **state)
{
    (void)state;
    assert_broken(release_outer_lock_first, 1, SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)&other_lock, 0,
                  0, 0, "IrqlBelowHeldLock");
    lock = 0;
    other_lock = 0;
    assert_kept(release_in_another_order_at_dispatch, 1);
}

static void hold(void *context)
{
    (void)context;
    holder = KeGetCurrentThread();
    KeAcquireSpinLock(&lock, &old);
    InterlockedExchange(&step, 1);
    await(2);
}

static void release_what_another_processor_holds(void *context)
{
    (void)context;
    self = KeGetCurrentThread();
    dirql_thread_start("holder", 1, hold, NULL);
    await(1);
    KeRaiseIrql(DISPATCH_LEVEL, &older);
    KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
}

static VOID release_in_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeReleaseSpinLockFromDpcLevel(&lock);
}

static dirql_line *line;

static BOOLEAN release_in_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    KeReleaseSpinLockFromDpcLevel(&lock);
    dirql_line_deassert(line);
    return TRUE;
}

static void let_isr_release(void *context)
{
    PKINTERRUPT interrupt;

    (void)context;
    dirql_suppress("IrqlDispatchPedantic", NULL, "not what this is about");
    self = KeGetCurrentThread();
    dirql_thread_move(0);
    line = dirql_line_create(NULL);
    IoConnectInterrupt(&interrupt, release_in_isr, NULL, NULL, dirql_line_vector(line), 5, 5,
                       LevelSensitive, FALSE, 1, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
    dirql_line_assert(line);
    await_the_end();
}

static void hold_for_a_moment(void *context)
{
    (void)context;
    KeAcquireSpinLock(&lock, &older);
    InterlockedExchange(&step, 1);
    for (int i = 0; i < 50; i++) {
        YieldProcessor();
    }
    KeReleaseSpinLock(&lock, older);
}

static void wait_for_another_processor(void *context)
{
    dirql_thread *thread;

    (void)context;
    dirql_thread_move(0);
    KeInitializeSpinLock(&lock);
    thread = dirql_thread_start("holder", 1, hold_for_a_moment, NULL);
    await(1);
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
    dirql_thread_join(thread);
}

static void waiting_for_a_lock_is_fine(void **state)
{
    (void)state;
    assert_silent(wait_for_another_processor, 2, "SpinLockInit");
}

static void release_by_other_code_is_found(void **state)
{
    (void)state;
    assert_broken(release_what_another_processor_holds, 2, DRIVER_VERIFIER_DETECTED_VIOLATION,
                  0x1004, (ULONG_PTR)&lock, (ULONG_PTR)holder, (ULONG_PTR)self, "SpinLockOwner");
    lock = 0;
    assert_verifier(let_isr_release, 0x1004, (ULONG_PTR)&lock, (ULONG_PTR)self, (ULONG_PTR)self,
                    "SpinLockOwner");
}

static void read_twice_at_dispatch(void *context)
{
    (void)context;
    (void)ExAcquireSpinLockShared(&rwlock);
    (void)ExAcquireSpinLockShared(&rwlock);
}

static void write_and_read(void *context)
{
    (void)context;
    (void)ExAcquireSpinLockExclusive(&rwlock);
    ExAcquireSpinLockSharedAtDpcLevel(&rwlock);
}

static void read_twice(void *context)
{
    (void)context;
    old = ExAcquireSpinLockShared(&rwlock);
    ExAcquireSpinLockSharedAtDpcLevel(&rwlock);
}

static void second_shared_acquisition_is_found(void **state)
{
    (void)state;
    assert_verifier(read_twice, 0x1000, (ULONG_PTR)&rwlock, 0, 0, "SpinLockShared");
    rwlock = 0;
    assert_verifier(read_twice_at_dispatch, 0x1000, (ULONG_PTR)&rwlock, 0, 0, "SpinLockShared");
    rwlock = 0;
    rule_run(1, write_and_read); /* That is no second shared acquisition, but a deadlock. */
    assert_int_equal(rule_result.code, SPIN_LOCK_ALREADY_OWNED);
    assert_int_equal(rule_result.parameters[0], (ULONG_PTR)&rwlock);
}

/* ---- The end of the code that holds it ------------------------------------------------------- */

static VOID acquire_in_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeAcquireSpinLockAtDpcLevel(&lock);
}

static KDPC dpc;

static void run_dpc_that_keeps_the_lock(void *context)
{
    (void)context;
    self = KeGetCurrentThread();
    KeInitializeDpc(&dpc, acquire_in_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void run_dpc_that_releases_what_is_not_its_own(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, release_in_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void lock_held_at_the_end_is_found(void **state)
{
    (void)state;
    assert_verifier(run_dpc_that_keeps_the_lock, 0x100A, (ULONG_PTR)&lock, (ULONG_PTR)self, 0,
                    "SpinLockHeld");
    lock = 0;
    rule_run(1, run_dpc_that_releases_what_is_not_its_own);
    assert_int_equal(rule_result.code, SPIN_LOCK_NOT_OWNED);
}

static void end_with_the_lock(void *context)
{
    (void)context;
    self = KeGetCurrentThread();
    KeAcquireSpinLock(&lock, &old);
}

static void end_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
}

static void first_thread_ends_as_every_thread(void **state)
{
    (void)state;
    assert_verifier(end_with_the_lock, 0x100A, (ULONG_PTR)&lock, (ULONG_PTR)self, 0,
                    "SpinLockHeld");
    rule_run(1, end_at_dispatch);
    assert_int_equal(rule_result.code, IRQL_UNEXPECTED_VALUE);
    assert_int_equal(rule_result.parameters[0], DISPATCH_LEVEL << 16 | 1);
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(executive_lock_at_dirql_is_found, reset),
        cmocka_unit_test_setup(dpc_level_forms_below_dispatch_are_found, reset),
        cmocka_unit_test_setup(dpc_level_forms_above_dispatch_are_warned_of_once_each, reset),
        cmocka_unit_test_setup(second_release_is_found, reset),
        cmocka_unit_test_setup(mixed_families_are_found, reset),
        cmocka_unit_test_setup(wrong_release_routine_is_found, reset),
        cmocka_unit_test_setup(right_release_routine_is_fine, reset),
        cmocka_unit_test_setup(wrong_new_irql_is_found, reset),
        cmocka_unit_test_setup(release_that_lowers_below_another_lock_is_found, reset),
        cmocka_unit_test_setup(waiting_for_a_lock_is_fine, reset),
        cmocka_unit_test_setup(release_by_other_code_is_found, reset),
        cmocka_unit_test_setup(second_shared_acquisition_is_found, reset),
        cmocka_unit_test_setup(lock_held_at_the_end_is_found, reset),
        cmocka_unit_test_setup(first_thread_ends_as_every_thread, reset),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

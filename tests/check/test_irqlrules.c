/*
 * test_irqlrules.c - each rule about IRQL is found when it is broken, and not when it is kept.
 */
#include "rule.h"

static KIRQL old, older;
static KSPIN_LOCK lock;
static KDPC dpc;
static KEVENT event;

/* ---- Raising and lowering -------------------------------------------------------------------- */

static void raise_down(void *context)
{
    (void)context;
    KeRaiseIrql(5, &old);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
}

static void raise_too_high(void *context)
{
    (void)context;
    KeRaiseIrql(HIGH_LEVEL + 1, &old);
}

static void raise_to_dpc_level_from_dirql(void *context)
{
    (void)context;
    KeRaiseIrql(5, &old);
    KeRaiseIrqlToDpcLevel();
}

static void lower_up(void *context)
{
    (void)context;
    KeLowerIrql(DISPATCH_LEVEL);
}

static void lower_without_a_raise(void *context)
{
    (void)context;
    KeLowerIrql(PASSIVE_LEVEL);
}

static void lower_to_another_value(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeRaiseIrql(7, &older);
    KeLowerIrql(old);
}

static void lower_what_a_lock_raised(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    KeLowerIrql(old);
}

static void raise_and_lower_in_pairs(void *context)
{
    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
    KeRaiseIrql(7, &older);
    KeLowerIrql(older);
    older = KeRaiseIrqlToDpcLevel();
    KeLowerIrql(older);
    KeRaiseIrql(APC_LEVEL, &older);
    KeLowerIrql(older);
    KeLowerIrql(old);
}

static void raise_to_the_highest_level_twice(void *context)
{
    (void)context;
    KeRaiseIrql(HIGH_LEVEL, &old);
    KeRaiseIrql(HIGH_LEVEL, &older);
    KeLowerIrql(older);
    KeLowerIrql(old);
}

static void raising_below_the_current_level_is_found(void **state)
{
    (void)state;
    assert_verifier(raise_down, 0x30, 5, DISPATCH_LEVEL, 0, "IrqlKeRaiseLower");
    assert_verifier(raise_too_high, 0x30, PASSIVE_LEVEL, HIGH_LEVEL + 1, 0, "IrqlKeRaiseLower");
    assert_verifier(raise_to_dpc_level_from_dirql, 0x30, 5, DISPATCH_LEVEL, 0, "IrqlKeDispatchLte");
}

static void lowering_upward_is_found(void **state)
{
    (void)state;
    assert_verifier(lower_up, 0x31, PASSIVE_LEVEL, DISPATCH_LEVEL, 0, "IrqlKeRaiseLower");
}

static void lowering_that_undoes_no_raise_is_found(void **state)
{
    (void)state;
    assert_verifier(lower_without_a_raise, 0x31, PASSIVE_LEVEL, 0, 0, "IrqlKeRaiseLower2");
    assert_verifier(lower_to_another_value, 0x31, 7, 0, 0, "IrqlKeRaiseLower2");
    assert_report_has("returned 2");
}

static void lowering_below_a_held_lock_is_found(void **state)
{
    (void)state;
    assert_broken(lower_what_a_lock_raised, 1, SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)&lock, 0, 0, 0,
                  "IrqlBelowHeldLock");
}

static void raising_and_lowering_in_pairs_is_fine(void **state)
{
    (void)state;
    assert_kept(raise_and_lower_in_pairs, 1);
    assert_kept(raise_to_the_highest_level_twice, 1);
}

/* The weaker reading of the pages: a lowering is only not upward. */
static void lower_to_another_value_allowed(void *context)
{
    dirql_suppress("IrqlKeRaiseLower2", NULL, "this driver follows the page of KeRaiseIrql");
    lower_to_another_value(context);
    KeLowerIrql(PASSIVE_LEVEL);
}

static void strict_pairing_can_be_suppressed(void **state)
{
    (void)state;
    assert_kept(lower_to_another_value_allowed, 1);
}

static VOID lower_in_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeLowerIrql(PASSIVE_LEVEL);
}

static VOID raise_in_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeRaiseIrql(5, &old);
    KeLowerIrql(old);
}

static void run_dpc_that_lowers(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, lower_in_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void run_dpc_that_raises(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, raise_in_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void dpc_that_lowers_below_dispatch_is_found(void **state)
{
    (void)state;
    assert_verifier(run_dpc_that_lowers, 0x31, DISPATCH_LEVEL, PASSIVE_LEVEL, 1,
                    "IrqlKeRaiseLower");
    assert_kept(run_dpc_that_raises, 1);
}

/* A raise to APC_LEVEL stays with its thread, whoever runs meanwhile. */
static void wait_at_apc_level(void *context)
{
    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    KeLowerIrql(old);
}

static void raise_while_another_thread_waits(void *context)
{
    dirql_thread *thread;
    KIRQL own;

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    thread = dirql_thread_start("waiter", 0, wait_at_apc_level, NULL);
    dirql_time_advance_us(1);
    KeRaiseIrql(APC_LEVEL, &own);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeLowerIrql(own);
    dirql_thread_join(thread);
}

static void raises_belong_to_their_thread(void **state)
{
    (void)state;
    assert_kept(raise_while_another_thread_waits, 1);
}

/* ---- Ranges of services ---------------------------------------------------------------------- */

static void set_event_at_dirql(void *context)
{
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(5, &old);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
}

static void set_event_at_dispatch(void *context)
{
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeLowerIrql(old);
}

static void clear_event_at_dirql(void *context)
{
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(5, &old);
    KeClearEvent(&event);
}

static void flush_dpcs_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeFlushQueuedDpcs();
}

static void services_outside_their_range_are_found(void **state)
{
    (void)state;
    assert_verifier(set_event_at_dirql, 0x80, 5, (ULONG_PTR)&event, 0, "IrqlKeSetEvent");
    assert_report_has("KeSetEvent was called at DIRQL 5; it needs IRQL <= DISPATCH_LEVEL");
    assert_report_has("wdm: KeSetEvent");
    assert_verifier(clear_event_at_dirql, 0xE5, 5, (ULONG_PTR)&event, 0, "IrqlKeDispatchLte");
    assert_verifier(flush_dpcs_at_dispatch, 0xE5, DISPATCH_LEVEL, 0, 0, "IrqlKePassive");
}

static void services_inside_their_range_are_fine(void **state)
{
    (void)state;
    assert_kept(set_event_at_dispatch, 1);
}

static void checkers_off_means_off(void **state)
{
    const dirql_options retail = { .checks = DIRQL_CHECKS_NONE };

    (void)state;
    assert_int_equal(dirql_run(&retail, lower_without_a_raise, NULL, NULL), DIRQL_PASSED);
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
        cmocka_unit_test(raising_below_the_current_level_is_found),
        cmocka_unit_test(lowering_upward_is_found),
        cmocka_unit_test(lowering_that_undoes_no_raise_is_found),
        cmocka_unit_test(lowering_below_a_held_lock_is_found),
        cmocka_unit_test(raising_and_lowering_in_pairs_is_fine),
        cmocka_unit_test(strict_pairing_can_be_suppressed),
        cmocka_unit_test(dpc_that_lowers_below_dispatch_is_found),
        cmocka_unit_test(raises_belong_to_their_thread),
        cmocka_unit_test(services_outside_their_range_are_found),
        cmocka_unit_test(services_inside_their_range_are_fine),
        cmocka_unit_test(checkers_off_means_off),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

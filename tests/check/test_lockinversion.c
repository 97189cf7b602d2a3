/*
 * test_lockinversion.c - locks that an ISR or DPC could wait for on top of their holder, alone or
 * through another lock, found though nobody was interrupted.
 */
#include "rule.h"

#include <dirql/lock.h>

static KSPIN_LOCK lock, other;
static dirql_line *line;
static PKINTERRUPT interrupt;
static void (*in_isr)(void);

static BOOLEAN isr(PKINTERRUPT which, PVOID context)
{
    (void)which;
    (void)context;
    dirql_line_deassert(line);
    in_isr();
    return TRUE;
}

static void at_dpc_level(void)
{
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
}

static void try_at_dpc_level(void)
{
    if (KeTryToAcquireSpinLockAtDpcLevel(&lock)) {
        KeReleaseSpinLockFromDpcLevel(&lock);
    }
}

static ULONG sum;

static void add(void)
{
    (void)ExInterlockedAddUlong(&sum, 1, &lock);
}

static void nothing(void)
{
}

static void take_interrupt(void (*what)(void), KAFFINITY processors)
{
    in_isr = what;
    line = dirql_line_create(&(dirql_line_options){ .name = "uart", .irql = 5 });
    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 5, 5, LevelSensitive,
                       FALSE, processors, FALSE);
    dirql_line_assert(line);
    settle();
    IoDisconnectInterrupt(interrupt);
}

static void hold(void)
{
    KIRQL old;

    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
}

static void an_isr_acquires_what_a_thread_holds(void *context)
{
    (void)context;
    dirql_suppress("IrqlDispatchPedantic", NULL, "the inversion is the point");
    KeInitializeSpinLock(&lock);
    hold();
    take_interrupt(at_dpc_level, 1);
}

static void inversion_is_found_and_drawn(void **state)
{
    (void)state;
    rule_run_undisturbed(1, an_isr_acquires_what_a_thread_holds);
    assert_finding_is(0, 0, 0, 0, 0, "LockIrqlInversion");
    assert_report_has("  lock A: `lock`, initialized at an_isr_acquires_what_a_thread_holds");
    assert_report_has(": acquires A  ");
    assert_report_has("DIRQL 5  ISR isr: interrupts the holder of A");
    assert_report_has("DIRQL 5  ISR isr: waits for A, which CPU0 holds  at_dpc_level");
}

static void an_isr_tries(void *context)
{
    (void)context;
    dirql_suppress("IrqlDispatchPedantic", NULL, "the inversion is the point");
    KeInitializeSpinLock(&lock);
    hold();
    take_interrupt(try_at_dpc_level, 1);
}

static void hold_on_the_other(void *context)
{
    (void)context;
    hold();
}

static void an_isr_on_the_other_processor(void *context)
{
    (void)context;
    dirql_suppress("IrqlDispatchPedantic", NULL, "the inversion is the point");
    KeInitializeSpinLock(&lock);
    dirql_thread_join(dirql_thread_start("other", 1, hold_on_the_other, NULL));
    take_interrupt(at_dpc_level, 1);
}

/* The same memory, but another lock: nobody ever held this one. */
static void an_isr_acquires_what_has_begun_anew(void *context)
{
    (void)context;
    dirql_suppress("IrqlDispatchPedantic", NULL, "the inversion is the point");
    KeInitializeSpinLock(&lock);
    hold();
    KeInitializeSpinLock(&lock);
    take_interrupt(at_dpc_level, 1);
}

static void who_cannot_interrupt_the_holder_or_does_not_wait_is_no_inversion(void **state)
{
    (void)state;
    assert_silent(an_isr_tries, 1, "LockIrqlInversion");
    assert_silent(an_isr_on_the_other_processor, 2, "LockIrqlInversion");
    assert_silent(an_isr_acquires_what_has_begun_anew, 1, "LockIrqlInversion");
}

static void list_lock_at_two_levels(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    take_interrupt(add, 1);
    add();
    hold();
}

static void list_lock_for_lists_only(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    take_interrupt(add, 1);
    add();
}

static void exinterlocked_lock_of_an_isr_is_for_nothing_else(void **state)
{
    (void)state;
    rule_run(1, list_lock_at_two_levels);
    assert_finding_is(0, 0, 0, 0, 0, "ExInterlockedLock");
    assert_silent(list_lock_for_lists_only, 1, "ExInterlockedLock");
}

static BOOLEAN NTAPI under_the_interrupt_lock(PVOID context)
{
    (void)context;
    KeAcquireSpinLockAtDpcLevel(&other);
    KeReleaseSpinLockFromDpcLevel(&other);
    return TRUE;
}

static BOOLEAN NTAPI try_under_the_interrupt_lock(PVOID context)
{
    (void)context;
    if (KeTryToAcquireSpinLockAtDpcLevel(&other)) {
        KeReleaseSpinLockFromDpcLevel(&other);
    }
    return TRUE;
}

static void hold_other(void *context)
{
    KIRQL before;

    (void)context;
    KeAcquireSpinLock(&other, &before);
    KeReleaseSpinLock(&other, before);
}

/* An interrupt on these processors, a lock held at DISPATCH_LEVEL on that one, and a routine
 * under the interrupt's lock. */
static void chain(KAFFINITY processors, unsigned holder, PKSYNCHRONIZE_ROUTINE routine)
{
    dirql_suppress("IrqlDispatchPedantic", NULL, "the chain is the point");
    KeInitializeSpinLock(&other);
    dirql_lock_class(&other, "queue");
    in_isr = nothing;
    line = dirql_line_create(&(dirql_line_options){ .name = "uart", .irql = 5 });
    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 5, 5, LevelSensitive,
                       FALSE, processors, FALSE);
    dirql_line_assert(line);
    settle();
    dirql_thread_join(dirql_thread_start("holder", holder, hold_other, NULL));
    KeSynchronizeExecution(interrupt, routine, NULL);
    IoDisconnectInterrupt(interrupt);
}

static void a_chain_through_the_interrupt_lock(void *context)
{
    (void)context;
    chain(3, 0, under_the_interrupt_lock);
}

static void a_chain_with_a_try_in_it(void *context)
{
    (void)context;
    chain(3, 0, try_under_the_interrupt_lock);
}

static void the_interrupt_and_the_holder_are_apart(void *context)
{
    (void)context;
    chain(2, 0, under_the_interrupt_lock);
}

static BOOLEAN NTAPI call_holder(PVOID context)
{
    return under_the_interrupt_lock(context);
}

/* Whoever holds the other lock keeps the ISR out. */
static void the_other_lock_is_held_at_dirql_everywhere(void *context)
{
    (void)context;
    dirql_suppress("IrqlDispatchPedantic", NULL, "the chain is the point");
    KeInitializeSpinLock(&other);
    take_interrupt(nothing, 3);
    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 5, 5, LevelSensitive,
                       FALSE, 3, FALSE);
    dirql_line_assert(line);
    settle();
    KeSynchronizeExecution(interrupt, under_the_interrupt_lock, NULL);
    KeSynchronizeExecution(interrupt, call_holder, NULL);
    IoDisconnectInterrupt(interrupt);
}

static void chain_is_found_and_drawn(void **state)
{
    (void)state;
    rule_run_undisturbed(2, a_chain_through_the_interrupt_lock);
    assert_finding_is(0, 0, 0, 0, 0, "LockSafeUnsafe");
    assert_report_has("  lock A: the interrupt lock of line \"uart\"\n  lock B: \"queue\"\n");
    assert_report_has(": acquires B  hold_other");
    assert_report_has("ISR isr: waits for A, which CPU1 holds");
    assert_report_has(": waits for B, which CPU0 holds  under_the_interrupt_lock");
}

static void what_breaks_the_chain_silences_it(void **state)
{
    (void)state;
    assert_silent(a_chain_with_a_try_in_it, 2, "LockSafeUnsafe");
    assert_silent(the_interrupt_and_the_holder_are_apart, 2, "LockSafeUnsafe");
    assert_silent(the_other_lock_is_held_at_dirql_everywhere, 2, "LockSafeUnsafe");
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
        cmocka_unit_test(inversion_is_found_and_drawn),
        cmocka_unit_test(who_cannot_interrupt_the_holder_or_does_not_wait_is_no_inversion),
        cmocka_unit_test(exinterlocked_lock_of_an_isr_is_for_nothing_else),
        cmocka_unit_test(chain_is_found_and_drawn),
        cmocka_unit_test(what_breaks_the_chain_silences_it),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

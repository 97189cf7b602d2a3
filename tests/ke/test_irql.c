/*
 * test_irql.c - raising and lowering IRQL, with and without the checkers.
 */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>

static dirql_line *line;
static volatile LONG interrupts;
static unsigned dpcs;
static KIRQL dpc_irql;
static KDPC dpc;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    InterlockedIncrement(&interrupts);
    dirql_line_deassert(line);
    return TRUE;
}

static void await_interrupts(LONG number)
{
    while (ReadAcquire(&interrupts) < number) {
        YieldProcessor();
    }
}

/* To the processor of the caller, which stays there. */
static PKINTERRUPT interrupt;

static void connect(KIRQL irql)
{
    const dirql_line_options options = { .name = "device", .irql = irql, .processors = 1 };

    dirql_thread_move(0);
    interrupts = 0;
    line = dirql_line_create(&options);
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), irql,
                                        irql, LevelSensitive, FALSE, dirql_line_processors(line),
                                        FALSE),
                     STATUS_SUCCESS);
}

static VOID count_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    dpcs++;
    dpc_irql = KeGetCurrentIrql();
}

/* ---- What the calls do ----------------------------------------------------------------------- */

static void raise_returns_the_old_level_and_lower_restores_it(void **state)
{
    KIRQL first, second;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &first);
    KeRaiseIrql(7, &second);
    assert_int_equal(first, PASSIVE_LEVEL);
    assert_int_equal(second, DISPATCH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), 7);
    KeLowerIrql(second);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(first);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void raise_to_the_current_level_is_legal(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(PASSIVE_LEVEL, &old);
    assert_int_equal(old, PASSIVE_LEVEL);
    KeLowerIrql(old);
    KeRaiseIrql(HIGH_LEVEL, &old);
    assert_int_equal(KfRaiseIrql(HIGH_LEVEL), HIGH_LEVEL);
    KfLowerIrql(HIGH_LEVEL);
    KeLowerIrql(old);
}

static void named_raises_go_to_their_level(void **state)
{
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    KIRQL older;

    (void)state;
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_int_equal(KeRaiseIrqlToDpcLevel(), DISPATCH_LEVEL);
    KeLowerIrql(DISPATCH_LEVEL);
    older = KeRaiseIrqlToSynchLevel();
    assert_int_equal(older, DISPATCH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), SYNCH_LEVEL);
    KeLowerIrql(older);
    KeLowerIrql(old);
}

static void interrupt_waits_for_a_lower_irql(void **state)
{
    KIRQL old;

    (void)state;
    connect(7);
    KeRaiseIrql(7, &old);
    dirql_line_assert(line);
    assert_int_equal(interrupts, 0);
    KeLowerIrql(old);
    await_interrupts(1);
    KeRaiseIrql(6, &old);
    dirql_line_assert(line);
    await_interrupts(2);
    KeLowerIrql(old);
    IoDisconnectInterrupt(interrupt);
}

static void lowering_below_dispatch_runs_the_dpc_before_it_returns(void **state)
{
    KIRQL passive, dispatch;

    (void)state;
    dpcs = 0;
    KeInitializeDpc(&dpc, count_dpc, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &passive);
    KeRaiseIrql(9, &dispatch);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeLowerIrql(dispatch);
    assert_int_equal(dpcs, 0);
    KeLowerIrql(passive);
    assert_int_equal(dpcs, 1);
    assert_int_equal(dpc_irql, DISPATCH_LEVEL);
}

/* ---- What Windows bug-checks without any checker --------------------------------------------- */

static void raise_to_a_lower_level_is_bug_check_9(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(IRQL_NOT_GREATER_OR_EQUAL, 5, DISPATCH_LEVEL, 0, 0);
    KeRaiseIrql(5, &old);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
}

static void raise_above_high_level_is_bug_check_9(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(IRQL_NOT_GREATER_OR_EQUAL, PASSIVE_LEVEL, 16, 0, 0);
    KeRaiseIrql(16, &old);
}

static void raise_to_dpc_level_from_above_is_bug_check_9(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(IRQL_NOT_GREATER_OR_EQUAL, 5, DISPATCH_LEVEL, 0, 0);
    KeRaiseIrql(5, &old);
    KeRaiseIrqlToDpcLevel();
}

static void lower_to_a_higher_level_is_bug_check_a(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(IRQL_NOT_LESS_OR_EQUAL, PASSIVE_LEVEL, DISPATCH_LEVEL, 0, 0);
    KeLowerIrql(DISPATCH_LEVEL);
}

static void unpaired_lower_passes_on_a_retail_machine(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(7, &old);
    KeLowerIrql(DISPATCH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(PASSIVE_LEVEL);
}

#define RETAIL .checks = DIRQL_CHECKS_NONE

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(raise_returns_the_old_level_and_lower_restores_it),
        dirql_unit_test(raise_returns_the_old_level_and_lower_restores_it, RETAIL),
        dirql_unit_test(raise_to_the_current_level_is_legal),
        dirql_unit_test(raise_to_the_current_level_is_legal, RETAIL),
        dirql_unit_test(named_raises_go_to_their_level),
        dirql_unit_test(named_raises_go_to_their_level, RETAIL),
        dirql_unit_test(interrupt_waits_for_a_lower_irql),
        dirql_unit_test(interrupt_waits_for_a_lower_irql, RETAIL),
        dirql_unit_test(lowering_below_dispatch_runs_the_dpc_before_it_returns),
        dirql_unit_test(lowering_below_dispatch_runs_the_dpc_before_it_returns, RETAIL),
        dirql_unit_test(raise_to_a_lower_level_is_bug_check_9, RETAIL),
        dirql_unit_test(raise_above_high_level_is_bug_check_9, RETAIL),
        dirql_unit_test(raise_to_dpc_level_from_above_is_bug_check_9, RETAIL),
        dirql_unit_test(lower_to_a_higher_level_is_bug_check_a, RETAIL),
        dirql_unit_test(unpaired_lower_passes_on_a_retail_machine, RETAIL),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

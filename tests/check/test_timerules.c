/*
 * test_timerules.c - locks, ISRs, DPCs and stalls that take too long are warned of; short ones, and
 * time that others take, are not. A timer's period that is no period is found.
 */
#include "rule.h"

static dirql_line *line;
static KSPIN_LOCK lock;
static KDPC dpc;
static KIRQL old;
static ULONG stall_us;

/* In portions that are no finding by themselves. */
static void take(ULONG us)
{
    for (; us > 10; us -= 10) {
        KeStallExecutionProcessor(10);
    }
    KeStallExecutionProcessor(us);
}

static void hold_lock(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    for (volatile int i = 0; i < 2; i++) {
        KeAcquireSpinLock(&lock, &old);
        take(stall_us);
        KeReleaseSpinLock(&lock, old);
    }
}

static BOOLEAN slow_isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    take(stall_us);
    return TRUE;
}

static void interrupt_slow_isr(void *context)
{
    PKINTERRUPT interrupt;

    (void)context;
    line = dirql_line_create(NULL);
    IoConnectInterrupt(&interrupt, slow_isr, NULL, NULL, dirql_line_vector(line),
                       dirql_line_irql(line), dirql_line_irql(line), dirql_line_mode(line), FALSE,
                       dirql_line_processors(line), FALSE);
    dirql_line_assert(line);
    settle();
    IoDisconnectInterrupt(interrupt);
}

static VOID slow_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    take(stall_us);
}

static void run_slow_dpc(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, slow_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    settle();
}

static void stall(void *context)
{
    (void)context;
    KeStallExecutionProcessor(stall_us);
}

static void let_time_pass_with_a_lock(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    dirql_time_advance_ms(1);
    for (int i = 0; i < 100; i++) {
        YieldProcessor();
    }
    KeReleaseSpinLock(&lock, old);
}

static void lock_that_is_held_long_is_warned_of(void **state)
{
    (void)state;
    stall_us = 26;
    assert_warned(hold_lock, 1, 1, "SpinLockHeldLong");
    assert_report_has("held for 26 microseconds");
    stall_us = 25;
    assert_silent(hold_lock, 1, "SpinLockHeldLong");
    assert_silent(let_time_pass_with_a_lock, 1, "SpinLockHeldLong");
}

static volatile LONG step;

static void hold_until_the_end(void *context)
{
    KIRQL own;

    (void)context;
    KeAcquireSpinLock(&lock, &own);
    InterlockedExchange(&step, 1);
    await_the_end();
}

static void release_long_after_another_thread_acquired(void *context)
{
    (void)context;
    step = 0;
    KeInitializeSpinLock(&lock);
    dirql_thread_move(0);
    dirql_suppress("StallLong", NULL, "it is not about that");
    dirql_thread_start("holder", 1, hold_until_the_end, NULL);
    while (InterlockedCompareExchange(&step, 0, 0) == 0) {
        YieldProcessor();
    }
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    take(30);
    KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
}

static void time_is_counted_by_who_holds_the_lock(void **state)
{
    (void)state;
    rule_run(2, release_long_after_another_thread_acquired);
    assert_int_equal(rule_result.warnings, 0);
    assert_report_has("rule:  SpinLockOwner:");
}

static void long_isr_is_warned_of(void **state)
{
    (void)state;
    stall_us = 26;
    assert_warned(interrupt_slow_isr, 1, 1, "IsrLong");
    assert_report_has("ISR slow_isr took 26 microseconds");
    assert_report_has(", at slow_isr");
    stall_us = 25;
    assert_silent(interrupt_slow_isr, 1, "IsrLong");
}

static void long_dpc_is_warned_of(void **state)
{
    (void)state;
    stall_us = 101;
    assert_warned(run_slow_dpc, 1, 1, "DpcLong");
    stall_us = 100;
    assert_silent(run_slow_dpc, 1, "DpcLong");
}

static void long_stall_is_warned_of(void **state)
{
    (void)state;
    stall_us = 50;
    assert_warned(stall, 1, 1, "StallLong");
    stall_us = 49;
    assert_silent(stall, 1, "StallLong");
}

static void stall_strictly(void *context)
{
    dirql_escalate("StallLong");
    stall(context);
}

static void advice_can_be_made_an_error(void **state)
{
    (void)state;
    stall_us = 50;
    rule_run(1, stall_strictly);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("rule:  StallLong:");
}

/* ---- Periods --------------------------------------------------------------------------------- */

static KTIMER timer;
static LONG period_ms;
static ULONG coalescable_ms;
static LARGE_INTEGER in_an_hour = { .QuadPart = -36000000000 };

static void set_timer(void *context)
{
    (void)context;
    KeInitializeTimer(&timer);
    KeSetTimerEx(&timer, in_an_hour, period_ms, NULL);
    KeCancelTimer(&timer);
}

static void set_coalescable_timer(void *context)
{
    (void)context;
    KeInitializeTimer(&timer);
    KeSetCoalescableTimer(&timer, in_an_hour, coalescable_ms, 100, NULL);
    KeCancelTimer(&timer);
}

static void a_period_is_not_negative_and_not_above_the_most(void **state)
{
    (void)state;
    period_ms = -1;
    assert_error(set_timer, 1, "TimerPeriod");
    assert_report_has("KeSetTimerEx, at set_timer");
    period_ms = MINLONG;
    assert_error(set_timer, 1, "TimerPeriod");
    coalescable_ms = (ULONG)MAXLONG + 1;
    assert_error(set_coalescable_timer, 1, "TimerPeriod");
    assert_report_has("KeSetCoalescableTimer, at set_coalescable_timer");
    period_ms = 0;
    assert_silent(set_timer, 1, "TimerPeriod");
    period_ms = MAXLONG;
    assert_silent(set_timer, 1, "TimerPeriod");
    coalescable_ms = 0;
    assert_silent(set_coalescable_timer, 1, "TimerPeriod");
    coalescable_ms = MAXLONG;
    assert_silent(set_coalescable_timer, 1, "TimerPeriod");
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
        cmocka_unit_test(lock_that_is_held_long_is_warned_of),
        cmocka_unit_test(time_is_counted_by_who_holds_the_lock),
        cmocka_unit_test(long_isr_is_warned_of),
        cmocka_unit_test(long_dpc_is_warned_of),
        cmocka_unit_test(long_stall_is_warned_of),
        cmocka_unit_test(advice_can_be_made_an_error),
        cmocka_unit_test(a_period_is_not_negative_and_not_above_the_most),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

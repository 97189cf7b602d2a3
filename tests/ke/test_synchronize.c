/*
 * test_synchronize.c - KeSynchronizeExecution and the interrupt spin lock.
 */
#include "../settle.h"
#include "wire.h"

static const dirql_line_options at_7 = { .name = "device", .irql = 7 };

static struct wire wire;
static KSPIN_LOCK own_lock;
static struct {
    unsigned calls;
    KIRQL irql;
    PVOID context;
    BOOLEAN answer;
    void (*act)(void);
} routine;

static BOOLEAN synchronized(PVOID context)
{
    routine.calls++;
    routine.irql = KeGetCurrentIrql();
    routine.context = context;
    if (routine.act != NULL) {
        routine.act();
    }
    return routine.answer;
}

static int connect(void **state)
{
    (void)state;
    wire = (struct wire){ .lock = &own_lock };
    KeInitializeSpinLock(&own_lock);
    memset(&routine, 0, sizeof(routine));
    routine.answer = TRUE;
    wire_make(&wire, &at_7);
    return 0;
}

static void put_in_the_middle(void)
{
    dirql_line_assert(wire.line);
    YieldProcessor();
    assert_int_equal(wire.calls, 0);
}

/* ---- KeSynchronizeExecution ------------------------------------------------------------------ */

static void routine_runs_once_at_the_synchronize_irql_with_its_context(void **state)
{
    (void)state;
    KeSynchronizeExecution(wire.interrupt, synchronized, &wire);
    assert_int_equal(routine.calls, 1);
    assert_int_equal(routine.irql, 7);
    assert_ptr_equal(routine.context, &wire);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void result_is_that_of_the_routine(void **state)
{
    (void)state;
    assert_true(KeSynchronizeExecution(wire.interrupt, synchronized, NULL));
    routine.answer = FALSE;
    assert_false(KeSynchronizeExecution(wire.interrupt, synchronized, NULL));
}

static void isr_waits_until_the_routine_has_returned(void **state)
{
    (void)state;
    routine.act = put_in_the_middle;
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
    wire_settle();
    assert_int_equal(wire.calls, 1);
}

static void isr_that_waited_for_the_routine_runs_before_the_call_returns(void **state)
{
    (void)state;
    routine.act = put_in_the_middle;
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
    assert_int_equal(wire.calls, 1);
}

static void caller_gets_its_own_irql_back(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(5, &old);
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
    dirql_assert_irql(5);
    KeLowerIrql(old);
}

static void caller_may_be_at_the_synchronize_irql(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(7, &old);
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
    assert_int_equal(routine.calls, 1);
    dirql_assert_irql(7);
    KeLowerIrql(old);
}

static void caller_above_the_synchronize_irql_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKeSynchronizeExecution");
    KeRaiseIrql(8, &old);
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
    fail_msg("the IRQL was too high");
}

static void raise_and_forget(void)
{
    KIRQL old;

    KeRaiseIrql(9, &old);
}

static void routine_that_returns_at_another_irql_is_bug_check_c8(void **state)
{
    (void)state;
    routine.act = raise_and_forget;
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, 9 << 16 | 7 << 8 | 3, (ULONG_PTR)synchronized,
                               (ULONG_PTR)wire.interrupt, 0);
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
    fail_msg("the routine's IRQL was not checked");
}

static void synchronize_again(void)
{
    routine.act = NULL;
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
}

static void recursion_is_bug_check_f(void **state)
{
    (void)state;
    routine.act = synchronize_again;
    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)&own_lock, 0, 0, 0);
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
    fail_msg("the lock was taken twice");
}

static void synchronize_in_isr(struct wire *own)
{
    KeSynchronizeExecution(own->interrupt, synchronized, NULL);
}

static void synchronizing_with_oneself_in_the_isr_is_bug_check_f(void **state)
{
    (void)state;
    wire.act = synchronize_in_isr;
    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)&own_lock, 0, 0, 0);
    dirql_line_assert(wire.line);
    wire_settle();
    fail_msg("the ISR holds the lock already");
}

/* ---- Beside other processors ----------------------------------------------------------------- */

static struct {
    unsigned value;
    bool torn;
} shared;

static void add_one_slowly(void)
{
    const unsigned before = shared.value;

    KeStallExecutionProcessor(3);
    shared.torn = shared.torn || shared.value != before;
    shared.value = before + 1;
}

static void add_in_isr(struct wire *own)
{
    (void)own;
    add_one_slowly();
}

static void add_many(void *context)
{
    (void)context;
    for (unsigned i = 0; i < 30; i++) {
        KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
    }
}

static void assert_many(void)
{
    for (unsigned i = 0; i < 30; i++) {
        dirql_line_assert(wire.line);
    }
}

static void routine_never_runs_beside_the_isr_on_another_processor(void **state)
{
    dirql_thread *thread;

    (void)state;
    memset(&shared, 0, sizeof(shared));
    routine.act = add_one_slowly;
    wire.act = add_in_isr;
    thread = dirql_thread_start("adder", 1, add_many, NULL);
    assert_many();
    dirql_thread_join(thread);
    settle(); /* The ISR is slow. */
    assert_false(shared.torn);
    assert_int_equal(shared.value, 30 + (unsigned)wire.calls);
}

/* ---- The spin lock by itself ----------------------------------------------------------------- */

static void acquire_raises_to_the_synchronize_irql_and_release_restores(void **state)
{
    KIRQL old;

    (void)state;
    old = KeAcquireInterruptSpinLock(wire.interrupt);
    assert_int_equal(old, PASSIVE_LEVEL);
    dirql_assert_irql(7);
    dirql_line_assert(wire.line);
    assert_int_equal(wire.calls, 0);
    KeReleaseInterruptSpinLock(wire.interrupt, old);
    dirql_assert_irql(PASSIVE_LEVEL);
    wire_settle();
    assert_int_equal(wire.calls, 1);
}

static void acquiring_twice_is_bug_check_f(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)&own_lock, 0, 0, 0);
    KeAcquireInterruptSpinLock(wire.interrupt);
    KeAcquireInterruptSpinLock(wire.interrupt);
    fail_msg("the lock was taken twice");
}

static void releasing_what_is_not_held_is_bug_check_10(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(7, &old);
    dirql_expect_bugcheck_with(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)&own_lock, 0, 0, 0);
    KeReleaseInterruptSpinLock(wire.interrupt, old);
    fail_msg("nobody held the lock");
}

static void releasing_with_another_old_irql_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("KeReleaseInterruptSpinLock");
    KeAcquireInterruptSpinLock(wire.interrupt);
    KeReleaseInterruptSpinLock(wire.interrupt, APC_LEVEL);
    fail_msg("the IRQL was not that of the acquisition");
}

static void acquiring_above_the_synchronize_irql_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKeSynchronizeExecution");
    KeRaiseIrql(8, &old);
    KeAcquireInterruptSpinLock(wire.interrupt);
    fail_msg("the IRQL was too high");
}

static void acquiring_a_stale_interrupt_is_reported(void **state)
{
    (void)state;
    IoDisconnectInterrupt(wire.interrupt);
    dirql_expect_finding("InterruptPointer");
    KeAcquireInterruptSpinLock(wire.interrupt);
    fail_msg("the interrupt is disconnected");
}

#define TEST(f, ...) dirql_unit_test_setup_teardown(f, connect, wire_stop, __VA_ARGS__)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(routine_runs_once_at_the_synchronize_irql_with_its_context, .processors = 1),
        TEST(result_is_that_of_the_routine, .processors = 1),
        TEST(isr_waits_until_the_routine_has_returned, .processors = 1),
        TEST(isr_waits_until_the_routine_has_returned, .processors = 2),
        TEST(isr_that_waited_for_the_routine_runs_before_the_call_returns, .fixed = 1),
        TEST(caller_gets_its_own_irql_back, .processors = 1),
        TEST(caller_may_be_at_the_synchronize_irql, .processors = 1),
        TEST(caller_above_the_synchronize_irql_is_reported, .processors = 1),
        TEST(routine_that_returns_at_another_irql_is_bug_check_c8, .checks = DIRQL_CHECKS_NONE),
        TEST(recursion_is_bug_check_f, .processors = 1),
        TEST(synchronizing_with_oneself_in_the_isr_is_bug_check_f, .processors = 1),
        TEST(routine_never_runs_beside_the_isr_on_another_processor, .processors = 2),
        TEST(routine_never_runs_beside_the_isr_on_another_processor, .processors = 2,
             .mode = DIRQL_MODE_RANDOM, .seed = 7, .fixed = 1),
        TEST(acquire_raises_to_the_synchronize_irql_and_release_restores, .processors = 1),
        TEST(acquiring_twice_is_bug_check_f, .processors = 1),
        TEST(releasing_what_is_not_held_is_bug_check_10, .processors = 1),
        TEST(releasing_with_another_old_irql_is_reported, .processors = 1),
        TEST(acquiring_above_the_synchronize_irql_is_reported, .processors = 1),
        TEST(acquiring_a_stale_interrupt_is_reported, .processors = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

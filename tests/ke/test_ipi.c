/*
 * test_ipi.c - KeIpiGenericCall.
 */
#include "pair.h"

#include <dirql/line.h>

enum { MOST = 64 };

typedef struct scene {
    unsigned processors;
    volatile LONG calls[MOST];
    bool inside[MOST];
    volatile LONG met;
    KIRQL irql[MOST];
    volatile LONG left_high_level;
    volatile LONG too_early;
    dirql_line *line;
    volatile LONG isrs;
    KSPIN_LOCK lock;
} scene;

static scene s;

static int start(void **state)
{
    memset(&s, 0, sizeof(s));
    s.processors = KeQueryActiveProcessorCount(NULL);
    KeInitializeSpinLock(&s.lock);
    return pair_reset(state);
}

/* ---- What it does ---------------------------------------------------------------------------- */

static ULONG_PTR note(ULONG_PTR context)
{
    const ULONG number = KeGetCurrentProcessorNumber();

    s.irql[number] = KeGetCurrentIrql();
    InterlockedIncrement(&s.calls[number]);
    return context + number;
}

static void every_processor_runs_the_function_once_at_ipi_level(void **state)
{
    KIRQL old;
    ULONG here;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    here = KeGetCurrentProcessorNumber();
    assert_int_equal(KeIpiGenericCall(note, 1000), 1000 + here);
    dirql_assert_irql(DISPATCH_LEVEL);
    KeLowerIrql(old);
    for (unsigned i = 0; i < s.processors; i++) {
        assert_int_equal(s.calls[i], 1);
        assert_int_equal(s.irql[i], IPI_LEVEL);
    }
}

static void called_at_passive_level_it_returns_there(void **state)
{
    (void)state;
    (void)KeIpiGenericCall(note, 0);
    dirql_assert_irql(PASSIVE_LEVEL);
    for (unsigned i = 0; i < s.processors; i++) {
        assert_int_equal(s.calls[i], 1);
    }
}

/* Ends only if all processors are inside at once. */
static ULONG_PTR meet(ULONG_PTR context)
{
    InterlockedIncrement(&s.met);
    while (ReadAcquire(&s.met) < (LONG)s.processors) {
        YieldProcessor();
    }
    return context;
}

static void the_functions_run_side_by_side(void **state)
{
    (void)state;
    assert_int_equal(KeIpiGenericCall(meet, 7), 7);
    assert_int_equal(s.met, s.processors);
}

static void note_early(bool early)
{
    if (early) {
        InterlockedExchange(&s.too_early, 1);
    }
}

/* Until all the others wait for this processor. */
static void stay_at_high_level(void *context)
{
    KIRQL old;

    (void)context;
    KeRaiseIrql(HIGH_LEVEL, &old);
    pair_reach(1);
    pair_await_spinners(s.processors - 1);
    for (unsigned i = 0; i < s.processors; i++) {
        note_early(ReadAcquire(&s.calls[i]) != 0);
    }
    InterlockedExchange(&s.left_high_level, 1);
    KeLowerIrql(old);
}

static ULONG_PTR note_unless_high(ULONG_PTR context)
{
    note_early(!ReadAcquire(&s.left_high_level));
    return note(context);
}

static void nobody_runs_it_before_all_have_arrived(void **state)
{
    dirql_thread *thread;

    (void)state;
    dirql_thread_move(0);
    thread = dirql_thread_start("high", 1, stay_at_high_level, NULL);
    pair_await(1);
    (void)KeIpiGenericCall(note_unless_high, 0);
    assert_true(s.left_high_level);
    assert_false(s.too_early);
    assert_int_equal(s.calls[1], 1);
    dirql_thread_join(thread);
}

/* ---- Several callers ------------------------------------------------------------------------- */

enum { ROUNDS = 10 };

static ULONG_PTR count(ULONG_PTR context)
{
    InterlockedIncrement(&s.calls[KeGetCurrentProcessorNumber()]);
    YieldProcessor();
    return context;
}

static void call_often(void *context)
{
    for (ULONG_PTR i = 0; i < ROUNDS; i++) {
        assert_int_equal(KeIpiGenericCall(count, (ULONG_PTR)context + i), (ULONG_PTR)context + i);
    }
}

static void calls_of_several_processors_follow_each_other(void **state)
{
    dirql_thread *threads[MOST];

    (void)state;
    for (unsigned i = 0; i < s.processors; i++) {
        threads[i] = dirql_thread_start("caller", i, call_often, (void *)(ULONG_PTR)(i * 100));
    }
    for (unsigned i = 0; i < s.processors; i++) {
        dirql_thread_join(threads[i]);
    }
    for (unsigned i = 0; i < s.processors; i++) {
        assert_int_equal(s.calls[i], s.processors * ROUNDS);
    }
}

/* ---- Whom it interrupts ---------------------------------------------------------------------- */

static void spin_for_the_lock(void *context)
{
    KIRQL old;

    (void)context;
    pair_await(1);
    KeAcquireSpinLock(&s.lock, &old);
    pair_reach(2);
    KeReleaseSpinLock(&s.lock, old);
}

static void a_processor_that_spins_for_the_callers_lock_takes_part(void **state)
{
    dirql_thread *thread;
    KIRQL old;

    (void)state;
    dirql_thread_move(0);
    thread = dirql_thread_start("spinner", 1, spin_for_the_lock, NULL);
    KeAcquireSpinLock(&s.lock, &old);
    pair_reach(1);
    pair_await_spinners(1);
    (void)KeIpiGenericCall(note, 0);
    assert_int_equal(s.calls[1], 1);
    assert_int_equal(pair_step, 1);
    KeReleaseSpinLock(&s.lock, old);
    dirql_thread_join(thread);
    assert_int_equal(pair_step, 2);
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    dirql_line_deassert(s.line);
    InterlockedIncrement(&s.isrs);
    (void)KeIpiGenericCall(note, 0);
    dirql_assert_irql(9);
    return TRUE;
}

static void an_isr_may_call(void **state)
{
    PKINTERRUPT interrupt;

    (void)state;
    s.line = dirql_line_create(&(dirql_line_options){ .name = "device", .irql = 9 });
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(s.line), 9,
                                        9, LevelSensitive, FALSE, dirql_line_processors(s.line),
                                        FALSE),
                     STATUS_SUCCESS);
    dirql_line_assert(s.line);
    dirql_time_advance_ms(1);
    assert_int_equal(s.isrs, 1);
    for (unsigned i = 0; i < s.processors; i++) {
        assert_int_equal(s.calls[i], 1);
    }
    IoDisconnectInterrupt(interrupt);
}

static ULONG_PTR assert_line(ULONG_PTR context)
{
    const ULONG number = KeGetCurrentProcessorNumber();

    s.inside[number] = true;
    dirql_line_assert(s.line);
    for (int i = 0; i < 10; i++) {
        YieldProcessor();
    }
    s.inside[number] = false;
    return context;
}

static BOOLEAN quiet_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    dirql_line_deassert(s.line);
    note_early(s.inside[KeGetCurrentProcessorNumber()]);
    InterlockedIncrement(&s.isrs);
    return TRUE;
}

static void device_interrupts_wait_until_the_function_returns(void **state)
{
    PKINTERRUPT interrupt;

    (void)state;
    s.line = dirql_line_create(&(dirql_line_options){ .name = "device", .irql = 12 });
    assert_int_equal(IoConnectInterrupt(&interrupt, quiet_isr, NULL, NULL,
                                        dirql_line_vector(s.line), 12, 12, LevelSensitive, FALSE,
                                        dirql_line_processors(s.line), FALSE),
                     STATUS_SUCCESS);
    (void)KeIpiGenericCall(assert_line, 0);
    dirql_time_advance_ms(1);
    assert_false(s.too_early);
    assert_true(s.isrs >= 1);
    IoDisconnectInterrupt(interrupt);
}

/* ---- What a driver does wrong ---------------------------------------------------------------- */

static void called_at_ipi_level_it_is_found_by_the_checker(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKeIpi");
    KeRaiseIrql(IPI_LEVEL, &old);
    (void)KeIpiGenericCall(note, 0);
}

static void called_at_high_level_it_is_bug_check_9_without_the_checker(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(IRQL_NOT_GREATER_OR_EQUAL, HIGH_LEVEL, IPI_LEVEL, 0, 0);
    KeRaiseIrql(HIGH_LEVEL, &old);
    (void)KeIpiGenericCall(note, 0);
}

static ULONG_PTR lower(ULONG_PTR context)
{
    KeLowerIrql(DISPATCH_LEVEL);
    return context;
}

static void a_function_that_returns_lowered_is_bug_check_c8(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, DISPATCH_LEVEL << 16 | IPI_LEVEL << 8 | 3,
                               (ULONG_PTR)lower, 0, 0);
    (void)KeIpiGenericCall(lower, 0);
}

#define TEST(f, ...) dirql_unit_test_setup(f, start, __VA_ARGS__)
#define EVERYWHERE(f)                                                               \
    TEST(f, .processors = 1), TEST(f, .processors = 2), TEST(f, .processors = 8),   \
        TEST(f, .processors = 2, .mode = DIRQL_MODE_RANDOM, .seed = 1, .fixed = 1), \
        TEST(f, .processors = 8, .mode = DIRQL_MODE_RANDOM, .seed = 2, .fixed = 1), \
        TEST(f, .processors = 2, .checks = DIRQL_CHECKS_NONE)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVERYWHERE(every_processor_runs_the_function_once_at_ipi_level),
        EVERYWHERE(called_at_passive_level_it_returns_there),
        EVERYWHERE(the_functions_run_side_by_side),
        EVERYWHERE(calls_of_several_processors_follow_each_other),
        EVERYWHERE(an_isr_may_call),
        EVERYWHERE(device_interrupts_wait_until_the_function_returns),
        TEST(nobody_runs_it_before_all_have_arrived, .processors = 2),
        TEST(nobody_runs_it_before_all_have_arrived, .processors = 3, .mode = DIRQL_MODE_RANDOM,
             .seed = 3, .fixed = 1),
        TEST(a_processor_that_spins_for_the_callers_lock_takes_part, .processors = 2),
        TEST(a_processor_that_spins_for_the_callers_lock_takes_part, .processors = 3,
             .mode = DIRQL_MODE_RANDOM, .seed = 4, .fixed = 1),
        TEST(called_at_ipi_level_it_is_found_by_the_checker, .processors = 2),
        TEST(called_at_high_level_it_is_bug_check_9_without_the_checker, .processors = 2,
             .checks = DIRQL_CHECKS_NONE),
        TEST(a_function_that_returns_lowered_is_bug_check_c8, .processors = 1,
             .checks = DIRQL_CHECKS_NONE),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

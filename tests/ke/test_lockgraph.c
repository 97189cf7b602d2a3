/*
 * test_lockgraph.c - recursion and deadlock: found when they close, told with all places.
 */
#include "pair.h"

#include <dirql/line.h>

static KSPIN_LOCK locks[3];
static dirql_line *line;
static PKINTERRUPT interrupt;
static dirql_result result;

static void run(unsigned processors, void (*body)(void *))
{
    const dirql_options options = { .processors = processors };

    memset(locks, 0, sizeof(locks));
    pair_reset(NULL);
    dirql_result_free(&result);
    dirql_run(&options, body, NULL, &result);
}

#define assert_report_has(text) assert_non_null(strstr(result.report, text))

/* ---- Recursion ------------------------------------------------------------------------------- */

static void acquire_again(void *context)
{
    KIRQL old;

    (void)context;
    KeAcquireSpinLock(&locks[0], &old);
    KeAcquireSpinLockAtDpcLevel(&locks[0]);
    KeBugCheck(MANUALLY_INITIATED_CRASH); /* Not reached. */
}

static void recursion_names_both_places(void **state)
{
    (void)state;
    run(1, acquire_again);
    assert_int_equal(result.code, SPIN_LOCK_ALREADY_OWNED);
    assert_int_equal(result.parameters[0], (ULONG_PTR)&locks[0]);
    assert_report_has("CPU0 waits for a spin lock that it holds itself: taken at acquire_again");
    assert_report_has("wanted again at acquire_again");
}

static BOOLEAN want_own_lock_again(PVOID context)
{
    (void)context;
    return KeSynchronizeExecution(interrupt, want_own_lock_again, NULL);
}

static BOOLEAN quiet_isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    return TRUE;
}

static void connect(PKSERVICE_ROUTINE isr)
{
    static const dirql_line_options options = { .name = "device", .irql = 5, .processors = 1 };

    line = dirql_line_create(&options);
    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 5, 5, LevelSensitive,
                       FALSE, 1, FALSE);
}

static void synchronize_twice(void *context)
{
    (void)context;
    connect(quiet_isr);
    KeSynchronizeExecution(interrupt, want_own_lock_again, NULL);
}

static void recursion_of_an_interrupt_lock_is_found(void **state)
{
    (void)state;
    run(1, synchronize_twice);
    assert_int_equal(result.code, SPIN_LOCK_ALREADY_OWNED);
    assert_report_has("CPU0 waits for an interrupt lock that it holds itself");
}

/* ---- Deadlock -------------------------------------------------------------------------------- */

static unsigned circle;

/* Each takes its own lock, waits until all have theirs, and wants its neighbour's. */
static void want_the_neighbours(void *context)
{
    const unsigned own = (unsigned)(ULONG_PTR)context;
    KIRQL old;

    KeAcquireSpinLock(&locks[own], &old);
    InterlockedIncrement(&pair_step);
    pair_await((LONG)circle);
    KeAcquireSpinLockAtDpcLevel(&locks[(own + 1) % circle]);
    KeReleaseSpinLockFromDpcLevel(&locks[(own + 1) % circle]);
    KeReleaseSpinLock(&locks[own], old);
}

static void close_the_circle(void *context)
{
    static const char *const names[] = { "zeroth", "first", "second" };

    (void)context;
    dirql_thread_move(0);
    for (unsigned i = 1; i < circle; i++) {
        dirql_thread_start(names[i], i, want_the_neighbours, (void *)(ULONG_PTR)i);
    }
    want_the_neighbours((void *)0);
}

static void deadlock_names_who_waits_for_whom(void **state)
{
    (void)state;
    circle = 2;
    run(2, close_the_circle);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_report_has("2 processors wait for each other for ever.");
    assert_report_has("CPU0 (thread test) waits at want_the_neighbours");
    assert_report_has("CPU1 (thread first) waits at want_the_neighbours");
    assert_report_has("which CPU0 took at want_the_neighbours");
    assert_report_has("which CPU1 took at want_the_neighbours");
    assert_report_has(" is byte 8 of the variable `locks`");
    assert_report_has(" is the variable `locks`");
    assert_report_has("rule:  deadlock:");
}

static void deadlock_of_three_is_found(void **state)
{
    (void)state;
    circle = 3;
    run(3, close_the_circle);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_report_has("3 processors wait for each other for ever.");
    assert_report_has("CPU2 (thread second) waits at want_the_neighbours");
}

/* ---- An ISR on top of a processor that spins ------------------------------------------------- */

static bool isr_wants_the_lock;

static BOOLEAN slow_isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    pair_reach(2);
    pair_await_spinners(2);
    if (isr_wants_the_lock) {
        KeAcquireSpinLockAtDpcLevel(&locks[0]);
    }
    return TRUE;
}

static BOOLEAN nothing(PVOID context)
{
    (void)context;
    return TRUE;
}

/* Holds the lock that CPU0 spins on, and wants the lock of the ISR that interrupts that spin. */
static void synchronize_with_the_isr(void *context)
{
    KIRQL old;

    (void)context;
    KeAcquireSpinLock(&locks[0], &old);
    pair_reach(1);
    pair_await_spinners(1);
    dirql_line_assert(line);
    pair_await(2);
    KeSynchronizeExecution(interrupt, nothing, NULL);
    KeReleaseSpinLock(&locks[0], old);
}

static void spin_under_the_isr(void *context)
{
    dirql_thread *thread;
    KIRQL old;

    (void)context;
    dirql_thread_move(0);
    connect(slow_isr);
    thread = dirql_thread_start("other", 1, synchronize_with_the_isr, NULL);
    pair_await(1);
    KeAcquireSpinLock(&locks[0], &old);
    KeReleaseSpinLock(&locks[0], old);
    dirql_thread_join(thread);
    IoDisconnectInterrupt(interrupt);
}

static void isr_that_will_end_closes_no_circle(void **state)
{
    (void)state;
    isr_wants_the_lock = false;
    run(2, spin_under_the_isr);
    assert_string_equal(result.report, "");
    assert_int_equal(result.outcome, DIRQL_PASSED);
}

static void isr_that_wants_the_lock_too_closes_it(void **state)
{
    (void)state;
    isr_wants_the_lock = true;
    run(2, spin_under_the_isr);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_report_has("2 processors wait for each other for ever.");
    assert_report_has("CPU0 (ISR slow_isr) waits at slow_isr");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recursion_names_both_places),
        cmocka_unit_test(recursion_of_an_interrupt_lock_is_found),
        cmocka_unit_test(deadlock_names_who_waits_for_whom),
        cmocka_unit_test(deadlock_of_three_is_found),
        cmocka_unit_test(isr_that_will_end_closes_no_circle),
        cmocka_unit_test(isr_that_wants_the_lock_too_closes_it),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

/*
 * test_turns.c - who goes on, in mode first: interrupts at once, activations to their end, fair
 * turns for threads.
 */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <string.h>

static char order[64];
static volatile LONG flag, held;
static KSPIN_LOCK lock;

static PKINTERRUPT kept[8]; /* What connected() made. */
static unsigned kept_count;

static int start(void **state)
{
    (void)state;
    kept_count = 0;
    memset(order, 0, sizeof(order));
    flag = 0;
    held = 0;
    KeInitializeSpinLock(&lock);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    while (kept_count > 0) {
        IoDisconnectInterrupt(kept[--kept_count]);
    }
    return 0;
}

static void note(char letter)
{
    const size_t length = strlen(order);

    if (length < sizeof(order) - 1) {
        order[length] = letter;
    }
}

static BOOLEAN note_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    note((char)('0' + KeGetCurrentProcessorNumber()));
    return TRUE;
}

static dirql_line *connected(PKSERVICE_ROUTINE isr, KIRQL irql, KAFFINITY processors)
{
    dirql_line *line = dirql_line_create(
        &(dirql_line_options){ .irql = irql, .trigger = DIRQL_EDGE, .processors = processors });
    PKINTERRUPT interrupt;

    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), irql,
                                        irql, Latched, FALSE, processors, FALSE),
                     STATUS_SUCCESS);
    kept[kept_count++] = interrupt;
    return line;
}

static void an_interrupt_for_another_processor_is_taken_before_the_line_call_returns(void **state)
{
    (void)state;
    dirql_line_pulse(connected(note_isr, 5, 2));
    assert_string_equal(order, "1");
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
}

static void a_line_for_several_processors_goes_to_the_first(void **state)
{
    (void)state;
    dirql_line_pulse(connected(note_isr, 5, 6));
    assert_string_equal(order, "1");
}

static void a_masked_processor_keeps_its_interrupt_until_it_lowers(void **state)
{
    dirql_line *line = connected(note_isr, 5, 1);
    KIRQL old;

    (void)state;
    KeRaiseIrql(5, &old);
    dirql_line_pulse(line);
    assert_string_equal(order, "");
    KeLowerIrql(old);
    assert_string_equal(order, "0");
}

/* ---- Threads --------------------------------------------------------------------------------- */

static void raise_flag(void *context)
{
    (void)context;
    KeStallExecutionProcessor(3);
    InterlockedExchange(&flag, 1);
}

static void a_processor_that_polls_with_a_stall_lets_the_others_go_on(void **state)
{
    (void)state;
    dirql_thread_start("setter", 1, raise_flag, NULL);
    while (flag == 0) {
        KeStallExecutionProcessor(1);
    }
}

static void a_processor_that_polls_by_a_free_call_lets_the_others_go_on(void **state)
{
    (void)state;
    dirql_thread_start("setter", 1, raise_flag, NULL);
    while (InterlockedCompareExchange(&flag, 0, 0) == 0) {
    }
}

static void a_processor_that_yields_lets_the_others_go_on(void **state)
{
    (void)state;
    dirql_thread_start("setter", 1, raise_flag, NULL);
    while (flag == 0) {
        YieldProcessor();
    }
}

static void threads_of_one_processor_share_it_by_quantum(void **state)
{
    (void)state;
    dirql_thread_start("setter", 0, raise_flag, NULL);
    while (flag == 0) {
        KeStallExecutionProcessor(100);
    }
}

/* ---- Spinning -------------------------------------------------------------------------------- */

static void take_the_lock(void *context)
{
    KIRQL old;

    (void)context;
    while (held == 0) {
        KeStallExecutionProcessor(1);
    }
    InterlockedExchange(&flag, 1);
    KeAcquireSpinLock(&lock, &old);
    note('s');
    KeReleaseSpinLock(&lock, old);
}

static void wait_until_it_spins(void)
{
    while (flag == 0) {
        KeStallExecutionProcessor(1);
    }
    KeStallExecutionProcessor(50);
}

static void a_spinning_processor_gets_the_lock_after_its_release(void **state)
{
    dirql_thread *spinner;
    KIRQL old;

    (void)state;
    spinner = dirql_thread_start("spinner", 1, take_the_lock, NULL);
    KeAcquireSpinLock(&lock, &old);
    InterlockedExchange(&held, 1);
    wait_until_it_spins();
    note('h');
    KeReleaseSpinLock(&lock, old);
    dirql_thread_join(spinner);
    assert_string_equal(order, "hs");
}

static void a_spinning_processor_still_takes_interrupts(void **state)
{
    dirql_line *line = connected(note_isr, 5, 2);
    dirql_thread *spinner;
    KIRQL old;

    (void)state;
    spinner = dirql_thread_start("spinner", 1, take_the_lock, NULL);
    KeAcquireSpinLock(&lock, &old);
    InterlockedExchange(&held, 1);
    wait_until_it_spins();
    dirql_line_pulse(line);
    assert_string_equal(order, "1");
    KeReleaseSpinLock(&lock, old);
    dirql_thread_join(spinner);
    assert_string_equal(order, "1s");
}

static void use_once(void *context)
{
    KIRQL old;

    (void)context;
    KeAcquireSpinLock(&lock, &old);
    InterlockedExchange(&flag, 1);
    KeReleaseSpinLock(&lock, old);
}

static void a_lock_is_free_after_another_processor_used_it(void **state)
{
    KIRQL old;

    (void)state;
    dirql_thread_join(dirql_thread_start("other", 1, use_once, NULL));
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
}

/* ---- Activations ----------------------------------------------------------------------------- */

static BOOLEAN long_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    note('(');
    for (int i = 0; i < 5; i++) {
        KeQueryPerformanceCounter(NULL);
    }
    note(')');
    return TRUE;
}

static void an_activation_on_another_processor_runs_to_its_end_first(void **state)
{
    (void)state;
    dirql_line_pulse(connected(long_isr, 5, 2));
    note('t');
    assert_string_equal(order, "()t");
}

#define ON(processors_, f)                                                    \
    dirql_unit_test_setup_teardown(f, start, stop, .processors = processors_, \
                                   .mode = DIRQL_MODE_FIRST, .fixed = 1)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(2, an_interrupt_for_another_processor_is_taken_before_the_line_call_returns),
        ON(4, a_line_for_several_processors_goes_to_the_first),
        ON(1, a_masked_processor_keeps_its_interrupt_until_it_lowers),
        ON(2, a_processor_that_polls_with_a_stall_lets_the_others_go_on),
        ON(2, a_processor_that_polls_by_a_free_call_lets_the_others_go_on),
        ON(2, a_processor_that_yields_lets_the_others_go_on),
        ON(1, threads_of_one_processor_share_it_by_quantum),
        ON(2, a_spinning_processor_gets_the_lock_after_its_release),
        ON(2, a_spinning_processor_still_takes_interrupts),
        ON(2, a_lock_is_free_after_another_processor_used_it),
        ON(2, an_activation_on_another_processor_runs_to_its_end_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

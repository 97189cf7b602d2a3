/*
 * test_device.c - windows of simulated hardware, and what happens to it at a virtual time.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>

/* ---- Windows --------------------------------------------------------------------------------- */

static const dirql_device silent = { .name = "silent" };

static void device_without_callbacks_reads_as_all_ones_and_ignores_writes(void **state)
{
    (void)state;
    dirql_device_add_ports(&silent, 0x300, 4);
    WRITE_PORT_ULONG((PULONG)(ULONG_PTR)0x300, 0);
    assert_int_equal(READ_PORT_ULONG((PULONG)(ULONG_PTR)0x300), 0xFFFFFFFF);
}

static void machine_picks_addresses_that_do_not_overlap(void **state)
{
    const PHYSICAL_ADDRESS first = dirql_device_add_memory(&silent, 0, 0x1001);
    const PHYSICAL_ADDRESS second = dirql_device_add_memory(&silent, 0, 16);

    (void)state;
    assert_true(first.QuadPart != 0);
    assert_true(second.QuadPart >= first.QuadPart + 0x1001 ||
                second.QuadPart + 16 <= first.QuadPart);
}

static void add_overlapping(void *context)
{
    (void)context;
    dirql_device_add_ports(&silent, 0x300, 8);
    dirql_device_add_ports(&silent, 0x307, 1);
    dirql_fail(__FILE__, __LINE__, "the window was accepted");
}

static void add_empty(void *context)
{
    (void)context;
    dirql_device_add_memory(&silent, 0x1000, 0);
    dirql_fail(__FILE__, __LINE__, "the window was accepted");
}

static void add_null(void *context)
{
    (void)context;
    dirql_device_add_ports(NULL, 0x300, 1);
    dirql_fail(__FILE__, __LINE__, "the window was accepted");
}

static void is_refused_with(void (*body)(void *context), const char *words)
{
    dirql_result result;

    assert_int_equal(dirql_run(NULL, body, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, words));
    assert_null(strstr(result.report, "was accepted"));
    dirql_result_free(&result);
}

static void wrong_windows_are_refused(void **state)
{
    (void)state;
    is_refused_with(add_overlapping, "overlaps");
    is_refused_with(add_empty, "length is 0");
    is_refused_with(add_null, "`device` is NULL");
}

/* ---- Hardware may not call the kernel -------------------------------------------------------- */

static uint64_t call_kernel(void *context, uint64_t offset, unsigned bytes)
{
    KIRQL old;

    (void)context;
    (void)offset;
    (void)bytes;
    KeRaiseIrql(HIGH_LEVEL, &old);
    return 0;
}

static void callback_that_calls_the_kernel_is_reported(void **state)
{
    const dirql_device wrong = { .name = "wrong", .read = call_kernel };

    (void)state;
    dirql_device_add_ports(&wrong, 0x300, 1);
    dirql_expect_finding("device calls kernel");
    READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)0x300);
    fail_msg("hardware called the kernel");
}

/* ---- Stimuli --------------------------------------------------------------------------------- */

static unsigned happened;
static uint64_t happened_at_ns;
static dirql_line *line;

static void happen(void *context)
{
    happened++;
    happened_at_ns = dirql_time_ns();
    if (context != NULL) {
        dirql_line_assert(context);
    }
}

static int start(void **state)
{
    (void)state;
    happened = 0;
    happened_at_ns = 0;
    return 0;
}

static void stimulus_happens_after_its_delay_and_once(void **state)
{
    dirql_stimulus stimulus = { .happen = happen };

    (void)state;
    dirql_stimulus_after(&stimulus, 5000);
    dirql_time_advance_ns(4999);
    assert_int_equal(happened, 0);
    dirql_time_advance_ns(1);
    assert_int_equal(happened, 1);
    assert_int_equal(happened_at_ns, 5000);
    dirql_time_advance_ms(1);
    assert_int_equal(happened, 1);
}

static void stimulus_happens_at_its_time(void **state)
{
    dirql_stimulus stimulus = { .happen = happen };

    (void)state;
    dirql_stimulus_at(&stimulus, 123456);
    dirql_time_advance_ms(1);
    assert_int_equal(happened_at_ns, 123456);
}

static void stimulus_that_is_set_again_moves(void **state)
{
    dirql_stimulus stimulus = { .happen = happen };

    (void)state;
    dirql_stimulus_after(&stimulus, 1000);
    dirql_stimulus_after(&stimulus, 9000);
    dirql_time_advance_ms(1);
    assert_int_equal(happened, 1);
    assert_int_equal(happened_at_ns, 9000);
}

static void cancelled_stimulus_does_not_happen(void **state)
{
    dirql_stimulus stimulus = { .happen = happen };

    (void)state;
    assert_false(dirql_stimulus_cancel(&stimulus));
    dirql_stimulus_after(&stimulus, 1000);
    assert_true(dirql_stimulus_cancel(&stimulus));
    assert_false(dirql_stimulus_cancel(&stimulus));
    dirql_time_advance_ms(1);
    assert_int_equal(happened, 0);
}

static dirql_stimulus ticking;
static unsigned ticks;

static void tick(void *context)
{
    (void)context;
    if (++ticks < 5) {
        dirql_stimulus_after(&ticking, 1000);
    }
}

static void stimulus_may_set_itself_again(void **state)
{
    (void)state;
    ticks = 0;
    ticking = (dirql_stimulus){ .happen = tick };
    dirql_stimulus_after(&ticking, 1000);
    dirql_time_advance_ms(1);
    assert_int_equal(ticks, 5);
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    InterlockedIncrement(context);
    dirql_line_deassert(line);
    return TRUE;
}

static void stimulus_interrupts_a_thread_that_stalls(void **state)
{
    dirql_stimulus stimulus = { .happen = happen };
    PKINTERRUPT interrupt;
    volatile LONG calls = 0;

    (void)state;
    line = dirql_line_create(NULL);
    stimulus.context = line;
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, (void *)&calls, NULL,
                                        dirql_line_vector(line), dirql_line_irql(line),
                                        dirql_line_irql(line), LevelSensitive, FALSE, 1, FALSE),
                     STATUS_SUCCESS);
    dirql_stimulus_after(&stimulus, 10000);
    KeStallExecutionProcessor(9);
    assert_int_equal(ReadAcquire(&calls), 0);
    while (ReadAcquire(&calls) == 0) {
        KeStallExecutionProcessor(2);
    }
    IoDisconnectInterrupt(interrupt);
}

/* ---- Stimuli at once ------------------------------------------------------------------------- */

static volatile LONG interrupts;
static LONG interrupts_before_it_was_done;

static void assert_and_look(void *context)
{
    dirql_line_assert(context);
    interrupts_before_it_was_done = interrupts;
}

static void stimulus_at_once_interrupts_when_it_is_done(void **state)
{
    PKINTERRUPT interrupt;

    (void)state;
    interrupts = 0;
    line = dirql_line_create(NULL);
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, (void *)&interrupts, NULL,
                                        dirql_line_vector(line), dirql_line_irql(line),
                                        dirql_line_irql(line), LevelSensitive, FALSE, 1, FALSE),
                     STATUS_SUCCESS);
    dirql_stimulus_now(assert_and_look, line);
    assert_int_equal(interrupts_before_it_was_done, 0);
    while (ReadAcquire(&interrupts) == 0) {
        YieldProcessor();
    }
    IoDisconnectInterrupt(interrupt);
}

static void call_the_kernel(void *context)
{
    KIRQL old;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
}

static void stimulus_at_once_that_calls_the_kernel_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("device calls kernel");
    dirql_stimulus_now(call_the_kernel, NULL);
    fail_msg("it is hardware");
}

enum { ACCESSES = 500 };
static unsigned counted;
static volatile LONG all_read;

/* With a gap in the middle, for whoever could come in between. */
static void count(void *context)
{
    const unsigned before = counted;

    (void)context;
    for (volatile int i = 0; i < 1000; i++) {
    }
    counted = before + 1;
}

static uint64_t count_by_reading(void *context, uint64_t offset, unsigned bytes)
{
    (void)offset;
    (void)bytes;
    count(context);
    return 0;
}

static void read_often(void *context)
{
    (void)context;
    for (int i = 0; i < ACCESSES; i++) {
        READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)0x300);
    }
    InterlockedExchange(&all_read, 1);
}

static void stimulus_at_once_and_callbacks_come_one_after_another(void **state)
{
    dirql_thread *reader;
    unsigned own = 0;

    (void)state;
    counted = 0;
    all_read = 0;
    dirql_device_add_ports(&(dirql_device){ .name = "counter", .read = count_by_reading }, 0x300,
                           1);
    reader = dirql_thread_start("reader", 1, read_often, NULL);
    while (!ReadAcquire(&all_read)) {
        dirql_stimulus_now(count, NULL);
        own++;
    }
    dirql_thread_join(reader);
    assert_int_equal(counted, own + ACCESSES);
}

static dirql_stimulus forgotten;

static void set_and_end(void *context)
{
    (void)context;
    dirql_stimulus_after(&forgotten, 1000);
}

static void set_and_wait(void *context)
{
    (void)context;
    dirql_stimulus_after(&forgotten, 1000);
    dirql_time_advance_us(2);
}

static void stimulus_left_over_from_another_run_can_be_set_again(void **state)
{
    (void)state;
    happened = 0;
    forgotten = (dirql_stimulus){ .happen = happen };
    assert_int_equal(dirql_run(NULL, set_and_end, NULL, NULL), DIRQL_PASSED);
    assert_int_equal(happened, 0);
    assert_int_equal(dirql_run(NULL, set_and_wait, NULL, NULL), DIRQL_PASSED);
    assert_int_equal(happened, 1);
}

static void set_nothing(void *context)
{
    dirql_stimulus stimulus = { .context = context };

    dirql_stimulus_after(&stimulus, 1);
    dirql_fail(__FILE__, __LINE__, "it was accepted");
}

static void do_nothing_at_once(void *context)
{
    dirql_stimulus_now(NULL, context);
}

static void stimulus_without_a_routine_is_refused(void **state)
{
    (void)state;
    is_refused_with(set_nothing, "`happen` is NULL");
    is_refused_with(do_nothing_at_once, "dirql_stimulus_now: `happen` is NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(device_without_callbacks_reads_as_all_ones_and_ignores_writes),
        dirql_unit_test(machine_picks_addresses_that_do_not_overlap),
        cmocka_unit_test(wrong_windows_are_refused),
        dirql_unit_test(callback_that_calls_the_kernel_is_reported),
        dirql_unit_test_setup(stimulus_happens_after_its_delay_and_once, start),
        dirql_unit_test_setup(stimulus_happens_at_its_time, start),
        dirql_unit_test_setup(stimulus_that_is_set_again_moves, start),
        dirql_unit_test_setup(cancelled_stimulus_does_not_happen, start),
        dirql_unit_test(stimulus_may_set_itself_again),
        dirql_unit_test(stimulus_interrupts_a_thread_that_stalls),
        dirql_unit_test(stimulus_at_once_interrupts_when_it_is_done),
        dirql_unit_test(stimulus_at_once_that_calls_the_kernel_is_reported),
        dirql_unit_test(stimulus_at_once_and_callbacks_come_one_after_another, .processors = 2),
        cmocka_unit_test(stimulus_left_over_from_another_run_can_be_set_again),
        cmocka_unit_test(stimulus_without_a_routine_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

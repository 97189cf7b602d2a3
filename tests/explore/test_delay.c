/*
 * test_delay.c - code that is held up until something is due.
 */
#include <dirql/cmocka.h>
#include <dirql/clock.h>
#include <dirql/device.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOORBELL = 0x10, MICROSECOND = 10 }; /* The unit of system time is 100 ns. */

static DIRQL_KEEP dirql_result result;

static void free_result(void)
{
    dirql_result_free(&result);
    memset(&result, 0, sizeof(result));
}

static int end(void **state)
{
    (void)state;
    free_result();
    return 0;
}

static volatile LONG steps;

static void run(const dirql_options *options, void (*body)(void *context))
{
    steps = 0;
    free_result();
    (void)dirql_run(options, body, NULL, &result);
}

static void explore(unsigned delays, void (*body)(void *context))
{
    const dirql_options options = { .mode = DIRQL_MODE_EXPLORE, .delays = delays };

    run(&options, body);
}

#define assert_says(text, part)                               \
    do {                                                      \
        if (strstr(text, part) == NULL) {                     \
            fail_msg("\"%s\" is not said in:\n%s", part, text); \
        }                                                     \
    } while (0)

#define assert_explored(said)                           \
    do {                                                \
        if (result.outcome != DIRQL_PASSED) {           \
            fail_msg("%s", result.report);              \
        }                                               \
        assert_true(result.complete);                   \
        assert_says(result.coverage, said);             \
    } while (0)

/* ---- A device that answers after a while ----------------------------------------------------- */

static KEVENT answered;
static KDPC dpc;
static dirql_line *line;
static dirql_stimulus answer;

static void pulse(void *context)
{
    (void)context;
    dirql_line_pulse(line);
}

static void ring(void *context, uint64_t offset, unsigned bytes, uint64_t value)
{
    (void)context;
    (void)offset;
    (void)bytes;
    (void)value;
    dirql_stimulus_after(&answer, 20000);
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return TRUE;
}

static VOID set_answered(PKDPC which, PVOID context, PVOID a, PVOID b)
{
    (void)which;
    (void)context;
    (void)a;
    (void)b;
    KeSetEvent(&answered, IO_NO_INCREMENT, FALSE);
}

static PKINTERRUPT connect(void)
{
    PKINTERRUPT interrupt;

    answer.happen = pulse;
    KeInitializeEvent(&answered, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, set_answered, NULL);
    line = dirql_line_create(
        &(dirql_line_options){ .name = "mailbox", .irql = 5, .trigger = DIRQL_EDGE });
    dirql_device_add_ports(&(dirql_device){ .name = "mailbox", .write = ring }, DOORBELL, 1);
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 5, 5,
                                        Latched, FALSE, 1, FALSE),
                     STATUS_SUCCESS);
    return interrupt;
}

static void await_answer(void)
{
    LARGE_INTEGER timeout = { .QuadPart = -1000000 * MICROSECOND };

    if (KeWaitForSingleObject(&answered, Executive, KernelMode, FALSE, &timeout) !=
        STATUS_SUCCESS) {
        dirql_fail(__FILE__, __LINE__, "the answer was lost");
    }
}

static void clears_too_late(void *context)
{
    PKINTERRUPT interrupt = connect();

    (void)context;
    WRITE_PORT_UCHAR((PUCHAR)DOORBELL, 1);
    KeClearEvent(&answered);
    await_answer();
    IoDisconnectInterrupt(interrupt);
}

static void clears_in_time(void *context)
{
    PKINTERRUPT interrupt = connect();

    (void)context;
    KeClearEvent(&answered);
    WRITE_PORT_UCHAR((PUCHAR)DOORBELL, 1);
    await_answer();
    IoDisconnectInterrupt(interrupt);
}

static void an_answer_between_two_statements_is_found_with_a_delay(void **state)
{
    (void)state;
    explore(1, clears_too_late);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "is held up for 20 us");
    assert_says(result.repeat, "0 preemptions, 0 interrupts, 1 delay.");
}

static void who_is_in_time_is_not_held_to_be_late(void **state)
{
    (void)state;
    explore(3, clears_in_time);
    assert_explored("0 faults, <= 3 delays");
}

static void without_delays_the_coverage_says_that_there_were_none(void **state)
{
    (void)state;
    explore(0, clears_too_late);
    assert_explored("0 faults, 0 delays");
}

static void a_schedule_with_a_delay_can_be_replayed(void **state)
{
    dirql_options options = { .mode = DIRQL_MODE_REPLAY, .delays = 1 };
    char schedule[256];

    (void)state;
    explore(1, clears_too_late);
    snprintf(schedule, sizeof(schedule), "%s", result.schedule);
    options.replay = schedule;
    run(&options, clears_too_late);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "is held up for 20 us");
}

static void assert_drawn(dirql_mode mode)
{
    const dirql_options late = { .mode = mode, .runs = 200, .delays = 1 };
    const dirql_options never = { .mode = mode, .runs = 200 };

    run(&late, clears_too_late);
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.report, "is held up for 20 us");
    run(&never, clears_too_late);
    assert_int_equal(result.outcome, DIRQL_PASSED);
}

static void modes_that_draw_hold_up_only_whom_they_may(void **state)
{
    (void)state;
    assert_drawn(DIRQL_MODE_RANDOM);
    assert_drawn(DIRQL_MODE_PCT);
}

static void the_environment_allows_delays_and_the_replay_line_says_so(void **state)
{
    (void)state;
    setenv("DIRQL_DELAYS", "1", 1);
    explore(0, clears_too_late);
    unsetenv("DIRQL_DELAYS");
    assert_int_equal(result.outcome, DIRQL_FAILED);
    assert_says(result.repeat, "DIRQL_DELAYS=1 DIRQL_REPLAY=");
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

static void take_steps(void)
{
    for (unsigned i = 0; i < 3; i++) {
        InterlockedIncrement(&steps);
    }
}

static void count_steps(void *context)
{
    (void)context;
    take_steps();
}

static void where_nothing_is_due_there_is_no_delay(void **state)
{
    (void)state;
    explore(DIRQL_UNBOUNDED, count_steps);
    assert_explored("complete for <= 2 preemptions, <= 2 interrupts, 0 faults; no bound");
    assert_int_equal(result.schedules, 1);
}

static DIRQL_KEEP unsigned seen[2]; /* Bit n: a timer's DPC came after n steps. */
static KTIMER timers[2];
static KDPC timer_dpcs[2];

static VOID note_step(PKDPC which, PVOID context, PVOID a, PVOID b)
{
    (void)which;
    (void)a;
    (void)b;
    seen[(ULONG_PTR)context] |= 1u << steps;
}

static void set_timer(unsigned n, LONGLONG microseconds)
{
    KeInitializeTimer(&timers[n]);
    KeInitializeDpc(&timer_dpcs[n], note_step, (PVOID)(ULONG_PTR)n);
    KeSetTimer(&timers[n], (LARGE_INTEGER){ .QuadPart = -microseconds * MICROSECOND },
               &timer_dpcs[n]);
}

static void step_beside_two_timers(void *context)
{
    (void)context;
    set_timer(0, 100);
    set_timer(1, 200);
    take_steps();
    dirql_time_advance_us(1000);
}

static void assert_seen(unsigned delays, unsigned first, unsigned second)
{
    seen[0] = 0;
    seen[1] = 0;
    explore(delays, step_beside_two_timers);
    assert_int_equal(result.outcome, DIRQL_PASSED);
    assert_int_equal(seen[0], first);
    assert_int_equal(seen[1], second);
}

static void what_is_due_comes_anywhere_as_far_as_there_are_delays(void **state)
{
    (void)state;
    assert_seen(0, 1u << 3, 1u << 3);
    assert_seen(1, 0xF, 1u << 3);
    assert_seen(2, 0xF, 0xF);
}

/* ---- At raised IRQL -------------------------------------------------------------------------- */

static dirql_stimulus event;
static DIRQL_KEEP unsigned happened_after; /* Bit n: after n steps. */

static void note_happening(void *context)
{
    (void)context;
    happened_after |= 1u << steps;
}

static void step_at_dispatch_level(uint64_t due_ns)
{
    KIRQL irql;

    event.happen = note_happening;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dirql_stimulus_after(&event, due_ns);
    take_steps();
    dirql_stimulus_cancel(&event);
    KeLowerIrql(irql);
}

static void step_before_what_is_soon(void *context)
{
    (void)context;
    step_at_dispatch_level(10u * 1000 * 1000);
}

static void step_before_what_is_far(void *context)
{
    (void)context;
    step_at_dispatch_level(10u * 1000 * 1000 + 1);
}

static void raised_code_is_held_up_for_ten_milliseconds_at_most(void **state)
{
    (void)state;
    happened_after = 0;
    explore(1, step_before_what_is_soon);
    assert_int_equal(happened_after, 0x7);
    happened_after = 0;
    explore(1, step_before_what_is_far);
    assert_int_equal(happened_after, 0);
}

/* ---- A timeout ------------------------------------------------------------------------------- */

static DIRQL_KEEP unsigned statuses; /* Bit 0: the wait was satisfied; bit 1: it timed out. */

static VOID wait_a_moment(PVOID context)
{
    LARGE_INTEGER timeout = { .QuadPart = -1000 * MICROSECOND };

    (void)context;
    statuses |= KeWaitForSingleObject(&answered, Executive, KernelMode, FALSE, &timeout) ==
                        STATUS_SUCCESS
                    ? 1u
                    : 2u;
}

static void set_beside_a_timed_wait(void *context)
{
    dirql_thread *waiter;

    (void)context;
    KeInitializeEvent(&answered, SynchronizationEvent, FALSE);
    waiter = dirql_thread_start("waiter", DIRQL_ANY_PROCESSOR, wait_a_moment, NULL);
    YieldProcessor();
    InterlockedIncrement(&steps);
    KeSetEvent(&answered, IO_NO_INCREMENT, FALSE);
    dirql_thread_join(waiter);
}

static void a_timeout_may_come_before_what_was_waited_for(void **state)
{
    (void)state;
    statuses = 0;
    explore(0, set_beside_a_timed_wait);
    assert_int_equal(statuses, 1);
    statuses = 0;
    explore(1, set_beside_a_timed_wait);
    assert_int_equal(statuses, 1 | 2);
}

/* ---- Bad input ------------------------------------------------------------------------------- */

static void an_absurd_number_of_delays_is_refused(void **state)
{
    (void)state;
    explore((unsigned)-7, count_steps);
    assert_int_equal(result.outcome, DIRQL_REFUSED);
    assert_says(result.report, "option delays is 4294967289 (-7)");
    setenv("DIRQL_DELAYS", "some", 1);
    explore(0, count_steps);
    unsetenv("DIRQL_DELAYS");
    assert_int_equal(result.outcome, DIRQL_REFUSED);
    assert_says(result.report, "DIRQL_DELAYS is \"some\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_between_two_statements_is_found_with_a_delay),
        cmocka_unit_test(who_is_in_time_is_not_held_to_be_late),
        cmocka_unit_test(without_delays_the_coverage_says_that_there_were_none),
        cmocka_unit_test(a_schedule_with_a_delay_can_be_replayed),
        cmocka_unit_test(modes_that_draw_hold_up_only_whom_they_may),
        cmocka_unit_test(the_environment_allows_delays_and_the_replay_line_says_so),
        cmocka_unit_test(where_nothing_is_due_there_is_no_delay),
        cmocka_unit_test(what_is_due_comes_anywhere_as_far_as_there_are_delays),
        cmocka_unit_test(raised_code_is_held_up_for_ten_milliseconds_at_most),
        cmocka_unit_test(a_timeout_may_come_before_what_was_waited_for),
        cmocka_unit_test(an_absurd_number_of_delays_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}

/*
 * test_run.c - how runs end: with the body, with a fault, in a loop, or in a standstill.
 */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../threadsanitizer.h"

/* Runs the body and asserts that it fails with `reason` in the report. */
static void assert_fails(const dirql_options *options, void (*body)(void *context), uint32_t code,
                         const char *reason)
{
    dirql_result result;

    assert_int_equal(dirql_run(options, body, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.errors, 1);
    assert_int_equal(result.code, code);
    if (strstr(result.report, reason) == NULL) {
        fail_msg("the report does not say \"%s\":\n%s", reason, result.report);
    }
    dirql_result_free(&result);
}

static void nothing(void *context)
{
    (void)context;
}

/* ---- The ordinary end ------------------------------------------------------------------------ */

static void note_irql_and_processor(void *context)
{
    int *seen = context;

    seen[0] = KeGetCurrentIrql();
    seen[1] = (int)KeGetCurrentProcessorNumber();
}

static void the_body_runs_at_passive_level_on_processor_0(void **state)
{
    int seen[2] = { -1, -1 };

    (void)state;
    assert_int_equal(dirql_run(NULL, note_irql_and_processor, seen, NULL), DIRQL_PASSED);
    assert_int_equal(seen[0], PASSIVE_LEVEL);
    assert_int_equal(seen[1], 0);
}

static void a_clean_run_has_an_empty_report(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(NULL, nothing, NULL, &result), DIRQL_PASSED);
    assert_string_equal(result.report, "");
    assert_int_equal(result.errors, 0);
    dirql_result_free(&result);
}

static void runs_leave_nothing_behind_for_the_next(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        assert_int_equal(dirql_run(&(dirql_options){ .processors = 2 }, nothing, NULL, NULL),
                         DIRQL_PASSED);
    }
}

static int starts_and_ends;

static void short_thread(void *context)
{
    (void)context;
    starts_and_ends++;
}

static void start_many_threads(void *context)
{
    (void)context;
    for (int i = 0; i < 500; i++) {
        dirql_thread_join(dirql_thread_start("short", DIRQL_ANY_PROCESSOR, short_thread, NULL));
    }
}

static void many_threads_may_come_and_go(void **state)
{
    (void)state;
    starts_and_ends = 0;
    assert_int_equal(dirql_run(NULL, start_many_threads, NULL, NULL), DIRQL_PASSED);
    assert_int_equal(starts_and_ends, 500);
}

/* ---- Errands --------------------------------------------------------------------------------- */

static void count(void *counter)
{
    ++*(int *)counter;
}

static void send_home(void *context)
{
    int *counts = context;

    dirql_at_home_foretold(count, &counts[0], DIRQL_ENDING_UNKNOWN, NULL);
    dirql_at_home_foretold(count, &counts[1], DIRQL_ENDING_RETURNS, NULL);
    dirql_at_home_foretold(count, &counts[2], DIRQL_ENDING_PASSES, NULL);
}

static void an_assertion_that_holds_is_not_carried_home(void **state)
{
    static int counts[3]; /* As new in each run: mode pct makes two. */

    (void)state;
    assert_int_equal(dirql_run(NULL, send_home, counts, NULL), DIRQL_PASSED);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[2], 0);
}

/* ---- Faults in driver code ------------------------------------------------------------------- */

/* The fault itself is wanted, not a sanitizer's word on it. */
#define UNCHECKED __attribute__((noinline, no_sanitize("address", "undefined")))

static int *volatile null_pointer;
static void (*volatile null_routine)(void);
static volatile int zero;

UNCHECKED static void write_to_null(void *context)
{
    (void)context;
    *null_pointer = 1;
}

UNCHECKED static void write_to_null_at_dispatch(void *context)
{
    KIRQL old;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    *null_pointer = 1;
}

UNCHECKED static void call_null(void *context)
{
    (void)context;
    null_routine();
}

UNCHECKED static void divide_by_zero(void *context)
{
    (void)context;
    zero = 100 / zero;
}

UNCHECKED static int recurse(volatile char *above)
{
    volatile char frame[4096];

    frame[0] = *above;
    return zero == 0 ? recurse(frame) + frame[100] : 0;
}

static void overflow_the_stack(void *context)
{
    volatile char first = 0;

    (void)context;
    recurse(&first);
}

enum { LARGE = 1500 * 1024, MEDIUM = 400 * 1024 };

static volatile char *volatile touched; /* So that no compiler makes less of a frame than it is. */

UNCHECKED static __attribute__((noinline)) void have_a_medium_frame(void *context)
{
    volatile char frame[MEDIUM];

    (void)context;
    touched = frame;
    frame[0] = 1;
    touched = NULL;
}

UNCHECKED static __attribute__((noinline)) void have_a_large_frame(void *context)
{
    volatile char frame[LARGE];

    (void)context;
    touched = frame;
    frame[0] = 1;
    touched = NULL;
}

/* It touches nothing of its frame but the end near its caller. */
UNCHECKED static __attribute__((noinline)) void call_from_a_large_frame(void *context)
{
    volatile char frame[MEDIUM];

    (void)context;
    touched = frame;
    frame[MEDIUM - 1] = 1;
    KeQueryTimeIncrement();
    touched = NULL;
}

UNCHECKED static BOOLEAN faulting_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    *null_pointer = 1;
    return TRUE;
}

static dirql_line *connected(PKSERVICE_ROUTINE isr)
{
    dirql_line *line =
        dirql_line_create(&(dirql_line_options){ .name = "isr", .irql = 7, .trigger = DIRQL_EDGE });
    PKINTERRUPT interrupt;

    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7,
                                        Latched, FALSE, dirql_line_processors(line), FALSE),
                     STATUS_SUCCESS);
    return line;
}

static void wait_for_nothing(void *context)
{
    KEVENT event;

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

/* The ISR ends the run, if it comes late and on another processor, too. */
static void interrupt_and_wait(PKSERVICE_ROUTINE isr)
{
    dirql_line_pulse(connected(isr));
    wait_for_nothing(NULL);
}

static void fault_in_isr(void *context)
{
    (void)context;
    interrupt_and_wait(faulting_isr);
}

static void a_write_through_null_at_passive_level_is_an_access_violation(void **state)
{
    (void)state;
    assert_fails(NULL, write_to_null, KMODE_EXCEPTION_NOT_HANDLED, "write to address 0x0");
}

static void a_write_through_null_at_dispatch_level_is_bug_check_d1(void **state)
{
    (void)state;
    assert_fails(NULL, write_to_null_at_dispatch, DRIVER_IRQL_NOT_LESS_OR_EQUAL,
                 "write to address 0x0");
}

static void a_call_of_null_is_a_finding(void **state)
{
    (void)state;
    assert_fails(NULL, call_null, KMODE_EXCEPTION_NOT_HANDLED, "call of address 0x0");
}

static void a_division_by_zero_is_a_finding(void **state)
{
    (void)state;
    assert_fails(NULL, divide_by_zero, KMODE_EXCEPTION_NOT_HANDLED, "division by zero");
}

static void a_stack_overflow_is_a_finding(void **state)
{
    (void)state;
    assert_fails(NULL, overflow_the_stack, UNEXPECTED_KERNEL_MODE_TRAP, "stack overflow");
}

static void a_frame_larger_than_the_stack_does_not_step_over_its_end(void **state)
{
    const dirql_options options = { .stack_bytes = 256 * 1024 };

    (void)state;
    assert_fails(&options, have_a_medium_frame, UNEXPECTED_KERNEL_MODE_TRAP,
                 "stack overflow in `have_a_medium_frame`");
    assert_fails(&options, have_a_large_frame, UNEXPECTED_KERNEL_MODE_TRAP,
                 "stack overflow in `have_a_large_frame`");
    assert_fails(&options, call_from_a_large_frame, UNEXPECTED_KERNEL_MODE_TRAP,
                 "stack overflow in `call_from_a_large_frame`");
}

static void a_fault_in_an_isr_names_it(void **state)
{
    (void)state;
    assert_fails(NULL, fault_in_isr, DRIVER_IRQL_NOT_LESS_OR_EQUAL, "faulting_isr");
}

static BOOLEAN aborting_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    abort();
}

static void abort_in_isr(void *context)
{
    (void)context;
    interrupt_and_wait(aborting_isr);
}

static void an_abort_in_an_isr_is_a_finding_and_the_process_goes_on(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_fails(NULL, abort_in_isr, 0, "abort() was called in `ISR aborting_isr`, IRQL 7");
    }
}

static BOOLEAN raising_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    raise(SIGSEGV);
    return TRUE;
}

static void raise_in_isr(void *context)
{
    (void)context;
    interrupt_and_wait(raising_isr);
}

static void a_signal_that_the_code_sends_itself_is_no_access(void **state)
{
    (void)state;
    assert_fails(NULL, raise_in_isr, 0, "raise(SIGSEGV) was called in `ISR raising_isr`, IRQL 7");
    assert_fails(NULL, raise_in_isr, 0, ", at raising_isr");
}

static void expect_the_fault(void *context)
{
    dirql_expect_bugcheck_with(DRIVER_IRQL_NOT_LESS_OR_EQUAL, 0, DISPATCH_LEVEL, 1, DIRQL_ANY);
    write_to_null_at_dispatch(context);
}

static void a_fault_can_be_expected_with_its_parameters(void **state)
{
    (void)state;
    assert_int_equal(dirql_run(NULL, expect_the_fault, NULL, NULL), DIRQL_PASSED);
}

/* ---- Loops ----------------------------------------------------------------------------------- */

static BOOLEAN endless_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    while (zero == 0) {
    }
    return TRUE;
}

static void loop_in_isr(void *context)
{
    (void)context;
    interrupt_and_wait(endless_isr);
}

static void an_isr_that_never_returns_and_calls_nothing_is_a_livelock(void **state)
{
    skip_under_thread_sanitizer(); /* It puts signals off for ever in a loop that calls nothing. */
    (void)state;
    assert_fails(&(dirql_options){ .watchdog_ms = 50 }, loop_in_isr, 0,
                 "livelock in `ISR endless_isr`, IRQL 7");
}

static BOOLEAN polling_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    while (zero == 0) {
        KeStallExecutionProcessor(50);
    }
    return TRUE;
}

static void poll_in_isr(void *context)
{
    (void)context;
    interrupt_and_wait(polling_isr);
}

static void an_isr_that_polls_for_ever_is_a_livelock_in_virtual_time(void **state)
{
    (void)state;
    assert_fails(NULL, poll_in_isr, DPC_WATCHDOG_VIOLATION, "livelock in `ISR polling_isr`, IRQL 7");
}

static void poll_for_ever(void *context)
{
    (void)context;
    while (zero == 0) {
        KeStallExecutionProcessor(1000);
    }
}

static void a_thread_that_polls_for_ever_meets_the_time_limit(void **state)
{
    (void)state;
    assert_fails(&(dirql_options){ .busy_limit_s = 20 }, poll_for_ever, 0,
                 "more than 20 virtual seconds");
}

/* ---- Standstills ----------------------------------------------------------------------------- */

static void a_wait_that_nobody_can_end_is_a_deadlock(void **state)
{
    (void)state;
    assert_fails(NULL, wait_for_nothing, 0, "deadlock: nothing can run");
}

static VOID tick(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
}

static void wait_beside_a_timer(void *context)
{
    static KTIMER timer;
    static KDPC dpc;
    LARGE_INTEGER due = { .QuadPart = -10000 };

    KeInitializeDpc(&dpc, tick, NULL);
    KeInitializeTimer(&timer);
    KeSetTimerEx(&timer, due, 10, &dpc);
    wait_for_nothing(context);
}

static void a_wait_beside_periodic_timers_only_is_a_lost_wake_up(void **state)
{
    (void)state;
    assert_fails(NULL, wait_beside_a_timer, 0, "lost wake-up");
}

/* ---- Strangers ------------------------------------------------------------------------------- */

static void *call_the_kernel(void *argument)
{
    KIRQL old;

    (void)argument;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    return NULL;
}

static void let_a_stranger_call(void *context)
{
    pthread_t thread;

    (void)context;
    pthread_create(&thread, NULL, call_the_kernel, NULL);
    pthread_join(thread, NULL);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void a_kernel_call_from_a_foreign_host_thread_fails_the_run(void **state)
{
    (void)state;
    assert_fails(NULL, let_a_stranger_call, 0,
                 "KeRaiseIrql was called from a host thread that the machine does "
                 "not know");
}

static uint64_t calling_device(void *context, uint64_t offset, unsigned bytes)
{
    KIRQL old;

    (void)context;
    (void)offset;
    (void)bytes;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    return 0;
}

static void read_the_calling_device(void *context)
{
    (void)context;
    dirql_device_add_ports(&(dirql_device){ .name = "caller", .read = calling_device }, 0x300, 1);
    READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)0x300);
}

static void a_device_that_calls_the_kernel_is_a_finding(void **state)
{
    (void)state;
    assert_fails(NULL, read_the_calling_device, 0,
                 "KeRaiseIrql was called from the code of a simulated device");
}

static void read_nowhere(void *context)
{
    (void)context;
    READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)0x999);
}

static void an_access_that_no_device_owns_is_a_finding(void **state)
{
    (void)state;
    assert_fails(NULL, read_nowhere, 0, "port 0x999 was accessed, but no device owns it");
}

static void touch_device_memory(void *context)
{
    PHYSICAL_ADDRESS at = dirql_device_add_memory(&(dirql_device){ .name = "codec" }, 0, 4096);
    volatile ULONG *mapped = MmMapIoSpace(at, 4096, MmNonCached);

    (void)context;
    mapped[2] = 1;
}

static void device_memory_touched_by_a_plain_pointer_is_named(void **state)
{
    (void)state;
    assert_fails(NULL, touch_device_memory, 0,
                 "the device memory of codec (offset 0x8) by a plain pointer");
}

/* ---- Two machines ---------------------------------------------------------------------------- */

static void count_ticks(void *context)
{
    for (int i = 0; i < 100; i++) {
        dirql_time_advance_us(1);
    }
    *(uint64_t *)context = dirql_time_ns();
}

static void *run_elsewhere(void *context)
{
    for (int i = 0; i < 20; i++) {
        dirql_run(&(dirql_options){ .processors = 2 }, count_ticks, context, NULL);
    }
    return NULL;
}

static void machines_on_two_host_threads_do_not_disturb_each_other(void **state)
{
    uint64_t here_ns = 0, there_ns = 0;
    pthread_t thread;

    (void)state;
    pthread_create(&thread, NULL, run_elsewhere, &there_ns);
    run_elsewhere(&here_ns);
    pthread_join(thread, NULL);
    assert_int_equal(here_ns, 100000);
    assert_int_equal(there_ns, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_body_runs_at_passive_level_on_processor_0),
        cmocka_unit_test(a_clean_run_has_an_empty_report),
        cmocka_unit_test(runs_leave_nothing_behind_for_the_next),
        cmocka_unit_test(many_threads_may_come_and_go),
        cmocka_unit_test(an_assertion_that_holds_is_not_carried_home),
        cmocka_unit_test(a_write_through_null_at_passive_level_is_an_access_violation),
        cmocka_unit_test(a_write_through_null_at_dispatch_level_is_bug_check_d1),
        cmocka_unit_test(a_call_of_null_is_a_finding),
        cmocka_unit_test(a_division_by_zero_is_a_finding),
        cmocka_unit_test(a_stack_overflow_is_a_finding),
        cmocka_unit_test(a_frame_larger_than_the_stack_does_not_step_over_its_end),
        cmocka_unit_test(a_fault_in_an_isr_names_it),
        cmocka_unit_test(an_abort_in_an_isr_is_a_finding_and_the_process_goes_on),
        cmocka_unit_test(a_signal_that_the_code_sends_itself_is_no_access),
        cmocka_unit_test(a_fault_can_be_expected_with_its_parameters),
        cmocka_unit_test(an_isr_that_never_returns_and_calls_nothing_is_a_livelock),
        cmocka_unit_test(an_isr_that_polls_for_ever_is_a_livelock_in_virtual_time),
        cmocka_unit_test(a_thread_that_polls_for_ever_meets_the_time_limit),
        cmocka_unit_test(a_wait_that_nobody_can_end_is_a_deadlock),
        cmocka_unit_test(a_wait_beside_periodic_timers_only_is_a_lost_wake_up),
        cmocka_unit_test(a_kernel_call_from_a_foreign_host_thread_fails_the_run),
        cmocka_unit_test(a_device_that_calls_the_kernel_is_a_finding),
        cmocka_unit_test(an_access_that_no_device_owns_is_a_finding),
        cmocka_unit_test(device_memory_touched_by_a_plain_pointer_is_named),
        cmocka_unit_test(machines_on_two_host_threads_do_not_disturb_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

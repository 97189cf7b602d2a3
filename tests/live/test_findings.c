/*
 * test_findings.c - runs that stand still are found in live mode, too, and those that only take
 * their time are not.
 */
#include "live.h"

static KEVENT never;
static volatile int ended, stands;

/* ---- Nothing can run ------------------------------------------------------------------------- */

static void wait_for_ever(void *context)
{
    (void)context;
    stands = true;
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

static void wait_with_all(void *context)
{
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    dirql_thread_start("reader", 1, wait_for_ever, NULL);
    wait_for_ever(context);
}

static void waits_without_end_are_a_deadlock(void **state)
{
    (void)state;
    live_run(2, wait_with_all, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("deadlock");
    assert_report_has("thread reader: KeWaitForSingleObject");
    assert_non_null(strstr(live_result.repeat, "DIRQL_PROCESSORS="));
    assert_non_null(strstr(live_result.repeat, " ./live.findings || break")); /* Ready to be run. */
}

static void idle_stranger(void *context)
{
    (void)context;
    while (!ended) {
        host_sleep_ms(1);
    }
}

static void a_host_thread_that_does_nothing_delays_the_finding(void **state)
{
    struct stranger stranger;

    (void)state;
    ended = false;
    stranger_start(&stranger, idle_stranger, NULL);
    live_run_with((dirql_options){ .processors = 2, .watchdog_ms = 200 }, wait_with_all, NULL);
    ended = true;
    stranger_join(&stranger);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("no host thread of the process has raised a line");
    assert_report_has("thread reader: KeWaitForSingleObject");
}

static KSPIN_LOCK locks[2];
static volatile int holds[2];

static void take_both(unsigned first)
{
    KIRQL old;

    KeAcquireSpinLock(&locks[first], &old);
    holds[first] = true;
    while (!holds[!first]) {
    }
    KeAcquireSpinLockAtDpcLevel(&locks[!first]);
    KeReleaseSpinLockFromDpcLevel(&locks[!first]);
    KeReleaseSpinLock(&locks[first], old);
}

static void take_1_first(void *context)
{
    (void)context;
    take_both(1);
}

static void lock_in_both_orders(void *context)
{
    (void)context;
    holds[0] = holds[1] = false;
    KeInitializeSpinLock(&locks[0]);
    KeInitializeSpinLock(&locks[1]);
    dirql_thread_start("second", 1, take_1_first, NULL);
    take_both(0);
}

static void locks_taken_in_both_orders_are_a_deadlock(void **state)
{
    (void)state;
    live_run(2, lock_in_both_orders, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("deadlock");
}

static void wait_beside_a_timer(void *context)
{
    LARGE_INTEGER due;
    KTIMER timer;

    (void)context;
    due.QuadPart = -10000;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeSetTimerEx(&timer, due, 1000, NULL);
    dirql_thread_start("reader", 1, wait_for_ever, NULL);
    wait_for_ever(NULL);
}

static void waits_beside_a_periodic_timer_are_a_lost_wake_up(void **state)
{
    (void)state;
    live_run(2, wait_beside_a_timer, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("lost wake-up");
    assert_report_has("thread reader");
}

/* ---- Somebody runs for ever ------------------------------------------------------------------ */

static struct source source;

enum { LOOP_LINE = __LINE__ + 6 };

static void loop_in_isr(struct source *s)
{
    (void)s;
    stands = true;
    while (stands) {
    }
}

static void interrupt_and_wait(void *context)
{
    (void)context;
    stands = false;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    memset(&source, 0, sizeof(source));
    source.act = loop_in_isr;
    source_make(&source, 7, 2);
    dirql_line_assert(source.line);
    wait_for_ever(NULL);
}

static void interrupt_and_go_on(void *context)
{
    KIRQL old;

    (void)context;
    stands = false;
    memset(&source, 0, sizeof(source));
    source.act = loop_in_isr;
    source_make(&source, 7, 2);
    dirql_line_assert(source.line);
    for (;;) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static bool lines_are_known(void)
{
    host_symbol symbol;

    host_symbol_find((const char *)(uintptr_t)loop_in_isr, &symbol);
    return symbol.line != 0;
}

static void assert_loop_is_named(void)
{
    char place[64];

    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("livelock in `ISR source_isr`, IRQL 7");
    assert_report_has("loop_in_isr");
    snprintf(place, sizeof(place), "test_findings.c:%d", LOOP_LINE);
    if (lines_are_known()) {
        assert_report_has(place);
    }
}

static void an_endless_isr_is_a_livelock(void **state)
{
    (void)state;
    live_run_with((dirql_options){ .processors = 2, .watchdog_ms = 200 }, interrupt_and_wait,
                  NULL);
    assert_loop_is_named();
}

static void an_endless_isr_is_found_while_others_go_on(void **state)
{
    (void)state;
    live_run_with((dirql_options){ .processors = 2, .watchdog_ms = 200 }, interrupt_and_go_on,
                  NULL);
    assert_loop_is_named();
}

static void loop_alone(void *context)
{
    (void)context;
    for (;;) {
    }
}

static void an_endless_thread_is_a_livelock(void **state)
{
    (void)state;
    live_run_with((dirql_options){ .processors = 2, .watchdog_ms = 200 }, loop_alone, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("livelock in `thread test`, IRQL 0");
    assert_report_has("loop_alone");
}

static void loop_at_dispatch(void *context)
{
    KIRQL old;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    for (;;) {
    }
}

static void an_endless_loop_at_dispatch_level_is_a_livelock(void **state)
{
    (void)state;
    live_run_with((dirql_options){ .watchdog_ms = 200 }, loop_at_dispatch, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("livelock in `thread test`, IRQL 2");
}

static void change_irql_for_ever(void *context)
{
    KIRQL old;

    (void)context;
    for (;;) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static void a_loop_that_calls_services_for_ever_is_a_livelock(void **state)
{
    (void)state;
    live_run_with((dirql_options){ .watchdog_ms = 100 }, change_irql_for_ever, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("livelock in `thread test`");
    assert_report_has("change_irql_for_ever");
}

static void yield_for_ever(void *context)
{
    (void)context;
    for (;;) {
        YieldProcessor();
    }
}

static void yield_on_two_processors(void *context)
{
    dirql_thread_start("other", 1, yield_for_ever, NULL);
    yield_for_ever(context);
}

static void a_loop_that_waits_for_what_nobody_does_is_a_livelock(void **state)
{
    (void)state;
    live_run_with((dirql_options){ .watchdog_ms = 100 }, yield_for_ever, NULL);
    assert_report_has("livelock in `thread test`");
    live_run_with((dirql_options){ .processors = 2, .watchdog_ms = 100 }, yield_on_two_processors,
                  NULL);
    assert_report_has("livelock in `thread ");
    assert_report_has("yield_for_ever");
}

static void loop_beside_one_that_yields(void *context)
{
    dirql_thread_start("yields", 1, yield_for_ever, NULL);
    loop_alone(context);
}

/* On a busy host the one that yields may not come to run: then that nobody calls anything is
 * true. */
static void who_calls_nothing_is_not_said_to_call_services(void **state)
{
    (void)state;
    live_run_with((dirql_options){ .processors = 2, .watchdog_ms = 100 },
                  loop_beside_one_that_yields, NULL);
    assert_report_has("livelock in `thread ");
    assert_null(strstr(live_result.report, "livelock in `thread test`, IRQL 0: it calls"));
}

static void call_until_told(void *context)
{
    KIRQL old;

    (void)context;
    while (!ended) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static void compute_long(void *context)
{
    dirql_thread *other;
    uint64_t began_ns;

    (void)context;
    ended = false;
    other = dirql_thread_start("calls", 1, call_until_told, NULL);
    began_ns = host_clock_ns();
    while (host_clock_ns() - began_ns < 300000000u) {
    }
    ended = true;
    dirql_thread_join(other);
}

static void a_thread_may_compute_while_others_go_on(void **state)
{
    (void)state;
    live_run_with((dirql_options){ .processors = 2, .watchdog_ms = 200 }, compute_long, NULL);
    assert_string_equal(live_result.report, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_without_end_are_a_deadlock),
        cmocka_unit_test(a_host_thread_that_does_nothing_delays_the_finding),
        cmocka_unit_test(locks_taken_in_both_orders_are_a_deadlock),
        cmocka_unit_test(waits_beside_a_periodic_timer_are_a_lost_wake_up),
        cmocka_unit_test(an_endless_isr_is_a_livelock),
        cmocka_unit_test(a_loop_that_calls_services_for_ever_is_a_livelock),
        cmocka_unit_test(a_loop_that_waits_for_what_nobody_does_is_a_livelock),
        cmocka_unit_test(who_calls_nothing_is_not_said_to_call_services),
        cmocka_unit_test(an_endless_isr_is_found_while_others_go_on),
        cmocka_unit_test(an_endless_thread_is_a_livelock),
        cmocka_unit_test(an_endless_loop_at_dispatch_level_is_a_livelock),
        cmocka_unit_test(a_thread_may_compute_while_others_go_on),
    };

    return RUN_WHERE_KICKS_ARE_PROMPT(tests);
}

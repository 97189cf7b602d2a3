/*
 * test_raceinstrumented.c - races of code that the compiler has instrumented, from one run each.
 */
#include "rule.h"

#include "racing.h"

static dirql_line *line;
static UCHAR copy[16];

static void silence(void)
{
    dirql_line_deassert(line);
}

static void start(void)
{
    const dirql_line_options options = { .name = "uart", .irql = 7 };

    memset(&racing_uart, 0, sizeof(racing_uart));
    KeInitializeSpinLock(&racing_uart.lock);
    KeInitializeDpc(&racing_uart.dpc, racing_dpc, &racing_uart);
    racing_uart.silence = silence;
    line = dirql_line_create(&options);
    assert_int_equal(IoConnectInterrupt(&racing_uart.interrupt, racing_isr, &racing_uart, NULL,
                                        dirql_line_vector(line), 7, 7, LevelSensitive, FALSE,
                                        dirql_line_processors(line), FALSE),
                     STATUS_SUCCESS);
}

/* An interrupt, the call, an interrupt. */
static void around(void (*call)(void))
{
    start();
    dirql_line_assert(line);
    call();
    settle();
    dirql_line_assert(line);
    settle();
    IoDisconnectInterrupt(racing_uart.interrupt);
    KeFlushQueuedDpcs();
}

#define BODY(name, statement)          \
    static void call_##name(void)      \
    {                                  \
        statement;                     \
    }                                  \
    static void name(void *context)    \
    {                                  \
        (void)context;                 \
        around(call_##name);           \
    }

BODY(read_plain, (void)racing_read_plain(&racing_uart))
BODY(read_synchronized, (void)racing_read_synchronized(&racing_uart))
BODY(copy_plain, racing_copy_plain(&racing_uart, copy))
BODY(copy_locked, racing_copy_locked(&racing_uart, copy))
BODY(queue_plain, racing_queue_plain(&racing_uart))
BODY(queue_locked, racing_queue_locked(&racing_uart))
BODY(locals, racing_locals(&racing_uart))

static void assert_found(void (*body)(void *), const char *part)
{
    rule_run(2, body);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    if (strncmp(rule_result.report, "DATA RACE on ", 13) != 0 ||
        strstr(rule_result.report, part) == NULL) {
        fail_msg("\"%s\" is not in: %s", part, rule_result.report);
    }
}

static void a_plain_read_beside_an_isr_is_found(void **state)
{
    (void)state;
    assert_found(read_plain, "DATA RACE on 4 bytes at `racing_uart` (no common lock)");
    assert_report_has("racing_read_plain");
    assert_report_has("ISR racing_isr");
    assert_report_has("hold the interrupt lock of line \"uart\"");
    assert_kept(read_synchronized, 2);
}

static void a_copy_beside_an_isr_is_found(void **state)
{
    (void)state;
    assert_found(copy_plain, " at `racing_uart`+4 (no common lock)");
    assert_kept(copy_locked, 2);
}

static void a_plain_change_beside_a_dpc_is_found(void **state)
{
    (void)state;
    assert_found(queue_plain, "DPC racing_dpc");
    assert_report_has("hold one spin lock in both: KeAcquireSpinLock in racing_queue_plain, "
                      "KeAcquireSpinLockAtDpcLevel in racing_dpc");
    assert_kept(queue_locked, 2);
}

static void locals_are_no_races(void **state)
{
    (void)state;
    assert_kept(locals, 2);
}

static void await_stop(void *context)
{
    (void)context;
    racing_await_stop(&racing_uart);
}

static void stop_by_a_flag(void *context)
{
    dirql_thread *thread;

    (void)context;
    memset(&racing_uart, 0, sizeof(racing_uart));
    thread = dirql_thread_start("waiter", 1, await_stop, NULL);
    racing_stop(&racing_uart);
    dirql_thread_join(thread);
}

static void a_volatile_flag_orders_unless_it_is_isos(void **state)
{
    const dirql_options options = { .name = "rule", .processors = 2, .iso_volatile = 1 };

    (void)state;
    assert_kept(stop_by_a_flag, 2);
    rule_run_with(&options, stop_by_a_flag);
    assert_report_has("DATA RACE on 4 bytes at `racing_uart`+");
}

/* ---- Interlocked routines that come first ---------------------------------------------------- */

static void (*halves[2])(uart *device);

static void run_half(void *context)
{
    (*(void (**)(uart *))context)(&racing_uart);
}

static void two_at_once(void (*first)(uart *), void (*second)(uart *))
{
    dirql_thread *threads[2];

    memset(&racing_uart, 0, sizeof(racing_uart));
    halves[0] = first;
    halves[1] = second;
    threads[0] = dirql_thread_start("first", 0, run_half, &halves[0]);
    threads[1] = dirql_thread_start("second", 1, run_half, &halves[1]);
    dirql_thread_join(threads[0]);
    dirql_thread_join(threads[1]);
}

static void count_and_read(void *context)
{
    (void)context;
    two_at_once(racing_count, racing_look);
}

static void count_and_count(void *context)
{
    (void)context;
    two_at_once(racing_count, racing_count);
}

static void an_interlocked_routine_may_be_the_first_to_touch(void **state)
{
    (void)state;
    assert_found(count_and_read, "DATA RACE on 4 bytes at `racing_uart`+");
    assert_report_has("racing_count");
    assert_report_has("racing_look");
    assert_kept(count_and_count, 2);
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
        cmocka_unit_test(a_plain_read_beside_an_isr_is_found),
        cmocka_unit_test(a_copy_beside_an_isr_is_found),
        cmocka_unit_test(a_plain_change_beside_a_dpc_is_found),
        cmocka_unit_test(locals_are_no_races),
        cmocka_unit_test(a_volatile_flag_orders_unless_it_is_isos),
        cmocka_unit_test(an_interlocked_routine_may_be_the_first_to_touch),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

/*
 * test_pending.c - what is queued or asserted and cannot come is named where somebody waits for it.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include "../threadsanitizer.h"
#include "says.h"

static KEVENT done;
static KDPC dpc;

/* Watchdogs are waited for: in seconds of a processor's time. */
static void run(void (*body)(void *context), const char *what)
{
    const dirql_options options = { .processors = 2, .watchdog_ms = 20, .fixed = 1 };

    dirql_result_free(&result);
    assert_int_equal(dirql_run(&options, body, NULL, &result), DIRQL_FAILED);
    assert_says(what);
}

static void begin(void)
{
    KeInitializeEvent(&done, NotificationEvent, FALSE);
}

static VOID NTAPI set_done(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeSetEvent(&done, IO_NO_INCREMENT, FALSE);
}

static void poll_at(KIRQL irql)
{
    KIRQL old;

    KeRaiseIrql(irql, &old);
    while (!KeReadStateEvent(&done)) {
    }
    KeLowerIrql(old);
}

/* ---- DPCs ------------------------------------------------------------------------------------ */

static void keep_a_dpc_away(void *context)
{
    KIRQL old;

    (void)context;
    begin();
    KeInitializeDpc(&dpc, set_done, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    poll_at(DISPATCH_LEVEL);
    KeLowerIrql(old);
}

static void a_dpc_that_is_masked_is_named(void **state)
{
    (void)state;
    run(keep_a_dpc_away, "livelock");
    assert_says("DPC `set_done` is queued, and waits on CPU0 (at IRQL 2), until that goes below "
                "DISPATCH_LEVEL");
}

static void await_an_unimportant_dpc(void *context)
{
    (void)context;
    begin();
    KeInitializeDpc(&dpc, set_done, NULL);
    KeSetImportanceDpc(&dpc, LowImportance);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    poll_at(PASSIVE_LEVEL);
}

static void a_dpc_of_low_importance_is_named(void **state)
{
    (void)state;
    run(await_an_unimportant_dpc, "livelock");
    assert_says("DPC `set_done` is queued, and waits on CPU0 (at IRQL 0), until that is idle");
    assert_says("LowImportance");
}

static void keep_a_threaded_dpc_away(void *context)
{
    KIRQL old;

    (void)context;
    begin();
    KeInitializeThreadedDpc(&dpc, set_done, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    poll_at(DISPATCH_LEVEL);
    KeLowerIrql(old);
}

static void a_threaded_dpc_is_named(void **state)
{
    (void)state;
    run(keep_a_threaded_dpc_away, "livelock");
    assert_says("threaded DPC `set_done` is queued, and waits on CPU0 (at IRQL 2), until its "
                "thread can run");
}

static void loop_beside_nothing(void *context)
{
    (void)context;
    begin();
    poll_at(DISPATCH_LEVEL);
}

static void where_nothing_is_pending_nothing_is_said(void **state)
{
    (void)state;
    run(loop_beside_nothing, "livelock");
    assert_does_not_say("is queued");
    assert_does_not_say("line \"");
}

/* ---- A loop that calls nothing --------------------------------------------------------------- */

static volatile LONG flag;

static VOID NTAPI set_flag(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    flag = 1;
}

static void spin_on_a_flag(void *context)
{
    KIRQL old;

    (void)context;
    KeInitializeDpc(&dpc, set_flag, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    while (flag == 0) {
    }
    KeLowerIrql(old);
}

static void a_loop_without_calls_names_it_too(void **state)
{
    skip_under_thread_sanitizer(); /* It puts signals off for ever in a loop that calls nothing. */
    (void)state;
    run(spin_on_a_flag, "livelock");
    assert_says("DPC `set_flag` is queued, and waits on CPU0 (at IRQL 2)");
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static BOOLEAN NTAPI isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return TRUE;
}

static dirql_line *connect(dirql_trigger trigger)
{
    dirql_line *line =
        dirql_line_create(&(dirql_line_options){ .name = "uart", .irql = 7, .trigger = trigger });
    PKINTERRUPT interrupt;

    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7,
                       trigger == DIRQL_LEVEL ? LevelSensitive : Latched, FALSE,
                       dirql_line_processors(line), FALSE);
    return line;
}

static void assert_a_line(void *context)
{
    (void)context;
    dirql_suppress("LostInterrupt", NULL, "it is what this test is about");
    begin();
    dirql_line_assert(
        dirql_line_create(&(dirql_line_options){ .name = "uart", .irql = 7 }));
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
}

static void an_interrupt_that_nobody_is_connected_to_is_named(void **state)
{
    (void)state;
    run(assert_a_line, "deadlock");
    assert_says("line \"uart\" is asserted, and nobody is connected to it");
}

static void raise_a_line_at_its_irql(void *context)
{
    dirql_line *line;
    KIRQL old;

    (void)context;
    begin();
    line = connect(DIRQL_EDGE);
    KeRaiseIrql(7, &old);
    dirql_line_pulse(line);
    while (flag == 0) {
        YieldProcessor();
    }
    KeLowerIrql(old);
}

static void an_interrupt_that_is_masked_is_named(void **state)
{
    (void)state;
    run(raise_a_line_at_its_irql, "livelock");
    assert_says("line \"uart\" is pending (an edge), and waits on CPU0 for an IRQL below 7: that "
                "is at IRQL 7");
}

static volatile unsigned taken;

static BOOLEAN NTAPI counting_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    taken++;
    return TRUE;
}

static void leave_one_line_to_its_delivery(void *context)
{
    PKINTERRUPT interrupt;
    dirql_line *line;

    (void)context;
    dirql_suppress("LostInterrupt", NULL, "it is what this test is about");
    dirql_line_assert(dirql_line_create(&(dirql_line_options){ .name = "uart", .irql = 7 }));
    line = dirql_line_create(
        &(dirql_line_options){ .name = "other", .irql = 7, .trigger = DIRQL_EDGE });
    IoConnectInterrupt(&interrupt, counting_isr, NULL, NULL, dirql_line_vector(line), 7, 7, Latched,
                       FALSE, dirql_line_processors(line), FALSE);
    taken = 0;
    dirql_line_pulse(line);
    while (flag == 0) {
    }
}

/* Of some seed, it comes later than at once: here that is never. */
static void an_interrupt_that_only_has_to_be_delivered_is_not_named(void **state)
{
    dirql_options options = { .mode = DIRQL_MODE_RANDOM, .watchdog_ms = 20, .fixed = 1 };

    skip_under_thread_sanitizer(); /* It puts signals off for ever in a loop that calls nothing. */
    (void)state;
    taken = 1;
    for (options.seed = 1; taken != 0 && options.seed <= 64; options.seed++) {
        dirql_result_free(&result);
        assert_int_equal(dirql_run(&options, leave_one_line_to_its_delivery, NULL, &result),
                         DIRQL_FAILED);
    }
    assert_int_equal(taken, 0);
    assert_says("livelock");
    assert_says("line \"uart\" is asserted, and nobody is connected to it\n  ");
    assert_does_not_say("line \"other\" is pending");
}

/* ---- A run that the time limit ends ---------------------------------------------------------- */

static void await_done(void *context)
{
    (void)context;
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
}

static void loop_while_another_waits(void *context)
{
    dirql_line *line;
    KIRQL old;

    (void)context;
    begin();
    line = connect(DIRQL_EDGE);
    dirql_thread_start("reader", 1, await_done, NULL);
    while (KeGetCurrentProcessorNumberEx(NULL) != 0) {
    }
    KeRaiseIrql(7, &old);
    dirql_line_pulse(line);
    while (flag == 0) {
        YieldProcessor();
    }
    KeLowerIrql(old);
}

static void who_is_cut_short_by_the_time_limit_is_named_with_what_is_pending(void **state)
{
    const dirql_options options = { .mode = DIRQL_MODE_EXPLORE,
                                    .processors = 2,
                                    .busy_limit_s = DIRQL_NEVER,
                                    .watchdog_ms = DIRQL_NEVER,
                                    .time_limit_s = 1,
                                    .fixed = 1 };

    (void)state;
    dirql_result_free(&result);
    assert_int_equal(dirql_run(&options, loop_while_another_waits, NULL, &result), DIRQL_FAILED);
    assert_says("before the first run had ended");
    assert_says("\n  CPU0, IRQL 7: thread test, in YieldProcessor, at loop_while_another_waits");
    assert_says("\n  thread reader: KeWaitForSingleObject on a notification event, in await_done");
    assert_says("\n  line \"uart\" is pending (an edge), and waits on CPU0 for an IRQL below 7");
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dpc_that_is_masked_is_named),
        cmocka_unit_test(a_dpc_of_low_importance_is_named),
        cmocka_unit_test(a_threaded_dpc_is_named),
        cmocka_unit_test(where_nothing_is_pending_nothing_is_said),
        cmocka_unit_test(a_loop_without_calls_names_it_too),
        cmocka_unit_test(an_interrupt_that_nobody_is_connected_to_is_named),
        cmocka_unit_test(an_interrupt_that_is_masked_is_named),
        cmocka_unit_test(an_interrupt_that_only_has_to_be_delivered_is_not_named),
        cmocka_unit_test(who_is_cut_short_by_the_time_limit_is_named_with_what_is_pending),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

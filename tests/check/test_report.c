/*
 * test_report.c - what a report says and draws.
 */
#include "rule.h"

#include <stdlib.h>

#include "check/column.h"
#include "check/rules.h"
#include "sim/service.h"

static dirql_line *line;
static KDPC dpc;
static KIRQL old;
static KSPIN_LOCK lock;
static volatile LONG step;

/* ---- Columns --------------------------------------------------------------------------------- */

static void each_processor_has_a_column(void **state)
{
    static const char expected[] =
        "     time (us)  CPU1  CPU3\n"
        "         1.500  left\n"
        "         2.000        right\n";
    dq_columns columns;
    char text[512];

    (void)state;
    dq_columns_begin(&columns, text, sizeof(text), 1u << 1 | 1u << 3, 4);
    dq_columns_put(&columns, 1, 1500, "left");
    dq_columns_put(&columns, 3, 2000, "right");
    assert_string_equal(text, expected);
    assert_int_equal(columns.used, strlen(text));
}

static void many_processors_are_named_in_each_line(void **state)
{
    dq_columns columns;
    char text[512];

    (void)state;
    dq_columns_begin(&columns, text, sizeof(text), 0x1F, 4);
    dq_columns_put(&columns, 4, 0, "here");
    assert_string_equal(text, "     time (us)\n         0.000  CPU4   here\n");
}

static void lines_that_do_not_fit_are_left_out(void **state)
{
    dq_columns columns;
    char text[50];

    (void)state;
    dq_columns_begin(&columns, text, sizeof(text), 1, 6);
    for (int i = 0; i < 5; i++) {
        dq_columns_put(&columns, 0, 0, "a step");
    }
    assert_int_equal(text[strlen(text) - 1], '\n');
    assert_true(strlen(text) < sizeof(text));
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void every_rule_of_a_service_is_explained(void **state)
{
    (void)state;
    for (int i = 1; i < DQ_SERVICE_COUNT; i++) {
        const dq_service_rule *rule = &dq_service_rules[i];

        if (rule->lowest == PASSIVE_LEVEL && rule->highest == HIGH_LEVEL) {
            continue; /* Cannot be broken. */
        }
        if (dq_rule_find(rule->rule) == NULL) {
            fail_msg("rule %s of %s is not in rules.def", rule->rule,
                     dq_service_name((dq_service)i));
        }
    }
}

/* ---- A whole report -------------------------------------------------------------------------- */

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    dirql_line_deassert(line);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return TRUE;
}

static VOID wait_in_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeLowerIrql(PASSIVE_LEVEL);
}

static void break_a_rule_in_a_dpc(void *context)
{
    static const dirql_line_options options = { .name = "device", .irql = 7 };
    PKINTERRUPT interrupt;

    (void)context;
    KeInitializeSpinLock(&lock);
    KeInitializeDpc(&dpc, wait_in_dpc, NULL);
    line = dirql_line_create(&options);
    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7, LevelSensitive,
                       FALSE, 1, FALSE);
    dirql_line_assert(line);
}

static void assert_in_order(const char *const *texts, unsigned count)
{
    const char *at = rule_result.report;

    for (unsigned i = 0; i < count; i++) {
        at = strstr(at, texts[i]);
        if (at == NULL) {
            fail_msg("\"%s\" is missing, or not in its place, in:\n%s", texts[i],
                     rule_result.report);
        }
    }
}

static void report_tells_rule_place_steps_and_replay_in_this_order(void **state)
{
    static const char *const texts[] = {
        "bug check 0x000000C4 DRIVER_VERIFIER_DETECTED_VIOLATION (0x31, 0x2, 0x0, 0x1)\n",
        "KeLowerIrql was asked to lower IRQL from 2 (DISPATCH_LEVEL) to 0",
        "  rule:  IrqlKeRaiseLower: ",
        "(page \"wdm: KeLowerIrql\")\n",
        "  fix:   ",
        "  where: DPC wait_in_dpc on CPU0 at DISPATCH_LEVEL, 0.000 us, KeLowerIrql, at wait_in_dpc",
        "time (us)  CPU0\n",
        "PASSIVE  test: KeInitializeSpinLock  break_a_rule_in_a_dpc",
        "line \"device\" is asserted  break_a_rule_in_a_dpc",
        "DIRQL 7  ISR isr begins: interrupted break_a_rule_in_a_dpc",
        "DIRQL 7  line \"device\" is deasserted  isr",
        "DIRQL 7  KeInsertQueueDpc  isr",
        "DIRQL 7  ISR isr returns TRUE\n",
        "DISPATCH DPC wait_in_dpc begins: interrupted break_a_rule_in_a_dpc",
        "DISPATCH KeLowerIrql  wait_in_dpc",
        "<- IrqlKeRaiseLower",
        "replay: DIRQL_TEST=rule DIRQL_MODE=first\n",
    };

    (void)state;
    rule_run_undisturbed(1, break_a_rule_in_a_dpc);
    assert_in_order(texts, sizeof(texts) / sizeof(texts[0]));
}

static void second_processor(void *context)
{
    (void)context;
    KeAcquireSpinLock(&lock, &old);
    InterlockedExchange(&step, 1);
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

static void crash_on_the_second(void *context)
{
    (void)context;
    step = 0;
    KeInitializeSpinLock(&lock);
    dirql_thread_start("second", 1, second_processor, NULL);
    while (InterlockedCompareExchange(&step, 0, 0) == 0) {
        YieldProcessor();
    }
}

static void steps_of_two_processors_stand_in_two_columns(void **state)
{
    (void)state;
    rule_run_undisturbed(2, crash_on_the_second);
    assert_report_has("CPU0      ");
    assert_report_has("  CPU1\n");
    assert_report_has("second: KeAcquireSpinLock");
    assert_report_has("<- MANUALLY_INITIATED_CRASH");
}

static void pass(void *context)
{
    (void)context;
}

static void expect_what_comes(void *context)
{
    (void)context;
    dirql_expect_bugcheck_with(MANUALLY_INITIATED_CRASH, 0, 0, 0, 0);
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

static void nothing_found_is_nothing_reported(void **state)
{
    (void)state;
    assert_kept(pass, 1);
    assert_kept(expect_what_comes, 1);
}

static void same_run_gives_the_same_report(void **state)
{
    char *first;

    (void)state;
    rule_run_undisturbed(1, break_a_rule_in_a_dpc);
    first = rule_result.report;
    rule_result.report = NULL;
    rule_run_undisturbed(1, break_a_rule_in_a_dpc);
    assert_string_equal(rule_result.report, first);
    free(first);
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
        cmocka_unit_test(each_processor_has_a_column),
        cmocka_unit_test(many_processors_are_named_in_each_line),
        cmocka_unit_test(lines_that_do_not_fit_are_left_out),
        cmocka_unit_test(every_rule_of_a_service_is_explained),
        cmocka_unit_test(report_tells_rule_place_steps_and_replay_in_this_order),
        cmocka_unit_test(steps_of_two_processors_stand_in_two_columns),
        cmocka_unit_test(nothing_found_is_nothing_reported),
        cmocka_unit_test(same_run_gives_the_same_report),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

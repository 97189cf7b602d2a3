/*
 * test_dpcrules.c - lost arguments are warned of, and what may wait is found in a threaded DPC.
 */
#include "rule.h"

static KDPC dpc;
static KIRQL old;
static PVOID second;

static VOID nothing(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
}

static void insert_twice(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, nothing, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, &dpc);
    KeInsertQueueDpc(&dpc, NULL, second);
    KeLowerIrql(old);
}

static void arguments_that_are_lost_are_warned_of(void **state)
{
    (void)state;
    second = NULL;
    assert_warned(insert_twice, 1, 1, "DpcArguments");
    assert_report_has("KeInsertQueueDpc was called for a DPC that is queued already");
    second = &dpc;
    assert_silent(insert_twice, 1, "DpcArguments");
}

static VOID delay(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    LARGE_INTEGER interval = { .QuadPart = -10 };

    (void)object;
    (void)argument1;
    (void)argument2;
    if (context != NULL) {
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
    } else {
        (void)KeQueryPerformanceCounter(NULL);
    }
}

static void run_threaded(void *context)
{
    (void)context;
    KeInitializeThreadedDpc(&dpc, delay, second);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static void what_may_wait_is_found_in_a_threaded_dpc(void **state)
{
    (void)state;
    second = &dpc;
    rule_run(1, run_threaded);
    assert_int_equal(rule_result.code, ATTEMPTED_SWITCH_FROM_DPC);
    assert_report_has("rule:  WaitInDpc:");
    assert_report_has("KeDelayExecutionThread, which may wait");
    second = NULL;
    assert_silent(run_threaded, 1, "WaitInDpc");
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
        cmocka_unit_test(arguments_that_are_lost_are_warned_of),
        cmocka_unit_test(what_may_wait_is_found_in_a_threaded_dpc),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

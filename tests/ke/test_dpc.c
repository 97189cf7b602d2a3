/* Tests of lib/ke/dpc.c: one processor. */
#include "dpc_record.h"

#include "ke/ki.h"

static void a_dpc_has_run_when_insertion_at_passive_level_returns(void **state)
{
    KDPC dpc;
    int one, two;

    (void)state;
    begin(&dpc, "a");
    assert_true(KeInsertQueueDpc(&dpc, &one, &two));
    assert_int_equal(seen.runs, 1);
    assert_int_equal(seen.irql, DISPATCH_LEVEL);
    assert_ptr_equal(seen.dpc, &dpc);
    assert_ptr_equal(seen.argument1, &one);
    assert_ptr_equal(seen.argument2, &two);
}

static void at_dispatch_level_a_dpc_waits_for_the_lowering(void **state)
{
    KDPC dpc;
    KIRQL old;

    (void)state;
    begin(&dpc, "a");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(seen.runs, 0);
    KeLowerIrql(old);
    assert_int_equal(seen.runs, 1);
}

static void a_second_insertion_is_refused_and_its_arguments_are_lost(void **state)
{
    KDPC dpc;
    KIRQL old;
    int one, two;

    (void)state;
    begin(&dpc, "a");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeInsertQueueDpc(&dpc, &one, NULL));
    assert_false(KeInsertQueueDpc(&dpc, &two, NULL));
    KeLowerIrql(old);
    assert_int_equal(seen.runs, 1);
    assert_ptr_equal(seen.argument1, &one);
}

static void equal_importance_runs_in_order_of_insertion(void **state)
{
    KDPC a, b, c;
    KIRQL old;

    (void)state;
    begin(&a, "a");
    begin(&b, "b");
    begin(&c, "c");
    KeSetImportanceDpc(&b, MediumHighImportance);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&a, NULL, NULL);
    KeInsertQueueDpc(&b, NULL, NULL);
    KeInsertQueueDpc(&c, NULL, NULL);
    KeLowerIrql(old);
    assert_string_equal(seen.order, "abc");
}

static void high_importance_goes_to_the_head_last_come_first(void **state)
{
    KDPC a, b, c;
    KIRQL old;

    (void)state;
    begin(&a, "a");
    begin(&b, "b");
    begin(&c, "c");
    KeSetImportanceDpc(&b, HighImportance);
    KeSetImportanceDpc(&c, HighImportance);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&a, NULL, NULL);
    KeInsertQueueDpc(&b, NULL, NULL);
    KeInsertQueueDpc(&c, NULL, NULL);
    KeLowerIrql(old);
    assert_string_equal(seen.order, "cba");
}

static void a_change_of_importance_counts_for_later_insertions(void **state)
{
    KDPC a, b;
    KIRQL old;

    (void)state;
    begin(&a, "a");
    begin(&b, "b");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&a, NULL, NULL);
    KeInsertQueueDpc(&b, NULL, NULL);
    KeSetImportanceDpc(&b, HighImportance);
    KeLowerIrql(old);
    assert_string_equal(seen.order, "ab");
}

static void low_importance_waits_until_the_processor_is_idle(void **state)
{
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    KeSetImportanceDpc(&dpc, LowImportance);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(seen.runs, 0);
    dirql_time_advance_us(1);
    assert_int_equal(seen.runs, 1);
}

static void low_importance_runs_at_the_next_drain_for_another_reason(void **state)
{
    KDPC low, medium;

    (void)state;
    begin(&low, "l");
    begin(&medium, "m");
    KeSetImportanceDpc(&low, LowImportance);
    KeInsertQueueDpc(&low, NULL, NULL);
    KeInsertQueueDpc(&medium, NULL, NULL);
    assert_string_equal(seen.order, "lm");
}

static void a_queue_deeper_than_the_limit_is_drained_whatever_the_importance(void **state)
{
    KDPC dpcs[3];

    (void)state;
    dq_kernel_of(dq_self)->dpcs.depth_limit = 2;
    for (int i = 0; i < 3; i++) {
        begin(&dpcs[i], "a");
        KeSetImportanceDpc(&dpcs[i], LowImportance);
        assert_int_equal(seen.runs, 0);
        KeInsertQueueDpc(&dpcs[i], NULL, NULL);
    }
    assert_int_equal(seen.runs, 3);
}

static void removal_takes_a_queued_dpc_off(void **state)
{
    KDPC a, b;
    KIRQL old;

    (void)state;
    begin(&a, "a");
    begin(&b, "b");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&a, NULL, NULL);
    KeInsertQueueDpc(&b, NULL, NULL);
    assert_true(KeRemoveQueueDpc(&b));
    assert_false(KeRemoveQueueDpc(&b));
    assert_true(KeInsertQueueDpc(&b, NULL, NULL));
    assert_true(KeRemoveQueueDpc(&a));
    KeLowerIrql(old);
    assert_string_equal(seen.order, "b");
}

/* At HIGH_LEVEL, too, which is any. */
static void a_dpc_is_queued_and_removed_at_any_irql(void **state)
{
    KDPC a, b;
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    begin(&a, "a");
    begin(&b, "b");
    KeSetImportanceDpc(&b, HighImportance);
    KeSetTargetProcessorDpc(&b, 0);
    assert_true(KeInsertQueueDpc(&a, NULL, NULL));
    assert_true(KeInsertQueueDpc(&b, NULL, NULL));
    assert_false(KeInsertQueueDpc(&b, NULL, NULL));
    assert_true(KeRemoveQueueDpc(&a));
    assert_int_equal(seen.runs, 0);
    KeLowerIrql(old);
    assert_string_equal(seen.order, "b");
}

static void removal_of_what_was_never_queued_returns_false(void **state)
{
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    assert_false(KeRemoveQueueDpc(&dpc));
}

static VOID remove_itself(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    note(dpc, context, argument1, argument2);
    assert_false(KeRemoveQueueDpc(dpc));
}

static void removal_of_a_running_dpc_returns_false(void **state)
{
    KDPC dpc;

    (void)state;
    prepare(&dpc, remove_itself, "a");
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(seen.runs, 1);
}

static VOID insert_itself_once(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    note(dpc, context, argument1, argument2);
    if (seen.runs == 1) {
        assert_true(KeInsertQueueDpc(dpc, context, NULL));
    }
}

static void a_dpc_may_queue_itself_from_its_own_routine(void **state)
{
    KDPC dpc;

    (void)state;
    prepare(&dpc, insert_itself_once, "a");
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(seen.runs, 2);
    assert_non_null(seen.argument1);
}

static VOID overwrite_itself(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    memset(dpc, 0xEE, sizeof(*dpc));
    note(dpc, context, argument1, argument2);
}

static void a_dpc_may_be_freed_by_its_own_routine(void **state)
{
    KDPC dpc;

    (void)state;
    prepare(&dpc, overwrite_itself, "a");
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(seen.runs, 1);
}

static VOID insert_another(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    note(dpc, context, argument1, argument2);
    if (argument1 != NULL) {
        KeInsertQueueDpc(argument1, NULL, NULL);
    }
    seen.order[seen.runs] = ')';
    count_run();
}

static void dpcs_of_one_processor_do_not_nest(void **state)
{
    KDPC outer, inner;

    (void)state;
    prepare(&outer, insert_another, "o");
    begin(&inner, "i");
    KeInsertQueueDpc(&outer, &inner, NULL);
    assert_string_equal(seen.order, "o)i");
}

/* ---- What goes wrong ------------------------------------------------------------------------- */

static VOID stay_raised(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KIRQL old;

    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeRaiseIrql(HIGH_LEVEL, &old);
}

static void a_dpc_that_returns_raised_is_bug_check_c8(void **state)
{
    KDPC dpc;

    (void)state;
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, HIGH_LEVEL << 16 | DISPATCH_LEVEL << 8,
                               (ULONG_PTR)stay_raised, 0, 0);
    KeInitializeDpc(&dpc, stay_raised, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static VOID lower_to_passive(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeLowerIrql(PASSIVE_LEVEL);
}

static void a_dpc_that_returns_lowered_is_bug_check_c8_without_the_checker(void **state)
{
    KDPC dpc;

    (void)state;
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, DISPATCH_LEVEL << 8,
                               (ULONG_PTR)lower_to_passive, 0, 0);
    KeInitializeDpc(&dpc, lower_to_passive, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static VOID wait_for_event(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    LARGE_INTEGER *timeout = argument1;

    (void)dpc;
    (void)argument2;
    seen.status = KeWaitForSingleObject(context, Executive, KernelMode, FALSE, timeout);
}

static void a_wait_in_a_dpc_is_bug_check_b8(void **state)
{
    KEVENT event;
    KDPC dpc;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeInitializeDpc(&dpc, wait_for_event, &event);
    dirql_expect_bugcheck_with(ATTEMPTED_SWITCH_FROM_DPC, (ULONG_PTR)KeGetCurrentThread(), 0,
                               (ULONG_PTR)IoGetInitialStack(), 0);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void a_poll_in_a_dpc_is_legal(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    KEVENT event;
    KDPC dpc;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, wait_for_event, &event);
    KeInsertQueueDpc(&dpc, &zero, NULL);
    assert_int_equal(seen.status, STATUS_TIMEOUT);
}

static void what_is_no_dpc_is_bug_check_c7(void **state)
{
    KDPC dpc = { .DeferredRoutine = note };

    (void)state;
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 1, (ULONG_PTR)&dpc, 0, 0);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void a_target_overwritten_is_bug_check_c7_3(void **state)
{
    const ULONG processors = KeQueryActiveProcessorCount(NULL);
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    dpc.Number = (USHORT)(processors + 9);
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 3, (ULONG_PTR)&dpc, processors + 8,
                               processors);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void initialising_a_queued_dpc_is_bug_check_c7(void **state)
{
    KDPC dpc;
    KIRQL old;

    (void)state;
    begin(&dpc, "a");
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 1, (ULONG_PTR)&dpc, (ULONG_PTR)&dpc,
                               (ULONG_PTR)(&dpc + 1));
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    begin(&dpc, "a");
}

static VOID insert_itself_always(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)context;
    (void)argument1;
    (void)argument2;
    KeInsertQueueDpc(dpc, NULL, NULL);
}

static void a_dpc_that_queues_itself_for_ever_is_a_livelock(void **state)
{
    KDPC dpc;

    (void)state;
    dirql_expect_finding("livelock");
    KeInitializeDpc(&dpc, insert_itself_always, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALONE(a_dpc_has_run_when_insertion_at_passive_level_returns),
        ALONE(at_dispatch_level_a_dpc_waits_for_the_lowering),
        ALONE(a_second_insertion_is_refused_and_its_arguments_are_lost),
        ALONE(equal_importance_runs_in_order_of_insertion),
        ALONE(high_importance_goes_to_the_head_last_come_first),
        ALONE(a_change_of_importance_counts_for_later_insertions),
        ALONE(low_importance_waits_until_the_processor_is_idle),
        ALONE(low_importance_runs_at_the_next_drain_for_another_reason),
        ALONE(a_queue_deeper_than_the_limit_is_drained_whatever_the_importance),
        ALONE(removal_takes_a_queued_dpc_off),
        ALONE(a_dpc_is_queued_and_removed_at_any_irql),
        ALONE(removal_of_what_was_never_queued_returns_false),
        ALONE(removal_of_a_running_dpc_returns_false),
        ALONE(a_dpc_may_queue_itself_from_its_own_routine),
        ALONE(a_dpc_may_be_freed_by_its_own_routine),
        ALONE(dpcs_of_one_processor_do_not_nest),
        ALONE(a_dpc_that_returns_raised_is_bug_check_c8),
        WITH(a_dpc_that_returns_lowered_is_bug_check_c8_without_the_checker,
             .checks = DIRQL_CHECKS_NONE),
        ALONE(a_wait_in_a_dpc_is_bug_check_b8),
        ALONE(a_poll_in_a_dpc_is_legal),
        ALONE(what_is_no_dpc_is_bug_check_c7),
        ALONE(a_target_overwritten_is_bug_check_c7_3),
        ALONE(initialising_a_queued_dpc_is_bug_check_c7),
        ALONE(a_dpc_that_queues_itself_for_ever_is_a_livelock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_stacktimers.c - a timer or DPC that lies in a stack frame which is gone is found when it is
 * due, and one whose function still runs is not.
 */
#include "rule.h"

#include "../watched.h"

static KTIMER timer;
static KDPC dpc;
static volatile LONG runs;
static DIRQL_KEEP ULONG_PTR local;
static KIRQL old;

static VOID note(PKDPC of, PVOID context, PVOID a1, PVOID a2)
{
    (void)of;
    (void)context;
    (void)a1;
    (void)a2;
    InterlockedIncrement(&runs);
}

static void set_for_a_millisecond(PKTIMER which, PKDPC with)
{
    LARGE_INTEGER due = { .QuadPart = -10000 };

    KeSetTimer(which, due, with);
}

/* ---- Gone ------------------------------------------------------------------------------------ */

/* So that what is in it is far below what its caller's calls write over. */
static __attribute__((noinline)) void set_deep_below(void)
{
    volatile char between[4096];
    KTIMER own;

    between[0] = 0;
    between[sizeof(between) - 1] = between[0];
    local = (ULONG_PTR)&own;
    KeInitializeTimer(&own);
    set_for_a_millisecond(&own, NULL);
    KeMemoryBarrier();
}

static void leave_a_timer(void *context)
{
    (void)context;
    set_deep_below();
    dirql_time_advance_ms(2);
}

static __attribute__((noinline)) void set_with_own_dpc(void)
{
    volatile char between[4096];
    KDPC own;

    between[0] = 0;
    between[sizeof(between) - 1] = between[0];
    local = (ULONG_PTR)&own;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&own, note, NULL);
    set_for_a_millisecond(&timer, &own);
    KeMemoryBarrier();
}

static void leave_the_dpc_of_a_timer(void *context)
{
    (void)context;
    set_with_own_dpc();
    dirql_time_advance_ms(2);
}

static __attribute__((noinline)) void queue_own(void)
{
    volatile char between[4096];
    KDPC own;

    between[0] = 0;
    between[sizeof(between) - 1] = between[0];
    local = (ULONG_PTR)&own;
    KeInitializeDpc(&own, note, NULL);
    KeInsertQueueDpc(&own, NULL, NULL);
    KeMemoryBarrier();
}

static void leave_a_dpc(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    queue_own();
    KeLowerIrql(old);
}

static void end_with_a_timer(void *context)
{
    KTIMER own;

    (void)context;
    local = (ULONG_PTR)&own;
    KeInitializeTimer(&own);
    set_for_a_millisecond(&own, NULL);
}

static void leave_a_timer_of_a_thread(void *context)
{
    (void)context;
    dirql_thread_join(dirql_thread_start("setter", 0, end_with_a_timer, NULL));
    dirql_time_advance_ms(2);
}

static void a_timer_in_a_frame_that_is_gone_is_found(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    assert_broken(leave_a_timer, 1, TIMER_OR_DPC_INVALID, 0, local, local, local + sizeof(KTIMER),
                  "StackHoldsTimer");
    assert_report_has("at set_for_a_millisecond test_stacktimers.c");
    assert_broken(leave_a_timer_of_a_thread, 1, TIMER_OR_DPC_INVALID, 0, local, local,
                  local + sizeof(KTIMER), "StackHoldsTimer");
}

static void a_dpc_in_a_frame_that_is_gone_is_found(void **state)
{
    (void)state;
    skip_where_memory_is_watched();
    assert_broken(leave_the_dpc_of_a_timer, 1, TIMER_OR_DPC_INVALID, 1, local, local,
                  local + sizeof(KDPC), "StackHoldsTimer");
    assert_report_has("at set_for_a_millisecond test_stacktimers.c");
    assert_broken(leave_a_dpc, 1, TIMER_OR_DPC_INVALID, 1, local, local, local + sizeof(KDPC),
                  "StackHoldsTimer");
    assert_report_has("at queue_own test_stacktimers.c");
}

/* ---- There ----------------------------------------------------------------------------------- */

static void call_deep_below(ULONG depth)
{
    volatile char frame[256];

    frame[0] = (char)depth;
    if (depth > 0) {
        call_deep_below(depth - 1);
    } else {
        KeStallExecutionProcessor(10);
    }
    (void)frame[0];
}

static void wait_for_own(void *context)
{
    KTIMER own;
    KDPC with, alone;

    (void)context;
    runs = 0;
    KeInitializeTimer(&own);
    KeInitializeDpc(&with, note, NULL);
    KeInitializeDpc(&alone, note, NULL);
    call_deep_below(10);
    set_for_a_millisecond(&own, &with);
    call_deep_below(10);
    KeWaitForSingleObject(&own, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(runs, 1);
    KeInsertQueueDpc(&alone, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(runs, 2);
}

/* Its routine has a timer of its own, on the stack of whom it interrupts. */
static VOID have_own(PKDPC of, PVOID context, PVOID a1, PVOID a2)
{
    KTIMER own;
    KDPC with;

    KeInitializeTimer(&own);
    KeInitializeDpc(&with, note, NULL);
    set_for_a_millisecond(&own, &with);
    while (!KeReadStateTimer(&own)) {
        KeStallExecutionProcessor(10);
    }
    KeRemoveQueueDpc(&with);
    note(of, context, a1, a2);
}

static void interrupt_with_own(void *context)
{
    (void)context;
    runs = 0;
    KeInitializeDpc(&dpc, have_own, NULL);
    call_deep_below(10);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    settle();
    assert_int_equal(runs, 1);
}

static void another_sets(void *context)
{
    set_for_a_millisecond(context, NULL);
}

static void let_another_thread_set(void *context)
{
    KTIMER own;

    (void)context;
    KeInitializeTimer(&own);
    dirql_thread_join(dirql_thread_start("setter", 0, another_sets, &own));
    KeWaitForSingleObject(&own, Executive, KernelMode, FALSE, NULL);
}

static __attribute__((noinline)) void set_and_cancel(void)
{
    KTIMER own;
    KDPC with, alone;

    KeInitializeTimer(&own);
    KeInitializeDpc(&with, note, NULL);
    KeInitializeDpc(&alone, note, NULL);
    set_for_a_millisecond(&own, &with);
    KeCancelTimer(&own);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&alone, NULL, NULL);
    KeRemoveQueueDpc(&alone);
    KeLowerIrql(old);
}

static void cancel_in_time(void *context)
{
    (void)context;
    set_and_cancel();
    dirql_time_advance_ms(2);
}

static void one_whose_function_still_runs_is_fine(void **state)
{
    (void)state;
    for (unsigned processors = 1; processors < 3; processors++) {
        rule_run(processors, interrupt_with_own); /* It takes long. */
        assert_int_equal(rule_result.outcome, DIRQL_PASSED);
        assert_silent(wait_for_own, processors, "StackHoldsTimer");
        assert_silent(let_another_thread_set, processors, "StackHoldsTimer");
        assert_silent(cancel_in_time, processors, "StackHoldsTimer");
    }
}

/* ---- Overwritten ----------------------------------------------------------------------------- */

static void clear_a_timer(void *context)
{
    (void)context;
    KeInitializeTimer(&timer);
    set_for_a_millisecond(&timer, NULL);
    RtlZeroMemory(&timer, sizeof(timer));
    dirql_time_advance_ms(2);
}

static void a_timer_that_is_cleared_while_it_is_set_is_bug_check_c7(void **state)
{
    (void)state;
    rule_run(1, clear_a_timer);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_int_equal(rule_result.code, TIMER_OR_DPC_INVALID);
    assert_parameter(0, 0);
    assert_parameter(1, (ULONG_PTR)&timer);
    assert_parameter(2, (ULONG_PTR)&timer);
    assert_parameter(3, (ULONG_PTR)(&timer + 1));
    assert_report_has("the memory of a timer that is set is overwritten");
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
        cmocka_unit_test(a_timer_in_a_frame_that_is_gone_is_found),
        cmocka_unit_test(a_dpc_in_a_frame_that_is_gone_is_found),
        cmocka_unit_test(one_whose_function_still_runs_is_fine),
        cmocka_unit_test(a_timer_that_is_cleared_while_it_is_set_is_bug_check_c7),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

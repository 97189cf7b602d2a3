/* Tests of lib/ke/flushdpc.c. */
#include "dpc_record.h"

static VOID take_a_while(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    for (int i = 0; i < 10; i++) {
        KeStallExecutionProcessor(3);
    }
    count_run();
}

static void a_flush_waits_for_all_processors(void **state)
{
    KDPC low, other;

    (void)state;
    begin(&low, "l");
    KeSetImportanceDpc(&low, LowImportance);
    KeInsertQueueDpc(&low, NULL, NULL);
    KeInitializeDpc(&other, take_a_while, NULL);
    KeSetTargetProcessorDpc(&other, 1);
    KeInsertQueueDpc(&other, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(seen.runs, 2);
}

static void a_flush_waits_for_threaded_ones_too(void **state)
{
    KDPC here, there;

    (void)state;
    begin(&here, "h");
    KeInitializeThreadedDpc(&here, take_a_while, NULL);
    KeInitializeThreadedDpc(&there, take_a_while, NULL);
    KeSetTargetProcessorDpc(&there, 1);
    KeInsertQueueDpc(&there, NULL, NULL);
    KeInsertQueueDpc(&here, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(seen.runs, 2);
}

static volatile LONG begun;

static VOID begin_and_take_a_while(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    InterlockedExchange(&begun, 1);
    take_a_while(dpc, context, argument1, argument2);
}

static void a_flush_waits_for_one_that_runs_already(void **state)
{
    KDPC dpc;

    (void)state;
    begun = 0;
    dirql_thread_move(0);
    begin(&dpc, "a");
    KeInitializeDpc(&dpc, begin_and_take_a_while, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
    KeSetImportanceDpc(&dpc, HighImportance);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    while (!ReadAcquire(&begun)) {
        YieldProcessor();
    }
    KeFlushQueuedDpcs();
    assert_int_equal(seen.runs, 1);
}

static VOID queue_itself_again(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    const LARGE_INTEGER soon = { .QuadPart = -10 };

    (void)argument1;
    (void)argument2;
    count_run();
    KeSetTimer(context, soon, dpc);
}

/* Each run brings about another, for ever. */
static void a_flush_does_not_wait_for_what_is_queued_meanwhile(void **state)
{
    KTIMER timer;
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, queue_itself_again, &timer);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_true(seen.runs >= 1);
    while (!KeCancelTimer(&timer)) {
        YieldProcessor();
    }
}

static void a_flush_with_nothing_queued_returns(void **state)
{
    (void)state;
    KeFlushQueuedDpcs();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_flush_waits_for_all_processors, .processors = 2),
        WITH(a_flush_waits_for_threaded_ones_too, .processors = 2),
        WITH(a_flush_waits_for_one_that_runs_already, .processors = 2),
        ALONE(a_flush_does_not_wait_for_what_is_queued_meanwhile),
        ALONE(a_flush_with_nothing_queued_returns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

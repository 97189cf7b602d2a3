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

static void a_flush_with_nothing_queued_returns(void **state)
{
    (void)state;
    KeFlushQueuedDpcs();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_flush_waits_for_all_processors, .processors = 2),
        ALONE(a_flush_with_nothing_queued_returns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

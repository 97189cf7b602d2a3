/* Tests of lib/ke/dpc.c: DPCs for other processors. */
#include "dpc_record.h"

static void a_target_is_where_the_dpc_runs(void **state)
{
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    KeSetTargetProcessorDpc(&dpc, 1);
    KeSetImportanceDpc(&dpc, HighImportance);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    dirql_time_advance_us(1);
    assert_int_equal(seen.runs, 1);
    assert_int_equal(seen.processor, 1);
}

static void a_target_that_the_machine_lacks_changes_nothing(void **state)
{
    const ULONG processors = KeQueryActiveProcessorCount(NULL);
    PROCESSOR_NUMBER number = { .Group = 0, .Number = (UCHAR)processors };
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    KeSetTargetProcessorDpc(&dpc, (CCHAR)processors);
    assert_int_equal(KeSetTargetProcessorDpcEx(&dpc, &number), STATUS_INVALID_PARAMETER);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(seen.processor, 0);
}

static void a_target_by_group_and_number_is_where_the_dpc_runs(void **state)
{
    PROCESSOR_NUMBER number = { .Group = 0, .Number = 1 };
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    assert_int_equal(KeSetTargetProcessorDpcEx(&dpc, &number), STATUS_SUCCESS);
    number.Group = 1;
    number.Number = 0;
    assert_int_equal(KeSetTargetProcessorDpcEx(&dpc, &number), STATUS_INVALID_PARAMETER);
    KeSetImportanceDpc(&dpc, HighImportance);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(seen.runs, 1);
    assert_int_equal(seen.processor, 1);
}

static void a_change_of_target_counts_for_later_insertions(void **state)
{
    KDPC dpc;
    KIRQL old;

    (void)state;
    dirql_thread_move(0);
    begin(&dpc, "a");
    KeSetTargetProcessorDpc(&dpc, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
    KeLowerIrql(old);
    assert_int_equal(seen.processor, 0);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(seen.runs, 2);
    assert_int_equal(seen.processor, 1);
}

static void a_dpc_runs_where_it_is_inserted_unless_targeted(void **state)
{
    KDPC dpc;

    (void)state;
    begin(&dpc, "a");
    dirql_thread_move(1);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(seen.processor, 1);
}

/* ---- A processor that is busy at PASSIVE_LEVEL ----------------------------------------------- */

static volatile LONG begun, stop;
static dirql_thread *busy;

static void keep_busy(void *context)
{
    (void)context;
    InterlockedExchange(&begun, 1);
    while (!ReadAcquire(&stop)) {
        KeStallExecutionProcessor(10);
    }
}

/* The other one is processor 1; the test stays on processor 0. */
static void make_the_other_busy(void)
{
    begun = stop = 0;
    dirql_thread_move(0);
    busy = dirql_thread_start("busy", 1, keep_busy, NULL);
    while (!ReadAcquire(&begun)) {
        YieldProcessor();
    }
}

static void let_the_other_rest(void)
{
    InterlockedExchange(&stop, 1);
    dirql_thread_join(busy);
}

static void send(KDPC_IMPORTANCE importance)
{
    static KDPC dpc;

    begin(&dpc, "a");
    KeSetTargetProcessorDpc(&dpc, 1);
    KeSetImportanceDpc(&dpc, importance);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void all_but_low_importance_reach_a_busy_processor(void **state)
{
    (void)state;
    make_the_other_busy();
    send(HighImportance);
    await_runs(1);
    send(MediumHighImportance);
    await_runs(2);
    send(MediumImportance);
    await_runs(3);
    assert_int_equal(seen.processor, 1);
    let_the_other_rest();
}

static void low_importance_on_a_busy_processor_waits_until_it_is_idle(void **state)
{
    (void)state;
    make_the_other_busy();
    send(LowImportance);
    for (int i = 0; i < 1000; i++) {
        KeStallExecutionProcessor(100);
    }
    assert_int_equal(seen.runs, 0);
    let_the_other_rest();
    dirql_time_advance_us(1);
    assert_int_equal(seen.runs, 1);
    assert_int_equal(seen.processor, 1);
}

/* How long a DPC of this importance takes to run there, in the machine's time. */
static uint64_t delay_ns(KDPC_IMPORTANCE importance)
{
    uint64_t began_ns, delay;

    make_the_other_busy();
    began_ns = dirql_time_ns();
    send(importance);
    await_runs(1);
    delay = dirql_time_ns() - began_ns;
    let_the_other_rest();
    return delay;
}

static void high_importance_starts_at_once_on_another_processor(void **state)
{
    (void)state;
    assert_in_range(delay_ns(HighImportance), 0, 100000);
}

static void medium_high_importance_starts_at_once_on_another_processor(void **state)
{
    (void)state;
    assert_in_range(delay_ns(MediumHighImportance), 0, 100000);
}

static void medium_importance_on_a_busy_processor_waits_for_its_tick(void **state)
{
    (void)state;
    assert_in_range(delay_ns(MediumImportance), 1000000, 16000000);
}

/* ---- Other processors ------------------------------------------------------------------------ */

static void an_idle_processor_runs_what_it_is_sent(void **state)
{
    const KDPC_IMPORTANCE kinds[] = { LowImportance, MediumImportance, HighImportance };

    (void)state;
    dirql_thread_move(0);
    for (LONG i = 0; i < 3; i++) {
        send(kinds[i]);
        await_runs(i + 1);
        assert_int_equal(seen.processor, 1);
    }
}

static volatile LONG inside;

/* Ends only when two are inside at once. */
static VOID meet(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    InterlockedIncrement(&inside);
    while (ReadAcquire(&inside) < 2) {
        YieldProcessor();
    }
    count_run();
}

static void insert_from_here(void *context)
{
    KeInsertQueueDpc(context, NULL, NULL);
}

static void insert_while_it_runs(void *context)
{
    while (ReadAcquire(&inside) == 0) {
        YieldProcessor();
    }
    assert_true(KeInsertQueueDpc(context, NULL, NULL));
}

static void one_dpc_runs_on_two_processors_at_once(void **state)
{
    dirql_thread *first, *second;
    KDPC dpc;

    (void)state;
    inside = 0;
    KeInitializeDpc(&dpc, meet, NULL);
    first = dirql_thread_start("first", 1, insert_from_here, &dpc);
    second = dirql_thread_start("second", 2, insert_while_it_runs, &dpc);
    dirql_thread_join(first);
    dirql_thread_join(second);
    assert_int_equal(seen.runs, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_target_is_where_the_dpc_runs, .processors = 2),
        WITH(a_target_that_the_machine_lacks_changes_nothing, .processors = 2),
        WITH(a_target_by_group_and_number_is_where_the_dpc_runs, .processors = 2),
        WITH(a_change_of_target_counts_for_later_insertions, .processors = 2),
        WITH(a_dpc_runs_where_it_is_inserted_unless_targeted, .processors = 2),
        WITH(all_but_low_importance_reach_a_busy_processor, .processors = 2),
        WITH(low_importance_on_a_busy_processor_waits_until_it_is_idle, .processors = 2),
        WITH(high_importance_starts_at_once_on_another_processor, .processors = 2, .fixed = 1),
        WITH(medium_high_importance_starts_at_once_on_another_processor, .processors = 2,
             .fixed = 1),
        WITH(medium_importance_on_a_busy_processor_waits_for_its_tick, .processors = 2, .fixed = 1),
        WITH(an_idle_processor_runs_what_it_is_sent, .processors = 2),
        WITH(one_dpc_runs_on_two_processors_at_once, .processors = 3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

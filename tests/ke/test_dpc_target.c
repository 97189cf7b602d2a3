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
    KDPC dpc;
    PROCESSOR_NUMBER number = { .Group = 0, .Number = 2 };

    (void)state;
    begin(&dpc, "a");
    KeSetTargetProcessorDpc(&dpc, 2);
    assert_int_equal(KeSetTargetProcessorDpcEx(&dpc, &number), STATUS_INVALID_PARAMETER);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(seen.processor, 0);
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

static void keep_busy(void *context)
{
    volatile bool *stop = context;

    while (!*stop) {
        KeStallExecutionProcessor(10);
    }
}

/* How long a DPC of this importance takes to run on a processor that is busy at PASSIVE_LEVEL. */
static uint64_t delay_on_busy_processor(KDPC_IMPORTANCE importance)
{
    volatile bool stop = false;
    uint64_t began_ns;
    static KDPC dpc;
    dirql_thread *busy = dirql_thread_start("busy", 1, keep_busy, (void *)(uintptr_t)&stop);

    dirql_time_advance_us(100);
    begin(&dpc, "a");
    KeSetTargetProcessorDpc(&dpc, 1);
    KeSetImportanceDpc(&dpc, importance);
    began_ns = dirql_time_ns();
    KeInsertQueueDpc(&dpc, NULL, NULL);
    while (seen.runs == 0 && dirql_time_ns() - began_ns < 100000000) {
        KeStallExecutionProcessor(1);
    }
    stop = true;
    dirql_thread_join(busy);
    return dirql_time_ns() - began_ns;
}

static void high_importance_starts_at_once_on_another_processor(void **state)
{
    (void)state;
    assert_in_range(delay_on_busy_processor(HighImportance), 0, 100000);
    assert_int_equal(seen.processor, 1);
}

static void medium_high_importance_starts_at_once_on_another_processor(void **state)
{
    (void)state;
    assert_in_range(delay_on_busy_processor(MediumHighImportance), 0, 100000);
}

static void medium_importance_on_a_busy_processor_waits_for_its_tick(void **state)
{
    (void)state;
    assert_in_range(delay_on_busy_processor(MediumImportance), 1000000, 16000000);
}

static void low_importance_on_a_busy_processor_waits_until_it_is_idle(void **state)
{
    (void)state;
    assert_in_range(delay_on_busy_processor(LowImportance), 99000000, 110000000);
    dirql_time_advance_us(1);
    assert_int_equal(seen.runs, 1);
}

static void an_idle_processor_runs_what_it_is_sent(void **state)
{
    const KDPC_IMPORTANCE kinds[] = { LowImportance, MediumImportance, HighImportance };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        KDPC dpc;

        begin(&dpc, "a");
        KeSetTargetProcessorDpc(&dpc, 1);
        KeSetImportanceDpc(&dpc, kinds[i]);
        KeInsertQueueDpc(&dpc, NULL, NULL);
        KeStallExecutionProcessor(20);
        assert_int_equal(seen.runs, i + 1);
        assert_int_equal(seen.processor, 1);
    }
}

static unsigned inside, most_inside;

static VOID stay_inside(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    if (++inside > most_inside) {
        most_inside = inside;
    }
    for (int i = 0; i < 10; i++) {
        KeStallExecutionProcessor(3);
    }
    inside--;
    seen.runs++;
}

static void insert_from_here(void *context)
{
    KeInsertQueueDpc(context, NULL, NULL);
}

static void one_dpc_runs_on_two_processors_at_once(void **state)
{
    KDPC dpc;
    dirql_thread *threads[2];

    (void)state;
    inside = most_inside = 0;
    KeInitializeDpc(&dpc, stay_inside, NULL);
    for (unsigned i = 0; i < 2; i++) {
        threads[i] = dirql_thread_start("inserter", i + 1, insert_from_here, &dpc);
    }
    dirql_thread_join(threads[0]);
    dirql_thread_join(threads[1]);
    assert_int_equal(seen.runs, 2);
    assert_int_equal(most_inside, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_target_is_where_the_dpc_runs, .processors = 2),
        WITH(a_target_that_the_machine_lacks_changes_nothing, .processors = 2),
        WITH(a_dpc_runs_where_it_is_inserted_unless_targeted, .processors = 2),
        WITH(high_importance_starts_at_once_on_another_processor, .processors = 2),
        WITH(medium_high_importance_starts_at_once_on_another_processor, .processors = 2),
        WITH(medium_importance_on_a_busy_processor_waits_for_its_tick, .processors = 2),
        WITH(low_importance_on_a_busy_processor_waits_until_it_is_idle, .processors = 2),
        WITH(an_idle_processor_runs_what_it_is_sent, .processors = 2),
        WITH(one_dpc_runs_on_two_processors_at_once, .processors = 3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

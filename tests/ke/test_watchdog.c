/* Tests of lib/ke/watchdog.c and lib/ke/cache.c. */
#include "dpc_record.h"

static LOGICAL executing, yields;
static NTSTATUS status;

static VOID look(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KDPC_WATCHDOG_INFORMATION information = { .DpcTimeLimit = 1 };

    executing = KeIsExecutingDpc();
    status = KeQueryDpcWatchdogInformation(&information);
    assert_int_equal(information.DpcTimeLimit, 0);
    note(dpc, context, argument1, argument2);
}

static void a_dpc_knows_that_it_is_one(void **state)
{
    KDPC dpc;

    (void)state;
    assert_false(KeIsExecutingDpc());
    prepare(&dpc, look, "a");
    KeInsertQueueDpc(&dpc, NULL, NULL);
    await_runs(1);
    KeFlushQueuedDpcs();
    assert_true(executing);
    assert_int_equal(status, STATUS_SUCCESS);
}

static void a_raised_thread_is_no_dpc(void **state)
{
    KDPC_WATCHDOG_INFORMATION information;
    KIRQL old;

    (void)state;
    assert_int_equal(KeQueryDpcWatchdogInformation(&information), STATUS_UNSUCCESSFUL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(KeQueryDpcWatchdogInformation(&information), STATUS_SUCCESS);
    assert_false(KeIsExecutingDpc());
    KeLowerIrql(old);
}

static void who_keeps_a_dpc_out_should_yield(void **state)
{
    KDPC dpc;
    KIRQL old;

    (void)state;
    begin(&dpc, "a");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)KeGetCurrentProcessorNumber());
    KeInsertQueueDpc(&dpc, NULL, NULL);
    yields = KeShouldYieldProcessor();
    KeLowerIrql(old);
    await_runs(1);
    KeFlushQueuedDpcs();
    assert_true(yields);
}

static void a_loop_that_waits_to_yield_ends(void **state)
{
    unsigned rounds = 0;
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    while (!KeShouldYieldProcessor()) {
        rounds++;
    }
    KeLowerIrql(old);
    assert_true(rounds < 1000);
}

static void below_dispatch_level_it_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("IrqlDispatch");
    (void)KeShouldYieldProcessor();
}

static void caches_are_flushed(void **state)
{
    (void)state;
    assert_true(KeInvalidateAllCaches());
    KeInvalidateRangeAllCaches(state, 64);
    assert_int_equal(KeGetRecommendedSharedDataAlignment(), SYSTEM_CACHE_ALIGNMENT_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_dpc_knows_that_it_is_one, .processors = 1),
        WITH(a_raised_thread_is_no_dpc, .processors = 1),
        WITH(who_keeps_a_dpc_out_should_yield, .processors = 1),
        WITH(a_loop_that_waits_to_yield_ends, .processors = 1),
        WITH(below_dispatch_level_it_is_reported, .processors = 1),
        WITH(caches_are_flushed, .processors = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

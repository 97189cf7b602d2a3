/* Tests of lib/control/clock.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static void a_run_begins_at_zero_and_asking_is_free(void **state)
{
    (void)state;
    assert_true(dirql_time_ns() == 0);
    assert_true(dirql_time_ns() == 0);
}

static void time_advances_by_exactly_what_is_asked(void **state)
{
    (void)state;
    dirql_time_advance_ns(1);
    assert_true(dirql_time_ns() == 1);
    dirql_time_advance_us(2);
    assert_true(dirql_time_ns() == 2001);
    dirql_time_advance_ms(3);
    assert_true(dirql_time_ns() == 3002001);
}

static void count_to_ten(void *context)
{
    for (int i = 0; i < 10; i++) {
        dirql_time_advance_us(1);
        InterlockedIncrement(context);
    }
}

static void other_threads_run_meanwhile(void **state)
{
    volatile LONG count = 0;

    (void)state;
    (void)dirql_thread_start("counter", DIRQL_ANY_PROCESSOR, count_to_ten, (void *)&count);
    dirql_time_advance_us(5);
    assert_in_range(ReadAcquire(&count), 4, 5);
    dirql_time_advance_us(10);
    assert_int_equal(ReadAcquire(&count), 10);
}

static VOID note_irql(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    InterlockedIncrement(context);
}

static void at_dispatch_level_the_processor_is_kept_busy(void **state)
{
    const LARGE_INTEGER due = { .QuadPart = -10000 };
    volatile LONG threads = 0, dpcs = 0;
    LONG before;
    KTIMER timer;
    KDPC dpc;
    KIRQL old;

    (void)state;
    dirql_thread_move(0);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, note_irql, (void *)&dpcs);
    KeSetTargetProcessorDpc(&dpc, 0);
    KeSetTimer(&timer, due, &dpc);
    (void)dirql_thread_start("counter", 0, count_to_ten, (void *)&threads);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    before = ReadAcquire(&threads); /* It may have begun. */
    dirql_time_advance_ms(2);
    assert_int_equal(ReadAcquire(&threads), before);
    assert_int_equal(dpcs, 0);
    KeLowerIrql(old);
    assert_int_equal(dpcs, 1);
}

static VOID advance_in_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    dirql_time_advance_us(30);
    *(uint64_t *)context = dirql_time_ns();
}

static void a_dpc_can_let_time_pass(void **state)
{
    uint64_t done_ns = 0;
    KDPC dpc;

    (void)state;
    KeInitializeDpc(&dpc, advance_in_dpc, &done_ns);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_true(done_ns == 30000);
}

static void the_access_cost_is_an_option(void **state)
{
    (void)state;
    (void)KeQueryPerformanceCounter(NULL);
    assert_true(dirql_time_ns() == 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_run_begins_at_zero_and_asking_is_free),
        dirql_unit_test(time_advances_by_exactly_what_is_asked),
        dirql_unit_test(other_threads_run_meanwhile),
        dirql_unit_test(other_threads_run_meanwhile, .processors = 2),
        dirql_unit_test(at_dispatch_level_the_processor_is_kept_busy),
        dirql_unit_test(a_dpc_can_let_time_pass),
        dirql_unit_test(the_access_cost_is_an_option, .access_cost_ns = 250),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

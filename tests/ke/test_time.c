/* Tests of lib/ke/time.c. */
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

static void a_stall_takes_its_time(void **state)
{
    (void)state;
    KeStallExecutionProcessor(50);
    assert_true(dirql_time_ns() == 50000);
}

static void a_query_costs_the_time_of_a_register_access(void **state)
{
    (void)state;
    assert_true(KeQueryInterruptTime() == 10);
    assert_true(KeQueryInterruptTime() == 20);
}

static void a_loop_that_waits_for_time_to_pass_ends(void **state)
{
    const ULONGLONG begun = KeQueryInterruptTime();

    (void)state;
    while (KeQueryInterruptTime() - begun < 500000) {
    }
    assert_true(dirql_time_ns() >= 50000000);
}

static void the_performance_counter_has_a_fixed_frequency_and_counts_up(void **state)
{
    LARGE_INTEGER frequency, first, second;

    (void)state;
    first = KeQueryPerformanceCounter(&frequency);
    KeStallExecutionProcessor(10);
    second = KeQueryPerformanceCounter(NULL);
    assert_int_equal(frequency.QuadPart, 10000000);
    assert_in_range(second.QuadPart - first.QuadPart, 100, 110);
}

static void system_time_begins_in_2024_and_goes_with_interrupt_time(void **state)
{
    LARGE_INTEGER first, second;

    (void)state;
    KeQuerySystemTime(&first);
    assert_true(first.QuadPart == 133485408000000000ll + 10);
    dirql_time_advance_ms(10);
    KeQuerySystemTimePrecise(&second);
    assert_true(second.QuadPart - first.QuadPart == 100010);
}

static void ticks_are_as_long_as_the_time_increment_says(void **state)
{
    LARGE_INTEGER ticks;
    const ULONG increment_100ns = KeQueryTimeIncrement();

    (void)state;
    KeQueryTickCount(&ticks);
    assert_true(ticks.QuadPart == 0);
    dirql_time_advance_ns(increment_100ns * 300ull);
    KeQueryTickCount(&ticks);
    assert_true(ticks.QuadPart == 3);
}

static void the_precise_query_gives_a_counter_value_too(void **state)
{
    ULONG64 counter = 0;
    const ULONG64 time = KeQueryInterruptTimePrecise(&counter);

    (void)state;
    assert_true(time == counter);
    assert_true(KeQueryUnbiasedInterruptTime() == time + 10);
}

static void times_can_be_asked_at_any_irql(void **state)
{
    LARGE_INTEGER time;
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    KeQuerySystemTime(&time);
    (void)KeQueryPerformanceCounter(NULL);
    KeStallExecutionProcessor(1);
    KeLowerIrql(old);
    assert_true(dirql_time_ns() == 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_stall_takes_its_time),
        dirql_unit_test(a_query_costs_the_time_of_a_register_access),
        dirql_unit_test(a_loop_that_waits_for_time_to_pass_ends),
        dirql_unit_test(the_performance_counter_has_a_fixed_frequency_and_counts_up),
        dirql_unit_test(system_time_begins_in_2024_and_goes_with_interrupt_time),
        dirql_unit_test(ticks_are_as_long_as_the_time_increment_says),
        dirql_unit_test(the_precise_query_gives_a_counter_value_too),
        dirql_unit_test(times_can_be_asked_at_any_irql),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

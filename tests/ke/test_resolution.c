/* Tests of lib/ke/resolution.c, and of the counter that is not there in lib/ke/time.c. */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

static ULONG current(void)
{
    ULONG maximum, minimum, now;

    ExQueryTimerResolution(&maximum, &minimum, &now);
    assert_int_equal(maximum, KeQueryTimeIncrement());
    assert_true(minimum <= now && now <= maximum);
    return now;
}

static void the_finest_that_is_asked_for_counts(void **state)
{
    (void)state;
    assert_int_equal(current(), KeQueryTimeIncrement());
    assert_int_equal(ExSetTimerResolution(50000, TRUE), 50000);
    assert_int_equal(ExSetTimerResolution(100000, TRUE), 50000);
    assert_int_equal(ExSetTimerResolution(1, TRUE), 10000);
    assert_int_equal(current(), 10000);
    for (int i = 0; i < 3; i++) {
        (void)ExSetTimerResolution(0, FALSE);
    }
}

static void the_default_comes_back_with_the_last(void **state)
{
    (void)state;
    (void)ExSetTimerResolution(50000, TRUE);
    (void)ExSetTimerResolution(20000, TRUE);
    assert_int_equal(ExSetTimerResolution(0, FALSE), 20000);
    assert_int_equal(ExSetTimerResolution(0, FALSE), KeQueryTimeIncrement());
    assert_int_equal(ExSetTimerResolution(0, FALSE), KeQueryTimeIncrement());
}

static void above_apc_level_it_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_finding("IrqlKeApcLte1");
    (void)ExSetTimerResolution(10000, TRUE);
}

static void there_is_no_auxiliary_counter(void **state)
{
    ULONG64 value = 7;

    (void)state;
    assert_int_equal(KeQueryAuxiliaryCounterFrequency(&value), STATUS_NOT_SUPPORTED);
    assert_int_equal(KeConvertAuxiliaryCounterToPerformanceCounter(1, &value, NULL),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(KeConvertPerformanceCounterToAuxiliaryCounter(1, &value, NULL),
                     STATUS_NOT_SUPPORTED);
    assert_true(value == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(the_finest_that_is_asked_for_counts),
        dirql_unit_test(the_default_comes_back_with_the_last),
        dirql_unit_test(above_apc_level_it_is_reported),
        dirql_unit_test(there_is_no_auxiliary_counter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

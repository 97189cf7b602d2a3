/* Tests of lib/ke/region.c. */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

static void critical_regions_nest(void **state)
{
    (void)state;
    assert_false(KeAreApcsDisabled());
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    assert_true(KeAreApcsDisabled());
    KeLeaveCriticalRegion();
    assert_false(KeAreApcsDisabled());
}

static void guarded_regions_nest(void **state)
{
    (void)state;
    KeEnterGuardedRegion();
    KeEnterGuardedRegion();
    KeLeaveGuardedRegion();
    assert_true(KeAreApcsDisabled());
    KeLeaveGuardedRegion();
    assert_false(KeAreApcsDisabled());
}

static void leaving_a_critical_region_outside_one_is_c4_3e(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x3E, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    KeLeaveCriticalRegion();
}

static void leaving_a_guarded_region_outside_one_is_reported(void **state)
{
    (void)state;
    KeEnterCriticalRegion();
    dirql_expect_finding("GuardedRegions");
    KeLeaveGuardedRegion();
}

static void entering_a_critical_region_above_apc_level_is_c4_11a(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x11A, DISPATCH_LEVEL, DIRQL_ANY,
                               DIRQL_ANY);
    KeEnterCriticalRegion();
}

static void leaving_a_critical_region_above_apc_level_is_c4_11b(void **state)
{
    KIRQL old;

    (void)state;
    KeEnterCriticalRegion();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x11B, DISPATCH_LEVEL, DIRQL_ANY,
                               DIRQL_ANY);
    KeLeaveCriticalRegion();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(critical_regions_nest),
        dirql_unit_test(guarded_regions_nest),
        dirql_unit_test(leaving_a_critical_region_outside_one_is_c4_3e),
        dirql_unit_test(leaving_a_guarded_region_outside_one_is_reported),
        dirql_unit_test(entering_a_critical_region_above_apc_level_is_c4_11a),
        dirql_unit_test(leaving_a_critical_region_above_apc_level_is_c4_11b),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

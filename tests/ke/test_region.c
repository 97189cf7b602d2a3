/* Tests of lib/ke/region.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
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
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x3E, 0, 0, 0);
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
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x11A, DISPATCH_LEVEL, 0,
                               0);
    KeEnterCriticalRegion();
}

static void leaving_a_critical_region_above_apc_level_is_c4_11b(void **state)
{
    KIRQL old;

    (void)state;
    KeEnterCriticalRegion();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x11B, DISPATCH_LEVEL, 0,
                               0);
    KeLeaveCriticalRegion();
}

static void enter_critical(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
}

static void enter_guarded(void *context)
{
    (void)context;
    KeEnterGuardedRegion();
}

static void enter_and_leave(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    KeEnterGuardedRegion();
    KeLeaveGuardedRegion();
    KeLeaveCriticalRegion();
}

static void a_thread_that_ends_in_a_critical_region_is_bug_check_20(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KERNEL_APC_PENDING_DURING_EXIT, 0, (ULONG_PTR)-1, PASSIVE_LEVEL, 0);
    dirql_thread_join(dirql_thread_start("careless", 0, enter_critical, NULL));
}

static void a_thread_that_ends_in_a_guarded_region_is_bug_check_20(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KERNEL_APC_PENDING_DURING_EXIT, 0, 0, PASSIVE_LEVEL, 0);
    dirql_thread_join(dirql_thread_start("careless", 0, enter_guarded, NULL));
}

static void end_in_system_thread(void *context)
{
    enter_and_leave(context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void a_thread_that_left_what_it_entered_ends(void **state)
{
    HANDLE handle;
    PVOID thread;

    (void)state;
    dirql_thread_join(dirql_thread_start("careful", 0, enter_and_leave, NULL));
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                          end_in_system_thread, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread,
                                               NULL),
                     STATUS_SUCCESS);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    ZwClose(handle);
}

/* ---- The test's own thread ------------------------------------------------------------------- */

/* The run's code; 0: it passed. */
static ULONG code_of(void (*body)(void *), dirql_leaks leaks, const char *said)
{
    dirql_result result;
    ULONG code;

    dirql_run(&(dirql_options){ .name = "body", .leaks = leaks }, body, NULL, &result);
    code = result.code;
    assert_int_equal(result.errors, result.outcome == DIRQL_PASSED ? 0 : 1);
    assert_true(said == NULL ? result.outcome == DIRQL_PASSED
                             : strstr(result.report, said) != NULL);
    dirql_result_free(&result);
    return code;
}

static void a_test_that_ends_in_a_region_is_bug_check_20(void **state)
{
    (void)state;
    assert_int_equal(code_of(enter_critical, 0, "ends in a critical region"),
                     KERNEL_APC_PENDING_DURING_EXIT);
    assert_int_equal(code_of(enter_guarded, 0, "ends in a guarded region"),
                     KERNEL_APC_PENDING_DURING_EXIT);
    assert_int_equal(code_of(enter_guarded, DIRQL_LEAKS_IGNORED, "ends in a guarded region"),
                     KERNEL_APC_PENDING_DURING_EXIT);
}

static void a_test_that_left_what_it_entered_passes(void **state)
{
    (void)state;
    assert_int_equal(code_of(enter_and_leave, 0, NULL), 0);
}

static void keep_a_mutex(void *context)
{
    static KMUTEX mutex;

    (void)context;
    KeInitializeMutex(&mutex, 0);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
}

static void a_test_that_keeps_a_mutex_has_entered_no_region(void **state)
{
    (void)state;
    assert_int_equal(code_of(keep_a_mutex, DIRQL_LEAKS_IGNORED, NULL), 0);
}

static void fail_in_a_region(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    dirql_fail(__FILE__, __LINE__, "an assertion of the test's");
}

static void a_test_that_fails_in_a_region_is_told_no_more_than_that(void **state)
{
    (void)state;
    assert_int_equal(code_of(fail_in_a_region, 0, "an assertion of the test's"), 0);
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
        dirql_unit_test(a_thread_that_ends_in_a_critical_region_is_bug_check_20),
        dirql_unit_test(a_thread_that_ends_in_a_guarded_region_is_bug_check_20),
        dirql_unit_test(a_thread_that_left_what_it_entered_ends),
        cmocka_unit_test(a_test_that_ends_in_a_region_is_bug_check_20),
        cmocka_unit_test(a_test_that_left_what_it_entered_passes),
        cmocka_unit_test(a_test_that_keeps_a_mutex_has_entered_no_region),
        cmocka_unit_test(a_test_that_fails_in_a_region_is_told_no_more_than_that),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

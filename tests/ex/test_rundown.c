/* Tests of lib/ex/rundown.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

enum { TAG = 0x74736554 };

static EX_RUNDOWN_REF ref;
static PEX_RUNDOWN_REF_CACHE_AWARE aware;
static volatile LONG released;

static int start(void **state)
{
    (void)state;
    released = 0;
    ExInitializeRundownProtection(&ref);
    return 0;
}

static void it_is_acquired_until_it_runs_down(void **state)
{
    (void)state;
    assert_true(ExAcquireRundownProtection(&ref));
    assert_true(ExAcquireRundownProtectionEx(&ref, 3));
    ExReleaseRundownProtectionEx(&ref, 2);
    ExReleaseRundownProtection(&ref);
    ExReleaseRundownProtection(&ref);
    ExWaitForRundownProtectionRelease(&ref);
    assert_false(ExAcquireRundownProtection(&ref));
    assert_false(ExAcquireRundownProtectionEx(&ref, 2));
}

static void waiting_again_returns_at_once(void **state)
{
    (void)state;
    ExWaitForRundownProtectionRelease(&ref);
    ExWaitForRundownProtectionRelease(&ref);
}

static void it_can_be_used_again(void **state)
{
    (void)state;
    ExWaitForRundownProtectionRelease(&ref);
    ExRundownCompleted(&ref);
    ExReInitializeRundownProtection(&ref);
    assert_true(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtection(&ref);
}

static void release_later(void *context)
{
    (void)context;
    dirql_time_advance_ms(5);
    assert_false(ExAcquireRundownProtection(&ref));
    InterlockedIncrement(&released);
    ExReleaseRundownProtection(&ref);
}

static void wait_too(void *context)
{
    (void)context;
    ExWaitForRundownProtectionRelease(&ref);
    assert_int_equal(released, 1);
}

static void everybody_waits_for_the_last_release(void **state)
{
    dirql_thread *user, *waiter;

    (void)state;
    assert_true(ExAcquireRundownProtection(&ref));
    user = dirql_thread_start("user", 0, release_later, NULL);
    waiter = dirql_thread_start("waiter", 0, wait_too, NULL);
    ExWaitForRundownProtectionRelease(&ref);
    assert_int_equal(released, 1);
    dirql_thread_join(user);
    dirql_thread_join(waiter);
}

static VOID release_in_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    ExReleaseRundownProtection(&ref);
}

static void a_dpc_can_release_it(void **state)
{
    LARGE_INTEGER due = { .QuadPart = -50000 };
    static KTIMER timer;
    static KDPC dpc;

    (void)state;
    assert_true(ExAcquireRundownProtection(&ref));
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, release_in_dpc, NULL);
    KeSetTimer(&timer, due, &dpc);
    ExWaitForRundownProtectionRelease(&ref);
    assert_false(ExAcquireRundownProtection(&ref));
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void releasing_what_was_not_acquired_is_reported(void **state)
{
    (void)state;
    assert_true(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtection(&ref);
    dirql_expect_finding("RundownProtection");
    ExReleaseRundownProtection(&ref);
    fail_msg("it was acquired once");
}

static void using_it_again_before_it_ran_down_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("RundownProtection");
    ExReInitializeRundownProtection(&ref);
    fail_msg("others may use it");
}

static void a_waiter_that_holds_it_is_a_deadlock(void **state)
{
    (void)state;
    assert_true(ExAcquireRundownProtection(&ref));
    dirql_expect_finding("deadlock");
    ExWaitForRundownProtectionRelease(&ref);
    fail_msg("it waits for itself");
}

/* ---- Cache-aware ----------------------------------------------------------------------------- */

static void exercise_cache_aware(void)
{
    assert_true(ExAcquireRundownProtectionCacheAware(aware));
    assert_true(ExAcquireRundownProtectionCacheAwareEx(aware, 2));
    ExReleaseRundownProtectionCacheAware(aware);
    ExReleaseRundownProtectionCacheAwareEx(aware, 2);
    ExWaitForRundownProtectionReleaseCacheAware(aware);
    assert_false(ExAcquireRundownProtectionCacheAware(aware));
    ExRundownCompletedCacheAware(aware);
    ExReInitializeRundownProtectionCacheAware(aware);
    assert_true(ExAcquireRundownProtectionCacheAware(aware));
    ExReleaseRundownProtectionCacheAware(aware);
}

static void the_cache_aware_form_does_the_same(void **state)
{
    (void)state;
    aware = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, TAG);
    assert_non_null(aware);
    exercise_cache_aware();
    ExFreeCacheAwareRundownProtection(aware);
}

static void the_cache_aware_form_fits_into_memory_of_its_size(void **state)
{
    const SIZE_T bytes = ExSizeOfRundownProtectionCacheAware();

    (void)state;
    aware = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, TAG);
    ExInitializeRundownProtectionCacheAware(aware, bytes);
    exercise_cache_aware();
    ExInitializeRundownProtectionCacheAwareEx(aware, 0);
    exercise_cache_aware();
    ExFreePoolWithTag(aware, TAG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(it_is_acquired_until_it_runs_down, start),
        dirql_unit_test_setup(waiting_again_returns_at_once, start),
        dirql_unit_test_setup(it_can_be_used_again, start),
        dirql_unit_test_setup(everybody_waits_for_the_last_release, start),
        dirql_unit_test_setup(everybody_waits_for_the_last_release, start, .processors = 2),
        dirql_unit_test_setup(a_dpc_can_release_it, start),
        dirql_unit_test_setup(releasing_what_was_not_acquired_is_reported, start),
        dirql_unit_test_setup(using_it_again_before_it_ran_down_is_reported, start),
        dirql_unit_test_setup(a_waiter_that_holds_it_is_a_deadlock, start),
        dirql_unit_test_setup(the_cache_aware_form_does_the_same, start),
        dirql_unit_test_setup(the_cache_aware_form_fits_into_memory_of_its_size, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

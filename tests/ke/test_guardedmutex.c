/*
 * test_guardedmutex.c - lib/ke/fastmutex.c: guarded mutexes, which disable all APCs of their owner,
 * and what the Unsafe routines of both kinds ask of their caller.
 */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <ntddk.h>

static KGUARDED_MUTEX mutex, other;
static FAST_MUTEX fast;
static KEVENT go;

static int start(void **state)
{
    (void)state;
    KeInitializeGuardedMutex(&mutex);
    KeInitializeGuardedMutex(&other);
    ExInitializeFastMutex(&fast);
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    return 0;
}

/* ---- One thread ------------------------------------------------------------------------------ */

static void an_owner_is_in_a_guarded_region_until_the_release(void **state)
{
    (void)state;
    KeAcquireGuardedMutex(&mutex);
    assert_true(KeAreAllApcsDisabled());
    KeReleaseGuardedMutex(&mutex);
    assert_false(KeAreAllApcsDisabled());
    assert_false(KeAreApcsDisabled());
}

static void so_is_one_who_tried_and_got_it(void **state)
{
    (void)state;
    assert_true(KeTryToAcquireGuardedMutex(&mutex));
    assert_true(KeAreAllApcsDisabled());
    KeReleaseGuardedMutex(&mutex);
    assert_false(KeAreAllApcsDisabled());
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void the_region_of_the_caller_outlives_the_release(void **state)
{
    (void)state;
    KeEnterGuardedRegion();
    KeAcquireGuardedMutex(&mutex);
    KeReleaseGuardedMutex(&mutex);
    assert_true(KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    assert_false(KeAreAllApcsDisabled());
}

static void nested_ones_keep_the_region_until_the_last_release(void **state)
{
    (void)state;
    KeAcquireGuardedMutex(&mutex);
    KeAcquireGuardedMutex(&other);
    KeReleaseGuardedMutex(&other);
    assert_true(KeAreApcsDisabled());
    KeReleaseGuardedMutex(&mutex);
    assert_false(KeAreApcsDisabled());
}

static void the_unsafe_pair_enters_no_region(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    KeAcquireGuardedMutexUnsafe(&mutex);
    assert_false(KeAreApcsDisabled());
    KeReleaseGuardedMutexUnsafe(&mutex);
    ExAcquireFastMutexUnsafe(&fast);
    ExReleaseFastMutexUnsafe(&fast);
    dirql_assert_irql(APC_LEVEL);
    KeLowerIrql(old);
}

/* ---- Several threads ------------------------------------------------------------------------- */

static void try_in_thread(void *context)
{
    (void)context;
    assert_false(KeTryToAcquireGuardedMutex(&mutex));
    assert_false(KeAreAllApcsDisabled());
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void a_try_of_an_owned_one_fails_and_changes_nothing(void **state)
{
    dirql_thread *thread;

    (void)state;
    thread = dirql_thread_start("other", DIRQL_ANY_PROCESSOR, try_in_thread, NULL);
    KeAcquireGuardedMutex(&mutex);
    dirql_thread_join(thread);
    KeReleaseGuardedMutex(&mutex);
}

static volatile LONG got;

static void take_in_thread(void *context)
{
    (void)context;
    (void)KeWaitForSingleObject(&go, Executive, KernelMode, FALSE, NULL);
    KeAcquireGuardedMutex(&mutex);
    InterlockedIncrement(&got);
    KeReleaseGuardedMutex(&mutex);
}

static void another_thread_waits_for_the_release(void **state)
{
    dirql_thread *thread = dirql_thread_start("other", DIRQL_ANY_PROCESSOR, take_in_thread, NULL);

    (void)state;
    got = 0;
    KeAcquireGuardedMutex(&mutex);
    KeSetEvent(&go, IO_NO_INCREMENT, FALSE);
    dirql_time_advance_ms(1);
    assert_int_equal(got, 0);
    KeReleaseGuardedMutex(&mutex);
    dirql_thread_join(thread);
    assert_int_equal(got, 1);
}

/* ---- What a driver does wrong ---------------------------------------------------------------- */

static void a_recursive_acquisition_is_a_deadlock(void **state)
{
    (void)state;
    KeAcquireGuardedMutex(&mutex);
    dirql_expect_bugcheck_with(MUTEX_ALREADY_OWNED, (ULONG_PTR)&mutex,
                               (ULONG_PTR)KeGetCurrentThread(), 0, 0);
    KeAcquireGuardedMutex(&mutex);
}

static void the_unsafe_acquisition_in_a_critical_region_is_found(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x39, PASSIVE_LEVEL,
                               (ULONG_PTR)-1, (ULONG_PTR)&mutex);
    KeEnterCriticalRegion();
    KeAcquireGuardedMutexUnsafe(&mutex);
}

static void the_unsafe_release_outside_the_region_is_found(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x3A, PASSIVE_LEVEL, 0,
                               (ULONG_PTR)&mutex);
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(&mutex);
    KeLeaveGuardedRegion();
    KeReleaseGuardedMutexUnsafe(&mutex);
}

static void so_is_that_of_a_fast_mutex(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x3A, PASSIVE_LEVEL, 0,
                               (ULONG_PTR)&fast);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&fast);
    KeLeaveCriticalRegion();
    ExReleaseFastMutexUnsafe(&fast);
}

static void the_other_kinds_release_is_found(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1009, (ULONG_PTR)&mutex, 0, 0);
    KeAcquireGuardedMutex(&mutex);
    ExReleaseFastMutex((PFAST_MUTEX)&mutex);
}

static void above_apc_level_it_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5, DISPATCH_LEVEL,
                               (ULONG_PTR)&mutex, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)KeTryToAcquireGuardedMutex(&mutex);
}

#define TEST(f, ...) dirql_unit_test_setup(f, start, __VA_ARGS__)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_owner_is_in_a_guarded_region_until_the_release, .processors = 1),
        TEST(so_is_one_who_tried_and_got_it, .processors = 1),
        TEST(the_region_of_the_caller_outlives_the_release, .processors = 1),
        TEST(nested_ones_keep_the_region_until_the_last_release, .processors = 1),
        TEST(the_unsafe_pair_enters_no_region, .processors = 1),
        TEST(a_try_of_an_owned_one_fails_and_changes_nothing, .processors = 2, .fixed = 1),
        TEST(another_thread_waits_for_the_release, .processors = 1),
        TEST(another_thread_waits_for_the_release, .processors = 2),
        TEST(a_recursive_acquisition_is_a_deadlock, .processors = 1),
        TEST(the_unsafe_acquisition_in_a_critical_region_is_found, .processors = 1),
        TEST(the_unsafe_release_outside_the_region_is_found, .processors = 1),
        TEST(so_is_that_of_a_fast_mutex, .processors = 1),
        TEST(the_other_kinds_release_is_found, .processors = 1),
        TEST(above_apc_level_it_is_reported, .processors = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_fastmutex.c - fast mutexes and guarded mutexes.
 */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <ntddk.h>

typedef struct scene {
    FAST_MUTEX first, second;
    KEVENT go, done;
    uint64_t got_ns;
    LONG inside, most_inside, total;
} scene;

static scene s;

static int start(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    ExInitializeFastMutex(&s.first);
    ExInitializeFastMutex(&s.second);
    KeInitializeEvent(&s.go, SynchronizationEvent, FALSE);
    KeInitializeEvent(&s.done, SynchronizationEvent, FALSE);
    return 0;
}

static void wait_for(PKEVENT event)
{
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
}

/* ---- One thread ------------------------------------------------------------------------------ */

static void an_owner_runs_at_apc_level_until_the_release(void **state)
{
    (void)state;
    ExAcquireFastMutex(&s.first);
    dirql_assert_irql(APC_LEVEL);
    assert_ptr_equal(s.first.Owner, KeGetCurrentThread());
    ExReleaseFastMutex(&s.first);
    dirql_assert_irql(PASSIVE_LEVEL);
    assert_null(s.first.Owner);
}

static void nested_mutexes_restore_irql_one_by_one(void **state)
{
    (void)state;
    ExAcquireFastMutex(&s.first);
    ExAcquireFastMutex(&s.second);
    ExReleaseFastMutex(&s.second);
    dirql_assert_irql(APC_LEVEL);
    ExReleaseFastMutex(&s.first);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void a_try_raises_only_if_it_succeeds(void **state)
{
    (void)state;
    assert_true(ExTryToAcquireFastMutex(&s.first));
    dirql_assert_irql(APC_LEVEL);
    assert_false(ExTryToAcquireFastMutex(&s.first));
    dirql_assert_irql(APC_LEVEL);
    ExReleaseFastMutex(&s.first);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void the_unsafe_pair_leaves_irql_alone(void **state)
{
    (void)state;
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&s.first);
    dirql_assert_irql(PASSIVE_LEVEL);
    ExReleaseFastMutexUnsafe(&s.first);
    KeLeaveCriticalRegion();
}

static void an_owner_of_a_guarded_mutex_is_in_a_guarded_region(void **state)
{
    KGUARDED_MUTEX mutex;

    (void)state;
    KeInitializeGuardedMutex(&mutex);
    KeAcquireGuardedMutex(&mutex);
    assert_true(KeAreApcsDisabled());
    dirql_assert_irql(APC_LEVEL);
    KeReleaseGuardedMutex(&mutex);
    assert_false(KeAreApcsDisabled());
    dirql_assert_irql(PASSIVE_LEVEL);
    assert_true(KeTryToAcquireGuardedMutex(&mutex));
    KeReleaseGuardedMutex(&mutex);
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(&mutex);
    dirql_assert_irql(PASSIVE_LEVEL);
    KeReleaseGuardedMutexUnsafe(&mutex);
    KeLeaveGuardedRegion();
}

/* ---- Several threads ------------------------------------------------------------------------- */

static void take_in_thread(void *context)
{
    (void)context;
    wait_for(&s.go);
    ExAcquireFastMutex(&s.first);
    s.got_ns = dirql_time_ns();
    dirql_assert_irql(APC_LEVEL);
    ExReleaseFastMutex(&s.first);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void another_thread_waits_for_the_release(void **state)
{
    dirql_thread *thread;

    (void)state;
    thread = dirql_thread_start("other", DIRQL_ANY_PROCESSOR, take_in_thread, NULL);
    ExAcquireFastMutex(&s.first);
    KeSetEvent(&s.go, 0, FALSE);
    dirql_time_advance_ms(2);
    assert_int_equal(s.first.Contention, 1);
    ExReleaseFastMutex(&s.first);
    dirql_thread_join(thread);
    assert_int_equal(s.got_ns, 2000000);
}

static void try_in_thread(void *context)
{
    (void)context;
    wait_for(&s.go);
    assert_false(ExTryToAcquireFastMutex(&s.first));
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void a_try_of_an_owned_mutex_fails(void **state)
{
    dirql_thread *thread = dirql_thread_start("other", DIRQL_ANY_PROCESSOR, try_in_thread, NULL);

    (void)state;
    ExAcquireFastMutex(&s.first);
    KeSetEvent(&s.go, 0, FALSE);
    dirql_thread_join(thread);
    ExReleaseFastMutex(&s.first);
}

enum { WORKERS = 4, ROUNDS = 20 };

static void work(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        LONG inside;

        ExAcquireFastMutex(&s.first);
        inside = InterlockedIncrement(&s.inside);
        s.most_inside = inside > s.most_inside ? inside : s.most_inside;
        s.total++;
        YieldProcessor();
        InterlockedDecrement(&s.inside);
        ExReleaseFastMutex(&s.first);
    }
}

static void only_one_thread_is_inside(void **state)
{
    dirql_thread *threads[WORKERS];

    (void)state;
    for (int i = 0; i < WORKERS; i++) {
        threads[i] = dirql_thread_start("worker", DIRQL_ANY_PROCESSOR, work, NULL);
    }
    for (int i = 0; i < WORKERS; i++) {
        dirql_thread_join(threads[i]);
    }
    assert_int_equal(s.most_inside, 1);
    assert_int_equal(s.total, WORKERS * ROUNDS);
    assert_int_equal(s.first.Count, 1);
}

/* ---- Deadlocks ------------------------------------------------------------------------------- */

static void a_recursive_acquisition_is_a_deadlock(void **state)
{
    (void)state;
    ExAcquireFastMutex(&s.first);
    dirql_expect_bugcheck_with(MUTEX_ALREADY_OWNED, (ULONG_PTR)&s.first,
                               (ULONG_PTR)KeGetCurrentThread(), 0, 0);
    ExAcquireFastMutex(&s.first);
}

static void take_second_then_first(void *context)
{
    (void)context;
    ExAcquireFastMutex(&s.second);
    KeSetEvent(&s.done, 0, FALSE);
    wait_for(&s.go);
    ExAcquireFastMutex(&s.first);
}

static VOID tick(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
}

/* A periodic timer keeps the machine going, so that only the owners' cycle tells. */
static void two_threads_that_want_each_others_mutex_are_found_at_once(void **state)
{
    static KTIMER timer;
    static KDPC dpc;
    LARGE_INTEGER due = { .QuadPart = -10000 };

    (void)state;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, tick, NULL);
    KeSetTimerEx(&timer, due, 1, &dpc);
    dirql_expect_finding("deadlock");
    (void)dirql_thread_start("other", DIRQL_ANY_PROCESSOR, take_second_then_first, NULL);
    ExAcquireFastMutex(&s.first);
    wait_for(&s.done);
    KeSetEvent(&s.go, 0, FALSE);
    ExAcquireFastMutex(&s.second);
}

/* ---- What a driver does wrong ---------------------------------------------------------------- */

static void acquired_at_dispatch_level_it_is_found_by_the_checker(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x33, DISPATCH_LEVEL,
                               (ULONG_PTR)&s.first, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExAcquireFastMutex(&s.first);
}

static void acquired_at_dispatch_level_it_is_windows_own_bug_check_too(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL,
                               (ULONG_PTR)KeGetCurrentThread(), (ULONG_PTR)&s.first, DISPATCH_LEVEL,
                               0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExAcquireFastMutex(&s.first);
}

static void released_below_apc_level_it_is_found_by_the_checker(void **state)
{
    (void)state;
    dirql_suppress("IrqlKeRaiseLower2", NULL, "the lowering is what the test is about");
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x34, PASSIVE_LEVEL,
                               0, (ULONG_PTR)&s.first);
    ExAcquireFastMutex(&s.first);
    KeLowerIrql(PASSIVE_LEVEL);
    ExReleaseFastMutex(&s.first);
}

static void release_in_thread(void *context)
{
    KIRQL old;

    wait_for(&s.go);
    if (context != NULL) {
        dirql_expect_bugcheck_with(KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE,
                                   (ULONG_PTR)KeGetCurrentThread(), (ULONG_PTR)context, 0, 0);
    }
    KeRaiseIrql(APC_LEVEL, &old);
    ExReleaseFastMutex(&s.first);
}

static void a_stranger_that_releases_is_found(void **state)
{
    dirql_thread *thread;

    (void)state;
    thread = dirql_thread_start("stranger", DIRQL_ANY_PROCESSOR, release_in_thread, &s.first);
    ExAcquireFastMutex(&s.first);
    KeSetEvent(&s.go, 0, FALSE);
    dirql_thread_join(thread);
}

static void a_release_of_a_free_mutex_is_found(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE,
                               (ULONG_PTR)KeGetCurrentThread(), (ULONG_PTR)&s.first, 0, 0);
    KeSetEvent(&s.go, 0, FALSE);
    release_in_thread(NULL);
}

static void the_other_pairs_release_is_found(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1009, (ULONG_PTR)&s.first, 0,
                               0);
    ExAcquireFastMutex(&s.first);
    ExReleaseFastMutexUnsafe(&s.first);
}

static void the_unsafe_pair_outside_a_region_is_found(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x39, PASSIVE_LEVEL, 0,
                               (ULONG_PTR)&s.first);
    ExAcquireFastMutexUnsafe(&s.first);
}

static void releases_in_the_wrong_order_are_found(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1003, (ULONG_PTR)&s.first,
                               (ULONG_PTR)&s.second, 0);
    ExAcquireFastMutex(&s.first);
    ExAcquireFastMutex(&s.second);
    ExReleaseFastMutex(&s.first);
}

static void keep_in_thread(void *context)
{
    (void)context;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x100A, (ULONG_PTR)&s.first,
                               (ULONG_PTR)KeGetCurrentThread(), 0);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&s.first);
}

static void a_thread_that_ends_as_the_owner_is_found(void **state)
{
    (void)state;
    dirql_thread_join(dirql_thread_start("keeper", DIRQL_ANY_PROCESSOR, keep_in_thread, NULL));
}

static void initialising_an_owned_mutex_is_found(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1005, (ULONG_PTR)&s.first, 0,
                               0);
    ExAcquireFastMutex(&s.first);
    ExInitializeFastMutex(&s.first);
}

static void a_mutex_that_was_not_initialised_is_found(void **state)
{
    static FAST_MUTEX cleared;

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE1,
                               (ULONG_PTR)&cleared.Event, 0, 0);
    ExAcquireFastMutex(&cleared);
}

#define TEST(f, ...) dirql_unit_test_setup(f, start, __VA_ARGS__)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_owner_runs_at_apc_level_until_the_release, .processors = 1),
        TEST(an_owner_runs_at_apc_level_until_the_release, .checks = DIRQL_CHECKS_NONE),
        TEST(nested_mutexes_restore_irql_one_by_one, .processors = 1),
        TEST(a_try_raises_only_if_it_succeeds, .processors = 1),
        TEST(the_unsafe_pair_leaves_irql_alone, .processors = 1),
        TEST(an_owner_of_a_guarded_mutex_is_in_a_guarded_region, .processors = 1),
        TEST(another_thread_waits_for_the_release, .processors = 1),
        TEST(another_thread_waits_for_the_release, .processors = 2),
        TEST(a_try_of_an_owned_mutex_fails, .processors = 2),
        TEST(only_one_thread_is_inside, .processors = 1),
        TEST(only_one_thread_is_inside, .processors = 4),
        TEST(only_one_thread_is_inside, .processors = 3, .mode = DIRQL_MODE_RANDOM, .seed = 5,
             .fixed = 1),
        TEST(a_recursive_acquisition_is_a_deadlock, .processors = 1),
        TEST(a_recursive_acquisition_is_a_deadlock, .checks = DIRQL_CHECKS_NONE),
        TEST(two_threads_that_want_each_others_mutex_are_found_at_once, .processors = 1),
        TEST(two_threads_that_want_each_others_mutex_are_found_at_once, .processors = 2),
        TEST(acquired_at_dispatch_level_it_is_found_by_the_checker, .processors = 1),
        TEST(acquired_at_dispatch_level_it_is_windows_own_bug_check_too,
             .checks = DIRQL_CHECKS_NONE),
        TEST(released_below_apc_level_it_is_found_by_the_checker, .processors = 1),
        TEST(a_stranger_that_releases_is_found, .processors = 1),
        TEST(a_release_of_a_free_mutex_is_found, .processors = 1),
        TEST(the_other_pairs_release_is_found, .processors = 1),
        TEST(the_unsafe_pair_outside_a_region_is_found, .processors = 1),
        TEST(releases_in_the_wrong_order_are_found, .processors = 1),
        TEST(a_thread_that_ends_as_the_owner_is_found, .processors = 1),
        TEST(initialising_an_owned_mutex_is_found, .processors = 1),
        TEST(a_mutex_that_was_not_initialised_is_found, .processors = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

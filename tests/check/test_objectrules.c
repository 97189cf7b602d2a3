/*
 * test_objectrules.c - each rule about objects, waits and threads is found when it is broken, and
 * not when it is kept.
 */
#include "rule.h"

enum { TAG = 0x74736554 };

static KIRQL old;
static KEVENT event;
static KMUTEX mutex;
static KDPC dpc;
static FAST_MUTEX fast;
static ERESOURCE resource;
static PKTHREAD self;
static HANDLE thread;
static PVOID object;
static LARGE_INTEGER wait_100us = { .QuadPart = -1000 };
static LARGE_INTEGER no_time;

/* ---- Waits ----------------------------------------------------------------------------------- */

static void wait_at(KIRQL irql, PLARGE_INTEGER timeout)
{
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeRaiseIrql(irql, &old);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, timeout);
    KeLowerIrql(old);
}

static void wait_without_timeout_at_dispatch(void *context)
{
    (void)context;
    wait_at(DISPATCH_LEVEL, NULL);
}

static void wait_with_timeout_at_dispatch(void *context)
{
    (void)context;
    wait_at(DISPATCH_LEVEL, &wait_100us);
}

static void poll_at_dirql(void *context)
{
    (void)context;
    wait_at(5, &no_time);
}

static void poll_at_dispatch(void *context)
{
    (void)context;
    wait_at(DISPATCH_LEVEL, &no_time);
}

static void a_wait_that_can_block_at_dispatch_level_is_found(void **state)
{
    (void)state;
    assert_verifier(wait_without_timeout_at_dispatch, 0x121, DIRQL_ANY, (ULONG_PTR)&event, 0,
                    "IrqlKeWait");
    assert_true(rule_result.parameters[1] != 0); /* Where the IRQL was, on a stack that is gone. */
    assert_verifier(wait_with_timeout_at_dispatch, 0x122, DIRQL_ANY, (ULONG_PTR)&event,
                    (ULONG_PTR)&wait_100us, "IrqlKeWait");
    assert_verifier(poll_at_dirql, 0x120, DIRQL_ANY, (ULONG_PTR)&event, (ULONG_PTR)&no_time,
                    "IrqlKeWait");
    assert_silent(poll_at_dispatch, 1, "IrqlKeWait");
}

static void wait_for_what_lies_on_the_stack(void *context)
{
    KEVENT own;

    (void)context;
    KeInitializeEvent(&own, NotificationEvent, TRUE);
    object = &own;
    KeWaitForSingleObject(&own, Executive, UserMode, FALSE, NULL);
}

static void a_user_mode_wait_for_what_lies_on_the_stack_is_found(void **state)
{
    (void)state;
    assert_verifier(wait_for_what_lies_on_the_stack, 0x123, (ULONG_PTR)object, 0, 0, "WaitOnStack");
}

static void wait_for_what_is_no_object(void *context)
{
    static KEVENT never_initialised;

    (void)context;
    object = &never_initialised;
    KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

static void use_a_remove_lock_that_is_none(void *context)
{
    static IO_REMOVE_LOCK never_initialised;

    (void)context;
    object = &never_initialised;
    IoAcquireRemoveLock(&never_initialised, NULL);
}

static void an_object_that_was_not_initialised_is_found(void **state)
{
    (void)state;
    assert_verifier(wait_for_what_is_no_object, 0xE1, (ULONG_PTR)object, 0, 0, "wrong object");
    assert_verifier(use_a_remove_lock_that_is_none, 0xE1, (ULONG_PTR)object, 0, 0, "wrong object");
}

static VOID delay_in_dpc(PKDPC of, PVOID context, PVOID a1, PVOID a2)
{
    (void)of;
    (void)context;
    (void)a1;
    (void)a2;
    self = KeGetCurrentThread();
    object = IoGetInitialStack();
    KeDelayExecutionThread(KernelMode, FALSE, &wait_100us);
}

static void delay_in_a_threaded_dpc(void *context)
{
    (void)context;
    dirql_suppress("ThreadedDpc", "delay_in_dpc", "the test asks where the stack begins");
    KeInitializeThreadedDpc(&dpc, delay_in_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    settle();
}

static void a_threaded_dpc_that_waits_is_found(void **state)
{
    (void)state;
    assert_broken(delay_in_a_threaded_dpc, 1, ATTEMPTED_SWITCH_FROM_DPC, (ULONG_PTR)self, 0,
                  (ULONG_PTR)object, 0, "WaitInDpc");
}

static void wait_for_ever(void *context)
{
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static void wait_for_a_fast_mutex_that_is_its_own(void *context)
{
    (void)context;
    self = KeGetCurrentThread();
    ExInitializeFastMutex(&fast);
    ExAcquireFastMutex(&fast);
    ExAcquireFastMutex(&fast);
}

static void want_a_resource_exclusively_that_one_shares(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    ExAcquireResourceExclusiveLite(&resource, TRUE);
}

static void a_wait_that_cannot_end_is_found(void **state)
{
    (void)state;
    assert_error(wait_for_ever, 1, "deadlock");
    assert_broken(wait_for_a_fast_mutex_that_is_its_own, 1, MUTEX_ALREADY_OWNED, (ULONG_PTR)&fast,
                  (ULONG_PTR)self, 0, 0, "deadlock");
    assert_verifier(want_a_resource_exclusively_that_one_shares, 0x1000, (ULONG_PTR)&resource, 0, 0,
                    "deadlock");
}

static VOID keep_time(PKDPC of, PVOID context, PVOID a1, PVOID a2)
{
    (void)of;
    (void)context;
    (void)a1;
    (void)a2;
}

static void wait_while_only_a_periodic_timer_runs(void *context)
{
    static KTIMER timer;

    (void)context;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeInitializeDpc(&dpc, keep_time, NULL);
    KeSetTimerEx(&timer, wait_100us, 100, &dpc);
    wait_for_ever(NULL);
}

static void a_wake_up_that_never_comes_is_found(void **state)
{
    (void)state;
    assert_error(wait_while_only_a_periodic_timer_runs, 1, "lost wake-up");
}

static VOID queue_itself(PKDPC of, PVOID context, PVOID a1, PVOID a2)
{
    (void)context;
    (void)a1;
    (void)a2;
    KeInsertQueueDpc(of, NULL, NULL);
}

static void queue_a_dpc_that_queues_itself(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, queue_itself, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void dpcs_that_never_end_are_found(void **state)
{
    (void)state;
    assert_broken(queue_a_dpc_that_queues_itself, 1, DPC_WATCHDOG_VIOLATION, 1, 0, 0, 0,
                  "livelock");
}

/* ---- Mutexes and regions --------------------------------------------------------------------- */

static void release_unsafely_what_was_acquired_safely(void *context)
{
    (void)context;
    ExInitializeFastMutex(&fast);
    ExAcquireFastMutex(&fast);
    ExReleaseFastMutexUnsafe(&fast);
}

static void a_fast_mutex_that_is_released_by_another_pair_is_found(void **state)
{
    (void)state;
    assert_verifier(release_unsafely_what_was_acquired_safely, 0x1009, (ULONG_PTR)&fast, 0, 0,
                    "FastMutexRelease");
}

static void acquire_and_end(void *context)
{
    (void)context;
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
}

static void end_with_a_mutex(void *context)
{
    (void)context;
    KeInitializeMutex(&mutex, 0);
    dirql_thread_join(dirql_thread_start("owner", 0, acquire_and_end, NULL));
}

static void a_thread_that_ends_with_its_mutex_is_warned_of(void **state)
{
    (void)state;
    assert_warned(end_with_a_mutex, 1, 1, "abandoned mutex");
}

static void leave_a_critical_region(void *context)
{
    (void)context;
    KeLeaveCriticalRegion();
}

static void leave_a_guarded_region(void *context)
{
    (void)context;
    KeLeaveGuardedRegion();
}

static void leaving_a_region_that_was_not_entered_is_found(void **state)
{
    (void)state;
    assert_verifier(leave_a_critical_region, 0x3E, 0, 0, 0, "CriticalRegions");
    assert_verifier(leave_a_guarded_region, 0x0004000E, 0, 0, 0, "GuardedRegions");
}

static void enter_regions_above_apc_level(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeEnterCriticalRegion();
}

static void leave_regions_above_apc_level(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeLeaveCriticalRegion();
}

static void a_region_above_apc_level_is_found(void **state)
{
    (void)state;
    assert_verifier(enter_regions_above_apc_level, 0x11A, DISPATCH_LEVEL, 0, 0, "IrqlKeApcLte1");
    assert_verifier(leave_regions_above_apc_level, 0x11B, DISPATCH_LEVEL, 0, 0, "IrqlKeApcLte1");
}

static void keep_a_resource_and_end(void *context)
{
    (void)context;
    self = KeGetCurrentThread();
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
}

static void end_with_a_resource(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    dirql_thread_join(dirql_thread_start("owner", 0, keep_a_resource_and_end, NULL));
}

static void delete_a_resource_that_is_owned(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    ExDeleteResourceLite(&resource);
}

static void a_resource_that_is_owned_for_ever_is_found(void **state)
{
    (void)state;
    assert_verifier(end_with_a_resource, 0x100A, (ULONG_PTR)&resource, (ULONG_PTR)self, 0,
                    "ResourceHeld");
    assert_broken(delete_a_resource_that_is_owned, 1, 0, 0, (ULONG_PTR)&resource, 0, 0,
                  "ResourceHeld");
}

static char packed[sizeof(ERESOURCE) + 16];

static PERESOURCE unaligned(void)
{
    return (PERESOURCE)(void *)(packed + (8 - (ULONG_PTR)packed % 8) + 4);
}

static void acquire_a_resource_that_is_not_aligned(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(unaligned(), TRUE);
}

static void use_a_resource(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

static void a_resource_that_is_not_aligned_is_found(void **state)
{
    (void)state;
    assert_verifier(acquire_a_resource_that_is_not_aligned, 0x3D, 0, 0, (ULONG_PTR)unaligned(),
                    "ResourceAlignment");
    assert_silent(use_a_resource, 1, "ResourceAlignment");
}

/* ---- Threads --------------------------------------------------------------------------------- */

static VOID end_at_once(PVOID context)
{
    (void)context;
}

static void create_a_thread_at_apc_level(void *context)
{
    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
    (void)PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, end_at_once, NULL);
}

static void a_thread_that_is_created_above_passive_level_is_found(void **state)
{
    (void)state;
    assert_verifier(create_a_thread_at_apc_level, 0xE5, APC_LEVEL, 0, 0, "IrqlPsPassive");
}

static void set_an_impossible_priority(void *context)
{
    (void)context;
    KeSetPriorityThread(KeGetCurrentThread(), HIGH_PRIORITY + 1);
}

static void set_an_impossible_affinity(void *context)
{
    (void)context;
    KeSetSystemAffinityThread((KAFFINITY)1 << 63);
}

static void impossible_priorities_and_affinities_are_found(void **state)
{
    (void)state;
    assert_error(set_an_impossible_priority, 1, "priority");
    assert_error(set_an_impossible_affinity, 1, "affinity");
}

static ULONG_PTR answer(ULONG_PTR context)
{
    return context;
}

static void call_all_processors_at_ipi_level(void *context)
{
    (void)context;
    KeRaiseIrql(IPI_LEVEL, &old);
    (void)KeIpiGenericCall(answer, 1);
}

static void a_call_of_all_processors_at_ipi_level_is_found(void **state)
{
    (void)state;
    assert_verifier(call_all_processors_at_ipi_level, 0xE5, IPI_LEVEL, 0, 0, "IrqlKeIpi");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_that_can_block_at_dispatch_level_is_found),
        cmocka_unit_test(a_user_mode_wait_for_what_lies_on_the_stack_is_found),
        cmocka_unit_test(an_object_that_was_not_initialised_is_found),
        cmocka_unit_test(a_threaded_dpc_that_waits_is_found),
        cmocka_unit_test(a_wait_that_cannot_end_is_found),
        cmocka_unit_test(a_wake_up_that_never_comes_is_found),
        cmocka_unit_test(dpcs_that_never_end_are_found),
        cmocka_unit_test(a_fast_mutex_that_is_released_by_another_pair_is_found),
        cmocka_unit_test(a_thread_that_ends_with_its_mutex_is_warned_of),
        cmocka_unit_test(leaving_a_region_that_was_not_entered_is_found),
        cmocka_unit_test(a_region_above_apc_level_is_found),
        cmocka_unit_test(a_resource_that_is_owned_for_ever_is_found),
        cmocka_unit_test(a_resource_that_is_not_aligned_is_found),
        cmocka_unit_test(a_thread_that_is_created_above_passive_level_is_found),
        cmocka_unit_test(impossible_priorities_and_affinities_are_found),
        cmocka_unit_test(a_call_of_all_processors_at_ipi_level_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

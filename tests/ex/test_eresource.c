/* Tests of lib/ex/eresource.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

enum { TAG = 0x74736554 };

static ERESOURCE resource;
static KEVENT let_go;
static volatile LONG readers, writers, most_readers;

static int start(void **state)
{
    (void)state;
    readers = writers = most_readers = 0;
    KeInitializeEvent(&let_go, NotificationEvent, FALSE);
    KeEnterCriticalRegion();
    return ExInitializeResourceLite(&resource) != STATUS_SUCCESS;
}

static int stop(void **state)
{
    (void)state;
    dirql_suppress("ResourceInit", NULL, "the test has deleted it already");
    ExDeleteResourceLite(&resource);
    if (KeAreApcsDisabled()) {
        KeLeaveCriticalRegion(); /* Some tests have left it. */
    }
    return 0;
}

static void exclusive_access_is_recursive(void **state)
{
    (void)state;
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    assert_true(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 3);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    assert_true(ExIsResourceAcquiredExclusiveLite(&resource));
    ExReleaseResourceLite(&resource);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 0);
    assert_int_equal(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

static void shared_access_is_recursive(void **state)
{
    (void)state;
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 2);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_false(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    assert_true(ExTryToAcquireResourceExclusiveLite(&resource));
    ExReleaseResourceLite(&resource);
}

/* ---- Several threads ------------------------------------------------------------------------- */

static void read_once(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    assert_int_equal(writers, 0);
    InterlockedIncrement(&readers);
    (void)KeWaitForSingleObject(&let_go, Executive, KernelMode, FALSE, NULL);
    InterlockedDecrement(&readers);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static void write_once(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    assert_int_equal(InterlockedIncrement(&writers), 1);
    assert_int_equal(readers, 0);
    (void)KeWaitForSingleObject(&let_go, Executive, KernelMode, FALSE, NULL);
    InterlockedDecrement(&writers);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static void await_readers(LONG count)
{
    while (InterlockedCompareExchange(&readers, 0, 0) != count) {
        dirql_time_advance_ms(1);
    }
}

static void await_waiters(ULONG shared, ULONG exclusive)
{
    while (ExGetSharedWaiterCount(&resource) != shared ||
           ExGetExclusiveWaiterCount(&resource) != exclusive) {
        dirql_time_advance_ms(1);
    }
}

static void readers_go_together(void **state)
{
    dirql_thread *threads[3];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        threads[i] = dirql_thread_start("reader", 0, read_once, NULL);
    }
    await_readers(3);
    assert_false(ExAcquireResourceExclusiveLite(&resource, FALSE));
    KeSetEvent(&let_go, IO_NO_INCREMENT, FALSE);
    for (unsigned i = 0; i < 3; i++) {
        dirql_thread_join(threads[i]);
    }
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
}

static void a_writer_waits_for_readers_and_keeps_new_ones_out(void **state)
{
    dirql_thread *writer;

    (void)state;
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    writer = dirql_thread_start("writer", 0, write_once, NULL);
    await_waiters(0, 1);
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE)); /* It has it already. */
    ExReleaseResourceLite(&resource);
    assert_false(ExAcquireSharedWaitForExclusive(&resource, FALSE));
    assert_true(ExAcquireSharedStarveExclusive(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    assert_false(ExAcquireResourceSharedLite(&resource, FALSE)); /* It was handed over. */
    KeSetEvent(&let_go, IO_NO_INCREMENT, FALSE);
    dirql_thread_join(writer);
}

static void new_readers_wait_behind_a_writer(void **state)
{
    dirql_thread *writer, *reader;

    (void)state;
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    writer = dirql_thread_start("writer", 0, write_once, NULL);
    await_waiters(0, 1);
    reader = dirql_thread_start("reader", 0, read_once, NULL);
    await_waiters(1, 1);
    KeSetEvent(&let_go, IO_NO_INCREMENT, FALSE);
    ExReleaseResourceLite(&resource);
    dirql_thread_join(writer);
    dirql_thread_join(reader);
    assert_int_equal(readers + writers, 0);
}

static void starving_readers_pass_a_waiting_writer(void **state)
{
    dirql_thread *reader, *writer;

    (void)state;
    reader = dirql_thread_start("reader", 0, read_once, NULL);
    await_readers(1);
    writer = dirql_thread_start("writer", 0, write_once, NULL);
    await_waiters(0, 1);
    assert_false(ExAcquireResourceSharedLite(&resource, FALSE));
    assert_true(ExAcquireSharedStarveExclusive(&resource, TRUE));
    ExReleaseResourceLite(&resource);
    KeSetEvent(&let_go, IO_NO_INCREMENT, FALSE);
    dirql_thread_join(reader);
    dirql_thread_join(writer);
}

static void a_writer_that_becomes_a_reader_lets_readers_in(void **state)
{
    dirql_thread *reader;

    (void)state;
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    reader = dirql_thread_start("reader", 0, read_once, NULL);
    await_waiters(1, 0);
    ExConvertExclusiveToSharedLite(&resource);
    await_readers(1);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 1);
    ExReleaseResourceLite(&resource);
    KeSetEvent(&let_go, IO_NO_INCREMENT, FALSE);
    dirql_thread_join(reader);
}

static unsigned total;

static void count_up(void *context)
{
    (void)context;
    for (unsigned i = 0; i < 50; i++) {
        ExEnterCriticalRegionAndAcquireResourceExclusive(&resource);
        total++;
        ExReleaseResourceAndLeaveCriticalRegion(&resource);
        ExEnterCriticalRegionAndAcquireResourceShared(&resource);
        assert_true(total > 0);
        ExReleaseResourceAndLeaveCriticalRegion(&resource);
    }
}

static void writers_exclude_each_other(void **state)
{
    dirql_thread *threads[4];

    (void)state;
    total = 0;
    for (unsigned i = 0; i < 4; i++) {
        threads[i] = dirql_thread_start("counter", 0, count_up, NULL);
    }
    for (unsigned i = 0; i < 4; i++) {
        dirql_thread_join(threads[i]);
    }
    assert_int_equal(total, 200);
}

/* ---- Other owners ---------------------------------------------------------------------------- */

static void release_for(void *context)
{
    ExReleaseResourceForThreadLite(&resource, (ERESOURCE_THREAD)context);
}

static void another_thread_can_release_it(void **state)
{
    dirql_thread *other;

    (void)state;
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    other = dirql_thread_start("other", 0, release_for, (void *)ExGetCurrentResourceThread());
    dirql_thread_join(other);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
}

static void an_owner_pointer_takes_the_threads_place(void **state)
{
    const ERESOURCE_THREAD owner = (ERESOURCE_THREAD)&let_go | 3;

    (void)state;
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    ExSetResourceOwnerPointer(&resource, (PVOID)owner);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_false(ExAcquireResourceSharedLite(&resource, FALSE));
    ExReleaseResourceForThreadLite(&resource, owner);
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
}

static void release_as(void *context)
{
    ExReleaseResourceForThreadLite(&resource, *(const ERESOURCE_THREAD *)context);
}

static void a_thread_as_owner_pointer_is_one(void **state)
{
    ERESOURCE_THREAD owner = ExGetCurrentResourceThread() | 3;

    (void)state;
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    ExSetResourceOwnerPointerEx(&resource, (PVOID)owner, FLAG_OWNER_POINTER_IS_THREAD);
    assert_int_equal(ExIsResourceAcquiredLite(&resource), 0);
    assert_false(ExAcquireResourceExclusiveLite(&resource, FALSE));
    dirql_thread_join(dirql_thread_start("user", 0, release_as, &owner));
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
}

static void what_an_owner_pointer_holds_is_not_released_by_the_thread(void **state)
{
    (void)state;
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    ExSetResourceOwnerPointerEx(&resource, (PVOID)((ULONG_PTR)&let_go | 3), 0);
    dirql_expect_bugcheck_with(RESOURCE_NOT_OWNED, (ULONG_PTR)&resource,
                               (ULONG_PTR)KeGetCurrentThread(), DIRQL_ANY, DIRQL_ANY);
    ExReleaseResourceLite(&resource);
    fail_msg("its owner is another one now");
}

/* ---- Critical regions ------------------------------------------------------------------------ */

static void acquiring_within_a_region_disables_apcs_until_the_release(void **state)
{
    (void)state;
    KeLeaveCriticalRegion();
    assert_false(KeAreApcsDisabled());
    (void)ExEnterCriticalRegionAndAcquireResourceShared(&resource);
    assert_true(KeAreApcsDisabled());
    assert_int_equal(ExIsResourceAcquiredLite(&resource), 1);
    (void)ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(&resource);
    assert_int_equal(ExIsResourceAcquiredLite(&resource), 2);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
    assert_true(KeAreApcsDisabled());
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
    assert_false(KeAreApcsDisabled());
}

static void read_behind_writers(void *context)
{
    (void)context;
    (void)ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(&resource);
    assert_int_equal(writers, 0);
    InterlockedIncrement(&readers);
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
}

static void a_reader_may_wait_for_the_writers(void **state)
{
    dirql_thread *writer, *reader;

    (void)state;
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    writer = dirql_thread_start("writer", 0, write_once, NULL);
    await_waiters(0, 1);
    reader = dirql_thread_start("reader", 0, read_behind_writers, NULL);
    await_waiters(1, 1);
    KeSetEvent(&let_go, IO_NO_INCREMENT, FALSE);
    ExReleaseResourceLite(&resource);
    dirql_thread_join(writer);
    dirql_thread_join(reader);
    assert_int_equal(readers, 1);
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void acquiring_it_with_apcs_enabled_is_reported(void **state)
{
    (void)state;
    KeLeaveCriticalRegion();
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x37, PASSIVE_LEVEL, DIRQL_ANY,
                               (ULONG_PTR)&resource);
    (void)ExAcquireResourceSharedLite(&resource, TRUE);
    fail_msg("it needs a critical region");
}

static void releasing_it_with_apcs_enabled_is_reported(void **state)
{
    (void)state;
    (void)ExAcquireResourceSharedLite(&resource, TRUE);
    KeLeaveCriticalRegion();
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x38, PASSIVE_LEVEL, DIRQL_ANY,
                               (ULONG_PTR)&resource);
    ExReleaseResourceLite(&resource);
    fail_msg("it needs a critical region");
}

static void apc_level_needs_no_region(void **state)
{
    KIRQL old;

    (void)state;
    KeLeaveCriticalRegion();
    KeRaiseIrql(APC_LEVEL, &old);
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    ExReleaseResourceLite(&resource);
    KeLowerIrql(old);
}

static void acquiring_it_at_dispatch_level_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKeApcLte1");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAcquireResourceSharedLite(&resource, FALSE);
    fail_msg("it waits");
}

static void acquiring_it_at_dispatch_level_is_bug_check_192(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL, DIRQL_ANY,
                               (ULONG_PTR)&resource, DISPATCH_LEVEL, DIRQL_ANY);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAcquireResourceSharedLite(&resource, FALSE);
    fail_msg("it waits");
}

static void releasing_what_is_free_is_bug_check_e3(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(RESOURCE_NOT_OWNED, (ULONG_PTR)&resource,
                               (ULONG_PTR)KeGetCurrentThread(), DIRQL_ANY, DIRQL_ANY);
    ExReleaseResourceLite(&resource);
    fail_msg("nobody owns it");
}

static void wanting_more_than_ones_own_shared_access_is_a_deadlock(void **state)
{
    (void)state;
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1000, (ULONG_PTR)&resource, 0,
                               0);
    (void)ExAcquireResourceExclusiveLite(&resource, TRUE);
    fail_msg("it waits for itself");
}

static void a_resource_that_is_not_aligned_is_found(void **state)
{
    static char packed[sizeof(ERESOURCE) + 8];
    PERESOURCE unaligned = (PERESOURCE)(void *)(packed + 4 + ((ULONG_PTR)packed & 4));

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x3D, 0, 0,
                               (ULONG_PTR)unaligned);
    (void)ExAcquireResourceSharedLite(unaligned, TRUE);
}

static void acquire_and_end(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    (void)ExAcquireResourceSharedLite(&resource, TRUE);
}

static void a_thread_that_ends_owning_it_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("ResourceHeld");
    dirql_thread_join(dirql_thread_start("careless", 0, acquire_and_end, NULL));
    fail_msg("nobody releases it");
}

static void deleting_it_while_it_is_owned_is_reported(void **state)
{
    (void)state;
    (void)ExAcquireResourceSharedLite(&resource, TRUE);
    dirql_expect_finding("ResourceHeld");
    (void)ExDeleteResourceLite(&resource);
    fail_msg("it is owned");
}

static void initialising_it_again_is_reported(void **state)
{
    (void)state;
    assert_int_equal(ExReinitializeResourceLite(&resource), STATUS_SUCCESS);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xD0, (ULONG_PTR)&resource,
                               DIRQL_ANY, DIRQL_ANY);
    (void)ExInitializeResourceLite(&resource);
    fail_msg("it is in use");
}

static void a_deleted_one_is_reported(void **state)
{
    (void)state;
    (void)ExDeleteResourceLite(&resource);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xD1, (ULONG_PTR)&resource,
                               DIRQL_ANY, DIRQL_ANY);
    (void)ExDeleteResourceLite(&resource);
    fail_msg("it is deleted");
}

static void freed_memory_with_one_in_it_is_reported(void **state)
{
    PERESOURCE pooled = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*pooled), TAG);

    (void)state;
    (void)ExInitializeResourceLite(pooled);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xD2, (ULONG_PTR)pooled,
                               (ULONG_PTR)pooled, sizeof(*pooled));
    ExFreePoolWithTag(pooled, TAG);
    fail_msg("it is in use");
}

#define WITH(test, ...) dirql_unit_test_setup_teardown(test, start, stop, __VA_ARGS__)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(exclusive_access_is_recursive, .processors = 1),
        WITH(shared_access_is_recursive, .processors = 1),
        WITH(readers_go_together, .processors = 1),
        WITH(readers_go_together, .processors = 2),
        WITH(a_writer_waits_for_readers_and_keeps_new_ones_out, .processors = 1),
        WITH(new_readers_wait_behind_a_writer, .processors = 1),
        WITH(new_readers_wait_behind_a_writer, .processors = 2),
        WITH(starving_readers_pass_a_waiting_writer, .processors = 1),
        WITH(a_writer_that_becomes_a_reader_lets_readers_in, .processors = 1),
        WITH(writers_exclude_each_other, .processors = 1),
        WITH(writers_exclude_each_other, .processors = 4),
        WITH(another_thread_can_release_it, .processors = 1),
        WITH(an_owner_pointer_takes_the_threads_place, .processors = 1),
        WITH(a_thread_as_owner_pointer_is_one, .processors = 1),
        WITH(what_an_owner_pointer_holds_is_not_released_by_the_thread, .processors = 1),
        WITH(acquiring_within_a_region_disables_apcs_until_the_release, .processors = 1),
        WITH(a_reader_may_wait_for_the_writers, .processors = 1),
        WITH(a_reader_may_wait_for_the_writers, .processors = 2),
        WITH(a_reader_may_wait_for_the_writers, .mode = DIRQL_MODE_EXPLORE),
        WITH(acquiring_it_with_apcs_enabled_is_reported, .processors = 1),
        WITH(releasing_it_with_apcs_enabled_is_reported, .processors = 1),
        WITH(apc_level_needs_no_region, .processors = 1),
        WITH(acquiring_it_at_dispatch_level_is_reported, .processors = 1),
        WITH(acquiring_it_at_dispatch_level_is_bug_check_192, .checks = DIRQL_CHECKS_NONE),
        WITH(releasing_what_is_free_is_bug_check_e3, .processors = 1),
        WITH(wanting_more_than_ones_own_shared_access_is_a_deadlock, .processors = 1),
        WITH(a_resource_that_is_not_aligned_is_found, .processors = 1),
        WITH(a_thread_that_ends_owning_it_is_reported, .processors = 1),
        WITH(deleting_it_while_it_is_owned_is_reported, .processors = 1),
        WITH(initialising_it_again_is_reported, .processors = 1),
        WITH(a_deleted_one_is_reported, .processors = 1),
        WITH(freed_memory_with_one_in_it_is_reported, .processors = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of lib/ex/pushlock.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

static EX_PUSH_LOCK lock;
static volatile LONG inside, seen, order;
static volatile LONG writer_came, reader_came;

static int begin(void **state)
{
    (void)state;
    lock = 0;
    inside = seen = order = writer_came = reader_came = 0;
    return 0;
}

static void acquire(BOOLEAN exclusive)
{
    KeEnterCriticalRegion();
    if (exclusive) {
        ExAcquirePushLockExclusive(&lock);
    } else {
        ExAcquirePushLockShared(&lock);
    }
}

static void release(BOOLEAN exclusive)
{
    if (exclusive) {
        ExReleasePushLockExclusive(&lock);
    } else {
        ExReleasePushLockShared(&lock);
    }
    KeLeaveCriticalRegion();
}

static void await(volatile LONG *count, LONG wanted)
{
    while (ReadAcquire(count) < wanted) {
        YieldProcessor();
    }
}

/* ---- Exclusion ------------------------------------------------------------------------------- */

static void count_inside(void *context)
{
    (void)context;
    for (int i = 0; i < 5; i++) {
        acquire(TRUE);
        assert_int_equal(InterlockedIncrement(&inside), 1);
        KeStallExecutionProcessor(1);
        InterlockedDecrement(&inside);
        release(TRUE);
    }
    InterlockedIncrement(&seen);
}

static void one_writer_at_a_time(void **state)
{
    dirql_thread *other = dirql_thread_start("other", 0, count_inside, NULL);

    (void)state;
    count_inside(NULL);
    dirql_thread_join(other);
    assert_int_equal(seen, 2);
}

static void read_together(void *context)
{
    (void)context;
    acquire(FALSE);
    InterlockedIncrement(&inside);
    await(&inside, 2); /* Hangs if the other reader is kept out. */
    release(FALSE);
}

static void readers_are_inside_together(void **state)
{
    dirql_thread *other = dirql_thread_start("other", 0, read_together, NULL);

    (void)state;
    read_together(NULL);
    dirql_thread_join(other);
}

static void write_once(void *context)
{
    (void)context;
    InterlockedIncrement(&writer_came);
    acquire(TRUE);
    InterlockedIncrement(&seen);
    release(TRUE);
}

static void a_writer_waits_for_a_reader(void **state)
{
    dirql_thread *writer;

    (void)state;
    acquire(FALSE);
    writer = dirql_thread_start("writer", 0, write_once, NULL);
    dirql_time_advance_us(10);
    assert_int_equal(seen, 0);
    release(FALSE);
    dirql_thread_join(writer);
    assert_int_equal(seen, 1);
}

static void note_writer(void *context)
{
    (void)context;
    acquire(TRUE);
    writer_came = InterlockedIncrement(&order);
    release(TRUE);
}

static void note_reader(void *context)
{
    (void)context;
    acquire(FALSE);
    reader_came = InterlockedIncrement(&order);
    release(FALSE);
}

static void a_reader_waits_behind_a_writer_that_waits(void **state)
{
    dirql_thread *writer, *reader;

    (void)state;
    acquire(FALSE);
    writer = dirql_thread_start("writer", 0, note_writer, NULL);
    dirql_time_advance_us(10);
    reader = dirql_thread_start("reader", 0, note_reader, NULL);
    dirql_time_advance_us(10);
    assert_int_equal(order, 0);
    release(FALSE);
    dirql_thread_join(writer);
    dirql_thread_join(reader);
    assert_int_equal(order, 2);
}

static void a_lock_that_is_zero_can_be_used(void **state)
{
    static EX_PUSH_LOCK fresh;

    (void)state;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&fresh);
    ExReleasePushLockExclusive(&fresh);
    KeLeaveCriticalRegion();
    assert_true(fresh == 0);
}

static void a_lock_lies_in_paged_memory(void **state)
{
    PEX_PUSH_LOCK paged = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*paged), 'hsuP');

    (void)state;
    assert_non_null(paged);
    ExInitializePushLock(paged);
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(paged);
    ExReleasePushLockShared(paged);
    KeLeaveCriticalRegion();
    ExFreePool(paged);
}

/* ---- Misuse ---------------------------------------------------------------------------------- */

static void acquiring_with_apcs_enabled_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("PushLockRegion");
    ExAcquirePushLockExclusive(&lock);
}

static void a_guarded_region_is_enough(void **state)
{
    (void)state;
    KeEnterGuardedRegion();
    ExAcquirePushLockExclusive(&lock);
    ExReleasePushLockExclusive(&lock);
    KeLeaveGuardedRegion();
}

static void acquiring_at_dispatch_level_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_finding("IrqlKeApcLte1");
    ExAcquirePushLockExclusive(&lock);
}

static void acquiring_at_dispatch_level_is_bug_check_192(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL,
                               (ULONG_PTR)KeGetCurrentThread(), (ULONG_PTR)&lock, DISPATCH_LEVEL,
                               DIRQL_ANY);
    ExAcquirePushLockExclusive(&lock);
}

static void acquiring_twice_is_a_deadlock(void **state)
{
    (void)state;
    acquire(TRUE);
    dirql_expect_finding("deadlock");
    acquire(TRUE);
}

static void acquiring_shared_what_is_owned_exclusively_is_a_deadlock(void **state)
{
    (void)state;
    acquire(TRUE);
    dirql_expect_finding("deadlock");
    acquire(FALSE);
}

static void acquiring_exclusively_what_is_owned_shared_is_a_deadlock(void **state)
{
    (void)state;
    acquire(FALSE);
    dirql_expect_finding("deadlock");
    acquire(TRUE);
}

static void a_reader_comes_in_again(void **state)
{
    (void)state;
    acquire(FALSE);
    acquire(FALSE);
    release(FALSE);
    release(FALSE);
    acquire(TRUE);
    release(TRUE);
}

static void a_reader_that_comes_in_again_behind_a_writer_is_a_deadlock(void **state)
{
    (void)state;
    acquire(FALSE);
    (void)dirql_thread_start("writer", 0, write_once, NULL);
    await(&writer_came, 1);
    dirql_time_advance_us(10);
    dirql_expect_finding("deadlock");
    acquire(FALSE);
}

static void releasing_what_nobody_owns_is_bug_check_162(void **state)
{
    (void)state;
    KeEnterCriticalRegion();
    dirql_expect_bugcheck_with(KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE,
                               (ULONG_PTR)KeGetCurrentThread(), (ULONG_PTR)&lock, 0, 0);
    ExReleasePushLockExclusive(&lock);
}

static void release_it(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    ExReleasePushLockExclusive(&lock);
}

static void releasing_what_another_thread_owns_is_bug_check_162(void **state)
{
    (void)state;
    acquire(TRUE);
    dirql_expect_bugcheck_with(KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE, DIRQL_ANY, (ULONG_PTR)&lock,
                               0, 0);
    dirql_thread_join(dirql_thread_start("stranger", 0, release_it, NULL));
}

static void releasing_shared_what_is_owned_exclusively_is_reported(void **state)
{
    (void)state;
    acquire(TRUE);
    dirql_expect_finding("PushLock");
    release(FALSE);
}

static void a_word_that_was_not_initialised_is_reported(void **state)
{
    (void)state;
    lock = 0xA5A5A5A5;
    KeEnterCriticalRegion();
    dirql_expect_finding("PushLock");
    ExAcquirePushLockExclusive(&lock);
}

static void initialising_an_owned_lock_is_reported(void **state)
{
    (void)state;
    acquire(TRUE);
    dirql_expect_finding("PushLockHeld");
    ExInitializePushLock(&lock);
}

static void keep_it(void *context)
{
    (void)context;
    ExAcquirePushLockExclusive(&lock);
}

static void keep_in_region(void *context)
{
    KeEnterCriticalRegion();
    keep_it(context);
}

static void a_thread_that_ends_owning_one_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("PushLockHeld");
    dirql_thread_join(dirql_thread_start("careless", 0, keep_in_region, NULL));
}

static void a_test_that_ends_owning_one_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("PushLockHeld");
    acquire(TRUE);
}

static void freeing_an_owned_lock_is_reported(void **state)
{
    PEX_PUSH_LOCK pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*pool), 'hsuP');

    (void)state;
    assert_non_null(pool);
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(pool);
    dirql_expect_finding("PushLockHeld");
    ExFreePool(pool);
}

static void flags_that_nobody_knows_are_bug_check_152(void **state)
{
    (void)state;
    KeEnterCriticalRegion();
    dirql_expect_bugcheck_with(INVALID_PUSH_LOCK_FLAGS, 8, (ULONG_PTR)&lock, 0, 0);
    ExAcquirePushLockExclusiveEx(&lock, 8);
}

/* ---- The order of locks ---------------------------------------------------------------------- */

static void two_orders_are_reported(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    acquire(TRUE);
    ExAcquireFastMutex(&mutex);
    ExReleaseFastMutex(&mutex);
    release(TRUE);
    ExAcquireFastMutex(&mutex);
    dirql_expect_finding("LockOrder");
    ExAcquirePushLockExclusive(&lock);
}

static void one_order_is_silent(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    for (int i = 0; i < 2; i++) {
        acquire(i == 0);
        ExAcquireFastMutex(&mutex);
        ExReleaseFastMutex(&mutex);
        release(i == 0);
    }
}

#define TEST(test, ...) dirql_unit_test_setup(test, begin, __VA_ARGS__)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_writer_at_a_time, .processors = 2),
        TEST(readers_are_inside_together, .processors = 2),
        TEST(a_writer_waits_for_a_reader, .processors = 1),
        TEST(a_reader_waits_behind_a_writer_that_waits, .processors = 1),
        TEST(a_lock_that_is_zero_can_be_used, .processors = 1),
        TEST(a_lock_lies_in_paged_memory, .processors = 1),
        TEST(acquiring_with_apcs_enabled_is_reported, .processors = 1),
        TEST(a_guarded_region_is_enough, .processors = 1),
        TEST(acquiring_at_dispatch_level_is_reported, .processors = 1),
        TEST(acquiring_at_dispatch_level_is_bug_check_192, .checks = DIRQL_CHECKS_NONE),
        TEST(acquiring_twice_is_a_deadlock, .processors = 1),
        TEST(acquiring_shared_what_is_owned_exclusively_is_a_deadlock, .processors = 1),
        TEST(acquiring_exclusively_what_is_owned_shared_is_a_deadlock, .processors = 1),
        TEST(a_reader_comes_in_again, .processors = 1),
        TEST(a_reader_that_comes_in_again_behind_a_writer_is_a_deadlock, .processors = 2),
        TEST(releasing_what_nobody_owns_is_bug_check_162, .processors = 1),
        TEST(releasing_what_another_thread_owns_is_bug_check_162, .processors = 1),
        TEST(releasing_shared_what_is_owned_exclusively_is_reported, .processors = 1),
        TEST(a_word_that_was_not_initialised_is_reported, .processors = 1),
        TEST(initialising_an_owned_lock_is_reported, .processors = 1),
        TEST(a_thread_that_ends_owning_one_is_reported, .processors = 1),
        TEST(a_test_that_ends_owning_one_is_reported, .processors = 1),
        TEST(freeing_an_owned_lock_is_reported, .processors = 1),
        TEST(flags_that_nobody_knows_are_bug_check_152, .processors = 1),
        TEST(two_orders_are_reported, .processors = 1),
        TEST(one_order_is_silent, .processors = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_raceedges.c - what orders two threads, and what does not: locks, waits, thread creation.
 */
#include "race.h"

static KSPIN_LOCK locks[2];
static EX_SPIN_LOCK rwlock;
static KEVENT event;
static KMUTEX mutex;
static FAST_MUTEX fast_mutex;
static KGUARDED_MUTEX guarded_mutex;
static KSEMAPHORE semaphore;
static KTIMER timer;
static ERESOURCE resource;
static EX_RUNDOWN_REF rundown;
static IO_REMOVE_LOCK remove_lock;
static LONG y;

/* Everything anew, inside the run. */
static void start_and_race(void *context)
{
    KeInitializeSpinLock(&locks[0]);
    KeInitializeSpinLock(&locks[1]);
    rwlock = 0;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeMutex(&mutex, 0);
    ExInitializeFastMutex(&fast_mutex);
    KeInitializeGuardedMutex(&guarded_mutex);
    KeInitializeSemaphore(&semaphore, 0, 10);
    KeInitializeTimer(&timer);
    ExInitializeResourceLite(&resource);
    ExInitializeRundownProtection(&rundown);
    memset(&remove_lock, 0, sizeof(remove_lock));
    IoInitializeRemoveLock(&remove_lock, 0, 0, 0);
    race_two(context);
    ExDeleteResourceLite(&resource);
}

static void run_both(race_part *first, race_part *second)
{
    race_parts[0] = first;
    race_parts[1] = second;
    race_processors[0] = race_processors[1] = DIRQL_ANY_PROCESSOR;
    rule_run(2, start_and_race);
}

#define assert_apart(first, second)  \
    do {                             \
        run_both((first), (second)); \
        assert_no_race();            \
    } while (0)

#define assert_meet(first, second)   \
    do {                             \
        run_both((first), (second)); \
        assert_race_found();         \
    } while (0)

static void write_x(void)
{
    WRITES(&x);
}

/* ---- Spin locks ------------------------------------------------------------------------------ */

static void write_under(KSPIN_LOCK *lock)
{
    KIRQL old;

    KeAcquireSpinLock(lock, &old);
    WRITES(&x);
    KeReleaseSpinLock(lock, old);
}

static void write_under_first(void)
{
    write_under(&locks[0]);
}

static void write_under_second(void)
{
    write_under(&locks[1]);
}

static void write_queued(void)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&locks[0], &handle);
    WRITES(&x);
    KeReleaseInStackQueuedSpinLock(&handle);
}

static void write_tried(void)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    while (!KeTryToAcquireSpinLockAtDpcLevel(&locks[0])) {
    }
    WRITES(&x);
    KeReleaseSpinLockFromDpcLevel(&locks[0]);
    KeLowerIrql(old);
}

static void leave(KSPIN_LOCK *lock)
{
    KIRQL old;

    KeAcquireSpinLock(lock, &old);
    KeReleaseSpinLock(lock, old);
}

/* The lock hands over what was done before it was left, however often that is. */
static void write_after_leaving_twice(void)
{
    static int unrelated;

    READS(&unrelated);
    leave(&locks[0]);
    leave(&locks[0]);
    WRITES(&x);
}

static void a_spin_lock_orders_its_holders(void **state)
{
    (void)state;
    assert_apart(write_under_first, write_under_first);
    assert_apart(write_queued, write_queued);
    assert_apart(write_tried, write_tried);
    assert_meet(write_under_first, write_under_second);
    assert_meet(write_under_first, write_x);
    assert_meet(write_after_leaving_twice, write_after_leaving_twice);
}

static void read_shared(void)
{
    const KIRQL old = ExAcquireSpinLockShared(&rwlock);

    READS(&x);
    ExReleaseSpinLockShared(&rwlock, old);
}

static void write_shared(void)
{
    const KIRQL old = ExAcquireSpinLockShared(&rwlock);

    WRITES(&x);
    ExReleaseSpinLockShared(&rwlock, old);
}

static void write_exclusive(void)
{
    const KIRQL old = ExAcquireSpinLockExclusive(&rwlock);

    WRITES(&x);
    ExReleaseSpinLockExclusive(&rwlock, old);
}

static void write_converted(void)
{
    const KIRQL old = ExAcquireSpinLockShared(&rwlock);

    if (ExTryConvertSharedSpinLockExclusive(&rwlock)) {
        WRITES(&x);
        ExReleaseSpinLockExclusive(&rwlock, old);
    } else {
        ExReleaseSpinLockShared(&rwlock, old);
        write_exclusive();
    }
}

static void shared_holders_are_not_ordered_with_each_other(void **state)
{
    (void)state;
    assert_apart(write_exclusive, read_shared);
    assert_apart(read_shared, write_exclusive);
    assert_apart(write_exclusive, write_exclusive);
    assert_apart(write_converted, read_shared);
    assert_apart(read_shared, write_converted);
    assert_meet(write_shared, read_shared);
    assert_meet(write_shared, write_shared);
}

/* ---- Mutexes and resources ------------------------------------------------------------------- */

static void write_in_mutex(void)
{
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    WRITES(&x);
    KeReleaseMutex(&mutex, FALSE);
}

static void write_in_fast_mutex(void)
{
    ExAcquireFastMutex(&fast_mutex);
    WRITES(&x);
    ExReleaseFastMutex(&fast_mutex);
}

static void write_in_guarded_mutex(void)
{
    KeAcquireGuardedMutex(&guarded_mutex);
    WRITES(&x);
    KeReleaseGuardedMutex(&guarded_mutex);
}

static void mutexes_order_their_owners(void **state)
{
    (void)state;
    assert_apart(write_in_mutex, write_in_mutex);
    assert_apart(write_in_fast_mutex, write_in_fast_mutex);
    assert_apart(write_in_guarded_mutex, write_in_guarded_mutex);
    assert_meet(write_in_mutex, write_in_fast_mutex);
    assert_meet(write_in_guarded_mutex, write_x);
}

static void touch_in_resource(BOOLEAN exclusive, unsigned flags)
{
    KeEnterCriticalRegion();
    if (exclusive) {
        ExAcquireResourceExclusiveLite(&resource, TRUE);
    } else {
        ExAcquireResourceSharedLite(&resource, TRUE);
    }
    touch(&x, sizeof(x), flags);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static void write_in_resource(void)
{
    touch_in_resource(TRUE, DQ_ACCESS_WRITE);
}

static void read_in_shared_resource(void)
{
    touch_in_resource(FALSE, DQ_ACCESS_READ);
}

static void write_in_shared_resource(void)
{
    touch_in_resource(FALSE, DQ_ACCESS_WRITE);
}

static void a_resource_orders_as_it_is_acquired(void **state)
{
    (void)state;
    assert_apart(write_in_resource, write_in_resource);
    assert_apart(write_in_resource, read_in_shared_resource);
    assert_apart(read_in_shared_resource, write_in_resource);
    assert_meet(write_in_shared_resource, read_in_shared_resource);
}

/* ---- Waits ----------------------------------------------------------------------------------- */

static void write_and_set(void)
{
    WRITES(&x);
    KeSetEvent(&event, 0, FALSE);
}

static void set_and_write(void)
{
    KeSetEvent(&event, 0, FALSE);
    WRITES(&x);
}

static void wait_and_read(void)
{
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    READS(&x);
}

static void poll_and_read(void)
{
    while (KeReadStateEvent(&event) == 0) {
        YieldProcessor();
    }
    READS(&x);
}

static void wait_in_vain_and_read(void)
{
    LARGE_INTEGER now = { .QuadPart = 0 };

    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &now);
    READS(&x);
    KeReleaseMutex(&mutex, FALSE);
}

static void release_and_write(void)
{
    WRITES(&x);
    KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
}

static void wait_for_either_and_read(void)
{
    void *objects[] = { &event, &semaphore };

    KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
    READS(&x);
}

static void wait_for_both_and_read(void)
{
    void *objects[] = { &event, &semaphore };

    KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    READS(&x);
}

static void set_then_write_and_release(void)
{
    KeSetEvent(&event, 0, FALSE);
    release_and_write();
}

static void write_y_and_set(void)
{
    WRITES(&y);
    KeSetEvent(&event, 0, FALSE); /* Set already, perhaps. */
    KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
}

static void set_release_and_wait_for_both(void)
{
    KeSetEvent(&event, 0, FALSE);
    KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, NULL);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    READS(&y);
}

static void write_and_set_timer(void)
{
    LARGE_INTEGER due = { .QuadPart = -10000 };

    WRITES(&x);
    KeSetTimer(&timer, due, NULL);
    KeSetEvent(&event, 0, FALSE);
}

static void wait_for_timer_and_read(void)
{
    KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL);
    READS(&x);
}

static void who_sets_is_ordered_before_who_waits(void **state)
{
    (void)state;
    assert_apart(write_and_set, wait_and_read);
    assert_apart(write_and_set, poll_and_read);
    assert_apart(release_and_write, wait_for_either_and_read);
    assert_apart(set_then_write_and_release, wait_for_both_and_read);
    assert_apart(write_y_and_set, set_release_and_wait_for_both);
    assert_apart(write_and_set_timer, wait_for_timer_and_read);
    assert_meet(set_and_write, wait_and_read);
    assert_meet(set_and_write, poll_and_read);
    assert_meet(write_and_set, wait_in_vain_and_read);
}

/* ---- Protection that ends
 * --------------------------------------------------------------------- */

static void write_protected(void)
{
    if (ExAcquireRundownProtection(&rundown)) {
        WRITES(&x);
        KeSetEvent(&event, 0, FALSE); /* Before the release: orders nothing that counts here. */
        WRITES(&y);
        ExReleaseRundownProtection(&rundown);
    }
}

static void run_down_and_write(void)
{
    ExWaitForRundownProtectionRelease(&rundown);
    WRITES(&y);
}

static void protect_and_write_y(void)
{
    if (ExAcquireRundownProtection(&rundown)) {
        WRITES(&y);
        ExReleaseRundownProtection(&rundown);
    }
}

static void write_with_remove_lock(void)
{
    if (NT_SUCCESS(IoAcquireRemoveLock(&remove_lock, &event))) {
        WRITES(&y);
        IoReleaseRemoveLock(&remove_lock, &event);
    }
}

static void remove_and_write(void)
{
    assert_int_equal(IoAcquireRemoveLock(&remove_lock, &y), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(&remove_lock, &y);
    WRITES(&y);
}

static void who_holds_protection_is_ordered_before_its_end(void **state)
{
    (void)state;
    assert_apart(write_protected, run_down_and_write);
    assert_apart(write_with_remove_lock, remove_and_write);
    assert_meet(protect_and_write_y, protect_and_write_y);
    assert_meet(write_with_remove_lock, write_with_remove_lock);
}

/* ---- Threads --------------------------------------------------------------------------------- */

static void write_start_join_write(void *context)
{
    dirql_thread *thread;

    (void)context;
    race_parts[0] = write_x;
    WRITES(&x);
    thread = dirql_thread_start("other", 1, race_thread, &race_parts[0]);
    dirql_thread_join(thread);
    WRITES(&x);
}

static void start_write_join(void *context)
{
    dirql_thread *thread;

    (void)context;
    race_parts[0] = write_x;
    thread = dirql_thread_start("other", 1, race_thread, &race_parts[0]);
    WRITES(&x);
    dirql_thread_join(thread);
}

static void start_without_a_join(void *context)
{
    (void)context;
    race_parts[0] = write_x;
    (void)dirql_thread_start("other", 1, race_thread, &race_parts[0]);
    settle();
    WRITES(&x);
}

static void creating_and_joining_a_thread_order(void **state)
{
    (void)state;
    assert_kept(write_start_join_write, 2);
    assert_race(start_write_join, 2);
    assert_race(start_without_a_join, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spin_lock_orders_its_holders),
        cmocka_unit_test(shared_holders_are_not_ordered_with_each_other),
        cmocka_unit_test(mutexes_order_their_owners),
        cmocka_unit_test(a_resource_orders_as_it_is_acquired),
        cmocka_unit_test(who_sets_is_ordered_before_who_waits),
        cmocka_unit_test(who_holds_protection_is_ordered_before_its_end),
        cmocka_unit_test(creating_and_joining_a_thread_order),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}

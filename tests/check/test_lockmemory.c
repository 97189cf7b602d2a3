/*
 * test_lockmemory.c - a lock that is used before it begins, or is gone or begins anew while it is
 * held, is found.
 */
#include "rule.h"

static KSPIN_LOCK lock;
static KLOCK_QUEUE_HANDLE handle;
static KIRQL old;

static int reset(void **state)
{
    (void)state;
    lock = 0;
    return 0;
}

static void initialize_while_held(void *context)
{
    (void)context;
    KeAcquireSpinLock(&lock, &old);
    KeInitializeSpinLock(&lock);
}

static void acquire_uninitialized(void *context)
{
    (void)context;
    lock = 0xCDCDCDCDu;
    KeAcquireSpinLock(&lock, &old);
}

static void acquire_uninitialized_queued(void *context)
{
    (void)context;
    lock = 0xCDCDCDCDu;
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
}

static PKSPIN_LOCK pool_lock;

static PKTHREAD self;

static void free_while_held(void *context)
{
    (void)context;
    self = KeGetCurrentThread();
    pool_lock = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'kcoL');
    KeInitializeSpinLock(pool_lock);
    KeAcquireSpinLock(pool_lock, &old);
    ExFreePool(pool_lock);
}

static void use_and_give_up(void *context)
{
    (void)context;
    for (int i = 0; i < 2; i++) {
        pool_lock = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'kcoL');
        KeInitializeSpinLock(pool_lock);
        KeAcquireSpinLock(pool_lock, &old);
        KeReleaseSpinLock(pool_lock, old);
        KeInitializeSpinLock(pool_lock);
        ExFreePool(pool_lock);
    }
}

static void lock_initialized_at_the_wrong_time_or_not_at_all_is_found(void **state)
{
    (void)state;
    assert_verifier(initialize_while_held, 0x1005, (ULONG_PTR)&lock, 0, 0, "SpinLockInit");
    lock = 0;
    assert_verifier(acquire_uninitialized, 0x1002, (ULONG_PTR)&lock, 0, 0, "SpinLockInit");
    assert_verifier(acquire_uninitialized_queued, 0x1002, (ULONG_PTR)&lock, 0, 0, "SpinLockInit");
}

static void lock_freed_while_held_is_found(void **state)
{
    (void)state;
    assert_verifier(free_while_held, 0x100B, (ULONG_PTR)pool_lock, (ULONG_PTR)self, 0,
                    "SpinLockFreed");
}

static void lock_in_memory_that_is_used_again_is_fine(void **state)
{
    (void)state;
    assert_kept(use_and_give_up, 1);
}

/* ---- Mutexes --------------------------------------------------------------------------------- */

static KMUTEX mutex;
static PVOID block;

static void acquire(KMUTEX *which)
{
    KeWaitForSingleObject(which, Executive, KernelMode, FALSE, NULL);
}

static void initialize_owned_mutex(void *context)
{
    (void)context;
    KeInitializeMutex(&mutex, 0);
    acquire(&mutex);
    KeInitializeMutex(&mutex, 0);
}

static void free_owned_mutex(void *context)
{
    (void)context;
    self = KeGetCurrentThread();
    block = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KMUTEX), 'xtuM');
    KeInitializeMutex(block, 0);
    acquire(block);
    ExFreePool(block);
}

static void free_owned_fast_mutex(void *context)
{
    (void)context;
    self = KeGetCurrentThread();
    block = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(FAST_MUTEX), 'xtuM');
    ExInitializeFastMutex(block);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(block);
    ExFreePool(block);
}

static void use_and_give_up_mutexes(void *context)
{
    (void)context;
    for (int i = 0; i < 2; i++) {
        block = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KMUTEX), 'xtuM');
        KeInitializeMutex(block, 0);
        acquire(block);
        KeReleaseMutex(block, FALSE);
        KeInitializeMutex(block, 0);
        ExFreePool(block);
        block = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(FAST_MUTEX), 'xtuM');
        ExInitializeFastMutex(block);
        ExAcquireFastMutex(block);
        ExReleaseFastMutex(block);
        ExFreePool(block);
    }
}

static void mutex_initialized_while_owned_is_found(void **state)
{
    (void)state;
    assert_verifier(initialize_owned_mutex, 0x1005, (ULONG_PTR)&mutex, 0, 0, "MutexInit");
    assert_report_has("acquired at acquire test_lockmemory.c");
}

static void mutex_freed_while_owned_is_found(void **state)
{
    (void)state;
    assert_verifier(free_owned_mutex, 0x100B, (ULONG_PTR)block, (ULONG_PTR)self, 0, "MutexFreed");
    assert_report_has("acquired at acquire test_lockmemory.c");
    assert_verifier(free_owned_fast_mutex, 0x100B, (ULONG_PTR)block, (ULONG_PTR)self, 0,
                    "FastMutexHeld");
    assert_report_has("acquired at free_owned_fast_mutex test_lockmemory.c");
}

static void mutex_that_begins_or_ends_free_is_fine(void **state)
{
    (void)state;
    assert_silent(use_and_give_up_mutexes, 1, "MutexInit");
    assert_silent(use_and_give_up_mutexes, 1, "MutexFreed");
}

static void go_on_with_what_was_owned(void *context)
{
    dirql_suppress("MutexInit", NULL, "it is about what comes after");
    dirql_suppress("MutexFreed", NULL, "it is about what comes after");
    initialize_owned_mutex(context);
    acquire(&mutex);
    KeReleaseMutex(&mutex, FALSE);
    free_owned_mutex(context);
    assert_false(KeAreApcsDisabled());
}

static void what_was_initialized_or_freed_is_owned_by_nobody(void **state)
{
    (void)state;
    assert_kept(go_on_with_what_was_owned, 1);
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
        cmocka_unit_test_setup(lock_initialized_at_the_wrong_time_or_not_at_all_is_found, reset),
        cmocka_unit_test_setup(lock_freed_while_held_is_found, reset),
        cmocka_unit_test_setup(lock_in_memory_that_is_used_again_is_fine, reset),
        cmocka_unit_test(mutex_initialized_while_owned_is_found),
        cmocka_unit_test(mutex_freed_while_owned_is_found),
        cmocka_unit_test(mutex_that_begins_or_ends_free_is_fine),
        cmocka_unit_test(what_was_initialized_or_freed_is_owned_by_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

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
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

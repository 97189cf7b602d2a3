/*
 * test_lockorder.c - opposite orders of locks are found in a run that does not deadlock, and only
 * those that could.
 */
#include "rule.h"

static KSPIN_LOCK locks[4];
static EX_SPIN_LOCK rwlock;

/* One letter a lock; capitals: acquired by a try. All are released, the latest first. */
static void nest(const char *letters)
{
    const size_t count = strlen(letters);
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    for (size_t i = 0; i < count; i++) {
        if (letters[i] < 'a') {
            assert_true(KeTryToAcquireSpinLockAtDpcLevel(&locks[letters[i] - 'A']));
        } else {
            KeAcquireSpinLockAtDpcLevel(&locks[letters[i] - 'a']);
        }
    }
    for (size_t i = count; i > 0; i--) {
        KeReleaseSpinLockFromDpcLevel(&locks[(letters[i - 1] | 32) - 'a']);
    }
    KeLowerIrql(old);
}

static int reset(void **state)
{
    (void)state;
    memset(locks, 0, sizeof(locks));
    rwlock = 0;
    return 0;
}

static void two_orders(void *context)
{
    (void)context;
    nest("ab");
    nest("ba");
}

static void three_orders(void *context)
{
    (void)context;
    nest("ab");
    nest("bc");
    nest("ca");
}

static void queued_and_shared_locks_in_two_orders(void *context)
{
    KLOCK_QUEUE_HANDLE handle;
    KIRQL old;

    (void)context;
    KeAcquireInStackQueuedSpinLock(&locks[0], &handle);
    ExAcquireSpinLockSharedAtDpcLevel(&rwlock);
    ExReleaseSpinLockSharedFromDpcLevel(&rwlock);
    KeReleaseInStackQueuedSpinLock(&handle);
    old = ExAcquireSpinLockExclusive(&rwlock);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&locks[0], &handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    ExReleaseSpinLockExclusive(&rwlock, old);
}

static void opposite_orders_are_found_without_a_deadlock(void **state)
{
    (void)state;
    assert_verifier(two_orders, 0x1001, (ULONG_PTR)&locks[0], (ULONG_PTR)&locks[1], 0, "LockOrder");
    reset(NULL);
    assert_verifier(three_orders, 0x1001, (ULONG_PTR)&locks[0], (ULONG_PTR)&locks[2], 0,
                    "LockOrder");
    reset(NULL);
    assert_verifier(queued_and_shared_locks_in_two_orders, 0x1001, (ULONG_PTR)&locks[0],
                    (ULONG_PTR)&rwlock, 0, "LockOrder");
}

static void one_order(void *context)
{
    (void)context;
    for (int i = 0; i < 3; i++) {
        nest("abc");
        nest("ac");
        nest("bd");
        nest("abcd");
        nest("cd");
    }
}

static void try_against_the_order(void *context)
{
    (void)context;
    nest("ab");
    nest("bA");
}

static void opposite_orders_below_a_third_lock(void *context)
{
    (void)context;
    nest("cab");
    nest("cba");
}

static void orders_that_cannot_deadlock_are_none(void **state)
{
    (void)state;
    assert_kept(one_order, 1);
    assert_kept(try_against_the_order, 1);
    assert_kept(opposite_orders_below_a_third_lock, 1);
}

static void opposite_orders_once_without_the_third_lock(void *context)
{
    (void)context;
    nest("cab");
    nest("cba");
    nest("ab");
}

static void third_lock_protects_only_where_it_is_held(void **state)
{
    (void)state;
    assert_verifier(opposite_orders_once_without_the_third_lock, 0x1001, (ULONG_PTR)&locks[1],
                    (ULONG_PTR)&locks[0], 0, "LockOrder");
}

static void initialize_between_orders(void *context)
{
    (void)context;
    nest("ab");
    KeInitializeSpinLock(&locks[0]);
    nest("ba");
}

static void free_between_orders(void *context)
{
    KIRQL old;

    (void)context;
    for (int i = 0; i < 2; i++) {
        PKSPIN_LOCK pair = ExAllocatePool2(POOL_FLAG_NON_PAGED, 2 * sizeof(KSPIN_LOCK), 'kcoL');

        KeAcquireSpinLock(&pair[i], &old);
        KeAcquireSpinLockAtDpcLevel(&pair[1 - i]);
        KeReleaseSpinLockFromDpcLevel(&pair[1 - i]);
        KeReleaseSpinLock(&pair[i], old);
        ExFreePool(pair);
    }
}

static void new_lock_in_old_memory_has_no_order(void **state)
{
    (void)state;
    assert_kept(initialize_between_orders, 1);
    assert_kept(free_between_orders, 1);
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
        cmocka_unit_test_setup(opposite_orders_are_found_without_a_deadlock, reset),
        cmocka_unit_test_setup(orders_that_cannot_deadlock_are_none, reset),
        cmocka_unit_test_setup(third_lock_protects_only_where_it_is_held, reset),
        cmocka_unit_test_setup(new_lock_in_old_memory_has_no_order, reset),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

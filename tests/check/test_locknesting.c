/*
 * test_locknesting.c - two locks of one class that are held together, and names as their order.
 */
#include "rule.h"

#include <dirql/lock.h>

static KSPIN_LOCK locks[3];
static KIRQL old;

static void make(void)
{
    for (volatile int i = 0; i < 3; i++) { /* Not unrolled: there must be one place. */
        KeInitializeSpinLock(&locks[i]);
    }
}

static void nest(int first, int then)
{
    KeAcquireSpinLock(&locks[first], &old);
    KeAcquireSpinLockAtDpcLevel(&locks[then]);
    KeReleaseSpinLockFromDpcLevel(&locks[then]);
    KeReleaseSpinLock(&locks[first], old);
}

static void two_of_one_site(void *context)
{
    (void)context;
    make();
    nest(0, 1);
    nest(1, 2);
}

static void one_at_a_time(void *context)
{
    (void)context;
    make();
    for (int i = 0; i < 3; i++) {
        KeAcquireSpinLock(&locks[i], &old);
        KeReleaseSpinLock(&locks[i], old);
    }
}

static void named_in_one_order(void *context)
{
    (void)context;
    make();
    dirql_lock_class(&locks[0], "outer");
    dirql_lock_class(&locks[1], "inner");
    dirql_lock_class(&locks[2], "inner");
    nest(0, 1);
    nest(0, 2);
}

static void locks_of_one_class_have_no_order_until_names_say_it(void **state)
{
    (void)state;
    assert_warned(two_of_one_site, 1, 1, "LockNesting");
    assert_report_has("another of the same class (initialized at ");
    assert_silent(one_at_a_time, 1, "LockNesting");
    assert_silent(named_in_one_order, 1, "LockNesting");
}

/* Another pair of locks, of the same two names. */
static void named_in_two_orders(void *context)
{
    (void)context;
    make();
    dirql_lock_class(&locks[0], "outer");
    dirql_lock_class(&locks[1], "inner");
    nest(0, 1);
    dirql_lock_class(&locks[2], "outer");
    nest(1, 2);
}

static void one_order_of_two_and_another_of_the_same_two(void *context)
{
    (void)context;
    dirql_suppress("LockNesting", NULL, "their addresses are their order");
    make();
    nest(0, 1);
    nest(1, 2);
    nest(0, 2);
    nest(2, 0);
}

static void names_are_an_order_for_all_that_have_them(void **state)
{
    (void)state;
    assert_verifier(named_in_two_orders, 0x1001, (ULONG_PTR)&locks[2], (ULONG_PTR)&locks[1], 0,
                    "LockOrder");
    assert_report_has("lock A: \"inner\"\n  lock B: \"outer\"\n");
    assert_verifier(one_order_of_two_and_another_of_the_same_two, 0x1001, (ULONG_PTR)&locks[0],
                    (ULONG_PTR)&locks[2], 0, "LockOrder");
}

static void named_until_initialised_again(void *context)
{
    (void)context;
    make();
    dirql_lock_class(&locks[0], "outer");
    dirql_lock_class(&locks[1], "inner");
    nest(0, 1);
    KeInitializeSpinLock(&locks[0]);
    KeInitializeSpinLock(&locks[1]);
    nest(1, 0);
}

static void a_name_ends_where_the_lock_begins_anew(void **state)
{
    (void)state;
    assert_silent(named_until_initialised_again, 1, "LockOrder");
}

/* ---- Readers --------------------------------------------------------------------------------- */

static EX_SPIN_LOCK rwlocks[2];

static void read_nested(int first)
{
    old = ExAcquireSpinLockShared(&rwlocks[first]);
    ExAcquireSpinLockSharedAtDpcLevel(&rwlocks[1 - first]);
    ExReleaseSpinLockSharedFromDpcLevel(&rwlocks[1 - first]);
    ExReleaseSpinLockShared(&rwlocks[first], old);
}

static void read_in_two_orders(void *context)
{
    (void)context;
    memset((void *)(ULONG_PTR)rwlocks, 0, sizeof(rwlocks));
    read_nested(0);
    read_nested(1);
}

static void read_in_two_orders_and_write(void *context)
{
    read_in_two_orders(context);
    for (int i = 0; i < 2; i++) {
        old = ExAcquireSpinLockExclusive(&rwlocks[i]);
        ExReleaseSpinLockExclusive(&rwlocks[i], old);
    }
}

static void read_then_convert(void *context)
{
    (void)context;
    memset((void *)(ULONG_PTR)rwlocks, 0, sizeof(rwlocks));
    old = ExAcquireSpinLockShared(&rwlocks[0]);
    ExAcquireSpinLockExclusiveAtDpcLevel(&rwlocks[1]);
    assert_true(ExTryConvertSharedSpinLockExclusive(&rwlocks[0]));
    ExReleaseSpinLockExclusiveFromDpcLevel(&rwlocks[1]);
    ExReleaseSpinLockExclusive(&rwlocks[0], old);
}

static void readers_wait_for_each_other_where_writers_come_between(void **state)
{
    (void)state;
    assert_silent(read_in_two_orders, 1, "LockOrder");
    assert_silent(read_then_convert, 1, "LockOrder");
    rule_run(1, read_in_two_orders_and_write);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("rule:  LockOrder:");
    assert_report_has(" (shared) at ");
}

/* ---- Processors ------------------------------------------------------------------------------ */

static KMUTEX mutexes[2];

static void spin_in_order(void *first)
{
    nest(*(int *)first, 1 - *(int *)first);
}

static void wait_in_order(void *first)
{
    const int i = *(int *)first;

    KeWaitForSingleObject(&mutexes[i], Executive, KernelMode, FALSE, NULL);
    KeWaitForSingleObject(&mutexes[1 - i], Executive, KernelMode, FALSE, NULL);
    KeReleaseMutex(&mutexes[1 - i], FALSE);
    KeReleaseMutex(&mutexes[i], FALSE);
}

/* Two threads, one after the other, on these processors. */
static void both_orders(void (*routine)(void *), unsigned one, unsigned other)
{
    int order[2] = { 0, 1 };

    memset(locks, 0, sizeof(locks));
    KeInitializeMutex(&mutexes[0], 0);
    dirql_lock_class(&mutexes[0], "first");
    KeInitializeMutex(&mutexes[1], 0);
    dirql_thread_join(dirql_thread_start("one", one, routine, &order[0]));
    dirql_thread_join(dirql_thread_start("other", other, routine, &order[1]));
}

static void spin_on_one_processor(void *context)
{
    (void)context;
    both_orders(spin_in_order, 1, 1);
}

static void spin_on_two_processors(void *context)
{
    (void)context;
    both_orders(spin_in_order, 0, 1);
}

static void wait_on_one_processor(void *context)
{
    (void)context;
    both_orders(wait_in_order, 1, 1);
}

static void who_spins_on_one_processor_does_not_meet(void **state)
{
    (void)state;
    assert_silent(spin_on_one_processor, 2, "LockOrder");
    rule_run(2, spin_on_two_processors);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("rule:  LockOrder:");
    rule_run(2, wait_on_one_processor);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("rule:  LockOrder:");
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
        cmocka_unit_test(locks_of_one_class_have_no_order_until_names_say_it),
        cmocka_unit_test(names_are_an_order_for_all_that_have_them),
        cmocka_unit_test(a_name_ends_where_the_lock_begins_anew),
        cmocka_unit_test(readers_wait_for_each_other_where_writers_come_between),
        cmocka_unit_test(who_spins_on_one_processor_does_not_meet),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

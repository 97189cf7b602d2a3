/*
 * test_lockordinary.c - what is wrong with a lock is found, too, after it was acquired and released
 * like that before, which the checker takes a short way for.
 */
#include "rule.h"

static KSPIN_LOCK lock, other_lock;
static KLOCK_QUEUE_HANDLE handle;
static KIRQL old;

static int reset(void **state)
{
    (void)state;
    lock = 0;
    other_lock = 0;
    return 0;
}

/* The calls of each pair are made from one place. */
static void acquire(void)
{
    KeAcquireSpinLock(&lock, &old);
}

static void release(KIRQL irql)
{
    KeReleaseSpinLock(&lock, irql);
}

static void use_it(void)
{
    for (volatile int i = 0; i < 3; i++) {
        acquire();
        release(old);
    }
}

static void use_it_at_dpc_level(void)
{
    for (volatile int i = 0; i < 3; i++) {
        KeAcquireSpinLockAtDpcLevel(&lock);
        KeReleaseSpinLockFromDpcLevel(&lock);
    }
}

/* ---- Acquiring ------------------------------------------------------------------------------- */

static void acquire_above_dispatch(void *context)
{
    (void)context;
    use_it();
    KeRaiseIrql(5, &old);
    acquire();
}

static void a_later_acquisition_at_dirql_is_found(void **state)
{
    (void)state;
    assert_verifier(acquire_above_dispatch, 0x42, 5, (ULONG_PTR)&lock, 0, "IrqlKeDispatchLte");
}

static void acquire_at_dpc_level_below_dispatch(void *context)
{
    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    use_it_at_dpc_level();
    KeLowerIrql(old);
    KeAcquireSpinLockAtDpcLevel(&lock);
}

static void a_later_acquisition_below_dispatch_level_is_found(void **state)
{
    (void)state;
    assert_verifier(acquire_at_dpc_level_below_dispatch, 0x40, PASSIVE_LEVEL, (ULONG_PTR)&lock, 0,
                    "IrqlDispatch");
}

static void acquire_twice(void *context)
{
    (void)context;
    use_it();
    acquire();
    acquire();
}

static void a_later_recursion_is_bug_check_f(void **state)
{
    (void)state;
    rule_run(1, acquire_twice);
    assert_int_equal(rule_result.code, SPIN_LOCK_ALREADY_OWNED);
    assert_int_equal(rule_result.parameters[0], (ULONG_PTR)&lock);
}

static void acquire_queued(void *context)
{
    (void)context;
    use_it();
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
}

static void the_other_family_is_found_later(void **state)
{
    (void)state;
    assert_verifier(acquire_queued, 0x1008, (ULONG_PTR)&lock, 0, 0, "SpinLockFamily");
}

static void take_both_ways(void *context)
{
    KIRQL older;

    (void)context;
    use_it();
    KeAcquireSpinLock(&other_lock, &older);
    acquire();
    release(old);
    KeReleaseSpinLock(&other_lock, older);
    use_it();
    acquire();
    KeAcquireSpinLock(&other_lock, &older);
    KeReleaseSpinLock(&other_lock, older);
    release(old);
}

static void both_orders_are_found_with_pairs_in_between(void **state)
{
    (void)state;
    rule_run(2, take_both_ways);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("rule:  LockOrder:");
}

static void use_it_under_another(void *context)
{
    KIRQL older;

    (void)context;
    use_it();
    KeAcquireSpinLock(&other_lock, &older);
    use_it();
    KeReleaseSpinLock(&other_lock, APC_LEVEL);
}

static void a_lock_around_the_pairs_is_not_forgotten(void **state)
{
    (void)state;
    assert_verifier(use_it_under_another, 0x20015, (ULONG_PTR)&other_lock, APC_LEVEL,
                    PASSIVE_LEVEL, "IrqlKeReleaseSpinLock");
}

static void acquire_what_is_overwritten(void *context)
{
    (void)context;
    use_it();
    *(volatile KSPIN_LOCK *)&lock = 5;
    acquire();
}

static void a_lock_that_was_overwritten_is_found(void **state)
{
    (void)state;
    assert_verifier(acquire_what_is_overwritten, 0x1002, (ULONG_PTR)&lock, 0, 0, "SpinLockInit");
}

/* ---- Releasing ------------------------------------------------------------------------------- */

static void end_at_another_irql(void *context)
{
    (void)context;
    use_it();
    acquire();
    release(APC_LEVEL);
}

static void a_later_release_to_another_irql_is_found(void **state)
{
    (void)state;
    assert_verifier(end_at_another_irql, 0x20015, (ULONG_PTR)&lock, APC_LEVEL, PASSIVE_LEVEL,
                    "IrqlKeReleaseSpinLock");
}

static void release_from_dpc_level(void *context)
{
    (void)context;
    use_it();
    acquire();
    KeReleaseSpinLockFromDpcLevel(&lock);
}

static void a_later_release_of_another_form_is_found(void **state)
{
    (void)state;
    assert_verifier(release_from_dpc_level, 0x1009, (ULONG_PTR)&lock, 0, 0, "SpinLockRelease");
}

static void release_twice(void *context)
{
    (void)context;
    use_it();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    release(old);
}

static void a_later_release_of_a_free_lock_is_bug_check_10(void **state)
{
    (void)state;
    rule_run(1, release_twice);
    assert_int_equal(rule_result.code, SPIN_LOCK_NOT_OWNED);
    assert_int_equal(rule_result.parameters[0], (ULONG_PTR)&lock);
}

static void release_what_is_cleared(void *context)
{
    (void)context;
    use_it();
    acquire();
    *(volatile KSPIN_LOCK *)&lock = 0;
    release(old);
}

static void a_lock_that_was_cleared_is_bug_check_10(void **state)
{
    (void)state;
    rule_run(1, release_what_is_cleared);
    assert_int_equal(rule_result.code, SPIN_LOCK_NOT_OWNED);
    assert_int_equal(rule_result.parameters[0], (ULONG_PTR)&lock);
}

static void hold_it_long(void *context)
{
    (void)context;
    use_it();
    acquire();
    KeStallExecutionProcessor(40);
    release(old);
}

static void a_later_hold_that_is_long_is_warned_of(void **state)
{
    (void)state;
    assert_warned(hold_it_long, 1, 1, "SpinLockHeldLong");
}

/* ---- What is kept ---------------------------------------------------------------------------- */

static void end_with_it(void *context)
{
    (void)context;
    use_it();
    acquire();
}

static void a_lock_that_is_held_at_the_end_is_found(void **state)
{
    (void)state;
    rule_run(1, end_with_it);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("acquire test_lockordinary.c:");
}

static void say_where_it_is(void *context)
{
    (void)context;
    use_it();
    DbgPrint("now\n");
    KeBugCheck(0xE2);
}

static void its_calls_are_drawn_like_any_others(void **state)
{
    const char *at;
    unsigned drawn = 0;

    (void)state;
    rule_run_undisturbed(1, say_where_it_is);
    for (at = rule_result.report; (at = strstr(at, "KeAcquireSpinLock  ")) != NULL; at++) {
        drawn++;
    }
    assert_int_equal(drawn, 3);
}

static void use_it_in_all_forms(void *context)
{
    (void)context;
    use_it();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    lock = 0;
    use_it_at_dpc_level();
    KeLowerIrql(old);
}

static void pairs_that_keep_the_rules_are_silent(void **state)
{
    (void)state;
    assert_kept(use_it_in_all_forms, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_later_acquisition_at_dirql_is_found),
        TEST(a_later_acquisition_below_dispatch_level_is_found),
        TEST(a_later_recursion_is_bug_check_f),
        TEST(the_other_family_is_found_later),
        TEST(both_orders_are_found_with_pairs_in_between),
        TEST(a_lock_around_the_pairs_is_not_forgotten),
        TEST(a_lock_that_was_overwritten_is_found),
        TEST(a_later_release_to_another_irql_is_found),
        TEST(a_later_release_of_another_form_is_found),
        TEST(a_later_release_of_a_free_lock_is_bug_check_10),
        TEST(a_lock_that_was_cleared_is_bug_check_10),
        TEST(a_later_hold_that_is_long_is_warned_of),
        TEST(a_lock_that_is_held_at_the_end_is_found),
        TEST(its_calls_are_drawn_like_any_others),
        TEST(pairs_that_keep_the_rules_are_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

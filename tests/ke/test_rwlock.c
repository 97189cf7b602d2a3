/*
 * test_rwlock.c - reader/writer spin locks.
 */
#include "pair.h"

static EX_SPIN_LOCK lock;

static int reset(void **state)
{
    lock = 0;
    return pair_reset(state);
}

/* ---- One processor --------------------------------------------------------------------------- */

static void both_forms_raise_and_restore(void **state)
{
    KIRQL old = ExAcquireSpinLockShared(&lock);

    (void)state;
    assert_int_equal(old, PASSIVE_LEVEL);
    dirql_assert_irql(DISPATCH_LEVEL);
    ExReleaseSpinLockShared(&lock, old);
    dirql_assert_irql(PASSIVE_LEVEL);
    old = ExAcquireSpinLockExclusive(&lock);
    assert_int_equal(old, PASSIVE_LEVEL);
    dirql_assert_irql(DISPATCH_LEVEL);
    ExReleaseSpinLockExclusive(&lock, old);
    dirql_assert_irql(PASSIVE_LEVEL);
    assert_int_equal(lock, 0);
}

static void dpc_level_forms_leave_the_irql_alone(void **state)
{
    const KIRQL old = KeRaiseIrqlToDpcLevel();

    (void)state;
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
    assert_false(ExTryAcquireSpinLockSharedAtDpcLevel(&lock));
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_true(ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock));
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    assert_true(ExTryAcquireSpinLockSharedAtDpcLevel(&lock));
    assert_false(ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock));
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    assert_int_equal(lock, 0);
    KeLowerIrql(old);
}

static void only_reader_converts(void **state)
{
    const KIRQL old = ExAcquireSpinLockShared(&lock);

    (void)state;
    assert_true(ExTryConvertSharedSpinLockExclusive(&lock));
    ExReleaseSpinLockExclusive(&lock, old);
    assert_int_equal(lock, 0);
}

/* ---- Two processors -------------------------------------------------------------------------- */

static void read_for_a_while(void *context)
{
    const KIRQL old = ExAcquireSpinLockShared(&lock);

    (void)context;
    pair_note("r");
    pair_reach(1);
    pair_await(2);
    pair_note("e");
    ExReleaseSpinLockShared(&lock, old);
}

static void readers_share_and_none_of_two_converts(void **state)
{
    dirql_thread *thread = dirql_thread_start("reader", 1, read_for_a_while, NULL);
    KIRQL old;

    (void)state;
    pair_await(1);
    old = ExAcquireSpinLockShared(&lock);
    pair_note("R");
    assert_false(ExTryConvertSharedSpinLockExclusive(&lock));
    pair_reach(2);
    ExReleaseSpinLockShared(&lock, old);
    dirql_thread_join(thread);
    assert_string_equal(pair_order, "rRe");
}

static void writer_waits_for_the_reader(void **state)
{
    dirql_thread *thread = dirql_thread_start("reader", 1, read_for_a_while, NULL);
    KIRQL old;

    (void)state;
    pair_await(1);
    pair_reach(2);
    old = ExAcquireSpinLockExclusive(&lock);
    pair_note("W");
    ExReleaseSpinLockExclusive(&lock, old);
    dirql_thread_join(thread);
    assert_string_equal(pair_order, "reW");
}

static void write_once(void *context)
{
    KIRQL old;

    (void)context;
    pair_await(1);
    old = ExAcquireSpinLockExclusive(&lock);
    pair_note("w");
    ExReleaseSpinLockExclusive(&lock, old);
}

static void read_once(void *context)
{
    KIRQL old;

    (void)context;
    pair_await(3);
    old = ExAcquireSpinLockShared(&lock);
    pair_note("n");
    ExReleaseSpinLockShared(&lock, old);
}

static void waiting_writer_goes_before_new_readers(void **state)
{
    dirql_thread *writer, *reader;
    KIRQL old;

    (void)state;
    dirql_thread_move(0);
    reader = dirql_thread_start("new reader", 2, read_once, NULL);
    writer = dirql_thread_start("writer", 1, write_once, NULL);
    old = ExAcquireSpinLockShared(&lock);
    pair_reach(1);
    pair_await_spinners(1);
    assert_false(ExTryAcquireSpinLockSharedAtDpcLevel(&lock));
    assert_false(ExTryConvertSharedSpinLockExclusive(&lock));
    pair_reach(3);
    pair_await_spinners(2);
    assert_string_equal(pair_order, "");
    ExReleaseSpinLockShared(&lock, old);
    dirql_thread_join(writer);
    dirql_thread_join(reader);
    assert_string_equal(pair_order, "wn");
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void expect_recursion(void)
{
    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)&lock, 0, 0, 0);
}

static void writer_that_writes_again_is_bug_check_f(void **state)
{
    (void)state;
    expect_recursion();
    ExAcquireSpinLockExclusive(&lock);
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
}

static void writer_that_reads_is_bug_check_f(void **state)
{
    (void)state;
    expect_recursion();
    ExAcquireSpinLockExclusive(&lock);
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
}

static void reader_that_writes_is_bug_check_f(void **state)
{
    (void)state;
    expect_recursion();
    ExAcquireSpinLockShared(&lock);
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
}

static void reader_that_reads_again_while_a_writer_waits_is_bug_check_f(void **state)
{
    (void)state;
    expect_recursion();
    dirql_thread_move(0);
    dirql_thread_start("writer", 1, write_once, NULL);
    ExAcquireSpinLockShared(&lock);
    pair_reach(1);
    pair_await_spinners(1);
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
}

static void reader_may_read_again_on_a_retail_machine_while_no_writer_waits(void **state)
{
    const KIRQL old = ExAcquireSpinLockShared(&lock);

    (void)state;
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    ExReleaseSpinLockShared(&lock, old);
    assert_int_equal(lock, 0);
}

static void release_of_a_free_lock_is_bug_check_10(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)&lock, 0, 0, 0);
    KeRaiseIrqlToDpcLevel();
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
}

static void expect_that_it_is_not_owned(void)
{
    dirql_expect_bugcheck_with(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)&lock, 0, 0, 0);
    KeRaiseIrqlToDpcLevel();
}

static void conversion_of_a_free_lock_is_bug_check_10(void **state)
{
    (void)state;
    expect_that_it_is_not_owned();
    (void)ExTryConvertSharedSpinLockExclusive(&lock);
}

static void conversion_by_a_writer_is_bug_check_10(void **state)
{
    (void)state;
    expect_that_it_is_not_owned();
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
    (void)ExTryConvertSharedSpinLockExclusive(&lock);
}

static void release_of_a_readers_lock_as_a_writer_is_bug_check_10_on_a_retail_machine(void **state)
{
    (void)state;
    expect_that_it_is_not_owned();
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
}

static void converted_at_dpc_level_it_is_released_from_there(void **state)
{
    const KIRQL old = KeRaiseIrqlToDpcLevel();

    (void)state;
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    assert_true(ExTryConvertSharedSpinLockExclusive(&lock));
    assert_false(ExTryAcquireSpinLockSharedAtDpcLevel(&lock));
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    dirql_assert_irql(DISPATCH_LEVEL);
    assert_int_equal(lock, 0);
    KeLowerIrql(old);
}

static KSPIN_LOCK plain;

static void want_the_plain_lock_as_a_writer(void *context)
{
    (void)context;
    ExAcquireSpinLockExclusive(&lock);
    pair_reach(1);
    pair_await(2);
    KeAcquireSpinLockAtDpcLevel(&plain);
}

static void cycle_through_both_kinds_of_lock_is_a_deadlock(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("deadlock");
    KeInitializeSpinLock(&plain);
    dirql_thread_start("second", 1, want_the_plain_lock_as_a_writer, NULL);
    KeAcquireSpinLock(&plain, &old);
    pair_await(1);
    pair_reach(2);
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
}

#define ONE(f) \
    dirql_unit_test_setup(f, reset), dirql_unit_test_setup(f, reset, .checks = DIRQL_CHECKS_NONE)
#define MANY(f)                                       \
    dirql_unit_test_setup(f, reset, .processors = 3), \
        dirql_unit_test_setup(f, reset, .processors = 3, .checks = DIRQL_CHECKS_NONE)
#define RETAIL(f) dirql_unit_test_setup(f, reset, .checks = DIRQL_CHECKS_NONE)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(both_forms_raise_and_restore),
        ONE(dpc_level_forms_leave_the_irql_alone),
        ONE(only_reader_converts),
        MANY(readers_share_and_none_of_two_converts),
        MANY(writer_waits_for_the_reader),
        MANY(waiting_writer_goes_before_new_readers),
        ONE(writer_that_writes_again_is_bug_check_f),
        ONE(writer_that_reads_is_bug_check_f),
        ONE(reader_that_writes_is_bug_check_f),
        RETAIL(reader_may_read_again_on_a_retail_machine_while_no_writer_waits),
        dirql_unit_test_setup(reader_that_reads_again_while_a_writer_waits_is_bug_check_f, reset,
                              .processors = 3, .checks = DIRQL_CHECKS_NONE),
        ONE(release_of_a_free_lock_is_bug_check_10),
        ONE(conversion_of_a_free_lock_is_bug_check_10),
        ONE(conversion_by_a_writer_is_bug_check_10),
        RETAIL(release_of_a_readers_lock_as_a_writer_is_bug_check_10_on_a_retail_machine),
        ONE(converted_at_dpc_level_it_is_released_from_there),
        MANY(cycle_through_both_kinds_of_lock_is_a_deadlock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

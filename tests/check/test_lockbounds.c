/*
 * test_lockbounds.c - what the lock order checker has no room for is said, once; what has room is
 * not.
 */
#include "rule.h"

#include <dirql/lock.h>

enum { LOCKS = 600, FITTING = 500 };

static KSPIN_LOCK locks[LOCKS];
static KIRQL old;
static volatile LONG has_come; /* An ISR. */

static int reset(void **state)
{
    (void)state;
    memset(locks, 0, sizeof(locks));
    has_come = 0;
    return 0;
}

static void acquire_each(int count)
{
    for (int i = 0; i < count; i++) {
        KeAcquireSpinLock(&locks[i], &old);
        KeReleaseSpinLock(&locks[i], old);
    }
}

/* Locks that nobody initialised: each is of a class of its own. */
static void too_many_classes(void *context)
{
    (void)context;
    acquire_each(LOCKS);
    acquire_each(LOCKS);
}

static void many_classes(void *context)
{
    (void)context;
    acquire_each(FITTING);
}

static void many_locks_of_one_class(void *context)
{
    (void)context;
    for (volatile int i = 0; i < LOCKS; i++) { /* Not unrolled: there must be one place. */
        KeInitializeSpinLock(&locks[i]);
    }
    acquire_each(LOCKS);
}

static void too_many_classes_are_said_once(void **state)
{
    (void)state;
    assert_warned(too_many_classes, 1, 1, "LockOrderBounds");
    assert_report_has("has no room for more classes of locks");
    reset(NULL);
    assert_silent(many_classes, 1, "LockOrderBounds");
    reset(NULL);
    assert_silent(many_locks_of_one_class, 1, "LockOrderBounds");
}

/* Pairs of one class: each pair has an order of its own. */
static void nest_pairs(int count)
{
    for (int i = 0; i < count; i++) {
        KeAcquireSpinLock(&locks[i], &old);
        KeAcquireSpinLockAtDpcLevel(&locks[i + 1]);
        KeReleaseSpinLockFromDpcLevel(&locks[i + 1]);
        KeReleaseSpinLock(&locks[i], old);
    }
}

static void one_name_for_all(int count)
{
    dirql_suppress("LockNesting", NULL, "their addresses are their order");
    for (int i = 0; i <= count; i++) {
        KeInitializeSpinLock(&locks[i]);
        dirql_lock_class(&locks[i], "channel");
    }
    nest_pairs(count);
}

static void too_many_orders(void *context)
{
    (void)context;
    one_name_for_all(80);
}

static void a_cycle_too_long(void *context)
{
    (void)context;
    for (int i = 0; i < 70; i++) {
        nest_pairs(70);
    }
    KeAcquireSpinLock(&locks[70], &old);
    KeAcquireSpinLockAtDpcLevel(&locks[0]);
    KeReleaseSpinLockFromDpcLevel(&locks[0]);
    KeReleaseSpinLock(&locks[70], old);
}

static void too_many_orders_are_said_once(void **state)
{
    (void)state;
    assert_warned(too_many_orders, 1, 1, "LockOrderBounds");
    assert_report_has("has no room for more orders in which locks are acquired");
}

static void a_cycle_that_is_too_long_is_said(void **state)
{
    (void)state;
    assert_warned(a_cycle_too_long, 1, 1, "LockOrderBounds");
    assert_report_has("has no room for a cycle of more than 64 orders");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

/* ---- Processors ------------------------------------------------------------------------------ */

enum { PROCESSORS = 64 };

static KSPIN_LOCK shared;

static void take_shared(void *context)
{
    KIRQL before;

    (void)context;
    KeAcquireSpinLock(&shared, &before);
    KeReleaseSpinLock(&shared, before);
}

static void a_lock_for_all_processors(void *context)
{
    dirql_thread *threads[PROCESSORS];

    (void)context;
    KeInitializeSpinLock(&shared);
    for (unsigned i = 0; i < PROCESSORS; i++) {
        threads[i] = dirql_thread_start("one", i, take_shared, NULL);
    }
    for (unsigned i = 0; i < PROCESSORS; i++) {
        dirql_thread_join(threads[i]);
    }
}

static dirql_line *line;

static BOOLEAN take_shared_in_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    dirql_line_deassert(line);
    KeAcquireSpinLockAtDpcLevel(&shared);
    KeReleaseSpinLockFromDpcLevel(&shared);
    WriteRelease(&has_come, 1);
    return TRUE;
}

/* It interrupts the last of the threads only. */
static void an_isr_of_the_last_processor_wants_the_lock(void *context)
{
    const KAFFINITY last = (KAFFINITY)1 << (PROCESSORS - 1);
    PKINTERRUPT interrupt;

    a_lock_for_all_processors(context);
    line = dirql_line_create(
        &(dirql_line_options){ .name = "uart", .irql = 7, .processors = last });
    IoConnectInterrupt(&interrupt, take_shared_in_isr, NULL, NULL, dirql_line_vector(line), 7, 7,
                       LevelSensitive, FALSE, last, FALSE);
    dirql_line_assert(line);
    while (ReadAcquire(&has_come) == 0) {
        YieldProcessor();
    }
    IoDisconnectInterrupt(interrupt);
}

static void a_thread_for_each_processor_is_no_way_of_its_own(void **state)
{
    (void)state;
    assert_silent(a_lock_for_all_processors, PROCESSORS, "LockOrderBounds");
}

static void what_is_seen_on_the_last_processor_counts(void **state)
{
    (void)state;
    assert_error(an_isr_of_the_last_processor_wants_the_lock, PROCESSORS, "LockIrqlInversion");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(too_many_classes_are_said_once, reset),
        cmocka_unit_test_setup(too_many_orders_are_said_once, reset),
        cmocka_unit_test_setup(a_cycle_that_is_too_long_is_said, reset),
        cmocka_unit_test_setup(a_thread_for_each_processor_is_no_way_of_its_own, reset),
        cmocka_unit_test_setup(what_is_seen_on_the_last_processor_counts, reset),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

/*
 * 10 - Locks in two orders.
 *
 * A driver has a list of devices and, in each device, a queue. Whoever sends goes from the list to
 * the queue; whoever cancels has the queue, and then looks something up in the list. Each is right
 * for itself. Together they stop the machine, one day: when both run at the same time, each holds
 * the lock that the other one spins on.
 *
 * No test has to hit that moment. dirql remembers under which lock each lock was acquired, and by
 * whom; two opposite orders in one run are an error, even if all of it happened in one thread, one
 * after the other. The report tells both orders, and draws the run that would never end.
 *
 * The same goes for a lock that an ISR or DPC acquires while others hold it at a lower IRQL, and
 * for mutexes and resources. dirql_lock_class() gives a lock its name in the report.
 */
#include <string.h>

#include <dirql/cmocka.h>
#include <dirql/lock.h>

static struct driver {
    KSPIN_LOCK devices, queue;
    BOOLEAN orderly;
} driver;

static void send(struct driver *d)
{
    KIRQL old;

    KeAcquireSpinLock(&d->devices, &old);
    KeAcquireSpinLockAtDpcLevel(&d->queue);
    /* ... */
    KeReleaseSpinLockFromDpcLevel(&d->queue);
    KeReleaseSpinLock(&d->devices, old);
}

static void cancel(struct driver *d)
{
    KIRQL old;

    if (d->orderly) { /* The list first, as everybody does. */
        KeAcquireSpinLock(&d->devices, &old);
        KeAcquireSpinLockAtDpcLevel(&d->queue);
    } else {
        KeAcquireSpinLock(&d->queue, &old);
        KeAcquireSpinLockAtDpcLevel(&d->devices);
    }
    /* ... */
    KeReleaseSpinLockFromDpcLevel(d->orderly ? &d->queue : &d->devices);
    KeReleaseSpinLock(d->orderly ? &d->devices : &d->queue, old);
}

static void send_then_cancel(void *context)
{
    struct driver *d = context;

    KeInitializeSpinLock(&d->devices);
    KeInitializeSpinLock(&d->queue);
    dirql_lock_class(&d->devices, "devices");
    dirql_lock_class(&d->queue, "queue");
    send(d);
    cancel(d);
}

static void one_order_is_fine(void **state)
{
    (void)state;
    driver.orderly = TRUE;
    send_then_cancel(&driver);
}

/* Nobody waited for anybody here. */
static void two_orders_are_found_in_one_thread(void **state)
{
    const dirql_options options = {.name = "orders", .processors = 2, .fixed = 1};
    dirql_result result;

    (void)state;
    driver.orderly = FALSE;
    assert_int_equal(dirql_run(&options, send_then_cancel, &driver, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "rule:  LockOrder"));
    assert_non_null(strstr(result.report, "lock A: \"queue\"\n  lock B: \"devices\"\n"));
    assert_non_null(strstr(result.report, "this can happen, and never ends:"));
    assert_non_null(strstr(result.report, ": waits for B, which CPU1 holds"));
    assert_non_null(strstr(result.report, ": waits for A, which CPU0 holds"));
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(one_order_is_fine),
        cmocka_unit_test(two_orders_are_found_in_one_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

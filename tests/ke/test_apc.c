/* Tests of lib/ke/apc.c, which the I/O manager uses to complete requests. */
#include "ke/apc.h"

#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>
#include <string.h>

#include "../settle.h"
#include "ke/ki.h"

static dq_apc apc;
static volatile LONG runs;
static volatile LONG done;
static KIRQL irql;
static const dq_thread *ran_in;
static KEVENT event;

static void note(dq_processor *cpu, void *context)
{
    irql = cpu->irql;
    ran_in = dq_thread_current(cpu);
    runs += (LONG)(intptr_t)context;
}

/* As a service would queue it. */
static void queue_for(dq_thread *thread)
{
    DQ_INSIDE(dq_self->live);

    apc = (dq_apc){ .routine = note, .context = (void *)1 };
    dq_apc_queue(thread, &apc);
    if (dq_must_look(dq_self, dq_self->irql)) {
        (void)dq_deliver(dq_self);
    }
}

static dq_thread *self(void)
{
    return (dq_thread *)(void *)KeGetCurrentThread();
}

static int start(void **state)
{
    (void)state;
    runs = 0;
    done = 0;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    return 0;
}

static void it_runs_at_once_at_apc_level(void **state)
{
    (void)state;
    queue_for(self());
    assert_int_equal(runs, 1);
    assert_int_equal(irql, APC_LEVEL);
    assert_ptr_equal(ran_in, self());
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void apc_level_puts_it_off(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    queue_for(self());
    assert_int_equal(runs, 0);
    KeLowerIrql(old);
    assert_int_equal(runs, 1);
}

static void dispatch_level_puts_it_off(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    queue_for(self());
    assert_int_equal(runs, 0);
    KeLowerIrql(old);
    assert_int_equal(runs, 1);
}

static void a_guarded_region_puts_it_off(void **state)
{
    (void)state;
    KeEnterGuardedRegion();
    KeEnterGuardedRegion();
    queue_for(self());
    KeLeaveGuardedRegion();
    assert_int_equal(runs, 0);
    KeLeaveGuardedRegion();
    assert_int_equal(runs, 1);
}

static void a_guarded_mutex_puts_it_off(void **state)
{
    KGUARDED_MUTEX mutex;

    (void)state;
    KeInitializeGuardedMutex(&mutex);
    KeAcquireGuardedMutex(&mutex);
    queue_for(self());
    assert_int_equal(runs, 0);
    KeReleaseGuardedMutex(&mutex);
    assert_int_equal(runs, 1);
}

static void a_critical_region_does_not(void **state)
{
    (void)state;
    KeEnterCriticalRegion();
    queue_for(self());
    assert_int_equal(runs, 1);
    KeLeaveCriticalRegion();
}

/* ---- Threads that wait ----------------------------------------------------------------------- */

static dq_thread *waiter;

static void wait_for_the_event(void *context)
{
    LARGE_INTEGER *timeout = context;
    NTSTATUS status;

    status = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, timeout);
    assert_int_equal(status, timeout != NULL ? STATUS_TIMEOUT : STATUS_SUCCESS);
    InterlockedIncrement(&done);
}

static void wait_in_a_guarded_region(void *context)
{
    KeEnterGuardedRegion();
    wait_for_the_event(context);
    assert_int_equal(runs, 0);
    KeLeaveGuardedRegion();
    assert_int_equal(runs, 1);
}

static dirql_thread *begin(void (*routine)(void *), void *context)
{
    dirql_thread *thread = dirql_thread_start("waiter", 0, routine, context);

    waiter = (dq_thread *)(void *)thread;
    settle();
    return thread;
}

static void a_waiting_thread_runs_it_and_waits_on(void **state)
{
    dirql_thread *thread = begin(wait_for_the_event, NULL);

    (void)state;
    queue_for(waiter);
    settle();
    assert_int_equal(runs, 1);
    assert_ptr_equal(ran_in, waiter);
    assert_int_equal(done, 0);
    KeSetEvent(&event, 0, FALSE);
    dirql_thread_join(thread);
    assert_int_equal(done, 1);
}

static void the_timeout_stays_what_it_was(void **state)
{
    LARGE_INTEGER timeout = { .QuadPart = -10000 * 1000 };
    const ULONGLONG before = KeQueryInterruptTime();
    dirql_thread *thread = begin(wait_for_the_event, &timeout);

    (void)state;
    dirql_time_advance_ms(500);
    queue_for(waiter);
    dirql_thread_join(thread);
    assert_int_equal(runs, 1);
    assert_in_range(KeQueryInterruptTime() - before, 10000 * 1000, 10000 * 1300);
}

static void a_wait_in_a_guarded_region_is_not_interrupted(void **state)
{
    dirql_thread *thread = begin(wait_in_a_guarded_region, NULL);

    (void)state;
    queue_for(waiter);
    settle();
    assert_int_equal(runs, 0);
    KeSetEvent(&event, 0, FALSE);
    dirql_thread_join(thread);
}

static void sleep_in_the_test(void *context)
{
    (void)context;
    dirql_time_advance_ms(1000);
    InterlockedIncrement(&done);
}

static void a_sleeping_thread_sleeps_on(void **state)
{
    dirql_thread *thread = begin(sleep_in_the_test, NULL);

    (void)state;
    queue_for(waiter);
    settle();
    assert_int_equal(runs, 1);
    assert_int_equal(done, 0);
    dirql_thread_join(thread);
}

/* ---- Who waits for ever ---------------------------------------------------------------------- */

static void never_leave_a_guarded_region(void *context)
{
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeEnterGuardedRegion();
    queue_for(self());
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static void wait_at_apc_level(void *context)
{
    KIRQL old;

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(APC_LEVEL, &old);
    queue_for(self());
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static void wait_with_nothing_queued(void *context)
{
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeEnterGuardedRegion();
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static bool report_says(void (*body)(void *context), const char *text)
{
    dirql_result result;
    bool says;

    assert_int_equal(dirql_run(NULL, body, NULL, &result), DIRQL_FAILED);
    says = strstr(result.report, text) != NULL;
    dirql_result_free(&result);
    return says;
}

static void a_deadlock_names_an_apc_that_is_kept_away(void **state)
{
    (void)state;
    assert_true(report_says(never_leave_a_guarded_region, "a kernel APC is queued for thread test, "
                                                      "which is in a guarded region"));
    assert_true(report_says(wait_at_apc_level, "a kernel APC is queued for thread test, which is "
                                               "at IRQL 1"));
    assert_false(report_says(wait_with_nothing_queued, "APC is queued"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(it_runs_at_once_at_apc_level, start),
        dirql_unit_test_setup(apc_level_puts_it_off, start),
        dirql_unit_test_setup(dispatch_level_puts_it_off, start),
        dirql_unit_test_setup(a_guarded_region_puts_it_off, start),
        dirql_unit_test_setup(a_guarded_mutex_puts_it_off, start),
        dirql_unit_test_setup(a_critical_region_does_not, start),
        dirql_unit_test_setup(a_waiting_thread_runs_it_and_waits_on, start),
        dirql_unit_test_setup(a_waiting_thread_runs_it_and_waits_on, start, .processors = 2),
        dirql_unit_test_setup(the_timeout_stays_what_it_was, start),
        dirql_unit_test_setup(a_wait_in_a_guarded_region_is_not_interrupted, start),
        dirql_unit_test_setup(a_sleeping_thread_sleeps_on, start),
        cmocka_unit_test(a_deadlock_names_an_apc_that_is_kept_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

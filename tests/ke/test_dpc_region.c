/* Tests of lib/ke/dpc.c: a DPC leaves the APCs of the thread that it interrupts as they were. */
#include "dpc_record.h"

static KMUTEX mutex;

static VOID enter_region(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeEnterCriticalRegion();
}

static VOID leave_region(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeLeaveCriticalRegion();
}

static VOID use_region(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    note(dpc, context, argument1, argument2);
    enter_region(dpc, context, argument1, argument2);
    leave_region(dpc, context, argument1, argument2);
}

/* Legal at DISPATCH_LEVEL. While the mutex is owned, APCs are disabled. */
static VOID take_mutex(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    note(dpc, context, argument1, argument2);
    assert_int_equal(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &zero),
                     STATUS_SUCCESS);
}

static VOID use_mutex(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    take_mutex(dpc, context, argument1, argument2);
    KeReleaseMutex(&mutex, FALSE);
}

static void set_timer(KTIMER *timer, KDPC *dpc)
{
    const LARGE_INTEGER due = { .QuadPart = -10 };

    KeInitializeTimer(timer);
    KeSetTimer(timer, due, dpc);
    dirql_time_advance_us(2);
}

static void one_that_stays_in_a_critical_region_is_bug_check_c7_4(void **state)
{
    KDPC dpc;

    (void)state;
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 4, (ULONG_PTR)enter_region, 0, (ULONG_PTR)-1);
    KeInitializeDpc(&dpc, enter_region, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void one_that_leaves_its_threads_critical_region_is_bug_check_c7_4(void **state)
{
    KDPC dpc;

    (void)state;
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 4, (ULONG_PTR)leave_region, (ULONG_PTR)-1, 0);
    KeInitializeDpc(&dpc, leave_region, NULL);
    KeEnterCriticalRegion();
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void one_that_keeps_a_mutex_is_bug_check_c7_4(void **state)
{
    KDPC dpc;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 4, (ULONG_PTR)take_mutex, 0, (ULONG_PTR)-1);
    prepare(&dpc, take_mutex, "a");
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void of_a_timers_it_is_bug_check_c7_5(void **state)
{
    KTIMER timer;
    KDPC dpc;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 5, (ULONG_PTR)take_mutex, 0, (ULONG_PTR)-1);
    prepare(&dpc, take_mutex, "a");
    set_timer(&timer, &dpc);
}

/* The same DPC, whoever queues it. */
static void what_a_timer_has_queued_before_does_not_count(void **state)
{
    KTIMER timer;
    KDPC dpc;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    prepare(&dpc, use_mutex, "a");
    set_timer(&timer, &dpc);
    dpc.DeferredRoutine = take_mutex;
    dirql_expect_bugcheck_with(TIMER_OR_DPC_INVALID, 4, (ULONG_PTR)take_mutex, 0, (ULONG_PTR)-1);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void one_that_leaves_what_it_entered_is_fine(void **state)
{
    KDPC dpc;

    (void)state;
    prepare(&dpc, use_region, "a");
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(seen.runs, 1);
}

static void one_that_releases_its_mutex_is_fine(void **state)
{
    KTIMER timer;
    KDPC dpc;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    prepare(&dpc, use_mutex, "a");
    KeInsertQueueDpc(&dpc, NULL, NULL);
    set_timer(&timer, &dpc);
    assert_int_equal(seen.runs, 2);
    assert_int_equal(KeReadStateMutex(&mutex), 1);
}

#define UNCHECKED(test) WITH(test, .checks = DIRQL_CHECKS_NONE)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNCHECKED(one_that_stays_in_a_critical_region_is_bug_check_c7_4),
        UNCHECKED(one_that_leaves_its_threads_critical_region_is_bug_check_c7_4),
        UNCHECKED(one_that_leaves_what_it_entered_is_fine),
        ALONE(one_that_keeps_a_mutex_is_bug_check_c7_4),
        ALONE(of_a_timers_it_is_bug_check_c7_5),
        ALONE(what_a_timer_has_queued_before_does_not_count),
        ALONE(one_that_releases_its_mutex_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

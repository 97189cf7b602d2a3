/* Tests of lib/ex/workitem.c. The queues are tested with tests/io/test_workitem.c. */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>
#include <ntddk.h>

#include "../settle.h"

static KEVENT done;
static PVOID seen;

static int start(void **state)
{
    (void)state;
    seen = NULL;
    KeInitializeEvent(&done, SynchronizationEvent, FALSE);
    return 0;
}

static VOID note(PVOID parameter)
{
    seen = parameter;
    KeSetEvent(&done, IO_NO_INCREMENT, FALSE);
}

static void the_routine_gets_its_parameter(void **state)
{
    static WORK_QUEUE_ITEM item;

    (void)state;
    ExInitializeWorkItem(&item, note, &item);
    ExQueueWorkItem(&item, CriticalWorkQueue);
    (void)KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    assert_ptr_equal(seen, &item);
}

static VOID wait_for_ever(PVOID parameter)
{
    (void)KeWaitForSingleObject(parameter, Executive, KernelMode, FALSE, NULL);
}

/* As many threads as a queue gets wait in their routines: what is queued now stays queued. */
static void keep_workers_busy(void)
{
    static WORK_QUEUE_ITEM items[16];

    for (unsigned i = 0; i < 16; i++) {
        ExInitializeWorkItem(&items[i], wait_for_ever, &done);
        ExQueueWorkItem(&items[i], DelayedWorkQueue);
    }
    settle();
}

static void queueing_it_twice_is_bug_check_96(void **state)
{
    static WORK_QUEUE_ITEM item;

    (void)state;
    keep_workers_busy();
    ExInitializeWorkItem(&item, note, NULL);
    dirql_expect_bugcheck_with(INVALID_WORK_QUEUE_ITEM, (ULONG_PTR)&item, DIRQL_ANY, DIRQL_ANY,
                               (ULONG_PTR)note);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    ExQueueWorkItem(&item, CriticalWorkQueue);
    fail_msg("it is queued already");
}

static void initialising_a_queued_one_is_bug_check_96(void **state)
{
    static WORK_QUEUE_ITEM item;

    (void)state;
    keep_workers_busy();
    ExInitializeWorkItem(&item, note, NULL);
    dirql_expect_bugcheck_with(INVALID_WORK_QUEUE_ITEM, (ULONG_PTR)&item, 0, 0, (ULONG_PTR)note);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    ExInitializeWorkItem(&item, note, NULL);
    fail_msg("it is queued");
}

static VOID stay_raised(PVOID parameter)
{
    KIRQL old;

    (void)parameter;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
}

static void returning_raised_is_bug_check_e1(void **state)
{
    static WORK_QUEUE_ITEM item;

    (void)state;
    ExInitializeWorkItem(&item, stay_raised, &done);
    dirql_expect_bugcheck_with(WORKER_THREAD_RETURNED_AT_BAD_IRQL, (ULONG_PTR)stay_raised,
                               DISPATCH_LEVEL, (ULONG_PTR)&done, (ULONG_PTR)&item);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    settle();
    fail_msg("the routine left its IRQL raised");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(the_routine_gets_its_parameter, start),
        dirql_unit_test_setup(the_routine_gets_its_parameter, start, .processors = 2),
        dirql_unit_test_setup(queueing_it_twice_is_bug_check_96, start),
        dirql_unit_test_setup(initialising_a_queued_one_is_bug_check_96, start),
        dirql_unit_test_setup(returning_raised_is_bug_check_e1, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

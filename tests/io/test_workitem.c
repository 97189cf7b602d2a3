/* Tests of lib/io/workitem.c and, through it, lib/ex/workqueue.c. */
#include "../ke/wire.h"
#include "../settle.h"

enum { TAG = 0x74736554 };

static DRIVER_OBJECT driver;
static PDEVICE_OBJECT device;

static struct {
    volatile LONG calls;
    KIRQL irql;
    KPRIORITY priority;
    PVOID object, context;
    PIO_WORKITEM item;
    PKTHREAD thread;
    KEVENT begun, go_on, done;
} seen;

static int start(void **state)
{
    (void)state;
    memset(&driver, 0, sizeof(driver));
    memset(&seen, 0, sizeof(seen));
    KeInitializeEvent(&seen.begun, SynchronizationEvent, FALSE);
    KeInitializeEvent(&seen.go_on, NotificationEvent, FALSE);
    KeInitializeEvent(&seen.done, SynchronizationEvent, FALSE);
    return IoCreateDevice(&driver, 100, NULL, FILE_DEVICE_SOUND, 0, FALSE, &device) !=
           STATUS_SUCCESS;
}

static void await(PKEVENT event)
{
    (void)KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
}

static void look_around(void)
{
    seen.irql = KeGetCurrentIrql();
    seen.thread = KeGetCurrentThread();
    seen.priority = KeQueryPriorityThread(KeGetCurrentThread());
}

static VOID note(PDEVICE_OBJECT object, PVOID context)
{
    look_around();
    seen.object = object;
    seen.context = context;
    InterlockedIncrement(&seen.calls);
    KeSetEvent(&seen.done, IO_NO_INCREMENT, FALSE);
}

static VOID note_ex(PVOID object, PVOID context, PIO_WORKITEM item)
{
    look_around();
    seen.object = object;
    seen.context = context;
    seen.item = item;
    InterlockedIncrement(&seen.calls);
    KeSetEvent(&seen.done, IO_NO_INCREMENT, FALSE);
}

static void routine_runs_in_a_system_thread_at_passive_level(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    (void)state;
    assert_non_null(item);
    IoQueueWorkItem(item, note, DelayedWorkQueue, &seen);
    await(&seen.done);
    assert_int_equal(seen.irql, PASSIVE_LEVEL);
    assert_ptr_equal(seen.object, device);
    assert_ptr_equal(seen.context, &seen);
    assert_ptr_not_equal(seen.thread, KeGetCurrentThread());
    assert_int_equal(seen.priority, 12);
    IoFreeWorkItem(item);
}

static void the_ex_form_gets_the_item(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    (void)state;
    IoQueueWorkItemEx(item, note_ex, DelayedWorkQueue, &seen);
    await(&seen.done);
    assert_ptr_equal(seen.object, device);
    assert_ptr_equal(seen.context, &seen);
    assert_ptr_equal(seen.item, item);
    IoFreeWorkItem(item);
}

static void each_queue_has_its_priority(void **state)
{
    static const struct {
        int type;
        KPRIORITY priority;
    } rows[] = { { CriticalWorkQueue, 13 },      { DelayedWorkQueue, 12 },
                 { HyperCriticalWorkQueue, 15 }, { NormalWorkQueue, 8 },
                 { BackgroundWorkQueue, 7 },     { RealTimeWorkQueue, 18 },
                 { SuperCriticalWorkQueue, 14 }, { CustomPriorityWorkQueue + 10, 10 } };
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        IoQueueWorkItem(item, note, (WORK_QUEUE_TYPE)rows[i].type, NULL);
        await(&seen.done);
        assert_int_equal(seen.priority, rows[i].priority);
    }
    IoFreeWorkItem(item);
}

static void a_queue_type_that_is_none_is_reported(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    (void)state;
    dirql_expect_finding("WorkQueueType");
    IoQueueWorkItem(item, note, (WORK_QUEUE_TYPE)(CustomPriorityWorkQueue + 32), NULL);
    fail_msg("it has no queue");
}

static VOID queue_it(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    IoQueueWorkItem(context, note, DelayedWorkQueue, NULL);
}

static void a_dpc_can_queue_it(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);
    KDPC dpc;

    (void)state;
    KeInitializeDpc(&dpc, queue_it, item);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    await(&seen.done);
    assert_int_equal(seen.irql, PASSIVE_LEVEL);
    KeFlushQueuedDpcs();
    IoFreeWorkItem(item);
}

/* ---- Again, and once too often --------------------------------------------------------------- */

static VOID begin_and_wait(PDEVICE_OBJECT object, PVOID context)
{
    (void)object;
    (void)context;
    KeSetEvent(&seen.begun, IO_NO_INCREMENT, FALSE);
    await(&seen.go_on);
    InterlockedIncrement(&seen.calls);
    KeSetEvent(&seen.done, IO_NO_INCREMENT, FALSE);
}

static void it_can_be_queued_again_when_its_routine_has_begun(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    (void)state;
    IoQueueWorkItem(item, begin_and_wait, DelayedWorkQueue, NULL);
    await(&seen.begun);
    IoQueueWorkItem(item, note, DelayedWorkQueue, NULL);
    await(&seen.done);
    assert_int_equal(seen.calls, 1);
    KeSetEvent(&seen.go_on, IO_NO_INCREMENT, FALSE);
    await(&seen.done);
    assert_int_equal(seen.calls, 2);
    IoFreeWorkItem(item);
}

/* As many threads as a queue gets wait in their routines: what is queued now stays queued. */
static void keep_workers_busy(void)
{
    for (unsigned i = 0; i < 16; i++) {
        IoQueueWorkItem(IoAllocateWorkItem(device), begin_and_wait, DelayedWorkQueue, NULL);
        await(&seen.begun);
    }
}

static void queueing_it_twice_is_bug_check_96(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    (void)state;
    keep_workers_busy();
    dirql_expect_bugcheck_with(INVALID_WORK_QUEUE_ITEM, (ULONG_PTR)item, DIRQL_ANY, DIRQL_ANY,
                               (ULONG_PTR)note);
    IoQueueWorkItem(item, note, DelayedWorkQueue, NULL);
    IoQueueWorkItem(item, note, DelayedWorkQueue, NULL);
    fail_msg("it is queued already");
}

static void trying_tells_whether_it_is_queued(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    (void)state;
    keep_workers_busy();
    assert_true(IoTryQueueWorkItem(item, note_ex, DelayedWorkQueue, NULL));
    assert_false(IoTryQueueWorkItem(item, note_ex, DelayedWorkQueue, NULL));
    KeSetEvent(&seen.go_on, IO_NO_INCREMENT, FALSE);
    while (ReadAcquire(&seen.calls) < 17) {
        await(&seen.done);
    }
    assert_ptr_equal(seen.item, item);
    settle();
    IoFreeWorkItem(item);
}

static void freeing_it_while_it_is_queued_is_bug_check_96(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    (void)state;
    keep_workers_busy();
    dirql_expect_bugcheck_with(INVALID_WORK_QUEUE_ITEM, (ULONG_PTR)item, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    IoQueueWorkItem(item, note, DelayedWorkQueue, NULL);
    IoFreeWorkItem(item);
    fail_msg("it is queued");
}

static void freed_memory_with_a_queued_one_in_it_is_bug_check_96(void **state)
{
    PIO_WORKITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), TAG);

    (void)state;
    IoInitializeWorkItem(device, item);
    keep_workers_busy();
    dirql_expect_bugcheck_with(INVALID_WORK_QUEUE_ITEM, (ULONG_PTR)item, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    IoQueueWorkItem(item, note, DelayedWorkQueue, NULL);
    ExFreePoolWithTag(item, TAG);
    fail_msg("the worker will use the memory");
}

static VOID free_itself(PVOID object, PVOID context, PIO_WORKITEM item)
{
    (void)object;
    (void)context;
    IoFreeWorkItem(item);
    KeSetEvent(&seen.done, IO_NO_INCREMENT, FALSE);
}

static void its_routine_may_free_it(void **state)
{
    (void)state;
    IoQueueWorkItemEx(IoAllocateWorkItem(device), free_itself, DelayedWorkQueue, NULL);
    await(&seen.done);
}

static void one_left_in_its_queue_is_simply_gone(void **state)
{
    (void)state;
    keep_workers_busy();
    IoQueueWorkItem(IoAllocateWorkItem(device), note, DelayedWorkQueue, NULL);
}

/* ---- Memory of the driver's own -------------------------------------------------------------- */

static void an_initialised_one_works_like_an_allocated_one(void **state)
{
    PIO_WORKITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), TAG);

    (void)state;
    IoInitializeWorkItem(device, item);
    IoQueueWorkItemEx(item, note_ex, DelayedWorkQueue, NULL);
    await(&seen.done);
    assert_ptr_equal(seen.item, item);
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(item, TAG);
}

static void one_that_was_not_initialised_is_reported(void **state)
{
    PIO_WORKITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), TAG);

    (void)state;
    dirql_expect_finding("wrong object");
    IoQueueWorkItem(item, note, DelayedWorkQueue, NULL);
    fail_msg("it was only cleared");
}

static void freeing_an_initialised_one_is_reported(void **state)
{
    PIO_WORKITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), TAG);

    (void)state;
    IoInitializeWorkItem(device, item);
    dirql_expect_finding("wrong object");
    IoFreeWorkItem(item);
    fail_msg("it was not allocated");
}

/* ---- What the routine leaves behind ---------------------------------------------------------- */

static VOID stay_raised(PDEVICE_OBJECT object, PVOID context)
{
    KIRQL old;

    (void)object;
    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
}

static void returning_raised_is_bug_check_e1(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    (void)state;
    dirql_expect_bugcheck_with(WORKER_THREAD_RETURNED_AT_BAD_IRQL, (ULONG_PTR)stay_raised,
                               APC_LEVEL, (ULONG_PTR)&seen, (ULONG_PTR)item);
    IoQueueWorkItem(item, stay_raised, DelayedWorkQueue, &seen);
    settle();
    fail_msg("the routine left its IRQL raised");
}

static VOID stay_in_region(PDEVICE_OBJECT object, PVOID context)
{
    (void)object;
    (void)context;
    KeEnterCriticalRegion();
}

static void returning_in_a_critical_region_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("CriticalRegions");
    IoQueueWorkItem(IoAllocateWorkItem(device), stay_in_region, DelayedWorkQueue, NULL);
    settle();
    fail_msg("the routine is still in its region");
}

static void queueing_above_dispatch_level_is_reported(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKeDispatchLte");
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    IoQueueWorkItem(item, note, DelayedWorkQueue, NULL);
    fail_msg("an ISR cannot queue a work item");
}

/* ---- Several --------------------------------------------------------------------------------- */

static VOID let_go_on(PDEVICE_OBJECT object, PVOID context)
{
    (void)object;
    (void)context;
    KeSetEvent(&seen.go_on, IO_NO_INCREMENT, FALSE);
}

static void one_can_wait_for_another(void **state)
{
    PIO_WORKITEM first = IoAllocateWorkItem(device);
    PIO_WORKITEM second = IoAllocateWorkItem(device);

    (void)state;
    IoQueueWorkItem(first, begin_and_wait, DelayedWorkQueue, NULL);
    IoQueueWorkItem(second, let_go_on, DelayedWorkQueue, NULL);
    await(&seen.done);
    assert_int_equal(seen.calls, 1);
    settle();
    IoFreeWorkItem(first);
    IoFreeWorkItem(second);
}

static VOID count(PDEVICE_OBJECT object, PVOID context)
{
    (void)object;
    (void)context;
    InterlockedIncrement(&seen.calls);
    KeSetEvent(&seen.done, IO_NO_INCREMENT, FALSE);
}

static void more_than_there_are_threads_all_run(void **state)
{
    enum { ITEMS = 100 };
    PIO_WORKITEM items[ITEMS];

    (void)state;
    for (unsigned i = 0; i < ITEMS; i++) {
        items[i] = IoAllocateWorkItem(device);
        IoQueueWorkItem(items[i], count, DelayedWorkQueue, NULL);
    }
    while (ReadAcquire(&seen.calls) < ITEMS) {
        await(&seen.done);
    }
    settle();
    for (unsigned i = 0; i < ITEMS; i++) {
        IoFreeWorkItem(items[i]);
    }
}

static void a_routine_that_waits_for_ever_is_named(void **state)
{
    (void)state;
    IoQueueWorkItem(IoAllocateWorkItem(device), begin_and_wait, DelayedWorkQueue, NULL);
    dirql_expect_finding("deadlock");
    await(&seen.done);
    fail_msg("nobody lets the routine go on");
}

/* ---- The device ------------------------------------------------------------------------------ */

static VOID use_device(PDEVICE_OBJECT object, PVOID context)
{
    (void)context;
    KeSetEvent(&seen.begun, IO_NO_INCREMENT, FALSE);
    await(&seen.go_on);
    seen.object = object;
    *(PULONG)object->DeviceExtension = 1;
    KeSetEvent(&seen.done, IO_NO_INCREMENT, FALSE);
}

static void the_device_object_stays_until_the_routine_is_done(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    (void)state;
    IoQueueWorkItem(item, use_device, DelayedWorkQueue, NULL);
    await(&seen.begun);
    IoDeleteDevice(device);
    assert_null(driver.DeviceObject);
    KeSetEvent(&seen.go_on, IO_NO_INCREMENT, FALSE);
    await(&seen.done);
    assert_ptr_equal(seen.object, device);
    settle();
    IoFreeWorkItem(item);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(routine_runs_in_a_system_thread_at_passive_level, start),
        dirql_unit_test_setup(routine_runs_in_a_system_thread_at_passive_level, start,
                              .processors = 2),
        dirql_unit_test_setup(the_ex_form_gets_the_item, start),
        dirql_unit_test_setup(each_queue_has_its_priority, start),
        dirql_unit_test_setup(a_queue_type_that_is_none_is_reported, start),
        dirql_unit_test_setup(a_dpc_can_queue_it, start),
        dirql_unit_test_setup(it_can_be_queued_again_when_its_routine_has_begun, start),
        dirql_unit_test_setup(queueing_it_twice_is_bug_check_96, start),
        dirql_unit_test_setup(trying_tells_whether_it_is_queued, start,
                              .leaks = DIRQL_LEAKS_IGNORED),
        dirql_unit_test_setup(freeing_it_while_it_is_queued_is_bug_check_96, start),
        dirql_unit_test_setup(freed_memory_with_a_queued_one_in_it_is_bug_check_96, start),
        dirql_unit_test_setup(its_routine_may_free_it, start),
        dirql_unit_test_setup(one_left_in_its_queue_is_simply_gone, start,
                              .leaks = DIRQL_LEAKS_IGNORED),
        dirql_unit_test_setup(an_initialised_one_works_like_an_allocated_one, start),
        dirql_unit_test_setup(one_that_was_not_initialised_is_reported, start),
        dirql_unit_test_setup(freeing_an_initialised_one_is_reported, start),
        dirql_unit_test_setup(returning_raised_is_bug_check_e1, start),
        dirql_unit_test_setup(returning_in_a_critical_region_is_reported, start),
        dirql_unit_test_setup(queueing_above_dispatch_level_is_reported, start),
        dirql_unit_test_setup(one_can_wait_for_another, start),
        dirql_unit_test_setup(one_can_wait_for_another, start, .processors = 2),
        dirql_unit_test_setup(more_than_there_are_threads_all_run, start, .processors = 2),
        dirql_unit_test_setup(a_routine_that_waits_for_ever_is_named, start),
        dirql_unit_test_setup(the_device_object_stays_until_the_routine_is_done, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

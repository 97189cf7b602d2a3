/*
 * test_promises.c - what the documents promise of locks, waits and what is cancelled, whichever of
 * two processors comes first: each is explored.
 */
#include "../io/stack.h"

#include <dirql/line.h>

enum { TAG = 'tseT', SOON_US = 5 };

static volatile LONG readers, writers, gone, done;

static int start(void **state)
{
    (void)state;
    readers = 0;
    writers = 0;
    gone = 0;
    done = 0;
    return 0;
}

static LARGE_INTEGER soon(void)
{
    return (LARGE_INTEGER){ .QuadPart = -10 * SOON_US };
}

/* ---- Locks ----------------------------------------------------------------------------------- */

static void be_a_reader(void)
{
    InterlockedIncrement(&readers);
    assert_int_equal(InterlockedOr(&writers, 0), 0);
    InterlockedDecrement(&readers);
}

static void be_a_writer(void)
{
    assert_int_equal(InterlockedIncrement(&writers), 1);
    assert_int_equal(InterlockedOr(&readers, 0), 0);
    InterlockedDecrement(&writers);
}

static ERESOURCE resource;

static void read_resource(void *context)
{
    static BOOLEAN (NTAPI *const acquire[])(PERESOURCE, BOOLEAN) = {
        ExAcquireResourceSharedLite, ExAcquireSharedStarveExclusive, ExAcquireSharedWaitForExclusive
    };

    (void)context;
    KeEnterCriticalRegion();
    assert_true(acquire[dirql_choose(3)](&resource, TRUE));
    be_a_reader();
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static void write_resource(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    be_a_writer();
    if (dirql_choose(2) == 1) {
        ExConvertExclusiveToSharedLite(&resource);
        be_a_reader();
    }
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static void readers_and_writers_of_a_resource_exclude_each_other(void **state)
{
    dirql_thread *others[2];

    (void)state;
    (void)ExInitializeResourceLite(&resource);
    others[0] = dirql_thread_start("reader", 1, read_resource, NULL);
    others[1] = dirql_thread_start("writer", 1, write_resource, NULL);
    write_resource(NULL);
    dirql_thread_join(others[0]);
    dirql_thread_join(others[1]);
    (void)ExDeleteResourceLite(&resource);
}

static EX_PUSH_LOCK push_lock;

static void read_under_push_lock(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(&push_lock);
    be_a_reader();
    ExReleasePushLockShared(&push_lock);
    KeLeaveCriticalRegion();
}

static void write_under_push_lock(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&push_lock);
    be_a_writer();
    ExReleasePushLockExclusive(&push_lock);
    KeLeaveCriticalRegion();
}

static void readers_and_writers_of_a_push_lock_exclude_each_other(void **state)
{
    dirql_thread *others[2];

    (void)state;
    ExInitializePushLock(&push_lock);
    others[0] = dirql_thread_start("reader", 1, read_under_push_lock, NULL);
    others[1] = dirql_thread_start("writer", 1, write_under_push_lock, NULL);
    write_under_push_lock(NULL);
    dirql_thread_join(others[0]);
    dirql_thread_join(others[1]);
}

/* ---- What is waited for to its end ----------------------------------------------------------- */

static EX_RUNDOWN_REF rundown;

static void use_what_runs_down(void *context)
{
    (void)context;
    if (ExAcquireRundownProtection(&rundown)) {
        assert_int_equal(InterlockedOr(&gone, 0), 0);
        ExReleaseRundownProtection(&rundown);
    }
}

static void what_has_run_down_is_used_by_nobody(void **state)
{
    dirql_thread *user;

    (void)state;
    ExInitializeRundownProtection(&rundown);
    user = dirql_thread_start("user", 1, use_what_runs_down, NULL);
    ExWaitForRundownProtectionRelease(&rundown);
    InterlockedExchange(&gone, 1);
    assert_false(ExAcquireRundownProtection(&rundown));
    dirql_thread_join(user);
}

static PIO_REMOVE_LOCK remove_lock;
static int user, remover; /* Only their addresses count. */

static void use_the_device(void *context)
{
    (void)context;
    if (NT_SUCCESS(IoAcquireRemoveLock(remove_lock, &user))) {
        assert_int_equal(InterlockedOr(&gone, 0), 0);
        IoReleaseRemoveLock(remove_lock, &user);
    }
}

static void a_device_that_is_removed_is_used_by_nobody(void **state)
{
    static DRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    dirql_thread *other;

    (void)state;
    assert_int_equal(IoCreateDevice(&driver, sizeof(*remove_lock), NULL, FILE_DEVICE_SOUND, 0,
                                    FALSE, &device),
                     STATUS_SUCCESS);
    remove_lock = device->DeviceExtension;
    IoInitializeRemoveLock(remove_lock, TAG, 0, 0);
    other = dirql_thread_start("user", 1, use_the_device, NULL);
    assert_int_equal(IoAcquireRemoveLock(remove_lock, &remover), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(remove_lock, &remover);
    InterlockedExchange(&gone, 1);
    dirql_thread_join(other);
    IoDeleteDevice(device);
}

static void end(PVOID context)
{
    (void)context;
    InterlockedIncrement(&done);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void a_thread_that_was_waited_for_has_ended(void **state)
{
    HANDLE handle;
    PVOID thread;

    (void)state;
    assert_int_equal(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, end, NULL),
        STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode,
                                               &thread, NULL),
                     STATUS_SUCCESS);
    (void)ZwClose(handle);
    assert_int_equal(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(done, 1);
    ObDereferenceObject(thread);
}

/* ---- Timers and DPCs ------------------------------------------------------------------------- */

static KTIMER timer;
static KDPC dpc;

/* Meanwhile the timer may expire. */
static void let_time_pass(void *context)
{
    (void)context;
    KeStallExecutionProcessor(SOON_US);
}

static VOID NTAPI count_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    assert_int_equal(InterlockedOr(&gone, 0), 0);
    InterlockedIncrement(&done);
}

static void a_timer_is_cancelled_or_its_dpc_runs(void **state)
{
    dirql_thread *other;
    LONG cancelled;

    (void)state;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count_dpc, NULL);
    KeSetTimer(&timer, soon(), &dpc);
    other = dirql_thread_start("other", 1, let_time_pass, NULL);
    cancelled = KeCancelTimer(&timer);
    KeFlushQueuedDpcs();
    InterlockedExchange(&gone, 1);
    dirql_thread_join(other);
    assert_int_equal(done + cancelled, 1);
}

static void a_dpc_is_removed_or_runs(void **state)
{
    LONG removed;

    (void)state;
    KeInitializeDpc(&dpc, count_dpc, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
    (void)KeInsertQueueDpc(&dpc, NULL, NULL);
    removed = KeRemoveQueueDpc(&dpc);
    KeFlushQueuedDpcs();
    InterlockedExchange(&gone, 1);
    assert_int_equal(done + removed, 1);
}

static VOID NTAPI count_expiry(PEX_TIMER object, PVOID context)
{
    (void)object;
    (void)context;
    assert_int_equal(InterlockedOr(&gone, 0), 0);
    InterlockedIncrement(&done);
}

static void a_deleted_timer_is_cancelled_or_its_callback_has_run(void **state)
{
    PEX_TIMER object = ExAllocateTimer(count_expiry, NULL, 0);
    dirql_thread *other;
    LONG cancelled;

    (void)state;
    assert_non_null(object);
    (void)ExSetTimer(object, -10 * SOON_US, 0, NULL);
    other = dirql_thread_start("other", 1, let_time_pass, NULL);
    cancelled = ExDeleteTimer(object, TRUE, TRUE, NULL);
    InterlockedExchange(&gone, 1);
    dirql_thread_join(other);
    assert_int_equal(done + cancelled, 1);
}

/* ---- Waits with a timeout -------------------------------------------------------------------- */

static KEVENT events[2];

static void set_event(void *event)
{
    KeStallExecutionProcessor(SOON_US);
    (void)KeSetEvent(event, IO_NO_INCREMENT, FALSE);
}

static void an_event_is_taken_or_the_wait_times_out(void **state)
{
    LARGE_INTEGER timeout = soon();
    dirql_thread *setter;
    NTSTATUS status;

    (void)state;
    KeInitializeEvent(&events[0], SynchronizationEvent, FALSE);
    setter = dirql_thread_start("setter", 1, set_event, &events[0]);
    status = KeWaitForSingleObject(&events[0], Executive, KernelMode, FALSE, &timeout);
    dirql_thread_join(setter);
    assert_true(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
    assert_int_equal(KeReadStateEvent(&events[0]) != 0, status == STATUS_TIMEOUT);
}

static void of_several_events_all_are_taken_or_none(void **state)
{
    PVOID objects[] = { &events[0], &events[1] };
    LARGE_INTEGER timeout = soon();
    dirql_thread *setters[2];
    NTSTATUS status;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        KeInitializeEvent(&events[i], SynchronizationEvent, FALSE);
        setters[i] = dirql_thread_start("setter", i, set_event, &events[i]);
    }
    status = KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, &timeout,
                                      NULL);
    for (unsigned i = 0; i < 2; i++) {
        dirql_thread_join(setters[i]);
        assert_int_equal(KeReadStateEvent(&events[i]) != 0, status == STATUS_TIMEOUT);
    }
}

static KSEMAPHORE semaphore;

static void take_one(void *context)
{
    LARGE_INTEGER timeout = soon();

    (void)context;
    if (KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, &timeout) ==
        STATUS_SUCCESS) {
        InterlockedIncrement(&done);
    }
}

static void what_a_semaphore_gives_is_taken_once(void **state)
{
    dirql_thread *taker;

    (void)state;
    KeInitializeSemaphore(&semaphore, 0, 2);
    taker = dirql_thread_start("taker", 1, take_one, NULL);
    KeStallExecutionProcessor(SOON_US);
    (void)KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE);
    take_one(NULL);
    dirql_thread_join(taker);
    assert_int_equal(done + KeReadStateSemaphore(&semaphore), 1);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    (void)stack_complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS keep_with_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)IoSetCancelRoutine(irp, cancel);
    return stack_keep(device, irp);
}

static void finish_unless_cancelled(void *context)
{
    (void)context;
    if (IoSetCancelRoutine(stack.kept, NULL) != NULL) {
        (void)stack_complete(stack.kept, STATUS_SUCCESS, 0);
    }
}

static NTSTATUS NTAPI count_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    InterlockedIncrement(&done);
    (void)KeSetEvent(&events[0], IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void a_request_is_cancelled_or_completed_but_once(void **state)
{
    dirql_thread *finisher;
    BOOLEAN cancelled;
    PIRP irp;

    (void)state;
    stack_make();
    stack.lower_does = keep_with_cancel;
    KeInitializeEvent(&events[0], NotificationEvent, FALSE);
    irp = IoAllocateIrp(stack.lower->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, count_completion, NULL, TRUE, TRUE, TRUE);
    assert_int_equal(IoCallDriver(stack.lower, irp), STATUS_PENDING);
    finisher = dirql_thread_start("finisher", 1, finish_unless_cancelled, NULL);
    cancelled = IoCancelIrp(irp);
    dirql_thread_join(finisher);
    (void)KeWaitForSingleObject(&events[0], Executive, KernelMode, FALSE, NULL);
    assert_int_equal(done, 1);
    assert_int_equal(irp->IoStatus.Status, cancelled ? STATUS_CANCELLED : STATUS_SUCCESS);
    IoFreeIrp(irp);
    stack_delete();
}

#define EXPLORED(test) dirql_explore_test_setup(test, start, .processors = 2)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXPLORED(readers_and_writers_of_a_resource_exclude_each_other),
        EXPLORED(readers_and_writers_of_a_push_lock_exclude_each_other),
        EXPLORED(what_has_run_down_is_used_by_nobody),
        EXPLORED(a_device_that_is_removed_is_used_by_nobody),
        EXPLORED(a_thread_that_was_waited_for_has_ended),
        EXPLORED(a_timer_is_cancelled_or_its_dpc_runs),
        EXPLORED(a_dpc_is_removed_or_runs),
        EXPLORED(a_deleted_timer_is_cancelled_or_its_callback_has_run),
        EXPLORED(an_event_is_taken_or_the_wait_times_out),
        EXPLORED(of_several_events_all_are_taken_or_none),
        EXPLORED(what_a_semaphore_gives_is_taken_once),
        EXPLORED(a_request_is_cancelled_or_completed_but_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_handover.c - what two processors hand over to each other reaches one of them, once, and
 * what was taken back is at rest, whichever comes first: each is explored.
 */
#include "../io/stack.h"

#include <dirql/line.h>

enum { TAG = 'tseT' };

static volatile LONG inside, gone, done;

static int start(void **state)
{
    (void)state;
    inside = 0;
    gone = 0;
    done = 0;
    return 0;
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static SLIST_HEADER slist;
static SLIST_ENTRY slist_entries[2];
static PSLIST_ENTRY popped;

static void pop_and_push_again(void *context)
{
    PSLIST_ENTRY entry = InterlockedPopEntrySList(&slist);

    (void)context;
    if (entry != NULL) {
        (void)InterlockedPushEntrySList(&slist, entry);
    }
    popped = InterlockedPopEntrySList(&slist);
}

static void an_entry_is_popped_by_one(void **state)
{
    dirql_thread *other;
    PSLIST_ENTRY own;

    (void)state;
    ExInitializeSListHead(&slist);
    for (unsigned i = 0; i < 2; i++) {
        (void)InterlockedPushEntrySList(&slist, &slist_entries[i]);
    }
    other = dirql_thread_start("other", 1, pop_and_push_again, NULL);
    own = InterlockedPopEntrySList(&slist);
    dirql_thread_join(other);
    assert_non_null(own);
    assert_non_null(popped);
    assert_ptr_not_equal(own, popped);
    assert_null(InterlockedPopEntrySList(&slist));
}

static NPAGED_LOOKASIDE_LIST lookaside;

static void allocate_and_free(void *context)
{
    LONG *block = ExAllocateFromNPagedLookasideList(&lookaside);

    (void)context;
    assert_non_null(block);
    *block = (LONG)KeGetCurrentProcessorNumber();
    InterlockedIncrement(&inside);
    assert_int_equal(*block, KeGetCurrentProcessorNumber());
    ExFreeToNPagedLookasideList(&lookaside, block);
}

static void a_block_of_a_lookaside_list_has_one_owner(void **state)
{
    dirql_thread *other;

    (void)state;
    ExInitializeNPagedLookasideList(&lookaside, NULL, NULL, 0,
                                    LOOKASIDE_MINIMUM_BLOCK_SIZE, TAG, 0);
    other = dirql_thread_start("other", 1, allocate_and_free, NULL);
    allocate_and_free(NULL);
    allocate_and_free(NULL);
    dirql_thread_join(other);
    ExDeleteNPagedLookasideList(&lookaside);
}

/* ---- Once ------------------------------------------------------------------------------------ */

static RTL_RUN_ONCE once;

static ULONG NTAPI initialise(PRTL_RUN_ONCE run_once, PVOID parameter, PVOID *context)
{
    (void)run_once;
    (void)parameter;
    *context = NULL;
    assert_int_equal(InterlockedIncrement(&inside), 1);
    InterlockedDecrement(&inside);
    InterlockedIncrement(&done);
    return TRUE;
}

static void initialise_if_first(void *context)
{
    (void)context;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, initialise, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(InterlockedOr(&done, 0), 1);
}

static void what_runs_once_has_run_for_both(void **state)
{
    dirql_thread *other;

    (void)state;
    RtlRunOnceInitialize(&once);
    other = dirql_thread_start("other", 1, initialise_if_first, NULL);
    initialise_if_first(NULL);
    dirql_thread_join(other);
}

static KMUTEX mutex;
static KEVENT event;

static void take_mutex_and_event(void *context)
{
    PVOID objects[] = { &mutex, &event };

    (void)context;
    assert_int_equal(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE,
                                              NULL, NULL),
                     STATUS_WAIT_0);
    assert_int_equal(InterlockedIncrement(&inside), 1);
    InterlockedDecrement(&inside);
    (void)KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    (void)KeReleaseMutex(&mutex, FALSE);
}

static void who_waits_for_all_takes_all_at_once(void **state)
{
    dirql_thread *other;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    other = dirql_thread_start("other", 1, take_mutex_and_event, NULL);
    take_mutex_and_event(NULL);
    dirql_thread_join(other);
    assert_true(KeReadStateEvent(&event) != 0 && KeReadStateMutex(&mutex) == 1);
}

/* ---- What was taken back --------------------------------------------------------------------- */

static VOID NTAPI look_whether_it_is_gone(PVOID context, PVOID argument1, PVOID argument2)
{
    (void)context;
    (void)argument1;
    (void)argument2;
    assert_int_equal(InterlockedOr(&gone, 0), 0);
    InterlockedIncrement(&done);
    assert_int_equal(InterlockedOr(&gone, 0), 0);
}

static void notify(void *object)
{
    ExNotifyCallback(object, NULL, NULL);
}

static void a_callback_that_is_unregistered_does_not_run(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Test");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object;
    dirql_thread *other;
    PVOID registration;

    (void)state;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    registration = ExRegisterCallback(object, look_whether_it_is_gone, NULL);
    other = dirql_thread_start("other", 1, notify, object);
    ExUnregisterCallback(registration);
    InterlockedExchange(&gone, 1);
    dirql_thread_join(other);
    ObDereferenceObject(object);
}

static BOOLEAN NTAPI isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    look_whether_it_is_gone(context, NULL, NULL);
    return TRUE;
}

static void an_interrupt_that_is_disconnected_is_not_served(void **state)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){
        .name = "uart", .irql = 7, .trigger = DIRQL_EDGE, .processors = 2 });
    PKINTERRUPT interrupt;

    (void)state;
    dirql_suppress("LostInterrupt", NULL, "it may come too late");
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7,
                                        Latched, FALSE, 2, FALSE),
                     STATUS_SUCCESS);
    dirql_line_pulse(line);
    IoDisconnectInterrupt(interrupt);
    InterlockedExchange(&gone, 1);
    settle();
}

/* ---- Work and requests ----------------------------------------------------------------------- */

static VOID NTAPI work(PDEVICE_OBJECT device, PVOID item)
{
    (void)device;
    IoFreeWorkItem(item);
    InterlockedIncrement(&done);
    (void)KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
}

static void a_work_item_frees_itself_while_its_device_goes(void **state)
{
    PIO_WORKITEM item;

    (void)state;
    stack_make();
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    item = IoAllocateWorkItem(stack.lower);
    IoQueueWorkItem(item, work, DelayedWorkQueue, item);
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(done, 1);
    stack_delete();
}

static IO_CSQ csq;
static LIST_ENTRY list;
static KSPIN_LOCK lock;

static VOID insert(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    InsertTailList(&list, &irp->Tail.Overlay.ListEntry);
}

static VOID take(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP peek(PIO_CSQ queue, PIRP irp, PVOID context)
{
    PLIST_ENTRY next = irp != NULL ? irp->Tail.Overlay.ListEntry.Flink : list.Flink;

    (void)queue;
    (void)context;
    return next == &list ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID acquire(PIO_CSQ queue, PKIRQL irql)
{
    (void)queue;
    KeAcquireSpinLock(&lock, irql);
}

static VOID release(PIO_CSQ queue, KIRQL irql)
{
    (void)queue;
    KeReleaseSpinLock(&lock, irql);
}

static VOID complete_cancelled(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    (void)stack_complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS queue_it(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCsqInsertIrp(&csq, irp, NULL);
    return STATUS_PENDING;
}

static void finish_the_next(void *context)
{
    PIRP irp = IoCsqRemoveNextIrp(&csq, NULL);

    (void)context;
    if (irp != NULL) {
        (void)stack_complete(irp, STATUS_SUCCESS, 0);
    }
}

static NTSTATUS NTAPI count_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    InterlockedIncrement(&done);
    (void)KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void a_queued_request_is_cancelled_or_taken(void **state)
{
    dirql_thread *other;
    PIRP irp;

    (void)state;
    stack_make();
    stack.lower_does = queue_it;
    InitializeListHead(&list);
    KeInitializeSpinLock(&lock);
    (void)IoCsqInitialize(&csq, insert, take, peek, acquire, release, complete_cancelled);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoAllocateIrp(stack.lower->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, count_completion, NULL, TRUE, TRUE, TRUE);
    other = dirql_thread_start("other", 1, finish_the_next, NULL);
    assert_int_equal(IoCallDriver(stack.lower, irp), STATUS_PENDING);
    (void)IoCancelIrp(irp);
    dirql_thread_join(other);
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(done, 1);
    assert_true(IsListEmpty(&list));
    IoFreeIrp(irp);
    stack_delete();
}

#define EXPLORED(test) dirql_explore_test_setup(test, start, .processors = 2, .preemptions = 3)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXPLORED(an_entry_is_popped_by_one),
        EXPLORED(a_block_of_a_lookaside_list_has_one_owner),
        EXPLORED(what_runs_once_has_run_for_both),
        EXPLORED(who_waits_for_all_takes_all_at_once),
        EXPLORED(a_callback_that_is_unregistered_does_not_run),
        EXPLORED(an_interrupt_that_is_disconnected_is_not_served),
        EXPLORED(a_work_item_frees_itself_while_its_device_goes),
        EXPLORED(a_queued_request_is_cancelled_or_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

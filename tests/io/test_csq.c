/* Tests of lib/io/csq.c: cancel-safe queues. */
#include "stack.h"

static IO_CSQ csq;
static LIST_ENTRY list;
static KSPIN_LOCK lock;
static NTSTATUS insert_status;

static VOID insert(PIO_CSQ queue, PIRP irp)
{
    assert_ptr_equal(queue, &csq);
    InsertTailList(&list, &irp->Tail.Overlay.ListEntry);
}

static NTSTATUS insert_ex(PIO_CSQ queue, PIRP irp, PVOID context)
{
    assert_ptr_equal(context, &insert_status);
    if (NT_SUCCESS(insert_status)) {
        insert(queue, irp);
    }
    return insert_status;
}

static VOID take(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP peek(PIO_CSQ queue, PIRP irp, PVOID context)
{
    PLIST_ENTRY link = irp != NULL ? irp->Tail.Overlay.ListEntry.Flink : list.Flink;

    (void)queue;
    while (link != &list && context != NULL &&
           CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry) != context) {
        link = link->Flink;
    }
    return link != &list ? CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry) : NULL;
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

static PIO_CSQ_IRP_CONTEXT context;

static NTSTATUS queue_it(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCsqInsertIrp(&csq, irp, context);
    return STATUS_PENDING;
}

static NTSTATUS queue_it_ex(PDEVICE_OBJECT device, PIRP irp)
{
    const NTSTATUS status = IoCsqInsertIrpEx(&csq, irp, NULL, &insert_status);

    (void)device;
    return NT_SUCCESS(status) ? STATUS_PENDING : stack_complete(irp, status, 0);
}

static int start(void **state)
{
    (void)state;
    context = NULL;
    insert_status = STATUS_SUCCESS;
    InitializeListHead(&list);
    KeInitializeSpinLock(&lock);
    stack_make();
    stack.lower_does = queue_it;
    return IoCsqInitialize(&csq, insert, take, peek, acquire, release, complete_cancelled) !=
           STATUS_SUCCESS;
}

static struct own_request requests[3];

static PIRP send(unsigned i)
{
    own_make(&requests[i], IRP_MJ_READ);
    assert_int_equal(own_send(&requests[i]), STATUS_PENDING);
    return requests[i].irp;
}

static void free_requests(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(requests[i].completions, 1);
        IoFreeIrp(requests[i].irp);
    }
    stack_delete();
}

static void they_are_removed_in_order(void **state)
{
    PIRP first = send(0), second = send(1);

    (void)state;
    assert_ptr_equal(IoCsqRemoveNextIrp(&csq, NULL), first);
    assert_null(first->CancelRoutine);
    assert_ptr_equal(IoCsqRemoveNextIrp(&csq, NULL), second);
    assert_null(IoCsqRemoveNextIrp(&csq, NULL));
    (void)stack_complete(first, STATUS_SUCCESS, 0);
    (void)stack_complete(second, STATUS_SUCCESS, 0);
    free_requests(2);
}

static void one_is_chosen_by_the_peek_context(void **state)
{
    PIRP first = send(0), second = send(1);

    (void)state;
    assert_ptr_equal(IoCsqRemoveNextIrp(&csq, second), second);
    assert_null(IoCsqRemoveNextIrp(&csq, second));
    assert_ptr_equal(IoCsqRemoveNextIrp(&csq, NULL), first);
    (void)stack_complete(first, STATUS_SUCCESS, 0);
    (void)stack_complete(second, STATUS_SUCCESS, 0);
    free_requests(2);
}

static void a_cancelled_one_completes_itself(void **state)
{
    (void)state;
    (void)send(0);
    (void)send(1);
    assert_true(IoCancelIrp(requests[0].irp));
    assert_int_equal(requests[0].status, STATUS_CANCELLED);
    assert_ptr_equal(IoCsqRemoveNextIrp(&csq, NULL), requests[1].irp);
    (void)stack_complete(requests[1].irp, STATUS_SUCCESS, 0);
    free_requests(2);
}

static void a_context_finds_a_certain_one(void **state)
{
    IO_CSQ_IRP_CONTEXT its;
    PIRP first, second;

    (void)state;
    first = send(0);
    context = &its;
    second = send(1);
    assert_ptr_equal(IoCsqRemoveIrp(&csq, &its), second);
    assert_null(IoCsqRemoveIrp(&csq, &its));
    (void)stack_complete(second, STATUS_SUCCESS, 0);
    assert_ptr_equal(IoCsqRemoveNextIrp(&csq, NULL), first);
    (void)stack_complete(first, STATUS_SUCCESS, 0);
    free_requests(2);
}

static void a_context_of_a_cancelled_one_finds_nothing(void **state)
{
    IO_CSQ_IRP_CONTEXT its;

    (void)state;
    context = &its;
    (void)send(0);
    assert_true(IoCancelIrp(requests[0].irp));
    assert_null(IoCsqRemoveIrp(&csq, &its));
    free_requests(1);
}

static void one_that_was_cancelled_before_is_not_inserted(void **state)
{
    (void)state;
    own_make(&requests[0], IRP_MJ_READ);
    assert_false(IoCancelIrp(requests[0].irp));
    assert_int_equal(own_send(&requests[0]), STATUS_PENDING);
    assert_int_equal(requests[0].status, STATUS_CANCELLED);
    assert_true(IsListEmpty(&list));
    free_requests(1);
}

static void an_extended_queue_can_refuse(void **state)
{
    (void)state;
    assert_int_equal(
        IoCsqInitializeEx(&csq, insert_ex, take, peek, acquire, release, complete_cancelled),
        STATUS_SUCCESS);
    stack.lower_does = queue_it_ex;
    (void)send(0);
    insert_status = STATUS_DEVICE_BUSY;
    own_make(&requests[1], IRP_MJ_READ);
    assert_int_equal(own_send(&requests[1]), STATUS_DEVICE_BUSY);
    assert_ptr_equal(IoCsqRemoveNextIrp(&csq, NULL), requests[0].irp);
    (void)stack_complete(requests[0].irp, STATUS_SUCCESS, 0);
    free_requests(2);
}

static NTSTATUS inserted;

static NTSTATUS queue_it_ex_without_context(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    inserted = IoCsqInsertIrpEx(&csq, irp, context, NULL);
    return STATUS_PENDING;
}

static void what_is_inserted_with_a_context_always_succeeds_in_a_simple_queue(void **state)
{
    (void)state;
    insert_status = STATUS_DEVICE_BUSY; /* Is not asked for. */
    stack.lower_does = queue_it_ex_without_context;
    (void)send(0);
    assert_int_equal(inserted, STATUS_SUCCESS);
    inserted = STATUS_UNSUCCESSFUL;
    own_make(&requests[1], IRP_MJ_READ);
    assert_false(IoCancelIrp(requests[1].irp));
    assert_int_equal(own_send(&requests[1]), STATUS_PENDING);
    assert_int_equal(inserted, STATUS_SUCCESS);
    assert_int_equal(requests[1].status, STATUS_CANCELLED);
    assert_ptr_equal(IoCsqRemoveNextIrp(&csq, NULL), requests[0].irp);
    (void)stack_complete(requests[0].irp, STATUS_SUCCESS, 0);
    free_requests(2);
}

static void remove_and_succeed(void *argument)
{
    PIRP irp = IoCsqRemoveNextIrp(&csq, NULL);

    (void)argument;
    if (irp != NULL) {
        (void)stack_complete(irp, STATUS_SUCCESS, 0);
    }
}

static void removing_and_cancelling_at_once_completes_once(void **state)
{
    dirql_thread *thread;

    (void)state;
    (void)send(0);
    thread = dirql_thread_start("device", DIRQL_ANY_PROCESSOR, remove_and_succeed, NULL);
    (void)IoCancelIrp(requests[0].irp);
    dirql_thread_join(thread);
    KeWaitForSingleObject(&requests[0].done, Executive, KernelMode, FALSE, NULL);
    free_requests(1);
}

static void one_that_was_not_initialised_is_reported(void **state)
{
    static IO_CSQ another;

    (void)state;
    dirql_expect_finding("wrong object");
    (void)IoCsqRemoveNextIrp(&another, NULL);
    fail_msg("it has no routines");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(they_are_removed_in_order, start),
        dirql_unit_test_setup(one_is_chosen_by_the_peek_context, start),
        dirql_unit_test_setup(a_cancelled_one_completes_itself, start),
        dirql_unit_test_setup(a_context_finds_a_certain_one, start),
        dirql_unit_test_setup(a_context_of_a_cancelled_one_finds_nothing, start),
        dirql_unit_test_setup(one_that_was_cancelled_before_is_not_inserted, start),
        dirql_unit_test_setup(an_extended_queue_can_refuse, start),
        dirql_unit_test_setup(what_is_inserted_with_a_context_always_succeeds_in_a_simple_queue,
                              start),
        dirql_unit_test_setup(removing_and_cancelling_at_once_completes_once, start),
        dirql_unit_test_setup(removing_and_cancelling_at_once_completes_once, start,
                              .processors = 2),
        dirql_unit_test_setup(one_that_was_not_initialised_is_reported, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of lib/io/cancelirp.c. */
#include "stack.h"

static int start(void **state)
{
    (void)state;
    stack_make();
    return 0;
}

static KIRQL cancel_irql;
static LONG cancels;

static VOID cancel(PDEVICE_OBJECT device, PIRP irp)
{
    assert_ptr_equal(device, stack.lower);
    assert_null(irp->CancelRoutine);
    assert_true(irp->Cancel);
    cancel_irql = KeGetCurrentIrql();
    cancels++;
    stack.kept = NULL;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    (void)stack_complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS keep_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    const NTSTATUS status = stack_keep(device, irp);

    assert_null(IoSetCancelRoutine(irp, cancel));
    return status;
}

static void keep_one(struct own_request *own)
{
    cancels = 0;
    stack.lower_does = keep_cancelable;
    own_make(own, IRP_MJ_READ);
    assert_int_equal(own_send(own), STATUS_PENDING);
}

static void the_cancel_routine_is_called(void **state)
{
    struct own_request own;

    (void)state;
    keep_one(&own);
    assert_true(IoCancelIrp(own.irp));
    assert_int_equal(cancel_irql, DISPATCH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(own.completions, 1);
    assert_int_equal(own.status, STATUS_CANCELLED);
    assert_true(own.was_cancelled);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void it_is_called_at_dispatch_level_too(void **state)
{
    struct own_request own;
    KIRQL old;

    (void)state;
    keep_one(&own);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(IoCancelIrp(own.irp));
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(old);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void a_routine_that_was_taken_out_is_not_called(void **state)
{
    struct own_request own;

    (void)state;
    keep_one(&own);
    assert_ptr_equal(IoSetCancelRoutine(own.irp, NULL), cancel);
    assert_null(IoSetCancelRoutine(own.irp, NULL));
    assert_false(IoCancelIrp(own.irp));
    assert_true(own.irp->Cancel);
    assert_int_equal(cancels, 0);
    stack_finish(STATUS_SUCCESS, 0);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void cancelling_twice_calls_once(void **state)
{
    struct own_request own;

    (void)state;
    keep_one(&own);
    assert_true(IoCancelIrp(own.irp));
    assert_false(IoCancelIrp(own.irp));
    assert_int_equal(cancels, 1);
    IoFreeIrp(own.irp);
    stack_delete();
}

/* The device completes, and the maker cancels, at once: one of them has the request. */
static void finish_if_not_cancelled(void *context)
{
    PIRP irp = stack.kept;

    (void)context;
    if (irp != NULL && IoSetCancelRoutine(irp, NULL) != NULL) {
        stack_finish(STATUS_SUCCESS, 0);
    }
}

static void either_the_device_or_the_canceller_has_it(void **state)
{
    struct own_request own;
    dirql_thread *thread;

    (void)state;
    keep_one(&own);
    thread = dirql_thread_start("device", DIRQL_ANY_PROCESSOR, finish_if_not_cancelled, NULL);
    (void)IoCancelIrp(own.irp);
    dirql_thread_join(thread);
    KeWaitForSingleObject(&own.done, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(own.completions, 1);
    assert_int_equal(own.status, cancels == 1 ? STATUS_CANCELLED : STATUS_SUCCESS);
    IoFreeIrp(own.irp);
    stack_delete();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(the_cancel_routine_is_called, start),
        dirql_unit_test_setup(it_is_called_at_dispatch_level_too, start),
        dirql_unit_test_setup(a_routine_that_was_taken_out_is_not_called, start),
        dirql_unit_test_setup(cancelling_twice_calls_once, start),
        dirql_unit_test_setup(either_the_device_or_the_canceller_has_it, start),
        dirql_unit_test_setup(either_the_device_or_the_canceller_has_it, start, .processors = 2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

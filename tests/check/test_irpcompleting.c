/*
 * test_irpcompleting.c - how requests are completed, or left pending, wrongly: each by its code.
 */
#include "irprule.h"

#include "ex/poolguard.h"

/* ---- Completing ------------------------------------------------------------------------------ */

static NTSTATUS complete_twice(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_succeed(device, irp);
    return stack_succeed(device, irp);
}

static NTSTATUS own_free(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)context;
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void complete_a_freed_one(void *context)
{
    (void)context;
    stack_make();
    stack.lower_does = complete_twice;
    own_make(&own, IRP_MJ_READ);
    IoSetCompletionRoutine(own.irp, own_free, NULL, TRUE, TRUE, TRUE);
    (void)own_send(&own);
}

static void completing_twice_is_bug_check_44(void **state)
{
    (void)state;
    rule_run(1, complete_a_freed_one);
    assert_int_equal(rule_result.code, MULTIPLE_IRP_COMPLETE_REQUESTS);
    assert_int_equal(rule_result.parameters[0], (ULONG_PTR)own.irp);
    assert_report_has("gone by IoFreeIrp at own_free");
}

static NTSTATUS complete_as_pending(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    return stack_complete(irp, STATUS_PENDING, 0);
}

TRIES(leave_pending_in_the_status, stack_skip, complete_as_pending)

static void pending_is_no_final_status(void **state)
{
    (void)state;
    assert_broken(leave_pending_in_the_status, 1, IO_MANAGER, 0x06, STATUS_PENDING,
                  (ULONG_PTR)own.irp, 0, "IrpStatus");
}

static NTSTATUS complete_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, cancel);
    return stack_succeed(device, irp);
}

TRIES(leave_the_cancel_routine, stack_skip, complete_cancelable)

static void a_cancel_routine_is_taken_out_first(void **state)
{
    (void)state;
    assert_broken(leave_the_cancel_routine, 1, IO_MANAGER, 0x07, (ULONG_PTR)cancel,
                  (ULONG_PTR)own.irp, 0, "IrpCancelRoutine");
}

static void cancel_a_completed_one(void *context)
{
    IO_STATUS_BLOCK status_block;
    KEVENT event;
    KIRQL old;
    PIRP irp;

    (void)context;
    stack_make();
    dirql_suppress("IrpCancelRoutine", NULL, "what comes then is what is tried");
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    stack.lower_does = stack_keep;
    irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE, &event,
                                        &status_block);
    (void)IoCallDriver(stack.upper, irp);
    IoSetCancelRoutine(irp, cancel);
    KeRaiseIrql(APC_LEVEL, &old);
    stack_finish(STATUS_SUCCESS, 0);
    IoCancelIrp(irp);
}

static void cancelling_what_was_completed_is_bug_check_48(void **state)
{
    (void)state;
    rule_run(1, cancel_a_completed_one);
    assert_int_equal(rule_result.code, CANCEL_STATE_IN_COMPLETED_IRP);
    assert_int_equal(rule_result.parameters[1], (ULONG_PTR)cancel);
}

static void complete_an_unsent_one(void *context)
{
    (void)context;
    dirql_suppress("IoAllocateComplete", NULL, "it is what comes next");
    stack_make();
    own_make(&own, IRP_MJ_READ);
    (void)stack_complete(own.irp, STATUS_SUCCESS, 0);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void an_unsent_request_is_not_completed(void **state)
{
    (void)state;
    assert_warned(complete_an_unsent_one, 1, 1, "IrpNotSent");
}

static void complete_to_the_end(void *context)
{
    (void)context;
    stack_make();
    own_make(&own, IRP_MJ_READ);
    IoSetCompletionRoutine(own.irp, let_go, NULL, TRUE, TRUE, TRUE);
    (void)own_send(&own);
}

static void who_allocates_stops_the_completion(void **state)
{
    (void)state;
    assert_error(complete_to_the_end, 1, "IoAllocateComplete");
}

static void answer_too_much(void *context)
{
    IO_STATUS_BLOCK status_block;
    UCHAR output[4];
    KEVENT event;

    (void)context;
    stack_make();
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    stack.lower_does = stack_keep;
    (void)IoCallDriver(stack.upper,
                       IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, output, 4,
                                                     FALSE, &event, &status_block));
    stack_finish(STATUS_SUCCESS, 5);
}

static void information_is_within_the_buffer(void **state)
{
    (void)state;
    assert_broken(answer_too_much, 1, IO_MANAGER, 0x312, DIRQL_ANY, DIRQL_ANY, 0,
                  "IrpInformation");
}

static KSPIN_LOCK lock;

static NTSTATUS complete_in_a_lock(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status;
    KIRQL old;

    KeAcquireSpinLock(&lock, &old);
    status = stack_succeed(device, irp);
    KeReleaseSpinLock(&lock, old);
    return status;
}

static void complete_with_a_lock(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    (void)try_both(stack_skip, complete_in_a_lock);
}

static void no_lock_is_held_at_completion(void **state)
{
    (void)state;
    assert_error(complete_with_a_lock, 1, "SpinLockSafe");
    assert_report_has("acquired at complete_in_a_lock");
}

static NTSTATUS complete_too_high(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status;
    KIRQL old;

    KeRaiseIrql(HIGH_LEVEL, &old);
    status = stack_succeed(device, irp);
    KeLowerIrql(old);
    return status;
}

TRIES(complete_at_high_level, stack_skip, complete_too_high)

static void completion_is_at_dispatch_level_at_most(void **state)
{
    (void)state;
    assert_broken(complete_at_high_level, 1, IO_MANAGER, 0x0E, HIGH_LEVEL, (ULONG_PTR)own.irp, 0,
                  "IrqlIoDispatch");
}

/* ---- Pending --------------------------------------------------------------------------------- */

static NTSTATUS keep_unmarked(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    stack.kept = irp;
    return STATUS_PENDING;
}

TRIES(pend_unmarked, stack_skip, keep_unmarked)

static NTSTATUS complete_and_say_pending(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_succeed(device, irp);
    return STATUS_PENDING;
}

TRIES(say_pending_of_a_completed_one, stack_skip, complete_and_say_pending)

static void pending_is_marked(void **state)
{
    (void)state;
    assert_broken(pend_unmarked, 1, IO_MANAGER, 0x23D, DIRQL_ANY, (ULONG_PTR)own.irp,
                  STATUS_PENDING, "IrpPending");
    assert_broken(say_pending_of_a_completed_one, 1, IO_MANAGER, 0x23D, DIRQL_ANY,
                  (ULONG_PTR)own.irp, STATUS_PENDING, "IrpPending");
}

static NTSTATUS mark_and_say_success(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_keep(device, irp);
    return STATUS_SUCCESS;
}

TRIES(say_success_of_a_marked_one, stack_skip, mark_and_say_success)

static void what_is_marked_is_pending(void **state)
{
    (void)state;
    assert_broken(say_success_of_a_marked_one, 1, IO_MANAGER, 0x23E, DIRQL_ANY, (ULONG_PTR)own.irp,
                  STATUS_SUCCESS, "IrpPending");
}

static NTSTATUS forget(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
    return STATUS_SUCCESS;
}

TRIES(forget_a_request, stack_skip, forget)

static void a_request_is_not_forgotten(void **state)
{
    (void)state;
    assert_broken(forget_a_request, 1, IO_MANAGER, 0x226, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpPending");
}

static NTSTATUS copy_and_forget_the_mark(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, let_go, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(stack.lower, irp);
}

static void lose_the_mark(void *context)
{
    (void)context;
    (void)try_both(copy_and_forget_the_mark, stack_keep);
    stack_finish(STATUS_SUCCESS, 0);
}

static NTSTATUS mark_and_complete(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    (void)stack_complete(irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}

TRIES(lose_the_mark_at_once, copy_and_forget_the_mark, mark_and_complete)

static void a_completion_routine_passes_the_mark_on(void **state)
{
    (void)state;
    assert_broken(lose_the_mark, 1, IO_MANAGER, 0x228, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpPending");
    assert_report_has("copy_and_forget_the_mark");
    assert_broken(lose_the_mark_at_once, 1, IO_MANAGER, 0x228, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpPending");
}

static NTSTATUS say_something_else(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_fail(device, irp);
    return STATUS_SUCCESS;
}

TRIES(return_another_status, stack_skip, say_something_else)

static NTSTATUS skip_and_say_success(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_skip(device, irp);
    return STATUS_SUCCESS;
}

TRIES(hide_the_lower_drivers_status, skip_and_say_success, stack_fail)

static void the_status_is_returned(void **state)
{
    (void)state;
    assert_broken(return_another_status, 1, IO_MANAGER, 0x224, DIRQL_ANY, (ULONG_PTR)own.irp,
                  (ULONG)STATUS_DEVICE_NOT_READY, "IrpStatus");
    assert_broken(hide_the_lower_drivers_status, 1, IO_MANAGER, 0x224, DIRQL_ANY,
                  (ULONG_PTR)own.irp, (ULONG)STATUS_DEVICE_NOT_READY, "IrpStatus");
}

static NTSTATUS complete_and_read(PDEVICE_OBJECT device, PIRP irp)
{
    volatile const NTSTATUS *status = &irp->IoStatus.Status;

    (void)stack_succeed(device, irp);
    return *status;
}

static void read_the_status_too_late(void *context)
{
    KEVENT event;
    IO_STATUS_BLOCK done;

    (void)context;
    stack_make();
    stack.upper_does = complete_and_read;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    (void)IoCallDriver(stack.upper, IoBuildDeviceIoControlRequest(0x222000, stack.upper, NULL, 0,
                                                                  NULL, 0, TRUE, &event, &done));
}

static void a_status_that_is_read_from_a_freed_request_is_told_as_that(void **state)
{
    (void)state;
    if (DQ_POOL_IS_SANITIZED) {
        skip(); /* AddressSanitizer ends the process. */
    }
    assert_broken(read_the_status_too_late, 1, IO_MANAGER, 0x224, DIRQL_ANY, DIRQL_ANY, 0,
                  "IrpStatus");
    assert_report_has("It read that from the request, which was freed when it was completed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(completing_twice_is_bug_check_44),
        cmocka_unit_test(pending_is_no_final_status),
        cmocka_unit_test(a_cancel_routine_is_taken_out_first),
        cmocka_unit_test(cancelling_what_was_completed_is_bug_check_48),
        cmocka_unit_test(an_unsent_request_is_not_completed),
        cmocka_unit_test(who_allocates_stops_the_completion),
        cmocka_unit_test(information_is_within_the_buffer),
        cmocka_unit_test(no_lock_is_held_at_completion),
        cmocka_unit_test(completion_is_at_dispatch_level_at_most),
        cmocka_unit_test(pending_is_marked),
        cmocka_unit_test(what_is_marked_is_pending),
        cmocka_unit_test(a_request_is_not_forgotten),
        cmocka_unit_test(a_completion_routine_passes_the_mark_on),
        cmocka_unit_test(the_status_is_returned),
        cmocka_unit_test(a_status_that_is_read_from_a_freed_request_is_told_as_that),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

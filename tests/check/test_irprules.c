/*
 * test_irprules.c - what is wrong with I/O requests and device stacks, each by its code; and
 * requests that are all right.
 */
#include "rule.h"

#include <dirql/driver.h>

#include "../io/stack.h"

enum { IO_MANAGER = DRIVER_VERIFIER_IOMANAGER_VIOLATION };

static struct own_request own;

/* With these two drivers, sends a read of our own. */
static NTSTATUS try(PDRIVER_DISPATCH upper, PDRIVER_DISPATCH lower)
{
    stack_make();
    stack.upper_does = upper;
    stack.lower_does = lower;
    own_make(&own, IRP_MJ_READ);
    return own_send(&own);
}

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

static void leave_pending_in_the_status(void *context)
{
    (void)context;
    (void)try(stack_skip, complete_as_pending);
}

static void pending_is_no_final_status(void **state)
{
    (void)state;
    assert_broken(leave_pending_in_the_status, 1, IO_MANAGER, 0x06, STATUS_PENDING,
                  (ULONG_PTR)own.irp, 0, "IrpStatus");
}

static VOID cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

static NTSTATUS complete_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, cancel);
    return stack_succeed(device, irp);
}

static void leave_the_cancel_routine(void *context)
{
    (void)context;
    (void)try(stack_skip, complete_cancelable);
}

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

static NTSTATUS let_go(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    return STATUS_SUCCESS;
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
    (void)try(stack_skip, complete_in_a_lock);
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

static void complete_at_high_level(void *context)
{
    (void)context;
    (void)try(stack_skip, complete_too_high);
}

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

static void pend_unmarked(void *context)
{
    (void)context;
    (void)try(stack_skip, keep_unmarked);
}

static NTSTATUS complete_and_say_pending(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_succeed(device, irp);
    return STATUS_PENDING;
}

static void say_pending_of_a_completed_one(void *context)
{
    (void)context;
    (void)try(stack_skip, complete_and_say_pending);
}

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

static void say_success_of_a_marked_one(void *context)
{
    (void)context;
    (void)try(stack_skip, mark_and_say_success);
}

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

static void forget_a_request(void *context)
{
    (void)context;
    (void)try(stack_skip, forget);
}

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
    (void)try(copy_and_forget_the_mark, stack_keep);
    stack_finish(STATUS_SUCCESS, 0);
}

static NTSTATUS mark_and_complete(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    (void)stack_complete(irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}

static void lose_the_mark_at_once(void *context)
{
    (void)context;
    (void)try(copy_and_forget_the_mark, mark_and_complete);
}

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

static void return_another_status(void *context)
{
    (void)context;
    (void)try(stack_skip, say_something_else);
}

static NTSTATUS skip_and_say_success(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_skip(device, irp);
    return STATUS_SUCCESS;
}

static void hide_the_lower_drivers_status(void *context)
{
    (void)context;
    (void)try(skip_and_say_success, stack_fail);
}

static void the_status_is_returned(void **state)
{
    (void)state;
    assert_broken(return_another_status, 1, IO_MANAGER, 0x224, DIRQL_ANY, (ULONG_PTR)own.irp,
                  (ULONG)STATUS_DEVICE_NOT_READY, "IrpStatus");
    assert_broken(hide_the_lower_drivers_status, 1, IO_MANAGER, 0x224, DIRQL_ANY,
                  (ULONG_PTR)own.irp, (ULONG)STATUS_DEVICE_NOT_READY, "IrpStatus");
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void send_garbage(void *context)
{
    static ULONG_PTR memory[100];

    (void)context;
    stack_make();
    (void)IoCallDriver(stack.upper, (PIRP)(void *)memory);
}

static void send_a_freed_one(void *context)
{
    (void)context;
    stack_make();
    own_make(&own, IRP_MJ_READ);
    IoFreeIrp(own.irp);
    (void)own_send(&own);
}

static void only_irps_are_sent(void **state)
{
    (void)state;
    assert_broken(send_garbage, 1, IO_MANAGER, 0x03, DIRQL_ANY, 0, 0, "IrpPointer");
    assert_broken(send_a_freed_one, 1, IO_MANAGER, 0x03, (ULONG_PTR)own.irp, 0, 0, "IrpPointer");
    assert_report_has("gone by IoFreeIrp at");
}

static void send_to_nothing(void *context)
{
    (void)context;
    stack_make();
    own_make(&own, IRP_MJ_READ);
    (void)IoCallDriver(NULL, own.irp);
}

static void send_to_a_deleted_device(void *context)
{
    (void)context;
    stack_make();
    own_make(&own, IRP_MJ_READ);
    stack_delete();
    (void)own_send(&own);
}

static void the_device_lives(void **state)
{
    (void)state;
    assert_broken(send_to_nothing, 1, IO_MANAGER, 0x204, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpDevice");
    assert_broken(send_to_a_deleted_device, 1, IO_MANAGER, 0x04, (ULONG_PTR)stack.upper, 0, 0,
                  "IrpDevice");
}

static void send_with_one_location(void *context)
{
    (void)context;
    stack_make();
    own_make(&own, IRP_MJ_READ);
    IoFreeIrp(own.irp);
    own.irp = IoAllocateIrp(1, FALSE);
    own_set_up(&own, IRP_MJ_READ);
    (void)own_send(&own);
}

static NTSTATUS send_unprepared(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return IoCallDriver(stack.lower, irp);
}

static void send_with_too_few_suppressed(void *context)
{
    dirql_suppress("IrpStack", NULL, "what comes then is what is tried");
    stack_make();
    stack.upper_does = send_unprepared;
    own.irp = IoAllocateIrp(1, FALSE);
    (void)context;
    own_set_up(&own, IRP_MJ_READ);
    (void)own_send(&own);
}

static void each_driver_has_a_location(void **state)
{
    (void)state;
    assert_broken(send_with_one_location, 1, IO_MANAGER, 0x208, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpStack");
    rule_run(1, send_with_too_few_suppressed);
    assert_int_equal(rule_result.code, NO_MORE_IRP_STACK_LOCATIONS);
    assert_int_equal(rule_result.parameters[0], (ULONG_PTR)own.irp);
}

static NTSTATUS copy_by_hand(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    *IoGetNextIrpStackLocation(irp) = *IoGetCurrentIrpStackLocation(irp);
    return IoCallDriver(stack.lower, irp);
}

static void copy_a_location_by_hand(void *context)
{
    (void)context;
    (void)try(copy_by_hand, stack_succeed);
}

static NTSTATUS mark_and_copy_by_hand(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    return copy_by_hand(device, irp);
}

static void copy_the_mark_by_hand(void *context)
{
    (void)context;
    (void)try(mark_and_copy_by_hand, stack_succeed);
}

static void a_location_is_not_copied_whole(void **state)
{
    (void)state;
    assert_broken(copy_a_location_by_hand, 1, IO_MANAGER, 0x207, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpStack");
    assert_broken(copy_the_mark_by_hand, 1, IO_MANAGER, 0x206, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpStack");
}

static NTSTATUS skip_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, cancel);
    return stack_skip(device, irp);
}

static void send_cancelable(void *context)
{
    (void)context;
    (void)try(skip_cancelable, stack_succeed);
}

static void a_cancel_routine_does_not_go_down(void **state)
{
    (void)state;
    assert_broken(send_cancelable, 1, IO_MANAGER, 0x203, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpCancelRoutine");
}

static NTSTATUS send_again(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_copy(device, irp);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(stack.lower, irp);
}

static void send_what_is_below(void *context)
{
    (void)context;
    (void)try(send_again, stack_keep);
}

static NTSTATUS copy_and_complete(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_copy(device, irp);
    return stack_succeed(device, irp);
}

static void complete_what_is_below(void *context)
{
    (void)context;
    (void)try(copy_and_complete, stack_keep);
}

static NTSTATUS copy_and_set_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    const NTSTATUS status = stack_copy(device, irp);

    IoSetCancelRoutine(irp, cancel);
    return status;
}

static void make_cancelable_what_is_below(void *context)
{
    (void)context;
    (void)try(copy_and_set_cancel, stack_keep);
}

static void what_is_below_is_left_alone(void **state)
{
    (void)state;
    assert_broken(send_what_is_below, 1, IO_MANAGER, 0x205, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpInUse");
    assert_broken(complete_what_is_below, 1, IO_MANAGER, 0x209, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpInUse");
    assert_broken(make_cancelable_what_is_below, 1, IO_MANAGER, 0x229, 0, 0, 0, "IrpInUse");
}

static void send_pnp_as_success(void *context)
{
    (void)context;
    stack_make();
    own_make(&own, IRP_MJ_PNP);
    (void)own_send(&own);
}

static NTSTATUS fail_and_skip(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_UNSUCCESSFUL;
    return stack_skip(device, irp);
}

static void send_failed_pnp_down(void *context)
{
    (void)context;
    stack_make();
    stack.upper_does = fail_and_skip;
    own_make(&own, IRP_MJ_PNP);
    own.irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    (void)own_send(&own);
}

static void plug_and_play_has_its_statuses(void **state)
{
    (void)state;
    assert_broken(send_pnp_as_success, 1, IO_MANAGER, 0x20E, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpStatus");
    assert_broken(send_failed_pnp_down, 1, IO_MANAGER, 0x215, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpStatus");
}

static void send_create_too_high(void *context)
{
    KIRQL old;

    (void)context;
    stack_make();
    own_make(&own, IRP_MJ_CREATE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)own_send(&own);
}

static void send_with_apcs_masked(void *context)
{
    IO_STATUS_BLOCK status_block;
    KEVENT event;
    KIRQL old;
    PIRP irp;

    (void)context;
    stack_make();
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE, &event,
                                        &status_block);
    KeRaiseIrql(APC_LEVEL, &old);
    (void)IoCallDriver(stack.upper, irp);
}

static void send_at_high_level(void *context)
{
    KIRQL old;

    (void)context;
    stack_make();
    own_make(&own, IRP_MJ_READ);
    KeRaiseIrql(HIGH_LEVEL, &old);
    (void)own_send(&own);
}

static void requests_are_sent_low_enough(void **state)
{
    (void)state;
    assert_broken(send_create_too_high, 1, IO_MANAGER, 0x23A, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "ForwardedAtBadIrql");
    assert_broken(send_with_apcs_masked, 1, IO_MANAGER, 0x302, DIRQL_ANY, DIRQL_ANY, APC_LEVEL,
                  "ForwardedAtBadIrql");
    assert_broken(send_at_high_level, 1, IO_MANAGER, 0x10, HIGH_LEVEL, 0, 0, "IrqlIoDispatch");
}

static PDEVICE_OBJECT bottom;

static NTSTATUS skip_to_the_bottom(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(bottom, irp);
}

static void skip_a_device(void *context)
{
    PDEVICE_OBJECT top;

    (void)context;
    stack_make();
    bottom = stack.lower;
    IoCreateDevice(&stack.upper_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &top);
    IoAttachDeviceToDeviceStack(top, stack.upper);
    stack.upper_does = skip_to_the_bottom;
    own.irp = IoAllocateIrp(top->StackSize, FALSE);
    own_set_up(&own, IRP_MJ_READ);
    (void)IoCallDriver(top, own.irp);
}

static void no_device_is_skipped(void **state)
{
    (void)state;
    assert_broken(skip_a_device, 1, IO_MANAGER, 0x211, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpDevice");
}

static void send_with_a_set_event(void *context)
{
    IO_STATUS_BLOCK status_block;
    KEVENT event;
    PIRP irp;

    (void)context;
    stack_make();
    stack.lower_does = stack_keep;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE, &event,
                                        &status_block);
    (void)IoCallDriver(stack.upper, irp);
}

static void the_event_is_not_set_before(void **state)
{
    (void)state;
    assert_broken(send_with_a_set_event, 1, IO_MANAGER, 0x307, DIRQL_ANY, DIRQL_ANY, 0,
                  "IrpEvent");
}

static volatile UCHAR *volatile frame; /* So that no compiler makes less of a frame than it is. */

__attribute__((noinline)) static void send_from_a_frame(void)
{
    volatile UCHAR far_below[4096];
    IO_STATUS_BLOCK status_block;
    KEVENT event;
    PIRP irp;

    frame = far_below;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE, &event,
                                        &status_block);
    (void)IoCallDriver(stack.upper, irp);
}

__attribute__((noinline)) static void send_from_a_deep_frame(void)
{
    volatile UCHAR deep[16384];

    frame = deep;
    send_from_a_frame();
    frame = NULL;
}

static void return_before_the_end(void *context)
{
    (void)context;
    stack_make();
    stack.lower_does = stack_keep;
    send_from_a_deep_frame();
    stack_finish(STATUS_SUCCESS, 0);
}

static void who_sends_waits(void **state)
{
    (void)state;
    assert_broken(return_before_the_end, 1, IO_MANAGER, 0x0D, DIRQL_ANY, 0, 0, "IrpUnwound");
}

/* ---- Returning ------------------------------------------------------------------------------- */

static NTSTATUS raise_and_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    const NTSTATUS status = stack_succeed(device, irp);
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
    return status;
}

static void return_raised(void *context)
{
    (void)context;
    (void)try(stack_skip, raise_and_succeed);
}

static NTSTATUS raise_in_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
    return let_go(device, irp, context);
}

static NTSTATUS copy_and_raise(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, raise_in_completion, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(stack.lower, irp);
}

static void return_raised_from_completion(void *context)
{
    (void)context;
    (void)try(copy_and_raise, stack_succeed);
}

static void irql_is_restored(void **state)
{
    (void)state;
    assert_broken(return_raised, 1, IO_MANAGER, 0x05, (ULONG_PTR)stack.lower, PASSIVE_LEVEL,
                  APC_LEVEL, "IrqlReturn");
    assert_verifier(return_raised_from_completion, 0xFA, (ULONG_PTR)raise_in_completion,
                    PASSIVE_LEVEL, APC_LEVEL, "IrqlReturn");
}

static NTSTATUS enter_and_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    KeEnterCriticalRegion();
    return stack_succeed(device, irp);
}

static void return_in_a_region(void *context)
{
    (void)context;
    (void)try(stack_skip, enter_and_succeed);
}

static NTSTATUS enter_in_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KeEnterCriticalRegion();
    return let_go(device, irp, context);
}

static NTSTATUS copy_and_enter(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, enter_in_completion, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(stack.lower, irp);
}

static void complete_in_a_region(void *context)
{
    (void)context;
    (void)try(copy_and_enter, stack_succeed);
}

static void regions_are_left(void **state)
{
    (void)state;
    assert_verifier(complete_in_a_region, 0xFB, (ULONG_PTR)enter_in_completion, (ULONG_PTR)-1, 0,
                    "CriticalRegions");
    assert_broken(return_in_a_region, 1, DRIVER_VERIFIER_DETECTED_VIOLATION, 0xC5,
                  (ULONG_PTR)stack_lower_dispatch, (ULONG_PTR)-1, 0, "CriticalRegions");
}

/* ---- Others ---------------------------------------------------------------------------------- */

static VOID cancel_and_keep_the_lock(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
}

static void keep_the_cancel_lock(void *context)
{
    (void)context;
    (void)try(stack_skip, stack_keep);
    IoSetCancelRoutine(own.irp, cancel_and_keep_the_lock);
    IoCancelIrp(own.irp);
}

static void a_cancel_routine_releases_the_lock(void **state)
{
    (void)state;
    assert_error(keep_the_cancel_lock, 1, "CancelSpinLock");
}

static NTSTATUS copy_extended_for_the_lower(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    (void)IoSetCompletionRoutineEx(stack.lower, irp, let_go, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(stack.lower, irp);
}

static void keep_the_lower_driver(void *context)
{
    (void)context;
    (void)try(copy_extended_for_the_lower, stack_succeed);
}

static void the_extended_routine_is_for_the_own_device(void **state)
{
    (void)state;
    assert_error(keep_the_lower_driver, 1, "IoSetCompletionRoutineExCheckDeviceObject");
}

static void build_without_a_buffer(void *context)
{
    IO_STATUS_BLOCK status_block;
    KEVENT event;

    (void)context;
    stack_make();
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    (void)IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 3, NULL, 0, FALSE, &event,
                                        &status_block);
}

static void build_a_read_without_a_buffer(void *context)
{
    (void)context;
    stack_make();
    (void)IoBuildAsynchronousFsdRequest(IRP_MJ_READ, stack.upper, NULL, 3, NULL, NULL);
}

static void a_length_has_a_buffer(void **state)
{
    (void)state;
    assert_broken(build_without_a_buffer, 1, IO_MANAGER, 0x09, (ULONG_PTR)stack.upper,
                  STACK_CONTROL, (ULONG)STATUS_ACCESS_VIOLATION, "IrpBuild");
    assert_broken(build_a_read_without_a_buffer, 1, IO_MANAGER, 0x08, (ULONG_PTR)stack.upper,
                  IRP_MJ_READ, (ULONG)STATUS_ACCESS_VIOLATION, "IrpBuild");
}

static void free_in_use(void *context)
{
    (void)context;
    (void)try(stack_skip, stack_keep);
    IoFreeIrp(own.irp);
}

static void renew_in_use(void *context)
{
    (void)context;
    (void)try(stack_skip, stack_keep);
    IoReuseIrp(own.irp, STATUS_SUCCESS);
}

static void initialise_an_allocated_one(void *context)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)context;
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    IoFreeIrp(irp);
}

static void allocate_too_many_locations(void *context)
{
    (void)context;
    (void)IoAllocateIrp(127, FALSE);
}

static void an_irp_is_made_once_and_fits(void **state)
{
    (void)state;
    assert_warned(initialise_an_allocated_one, 1, 1, "IrpInitNeedless");
    assert_error(allocate_too_many_locations, 1, "IrpSize");
}

static void what_is_in_use_stays(void **state)
{
    (void)state;
    assert_broken(free_in_use, 1, IO_MANAGER, 0x20B, DIRQL_ANY, (ULONG_PTR)own.irp, 0, "IrpFree");
    assert_broken(renew_in_use, 1, IO_MANAGER, 0x310, DIRQL_ANY, (ULONG_PTR)own.irp, 0,
                  "IrpRenew");
}

static void send_for_ever(void *context)
{
    static IO_STATUS_BLOCK status_block;
    static KEVENT event;

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    (void)IoCallDriver(stack.upper,
                       IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0,
                                                     FALSE, &event, &status_block));
}

static void end_with_a_request(void *context)
{
    (void)context;
    stack_make();
    stack.lower_does = stack_keep;
    dirql_thread_join(dirql_thread_start("sender", 0, send_for_ever, NULL));
}

static void what_waits_can_be_cancelled(void **state)
{
    (void)state;
    assert_error(end_with_a_request, 1, "IrpNotCancelled");
}

/* ---- Queues ---------------------------------------------------------------------------------- */

static void insert_twice(void *context)
{
    static KDEVICE_QUEUE_ENTRY first, second;
    KDEVICE_QUEUE queue;
    KIRQL old;

    (void)context;
    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    KeInitializeDeviceQueue(&queue);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)KeInsertDeviceQueue(&queue, &first);
    (void)KeInsertDeviceQueue(&queue, &second);
    (void)KeInsertDeviceQueue(&queue, &second);
    KeLowerIrql(old);
}

static NTSTATUS start_packet(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, NULL);
    return STATUS_PENDING;
}

static void start_without_a_routine(void *context)
{
    (void)context;
    (void)try(stack_skip, start_packet);
}

static VOID finish_and_go_on(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_succeed(device, irp);
    IoStartNextPacket(device, FALSE);
}

static void use_start_io(bool deferred)
{
    stack_make();
    IoSetStartIoAttributes(stack.lower, (BOOLEAN)deferred, FALSE);
    stack.lower_driver.DriverStartIo = finish_and_go_on;
    stack.lower_does = start_packet;
    own_make(&own, IRP_MJ_READ);
    (void)own_send(&own);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void start_within_the_routine(void *context)
{
    (void)context;
    use_start_io(false);
}

static void start_when_it_has_returned(void *context)
{
    (void)context;
    use_start_io(true);
}

static void queues_are_used_as_meant(void **state)
{
    (void)state;
    assert_error(insert_twice, 1, "DeviceQueue");
    assert_error(start_without_a_routine, 1, "StartIo");
    assert_warned(start_within_the_routine, 1, 1, "StartIoRecursion");
}

/* ---- Device stacks --------------------------------------------------------------------------- */

static void delete_attached(void *context)
{
    (void)context;
    stack_make();
    IoDeleteDevice(stack.upper);
}

static void detach_twice(void *context)
{
    (void)context;
    stack_make();
    IoDetachDevice(stack.lower);
    IoDetachDevice(stack.lower);
}

static void attach_twice(void *context)
{
    (void)context;
    stack_make();
    (void)IoAttachDeviceToDeviceStack(stack.upper, stack.lower);
}

static void a_stack_is_taken_apart_from_the_top(void **state)
{
    (void)state;
    assert_broken(delete_attached, 1, IO_MANAGER, 0x201, DIRQL_ANY, 0, 0, "DeviceStack");
    assert_broken(detach_twice, 1, IO_MANAGER, 0x202, DIRQL_ANY, (ULONG_PTR)stack.lower, 0,
                  "DeviceStack");
    assert_error(attach_twice, 1, "DeviceStack");
}

static NTSTATUS add_unready(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;

    IoCreateDevice(driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &device);
    IoAttachDeviceToDeviceStack(device, pdo);
    return STATUS_SUCCESS;
}

static NTSTATUS enter_unready(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = add_unready;
    return STATUS_SUCCESS;
}

static void add_a_device_that_is_not_ready(void *context)
{
    (void)context;
    (void)dirql_driver_add_device(dirql_driver_load("unready", enter_unready, NULL),
                                  dirql_pdo_create("unready", NULL, 0));
}

static void unload_without_a_routine(void *context)
{
    (void)context;
    dirql_driver_unload(dirql_driver_load("unready", enter_unready, NULL));
}

static NTSTATUS add_ready(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    const NTSTATUS status = add_unready(driver, pdo);

    pdo->AttachedDevice->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return status;
}

static PDEVICE_OBJECT ready_pdo;

static VOID unload_ready(PDRIVER_OBJECT driver)
{
    PDEVICE_OBJECT device = driver->DeviceObject;

    IoDetachDevice(ready_pdo);
    IoDeleteDevice(device);
}

static NTSTATUS enter_ready(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = add_ready;
    driver->DriverUnload = unload_ready;
    return STATUS_SUCCESS;
}

static void load_and_unload(void *context)
{
    PDRIVER_OBJECT driver = dirql_driver_load("ready", enter_ready, NULL);

    (void)context;
    ready_pdo = dirql_pdo_create("ready", NULL, 0);
    (void)dirql_driver_add_device(driver, ready_pdo);
    dirql_driver_unload(driver);
}

static void drivers_are_loaded_as_meant(void **state)
{
    (void)state;
    assert_broken(add_a_device_that_is_not_ready, 1, IO_MANAGER, 0x243, DIRQL_ANY, 0, 0,
                  "AddDevice");
    assert_error(unload_without_a_routine, 1, "DriverUnload");
}

static void unregister_unregistered(void *context)
{
    (void)context;
    stack_make();
    IoUnregisterShutdownNotification(stack.upper);
}

static void only_what_is_registered_is_unregistered(void **state)
{
    (void)state;
    assert_error(unregister_unregistered, 1, "ShutdownNotification");
}

#define AT_DISPATCH(name, call)                     \
    static void name(void *context)                 \
    {                                               \
        UNICODE_STRING text;                        \
        PDEVICE_OBJECT device;                      \
        PFILE_OBJECT file;                          \
        HANDLE handle;                              \
        KIRQL old;                                  \
                                                    \
        (void)context;                              \
        stack_make();                               \
        RtlInitUnicodeString(&text, L"\\Device\\X"); \
        KeRaiseIrql(DISPATCH_LEVEL, &old);          \
        call;                                       \
        (void)device;                               \
        (void)file;                                 \
        (void)handle;                               \
    }

AT_DISPATCH(attach_by_name_too_high, (void)IoAttachDevice(stack.upper, &text, &device))
AT_DISPATCH(make_an_event_too_high, (void)IoCreateNotificationEvent(&text, &handle))
AT_DISPATCH(make_a_link_too_high, (void)IoCreateSymbolicLink(&text, &text))
AT_DISPATCH(open_too_high, (void)IoGetDeviceObjectPointer(&text, 0, &file, &device))

static void names_are_for_passive_level(void **state)
{
    (void)state;
    assert_verifier(attach_by_name_too_high, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, DIRQL_ANY,
                    "IrqlIoPassive1");
    assert_verifier(make_an_event_too_high, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, DIRQL_ANY,
                    "IrqlIoPassive2");
    assert_verifier(make_a_link_too_high, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, DIRQL_ANY,
                    "IrqlIoPassive3");
    assert_verifier(open_too_high, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, DIRQL_ANY, "IrqlIoPassive5");
}

/* ---- All right ------------------------------------------------------------------------------- */

static IO_STATUS_BLOCK good_status;
static KEVENT good_event;

static NTSTATUS control(void)
{
    UCHAR bytes[4] = { 0 };
    NTSTATUS status;
    PIRP irp;

    KeClearEvent(&good_event);
    irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, bytes, 4, bytes, 4, FALSE,
                                        &good_event, &good_status);
    status = IoCallDriver(stack.upper, irp);
    if (status == STATUS_PENDING) {
        stack_finish(STATUS_SUCCESS, 4);
        KeWaitForSingleObject(&good_event, Executive, KernelMode, FALSE, NULL);
        status = good_status.Status;
    }
    return status;
}

static NTSTATUS keep_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, cancel);
    return stack_keep(device, irp);
}

static VOID cancel_well(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    stack.kept = NULL;
    (void)stack_complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS copy_extended(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    (void)IoSetCompletionRoutineEx(device, irp, stack_completion, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(stack.lower, irp);
}

static void use_requests(void *context)
{
    (void)context;
    KeInitializeEvent(&good_event, NotificationEvent, FALSE);
    stack_make();
    assert_int_equal(control(), STATUS_SUCCESS);
    stack.upper_does = stack_copy;
    assert_int_equal(control(), STATUS_SUCCESS);
    stack.lower_does = stack_keep;
    assert_int_equal(control(), STATUS_SUCCESS);
    stack.upper_does = copy_extended;
    assert_int_equal(control(), STATUS_SUCCESS);
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_PENDING);
    stack_finish(STATUS_SUCCESS, 0);
    IoReuseIrp(own.irp, STATUS_NOT_SUPPORTED);
    own_set_up(&own, IRP_MJ_PNP);
    stack.lower_does = stack_succeed;
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void cancel_requests(void *context)
{
    (void)context;
    stack_make();
    stack.lower_does = keep_cancelable;
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_PENDING);
    assert_ptr_equal(IoSetCancelRoutine(own.irp, cancel_well), cancel);
    assert_true(IoCancelIrp(own.irp));
    IoFreeIrp(own.irp);
    stack_delete();
}

static void complete_after_a_lock(void *context)
{
    KIRQL old;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
    use_requests(context);
}

static void use_names(void *context)
{
    UNICODE_STRING name, link;
    PDEVICE_OBJECT named, source, attached, top;
    PFILE_OBJECT file;
    HANDLE handle;

    (void)context;
    stack_make();
    RtlInitUnicodeString(&name, L"\\Device\\Named");
    RtlInitUnicodeString(&link, L"\\DosDevices\\Named");
    IoCreateDevice(&stack.lower_driver, 0, &name, FILE_DEVICE_SOUND, 0, FALSE, &named);
    named->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    IoCreateDevice(&stack.lower_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &source);
    source->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_int_equal(IoCreateSymbolicLink(&link, &name), STATUS_SUCCESS);
    assert_int_equal(IoGetDeviceObjectPointer(&link, FILE_READ_DATA, &file, &top), STATUS_SUCCESS);
    ObDereferenceObject(file);
    assert_int_equal(IoAttachDevice(source, &name, &attached), STATUS_SUCCESS);
    assert_ptr_equal(attached, named);
    assert_int_equal(IoRegisterShutdownNotification(source), STATUS_SUCCESS);
    IoUnregisterShutdownNotification(source);
    IoDetachDevice(named);
    IoDeleteDevice(source);
    IoDeleteDevice(named);
    assert_int_equal(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
    assert_non_null(IoCreateNotificationEvent(&name, &handle));
    ZwClose(handle);
    stack_delete();
}

#define KEPT(rule, body) { rule, body }

static const struct {
    const char *rule;
    void (*body)(void *context);
} kept[] = {
    KEPT("IrpPointer", use_requests),
    KEPT("IrpSize", use_requests),
    KEPT("IrpFree", use_requests),
    KEPT("IrpRenew", use_requests),
    KEPT("IrpInitNeedless", use_requests),
    KEPT("IrpBuild", use_requests),
    KEPT("IrpDevice", use_requests),
    KEPT("IrpStack", use_requests),
    KEPT("IrpCancelRoutine", cancel_requests),
    KEPT("IrpStatus", use_requests),
    KEPT("IrpPending", use_requests),
    KEPT("IrpInUse", cancel_requests),
    KEPT("IrpInformation", use_requests),
    KEPT("IrpEvent", use_requests),
    KEPT("IrpUnwound", use_requests),
    KEPT("IrpNotCancelled", use_requests),
    KEPT("IrpNotSent", use_requests),
    KEPT("IoAllocateComplete", use_requests),
    KEPT("IoSetCompletionRoutineExCheckDeviceObject", use_requests),
    KEPT("ForwardedAtBadIrql", use_requests),
    KEPT("IrqlReturn", use_requests),
    KEPT("SpinLockSafe", complete_after_a_lock),
    KEPT("CancelSpinLock", cancel_requests),
    KEPT("DeviceQueue", start_when_it_has_returned),
    KEPT("StartIo", start_when_it_has_returned),
    KEPT("StartIoRecursion", start_when_it_has_returned),
    KEPT("DeviceStack", use_names),
    KEPT("ShutdownNotification", use_names),
    KEPT("AddDevice", load_and_unload),
    KEPT("DriverUnload", load_and_unload),
    KEPT("IrqlIoPassive1", use_names),
    KEPT("IrqlIoPassive2", use_names),
    KEPT("IrqlIoPassive3", use_names),
    KEPT("IrqlIoPassive5", use_names),
};

static void what_is_right_is_not_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (i == 0 || kept[i].body != kept[i - 1].body) {
            assert_kept(kept[i].body, 1);
        }
    }
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
        cmocka_unit_test(only_irps_are_sent),
        cmocka_unit_test(the_device_lives),
        cmocka_unit_test(each_driver_has_a_location),
        cmocka_unit_test(a_location_is_not_copied_whole),
        cmocka_unit_test(a_cancel_routine_does_not_go_down),
        cmocka_unit_test(what_is_below_is_left_alone),
        cmocka_unit_test(plug_and_play_has_its_statuses),
        cmocka_unit_test(requests_are_sent_low_enough),
        cmocka_unit_test(no_device_is_skipped),
        cmocka_unit_test(the_event_is_not_set_before),
        cmocka_unit_test(who_sends_waits),
        cmocka_unit_test(irql_is_restored),
        cmocka_unit_test(regions_are_left),
        cmocka_unit_test(a_cancel_routine_releases_the_lock),
        cmocka_unit_test(the_extended_routine_is_for_the_own_device),
        cmocka_unit_test(a_length_has_a_buffer),
        cmocka_unit_test(an_irp_is_made_once_and_fits),
        cmocka_unit_test(what_is_in_use_stays),
        cmocka_unit_test(what_waits_can_be_cancelled),
        cmocka_unit_test(queues_are_used_as_meant),
        cmocka_unit_test(a_stack_is_taken_apart_from_the_top),
        cmocka_unit_test(drivers_are_loaded_as_meant),
        cmocka_unit_test(only_what_is_registered_is_unregistered),
        cmocka_unit_test(names_are_for_passive_level),
        cmocka_unit_test(what_is_right_is_not_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

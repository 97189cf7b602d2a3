/*
 * test_irprules.c - what else a driver does wrong with a request, each by its code; and requests
 * that are all right.
 */
#include "irprule.h"

/* ---- Returning ------------------------------------------------------------------------------- */

static NTSTATUS raise_and_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    const NTSTATUS status = stack_succeed(device, irp);
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
    return status;
}

TRIES(return_raised, stack_skip, raise_and_succeed)

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

TRIES(return_raised_from_completion, copy_and_raise, stack_succeed)

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

TRIES(return_in_a_region, stack_skip, enter_and_succeed)

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

TRIES(complete_in_a_region, copy_and_enter, stack_succeed)

static void regions_are_left(void **state)
{
    (void)state;
    assert_verifier(complete_in_a_region, 0xFB, (ULONG_PTR)enter_in_completion, (ULONG_PTR)-1, 0,
                    "CriticalRegions");
    assert_broken(return_in_a_region, 1, DRIVER_VERIFIER_DETECTED_VIOLATION, 0xC5,
                  (ULONG_PTR)stack_lower_dispatch, (ULONG_PTR)-1, 0, "CriticalRegions");
}

/* ---- Cancelling and others ------------------------------------------------------------------- */

static VOID cancel_and_keep_the_lock(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
}

static void keep_the_cancel_lock(void *context)
{
    (void)context;
    (void)try_both(stack_skip, stack_keep);
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

TRIES(keep_the_lower_driver, copy_extended_for_the_lower, stack_succeed)

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
    (void)try_both(stack_skip, stack_keep);
    IoFreeIrp(own.irp);
}

static void renew_in_use(void *context)
{
    (void)context;
    (void)try_both(stack_skip, stack_keep);
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

/* ---- All right ------------------------------------------------------------------------------- */

static IO_STATUS_BLOCK good_status;
static KEVENT good_event;
static KSPIN_LOCK good_lock;

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

    KeInitializeSpinLock(&good_lock);
    KeAcquireSpinLock(&good_lock, &old);
    KeReleaseSpinLock(&good_lock, old);
    use_requests(context);
}

static const kept_rule kept[] = {
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
};

static void requests_that_are_right_are_not_reported(void **state)
{
    (void)state;
    assert_all_kept(kept, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(irql_is_restored),
        cmocka_unit_test(regions_are_left),
        cmocka_unit_test(a_cancel_routine_releases_the_lock),
        cmocka_unit_test(the_extended_routine_is_for_the_own_device),
        cmocka_unit_test(a_length_has_a_buffer),
        cmocka_unit_test(an_irp_is_made_once_and_fits),
        cmocka_unit_test(what_is_in_use_stays),
        cmocka_unit_test(what_waits_can_be_cancelled),
        cmocka_unit_test(requests_that_are_right_are_not_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

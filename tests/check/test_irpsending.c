/*
 * test_irpsending.c - how requests are made, and sent down, wrongly: each by its code.
 */
#include "irprule.h"

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

TRIES(send_what_nobody_has_set_up, send_unprepared, stack_succeed)

static NTSTATUS send_with_a_routine_only(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCompletionRoutine(irp, let_go, NULL, TRUE, TRUE, TRUE);
    return send_unprepared(device, irp);
}

TRIES(send_a_routine_only, send_with_a_routine_only, stack_succeed)

static NTSTATUS send_set_up_by_hand(PDEVICE_OBJECT device, PIRP irp)
{
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    return send_unprepared(device, irp);
}

static void send_and_free(PDRIVER_DISPATCH upper)
{
    (void)try_both(upper, stack_succeed);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void send_what_is_set_up_by_hand(void *context)
{
    (void)context;
    send_and_free(send_set_up_by_hand);
}

static void a_location_is_set_up(void **state)
{
    (void)state;
    assert_error(send_what_nobody_has_set_up, 1, "IrpStack");
    assert_report_has("a stack location that nobody has set up");
    assert_error(send_a_routine_only, 1, "IrpStack");
    assert_silent(send_what_is_set_up_by_hand, 1, "IrpStack");
}

static NTSTATUS skip_then_set(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    IoSetCompletionRoutine(irp, let_go, NULL, TRUE, TRUE, TRUE);
    return send_unprepared(device, irp);
}

TRIES(set_a_routine_after_the_skip, skip_then_set, stack_succeed)

/* Twice, with another routine, after the first has kept the request. */
static NTSTATUS NTAPI keep_it(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS copy_twice_then_skip(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, keep_it, NULL, TRUE, TRUE, TRUE);
    (void)send_unprepared(device, irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, keep_it, irp, TRUE, TRUE, FALSE);
    (void)send_unprepared(device, irp);
    return stack_skip(device, irp);
}

static void send_again_and_again(void *context)
{
    (void)context;
    send_and_free(copy_twice_then_skip);
}

static void who_skips_a_location_sets_no_completion_routine(void **state)
{
    (void)state;
    assert_error(set_a_routine_after_the_skip, 1, "IrpStack");
    assert_report_has("a completion routine was set after IoSkipCurrentIrpStackLocation");
    assert_report_has("page \"wdm: IoSkipCurrentIrpStackLocation\"");
    assert_silent(send_again_and_again, 1, "IrpStack");
}

static NTSTATUS copy_by_hand(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    *IoGetNextIrpStackLocation(irp) = *IoGetCurrentIrpStackLocation(irp);
    return IoCallDriver(stack.lower, irp);
}

TRIES(copy_a_location_by_hand, copy_by_hand, stack_succeed)

static NTSTATUS mark_and_copy_by_hand(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    return copy_by_hand(device, irp);
}

TRIES(copy_the_mark_by_hand, mark_and_copy_by_hand, stack_succeed)

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

TRIES(send_cancelable, skip_cancelable, stack_succeed)

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

TRIES(send_what_is_below, send_again, stack_keep)

static NTSTATUS copy_and_complete(PDEVICE_OBJECT device, PIRP irp)
{
    (void)stack_copy(device, irp);
    return stack_succeed(device, irp);
}

TRIES(complete_what_is_below, copy_and_complete, stack_keep)

static NTSTATUS copy_and_set_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    const NTSTATUS status = stack_copy(device, irp);

    IoSetCancelRoutine(irp, cancel);
    return status;
}

TRIES(make_cancelable_what_is_below, copy_and_set_cancel, stack_keep)

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_irps_are_sent),
        cmocka_unit_test(the_device_lives),
        cmocka_unit_test(each_driver_has_a_location),
        cmocka_unit_test(a_location_is_set_up),
        cmocka_unit_test(who_skips_a_location_sets_no_completion_routine),
        cmocka_unit_test(a_location_is_not_copied_whole),
        cmocka_unit_test(a_cancel_routine_does_not_go_down),
        cmocka_unit_test(what_is_below_is_left_alone),
        cmocka_unit_test(plug_and_play_has_its_statuses),
        cmocka_unit_test(requests_are_sent_low_enough),
        cmocka_unit_test(no_device_is_skipped),
        cmocka_unit_test(the_event_is_not_set_before),
        cmocka_unit_test(who_sends_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

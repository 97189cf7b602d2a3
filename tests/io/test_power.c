/*
 * test_power.c - what drivers tell the power manager and ask of it: power states, requests of their
 * own, idle detection, system states.
 */
#include "stack.h"

#include <dirql/fail.h>

static int start(void **state)
{
    (void)state;
    stack_make();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    stack_delete();
    return 0;
}

static POWER_STATE device_state(DEVICE_POWER_STATE state)
{
    POWER_STATE power;

    power.DeviceState = state;
    return power;
}

/* ---- PoSetPowerState ------------------------------------------------------------------------- */

static void the_state_before_is_returned(void **state)
{
    (void)state;
    assert_int_equal(
        PoSetPowerState(stack.upper, DevicePowerState, device_state(PowerDeviceD0)).DeviceState,
        PowerDeviceUnspecified);
    assert_int_equal(
        PoSetPowerState(stack.upper, DevicePowerState, device_state(PowerDeviceD3)).DeviceState,
        PowerDeviceD0);
    assert_int_equal(
        PoSetPowerState(stack.lower, DevicePowerState, device_state(PowerDeviceD0)).DeviceState,
        PowerDeviceUnspecified);
}

static void d0_may_be_told_at_dispatch_level(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    PoSetPowerState(stack.upper, DevicePowerState, device_state(PowerDeviceD0));
    KeLowerIrql(old);
}

static void a_lower_state_at_dispatch_level_is_a_finding(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_finding("PowerState");
    PoSetPowerState(stack.upper, DevicePowerState, device_state(PowerDeviceD3));
}

static void the_state_of_the_system_is_a_finding(void **state)
{
    POWER_STATE system;

    (void)state;
    system.SystemState = PowerSystemWorking;
    dirql_expect_finding("PowerState");
    PoSetPowerState(stack.upper, SystemPowerState, system);
}

/* ---- PoRequestPowerIrp ----------------------------------------------------------------------- */

static struct {
    volatile LONG calls;
    PDEVICE_OBJECT device;
    UCHAR minor;
    DEVICE_POWER_STATE state;
    IO_STATUS_BLOCK status;
    KEVENT event;
} done;

static REQUEST_POWER_COMPLETE note_done;
static VOID note_done(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE power, PVOID context,
                      PIO_STATUS_BLOCK status)
{
    assert_ptr_equal(context, &done);
    done.device = device;
    done.minor = minor;
    done.state = power.DeviceState;
    done.status = *status;
    InterlockedIncrement(&done.calls);
    KeSetEvent(&done.event, IO_NO_INCREMENT, FALSE);
}

static int start_request(void **state)
{
    memset(&done, 0, sizeof(done));
    KeInitializeEvent(&done.event, NotificationEvent, FALSE);
    return start(state);
}

static void wait_done(void)
{
    KeWaitForSingleObject(&done.event, Executive, KernelMode, FALSE, NULL);
}

static volatile KIRQL seen_irql;
static volatile LONG seen_state;

static NTSTATUS see(PDEVICE_OBJECT device, PIRP irp)
{
    const PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(irp);

    assert_int_equal(at->MajorFunction, IRP_MJ_POWER);
    seen_irql = KeGetCurrentIrql();
    if (at->MinorFunction == IRP_MN_SET_POWER) {
        assert_int_equal(at->Parameters.Power.Type, DevicePowerState);
        seen_state = at->Parameters.Power.State.DeviceState;
    }
    return stack_succeed(device, irp);
}

static void the_request_goes_to_the_top_of_the_stack(void **state)
{
    (void)state;
    stack.lower_does = see;
    assert_int_equal(PoRequestPowerIrp(stack.lower, IRP_MN_SET_POWER, device_state(PowerDeviceD2),
                                       note_done, &done, NULL),
                     STATUS_PENDING);
    wait_done();
    assert_int_equal(stack.upper_calls, 1);
    assert_int_equal(seen_state, PowerDeviceD2);
    assert_ptr_equal(done.device, stack.lower);
    assert_int_equal(done.minor, IRP_MN_SET_POWER);
    assert_int_equal(done.state, PowerDeviceD2);
    assert_int_equal(done.status.Status, STATUS_SUCCESS);
}

static void nobody_need_be_told_of_its_end(void **state)
{
    (void)state;
    assert_int_equal(PoRequestPowerIrp(stack.upper, IRP_MN_QUERY_POWER,
                                       device_state(PowerDeviceD3), NULL, NULL, NULL),
                     STATUS_PENDING);
    assert_int_equal(stack.lower_calls, 1);
}

static void a_driver_may_complete_it_later(void **state)
{
    (void)state;
    stack.lower_does = stack_keep;
    assert_int_equal(PoRequestPowerIrp(stack.upper, IRP_MN_SET_POWER, device_state(PowerDeviceD0),
                                       note_done, &done, NULL),
                     STATUS_PENDING);
    assert_int_equal(done.calls, 0);
    stack_finish(STATUS_DEVICE_NOT_READY, 0);
    wait_done();
    assert_int_equal(done.calls, 1);
    assert_int_equal(done.status.Status, STATUS_DEVICE_NOT_READY);
}

static VOID cancel_kept(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    (void)stack_complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS keep_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    assert_int_equal(
        IoGetCurrentIrpStackLocation(irp)->Parameters.WaitWake.PowerState, PowerSystemSleeping3);
    IoSetCancelRoutine(irp, cancel_kept);
    return stack_keep(device, irp);
}

static void a_wait_for_a_wake_can_be_cancelled(void **state)
{
    POWER_STATE system;
    PIRP irp = NULL;

    (void)state;
    stack.lower_does = keep_cancelable;
    system.SystemState = PowerSystemSleeping3;
    assert_int_equal(
        PoRequestPowerIrp(stack.upper, IRP_MN_WAIT_WAKE, system, note_done, &done, &irp),
        STATUS_PENDING);
    assert_non_null(irp);
    assert_false(PoGetSystemWake(irp));
    PoSetSystemWake(irp);
    assert_true(PoGetSystemWake(irp));
    assert_true(IoCancelIrp(irp));
    wait_done();
    assert_int_equal(done.status.Status, STATUS_CANCELLED);
}

static void at_dispatch_level_a_pageable_stack_gets_it_from_a_thread(void **state)
{
    KIRQL old;

    (void)state;
    stack.lower->Flags |= DO_POWER_PAGABLE;
    stack.upper->Flags |= DO_POWER_PAGABLE;
    stack.lower_does = see;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(PoRequestPowerIrp(stack.upper, IRP_MN_SET_POWER, device_state(PowerDeviceD0),
                                       note_done, &done, NULL),
                     STATUS_PENDING);
    KeLowerIrql(old);
    wait_done();
    assert_int_equal(seen_irql, PASSIVE_LEVEL);
}

static REQUEST_POWER_COMPLETE note_done_and_linger;
static VOID note_done_and_linger(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE power,
                                 PVOID context, PIO_STATUS_BLOCK status)
{
    LARGE_INTEGER second = { .QuadPart = -10000000 };

    note_done(device, minor, power, context, status);
    KeDelayExecutionThread(KernelMode, FALSE, &second);
}

static void a_request_whose_routine_is_called_is_no_leftover(void **state)
{
    KIRQL old;

    (void)state;
    stack.lower->Flags |= DO_POWER_PAGABLE;
    stack.upper->Flags |= DO_POWER_PAGABLE;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)PoRequestPowerIrp(stack.upper, IRP_MN_SET_POWER, device_state(PowerDeviceD0),
                            note_done_and_linger, &done, NULL);
    KeLowerIrql(old);
    wait_done();
}

static void another_stack_gets_it_there(void **state)
{
    KIRQL old;

    (void)state;
    stack.lower_does = see;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(PoRequestPowerIrp(stack.upper, IRP_MN_SET_POWER, device_state(PowerDeviceD0),
                                       note_done, &done, NULL),
                     STATUS_PENDING);
    assert_int_equal(done.calls, 1);
    KeLowerIrql(old);
    assert_int_equal(seen_irql, DISPATCH_LEVEL);
}

static void another_minor_function_is_refused(void **state)
{
    (void)state;
    assert_int_equal(PoRequestPowerIrp(stack.upper, IRP_MN_POWER_SEQUENCE,
                                       device_state(PowerDeviceD0), note_done, &done, NULL),
                     STATUS_INVALID_PARAMETER_2);
    assert_int_equal(done.calls, 0);
}

static void a_request_can_fail_for_want_of_memory(void **state)
{
    (void)state;
    dirql_fail_set("irp:1");
    assert_int_equal(PoRequestPowerIrp(stack.upper, IRP_MN_SET_POWER, device_state(PowerDeviceD0),
                                       note_done, &done, NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
}

static void a_stranger_is_a_finding(void **state)
{
    static DEVICE_OBJECT none;

    (void)state;
    dirql_expect_finding("DevicePointer");
    (void)PoRequestPowerIrp(&none, IRP_MN_SET_POWER, device_state(PowerDeviceD0), NULL, NULL, NULL);
}

/* ---- Idle detection -------------------------------------------------------------------------- */

static PULONG register_idle(ULONG seconds)
{
    stack.lower_does = see;
    seen_state = PowerDeviceUnspecified;
    return PoRegisterDeviceForIdleDetection(stack.upper, 60, seconds, PowerDeviceD3);
}

static void pass(unsigned milliseconds)
{
    dirql_time_advance_ms(milliseconds);
    settle();
}

static void an_idle_device_is_powered_down(void **state)
{
    (void)state;
    assert_non_null(register_idle(5));
    pass(4500);
    assert_int_equal(stack.lower_calls, 0);
    pass(1000);
    assert_int_equal(stack.lower_calls, 1);
    assert_int_equal(seen_state, PowerDeviceD3);
    assert_int_equal(seen_irql, PASSIVE_LEVEL);
    pass(60000);
    assert_int_equal(stack.lower_calls, 1);
}

static void use_begins_the_countdown_anew(void **state)
{
    PULONG counter = register_idle(5);

    (void)state;
    pass(4500);
    PoSetDeviceBusyEx(counter);
    pass(4000);
    PoSetDeviceBusy(counter);
    pass(4000);
    assert_int_equal(stack.lower_calls, 0);
    pass(2000);
    assert_int_equal(stack.lower_calls, 1);
    PoSetDeviceBusyEx(counter);
    pass(6500);
    assert_int_equal(stack.lower_calls, 2);
}

static void nothing_is_counted_while_the_device_is_busy(void **state)
{
    PULONG counter = register_idle(5);

    (void)state;
    PoStartDeviceBusy(counter);
    PoStartDeviceBusy(counter);
    pass(20000);
    PoEndDeviceBusy(counter);
    pass(20000);
    assert_int_equal(stack.lower_calls, 0);
    PoEndDeviceBusy(counter);
    pass(6500);
    assert_int_equal(stack.lower_calls, 1);
}

static void two_zeros_end_it(void **state)
{
    (void)state;
    assert_non_null(register_idle(5));
    assert_null(PoRegisterDeviceForIdleDetection(stack.upper, 0, 0, PowerDeviceD3));
    pass(20000);
    assert_int_equal(stack.lower_calls, 0);
}

static void the_classes_time_is_for_disks_only(void **state)
{
    (void)state;
    assert_null(PoRegisterDeviceForIdleDetection(stack.upper, (ULONG)-1, (ULONG)-1, PowerDeviceD3));
}

static void a_second_registration_changes_the_time(void **state)
{
    const PULONG counter = register_idle(5);

    (void)state;
    assert_ptr_equal(register_idle(10), counter);
    pass(9000);
    assert_int_equal(stack.lower_calls, 0);
    pass(1500);
    assert_int_equal(stack.lower_calls, 1);
}

static void an_end_of_use_without_its_beginning_is_a_finding(void **state)
{
    PULONG counter = register_idle(5);

    (void)state;
    dirql_expect_finding("DeviceBusy");
    PoEndDeviceBusy(counter);
}

static void a_null_counter_is_a_finding(void **state)
{
    (void)state;
    dirql_expect_finding("wrong object");
    PoSetDeviceBusyEx(NULL);
}

/* ---- System states --------------------------------------------------------------------------- */

static void a_registration_can_be_changed_and_ended(void **state)
{
    PVOID handle = PoRegisterSystemState(NULL, ES_SYSTEM_REQUIRED | ES_CONTINUOUS);

    (void)state;
    assert_non_null(handle);
    assert_ptr_equal(PoRegisterSystemState(handle, ES_CONTINUOUS), handle);
    PoSetSystemState(ES_USER_PRESENT);
    PoUnregisterSystemState(handle);
}

static void a_registration_that_was_ended_is_a_finding(void **state)
{
    PVOID handle = PoRegisterSystemState(NULL, ES_CONTINUOUS);

    (void)state;
    PoUnregisterSystemState(handle);
    dirql_expect_finding("wrong object");
    PoUnregisterSystemState(handle);
}

static void one_that_is_left_is_a_finding(void **state)
{
    (void)state;
    dirql_expect_finding("SystemStateLeft");
    (void)PoRegisterSystemState(NULL, ES_CONTINUOUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(the_state_before_is_returned, start, stop),
        dirql_unit_test_setup_teardown(d0_may_be_told_at_dispatch_level, start, stop),
        dirql_unit_test_setup(a_lower_state_at_dispatch_level_is_a_finding, start),
        dirql_unit_test_setup(the_state_of_the_system_is_a_finding, start),
        dirql_unit_test_setup_teardown(the_request_goes_to_the_top_of_the_stack, start_request,
                                       stop),
        dirql_unit_test_setup_teardown(nobody_need_be_told_of_its_end, start_request, stop),
        dirql_unit_test_setup_teardown(a_driver_may_complete_it_later, start_request, stop),
        dirql_unit_test_setup_teardown(a_wait_for_a_wake_can_be_cancelled, start_request, stop),
        dirql_unit_test_setup_teardown(at_dispatch_level_a_pageable_stack_gets_it_from_a_thread,
                                       start_request, stop),
        dirql_unit_test_setup_teardown(a_request_whose_routine_is_called_is_no_leftover,
                                       start_request, stop),
        dirql_unit_test_setup_teardown(another_stack_gets_it_there, start_request, stop),
        dirql_unit_test_setup_teardown(another_minor_function_is_refused, start_request, stop),
        dirql_unit_test_setup_teardown(a_request_can_fail_for_want_of_memory, start_request, stop),
        dirql_unit_test_setup(a_stranger_is_a_finding, start_request),
        dirql_unit_test_setup_teardown(an_idle_device_is_powered_down, start, stop),
        dirql_unit_test_setup_teardown(use_begins_the_countdown_anew, start, stop),
        dirql_unit_test_setup_teardown(nothing_is_counted_while_the_device_is_busy, start, stop),
        dirql_unit_test_setup_teardown(two_zeros_end_it, start, stop),
        dirql_unit_test_setup_teardown(the_classes_time_is_for_disks_only, start, stop),
        dirql_unit_test_setup_teardown(a_second_registration_changes_the_time, start, stop),
        dirql_unit_test_setup(an_end_of_use_without_its_beginning_is_a_finding, start),
        dirql_unit_test_setup(a_null_counter_is_a_finding, start),
        dirql_unit_test(a_registration_can_be_changed_and_ended),
        dirql_unit_test(a_registration_that_was_ended_is_a_finding),
        dirql_unit_test(one_that_is_left_is_a_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of lib/io/sendirp.c and forwardirp.c: requests go down a stack. */
#include "stack.h"

static int start(void **state)
{
    (void)state;
    stack_make();
    return 0;
}

/* ---- IoCallDriver ---------------------------------------------------------------------------- */

static PDEVICE_OBJECT called;
static IO_STACK_LOCATION seen;

static NTSTATUS look(PDEVICE_OBJECT device, PIRP irp)
{
    called = device;
    seen = *IoGetCurrentIrpStackLocation(irp);
    return stack_succeed(device, irp);
}

static void the_driver_finds_its_parameters(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = look;
    own_make(&own, IRP_MJ_WRITE);
    IoGetNextIrpStackLocation(own.irp)->Parameters.Write.Length = 17;
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    assert_ptr_equal(called, stack.upper);
    assert_ptr_equal(seen.DeviceObject, stack.upper);
    assert_int_equal(seen.MajorFunction, IRP_MJ_WRITE);
    assert_int_equal(seen.Parameters.Write.Length, 17);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void a_skipped_location_is_the_lower_drivers(void **state)
{
    struct own_request own;

    (void)state;
    stack.lower_does = look;
    own_make(&own, IRP_MJ_WRITE);
    IoGetNextIrpStackLocation(own.irp)->Parameters.Write.Length = 17;
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    assert_ptr_equal(called, stack.lower);
    assert_ptr_equal(seen.DeviceObject, stack.lower);
    assert_int_equal(seen.Parameters.Write.Length, 17);
    assert_ptr_equal(seen.CompletionRoutine, own_done);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void a_copied_location_has_no_completion_routine(void **state)
{
    struct own_request own;

    (void)state;
    stack.lower_does = look;
    stack.upper_does = stack_copy;
    own_make(&own, IRP_MJ_WRITE);
    IoGetNextIrpStackLocation(own.irp)->Parameters.Write.Length = 17;
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    assert_int_equal(seen.Parameters.Write.Length, 17);
    assert_ptr_equal(seen.CompletionRoutine, stack_completion);
    assert_int_equal(stack.completions, 1);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void a_driver_without_the_routine_refuses(void **state)
{
    struct own_request own;

    (void)state;
    stack.lower_driver.MajorFunction[IRP_MJ_READ] = NULL;
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(own.status, STATUS_INVALID_DEVICE_REQUEST);
    IoFreeIrp(own.irp);
    stack_delete();
}

static NTSTATUS remove_itself(PDEVICE_OBJECT device, PIRP irp)
{
    PDEVICE_OBJECT lower = stack.lower;
    NTSTATUS status = stack_skip(device, irp);

    IoDetachDevice(lower);
    IoDeleteDevice(device);
    return status;
}

static void a_dispatch_routine_can_delete_its_device(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = remove_itself;
    own_make(&own, IRP_MJ_PNP);
    own.irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(own.irp)->MinorFunction = IRP_MN_REMOVE_DEVICE;
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    IoFreeIrp(own.irp);
    IoDeleteDevice(stack.lower);
}

static void the_maker_can_have_a_location_of_its_own(void **state)
{
    struct own_request own = { 0 };

    (void)state;
    KeInitializeEvent(&own.done, NotificationEvent, FALSE);
    own.irp = IoAllocateIrp((CCHAR)(stack.upper->StackSize + 1), FALSE);
    IoSetNextIrpStackLocation(own.irp);
    IoGetCurrentIrpStackLocation(own.irp)->DeviceObject = NULL;
    own_set_up(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    assert_int_equal(own.completions, 1);
    assert_int_equal(own.irp->CurrentLocation, own.irp->StackCount);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void power_goes_down_by_either_name(void **state)
{
    struct own_request own;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        own_make(&own, IRP_MJ_POWER);
        own.irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        PoStartNextPowerIrp(own.irp);
        assert_int_equal(i == 0 ? own_send(&own) : PoCallDriver(stack.upper, own.irp),
                         STATUS_SUCCESS);
        IoFreeIrp(own.irp);
    }
    stack_delete();
}

static void a_request_goes_down_at_dispatch_level(void **state)
{
    struct own_request own;
    KIRQL old;

    (void)state;
    own_make(&own, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    KeLowerIrql(old);
    IoFreeIrp(own.irp);
    stack_delete();
}

/* ---- IoForwardIrpSynchronously --------------------------------------------------------------- */

static NTSTATUS forward(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    assert_true(IoForwardIrpSynchronously(stack.lower, irp));
    assert_null(stack.kept);
    return stack_complete(irp, irp->IoStatus.Status, irp->IoStatus.Information + 1);
}

static void forwarding_waits_for_nothing_if_it_is_done(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = forward;
    stack.lower_does = stack_fail;
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_DEVICE_NOT_READY);
    assert_int_equal(own.irp->IoStatus.Information, 1);
    IoFreeIrp(own.irp);
    stack_delete();
}

static void finish_later(void *context)
{
    (void)context;
    while (stack.kept == NULL) {
        dirql_time_advance_ms(1);
    }
    dirql_time_advance_ms(5);
    stack_finish(STATUS_SUCCESS, 41);
}

static void forwarding_waits_for_the_lower_driver(void **state)
{
    struct own_request own;
    dirql_thread *thread;

    (void)state;
    stack.upper_does = forward;
    stack.lower_does = stack_keep;
    thread = dirql_thread_start("device", 0, finish_later, NULL);
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    assert_int_equal(own.irp->IoStatus.Information, 42);
    dirql_thread_join(thread);
    IoFreeIrp(own.irp);
    stack_delete();
}

static NTSTATUS forward_by_the_other_name(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    assert_true(IoForwardAndCatchIrp(stack.lower, irp));
    return stack_complete(irp, irp->IoStatus.Status, irp->IoStatus.Information);
}

static void forwarding_has_another_name(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = forward_by_the_other_name;
    stack.lower_does = stack_fail;
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_DEVICE_NOT_READY);
    IoFreeIrp(own.irp);
    stack_delete();
}

static NTSTATUS forward_from_the_bottom(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    assert_false(IoForwardIrpSynchronously(stack.upper, irp));
    return stack_succeed(device, irp);
}

static void forwarding_needs_another_location(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = stack_copy;
    stack.lower_does = forward_from_the_bottom;
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    IoFreeIrp(own.irp);
    stack_delete();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(the_driver_finds_its_parameters, start),
        dirql_unit_test_setup(a_skipped_location_is_the_lower_drivers, start),
        dirql_unit_test_setup(a_copied_location_has_no_completion_routine, start),
        dirql_unit_test_setup(a_driver_without_the_routine_refuses, start),
        dirql_unit_test_setup(a_dispatch_routine_can_delete_its_device, start),
        dirql_unit_test_setup(the_maker_can_have_a_location_of_its_own, start),
        dirql_unit_test_setup(power_goes_down_by_either_name, start),
        dirql_unit_test_setup(a_request_goes_down_at_dispatch_level, start),
        dirql_unit_test_setup(forwarding_waits_for_nothing_if_it_is_done, start),
        dirql_unit_test_setup(forwarding_waits_for_the_lower_driver, start),
        dirql_unit_test_setup(forwarding_waits_for_the_lower_driver, start, .processors = 2),
        dirql_unit_test_setup(forwarding_has_another_name, start),
        dirql_unit_test_setup(forwarding_needs_another_location, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of lib/io/completeirp.c: requests come back up a stack. */
#include "stack.h"

static int start(void **state)
{
    (void)state;
    stack_make();
    return 0;
}

static PIRP send_one(struct own_request *own, NTSTATUS expected)
{
    own_make(own, IRP_MJ_READ);
    assert_int_equal(own_send(own), expected);
    return own->irp;
}

static void end(struct own_request *own)
{
    IoFreeIrp(own->irp);
    stack_delete();
}

/* ---- Who is called --------------------------------------------------------------------------- */

static void routines_are_called_from_below(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = stack_copy;
    (void)send_one(&own, STATUS_SUCCESS);
    assert_int_equal(stack.completions, 1);
    assert_int_equal(own.completions, 1);
    assert_int_equal(own.status, STATUS_SUCCESS);
    end(&own);
}

static struct {
    BOOLEAN on_success, on_error, on_cancel;
} wanted;

static NTSTATUS copy_as_wanted(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, stack_completion, NULL, wanted.on_success, wanted.on_error,
                           wanted.on_cancel);
    return IoCallDriver(stack.lower, irp);
}

/* How often the routine is called when the request ends like this. */
static LONG count_calls(BOOLEAN on_success, BOOLEAN on_error, BOOLEAN on_cancel, NTSTATUS status,
                        bool cancel)
{
    struct own_request own;

    wanted.on_success = on_success;
    wanted.on_error = on_error;
    wanted.on_cancel = on_cancel;
    stack.completions = 0;
    stack.upper_does = copy_as_wanted;
    stack.lower_does = stack_keep;
    (void)send_one(&own, STATUS_PENDING);
    if (cancel) {
        assert_false(IoCancelIrp(own.irp));
    }
    stack_finish(status, 0);
    assert_int_equal(own.completions, 1);
    IoFreeIrp(own.irp);
    return stack.completions;
}

static void a_routine_is_called_for_the_outcomes_it_wants(void **state)
{
    (void)state;
    assert_int_equal(count_calls(TRUE, FALSE, FALSE, STATUS_SUCCESS, false), 1);
    assert_int_equal(count_calls(TRUE, FALSE, FALSE, STATUS_UNSUCCESSFUL, false), 0);
    assert_int_equal(count_calls(FALSE, TRUE, FALSE, STATUS_SUCCESS, false), 0);
    assert_int_equal(count_calls(FALSE, TRUE, FALSE, STATUS_UNSUCCESSFUL, false), 1);
    assert_int_equal(count_calls(FALSE, FALSE, TRUE, STATUS_CANCELLED, false), 0);
    assert_int_equal(count_calls(FALSE, FALSE, TRUE, STATUS_CANCELLED, true), 1);
    assert_int_equal(count_calls(FALSE, FALSE, TRUE, STATUS_SUCCESS, true), 1);
    assert_int_equal(count_calls(FALSE, FALSE, FALSE, STATUS_SUCCESS, true), 0);
    stack_delete();
}

/* ---- Pending --------------------------------------------------------------------------------- */

static BOOLEAN pending_returned;

static NTSTATUS note_pending(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    pending_returned = irp->PendingReturned;
    return stack_completion(device, irp, context);
}

static NTSTATUS copy_and_note(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, note_pending, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(stack.lower, irp);
}

static void a_routine_learns_whether_the_lower_driver_marked_it(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = copy_and_note;
    (void)send_one(&own, STATUS_SUCCESS);
    assert_false(pending_returned);
    IoFreeIrp(own.irp);
    stack.lower_does = stack_keep;
    (void)send_one(&own, STATUS_PENDING);
    stack_finish(STATUS_SUCCESS, 0);
    assert_true(pending_returned);
    assert_true(own.irp->PendingReturned);
    end(&own);
}

/* No completion routine: the mark goes up by itself. */
static NTSTATUS copy_without_a_routine(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    return IoCallDriver(stack.lower, irp);
}

static void without_a_routine_the_mark_goes_up(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = copy_without_a_routine;
    stack.lower_does = stack_keep;
    (void)send_one(&own, STATUS_PENDING);
    stack_finish(STATUS_SUCCESS, 0);
    assert_true(own.irp->PendingReturned);
    end(&own);
}

static NTSTATUS mark_and_complete(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    (void)stack_complete(irp, STATUS_SUCCESS, 3);
    return STATUS_PENDING;
}

static void it_may_be_complete_before_pending_is_returned(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = stack_copy;
    stack.lower_does = mark_and_complete;
    (void)send_one(&own, STATUS_PENDING);
    assert_int_equal(own.completions, 1);
    end(&own);
}

/* ---- STATUS_MORE_PROCESSING_REQUIRED --------------------------------------------------------- */

static NTSTATUS keep_at_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)context;
    stack.completions++;
    stack.kept = irp;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS copy_and_keep(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, keep_at_completion, NULL, TRUE, TRUE, TRUE);
    (void)IoCallDriver(stack.lower, irp);
    return STATUS_PENDING;
}

static void a_routine_can_keep_the_request(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = copy_and_keep;
    (void)send_one(&own, STATUS_PENDING);
    assert_int_equal(stack.completions, 1);
    assert_int_equal(own.completions, 0);
    stack_finish(STATUS_UNSUCCESSFUL, 0);
    assert_int_equal(stack.completions, 1);
    assert_int_equal(own.completions, 1);
    assert_int_equal(own.status, STATUS_UNSUCCESSFUL);
    end(&own);
}

static NTSTATUS try_again(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)context;
    if (++stack.completions < 3) {
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, try_again, NULL, TRUE, TRUE, TRUE);
        (void)IoCallDriver(stack.lower, irp);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS copy_and_try_again(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, try_again, NULL, TRUE, TRUE, TRUE);
    (void)IoCallDriver(stack.lower, irp);
    return STATUS_PENDING;
}

static void a_routine_can_send_it_again(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = copy_and_try_again;
    (void)send_one(&own, STATUS_PENDING);
    assert_int_equal(stack.lower_calls, 3);
    assert_int_equal(own.completions, 1);
    end(&own);
}

/* ---- Where ----------------------------------------------------------------------------------- */

static KIRQL irql;

static NTSTATUS note_irql(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    irql = KeGetCurrentIrql();
    return stack_completion(device, irp, context);
}

static NTSTATUS copy_and_note_irql(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, note_irql, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(stack.lower, irp);
}

static VOID finish_in_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    stack_finish(STATUS_SUCCESS, 0);
}

static void a_dpc_can_complete_it(void **state)
{
    struct own_request own;
    KDPC dpc;

    (void)state;
    KeInitializeDpc(&dpc, finish_in_dpc, NULL);
    stack.upper_does = copy_and_note_irql;
    stack.lower_does = stack_keep;
    (void)send_one(&own, STATUS_PENDING);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeWaitForSingleObject(&own.done, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(irql, DISPATCH_LEVEL);
    KeFlushQueuedDpcs();
    end(&own);
}

static IO_STACK_LOCATION left_below;

static NTSTATUS look_below(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    left_below = *IoGetNextIrpStackLocation(irp);
    return stack_completion(device, irp, context);
}

static NTSTATUS copy_and_look_below(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, look_below, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(stack.lower, irp);
}

static void the_lower_drivers_location_is_cleared(void **state)
{
    static const IO_STACK_LOCATION nothing;
    struct own_request own;

    (void)state;
    stack.upper_does = copy_and_look_below;
    (void)send_one(&own, STATUS_SUCCESS);
    assert_memory_equal(&left_below, &nothing, sizeof(nothing));
    end(&own);
}

/* ---- IoSetCompletionRoutineEx ---------------------------------------------------------------- */

static NTSTATUS set_status;

static NTSTATUS copy_extended(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    set_status = IoSetCompletionRoutineEx(device, irp, stack_completion, NULL, wanted.on_success,
                                          wanted.on_error, wanted.on_cancel);
    if (!NT_SUCCESS(set_status)) {
        return stack_complete(irp, set_status, 0);
    }
    return IoCallDriver(stack.lower, irp);
}

static void the_extended_routine_does_the_same(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = copy_extended;
    wanted.on_success = TRUE;
    wanted.on_error = FALSE;
    wanted.on_cancel = FALSE;
    (void)send_one(&own, STATUS_SUCCESS);
    assert_int_equal(set_status, STATUS_SUCCESS);
    assert_int_equal(stack.completions, 1);
    IoFreeIrp(own.irp);
    stack.lower_does = stack_fail;
    (void)send_one(&own, STATUS_DEVICE_NOT_READY);
    assert_int_equal(stack.completions, 1);
    IoFreeIrp(own.irp);
    stack.lower_does = stack_keep;
    wanted.on_success = FALSE;
    (void)send_one(&own, STATUS_PENDING);
    stack_finish(STATUS_SUCCESS, 0);
    assert_int_equal(stack.completions, 1);
    end(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(routines_are_called_from_below, start),
        dirql_unit_test_setup(a_routine_is_called_for_the_outcomes_it_wants, start),
        dirql_unit_test_setup(a_routine_learns_whether_the_lower_driver_marked_it, start),
        dirql_unit_test_setup(without_a_routine_the_mark_goes_up, start),
        dirql_unit_test_setup(it_may_be_complete_before_pending_is_returned, start),
        dirql_unit_test_setup(a_routine_can_keep_the_request, start),
        dirql_unit_test_setup(a_routine_can_send_it_again, start),
        dirql_unit_test_setup(a_dpc_can_complete_it, start),
        dirql_unit_test_setup(a_dpc_can_complete_it, start, .processors = 2),
        dirql_unit_test_setup(the_lower_drivers_location_is_cleared, start),
        dirql_unit_test_setup(the_extended_routine_does_the_same, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

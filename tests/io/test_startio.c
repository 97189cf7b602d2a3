/* Tests of lib/io/startio.c. */
#include "stack.h"

static char order[16];
static unsigned inside, deepest;
static KIRQL irql;
static bool finish_at_once;

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    const size_t length = strlen(order);

    irql = KeGetCurrentIrql();
    assert_ptr_equal(device->CurrentIrp, irp);
    order[length] = (char)IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Key;
    order[length + 1] = '\0';
    inside++;
    deepest = inside > deepest ? inside : deepest;
    if (finish_at_once) {
        (void)stack_complete(irp, STATUS_SUCCESS, 0);
        IoStartNextPacket(device, FALSE);
    }
    inside--;
}

static PULONG key;
static PDRIVER_CANCEL cancel_routine;

static NTSTATUS start_packet(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, key, cancel_routine);
    return STATUS_PENDING;
}

static int start(void **state)
{
    (void)state;
    order[0] = '\0';
    deepest = 0;
    finish_at_once = false;
    key = NULL;
    cancel_routine = NULL;
    stack_make();
    stack.lower_driver.DriverStartIo = start_io;
    stack.lower_does = start_packet;
    return 0;
}

static struct own_request requests[4];

static void send(unsigned i, char name)
{
    own_make(&requests[i], IRP_MJ_READ);
    IoGetNextIrpStackLocation(requests[i].irp)->Parameters.Read.Key = (ULONG)name;
    assert_int_equal(own_send(&requests[i]), STATUS_PENDING);
}

static void free_requests(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(requests[i].completions, 1);
        IoFreeIrp(requests[i].irp);
    }
    stack_delete();
}

/* As the device's DPC does. */
static void finish_current(NTSTATUS status)
{
    PIRP irp = stack.lower->CurrentIrp;
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoStartNextPacket(stack.lower, cancel_routine != NULL);
    KeLowerIrql(old);
    IoSetCancelRoutine(irp, NULL);
    (void)stack_complete(irp, status, 0);
}

static void one_at_a_time_is_started(void **state)
{
    (void)state;
    send(0, 'a');
    assert_string_equal(order, "a");
    assert_int_equal(irql, DISPATCH_LEVEL);
    send(1, 'b');
    send(2, 'c');
    assert_string_equal(order, "a");
    finish_current(STATUS_SUCCESS);
    assert_string_equal(order, "ab");
    finish_current(STATUS_SUCCESS);
    finish_current(STATUS_SUCCESS);
    assert_string_equal(order, "abc");
    assert_null(stack.lower->CurrentIrp);
    assert_false(stack.lower->DeviceQueue.Busy);
    free_requests(3);
}

static void keys_order_what_waits(void **state)
{
    ULONG value;

    (void)state;
    key = &value;
    value = 1;
    send(0, 'a');
    value = 9;
    send(1, 'b');
    value = 5;
    send(2, 'c');
    finish_current(STATUS_SUCCESS);
    assert_string_equal(order, "ac");
    finish_current(STATUS_SUCCESS);
    finish_current(STATUS_SUCCESS);
    free_requests(3);
}

static void the_next_is_chosen_by_key(void **state)
{
    ULONG value = 1;
    PIRP irp;

    (void)state;
    key = &value;
    send(0, 'a');
    send(1, 'b');
    value = 7;
    send(2, 'c');
    irp = stack.lower->CurrentIrp;
    IoStartNextPacketByKey(stack.lower, FALSE, 3);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_string_equal(order, "ac");
    (void)stack_complete(irp, STATUS_SUCCESS, 0);
    finish_current(STATUS_SUCCESS);
    finish_current(STATUS_SUCCESS);
    free_requests(3);
}

static void a_deferred_routine_is_not_entered_again(void **state)
{
    (void)state;
    IoSetStartIoAttributes(stack.lower, TRUE, FALSE);
    send(0, 'a');
    send(1, 'b');
    send(2, 'c');
    finish_at_once = true;
    finish_current(STATUS_SUCCESS);
    assert_string_equal(order, "abc");
    assert_int_equal(deepest, 1);
    free_requests(3);
}

static void without_the_attribute_it_is_and_that_is_a_warning(void **state)
{
    (void)state;
    send(0, 'a');
    send(1, 'b');
    send(2, 'c');
    finish_at_once = true;
    dirql_expect_finding("StartIoRecursion");
    finish_current(STATUS_SUCCESS);
    assert_int_equal(deepest, 2);
    free_requests(3);
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

static VOID cancel(PDEVICE_OBJECT device, PIRP irp)
{
    if (device->CurrentIrp != irp) {
        assert_true(KeRemoveEntryDeviceQueue(&device->DeviceQueue,
                                             &irp->Tail.Overlay.DeviceQueueEntry));
    }
    IoReleaseCancelSpinLock(irp->CancelIrql);
    (void)stack_complete(irp, STATUS_CANCELLED, 0);
}

static void what_waits_can_be_cancelled(void **state)
{
    (void)state;
    cancel_routine = cancel;
    send(0, 'a');
    send(1, 'b');
    send(2, 'c');
    assert_true(IoCancelIrp(requests[1].irp));
    assert_int_equal(requests[1].status, STATUS_CANCELLED);
    finish_current(STATUS_SUCCESS);
    finish_current(STATUS_SUCCESS);
    assert_string_equal(order, "ac");
    free_requests(3);
}

static void one_that_was_cancelled_before_is_not_left_waiting(void **state)
{
    (void)state;
    cancel_routine = cancel;
    send(0, 'a');
    own_make(&requests[1], IRP_MJ_READ);
    assert_false(IoCancelIrp(requests[1].irp));
    assert_int_equal(own_send(&requests[1]), STATUS_PENDING);
    assert_int_equal(requests[1].status, STATUS_CANCELLED);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    finish_current(STATUS_SUCCESS);
    assert_null(stack.lower->CurrentIrp);
    assert_string_equal(order, "a");
    free_requests(2);
}

static void the_next_of_none_starts_nothing(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoStartNextPacket(stack.lower, TRUE);
    IoStartNextPacketByKey(stack.lower, FALSE, 1);
    KeLowerIrql(old);
    assert_string_equal(order, "");
    free_requests(0);
}

static void one_is_dequeued_and_can_no_longer_be_cancelled_if_so_wanted(void **state)
{
    (void)state;
    IoSetStartIoAttributes(stack.lower, FALSE, TRUE);
    cancel_routine = cancel;
    send(0, 'a');
    send(1, 'b');
    finish_current(STATUS_SUCCESS);
    assert_false(IoCancelIrp(requests[1].irp));
    assert_int_equal(requests[1].completions, 0);
    finish_current(STATUS_SUCCESS);
    free_requests(2);
}

static void a_started_one_cannot_be_if_so_wanted(void **state)
{
    (void)state;
    IoSetStartIoAttributes(stack.lower, FALSE, TRUE);
    cancel_routine = cancel;
    send(0, 'a');
    assert_false(IoCancelIrp(requests[0].irp));
    finish_current(STATUS_SUCCESS);
    free_requests(1);
}

/* ---- Misuse ---------------------------------------------------------------------------------- */

static void a_driver_without_the_routine_is_reported(void **state)
{
    (void)state;
    stack.lower_driver.DriverStartIo = NULL;
    dirql_expect_finding("StartIo");
    send(0, 'a');
    fail_msg("there is nothing to call");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(one_at_a_time_is_started, start),
        dirql_unit_test_setup(keys_order_what_waits, start),
        dirql_unit_test_setup(the_next_is_chosen_by_key, start),
        dirql_unit_test_setup(a_deferred_routine_is_not_entered_again, start),
        dirql_unit_test_setup(without_the_attribute_it_is_and_that_is_a_warning, start),
        dirql_unit_test_setup(what_waits_can_be_cancelled, start),
        dirql_unit_test_setup(one_that_was_cancelled_before_is_not_left_waiting, start),
        dirql_unit_test_setup(the_next_of_none_starts_nothing, start),
        dirql_unit_test_setup(one_is_dequeued_and_can_no_longer_be_cancelled_if_so_wanted, start),
        dirql_unit_test_setup(a_started_one_cannot_be_if_so_wanted, start),
        dirql_unit_test_setup(a_driver_without_the_routine_is_reported, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

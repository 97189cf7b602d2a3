/* Tests of lib/io/buildirp.c and finishirp.c: requests that the I/O manager builds and ends. */
#include "stack.h"

#include <dirql/fail.h>

static KEVENT event;
static IO_STATUS_BLOCK status_block;

static int start(void **state)
{
    (void)state;
    stack_make();
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    status_block.Status = STATUS_UNSUCCESSFUL;
    return 0;
}

static ULONG control(ULONG method)
{
    return CTL_CODE(FILE_DEVICE_SOUND, 0x801, method, FILE_ANY_ACCESS);
}

/* Sends it, waits, and returns how it ended. */
static NTSTATUS run(PIRP irp)
{
    NTSTATUS status;

    assert_non_null(irp);
    status = IoCallDriver(stack.upper, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = status_block.Status;
    }
    return status;
}

/* ---- Device controls ------------------------------------------------------------------------- */

/* Answers with the input, each byte one more. */
static NTSTATUS answer(PIRP irp, const UCHAR *input, UCHAR *output)
{
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation(irp);
    const ULONG bytes = location->Parameters.DeviceIoControl.InputBufferLength;

    for (ULONG i = 0; i < bytes; i++) {
        output[i] = (UCHAR)(input[i] + 1);
    }
    return stack_complete(irp, STATUS_SUCCESS, bytes);
}

static NTSTATUS answer_buffered(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    assert_ptr_not_equal(irp->AssociatedIrp.SystemBuffer, irp->UserBuffer);
    return answer(irp, irp->AssociatedIrp.SystemBuffer, irp->AssociatedIrp.SystemBuffer);
}

static void a_buffered_control_copies_both_ways(void **state)
{
    const UCHAR input[3] = { 1, 2, 3 };
    UCHAR output[5] = { 9, 9, 9, 9, 9 };
    const UCHAR expected[5] = { 2, 3, 4, 9, 9 };

    (void)state;
    stack.lower_does = answer_buffered;
    assert_int_equal(run(IoBuildDeviceIoControlRequest(control(METHOD_BUFFERED), stack.upper,
                                                       (PVOID)(ULONG_PTR)input, 3, output, 5, FALSE,
                                                       &event, &status_block)),
                     STATUS_SUCCESS);
    assert_int_equal(status_block.Status, STATUS_SUCCESS);
    assert_int_equal(status_block.Information, 3);
    assert_memory_equal(output, expected, 5);
    assert_int_equal(KeReadStateEvent(&event), 1);
    stack_delete();
}

static NTSTATUS answer_direct(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    assert_int_equal(MmGetMdlByteCount(irp->MdlAddress), 3);
    return answer(irp, irp->AssociatedIrp.SystemBuffer,
                  MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority));
}

static void a_direct_control_has_an_mdl_for_its_output(void **state)
{
    const UCHAR input[3] = { 1, 2, 3 }, expected[3] = { 2, 3, 4 };
    UCHAR output[3] = { 0 };

    (void)state;
    stack.lower_does = answer_direct;
    assert_int_equal(run(IoBuildDeviceIoControlRequest(control(METHOD_OUT_DIRECT), stack.upper,
                                                       (PVOID)(ULONG_PTR)input, 3, output, 3, FALSE,
                                                       &event, &status_block)),
                     STATUS_SUCCESS);
    assert_memory_equal(output, expected, 3);
    stack_delete();
}

static NTSTATUS answer_neither(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    assert_null(irp->AssociatedIrp.SystemBuffer);
    assert_null(irp->MdlAddress);
    return answer(
        irp, IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.Type3InputBuffer,
        irp->UserBuffer);
}

static void a_control_of_neither_kind_has_the_callers_pointers(void **state)
{
    const UCHAR input[3] = { 1, 2, 3 }, expected[3] = { 2, 3, 4 };
    UCHAR output[3] = { 0 };

    (void)state;
    stack.lower_does = answer_neither;
    assert_int_equal(run(IoBuildDeviceIoControlRequest(control(METHOD_NEITHER), stack.upper,
                                                       (PVOID)(ULONG_PTR)input, 3, output, 3, FALSE,
                                                       &event, &status_block)),
                     STATUS_SUCCESS);
    assert_memory_equal(output, expected, 3);
    stack_delete();
}

static UCHAR seen_major;

static NTSTATUS note_major(PDEVICE_OBJECT device, PIRP irp)
{
    seen_major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    return stack_succeed(device, irp);
}

static void an_internal_control_has_its_own_function(void **state)
{
    (void)state;
    stack.lower_does = note_major;
    (void)run(IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, TRUE,
                                            &event, &status_block));
    assert_int_equal(seen_major, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    KeClearEvent(&event);
    (void)run(IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE,
                                            &event, &status_block));
    assert_int_equal(seen_major, IRP_MJ_DEVICE_CONTROL);
    stack_delete();
}

/* ---- Their end ------------------------------------------------------------------------------- */

static void finish_later(void *context)
{
    (void)context;
    while (stack.kept == NULL) {
        dirql_time_advance_ms(1);
    }
    dirql_time_advance_ms(5);
    stack_finish(STATUS_DEVICE_NOT_READY, 7);
}

static void the_caller_waits_for_another_thread(void **state)
{
    dirql_thread *thread;

    (void)state;
    stack.lower_does = stack_keep;
    thread = dirql_thread_start("device", DIRQL_ANY_PROCESSOR, finish_later, NULL);
    assert_int_equal(run(IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0,
                                                       FALSE, &event, &status_block)),
                     STATUS_DEVICE_NOT_READY);
    assert_int_equal(status_block.Information, 7);
    dirql_thread_join(thread);
    stack_delete();
}

static void the_end_waits_for_passive_level(void **state)
{
    PIRP irp;
    KIRQL old;

    (void)state;
    stack.lower_does = stack_keep;
    irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE, &event,
                                        &status_block);
    assert_int_equal(IoCallDriver(stack.upper, irp), STATUS_PENDING);
    KeRaiseIrql(APC_LEVEL, &old);
    stack_finish(STATUS_SUCCESS, 0);
    assert_int_equal(KeReadStateEvent(&event), 0);
    KeLowerIrql(old);
    assert_int_equal(KeReadStateEvent(&event), 1);
    stack_delete();
}

static void the_end_waits_for_the_end_of_a_guarded_region(void **state)
{
    PIRP irp;

    (void)state;
    stack.lower_does = stack_keep;
    irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE, &event,
                                        &status_block);
    assert_int_equal(IoCallDriver(stack.upper, irp), STATUS_PENDING);
    KeEnterGuardedRegion();
    stack_finish(STATUS_SUCCESS, 0);
    assert_int_equal(KeReadStateEvent(&event), 0);
    KeLeaveGuardedRegion();
    assert_int_equal(KeReadStateEvent(&event), 1);
    stack_delete();
}

static volatile LONG cancels;

static VOID cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    cancels++;
    stack.kept = NULL;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    (void)stack_complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS keep_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, cancel);
    return stack_keep(device, irp);
}

static void send_and_end(void *context)
{
    PIRP irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE,
                                             &event, &status_block);

    (void)context;
    assert_int_equal(IoCallDriver(stack.upper, irp), STATUS_PENDING);
}

static void a_thread_that_ends_cancels_its_requests(void **state)
{
    (void)state;
    cancels = 0;
    stack.lower_does = keep_cancelable;
    dirql_thread_join(dirql_thread_start("sender", DIRQL_ANY_PROCESSOR, send_and_end, NULL));
    assert_int_equal(cancels, 1);
    assert_int_equal(status_block.Status, STATUS_CANCELLED);
    assert_int_equal(KeReadStateEvent(&event), 1);
    stack_delete();
}

/* ---- Reads and writes ------------------------------------------------------------------------ */

static NTSTATUS read_buffered(PDEVICE_OBJECT device, PIRP irp)
{
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation(irp);

    (void)device;
    assert_int_equal(location->Parameters.Read.ByteOffset.QuadPart, 1000);
    memset(irp->AssociatedIrp.SystemBuffer, 7, location->Parameters.Read.Length);
    return stack_complete(irp, STATUS_SUCCESS, location->Parameters.Read.Length - 1);
}

static void a_buffered_read_copies_what_was_read(void **state)
{
    LARGE_INTEGER offset = { .QuadPart = 1000 };
    UCHAR buffer[4] = { 0 };
    const UCHAR expected[4] = { 7, 7, 7, 0 };

    (void)state;
    stack.upper->Flags |= DO_BUFFERED_IO;
    stack.lower_does = read_buffered;
    assert_int_equal(run(IoBuildSynchronousFsdRequest(IRP_MJ_READ, stack.upper, buffer, 4, &offset,
                                                      &event, &status_block)),
                     STATUS_SUCCESS);
    assert_int_equal(status_block.Information, 3);
    assert_memory_equal(buffer, expected, 4);
    stack_delete();
}

static NTSTATUS write_direct(PDEVICE_OBJECT device, PIRP irp)
{
    const UCHAR *bytes = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);

    (void)device;
    assert_int_equal(bytes[3], 4);
    return stack_complete(irp, STATUS_SUCCESS, MmGetMdlByteCount(irp->MdlAddress));
}

static void a_direct_write_has_an_mdl(void **state)
{
    UCHAR buffer[4] = { 1, 2, 3, 4 };

    (void)state;
    stack.upper->Flags |= DO_DIRECT_IO;
    stack.lower_does = write_direct;
    assert_int_equal(run(IoBuildSynchronousFsdRequest(IRP_MJ_WRITE, stack.upper, buffer, 4, NULL,
                                                      &event, &status_block)),
                     STATUS_SUCCESS);
    assert_int_equal(status_block.Information, 4);
    stack_delete();
}

static void a_request_for_plug_and_play_begins_as_not_supported(void **state)
{
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, stack.upper, NULL, 0, NULL, &event,
                                            &status_block);

    (void)state;
    assert_int_equal(irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
    IoGetNextIrpStackLocation(irp)->MinorFunction = IRP_MN_QUERY_STOP_DEVICE;
    assert_int_equal(run(irp), STATUS_SUCCESS);
    stack_delete();
}

static void who_builds_an_asynchronous_one_frees_it(void **state)
{
    struct own_request own = { 0 };
    UCHAR buffer[4] = { 1, 2, 3, 4 };

    (void)state;
    stack.upper->Flags |= DO_DIRECT_IO;
    stack.lower_does = write_direct;
    KeInitializeEvent(&own.done, NotificationEvent, FALSE);
    own.irp = IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, stack.upper, buffer, 4, NULL, NULL);
    assert_ptr_equal(own.irp->Tail.Overlay.Thread, PsGetCurrentThread());
    IoSetCompletionRoutine(own.irp, own_done, &own, TRUE, TRUE, TRUE);
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    assert_int_equal(own.irp->IoStatus.Information, 4);
    MmUnlockPages(own.irp->MdlAddress);
    IoFreeMdl(own.irp->MdlAddress);
    IoFreeIrp(own.irp);
    stack_delete();
}

/* ---- Without resources ----------------------------------------------------------------------- */

static void each_can_fail(void **state)
{
    UCHAR buffer[4];

    (void)state;
    dirql_fail_set("irp:1+");
    assert_null(IoAllocateIrp(1, FALSE));
    assert_null(IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE,
                                              &event, &status_block));
    assert_null(IoBuildSynchronousFsdRequest(IRP_MJ_READ, stack.upper, buffer, 4, NULL, &event,
                                             &status_block));
    assert_null(
        IoBuildAsynchronousFsdRequest(IRP_MJ_READ, stack.upper, buffer, 4, NULL, NULL));
    dirql_fail_set(NULL);
    stack_delete();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(a_buffered_control_copies_both_ways, start),
        dirql_unit_test_setup(a_direct_control_has_an_mdl_for_its_output, start),
        dirql_unit_test_setup(a_control_of_neither_kind_has_the_callers_pointers, start),
        dirql_unit_test_setup(an_internal_control_has_its_own_function, start),
        dirql_unit_test_setup(the_caller_waits_for_another_thread, start),
        dirql_unit_test_setup(the_caller_waits_for_another_thread, start, .processors = 2),
        dirql_unit_test_setup(the_end_waits_for_passive_level, start),
        dirql_unit_test_setup(the_end_waits_for_the_end_of_a_guarded_region, start),
        dirql_unit_test_setup(a_thread_that_ends_cancels_its_requests, start),
        dirql_unit_test_setup(a_thread_that_ends_cancels_its_requests, start, .processors = 2),
        dirql_unit_test_setup(a_buffered_read_copies_what_was_read, start),
        dirql_unit_test_setup(a_direct_write_has_an_mdl, start),
        dirql_unit_test_setup(a_request_for_plug_and_play_begins_as_not_supported, start),
        dirql_unit_test_setup(who_builds_an_asynchronous_one_frees_it, start),
        dirql_unit_test_setup(each_can_fail, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

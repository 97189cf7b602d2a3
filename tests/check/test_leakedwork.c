/*
 * test_leakedwork.c - what a driver leaves to run later is reported at the end of the run:
 * interrupts, timers, DPCs, work items, threads.
 */
#include "left.h"

/* Things of a driver; static, so that they outlive the body. */
static KTIMER timer;
static KDPC dpc;
static const LARGE_INTEGER in_a_second = { .QuadPart = -10000000 };

/* ---- What runs later ------------------------------------------------------------------------- */

static BOOLEAN claim(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return TRUE;
}

static void leave_a_section(void *context)
{
    PVOID handle = MmLockPagableDataSection(&timer);

    (void)context;
    if (tidy) {
        MmUnlockPagableImageSection(handle);
    }
}

static void a_section_that_is_not_unlocked_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_section, "SectionLeft", "a pageable section is still locked 1 time");
}

static void leave_a_resolution(void *context)
{
    (void)context;
    (void)ExSetTimerResolution(10000, TRUE);
    if (tidy) {
        (void)ExSetTimerResolution(0, FALSE);
    }
}

static void a_resolution_that_is_not_restored_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_resolution, "ResolutionLeft", "the resolution of the clock is still set");
}

static void leave_an_interrupt(void *context)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .name = "uart" });
    PKINTERRUPT interrupt;

    (void)context;
    assert_int_equal(IoConnectInterrupt(&interrupt, claim, NULL, NULL, dirql_line_vector(line),
                                        dirql_line_irql(line), dirql_line_irql(line),
                                        dirql_line_mode(line), FALSE, dirql_line_processors(line),
                                        FALSE),
                     STATUS_SUCCESS);
    if (tidy) {
        IoDisconnectInterrupt(interrupt);
    }
}

static void an_interrupt_that_is_still_connected_is_reported(void **state)
{
    (void)state;
    assert_left(leave_an_interrupt, "InterruptLeft",
                "the interrupt of line \"uart\" is still connected");
}

static void leave_a_timer(void *context)
{
    (void)context;
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, in_a_second, NULL);
    if (tidy) {
        KeCancelTimer(&timer);
    }
}

static void tick(PEX_TIMER expired, PVOID context)
{
    (void)expired;
    (void)context;
}

static void leave_an_ex_timer(void *context)
{
    PEX_TIMER made = ExAllocateTimer(tick, NULL, 0);

    (void)context;
    if (tidy) {
        ExDeleteTimer(made, TRUE, TRUE, NULL);
    }
}

static void timers_that_are_still_set_are_reported(void **state)
{
    (void)state;
    assert_left(leave_a_timer, "TimerLeft", "a timer is still set");
    assert_left(leave_an_ex_timer, "TimerLeft", "an EX_TIMER is not deleted");
}

static void dpc_routine(PKDPC of, PVOID context, PVOID a1, PVOID a2)
{
    (void)of;
    (void)context;
    (void)a1;
    (void)a2;
}

static volatile LONG busy;

static void keep_processor_1_busy(void *context)
{
    KIRQL old;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    InterlockedExchange(&busy, 1);
    while (ReadAcquire(&busy) != 0) {
        KeStallExecutionProcessor(1);
    }
    KeLowerIrql(old);
}

static dirql_thread *queue_on_busy_processor(PKDPC queued)
{
    dirql_thread *thread;

    busy = 0;
    dirql_thread_move(0);
    thread = dirql_thread_start("busy", 1, keep_processor_1_busy, NULL);
    while (ReadAcquire(&busy) == 0) {
        dirql_time_advance_us(1);
    }
    KeInitializeDpc(queued, dpc_routine, NULL);
    KeSetTargetProcessorDpc(queued, 1);
    KeInsertQueueDpc(queued, NULL, NULL);
    return thread;
}

static void leave_a_dpc(void *context)
{
    dirql_thread *thread = queue_on_busy_processor(&dpc);

    (void)context;
    if (tidy) {
        InterlockedExchange(&busy, 0);
        dirql_thread_join(thread);
        KeFlushQueuedDpcs();
    }
}

static void a_dpc_that_is_still_queued_is_reported(void **state)
{
    (void)state;
    tidy = false;
    rule_run_undisturbed(2, leave_a_dpc);
    assert_finding_is(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, 0, 0, 0, 0, "DpcLeft");
    assert_report_has("(its routine: dpc_routine");
    tidy = true;
    assert_silent(leave_a_dpc, 2, "DpcLeft");
}

static void leave_a_dpc_on_a_dead_stack(void *context)
{
    KDPC on_stack;

    (void)context;
    (void)queue_on_busy_processor(&on_stack);
}

static void a_dpc_on_a_stack_that_is_gone_is_not_followed(void **state)
{
    (void)state;
    rule_run_undisturbed(2, leave_a_dpc_on_a_dead_stack);
    assert_report_has("was on the stack of a routine that has returned");
}

static void work(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    if (context != NULL) {
        KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    }
}

static void leave_queued_work(void *context)
{
    static KEVENT done;
    PDEVICE_OBJECT device;
    PIO_WORKITEM item;

    (void)context;
    IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    item = IoAllocateWorkItem(device);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    KeSetPriorityThread(KeGetCurrentThread(), HIGH_PRIORITY); /* No worker gets in between. */
    IoQueueWorkItem(item, work, DelayedWorkQueue, &done);
    if (tidy) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        IoFreeWorkItem(item);
        IoDeleteDevice(device);
    }
}

static void a_work_item_that_is_still_queued_is_reported(void **state)
{
    (void)state;
    tidy = false;
    rule_run_undisturbed(1, leave_queued_work);
    assert_finding_is(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, 0, 0, 0, 0,
                      "WorkItemLeft");
    assert_report_has("a work item is still queued (its routine: work");
    tidy = true;
    assert_silent(leave_queued_work, 1, "WorkItemLeft");
}

static KEVENT go_on;

static void wait_for_ever(PVOID context)
{
    (void)context;
    KeWaitForSingleObject(&go_on, Executive, KernelMode, FALSE, NULL);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void leave_a_thread(void *context)
{
    HANDLE handle;
    PVOID thread;

    (void)context;
    KeInitializeEvent(&go_on, NotificationEvent, FALSE);
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, wait_for_ever, NULL);
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL);
    ZwClose(handle);
    if (tidy) {
        KeSetEvent(&go_on, IO_NO_INCREMENT, FALSE);
        KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    }
    ObDereferenceObject(thread);
}

static void leave_a_handle(void *context)
{
    HANDLE handle;

    (void)context;
    KeInitializeEvent(&go_on, NotificationEvent, TRUE);
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, wait_for_ever, NULL);
    settle();
    if (tidy) {
        ZwClose(handle);
    }
}

static void threads_and_their_handles_are_reported(void **state)
{
    (void)state;
    assert_left(leave_a_thread, "ThreadLeft", "a system thread has not ended");
    tidy = false;
    assert_warned(leave_a_handle, 1, 1, "HandleLeft");
    assert_report_has("its handle is not closed");
    tidy = true;
    assert_silent(leave_a_handle, 1, "HandleLeft");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupt_that_is_still_connected_is_reported),
        cmocka_unit_test(timers_that_are_still_set_are_reported),
        cmocka_unit_test(a_dpc_that_is_still_queued_is_reported),
        cmocka_unit_test(a_dpc_on_a_stack_that_is_gone_is_not_followed),
        cmocka_unit_test(a_work_item_that_is_still_queued_is_reported),
        cmocka_unit_test(threads_and_their_handles_are_reported),
        cmocka_unit_test(a_resolution_that_is_not_restored_is_reported),
        cmocka_unit_test(a_section_that_is_not_unlocked_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

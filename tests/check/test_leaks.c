/*
 * test_leaks.c - what a driver leaves behind is reported at the end of the run, with the place that
 * made it; what it gives back is not.
 */
#include "left.h"

#include <portcls.h>

enum { TAG = 0x6B61654C }; /* "Leak" */

/* Things of a driver; static, so that they outlive the body. */
static KTIMER timer;
static KDPC dpc;
static LOOKASIDE_LIST_EX list;
static NPAGED_LOOKASIDE_LIST old_list;
static ERESOURCE resource;
static FAST_MUTEX fast_mutex;
static KMUTEX mutex;
static IO_REMOVE_LOCK remove_lock;
static const LARGE_INTEGER in_a_second = { .QuadPart = -10000000 };

/* ---- Memory ---------------------------------------------------------------------------------- */

__attribute__((noinline)) static void leave_pool(void *context)
{
    volatile unsigned count = 3; /* One place: the compiler cannot unroll it. */
    void *blocks[3];

    (void)context;
    for (unsigned i = 0; i < count; i++) {
        blocks[i] = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);
    }
    for (unsigned i = 0; i < 3 && tidy; i++) {
        ExFreePoolWithTag(blocks[i], TAG);
    }
}

static void pool_that_is_not_freed_is_grouped_by_place(void **state)
{
    (void)state;
    assert_left(leave_pool, "PoolLeak",
                "nonpaged pool with tag \"Leak\" was never freed: 300 bytes in 3 blocks. "
                "ExAllocatePool2 was called at leave_pool");
    tidy = false;
    rule_run(1, leave_pool);
    assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);
    assert_int_equal(rule_result.parameters[0], 0x62);
    assert_int_equal(rule_result.parameters[3], 3);
}

static void leave_several(void *context)
{
    (void)context;
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 10, TAG);
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 10, TAG);
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, in_a_second, NULL);
}

static void what_is_left_is_told_by_place_and_in_order(void **state)
{
    const char *set, *pool;

    (void)state;
    rule_run(1, leave_several);
    assert_int_equal(rule_result.errors, 3);
    assert_report_has(": 10 bytes in 1 block. ExAllocatePool2 was called at leave_several");
    set = strstr(rule_result.report, "rule:  TimerLeft:");
    pool = strstr(rule_result.report, "rule:  PoolLeak:");
    assert_true(set != NULL && set < pool); /* What still runs comes first. */
}

static void leave_a_string(void *context)
{
    UNICODE_STRING text;

    (void)context;
    RtlCreateUnicodeString(&text, L"left");
    if (tidy) {
        RtlFreeUnicodeString(&text);
    }
}

static void a_string_that_is_not_freed_is_pool(void **state)
{
    (void)state;
    assert_left(leave_a_string, "PoolLeak", "paged pool with tag \"Strg\"");
}

static void leave_a_work_item(void *context)
{
    PDEVICE_OBJECT device;
    PIO_WORKITEM item;

    (void)context;
    IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    item = IoAllocateWorkItem(device);
    if (tidy) {
        IoFreeWorkItem(item);
    }
    IoDeleteDevice(device);
}

static void a_work_item_that_is_not_freed_is_pool(void **state)
{
    (void)state;
    assert_left(leave_a_work_item, "PoolLeak", "IoAllocateWorkItem was called at");
}

static void leave_a_mapping(void *context)
{
    const dirql_device device = { .name = "card" };
    void *registers;

    (void)context;
    registers = MmMapIoSpace(dirql_device_add_memory(&device, 0, 0x100), 0x100, MmNonCached);
    if (tidy) {
        MmUnmapIoSpace(registers, 0x100);
    }
}

static void device_memory_that_is_still_mapped_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_mapping, "MappingLeft", "device memory is still mapped: 256 bytes");
}

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

/* ---- Objects --------------------------------------------------------------------------------- */

static void leave_lookaside_lists(void *context)
{
    (void)context;
    ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, 64, TAG, 0);
    if (tidy) {
        ExDeleteLookasideListEx(&list);
    }
}

static void leave_an_old_lookaside_list(void *context)
{
    (void)context;
    ExInitializeNPagedLookasideList(&old_list, NULL, NULL, 0, 64, TAG, 0);
    if (tidy) {
        ExDeleteNPagedLookasideList(&old_list);
    }
}

static void lookaside_lists_that_are_not_deleted_are_reported(void **state)
{
    (void)state;
    assert_left(leave_lookaside_lists, "LookasideLeft", "a lookaside list is not deleted");
    assert_left(leave_an_old_lookaside_list, "LookasideLeft", "a lookaside list is not deleted");
}

static void leave_a_resource(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    if (tidy) {
        ExDeleteResourceLite(&resource);
    }
}

static void a_resource_that_is_not_deleted_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_resource, "ResourceLeft", "an ERESOURCE is not deleted");
}

static void notified(PVOID context, PVOID a1, PVOID a2)
{
    (void)context;
    (void)a1;
    (void)a2;
}

static void leave_a_callback(void *context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Mine");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object;
    PVOID registration;

    (void)context;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    ExCreateCallback(&object, &attributes, TRUE, FALSE);
    registration = ExRegisterCallback(object, notified, NULL);
    ObDereferenceObject(object);
    if (tidy) {
        ExUnregisterCallback(registration);
    }
}

static void leave_a_callback_object(void *context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Mine");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object;

    (void)context;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    ExCreateCallback(&object, &attributes, TRUE, FALSE);
    if (tidy) {
        ObDereferenceObject(object);
    }
}

static void callbacks_that_are_still_registered_are_reported(void **state)
{
    (void)state;
    assert_left(leave_a_callback, "CallbackLeft", "a callback routine is still registered");
    assert_left(leave_a_callback_object, "ReferenceLeak",
                "a callback object still has 1 reference");
}

static void leave_a_remove_lock(void *context)
{
    (void)context;
    IoInitializeRemoveLock(&remove_lock, TAG, 0, 0);
    (void)IoAcquireRemoveLock(&remove_lock, context);
    if (tidy) {
        IoReleaseRemoveLock(&remove_lock, context);
    }
}

static void a_remove_lock_that_is_still_acquired_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_remove_lock, "RemoveLockLeft", "a remove lock is still acquired");
}

static void leave_a_device(void *context)
{
    PDEVICE_OBJECT device;

    (void)context;
    IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (tidy) {
        IoDeleteDevice(device);
    }
}

static void a_device_that_is_not_deleted_is_a_warning(void **state)
{
    (void)state;
    tidy = false;
    rule_run(1, leave_a_device);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_report_has("rule:  DeviceLeft:");
    assert_warned(leave_a_device, 1, 1, "DeviceLeft");
    tidy = true;
    assert_silent(leave_a_device, 1, "DeviceLeft");
}

static void leave_a_portcls_object(void *context)
{
    PSERVICEGROUP group;
    PRESOURCELIST resources;

    (void)context;
    PcNewServiceGroup(&group, NULL);
    PcNewResourceList(&resources, NULL, NonPagedPool, NULL, NULL);
    group->lpVtbl->AddRef(group);
    group->lpVtbl->Release(group);
    resources->lpVtbl->Release(resources);
    if (tidy) {
        group->lpVtbl->Release(group);
    }
}

static void a_portcls_object_that_is_still_referenced_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_portcls_object, "ReferenceLeak",
                "an IServiceGroup still has 1 reference");
}

/* ---- Locks that are held --------------------------------------------------------------------- */

static void leave_a_fast_mutex(void *context)
{
    (void)context;
    ExInitializeFastMutex(&fast_mutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&fast_mutex);
    if (tidy) {
        ExReleaseFastMutexUnsafe(&fast_mutex);
    }
    KeLeaveCriticalRegion();
}

static void leave_a_mutex(void *context)
{
    (void)context;
    KeInitializeMutex(&mutex, 0);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    if (tidy) {
        KeReleaseMutex(&mutex, FALSE);
    }
}

static void locks_that_the_body_still_owns_are_reported(void **state)
{
    (void)state;
    assert_left(leave_a_fast_mutex, "FastMutexHeld", "while it owned a");
    tidy = false;
    rule_run(1, leave_a_mutex);
    assert_string_not_equal(rule_result.report, ""); /* Its thread is in a critical region, too. */
    tidy = true;
    assert_kept(leave_a_mutex, 1);
}

/* ---- What a test says about it --------------------------------------------------------------- */

static void the_option_makes_leaks_warnings_or_nothing(void **state)
{
    dirql_options options = { .leaks = DIRQL_LEAKS_WARNINGS };

    (void)state;
    tidy = false;
    rule_run_with(&options, leave_pool);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_int_equal(rule_result.warnings, 1);
    options.leaks = DIRQL_LEAKS_IGNORED;
    rule_run_with(&options, leave_pool);
    assert_string_equal(rule_result.report, "");
    options = (dirql_options){ .checks = DIRQL_CHECKS_NONE };
    rule_run_with(&options, leave_pool);
    assert_string_equal(rule_result.report, "");
}

static void leave_suppressed(void *context)
{
    dirql_suppress("PoolLeak", "leave_pool", "Its owner is the whole process.");
    leave_pool(context);
}

static void leave_expected(void *context)
{
    dirql_expect_finding("PoolLeak");
    leave_pool(context);
}

static void leaks_are_suppressed_by_place_and_expected_by_name(void **state)
{
    (void)state;
    tidy = false;
    assert_kept(leave_suppressed, 1);
    rule_run(1, leave_expected);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    tidy = true;
    rule_run(1, leave_expected);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
}

static void leave_and_fail(void *context)
{
    leave_pool(context);
    dirql_fail(__FILE__, __LINE__, "something else");
}

static void a_run_that_failed_has_no_leaks(void **state)
{
    (void)state;
    tidy = false;
    rule_run(1, leave_and_fail);
    assert_int_equal(rule_result.errors, 1);
    assert_report_has("something else");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_that_is_not_freed_is_grouped_by_place),
        cmocka_unit_test(what_is_left_is_told_by_place_and_in_order),
        cmocka_unit_test(a_string_that_is_not_freed_is_pool),
        cmocka_unit_test(a_work_item_that_is_not_freed_is_pool),
        cmocka_unit_test(device_memory_that_is_still_mapped_is_reported),
        cmocka_unit_test(an_interrupt_that_is_still_connected_is_reported),
        cmocka_unit_test(timers_that_are_still_set_are_reported),
        cmocka_unit_test(a_dpc_that_is_still_queued_is_reported),
        cmocka_unit_test(a_dpc_on_a_stack_that_is_gone_is_not_followed),
        cmocka_unit_test(a_work_item_that_is_still_queued_is_reported),
        cmocka_unit_test(threads_and_their_handles_are_reported),
        cmocka_unit_test(lookaside_lists_that_are_not_deleted_are_reported),
        cmocka_unit_test(a_resource_that_is_not_deleted_is_reported),
        cmocka_unit_test(callbacks_that_are_still_registered_are_reported),
        cmocka_unit_test(a_remove_lock_that_is_still_acquired_is_reported),
        cmocka_unit_test(a_device_that_is_not_deleted_is_a_warning),
        cmocka_unit_test(a_portcls_object_that_is_still_referenced_is_reported),
        cmocka_unit_test(locks_that_the_body_still_owns_are_reported),
        cmocka_unit_test(the_option_makes_leaks_warnings_or_nothing),
        cmocka_unit_test(leaks_are_suppressed_by_place_and_expected_by_name),
        cmocka_unit_test(a_resolution_that_is_not_restored_is_reported),
        cmocka_unit_test(a_section_that_is_not_unlocked_is_reported),
        cmocka_unit_test(a_run_that_failed_has_no_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

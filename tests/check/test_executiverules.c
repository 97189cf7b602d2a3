/*
 * test_executiverules.c - each rule about lookaside lists, remove locks, rundown protection,
 * resources, callback objects, timers of the executive and of devices, and work items is found when
 * it is broken, and not when it is kept.
 */
#include "rule.h"

enum { TAG = 0x74736554 };

static LOOKASIDE_LIST_EX list;
static IO_REMOVE_LOCK remove_lock;
static EX_RUNDOWN_REF rundown;
static PEX_RUNDOWN_REF in_pool;
static PCALLBACK_OBJECT callback;
static PVOID registration;
static PEX_TIMER timer;
static PDEVICE_OBJECT device;
static PIO_WORKITEM item;
static volatile LONG runs;

/* ---- Lookaside lists ------------------------------------------------------------------------- */

static void initialise_list(SIZE_T bytes)
{
    ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, bytes, TAG, 0);
}

static void use_a_list(void *context)
{
    PVOID entry;

    (void)context;
    initialise_list(64);
    entry = ExAllocateFromLookasideListEx(&list);
    ExFreeToLookasideListEx(&list, entry);
    ExDeleteLookasideListEx(&list);
}

static void initialise_a_list_twice(void *context)
{
    (void)context;
    initialise_list(64);
    initialise_list(64);
}

static void delete_a_list_that_is_none(void *context)
{
    (void)context;
    memset(&list, 0, sizeof(list));
    ExDeleteLookasideListEx(&list);
}

static void a_misused_lookaside_list_is_found(void **state)
{
    (void)state;
    assert_verifier(initialise_a_list_twice, 0xCA, (ULONG_PTR)&list, 0, 0, "LookasideList");
    assert_verifier(delete_a_list_that_is_none, 0xCB, (ULONG_PTR)&list, 0, 0, "LookasideList");
    assert_silent(use_a_list, 1, "LookasideList");
}

/* ---- Remove locks ---------------------------------------------------------------------------- */

static void use_a_remove_lock(void *context)
{
    (void)context;
    IoInitializeRemoveLock(&remove_lock, TAG, 0, 0);
    IoAcquireRemoveLock(&remove_lock, &list);
    IoReleaseRemoveLock(&remove_lock, &list);
    IoAcquireRemoveLock(&remove_lock, &device);
    IoReleaseRemoveLockAndWait(&remove_lock, &device);
}

static void release_a_remove_lock_with_another_tag(void *context)
{
    (void)context;
    IoInitializeRemoveLock(&remove_lock, TAG, 0, 0);
    IoAcquireRemoveLock(&remove_lock, &list);
    IoReleaseRemoveLock(&remove_lock, &device);
}

static void wait_for_a_remove_lock_with_another_tag(void *context)
{
    (void)context;
    IoInitializeRemoveLock(&remove_lock, TAG, 0, 0);
    IoAcquireRemoveLock(&remove_lock, &list);
    IoReleaseRemoveLockAndWait(&remove_lock, &device);
}

static void a_remove_lock_that_is_released_with_another_tag_is_found(void **state)
{
    (void)state;
    assert_verifier(release_a_remove_lock_with_another_tag, 0xD5, (ULONG_PTR)&remove_lock,
                    (ULONG_PTR)&device, 0, "RemoveLock");
    assert_verifier(wait_for_a_remove_lock_with_another_tag, 0xD6, (ULONG_PTR)&remove_lock,
                    (ULONG_PTR)&device, 0, "RemoveLock");
    assert_silent(use_a_remove_lock, 1, "RemoveLock");
}

/* ---- Rundown protection ---------------------------------------------------------------------- */

static void use_rundown_protection(void *context)
{
    (void)context;
    ExInitializeRundownProtection(&rundown);
    assert_true(ExAcquireRundownProtection(&rundown));
    ExReleaseRundownProtection(&rundown);
    ExWaitForRundownProtectionRelease(&rundown);
    ExReInitializeRundownProtection(&rundown);
}

static void release_protection_that_nobody_has(void *context)
{
    (void)context;
    ExInitializeRundownProtection(&rundown);
    ExReleaseRundownProtection(&rundown);
}

static void initialize_protection_that_is_acquired(void *context)
{
    (void)context;
    ExInitializeRundownProtection(&rundown);
    assert_true(ExAcquireRundownProtection(&rundown));
    ExInitializeRundownProtection(&rundown);
}

static void free_protection_that_is_acquired(void *context)
{
    (void)context;
    in_pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*in_pool), TAG);
    ExInitializeRundownProtection(in_pool);
    assert_true(ExAcquireRundownProtection(in_pool));
    ExFreePool(in_pool);
}

static void use_protection_that_comes_and_goes(void *context)
{
    (void)context;
    for (int i = 0; i < 2; i++) {
        in_pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*in_pool), TAG);
        ExInitializeRundownProtection(in_pool);
        assert_true(ExAcquireRundownProtection(in_pool));
        ExReleaseRundownProtection(in_pool);
        ExInitializeRundownProtection(in_pool);
        ExFreePool(in_pool);
    }
}

static void protection_that_is_acquired_is_neither_initialized_nor_freed(void **state)
{
    (void)state;
    assert_broken(initialize_protection_that_is_acquired, 1, 0, (ULONG_PTR)&rundown, 2, 0, 0,
                  "RundownProtection");
    assert_report_has("is acquired, since initialize_protection_that_is_acquired");
    assert_broken(free_protection_that_is_acquired, 1, 0, (ULONG_PTR)in_pool, 0, 0, 0,
                  "RundownProtection");
    assert_report_has("acquired at free_protection_that_is_acquired");
    assert_silent(use_protection_that_comes_and_goes, 1, "RundownProtection");
}

static void protection_that_is_released_too_often_is_found(void **state)
{
    (void)state;
    assert_broken(release_protection_that_nobody_has, 1, 0, (ULONG_PTR)&rundown, 0, 0, 0,
                  "RundownProtection");
    assert_silent(use_rundown_protection, 1, "RundownProtection");
}

/* ---- Callback objects ------------------------------------------------------------------------ */

static VOID called(PVOID context, PVOID argument1, PVOID argument2)
{
    (void)context;
    (void)argument1;
    (void)argument2;
}

static void use_a_callback(void *context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Test");
    OBJECT_ATTRIBUTES attributes;

    (void)context;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    assert_int_equal(ExCreateCallback(&callback, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    registration = ExRegisterCallback(callback, called, NULL);
    ExNotifyCallback(callback, NULL, NULL);
    ExUnregisterCallback(registration);
    ObDereferenceObject(callback);
}

static void unregister_twice(void *context)
{
    use_a_callback(context);
    ExUnregisterCallback(registration);
}

static void a_registration_that_is_undone_twice_is_found(void **state)
{
    (void)state;
    assert_broken(unregister_twice, 1, 0, (ULONG_PTR)registration, 0, 0, 0, "CallbackObject");
    assert_silent(use_a_callback, 1, "CallbackObject");
}

/* ---- Timers ---------------------------------------------------------------------------------- */

static VOID tick(PEX_TIMER expired, PVOID context)
{
    (void)expired;
    (void)context;
    InterlockedIncrement(&runs);
}

static void use_an_ex_timer(void *context)
{
    (void)context;
    timer = ExAllocateTimer(tick, NULL, 0);
    ExSetTimer(timer, -1000, 0, NULL);
    settle();
    ExDeleteTimer(timer, TRUE, TRUE, NULL);
}

static void set_a_deleted_timer(void *context)
{
    use_an_ex_timer(context);
    ExSetTimer(timer, -1000, 0, NULL);
}

static void a_deleted_timer_that_is_used_is_found(void **state)
{
    (void)state;
    assert_broken(set_a_deleted_timer, 1, 0, (ULONG_PTR)timer, 0, 0, 0, "ExTimer");
    assert_silent(use_an_ex_timer, 1, "ExTimer");
}

static VOID each_second(PDEVICE_OBJECT of, PVOID context)
{
    (void)of;
    (void)context;
}

static void create_device(void)
{
    assert_int_equal(IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
                     STATUS_SUCCESS);
}

static void use_a_device_timer(void *context)
{
    (void)context;
    create_device();
    assert_int_equal(IoInitializeTimer(device, each_second, NULL), STATUS_SUCCESS);
    IoStartTimer(device);
    IoStopTimer(device);
    IoDeleteDevice(device);
}

static void start_a_timer_that_is_none(void *context)
{
    (void)context;
    create_device();
    IoStartTimer(device);
}

static void a_device_timer_that_was_not_initialised_is_found(void **state)
{
    (void)state;
    assert_broken(start_a_timer_that_is_none, 1, 0, (ULONG_PTR)device, 0, 0, 0, "IoTimer");
    assert_silent(use_a_device_timer, 1, "IoTimer");
}

/* ---- Work items ------------------------------------------------------------------------------ */

static VOID work(PDEVICE_OBJECT of, PVOID context)
{
    (void)of;
    (void)context;
    InterlockedIncrement(&runs);
}

static void queue(WORK_QUEUE_TYPE type)
{
    create_device();
    item = IoAllocateWorkItem(device);
    IoQueueWorkItem(item, work, type, NULL);
    settle();
    IoFreeWorkItem(item);
    IoDeleteDevice(device);
}

static void queue_to_a_queue(void *context)
{
    (void)context;
    queue(DelayedWorkQueue);
}

static void queue_to_no_queue(void *context)
{
    (void)context;
    queue((WORK_QUEUE_TYPE)(MaximumWorkQueue + 3));
}

static void a_queue_type_that_is_none_is_found(void **state)
{
    (void)state;
    assert_error(queue_to_no_queue, 1, "WorkQueueType");
    assert_silent(queue_to_a_queue, 1, "WorkQueueType");
}

static VOID work_ex(PVOID of, PVOID context, PIO_WORKITEM which)
{
    (void)of;
    (void)context;
    (void)which;
    InterlockedIncrement(&runs);
}

static PDRIVER_OBJECT work_driver(void)
{
    static DRIVER_OBJECT driver;

    driver = (DRIVER_OBJECT){ .Type = IO_TYPE_DRIVER, .Size = sizeof(driver) };
    return &driver;
}

static void queue_for_a_driver(void *context)
{
    (void)context;
    IoQueueWorkItem(IoAllocateWorkItem((PDEVICE_OBJECT)(PVOID)work_driver()), work,
                    DelayedWorkQueue, NULL);
}

static void queue_for_a_driver_with_the_ex_form(void *context)
{
    (void)context;
    item = IoAllocateWorkItem((PDEVICE_OBJECT)(PVOID)work_driver());
    IoQueueWorkItemEx(item, work_ex, DelayedWorkQueue, NULL);
    settle();
    IoFreeWorkItem(item);
}

static void a_work_item_of_a_driver_is_found(void **state)
{
    (void)state;
    assert_error(queue_for_a_driver, 1, "WorkItemDevice");
    assert_silent(queue_for_a_driver_with_the_ex_form, 1, "WorkItemDevice");
    assert_silent(queue_to_a_queue, 1, "WorkItemDevice");
}

/* ---- Resources ------------------------------------------------------------------------------- */

static ERESOURCE resource;

static void convert_what_is_shared(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    ExConvertExclusiveToSharedLite(&resource);
}

static void convert_what_is_exclusive(void *context)
{
    (void)context;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    ExConvertExclusiveToSharedLite(&resource);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

static void a_conversion_of_shared_access_is_found(void **state)
{
    (void)state;
    assert_error(convert_what_is_shared, 1, "ResourceConvert");
    assert_report_has("ExConvertExclusiveToSharedLite was called for a resource that is acquired "
                      "for shared access already");
    assert_silent(convert_what_is_exclusive, 1, "ResourceConvert");
}

/* ---- Whose they are -------------------------------------------------------------------------- */

static char no_object[sizeof(DEVICE_OBJECT)];

static void allocate_for_nothing(void *context)
{
    (void)context;
    (void)IoAllocateWorkItem(NULL);
}

static void allocate_for_no_object(void *context)
{
    (void)context;
    (void)IoAllocateWorkItem((PDEVICE_OBJECT)(PVOID)no_object);
}

static void initialize_for_no_object(void *context)
{
    (void)context;
    item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), TAG);
    IoInitializeWorkItem(no_object, item);
}

static void queue_after_the_device_is_deleted(void *context)
{
    (void)context;
    create_device();
    item = IoAllocateWorkItem(device);
    IoDeleteDevice(device);
    IoQueueWorkItem(item, work, DelayedWorkQueue, NULL);
}

static void a_work_item_is_for_a_device_or_driver_object(void **state)
{
    (void)state;
    assert_verifier(allocate_for_nothing, 0xE1, 0, 0, 0, "wrong object");
    assert_report_has("IoAllocateWorkItem was given a null pointer for a device object");
    assert_verifier(allocate_for_no_object, 0xE1, (ULONG_PTR)no_object, 0, 0, "wrong object");
    assert_report_has("what is neither a device object nor a driver object");
    assert_verifier(initialize_for_no_object, 0xE1, (ULONG_PTR)no_object, 0, 0, "wrong object");
    assert_report_has("IoInitializeWorkItem was given");
    assert_broken(queue_after_the_device_is_deleted, 1, PAGE_FAULT_IN_FREED_SPECIAL_POOL,
                  (ULONG_PTR)device, 0, 0, 0, "PoolUsedAfterFree");
    assert_report_has("IoQueueWorkItem was given what lies at byte 0 of a device object");
    assert_report_has("freed by queue_after_the_device_is_deleted");
    assert_silent(queue_to_a_queue, 1, "wrong object");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_misused_lookaside_list_is_found),
        cmocka_unit_test(a_remove_lock_that_is_released_with_another_tag_is_found),
        cmocka_unit_test(protection_that_is_released_too_often_is_found),
        cmocka_unit_test(protection_that_is_acquired_is_neither_initialized_nor_freed),
        cmocka_unit_test(a_registration_that_is_undone_twice_is_found),
        cmocka_unit_test(a_deleted_timer_that_is_used_is_found),
        cmocka_unit_test(a_device_timer_that_was_not_initialised_is_found),
        cmocka_unit_test(a_queue_type_that_is_none_is_found),
        cmocka_unit_test(a_work_item_of_a_driver_is_found),
        cmocka_unit_test(a_conversion_of_shared_access_is_found),
        cmocka_unit_test(a_work_item_is_for_a_device_or_driver_object),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

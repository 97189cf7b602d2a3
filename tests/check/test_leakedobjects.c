/*
 * test_leakedobjects.c - objects that a driver leaves behind, and locks that it still holds, are
 * reported at the end of the run.
 */
#include "left.h"

#include <portcls.h>

enum { TAG = 0x6B61654C }; /* "Leak" */

/* Things of a driver; static, so that they outlive the body. */
static LOOKASIDE_LIST_EX list;
static NPAGED_LOOKASIDE_LIST old_list;
static ERESOURCE resource;
static FAST_MUTEX fast_mutex;
static KMUTEX mutex;
static IO_REMOVE_LOCK remove_lock;

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

static EX_RUNDOWN_REF rundown;
static PEX_RUNDOWN_REF_CACHE_AWARE aware;

static void leave_rundown_protection(void *context)
{
    (void)context;
    ExInitializeRundownProtection(&rundown);
    assert_true(ExAcquireRundownProtection(&rundown));
    assert_true(ExAcquireRundownProtectionEx(&rundown, 3));
    ExReleaseRundownProtectionEx(&rundown, 2);
    if (tidy) {
        ExReleaseRundownProtection(&rundown);
        ExReleaseRundownProtection(&rundown);
    } else {
        ExReleaseRundownProtection(&rundown);
    }
}

static void leave_cache_aware_protection(void *context)
{
    (void)context;
    aware = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, TAG);
    assert_true(ExAcquireRundownProtectionCacheAwareEx(aware, 2));
    if (tidy) {
        ExReleaseRundownProtectionCacheAwareEx(aware, 2);
        ExFreeCacheAwareRundownProtection(aware);
    }
}

static void release_elsewhere(void *context)
{
    (void)context;
    ExReleaseRundownProtection(&rundown);
}

static void let_another_thread_release(void *context)
{
    (void)context;
    ExInitializeRundownProtection(&rundown);
    assert_true(ExAcquireRundownProtection(&rundown));
    dirql_thread_join(dirql_thread_start("other", 0, release_elsewhere, NULL));
}

static void rundown_protection_that_is_still_acquired_is_reported(void **state)
{
    (void)state;
    assert_left(leave_rundown_protection, "RundownLeft",
                "rundown protection is still acquired 1 time");
    tidy = false;
    rule_run(1, leave_cache_aware_protection);
    assert_int_equal(rule_result.errors, 2); /* And its memory. */
    assert_report_has("rundown protection is still acquired 2 times");
    assert_report_has("ExAcquireRundownProtectionCacheAwareEx was called at "
                      "leave_cache_aware_protection");
    tidy = true;
    assert_silent(leave_cache_aware_protection, 1, "RundownLeft");
    assert_silent(let_another_thread_release, 1, "RundownLeft");
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
                "an IServiceGroup still has 1 reference. PcNewServiceGroup was called at "
                "leave_a_portcls_object test_leakedobjects.c");
    tidy = false;
    rule_run(1, leave_a_portcls_object);
    assert_null(strstr(rule_result.report, "ExAllocatePoolWithTag was called"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookaside_lists_that_are_not_deleted_are_reported),
        cmocka_unit_test(a_resource_that_is_not_deleted_is_reported),
        cmocka_unit_test(callbacks_that_are_still_registered_are_reported),
        cmocka_unit_test(a_remove_lock_that_is_still_acquired_is_reported),
        cmocka_unit_test(rundown_protection_that_is_still_acquired_is_reported),
        cmocka_unit_test(a_device_that_is_not_deleted_is_a_warning),
        cmocka_unit_test(a_portcls_object_that_is_still_referenced_is_reported),
        cmocka_unit_test(locks_that_the_body_still_owns_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_waitobjects.c - what a thread waits for is neither freed nor initialised again, and is
 * something.
 */
#include "rule.h"

#include <dirql/driver.h>

enum { TAG = 'tiaW' };

typedef struct objects {
    KEVENT event, other;
    KSEMAPHORE semaphore;
    KTIMER timer;
    KWAIT_BLOCK blocks[2];
} objects;

static objects *in_pool;
static objects in_static_memory;

/* ---- Waits ----------------------------------------------------------------------------------- */

static void initialise(objects *o)
{
    KeInitializeEvent(&o->event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&o->other, SynchronizationEvent, FALSE);
    KeInitializeSemaphore(&o->semaphore, 0, 2);
    KeInitializeTimer(&o->timer);
}

static void wait_for(void *object)
{
    KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

static void wait_for_either(void *context)
{
    PVOID both[2] = { &in_static_memory.event, &in_pool->other };

    (void)context;
    KeWaitForMultipleObjects(2, both, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

static void wait_by_blocks(void *context)
{
    PVOID both[2] = { &in_static_memory.event, &in_static_memory.other };

    (void)context;
    KeWaitForMultipleObjects(2, both, WaitAny, Executive, KernelMode, FALSE, NULL,
                             in_pool->blocks);
}

/* A thread that waits in the routine. */
static dirql_thread *begin(void (*routine)(void *), void *object)
{
    dirql_thread *thread = dirql_thread_start("waiter", 0, routine, object);

    settle();
    return thread;
}

static void make(void)
{
    in_pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(objects), TAG);
    initialise(in_pool);
    initialise(&in_static_memory);
}

/* ---- Freed ----------------------------------------------------------------------------------- */

static void free_event(void *context)
{
    (void)context;
    make();
    begin(wait_for, &in_pool->event);
    ExFreePool(in_pool);
}

static void free_semaphore(void *context)
{
    (void)context;
    make();
    begin(wait_for, &in_pool->semaphore);
    ExFreePool(in_pool);
}

static void free_timer(void *context)
{
    (void)context;
    make();
    begin(wait_for, &in_pool->timer);
    ExFreePool(in_pool);
}

static void free_one_of_two(void *context)
{
    (void)context;
    make();
    begin(wait_for_either, NULL);
    ExFreePool(in_pool);
}

static void free_wait_blocks(void *context)
{
    (void)context;
    make();
    begin(wait_by_blocks, NULL);
    ExFreePool(in_pool);
}

static void let_go_and_free(void *context)
{
    dirql_thread *one, *two, *three;

    (void)context;
    make();
    one = begin(wait_for, &in_pool->event);
    two = begin(wait_for_either, NULL);
    three = begin(wait_by_blocks, NULL);
    KeSetEvent(&in_pool->event, 0, FALSE);
    KeSetEvent(&in_pool->other, 0, FALSE);
    KeSetEvent(&in_static_memory.event, 0, FALSE);
    dirql_thread_join(one);
    dirql_thread_join(two);
    dirql_thread_join(three);
    ExFreePool(in_pool);
}

/* Its own wait blocks are in the thread's memory: it touches nothing here as it goes on. */
static void let_go_and_free_at_once(void *context)
{
    dirql_thread *thread;

    (void)context;
    make();
    thread = begin(wait_for, &in_pool->event);
    KeSetEvent(&in_pool->event, 0, FALSE);
    ExFreePool(in_pool);
    dirql_thread_join(thread);
}

static void what_a_thread_waits_for_is_not_freed(void **state)
{
    (void)state;
    assert_error(free_event, 1, "WaitObjectFreed");
    assert_report_has("(tag Wait) is freed while thread waiter waits for a synchronization event");
    assert_report_has("by KeWaitForSingleObject at wait_for test_waitobjects.c");
    assert_report_has("free_event test_waitobjects.c");
    assert_error(free_semaphore, 1, "WaitObjectFreed");
    assert_report_has("waits for a semaphore in it");
    assert_error(free_timer, 1, "WaitObjectFreed");
    assert_report_has("waits for a notification timer in it");
    assert_error(free_one_of_two, 1, "WaitObjectFreed");
    assert_report_has("by KeWaitForMultipleObjects at wait_for_either test_waitobjects.c");
    assert_error(free_wait_blocks, 2, "WaitObjectFreed");
    assert_report_has("waits for something, by wait blocks in it");
}

static void what_nobody_waits_for_any_more_is_freed(void **state)
{
    (void)state;
    assert_silent(let_go_and_free, 1, "WaitObjectFreed");
    assert_silent(let_go_and_free, 2, "WaitObjectFreed");
    assert_silent(let_go_and_free_at_once, 1, "WaitObjectFreed");
}

/* ---- A device's extension -------------------------------------------------------------------- */

static VOID unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

static void delete_device(void *context)
{
    PDRIVER_OBJECT driver = dirql_driver_load("waited", entry, NULL);
    PDEVICE_OBJECT device;

    (void)context;
    assert_int_equal(IoCreateDevice(driver, sizeof(KEVENT), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE,
                                    &device),
                     STATUS_SUCCESS);
    KeInitializeEvent((PKEVENT)device->DeviceExtension, NotificationEvent, FALSE);
    begin(wait_for, device->DeviceExtension);
    IoDeleteDevice(device);
}

static void a_device_is_not_deleted_while_a_thread_waits_for_its_event(void **state)
{
    (void)state;
    assert_error(delete_device, 1, "WaitObjectFreed");
    assert_report_has("a device object, with its extension, of");
    assert_report_has("delete_device test_waitobjects.c");
}

/* ---- Initialised again ----------------------------------------------------------------------- */

static void initialise_event(void *context)
{
    (void)context;
    make();
    begin(wait_for, &in_static_memory.event);
    KeInitializeEvent(&in_static_memory.event, SynchronizationEvent, FALSE);
}

static void initialise_semaphore(void *context)
{
    (void)context;
    make();
    begin(wait_for, &in_static_memory.semaphore);
    KeInitializeSemaphore(&in_static_memory.semaphore, 0, 2);
}

static void initialise_timer(void *context)
{
    (void)context;
    make();
    begin(wait_for, &in_static_memory.timer);
    KeInitializeTimer(&in_static_memory.timer);
}

static void let_go_and_initialise(void *context)
{
    dirql_thread *thread;

    (void)context;
    make();
    for (int i = 0; i < 2; i++) {
        initialise(&in_static_memory);
        thread = begin(wait_for, &in_static_memory.event);
        KeSetEvent(&in_static_memory.event, 0, FALSE);
        dirql_thread_join(thread);
    }
    ExFreePool(in_pool);
}

static void what_a_thread_waits_for_is_not_initialised_again(void **state)
{
    (void)state;
    assert_error(initialise_event, 1, "WaitObjectInit");
    assert_report_has("KeInitializeEvent initialises an object that thread waiter waits for, by "
                      "KeWaitForSingleObject at wait_for test_waitobjects.c");
    assert_report_has("initialise_event test_waitobjects.c");
    assert_error(initialise_semaphore, 1, "WaitObjectInit");
    assert_error(initialise_timer, 2, "WaitObjectInit");
}

static void what_nobody_waits_for_any_more_is_initialised_again(void **state)
{
    (void)state;
    assert_silent(let_go_and_initialise, 1, "WaitObjectInit");
}

/* ---- Suppressed ------------------------------------------------------------------------------ */

static void wait_a_while(void *object)
{
    LARGE_INTEGER timeout = { .QuadPart = -1000000 };

    assert_int_equal(KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &timeout),
                     STATUS_TIMEOUT);
}

static void free_and_go_on(void *context)
{
    dirql_thread *one, *two;

    (void)context;
    dirql_suppress("WaitObjectFreed", NULL, "it is about what comes after");
    dirql_suppress("WaitObjectInit", NULL, "it is about what comes after");
    make();
    one = begin(wait_a_while, &in_pool->event);
    two = begin(wait_a_while, &in_static_memory.event);
    ExFreePool(in_pool);
    initialise(&in_static_memory);
    dirql_thread_join(one);
    dirql_thread_join(two);
}

static void a_wait_for_what_is_gone_ends_by_its_time_only(void **state)
{
    (void)state;
    assert_kept(free_and_go_on, 1);
}

/* ---- Several --------------------------------------------------------------------------------- */

static ULONG wait_count;
static WAIT_TYPE wait_type;

static void wait_for_several(void *context)
{
    KEVENT own[2];
    PVOID both[2] = { &own[0], &own[1] };

    (void)context;
    KeInitializeEvent(&own[0], NotificationEvent, TRUE);
    KeInitializeEvent(&own[1], NotificationEvent, TRUE);
    KeWaitForMultipleObjects(wait_count, both, wait_type, Executive, KernelMode, FALSE, NULL, NULL);
}

static void a_wait_for_several_is_for_all_or_any_of_one_at_least(void **state)
{
    (void)state;
    wait_type = WaitAny;
    for (wait_count = 1; wait_count < 3; wait_count++) {
        assert_silent(wait_for_several, 1, "WaitSet");
    }
    wait_count = 2;
    wait_type = WaitAll;
    assert_silent(wait_for_several, 1, "WaitSet");
    wait_type = (WAIT_TYPE)2;
    assert_error(wait_for_several, 1, "WaitSet");
    assert_report_has("KeWaitForMultipleObjects was given 2 for a type");
    wait_count = 0;
    wait_type = WaitAll;
    assert_error(wait_for_several, 1, "WaitSet");
    assert_report_has("KeWaitForMultipleObjects waits for no objects.");
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
        cmocka_unit_test(what_a_thread_waits_for_is_not_freed),
        cmocka_unit_test(what_nobody_waits_for_any_more_is_freed),
        cmocka_unit_test(a_device_is_not_deleted_while_a_thread_waits_for_its_event),
        cmocka_unit_test(what_a_thread_waits_for_is_not_initialised_again),
        cmocka_unit_test(what_nobody_waits_for_any_more_is_initialised_again),
        cmocka_unit_test(a_wait_for_what_is_gone_ends_by_its_time_only),
        cmocka_unit_test(a_wait_for_several_is_for_all_or_any_of_one_at_least),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

/*
 * test_workitemown.c - work items in the driver's own memory, and of a driver object.
 */
#include "../ke/wire.h"
#include "../settle.h"

enum { TAG = 0x74736554, WORKERS = 16 };

static DRIVER_OBJECT driver;
static PDEVICE_OBJECT device;
static KEVENT begun, go_on, done;
static PVOID seen_object;

static int start(void **state)
{
    (void)state;
    driver = (DRIVER_OBJECT){ .Type = IO_TYPE_DRIVER, .Size = sizeof(driver) };
    seen_object = NULL;
    KeInitializeEvent(&begun, SynchronizationEvent, FALSE);
    KeInitializeEvent(&go_on, NotificationEvent, FALSE);
    KeInitializeEvent(&done, SynchronizationEvent, FALSE);
    return IoCreateDevice(&driver, 100, NULL, FILE_DEVICE_SOUND, 0, FALSE, &device) !=
           STATUS_SUCCESS;
}

static void await(PKEVENT event)
{
    (void)KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
}

static VOID note(PDEVICE_OBJECT object, PVOID context)
{
    (void)context;
    seen_object = object;
    KeSetEvent(&done, IO_NO_INCREMENT, FALSE);
}

static VOID note_ex(PVOID object, PVOID context, PIO_WORKITEM item)
{
    (void)context;
    (void)item;
    seen_object = object;
    KeSetEvent(&done, IO_NO_INCREMENT, FALSE);
}

static VOID begin_and_wait(PDEVICE_OBJECT object, PVOID context)
{
    (void)object;
    (void)context;
    KeSetEvent(&begun, IO_NO_INCREMENT, FALSE);
    await(&go_on);
}

static PIO_WORKITEM make(void)
{
    PIO_WORKITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), TAG);

    assert_non_null(item);
    IoInitializeWorkItem(device, item);
    return item;
}

/* ---- While it is queued ---------------------------------------------------------------------- */

/* Every worker that the queue gets waits: what `change` does to the item then is bug check 0x96. */
static void change_a_queued_one(VOID (*change)(PIO_WORKITEM item))
{
    PIO_WORKITEM item = make();

    for (unsigned i = 0; i < WORKERS; i++) {
        IoQueueWorkItem(IoAllocateWorkItem(device), begin_and_wait, DelayedWorkQueue, NULL);
        await(&begun);
    }
    dirql_expect_bugcheck_with(INVALID_WORK_QUEUE_ITEM, (ULONG_PTR)item, 0, 0, (ULONG_PTR)note);
    IoQueueWorkItem(item, note, DelayedWorkQueue, NULL);
    change(item);
    fail_msg("it is queued");
}

static VOID initialise_again(PIO_WORKITEM item)
{
    IoInitializeWorkItem(device, item);
}

static VOID uninitialise(PIO_WORKITEM item)
{
    IoUninitializeWorkItem(item);
}

static void initialising_a_queued_one_is_bug_check_96(void **state)
{
    (void)state;
    change_a_queued_one(initialise_again);
}

static void uninitialising_a_queued_one_is_bug_check_96(void **state)
{
    (void)state;
    change_a_queued_one(uninitialise);
}

static VOID uninitialise_itself(PVOID object, PVOID context, PIO_WORKITEM item)
{
    (void)object;
    (void)context;
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(item, TAG);
    KeSetEvent(&done, IO_NO_INCREMENT, FALSE);
}

static void its_routine_may_uninitialise_it(void **state)
{
    (void)state;
    IoQueueWorkItemEx(make(), uninitialise_itself, DelayedWorkQueue, NULL);
    await(&done);
}

/* ---- Which is which -------------------------------------------------------------------------- */

static void uninitialising_an_allocated_one_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("wrong object");
    IoUninitializeWorkItem(IoAllocateWorkItem(device));
    fail_msg("it is freed instead");
}

static void one_that_is_uninitialised_is_none(void **state)
{
    PIO_WORKITEM item = make();

    (void)state;
    IoUninitializeWorkItem(item);
    dirql_expect_finding("wrong object");
    IoQueueWorkItem(item, note, DelayedWorkQueue, NULL);
    fail_msg("it was uninitialised");
}

static void one_of_a_driver_is_for_the_ex_form(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem((PDEVICE_OBJECT)(PVOID)&driver);

    (void)state;
    IoQueueWorkItemEx(item, note_ex, DelayedWorkQueue, NULL);
    await(&done);
    assert_ptr_equal(seen_object, &driver);
    dirql_expect_finding("WorkItemDevice");
    IoQueueWorkItem(item, note, DelayedWorkQueue, NULL);
    fail_msg("its routine expects a device object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(initialising_a_queued_one_is_bug_check_96, start),
        dirql_unit_test_setup(uninitialising_a_queued_one_is_bug_check_96, start),
        dirql_unit_test_setup(its_routine_may_uninitialise_it, start),
        dirql_unit_test_setup(uninitialising_an_allocated_one_is_reported, start),
        dirql_unit_test_setup(one_that_is_uninitialised_is_none, start),
        dirql_unit_test_setup(one_of_a_driver_is_for_the_ex_form, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

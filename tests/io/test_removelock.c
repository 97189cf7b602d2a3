/* Tests of lib/io/removelock.c. */
#include "../ke/wire.h"
#include "../settle.h"

static DRIVER_OBJECT driver;
static PDEVICE_OBJECT device;
static PIO_REMOVE_LOCK lock;
static int irp, other; /* Only their addresses count: tags. */

static int make(ULONG minutes, ULONG most)
{
    memset(&driver, 0, sizeof(driver));
    if (IoCreateDevice(&driver, sizeof(IO_REMOVE_LOCK), NULL, FILE_DEVICE_SOUND, 0, FALSE,
                       &device) != STATUS_SUCCESS) {
        return 1;
    }
    lock = device->DeviceExtension;
    IoInitializeRemoveLock(lock, 0x74736554, minutes, most);
    return 0;
}

static int start(void **state)
{
    (void)state;
    return make(0, 0);
}

static void it_is_acquired_as_often_as_one_likes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_SUCCESS);
    }
    assert_int_equal(IoAcquireRemoveLock(lock, NULL), STATUS_SUCCESS);
    IoReleaseRemoveLock(lock, NULL);
    for (unsigned i = 0; i < 3; i++) {
        IoReleaseRemoveLock(lock, &irp);
    }
}

static void after_removal_it_cannot_be_acquired(void **state)
{
    (void)state;
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(lock, &irp);
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_DELETE_PENDING);
    IoDeleteDevice(device);
}

static volatile LONG released;

static void release_later(void *context)
{
    (void)context;
    dirql_time_advance_ms(5);
    assert_int_equal(IoAcquireRemoveLock(lock, &other), STATUS_DELETE_PENDING);
    InterlockedIncrement(&released);
    IoReleaseRemoveLock(lock, &other);
}

static void removal_waits_for_the_others(void **state)
{
    dirql_thread *thread;

    (void)state;
    released = 0;
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_SUCCESS);
    assert_int_equal(IoAcquireRemoveLock(lock, &other), STATUS_SUCCESS);
    thread = dirql_thread_start("other", 0, release_later, NULL);
    IoReleaseRemoveLockAndWait(lock, &irp);
    assert_int_equal(released, 1);
    dirql_thread_join(thread);
}

static VOID release_in_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    IoReleaseRemoveLock(lock, context);
}

static void a_dpc_can_release_it(void **state)
{
    LARGE_INTEGER due = { .QuadPart = -50000 };
    static KTIMER timer;
    static KDPC dpc;

    (void)state;
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_SUCCESS);
    assert_int_equal(IoAcquireRemoveLock(lock, &other), STATUS_SUCCESS);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, release_in_dpc, &other);
    KeSetTimer(&timer, due, &dpc);
    IoReleaseRemoveLockAndWait(lock, &irp);
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_DELETE_PENDING);
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void releasing_with_another_tag_is_reported(void **state)
{
    (void)state;
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_SUCCESS);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xD5, (ULONG_PTR)lock,
                               (ULONG_PTR)&other, DIRQL_ANY);
    IoReleaseRemoveLock(lock, &other);
    fail_msg("the tag is another");
}

static void releasing_what_was_not_acquired_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("RemoveLock");
    IoReleaseRemoveLock(lock, NULL);
    fail_msg("nobody holds it");
}

static void waiting_without_holding_it_is_reported(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xD6, (ULONG_PTR)lock,
                               (ULONG_PTR)&irp, DIRQL_ANY);
    IoReleaseRemoveLockAndWait(lock, &irp);
    fail_msg("it must be acquired first");
}

static void initialising_it_again_is_reported(void **state)
{
    (void)state;
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(lock, &irp);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xD7, (ULONG_PTR)lock, DIRQL_ANY,
                               DIRQL_ANY);
    IoInitializeRemoveLock(lock, 0x74736554, 0, 0);
    fail_msg("others may still use it");
}

static void a_new_device_has_a_new_lock(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        IoDeleteDevice(device);
        assert_int_equal(make(0, 0), 0);
    }
}

static void memory_that_was_used_again_holds_a_new_lock(void **state)
{
    IO_REMOVE_LOCK another;

    (void)state;
    IoInitializeRemoveLock(&another, 0x74736554, 0, 0);
    assert_int_equal(IoAcquireRemoveLock(&another, &irp), STATUS_SUCCESS);
    memset(&another, 0, sizeof(another));
    IoInitializeRemoveLock(&another, 0x74736554, 0, 0);
    assert_int_equal(IoAcquireRemoveLock(&another, &irp), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(&another, &irp);
}

static void one_that_was_not_initialised_is_reported(void **state)
{
    IO_REMOVE_LOCK another;

    (void)state;
    memset(&another, 0, sizeof(another));
    dirql_expect_finding("wrong object");
    (void)IoAcquireRemoveLock(&another, &irp);
    fail_msg("it was only cleared");
}

static void more_holders_than_its_high_water_are_reported(void **state)
{
    (void)state;
    IoDeleteDevice(device);
    assert_int_equal(make(0, 2), 0);
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_SUCCESS);
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_SUCCESS);
    dirql_expect_finding("RemoveLock");
    (void)IoAcquireRemoveLock(lock, &irp);
    fail_msg("two may hold it");
}

static void holding_it_too_long_is_reported(void **state)
{
    (void)state;
    IoDeleteDevice(device);
    assert_int_equal(make(1, 0), 0);
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_SUCCESS);
    dirql_time_advance_ms(59000);
    IoReleaseRemoveLock(lock, &irp);
    assert_int_equal(IoAcquireRemoveLock(lock, &irp), STATUS_SUCCESS);
    dirql_time_advance_ms(61000);
    dirql_expect_finding("RemoveLock");
    IoReleaseRemoveLock(lock, &irp);
    fail_msg("that was more than a minute");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(it_is_acquired_as_often_as_one_likes, start),
        dirql_unit_test_setup(after_removal_it_cannot_be_acquired, start),
        dirql_unit_test_setup(removal_waits_for_the_others, start),
        dirql_unit_test_setup(removal_waits_for_the_others, start, .processors = 2),
        dirql_unit_test_setup(a_dpc_can_release_it, start),
        dirql_unit_test_setup(releasing_with_another_tag_is_reported, start),
        dirql_unit_test_setup(releasing_what_was_not_acquired_is_reported, start),
        dirql_unit_test_setup(waiting_without_holding_it_is_reported, start),
        dirql_unit_test_setup(initialising_it_again_is_reported, start),
        dirql_unit_test_setup(a_new_device_has_a_new_lock, start),
        dirql_unit_test_setup(memory_that_was_used_again_holds_a_new_lock, start),
        dirql_unit_test_setup(one_that_was_not_initialised_is_reported, start),
        dirql_unit_test_setup(more_holders_than_its_high_water_are_reported, start),
        dirql_unit_test_setup(holding_it_too_long_is_reported, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of lib/io/iotimer.c. */
#include "../ke/wire.h"
#include "../settle.h"

static DRIVER_OBJECT driver;
static PDEVICE_OBJECT device;
static KIRQL irql;
static volatile LONG calls;

static VOID note(PDEVICE_OBJECT object, PVOID context)
{
    assert_ptr_equal(object, device);
    assert_ptr_equal(context, &calls);
    irql = KeGetCurrentIrql();
    InterlockedIncrement(&calls);
}

static int start(void **state)
{
    (void)state;
    calls = 0;
    memset(&driver, 0, sizeof(driver));
    return IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &device) !=
               STATUS_SUCCESS ||
           IoInitializeTimer(device, note, (PVOID)(ULONG_PTR)&calls) != STATUS_SUCCESS;
}

static void the_routine_is_called_each_second(void **state)
{
    (void)state;
    dirql_time_advance_ms(3000);
    assert_int_equal(calls, 0);
    IoStartTimer(device);
    dirql_time_advance_ms(3500);
    settle();
    assert_int_equal(calls, 3);
    assert_int_equal(irql, DISPATCH_LEVEL);
    IoStopTimer(device);
    dirql_time_advance_ms(3000);
    assert_int_equal(calls, 3);
    IoDeleteDevice(device);
}

static void it_can_be_started_again(void **state)
{
    (void)state;
    IoStartTimer(device);
    IoStartTimer(device);
    dirql_time_advance_ms(1100);
    settle();
    assert_int_equal(calls, 1);
    IoStopTimer(device);
    IoStopTimer(device);
    IoStartTimer(device);
    dirql_time_advance_ms(1100);
    settle();
    assert_int_equal(calls, 2);
    IoStopTimer(device);
    IoDeleteDevice(device);
}

static void deleting_the_device_while_it_is_started_is_reported(void **state)
{
    (void)state;
    IoStartTimer(device);
    dirql_expect_finding("IoTimer");
    IoDeleteDevice(device);
    fail_msg("the routine will get a device that is gone");
}

static void one_that_was_not_initialised_is_reported(void **state)
{
    PDEVICE_OBJECT other;

    (void)state;
    assert_int_equal(IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &other),
                     STATUS_SUCCESS);
    dirql_expect_finding("IoTimer");
    IoStartTimer(other);
    fail_msg("it has no routine");
}

static void initialising_it_twice_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("IoTimer");
    (void)IoInitializeTimer(device, note, NULL);
    IoDeleteDevice(device);
}

static VOID stop_itself(PDEVICE_OBJECT object, PVOID context)
{
    (void)context;
    IoStopTimer(object);
}

static void stopping_it_in_its_routine_is_reported(void **state)
{
    PDEVICE_OBJECT other;

    (void)state;
    assert_int_equal(IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &other),
                     STATUS_SUCCESS);
    assert_int_equal(IoInitializeTimer(other, stop_itself, NULL), STATUS_SUCCESS);
    IoStartTimer(other);
    dirql_expect_finding("IoTimer");
    dirql_time_advance_ms(1100);
    settle();
    fail_msg("the routine stops its own timer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(the_routine_is_called_each_second, start),
        dirql_unit_test_setup(the_routine_is_called_each_second, start, .processors = 2),
        dirql_unit_test_setup(it_can_be_started_again, start),
        dirql_unit_test_setup(deleting_the_device_while_it_is_started_is_reported, start),
        dirql_unit_test_setup(one_that_was_not_initialised_is_reported, start),
        dirql_unit_test_setup(initialising_it_twice_is_reported, start),
        dirql_unit_test_setup(stopping_it_in_its_routine_is_reported, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

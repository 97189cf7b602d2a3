/*
 * 07 - Virtual time.
 *
 * The machine has a clock of its own. It stands still while code runs, and jumps when everybody
 * waits: to the next timer, or the next thing that a device does. A test of a timeout of one hour
 * takes no time at all, and takes the same time every time.
 *
 * Register accesses and time queries cost a microsecond, so that a driver that polls a device does
 * see time pass.
 */
#include <dirql/clock.h>
#include <dirql/cmocka.h>

#include <mock_line.h>

#define SECOND_NS UINT64_C(1000000000)
#define SECOND_100NS 10000000LL /* The kernel counts in units of 100 ns; negative: "from now". */

static void an_hour_passes_in_no_time(void **state)
{
    LARGE_INTEGER hour;

    (void)state;
    hour.QuadPart = -3600 * SECOND_100NS;
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &hour), STATUS_SUCCESS);
    assert_true(dirql_time_ns() >= 3600 * SECOND_NS);
    assert_true(dirql_time_ns() < 3601 * SECOND_NS);
}

static void ticked(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    ++*(unsigned *)context;
}

static void a_periodic_timer_fires_once_a_period(void **state)
{
    unsigned ticks = 0;
    LARGE_INTEGER due;
    KTIMER timer;
    KDPC dpc;

    (void)state;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeInitializeDpc(&dpc, ticked, &ticks);
    due.QuadPart = -SECOND_100NS / 100;
    KeSetTimerEx(&timer, due, 10, &dpc); /* First after 10 ms, then every 10 ms. */
    dirql_time_advance_ms(105);
    assert_int_equal(ticks, 10);
    KeCancelTimer(&timer); /* It is on our stack: it must be gone before we are, */
    KeFlushQueuedDpcs();   /* and its DPC as well. */
}

/* A device that is ready 5 ms after it was asked. The driver polls, and gives up after 50 ms. */
static NTSTATUS wait_until_ready(PUCHAR registers)
{
    uint64_t begin_ns = dirql_time_ns();

    while (READ_REGISTER_ULONG((PULONG)(registers + MOCK_LINE_STATUS)) == 0) {
        if (dirql_time_ns() - begin_ns > SECOND_NS / 20) {
            return STATUS_IO_TIMEOUT;
        }
    }
    return STATUS_SUCCESS;
}

static void a_polling_driver_sees_time_pass(void **state)
{
    static mock_line device;
    PUCHAR registers;

    (void)state;
    mock_line_init(&device, &(mock_line_options){.starts_disabled = true}); /* No interrupts. */
    registers = MmMapIoSpace(device.address, MOCK_LINE_LENGTH, MmNonCached);
    assert_int_equal(wait_until_ready(registers), STATUS_IO_TIMEOUT);

    mock_line_trigger_after(&device, SECOND_NS / 200);
    assert_int_equal(wait_until_ready(registers), STATUS_SUCCESS);
    MmUnmapIoSpace(registers, MOCK_LINE_LENGTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(an_hour_passes_in_no_time),
        dirql_unit_test(a_periodic_timer_fires_once_a_period),
        dirql_unit_test(a_polling_driver_sees_time_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

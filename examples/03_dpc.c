/*
 * 03 - The deferred procedure call.
 *
 * While an ISR runs, every device at or below its level is deaf and dumb. So it does the least it
 * can: it silences its device, keeps what would be lost, and queues a DPC for the rest. The DPC
 * runs at DISPATCH_LEVEL, as soon as the processor's IRQL falls below that: after all ISRs, before
 * any thread.
 *
 * And it is queued or it is not, never twice. One DPC may answer three interrupts: it must ask how
 * much there is to do.
 */
#include <dirql/clock.h>
#include <dirql/cmocka.h>

#include <mock_line.h>

struct driver {
    mock_line device;
    PUCHAR registers;
    PKINTERRUPT interrupt;
    KDPC dpc;
    ULONG waiting; /* Interrupts that no DPC has seen to yet. Touched at the line's IRQL only. */
    unsigned isr_calls, dpc_calls, handled;
    KIRQL dpc_irql;
};

static struct driver driver;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    struct driver *d = context;

    UNREFERENCED_PARAMETER(interrupt);
    WRITE_REGISTER_ULONG((PULONG)(d->registers + MOCK_LINE_ACKNOWLEDGE), 1);
    d->isr_calls++;
    d->waiting++;
    KeInsertQueueDpc(&d->dpc, NULL, NULL); /* FALSE when it is queued already. */
    return TRUE;
}

/* Runs as the ISR would: at its level, under its lock. Nothing else keeps an ISR away from
 * `waiting`. */
static BOOLEAN take_waiting(PVOID context)
{
    *(ULONG *)context = driver.waiting;
    driver.waiting = 0;
    return TRUE;
}

static void dpc_routine(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct driver *d = context;
    ULONG taken;

    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    d->dpc_calls++;
    d->dpc_irql = KeGetCurrentIrql();
    KeSynchronizeExecution(d->interrupt, take_waiting, &taken);
    d->handled += taken;
}

static int start(void **state)
{
    struct driver *d = *state = &driver;

    *d = (struct driver){0};
    mock_line_init(&d->device, NULL);
    d->registers = MmMapIoSpace(d->device.address, MOCK_LINE_LENGTH, MmNonCached);
    KeInitializeDpc(&d->dpc, dpc_routine, d);
    dirql_line *line = d->device.line;
    return IoConnectInterrupt(&d->interrupt, isr, d, NULL, dirql_line_vector(line),
                              dirql_line_irql(line), dirql_line_irql(line), dirql_line_mode(line),
                              FALSE, dirql_line_processors(line), FALSE) != STATUS_SUCCESS;
}

static int stop(void **state)
{
    struct driver *d = *state;

    IoDisconnectInterrupt(d->interrupt);
    KeFlushQueuedDpcs(); /* First no more interrupts, then no more DPCs: in this order. */
    MmUnmapIoSpace(d->registers, MOCK_LINE_LENGTH);
    return 0;
}

static void a_dpc_runs_right_after_the_isr(void **state)
{
    struct driver *d = *state;

    mock_line_trigger(&d->device);
    dirql_time_advance_us(100); /* In case it comes late. */
    assert_int_equal(d->dpc_calls, 1);
    assert_int_equal(d->dpc_irql, DISPATCH_LEVEL);
}

static void three_interrupts_may_be_answered_by_one_dpc(void **state)
{
    struct driver *d = *state;
    KIRQL old_irql;

    KeRaiseIrql(DISPATCH_LEVEL, &old_irql); /* ISRs get through, DPCs do not. */
    mock_line_trigger(&d->device);
    mock_line_trigger(&d->device);
    mock_line_trigger(&d->device);
    assert_int_equal(d->isr_calls, 3);
    KeLowerIrql(old_irql);
    assert_int_equal(d->dpc_calls, 1);
    assert_int_equal(d->handled, 3); /* Nothing was lost, because the DPC asked. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(a_dpc_runs_right_after_the_isr, start, stop),
        dirql_unit_test_setup_teardown(three_interrupts_may_be_answered_by_one_dpc, start, stop,
                                       .fixed = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_raceinterrupts.c - what orders an ISR with other code, and what does not: connecting, the
 * interrupt lock, the device.
 */
#include "race.h"

static LONG y;
static dirql_line *line;
static PKINTERRUPT interrupt;
static PUCHAR registers;
static dirql_stimulus stimulus;

/* ---- ISRs ------------------------------------------------------------------------------------ */

static BOOLEAN isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    READS(&x);
    WRITES(&y);
    return TRUE;
}

static void create_line(bool passive)
{
    const dirql_line_options options = { .name = "uart", .irql = 7, .passive = passive };

    line = dirql_line_create(&options);
}

static void connect(void)
{
    const KIRQL irql = dirql_line_irql(line);
    IO_CONNECT_INTERRUPT_PARAMETERS p = { .Version = CONNECT_FULLY_SPECIFIED };

    p.FullySpecified.PhysicalDeviceObject = dirql_pdo_create("uart", &line, 1);
    p.FullySpecified.InterruptObject = &interrupt;
    p.FullySpecified.ServiceRoutine = isr;
    p.FullySpecified.Vector = dirql_line_vector(line);
    p.FullySpecified.Irql = irql;
    p.FullySpecified.SynchronizeIrql = irql;
    p.FullySpecified.InterruptMode = LevelSensitive;
    p.FullySpecified.ProcessorEnableMask = dirql_line_processors(line);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
}

static void report(BOOLEAN active)
{
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS p = { .Version = CONNECT_FULLY_SPECIFIED };

    p.ConnectionContext.InterruptObject = interrupt;
    if (active) {
        IoReportInterruptActive(&p);
    } else {
        IoReportInterruptInactive(&p);
    }
}

static void fire_and_disconnect(void)
{
    dirql_line_assert(line);
    settle();
    IoDisconnectInterrupt(interrupt);
}

static void write_then_connect(void *context)
{
    (void)context;
    create_line(false);
    WRITES(&x);
    connect();
    fire_and_disconnect();
    READS(&y);
}

static void connect_then_write(void *context)
{
    (void)context;
    create_line(false);
    connect();
    WRITES(&x);
    fire_and_disconnect();
}

static void write_then_activate(void *context)
{
    (void)context;
    create_line(false);
    connect();
    report(FALSE);
    WRITES(&x);
    report(TRUE);
    fire_and_disconnect();
}

static void inactivate_and_read(void *context)
{
    (void)context;
    create_line(false);
    connect();
    dirql_line_assert(line);
    settle();
    report(FALSE);
    READS(&y);
    IoDisconnectInterrupt(interrupt);
}

static void read_before_disconnecting(void *context)
{
    (void)context;
    create_line(false);
    connect();
    dirql_line_assert(line);
    settle();
    READS(&y);
    IoDisconnectInterrupt(interrupt);
}

static void who_connects_is_ordered_before_the_isr_and_the_isr_before_disconnection(void **state)
{
    (void)state;
    assert_kept(write_then_connect, 2);
    assert_kept(write_then_activate, 2);
    assert_kept(inactivate_and_read, 2);
    assert_race(connect_then_write, 2);
    assert_race(read_before_disconnecting, 2);
}

static BOOLEAN write_synchronized(PVOID context)
{
    (void)context;
    WRITES(&x);
    return TRUE;
}

static void synchronize(bool passive)
{
    create_line(passive);
    connect();
    KeSynchronizeExecution(interrupt, write_synchronized, NULL);
    dirql_line_assert(line);
    settle();
    KeSynchronizeExecution(interrupt, write_synchronized, NULL);
    IoDisconnectInterrupt(interrupt);
}

static void synchronize_with_isr(void *context)
{
    (void)context;
    synchronize(false);
}

static void synchronize_with_passive_isr(void *context)
{
    (void)context;
    synchronize(true);
}

static void hold_interrupt_lock(void *context)
{
    KIRQL old;

    (void)context;
    create_line(false);
    connect();
    old = KeAcquireInterruptSpinLock(interrupt);
    WRITES(&x);
    KeReleaseInterruptSpinLock(interrupt, old);
    fire_and_disconnect();
}

static void write_beside_passive_isr(void *context)
{
    (void)context;
    create_line(true);
    connect();
    dirql_line_assert(line);
    WRITES(&x);
    settle();
    IoDisconnectInterrupt(interrupt);
}

static void the_interrupt_lock_orders_with_the_isr(void **state)
{
    (void)state;
    assert_kept(synchronize_with_isr, 2);
    assert_kept(hold_interrupt_lock, 2);
    assert_kept(synchronize_with_passive_isr, 2);
    assert_race(write_beside_passive_isr, 2);
}

/* ---- Devices --------------------------------------------------------------------------------- */

static void interrupt_now(void *context)
{
    (void)context;
    dirql_line_assert(line);
}

/* Offset 0 interrupts at once, offset 4 after a while. */
static void write_register(void *context, uint64_t offset, unsigned bytes, uint64_t value)
{
    (void)context;
    (void)bytes;
    (void)value;
    if (offset == 0) {
        dirql_line_assert(line);
    } else {
        stimulus = (dirql_stimulus){ .happen = interrupt_now };
        dirql_stimulus_after(&stimulus, 2000);
    }
}

static void start_device(void)
{
    const dirql_device device = { .name = "uart", .write = write_register };
    PHYSICAL_ADDRESS address;

    create_line(false);
    connect();
    address = dirql_device_add_memory(&device, 0, 16);
    registers = MmMapIoSpace(address, 16, MmNonCached);
}

static void stop_device(void)
{
    settle();
    IoDisconnectInterrupt(interrupt);
    MmUnmapIoSpace(registers, 16);
}

static void doorbell(unsigned offset)
{
    start_device();
    WRITES(&x);
    WRITE_REGISTER_ULONG((PULONG)(void *)(registers + offset), 1);
    stop_device();
}

static void write_then_ring(void *context)
{
    (void)context;
    doorbell(0);
}

static void write_then_ring_for_later(void *context)
{
    (void)context;
    doorbell(4);
}

static void ring_then_write(void *context)
{
    (void)context;
    start_device();
    WRITE_REGISTER_ULONG((PULONG)(void *)registers, 1);
    WRITES(&x);
    stop_device();
}

static void write_then_the_test_asserts(void *context)
{
    (void)context;
    start_device();
    WRITES(&x);
    dirql_line_assert(line);
    stop_device();
}

static void write_then_the_test_stimulates(void *context)
{
    (void)context;
    start_device();
    WRITES(&x);
    stimulus = (dirql_stimulus){ .happen = interrupt_now };
    dirql_stimulus_after(&stimulus, 2000);
    stop_device();
}

static void a_register_write_is_ordered_before_the_interrupt_that_it_causes(void **state)
{
    (void)state;
    assert_kept(write_then_ring, 2);
    assert_kept(write_then_ring_for_later, 2);
    assert_race(ring_then_write, 2);
    assert_race(write_then_the_test_asserts, 2);
    assert_race(write_then_the_test_stimulates, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_connects_is_ordered_before_the_isr_and_the_isr_before_disconnection),
        cmocka_unit_test(the_interrupt_lock_orders_with_the_isr),
        cmocka_unit_test(a_register_write_is_ordered_before_the_interrupt_that_it_causes),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}

/*
 * test_passiveisr.c - ISRs at PASSIVE_LEVEL: called by a thread, and kept apart by an event.
 */
#include "wire.h"

/* It interrupts processor 0, and wakes a thread that may run on any. */
static const dirql_line_options slow_line = { .name = "slow bus",
                                              .passive = TRUE,
                                              .processors = 1 };
static const dirql_line_options slow_edge = { .name = "slow bus",
                                              .passive = TRUE,
                                              .trigger = DIRQL_EDGE };

static struct wire wire;
static PDEVICE_OBJECT pdo;

static NTSTATUS connect(PKSPIN_LOCK lock)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters;
    NTSTATUS status;

    memset(&parameters, 0, sizeof(parameters));
    parameters.Version = CONNECT_FULLY_SPECIFIED;
    parameters.FullySpecified.PhysicalDeviceObject = pdo;
    parameters.FullySpecified.InterruptObject = &wire.interrupt;
    parameters.FullySpecified.ServiceRoutine = wire_isr;
    parameters.FullySpecified.ServiceContext = &wire;
    parameters.FullySpecified.SpinLock = lock;
    parameters.FullySpecified.Vector = dirql_line_vector(wire.line);
    parameters.FullySpecified.InterruptMode = dirql_line_mode(wire.line);
    parameters.FullySpecified.ProcessorEnableMask = dirql_line_processors(wire.line);
    status = IoConnectInterruptEx(&parameters);
    if (NT_SUCCESS(status)) {
        wire_remember(wire.interrupt);
    }
    return status;
}

static int prepare(const dirql_line_options *options)
{
    wire = (struct wire){ .claims = WIRE_ALWAYS };
    wire.line = dirql_line_create(options);
    pdo = dirql_pdo_create("slow device", &wire.line, 1);
    return 0;
}

static int start(void **state)
{
    (void)state;
    prepare(&slow_line);
    return connect(NULL) != STATUS_SUCCESS;
}

static int start_edge(void **state)
{
    (void)state;
    prepare(&slow_edge);
    return connect(NULL) != STATUS_SUCCESS;
}

static void a_moment(void)
{
    dirql_time_advance_us(100);
}

/* ---- The call -------------------------------------------------------------------------------- */

static void isr_runs_at_passive_level(void **state)
{
    (void)state;
    dirql_line_assert(wire.line);
    a_moment();
    assert_int_equal(wire.calls, 1);
    assert_int_equal(wire.irql, PASSIVE_LEVEL);
    assert_ptr_equal(wire.given, wire.interrupt);
}

static void isr_does_not_run_while_the_processor_is_kept_at_dispatch_level(void **state)
{
    KIRQL old;

    (void)state;
    dirql_thread_move(0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_line_assert(wire.line);
    a_moment();
    assert_int_equal(wire.calls, 0);
    KeLowerIrql(old);
    a_moment();
    assert_int_equal(wire.calls, 1);
}

static void wait_a_little(struct wire *own)
{
    LARGE_INTEGER interval;

    (void)own;
    interval.QuadPart = -10;
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
}

static void isr_may_wait(void **state)
{
    (void)state;
    wire.act = wait_a_little;
    dirql_line_assert(wire.line);
    a_moment();
    assert_int_equal(wire.calls, 1);
    assert_false(dirql_line_is_asserted(wire.line));
}

static void level_line_is_masked_until_the_isr_has_returned(void **state)
{
    (void)state;
    wire.act = wait_a_little;
    dirql_line_assert(wire.line);
    a_moment();
    assert_int_equal(dirql_line_count(wire.line), 1);
}

static void silence_at_last(struct wire *own)
{
    if (own->calls == 4) {
        dirql_line_deassert(own->line);
    }
}

static void level_line_that_stays_asserted_interrupts_again(void **state)
{
    (void)state;
    wire.noisy = true;
    wire.act = silence_at_last;
    dirql_line_assert(wire.line);
    a_moment();
    assert_int_equal(wire.calls, 4);
    assert_int_equal(dirql_line_count(wire.line), 4);
}

static void each_edge_is_served(void **state)
{
    (void)state;
    dirql_line_pulse(wire.line);
    a_moment();
    dirql_line_pulse(wire.line);
    a_moment();
    assert_int_equal(wire.calls, 2);
}

static void storm_is_found_here_too(void **state)
{
    (void)state;
    wire.noisy = true;
    dirql_expect_bugcheck_with(HARDWARE_INTERRUPT_STORM, (ULONG_PTR)wire_isr, (ULONG_PTR)&wire,
                               (ULONG_PTR)wire.interrupt, 1);
    dirql_line_assert(wire.line);
    dirql_time_advance_ms(100);
    fail_msg("the line was never silenced");
}

/* ---- Synchronizing --------------------------------------------------------------------------- */

static LONG inside, most_inside;

static void stay(void)
{
    inside++;
    most_inside = inside > most_inside ? inside : most_inside;
    wait_a_little(NULL);
    inside--;
}

static void stay_in_isr(struct wire *own)
{
    (void)own;
    stay();
}

static KIRQL routine_irql;

static BOOLEAN stay_synchronized(PVOID context)
{
    (void)context;
    routine_irql = KeGetCurrentIrql();
    stay();
    return TRUE;
}

static void synchronized_routine_runs_at_passive_level_and_never_beside_the_isr(void **state)
{
    (void)state;
    inside = most_inside = 0;
    routine_irql = HIGH_LEVEL;
    wire.act = stay_in_isr;
    for (unsigned i = 0; i < 5; i++) {
        dirql_line_assert(wire.line);
        assert_true(KeSynchronizeExecution(wire.interrupt, stay_synchronized, NULL));
    }
    a_moment();
    assert_int_equal(routine_irql, PASSIVE_LEVEL);
    assert_int_equal(most_inside, 1);
    assert_true(wire.calls >= 1);
}

static BOOLEAN synchronize_again(PVOID context)
{
    (void)context;
    return KeSynchronizeExecution(wire.interrupt, stay_synchronized, NULL);
}

static void recursion_is_found_at_once(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)wire.interrupt, 0, 0, 0);
    KeSynchronizeExecution(wire.interrupt, synchronize_again, NULL);
    fail_msg("it waits for itself");
}

static void spin_lock_form_of_acquire_is_a_bug_check(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(IRQL_NOT_DISPATCH_LEVEL, (ULONG_PTR)wire.interrupt, 0, 0, 0);
    KeAcquireInterruptSpinLock(wire.interrupt);
    fail_msg("there is no spin lock");
}

static void spin_lock_form_of_release_is_a_bug_check(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(IRQL_NOT_DISPATCH_LEVEL, (ULONG_PTR)wire.interrupt, 0, 0, 0);
    KeReleaseInterruptSpinLock(wire.interrupt, PASSIVE_LEVEL);
    fail_msg("there is no spin lock");
}

static void synchronizing_at_dispatch_level_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKeSynchronizeExecution");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSynchronizeExecution(wire.interrupt, stay_synchronized, NULL);
    fail_msg("it cannot wait here");
}

/* ---- Connecting and disconnecting ------------------------------------------------------------ */

static void spin_lock_cannot_be_given(void **state)
{
    KSPIN_LOCK lock;

    (void)state;
    prepare(&slow_line);
    KeInitializeSpinLock(&lock);
    assert_int_equal(connect(&lock), STATUS_INVALID_PARAMETER);
}

static void line_based_connection_is_passive_if_the_line_is(void **state)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters;
    KSPIN_LOCK lock;

    (void)state;
    prepare(&slow_line);
    KeInitializeSpinLock(&lock);
    memset(&parameters, 0, sizeof(parameters));
    parameters.Version = CONNECT_LINE_BASED;
    parameters.LineBased.PhysicalDeviceObject = pdo;
    parameters.LineBased.InterruptObject = &wire.interrupt;
    parameters.LineBased.ServiceRoutine = wire_isr;
    parameters.LineBased.ServiceContext = &wire;
    parameters.LineBased.SpinLock = &lock;
    assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_INVALID_PARAMETER);
    parameters.LineBased.SpinLock = NULL;
    assert_int_equal(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
    wire_remember(wire.interrupt);
    dirql_line_assert(wire.line);
    a_moment();
    assert_int_equal(wire.irql, PASSIVE_LEVEL);
    assert_int_equal(wire.calls, 1);
}

static void disconnect_waits_for_the_isr_to_return(void **state)
{
    (void)state;
    inside = 0;
    wire.act = stay_in_isr;
    dirql_line_assert(wire.line);
    dirql_time_advance_ns(100); /* It has begun, and waits. */
    assert_int_equal(inside, 1);
    IoDisconnectInterrupt(wire.interrupt);
    assert_int_equal(inside, 0);
    assert_int_equal(wire.calls, 1);
}

static void disconnect_in_isr(struct wire *own)
{
    IoDisconnectInterrupt(own->interrupt);
}

static void disconnect_inside_the_isr_is_reported(void **state)
{
    (void)state;
    wire.act = disconnect_in_isr;
    dirql_expect_finding("DisconnectInIsr");
    dirql_line_assert(wire.line);
    a_moment();
    fail_msg("it waits for itself");
}

static void vector_can_be_connected_again(void **state)
{
    (void)state;
    IoDisconnectInterrupt(wire.interrupt);
    assert_int_equal(connect(NULL), STATUS_SUCCESS);
    dirql_line_assert(wire.line);
    a_moment();
    assert_int_equal(wire.calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(isr_runs_at_passive_level, start, wire_stop),
        dirql_unit_test_setup_teardown(
            isr_does_not_run_while_the_processor_is_kept_at_dispatch_level, start, wire_stop),
        dirql_unit_test_setup_teardown(isr_may_wait, start, wire_stop),
        dirql_unit_test_setup_teardown(level_line_is_masked_until_the_isr_has_returned, start,
                                       wire_stop),
        dirql_unit_test_setup_teardown(level_line_that_stays_asserted_interrupts_again, start,
                                       wire_stop),
        dirql_unit_test_setup_teardown(each_edge_is_served, start_edge, wire_stop),
        dirql_unit_test_setup_teardown(storm_is_found_here_too, start, wire_stop,
                                       .storm_limit = 50),
        dirql_unit_test_setup_teardown(
            synchronized_routine_runs_at_passive_level_and_never_beside_the_isr, start, wire_stop),
        dirql_unit_test_setup_teardown(recursion_is_found_at_once, start, wire_stop),
        dirql_unit_test_setup_teardown(spin_lock_form_of_acquire_is_a_bug_check, start, wire_stop),
        dirql_unit_test_setup_teardown(spin_lock_form_of_release_is_a_bug_check, start, wire_stop),
        dirql_unit_test_setup_teardown(synchronizing_at_dispatch_level_is_reported, start,
                                       wire_stop),
        dirql_unit_test_teardown(spin_lock_cannot_be_given, wire_stop),
        dirql_unit_test_teardown(line_based_connection_is_passive_if_the_line_is, wire_stop),
        dirql_unit_test_setup_teardown(disconnect_waits_for_the_isr_to_return, start, wire_stop),
        dirql_unit_test_setup_teardown(disconnect_inside_the_isr_is_reported, start, wire_stop),
        dirql_unit_test_setup_teardown(vector_can_be_connected_again, start, wire_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

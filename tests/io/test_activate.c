/*
 * test_activate.c - IoReportInterruptActive and Inactive.
 */
#include "../ke/wire.h"

static const dirql_line_options device_line = { .name = "device", .irql = 6 };

static struct wire wire;
static IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters;

static int start(void **state)
{
    (void)state;
    wire = (struct wire){ 0 };
    wire_make(&wire, &device_line);
    parameters.Version = CONNECT_FULLY_SPECIFIED;
    parameters.ConnectionContext.InterruptObject = wire.interrupt;
    return 0;
}

static void inactive_isr_is_not_called(void **state)
{
    (void)state;
    IoReportInterruptInactive(&parameters);
    dirql_line_assert(wire.line);
    dirql_line_deassert(wire.line);
    assert_int_equal(wire.calls, 0);
}

static void isr_is_called_again_when_active(void **state)
{
    (void)state;
    IoReportInterruptInactive(&parameters);
    IoReportInterruptActive(&parameters);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_int_equal(wire.calls, 1);
}

static void line_that_was_asserted_meanwhile_interrupts_when_active_again(void **state)
{
    (void)state;
    IoReportInterruptInactive(&parameters);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_int_equal(wire.calls, 0);
    IoReportInterruptActive(&parameters);
    wire_settle();
    assert_int_equal(wire.calls, 1);
}

static void repeating_either_has_no_effect(void **state)
{
    (void)state;
    IoReportInterruptInactive(&parameters);
    IoReportInterruptInactive(&parameters);
    IoReportInterruptActive(&parameters);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_int_equal(wire.calls, 1);
    IoReportInterruptActive(&parameters);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_int_equal(wire.calls, 2);
}

static void both_may_be_called_at_dispatch_level(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoReportInterruptInactive(&parameters);
    IoReportInterruptActive(&parameters);
    KeLowerIrql(old);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_int_equal(wire.calls, 1);
}

static void inactive_interrupt_can_be_disconnected(void **state)
{
    (void)state;
    IoReportInterruptInactive(&parameters);
    IoDisconnectInterrupt(wire.interrupt);
    wire_connect(&wire);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_int_equal(wire.calls, 1);
}

static void others_of_a_chain_are_called_while_one_is_inactive(void **state)
{
    struct wire first = { .share = TRUE }, second = { .claims = WIRE_ALWAYS };

    (void)state;
    first.line = dirql_line_create(&(dirql_line_options){ .name = "shared", .shared = TRUE });
    wire_connect(&first);
    wire_join(&second, &first);
    parameters.ConnectionContext.InterruptObject = first.interrupt;
    IoReportInterruptInactive(&parameters);
    dirql_line_assert(first.line);
    wire_settle();
    assert_int_equal(first.calls, 0);
    assert_int_equal(second.calls, 1);
}

static void synchronizing_with_an_inactive_interrupt_works(void **state)
{
    KIRQL old;

    (void)state;
    IoReportInterruptInactive(&parameters);
    old = KeAcquireInterruptSpinLock(wire.interrupt);
    dirql_assert_irql(6);
    KeReleaseInterruptSpinLock(wire.interrupt, old);
}

static void pointer_that_was_never_connected_is_reported(void **state)
{
    (void)state;
    parameters.ConnectionContext.InterruptObject = (PKINTERRUPT)&parameters;
    dirql_expect_finding("InterruptPointer");
    IoReportInterruptActive(&parameters);
    fail_msg("that is no interrupt");
}

static void version_other_than_the_connection_had_is_reported(void **state)
{
    (void)state;
    parameters.Version = CONNECT_LINE_BASED;
    dirql_expect_finding("InterruptVersion");
    IoReportInterruptInactive(&parameters);
    fail_msg("it was connected by IoConnectInterrupt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(inactive_isr_is_not_called, start, wire_stop,
                                       .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test_setup_teardown(isr_is_called_again_when_active, start, wire_stop),
        dirql_unit_test_setup_teardown(
            line_that_was_asserted_meanwhile_interrupts_when_active_again, start, wire_stop,
            .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test_setup_teardown(repeating_either_has_no_effect, start, wire_stop),
        dirql_unit_test_setup_teardown(both_may_be_called_at_dispatch_level, start, wire_stop),
        dirql_unit_test_setup_teardown(inactive_interrupt_can_be_disconnected, start, wire_stop),
        dirql_unit_test_setup_teardown(others_of_a_chain_are_called_while_one_is_inactive, start,
                                       wire_stop),
        dirql_unit_test_setup_teardown(synchronizing_with_an_inactive_interrupt_works, start,
                                       wire_stop),
        dirql_unit_test_setup_teardown(pointer_that_was_never_connected_is_reported, start,
                                       wire_stop),
        dirql_unit_test_setup_teardown(version_other_than_the_connection_had_is_reported, start,
                                       wire_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

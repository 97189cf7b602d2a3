/*
 * test_affinityinterrupt.c - IoGetAffinityInterrupt: on which processors an ISR can be called.
 */
#include "../ke/wire.h"

static struct wire wire, other;

static void make(KAFFINITY processors)
{
    static const dirql_line_options options = { .name = "device", .irql = 6, .processors = 7 };

    wire = (struct wire){ .processors = processors, .share = TRUE };
    wire_make(&wire, &options);
}

static void the_processors_of_the_connection_are_told(void **state)
{
    GROUP_AFFINITY affinity = { .Mask = 99, .Group = 99, .Reserved = { 1, 2, 3 } };

    (void)state;
    make(5);
    assert_int_equal(IoGetAffinityInterrupt(wire.interrupt, &affinity), STATUS_SUCCESS);
    assert_int_equal(affinity.Mask, 5);
    assert_int_equal(affinity.Group, 0);
    assert_int_equal(affinity.Reserved[0] + affinity.Reserved[1] + affinity.Reserved[2], 0);
}

static void each_isr_of_a_line_has_its_own(void **state)
{
    GROUP_AFFINITY affinity;

    (void)state;
    make(3);
    other = (struct wire){ .processors = 6 };
    wire_join(&other, &wire);
    assert_int_equal(IoGetAffinityInterrupt(wire.interrupt, &affinity), STATUS_SUCCESS);
    assert_int_equal(affinity.Mask, 3);
    assert_int_equal(WdmlibIoGetAffinityInterrupt(other.interrupt, &affinity), STATUS_SUCCESS);
    assert_int_equal(affinity.Mask, 6);
}

static void it_is_for_any_irql(void **state)
{
    GROUP_AFFINITY affinity;
    KIRQL old;

    (void)state;
    make(1);
    KeRaiseIrql(HIGH_LEVEL, &old);
    assert_int_equal(IoGetAffinityInterrupt(wire.interrupt, &affinity), STATUS_SUCCESS);
    KeLowerIrql(old);
    assert_int_equal(affinity.Mask, 1);
}

static void what_is_not_connected_is_an_invalid_parameter(void **state)
{
    GROUP_AFFINITY affinity = { .Mask = 99 };

    (void)state;
    make(1);
    assert_int_equal(IoGetAffinityInterrupt(NULL, &affinity), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoGetAffinityInterrupt((PKINTERRUPT)(void *)&wire, &affinity),
                     STATUS_INVALID_PARAMETER);
    IoDisconnectInterrupt(wire.interrupt);
    assert_int_equal(IoGetAffinityInterrupt(wire.interrupt, &affinity), STATUS_INVALID_PARAMETER);
    assert_int_equal(affinity.Mask, 99);
}

/* ---- Several vectors, and messages ----------------------------------------------------------- */

static void a_handle_for_several_lines_has_all_of_them(void **state)
{
    const dirql_line_options low = { .name = "low", .irql = 5, .processors = 1 };
    const dirql_line_options high = { .name = "high", .irql = 6, .processors = 6 };
    dirql_line *lines[] = { dirql_line_create(&low), dirql_line_create(&high) };
    IO_CONNECT_INTERRUPT_PARAMETERS p = { .Version = CONNECT_LINE_BASED };
    PKINTERRUPT interrupt;
    GROUP_AFFINITY affinity;

    (void)state;
    wire = (struct wire){ .line = lines[0], .claims = WIRE_ALWAYS };
    p.LineBased.PhysicalDeviceObject = dirql_pdo_create("device", lines, 2);
    p.LineBased.InterruptObject = &interrupt;
    p.LineBased.ServiceRoutine = wire_isr;
    p.LineBased.ServiceContext = &wire;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    wire_remember(interrupt);
    assert_int_equal(IoGetAffinityInterrupt(interrupt, &affinity), STATUS_SUCCESS);
    assert_int_equal(affinity.Mask, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(the_processors_of_the_connection_are_told, NULL, wire_stop,
                                       .processors = 3),
        dirql_unit_test_setup_teardown(each_isr_of_a_line_has_its_own, NULL, wire_stop,
                                       .processors = 3),
        dirql_unit_test_setup_teardown(it_is_for_any_irql, NULL, wire_stop, .processors = 3),
        dirql_unit_test_setup_teardown(what_is_not_connected_is_an_invalid_parameter, NULL,
                                       wire_stop, .processors = 3),
        dirql_unit_test_setup_teardown(a_handle_for_several_lines_has_all_of_them, NULL, wire_stop,
                                       .processors = 3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

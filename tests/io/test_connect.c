/*
 * test_connect.c - what IoConnectInterrupt accepts, and what it answers to the rest.
 */
#include "../ke/wire.h"

static dirql_line *line;
static PKINTERRUPT interrupt;
static struct wire wire;

/* The eleven parameters, each of which a test may change. */
static struct parameters {
    PKINTERRUPT *object;
    PKSERVICE_ROUTINE routine;
    PKSPIN_LOCK lock;
    ULONG vector;
    KIRQL irql, synchronize_irql;
    KINTERRUPT_MODE mode;
    BOOLEAN share;
    KAFFINITY processors;
    BOOLEAN floating;
} p;

static int start(void **state)
{
    (void)state;
    line = dirql_line_create(&(dirql_line_options){ .name = "device", .irql = 6 });
    interrupt = (PKINTERRUPT)&line;
    wire = (struct wire){ .line = line, .claims = WIRE_ALWAYS };
    p = (struct parameters){ .object = &interrupt,
                             .routine = wire_isr,
                             .vector = dirql_line_vector(line),
                             .irql = 6,
                             .synchronize_irql = 6,
                             .mode = LevelSensitive,
                             .processors = 1 };
    return 0;
}

static NTSTATUS connect(void)
{
    const NTSTATUS status =
        IoConnectInterrupt(p.object, p.routine, &wire, p.lock, p.vector, p.irql, p.synchronize_irql,
                           p.mode, p.share, p.processors, p.floating);

    if (NT_SUCCESS(status)) {
        wire_remember(*p.object);
    }
    return status;
}

static void correct_parameters_connect(void **state)
{
    (void)state;
    assert_int_equal(connect(), STATUS_SUCCESS);
    assert_non_null(interrupt);
    dirql_line_assert(line);
    wire_settle();
    assert_int_equal(wire.calls, 1);
    assert_ptr_equal(wire.given, interrupt);
}

static void empty_processor_mask_is_an_invalid_parameter(void **state)
{
    (void)state;
    p.processors = 0;
    assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
    assert_null(interrupt);
}

static void mask_without_an_active_processor_is_an_invalid_parameter(void **state)
{
    (void)state;
    p.processors = (KAFFINITY)1 << KeQueryActiveProcessorCount(NULL);
    assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
}

static void mask_outside_the_lines_processors_is_an_invalid_parameter(void **state)
{
    (void)state;
    line = dirql_line_create(
        &(dirql_line_options){ .name = "first only", .irql = 6, .processors = 1 });
    p.vector = dirql_line_vector(line);
    p.processors = 2;
    assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
}

static void only_processors_of_the_mask_take_the_interrupt(void **state)
{
    (void)state;
    p.processors = 2;
    assert_int_equal(connect(), STATUS_SUCCESS);
    dirql_line_assert(line);
    wire_settle();
    assert_int_equal(wire.calls, 1);
    assert_int_equal(wire.processor, 1);
}

static void affinity_of_all_ones_means_any_processor(void **state)
{
    (void)state;
    p.processors = ~(KAFFINITY)0;
    assert_int_equal(connect(), STATUS_SUCCESS);
}

static void floating_save_is_refused(void **state)
{
    (void)state;
    p.floating = TRUE;
    assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
}

static void missing_routine_or_object_is_refused(void **state)
{
    (void)state;
    p.routine = NULL;
    assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
    p.routine = wire_isr;
    p.object = NULL;
    assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
}

static void irql_that_is_no_dirql_is_refused(void **state)
{
    (void)state;
    for (KIRQL irql = PASSIVE_LEVEL; irql <= DISPATCH_LEVEL; irql++) {
        p.irql = irql;
        assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
    }
    p.irql = HIGH_LEVEL + 1;
    p.synchronize_irql = HIGH_LEVEL + 1;
    assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
}

static void irql_other_than_the_lines_is_refused_with_a_warning(void **state)
{
    (void)state;
    p.irql = 7;
    p.synchronize_irql = 7;
    dirql_expect_finding("ConnectResource");
    assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
}

static void vector_without_a_line_is_refused_with_a_warning(void **state)
{
    (void)state;
    p.vector = 5; /* As in the raw resource. */
    dirql_expect_finding("ConnectResource");
    assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
}

static void synchronize_irql_below_irql_is_reported(void **state)
{
    (void)state;
    p.synchronize_irql = 5;
    dirql_expect_finding("ConnectSynchronizeIrql");
    assert_int_equal(connect(), STATUS_SUCCESS);
    fail_msg("the ISR could interrupt a holder of its lock");
}

static void mode_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    p.mode = (KINTERRUPT_MODE)2;
    assert_int_equal(connect(), STATUS_INVALID_PARAMETER);
}

static void mode_other_than_the_lines_is_warned_about(void **state)
{
    (void)state;
    p.mode = Latched;
    dirql_expect_finding("ConnectResource");
    assert_int_equal(connect(), STATUS_SUCCESS);
}

static void parameters_from_the_resource_list_connect(void **state)
{
    dirql_resources *resources = dirql_resources_create();
    PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor;

    (void)state;
    dirql_resources_add_line(resources, line);
    descriptor =
        &dirql_resources_translated(resources)->List[0].PartialResourceList.PartialDescriptors[0];
    p.vector = descriptor->u.Interrupt.Vector;
    p.irql = (KIRQL)descriptor->u.Interrupt.Level;
    p.synchronize_irql = p.irql;
    p.processors = descriptor->u.Interrupt.Affinity;
    p.mode = descriptor->Flags & CM_RESOURCE_INTERRUPT_LATCHED ? Latched : LevelSensitive;
    assert_int_equal(connect(), STATUS_SUCCESS);
    dirql_line_assert(line);
    wire_settle();
    assert_int_equal(wire.calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(correct_parameters_connect, start, wire_stop),
        dirql_unit_test_setup_teardown(empty_processor_mask_is_an_invalid_parameter, start,
                                       wire_stop),
        dirql_unit_test_setup_teardown(mask_without_an_active_processor_is_an_invalid_parameter,
                                       start, wire_stop, .processors = 2),
        dirql_unit_test_setup_teardown(mask_outside_the_lines_processors_is_an_invalid_parameter,
                                       start, wire_stop, .processors = 2),
        dirql_unit_test_setup_teardown(only_processors_of_the_mask_take_the_interrupt, start,
                                       wire_stop, .processors = 2),
        dirql_unit_test_setup_teardown(affinity_of_all_ones_means_any_processor, start, wire_stop,
                                       .processors = 2),
        dirql_unit_test_setup_teardown(floating_save_is_refused, start, wire_stop),
        dirql_unit_test_setup_teardown(missing_routine_or_object_is_refused, start, wire_stop),
        dirql_unit_test_setup_teardown(irql_that_is_no_dirql_is_refused, start, wire_stop),
        dirql_unit_test_setup_teardown(irql_other_than_the_lines_is_refused_with_a_warning, start,
                                       wire_stop),
        dirql_unit_test_setup_teardown(vector_without_a_line_is_refused_with_a_warning, start,
                                       wire_stop),
        dirql_unit_test_setup_teardown(synchronize_irql_below_irql_is_reported, start, wire_stop),
        dirql_unit_test_setup_teardown(mode_that_does_not_exist_is_refused, start, wire_stop),
        dirql_unit_test_setup_teardown(mode_other_than_the_lines_is_warned_about, start, wire_stop),
        dirql_unit_test_setup_teardown(parameters_from_the_resource_list_connect, start, wire_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

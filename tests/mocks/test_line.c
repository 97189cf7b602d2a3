/*
 * test_line.c - the bare line device, in memory and in ports, level- and edge-triggered.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <mock_line.h>

#include "../settle.h"

#define PORT 0x200u

struct fixture {
    mock_line device;
    PUCHAR registers; /* Mapped; NULL when they are ports. */
    PKINTERRUPT interrupt;
    unsigned calls;
    bool rude; /* The ISR does not acknowledge. */
};

static struct fixture fixture;

static ULONG get(const struct fixture *f, ULONG offset)
{
    if (f->registers != NULL) {
        return READ_REGISTER_ULONG((PULONG)(f->registers + offset));
    }
    return READ_PORT_ULONG((PULONG)(ULONG_PTR)(PORT + offset));
}

static void put(const struct fixture *f, ULONG offset, ULONG value)
{
    if (f->registers != NULL) {
        WRITE_REGISTER_ULONG((PULONG)(f->registers + offset), value);
    } else {
        WRITE_PORT_ULONG((PULONG)(ULONG_PTR)(PORT + offset), value);
    }
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    struct fixture *f = context;

    (void)interrupt;
    f->calls++;
    if ((get(f, MOCK_LINE_STATUS) & MOCK_LINE_PENDING) == 0) {
        return FALSE;
    }
    if (!f->rude) {
        put(f, MOCK_LINE_ACKNOWLEDGE, MOCK_LINE_PENDING);
    }
    return TRUE;
}

/* It interrupts the processor of the test's body, which can keep the interrupt away. */
static int set(void **state, mock_line_options options)
{
    struct fixture *f = &fixture;
    dirql_line *line;

    memset(f, 0, sizeof(*f));
    options.line.processors = 1;
    dirql_thread_move(0);
    mock_line_init(&f->device, &options);
    if (options.port == 0) {
        f->registers = MmMapIoSpace(f->device.address, MOCK_LINE_LENGTH, MmNonCached);
    }
    line = f->device.line;
    *state = f;
    return IoConnectInterrupt(&f->interrupt, isr, f, NULL, dirql_line_vector(line),
                              dirql_line_irql(line), dirql_line_irql(line), dirql_line_mode(line),
                              FALSE, dirql_line_processors(line), FALSE) != STATUS_SUCCESS;
}

static int set_level(void **state)
{
    return set(state, (mock_line_options){0});
}

static int set_ports(void **state)
{
    return set(state, (mock_line_options){.port = PORT});
}

static int set_edge(void **state)
{
    return set(state, (mock_line_options){.line.trigger = DIRQL_EDGE});
}

static int set_disabled(void **state)
{
    return set(state, (mock_line_options){.starts_disabled = true});
}

static int set_disabled_edge(void **state)
{
    return set(state,
               (mock_line_options){.starts_disabled = true, .line.trigger = DIRQL_EDGE});
}

static int set_deaf(void **state)
{
    return set(state, (mock_line_options){.deaf = true});
}

static int clear(void **state)
{
    struct fixture *f = *state;

    IoDisconnectInterrupt(f->interrupt);
    if (f->registers != NULL) {
        MmUnmapIoSpace(f->registers, MOCK_LINE_LENGTH);
    }
    return 0;
}

/* Triggers the device; when it returns, all that this brought is over. */
static void interrupt(struct fixture *f)
{
    mock_line_trigger(&f->device);
    settle();
}

static void a_trigger_interrupts_and_is_acknowledged(void **state)
{
    struct fixture *f = *state;

    interrupt(f);
    interrupt(f);
    assert_int_equal(f->calls, 2);
    assert_int_equal(f->device.acknowledged, 2);
    assert_int_equal(get(f, MOCK_LINE_COUNT), 2);
    assert_int_equal(get(f, MOCK_LINE_STATUS), 0);
    assert_int_equal(get(f, MOCK_LINE_ACKNOWLEDGE), 0);
}

static void ports_do_as_well_as_memory(void **state)
{
    a_trigger_interrupts_and_is_acknowledged(state);
}

static void a_level_stays_until_it_is_acknowledged(void **state)
{
    struct fixture *f = *state;
    KIRQL old_irql;

    KeRaiseIrql(dirql_line_irql(f->device.line), &old_irql);
    mock_line_trigger(&f->device);
    mock_line_trigger(&f->device);
    assert_true(dirql_line_is_asserted(f->device.line));
    assert_int_equal(f->calls, 0);
    KeLowerIrql(old_irql);
    settle();
    assert_int_equal(f->calls, 1);
    assert_int_equal(get(f, MOCK_LINE_COUNT), 2);
    assert_false(dirql_line_is_asserted(f->device.line));
}

static void an_edge_interrupts_once_even_if_nobody_acknowledges(void **state)
{
    struct fixture *f = *state;

    f->rude = true;
    interrupt(f);
    assert_int_equal(f->calls, 1);
    assert_int_equal(get(f, MOCK_LINE_STATUS), MOCK_LINE_PENDING);
    interrupt(f);
    assert_int_equal(f->calls, 2);
}

static void enabling_lets_a_waiting_level_through(void **state)
{
    struct fixture *f = *state;

    interrupt(f);
    assert_int_equal(f->calls, 0);
    assert_int_equal(get(f, MOCK_LINE_STATUS), MOCK_LINE_PENDING);
    put(f, MOCK_LINE_ENABLE, MOCK_LINE_PENDING);
    settle();
    assert_int_equal(f->calls, 1);
    assert_int_equal(get(f, MOCK_LINE_ENABLE), MOCK_LINE_PENDING);
}

static void an_edge_while_disabled_is_gone(void **state)
{
    struct fixture *f = *state;

    mock_line_trigger(&f->device);
    put(f, MOCK_LINE_ENABLE, MOCK_LINE_PENDING);
    settle();
    assert_int_equal(f->calls, 0);
    assert_int_equal(get(f, MOCK_LINE_STATUS), MOCK_LINE_PENDING); /* But seen by who looks. */
}

static void disabling_lowers_the_line(void **state)
{
    struct fixture *f = *state;
    KIRQL old_irql;

    KeRaiseIrql(dirql_line_irql(f->device.line), &old_irql);
    mock_line_trigger(&f->device);
    put(f, MOCK_LINE_ENABLE, 0);
    assert_false(dirql_line_is_asserted(f->device.line));
    KeLowerIrql(old_irql);
    settle();
    assert_int_equal(f->calls, 0);
}

static void a_trigger_can_be_timed(void **state)
{
    struct fixture *f = *state;

    mock_line_trigger_at(&f->device, dirql_time_ns() + 5000000);
    mock_line_trigger_after(&f->device, 2000000); /* It is moved. */
    dirql_time_advance_us(1990);
    assert_int_equal(f->calls, 0);
    dirql_time_advance_us(20);
    assert_int_equal(f->calls, 1);
    dirql_time_advance_ms(10);
    assert_int_equal(f->calls, 1);
}

static void the_count_can_be_set(void **state)
{
    struct fixture *f = *state;

    put(f, MOCK_LINE_COUNT, 41);
    interrupt(f);
    assert_int_equal(get(f, MOCK_LINE_COUNT), 42);
}

static void a_deaf_device_makes_a_storm(void **state)
{
    struct fixture *f = *state;

    dirql_expect_bugcheck_with(HARDWARE_INTERRUPT_STORM, (ULONG_PTR)isr, (ULONG_PTR)f,
                               (ULONG_PTR)f->interrupt, 1);
    interrupt(f);
}

static void its_resources_name_line_and_window(void **state)
{
    struct fixture *f = *state;
    dirql_resources *resources = dirql_resources_create();
    PCM_PARTIAL_RESOURCE_LIST list;

    mock_line_add_resources(&f->device, resources);
    list = &dirql_resources_translated(resources)->List[0].PartialResourceList;
    assert_int_equal(list->Count, 2);
    assert_int_equal(list->PartialDescriptors[0].Type, CmResourceTypeInterrupt);
    assert_int_equal(list->PartialDescriptors[0].u.Interrupt.Vector,
                     dirql_line_vector(f->device.line));
    assert_int_equal(list->PartialDescriptors[1].Type, CmResourceTypeMemory);
    assert_int_equal(list->PartialDescriptors[1].u.Memory.Start.QuadPart,
                     f->device.address.QuadPart);
    assert_int_equal(list->PartialDescriptors[1].u.Memory.Length, MOCK_LINE_LENGTH);
}

#define LINE_TEST(name, setup) dirql_unit_test_setup_teardown(name, setup, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE_TEST(a_trigger_interrupts_and_is_acknowledged, set_level),
        LINE_TEST(ports_do_as_well_as_memory, set_ports),
        LINE_TEST(a_level_stays_until_it_is_acknowledged, set_level),
        LINE_TEST(an_edge_interrupts_once_even_if_nobody_acknowledges, set_edge),
        LINE_TEST(enabling_lets_a_waiting_level_through, set_disabled),
        LINE_TEST(an_edge_while_disabled_is_gone, set_disabled_edge),
        LINE_TEST(disabling_lowers_the_line, set_level),
        LINE_TEST(a_trigger_can_be_timed, set_level),
        LINE_TEST(the_count_can_be_set, set_ports),
        dirql_unit_test_setup(a_deaf_device_makes_a_storm, set_deaf),
        LINE_TEST(its_resources_name_line_and_window, set_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

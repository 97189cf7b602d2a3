/*
 * 02 - Masking by IRQL.
 *
 * Each processor has a level, its IRQL. An interrupt gets in only if its own level is higher;
 * everything else waits at the door. So a processor at an ISR's level is safe from that ISR, and
 * code that shares data with an ISR raises its IRQL first.
 *
 * Note who is kept waiting: this processor only. Lesson 04 is about the others.
 *
 * From here on we use a device that behaves: mock_line has a STATUS register that says it wants
 * service, and an ACKNOWLEDGE register that makes it let go of its line.
 */
#include <string.h>

#include <dirql/cmocka.h>

#include <mock_line.h>

enum { LOW, HIGH, DEVICES };

static const KIRQL IRQLS[DEVICES] = {4, 8};

struct machine {
    mock_line devices[DEVICES];
    PUCHAR registers[DEVICES];
    PKINTERRUPT interrupts[DEVICES];
    char order[16]; /* Who ran: 'L' and 'H', lower case when it was done. */
};

static struct machine machine;

static void note(char who)
{
    size_t length = strlen(machine.order);

    machine.order[length] = who;
    machine.order[length + 1] = '\0';
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    int which = (int)((mock_line *)context - machine.devices);

    (void)interrupt;
    note(which == LOW ? 'L' : 'H');
    WRITE_REGISTER_ULONG((PULONG)(machine.registers[which] + MOCK_LINE_ACKNOWLEDGE), 1);
    if (which == LOW && machine.devices[HIGH].count == 0) {
        mock_line_trigger(&machine.devices[HIGH]); /* The other device interrupts right here. */
    }
    note(which == LOW ? 'l' : 'h');
    return TRUE;
}

static int start(void **state)
{
    int i;

    memset(&machine, 0, sizeof(machine));
    for (i = 0; i < DEVICES; i++) {
        mock_line *d = &machine.devices[i];

        mock_line_init(d, &(mock_line_options){.line.irql = IRQLS[i]});
        machine.registers[i] = MmMapIoSpace(d->address, MOCK_LINE_LENGTH, MmNonCached);
        if (IoConnectInterrupt(&machine.interrupts[i], isr, d, NULL, dirql_line_vector(d->line),
                               IRQLS[i], IRQLS[i], LevelSensitive, FALSE,
                               dirql_line_processors(d->line), FALSE) != STATUS_SUCCESS) {
            return -1;
        }
    }
    *state = &machine;
    return 0;
}

static int stop(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < DEVICES; i++) {
        IoDisconnectInterrupt(machine.interrupts[i]);
        MmUnmapIoSpace(machine.registers[i], MOCK_LINE_LENGTH);
    }
    return 0;
}

static void an_interrupt_waits_until_irql_falls_below_it(void **state)
{
    struct machine *m = *state;
    KIRQL old_irql;

    KeRaiseIrql(IRQLS[LOW], &old_irql);
    mock_line_trigger(&m->devices[LOW]);
    assert_string_equal(m->order, ""); /* Equal is not higher: it waits. */
    mock_line_trigger(&m->devices[HIGH]);
    assert_string_equal(m->order, "Hh"); /* This one does not. */
    KeLowerIrql(old_irql);
    assert_string_equal(m->order, "HhLl"); /* Taken before KeLowerIrql returned. */
}

/* An ISR is code like any other: a device of a higher level interrupts it. */
static void a_higher_interrupt_nests_in_a_lower_one(void **state)
{
    struct machine *m = *state;

    mock_line_trigger(&m->devices[LOW]);
    assert_string_equal(m->order, "LHhl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(an_interrupt_waits_until_irql_falls_below_it, start, stop,
                                       .fixed = 1),
        dirql_unit_test_setup_teardown(a_higher_interrupt_nests_in_a_lower_one, start, stop,
                                       .fixed = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * 01 - The first interrupt.
 *
 * A device has something to say. It pulls a wire, and whatever the processor was doing, it drops it
 * and calls the routine that the driver has connected to that wire: the interrupt service routine,
 * or ISR. When the ISR returns, the processor goes on as if nothing had happened. That is all there
 * is to an interrupt: it is a call that nobody wrote down.
 *
 * Here the wire is in our hands. dirql_line_assert() pulls it, and because nothing keeps the
 * interrupt away, the ISR has already run when that call returns.
 *
 * A real machine is not so prompt: an interrupt may come a little late. dirql can play that, too
 * (DIRQL_MODE=random or live in the environment of any test), and then a test has to wait for what
 * it wants to see: that is what dirql_time_advance_us(1) is for in these lessons. A test that is
 * about the undisturbed machine says `.fixed = 1`, and the environment leaves it alone.
 */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>

struct device {
    dirql_line *line;
    PKINTERRUPT interrupt;
    unsigned calls;
    KIRQL irql_in_isr;
};

static struct device device;

/* The ISR. It runs at a raised IRQL, on the stack of whomever it interrupted, and it must be quick
 * about it. */
static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    struct device *d = context;

    (void)interrupt;
    d->calls++;
    d->irql_in_isr = KeGetCurrentIrql();
    dirql_line_deassert(d->line); /* A real ISR tells the device to let go, through a register. */
    return TRUE;                  /* "It was my device, and I have seen to it." */
}

/* What a driver does in its start routine: it is told a vector and an IRQL, and connects a routine
 * to them. */
static int connect(void **state)
{
    struct device *d = &device;

    d->calls = 0;
    d->line = dirql_line_create(NULL);
    *state = d;
    return IoConnectInterrupt(&d->interrupt, isr, d, NULL, dirql_line_vector(d->line),
                              dirql_line_irql(d->line), dirql_line_irql(d->line),
                              dirql_line_mode(d->line), FALSE, dirql_line_processors(d->line),
                              FALSE) != STATUS_SUCCESS;
}

static int disconnect(void **state)
{
    struct device *d = *state;

    IoDisconnectInterrupt(d->interrupt);
    return 0;
}

static void the_isr_has_run_when_the_line_was_asserted(void **state)
{
    struct device *d = *state;

    assert_int_equal(d->calls, 0);
    dirql_line_assert(d->line);
    assert_int_equal(d->calls, 1);
    dirql_line_assert(d->line);
    assert_int_equal(d->calls, 2);
}

/* Inside, the processor's IRQL was that of the line; outside, it is back where it was. */
static void the_isr_runs_at_the_irql_of_its_line(void **state)
{
    struct device *d = *state;

    dirql_assert_irql(PASSIVE_LEVEL);
    dirql_line_assert(d->line);
    dirql_time_advance_us(1); /* In case it comes late. */
    assert_int_equal(d->irql_in_isr, dirql_line_irql(d->line));
    dirql_assert_irql(PASSIVE_LEVEL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(the_isr_has_run_when_the_line_was_asserted, connect,
                                       disconnect, .fixed = 1),
        dirql_unit_test_setup_teardown(the_isr_runs_at_the_irql_of_its_line, connect, disconnect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

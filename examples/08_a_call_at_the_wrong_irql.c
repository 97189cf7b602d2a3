/*
 * 08 - A call at the wrong IRQL.
 *
 * Every routine of the kernel is documented with the IRQLs at which it may be called. An ISR runs
 * above DISPATCH_LEVEL, where the scheduler cannot run: so it must not set an event, because that
 * may wake a thread. On a real machine this mistake is a matter of luck. Mostly nothing happens;
 * one day in a thousand the queues of the scheduler are in pieces.
 *
 * dirql looks at every call. The run ends at the first that breaks a rule, in the bug check that
 * the Driver Verifier would have made of it, with a report: which rule, where it is documented,
 * what to do instead, and the steps that led there.
 *
 * A test may also claim that a driver is wrong: dirql_expect_bugcheck().
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>

static struct driver {
    dirql_line *line;
    PKINTERRUPT interrupt;
    KEVENT arrived;
    KDPC dpc;
} driver;

static BOOLEAN hasty_isr(PKINTERRUPT interrupt, PVOID context)
{
    struct driver *d = context;

    (void)interrupt;
    dirql_line_deassert(d->line);
    KeSetEvent(&d->arrived, IO_NO_INCREMENT, FALSE); /* At DIRQL: this is the mistake. */
    return TRUE;
}

static void tell(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    KeSetEvent(&((struct driver *)context)->arrived, IO_NO_INCREMENT, FALSE);
}

static BOOLEAN patient_isr(PKINTERRUPT interrupt, PVOID context)
{
    struct driver *d = context;

    (void)interrupt;
    dirql_line_deassert(d->line);
    KeInsertQueueDpc(&d->dpc, NULL, NULL); /* At DISPATCH_LEVEL, it may. */
    return TRUE;
}

static void wait_for_one_interrupt(PKSERVICE_ROUTINE isr)
{
    struct driver *d = &driver;

    d->line = dirql_line_create(NULL);
    KeInitializeEvent(&d->arrived, NotificationEvent, FALSE);
    KeInitializeDpc(&d->dpc, tell, d);
    assert_int_equal(IoConnectInterrupt(&d->interrupt, isr, d, NULL, dirql_line_vector(d->line),
                                        dirql_line_irql(d->line), dirql_line_irql(d->line),
                                        dirql_line_mode(d->line), FALSE,
                                        dirql_line_processors(d->line), FALSE),
                     STATUS_SUCCESS);
    dirql_line_assert(d->line);
    KeWaitForSingleObject(&d->arrived, Executive, KernelMode, FALSE, NULL);
    IoDisconnectInterrupt(d->interrupt);
}

static void an_isr_leaves_the_event_to_a_dpc(void **state)
{
    (void)state;
    wait_for_one_interrupt(patient_isr);
}

static void an_isr_that_sets_an_event_is_wrong(void **state)
{
    (void)state;
    /* The Driver Verifier's word for it: 0xC4, 0x80. */
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x80, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    wait_for_one_interrupt(hasty_isr);
}

static void hasty_body(void *context)
{
    (void)context;
    wait_for_one_interrupt(hasty_isr);
}

/* Without CMocka in between, the report is there to be read. */
static void the_report_says_what_to_do(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(NULL, hasty_body, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "KeSetEvent was called at DIRQL"));
    assert_non_null(strstr(result.report, "rule:  IrqlKeSetEvent"));
    assert_non_null(strstr(result.report, "fix:   in an ISR, queue a DPC and set the event there"));
    assert_non_null(strstr(result.report, "ISR hasty_isr"));
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(an_isr_leaves_the_event_to_a_dpc),
        dirql_unit_test(an_isr_that_sets_an_event_is_wrong),
        cmocka_unit_test(the_report_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

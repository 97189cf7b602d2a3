/*
 * interrupt_test.c - a user's first test: a driver's ISR queues a DPC, which counts.
 */
#include <wdm.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>

typedef struct fixture {
    dirql_line *line;
    PKINTERRUPT interrupt;
    KDPC dpc;
    int isr_calls;
    int dpc_calls;
} fixture;

static fixture the_fixture;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    fixture *f = context;

    (void)interrupt;
    dirql_assert_irql(dirql_line_irql(f->line));
    f->isr_calls++;
    dirql_line_deassert(f->line);
    KeInsertQueueDpc(&f->dpc, NULL, NULL);
    return TRUE;
}

static VOID count(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    fixture *f = context;

    (void)dpc, (void)argument1, (void)argument2;
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    f->dpc_calls++;
}

static int start(void **state)
{
    fixture *f = &the_fixture;

    memset(f, 0, sizeof *f);
    f->line = dirql_line_create(NULL);
    KeInitializeDpc(&f->dpc, count, f);
    *state = f;
    return !NT_SUCCESS(IoConnectInterrupt(&f->interrupt, isr, f, NULL, dirql_line_vector(f->line),
                                          dirql_line_irql(f->line), dirql_line_irql(f->line),
                                          dirql_line_mode(f->line), FALSE,
                                          dirql_line_processors(f->line), FALSE));
}

static int stop(void **state)
{
    fixture *f = *state;

    IoDisconnectInterrupt(f->interrupt);
    return 0;
}

static void isr_and_dpc_run_before_the_line_call_returns(void **state)
{
    fixture *f = *state;

    dirql_line_assert(f->line);
    assert_int_equal(f->isr_calls, 1);
    assert_int_equal(f->dpc_calls, 1);
}

static void dpc_waits_for_lower_irql(void **state)
{
    fixture *f = *state;
    KIRQL old_irql;

    KeRaiseIrql(DISPATCH_LEVEL, &old_irql);
    dirql_line_assert(f->line);
    assert_int_equal(f->isr_calls, 1);
    assert_int_equal(f->dpc_calls, 0);
    KeLowerIrql(old_irql);
    assert_int_equal(f->dpc_calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(isr_and_dpc_run_before_the_line_call_returns, start, stop),
        dirql_unit_test_setup_teardown(dpc_waits_for_lower_irql, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_ipi.c - calls of all processors meet them in plain loops.
 */
#include "live.h"

enum { PROCESSORS = 4 };

static volatile int loops[PROCESSORS], goes_on;
static volatile unsigned called[PROCESSORS];

static void loop(void *context)
{
    *(volatile int *)context = true;
    while (!goes_on) {
    }
}

static ULONG_PTR NTAPI count_call(ULONG_PTR argument)
{
    const ULONG processor = KeGetCurrentProcessorNumberEx(NULL);

    if (KeGetCurrentIrql() == IPI_LEVEL) {
        called[processor]++;
    }
    return argument + processor;
}

static void an_ipi_meets_processors_in_plain_loops(void **state)
{
    dirql_thread *threads[PROCESSORS];

    (void)state;
    goes_on = false;
    memset((void *)called, 0, sizeof(called));
    for (unsigned i = 1; i < PROCESSORS; i++) {
        loops[i] = false;
        threads[i] = dirql_thread_start(NULL, i, loop, (void *)&loops[i]);
        while (!loops[i]) {
        }
    }
    for (unsigned round = 0; round < 10; round++) {
        assert_int_equal(KeIpiGenericCall(count_call, 100), 100);
    }
    goes_on = true;
    for (unsigned i = 1; i < PROCESSORS; i++) {
        dirql_thread_join(threads[i]);
        assert_int_equal(called[i], 10);
    }
    assert_int_equal(called[0], 10);
}

static volatile unsigned calls_at_once;

static void call_often(void *context)
{
    (void)context;
    for (unsigned i = 0; i < 20; i++) {
        KeIpiGenericCall(count_call, 0);
        __atomic_fetch_add(&calls_at_once, 1, __ATOMIC_SEQ_CST);
    }
}

static void ipis_of_two_processors_do_not_block_each_other(void **state)
{
    dirql_thread *other;

    (void)state;
    calls_at_once = 0;
    memset((void *)called, 0, sizeof(called));
    other = dirql_thread_start(NULL, 1, call_often, NULL);
    call_often(NULL);
    dirql_thread_join(other);
    assert_int_equal(calls_at_once, 40);
    assert_int_equal(called[0], 40);
    assert_int_equal(called[1], 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(an_ipi_meets_processors_in_plain_loops, LIVE, .processors = PROCESSORS),
        dirql_unit_test(ipis_of_two_processors_do_not_block_each_other, LIVE, .processors = 2),
    };

    return RUN_WHERE_KICKS_ARE_PROMPT(tests);
}

/*
 * test_cmocka.c - CMocka's functions from other processors, and from what interrupted a loop there.
 */
#include "live.h"

static struct source source;
static volatile int loops;

static void loop_on_processor_1(void *context)
{
    loops = true;
    while (context == NULL || *(volatile int *)context == false) {
    }
}

/* The ISR of `source` runs `act` on top of a loop on processor 1, that never ends. */
static void interrupt_a_loop(void (*act)(struct source *))
{
    memset(&source, 0, sizeof(source));
    source.act = act;
    source_make(&source, 5, 2);
    loops = false;
    dirql_thread_start("loops", 1, loop_on_processor_1, NULL);
    while (!loops) {
    }
    dirql_line_assert(source.line);
    while (source.calls == 0) {
    }
}

/* ---- Tests that fail, run in a child --------------------------------------------------------- */

enum { FAILING_LINE = __LINE__ + 5 };

static void fail_here(struct source *s)
{
    (void)s;
    assert_int_equal(1, 2);
}

static void fails_in_isr(void **state)
{
    (void)state;
    interrupt_a_loop(fail_here);
}

static void NTAPI fail_in_dpc(PKDPC dpc, PVOID context, PVOID one, PVOID two)
{
    (void)dpc;
    (void)context;
    (void)one;
    (void)two;
    dirql_fail("a_file", 77, "the DPC gives up");
}

static KDPC dpc;

static void queue_dpc(struct source *s)
{
    (void)s;
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void fails_in_dpc(void **state)
{
    (void)state;
    KeInitializeDpc(&dpc, fail_in_dpc, NULL);
    interrupt_a_loop(queue_dpc);
    for (;;) {
    }
}

static const char *volatile nowhere = (const char *)8;

static void compares_what_is_not_there(void **state)
{
    (void)state;
    assert_string_equal(nowhere, "text");
}

static void passes(void **state)
{
    (void)state;
    interrupt_a_loop(NULL);
}

static void run_failing_tests(void *context)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_teardown(fails_in_isr, source_stop, LIVE, .processors = 2),
        dirql_unit_test_teardown(fails_in_dpc, source_stop, LIVE, .processors = 2),
        dirql_unit_test_teardown(compares_what_is_not_there, source_stop, LIVE, .processors = 2),
        dirql_unit_test(compares_what_is_not_there, .mode = DIRQL_MODE_FIRST, .fixed = 1),
        dirql_unit_test_teardown(passes, source_stop, LIVE, .processors = 2),
    };

    (void)context;
    fflush(NULL);
    printf("failed: %d\n", cmocka_run_group_tests(tests, NULL, NULL));
}

static unsigned times_said(const char *text)
{
    unsigned times = 0;

    for (const char *at = child_said; (at = strstr(at, text)) != NULL; at++) {
        times++;
    }
    return times;
}

static void a_failure_in_an_isr_of_another_processor_is_reported_once(void **state)
{
    char place[64];

    (void)state;
    assert_int_equal(child_run(run_failing_tests, NULL), 0);
    snprintf(place, sizeof(place), "test_cmocka.c:%d: error: Failure!", FAILING_LINE);
    if (times_said(place) != 1) {
        fail_msg("%s is there %u times:\n%s", place, times_said(place), child_said);
    }
    assert_int_equal(times_said("a_file:77: the DPC gives up"), 1);
    assert_child_said("[       OK ] passes");
    assert_child_said("failed: 4");
}

static void a_fault_in_an_assert_is_a_finding_and_the_next_test_runs(void **state)
{
    (void)state;
    assert_int_equal(child_run(run_failing_tests, NULL), 0);
    assert_int_equal(times_said("access violation: read of address 0x8"), 2);
    assert_child_said("[       OK ] passes");
}

/* ---- Mocks ----------------------------------------------------------------------------------- */

enum { THREADS = 3, CALLS = 50 };

static int ask(int question)
{
    check_expected(question);
    return mock_type(int);
}

static void ask_often(void *context)
{
    volatile int *sum = context;

    for (int i = 0; i < CALLS; i++) {
        *sum += ask(i % 1);
    }
}

static void mocks_answer_on_all_processors(void **state)
{
    dirql_thread *threads[THREADS];
    volatile int sums[THREADS] = { 0 };
    int sum = 0;

    (void)state;
    expect_value_count(ask, question, 0, THREADS * CALLS);
    for (int i = 0; i < THREADS * CALLS; i++) {
        will_return(ask, i);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = dirql_thread_start(NULL, i + 1, ask_often, (void *)&sums[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        dirql_thread_join(threads[i]);
        sum += sums[i];
    }
    assert_int_equal(sum, THREADS * CALLS * (THREADS * CALLS - 1) / 2);
}

static volatile int answer;

static void ask_in_isr(struct source *s)
{
    (void)s;
    answer = ask(7);
}

static void a_mock_answers_in_an_isr_that_interrupted_a_loop(void **state)
{
    (void)state;
    answer = 0;
    expect_value(ask, question, 7);
    will_return(ask, 42);
    interrupt_a_loop(ask_in_isr);
    assert_int_equal(answer, 42);
}

/* ---- Many at once ---------------------------------------------------------------------------- */

static void assert_often(void *context)
{
    (void)context;
    for (int i = 0; i < 300; i++) {
        assert_int_equal(i, i);
        assert_string_equal("a", "a");
    }
}

static void asserts_on_all_processors_at_once(void **state)
{
    dirql_thread *threads[THREADS];

    (void)state;
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = dirql_thread_start(NULL, i + 1, assert_often, NULL);
    }
    assert_often(NULL);
    for (unsigned i = 0; i < THREADS; i++) {
        dirql_thread_join(threads[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_in_an_isr_of_another_processor_is_reported_once),
        cmocka_unit_test(a_fault_in_an_assert_is_a_finding_and_the_next_test_runs),
        dirql_unit_test_teardown(mocks_answer_on_all_processors, source_stop, LIVE,
                                 .processors = THREADS + 1),
        dirql_unit_test_teardown(a_mock_answers_in_an_isr_that_interrupted_a_loop, source_stop,
                                 LIVE, .processors = 2),
        dirql_unit_test_teardown(asserts_on_all_processors_at_once, source_stop, LIVE,
                                 .processors = THREADS + 1),
    };

    return RUN_WHERE_KICKS_ARE_PROMPT(tests);
}

/*
 * test_between.c - what can come between two steps that follow each other without a wait: where one
 * thread takes the place of another, and where an ISR or a DPC has run on top of one.
 */
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <string.h>

enum { FIRST = 1, SECOND = 2, BOTH = FIRST | SECOND };

static LONG latest; /* Who came last. */
static DIRQL_KEEP unsigned seen; /* Of all runs. */

static void explore(unsigned processors, unsigned preemptions, void (*body)(void *context),
                    void *context, dirql_result *result)
{
    const dirql_options options = { .mode = DIRQL_MODE_EXPLORE,
                                    .processors = processors,
                                    .preemptions = preemptions,
                                    .interrupts = DIRQL_UNBOUNDED,
                                    .fixed = 1 };

    seen = 0;
    if (dirql_run(&options, body, context, result) != DIRQL_PASSED) {
        fail_msg("%s", result->report);
    }
    assert_non_null(strstr(result->coverage, ": complete for"));
    dirql_result_free(result);
}

static void be_first(void *context)
{
    (void)context;
    InterlockedExchange(&latest, FIRST);
}

static void be_first_twice(void *context)
{
    be_first(context);
    be_first(context);
}

static void be_second(void *context)
{
    (void)context;
    InterlockedExchange(&latest, SECOND);
}

static void be_second_twice(void *context)
{
    be_second(context);
    be_second(context);
}

/* ---- In the place of another thread ---------------------------------------------------------- */

static void start_on(unsigned one, unsigned other)
{
    dirql_thread *threads[2];

    threads[0] = dirql_thread_start("first", one, be_first_twice, NULL);
    threads[1] = dirql_thread_start("second", other, be_second_twice, NULL);
    dirql_thread_join(threads[0]);
    dirql_thread_join(threads[1]);
    seen |= (unsigned)latest;
}

static void start_beside(void *context)
{
    (void)context;
    start_on(0, 1); /* The test waits on processor 0: that is when the first begins. */
}

static void start_together(void *context)
{
    (void)context;
    start_on(0, 0);
}

static void another_processor_may_go_on_before_a_thread_that_takes_over(void **state)
{
    dirql_result result;

    (void)state;
    explore(2, DIRQL_NONE, start_beside, NULL, &result); /* It costs nothing. */
    assert_int_equal(seen, BOTH);
}

static void threads_of_one_processor_are_not_preempted_for_ever(void **state)
{
    dirql_result result;

    (void)state;
    explore(1, DIRQL_UNBOUNDED, start_together, NULL, &result);
    assert_int_equal(seen, BOTH);
    assert_in_range(result.schedules, 6, 100);
}

static KEVENT done;

static void work(void *context)
{
    be_first(context);
    KeSetEvent(&done, IO_NO_INCREMENT, FALSE);
}

static void queue_work(void *context)
{
    static WORK_QUEUE_ITEM item;
    dirql_thread *other;

    (void)context;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, work, NULL);
    dirql_thread_move(0);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    other = dirql_thread_start("second", 1, be_second, NULL);
    (void)KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    dirql_thread_join(other);
    seen |= (unsigned)latest;
}

static void another_processor_may_go_on_before_a_work_item(void **state)
{
    dirql_result result;

    (void)state;
    explore(2, 2, queue_work, NULL, &result);
    assert_int_equal(seen, BOTH);
}

/* ---- On top ---------------------------------------------------------------------------------- */

typedef struct interrupting {
    KIRQL one, other;
    bool by_dpc;
} interrupting;

static const interrupting *how;
static LONG started, ready, finished;
static KDPC dpc;

static VOID NTAPI get_ready_later(PKDPC from, PVOID context, PVOID a, PVOID b)
{
    (void)from;
    (void)context;
    (void)a;
    (void)b;
    InterlockedExchange(&ready, InterlockedOr(&started, 0));
}

static BOOLEAN NTAPI get_ready(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    if (how->by_dpc) {
        (void)KeInsertQueueDpc(&dpc, NULL, NULL);
    } else {
        InterlockedExchange(&ready, InterlockedOr(&started, 0));
    }
    return TRUE;
}

/* FIRST: between the other's interrupt, which came between two steps of the thread, and the second of
 * these. */
static BOOLEAN NTAPI look(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    seen |= InterlockedOr(&ready, 0) != 0 && InterlockedOr(&finished, 0) == 0 ? FIRST : SECOND;
    return TRUE;
}

static PKINTERRUPT connect(dirql_line *line, PKSERVICE_ROUTINE isr, KIRQL irql)
{
    PKINTERRUPT interrupt = NULL;

    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), irql,
                                        irql, Latched, FALSE, 1, FALSE),
                     STATUS_SUCCESS);
    return interrupt;
}

static void be_interrupted_twice(void *context)
{
    dirql_line *lines[2];
    PKINTERRUPT interrupts[2];

    how = context;
    started = 0;
    ready = 0;
    finished = 0;
    KeInitializeDpc(&dpc, get_ready_later, NULL);
    for (unsigned i = 0; i < 2; i++) {
        const KIRQL irql = i == 0 ? how->one : how->other;

        lines[i] = dirql_line_create(&(dirql_line_options){
            .name = i == 0 ? "one" : "other", .irql = irql, .trigger = DIRQL_EDGE });
        interrupts[i] = connect(lines[i], i == 0 ? get_ready : look, irql);
    }
    dirql_line_pulse(lines[0]);
    dirql_line_pulse(lines[1]);
    InterlockedExchange(&started, 1);
    InterlockedExchange(&finished, 1);
    dirql_time_advance_us(5);
    IoDisconnectInterrupt(interrupts[0]);
    IoDisconnectInterrupt(interrupts[1]);
}

static void an_interrupt_may_come_between_another_and_what_is_next(void **state)
{
    static const interrupting all[] = { { 5, 8, false }, { 8, 5, false }, { 6, 6, false },
                                        { 5, 8, true },  { 8, 5, true },  { 6, 6, true } };
    dirql_result result;

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        explore(1, 2, be_interrupted_twice, (void *)(ULONG_PTR)&all[i], &result);
        assert_int_equal(seen, BOTH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_processor_may_go_on_before_a_thread_that_takes_over),
        cmocka_unit_test(threads_of_one_processor_are_not_preempted_for_ever),
        cmocka_unit_test(another_processor_may_go_on_before_a_work_item),
        cmocka_unit_test(an_interrupt_may_come_between_another_and_what_is_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

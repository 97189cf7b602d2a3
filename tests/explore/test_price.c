/*
 * test_price.c - what it costs to go against the order of an undisturbed machine: as long as that
 * is right, bounds leave out what they should, and nothing else.
 */
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>

enum { STEPS = 3, SCHEDULES_MAX = 1000 }; /* There are a dozen or so. */

static volatile LONG steps, flag;
static LONG rounds;
static DIRQL_KEEP unsigned seen; /* Bit n: a schedule had n. */

static dirql_options bounded(unsigned preemptions, unsigned interrupts)
{
    seen = 0;
    steps = 0;
    flag = 0;
    rounds = 0;
    return (dirql_options){ .mode = DIRQL_MODE_EXPLORE,
                            .processors = 2,
                            .preemptions = preemptions,
                            .interrupts = interrupts,
                            .schedule_limit = SCHEDULES_MAX };
}

static void explore(const dirql_options *options, void (*body)(void *context))
{
    dirql_result result;

    if (dirql_run(options, body, NULL, &result) != DIRQL_PASSED) {
        fail_msg("%s", result.report);
    }
    assert_true(result.complete);
    dirql_result_free(&result);
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

static BOOLEAN look_at_steps(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    seen |= 1u << steps;
    return TRUE;
}

static void interrupt_the_other_processor(void *context)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){
        .name = "uart", .irql = 7, .trigger = DIRQL_EDGE, .processors = 2 });
    PKINTERRUPT interrupt;

    (void)context;
    (void)IoConnectInterrupt(&interrupt, look_at_steps, NULL, NULL, dirql_line_vector(line), 7, 7,
                             Latched, FALSE, 2, FALSE);
    dirql_line_pulse(line);
    for (unsigned i = 0; i < STEPS; i++) {
        InterlockedIncrement(&steps);
    }
    IoDisconnectInterrupt(interrupt);
}

static void an_interrupt_that_is_put_off_comes_whenever_it_likes(void **state)
{
    const dirql_options options = bounded(DIRQL_NONE, 1);

    (void)state;
    explore(&options, interrupt_the_other_processor);
    assert_int_equal(seen, (1u << (STEPS + 1)) - 1);
}

static void without_an_interrupt_to_spare_it_comes_at_once(void **state)
{
    const dirql_options options = bounded(DIRQL_UNBOUNDED, DIRQL_NONE);

    (void)state;
    explore(&options, interrupt_the_other_processor);
    assert_int_equal(seen, 1);
}

/* ---- Loops ----------------------------------------------------------------------------------- */

static void raise_flag(void *context)
{
    (void)context;
    InterlockedExchange(&flag, 1);
}

static void poll(void *context)
{
    dirql_thread *thread = dirql_thread_start("setter", 1, raise_flag, NULL);

    (void)context;
    while (ReadAcquire(&flag) == 0) {
        YieldProcessor();
        rounds++;
    }
    seen |= 1u << rounds;
    dirql_thread_join(thread);
}

/* A round more for each that there is, and never without end. */
static void who_gives_way_goes_on_only_for_a_preemption(void **state)
{
    (void)state;
    for (unsigned preemptions = 0; preemptions < 3; preemptions++) {
        const dirql_options options =
            bounded(preemptions > 0 ? preemptions : DIRQL_NONE, DIRQL_NONE);

        explore(&options, poll);
        assert_int_equal(seen, ((1u << (preemptions + 1)) - 1) << 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupt_that_is_put_off_comes_whenever_it_likes),
        cmocka_unit_test(without_an_interrupt_to_spare_it_comes_at_once),
        cmocka_unit_test(who_gives_way_goes_on_only_for_a_preemption),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

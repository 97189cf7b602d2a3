/*
 * test_intc.c - lines: what is pending where, what is in service, and what is looked at again.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <string.h>

#include "../settle.h"

typedef struct wire {
    dirql_line *line;
    PKINTERRUPT interrupt;
    char letter;
    int again; /* How often its ISR still deasserts and asserts the line anew. */
    int calls;
} wire;

static wire wires[3];
static char order[32];

static int start(void **state)
{
    (void)state;
    memset(wires, 0, sizeof(wires));
    memset(order, 0, sizeof(order));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    dirql_suppress("DisconnectAsserting", NULL, "the test is over");
    for (unsigned i = 0; i < sizeof(wires) / sizeof(wires[0]); i++) {
        if (wires[i].interrupt != NULL) {
            IoDisconnectInterrupt(wires[i].interrupt);
        }
    }
    return 0;
}

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    wire *w = context;

    (void)interrupt;
    w->calls++;
    order[strlen(order)] = w->letter;
    if (dirql_line_mode(w->line) == LevelSensitive) {
        dirql_line_deassert(w->line);
    }
    if (w->again > 0) {
        const uint64_t taken = dirql_line_count(w->line);

        w->again--;
        dirql_line_assert(w->line);
        KeStallExecutionProcessor(30); /* Another processor would have the time to take it. */
        assert_int_equal(dirql_line_count(w->line), taken);
    }
    return TRUE;
}

static void connect(wire *w)
{
    const KIRQL irql = dirql_line_irql(w->line);

    assert_int_equal(IoConnectInterrupt(&w->interrupt, isr, w, NULL, dirql_line_vector(w->line),
                                        irql, irql, dirql_line_mode(w->line), FALSE,
                                        dirql_line_processors(w->line), FALSE),
                     STATUS_SUCCESS);
}

static wire *connected_to(KAFFINITY processors, unsigned number, KIRQL irql, dirql_trigger trigger)
{
    wire *w = &wires[number];

    w->letter = (char)('a' + number);
    w->line = dirql_line_create(
        &(dirql_line_options){ .irql = irql, .trigger = trigger, .processors = processors });
    connect(w);
    return w;
}

/* To all processors. */
static wire *connected(unsigned number, KIRQL irql, dirql_trigger trigger)
{
    return connected_to(0, number, irql, trigger);
}

/* To the processor of the test's body only: there it can keep the interrupt waiting. */
static wire *connected_here(unsigned number, KIRQL irql, dirql_trigger trigger)
{
    dirql_thread_move(0);
    return connected_to(1, number, irql, trigger);
}

static void a_level_line_in_service_is_not_taken_by_another_processor(void **state)
{
    wire *w = connected(0, 5, DIRQL_LEVEL);

    (void)state;
    w->again = 5;
    dirql_line_assert(w->line);
    settle();
    assert_int_equal(w->calls, 6);
}

static void a_level_line_asserted_anew_in_its_isr_is_taken_again_after_it(void **state)
{
    wire *w = connected(0, 5, DIRQL_LEVEL);

    (void)state;
    w->again = 3;
    dirql_line_assert(w->line);
    settle();
    assert_int_equal(w->calls, 4);
}

static void a_line_that_is_silenced_each_time_is_no_storm(void **state)
{
    wire *w = connected(0, 5, DIRQL_LEVEL);

    (void)state;
    w->again = 20; /* The limit of this run is 3. */
    dirql_line_assert(w->line);
    settle();
    assert_int_equal(w->calls, 21);
}

static void a_level_line_deasserted_before_it_is_taken_goes_away(void **state)
{
    wire *w = connected_here(0, 5, DIRQL_LEVEL);
    KIRQL old;

    (void)state;
    KeRaiseIrql(5, &old);
    dirql_line_assert(w->line);
    dirql_line_deassert(w->line);
    KeLowerIrql(old);
    settle();
    assert_int_equal(w->calls, 0);
}

static void an_edge_stays_when_its_line_is_deasserted(void **state)
{
    wire *w = connected_here(0, 5, DIRQL_EDGE);
    KIRQL old;

    (void)state;
    KeRaiseIrql(5, &old);
    dirql_line_pulse(w->line);
    KeLowerIrql(old);
    settle();
    assert_int_equal(w->calls, 1);
}

static void an_edge_that_was_taken_does_not_come_back_with_a_new_connection(void **state)
{
    wire *w = connected(0, 5, DIRQL_EDGE);

    (void)state;
    dirql_line_pulse(w->line);
    settle();
    IoDisconnectInterrupt(w->interrupt);
    connect(w);
    settle();
    assert_int_equal(w->calls, 1);
}

static void edges_that_come_while_one_is_latched_are_one(void **state)
{
    wire *w = connected_here(0, 5, DIRQL_MESSAGE);
    KIRQL old;

    (void)state;
    KeRaiseIrql(5, &old);
    dirql_line_assert(w->line);
    dirql_line_assert(w->line);
    dirql_line_assert(w->line);
    KeLowerIrql(old);
    settle();
    assert_int_equal(w->calls, 1);
}

static void equal_levels_are_taken_in_order_of_arrival(void **state)
{
    KIRQL old;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        connected(i, 5, DIRQL_EDGE);
    }
    KeRaiseIrql(5, &old);
    dirql_line_pulse(wires[2].line);
    dirql_line_pulse(wires[0].line);
    dirql_line_pulse(wires[1].line);
    KeLowerIrql(old);
    assert_string_equal(order, "cab");
}

static void the_highest_level_is_taken_first(void **state)
{
    KIRQL old;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        connected(i, (KIRQL)(5 + i), DIRQL_EDGE);
    }
    KeRaiseIrql(8, &old);
    for (unsigned i = 0; i < 3; i++) {
        dirql_line_pulse(wires[i].line);
    }
    KeLowerIrql(old);
    assert_string_equal(order, "cba");
}

static void what_leaves_a_list_from_its_middle_leaves_the_rest(void **state)
{
    KIRQL old;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        connected(i, 5, DIRQL_LEVEL);
    }
    KeRaiseIrql(5, &old);
    for (unsigned i = 0; i < 3; i++) {
        dirql_line_assert(wires[i].line);
    }
    dirql_line_deassert(wires[1].line);
    dirql_line_deassert(wires[2].line);
    dirql_line_assert(wires[1].line);
    KeLowerIrql(old);
    assert_string_equal(order, "ab");
}

#define ANY(f) dirql_unit_test_setup_teardown(f, start, stop)
/* In which order lines arrive is drawn in mode random. */
#define FIRST(f) \
    dirql_unit_test_setup_teardown(f, start, stop, .mode = DIRQL_MODE_FIRST, .fixed = 1)
/* Who takes an interrupt is drawn. */
#define RANDOM(f, seed_)                                                                       \
    dirql_unit_test_setup_teardown(f, start, stop, .processors = 2, .mode = DIRQL_MODE_RANDOM, \
                                   .seed = seed_)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RANDOM(a_level_line_in_service_is_not_taken_by_another_processor, 1),
        RANDOM(a_level_line_in_service_is_not_taken_by_another_processor, 2),
        RANDOM(a_level_line_in_service_is_not_taken_by_another_processor, 3),
        RANDOM(a_level_line_in_service_is_not_taken_by_another_processor, 4),
        ANY(a_level_line_asserted_anew_in_its_isr_is_taken_again_after_it),
        dirql_unit_test_setup_teardown(a_line_that_is_silenced_each_time_is_no_storm, start, stop,
                                       .storm_limit = 3),
        ANY(a_level_line_deasserted_before_it_is_taken_goes_away),
        ANY(an_edge_stays_when_its_line_is_deasserted),
        ANY(an_edge_that_was_taken_does_not_come_back_with_a_new_connection),
        ANY(edges_that_come_while_one_is_latched_are_one),
        FIRST(equal_levels_are_taken_in_order_of_arrival),
        FIRST(the_highest_level_is_taken_first),
        FIRST(what_leaves_a_list_from_its_middle_leaves_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

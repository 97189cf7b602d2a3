/*
 * test_timeline.c - IRQL over virtual time, drawn as text.
 */
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/trace.h>

#include <string.h>

static void a_raised_stretch_is_drawn_in_its_own_row(void **state)
{
    static const char expected[] = "IRQL from 0 us to 40 us, 5.0 us a column (# runs, . idle)\n"
                                   "CPU0\n"
                                   "   2 DISPATCH | ###    |\n"
                                   "   0 PASSIVE  |## #####|\n";
    char *text;
    KIRQL old;

    (void)state;
    dirql_trace_start();
    KeStallExecutionProcessor(8);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeStallExecutionProcessor(10);
    KeLowerIrql(old);
    KeStallExecutionProcessor(22);
    text = dirql_trace_timeline(0, 40000, 8);
    assert_true(strlen(text) >= strlen(expected));
    text[strlen(expected)] = '\0'; /* There may be more processors. */
    assert_string_equal(text, expected);
    dirql_trace_free(text);
}

static void waiting_is_drawn_as_idle(void **state)
{
    char *text;

    (void)state;
    dirql_trace_start();
    KeStallExecutionProcessor(8);
    dirql_time_advance_us(30);
    text = dirql_trace_timeline(0, 40000, 4);
    assert_non_null(strstr(text, "0 PASSIVE  |#..#|"));
    dirql_trace_free(text);
}

static void every_processor_has_its_rows(void **state)
{
    char *text;

    (void)state;
    dirql_trace_start();
    dirql_time_advance_us(3);
    text = dirql_trace_timeline(0, 3000, 3);
    assert_non_null(strstr(text, "CPU0\n"));
    assert_non_null(strstr(text, "CPU1\n   0 PASSIVE  |...|\n"));
    dirql_trace_free(text);
}

static void odd_limits_are_drawn_all_the_same(void **state)
{
    char *text;

    (void)state;
    dirql_trace_start();
    text = dirql_trace_timeline(5000, 5000, 0);
    assert_non_null(text);
    dirql_trace_free(text);
    text = dirql_trace_timeline(9000, 1000, 100000);
    assert_non_null(text);
    dirql_trace_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_raised_stretch_is_drawn_in_its_own_row),
        dirql_unit_test(waiting_is_drawn_as_idle),
        dirql_unit_test(every_processor_has_its_rows, .processors = 2),
        dirql_unit_test(odd_limits_are_drawn_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

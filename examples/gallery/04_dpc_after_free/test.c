/*
 * The device interrupts, and is stopped soon after.
 */
#include "gallery.h"

static void nothing_runs_after_the_stop(void **state)
{
    dirql_line *line = start_device(CPU0);

    (void)state;
    dirql_line_pulse(line);
    dirql_time_advance_us(1); /* By then the interrupt has come. */
    driver_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(nothing_runs_after_the_stop, .processors = 2, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

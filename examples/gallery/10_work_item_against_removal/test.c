/*
 * The device interrupts while it is removed.
 */
#include "gallery.h"

static void nothing_runs_after_the_removal(void **state)
{
    dirql_line *line = start_level_device(CPU0);

    (void)state;
    dirql_line_assert(line);
    driver_stop();
    dirql_time_advance_us(1); /* Whatever is queued still runs. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(nothing_runs_after_the_removal, .processors = 2, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

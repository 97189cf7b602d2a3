/*
 * The device is stopped as its timer expires.
 */
#include "gallery.h"

static void nothing_runs_after_the_stop(void **state)
{
    (void)state;
    start_device(CPU0);
    dirql_time_advance_us(10);
    driver_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(nothing_runs_after_the_stop, .processors = 2, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

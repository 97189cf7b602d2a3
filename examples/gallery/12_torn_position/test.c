/*
 * The position is read while a period ends.
 */
#include "gallery.h"

static void the_position_is_that_of_a_period(void **state)
{
    const ULONGLONG period = 0xC0000000u;
    dirql_line *line = start_device(CPU0);
    ULONGLONG position;

    (void)state;
    dirql_line_pulse(line);
    position = driver_position();
    if (position != period) {
        assert_int_equal(position, 2 * period);
    }
    dirql_time_advance_us(1);
    driver_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(the_position_is_that_of_a_period, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

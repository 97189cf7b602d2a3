/*
 * A byte comes while the count is read.
 */
#include "gallery.h"

static void reading_comes_to_its_end(void **state)
{
    dirql_line *line = start_device(CPU0);

    (void)state;
    dirql_line_pulse(line);
    (void)driver_read();
    dirql_time_advance_us(1);
    assert_int_equal(driver_read(), 1);
    driver_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(reading_comes_to_its_end, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Two packets end, one soon after the other.
 */
#include "gallery.h"

static void each_packet_is_completed(void **state)
{
    dirql_line *line = start_device(CPU0);

    (void)state;
    dirql_line_pulse(line);
    dirql_time_advance_us(1); /* By then the first interrupt was taken. */
    dirql_line_pulse(line);
    dirql_time_advance_us(1);
    driver_stop();
    assert_int_equal(driver_read(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(each_packet_is_completed, .processors = 2, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

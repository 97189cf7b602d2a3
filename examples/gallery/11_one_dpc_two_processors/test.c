/*
 * The device interrupts twice; the second interrupt may go to another processor.
 */
#include "gallery.h"

static void each_packet_is_counted(void **state)
{
    dirql_line *line = start_device(CPU0 | CPU1);

    (void)state;
    dirql_line_pulse(line);
    dirql_line_pulse(line);
    dirql_time_advance_us(1);
    driver_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(each_packet_is_counted, .processors = 2, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

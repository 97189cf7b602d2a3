/*
 * A byte comes while another processor reads.
 */
#include "gallery.h"

static void a_byte_is_whole(void **state)
{
    dirql_line *line = start_device(CPU1);
    ULONG byte;

    (void)state;
    dirql_line_pulse(line);
    byte = driver_read();
    dirql_time_advance_us(1);
    assert_int_equal(byte != 0 ? byte : driver_read(), 0x41);
    driver_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(a_byte_is_whole, .processors = 2, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

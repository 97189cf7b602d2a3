/*
 * A byte comes while the count is read: either this reading has it, or the next.
 */
#include "gallery.h"

static void every_byte_is_counted(void **state)
{
    dirql_line *line = start_device(CPU0);
    ULONG count;

    (void)state;
    dirql_line_pulse(line);
    count = driver_read();
    dirql_time_advance_us(1); /* By then it has come. */
    assert_int_equal(count + driver_read(), 1);
    driver_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(every_byte_is_counted, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

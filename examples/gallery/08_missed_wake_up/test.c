/*
 * A byte comes while a reader waits for it.
 */
#include "gallery.h"

static void a_byte_wakes_the_reader(void **state)
{
    dirql_line *line = start_device(CPU0);

    (void)state;
    dirql_line_pulse(line);
    assert_int_equal(driver_read(), 1);
    driver_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(a_byte_wakes_the_reader, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

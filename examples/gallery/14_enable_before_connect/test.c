/*
 * A byte waits in the device when it is started.
 */
#include "gallery.h"

static void the_byte_that_waited_is_received(void **state)
{
    (void)state;
    start_driver(create_enabled_device(CPU0));
    dirql_time_advance_us(1);
    driver_stop();
    assert_int_equal(driver_read(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(the_byte_that_waited_is_received, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

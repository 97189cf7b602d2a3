/*
 * An application reads while the device is stopped.
 */
#include "gallery.h"

static void application(void *context)
{
    (void)context;
    driver_read();
}

static void reading_and_stopping_may_meet(void **state)
{
    dirql_thread *reader;

    (void)state;
    start_device(CPU0);
    reader = dirql_thread_start("application", 1, application, NULL);
    driver_stop();
    dirql_thread_join(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(reading_and_stopping_may_meet, .processors = 2, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

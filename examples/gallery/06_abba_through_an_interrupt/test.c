/*
 * One application writes while another asks how much is under way.
 */
#include "gallery.h"

static void read_once(void *context)
{
    (void)context;
    (void)driver_read();
}

static void writing_and_reading_come_to_their_end(void **state)
{
    dirql_thread *reader;

    (void)state;
    start_device(CPU0);
    reader = dirql_thread_start("reader", 1, read_once, NULL);
    driver_write(3);
    dirql_thread_join(reader);
    driver_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(writing_and_reading_come_to_their_end, .processors = 2, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The device interrupts while it is stopped.
 */
#include "gallery.h"

static void nobody_uses_a_freed_device(void **state)
{
    dirql_line *line = start_level_device(CPU0);

    (void)state;
    dirql_line_assert(line);
    driver_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(nobody_uses_a_freed_device, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

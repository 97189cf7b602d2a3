/*
 * Two applications send a byte each, on two processors.
 */
#include <portcls.h>

#include "gallery.h"

static PRESOURCELIST resources;

static void start_adapter(void)
{
    dirql_resources *list = dirql_resources_create();
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .name = "midi" });

    dirql_resources_add_line(list, line);
    assert_int_equal(PcNewResourceList(&resources, NULL, NonPagedPool,
                                       dirql_resources_translated(list), dirql_resources_raw(list)),
                     STATUS_SUCCESS);
    assert_int_equal(driver_start_adapter(resources), STATUS_SUCCESS);
}

static void second_application(void *context)
{
    (void)context;
    driver_write(0x20);
}

static void both_bytes_are_sent(void **state)
{
    dirql_thread *second;

    (void)state;
    start_adapter();
    second = dirql_thread_start("second application", 1, second_application, NULL);
    driver_write(0x10);
    dirql_thread_join(second);
    assert_int_equal(driver_read(), 0x10 + 0x20);
    driver_stop();
    resources->lpVtbl->Release(resources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_explore_test(both_bytes_are_sent, .processors = 2, .must_complete = 1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

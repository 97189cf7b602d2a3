/*
 * test_source.c - files as others can find them.
 */
#include <dirql/cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "report/source.h"

static dq_source source;
static char uri[DQ_SOURCE_URI];

static void files_are_named_from_the_root(void **state)
{
    (void)state;
    dq_source_set("/src/the tree/driver/uart.c", 41, &source);
    assert_string_equal(source.path, "driver/uart.c");
    assert_true(source.is_relative);
    assert_int_equal(source.line, 41);
    assert_true(dq_source_root_uri(uri, sizeof(uri)));
    assert_string_equal(uri, "file:///src/the%20tree/");
}

static void files_elsewhere_keep_their_whole_path(void **state)
{
    (void)state;
    dq_source_set("/src/the tree 2/uart.c", 1, &source);
    assert_string_equal(dq_source_uri(&source, uri, sizeof(uri)), "file:///src/the%20tree%202/uart.c");
}

static void dots_are_taken_out(void **state)
{
    (void)state;
    dq_source_set("/src/the tree/build/../driver/./uart.c", 1, &source);
    assert_string_equal(source.path, "driver/uart.c");
    dq_source_set("../../uart.c", 1, &source);
    assert_string_equal(source.path, "../../uart.c");
    dq_source_set("a/../../uart.c", 1, &source);
    assert_string_equal(source.path, "../uart.c");
    dq_source_set("/../uart.c", 1, &source);
    assert_string_equal(source.path, "/uart.c");
}

static void names_become_uris(void **state)
{
    (void)state;
    dq_source_set("dir/\xC3\xA4 #1?.c", 1, &source);
    assert_string_equal(dq_source_uri(&source, uri, sizeof(uri)), "dir/%C3%A4%20%231%3F.c");
}

static void a_place_is_found_with_its_folders(void **state)
{
    (void)state;
    dq_source_find((const char *)(uintptr_t)names_become_uris + 1, &source);
    assert_string_equal(source.function, "names_become_uris");
    if (source.line != 0) { /* Where there is libdw. */
        assert_non_null(strstr(source.path, "report/test_source.c"));
    }
    dq_source_find(NULL, &source);
    assert_int_equal(source.line, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_named_from_the_root),
        cmocka_unit_test(files_elsewhere_keep_their_whole_path),
        cmocka_unit_test(dots_are_taken_out),
        cmocka_unit_test(names_become_uris),
        cmocka_unit_test(a_place_is_found_with_its_folders),
    };

    setenv("DIRQL_REPORT_ROOT", "/src/the tree/", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

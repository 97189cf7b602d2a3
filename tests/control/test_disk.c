/*
 * test_disk.c - include/dirql/disk.h: the files of the machine in a test's hands.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/disk.h>

#include <string.h>

static void files_are_made_and_read_back(void **state)
{
    char bytes[8] = { 0 };

    (void)state;
    assert_int_equal(dirql_disk_read("C:\\a\\b.bin", NULL, 0), -1);
    dirql_disk_write("C:\\a\\b.bin", "12345", 5);
    dirql_disk_write("\\DosDevices\\C:\\A\\B.bin", "678", 3);
    assert_int_equal(dirql_disk_read("C:\\a\\b.bin", bytes, 2), 3);
    assert_string_equal(bytes, "67");
    assert_true(dirql_disk_has("C:\\a"));
    assert_int_equal(dirql_disk_read("C:\\a", NULL, 0), -1); /* A directory. */
    assert_false(dirql_disk_has("C:\\b\\c\\d"));
}

static void a_tree_goes_as_a_whole(void **state)
{
    (void)state;
    dirql_disk_write("C:\\a\\b\\c.bin", "1", 1);
    dirql_disk_add_directory("C:\\a\\d");
    dirql_disk_remove("C:\\a");
    dirql_disk_remove("C:\\a");
    assert_false(dirql_disk_has("C:\\a"));
    assert_true(dirql_disk_has("C:\\Windows\\System32\\drivers"));
}

static void entries_are_listed(void **state)
{
    char name[6];

    (void)state;
    dirql_disk_write("C:\\a\\b.bin", "1", 1);
    dirql_disk_write("C:\\a\\long name", "1", 1);
    assert_true(dirql_disk_entry("C:\\a", 0, name, sizeof(name)));
    assert_string_equal(name, "b.bin");
    assert_true(dirql_disk_entry("C:\\a", 1, name, sizeof(name)));
    assert_string_equal(name, "long ");
    assert_false(dirql_disk_entry("C:\\a", 2, name, sizeof(name)));
    assert_false(dirql_disk_entry("C:\\none", 0, name, sizeof(name)));
}

static void what_the_test_writes_takes_no_room(void **state)
{
    (void)state;
    dirql_disk_set_free(0);
    dirql_disk_write("C:\\a.bin", "1", 1);
    assert_int_equal(dirql_disk_read("C:\\a.bin", NULL, 0), 1);
}

/* ---- Misuse ---------------------------------------------------------------------------------- */

static void assert_fails(void (*body)(void *context), const char *reason)
{
    dirql_result result;

    assert_int_equal(dirql_run(NULL, body, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.errors, 1);
    if (strstr(result.report, reason) == NULL) {
        fail_msg("the report does not say \"%s\":\n%s", reason, result.report);
    }
    dirql_result_free(&result);
}

static void write_elsewhere(void *context)
{
    (void)context;
    dirql_disk_write("\\Device\\Uart\\a.bin", "1", 1);
}

static void write_to_a_drive(void *context)
{
    (void)context;
    dirql_disk_write("C:", "1", 1);
}

static void write_to_a_directory(void *context)
{
    (void)context;
    dirql_disk_write("C:\\Windows", "1", 1);
}

static void add_below_a_file(void *context)
{
    (void)context;
    dirql_disk_write("C:\\a.bin", "1", 1);
    dirql_disk_add_directory("C:\\a.bin\\b\\c");
}

static void write_to_stars(void *context)
{
    (void)context;
    dirql_disk_write("C:\\*.bin", "1", 1);
}

static void write_below_stars(void *context)
{
    (void)context;
    dirql_disk_write("C:\\new\\*\\a.bin", "1", 1);
}

static void break_what_is_not_there(void *context)
{
    (void)context;
    dirql_disk_fail("C:\\none.bin", STATUS_DEVICE_DATA_ERROR);
}

static void hide_what_is_not_there(void *context)
{
    (void)context;
    dirql_disk_set_attributes("C:\\none.bin", FILE_ATTRIBUTE_HIDDEN);
}

static void paths_that_lead_nowhere_are_told(void **state)
{
    (void)state;
    assert_fails(write_elsewhere,
                 "dirql_disk_write: \"\\Device\\Uart\\a.bin\" is no path of a file on drive C:");
    assert_fails(write_to_a_drive, "is no path of a file on drive C:");
    assert_fails(write_to_a_directory, "dirql_disk_write: \"C:\\Windows\" is a directory");
    assert_fails(add_below_a_file, "has a file where a directory is to be");
    assert_fails(write_to_stars, "has a part that no file can be named");
    assert_fails(write_below_stars, "has a part that no file can be named");
    assert_fails(break_what_is_not_there, "dirql_disk_fail: \"C:\\none.bin\" is not there");
    assert_fails(hide_what_is_not_there, "is not there");
}

/* ---- Rewinding ------------------------------------------------------------------------------- */

static DIRQL_KEEP unsigned runs;

static void append_once(void *context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\??\\C:\\log.txt");
    static char line[] = "line\n";
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    HANDLE file;

    (void)context;
    runs++;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    (void)dirql_choose(3);
    assert_int_equal(ZwCreateFile(&file, FILE_APPEND_DATA | SYNCHRONIZE, &attributes, &block, NULL,
                                  0, FILE_SHARE_READ, FILE_OPEN_IF, FILE_SYNCHRONOUS_IO_NONALERT,
                                  NULL, 0),
                     STATUS_SUCCESS);
    assert_int_equal(block.Information, FILE_CREATED);
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, line, 5, NULL, NULL),
                     STATUS_SUCCESS);
    ZwClose(file);
    assert_int_equal(dirql_disk_read("C:\\log.txt", NULL, 0), 5);
}

static void all_room_that_can_be_counted_is_enough(void **state)
{
    (void)state;
    dirql_disk_write("C:\\log.txt", "before", 6);
    dirql_disk_set_free(UINT64_MAX);
    dirql_disk_remove("C:\\log.txt");
    append_once(NULL);
}

static void files_are_gone_in_the_next_schedule(void **state)
{
    const dirql_options options = { .name = "log", .mode = DIRQL_MODE_EXPLORE, .fixed = 1 };
    dirql_result result;

    (void)state;
    runs = 0;
    assert_int_equal(dirql_run(&options, append_once, NULL, &result), DIRQL_PASSED);
    assert_true(runs >= 3);
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(files_are_made_and_read_back),
        dirql_unit_test(a_tree_goes_as_a_whole),
        dirql_unit_test(entries_are_listed),
        dirql_unit_test(what_the_test_writes_takes_no_room),
        dirql_unit_test(all_room_that_can_be_counted_is_enough),
        cmocka_unit_test(paths_that_lead_nowhere_are_told),
        cmocka_unit_test(files_are_gone_in_the_next_schedule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

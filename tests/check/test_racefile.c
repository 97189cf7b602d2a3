/*
 * test_racefile.c - races on the buffers of file requests: who reads or writes a file touches them.
 */
#include "race.h"

#include <dirql/disk.h>

static HANDLE file;
static IO_STATUS_BLOCK block;

static void open_file(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\DosDevices\\C:\\wave.wav");
    OBJECT_ATTRIBUTES attributes;

    dirql_disk_write("C:\\wave.wav", "abcdefgh", 8);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateFile(&file, GENERIC_READ | GENERIC_WRITE, &attributes, &block, NULL, 0,
                                  0, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0),
                     STATUS_SUCCESS);
}

static void save(void)
{
    ZwWriteFile(file, NULL, NULL, NULL, &block, (PVOID)(ULONG_PTR)&x, sizeof(x), NULL, NULL);
}

static void load(void)
{
    ZwReadFile(file, NULL, NULL, NULL, &block, (PVOID)(ULONG_PTR)&x, sizeof(x), NULL, NULL);
}

static void change(void)
{
    WRITES(&x);
}

static void look(void)
{
    READS(&x);
}

static race_part *parts[2];

static void with_the_file(void *context)
{
    open_file();
    race_parts[0] = parts[0];
    race_parts[1] = parts[1];
    race_processors[0] = 0;
    race_processors[1] = 1;
    race_two(context);
    ZwClose(file);
}

static void run_both(race_part *first, race_part *second)
{
    parts[0] = first;
    parts[1] = second;
    rule_run(2, with_the_file);
}

static void what_is_being_saved_is_not_changed(void **state)
{
    (void)state;
    run_both(save, change);
    assert_race_found();
    run_both(save, look);
    assert_no_race();
}

static void what_is_being_loaded_is_not_looked_at(void **state)
{
    (void)state;
    run_both(load, look);
    assert_race_found();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_being_saved_is_not_changed),
        cmocka_unit_test(what_is_being_loaded_is_not_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

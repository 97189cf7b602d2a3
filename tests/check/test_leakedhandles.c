/*
 * test_leakedhandles.c - handles that are still open when a run is over.
 */
#include "left.h"

#include <dirql/disk.h>

#include <portcls.h>

static UNICODE_STRING services =
    RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services");
static UNICODE_STRING own = RTL_CONSTANT_STRING(L"uart");

static void leave_a_key(void *context)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    (void)context;
    InitializeObjectAttributes(&attributes, &services, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&key, KEY_READ, &attributes), STATUS_SUCCESS);
    if (tidy) {
        ZwClose(key);
    }
}

static void a_key_that_is_still_open_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_key, "HandleLeak",
                "a handle of a registry key is not closed. ZwOpenKey was called at leave_a_key");
}

static void leave_a_deleted_key(void *context)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE root, key;

    (void)context;
    InitializeObjectAttributes(&attributes, &services, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&root, KEY_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, &own, OBJ_KERNEL_HANDLE, root, NULL);
    assert_int_equal(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL),
                     STATUS_SUCCESS);
    ZwClose(root);
    assert_int_equal(ZwDeleteKey(key), STATUS_SUCCESS);
    if (tidy) {
        ZwClose(key);
    }
}

static void the_handle_of_a_deleted_key_is_to_be_closed_too(void **state)
{
    (void)state;
    assert_left(leave_a_deleted_key, "HandleLeak", "ZwCreateKey was called at");
}

static void leave_a_key_object(void *context)
{
    OBJECT_ATTRIBUTES attributes;
    PREGISTRYKEY key;

    (void)context;
    InitializeObjectAttributes(&attributes, &services, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(PcNewRegistryKey(&key, NULL, GeneralRegistryKey, KEY_READ, NULL, NULL,
                                      &attributes, 0, NULL),
                     STATUS_SUCCESS);
    if (tidy) {
        IRegistryKey_Release(key);
    }
}

static void the_handle_of_a_key_object_is_a_part_of_it(void **state)
{
    (void)state;
    assert_left(leave_a_key_object, "ReferenceLeak",
                "an IRegistryKey still has 1 reference. PcNewRegistryKey was called at");
}

static void leave_a_file(void *context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\DosDevices\\C:\\left.wav");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    HANDLE file;

    (void)context;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateFile(&file, GENERIC_WRITE, &attributes, &block, NULL,
                                  FILE_ATTRIBUTE_NORMAL, 0, FILE_OVERWRITE_IF,
                                  FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0),
                     STATUS_SUCCESS);
    if (tidy) {
        ZwClose(file);
    }
}

static void a_file_that_is_still_open_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_file, "HandleLeak",
                "a handle of a file \"\\left.wav\" is not closed. ZwCreateFile was called at "
                "leave_a_file");
}

static void leave_a_file_object(void *context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\SystemRoot");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    PVOID object;
    HANDLE file;

    (void)context;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenFile(&file, FILE_LIST_DIRECTORY, &attributes, &block, FILE_SHARE_READ,
                                FILE_DIRECTORY_FILE),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(file, 0, *IoFileObjectType, KernelMode, &object,
                                               NULL),
                     STATUS_SUCCESS);
    ZwClose(file);
    if (tidy) {
        ObDereferenceObject(object);
    }
}

static void a_reference_to_a_file_object_is_given_back(void **state)
{
    (void)state;
    assert_left(leave_a_file_object, "ReferenceLeak",
                "a file object still has a reference: its device is open. ZwOpenFile was called at");
}

/* A write that takes a while, to a file of which only `object` is kept. */
static void begin_a_write(PVOID *object)
{
    static char data[] = "RIFF";
    static IO_STATUS_BLOCK block;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\DosDevices\\C:\\left.wav");
    OBJECT_ATTRIBUTES attributes;
    LARGE_INTEGER offset = { .QuadPart = 0 };
    HANDLE file;

    dirql_disk_set_latency_us(1000);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateFile(&file, GENERIC_WRITE, &attributes, &block, NULL,
                                  FILE_ATTRIBUTE_NORMAL, 0, FILE_OVERWRITE_IF, 0, NULL, 0),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(file, 0, *IoFileObjectType, KernelMode, object,
                                               NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, data, 4, &offset, NULL),
                     STATUS_PENDING);
    ZwClose(file);
}

static void leave_a_write(void *context)
{
    PVOID object;

    (void)context;
    begin_a_write(&object);
    ObDereferenceObject(object);
    if (tidy) {
        dirql_time_advance_us(2000);
    }
}

static void a_request_that_is_on_its_way_keeps_its_file(void **state)
{
    (void)state;
    assert_left(leave_a_write, "IrpLeft", "a request is not completed. ZwWriteFile was called at");
}

static void leave_a_write_and_its_file(void *context)
{
    PVOID object;

    (void)context;
    begin_a_write(&object);
}

static void another_reference_is_still_one_too_many(void **state)
{
    (void)state;
    rule_run(1, leave_a_write_and_its_file);
    assert_int_equal(rule_result.errors, 2);
    assert_report_has("rule:  IrpLeft:");
    assert_report_has("a file object still has a reference");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_that_is_still_open_is_reported),
        cmocka_unit_test(the_handle_of_a_deleted_key_is_to_be_closed_too),
        cmocka_unit_test(the_handle_of_a_key_object_is_a_part_of_it),
        cmocka_unit_test(a_file_that_is_still_open_is_reported),
        cmocka_unit_test(a_reference_to_a_file_object_is_given_back),
        cmocka_unit_test(a_request_that_is_on_its_way_keeps_its_file),
        cmocka_unit_test(another_reference_is_still_one_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

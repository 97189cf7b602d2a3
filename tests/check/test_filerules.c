/*
 * test_filerules.c - files used in a way that their pages warn of, or forbid.
 */
#include "rule.h"

#include <dirql/disk.h>
#include <dirql/fail.h>

#define NAME L"\\DosDevices\\C:\\wave.wav"
#define PATH "C:\\wave.wav"

static IO_STATUS_BLOCK block;
static char text[] = "abc";

static NTSTATUS try_open(ACCESS_MASK access, ULONG options, PHANDLE file)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(NAME);
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateFile(file, access | SYNCHRONIZE, &attributes, &block, NULL, 0, 0, FILE_OPEN_IF,
                        options, NULL, 0);
}

static HANDLE open_for(ACCESS_MASK access)
{
    HANDLE file;

    assert_int_equal(try_open(access, FILE_SYNCHRONOUS_IO_NONALERT, &file), STATUS_SUCCESS);
    return file;
}

/* ---- Access ---------------------------------------------------------------------------------- */

static void write_with_access(ACCESS_MASK access)
{
    HANDLE file = open_for(access);

    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, text, 3, NULL, NULL),
                     STATUS_SUCCESS);
    ZwClose(file);
}

static void write_with_a_handle_for_reading(void *context)
{
    (void)context;
    write_with_access(GENERIC_READ);
}

static void write_with_a_handle_for_writing(void *context)
{
    (void)context;
    write_with_access(GENERIC_WRITE);
    write_with_access(FILE_APPEND_DATA);
    write_with_access(MAXIMUM_ALLOWED);
}

static void use_a_handle_for_nothing(void *context)
{
    FILE_END_OF_FILE_INFORMATION end = { .EndOfFile = { .QuadPart = 1 } };
    FILE_STANDARD_INFORMATION standard;
    FILE_BASIC_INFORMATION basic;
    char buffer[4];
    HANDLE file;

    (void)context;
    dirql_disk_write(PATH, text, 3);
    file = open_for(0);
    ZwQueryInformationFile(file, &block, &standard, sizeof(standard), FileStandardInformation);
    ZwQueryInformationFile(file, &block, &basic, sizeof(basic), FileBasicInformation);
    ZwSetInformationFile(file, &block, &end, sizeof(end), FileEndOfFileInformation);
    ZwReadFile(file, NULL, NULL, NULL, &block, buffer, 1, NULL, NULL);
    ZwFlushBuffersFile(file, &block);
    ZwClose(file);
}

static void read_with_a_handle_for_execution(void *context)
{
    char buffer[4];
    HANDLE file;

    (void)context;
    dirql_disk_write(PATH, text, 3);
    file = open_for(FILE_EXECUTE);
    ZwReadFile(file, NULL, NULL, NULL, &block, buffer, 1, NULL, NULL);
    ZwClose(file);
}

static void a_file_is_used_for_what_it_was_opened_for(void **state)
{
    (void)state;
    assert_warned(write_with_a_handle_for_reading, 1, 1, "FileAccess");
    assert_report_has("ZwWriteFile needs access 0x6 to a file, but this handle was opened for "
                      "0x120089");
    assert_warned(use_a_handle_for_nothing, 1, 4, "FileAccess");
    assert_warned(read_with_a_handle_for_execution, 1, 1, "FileAccess");
    assert_silent(write_with_a_handle_for_writing, 1, "FileAccess");
}

/* ---- Deletion -------------------------------------------------------------------------------- */

static void delete_and(HANDLE file, bool write)
{
    FILE_DISPOSITION_INFORMATION disposition = { .DeleteFile = TRUE };

    assert_int_equal(ZwSetInformationFile(file, &block, &disposition, sizeof(disposition),
                                          FileDispositionInformation),
                     STATUS_SUCCESS);
    if (write) {
        ZwWriteFile(file, NULL, NULL, NULL, &block, text, 3, NULL, NULL);
    }
    ZwClose(file);
}

static void write_to_a_deleted_file(void *context)
{
    (void)context;
    delete_and(open_for(GENERIC_ALL), true);
}

static void close_a_deleted_file(void *context)
{
    (void)context;
    delete_and(open_for(GENERIC_ALL), false);
}

static void a_deleted_file_is_closed_next(void **state)
{
    (void)state;
    assert_warned(write_to_a_deleted_file, 1, 1, "FileDeletePending");
    assert_silent(close_a_deleted_file, 1, "FileDeletePending");
}

/* ---- Reserved -------------------------------------------------------------------------------- */

static VOID NTAPI apc_routine(PVOID context, PIO_STATUS_BLOCK status_block, ULONG reserved)
{
    (void)context;
    (void)status_block;
    (void)reserved;
}

static void pass_an_apc_routine(void *context)
{
    HANDLE file = open_for(GENERIC_WRITE);

    (void)context;
    assert_int_equal(ZwWriteFile(file, NULL, apc_routine, NULL, &block, text, 3, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    ZwClose(file);
}

static void pass_a_key(void *context)
{
    HANDLE file = open_for(GENERIC_WRITE);
    ULONG key = 5;

    (void)context;
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, text, 3, NULL, &key),
                     STATUS_SUCCESS);
    ZwClose(file);
}

static void what_is_reserved_stays_null(void **state)
{
    (void)state;
    assert_warned(pass_an_apc_routine, 1, 1, "FileReserved");
    assert_warned(pass_a_key, 1, 1, "FileReserved");
    assert_silent(write_with_a_handle_for_writing, 1, "FileReserved");
}

/* ---- IRQL, APCs ------------------------------------------------------------------------------ */

static void write_at_dispatch_level(void *context)
{
    HANDLE file = open_for(GENERIC_WRITE);
    KIRQL irql;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ZwWriteFile(file, NULL, NULL, NULL, &block, text, 3, NULL, NULL);
    KeLowerIrql(irql);
}

static void open_in_a_guarded_region(void *context)
{
    (void)context;
    KeEnterGuardedRegion();
    (void)open_for(GENERIC_WRITE);
    KeLeaveGuardedRegion();
}

static void open_in_a_critical_region(void *context)
{
    (void)context;
    KeEnterCriticalRegion();
    ZwClose(open_for(GENERIC_WRITE));
    KeLeaveCriticalRegion();
}

static void files_are_used_at_passive_level_with_special_apcs(void **state)
{
    (void)state;
    assert_verifier(write_at_dispatch_level, 0xE6, DIRQL_ANY, DISPATCH_LEVEL, DIRQL_ANY,
                    "IrqlZwPassive");
    assert_verifier(open_in_a_guarded_region, 0xE6, DIRQL_ANY, PASSIVE_LEVEL, -1, "IrqlZwPassive");
    assert_silent(open_in_a_critical_region, 1, "IrqlZwPassive");
}

/* ---- Unfinished ------------------------------------------------------------------------------ */

static volatile UCHAR *volatile frame; /* So that no compiler makes less of a frame than it is. */

__attribute__((noinline)) static void begin_a_read(HANDLE file, char *buffer)
{
    volatile UCHAR far_below[16384];
    IO_STATUS_BLOCK own;
    LARGE_INTEGER offset = { .QuadPart = 0 };

    frame = far_below;
    assert_int_equal(ZwReadFile(file, NULL, NULL, NULL, &own, buffer, 1, &offset, NULL),
                     STATUS_PENDING);
    frame = NULL;
}

__attribute__((noinline)) static void begin_a_deep_read(HANDLE file, char *buffer)
{
    volatile UCHAR deep[16384];

    frame = deep;
    begin_a_read(file, buffer);
    frame = NULL;
}

static void return_before_the_read_is_done(void *context)
{
    static char buffer[4];
    HANDLE file;

    (void)context;
    dirql_disk_write(PATH, text, 3);
    dirql_disk_set_latency_us(1000);
    assert_int_equal(try_open(GENERIC_READ, 0, &file), STATUS_SUCCESS);
    begin_a_deep_read(file, buffer);
    settle();
    ZwClose(file);
}

static void a_status_block_outlives_its_request(void **state)
{
    (void)state;
    rule_run(1, return_before_the_read_is_done);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("rule:  IrpUnwound:");
}

/* ---- Failures on demand ---------------------------------------------------------------------- */

static void save(void *context)
{
    HANDLE file;

    (void)context;
    if (NT_SUCCESS(try_open(GENERIC_WRITE, FILE_SYNCHRONOUS_IO_NONALERT, &file))) {
        (void)ZwWriteFile(file, NULL, NULL, NULL, &block, text, 3, NULL, NULL);
        (void)ZwFlushBuffersFile(file, &block);
        ZwClose(file);
    }
}

static void each_call_can_fail_for_want_of_memory(void **state)
{
    const dirql_options files = { .name = "files", .fail = "file:1" };
    const dirql_options requests = { .name = "requests", .fail = "irp:2" };
    dirql_result result = { 0 };

    (void)state;
    rule_run_with(&files, save);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_int_equal(block.Status, STATUS_INSUFFICIENT_RESOURCES);
    rule_run_with(&requests, save);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_int_equal(dirql_fail_each(&(dirql_options){ .name = "each" }, save, NULL, &result),
                     DIRQL_PASSED);
    dirql_result_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_used_for_what_it_was_opened_for),
        cmocka_unit_test(a_deleted_file_is_closed_next),
        cmocka_unit_test(what_is_reserved_stays_null),
        cmocka_unit_test(files_are_used_at_passive_level_with_special_apcs),
        cmocka_unit_test(a_status_block_outlives_its_request),
        cmocka_unit_test(each_call_can_fail_for_want_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

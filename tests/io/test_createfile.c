/* Tests of lib/io/createfile.c and volumecreate.c: opening by a name. */
#include "files.h"

#include <dirql/check.h>

/* ---- Dispositions ---------------------------------------------------------------------------- */

static NTSTATUS create(ULONG disposition)
{
    const NTSTATUS status =
        OPEN(&file, .name = WAVE_NAME, .access = GENERIC_READ | GENERIC_WRITE | DELETE,
             .disposition = disposition, .options = SYNCHRONOUS);

    if (NT_SUCCESS(status)) {
        close_file();
    } else {
        assert_null(file);
    }
    assert_int_equal(block.Status, status);
    return status;
}

static void what_is_not_there_is_made_if_so_wished(void **state)
{
    (void)state;
    assert_int_equal(create(FILE_OPEN), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(block.Information, FILE_DOES_NOT_EXIST);
    assert_int_equal(create(FILE_OVERWRITE), STATUS_OBJECT_NAME_NOT_FOUND);
    for (ULONG disposition = FILE_SUPERSEDE; disposition <= FILE_OVERWRITE_IF; disposition++) {
        if (disposition != FILE_OPEN && disposition != FILE_OVERWRITE) {
            assert_int_equal(create(disposition), STATUS_SUCCESS);
            assert_int_equal(block.Information, FILE_CREATED);
            assert_int_equal(dirql_disk_read(WAVE, NULL, 0), 0);
            dirql_disk_remove(WAVE);
        }
    }
}

static void what_is_there_is_opened_or_replaced(void **state)
{
    static const struct {
        ULONG disposition, information;
        int64_t bytes;
    } rows[] = { { FILE_OPEN, FILE_OPENED, 3 },
                 { FILE_OPEN_IF, FILE_OPENED, 3 },
                 { FILE_OVERWRITE, FILE_OVERWRITTEN, 0 },
                 { FILE_OVERWRITE_IF, FILE_OVERWRITTEN, 0 },
                 { FILE_SUPERSEDE, FILE_SUPERSEDED, 0 } };

    (void)state;
    for (size_t i = 0; i < ARRAYSIZE(rows); i++) {
        dirql_disk_write(WAVE, "abc", 3);
        assert_int_equal(create(rows[i].disposition), STATUS_SUCCESS);
        assert_int_equal(block.Information, rows[i].information);
        assert_int_equal(dirql_disk_read(WAVE, NULL, 0), rows[i].bytes);
    }
    assert_int_equal(create(FILE_CREATE), STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(block.Information, FILE_EXISTS);
}

static NTSTATUS open_with(ULONG attributes, ULONG disposition)
{
    NTSTATUS status = OPEN(&file, .name = WAVE_NAME, .access = FILE_READ_DATA,
                           .attributes = attributes, .disposition = disposition);

    if (NT_SUCCESS(status)) {
        close_file();
    }
    return status;
}

static void a_hidden_file_is_replaced_only_by_a_hidden_one(void **state)
{
    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    dirql_disk_set_attributes(WAVE, FILE_ATTRIBUTE_HIDDEN);
    assert_int_equal(open_with(FILE_ATTRIBUTE_NORMAL, FILE_OVERWRITE), STATUS_ACCESS_DENIED);
    assert_int_equal(open_with(FILE_ATTRIBUTE_NORMAL, FILE_SUPERSEDE), STATUS_ACCESS_DENIED);
    assert_int_equal(dirql_disk_read(WAVE, NULL, 0), 3);
    assert_int_equal(open_with(FILE_ATTRIBUTE_HIDDEN, FILE_OVERWRITE), STATUS_SUCCESS);
    assert_int_equal(dirql_disk_read(WAVE, NULL, 0), 0);
}

static void a_read_only_file_is_only_read(void **state)
{
    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    dirql_disk_set_attributes(WAVE, FILE_ATTRIBUTE_READONLY);
    assert_int_equal(create(FILE_OPEN), STATUS_ACCESS_DENIED); /* It asks for writing. */
    assert_int_equal(open_with(0, FILE_OVERWRITE), STATUS_ACCESS_DENIED);
    assert_int_equal(open_with(0, FILE_OPEN), STATUS_SUCCESS);
    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = DELETE, .disposition = FILE_OPEN,
                          .options = FILE_DELETE_ON_CLOSE),
                     STATUS_CANNOT_DELETE);
}

static void what_is_allocated_is_told_and_taken_from_the_disk(void **state)
{
    FILE_STANDARD_INFORMATION standard;

    (void)state;
    dirql_disk_set_free(8192);
    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = FILE_WRITE_DATA,
                          .disposition = FILE_CREATE, .allocation = 8193),
                     STATUS_DISK_FULL);
    assert_false(dirql_disk_has(WAVE));
    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = FILE_WRITE_DATA,
                          .disposition = FILE_CREATE, .allocation = 5000),
                     STATUS_SUCCESS);
    assert_int_equal(
        ZwQueryInformationFile(file, &block, &standard, sizeof(standard), FileStandardInformation),
        STATUS_SUCCESS);
    assert_int_equal(standard.AllocationSize.QuadPart, 8192);
    assert_int_equal(standard.EndOfFile.QuadPart, 0);
    close_file();
}

/* ---- Names ----------------------------------------------------------------------------------- */

static NTSTATUS open_name(PCWSTR name)
{
    const NTSTATUS status = OPEN(&file, .name = name, .access = FILE_READ_DATA, .share = ALL_SHARE,
                                 .disposition = FILE_OPEN);

    if (NT_SUCCESS(status)) {
        close_file();
    }
    return status;
}

static void a_file_has_several_names(void **state)
{
    static const PCWSTR names[] = { L"\\DosDevices\\C:\\Windows\\Tables\\a.bin",
                                    L"\\??\\C:\\Windows\\Tables\\a.bin",
                                    L"\\GLOBAL??\\C:\\Windows\\Tables\\a.bin",
                                    L"\\??\\c:\\WINDOWS\\tables\\A.BIN",
                                    L"\\SystemRoot\\Tables\\a.bin",
                                    L"\\Device\\HarddiskVolume1\\Windows\\Tables\\a.bin" };

    (void)state;
    dirql_disk_write("C:\\Windows\\Tables\\a.bin", "1", 1);
    for (size_t i = 0; i < ARRAYSIZE(names); i++) {
        assert_int_equal(open_name(names[i]), STATUS_SUCCESS);
    }
    assert_true(dirql_disk_has("\\SystemRoot\\Tables\\A.bin"));
}

static void a_link_of_the_drivers_own_leads_to_a_directory(void **state)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Tables");
    UNICODE_STRING target = RTL_CONSTANT_STRING(L"\\DosDevices\\C:\\Windows\\Tables");

    (void)state;
    dirql_disk_write("C:\\Windows\\Tables\\a.bin", "1", 1);
    assert_int_equal(IoCreateSymbolicLink(&link, &target), STATUS_SUCCESS);
    assert_int_equal(open_name(L"\\DosDevices\\Tables\\a.bin"), STATUS_SUCCESS);
    assert_int_equal(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
    assert_int_equal(open_name(L"\\DosDevices\\Tables\\a.bin"), STATUS_OBJECT_PATH_NOT_FOUND);
}

static void the_letter_of_the_drive_is_taken(void **state)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\C:");
    UNICODE_STRING target = RTL_CONSTANT_STRING(L"\\Device\\Mine");

    (void)state;
    assert_int_equal(IoCreateSymbolicLink(&link, &target), STATUS_OBJECT_NAME_COLLISION);
}

static void what_is_missing_is_told_apart(void **state)
{
    static const struct {
        PCWSTR name;
        NTSTATUS status;
    } rows[] = { { L"\\??\\C:\\none.wav", STATUS_OBJECT_NAME_NOT_FOUND },
                 { L"\\??\\C:\\none\\a.wav", STATUS_OBJECT_PATH_NOT_FOUND },
                 { L"\\??\\C:\\wave.wav\\a.wav", STATUS_OBJECT_PATH_NOT_FOUND },
                 { L"\\??\\D:\\a.wav", STATUS_OBJECT_PATH_NOT_FOUND },
                 { L"\\??\\D:", STATUS_OBJECT_NAME_NOT_FOUND },
                 { L"\\Device\\None", STATUS_OBJECT_NAME_NOT_FOUND },
                 { L"\\None\\a", STATUS_OBJECT_PATH_NOT_FOUND },
                 { L"", STATUS_OBJECT_PATH_SYNTAX_BAD },
                 { L"C:\\wave.wav", STATUS_OBJECT_PATH_SYNTAX_BAD },
                 { L"\\??\\C:\\\\wave.wav", STATUS_OBJECT_NAME_INVALID },
                 { L"\\??\\C:\\wa*e.wav", STATUS_OBJECT_NAME_INVALID },
                 { L"\\??\\C:\\wave.wav:stream", STATUS_OBJECT_NAME_INVALID },
                 { L"\\??\\C:\\.\\wave.wav", STATUS_OBJECT_NAME_INVALID },
                 { L"\\??\\C:\\wave.wav\\", STATUS_OBJECT_NAME_INVALID } };

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    for (size_t i = 0; i < ARRAYSIZE(rows); i++) {
        assert_int_equal(open_name(rows[i].name), rows[i].status);
    }
}

static void a_name_is_relative_to_an_open_directory(void **state)
{
    HANDLE directory, wave;

    (void)state;
    dirql_disk_write("C:\\Sounds\\Low\\a.wav", "1", 1);
    assert_int_equal(OPEN(&directory, .name = L"\\??\\C:\\Sounds", .access = FILE_TRAVERSE,
                          .share = ALL_SHARE, .disposition = FILE_OPEN,
                          .options = FILE_DIRECTORY_FILE),
                     STATUS_SUCCESS);
    assert_int_equal(OPEN(&wave, .root = directory, .name = L"low\\a.wav", .access = FILE_READ_DATA,
                          .disposition = FILE_OPEN),
                     STATUS_SUCCESS);
    ZwClose(wave);
    assert_int_equal(OPEN(&wave, .root = directory, .name = L"b.wav", .access = FILE_WRITE_DATA,
                          .disposition = FILE_CREATE),
                     STATUS_SUCCESS);
    assert_true(dirql_disk_has("C:\\Sounds\\b.wav"));
    ZwClose(wave);
    assert_int_equal(OPEN(&wave, .root = directory, .name = L"\\b.wav", .access = FILE_READ_DATA,
                          .disposition = FILE_OPEN),
                     STATUS_OBJECT_NAME_INVALID);
    ZwClose(directory);
    dirql_suppress("HandleUse", NULL, "it is about the status");
    assert_int_equal(OPEN(&wave, .root = directory, .name = L"b.wav", .access = FILE_READ_DATA,
                          .disposition = FILE_OPEN),
                     STATUS_INVALID_HANDLE);
}

static void nothing_is_made_in_a_directory_that_is_gone(void **state)
{
    HANDLE directory, wave;

    (void)state;
    dirql_disk_add_directory("C:\\Sounds");
    assert_int_equal(OPEN(&directory, .name = L"\\??\\C:\\Sounds", .access = FILE_TRAVERSE,
                          .share = ALL_SHARE, .disposition = FILE_OPEN),
                     STATUS_SUCCESS);
    dirql_disk_remove("C:\\Sounds");
    assert_int_equal(OPEN(&wave, .root = directory, .name = L"a.wav", .access = FILE_WRITE_DATA,
                          .disposition = FILE_CREATE),
                     STATUS_DELETE_PENDING);
    ZwClose(directory);
}

/* A link of the system makes it longer than a name can be. */
static void a_name_that_becomes_too_long_is_refused(void **state)
{
    static WCHAR text[MAXUSHORT / sizeof(WCHAR)] = L"\\??\\C:\\";
    UNICODE_STRING name = { .Buffer = text, .Length = sizeof(text), .MaximumLength = sizeof(text) };
    OBJECT_ATTRIBUTES attributes;

    (void)state;
    for (size_t i = 7; i < RTL_NUMBER_OF(text); i++) {
        text[i] = 'a';
    }
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_false(NT_SUCCESS(ZwOpenFile(&file, FILE_READ_DATA, &attributes, &block, 0, 0)));
}

/* ---- Directories ----------------------------------------------------------------------------- */

static void a_directory_is_made_and_opened_as_such(void **state)
{
    (void)state;
    assert_int_equal(OPEN(&file, .name = L"\\??\\C:\\Logs\\", .access = FILE_LIST_DIRECTORY,
                          .disposition = FILE_CREATE, .options = FILE_DIRECTORY_FILE),
                     STATUS_SUCCESS);
    assert_int_equal(block.Information, FILE_CREATED);
    close_file();
    assert_int_equal(OPEN(&file, .name = L"\\??\\C:\\Logs", .access = FILE_READ_DATA,
                          .disposition = FILE_OPEN, .options = FILE_NON_DIRECTORY_FILE),
                     STATUS_FILE_IS_A_DIRECTORY);
    assert_int_equal(OPEN(&file, .name = L"\\??\\C:\\Logs", .access = FILE_WRITE_DATA,
                          .disposition = FILE_OVERWRITE_IF),
                     STATUS_FILE_IS_A_DIRECTORY);
    dirql_disk_write(WAVE, "abc", 3);
    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = FILE_LIST_DIRECTORY,
                          .disposition = FILE_OPEN, .options = FILE_DIRECTORY_FILE),
                     STATUS_NOT_A_DIRECTORY);
}

static void the_volume_itself_can_be_opened(void **state)
{
    char buffer[4];
    HANDLE other;

    (void)state;
    assert_int_equal(OPEN(&file, .name = L"\\??\\C:", .access = FILE_READ_DATA | SYNCHRONIZE,
                          .share = ALL_SHARE, .disposition = FILE_OPEN, .options = SYNCHRONOUS),
                     STATUS_SUCCESS);
    assert_int_equal(read_at(buffer, sizeof(buffer), NULL), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(OPEN(&other, .root = file, .name = L"Windows\\Temp", .access = FILE_TRAVERSE,
                          .disposition = FILE_OPEN),
                     STATUS_OBJECT_PATH_NOT_FOUND); /* Its root is another file: "C:\". */
    close_file();
}

/* ---- Sharing --------------------------------------------------------------------------------- */

static NTSTATUS beside(ACCESS_MASK first, ULONG first_share, ACCESS_MASK second, ULONG second_share)
{
    HANDLE other;
    NTSTATUS status;

    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = first, .share = first_share,
                          .disposition = FILE_OPEN),
                     STATUS_SUCCESS);
    status = OPEN(&other, .name = WAVE_NAME, .access = second, .share = second_share,
                  .disposition = FILE_OPEN);
    if (NT_SUCCESS(status)) {
        ZwClose(other);
    }
    close_file();
    return status;
}

static void openers_share_what_they_let_others_do(void **state)
{
    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    assert_int_equal(beside(FILE_READ_DATA, 0, FILE_READ_DATA, ALL_SHARE),
                     STATUS_SHARING_VIOLATION);
    assert_int_equal(beside(FILE_READ_DATA, FILE_SHARE_READ, FILE_READ_DATA, FILE_SHARE_READ),
                     STATUS_SUCCESS);
    assert_int_equal(beside(FILE_READ_DATA, FILE_SHARE_READ, FILE_APPEND_DATA, ALL_SHARE),
                     STATUS_SHARING_VIOLATION);
    assert_int_equal(beside(FILE_WRITE_DATA, ALL_SHARE, FILE_READ_DATA, FILE_SHARE_READ),
                     STATUS_SHARING_VIOLATION);
    assert_int_equal(beside(FILE_READ_DATA, FILE_SHARE_READ, DELETE, ALL_SHARE),
                     STATUS_SHARING_VIOLATION);
    assert_int_equal(beside(FILE_READ_DATA, ALL_SHARE, DELETE, ALL_SHARE), STATUS_SUCCESS);
    assert_int_equal(beside(FILE_WRITE_DATA, 0, FILE_READ_ATTRIBUTES, 0), STATUS_SUCCESS);
    assert_int_equal(beside(FILE_READ_DATA, 0, FILE_READ_DATA, ALL_SHARE),
                     STATUS_SHARING_VIOLATION); /* Nothing was left of those before. */
}

static void who_replaces_a_file_must_be_let(void **state)
{
    HANDLE other;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = FILE_READ_DATA,
                          .share = FILE_SHARE_READ, .disposition = FILE_OPEN),
                     STATUS_SUCCESS);
    assert_int_equal(OPEN(&other, .name = WAVE_NAME, .access = FILE_READ_ATTRIBUTES,
                          .share = ALL_SHARE, .disposition = FILE_OVERWRITE_IF),
                     STATUS_SHARING_VIOLATION);
    assert_int_equal(OPEN(&other, .name = WAVE_NAME, .access = FILE_READ_ATTRIBUTES,
                          .share = ALL_SHARE, .disposition = FILE_SUPERSEDE),
                     STATUS_SHARING_VIOLATION);
    assert_int_equal(dirql_disk_read(WAVE, NULL, 0), 3);
    close_file();
}

/* ---- Deleting -------------------------------------------------------------------------------- */

static void a_file_is_deleted_when_it_is_closed(void **state)
{
    HANDLE other;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = DELETE, .share = ALL_SHARE,
                          .disposition = FILE_OPEN, .options = FILE_DELETE_ON_CLOSE),
                     STATUS_SUCCESS);
    assert_int_equal(OPEN(&other, .name = WAVE_NAME, .access = FILE_READ_DATA, .share = ALL_SHARE,
                          .disposition = FILE_OPEN),
                     STATUS_SUCCESS);
    close_file();
    assert_true(dirql_disk_has(WAVE)); /* Somebody has it open. */
    assert_int_equal(open_name(WAVE_NAME), STATUS_DELETE_PENDING);
    ZwClose(other);
    assert_false(dirql_disk_has(WAVE));
}

static void who_looks_at_attributes_keeps_a_file(void **state)
{
    HANDLE other;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    assert_int_equal(
        OPEN(&other, .name = WAVE_NAME, .access = FILE_READ_ATTRIBUTES, .disposition = FILE_OPEN),
        STATUS_SUCCESS);
    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = DELETE, .disposition = FILE_OPEN,
                          .options = FILE_DELETE_ON_CLOSE),
                     STATUS_SUCCESS);
    close_file();
    assert_true(dirql_disk_has(WAVE)); /* That was not the last handle. */
    ZwClose(other);
    assert_false(dirql_disk_has(WAVE));
}

static NTSTATUS delete_directory(void)
{
    return OPEN(&file, .name = L"\\??\\C:\\Logs", .access = DELETE, .disposition = FILE_OPEN_IF,
                .options = FILE_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE);
}

static void a_directory_that_was_filled_meanwhile_stays(void **state)
{
    (void)state;
    assert_int_equal(delete_directory(), STATUS_SUCCESS);
    dirql_disk_write("C:\\Logs\\a.txt", "abc", 3);
    close_file();
    dirql_disk_remove("C:\\Logs\\a.txt");
    assert_int_equal(delete_directory(), STATUS_SUCCESS); /* As any other. */
    close_file();
    assert_false(dirql_disk_has("C:\\Logs"));
}

static NTSTATUS delete_name(PCWSTR name)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING text;

    RtlInitUnicodeString(&text, name);
    InitializeObjectAttributes(&attributes, &text, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwDeleteFile(&attributes);
}

static void a_file_is_deleted_by_its_name(void **state)
{
    (void)state;
    dirql_disk_write("C:\\Logs\\a.txt", "abc", 3);
    assert_int_equal(delete_name(L"\\??\\C:\\Logs"), STATUS_DIRECTORY_NOT_EMPTY);
    assert_int_equal(delete_name(L"\\??\\C:\\Logs\\a.txt"), STATUS_SUCCESS);
    assert_false(dirql_disk_has("C:\\Logs\\a.txt"));
    assert_int_equal(delete_name(L"\\??\\C:\\Logs\\a.txt"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(delete_name(L"\\??\\C:\\Logs"), STATUS_SUCCESS);
    assert_false(dirql_disk_has("C:\\Logs"));
}

/* ---- Parameters ------------------------------------------------------------------------------ */

static void parameters_that_do_not_fit_are_refused(void **state)
{
    static const opening rows[] = {
        { .access = FILE_READ_DATA, .disposition = FILE_MAXIMUM_DISPOSITION + 1 },
        { .access = FILE_READ_DATA, .disposition = FILE_OPEN, .share = 8 },
        { .access = FILE_READ_DATA, .disposition = FILE_OPEN, .options = 0x01000000 },
        { .access = FILE_READ_DATA, .disposition = FILE_OPEN, .options = SYNCHRONOUS },
        { .access = FILE_READ_DATA | SYNCHRONIZE,
          .disposition = FILE_OPEN,
          .options = FILE_SYNCHRONOUS_IO_NONALERT | FILE_SYNCHRONOUS_IO_ALERT },
        { .access = FILE_READ_DATA, .disposition = FILE_OPEN, .options = FILE_DELETE_ON_CLOSE },
        { .access = FILE_READ_DATA, .disposition = FILE_OVERWRITE, .options = FILE_DIRECTORY_FILE },
        { .access = FILE_READ_DATA,
          .disposition = FILE_OPEN,
          .options = FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE },
        { .access = FILE_APPEND_DATA,
          .disposition = FILE_OPEN,
          .options = FILE_NO_INTERMEDIATE_BUFFERING },
        { .access = FILE_WRITE_DATA, .disposition = FILE_CREATE, .attributes = 0x00800000 },
        { .access = FILE_WRITE_DATA, .disposition = FILE_CREATE, .allocation = -1 },
    };

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    for (size_t i = 0; i < ARRAYSIZE(rows); i++) {
        opening o = rows[i];

        o.name = WAVE_NAME;
        assert_int_equal(open_as(&o, &file), STATUS_INVALID_PARAMETER);
        assert_null(file);
    }
    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = FILE_READ_DATA,
                          .disposition = FILE_OPEN, .options = FILE_OPEN_BY_FILE_ID),
                     STATUS_NOT_SUPPORTED);
}

static void files_are_opened_by_each_of_three_routines(void **state)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name = RTL_CONSTANT_STRING(WAVE_NAME);

    (void)state;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(IoCreateFile(&file, FILE_WRITE_DATA, &attributes, &block, NULL, 0, 0,
                                  FILE_CREATE, 0, NULL, 0, CreateFileTypeNone, NULL,
                                  IO_NO_PARAMETER_CHECKING),
                     STATUS_SUCCESS);
    close_file();
    assert_int_equal(IoCreateFile(&file, FILE_WRITE_DATA, &attributes, &block, NULL, 0, 0,
                                  FILE_OPEN, 0, NULL, 0, CreateFileTypeNamedPipe, NULL, 0),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(
        ZwOpenFile(&file, GENERIC_READ, &attributes, &block, FILE_SHARE_READ, SYNCHRONOUS),
        STATUS_SUCCESS);
    assert_int_equal(block.Information, FILE_OPENED);
    close_file();
}

/* ---- File objects ---------------------------------------------------------------------------- */

static void a_handle_stands_for_a_file_object(void **state)
{
    PFILE_OBJECT object = NULL;
    PVOID other;

    (void)state;
    make_wave();
    assert_int_equal(
        ObReferenceObjectByHandle(file, FILE_WRITE_DATA, *PsThreadType, KernelMode, &other, NULL),
        STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ObReferenceObjectByHandle(file, FILE_WRITE_DATA, *IoFileObjectType, KernelMode,
                                               (PVOID *)&object, NULL),
                     STATUS_SUCCESS);
    assert_true((object->Flags & FO_SYNCHRONOUS_IO) != 0);
    assert_true(object->WriteAccess);
    assert_false(object->ReadAccess);
    assert_false(object->SharedRead);
    assert_int_equal(object->FileName.Length, sizeof(L"\\wave.wav") - sizeof(WCHAR));
    assert_int_equal(object->DeviceObject->DeviceType, FILE_DEVICE_DISK_FILE_SYSTEM);
    close_file();
    assert_true((object->Flags & FO_CLEANUP_COMPLETE) != 0); /* The reference keeps it. */
    ObDereferenceObject(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(what_is_not_there_is_made_if_so_wished),
        dirql_unit_test(what_is_there_is_opened_or_replaced),
        dirql_unit_test(a_hidden_file_is_replaced_only_by_a_hidden_one),
        dirql_unit_test(a_read_only_file_is_only_read),
        dirql_unit_test(what_is_allocated_is_told_and_taken_from_the_disk),
        dirql_unit_test(a_file_has_several_names),
        dirql_unit_test(a_link_of_the_drivers_own_leads_to_a_directory),
        dirql_unit_test(the_letter_of_the_drive_is_taken),
        dirql_unit_test(what_is_missing_is_told_apart),
        dirql_unit_test(a_name_is_relative_to_an_open_directory),
        dirql_unit_test(nothing_is_made_in_a_directory_that_is_gone),
        dirql_unit_test(a_name_that_becomes_too_long_is_refused),
        dirql_unit_test(a_directory_is_made_and_opened_as_such),
        dirql_unit_test(the_volume_itself_can_be_opened),
        dirql_unit_test(openers_share_what_they_let_others_do),
        dirql_unit_test(who_replaces_a_file_must_be_let),
        dirql_unit_test(a_file_is_deleted_when_it_is_closed),
        dirql_unit_test(who_looks_at_attributes_keeps_a_file),
        dirql_unit_test(a_directory_that_was_filled_meanwhile_stays),
        dirql_unit_test(a_file_is_deleted_by_its_name),
        dirql_unit_test(parameters_that_do_not_fit_are_refused),
        dirql_unit_test(files_are_opened_by_each_of_three_routines),
        dirql_unit_test(a_handle_stands_for_a_file_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

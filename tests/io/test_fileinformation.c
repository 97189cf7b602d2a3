/* Tests of lib/io/fileinformation.c, volumeinfo.c and volumedirectory.c: what is known of files. */
#include "files.h"

static NTSTATUS query(void *information, ULONG bytes, FILE_INFORMATION_CLASS class)
{
    return ZwQueryInformationFile(file, &block, information, bytes, class);
}

static NTSTATUS set(void *information, ULONG bytes, FILE_INFORMATION_CLASS class)
{
    return ZwSetInformationFile(file, &block, information, bytes, class);
}

/* ---- Telling --------------------------------------------------------------------------------- */

static void size_and_attributes_are_told(void **state)
{
    FILE_STANDARD_INFORMATION standard;
    FILE_BASIC_INFORMATION basic;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    dirql_disk_set_attributes(WAVE, FILE_ATTRIBUTE_HIDDEN);
    open_wave(0);
    assert_int_equal(query(&standard, sizeof(standard), FileStandardInformation), STATUS_SUCCESS);
    assert_int_equal(block.Information, sizeof(standard));
    assert_int_equal(standard.EndOfFile.QuadPart, 3);
    assert_int_equal(standard.AllocationSize.QuadPart, 4096);
    assert_int_equal(standard.NumberOfLinks, 1);
    assert_false(standard.Directory);
    assert_int_equal(query(&basic, sizeof(basic), FileBasicInformation), STATUS_SUCCESS);
    assert_int_equal(basic.FileAttributes, FILE_ATTRIBUTE_HIDDEN);
    assert_true(basic.CreationTime.QuadPart > 0);
    close_file();
}

static void writing_is_seen_in_the_times(void **state)
{
    FILE_BASIC_INFORMATION before, after;

    (void)state;
    make_wave();
    close_file();
    open_wave(SYNCHRONOUS);
    assert_int_equal(query(&before, sizeof(before), FileNetworkOpenInformation),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(query(&before, sizeof(before), FileBasicInformation), STATUS_SUCCESS);
    dirql_time_advance_ms(5);
    assert_int_equal(write_at("abc", NULL), STATUS_SUCCESS);
    assert_int_equal(query(&after, sizeof(after), FileBasicInformation), STATUS_SUCCESS);
    assert_true(after.LastWriteTime.QuadPart - before.LastWriteTime.QuadPart >= 50000);
    assert_int_equal(after.CreationTime.QuadPart, before.CreationTime.QuadPart);
    close_file();
}

static void a_name_is_told_as_far_as_it_fits(void **state)
{
    ULONG_PTR buffer[8];
    PFILE_NAME_INFORMATION name = (PFILE_NAME_INFORMATION)buffer;

    (void)state;
    dirql_disk_write("C:\\dir\\a.wav", "abc", 3);
    assert_int_equal(OPEN(&file, .name = L"\\??\\C:\\dir\\a.wav", .access = FILE_READ_DATA,
                          .disposition = FILE_OPEN),
                     STATUS_SUCCESS);
    assert_int_equal(query(name, sizeof(buffer), FileNameInformation), STATUS_SUCCESS);
    assert_int_equal(name->FileNameLength, sizeof(L"\\dir\\a.wav") - sizeof(WCHAR));
    assert_memory_equal(name->FileName, L"\\dir\\a.wav", name->FileNameLength);
    assert_int_equal(block.Information, 4 + name->FileNameLength);
    memset(buffer, 0, sizeof(buffer));
    assert_int_equal(query(name, 4 + 3 * sizeof(WCHAR), FileNameInformation),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(name->FileNameLength, sizeof(L"\\dir\\a.wav") - sizeof(WCHAR));
    assert_memory_equal(name->FileName, L"\\di\0", 4 * sizeof(WCHAR));
    assert_int_equal(query(name, 4, FileNameInformation), STATUS_INFO_LENGTH_MISMATCH);
    close_file();
}

static void all_is_told_at_once(void **state)
{
    ULONG_PTR buffer[32];
    PFILE_ALL_INFORMATION all = (PFILE_ALL_INFORMATION)buffer;
    FILE_ACCESS_INFORMATION access;

    (void)state;
    make_wave();
    assert_int_equal(write_at("abc", NULL), STATUS_SUCCESS);
    close_file();
    open_wave(SYNCHRONOUS);
    assert_int_equal(write_at("ab", NULL), STATUS_SUCCESS);
    assert_int_equal(query(all, sizeof(buffer), FileAllInformation), STATUS_SUCCESS);
    assert_int_equal(all->StandardInformation.EndOfFile.QuadPart, 3);
    assert_int_equal(all->PositionInformation.CurrentByteOffset.QuadPart, 2);
    assert_int_equal(all->ModeInformation.Mode, SYNCHRONOUS);
    assert_int_equal(all->AccessInformation.AccessFlags,
                     FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE);
    assert_int_equal(all->NameInformation.FileNameLength, sizeof(L"\\wave.wav") - sizeof(WCHAR));
    assert_int_equal(query(&access, sizeof(access), FileAccessInformation), STATUS_SUCCESS);
    assert_int_equal(access.AccessFlags, all->AccessInformation.AccessFlags);
    close_file();
}

static void a_file_is_asked_for_by_its_name_alone(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(WAVE_NAME);
    FILE_NETWORK_OPEN_INFORMATION information;
    OBJECT_ATTRIBUTES attributes;

    (void)state;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwQueryFullAttributesFile(&attributes, &information),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    dirql_disk_write(WAVE, "abc", 3);
    assert_int_equal(ZwQueryFullAttributesFile(&attributes, &information), STATUS_SUCCESS);
    assert_int_equal(information.EndOfFile.QuadPart, 3);
    assert_int_equal(information.FileAttributes, FILE_ATTRIBUTE_ARCHIVE);
}

static void classes_and_lengths_are_checked(void **state)
{
    ULONG_PTR buffer[16];

    (void)state;
    make_wave();
    assert_int_equal(query(buffer, sizeof(buffer), FileQuotaInformation),
                     STATUS_INVALID_INFO_CLASS);
    assert_int_equal(query(buffer, 8, FileStandardInformation), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(set(buffer, sizeof(buffer), FileStandardInformation),
                     STATUS_INVALID_INFO_CLASS);
    assert_int_equal(set(buffer, 4, FileEndOfFileInformation), STATUS_INFO_LENGTH_MISMATCH);
    close_file();
}

static void how_a_file_was_opened_is_told(void **state)
{
    FILE_MODE_INFORMATION mode;
    FILE_ALIGNMENT_INFORMATION alignment = { 99 };

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(SYNCHRONOUS | FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY | FILE_NON_DIRECTORY_FILE);
    assert_int_equal(query(&mode, sizeof(mode), FileModeInformation), STATUS_SUCCESS);
    assert_int_equal(block.Information, sizeof(mode));
    assert_int_equal(mode.Mode, SYNCHRONOUS | FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY);
    assert_int_equal(query(&mode, sizeof(mode) - 1, FileModeInformation),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(query(&alignment, sizeof(alignment), FileAlignmentInformation),
                     STATUS_SUCCESS);
    assert_int_equal(block.Information, sizeof(alignment));
    assert_int_equal(alignment.AlignmentRequirement, FILE_BYTE_ALIGNMENT);
    close_file();
}

static void there_are_no_extended_attributes(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(WAVE_NAME);
    ULONG attribute[4] = { 0 };
    FILE_EA_INFORMATION told = { 99 };
    OBJECT_ATTRIBUTES attributes;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(0);
    assert_int_equal(query(&told, sizeof(told), FileEaInformation), STATUS_SUCCESS);
    assert_int_equal(told.EaSize, 0);
    close_file();
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateFile(&file, GENERIC_READ, &attributes, &block, NULL, 0, 0, FILE_OPEN,
                                  0, attribute, sizeof(attribute)),
                     STATUS_EAS_NOT_SUPPORTED);
}

static void attributes_come_with_no_tag(void **state)
{
    FILE_ATTRIBUTE_TAG_INFORMATION told = { 0, 99 };

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    dirql_disk_set_attributes(WAVE, FILE_ATTRIBUTE_HIDDEN);
    open_wave(0);
    assert_int_equal(query(&told, sizeof(told), FileAttributeTagInformation), STATUS_SUCCESS);
    assert_int_equal(told.FileAttributes, FILE_ATTRIBUTE_HIDDEN);
    assert_int_equal(told.ReparseTag, 0);
    close_file();
}

/* ---- Setting --------------------------------------------------------------------------------- */

static void times_and_attributes_are_set(void **state)
{
    FILE_BASIC_INFORMATION basic = { .FileAttributes = FILE_ATTRIBUTE_READONLY }, told;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(0);
    basic.CreationTime = at(77);
    assert_int_equal(set(&basic, sizeof(basic), FileBasicInformation), STATUS_SUCCESS);
    assert_int_equal(query(&told, sizeof(told), FileBasicInformation), STATUS_SUCCESS);
    assert_int_equal(told.CreationTime.QuadPart, 77);
    assert_true(told.LastWriteTime.QuadPart > 77); /* 0 lets it be. */
    assert_int_equal(told.FileAttributes, FILE_ATTRIBUTE_READONLY);
    basic.FileAttributes = FILE_ATTRIBUTE_NORMAL;
    assert_int_equal(set(&basic, sizeof(basic), FileBasicInformation), STATUS_SUCCESS);
    assert_int_equal(query(&told, sizeof(told), FileBasicInformation), STATUS_SUCCESS);
    assert_int_equal(told.FileAttributes, FILE_ATTRIBUTE_NORMAL);
    basic.LastWriteTime = at(-2); /* Back to what is usual. */
    assert_int_equal(set(&basic, sizeof(basic), FileBasicInformation), STATUS_SUCCESS);
    basic.FileAttributes = FILE_ATTRIBUTE_DIRECTORY;
    assert_int_equal(set(&basic, sizeof(basic), FileBasicInformation), STATUS_INVALID_PARAMETER);
    close_file();
}

static void a_deletion_can_be_taken_back(void **state)
{
    FILE_DISPOSITION_INFORMATION disposition = { .DeleteFile = TRUE };

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(0);
    assert_int_equal(set(&disposition, sizeof(disposition), FileDispositionInformation),
                     STATUS_SUCCESS);
    disposition.DeleteFile = FALSE;
    assert_int_equal(set(&disposition, sizeof(disposition), FileDispositionInformation),
                     STATUS_SUCCESS);
    close_file();
    assert_true(dirql_disk_has(WAVE));
    open_wave(0);
    disposition.DeleteFile = TRUE;
    assert_int_equal(set(&disposition, sizeof(disposition), FileDispositionInformation),
                     STATUS_SUCCESS);
    close_file();
    assert_false(dirql_disk_has(WAVE));
}

static void not_everything_can_be_deleted(void **state)
{
    FILE_DISPOSITION_INFORMATION disposition = { .DeleteFile = TRUE };

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(0);
    dirql_disk_set_attributes(WAVE, FILE_ATTRIBUTE_READONLY);
    assert_int_equal(set(&disposition, sizeof(disposition), FileDispositionInformation),
                     STATUS_CANNOT_DELETE);
    close_file();
    assert_int_equal(OPEN(&file, .name = L"\\SystemRoot", .access = DELETE, .share = ALL_SHARE,
                          .disposition = FILE_OPEN, .options = FILE_DIRECTORY_FILE),
                     STATUS_SUCCESS);
    assert_int_equal(set(&disposition, sizeof(disposition), FileDispositionInformation),
                     STATUS_DIRECTORY_NOT_EMPTY);
    close_file();
}

static void what_is_allocated_bounds_the_end(void **state)
{
    FILE_ALLOCATION_INFORMATION allocation;
    FILE_STANDARD_INFORMATION standard;

    (void)state;
    dirql_disk_write(WAVE, "abcdef", 6);
    open_wave(0);
    allocation.AllocationSize = at(10000);
    assert_int_equal(set(&allocation, sizeof(allocation), FileAllocationInformation),
                     STATUS_SUCCESS);
    assert_int_equal(query(&standard, sizeof(standard), FileStandardInformation), STATUS_SUCCESS);
    assert_int_equal(standard.EndOfFile.QuadPart, 6);
    assert_int_equal(standard.AllocationSize.QuadPart, 12288);
    allocation.AllocationSize = at(2);
    assert_int_equal(set(&allocation, sizeof(allocation), FileAllocationInformation),
                     STATUS_SUCCESS);
    close_file();
    assert_holds(WAVE, "ab");
}

/* ---- Renaming -------------------------------------------------------------------------------- */

static NTSTATUS rename_to(PCWSTR name, HANDLE root, BOOLEAN replace)
{
    ULONG_PTR buffer[32] = { 0 };
    PFILE_RENAME_INFORMATION rename = (PFILE_RENAME_INFORMATION)buffer;
    UNICODE_STRING text;

    RtlInitUnicodeString(&text, name);
    rename->ReplaceIfExists = replace;
    rename->RootDirectory = root;
    rename->FileNameLength = text.Length;
    memcpy(rename->FileName, text.Buffer, text.Length);
    return set(rename, FIELD_OFFSET(FILE_RENAME_INFORMATION, FileName) + text.Length + 8,
               FileRenameInformation);
}

static void a_file_gets_another_name(void **state)
{
    HANDLE directory;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    dirql_disk_add_directory("C:\\Sounds");
    open_wave(0);
    assert_int_equal(rename_to(L"a.wav", NULL, FALSE), STATUS_SUCCESS);
    assert_true(dirql_disk_has("C:\\a.wav"));
    assert_false(dirql_disk_has(WAVE));
    assert_int_equal(rename_to(L"\\??\\C:\\Sounds\\b.wav", NULL, FALSE), STATUS_SUCCESS);
    assert_holds("C:\\Sounds\\b.wav", "abc");
    assert_int_equal(OPEN(&directory, .name = L"\\SystemRoot", .access = FILE_TRAVERSE,
                          .share = ALL_SHARE, .disposition = FILE_OPEN),
                     STATUS_SUCCESS);
    assert_int_equal(rename_to(L"c.wav", directory, FALSE), STATUS_SUCCESS);
    assert_true(dirql_disk_has("C:\\Windows\\c.wav"));
    assert_int_equal(rename_to(L"\\Device\\Null\\c.wav", NULL, FALSE),
                     STATUS_OBJECT_PATH_NOT_FOUND);
    ZwClose(directory);
    close_file();
}

static void a_name_that_is_taken_is_replaced_if_so_wished(void **state)
{
    HANDLE other;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    dirql_disk_write("C:\\old.wav", "old", 3);
    open_wave(0);
    assert_int_equal(rename_to(L"old.wav", NULL, FALSE), STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(OPEN(&other, .name = L"\\??\\C:\\old.wav", .access = FILE_READ_ATTRIBUTES,
                          .disposition = FILE_OPEN),
                     STATUS_SUCCESS);
    assert_int_equal(rename_to(L"old.wav", NULL, TRUE), STATUS_ACCESS_DENIED); /* It is open. */
    ZwClose(other);
    assert_int_equal(rename_to(L"old.wav", NULL, TRUE), STATUS_SUCCESS);
    close_file();
    assert_holds("C:\\old.wav", "abc");
    assert_false(dirql_disk_has(WAVE));
}

/* ---- Directories ----------------------------------------------------------------------------- */

static ULONG_PTR listing[64];

static void open_sounds(void)
{
    dirql_disk_write("C:\\Sounds\\a.wav", "abc", 3);
    dirql_disk_write("C:\\Sounds\\b.txt", "", 0);
    dirql_disk_write("C:\\Sounds\\long name.wav", "", 0);
    assert_int_equal(OPEN(&file, .name = L"\\??\\C:\\Sounds",
                          .access = FILE_LIST_DIRECTORY | SYNCHRONIZE, .share = ALL_SHARE,
                          .disposition = FILE_OPEN, .options = FILE_DIRECTORY_FILE | SYNCHRONOUS),
                     STATUS_SUCCESS);
}

static NTSTATUS list(FILE_INFORMATION_CLASS class, ULONG bytes, BOOLEAN single, PCWSTR pattern,
                     BOOLEAN restart)
{
    UNICODE_STRING text;

    memset(listing, 0x33, sizeof(listing));
    RtlInitUnicodeString(&text, pattern);
    return ZwQueryDirectoryFile(file, NULL, NULL, NULL, &block, listing, bytes, class, single,
                                pattern != NULL ? &text : NULL, restart);
}

static void entries_that_match_are_listed(void **state)
{
    PFILE_BOTH_DIR_INFORMATION first = (PFILE_BOTH_DIR_INFORMATION)listing, second;

    (void)state;
    open_sounds();
    assert_int_equal(list(FileBothDirectoryInformation, sizeof(listing), FALSE, L"*.WAV", FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(first->FileNameLength, sizeof(L"a.wav") - sizeof(WCHAR));
    assert_memory_equal(first->FileName, L"a.wav", first->FileNameLength);
    assert_int_equal(first->EndOfFile.QuadPart, 3);
    assert_int_equal(first->ShortNameLength, 0);
    assert_int_equal(first->NextEntryOffset % 8, 0);
    second = (PFILE_BOTH_DIR_INFORMATION)(PVOID)((PUCHAR)first + first->NextEntryOffset);
    assert_memory_equal(second->FileName, L"long name.wav", second->FileNameLength);
    assert_int_equal(second->NextEntryOffset, 0);
    assert_int_equal(block.Information, first->NextEntryOffset +
                                            FIELD_OFFSET(FILE_BOTH_DIR_INFORMATION, FileName) +
                                            second->FileNameLength);
    assert_int_equal(list(FileBothDirectoryInformation, sizeof(listing), FALSE, NULL, FALSE),
                     STATUS_NO_MORE_FILES);
    assert_int_equal(list(FileBothDirectoryInformation, sizeof(listing), TRUE, NULL, TRUE),
                     STATUS_SUCCESS); /* The pattern is still that of the first call. */
    assert_int_equal(first->NextEntryOffset, 0);
    assert_memory_equal(first->FileName, L"a.wav", first->FileNameLength);
    close_file();
}

static void a_directory_begins_with_itself_and_the_one_above(void **state)
{
    PFILE_NAMES_INFORMATION name = (PFILE_NAMES_INFORMATION)listing;

    (void)state;
    open_sounds();
    assert_int_equal(list(FileNamesInformation, sizeof(listing), TRUE, NULL, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(name->FileNameLength, sizeof(WCHAR));
    assert_int_equal(name->FileName[0], '.');
    assert_int_equal(list(FileNamesInformation, sizeof(listing), TRUE, NULL, FALSE),
                     STATUS_SUCCESS);
    assert_memory_equal(name->FileName, L"..", name->FileNameLength);
    assert_int_equal(list(FileNamesInformation, sizeof(listing), TRUE, NULL, FALSE),
                     STATUS_SUCCESS);
    assert_memory_equal(name->FileName, L"a.wav", name->FileNameLength);
    close_file();
}

static void a_list_needs_room(void **state)
{
    PFILE_DIRECTORY_INFORMATION first = (PFILE_DIRECTORY_INFORMATION)listing;
    const ULONG fixed = FIELD_OFFSET(FILE_DIRECTORY_INFORMATION, FileName);

    (void)state;
    open_sounds();
    assert_int_equal(list(FileDirectoryInformation, fixed - 1, FALSE, L"l*", FALSE),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(list(FileQuotaInformation, sizeof(listing), FALSE, L"l*", FALSE),
                     STATUS_INVALID_INFO_CLASS);
    assert_int_equal(list(FileDirectoryInformation, fixed + 8, FALSE, L"l*", FALSE),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(first->FileNameLength, sizeof(L"long name.wav") - sizeof(WCHAR));
    assert_memory_equal(first->FileName, L"long", 8);
    assert_int_equal(list(FileDirectoryInformation, fixed + 8, FALSE, NULL, TRUE), STATUS_SUCCESS);
    assert_int_equal(block.Information, 0); /* Not even one fits. */
    close_file();
}

static NTSTATUS delete_entry(PFILE_NAMES_INFORMATION name)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING text = { .Buffer = name->FileName,
                            .Length = (USHORT)name->FileNameLength,
                            .MaximumLength = (USHORT)name->FileNameLength };

    InitializeObjectAttributes(&attributes, &text, OBJ_KERNEL_HANDLE, file, NULL);
    return ZwDeleteFile(&attributes);
}

static void entries_can_be_deleted_as_they_are_listed(void **state)
{
    PFILE_NAMES_INFORMATION name = (PFILE_NAMES_INFORMATION)listing;
    ULONG count = 0;

    (void)state;
    open_sounds();
    while (list(FileNamesInformation, sizeof(listing), TRUE, L"*.???", FALSE) == STATUS_SUCCESS) {
        assert_int_equal(delete_entry(name), STATUS_SUCCESS);
        count++;
    }
    assert_int_equal(count, 3);
    close_file();
}

static void nothing_that_matches_is_told(void **state)
{
    (void)state;
    open_sounds();
    assert_int_equal(list(FileNamesInformation, sizeof(listing), FALSE, L"?.wave", FALSE),
                     STATUS_NO_SUCH_FILE);
    close_file();
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(0);
    assert_int_equal(list(FileNamesInformation, sizeof(listing), FALSE, NULL, FALSE),
                     STATUS_INVALID_PARAMETER);
    close_file();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(how_a_file_was_opened_is_told),
        dirql_unit_test(there_are_no_extended_attributes),
        dirql_unit_test(attributes_come_with_no_tag),
        dirql_unit_test(size_and_attributes_are_told),
        dirql_unit_test(writing_is_seen_in_the_times),
        dirql_unit_test(a_name_is_told_as_far_as_it_fits),
        dirql_unit_test(all_is_told_at_once),
        dirql_unit_test(a_file_is_asked_for_by_its_name_alone),
        dirql_unit_test(classes_and_lengths_are_checked),
        dirql_unit_test(times_and_attributes_are_set),
        dirql_unit_test(a_deletion_can_be_taken_back),
        dirql_unit_test(not_everything_can_be_deleted),
        dirql_unit_test(what_is_allocated_bounds_the_end),
        dirql_unit_test(a_file_gets_another_name),
        dirql_unit_test(a_name_that_is_taken_is_replaced_if_so_wished),
        dirql_unit_test(entries_that_match_are_listed),
        dirql_unit_test(a_directory_begins_with_itself_and_the_one_above),
        dirql_unit_test(a_list_needs_room),
        dirql_unit_test(entries_can_be_deleted_as_they_are_listed),
        dirql_unit_test(nothing_that_matches_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

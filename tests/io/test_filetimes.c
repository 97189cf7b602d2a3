/*
 * test_filetimes.c - the position of a file, times that its requests leave alone, and directories
 * that are listed with the numbers of their files.
 */
#include "files.h"

static NTSTATUS query(void *information, ULONG bytes, FILE_INFORMATION_CLASS class)
{
    return ZwQueryInformationFile(file, &block, information, bytes, class);
}

static NTSTATUS set(void *information, ULONG bytes, FILE_INFORMATION_CLASS class)
{
    return ZwSetInformationFile(file, &block, information, bytes, class);
}

/* ---- The position ---------------------------------------------------------------------------- */

static NTSTATUS move_to(LONGLONG offset)
{
    FILE_POSITION_INFORMATION position = { .CurrentByteOffset = at(offset) };

    return set(&position, sizeof(position), FilePositionInformation);
}

static LONGLONG position_of(void)
{
    FILE_POSITION_INFORMATION position = { .CurrentByteOffset = at(-1) };

    assert_int_equal(query(&position, sizeof(position), FilePositionInformation), STATUS_SUCCESS);
    assert_int_equal(block.Information, sizeof(position));
    return position.CurrentByteOffset.QuadPart;
}

static void reading_goes_on_from_the_position_that_was_set(void **state)
{
    char buffer[4] = { 0 };

    (void)state;
    dirql_disk_write(WAVE, "abcdef", 6);
    open_wave(SYNCHRONOUS);
    assert_int_equal(position_of(), 0);
    assert_int_equal(move_to(3), STATUS_SUCCESS);
    assert_int_equal(position_of(), 3);
    assert_int_equal(read_at(buffer, 2, NULL), STATUS_SUCCESS);
    assert_memory_equal(buffer, "de", 2);
    assert_int_equal(position_of(), 5);
    close_file();
}

static void a_position_that_cannot_be_is_refused(void **state)
{
    FILE_POSITION_INFORMATION position = { .CurrentByteOffset = at(1) };

    (void)state;
    dirql_disk_write(WAVE, "abcdef", 6);
    open_wave(SYNCHRONOUS);
    assert_int_equal(move_to(-1), STATUS_INVALID_PARAMETER);
    assert_int_equal(set(&position, sizeof(position) - 1, FilePositionInformation),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(query(&position, sizeof(position) - 1, FilePositionInformation),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(position_of(), 0);
    close_file();
}

static void without_buffers_the_position_is_at_a_sector(void **state)
{
    (void)state;
    dirql_disk_write(WAVE, "abcdef", 6);
    open_wave(SYNCHRONOUS | FILE_NO_INTERMEDIATE_BUFFERING);
    assert_int_equal(move_to(513), STATUS_INVALID_PARAMETER);
    assert_int_equal(move_to(1024), STATUS_SUCCESS);
    assert_int_equal(position_of(), 1024);
    close_file();
}

/* ---- Times ----------------------------------------------------------------------------------- */

static FILE_BASIC_INFORMATION times(void)
{
    FILE_BASIC_INFORMATION basic;

    assert_int_equal(query(&basic, sizeof(basic), FileBasicInformation), STATUS_SUCCESS);
    return basic;
}

static void set_times(LONGLONG access, LONGLONG write, LONGLONG change)
{
    FILE_BASIC_INFORMATION basic = { .LastAccessTime = at(access), .LastWriteTime = at(write),
                                     .ChangeTime = at(change) };

    assert_int_equal(set(&basic, sizeof(basic), FileBasicInformation), STATUS_SUCCESS);
}

/* A while later, both a read and a write. */
static void use_file(void)
{
    char buffer[2];

    dirql_time_advance_ms(5);
    assert_int_equal(write_at("ab", &(LARGE_INTEGER){ .QuadPart = 0 }), STATUS_SUCCESS);
    assert_int_equal(read_at(buffer, 2, &(LARGE_INTEGER){ .QuadPart = 0 }), STATUS_SUCCESS);
}

static void each_time_can_be_left_alone(void **state)
{
    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(SYNCHRONOUS);
    for (unsigned kept = 0; kept < 8; kept++) {
        FILE_BASIC_INFORMATION before, after;

        set_times(kept & 1 ? -1 : -2, kept & 2 ? -1 : -2, kept & 4 ? -1 : -2);
        before = times();
        use_file();
        after = times();
        assert_int_equal(after.LastAccessTime.QuadPart == before.LastAccessTime.QuadPart,
                         (kept & 1) != 0);
        assert_int_equal(after.LastWriteTime.QuadPart == before.LastWriteTime.QuadPart,
                         (kept & 2) != 0);
        assert_int_equal(after.ChangeTime.QuadPart == before.ChangeTime.QuadPart, (kept & 4) != 0);
        assert_int_equal(after.CreationTime.QuadPart, before.CreationTime.QuadPart);
    }
    close_file();
}

static void a_new_end_leaves_them_alone_too(void **state)
{
    FILE_END_OF_FILE_INFORMATION end = { .EndOfFile = at(1) };
    FILE_BASIC_INFORMATION before, after;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(SYNCHRONOUS);
    set_times(0, -1, -1);
    before = times();
    dirql_time_advance_ms(5);
    assert_int_equal(set(&end, sizeof(end), FileEndOfFileInformation), STATUS_SUCCESS);
    after = times();
    assert_int_equal(after.LastWriteTime.QuadPart, before.LastWriteTime.QuadPart);
    assert_int_equal(after.ChangeTime.QuadPart, before.ChangeTime.QuadPart);
    close_file();
}

static LONGLONG change_time_after(LONGLONG change)
{
    dirql_time_advance_ms(5);
    set_times(0, 0, change);
    return times().ChangeTime.QuadPart;
}

static void the_change_is_one_itself_unless_its_time_is_left_alone(void **state)
{
    LONGLONG before;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(SYNCHRONOUS);
    before = change_time_after(0);
    assert_true(change_time_after(0) > before);
    before = change_time_after(-1);
    assert_true(change_time_after(0) == before);
    assert_true(change_time_after(-1) == before);
    (void)change_time_after(-2);
    assert_true(change_time_after(0) > before);
    before = times().ChangeTime.QuadPart;
    assert_true(change_time_after(-1) == before);
    close_file();
}

static void a_time_that_is_set_is_set_all_the_same(void **state)
{
    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(SYNCHRONOUS);
    set_times(-1, -1, -1);
    set_times(70, 71, 72);
    assert_int_equal(times().LastAccessTime.QuadPart, 70);
    assert_int_equal(times().LastWriteTime.QuadPart, 71);
    assert_int_equal(times().ChangeTime.QuadPart, 72);
    use_file();
    assert_int_equal(times().LastWriteTime.QuadPart, 71); /* Still left alone. */
    close_file();
}

static void only_requests_of_that_handle_leave_them_alone(void **state)
{
    FILE_BASIC_INFORMATION before;
    HANDLE first;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(SYNCHRONOUS);
    set_times(-1, -1, -1);
    before = times();
    first = file;
    open_wave(SYNCHRONOUS);
    use_file();
    assert_true(times().LastWriteTime.QuadPart > before.LastWriteTime.QuadPart);
    close_file();
    assert_int_equal(ZwClose(first), STATUS_SUCCESS);
}

/* ---- Numbers of files ------------------------------------------------------------------------ */

static ULONG_PTR listing[64];

static NTSTATUS list(FILE_INFORMATION_CLASS class)
{
    memset(listing, 0x33, sizeof(listing));
    return ZwQueryDirectoryFile(file, NULL, NULL, NULL, &block, listing, sizeof(listing), class,
                                FALSE, NULL, TRUE);
}

static LONGLONG number_of(PCWSTR name)
{
    FILE_INTERNAL_INFORMATION internal;
    HANDLE opened;

    assert_int_equal(OPEN(&opened, .name = name, .access = FILE_READ_ATTRIBUTES,
                          .share = ALL_SHARE, .disposition = FILE_OPEN),
                     STATUS_SUCCESS);
    assert_int_equal(ZwQueryInformationFile(opened, &block, &internal, sizeof(internal),
                                            FileInternalInformation),
                     STATUS_SUCCESS);
    assert_int_equal(ZwClose(opened), STATUS_SUCCESS);
    return internal.IndexNumber.QuadPart;
}

static void open_sounds(void)
{
    dirql_disk_write("C:\\Sounds\\a.wav", "abc", 3);
    assert_int_equal(OPEN(&file, .name = L"\\??\\C:\\Sounds",
                          .access = FILE_LIST_DIRECTORY | SYNCHRONIZE, .share = ALL_SHARE,
                          .disposition = FILE_OPEN, .options = FILE_DIRECTORY_FILE | SYNCHRONOUS),
                     STATUS_SUCCESS);
}

static void entries_have_the_numbers_of_their_files(void **state)
{
    const LONGLONG number = (open_sounds(), number_of(L"\\??\\C:\\Sounds\\a.wav"));
    PFILE_ID_FULL_DIR_INFORMATION full = (PFILE_ID_FULL_DIR_INFORMATION)listing;
    PFILE_ID_BOTH_DIR_INFORMATION both = (PFILE_ID_BOTH_DIR_INFORMATION)listing;

    (void)state;
    assert_int_equal(list(FileIdFullDirectoryInformation), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2; i++) { /* "." and "..". */
        full = (PFILE_ID_FULL_DIR_INFORMATION)(PVOID)((PUCHAR)full + full->NextEntryOffset);
    }
    assert_int_equal(full->FileId.QuadPart, number);
    assert_int_equal(full->EndOfFile.QuadPart, 3);
    assert_int_equal(full->FileNameLength, sizeof(L"a.wav") - sizeof(WCHAR));
    assert_memory_equal(full->FileName, L"a.wav", full->FileNameLength);
    assert_int_equal(list(FileIdBothDirectoryInformation), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2; i++) {
        both = (PFILE_ID_BOTH_DIR_INFORMATION)(PVOID)((PUCHAR)both + both->NextEntryOffset);
    }
    assert_int_equal(both->FileId.QuadPart, number);
    assert_int_equal(both->ShortNameLength, 0);
    assert_memory_equal(both->FileName, L"a.wav", both->FileNameLength);
    assert_int_equal((ULONG_PTR)both % 8, 0);
    close_file();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(reading_goes_on_from_the_position_that_was_set),
        dirql_unit_test(a_position_that_cannot_be_is_refused),
        dirql_unit_test(without_buffers_the_position_is_at_a_sector),
        dirql_unit_test(each_time_can_be_left_alone),
        dirql_unit_test(a_new_end_leaves_them_alone_too),
        dirql_unit_test(the_change_is_one_itself_unless_its_time_is_left_alone),
        dirql_unit_test(a_time_that_is_set_is_set_all_the_same),
        dirql_unit_test(only_requests_of_that_handle_leave_them_alone),
        dirql_unit_test(entries_have_the_numbers_of_their_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

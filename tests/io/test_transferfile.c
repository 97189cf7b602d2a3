/* Tests of lib/io/transferfile.c, filerequest.c and volumedata.c: reading and writing. */
#include "files.h"

#include <dirql/check.h>

static LARGE_INTEGER special(ULONG low)
{
    LARGE_INTEGER value;

    value.HighPart = -1;
    value.LowPart = low;
    return value;
}

static LONGLONG position(void)
{
    FILE_POSITION_INFORMATION information;

    assert_int_equal(ZwQueryInformationFile(file, &block, &information, sizeof(information),
                                            FilePositionInformation),
                     STATUS_SUCCESS);
    return information.CurrentByteOffset.QuadPart;
}

/* ---- Positions ------------------------------------------------------------------------------- */

static void writes_follow_one_another(void **state)
{
    (void)state;
    make_wave();
    assert_int_equal(write_at("RIFF", NULL), STATUS_SUCCESS);
    assert_int_equal(block.Status, STATUS_SUCCESS);
    assert_int_equal(block.Information, 4);
    assert_int_equal(write_at("WAVE", NULL), STATUS_SUCCESS);
    assert_int_equal(position(), 8);
    close_file();
    assert_holds(WAVE, "RIFFWAVE");
}

static void an_offset_moves_the_position(void **state)
{
    LARGE_INTEGER offset = at(2), here = special(FILE_USE_FILE_POINTER_POSITION);
    char buffer[8] = { 0 };

    (void)state;
    dirql_disk_write(WAVE, "abcdef", 6);
    open_wave(SYNCHRONOUS);
    assert_int_equal(read_at(buffer, 2, &offset), STATUS_SUCCESS);
    assert_memory_equal(buffer, "cd", 2);
    assert_int_equal(position(), 4);
    assert_int_equal(read_at(buffer, 1, &here), STATUS_SUCCESS);
    assert_memory_equal(buffer, "e", 1);
    assert_int_equal(write_at("X", NULL), STATUS_SUCCESS);
    close_file();
    assert_holds(WAVE, "abcdeX");
}

static void a_position_can_be_set(void **state)
{
    FILE_POSITION_INFORMATION information;
    char buffer[2] = { 0 };

    (void)state;
    dirql_disk_write(WAVE, "abcdef", 6);
    open_wave(SYNCHRONOUS);
    information.CurrentByteOffset = at(4);
    assert_int_equal(ZwSetInformationFile(file, &block, &information, sizeof(information),
                                          FilePositionInformation),
                     STATUS_SUCCESS);
    assert_int_equal(read_at(buffer, 2, NULL), STATUS_SUCCESS);
    assert_memory_equal(buffer, "ef", 2);
    information.CurrentByteOffset = at(-3);
    assert_int_equal(ZwSetInformationFile(file, &block, &information, sizeof(information),
                                          FilePositionInformation),
                     STATUS_INVALID_PARAMETER);
    close_file();
}

static void without_a_position_there_must_be_an_offset(void **state)
{
    LARGE_INTEGER here = special(FILE_USE_FILE_POINTER_POSITION), end = at(2), negative = at(-7);
    char buffer[2];

    (void)state;
    dirql_disk_write(WAVE, "ab", 2);
    open_wave(0);
    assert_int_equal(read_at(buffer, 1, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(read_at(buffer, 1, &here), STATUS_INVALID_PARAMETER);
    assert_int_equal(read_at(buffer, 1, &negative), STATUS_INVALID_PARAMETER);
    assert_int_equal(write_at("c", &negative), STATUS_INVALID_PARAMETER);
    assert_int_equal(write_at("c", &end), STATUS_SUCCESS);
    close_file();
    assert_holds(WAVE, "abc");
}

/* ---- The end --------------------------------------------------------------------------------- */

static void reading_ends_with_the_file(void **state)
{
    LARGE_INTEGER behind = at(7);
    char buffer[8] = { 0 };

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(SYNCHRONOUS);
    assert_int_equal(read_at(buffer, sizeof(buffer), NULL), STATUS_SUCCESS);
    assert_int_equal(block.Information, 3);
    assert_int_equal(read_at(buffer, 1, NULL), STATUS_END_OF_FILE);
    assert_int_equal(block.Information, 0);
    assert_int_equal(block.Status, STATUS_END_OF_FILE);
    assert_int_equal(read_at(buffer, 1, &behind), STATUS_END_OF_FILE);
    assert_int_equal(read_at(buffer, 0, &behind), STATUS_SUCCESS);
    close_file();
}

static void what_lies_between_is_zero(void **state)
{
    LARGE_INTEGER far = at(100000);
    char buffer[3] = { 1, 1, 1 };
    LARGE_INTEGER before = at(99998);

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(SYNCHRONOUS);
    assert_int_equal(write_at("d", &far), STATUS_SUCCESS);
    assert_int_equal(read_at(buffer, 3, &before), STATUS_SUCCESS);
    assert_memory_equal(buffer, "\0\0d", 3);
    assert_int_equal(dirql_disk_read(WAVE, NULL, 0), 100001);
    close_file();
}

static void a_write_can_go_to_the_end(void **state)
{
    LARGE_INTEGER end = special(FILE_WRITE_TO_END_OF_FILE);

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(0);
    assert_int_equal(write_at("d", &end), STATUS_SUCCESS);
    close_file();
    open_wave(SYNCHRONOUS);
    assert_int_equal(write_at("e", &end), STATUS_SUCCESS);
    assert_int_equal(position(), 5);
    close_file();
    assert_holds(WAVE, "abcde");
}

static void who_may_only_append_writes_at_the_end(void **state)
{
    LARGE_INTEGER beginning = at(0);

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    assert_int_equal(OPEN(&file, .name = WAVE_NAME, .access = FILE_APPEND_DATA | SYNCHRONIZE,
                          .disposition = FILE_OPEN, .options = SYNCHRONOUS),
                     STATUS_SUCCESS);
    assert_int_equal(write_at("d", &beginning), STATUS_SUCCESS);
    assert_int_equal(write_at("e", NULL), STATUS_SUCCESS);
    close_file();
    assert_holds(WAVE, "abcde");
}

static void a_shorter_file_is_zero_behind_its_old_end(void **state)
{
    FILE_END_OF_FILE_INFORMATION end;
    char buffer[4] = { 1, 1, 1, 1 };
    LARGE_INTEGER beginning = at(0);

    (void)state;
    dirql_disk_write(WAVE, "abcd", 4);
    open_wave(SYNCHRONOUS);
    end.EndOfFile = at(1);
    assert_int_equal(
        ZwSetInformationFile(file, &block, &end, sizeof(end), FileEndOfFileInformation),
        STATUS_SUCCESS);
    assert_int_equal(dirql_disk_read(WAVE, NULL, 0), 1);
    end.EndOfFile = at(4);
    assert_int_equal(
        ZwSetInformationFile(file, &block, &end, sizeof(end), FileEndOfFileInformation),
        STATUS_SUCCESS);
    assert_int_equal(read_at(buffer, 4, &beginning), STATUS_SUCCESS);
    assert_memory_equal(buffer, "a\0\0\0", 4);
    close_file();
}

static void many_bytes_come_back_as_they_went(void **state)
{
    enum { BYTES = 50000 };
    PUCHAR out = ExAllocatePool2(POOL_FLAG_PAGED, BYTES, 'eliF');
    PUCHAR in = ExAllocatePool2(POOL_FLAG_PAGED, BYTES, 'eliF');
    LARGE_INTEGER offset = at(777);

    (void)state;
    for (ULONG i = 0; i < BYTES; i++) {
        out[i] = (UCHAR)(i * 7 + i / 251);
    }
    dirql_disk_write(WAVE, "", 0);
    open_wave(SYNCHRONOUS);
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, out, BYTES, &offset, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ZwReadFile(file, NULL, NULL, NULL, &block, in, BYTES, &offset, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(block.Information, BYTES);
    assert_memory_equal(in, out, BYTES);
    close_file();
    ExFreePool(in);
    ExFreePool(out);
}

static void a_file_that_is_not_buffered_goes_by_sectors(void **state)
{
    LARGE_INTEGER odd = at(3), even = at(512);
    char sector[512] = { 'a' };

    (void)state;
    dirql_disk_write(WAVE, "", 0);
    open_wave(SYNCHRONOUS | FILE_NO_INTERMEDIATE_BUFFERING);
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, sector, 512, &odd, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, sector, 100, &even, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, sector, 512, &even, NULL),
                     STATUS_SUCCESS);
    close_file();
}

/* ---- A disk that is full, broken, slow ------------------------------------------------------- */

static void a_full_disk_takes_nothing_more(void **state)
{
    FILE_END_OF_FILE_INFORMATION end = { .EndOfFile = { .QuadPart = 8193 } };
    LARGE_INTEGER beyond = at(8192);

    (void)state;
    dirql_disk_set_free(4096);
    make_wave();
    assert_int_equal(write_at("abc", NULL), STATUS_SUCCESS);
    assert_int_equal(write_at("d", &beyond), STATUS_DISK_FULL);
    assert_int_equal(
        ZwSetInformationFile(file, &block, &end, sizeof(end), FileEndOfFileInformation),
        STATUS_DISK_FULL);
    assert_holds(WAVE, "abc");
    dirql_disk_remove(WAVE);
    close_file(); /* Only now is its room free. */
    make_wave();
    assert_int_equal(write_at("d", NULL), STATUS_SUCCESS);
    close_file();
}

static void a_broken_file_answers_as_the_test_says(void **state)
{
    char buffer[3];

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    open_wave(SYNCHRONOUS);
    dirql_disk_fail(WAVE, STATUS_DEVICE_DATA_ERROR);
    assert_int_equal(read_at(buffer, 3, NULL), STATUS_DEVICE_DATA_ERROR);
    assert_int_equal(ZwFlushBuffersFile(file, &block), STATUS_DEVICE_DATA_ERROR);
    dirql_disk_fail(WAVE, STATUS_SUCCESS);
    assert_int_equal(read_at(buffer, 3, NULL), STATUS_SUCCESS);
    dirql_disk_fail(NULL, STATUS_MEDIA_WRITE_PROTECTED);
    assert_int_equal(write_at("abc", NULL), STATUS_MEDIA_WRITE_PROTECTED);
    close_file();
    assert_int_equal(
        OPEN(&file, .name = WAVE_NAME, .access = FILE_WRITE_DATA, .disposition = FILE_OPEN),
        STATUS_MEDIA_WRITE_PROTECTED);
}

static void a_synchronous_write_waits_for_a_slow_disk(void **state)
{
    const uint64_t before = KeQueryInterruptTime();

    (void)state;
    dirql_disk_set_latency_us(1000);
    make_wave();
    assert_int_equal(write_at("abc", NULL), STATUS_SUCCESS);
    assert_int_equal(ZwFlushBuffersFile(file, &block), STATUS_SUCCESS);
    close_file();
    assert_true(KeQueryInterruptTime() - before >= 20000);
    assert_holds(WAVE, "abc");
}

/* ---- Asynchronous requests ------------------------------------------------------------------- */

static void a_pending_write_sets_the_event_at_its_end(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\Written");
    LARGE_INTEGER beginning = at(0);
    static char text[] = "abc";
    PKEVENT event;
    HANDLE handle;

    (void)state;
    event = IoCreateSynchronizationEvent(&name, &handle);
    dirql_disk_write(WAVE, "", 0);
    dirql_disk_set_latency_us(1000);
    open_wave(0);
    assert_int_equal(ZwWriteFile(file, handle, NULL, NULL, &block, text, 3, &beginning, NULL),
                     STATUS_PENDING);
    assert_int_equal(dirql_disk_read(WAVE, NULL, 0), 0);
    assert_int_equal(KeReadStateEvent(event), 0);
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(block.Status, STATUS_SUCCESS);
    assert_int_equal(block.Information, 3);
    assert_holds(WAVE, "abc");
    close_file();
    ZwClose(handle);
}

static void a_pending_read_signals_the_file_object(void **state)
{
    LARGE_INTEGER beginning = at(0);
    char buffer[4] = { 0 };
    PFILE_OBJECT object;

    (void)state;
    dirql_disk_write(WAVE, "abc", 3);
    dirql_disk_set_latency_us(1000);
    open_wave(0);
    assert_int_equal(ObReferenceObjectByHandle(file, SYNCHRONIZE, *IoFileObjectType, KernelMode,
                                               (PVOID *)&object, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(read_at(buffer, 3, &beginning), STATUS_PENDING);
    KeWaitForSingleObject(&object->Event, Executive, KernelMode, FALSE, NULL);
    assert_memory_equal(buffer, "abc", 3);
    assert_int_equal(block.Information, 3);
    ObDereferenceObject(object);
    close_file();
}

static void a_file_that_is_closed_meanwhile_is_written_to_its_end(void **state)
{
    LARGE_INTEGER beginning = at(0);

    (void)state;
    dirql_disk_write(WAVE, "", 0);
    dirql_disk_set_latency_us(1000);
    open_wave(0);
    assert_int_equal(write_at("abc", &beginning), STATUS_PENDING);
    close_file();
    settle();
    assert_holds(WAVE, "abc");
    assert_int_equal(block.Information, 3);
}

static void an_event_that_is_none_is_refused(void **state)
{
    LARGE_INTEGER beginning = at(0);
    static char text[] = "abc";

    (void)state;
    make_wave();
    assert_int_equal(ZwWriteFile(file, file, NULL, NULL, &block, text, 3, &beginning, NULL),
                     STATUS_OBJECT_TYPE_MISMATCH);
    dirql_suppress("HandleUse", NULL, "it is about the status");
    assert_int_equal(
        ZwWriteFile(file, (HANDLE)(ULONG_PTR)0x4000, NULL, NULL, &block, text, 3, &beginning, NULL),
        STATUS_INVALID_HANDLE);
    close_file();
}

static LONG in_order;

static void write_two(void *context)
{
    (void)context;
    assert_int_equal(write_at("b", NULL), STATUS_SUCCESS);
    InterlockedIncrement(&in_order);
}

static void requests_to_a_synchronous_file_come_one_after_the_other(void **state)
{
    IO_STATUS_BLOCK own;
    static char text[] = "a";
    dirql_thread *other;

    (void)state;
    dirql_disk_set_latency_us(1000);
    make_wave();
    other = dirql_thread_start("other", 1, write_two, NULL);
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &own, text, 1, NULL, NULL),
                     STATUS_SUCCESS);
    dirql_thread_join(other);
    assert_int_equal(in_order, 1);
    close_file();
    assert_int_equal(dirql_disk_read(WAVE, NULL, 0), 2); /* Neither wrote over the other. */
}

/* ---- Handles --------------------------------------------------------------------------------- */

static void a_handle_must_be_that_of_an_open_file(void **state)
{
    UNICODE_STRING services =
        RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services");
    OBJECT_ATTRIBUTES attributes;

    (void)state;
    make_wave();
    close_file();
    dirql_suppress("HandleUse", NULL, "it is about the status");
    assert_int_equal(write_at("abc", NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwFlushBuffersFile(file, &block), STATUS_INVALID_HANDLE);
    InitializeObjectAttributes(&attributes, &services, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&file, KEY_READ, &attributes), STATUS_SUCCESS);
    assert_int_equal(write_at("abc", NULL), STATUS_OBJECT_TYPE_MISMATCH);
    close_file();
}

static void a_directory_is_not_read(void **state)
{
    char buffer[4];

    (void)state;
    assert_int_equal(OPEN(&file, .name = L"\\SystemRoot",
                          .access = FILE_LIST_DIRECTORY | SYNCHRONIZE, .share = ALL_SHARE,
                          .disposition = FILE_OPEN, .options = SYNCHRONOUS),
                     STATUS_SUCCESS);
    assert_int_equal(read_at(buffer, sizeof(buffer), NULL), STATUS_INVALID_DEVICE_REQUEST);
    close_file();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(writes_follow_one_another),
        dirql_unit_test(an_offset_moves_the_position),
        dirql_unit_test(a_position_can_be_set),
        dirql_unit_test(without_a_position_there_must_be_an_offset),
        dirql_unit_test(reading_ends_with_the_file),
        dirql_unit_test(what_lies_between_is_zero),
        dirql_unit_test(a_write_can_go_to_the_end),
        dirql_unit_test(who_may_only_append_writes_at_the_end),
        dirql_unit_test(a_shorter_file_is_zero_behind_its_old_end),
        dirql_unit_test(many_bytes_come_back_as_they_went),
        dirql_unit_test(a_file_that_is_not_buffered_goes_by_sectors),
        dirql_unit_test(a_full_disk_takes_nothing_more),
        dirql_unit_test(a_broken_file_answers_as_the_test_says),
        dirql_unit_test(a_synchronous_write_waits_for_a_slow_disk),
        dirql_unit_test(a_pending_write_sets_the_event_at_its_end),
        dirql_unit_test(a_pending_read_signals_the_file_object),
        dirql_unit_test(a_file_that_is_closed_meanwhile_is_written_to_its_end),
        dirql_unit_test(an_event_that_is_none_is_refused),
        dirql_unit_test(requests_to_a_synchronous_file_come_one_after_the_other, .processors = 2),
        dirql_unit_test(a_handle_must_be_that_of_an_open_file),
        dirql_unit_test(a_directory_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

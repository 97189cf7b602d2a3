/*
 * test_errorlog.c - entries of the error log.
 */
#include "stack.h"

#include <dirql/fail.h>
#include <dirql/trace.h>

static int start(void **state)
{
    (void)state;
    stack_make();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    stack_delete();
    return 0;
}

static void an_entry_that_is_written_stands_in_the_trace(void **state)
{
    static const WCHAR text[] = L"COM1";
    const UCHAR bytes = sizeof(IO_ERROR_LOG_PACKET) + sizeof(ULONG) + sizeof(text);
    PIO_ERROR_LOG_PACKET packet = IoAllocateErrorLogEntry(stack.upper, bytes);
    char *trace;

    (void)state;
    assert_non_null(packet);
    packet->ErrorCode = (NTSTATUS)0xC0040005;
    packet->FinalStatus = STATUS_DEVICE_NOT_READY;
    packet->UniqueErrorValue = 17;
    packet->DumpDataSize = 2 * sizeof(ULONG);
    packet->DumpData[0] = 0xAB;
    packet->DumpData[1] = 0xCD;
    packet->NumberOfStrings = 1;
    packet->StringOffset = sizeof(*packet) + sizeof(ULONG);
    memcpy((PUCHAR)packet + packet->StringOffset, text, sizeof(text));
    dirql_trace_start();
    IoWriteErrorLogEntry(packet);
    trace = dirql_trace_text();
    assert_non_null(strstr(trace, "error log: 0xC0040005, status 0xC00000A3, at 0x11, \"COM1\", "
                                  "data 000000AB 000000CD"));
    dirql_trace_free(trace);
}

static void a_driver_may_log_too_and_at_dispatch_level(void **state)
{
    PVOID packet;
    KIRQL old;

    (void)state;
    stack.upper_driver.Type = IO_TYPE_DRIVER;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    packet = IoAllocateErrorLogEntry(&stack.upper_driver, sizeof(IO_ERROR_LOG_PACKET));
    assert_non_null(packet);
    IoFreeErrorLogEntry(packet);
    KeLowerIrql(old);
}

static void too_large_an_entry_is_refused(void **state)
{
    (void)state;
    assert_null(IoAllocateErrorLogEntry(stack.upper, ERROR_LOG_MAXIMUM_SIZE + 1));
    assert_null(IoAllocateErrorLogEntry(stack.upper, sizeof(IO_ERROR_LOG_PACKET) - 1));
}

static void a_string_that_is_outside_ends_where_the_entry_ends(void **state)
{
    PIO_ERROR_LOG_PACKET packet =
        IoAllocateErrorLogEntry(stack.upper, sizeof(IO_ERROR_LOG_PACKET) + 2 * sizeof(WCHAR));

    (void)state;
    packet->NumberOfStrings = 9;
    packet->StringOffset = sizeof(*packet);
    memset(packet + 1, 'A', 2 * sizeof(WCHAR));
    packet->DumpDataSize = 0xFFFC;
    IoWriteErrorLogEntry(packet);
}

static void there_may_be_none(void **state)
{
    (void)state;
    dirql_fail_set("other:1");
    assert_null(IoAllocateErrorLogEntry(stack.upper, sizeof(IO_ERROR_LOG_PACKET)));
}

static void an_entry_that_is_given_back_twice_is_a_finding(void **state)
{
    PVOID packet = IoAllocateErrorLogEntry(stack.upper, sizeof(IO_ERROR_LOG_PACKET));

    (void)state;
    IoWriteErrorLogEntry(packet);
    dirql_expect_finding("wrong object");
    IoFreeErrorLogEntry(packet);
}

static void an_entry_of_a_stranger_is_a_finding(void **state)
{
    static ULONG none[64];

    (void)state;
    dirql_expect_finding("wrong object");
    (void)IoAllocateErrorLogEntry(none, sizeof(IO_ERROR_LOG_PACKET));
}

static void an_entry_that_is_left_is_a_finding(void **state)
{
    (void)state;
    dirql_expect_finding("ErrorLogLeft");
    (void)IoAllocateErrorLogEntry(stack.upper, sizeof(IO_ERROR_LOG_PACKET));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(an_entry_that_is_written_stands_in_the_trace, start, stop),
        dirql_unit_test_setup_teardown(a_driver_may_log_too_and_at_dispatch_level, start, stop),
        dirql_unit_test_setup_teardown(too_large_an_entry_is_refused, start, stop),
        dirql_unit_test_setup_teardown(a_string_that_is_outside_ends_where_the_entry_ends, start,
                                       stop),
        dirql_unit_test_setup_teardown(there_may_be_none, start, stop),
        dirql_unit_test_setup(an_entry_that_is_given_back_twice_is_a_finding, start),
        dirql_unit_test_setup(an_entry_of_a_stranger_is_a_finding, start),
        dirql_unit_test_setup_teardown(an_entry_that_is_left_is_a_finding, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_filefault.c - who gives a service for files a buffer that does not exist is told so, in his
 * own line, whichever part of the kernel or of a device touches it.
 */
#include "../check/rule.h"
#include "files.h"

/* Nothing lies there. */
static void *volatile nowhere = (void *)0x10000;
static char data[] = "abcd";

#define GUEST __attribute__((noinline))

static void open_for(ULONG options)
{
    dirql_disk_write(WAVE, data, 4);
    open_wave(options);
}

#define assert_faulted_at(body, service)                                 \
    do {                                                                 \
        rule_run(1, body);                                               \
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);             \
        assert_int_equal(rule_result.code, PAGE_FAULT_IN_NONPAGED_AREA); \
        assert_report_has(service ", at " #body);                        \
    } while (0)

/* ---- Data ------------------------------------------------------------------------------------ */

GUEST static void read_into_nowhere(void *context)
{
    (void)context;
    open_for(SYNCHRONOUS);
    (void)ZwReadFile(file, NULL, NULL, NULL, &block, nowhere, 4, NULL, NULL);
    fail_msg("nobody was stopped");
}

GUEST static void write_from_nowhere(void *context)
{
    (void)context;
    open_for(SYNCHRONOUS);
    (void)ZwWriteFile(file, NULL, NULL, NULL, &block, nowhere, 4, NULL, NULL);
    fail_msg("nobody was stopped");
}

static void a_buffer_that_does_not_exist_is_its_givers_fault(void **state)
{
    (void)state;
    assert_faulted_at(read_into_nowhere, "ZwReadFile");
    assert_faulted_at(write_from_nowhere, "ZwWriteFile");
}

/* The volume does it when a DPC says so; the giver may be anywhere by then. */
GUEST static void write_later_from_nowhere(void *context)
{
    LARGE_INTEGER offset = at(0);

    (void)context;
    dirql_disk_set_latency_us(1000);
    open_for(0);
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, nowhere, 4, &offset, NULL),
                     STATUS_PENDING);
    dirql_time_advance_us(2000);
    fail_msg("nobody was stopped");
}

static void it_is_also_when_it_is_touched_later(void **state)
{
    (void)state;
    rule_run(1, write_later_from_nowhere);
    assert_int_equal(rule_result.code, DRIVER_IRQL_NOT_LESS_OR_EQUAL);
    assert_report_has("ZwWriteFile, at write_later_from_nowhere");
}

/* ---- What is told of a file ------------------------------------------------------------------ */

GUEST static void ask_into_nowhere(void *context)
{
    (void)context;
    open_for(SYNCHRONOUS);
    (void)ZwQueryInformationFile(file, &block, nowhere, sizeof(FILE_STANDARD_INFORMATION),
                                 FileStandardInformation);
    fail_msg("nobody was stopped");
}

GUEST static void set_from_nowhere(void *context)
{
    (void)context;
    open_for(SYNCHRONOUS);
    (void)ZwSetInformationFile(file, &block, nowhere, sizeof(FILE_BASIC_INFORMATION),
                               FileBasicInformation);
    fail_msg("nobody was stopped");
}

static void so_is_a_structure(void **state)
{
    (void)state;
    assert_faulted_at(ask_into_nowhere, "ZwQueryInformationFile");
    assert_faulted_at(set_from_nowhere, "ZwSetInformationFile");
}

GUEST static void have_the_status_nowhere(void *context)
{
    (void)context;
    open_for(SYNCHRONOUS);
    (void)ZwWriteFile(file, NULL, NULL, NULL, nowhere, data, 4, NULL, NULL);
    fail_msg("nobody was stopped");
}

static void so_is_a_status_block(void **state)
{
    (void)state;
    assert_faulted_at(have_the_status_nowhere, "ZwWriteFile");
}

/* ---- Afterwards ------------------------------------------------------------------------------ */

GUEST static void write_to_nowhere(void *context)
{
    (void)context;
    open_for(SYNCHRONOUS);
    (void)ZwWriteFile(file, NULL, NULL, NULL, &block, data, 4, NULL, NULL);
    *(volatile ULONG *)nowhere = 1;
    fail_msg("nobody was stopped");
}

static void a_service_that_has_returned_is_not_blamed(void **state)
{
    (void)state;
    rule_run(1, write_to_nowhere);
    assert_int_equal(rule_result.code, PAGE_FAULT_IN_NONPAGED_AREA);
    assert_report_has(" us, at write_to_nowhere");
}

GUEST static void write_after_a_handled_fault(void *context)
{
    (void)context;
    open_for(SYNCHRONOUS);
    __try {
        (void)ZwWriteFile(file, NULL, NULL, NULL, nowhere, data, 4, NULL, NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        *(volatile ULONG *)nowhere = 1;
    }
    fail_msg("nobody was stopped");
}

static void nor_is_one_that_an_exception_has_left(void **state)
{
    (void)state;
    rule_run(1, write_after_a_handled_fault);
    assert_int_equal(rule_result.code, PAGE_FAULT_IN_NONPAGED_AREA);
    assert_report_has(" us, at write_after_a_handled_fault");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_that_does_not_exist_is_its_givers_fault),
        cmocka_unit_test(it_is_also_when_it_is_touched_later),
        cmocka_unit_test(so_is_a_structure),
        cmocka_unit_test(so_is_a_status_block),
        cmocka_unit_test(a_service_that_has_returned_is_not_blamed),
        cmocka_unit_test(nor_is_one_that_an_exception_has_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

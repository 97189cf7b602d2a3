/*
 * test_bugcheckreason.c - routines that drivers want asked at a bug check, for what belongs into a
 * dump.
 */
#include "../check/rule.h"

static KBUGCHECK_REASON_CALLBACK_RECORD records[6];
static KBUGCHECK_CALLBACK_RECORD plain;
static unsigned char page[2 * PAGE_SIZE];

static struct {
    unsigned calls;
    KBUGCHECK_CALLBACK_REASON reasons[16];
    PVOID record;
    ULONG length, code;
    ULONG_PTR first_parameter;
    PVOID out_buffers[4], in_buffer, context;
    KIRQL irql;
    bool wrong;
} seen;

static void note(KBUGCHECK_CALLBACK_REASON reason, PKBUGCHECK_REASON_CALLBACK_RECORD record,
                 ULONG length)
{
    seen.reasons[seen.calls++ % 16] = reason;
    seen.record = record;
    seen.length = length;
    seen.irql = KeGetCurrentIrql();
}

static KBUGCHECK_REASON_CALLBACK_ROUTINE add_pages, give_data, give_parts, triage, ignore;

static VOID ignore(KBUGCHECK_CALLBACK_REASON reason, PKBUGCHECK_REASON_CALLBACK_RECORD record,
                   PVOID data, ULONG length)
{
    (void)data;
    note(reason, record, length);
}

/* Two ranges. */
static VOID add_pages(KBUGCHECK_CALLBACK_REASON reason, PKBUGCHECK_REASON_CALLBACK_RECORD record,
                      PVOID data, ULONG length)
{
    KBUGCHECK_ADD_PAGES *pages = data;

    note(reason, record, length);
    seen.code = pages->BugCheckCode;
    seen.context = pages->Context;
    pages->Flags = KB_ADD_PAGES_FLAG_VIRTUAL_ADDRESS |
                   (seen.wrong ? KB_ADD_PAGES_FLAG_PHYSICAL_ADDRESS : 0u) |
                   (pages->Context == NULL ? KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST : 0u);
    pages->Context = page;
    pages->Address = (ULONG_PTR)page;
    pages->Count = 1;
}

static VOID give_data(KBUGCHECK_CALLBACK_REASON reason, PKBUGCHECK_REASON_CALLBACK_RECORD record,
                      PVOID data, ULONG length)
{
    static const GUID guid = { 1, 2, 3, { 4 } };
    KBUGCHECK_SECONDARY_DUMP_DATA *dump = data;

    seen.out_buffers[seen.calls % 4] = dump->OutBuffer;
    seen.in_buffer = dump->InBuffer;
    note(reason, record, length);
    dump->Guid = guid;
    dump->OutBuffer = dump->InBuffer;
    dump->OutBufferLength = seen.wrong ? dump->InBufferLength + 1 : 16;
}

static VOID give_parts(KBUGCHECK_CALLBACK_REASON reason, PKBUGCHECK_REASON_CALLBACK_RECORD record,
                       PVOID data, ULONG length)
{
    KBUGCHECK_SECONDARY_DUMP_DATA_EX *dump = data;

    note(reason, record, length);
    seen.first_parameter = dump->BugCheckParameter1;
    dump->Guid.Data1 = 5;
    dump->OutBuffer = page;
    dump->OutBufferLength = sizeof(page);
    dump->Flags = dump->Context == NULL ? KB_SECONDARY_DATA_FLAG_ADDITIONAL_DATA : 0;
    if (seen.calls % 2 == 0) {
        dump->Context = page;
    }
}

static union {
    KTRIAGE_DUMP_DATA_ARRAY array;
    unsigned char bytes[FIELD_OFFSET(KTRIAGE_DUMP_DATA_ARRAY, Blocks) + 2 * sizeof(KADDRESS_RANGE)];
} triage_data;

static VOID triage(KBUGCHECK_CALLBACK_REASON reason, PKBUGCHECK_REASON_CALLBACK_RECORD record,
                   PVOID data, ULONG length)
{
    KBUGCHECK_TRIAGE_DUMP_DATA *dump = data;

    note(reason, record, length);
    seen.code = dump->Flags == KB_TRIAGE_DUMP_DATA_FLAG_BUGCHECK_ACTIVE ? dump->BugCheckCode : 0;
    (void)KeAddTriageDumpDataBlock(&triage_data.array, seen.wrong ? (PVOID)16 : page, 64);
    dump->DataArray = &triage_data.array;
}

static void add(unsigned number, PKBUGCHECK_REASON_CALLBACK_ROUTINE routine,
                KBUGCHECK_CALLBACK_REASON reason)
{
    KeInitializeCallbackRecord(&records[number]);
    assert_true(
        KeRegisterBugCheckReasonCallback(&records[number], routine, reason, (PUCHAR) "uart"));
}

static void crash(void)
{
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

static void run(void (*body)(void *), bool wrong)
{
    memset(&seen, 0, sizeof(seen));
    seen.wrong = wrong;
    rule_run(1, body);
}

/* ---- Pages ----------------------------------------------------------------------------------- */

static void crash_with_pages(void *context)
{
    (void)context;
    add(0, add_pages, KbCallbackAddPages);
    crash();
}

static void pages_are_asked_for_until_there_are_no_more(void **state)
{
    (void)state;
    run(crash_with_pages, false);
    assert_int_equal(rule_result.errors, 1);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(seen.irql, HIGH_LEVEL);
    assert_int_equal(seen.code, MANUALLY_INITIATED_CRASH);
    assert_ptr_equal(seen.context, page);
    assert_ptr_equal(seen.record, &records[0]);
    assert_int_equal(seen.length, sizeof(KBUGCHECK_ADD_PAGES));
}

static void pages_are_virtual_or_physical(void **state)
{
    (void)state;
    run(crash_with_pages, true);
    assert_finding_is(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4, "BugCheckReason");
    assert_report_has("whether their address is a virtual or a physical one");
}

static void keeps_the_reasons(void *context)
{
    (void)context;
    add(0, add_pages, KbCallbackAddPages);
    assert_true(KeDeregisterBugCheckReasonCallback(&records[0]));
}

static void without_a_bug_check_nobody_is_asked(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    assert_silent(keeps_the_reasons, 1, "BugCheckReason");
    assert_int_equal(seen.calls, 0);
}

/* ---- Data ------------------------------------------------------------------------------------ */

static void crash_with_data(void *context)
{
    (void)context;
    add(0, give_data, KbCallbackSecondaryDumpData);
    crash();
}

static void data_is_asked_for_its_size_first(void **state)
{
    (void)state;
    run(crash_with_data, false);
    assert_int_equal(rule_result.errors, 1);
    assert_int_equal(seen.calls, 2);
    assert_null(seen.out_buffers[0]);
    assert_ptr_equal(seen.out_buffers[1], seen.in_buffer);
    assert_int_equal(seen.length, sizeof(KBUGCHECK_SECONDARY_DUMP_DATA));
}

static void data_fits_into_its_buffer(void **state)
{
    (void)state;
    run(crash_with_data, true);
    assert_report_has("has written more to InBuffer than InBufferLength");
}

static void crash_with_parts(void *context)
{
    (void)context;
    add(0, give_parts, KbCallbackSecondaryMultiPartDumpData);
    crash();
}

static void parts_are_asked_for_until_there_are_no_more(void **state)
{
    (void)state;
    run(crash_with_parts, false);
    assert_int_equal(rule_result.errors, 1);
    assert_int_equal(seen.calls, 4);
    assert_int_equal(seen.first_parameter, 1);
    assert_int_equal(seen.length, sizeof(KBUGCHECK_SECONDARY_DUMP_DATA_EX));
}

/* ---- A small dump ---------------------------------------------------------------------------- */

static void crash_with_triage(void *context)
{
    (void)context;
    assert_int_equal(KeInitializeTriageDumpDataArray(&triage_data.array, sizeof(triage_data)),
                     STATUS_SUCCESS);
    add(0, triage, KbCallbackTriageDumpData);
    crash();
}

static void a_small_dump_gets_blocks(void **state)
{
    (void)state;
    run(crash_with_triage, false);
    assert_int_equal(rule_result.errors, 1);
    assert_int_equal(seen.code, MANUALLY_INITIATED_CRASH);
    run(crash_with_triage, true);
    assert_report_has("names a block where no memory is");
}

static void an_array_of_blocks_has_an_end(void **state)
{
    (void)state;
    assert_int_equal(KeInitializeTriageDumpDataArray(&triage_data.array, 8),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(KeInitializeTriageDumpDataArray(&triage_data.array, sizeof(triage_data)),
                     STATUS_SUCCESS);
    assert_int_equal(KeAddTriageDumpDataBlock(&triage_data.array, NULL, 8),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(KeAddTriageDumpDataBlock(&triage_data.array, page, 8), STATUS_SUCCESS);
    assert_int_equal(KeAddTriageDumpDataBlock(&triage_data.array, page, 9), STATUS_SUCCESS);
    assert_int_equal(KeAddTriageDumpDataBlock(&triage_data.array, page, 1),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(triage_data.array.NumBlocksUsed, 2);
    assert_int_equal(triage_data.array.DataSize, 17);
}

/* ---- Order and registration ------------------------------------------------------------------ */

static VOID note_plain(PVOID buffer, ULONG length)
{
    (void)buffer;
    (void)length;
    seen.reasons[seen.calls++ % 16] = KbCallbackReserved1;
}

static void crash_with_all(void *context)
{
    (void)context;
    KeInitializeCallbackRecord(&plain);
    assert_true(KeRegisterBugCheckCallback(&plain, note_plain, NULL, 0, (PUCHAR) "uart"));
    add(0, ignore, KbCallbackSecondaryDumpData);
    add(1, ignore, KbCallbackDumpIo);
    add(2, ignore, KbCallbackTriageDumpData);
    add(3, ignore, KbCallbackRemovePages);
    add(4, ignore, KbCallbackAddPages);
    crash();
}

static void they_are_asked_in_the_order_of_a_dump_and_before_the_others(void **state)
{
    static const KBUGCHECK_CALLBACK_REASON order[] = { KbCallbackAddPages, KbCallbackRemovePages,
                                                       KbCallbackTriageDumpData,
                                                       KbCallbackSecondaryDumpData,
                                                       KbCallbackReserved1 };

    (void)state;
    run(crash_with_all, false);
    assert_int_equal(seen.calls, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(seen.reasons[i], order[i]);
    }
}

static void register_and_deregister(void *context)
{
    (void)context;
    add(0, ignore, KbCallbackAddPages);
    assert_false(
        KeRegisterBugCheckReasonCallback(&records[0], ignore, KbCallbackAddPages, (PUCHAR) "uart"));
    assert_true(KeDeregisterBugCheckReasonCallback(&records[0]));
    assert_false(KeDeregisterBugCheckReasonCallback(&records[0]));
    KeInitializeCallbackRecord(&records[1]);
    assert_false(
        KeRegisterBugCheckReasonCallback(&records[1], ignore, KbCallbackInvalid, (PUCHAR) "uart"));
}

static void a_record_is_registered_once_and_for_a_reason(void **state)
{
    (void)state;
    rule_run(1, register_and_deregister);
    assert_string_equal(rule_result.report, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_asked_for_until_there_are_no_more),
        cmocka_unit_test(pages_are_virtual_or_physical),
        cmocka_unit_test(without_a_bug_check_nobody_is_asked),
        cmocka_unit_test(data_is_asked_for_its_size_first),
        cmocka_unit_test(data_fits_into_its_buffer),
        cmocka_unit_test(parts_are_asked_for_until_there_are_no_more),
        cmocka_unit_test(a_small_dump_gets_blocks),
        cmocka_unit_test(an_array_of_blocks_has_an_end),
        cmocka_unit_test(they_are_asked_in_the_order_of_a_dump_and_before_the_others),
        cmocka_unit_test(a_record_is_registered_once_and_for_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_bugcheckcallback.c - routines that drivers want called at a bug check.
 */
#include "../check/rule.h"

static KBUGCHECK_CALLBACK_RECORD first, second;
static UCHAR buffer[16];
static ULONG calls, order[2];
static KIRQL irql;

static KBUGCHECK_CALLBACK_ROUTINE silence_first, silence_second, fail_again;

static VOID silence_first(PVOID memory, ULONG length)
{
    order[calls++ % 2] = 1;
    irql = KeGetCurrentIrql();
    if (memory == buffer && length == sizeof(buffer)) {
        buffer[0] = 0xAB;
    }
}

static VOID silence_second(PVOID memory, ULONG length)
{
    (void)memory;
    (void)length;
    order[calls++ % 2] = 2;
}

static VOID fail_again(PVOID memory, ULONG length)
{
    (void)memory;
    (void)length;
    calls++;
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 9, 9, 9, 9);
}

static void add(PKBUGCHECK_CALLBACK_RECORD record, PKBUGCHECK_CALLBACK_ROUTINE routine)
{
    KeInitializeCallbackRecord(record);
    assert_true(
        KeRegisterBugCheckCallback(record, routine, buffer, sizeof(buffer), (PUCHAR) "uart"));
}

static void crash(void *context)
{
    (void)context;
    add(&first, silence_first);
    add(&second, silence_second);
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

static void they_are_called_at_high_level_the_latest_first(void **state)
{
    (void)state;
    calls = 0;
    rule_run(1, crash);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_int_equal(calls, 2);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 1);
    assert_int_equal(irql, HIGH_LEVEL);
    assert_report_has("MANUALLY_INITIATED_CRASH (0x1, 0x2, 0x3, 0x4)");
}

static void crash_twice(void *context)
{
    (void)context;
    add(&first, silence_first);
    add(&second, fail_again);
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

static void one_that_fails_itself_does_not_keep_the_others_from_it(void **state)
{
    (void)state;
    calls = 0;
    rule_run(1, crash_twice);
    assert_int_equal(calls, 2);
    assert_report_has("MANUALLY_INITIATED_CRASH (0x1, 0x2, 0x3, 0x4)");
}

static void register_and_deregister(void *context)
{
    (void)context;
    add(&first, silence_first);
    assert_false(KeRegisterBugCheckCallback(&first, silence_second, NULL, 0, (PUCHAR) "uart"));
    assert_true(KeDeregisterBugCheckCallback(&first));
    assert_false(KeDeregisterBugCheckCallback(&first));
    add(&first, silence_first);
    assert_true(KeDeregisterBugCheckCallback(&first));
}

static void a_record_is_registered_once(void **state)
{
    (void)state;
    calls = 0;
    rule_run(1, register_and_deregister);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_int_equal(calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_called_at_high_level_the_latest_first),
        cmocka_unit_test(one_that_fails_itself_does_not_keep_the_others_from_it),
        cmocka_unit_test(a_record_is_registered_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

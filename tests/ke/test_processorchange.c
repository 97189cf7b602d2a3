/*
 * test_processorchange.c - who is told of the processors.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>

#include <ntddk.h>

enum { PROCESSORS = 3 };

static struct {
    ULONG calls;
    ULONG fails_at; /* The number of a call; 0: none. */
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT told[2 * PROCESSORS];
} heard;

static PROCESSOR_CALLBACK_FUNCTION hear;
static VOID hear(PVOID context, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change, PNTSTATUS status)
{
    assert_ptr_equal(context, &heard);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    heard.told[heard.calls++] = *change;
    if (heard.calls == heard.fails_at) {
        *status = STATUS_INSUFFICIENT_RESOURCES;
    }
}

static int start(void **state)
{
    (void)state;
    memset(&heard, 0, sizeof(heard));
    return 0;
}

static void each_processor_is_told_of_twice(void **state)
{
    PVOID handle =
        KeRegisterProcessorChangeCallback(hear, &heard, KE_PROCESSOR_CHANGE_ADD_EXISTING);
    const ULONG count = KeQueryActiveProcessorCount(NULL);

    (void)state;
    assert_non_null(handle);
    assert_int_equal(heard.calls, 2 * count);
    for (ULONG i = 0; i < count; i++) {
        assert_int_equal(heard.told[i].State, KeProcessorAddStartNotify);
        assert_int_equal(heard.told[i].NtNumber, i);
        assert_int_equal(heard.told[i].ProcNumber.Number, i);
        assert_int_equal(heard.told[count + i].State, KeProcessorAddCompleteNotify);
        assert_int_equal(heard.told[count + i].NtNumber, i);
    }
    KeDeregisterProcessorChangeCallback(handle);
}

static void nobody_is_told_who_did_not_wish_it(void **state)
{
    PVOID handle = KeRegisterProcessorChangeCallback(hear, &heard, 0);

    (void)state;
    assert_non_null(handle);
    assert_int_equal(heard.calls, 0);
    KeDeregisterProcessorChangeCallback(handle);
}

static void a_failure_is_told_to_those_before_it(void **state)
{
    (void)state;
    heard.fails_at = 3;
    assert_null(KeRegisterProcessorChangeCallback(hear, &heard, KE_PROCESSOR_CHANGE_ADD_EXISTING));
    assert_int_equal(heard.calls, 5);
    assert_int_equal(heard.told[3].State, KeProcessorAddFailureNotify);
    assert_int_equal(heard.told[3].NtNumber, 0);
    assert_int_equal(heard.told[4].NtNumber, 1);
    assert_int_equal(heard.told[4].Status, STATUS_INSUFFICIENT_RESOURCES);
}

static void a_registration_may_fail(void **state)
{
    (void)state;
    dirql_fail_set("callback:1");
    assert_null(KeRegisterProcessorChangeCallback(hear, &heard, KE_PROCESSOR_CHANGE_ADD_EXISTING));
    assert_int_equal(heard.calls, 0);
}

static void a_handle_that_has_ended_is_a_finding(void **state)
{
    PVOID handle = KeRegisterProcessorChangeCallback(hear, &heard, 0);

    (void)state;
    KeDeregisterProcessorChangeCallback(handle);
    dirql_expect_finding("wrong object");
    KeDeregisterProcessorChangeCallback(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(each_processor_is_told_of_twice, start, .processors = PROCESSORS,
                              .fixed = TRUE),
        dirql_unit_test_setup(nobody_is_told_who_did_not_wish_it, start),
        dirql_unit_test_setup(a_failure_is_told_to_those_before_it, start,
                              .processors = PROCESSORS, .fixed = TRUE),
        dirql_unit_test_setup(a_registration_may_fail, start),
        dirql_unit_test_setup(a_handle_that_has_ended_is_a_finding, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

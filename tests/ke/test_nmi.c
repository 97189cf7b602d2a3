/*
 * test_nmi.c - nonmaskable interrupts: who is asked, in which order, and what if nobody answers.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <ntddk.h>

enum { CALLS = 8 };

static struct {
    unsigned who;
    BOOLEAN handled;
    KIRQL irql;
    ULONG processor;
} calls[CALLS];

static LONG call_count; /* Another processor may count. */

static void note(unsigned who, BOOLEAN handled)
{
    const LONG at = call_count;

    calls[at].who = who;
    calls[at].handled = handled;
    calls[at].irql = KeGetCurrentIrql();
    calls[at].processor = KeGetCurrentProcessorNumber();
    WriteRelease(&call_count, at + 1);
}

static NMI_CALLBACK take, leave, lower;

static BOOLEAN take(PVOID context, BOOLEAN handled)
{
    note((unsigned)(ULONG_PTR)context, handled);
    return TRUE;
}

static BOOLEAN leave(PVOID context, BOOLEAN handled)
{
    note((unsigned)(ULONG_PTR)context, handled);
    return FALSE;
}

static BOOLEAN lower(PVOID context, BOOLEAN handled)
{
    (void)context;
    (void)handled;
    KeLowerIrql(DISPATCH_LEVEL);
    return TRUE;
}

static int start(void **state)
{
    (void)state;
    call_count = 0;
    return 0;
}

static PVOID add(PNMI_CALLBACK routine, unsigned number)
{
    PVOID handle = KeRegisterNmiCallback(routine, (PVOID)(ULONG_PTR)number);

    assert_non_null(handle);
    return handle;
}

static void drop(PVOID handle)
{
    assert_int_equal(KeDeregisterNmiCallback(handle), STATUS_SUCCESS);
}

static void the_latest_is_asked_first_and_all_are_told(void **state)
{
    PVOID handles[] = { add(leave, 1), add(take, 2), add(leave, 3) };

    (void)state;
    dirql_nmi(0);
    assert_int_equal(call_count, 3);
    assert_int_equal(calls[0].who, 3);
    assert_false(calls[0].handled);
    assert_int_equal(calls[1].who, 2);
    assert_false(calls[1].handled);
    assert_int_equal(calls[2].who, 1);
    assert_true(calls[2].handled);
    for (unsigned i = 0; i < 3; i++) {
        drop(handles[i]);
    }
}

static void they_run_at_high_level_whatever_is_masked(void **state)
{
    PVOID handle = add(take, 1);
    KIRQL old;

    (void)state;
    KeRaiseIrql(12, &old);
    dirql_nmi(0);
    assert_int_equal(call_count, 1);
    assert_int_equal(calls[0].irql, HIGH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), 12);
    KeLowerIrql(old);
    drop(handle);
}

static void at_high_level_it_waits(void **state)
{
    PVOID handle = add(take, 1);
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    dirql_nmi(0);
    assert_int_equal(call_count, 0);
    KeLowerIrql(old);
    assert_int_equal(call_count, 1);
    drop(handle);
}

static void another_processor_can_be_meant(void **state)
{
    PVOID handle = add(take, 1);

    (void)state;
    dirql_nmi(1);
    while (ReadAcquire(&call_count) == 0) {
        KeStallExecutionProcessor(1);
    }
    assert_int_equal(calls[0].processor, 1);
    drop(handle);
}

static void one_that_nobody_handles_is_bug_check_80(void **state)
{
    (void)state;
    (void)add(leave, 1);
    dirql_expect_bugcheck_with(NMI_HARDWARE_FAILURE, 0, 0, 0, 0);
    dirql_nmi(0);
    fail_msg("nobody handled it");
}

static void without_callbacks_it_is_bug_check_80(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(NMI_HARDWARE_FAILURE, 0, 0, 0, 0);
    dirql_nmi(0);
    fail_msg("there is nobody");
}

static void who_is_deregistered_is_not_asked(void **state)
{
    PVOID handle = add(take, 1);
    PVOID gone = add(take, 2);

    (void)state;
    drop(gone);
    assert_int_equal(KeDeregisterNmiCallback(gone), STATUS_INVALID_HANDLE);
    dirql_nmi(0);
    assert_int_equal(call_count, 1);
    assert_int_equal(calls[0].who, 1);
    drop(handle);
    assert_int_equal(KeDeregisterNmiCallback(NULL), STATUS_INVALID_HANDLE);
}

static void a_callback_returns_at_high_level(void **state)
{
    (void)state;
    (void)add(lower, 1);
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, DISPATCH_LEVEL << 16 | HIGH_LEVEL << 8 | 3,
                               (ULONG_PTR)lower, 0, 0);
    dirql_nmi(0);
    fail_msg("it has lowered");
}

static void a_registration_may_fail(void **state)
{
    (void)state;
    dirql_fail_set("callback:1");
    assert_null(KeRegisterNmiCallback(take, NULL));
}

static void a_processor_that_is_not_there_is_refused(void **state)
{
    (void)state;
    dirql_expect_finding("line");
    dirql_nmi(99);
    fail_msg("there is no such processor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(the_latest_is_asked_first_and_all_are_told, start),
        dirql_unit_test_setup(they_run_at_high_level_whatever_is_masked, start, .fixed = 1),
        dirql_unit_test_setup(at_high_level_it_waits, start, .fixed = 1),
        dirql_unit_test_setup(another_processor_can_be_meant, start, .processors = 2),
        dirql_unit_test_setup(one_that_nobody_handles_is_bug_check_80, start),
        dirql_unit_test_setup(without_callbacks_it_is_bug_check_80, start),
        dirql_unit_test_setup(who_is_deregistered_is_not_asked, start),
        dirql_unit_test_setup(a_callback_returns_at_high_level, start, .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test_setup(a_registration_may_fail, start),
        dirql_unit_test_setup(a_processor_that_is_not_there_is_refused, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_freebuild.c - what is left of a driver's debug macros in a free build: NT_VERIFY evaluates,
 * and the FRE forms assert.
 */
#undef DBG
#define DBG 0

#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

static ULONG evaluated;

__attribute__((unused)) static BOOLEAN fails(void)
{
    evaluated++;
    return FALSE;
}

static int start(void **state)
{
    (void)state;
    evaluated = 0;
    return 0;
}

static void most_are_nothing(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    PAGED_CODE();
    PAGED_CODE_LOCKED();
    KeLowerIrql(old);
    ASSERT(fails());
    ASSERTMSG("text", fails());
    NT_ASSERT(fails());
    NT_ASSERTMSG("text", fails());
    NT_ASSERT_ASSUME(fails());
    RTL_SOFT_ASSERT(fails());
    RTL_SOFT_ASSERTMSG("text", fails());
    KdPrint(("%u", fails()));
    KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "%u", fails()));
    vKdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "%u", fails()));
    KdBreakPoint();
    KdBreakPointWithStatus(fails());
    assert_int_equal(evaluated, 0);
}

static void verifying_evaluates(void **state)
{
    (void)state;
    assert_false(NT_VERIFY(fails()));
    assert_false(NT_VERIFYMSG("text", fails()));
    assert_int_equal(evaluated, 2);
}

static void the_free_forms_assert(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_ASSERTION_FAILURE,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    NT_FRE_ASSERT(fails());
    fail_msg("it asserts");
}

static void the_verifying_form_of_rtl_asserts(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_BREAKPOINT, DIRQL_ANY,
                               DIRQL_ANY, DIRQL_ANY);
    (void)RTL_VERIFY(fails());
    fail_msg("it asserts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(most_are_nothing, start),
        dirql_unit_test_setup(verifying_evaluates, start),
        dirql_unit_test_setup(the_free_forms_assert, start),
        dirql_unit_test_setup(the_verifying_form_of_rtl_asserts, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

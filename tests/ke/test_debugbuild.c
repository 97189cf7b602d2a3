/*
 * test_debugbuild.c - the macros that a debug build of a driver has: assertions, output,
 * breakpoints.
 */
#define DBG 1

#include <stdarg.h>
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

static ULONG evaluated;

/* FALSE, and counts. */
static BOOLEAN fails(void)
{
    evaluated++;
    return FALSE;
}

static BOOLEAN holds(void)
{
    evaluated++;
    return TRUE;
}

static int start(void **state)
{
    (void)state;
    evaluated = 0;
    return 0;
}

/* ---- Assertions ------------------------------------------------------------------------------ */

static void what_holds_goes_on(void **state)
{
    (void)state;
    ASSERT(holds());
    ASSERTMSG("text", holds());
    NT_ASSERT(holds());
    NT_ASSERTMSG("text", holds());
    NT_ASSERT_ASSUME(holds());
    NT_FRE_ASSERT(holds());
    NT_FRE_ASSERTMSG("text", holds());
    assert_true(NT_VERIFY(holds()));
    assert_true(NT_VERIFYMSG("text", holds()));
    assert_true(RTL_VERIFY(holds()));
    assert_true(RTL_SOFT_ASSERT(holds()));
    assert_true(RTL_SOFT_ASSERTMSG("text", holds()));
    PAGED_CODE();
    PAGED_CODE_LOCKED();
    assert_int_equal(evaluated, 12);
}

/* A run of its own, which ends in an unhandled exception of this code; its report has the text. */
static void assert_fails(void (*body)(void *context), NTSTATUS exception, const char *text)
{
    dirql_result result;

    assert_int_equal(dirql_run(NULL, body, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.code, KMODE_EXCEPTION_NOT_HANDLED);
    assert_int_equal(result.parameters[0], (ULONG)exception);
    assert_non_null(strstr(result.report, text));
    assert_non_null(strstr(result.report, "test_debugbuild.c"));
    dirql_result_free(&result);
}

#define BODY(name, statement)       \
    static void name(void *context) \
    {                               \
        (void)context;              \
        statement;                  \
    }

BODY(assert_plainly, ASSERT(fails()))
BODY(assert_with_text, ASSERTMSG("no queue", fails()))
BODY(verify, (void)RTL_VERIFY(fails()))

static void a_plain_assertion_is_a_breakpoint(void **state)
{
    (void)state;
    assert_fails(assert_plainly, STATUS_BREAKPOINT, "Assertion failed: fails()");
    assert_fails(assert_with_text, STATUS_BREAKPOINT, "no queue");
    assert_fails(verify, STATUS_BREAKPOINT, "Assertion failed: fails()");
}

BODY(nt_assert, NT_ASSERT(fails()))
BODY(nt_assert_with_text, NT_ASSERTMSG("no queue", fails()))
BODY(nt_verify, (void)NT_VERIFY(fails()))
BODY(nt_verify_with_text, (void)NT_VERIFYMSG("no queue", fails()))
BODY(nt_fre_assert, (void)NT_FRE_ASSERT(fails()))
BODY(nt_fre_assert_with_text, (void)NT_FRE_ASSERTMSG("no queue", fails()))

static void an_nt_assertion_is_an_exception_of_its_own(void **state)
{
    (void)state;
    assert_fails(nt_assert, STATUS_ASSERTION_FAILURE, "Assertion failed: fails()");
    assert_fails(nt_assert_with_text, STATUS_ASSERTION_FAILURE, "no queue");
    assert_fails(nt_verify, STATUS_ASSERTION_FAILURE, "Assertion failed: fails()");
    assert_fails(nt_verify_with_text, STATUS_ASSERTION_FAILURE, "no queue");
    assert_fails(nt_fre_assert, STATUS_ASSERTION_FAILURE, "Assertion failed: fails()");
    assert_fails(nt_fre_assert_with_text, STATUS_ASSERTION_FAILURE, "no queue");
}

static void an_nt_assertion_can_be_handled(void **state)
{
    volatile NTSTATUS code = STATUS_SUCCESS;

    (void)state;
    __try {
        NT_ASSERT(fails());
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    assert_int_equal(code, STATUS_ASSERTION_FAILURE);
}

static void a_soft_assertion_goes_on(void **state)
{
    (void)state;
    assert_false(RTL_SOFT_ASSERT(fails()));
    assert_false(RTL_SOFT_ASSERTMSG("text", fails()));
    assert_int_equal(evaluated, 2);
}

static void run_paged_code_at_dispatch(void *context)
{
    KIRQL old;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    PAGED_CODE();
    KeLowerIrql(old);
}

static void paged_code_is_for_apc_level(void **state)
{
    (void)state;
    assert_fails(run_paged_code_at_dispatch, STATUS_BREAKPOINT, "IRQL > APC_LEVEL");
}

/* ---- Output ---------------------------------------------------------------------------------- */

static void print_list(const char *form, ...)
{
    va_list list;

    va_start(list, form);
    vKdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, form, list));
    va_end(list);
    va_start(list, form);
    assert_int_equal(vDbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, form, list),
                     STATUS_SUCCESS);
    va_end(list);
    va_start(list, form);
    assert_int_equal(
        vDbgPrintExWithPrefix("uart: ", DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, form, list),
        STATUS_SUCCESS);
    va_end(list);
}

static void print_and_fail(void *context)
{
    (void)context;
    KdPrint(("one %u\n", 1));
    KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "two %u\n", 2));
    print_list("three %u\n", 3);
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

static void what_is_printed_stands_in_the_report(void **state)
{
    dirql_result result;
    const char *twice;

    (void)state;
    assert_int_equal(dirql_run(NULL, print_and_fail, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "prints \"one 1\""));
    assert_non_null(strstr(result.report, "prints \"two 2\""));
    twice = strstr(result.report, "prints \"three 3\"");
    assert_non_null(twice);
    assert_non_null(strstr(twice + 1, "prints \"three 3\""));
    assert_non_null(strstr(result.report, "prints \"uart: three 3\""));
    dirql_result_free(&result);
}

/* ---- Breakpoints ----------------------------------------------------------------------------- */

BODY(stop_there, KdBreakPoint())
BODY(stop_there_with_status, KdBreakPointWithStatus(0xBEEF))

static void breakpoints_stop(void **state)
{
    (void)state;
    assert_fails(stop_there, STATUS_BREAKPOINT, "at a breakpoint");
    assert_fails(stop_there_with_status, STATUS_BREAKPOINT, "with status 0xBEEF");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(what_holds_goes_on, start),
        cmocka_unit_test(a_plain_assertion_is_a_breakpoint),
        cmocka_unit_test(an_nt_assertion_is_an_exception_of_its_own),
        dirql_unit_test_setup(an_nt_assertion_can_be_handled, start),
        dirql_unit_test_setup(a_soft_assertion_goes_on, start),
        cmocka_unit_test(paged_code_is_for_apc_level),
        cmocka_unit_test(what_is_printed_stands_in_the_report),
        cmocka_unit_test(breakpoints_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_check.c - what a test claims: a bug check that must come, the IRQL that it is at, and the
 * library that it is linked with.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

#include <string.h>

/* Runs the body and asserts that it fails with `reason` in the report. */
static void assert_fails(void (*body)(void *context), uint32_t code, const char *reason)
{
    dirql_result result;

    assert_int_equal(dirql_run(NULL, body, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.errors, 1);
    assert_int_equal(result.code, code);
    if (strstr(result.report, reason) == NULL) {
        fail_msg("the report does not say \"%s\":\n%s", reason, result.report);
    }
    dirql_result_free(&result);
}

static void assert_passes(void (*body)(void *context))
{
    assert_int_equal(dirql_run(NULL, body, NULL, NULL), DIRQL_PASSED);
}

/* ---- Bug checks ------------------------------------------------------------------------------ */

static void expect_and_return(void *context)
{
    (void)context;
    dirql_expect_bugcheck(0xC4);
}

static void an_expected_bug_check_that_does_not_come_fails_the_run(void **state)
{
    (void)state;
    assert_fails(expect_and_return, 0,
                 "expected bug check 0xC4 (DRIVER_VERIFIER_DETECTED_VIOLATION)");
}

static void expect_the_code(void *context)
{
    (void)context;
    dirql_expect_bugcheck(MANUALLY_INITIATED_CRASH);
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

static void expect_the_code_and_three_parameters(void *context)
{
    (void)context;
    dirql_expect_bugcheck_with(MANUALLY_INITIATED_CRASH, 1, 2, DIRQL_ANY, 4);
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

static void what_is_not_said_of_an_expected_bug_check_may_be_anything(void **state)
{
    (void)state;
    assert_passes(expect_the_code);
    assert_passes(expect_the_code_and_three_parameters);
}

static void expect_another_code(void *context)
{
    (void)context;
    dirql_expect_bugcheck(0xC4);
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

static ULONG_PTR expected[4];

static void expect_parameters(void *context)
{
    (void)context;
    dirql_expect_bugcheck_with(MANUALLY_INITIATED_CRASH, expected[0], expected[1], expected[2],
                               expected[3]);
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

static void another_bug_check_than_the_expected_one_fails_the_run(void **state)
{
    (void)state;
    assert_fails(expect_another_code, MANUALLY_INITIATED_CRASH, "MANUALLY_INITIATED_CRASH");
    for (unsigned wrong = 0; wrong < 4; wrong++) {
        for (unsigned i = 0; i < 4; i++) {
            expected[i] = i + 1 + (i == wrong);
        }
        assert_fails(expect_parameters, MANUALLY_INITIATED_CRASH, "MANUALLY_INITIATED_CRASH");
    }
}

/* ---- IRQL ------------------------------------------------------------------------------------ */

static void assert_the_wrong_irql(void *context)
{
    (void)context;
    dirql_assert_irql_at(DISPATCH_LEVEL, "driver_test.c", 42);
}

static void assert_the_wrong_irql_here(void *context)
{
    KIRQL old;

    (void)context;
    KeRaiseIrql(5, &old);
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void assert_the_right_irql(void *context)
{
    KIRQL old;

    (void)context;
    dirql_assert_irql_at(PASSIVE_LEVEL, "driver_test.c", 42);
    KeRaiseIrql(HIGH_LEVEL, &old);
    dirql_assert_irql(HIGH_LEVEL);
    KeLowerIrql(old);
}

static void an_irql_that_is_not_as_asserted_fails_the_run(void **state)
{
    (void)state;
    assert_fails(assert_the_wrong_irql, 0, "driver_test.c:42: IRQL is 0, expected 2");
    assert_fails(assert_the_wrong_irql_here, 0, "IRQL is 5, expected 0");
    assert_fails(assert_the_wrong_irql_here, 0, "test_check.c:");
    assert_passes(assert_the_right_irql);
}

/* ---- The library ----------------------------------------------------------------------------- */

static const char *version_inside;

static void ask_for_the_version(void *context)
{
    (void)context;
    version_inside = dirql_version();
}

static void the_version_is_that_of_the_project(void **state)
{
    (void)state;
    assert_string_equal(dirql_version(), PROJECT_VERSION);
    assert_passes(ask_for_the_version);
    assert_string_equal(version_inside, PROJECT_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expected_bug_check_that_does_not_come_fails_the_run),
        cmocka_unit_test(what_is_not_said_of_an_expected_bug_check_may_be_anything),
        cmocka_unit_test(another_bug_check_than_the_expected_one_fails_the_run),
        cmocka_unit_test(an_irql_that_is_not_as_asserted_fails_the_run),
        cmocka_unit_test(the_version_is_that_of_the_project),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of lib/ex/uuid.c, and of lib/ke/exraise.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <ntddk.h>

static void each_identifier_is_another(void **state)
{
    GUID guids[10];

    (void)state;
    for (int i = 0; i < 10; i++) {
        if (i == 5) {
            dirql_time_advance_us(1);
        }
        assert_int_equal(ExUuidCreate(&guids[i]), STATUS_SUCCESS);
        for (int j = 0; j < i; j++) {
            assert_memory_not_equal(&guids[i], &guids[j], sizeof(GUID));
        }
    }
}

static void an_identifier_is_of_the_kind_that_is_based_on_time(void **state)
{
    GUID guid;

    (void)state;
    assert_int_equal(ExUuidCreate(&guid), STATUS_SUCCESS);
    assert_int_equal(guid.Data3 >> 12, 1);
    assert_int_equal(guid.Data4[0] >> 6, 2);
}

static void a_system_that_is_not_ready_says_so(void **state)
{
    GUID guid;

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(ExUuidCreate(&guid), STATUS_RETRY);
    assert_int_equal(ExUuidCreate(&guid), STATUS_SUCCESS);
}

static void at_apc_level_it_is_reported(void **state)
{
    GUID guid;
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    dirql_expect_finding("IrqlExPassive");
    (void)!ExUuidCreate(&guid);
}

static void an_access_violation_is_bug_check_1e(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_ACCESS_VIOLATION,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    ExRaiseAccessViolation();
}

static void a_misalignment_is_bug_check_1e(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_DATATYPE_MISALIGNMENT,
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    ExRaiseDatatypeMisalignment();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(each_identifier_is_another),
        dirql_unit_test(an_identifier_is_of_the_kind_that_is_based_on_time),
        dirql_unit_test(a_system_that_is_not_ready_says_so),
        dirql_unit_test(at_apc_level_it_is_reported),
        dirql_unit_test(an_access_violation_is_bug_check_1e),
        dirql_unit_test(a_misalignment_is_bug_check_1e),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

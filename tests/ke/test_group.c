/* Tests of lib/ke/group.c, and of groups in lib/ke/affinity.c. */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

static KAFFINITY all(void)
{
    return KeQueryActiveProcessors();
}

static ULONG count(void)
{
    return KeQueryActiveProcessorCount(NULL);
}

static void one_group_has_all_processors(void **state)
{
    (void)state;
    assert_int_equal(KeQueryActiveGroupCount(), 1);
    assert_int_equal(KeQueryMaximumGroupCount(), 1);
    assert_true(KeQueryGroupAffinity(0) == all());
    assert_true(KeQueryGroupAffinity(1) == 0);
    assert_int_equal(KeQueryMaximumProcessorCount(), count());
    assert_int_equal(KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS), count());
    assert_int_equal(KeQueryMaximumProcessorCountEx(1), 0);
}

static void indexes_and_numbers_belong_together(void **state)
{
    PROCESSOR_NUMBER number = { .Group = 7 };

    (void)state;
    for (ULONG i = 0; i < count(); i++) {
        assert_int_equal(KeGetProcessorNumberFromIndex(i, &number), STATUS_SUCCESS);
        assert_int_equal(number.Group, 0);
        assert_int_equal(KeGetProcessorIndexFromNumber(&number), i);
    }
    assert_int_equal(KeGetProcessorNumberFromIndex(count(), &number), STATUS_INVALID_PARAMETER);
    number.Group = 1;
    assert_int_equal(KeGetProcessorIndexFromNumber(&number), INVALID_PROCESSOR_INDEX);
    number = (PROCESSOR_NUMBER){ .Number = 64 };
    assert_int_equal(KeGetProcessorIndexFromNumber(&number), INVALID_PROCESSOR_INDEX);
}

static void one_node_has_all_processors(void **state)
{
    GROUP_AFFINITY affinity;
    USHORT number = 0;

    (void)state;
    assert_int_equal(KeGetCurrentNodeNumber(), 0);
    assert_int_equal(KeQueryHighestNodeNumber(), 0);
    assert_int_equal(KeQueryNodeMaximumProcessorCount(0), count());
    assert_int_equal(KeQueryNodeActiveProcessorCount(0), count());
    assert_int_equal(KeQueryNodeActiveProcessorCount(1), 0);
    KeQueryNodeActiveAffinity(0, &affinity, &number);
    assert_true(affinity.Mask == all());
    assert_int_equal(number, count());
    KeQueryNodeActiveAffinity(1, &affinity, NULL);
    assert_true(affinity.Mask == 0);
}

static void a_node_says_how_many_groups_it_spans(void **state)
{
    GROUP_AFFINITY affinity = { 0 };
    USHORT required = 0;

    (void)state;
    assert_int_equal(KeQueryNodeActiveAffinity2(1, &affinity, 1, &required),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(KeQueryNodeActiveAffinity2(0, NULL, 0, &required), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(required, 1);
    assert_int_equal(KeQueryNodeActiveAffinity2(0, &affinity, 1, &required), STATUS_SUCCESS);
    assert_true(affinity.Mask == all());
}

/* ---- Affinity by group ----------------------------------------------------------------------- */

static void a_thread_runs_in_the_set_until_it_reverts(void **state)
{
    GROUP_AFFINITY wanted = { .Mask = 2 }, first, second;

    (void)state;
    KeSetSystemGroupAffinityThread(&wanted, &first);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    assert_true(first.Mask == 0);
    wanted.Mask = 1;
    KeSetSystemGroupAffinityThread(&wanted, &second);
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
    assert_true(second.Mask == 2);
    KeRevertToUserGroupAffinityThread(&second);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    KeRevertToUserGroupAffinityThread(&first);
}

static void what_is_not_valid_changes_nothing(void **state)
{
    GROUP_AFFINITY wanted = { .Mask = 2 }, previous;

    (void)state;
    KeSetSystemGroupAffinityThread(&wanted, NULL);
    wanted = (GROUP_AFFINITY){ .Mask = 1, .Group = 1 };
    previous.Mask = 5;
    KeSetSystemGroupAffinityThread(&wanted, &previous);
    assert_true(previous.Mask == 0);
    wanted = (GROUP_AFFINITY){ .Mask = 1ull << 63 | 1 };
    KeSetSystemGroupAffinityThread(&wanted, &previous);
    KeRevertToUserGroupAffinityThread(&wanted);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    previous.Mask = 0;
    KeRevertToUserGroupAffinityThread(&previous);
}

static void a_thread_that_has_set_nothing_reverts_nothing(void **state)
{
    GROUP_AFFINITY wanted = { .Mask = 2 }, previous;

    (void)state;
    KeRevertToUserGroupAffinityThread(&wanted);
    wanted.Mask = 3;
    KeSetSystemGroupAffinityThread(&wanted, &previous);
    assert_true(previous.Mask == 0);
    KeRevertToUserGroupAffinityThread(&previous);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(one_group_has_all_processors, .processors = 3),
        dirql_unit_test(indexes_and_numbers_belong_together, .processors = 3),
        dirql_unit_test(one_node_has_all_processors, .processors = 3),
        dirql_unit_test(a_node_says_how_many_groups_it_spans, .processors = 3),
        dirql_unit_test(a_thread_runs_in_the_set_until_it_reverts, .processors = 2),
        dirql_unit_test(what_is_not_valid_changes_nothing, .processors = 2),
        dirql_unit_test(a_thread_that_has_set_nothing_reverts_nothing, .processors = 2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of lib/mm/routine.c. */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

static PVOID find(PCWSTR name)
{
    UNICODE_STRING text;

    RtlInitUnicodeString(&text, name);
    return MmGetSystemRoutineAddress(&text);
}

static void a_routine_is_found_by_its_name(void **state)
{
    ULONG(NTAPI * count)
    (USHORT) = (ULONG(NTAPI *)(USHORT))(ULONG_PTR)find(L"KeQueryActiveProcessorCountEx");

    (void)state;
    assert_non_null(count);
    assert_int_equal(count(ALL_PROCESSOR_GROUPS),
                     KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS));
    assert_non_null(find(L"ExAllocatePool2"));
    assert_non_null(find(L"MmGetSystemRoutineAddress"));
}

static void what_is_not_there_is_null(void **state)
{
    (void)state;
    assert_null(find(L"KeQueryActiveProcessorCountEy"));
    assert_null(find(L"KeQueryActiveProcessorCountE"));
    assert_null(find(L"kequeryactiveprocessorcountex"));
    assert_null(find(L""));
    assert_null(find(L"PcNewInterruptSync")); /* Of a driver's, not the system's. */
}

static void above_passive_level_it_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    dirql_expect_finding("IrqlKePassive");
    (void)find(L"KeSetEvent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_routine_is_found_by_its_name),
        dirql_unit_test(what_is_not_there_is_null),
        dirql_unit_test(above_passive_level_it_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

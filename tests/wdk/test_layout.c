/*
 * test_layout.c: types and values have the sizes, places and numbers of the x64 WDK.
 *
 * layout.h holds them at compile time; here is what only a running program can see.
 */
#include <ntddk.h>
#include <portcls.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "layout.h"

static void a_large_integer_is_one_value_in_two_halves(void **state)
{
    LARGE_INTEGER value;

    UNREFERENCED_PARAMETER(state);
    value.QuadPart = -2;
    assert_int_equal(value.LowPart, 0xFFFFFFFE);
    assert_int_equal(value.HighPart, -1);
    value.u.LowPart = 5;
    value.u.HighPart = 1;
    assert_true(value.QuadPart == 0x100000005LL);
}

static void a_dpc_type_importance_and_number_are_one_word(void **state)
{
    KDPC dpc = {{0}, {NULL}, 0, NULL, NULL, NULL, NULL, NULL};

    UNREFERENCED_PARAMETER(state);
    dpc.Type = 0x13;
    dpc.Importance = HighImportance;
    dpc.Number = 3;
    assert_int_equal(dpc.TargetInfoAsUlong, 0x00030213);
}

static void the_severity_of_a_status_is_in_its_upper_bits(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_true(NT_SUCCESS(STATUS_SUCCESS));
    assert_true(NT_SUCCESS(STATUS_TIMEOUT));
    assert_true(NT_SUCCESS(STATUS_PENDING));
    assert_true(NT_INFORMATION(STATUS_OBJECT_NAME_EXISTS));
    assert_true(NT_WARNING(STATUS_BUFFER_OVERFLOW));
    assert_false(NT_SUCCESS(STATUS_BUFFER_OVERFLOW));
    assert_true(NT_ERROR(STATUS_UNSUCCESSFUL));
    assert_false(NT_SUCCESS(STATUS_UNSUCCESSFUL));
    assert_true(STATUS_INVALID_PARAMETER < 0);
}

static void statuses_can_be_the_cases_of_a_switch(void **state)
{
    NTSTATUS status = STATUS_INVALID_PARAMETER_10;
    int seen = 0;

    UNREFERENCED_PARAMETER(state);
    switch (status) {
    case STATUS_SUCCESS:
        break;
    case STATUS_INVALID_PARAMETER_10:
        seen = 1;
        break;
    default:
        break;
    }
    assert_int_equal(seen, 1);
}

static void levels_are_those_of_x64(void **state)
{
    static const int levels[] = {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL, SYNCH_LEVEL,
                                 CLOCK_LEVEL, IPI_LEVEL, HIGH_LEVEL};
    static const int expected[] = {0, 1, 2, 12, 13, 14, 15};

    UNREFERENCED_PARAMETER(state);
    assert_memory_equal(levels, expected, sizeof(expected));
}

static void a_constant_string_counts_bytes_without_the_null(void **state)
{
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"isr");
    ANSI_STRING narrow = RTL_CONSTANT_STRING("isr");
    UNICODE_STRING set;
    DECLARE_CONST_UNICODE_STRING(declared, L"dpc");

    UNREFERENCED_PARAMETER(state);
    RtlInitUnicodeString(&set, L"isr");
    assert_int_equal(wide.Length, 6);
    assert_int_equal(wide.MaximumLength, 8);
    assert_int_equal(narrow.Length, 3);
    assert_int_equal(narrow.MaximumLength, 4);
    assert_int_equal(set.Length, wide.Length);
    assert_int_equal(set.MaximumLength, wide.MaximumLength);
    assert_memory_equal(set.Buffer, wide.Buffer, wide.MaximumLength);
    assert_int_equal(declared.Length, 6);
    assert_int_equal(declared.Buffer[2], 'c');
}

static void a_null_source_makes_an_empty_string(void **state)
{
    UNICODE_STRING set = RTL_CONSTANT_STRING(L"x");

    UNREFERENCED_PARAMETER(state);
    RtlInitUnicodeString(&set, NULL);
    assert_int_equal(set.Length, 0);
    assert_int_equal(set.MaximumLength, 0);
    assert_null(set.Buffer);
}

static void memory_is_compared_up_to_the_first_difference(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(RtlCompareMemory("abcd", "abxd", 4), 2);
    assert_int_equal(RtlCompareMemory("abcd", "abcd", 4), 4);
    assert_true(RtlEqualMemory("abcd", "abcx", 3));
    assert_false(RtlEqualMemory("abcd", "abcx", 4));
}

static void reads_and_writes_with_an_order_move_the_value(void **state)
{
    volatile LONG value = 0;
    volatile ULONG64 wide = 0;
    PVOID volatile pointer = NULL;

    UNREFERENCED_PARAMETER(state);
    WriteRelease(&value, -7);
    WriteULong64NoFence(&wide, 0x123456789ULL);
    WritePointerRelease(&pointer, state);
    assert_int_equal(ReadAcquire(&value), -7);
    assert_int_equal(ReadNoFence(&value), -7);
    assert_true(ReadULong64Acquire(&wide) == 0x123456789ULL);
    assert_ptr_equal(ReadPointerAcquire(&pointer), state);
}

static void list_headers_stand_on_sixteen_bytes(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(TYPE_ALIGNMENT(SLIST_HEADER), 16);
    assert_int_equal(TYPE_ALIGNMENT(SLIST_ENTRY), 16);
    assert_int_equal(TYPE_ALIGNMENT(DEVICE_OBJECT), 16);
    assert_int_equal(TYPE_ALIGNMENT(CM_PARTIAL_RESOURCE_DESCRIPTOR), 4);
}

static void rounding_keeps_multiples(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ALIGN_UP_BY(17, 16), 32);
    assert_int_equal(ALIGN_UP_BY(32, 16), 32);
    assert_int_equal(ALIGN_DOWN_BY(31, 16), 16);
    assert_int_equal(ROUND_TO_PAGES(1), 4096);
    assert_int_equal(BYTES_TO_PAGES(4097), 2);
    assert_int_equal(ADDRESS_AND_SIZE_TO_SPAN_PAGES((PVOID)(ULONG_PTR)0xFFF, 2), 2);
}

static void time_units_are_of_100_ns(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(GTI_SECONDS(2), 20000000);
    assert_int_equal(GTI_MILLISECONDS(5), 50000);
    assert_int_equal(GTI_MICROSECONDS(3), 30);
}

static void the_stack_locations_of_an_irp_lie_downwards(void **state)
{
    IO_STACK_LOCATION stack[2] = {{0}, {0}};
    IRP irp;

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(&irp, sizeof(irp));
    irp.CurrentLocation = 2;
    irp.Tail.Overlay.CurrentStackLocation = &stack[1];
    stack[1].MajorFunction = IRP_MJ_READ;
    stack[1].Context = &irp;
    assert_ptr_equal(IoGetCurrentIrpStackLocation(&irp), &stack[1]);

    IoCopyCurrentIrpStackLocationToNext(&irp);
    assert_int_equal(stack[0].MajorFunction, IRP_MJ_READ);
    assert_null(stack[0].Context);

    IoMarkIrpPending(&irp);
    assert_int_equal(stack[1].Control, SL_PENDING_RETURNED);
    IoSkipCurrentIrpStackLocation(&irp);
    assert_int_equal(irp.CurrentLocation, 3);
    assert_ptr_equal(IoGetNextIrpStackLocation(&irp), &stack[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_integer_is_one_value_in_two_halves),
        cmocka_unit_test(a_dpc_type_importance_and_number_are_one_word),
        cmocka_unit_test(the_severity_of_a_status_is_in_its_upper_bits),
        cmocka_unit_test(statuses_can_be_the_cases_of_a_switch),
        cmocka_unit_test(levels_are_those_of_x64),
        cmocka_unit_test(a_constant_string_counts_bytes_without_the_null),
        cmocka_unit_test(a_null_source_makes_an_empty_string),
        cmocka_unit_test(memory_is_compared_up_to_the_first_difference),
        cmocka_unit_test(reads_and_writes_with_an_order_move_the_value),
        cmocka_unit_test(list_headers_stand_on_sixteen_bytes),
        cmocka_unit_test(rounding_keeps_multiples),
        cmocka_unit_test(time_units_are_of_100_ns),
        cmocka_unit_test(the_stack_locations_of_an_irp_lie_downwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_macros.c - small arithmetic that drivers do by macro: parts, sizes, rounding, bits, pointers
 * as numbers, and codes taken apart.
 */
#include <dirql/cmocka.h>

#include <ntddk.h>
#include <devpropdef.h>
#include <ntddser.h>
#include <windef.h>

typedef struct sample {
    UCHAR first;
    ULONG second;
    USHORT third[5];
} sample;

/* ---- Places and sizes ------------------------------------------------------------------------ */

static void members_have_a_place_and_a_size(void **state)
{
    sample one = { 0 };

    (void)state;
    assert_int_equal(FIELD_OFFSET(sample, second), 4);
    assert_int_equal(UFIELD_OFFSET(sample, third), 8);
    assert_int_equal(RTL_FIELD_SIZE(sample, third), 10);
    assert_int_equal(FIELD_SIZE(sample, second), 4);
    assert_int_equal(RTL_SIZEOF_THROUGH_FIELD(sample, second), 8);
    assert_true(RTL_CONTAINS_FIELD(&one, 8, second));
    assert_false(RTL_CONTAINS_FIELD(&one, 7, second));
    assert_ptr_equal(CONTAINING_RECORD(&one.third, sample, third), &one);
}

static void arrays_have_a_length(void **state)
{
    ULONG numbers[7];

    (void)state;
    DBG_UNREFERENCED_LOCAL_VARIABLE(numbers);
    DBG_UNREFERENCED_PARAMETER(state);
    assert_int_equal(RTL_NUMBER_OF(numbers), 7);
    assert_int_equal(ARRAYSIZE(numbers), 7);
    assert_int_equal(_ARRAYSIZE(numbers), 7);
    assert_int_equal(RTL_NUMBER_OF_FIELD(sample, third), 5);
    assert_int_equal(RTL_BITS_OF(numbers[0]), 32);
}

/* ---- Rounding -------------------------------------------------------------------------------- */

static void lengths_and_pointers_are_rounded(void **state)
{
    const PVOID odd = (PVOID)(ULONG_PTR)0x1235;

    (void)state;
    assert_int_equal(ALIGN_DOWN(13, ULONG), 12);
    assert_int_equal(ALIGN_UP(13, ULONG), 16);
    assert_int_equal(ALIGN_UP(16, ULONG), 16);
    assert_ptr_equal(ALIGN_DOWN_POINTER(odd, ULONG64), (PVOID)(ULONG_PTR)0x1230);
    assert_ptr_equal(ALIGN_UP_POINTER(odd, ULONG64), (PVOID)(ULONG_PTR)0x1238);
    assert_ptr_equal(ALIGN_DOWN_POINTER_BY(odd, 0x100), (PVOID)(ULONG_PTR)0x1200);
    assert_ptr_equal(ALIGN_UP_POINTER_BY(odd, 0x100), (PVOID)(ULONG_PTR)0x1300);
    assert_true(ALIGN_UP_BY(0xFFFFFFFFFu, 0x1000) == 0x1000000000u); /* In 64 bits. */
}

/* ---- Parts of numbers ------------------------------------------------------------------------ */

static void numbers_are_taken_apart_and_put_together(void **state)
{
    (void)state;
    assert_int_equal(LOBYTE(0x123456), 0x56);
    assert_int_equal(HIBYTE(0x123456), 0x34);
    assert_int_equal(LOWORD(0x12345678), 0x5678);
    assert_int_equal(HIWORD(0x12345678), 0x1234);
    assert_int_equal(MAKEWORD(0x156, 0x34), 0x3456);
    assert_int_equal(MAKELONG(0x15678, 0x1234), 0x12345678);
    assert_string_equal(BOOLEAN_TO_STRING(2), "TRUE");
    assert_string_equal(BOOLEAN_TO_STRING(FALSE), "FALSE");
}

static void products_and_shifts_are_of_64_bits(void **state)
{
    (void)state;
    assert_true(Int32x32To64(-2, 0x7FFFFFFF) == -0xFFFFFFFELL);
    assert_true(UInt32x32To64(0xFFFFFFFF, 2) == 0x1FFFFFFFEull);
    assert_true(Int64ShllMod32(1, 31) == 0x80000000u);
    assert_true(Int64ShllMod32(1, 33) == 2);
    assert_true(Int64ShraMod32(-16, 2) == -4);
    assert_true(Int64ShrlMod32(0xFFFFFFFFFFFFFFFFull, 4) == 0x0FFFFFFFFFFFFFFFull);
}

static void flags_are_set_cleared_and_asked_for(void **state)
{
    ULONG flags = 1;

    (void)state;
    SetFlag(flags, 0x100);
    assert_int_equal(flags, 0x101);
    assert_int_equal(FlagOn(flags, 0x300), 0x100);
    assert_int_equal(BooleanFlagOn(flags, 0x100), TRUE); /* Which a byte could not hold. */
    assert_int_equal(BooleanFlagOn(flags, 0x200), FALSE);
    ClearFlag(flags, 0x101);
    assert_int_equal(flags, 0);
    assert_int_equal(max(3, 4) + min(3, 4), 7);
}

/* ---- Pointers and handles -------------------------------------------------------------------- */

static void pointers_become_numbers_and_come_back(void **state)
{
    const PVOID high = (PVOID)(ULONG_PTR)0x1122334455667788u;
    const PVOID negative = (PVOID)(LONG_PTR)-2;

    (void)state;
    assert_int_equal(PtrToUlong(high), 0x55667788);
    assert_int_equal(PtrToUint(high), 0x55667788);
    assert_int_equal(PtrToUshort(high), 0x7788);
    assert_int_equal(PtrToLong(negative), -2);
    assert_int_equal(PtrToInt(negative), -2);
    assert_int_equal(HandleToULong(negative), 0xFFFFFFFE);
    assert_int_equal(HandleToLong(negative), -2);
    assert_ptr_equal(LongToPtr(-2), negative); /* With its sign. */
    assert_ptr_equal(IntToPtr(-2), negative);
    assert_ptr_equal(LongToHandle(-2), negative);
    assert_ptr_equal(ULongToPtr(0xFFFFFFFE), (PVOID)(ULONG_PTR)0xFFFFFFFEu); /* Without one. */
    assert_ptr_equal(UIntToPtr(0xFFFFFFFE), (PVOID)(ULONG_PTR)0xFFFFFFFEu);
    assert_ptr_equal(ULongToHandle(0xFFFFFFFE), (PVOID)(ULONG_PTR)0xFFFFFFFEu);
}

/* ---- Codes ----------------------------------------------------------------------------------- */

static void control_codes_are_taken_apart(void **state)
{
    const ULONG code = CTL_CODE(FILE_DEVICE_SOUND, 0x801, METHOD_NEITHER, FILE_ANY_ACCESS);

    (void)state;
    assert_int_equal(DEVICE_TYPE_FROM_CTL_CODE(code), FILE_DEVICE_SOUND);
    assert_int_equal(METHOD_FROM_CTL_CODE(code), METHOD_NEITHER);
    assert_int_equal(SERIAL_CONTROL_CODE(1), IOCTL_SERIAL_SET_BAUD_RATE);
    assert_int_equal(DEVICE_TYPE_FROM_CTL_CODE(SERIAL_CONTROL_CODE(1)), FILE_DEVICE_SERIAL_PORT);
}

static void results_succeed_or_fail(void **state)
{
    (void)state;
    assert_true(SUCCEEDED(S_OK));
    assert_true(SUCCEEDED(S_FALSE));
    assert_true(FAILED(0x80004005));
    assert_false(SUCCEEDED(0x80004005));
}

static void the_header_of_a_pci_function_tells_its_type(void **state)
{
    PCI_COMMON_CONFIG config = { .HeaderType = PCI_MULTIFUNCTION | PCI_BRIDGE_TYPE };

    (void)state;
    assert_int_equal(PCI_CONFIGURATION_TYPE(&config), PCI_BRIDGE_TYPE);
    assert_true(PCI_MULTIFUNCTION_DEVICE(&config));
    config.HeaderType = PCI_DEVICE_TYPE;
    assert_int_equal(PCI_CONFIGURATION_TYPE(&config), PCI_DEVICE_TYPE);
    assert_false(PCI_MULTIFUNCTION_DEVICE(&config));
}

static void a_control_code_has_a_function(void **state)
{
    (void)state;
    assert_int_equal(IoGetFunctionCodeFromCtlCode(
                         CTL_CODE(FILE_DEVICE_SOUND, 0x801, METHOD_NEITHER, FILE_WRITE_ACCESS)),
                     0x801);
}

/* ---- Names ----------------------------------------------------------------------------------- */

static void guids_and_keys_compare(void **state)
{
    const GUID one = { 1, 2, 3, { 4 } }, same = { 1, 2, 3, { 4 } }, other = { 1, 2, 3, { 5 } };
    const DEVPROPKEY key = { { 1, 2, 3, { 4 } }, 7 }, next = { { 1, 2, 3, { 4 } }, 8 };

    (void)state;
    assert_true(IsEqualIID(&one, &same));
    assert_true(IsEqualCLSID(&one, &same));
    assert_true(InlineIsEqualGUID(&one, &same));
    assert_false(IsEqualIID(&one, &other));
    assert_true(IsEqualDevPropKey(key, key));
    assert_false(IsEqualDevPropKey(key, next));
}

static void attributes_can_be_constant(void **state)
{
    static UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Uart");
    static const OBJECT_ATTRIBUTES constant =
        RTL_CONSTANT_OBJECT_ATTRIBUTES(&name, OBJ_CASE_INSENSITIVE);

    (void)state;
    assert_int_equal(constant.Length, sizeof(constant));
    assert_ptr_equal(constant.ObjectName, &name);
    assert_int_equal(constant.Attributes, OBJ_CASE_INSENSITIVE);
    assert_null(constant.RootDirectory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_have_a_place_and_a_size),
        cmocka_unit_test(arrays_have_a_length),
        cmocka_unit_test(lengths_and_pointers_are_rounded),
        cmocka_unit_test(numbers_are_taken_apart_and_put_together),
        cmocka_unit_test(products_and_shifts_are_of_64_bits),
        cmocka_unit_test(flags_are_set_cleared_and_asked_for),
        cmocka_unit_test(pointers_become_numbers_and_come_back),
        cmocka_unit_test(control_codes_are_taken_apart),
        cmocka_unit_test(results_succeed_or_fail),
        cmocka_unit_test(the_header_of_a_pci_function_tells_its_type),
        cmocka_unit_test(a_control_code_has_a_function),
        cmocka_unit_test(guids_and_keys_compare),
        cmocka_unit_test(attributes_can_be_constant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

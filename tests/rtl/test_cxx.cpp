/*
 * test_cxx.cpp - the run-time library from C++: overloads, references to GUIDs, strings in classes.
 */
#include <ntddk.h>
#include <ntintsafe.h>
#include <ntstrsafe.h>

#include <dirql/cmocka.h>

DECLARE_GLOBAL_CONST_UNICODE_STRING(prefix, L"Wave");

namespace {

const GUID guid = { 0x12345678, 0x9ABC, 0xDEF0, { 1, 2, 3, 4, 5, 6, 7, 8 } };

void strings_are_made_compared_and_freed(void **)
{
    DECLARE_UNICODE_STRING_SIZE(name, 16);
    UNICODE_STRING upper;

    assert_int_equal(RtlUnicodeStringPrintf(&name, L"%wZ%u", &prefix, 7u), STATUS_SUCCESS);
    assert_true(RtlPrefixUnicodeString(&prefix, &name, FALSE));
    assert_int_equal(RtlUpcaseUnicodeString(&upper, &name, TRUE), STATUS_SUCCESS);
    assert_memory_equal(upper.Buffer, L"WAVE7", upper.Length);
    RtlFreeUnicodeString(&upper);
}

void guids_are_passed_by_reference(void **)
{
    UNICODE_STRING text;
    GUID back;

    assert_int_equal(RtlStringFromGUID(guid, &text), STATUS_SUCCESS);
    assert_int_equal(RtlGUIDFromString(&text, &back), STATUS_SUCCESS);
    assert_true(back == guid);
    RtlFreeUnicodeString(&text);
}

void sizes_are_computed_safely(void **)
{
    SIZE_T bytes;
    USHORT length;
    CHAR text[8];

    assert_int_equal(RtlSizeTMult(48, sizeof(LONG), &bytes), STATUS_SUCCESS);
    assert_int_equal(bytes, 192);
    assert_int_equal(RtlULongToUShort(0x10000, &length), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlStringCchCopyA(text, ARRAYSIZE(text), "48000"), STATUS_SUCCESS);
    assert_string_equal(text, "48000");
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(strings_are_made_compared_and_freed),
        dirql_unit_test(guids_are_passed_by_reference),
        dirql_unit_test(sizes_are_computed_safely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

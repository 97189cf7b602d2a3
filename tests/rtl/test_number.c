/*
 * test_number.c - numbers and GUIDs as text, and back.
 */
#include <dirql/cmocka.h>

#include <ntddk.h>

static WCHAR buffer[70];
static UNICODE_STRING string;

static int reset(void **state)
{
    (void)state;
    RtlInitEmptyUnicodeString(&string, buffer, sizeof(buffer));
    return 0;
}

#define assert_text(expected)                                              \
    do {                                                                   \
        assert_int_equal(string.Length, sizeof(expected) - sizeof(WCHAR)); \
        assert_memory_equal(string.Buffer, expected, sizeof(expected));    \
    } while (0)

static void numbers_are_written_in_four_bases(void **state)
{
    (void)state;
    assert_int_equal(RtlIntegerToUnicodeString(48000, 0, &string), STATUS_SUCCESS);
    assert_text(L"48000");
    assert_int_equal(RtlIntegerToUnicodeString(48000, 10, &string), STATUS_SUCCESS);
    assert_text(L"48000");
    assert_int_equal(RtlIntegerToUnicodeString(0xBEEF, 16, &string), STATUS_SUCCESS);
    assert_text(L"BEEF");
    assert_int_equal(RtlIntegerToUnicodeString(8, 8, &string), STATUS_SUCCESS);
    assert_text(L"10");
    assert_int_equal(RtlIntegerToUnicodeString(0, 2, &string), STATUS_SUCCESS);
    assert_text(L"0");
    assert_int_equal(RtlInt64ToUnicodeString(MAXULONGLONG, 10, &string), STATUS_SUCCESS);
    assert_text(L"18446744073709551615");
    assert_int_equal(RtlInt64ToUnicodeString(1ull << 63, 2, &string), STATUS_SUCCESS);
    assert_int_equal(string.Length, 128);
    assert_int_equal(RtlIntPtrToUnicodeString(0x10, 16, &string), STATUS_SUCCESS);
    assert_text(L"10");
}

static void numbers_are_not_cut_off(void **state)
{
    (void)state;
    string.MaximumLength = 6;
    string.Length = 2;
    assert_int_equal(RtlIntegerToUnicodeString(100, 10, &string), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(string.Length, 2);
    assert_int_equal(RtlIntegerToUnicodeString(99, 10, &string), STATUS_SUCCESS);
    assert_int_equal(RtlIntegerToUnicodeString(9, 3, &string), STATUS_INVALID_PARAMETER);
}

static ULONG number(PCWSTR text, ULONG base)
{
    UNICODE_STRING source;
    ULONG value = 77;

    RtlInitUnicodeString(&source, text);
    assert_int_equal(RtlUnicodeStringToInteger(&source, base, &value), STATUS_SUCCESS);
    return value;
}

static void numbers_are_read_as_the_page_shows(void **state)
{
    (void)state;
    assert_int_equal(number(L"123", 10), 123);
    assert_int_equal(number(L"-345", 10), (ULONG)-345);
    assert_int_equal(number(L"xyz", 10), 0);
    assert_int_equal(number(L"+678abc", 10), 678);
    assert_int_equal(number(L"+678abc", 16), 6785724);
    assert_int_equal(number(L"007", 10), 7);
    assert_int_equal(number(L"789", 8), 7);
    assert_int_equal(number(L"FGH", 16), 15);
    assert_int_equal(number(L" ", 10), 0);
}

static void prefixes_tell_the_base(void **state)
{
    (void)state;
    assert_int_equal(number(L"\t 0x1F", 0), 31);
    assert_int_equal(number(L"-0o17", 0), (ULONG)-15);
    assert_int_equal(number(L"0b101", 0), 5);
    assert_int_equal(number(L"0b2", 0), 0);
    assert_int_equal(number(L"012", 0), 12);
    assert_int_equal(number(L"0", 0), 0);
    assert_int_equal(number(L"0x", 0), 0);
    assert_int_equal(number(L"0x10", 16), 0);
}

static void empty_text_and_strange_bases_are_refused(void **state)
{
    UNICODE_STRING source = RTL_CONSTANT_STRING(L"1");
    ULONG value;

    (void)state;
    assert_int_equal(RtlUnicodeStringToInteger(&source, 7, &value), STATUS_INVALID_PARAMETER);
    source.Length = 0;
    assert_int_equal(RtlUnicodeStringToInteger(&source, 10, &value), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCharToInteger("", 10, &value), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCharToInteger("1", 9, &value), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCharToInteger(" 0xff", 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, 255);
}

static void a_counted_number_ends_where_it_is_counted(void **state)
{
    UNICODE_STRING source = RTL_CONSTANT_STRING(L"1234");
    ULONG value;

    (void)state;
    source.Length = 4;
    assert_int_equal(RtlUnicodeStringToInteger(&source, 10, &value), STATUS_SUCCESS);
    assert_int_equal(value, 12);
}

static const GUID guid = {
    0x6994AD04, 0x93EF, 0x11D0, { 0xA3, 0xCC, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96 }
};

static void guids_are_written(void **state)
{
    UNICODE_STRING text;

    (void)state;
    assert_int_equal(RtlStringFromGUID(&guid, &text), STATUS_SUCCESS);
    assert_int_equal(text.Length, 76);
    assert_int_equal(text.MaximumLength, 78);
    assert_memory_equal(text.Buffer, L"{6994AD04-93EF-11D0-A3CC-00A0C9223196}", 78);
    RtlFreeUnicodeString(&text);
}

static void guids_are_read(void **state)
{
    UNICODE_STRING text = RTL_CONSTANT_STRING(L"{6994ad04-93EF-11D0-A3CC-00A0C9223196}");
    GUID read;

    (void)state;
    assert_int_equal(RtlGUIDFromString(&text, &read), STATUS_SUCCESS);
    assert_true(IsEqualGUID(&read, &guid));
}

static void what_is_no_guid_is_refused(void **state)
{
    static PCWSTR const wrong[] = {
        L"",
        L"6994ad04-93EF-11D0-A3CC-00A0C9223196",
        L"{6994ad04-93EF-11D0-A3CC-00A0C9223196",
        L"{6994ad04-93EF-11D0-A3CC-00A0C9223196}x",
        L"{6994ad04x93EF-11D0-A3CC-00A0C9223196}",
        L"{6994ad0G-93EF-11D0-A3CC-00A0C9223196}",
    };

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(wrong); i++) {
        GUID read = guid;
        UNICODE_STRING text;

        RtlInitUnicodeString(&text, wrong[i]);
        assert_int_equal(RtlGUIDFromString(&text, &read), STATUS_INVALID_PARAMETER);
        assert_true(IsEqualGUID(&read, &guid));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(numbers_are_written_in_four_bases, reset),
        dirql_unit_test_setup(numbers_are_not_cut_off, reset),
        dirql_unit_test(numbers_are_read_as_the_page_shows),
        dirql_unit_test(prefixes_tell_the_base),
        dirql_unit_test(empty_text_and_strange_bases_are_refused),
        dirql_unit_test(a_counted_number_ends_where_it_is_counted),
        dirql_unit_test(guids_are_written),
        dirql_unit_test(guids_are_read),
        dirql_unit_test(what_is_no_guid_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

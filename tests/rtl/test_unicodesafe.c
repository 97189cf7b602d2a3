/*
 * test_unicodesafe.c - safe routines for counted strings.
 */
#include <dirql/cmocka.h>

#include <ntddk.h>
#include <ntstrsafe.h>

static WCHAR buffer[8];
static UNICODE_STRING to, rest;

/* Room for five characters, full of dots. */
static int reset(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(buffer); i++) {
        buffer[i] = L'.';
    }
    RtlInitEmptyUnicodeString(&to, buffer, 10);
    RtlInitEmptyUnicodeString(&rest, NULL, 7);
    return 0;
}

#define assert_is(expected, chars)                             \
    do {                                                       \
        assert_memory_equal(buffer, expected, sizeof(buffer)); \
        assert_int_equal(to.Length, (chars) * sizeof(WCHAR));  \
        assert_int_equal(to.MaximumLength, 10);                \
    } while (0)

#define assert_ok(call)      assert_int_equal(call, STATUS_SUCCESS)
#define assert_cut(call)     assert_int_equal(call, STATUS_BUFFER_OVERFLOW)
#define assert_refused(call) assert_int_equal(call, STATUS_INVALID_PARAMETER)

static UNICODE_STRING string(PCWSTR text)
{
    UNICODE_STRING made;

    RtlInitUnicodeString(&made, text);
    return made;
}

static void copies_need_no_room_for_a_null(void **state)
{
    UNICODE_STRING from = string(L"abcde");

    (void)state;
    assert_ok(RtlUnicodeStringCopy(&to, &from));
    assert_is(L"abcde...", 5);
    assert_cut(RtlUnicodeStringCopyString(&to, L"uvwxyz"));
    assert_is(L"uvwxy...", 5);
    assert_ok(RtlUnicodeStringCopyString(&to, L"ab"));
    assert_is(L"abwxy...", 2);
    from.Length = 0;
    assert_ok(RtlUnicodeStringCopy(&to, &from));
    assert_is(L"abwxy...", 0);
}

static void nulls_inside_are_copied(void **state)
{
    UNICODE_STRING from = { 6, 6, (PWCH)L"a\0b" };

    (void)state;
    assert_ok(RtlUnicodeStringCopy(&to, &from));
    assert_is(L"a\0b.....", 3);
}

static void copies_have_a_limit(void **state)
{
    UNICODE_STRING from = string(L"abcde");

    (void)state;
    assert_ok(RtlUnicodeStringCchCopyN(&to, &from, 3));
    assert_is(L"abc.....", 3);
    assert_ok(RtlUnicodeStringCbCopyN(&to, &from, 5));
    assert_is(L"abc.....", 2);
    assert_ok(RtlUnicodeStringCchCopyStringN(&to, L"xyz", 10));
    assert_is(L"xyz.....", 3);
    assert_ok(RtlUnicodeStringCbCopyStringNEx(&to, L"uvw", 2, &rest, 0));
    assert_int_equal(to.Length, 2);
    assert_refused(RtlUnicodeStringCchCopyN(&to, &from, 32768));
    assert_refused(RtlUnicodeStringCchCopyStringN(&to, L"a", (size_t)-1));
    assert_ok(RtlUnicodeStringCbCopyN(&to, &from, 65534));
}

static void text_is_appended(void **state)
{
    UNICODE_STRING from = string(L"cd");

    (void)state;
    assert_ok(RtlUnicodeStringCatString(&to, L"ab"));
    assert_ok(RtlUnicodeStringCat(&to, &from));
    assert_is(L"abcd....", 4);
    assert_cut(RtlUnicodeStringCat(&to, &from));
    assert_is(L"abcdc...", 5);
    assert_cut(RtlUnicodeStringCatString(&to, L"x"));
    assert_ok(RtlUnicodeStringCatString(&to, L""));
    to.Length = 4;
    assert_ok(RtlUnicodeStringCchCatN(&to, &from, 1));
    to.Length = 2;
    assert_ok(RtlUnicodeStringCbCatStringN(&to, L"xyz", 4));
    assert_is(L"axydc...", 3);
    assert_ok(RtlUnicodeStringCchCatStringNEx(&to, L"1234", 2, &rest, 0));
    assert_int_equal(rest.MaximumLength, 0);
    assert_is(L"axy12...", 5);
}

static void a_string_is_appended_to_itself(void **state)
{
    (void)state;
    assert_ok(RtlUnicodeStringCopyString(&to, L"ab"));
    assert_ok(RtlUnicodeStringCat(&to, &to));
    assert_is(L"abab....", 4);
}

static void the_rest_is_told_and_filled(void **state)
{
    UNICODE_STRING from = string(L"ab");

    (void)state;
    assert_ok(RtlUnicodeStringCopyEx(&to, &from, &rest, STRSAFE_FILL_BYTE(0)));
    assert_is(L"ab\0\0\0...", 2);
    assert_ptr_equal(rest.Buffer, buffer + 2);
    assert_int_equal(rest.Length, 0);
    assert_int_equal(rest.MaximumLength, 6);
    assert_ok(RtlUnicodeStringCatEx(&to, &from, &rest, 0));
    assert_int_equal(rest.MaximumLength, 2);
}

static void a_failure_fills_or_empties(void **state)
{
    (void)state;
    assert_cut(RtlUnicodeStringCopyStringEx(&to, L"abcdef", &rest, STRSAFE_FAILURE_BYTE(0x41)));
    assert_is(L"\x4141\x4141\x4141\x4141\x4141...", 5);
    assert_cut(RtlUnicodeStringCopyStringEx(&to, L"abcdef", &rest, STRSAFE_FAILURE_BYTE(0)));
    assert_is(L"\0\0\0\0\0...", 0);
    assert_int_equal(rest.MaximumLength, 10);
    to.Length = 4;
    assert_cut(RtlUnicodeStringCatStringEx(&to, L"abcdef", NULL, STRSAFE_ZERO_LENGTH_ON_FAILURE));
    assert_int_equal(to.Length, 0);
}

static void without_truncation_a_copy_is_empty_and_the_rest_stays(void **state)
{
    (void)state;
    to.Length = 4;
    assert_cut(RtlUnicodeStringCatStringEx(&to, L"abcd", &rest, STRSAFE_NO_TRUNCATION));
    assert_is(L"........", 2);
    assert_int_equal(rest.MaximumLength, 6);
    assert_cut(RtlUnicodeStringPrintfEx(&to, &rest, STRSAFE_NO_TRUNCATION, L"%u", 123456));
    assert_is(L"........", 2);
    assert_cut(RtlUnicodeStringCopyStringEx(&to, L"abcdef", &rest, STRSAFE_NO_TRUNCATION));
    assert_is(L"........", 0);
    assert_int_equal(rest.MaximumLength, 10);
}

static void nulls_are_ignored_when_asked(void **state)
{
    UNICODE_STRING empty = { 0, 0, NULL }, from = string(L"a");

    (void)state;
    assert_refused(RtlUnicodeStringCopy(&to, NULL));
    assert_refused(RtlUnicodeStringCopy(NULL, &from));
    assert_refused(RtlUnicodeStringCopyEx(NULL, &from, NULL, STRSAFE_IGNORE_NULLS));
    assert_ok(RtlUnicodeStringCopyEx(NULL, &empty, &rest, STRSAFE_IGNORE_NULLS));
    assert_null(rest.Buffer);
    assert_int_equal(rest.MaximumLength, 0);
    to.Length = 2;
    assert_ok(RtlUnicodeStringCopyEx(&to, NULL, NULL, STRSAFE_IGNORE_NULLS));
    assert_int_equal(to.Length, 0);
    assert_ok(RtlUnicodeStringCopy(&to, &empty));
    assert_ok(RtlUnicodeStringCopy(&empty, &empty));
    assert_refused(RtlUnicodeStringCopy(&empty, &from));
}

static void invalid_strings_are_refused(void **state)
{
    UNICODE_STRING odd = { 3, 8, buffer }, long_one = { 10, 8, buffer }, from = string(L"a");

    (void)state;
    assert_refused(RtlUnicodeStringValidate(&odd));
    assert_refused(RtlUnicodeStringValidate(&long_one));
    assert_refused(RtlUnicodeStringValidate(NULL));
    assert_ok(RtlUnicodeStringValidateEx(NULL, STRSAFE_IGNORE_NULLS));
    assert_refused(RtlUnicodeStringValidateEx(&from, STRSAFE_FILL_BEHIND));
    assert_ok(RtlUnicodeStringValidate(&from));
    assert_refused(RtlUnicodeStringCopy(&odd, &from));
    assert_refused(RtlUnicodeStringCopy(&to, &odd));
    assert_refused(RtlUnicodeStringCat(&to, &long_one));
    assert_refused(RtlUnicodeStringCopyEx(&to, &from, NULL, 0x4000));
    assert_is(L"........", 0);
}

static void strings_are_initialised(void **state)
{
    static WCHAR longest[32770];

    (void)state;
    assert_ok(RtlUnicodeStringInit(&to, L"abc"));
    assert_int_equal(to.Length, 6);
    assert_int_equal(to.MaximumLength, 8);
    assert_ok(RtlUnicodeStringInit(&to, NULL));
    assert_int_equal(to.MaximumLength, 0);
    assert_refused(RtlUnicodeStringInit(NULL, L"abc"));
    assert_refused(RtlUnicodeStringInit(NULL, NULL));
    assert_ok(RtlUnicodeStringInitEx(NULL, NULL, STRSAFE_IGNORE_NULLS));
    assert_refused(RtlUnicodeStringInitEx(&to, L"abc", STRSAFE_NO_TRUNCATION));
    for (unsigned i = 0; i < 32767; i++) {
        longest[i] = L'x';
    }
    assert_ok(RtlUnicodeStringInit(&to, longest));
    assert_int_equal(to.Length, 65534);
    assert_int_equal(to.MaximumLength, 65534);
    longest[32767] = L'x';
    assert_refused(RtlUnicodeStringInit(&to, longest));
}

static NTSTATUS print_list(ULONG flags, ...)
{
    NTSTATUS status;
    va_list list;

    va_start(list, flags);
    status = flags != 0 ? RtlUnicodeStringVPrintfEx(&to, &rest, flags, L"%s", list)
                        : RtlUnicodeStringVPrintf(&to, L"%s", list);
    va_end(list);
    return status;
}

static void text_is_formatted(void **state)
{
    (void)state;
    assert_ok(RtlUnicodeStringPrintf(&to, L"%u-%hs", 12, "ab"));
    assert_is(L"12-ab...", 5);
    assert_cut(RtlUnicodeStringPrintf(&to, L"%08x", 0xBEEF));
    assert_is(L"0000b...", 5);
    assert_ok(print_list(0, L"list"));
    assert_is(L"listb...", 4);
    assert_ok(print_list(STRSAFE_FILL_BYTE(0), L"ab"));
    assert_is(L"ab\0\0\0...", 2);
    assert_int_equal(rest.MaximumLength, 6);
    assert_refused(RtlUnicodeStringPrintf(&to, NULL));
    assert_refused(RtlUnicodeStringPrintf(NULL, L"a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(copies_need_no_room_for_a_null, reset),
        dirql_unit_test_setup(nulls_inside_are_copied, reset),
        dirql_unit_test_setup(copies_have_a_limit, reset),
        dirql_unit_test_setup(text_is_appended, reset),
        dirql_unit_test_setup(a_string_is_appended_to_itself, reset),
        dirql_unit_test_setup(the_rest_is_told_and_filled, reset),
        dirql_unit_test_setup(a_failure_fills_or_empties, reset),
        dirql_unit_test_setup(without_truncation_a_copy_is_empty_and_the_rest_stays, reset),
        dirql_unit_test_setup(nulls_are_ignored_when_asked, reset),
        dirql_unit_test_setup(invalid_strings_are_refused, reset),
        dirql_unit_test_setup(strings_are_initialised, reset),
        dirql_unit_test_setup(text_is_formatted, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

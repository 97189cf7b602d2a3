/*
 * test_strsafe.c - safe routines for strings that end with a null.
 */
#include "../check/rule.h"

#include <ntstrsafe.h>

static char text[8];
static WCHAR wide[8];
static char *end;
static WCHAR *wide_end;
static size_t remaining;

/* Full of dots, without a null. */
static int reset(void **state)
{
    (void)state;
    memset(text, '.', sizeof(text));
    for (unsigned i = 0; i < RTL_NUMBER_OF(wide); i++) {
        wide[i] = L'.';
    }
    end = NULL;
    wide_end = NULL;
    remaining = 99;
    return 0;
}

static void start_with(const char *beginning)
{
    reset(NULL);
    memcpy(text, beginning, strlen(beginning) + 1);
}

#define assert_bytes(expected) assert_memory_equal(text, expected, sizeof(text))
#define assert_ok(call)        assert_int_equal(call, STATUS_SUCCESS)
#define assert_cut(call)       assert_int_equal(call, STATUS_BUFFER_OVERFLOW)
#define assert_refused(call)   assert_int_equal(call, STATUS_INVALID_PARAMETER)

/* -- Copying ---------------------------------------------------------------------------------- */

static void copies_end_with_a_null(void **state)
{
    (void)state;
    assert_ok(RtlStringCbCopyA(text, 4, "abc"));
    assert_bytes("abc\0....");
    assert_cut(RtlStringCchCopyA(text, 4, "abcd"));
    assert_bytes("abc\0....");
    assert_ok(RtlStringCchCopyA(text, 1, ""));
    assert_bytes("\0bc\0....");
    assert_ok(RtlStringCchCopyW(wide, 4, L"abc"));
    assert_memory_equal(wide, L"abc\0....", sizeof(wide));
    assert_cut(RtlStringCbCopyW(wide, 7, L"abc")); /* The odd byte is of no use. */
    assert_memory_equal(wide, L"ab\0\0....", sizeof(wide));
}

static void copies_have_a_limit(void **state)
{
    (void)state;
    assert_ok(RtlStringCchCopyNA(text, 4, "abcdef", 3));
    assert_bytes("abc\0....");
    assert_ok(RtlStringCchCopyNA(text, 4, "ab", 10));
    assert_bytes("ab\0\0....");
    assert_cut(RtlStringCbCopyNA(text, 3, "xyzz", 3));
    assert_bytes("xy\0\0....");
    assert_ok(RtlStringCbCopyNW(wide, 8, L"abcdef", 7)); /* Three characters and a half. */
    assert_memory_equal(wide, L"abc\0....", sizeof(wide));
    assert_refused(RtlStringCchCopyNA(text, 4, "ab", (size_t)NTSTRSAFE_MAX_CCH + 1));
    assert_refused(RtlStringCchCopyNA(text, 4, "ab", (size_t)-1));
}

static void wrong_buffers_are_refused(void **state)
{
    (void)state;
    assert_refused(RtlStringCbCopyA(text, 0, "abc"));
    assert_refused(RtlStringCbCopyW(wide, 1, L"abc"));
    assert_refused(RtlStringCchCopyA(text, (size_t)NTSTRSAFE_MAX_CCH + 1, "abc"));
    assert_refused(RtlStringCchCopyA(NULL, 4, "abc"));
    assert_refused(RtlStringCchCopyA(text, 4, NULL));
    assert_bytes("........");
}

/* -- Appending -------------------------------------------------------------------------------- */

static void text_is_appended(void **state)
{
    (void)state;
    start_with("ab");
    assert_ok(RtlStringCbCatA(text, 6, "cd"));
    assert_bytes("abcd\0...");
    assert_cut(RtlStringCchCatA(text, 6, "ef"));
    assert_bytes("abcde\0..");
    assert_cut(RtlStringCchCatA(text, 6, "g"));
    assert_ok(RtlStringCchCatA(text, 6, ""));
    assert_ok(RtlStringCchCatNA(text, 8, "fghi", 1));
    assert_bytes("abcdef\0.");
    assert_ok(RtlStringCbCatNA(text, 8, "g", 5));
    assert_bytes("abcdefg");
    wide[0] = 0;
    assert_ok(RtlStringCbCatNW(wide, 8, L"xyz", 4));
    assert_ok(RtlStringCchCatW(wide, 4, L"z"));
    assert_memory_equal(wide, L"xyz\0....", sizeof(wide));
}

static void an_unterminated_string_is_refused(void **state)
{
    (void)state;
    assert_refused(RtlStringCchCatA(text, 8, "a"));
    assert_refused(RtlStringCchCatW(wide, 8, L"a"));
    assert_bytes("........");
}

/* -- Flags ------------------------------------------------------------------------------------ */

static void the_end_is_told(void **state)
{
    (void)state;
    assert_ok(RtlStringCchCopyExA(text, 8, "abc", &end, &remaining, 0));
    assert_ptr_equal(end, text + 3);
    assert_int_equal(remaining, 5);
    assert_cut(RtlStringCchCatExA(text, 6, "defg", &end, &remaining, 0));
    assert_ptr_equal(end, text + 5);
    assert_int_equal(remaining, 1);
    assert_ok(RtlStringCbCopyExW(wide, 15, L"abc", &wide_end, &remaining, 0));
    assert_ptr_equal(wide_end, wide + 3);
    assert_int_equal(remaining, 9); /* In bytes, with the odd one. */
    assert_ok(RtlStringCbCopyExA(text, 8, "x", NULL, NULL, 0));
}

static void what_follows_is_filled(void **state)
{
    (void)state;
    assert_ok(RtlStringCchCopyExA(text, 7, "ab", NULL, NULL, STRSAFE_FILL_BYTE('x')));
    assert_bytes("ab\0xxxx.");
    assert_ok(RtlStringCbCopyNExW(wide, 12, L"abc", 4, NULL, NULL, STRSAFE_FILL_BYTE(0)));
    assert_memory_equal(wide, L"ab\0\0\0\0..", sizeof(wide));
    start_with("");
    assert_cut(RtlStringCchCatNExA(text, 3, "abcd", 4, NULL, NULL, STRSAFE_FILL_BYTE('x')));
    assert_bytes("ab\0.....");
}

static void a_failure_fills_or_empties(void **state)
{
    (void)state;
    assert_cut(RtlStringCchCopyExA(text, 4, "abcd", &end, &remaining, STRSAFE_FAILURE_BYTE('x')));
    assert_bytes("xxx\0....");
    assert_ptr_equal(end, text + 3);
    assert_int_equal(remaining, 1);
    assert_cut(RtlStringCchCopyExA(text, 4, "abcd", &end, &remaining, STRSAFE_FAILURE_BYTE(0)));
    assert_bytes("\0\0\0\0....");
    assert_int_equal(remaining, 4);
    assert_cut(RtlStringCchCopyExA(text, 4, "abcd", &end, NULL, STRSAFE_NULL_ON_FAILURE));
    assert_bytes("\0bc\0....");
    assert_ptr_equal(end, text);
    reset(NULL);
    assert_refused(RtlStringCchCatExA(text, 4, "a", NULL, NULL, STRSAFE_NULL_ON_FAILURE));
    assert_bytes("\0.......");
}

static void without_truncation_a_copy_is_empty_and_the_rest_stays(void **state)
{
    (void)state;
    assert_cut(RtlStringCchCopyExA(text, 4, "abcd", &end, &remaining, STRSAFE_NO_TRUNCATION));
    assert_bytes("\0.......");
    assert_ptr_equal(end, text);
    assert_int_equal(remaining, 4);
    start_with("ab");
    assert_cut(RtlStringCchCatExA(text, 4, "cd", &end, &remaining, STRSAFE_NO_TRUNCATION));
    assert_bytes("ab\0.....");
    assert_ptr_equal(end, text + 2);
    assert_int_equal(remaining, 2);
    assert_cut(RtlStringCchPrintfExA(text, 4, NULL, NULL, STRSAFE_NO_TRUNCATION, "%u", 12345));
    assert_bytes("ab\0.....");
    assert_cut(RtlStringCchCatExA(text, 4, "cd", NULL, NULL,
                                  STRSAFE_NO_TRUNCATION | STRSAFE_FAILURE_BYTE('-')));
    assert_bytes("---\0....");
    assert_ok(RtlStringCchCopyExA(text, 4, "abc", NULL, NULL, STRSAFE_NO_TRUNCATION));
    assert_bytes("abc\0....");
}

static void nulls_are_ignored_when_asked(void **state)
{
    (void)state;
    assert_refused(RtlStringCchCopyExA(text, 4, NULL, NULL, NULL, 0));
    assert_ok(RtlStringCchCopyExA(text, 4, NULL, NULL, NULL, STRSAFE_IGNORE_NULLS));
    assert_bytes("\0.......");
    assert_ok(RtlStringCchCopyExA(NULL, 0, NULL, &end, &remaining, STRSAFE_IGNORE_NULLS));
    assert_null(end);
    assert_int_equal(remaining, 0);
    assert_ok(RtlStringCchCatExA(NULL, 0, "", NULL, NULL, STRSAFE_IGNORE_NULLS));
    assert_refused(RtlStringCchCopyExA(NULL, 0, "a", NULL, NULL, STRSAFE_IGNORE_NULLS));
    assert_refused(RtlStringCchCopyExA(text, 0, "a", NULL, NULL, STRSAFE_IGNORE_NULLS));
    assert_refused(RtlStringCchCopyExA(NULL, 4, "", NULL, NULL, STRSAFE_IGNORE_NULLS));
    assert_ok(RtlStringCchPrintfExA(text, 4, NULL, NULL, STRSAFE_IGNORE_NULLS, NULL));
}

static void unknown_flags_are_refused(void **state)
{
    (void)state;
    assert_refused(RtlStringCchCopyExA(text, 4, "a", NULL, NULL, 0x2000));
    assert_refused(RtlStringCchPrintfExW(wide, 4, NULL, NULL, 0x80000000, L"a"));
    assert_bytes("........");
}

/* -- Formats ---------------------------------------------------------------------------------- */

static char line[64];
static WCHAR wide_line[64];

#define assert_prints(expected, ...)                                    \
    do {                                                                \
        assert_ok(RtlStringCbPrintfA(line, sizeof(line), __VA_ARGS__)); \
        assert_string_equal(line, expected);                            \
    } while (0)

#define assert_prints_wide(expected, ...)                                         \
    do {                                                                          \
        assert_ok(RtlStringCbPrintfW(wide_line, sizeof(wide_line), __VA_ARGS__)); \
        assert_memory_equal(wide_line, expected, sizeof(expected));               \
    } while (0)

static void numbers_are_formatted(void **state)
{
    (void)state;
    assert_prints("-1 4294967295 0x1f 17", "%d %u %#x %o", -1, 0xFFFFFFFFu, 31, 15);
    assert_prints("[   42|0042|42   ]", "[%5d|%04d|%-5d]", 42, 42, 42);
    assert_prints("18446744073709551615 DEADBEEF", "%I64u %lX", MAXULONGLONG, 0xDEADBEEFu);
    assert_prints("100%", "%d%%", 100);
    assert_prints_wide(L"-1 [   2a] 7", L"%d [%*x] %hhu", -1, 5, 42, 0x107);
}

static void text_is_as_wide_as_the_format_says(void **state)
{
    const ANSI_STRING narrow = RTL_CONSTANT_STRING("narrow");
    const UNICODE_STRING counted = RTL_CONSTANT_STRING(L"wide");

    (void)state;
    assert_prints("a b c d", "%s %S %hs %ls", "a", L"b", "c", L"d");
    assert_prints("narrow wide", "%Z %wZ", &narrow, &counted);
    assert_prints("x y (null)", "%c %C %s", 'x', L'y', (char *)NULL);
    assert_prints_wide(L"a b c d", L"%s %S %hs %ws", L"a", "b", "c", L"d");
    assert_prints_wide(L"narrow wide", L"%Z %wZ", &narrow, &counted);
    assert_prints_wide(L"x y (null)", L"%c %C %s", L'x', 'y', (WCHAR *)NULL);
    assert_prints_wide(L"[  ab|ab  |a]", L"[%4s|%-4S|%.1s]", L"ab", "ab", L"ab");
}

static void other_characters_cross_by_the_code_page(void **state)
{
    (void)state;
    assert_prints("\x80\xE4?", "%ws", L"\x20AC\x00E4\x4E2D");
    assert_prints_wide(L"\x20AC\x00E4\x4E2D", L"%hs\x4E2D", "\x80\xE4");
    assert_prints_wide(L"\xD83D\xDE00", L"%s", L"\xD83D\xDE00");
}

static void formats_are_cut(void **state)
{
    (void)state;
    assert_cut(RtlStringCchPrintfA(text, 5, "%u", 123456));
    assert_bytes("1234\0...");
    assert_ok(RtlStringCchPrintfA(text, 7, "%u", 123456));
    assert_cut(RtlStringCbPrintfExW(wide, 8, &wide_end, &remaining, 0, L"%s", L"abcdef"));
    assert_ptr_equal(wide_end, wide + 3);
    assert_int_equal(remaining, 2);
    assert_refused(RtlStringCchPrintfA(text, 0, "a"));
    assert_refused(RtlStringCchPrintfA(text, 4, NULL));
}

static void what_cannot_be_formatted_stands_as_it_is(void **state)
{
    (void)state;
    assert_prints("%5.2f 7", "%5.2f %d", 1.5, 7);
    assert_prints_wide(L"%f 7", L"%f %d", 1.5, 7);
    assert_prints_wide(L"%y%", L"%y%");
}

static NTSTATUS print_list(char *to, WCHAR *wide_to, ...)
{
    NTSTATUS status;
    va_list list;

    va_start(list, wide_to);
    status = to != NULL ? RtlStringCbVPrintfExA(to, 8, &end, &remaining, 0, "%d-%d", list)
                        : RtlStringCchVPrintfW(wide_to, 8, L"%d-%d", list);
    va_end(list);
    return status;
}

static void lists_of_arguments_are_formatted(void **state)
{
    (void)state;
    assert_ok(print_list(text, NULL, 1, 22));
    assert_string_equal(text, "1-22");
    assert_int_equal(remaining, 4);
    assert_ok(print_list(NULL, wide, 1, 22));
    assert_memory_equal(wide, L"1-22\0...", sizeof(wide));
}

/* -- Lengths, and counted strings ------------------------------------------------------------- */

static void lengths_are_bounded(void **state)
{
    size_t length;

    (void)state;
    assert_ok(RtlStringCchLengthA("abc", 4, &length));
    assert_int_equal(length, 3);
    assert_refused(RtlStringCchLengthA("abc", 3, &length));
    assert_ok(RtlStringCbLengthW(L"abc", 8, &length));
    assert_int_equal(length, 6);
    assert_refused(RtlStringCbLengthW(L"abc", 7, &length));
    assert_ok(RtlStringCchLengthW(L"", 1, NULL));
    assert_refused(RtlStringCchLengthA(NULL, 3, &length));
    assert_refused(RtlStringCchLengthA("", 0, &length));
    assert_refused(RtlStringCchLengthA("a", (size_t)NTSTRSAFE_MAX_CCH + 1, &length));
    assert_refused(RtlStringCbLengthA("abc", 3, NULL));
}

static void unaligned_text_is_measured(void **state)
{
    char bytes[1 + sizeof(L"abc")];
    size_t length;

    (void)state;
    memcpy(bytes + 1, L"abc", sizeof(L"abc"));
    assert_ok(RtlUnalignedStringCchLengthW((NTSTRSAFE_PCUWSTR)(void *)(bytes + 1), 4, &length));
    assert_int_equal(length, 3);
    assert_ok(RtlUnalignedStringCbLengthW((NTSTRSAFE_PCUWSTR)(void *)(bytes + 1), 8, &length));
    assert_int_equal(length, 6);
    assert_refused(
        RtlUnalignedStringCchLengthW((NTSTRSAFE_PCUWSTR)(void *)(bytes + 1), 3, &length));
    assert_refused(RtlUnalignedStringCchLengthW(NULL, 3, &length));
}

static void counted_strings_get_a_null(void **state)
{
    UNICODE_STRING source = RTL_CONSTANT_STRING(L"abcd"), none = { 0, 0, NULL };

    (void)state;
    source.Length = 6;
    assert_ok(RtlStringCchCopyUnicodeString(wide, 4, &source));
    assert_memory_equal(wide, L"abc\0....", sizeof(wide));
    assert_cut(RtlStringCbCopyUnicodeString(wide, 6, &source));
    assert_memory_equal(wide, L"ab\0\0....", sizeof(wide));
    assert_ok(RtlStringCchCopyUnicodeString(wide, 4, &none));
    assert_int_equal(wide[0], 0);
    assert_refused(RtlStringCchCopyUnicodeString(wide, 4, NULL));
    assert_ok(RtlStringCchCopyUnicodeStringEx(wide, 4, NULL, &wide_end, &remaining,
                                              STRSAFE_IGNORE_NULLS));
    assert_int_equal(remaining, 4);
    assert_cut(RtlStringCbCopyUnicodeStringEx(wide, 6, &source, &wide_end, &remaining,
                                              STRSAFE_NO_TRUNCATION));
    assert_int_equal(wide[0], 0);
    assert_int_equal(remaining, 6);
    source.Length = 5;
    assert_refused(RtlStringCchCopyUnicodeString(wide, 4, &source));
}

/* -- Levels ----------------------------------------------------------------------------------- */

static void print_at_dispatch_level(void *context)
{
    KIRQL irql;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    (void)RtlStringCbPrintfA(line, sizeof(line), "%d", 1);
    KeLowerIrql(irql);
}

static void print_at_passive_level(void *context)
{
    (void)context;
    (void)RtlStringCbPrintfA(line, sizeof(line), "%d", 1);
}

static void passive_level_is_needed(void **state)
{
    (void)state;
    assert_verifier(print_at_dispatch_level, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, 0, "IrqlRtlPassive");
    assert_report_has("RtlStringCbPrintfA");
    assert_kept(print_at_passive_level, 1);
}

static void no_machine_is_needed(void **state)
{
    (void)state;
    assert_prints("7", "%d", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(copies_end_with_a_null, reset),
        dirql_unit_test_setup(copies_have_a_limit, reset),
        dirql_unit_test_setup(wrong_buffers_are_refused, reset),
        dirql_unit_test_setup(text_is_appended, reset),
        dirql_unit_test_setup(an_unterminated_string_is_refused, reset),
        dirql_unit_test_setup(the_end_is_told, reset),
        dirql_unit_test_setup(what_follows_is_filled, reset),
        dirql_unit_test_setup(a_failure_fills_or_empties, reset),
        dirql_unit_test_setup(without_truncation_a_copy_is_empty_and_the_rest_stays, reset),
        dirql_unit_test_setup(nulls_are_ignored_when_asked, reset),
        dirql_unit_test_setup(unknown_flags_are_refused, reset),
        dirql_unit_test(numbers_are_formatted),
        dirql_unit_test(text_is_as_wide_as_the_format_says),
        dirql_unit_test(other_characters_cross_by_the_code_page),
        dirql_unit_test_setup(formats_are_cut, reset),
        dirql_unit_test(what_cannot_be_formatted_stands_as_it_is),
        dirql_unit_test_setup(lists_of_arguments_are_formatted, reset),
        dirql_unit_test(lengths_are_bounded),
        dirql_unit_test(unaligned_text_is_measured),
        dirql_unit_test_setup(counted_strings_get_a_null, reset),
        cmocka_unit_test(passive_level_is_needed),
        cmocka_unit_test(no_machine_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

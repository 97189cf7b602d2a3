/*
 * test_utf8.c - text from UTF-8 to UTF-16 and back.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

static WCHAR wide[16];
static char narrow[32];
static ULONG bytes;

/* Every length, and the edges of each. */
static const char utf8[] = "A\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F"
                           "\xBF\xBF";
static const WCHAR utf16[] = { 'A',    0x7F,   0x80,   0x7FF,  0x800, 0xFFFF,
                               0xD800, 0xDC00, 0xDBFF, 0xDFFF, 0 };

static void all_lengths_are_read_and_written(void **state)
{
    (void)state;
    assert_int_equal(RtlUTF8ToUnicodeN(wide, sizeof(wide), &bytes, utf8, sizeof(utf8)), 0);
    assert_int_equal(bytes, sizeof(utf16));
    assert_memory_equal(wide, utf16, sizeof(utf16));
    assert_int_equal(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, utf16, sizeof(utf16)), 0);
    assert_int_equal(bytes, sizeof(utf8));
    assert_memory_equal(narrow, utf8, sizeof(utf8));
}

static void without_a_destination_the_need_is_told(void **state)
{
    (void)state;
    assert_int_equal(RtlUTF8ToUnicodeN(NULL, 0, &bytes, utf8, sizeof(utf8)), STATUS_SUCCESS);
    assert_int_equal(bytes, sizeof(utf16));
    assert_int_equal(RtlUnicodeToUTF8N(NULL, 0, &bytes, utf16, sizeof(utf16)), STATUS_SUCCESS);
    assert_int_equal(bytes, sizeof(utf8));
}

static void lone_surrogates_are_replaced(void **state)
{
    static const WCHAR lone[] = { 0xD800, 'a', 0xDC00, 0xD800, 0xD801, 0xDC00, 0xD800 };

    (void)state;
    assert_int_equal(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, lone, sizeof(lone)),
                     STATUS_SOME_NOT_MAPPED);
    assert_int_equal(bytes, 3 + 1 + 3 + 3 + 4 + 3);
    assert_memory_equal(narrow,
                        "\xEF\xBF\xBD"
                        "a\xEF\xBF\xBD\xEF\xBF\xBD\xF0\x90\x90\x80\xEF\xBF\xBD",
                        bytes);
}

static void read_bad(const char *text, ULONG count, ULONG replaced)
{
    assert_int_equal(RtlUTF8ToUnicodeN(wide, sizeof(wide), &bytes, text, count),
                     STATUS_SOME_NOT_MAPPED);
    assert_int_equal(bytes, replaced * sizeof(WCHAR));
    for (ULONG i = 0; i < replaced; i++) {
        assert_int_equal(wide[i], 0xFFFD);
    }
}

static void bad_bytes_are_replaced(void **state)
{
    (void)state;
    read_bad("\x80", 1, 1);
    read_bad("\xC0\xAF", 2, 2);         /* Longer than it must be. */
    read_bad("\xE0\x9F\x80", 3, 3);     /* The same. */
    read_bad("\xED\xA0\x80", 3, 3);     /* A surrogate. */
    read_bad("\xF4\x90\x80\x80", 4, 4); /* Beyond the last character. */
    read_bad("\xF5", 1, 1);
    read_bad("\xE2\x82", 2, 1); /* Ends too early: one for the longest beginning. */
    read_bad("\xF0\x90\x80\xE2\x82", 5, 2);
}

static void nothing_is_cut_in_two(void **state)
{
    (void)state;
    narrow[2] = 'x';
    assert_int_equal(RtlUnicodeToUTF8N(narrow, 3, &bytes, L"a\x20AC", 4), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(bytes, 1);
    assert_int_equal(narrow[0], 'a');
    assert_int_equal(narrow[2], 'x');
    wide[1] = 7;
    assert_int_equal(RtlUTF8ToUnicodeN(wide, 5, &bytes, "a\xF0\x90\x80\x80z", 6),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(bytes, 2);
    assert_int_equal(wide[1], 7);
}

static void wrong_arguments_are_numbered(void **state)
{
    (void)state;
    assert_int_equal(RtlUTF8ToUnicodeN(NULL, 0, NULL, "a", 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlUTF8ToUnicodeN(wide, 2, &bytes, NULL, 1), STATUS_INVALID_PARAMETER_4);
    assert_int_equal(RtlUnicodeToUTF8N(NULL, 0, NULL, L"a", 2), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlUnicodeToUTF8N(narrow, 2, &bytes, NULL, 2), STATUS_INVALID_PARAMETER_4);
    assert_int_equal(RtlUnicodeToUTF8N(narrow, 2, &bytes, L"a", 1), STATUS_INVALID_PARAMETER_5);
}

static void whole_strings_are_allocated(void **state)
{
    UTF8_STRING source = RTL_CONSTANT_STRING("a\xE2\x82\xAC"), back;
    UNICODE_STRING to;

    (void)state;
    assert_int_equal(RtlUTF8StringToUnicodeString(&to, &source, TRUE), STATUS_SUCCESS);
    assert_int_equal(to.Length, 4);
    assert_memory_equal(to.Buffer, L"a\x20AC", 6);
    assert_int_equal(RtlUnicodeStringToUTF8String(&back, &to, TRUE), STATUS_SUCCESS);
    assert_int_equal(back.Length, 4);
    assert_string_equal(back.Buffer, source.Buffer);
    back.MaximumLength = 4;
    assert_int_equal(RtlUnicodeStringToUTF8String(&back, &to, FALSE), STATUS_BUFFER_OVERFLOW);
    RtlFreeUnicodeString(&to);
    RtlFreeUTF8String(&back);
}

/* Of the two pages of each, one says that the text is then truncated, the other that nothing is
 * converted: the latter is done. */
static void a_string_without_room_is_left_alone(void **state)
{
    UTF8_STRING source = RTL_CONSTANT_STRING("a\xE2\x82\xAC"), to = { 1, 4, narrow };
    UNICODE_STRING wide_source = RTL_CONSTANT_STRING(L"a\x20AC"), wide_to = { 2, 4, wide };

    (void)state;
    wide[0] = 7;
    narrow[0] = 7;
    assert_int_equal(RtlUTF8StringToUnicodeString(&wide_to, &source, FALSE),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(wide[0], 7);
    assert_int_equal(RtlUnicodeStringToUTF8String(&to, &wide_source, FALSE),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(narrow[0], 7);
    wide_to.MaximumLength = sizeof(wide);
    to.MaximumLength = sizeof(narrow);
    assert_int_equal(RtlUTF8StringToUnicodeString(&wide_to, &source, FALSE), STATUS_SUCCESS);
    assert_int_equal(wide_to.Length, 4);
    assert_int_equal(wide_to.MaximumLength, sizeof(wide));
    assert_int_equal(RtlUnicodeStringToUTF8String(&to, &wide_source, FALSE), STATUS_SUCCESS);
    assert_int_equal(to.Length, 4);
    assert_int_equal(to.MaximumLength, sizeof(narrow));
}

static void a_string_says_that_something_was_replaced(void **state)
{
    UTF8_STRING source = RTL_CONSTANT_STRING("\x80"), to;
    UNICODE_STRING wide_source = { 2, 2, wide }, wide_to;

    (void)state;
    assert_int_equal(RtlUTF8StringToUnicodeString(&wide_to, &source, TRUE),
                     STATUS_SOME_NOT_MAPPED);
    assert_int_equal(wide_to.Buffer[0], 0xFFFD);
    RtlFreeUnicodeString(&wide_to);
    wide[0] = 0xDC00;
    assert_int_equal(RtlUnicodeStringToUTF8String(&to, &wide_source, TRUE),
                     STATUS_SOME_NOT_MAPPED);
    assert_string_equal(to.Buffer, "\xEF\xBF\xBD");
    RtlFreeUTF8String(&to);
}

static void a_null_in_the_middle_is_a_character(void **state)
{
    (void)state;
    assert_int_equal(RtlUTF8ToUnicodeN(wide, sizeof(wide), &bytes, "a\0b", 3), STATUS_SUCCESS);
    assert_int_equal(bytes, 6);
    assert_memory_equal(wide, L"a\0b", 6);
    assert_int_equal(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, L"a\0b", 6),
                     STATUS_SUCCESS);
    assert_int_equal(bytes, 3);
    assert_memory_equal(narrow, "a\0b", 3);
}

/* Who knows how much it is need not be told. */
static void the_count_may_be_left_out_beside_a_destination(void **state)
{
    (void)state;
    assert_int_equal(RtlUTF8ToUnicodeN(wide, 2, NULL, "z", 1), STATUS_SUCCESS);
    assert_int_equal(wide[0], 'z');
    assert_int_equal(RtlUnicodeToUTF8N(narrow, 1, NULL, L"y", 2), STATUS_SUCCESS);
    assert_int_equal(narrow[0], 'y');
}

static void call_at_apc_level(void (*call)(void))
{
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5, APC_LEVEL, DIRQL_ANY,
                               DIRQL_ANY);
    call();
    fail_msg("its page says PASSIVE_LEVEL");
}

static void read_some(void)
{
    (void)RtlUTF8ToUnicodeN(wide, sizeof(wide), &bytes, "a", 1);
}

static void write_some(void)
{
    (void)RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, L"a", 2);
}

static void reading_is_for_passive_level(void **state)
{
    (void)state;
    read_some();
    call_at_apc_level(read_some);
}

static void writing_is_for_passive_level(void **state)
{
    (void)state;
    write_some();
    call_at_apc_level(write_some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(all_lengths_are_read_and_written),
        dirql_unit_test(without_a_destination_the_need_is_told),
        dirql_unit_test(lone_surrogates_are_replaced),
        dirql_unit_test(bad_bytes_are_replaced),
        dirql_unit_test(nothing_is_cut_in_two),
        dirql_unit_test(wrong_arguments_are_numbered),
        dirql_unit_test(whole_strings_are_allocated),
        dirql_unit_test(a_string_without_room_is_left_alone),
        dirql_unit_test(a_string_says_that_something_was_replaced),
        dirql_unit_test(a_null_in_the_middle_is_a_character),
        dirql_unit_test(the_count_may_be_left_out_beside_a_destination),
        dirql_unit_test(reading_is_for_passive_level),
        dirql_unit_test(writing_is_for_passive_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

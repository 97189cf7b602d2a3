/*
 * test_convert.c - text from ANSI to Unicode and back.
 */
#include "../check/rule.h"

static void ansi_becomes_unicode_with_a_null(void **state)
{
    ANSI_STRING source = RTL_CONSTANT_STRING("5\x80\xE4");
    UNICODE_STRING to;

    (void)state;
    assert_int_equal(RtlAnsiStringToUnicodeSize(&source), 8);
    assert_int_equal(RtlAnsiStringToUnicodeString(&to, &source, TRUE), STATUS_SUCCESS);
    assert_int_equal(to.Length, 6);
    assert_int_equal(to.MaximumLength, 8);
    assert_memory_equal(to.Buffer, L"5\x20AC\x00E4", 8);
    RtlFreeUnicodeString(&to);
}

static void unicode_becomes_ansi_with_question_marks(void **state)
{
    DECLARE_CONST_UNICODE_STRING(source, L"5\x20AC\x0416\x0080");
    ANSI_STRING to;

    (void)state;
    assert_int_equal(RtlUnicodeStringToAnsiSize(&source), 5);
    assert_int_equal(RtlUnicodeStringToAnsiString(&to, &source, TRUE), STATUS_SUCCESS);
    assert_int_equal(to.Length, 4);
    assert_int_equal(to.MaximumLength, 5);
    assert_string_equal(to.Buffer, "5\x80??");
    RtlFreeAnsiString(&to);
}

static void every_ansi_character_comes_back(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char narrow = (char)c;
        WCHAR wide;
        char back;

        RtlMultiByteToUnicodeN(&wide, sizeof(wide), NULL, &narrow, 1);
        RtlUnicodeToMultiByteN(&back, 1, NULL, &wide, sizeof(wide));
        assert_int_equal(back, narrow);
    }
}

static void a_buffer_without_room_for_the_null_is_too_small(void **state)
{
    ANSI_STRING source = RTL_CONSTANT_STRING("abc");
    DECLARE_CONST_UNICODE_STRING(wide, L"abc");
    WCHAR buffer[4] = { 9, 9, 9, 9 };
    char text[4] = "....";
    UNICODE_STRING to = { 0, 7, buffer };
    ANSI_STRING narrow = { 0, 3, text };

    (void)state;
    assert_int_equal(RtlAnsiStringToUnicodeString(&to, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(buffer[0], 9);
    to.MaximumLength = 8;
    assert_int_equal(RtlAnsiStringToUnicodeString(&to, &source, FALSE), STATUS_SUCCESS);
    assert_memory_equal(buffer, L"abc", 8);
    assert_int_equal(RtlUnicodeStringToAnsiString(&narrow, &wide, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(text[0], '.');
    narrow.MaximumLength = 4;
    assert_int_equal(RtlUnicodeStringToAnsiString(&narrow, &wide, FALSE), STATUS_SUCCESS);
    assert_string_equal(text, "abc");
}

static void what_a_counted_string_cannot_hold_is_refused(void **state)
{
    static char text[40000];
    ANSI_STRING source = { 32767, 32767, text };
    UNICODE_STRING to;

    (void)state;
    assert_int_equal(RtlAnsiStringToUnicodeString(&to, &source, TRUE), STATUS_INVALID_PARAMETER_2);
    source.Length = 32766;
    assert_int_equal(RtlAnsiStringToUnicodeString(&to, &source, TRUE), STATUS_SUCCESS);
    assert_int_equal(to.MaximumLength, 65534);
    RtlFreeUnicodeString(&to);
}

static void buffers_are_cut_off_in_silence(void **state)
{
    WCHAR wide[2];
    char narrow[2];
    ULONG bytes;

    (void)state;
    assert_int_equal(RtlMultiByteToUnicodeN(wide, 3, &bytes, "ab", 2), STATUS_SUCCESS);
    assert_int_equal(bytes, 2);
    assert_int_equal(wide[0], L'a');
    assert_int_equal(RtlUnicodeToMultiByteN(narrow, 2, &bytes, L"abc", 6), STATUS_SUCCESS);
    assert_int_equal(bytes, 2);
    assert_int_equal(RtlUpcaseUnicodeToMultiByteN(narrow, 2, &bytes, L"x\x00E4", 4), 0);
    assert_memory_equal(narrow, "X\xC4", 2);
    assert_int_equal(RtlMultiByteToUnicodeSize(&bytes, "abc", 3), STATUS_SUCCESS);
    assert_int_equal(bytes, 6);
    assert_int_equal(RtlUnicodeToMultiByteSize(&bytes, L"abc", 6), STATUS_SUCCESS);
    assert_int_equal(bytes, 3);
}

static void convert_at_dispatch_level(void *context)
{
    ANSI_STRING source = RTL_CONSTANT_STRING("abc");
    UNICODE_STRING to;
    KIRQL irql;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    (void)RtlAnsiStringToUnicodeString(&to, &source, TRUE);
    KeLowerIrql(irql);
}

static void converting_needs_passive_level(void **state)
{
    (void)state;
    assert_verifier(convert_at_dispatch_level, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, 0,
                    "IrqlRtlPassive");
    assert_report_has("RtlAnsiStringToUnicodeString");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(ansi_becomes_unicode_with_a_null),
        dirql_unit_test(unicode_becomes_ansi_with_question_marks),
        dirql_unit_test(every_ansi_character_comes_back),
        dirql_unit_test(a_buffer_without_room_for_the_null_is_too_small),
        dirql_unit_test(what_a_counted_string_cannot_hold_is_refused),
        dirql_unit_test(buffers_are_cut_off_in_silence),
        cmocka_unit_test(converting_needs_passive_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

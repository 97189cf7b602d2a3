/*
 * test_compare.c - strings compared, hashed, and in upper and lower case.
 */
#include "../check/rule.h"

static int compare(PCWSTR first, PCWSTR second, BOOLEAN fold)
{
    UNICODE_STRING a, b;
    LONG order;

    RtlInitUnicodeString(&a, first);
    RtlInitUnicodeString(&b, second);
    order = RtlCompareUnicodeString(&a, &b, fold);
    assert_int_equal(RtlEqualUnicodeString(&a, &b, fold), order == 0);
    return (order > 0) - (order < 0);
}

static void strings_are_ordered_by_the_first_difference(void **state)
{
    (void)state;
    assert_int_equal(compare(L"abc", L"abd", FALSE), -1);
    assert_int_equal(compare(L"b", L"abc", FALSE), 1);
    assert_int_equal(compare(L"ab", L"abc", FALSE), -1);
    assert_int_equal(compare(L"", L"", FALSE), 0);
    assert_int_equal(compare(L"\xFFFF", L"a", FALSE), 1);
}

static void case_is_ignored_when_asked(void **state)
{
    (void)state;
    assert_int_equal(compare(L"Stream", L"sTREAM", FALSE), -1);
    assert_int_equal(compare(L"Stream", L"sTREAM", TRUE), 0);
    assert_int_equal(compare(L"\x00E4\x0444", L"\x00C4\x0424", TRUE), 0);
    assert_int_equal(compare(L"_", L"a", TRUE), 1); /* Capital letters are compared. */
}

static void a_null_inside_counts(void **state)
{
    UNICODE_STRING a = { 6, 6, (PWCH)L"a\0b" }, b = { 6, 6, (PWCH)L"a\0c" };

    (void)state;
    assert_false(RtlEqualUnicodeString(&a, &b, FALSE));
    assert_true(RtlCompareUnicodeString(&a, &b, FALSE) < 0);
}

static void prefixes_are_seen(void **state)
{
    DECLARE_CONST_UNICODE_STRING(whole, L"\\Registry\\Machine");
    DECLARE_CONST_UNICODE_STRING(beginning, L"\\REGISTRY");
    STRING text = RTL_CONSTANT_STRING("Wave0"), start = RTL_CONSTANT_STRING("wave");
    UNICODE_STRING cut = whole;

    (void)state;
    assert_true(RtlPrefixUnicodeString(&beginning, &whole, TRUE));
    assert_false(RtlPrefixUnicodeString(&beginning, &whole, FALSE));
    assert_false(RtlPrefixUnicodeString(&whole, &beginning, TRUE));
    assert_true(RtlPrefixUnicodeString(&whole, &whole, FALSE));
    cut.Length = 4; /* What lies behind its end does not count. */
    assert_false(RtlPrefixUnicodeString(&whole, &cut, FALSE));
    assert_true(RtlPrefixUnicodeString(&cut, &whole, FALSE));
    assert_true(RtlPrefixString(&start, &text, TRUE));
    assert_false(RtlPrefixString(&start, &text, FALSE));
}

static void ansi_strings_are_compared_in_their_code_page(void **state)
{
    STRING a = RTL_CONSTANT_STRING("x\x9A\xE4"), b = RTL_CONSTANT_STRING("X\x8A\xC4");
    STRING c = RTL_CONSTANT_STRING("x");

    (void)state;
    assert_true(RtlEqualString(&a, &b, TRUE));
    assert_false(RtlEqualString(&a, &b, FALSE));
    assert_true(RtlCompareString(&a, &c, FALSE) > 0);
    assert_true(RtlCompareString(&c, &a, TRUE) < 0);
    assert_int_equal(RtlCompareString(&a, &b, TRUE), 0);
}

static void letters_have_two_cases(void **state)
{
    static const struct {
        WCHAR small, capital;
    } pairs[] = {
        { L'a', L'A' },     { L'z', L'Z' },     { 0x00E4, 0x00C4 }, { 0x00FE, 0x00DE },
        { 0x00FF, 0x0178 }, { 0x0101, 0x0100 }, { 0x0137, 0x0136 }, { 0x013A, 0x0139 },
        { 0x0146, 0x0145 }, { 0x017E, 0x017D }, { 0x03B1, 0x0391 }, { 0x03C9, 0x03A9 },
        { 0x0430, 0x0410 }, { 0x0451, 0x0401 }, { 0x0561, 0x0531 }, { 0x1E01, 0x1E00 },
        { 0x1F80, 0x1F88 }, { 0x2170, 0x2160 }, { 0x24D0, 0x24B6 }, { 0xFF41, 0xFF21 },
        { 0x0180, 0x0243 }, { 0x01DD, 0x018E }, { 0x1D79, 0xA77D }, { 0xA641, 0xA640 },
    };

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(pairs); i++) {
        assert_int_equal(RtlUpcaseUnicodeChar(pairs[i].small), pairs[i].capital);
        assert_int_equal(RtlUpcaseUnicodeChar(pairs[i].capital), pairs[i].capital);
        assert_int_equal(RtlDowncaseUnicodeChar(pairs[i].capital), pairs[i].small);
        assert_int_equal(RtlDowncaseUnicodeChar(pairs[i].small), pairs[i].small);
    }
}

static void every_letter_comes_back_from_its_other_case(void **state)
{
    unsigned pairs = 0;

    (void)state;
    for (unsigned c = 0; c < 0x10000; c++) {
        const WCHAR up = RtlUpcaseUnicodeChar((WCHAR)c);

        if (up != (WCHAR)c) {
            assert_int_equal(RtlDowncaseUnicodeChar(up), c);
            assert_int_equal(RtlUpcaseUnicodeChar(up), up);
            pairs++;
        }
    }
    assert_in_range(pairs, 1000, 1200);
}

static void letters_without_a_partner_stay(void **state)
{
    static const WCHAR alone[] = { L'@',   L'[',   L'`',   L'{',   0x00B5, 0x00D7, 0x00DF, 0x00F7,
                                   0x0130, 0x0131, 0x017F, 0x03C2, 0x212A, 0x4E00, 0xD83D };

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(alone); i++) {
        assert_int_equal(RtlUpcaseUnicodeChar(alone[i]), alone[i]);
        assert_int_equal(RtlDowncaseUnicodeChar(alone[i]), alone[i]);
    }
}

static void ansi_letters_are_raised_where_the_page_has_them(void **state)
{
    char text[8];
    STRING to = { 0, 4, text }, source = RTL_CONSTANT_STRING("wave1");

    (void)state;
    assert_int_equal(RtlUpperChar('q'), 'Q');
    assert_int_equal((UCHAR)RtlUpperChar((char)0xE4), 0xC4);
    assert_int_equal((UCHAR)RtlUpperChar((char)0xFF), 0x9F);
    assert_int_equal((UCHAR)RtlUpperChar((char)0xDF), 0xDF);
    assert_int_equal((UCHAR)RtlUpperChar((char)0x83), 0x83); /* Its capital is not in the page. */
    RtlUpperString(&to, &source);
    assert_int_equal(to.Length, 4);
    assert_memory_equal(text, "WAVE", 4);
}

static void whole_strings_change_case(void **state)
{
    DECLARE_CONST_UNICODE_STRING(source, L"Wave-\x00E4");
    UNICODE_STRING up, down, small = { 0, 10, NULL };
    WCHAR buffer[8];

    (void)state;
    small.Buffer = buffer;
    assert_int_equal(RtlUpcaseUnicodeString(&up, &source, TRUE), STATUS_SUCCESS);
    assert_int_equal(up.Length, source.Length);
    assert_memory_equal(up.Buffer, L"WAVE-\x00C4", up.Length);
    assert_int_equal(RtlDowncaseUnicodeString(&down, &up, TRUE), STATUS_SUCCESS);
    assert_memory_equal(down.Buffer, L"wave-\x00E4", up.Length);
    assert_int_equal(RtlUpcaseUnicodeString(&small, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    small.MaximumLength = 12;
    assert_int_equal(RtlUpcaseUnicodeString(&small, &source, FALSE), STATUS_SUCCESS);
    assert_true(RtlEqualUnicodeString(&small, &up, FALSE));
    RtlFreeUnicodeString(&up);
    RtlFreeUnicodeString(&down);
}

static void hashes_are_of_the_x65599_kind(void **state)
{
    DECLARE_CONST_UNICODE_STRING(upper, L"AB");
    DECLARE_CONST_UNICODE_STRING(lower, L"ab");
    ULONG a, b;

    (void)state;
    assert_int_equal(RtlHashUnicodeString(&upper, FALSE, HASH_STRING_ALGORITHM_X65599, &a), 0);
    assert_int_equal(a, 'A' * 65599 + 'B');
    assert_int_equal(RtlHashUnicodeString(&lower, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &b), 0);
    assert_int_equal(a, b);
    assert_int_equal(RtlHashUnicodeString(&upper, TRUE, 2, &a), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlHashUnicodeString(NULL, TRUE, 0, &a), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlHashUnicodeString(&upper, TRUE, 0, NULL), STATUS_INVALID_PARAMETER);
}

static void compare_at_dispatch_level(void *context)
{
    DECLARE_CONST_UNICODE_STRING(text, L"a");
    KIRQL irql;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    RtlEqualUnicodeString(&text, &text, TRUE);
    KeLowerIrql(irql);
}

static void comparing_needs_passive_level(void **state)
{
    (void)state;
    assert_verifier(compare_at_dispatch_level, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, 0,
                    "IrqlRtlPassive");
}

static void strings_are_compared_without_a_machine(void **state)
{
    (void)state;
    assert_int_equal(compare(L"Stream", L"sTREAM", TRUE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(strings_are_ordered_by_the_first_difference),
        dirql_unit_test(case_is_ignored_when_asked),
        dirql_unit_test(a_null_inside_counts),
        dirql_unit_test(prefixes_are_seen),
        dirql_unit_test(ansi_strings_are_compared_in_their_code_page),
        dirql_unit_test(letters_have_two_cases),
        cmocka_unit_test(every_letter_comes_back_from_its_other_case),
        dirql_unit_test(letters_without_a_partner_stay),
        dirql_unit_test(ansi_letters_are_raised_where_the_page_has_them),
        dirql_unit_test(whole_strings_change_case),
        dirql_unit_test(hashes_are_of_the_x65599_kind),
        cmocka_unit_test(comparing_needs_passive_level),
        cmocka_unit_test(strings_are_compared_without_a_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_strsafeforms.c - every form of the safe string routines: in bytes or characters, narrow or
 * wide, with or without a limit and flags, for strings that end with a null and for counted ones.
 */
#include <dirql/cmocka.h>

#include <ntddk.h>
#include <ntstrsafe.h>

#define assert_ok(call)      assert_int_equal(call, STATUS_SUCCESS)
#define assert_cut(call)     assert_int_equal(call, STATUS_BUFFER_OVERFLOW)
#define assert_refused(call) assert_int_equal(call, STATUS_INVALID_PARAMETER)

static void assert_text_A(const CHAR *text, const CHAR *expected)
{
    assert_string_equal(text, expected);
}

static void assert_text_W(PCWSTR text, PCWSTR expected)
{
    size_t i = 0;

    for (; expected[i] != 0; i++) {
        assert_int_equal(text[i], expected[i]);
    }
    assert_int_equal(text[i], 0);
}

#define TEXT_A(text) text
#define TEXT_W(text) L##text

/* ---- Strings that end with a null ------------------------------------------------------------ */

/* `unit` is what a character counts: 1, or its bytes. */
#define TEXT_FORMS(Unit, Suffix, Char, unit)                                                       \
    static void copies_##Unit##Suffix(void **state)                                                \
    {                                                                                              \
        Char to[8], *end;                                                                          \
        size_t left;                                                                               \
                                                                                                   \
        (void)state;                                                                               \
        assert_ok(RtlString##Unit##Copy##Suffix(to, 4 * (unit), TEXT_##Suffix("abc")));            \
        assert_text_##Suffix(to, TEXT_##Suffix("abc"));                                            \
        assert_cut(RtlString##Unit##Copy##Suffix(to, 3 * (unit), TEXT_##Suffix("abc")));           \
        assert_text_##Suffix(to, TEXT_##Suffix("ab"));                                             \
        assert_refused(RtlString##Unit##Copy##Suffix(to, 0, TEXT_##Suffix("a")));                  \
        assert_refused(RtlString##Unit##Copy##Suffix(to, 4 * (unit), NULL));                       \
        assert_refused(RtlString##Unit##Copy##Suffix(                                              \
            to, ((size_t)NTSTRSAFE_MAX_CCH + 1) * (unit), TEXT_##Suffix("a")));                    \
        assert_ok(RtlString##Unit##CopyEx##Suffix(to, 8 * (unit), TEXT_##Suffix("abc"), &end,      \
                                                  &left, 0));                                      \
        assert_text_##Suffix(to, TEXT_##Suffix("abc"));                                            \
        assert_ptr_equal(end, to + 3);                                                             \
        assert_int_equal(left, 5 * (unit));                                                        \
        assert_cut(RtlString##Unit##CopyEx##Suffix(to, 3 * (unit), TEXT_##Suffix("abc"), &end,     \
                                                   &left, STRSAFE_NO_TRUNCATION));                 \
        assert_text_##Suffix(to, TEXT_##Suffix(""));                                               \
        assert_int_equal(left, 3 * (unit));                                                        \
        assert_refused(RtlString##Unit##CopyEx##Suffix(to, 3 * (unit), TEXT_##Suffix("a"), NULL,   \
                                                       NULL, 0x4000));                             \
        assert_ok(RtlString##Unit##CopyN##Suffix(to, 8 * (unit), TEXT_##Suffix("abcd"),            \
                                                 2 * (unit)));                                     \
        assert_text_##Suffix(to, TEXT_##Suffix("ab"));                                             \
        assert_cut(RtlString##Unit##CopyN##Suffix(to, 2 * (unit), TEXT_##Suffix("xyz"),            \
                                                  2 * (unit)));                                    \
        assert_text_##Suffix(to, TEXT_##Suffix("x"));                                              \
        assert_refused(RtlString##Unit##CopyN##Suffix(to, 4 * (unit), NULL, (unit)));              \
        assert_ok(RtlString##Unit##CopyNEx##Suffix(to, 8 * (unit), TEXT_##Suffix("abcd"),          \
                                                   3 * (unit), &end, &left,                        \
                                                   STRSAFE_FILL_BYTE(0)));                         \
        assert_text_##Suffix(to, TEXT_##Suffix("abc"));                                            \
        assert_int_equal(to[7], 0);                                                                \
        assert_int_equal(left, 5 * (unit));                                                        \
        assert_cut(RtlString##Unit##CopyNEx##Suffix(to, 2 * (unit), TEXT_##Suffix("abcd"),         \
                                                    3 * (unit), &end, &left,                       \
                                                    STRSAFE_NULL_ON_FAILURE));                     \
        assert_text_##Suffix(to, TEXT_##Suffix(""));                                               \
        assert_ptr_equal(end, to);                                                                 \
    }                                                                                              \
                                                                                                   \
    static void appends_##Unit##Suffix(void **state)                                               \
    {                                                                                              \
        Char to[8] = TEXT_##Suffix("ab"), *end;                                                    \
        size_t left;                                                                               \
                                                                                                   \
        (void)state;                                                                               \
        assert_ok(RtlString##Unit##Cat##Suffix(to, 4 * (unit), TEXT_##Suffix("c")));               \
        assert_text_##Suffix(to, TEXT_##Suffix("abc"));                                            \
        assert_cut(RtlString##Unit##Cat##Suffix(to, 5 * (unit), TEXT_##Suffix("de")));             \
        assert_text_##Suffix(to, TEXT_##Suffix("abcd"));                                           \
        assert_refused(RtlString##Unit##Cat##Suffix(to, 4 * (unit), TEXT_##Suffix("e")));          \
        assert_refused(RtlString##Unit##Cat##Suffix(to, 8 * (unit), NULL));                        \
        assert_ok(RtlString##Unit##CatEx##Suffix(to, 8 * (unit), TEXT_##Suffix("e"), &end, &left,  \
                                                 0));                                              \
        assert_text_##Suffix(to, TEXT_##Suffix("abcde"));                                          \
        assert_ptr_equal(end, to + 5);                                                             \
        assert_int_equal(left, 3 * (unit));                                                        \
        assert_cut(RtlString##Unit##CatEx##Suffix(to, 6 * (unit), TEXT_##Suffix("f"), &end, &left, \
                                                  STRSAFE_NO_TRUNCATION));                         \
        assert_text_##Suffix(to, TEXT_##Suffix("abcde"));                                          \
        assert_int_equal(left, (unit));                                                            \
        to[1] = 0;                                                                                 \
        assert_ok(RtlString##Unit##CatN##Suffix(to, 8 * (unit), TEXT_##Suffix("xyz"),              \
                                                2 * (unit)));                                      \
        assert_text_##Suffix(to, TEXT_##Suffix("axy"));                                            \
        assert_cut(RtlString##Unit##CatN##Suffix(to, 5 * (unit), TEXT_##Suffix("123"),             \
                                                 2 * (unit)));                                     \
        assert_text_##Suffix(to, TEXT_##Suffix("axy1"));                                           \
        assert_ok(RtlString##Unit##CatNEx##Suffix(to, 8 * (unit), TEXT_##Suffix("23"), (unit),     \
                                                  &end, &left, 0));                                \
        assert_text_##Suffix(to, TEXT_##Suffix("axy12"));                                          \
        assert_int_equal(left, 3 * (unit));                                                        \
        assert_cut(RtlString##Unit##CatNEx##Suffix(to, 6 * (unit), TEXT_##Suffix("34"),            \
                                                   2 * (unit), &end, &left,                        \
                                                   STRSAFE_NULL_ON_FAILURE));                      \
        assert_text_##Suffix(to, TEXT_##Suffix(""));                                               \
    }

#define FORMAT_FORMS(Unit, Suffix, Char, unit)                                                     \
    static NTSTATUS print_##Unit##Suffix(Char *to, size_t size, Char **end, size_t *left,          \
                                         const Char *format, ...)                                  \
    {                                                                                              \
        NTSTATUS status;                                                                           \
        va_list list;                                                                              \
                                                                                                   \
        va_start(list, format);                                                                    \
        status = end != NULL ? RtlString##Unit##VPrintfEx##Suffix(to, size, end, left, 0, format,  \
                                                                  list)                            \
                             : RtlString##Unit##VPrintf##Suffix(to, size, format, list);           \
        va_end(list);                                                                              \
        return status;                                                                             \
    }                                                                                              \
                                                                                                   \
    static void formats_##Unit##Suffix(void **state)                                               \
    {                                                                                              \
        Char to[8], *end;                                                                          \
        size_t left;                                                                               \
                                                                                                   \
        (void)state;                                                                               \
        assert_ok(RtlString##Unit##Printf##Suffix(to, 5 * (unit), TEXT_##Suffix("%d"), 1234));     \
        assert_text_##Suffix(to, TEXT_##Suffix("1234"));                                           \
        assert_cut(RtlString##Unit##Printf##Suffix(to, 4 * (unit), TEXT_##Suffix("%d"), 1234));    \
        assert_text_##Suffix(to, TEXT_##Suffix("123"));                                            \
        assert_refused(RtlString##Unit##Printf##Suffix(to, 0, TEXT_##Suffix("%d"), 1));            \
        assert_ok(RtlString##Unit##PrintfEx##Suffix(to, 8 * (unit), &end, &left, 0,                \
                                                    TEXT_##Suffix("%d"), 56));                     \
        assert_text_##Suffix(to, TEXT_##Suffix("56"));                                             \
        assert_ptr_equal(end, to + 2);                                                             \
        assert_int_equal(left, 6 * (unit));                                                        \
        assert_refused(RtlString##Unit##PrintfEx##Suffix(to, 8 * (unit), NULL, NULL, 0x4000,       \
                                                         TEXT_##Suffix("%d"), 56));                \
        assert_ok(print_##Unit##Suffix(to, 8 * (unit), NULL, NULL, TEXT_##Suffix("%d-%d"), 7, 8)); \
        assert_text_##Suffix(to, TEXT_##Suffix("7-8"));                                            \
        assert_cut(print_##Unit##Suffix(to, 2 * (unit), NULL, NULL, TEXT_##Suffix("%d"), 78));     \
        assert_ok(print_##Unit##Suffix(to, 8 * (unit), &end, &left, TEXT_##Suffix("%d"), 9));      \
        assert_text_##Suffix(to, TEXT_##Suffix("9"));                                              \
        assert_int_equal(left, 7 * (unit));                                                        \
    }                                                                                              \
                                                                                                   \
    static void lengths_##Unit##Suffix(void **state)                                               \
    {                                                                                              \
        size_t length = 7;                                                                         \
                                                                                                   \
        (void)state;                                                                               \
        assert_ok(RtlString##Unit##Length##Suffix(TEXT_##Suffix("abc"), 4 * (unit), &length));     \
        assert_int_equal(length, 3 * (unit));                                                      \
        assert_refused(RtlString##Unit##Length##Suffix(TEXT_##Suffix("abc"), 3 * (unit),           \
                                                       &length));                                  \
        assert_refused(RtlString##Unit##Length##Suffix(NULL, 4 * (unit), &length));                \
        assert_refused(RtlString##Unit##Length##Suffix(                                            \
            TEXT_##Suffix("a"), ((size_t)NTSTRSAFE_MAX_CCH + 1) * (unit), &length));               \
    }

#define FORMS(Unit, Suffix, Char, unit)    \
    TEXT_FORMS(Unit, Suffix, Char, unit)   \
    FORMAT_FORMS(Unit, Suffix, Char, unit)

FORMS(Cb, A, CHAR, sizeof(CHAR))
FORMS(Cb, W, WCHAR, sizeof(WCHAR))
FORMS(Cch, A, CHAR, 1)
FORMS(Cch, W, WCHAR, 1)

/* ---- Counted strings ------------------------------------------------------------------------- */

static WCHAR buffer[8];
static UNICODE_STRING to, rest;

/* Holds `text`, and has room for five characters. */
static void begin(PCWSTR text)
{
    RtlInitEmptyUnicodeString(&to, buffer, 10);
    assert_int_equal(RtlAppendUnicodeToString(&to, text), STATUS_SUCCESS);
}

static void assert_holds(PCWSTR expected)
{
    UNICODE_STRING text;

    RtlInitUnicodeString(&text, expected);
    assert_true(RtlEqualUnicodeString(&to, &text, FALSE));
}

static UNICODE_STRING source(PCWSTR text)
{
    UNICODE_STRING made;

    RtlInitUnicodeString(&made, text);
    return made;
}

/* From a counted string, or (`String`) from one that ends with a null. */
#define WHOLE_FORM(Verb, before, from, after, long_one, cut)                                       \
    do {                                                                                           \
        begin(before);                                                                             \
        assert_ok(RtlUnicodeString##Verb(&to, from));                                              \
        assert_holds(after);                                                                       \
        begin(before);                                                                             \
        assert_cut(RtlUnicodeString##Verb(&to, long_one));                                         \
        assert_holds(cut);                                                                         \
        assert_refused(RtlUnicodeString##Verb(&to, NULL));                                         \
        begin(before);                                                                             \
        assert_ok(RtlUnicodeString##Verb##Ex(&to, from, &rest, 0));                                \
        assert_holds(after);                                                                       \
        assert_ptr_equal(rest.Buffer, (PCHAR)to.Buffer + to.Length);                               \
        assert_int_equal(rest.MaximumLength, to.MaximumLength - to.Length);                        \
        assert_cut(RtlUnicodeString##Verb##Ex(&to, long_one, NULL,                                 \
                                              STRSAFE_ZERO_LENGTH_ON_FAILURE));                    \
        assert_int_equal(to.Length, 0);                                                            \
        assert_refused(RtlUnicodeString##Verb##Ex(&to, from, NULL, 0x4000));                       \
    } while (0)

/* Two characters of it. */
#define PART_FORM(Unit, Verb, before, from, after, unit)                                           \
    do {                                                                                           \
        begin(before);                                                                             \
        assert_ok(RtlUnicodeString##Unit##Verb##N(&to, from, 2 * (unit)));                         \
        assert_holds(after);                                                                       \
        assert_refused(RtlUnicodeString##Unit##Verb##N(&to, NULL, 2 * (unit)));                    \
        assert_refused(RtlUnicodeString##Unit##Verb##N(                                            \
            &to, from, ((size_t)NTSTRSAFE_UNICODE_STRING_MAX_CCH + 1) * (unit)));                  \
        begin(before);                                                                             \
        assert_ok(RtlUnicodeString##Unit##Verb##NEx(&to, from, 2 * (unit), &rest, 0));             \
        assert_holds(after);                                                                       \
        assert_int_equal(rest.MaximumLength, to.MaximumLength - to.Length);                        \
        to.MaximumLength = 2;                                                                      \
        to.Length = 0;                                                                             \
        assert_cut(RtlUnicodeString##Unit##Verb##NEx(&to, from, 2 * (unit), &rest, 0));            \
        assert_int_equal(to.Length, 2);                                                            \
    } while (0)

static void counted_strings_are_copied_in_every_form(void **state)
{
    UNICODE_STRING abc = source(L"abc"), alphabet = source(L"abcdefg");

    (void)state;
    WHOLE_FORM(Copy, L"xy", &abc, L"abc", &alphabet, L"abcde");
    WHOLE_FORM(CopyString, L"xy", L"abc", L"abc", L"abcdefg", L"abcde");
    PART_FORM(Cb, Copy, L"xy", &abc, L"ab", sizeof(WCHAR));
    PART_FORM(Cb, CopyString, L"xy", L"abc", L"ab", sizeof(WCHAR));
    PART_FORM(Cch, Copy, L"xy", &abc, L"ab", 1);
    PART_FORM(Cch, CopyString, L"xy", L"abc", L"ab", 1);
}

static void counted_strings_are_appended_in_every_form(void **state)
{
    UNICODE_STRING abc = source(L"abc"), alphabet = source(L"abcdefg");

    (void)state;
    WHOLE_FORM(Cat, L"xy", &abc, L"xyabc", &alphabet, L"xyabc");
    WHOLE_FORM(CatString, L"xy", L"abc", L"xyabc", L"abcd", L"xyabc");
    PART_FORM(Cb, Cat, L"xy", &abc, L"xyab", sizeof(WCHAR));
    PART_FORM(Cb, CatString, L"xy", L"abc", L"xyab", sizeof(WCHAR));
    PART_FORM(Cch, Cat, L"xy", &abc, L"xyab", 1);
    PART_FORM(Cch, CatString, L"xy", L"abc", L"xyab", 1);
}

#define FORM_TESTS(Unit, Suffix)                                                     \
    cmocka_unit_test(copies_##Unit##Suffix), cmocka_unit_test(appends_##Unit##Suffix), \
        cmocka_unit_test(formats_##Unit##Suffix), cmocka_unit_test(lengths_##Unit##Suffix)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FORM_TESTS(Cb, A),
        FORM_TESTS(Cb, W),
        FORM_TESTS(Cch, A),
        FORM_TESTS(Cch, W),
        dirql_unit_test(counted_strings_are_copied_in_every_form),
        dirql_unit_test(counted_strings_are_appended_in_every_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

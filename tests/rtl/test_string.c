/*
 * test_string.c - counted strings: made, copied, appended, freed.
 */
#include "../check/rule.h"

static WCHAR buffer[8];

static UNICODE_STRING empty(USHORT bytes)
{
    UNICODE_STRING string;

    RtlInitEmptyUnicodeString(&string, buffer, bytes);
    RtlFillMemory(buffer, sizeof(buffer), 0x7E);
    return string;
}

static void strings_are_counted_without_their_null(void **state)
{
    UNICODE_STRING wide;
    ANSI_STRING narrow;
    UTF8_STRING utf8;

    (void)state;
    RtlInitUnicodeString(&wide, L"abc");
    assert_int_equal(wide.Length, 6);
    assert_int_equal(wide.MaximumLength, 8);
    RtlInitUnicodeString(&wide, NULL);
    assert_int_equal(wide.MaximumLength, 0);
    RtlInitAnsiString(&narrow, "abc");
    assert_int_equal(narrow.Length, 3);
    assert_int_equal(narrow.MaximumLength, 4);
    RtlInitString(&narrow, NULL);
    assert_null(narrow.Buffer);
    RtlInitUTF8String(&utf8, "\xC3\xA4");
    assert_int_equal(utf8.Length, 2);
}

static void empty_strings_have_a_buffer_and_no_text(void **state)
{
    char bytes[6];
    ANSI_STRING narrow = { 9, 9, NULL };
    UTF8_STRING utf8 = { 9, 9, NULL };
    UNICODE_STRING wide = { 9, 9, NULL };

    (void)state;
    RtlInitEmptyAnsiString(&narrow, bytes, sizeof(bytes));
    assert_int_equal(narrow.Length, 0);
    assert_int_equal(narrow.MaximumLength, 6);
    assert_ptr_equal(narrow.Buffer, bytes);
    RtlInitEmptyUTF8String(&utf8, bytes, 5);
    assert_int_equal(utf8.Length, 0);
    assert_int_equal(utf8.MaximumLength, 5);
    assert_ptr_equal(utf8.Buffer, bytes);
    RtlInitEmptyUnicodeString(&wide, buffer, 4);
    assert_int_equal(wide.Length, 0);
    assert_int_equal(wide.MaximumLength, 4);
    assert_ptr_equal(wide.Buffer, buffer);
}

static void names_that_are_too_long_are_refused(void **state)
{
    static WCHAR wide[40000];
    static char narrow[70000];
    UNICODE_STRING string;
    STRING text;

    (void)state;
    for (unsigned i = 0; i < 32766; i++) {
        wide[i] = L'x';
    }
    assert_int_equal(RtlInitUnicodeStringEx(&string, wide), STATUS_SUCCESS);
    assert_int_equal(string.Length, 65532);
    wide[32766] = L'x';
    assert_int_equal(RtlInitUnicodeStringEx(&string, wide), STATUS_NAME_TOO_LONG);
    RtlInitUnicodeString(&string, wide);
    assert_int_equal(string.Length, 65532);
    memset(narrow, 'x', 65535);
    assert_int_equal(RtlInitStringEx(&text, narrow), STATUS_NAME_TOO_LONG);
    RtlInitString(&text, narrow);
    assert_int_equal(text.Length, 65534);
    narrow[65534] = '\0';
    assert_int_equal(RtlInitAnsiStringEx(&text, narrow), STATUS_SUCCESS);
    assert_int_equal(text.MaximumLength, 65535);
    assert_int_equal(RtlInitUTF8StringEx(&text, NULL), STATUS_SUCCESS);
    assert_int_equal(text.Length, 0);
}

static void copying_cuts_off(void **state)
{
    DECLARE_CONST_UNICODE_STRING(source, L"abcd");
    UNICODE_STRING to = empty(6);

    (void)state;
    RtlCopyUnicodeString(&to, &source);
    assert_int_equal(to.Length, 6);
    assert_int_equal(buffer[2], L'c');
    assert_int_equal(buffer[3], 0x7E7E); /* No room for a null. */
    to = empty(10);
    RtlCopyUnicodeString(&to, &source);
    assert_int_equal(to.Length, 8);
    assert_int_equal(buffer[4], 0);
    assert_int_equal(buffer[5], 0x7E7E);
    RtlCopyUnicodeString(&to, NULL);
    assert_int_equal(to.Length, 0);
    assert_int_equal(to.MaximumLength, 10);
    assert_ptr_equal(to.Buffer, buffer);
}

static void ansi_copying_cuts_off(void **state)
{
    char text[4] = "....";
    STRING source = RTL_CONSTANT_STRING("abcd"), to = { 0, 3, text };

    (void)state;
    RtlCopyString(&to, &source);
    assert_int_equal(to.Length, 3);
    assert_memory_equal(text, "abc.", 4);
    RtlCopyString(&to, NULL);
    assert_int_equal(to.Length, 0);
}

static void appending_refuses_what_does_not_fit(void **state)
{
    DECLARE_CONST_UNICODE_STRING(ab, L"ab");
    UNICODE_STRING to = empty(10);

    (void)state;
    assert_int_equal(RtlAppendUnicodeStringToString(&to, &ab), STATUS_SUCCESS);
    assert_int_equal(RtlAppendUnicodeToString(&to, L"cd"), STATUS_SUCCESS);
    assert_int_equal(RtlAppendUnicodeToString(&to, NULL), STATUS_SUCCESS);
    assert_int_equal(to.Length, 8);
    assert_memory_equal(buffer, L"abcd", 10);
    assert_int_equal(RtlAppendUnicodeStringToString(&to, &ab), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(to.Length, 8);
    assert_int_equal(RtlAppendUnicodeToString(&to, L"e"), STATUS_SUCCESS);
    assert_int_equal(to.Length, 10);
    assert_int_equal(buffer[5], 0x7E7E);
}

static void a_string_is_appended_to_itself(void **state)
{
    UNICODE_STRING to = empty(12);

    (void)state;
    RtlAppendUnicodeToString(&to, L"ab");
    assert_int_equal(RtlAppendUnicodeStringToString(&to, &to), STATUS_SUCCESS);
    assert_memory_equal(buffer, L"abab", 10);
}

static void ansi_strings_are_appended(void **state)
{
    char text[4] = "a...";
    STRING to = { 1, 3, text }, source = RTL_CONSTANT_STRING("bc");

    (void)state;
    assert_int_equal(RtlAppendStringToString(&to, &source), STATUS_SUCCESS);
    assert_memory_equal(text, "abc.", 4);
    assert_int_equal(RtlAppendStringToString(&to, &source), STATUS_BUFFER_TOO_SMALL);
}

static void invalid_strings_are_told(void **state)
{
    UNICODE_STRING string = { 2, 4, buffer };

    (void)state;
    assert_int_equal(RtlValidateUnicodeString(0, &string), STATUS_SUCCESS);
    assert_int_equal(RtlValidateUnicodeString(1, &string), STATUS_INVALID_PARAMETER);
    string.Length = 3;
    assert_int_equal(RtlValidateUnicodeString(0, &string), STATUS_INVALID_PARAMETER);
    string.Length = 6;
    assert_int_equal(RtlValidateUnicodeString(0, &string), STATUS_INVALID_PARAMETER);
    string.Length = 2;
    string.Buffer = NULL;
    assert_int_equal(RtlValidateUnicodeString(0, &string), STATUS_INVALID_PARAMETER);
}

static void padding_is_zeroed(void **state)
{
    UNICODE_STRING string = empty(8);

    (void)state;
    string.Length = 4;
    RtlSanitizeUnicodeStringPadding(&string);
    assert_int_equal(buffer[1], 0x7E7E);
    assert_int_equal(buffer[2], 0);
    assert_int_equal(buffer[3], 0);
    assert_int_equal(buffer[4], 0x7E7E);
}

static void created_strings_are_freed_once(void **state)
{
    UNICODE_STRING string;

    (void)state;
    assert_true(RtlCreateUnicodeString(&string, L"abc"));
    assert_int_equal(string.Length, 6);
    assert_int_equal(string.MaximumLength, 8);
    assert_memory_equal(string.Buffer, L"abc", 8);
    RtlFreeUnicodeString(&string);
    assert_null(string.Buffer);
    assert_int_equal(string.MaximumLength, 0);
    RtlFreeUnicodeString(&string);
}

static void free_a_copy_too(void *context)
{
    UNICODE_STRING string, copy;

    (void)context;
    RtlCreateUnicodeString(&string, L"abc");
    copy = string;
    RtlFreeUnicodeString(&string);
    RtlFreeUnicodeString(&copy);
}

static void a_buffer_freed_twice_is_found(void **state)
{
    (void)state;
    rule_run(1, free_a_copy_too);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("PoolFreedTwice");
    assert_report_has("RtlFreeUnicodeString");
}

static void free_at_dispatch_level(void *context)
{
    UNICODE_STRING string;
    KIRQL irql;

    (void)context;
    RtlCreateUnicodeString(&string, L"abc");
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    RtlFreeUnicodeString(&string);
    KeLowerIrql(irql);
}

static void freeing_needs_apc_level(void **state)
{
    (void)state;
    assert_verifier(free_at_dispatch_level, 0xE5, DISPATCH_LEVEL, DIRQL_ANY, 0, "IrqlRtlApcLte");
}

static void copy_at_high_level(void *context)
{
    DECLARE_CONST_UNICODE_STRING(source, L"abcd");
    UNICODE_STRING to = empty(10);
    KIRQL irql;

    (void)context;
    KeRaiseIrql(HIGH_LEVEL, &irql);
    RtlCopyUnicodeString(&to, &source);
    (void)RtlAppendUnicodeToString(&to, L"e");
    KeLowerIrql(irql);
}

static void copying_is_for_any_level(void **state)
{
    (void)state;
    assert_kept(copy_at_high_level, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(strings_are_counted_without_their_null),
        dirql_unit_test(empty_strings_have_a_buffer_and_no_text),
        dirql_unit_test(names_that_are_too_long_are_refused),
        dirql_unit_test(copying_cuts_off),
        dirql_unit_test(ansi_copying_cuts_off),
        dirql_unit_test(appending_refuses_what_does_not_fit),
        dirql_unit_test(a_string_is_appended_to_itself),
        dirql_unit_test(ansi_strings_are_appended),
        dirql_unit_test(invalid_strings_are_told),
        dirql_unit_test(padding_is_zeroed),
        dirql_unit_test(created_strings_are_freed_once),
        cmocka_unit_test(a_buffer_freed_twice_is_found),
        cmocka_unit_test(freeing_needs_apc_level),
        cmocka_unit_test(copying_is_for_any_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

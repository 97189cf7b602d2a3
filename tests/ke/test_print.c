/*
 * test_print.c - DbgPrint, and the formats of the kernel's printf.
 */
#include <stdarg.h>
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <ntddk.h>

#include "ke/format.h"

static char text[600];

static size_t format(const char *form, ...)
{
    va_list arguments;
    size_t length;

    va_start(arguments, form);
    length = dq_format(text, sizeof(text), form, arguments);
    va_end(arguments);
    assert_int_equal(length, strlen(text));
    return length;
}

#define assert_format(expected, ...)         \
    do {                                     \
        format(__VA_ARGS__);                 \
        assert_string_equal(text, expected); \
    } while (0)

static void numbers_are_formatted_as_by_printf(void **state)
{
    (void)state;
    assert_format("-5 5 00042 0x2a 2A 52", "%d %u %05d %#x %X %o", -5, 5u, 42, 42u, 42u, 42u);
    assert_format("[   7][7   ][+7][ 7][007]", "[%4d][%-4d][%+d][% d][%.3d]", 7, 7, 7, 7, 7);
    assert_format("[    9][9]", "[%*d][%.*d]", 5, 9, 1, 9);
    assert_format("-2147483648", "%i", (int)(-2147483647 - 1));
    assert_format("0 []", "%d [%.0d]", 0, 0);
}

static void prefixes_choose_the_width(void **state)
{
    (void)state;
    assert_format("ffffffff -1 4294967295", "%lx %ld %lu", (ULONG)0xFFFFFFFF, (LONG)-1,
                  (ULONG)0xFFFFFFFF);
    assert_format("fedcba9876543210", "%I64x", 0xFEDCBA9876543210ull);
    assert_format("-1 18446744073709551615 9", "%lld %llu %zu", -1ll, 0xFFFFFFFFFFFFFFFFull,
                  (size_t)9);
    assert_format("ffff 34 -1", "%hx %hhx %hd", 0xFFFF, 0x1234, 0xFFFF);
    assert_format("7 8", "%I32d %Iu", 7, (ULONG_PTR)8);
}

static void pointers_have_all_their_digits(void **state)
{
    (void)state;
    assert_format("00000000DEADBEEF", "%p", (void *)(ULONG_PTR)0xDEADBEEF);
}

static void narrow_strings_are_formatted(void **state)
{
    ANSI_STRING counted = { 3, 4, (PCHAR) "abcd" };

    (void)state;
    assert_format("[abc][  abc][abc  ][ab]", "[%s][%5s][%-5s][%.2s]", "abc", "abc", "abc", "abc");
    assert_format("[abc] x 100%", "[%Z] %c %d%%", &counted, 'x', 100);
    assert_format("(null) (null)", "%s %wZ", (char *)NULL, (PUNICODE_STRING)NULL);
    assert_format("abc", "%hs", "abc");
}

static void wide_strings_are_formatted(void **state)
{
    UNICODE_STRING counted = { 3 * sizeof(WCHAR), 4 * sizeof(WCHAR), (PWCH)L"wide" };

    (void)state;
    assert_format("wide wide wide", "%ws %ls %S", L"wide", L"wide", L"wide");
    assert_format("[wid] [  wi]", "[%wZ] [%4.2wZ]", &counted, &counted);
    assert_format("w \xC3\xA9 \xE2\x82\xAC", "%wc %lc %C", L'w', 0xE9, 0x20AC);
}

static void floating_point_is_not_supported(void **state)
{
    (void)state;
    assert_format("%.2f then 3", "%.2f then %d", 1.5, 3);
}

static void unknown_conversions_are_printed_as_they_stand(void **state)
{
    (void)state;
    assert_format("%y 100%", "%y 100%");
}

static void output_is_cut_at_the_buffer(void **state)
{
    char small[8];
    va_list none;

    (void)state;
    memset(&none, 0, sizeof(none));
    assert_int_equal(dq_format(small, sizeof(small), "0123456789", none), 7);
    assert_string_equal(small, "0123456");
}

static void wide_formats_are_known_as_such(void **state)
{
    (void)state;
    assert_true(dq_format_is_wide("%d %ws"));
    assert_true(dq_format_is_wide("%wZ"));
    assert_true(dq_format_is_wide("%-10S"));
    assert_true(dq_format_is_wide("%lc"));
    assert_false(dq_format_is_wide("%s %Z %c %ld %lu %hS %%S"));
}

/* ---- The service ----------------------------------------------------------------------------- */

static void print_and_fail(void *context)
{
    (void)context;
    DbgPrint("device %u is %s\n", 3, "ready");
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "level %d\n", DPFLTR_ERROR_LEVEL);
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

static void what_was_printed_stands_in_the_report(void **state)
{
    dirql_result result;

    (void)state;
    assert_int_equal(dirql_run(NULL, print_and_fail, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "prints \"device 3 is ready\""));
    assert_non_null(strstr(result.report, "prints \"level 0\""));
    dirql_result_free(&result);
}

static void print_works_at_any_irql(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    assert_int_equal(DbgPrint("narrow %s", "text"), STATUS_SUCCESS);
    KeLowerIrql(old);
    assert_int_equal(DbgPrint("wide %ws", L"text"), STATUS_SUCCESS);
}

static void wide_format_above_passive_is_a_violation(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5, DISPATCH_LEVEL, DIRQL_ANY,
                               DIRQL_ANY);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    DbgPrint("wide %ws", L"text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_formatted_as_by_printf),
        cmocka_unit_test(prefixes_choose_the_width),
        cmocka_unit_test(pointers_have_all_their_digits),
        cmocka_unit_test(narrow_strings_are_formatted),
        cmocka_unit_test(wide_strings_are_formatted),
        cmocka_unit_test(floating_point_is_not_supported),
        cmocka_unit_test(unknown_conversions_are_printed_as_they_stand),
        cmocka_unit_test(output_is_cut_at_the_buffer),
        cmocka_unit_test(wide_formats_are_known_as_such),
        cmocka_unit_test(what_was_printed_stands_in_the_report),
        dirql_unit_test(print_works_at_any_irql),
        dirql_unit_test(wide_format_above_passive_is_a_violation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

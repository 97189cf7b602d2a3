/*
 * test_json.c - whatever bytes there are, it is JSON.
 */
#include <dirql/cmocka.h>

#include <stdlib.h>

#include "report/json.h"

static void assert_written(const char *value, const char *expected)
{
    dq_text out = { 0 };
    dq_json json = { .out = &out };

    dq_json_text(&json, NULL, value);
    assert_string_equal(out.text, expected);
    free(out.text);
}

static void text_is_quoted(void **state)
{
    (void)state;
    assert_written("a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\"");
    assert_written("", "\"\"");
    assert_written("line\nnext\ttab\x1B[0m", "\"line\\nnext\\u0009tab\\u001b[0m\"");
    assert_written("100 % of %s", "\"100 % of %s\"");
}

static void characters_beyond_ascii_stay(void **state)
{
    (void)state;
    assert_written("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80", "\"\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80\"");
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
    (void)state;
    assert_written("a\x80z", "\"a\xEF\xBF\xBDz\"");
    assert_written("\xC3", "\"\xEF\xBF\xBD\"");                                     /* Cut short. */
    assert_written("\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                     /* Overlong. */
    assert_written("\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");     /* Surrogate. */
    assert_written("\xF5", "\"\xEF\xBF\xBD\"");
}

static void members_and_elements_have_commas_between(void **state)
{
    dq_text out = { 0 };
    dq_json json = { .out = &out };

    (void)state;
    dq_json_begin(&json, NULL, '{');
    dq_json_number(&json, "n", UINT64_MAX);
    dq_json_begin(&json, "a", '[');
    dq_json_bool(&json, NULL, true);
    dq_json_raw(&json, NULL, "null");
    dq_json_end(&json, ']');
    dq_json_begin(&json, "e", '{');
    dq_json_end(&json, '}');
    dq_json_text(&json, "t", "x");
    dq_json_end(&json, '}');
    assert_string_equal(out.text,
                        "{\"n\":18446744073709551615,\"a\":[true,null],\"e\":{},\"t\":\"x\"}");
    free(out.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_quoted),
        cmocka_unit_test(characters_beyond_ascii_stay),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced),
        cmocka_unit_test(members_and_elements_have_commas_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

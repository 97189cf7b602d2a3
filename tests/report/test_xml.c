/*
 * test_xml.c - whatever bytes there are, it is XML 1.0.
 */
#include <dirql/cmocka.h>

#include <stdlib.h>

#include "report/xml.h"

static void assert_text(const char *value, const char *expected)
{
    dq_text out = { 0 };

    dq_xml_text(&out, value);
    assert_string_equal(out.text, expected);
    free(out.text);
}

static void markup_is_taken_for_text(void **state)
{
    (void)state;
    assert_text("a < b && c ]]> d", "a &#60; b &#38;&#38; c ]]&#62; d");
    assert_text("one\ntwo\r\n\tthree", "one\ntwo&#13;\n&#9;three");
}

static void an_attribute_keeps_its_lines(void **state)
{
    dq_text out = { 0 };

    (void)state;
    dq_xml_attribute(&out, "message", "\"it's\"\nso");
    assert_string_equal(out.text, " message=\"&#34;it&#39;s&#34;&#10;so\"");
    free(out.text);
}

static void control_characters_become_pictures(void **state)
{
    (void)state;
    assert_text("\x1B[1m\x01\x7F", "\xE2\x90\x9B[1m\xE2\x90\x81\xE2\x90\xA1");
}

static void what_cannot_be_said_is_replaced(void **state)
{
    (void)state;
    assert_text("\xFFz", "\xEF\xBF\xBDz");
    assert_text("\xEF\xBF\xBF!", "\xEF\xBF\xBD!"); /* U+FFFF */
    assert_text("\xE2\x82\xAC", "\xE2\x82\xAC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_is_taken_for_text),
        cmocka_unit_test(an_attribute_keeps_its_lines),
        cmocka_unit_test(control_characters_become_pictures),
        cmocka_unit_test(what_cannot_be_said_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_ksdebug.c: _DbgPrintF in a checked build.
 */
#undef DBG
#define DBG 1
#define STR_MODULENAME "sound: "

#include <ksdebug.h>

#include <dirql/cmocka.h>
#include <dirql/trace.h>

#include <string.h>

static void text_is_printed_up_to_the_level_of_the_source(void **state)
{
    char *text;

    (void)state;
    dirql_trace_start();
    if (strlen(STR_MODULENAME) > 0)
        _DbgPrintF(DEBUGLVL_TERSE, ("opened %d pins", 3));
    else
        _DbgPrintF(DEBUGLVL_ERROR, ("never"));
    _DbgPrintF(DEBUGLVL_VERBOSE, ("chatter"));
    text = dirql_trace_text();
    assert_non_null(strstr(text, STR_MODULENAME));
    assert_non_null(strstr(text, "opened 3 pins"));
    assert_null(strstr(text, "chatter"));
    assert_null(strstr(text, "never"));
    dirql_trace_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(text_is_printed_up_to_the_level_of_the_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

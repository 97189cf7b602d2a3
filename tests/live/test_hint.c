/*
 * test_hint.c - a live run that failed tells the command that looks for the same, with the
 * program's own arguments.
 */
#include "live.h"

static const char asked[] = "--print-the-hint";
static char *arguments[5];

static void fail_at_once(void *context)
{
    (void)context;
    dirql_fail("it", 1, "as it should");
}

/* This program, called in another way. */
static int print_hint(void)
{
    live_run(1, fail_at_once, NULL);
    puts(live_result.repeat);
    dirql_result_free(&live_result);
    return 0;
}

static void call_itself(void *context)
{
    (void)context;
    execv("/proc/self/exe", arguments);
}

static void call_with(const char *first, const char *second)
{
    arguments[0] = (char *)"another-name";
    arguments[1] = (char *)asked;
    arguments[2] = (char *)first;
    arguments[3] = (char *)second;
    assert_int_equal(child_run(call_itself, NULL), 0);
}

static void arguments_of_the_program_are_in_the_command(void **state)
{
    (void)state;
    call_with("-v", "--file=a.txt");
    assert_child_said("DIRQL_PROCESSORS=1 ./live.hint --print-the-hint -v --file=a.txt || break");
}

static void where_there_are_no_others_none_are_added(void **state)
{
    (void)state;
    call_with(NULL, NULL);
    assert_child_said(" ./live.hint --print-the-hint || break");
}

static void arguments_are_quoted_for_the_shell(void **state)
{
    (void)state;
    call_with("two words; $it", "");
    assert_child_said(" ./live.hint --print-the-hint 'two words; $it' '' || break");
    call_with("it's", "*");
    assert_child_said(" ./live.hint --print-the-hint 'it'\\''s' '*' || break");
}

static void a_long_argument_is_not_cut(void **state)
{
    static char text[20001];

    (void)state;
    memset(text, 'a', sizeof(text) - 2);
    text[sizeof(text) - 2] = 'z';
    call_with(text, "b");
    assert_child_said("aaz b || break");
}

int main(int count, char **words)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_of_the_program_are_in_the_command),
        cmocka_unit_test(where_there_are_no_others_none_are_added),
        cmocka_unit_test(arguments_are_quoted_for_the_shell),
        cmocka_unit_test(a_long_argument_is_not_cut),
    };

    return count > 1 && strcmp(words[1], asked) == 0 ? print_hint()
                                                      : cmocka_run_group_tests(tests, NULL, NULL);
}

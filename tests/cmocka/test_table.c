/*
 * The table of CMocka's functions and the names that send their callers home say the same.
 */
#include <dirql/cmocka.h>

#define SPELLING(tokens) #tokens
#define EXPANDED(tokens) SPELLING(tokens)

typedef struct route {
    const char *name;
    const char *goes_to;
    const char *wanted;
} route;

static const route routes[] = {
#define DIRQL_CMOCKA_CALL(count, name, ...) { #name, EXPANDED(name), "dirql_cmocka" #name },
#define DIRQL_CMOCKA_ANSWER(result, count, name, ...) \
    { #name, EXPANDED(name), "dirql_cmocka" #name },
#define DIRQL_CMOCKA_EXIT(passes, count, name, ...) { #name, EXPANDED(name), "dirql_cmocka" #name },
#include <dirql/cmocka_table.h>
};

static void every_row_has_its_route(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof routes / sizeof routes[0]; i++)
        assert_string_equal(routes[i].goes_to, routes[i].wanted);
    assert_true(i > 30);
}

static void functions_without_a_row_are_routed(void **state)
{
    (void)state;
    assert_string_equal(EXPANDED(mock_assert), "dirql_cmocka_mock_assert");
    assert_string_equal(EXPANDED(print_message), "dirql_cmocka_print_message");
    assert_string_equal(EXPANDED(print_error), "dirql_cmocka_print_error");
    assert_string_equal(EXPANDED(vprint_message), "dirql_cmocka_vprint_message");
    assert_string_equal(EXPANDED(vprint_error), "dirql_cmocka_vprint_error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_route),
        cmocka_unit_test(functions_without_a_row_are_routed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

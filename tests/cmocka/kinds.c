/*
 * Several tests of one function. check_kinds.cmake runs one of them.
 */
#include <dirql/cmocka.h>

static void does_nothing(void **state)
{
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(does_nothing),
        dirql_explore_test(does_nothing),
        dirql_fail_each_test(does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

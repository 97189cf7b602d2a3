/* test_trynames.c - try, except and finally, as C drivers may write them. */
#include <dirql/cmocka.h>

#include <ntddk.h>

#include "story.h"

static void the_names_without_underscores_are_the_same_statements(void **state)
{
    (void)state;
    begin_story();
    try {
        try {
            tell('b');
            ExRaiseStatus(STATUS_NO_MEMORY);
        } finally {
            tell('f');
        }
    }
    except(EXCEPTION_EXECUTE_HANDLER)
    {
        tell('h');
    }
    assert_string_equal(story, "bfh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(the_names_without_underscores_are_the_same_statements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

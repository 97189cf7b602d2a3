/* Tests of lib/rtl/generictable.c and lib/rtl/tableuse.c. */
#include "table_tests.h"

static void a_lookup_makes_its_element_the_root(void **state)
{
    (void)state;
    fill();
    for (int i = 0; i < ELEMENTS; i++) {
        const entry *e = look_up(i);

        assert_ptr_equal((const char *)e, (const char *)table.TableRoot + sizeof(RTL_SPLAY_LINKS) +
                                              sizeof(LIST_ENTRY));
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TESTS,
        dirql_unit_test(a_lookup_makes_its_element_the_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

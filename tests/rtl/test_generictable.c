/* Tests of lib/rtl/generictable.c and lib/rtl/tableuse.c. */
#define SYSTEM_BYTES (sizeof(RTL_SPLAY_LINKS) + sizeof(LIST_ENTRY))
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

static void an_enumeration_without_splaying_leaves_the_root(void **state)
{
    const RTL_SPLAY_LINKS *root;

    (void)state;
    fill();
    (void)look_up(30);
    root = table.TableRoot;
    assert_int_equal(count_in_order(), ELEMENTS);
    assert_ptr_equal(table.TableRoot, root);
    assert_non_null(RtlEnumerateGenericTable(&table, TRUE));
    assert_ptr_not_equal(table.TableRoot, root);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TESTS,
        dirql_unit_test(a_lookup_makes_its_element_the_root),
        dirql_unit_test(an_enumeration_without_splaying_leaves_the_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

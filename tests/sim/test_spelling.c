/*
 * test_spelling.c - how far apart two names are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim/spelling.h"

static void equal_names_are_no_step_apart(void **state)
{
    (void)state;
    assert_int_equal(dq_spelling_distance("", ""), 0);
    assert_int_equal(dq_spelling_distance("MODE", "MODE"), 0);
    assert_int_equal(dq_spelling_distance("mode", "MODE"), 0);
}

static void each_slip_is_a_step(void **state)
{
    (void)state;
    assert_int_equal(dq_spelling_distance("PROCESORS", "PROCESSORS"), 1);
    assert_int_equal(dq_spelling_distance("PROCESSSORS", "PROCESSORS"), 1);
    assert_int_equal(dq_spelling_distance("PROCASSORS", "PROCESSORS"), 1);
    assert_int_equal(dq_spelling_distance("PORCESSORS", "PROCESSORS"), 1);
    assert_int_equal(dq_spelling_distance("PORCESSOR", "PROCESSORS"), 2);
    assert_int_equal(dq_spelling_distance("", "MODE"), 4);
    assert_int_equal(dq_spelling_distance("ab", "cd"), 2);
}

static void the_distance_is_the_same_both_ways(void **state)
{
    static const char *const names[] = { "", "a", "ab", "ba", "acb", "MODE", "MOED", "REPLAY",
                                         "REPORT", "TRACE" };

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        for (unsigned j = 0; j < 10; j++) {
            assert_int_equal(dq_spelling_distance(names[i], names[j]),
                             dq_spelling_distance(names[j], names[i]));
        }
    }
}

static void short_names_have_one_slip_and_others_two(void **state)
{
    (void)state;
    assert_true(dq_spelling_is_slip("MOED", "MODE"));
    assert_false(dq_spelling_is_slip("HOME", "MODE"));
    assert_true(dq_spelling_is_slip("REPROT", "REPORT"));
    assert_false(dq_spelling_is_slip("ROOT", "REPORT"));
}

static void very_long_names_are_far_apart(void **state)
{
    const char *name = "a_name_of_more_than_sixty_four_letters_is_not_looked_at_letter_by_letter";

    (void)state;
    assert_int_equal(dq_spelling_distance(name, name), 0);
    assert_int_equal(dq_spelling_distance(name, "a"), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_names_are_no_step_apart),
        cmocka_unit_test(each_slip_is_a_step),
        cmocka_unit_test(the_distance_is_the_same_both_ways),
        cmocka_unit_test(short_names_have_one_slip_and_others_two),
        cmocka_unit_test(very_long_names_are_far_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

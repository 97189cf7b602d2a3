/*
 * test_units.c - each function of instrumented C++ is known as such, whatever the linker leaves out
 * of what several files have.
 */
#include <dirql/cmocka.h>

#include "sim/instrumented.h"
#include "unit.h"

#define PLACE(function) ((const void *)(uintptr_t)(function))

static void functions_of_both_files_are_known(void **state)
{
    (void)state;
    assert_true(dq_access_instrumented(PLACE(count_here)));
    assert_true(dq_access_instrumented(PLACE(count_there)));
}

static void what_is_not_instrumented_is_known(void **state)
{
    (void)state;
    assert_false(dq_access_instrumented(PLACE(functions_of_both_files_are_known)));
}

static void an_inline_function_works_in_both(void **state)
{
    (void)state;
    assert_int_equal(count_here(), 1);
    assert_int_equal(count_there(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_both_files_are_known),
        cmocka_unit_test(what_is_not_instrumented_is_known),
        cmocka_unit_test(an_inline_function_works_in_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

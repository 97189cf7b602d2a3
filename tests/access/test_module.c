/*
 * test_module.c - which code is instrumented can be asked, and it is tried whether its accesses
 * arrive.
 */
#include <dirql/cmocka.h>

#include <string.h>

#include "plains.h"
#include "sim/instrumented.h"

#define PLACE(function, offset) ((const void *)((uintptr_t)(function) + (offset)))

typedef struct search {
    const char *target;
    const char *file;
    unsigned found;
    bool arrives;
} search;

static void compare(void *owner, const char *target, const char *file, bool arrives)
{
    search *s = owner;

    if (strcmp(target, s->target) == 0 && (strcmp(file, s->file) == 0 || file[0] == '\0')) {
        s->found++;
        s->arrives = arrives;
    }
}

static void each_file_is_a_unit_whose_accesses_arrive(void **state)
{
    search s = { .target = "touched_module", .file = "plains.c" };

    (void)state;
    assert_int_equal(dq_access_units(compare, &s), 1);
    assert_int_equal(s.found, 1);
    assert_true(s.arrives);
}

static void write_unseen(volatile char *at)
{
    *at = 1;
}

static void a_unit_without_instrumentation_is_found_out(void **state)
{
    const dq_unit unit = { "forgotten", "forgotten.c", write_unseen };
    dq_instrumented module = { .units = &unit, .units_end = &unit + 1 };
    search s = { .target = "forgotten", .file = "forgotten.c", .arrives = true };

    (void)state;
    dq_instrumented_add(&module);
    assert_int_equal(dq_access_units(compare, &s), 2);
    dq_instrumented_remove(&module);
    assert_int_equal(s.found, 1);
    assert_false(s.arrives);
    assert_int_equal(dq_access_units(compare, &s), 1);
}

static void functions_of_instrumented_files_are_told_apart(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) { /* The second answer is a remembered one. */
        assert_true(dq_access_instrumented(PLACE(store_4, 0)));
        assert_true(dq_access_instrumented(PLACE(count_up, 9)));
        assert_false(dq_access_instrumented(PLACE(compare, 0)));
        assert_false(dq_access_instrumented(PLACE(compare, 9)));
        assert_false(dq_access_instrumented(state));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(each_file_is_a_unit_whose_accesses_arrive),
        dirql_unit_test(a_unit_without_instrumentation_is_found_out),
        dirql_unit_test(functions_of_instrumented_files_are_told_apart),
        cmocka_unit_test(each_file_is_a_unit_whose_accesses_arrive),
        cmocka_unit_test(functions_of_instrumented_files_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

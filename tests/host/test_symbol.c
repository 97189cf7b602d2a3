/*
 * test_symbol.c - code has names.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "unindexed.h"

static __attribute__((noinline)) int a_static_function(int value)
{
    return value * 3 + 1;
}

extern int an_external_function(int value);

enum { LINE_OF_FUNCTION = __LINE__ + 2 };

__attribute__((noinline)) int an_external_function(int value)
{
    return a_static_function(value) + 2;
}

static const char *address_in(int (*function)(int), size_t offset)
{
    return (const char *)(uintptr_t)function + offset;
}

static void a_function_of_the_executable_is_named(void **state)
{
    host_symbol symbol;

    (void)state;
    host_symbol_find(address_in(an_external_function, 3), &symbol);
    assert_string_equal(symbol.function, "an_external_function");
    assert_int_equal(symbol.offset, 3);
    assert_true(strlen(symbol.module) > 0);
}

static void a_static_function_is_named(void **state)
{
    host_symbol symbol;

    (void)state;
    host_symbol_find(address_in(a_static_function, 0), &symbol);
    assert_string_equal(symbol.function, "a_static_function");
    assert_int_equal(symbol.offset, 0);
}

/* As compilers name what they have made of a function. */
extern int a_copy(int value) __asm__("the_function.constprop.0");

__attribute__((noinline)) int a_copy(int value)
{
    return value + 1;
}

static void a_copy_that_the_compiler_made_has_its_functions_name(void **state)
{
    host_symbol symbol;

    (void)state;
    host_symbol_find(address_in(a_copy, 1), &symbol);
    assert_string_equal(symbol.function, "the_function");
    assert_int_equal(symbol.offset, 1);
}

static void a_function_of_a_library_is_named(void **state)
{
    host_symbol symbol;

    (void)state;
    host_symbol_find(address_in(abs, 0), &symbol);
    assert_true(strlen(symbol.function) > 0);
    assert_non_null(strstr(symbol.module, ".so"));
}

static void a_line_is_named_if_it_is_known(void **state)
{
    host_symbol symbol;

    (void)state;
    host_symbol_find(address_in(an_external_function, 0), &symbol);
    if (symbol.line == 0) {
        assert_string_equal(symbol.file, "");
        return;
    }
    assert_string_equal(symbol.file, "test_symbol.c");
    assert_in_range(symbol.line, LINE_OF_FUNCTION - 1, LINE_OF_FUNCTION + 3);
}

static void a_line_is_named_that_no_index_of_addresses_knows(void **state)
{
    const int line = line_of_unindexed_function;
    host_symbol symbol;

    (void)state;
    host_symbol_find(address_in(an_external_function, 0), &symbol);
    if (symbol.line == 0) {
        skip();
    }
    for (size_t offset = 0; offset < 2; offset++) { /* The second time it is remembered. */
        host_symbol_find(address_in(an_unindexed_function, offset), &symbol);
        assert_string_equal(symbol.function, "an_unindexed_function");
        assert_string_equal(symbol.file, "unindexed.c");
        assert_in_range(symbol.line, line, line + 3);
    }
    host_symbol_find(address_in(an_external_function, 0), &symbol);
    assert_string_equal(symbol.file, "test_symbol.c");
}

static void data_and_nothing_have_no_function(void **state)
{
    host_symbol symbol;
    int local = 0;

    (void)state;
    host_symbol_find(&local, &symbol);
    assert_string_equal(symbol.function, "");
    assert_string_equal(symbol.file, "");
    assert_int_equal(symbol.line, 0);
    host_symbol_find(NULL, &symbol);
    assert_string_equal(symbol.function, "");
    assert_string_equal(symbol.module, "");
}

static __attribute__((noinline)) const char *place_of_the_call(void)
{
    return (const char *)__builtin_return_address(0) - 1;
}

static inline __attribute__((always_inline)) const char *an_inlined_function(void)
{
    const char *place = place_of_the_call();

    __asm__ volatile("" ::: "memory"); /* The call is not the last thing that it does. */
    return place;
}

static void inlined_code_is_named_by_the_function_that_was_inlined(void **state)
{
    host_symbol symbol;

    (void)state;
    host_symbol_find(an_inlined_function(), &symbol);
    if (symbol.line == 0) {
        skip(); /* There is no debug information. */
    }
    assert_string_equal(symbol.function, "an_inlined_function");
}

static inline __attribute__((always_inline, artificial)) const char *a_part_of_its_caller(void)
{
    const char *place = place_of_the_call();

    __asm__ volatile("" ::: "memory");
    return place;
}

static inline __attribute__((always_inline, artificial)) const char *a_part_of_a_part(void)
{
    return a_part_of_its_caller();
}

static void what_is_a_part_of_its_caller_is_at_the_call(void **state)
{
    host_symbol symbol;
    int line;

    (void)state;
    line = __LINE__ + 1;
    host_symbol_find(a_part_of_a_part(), &symbol);
    if (symbol.line == 0) {
        skip();
    }
    assert_string_equal(symbol.function, "what_is_a_part_of_its_caller_is_at_the_call");
    assert_string_equal(symbol.file, "test_symbol.c");
    assert_int_equal(symbol.line, line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_of_the_executable_is_named),
        cmocka_unit_test(a_static_function_is_named),
        cmocka_unit_test(a_copy_that_the_compiler_made_has_its_functions_name),
        cmocka_unit_test(a_function_of_a_library_is_named),
        cmocka_unit_test(a_line_is_named_if_it_is_known),
        cmocka_unit_test(inlined_code_is_named_by_the_function_that_was_inlined),
        cmocka_unit_test(what_is_a_part_of_its_caller_is_at_the_call),
        cmocka_unit_test(a_line_is_named_that_no_index_of_addresses_knows),
        cmocka_unit_test(data_and_nothing_have_no_function),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

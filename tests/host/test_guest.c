/*
 * test_guest.c - guest code is told from runtime libraries.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/guest.h"
#include "host/host.h"

static host_guest guest;

static void function_of_the_test(void) {}

static uintptr_t library_function(const char *name)
{
    return (uintptr_t)dlsym(RTLD_DEFAULT, name);
}

/* An executable with a sanitizer in it is a case of its own. */
static void need_plain_executable(void)
{
    host_guest_read(&guest, HOST_GUEST_TO_INTERRUPT);
    if (guest.has_heap_inside) {
        skip();
    }
}

static void the_test_is_guest_code(void **state)
{
    (void)state;
    need_plain_executable();
    host_guest_read(&guest, HOST_GUEST_TO_LEAVE);
    assert_true(host_guest_has(&guest, (uintptr_t)function_of_the_test));
    host_guest_read(&guest, HOST_GUEST_TO_INTERRUPT);
    assert_true(host_guest_has(&guest, (uintptr_t)function_of_the_test));
    assert_true(guest.modules >= 1);
}

static void runtime_libraries_are_not(void **state)
{
    static const char *const names[] = { "malloc", "printf", "pthread_mutex_lock",
                                         "_cmocka_run_group_tests", "dlopen" };
    size_t i;

    (void)state;
    need_plain_executable();
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        host_guest_read(&guest, HOST_GUEST_TO_LEAVE);
        assert_false(host_guest_has(&guest, library_function(names[i])));
        host_guest_read(&guest, HOST_GUEST_TO_INTERRUPT);
        assert_false(host_guest_has(&guest, library_function(names[i])));
    }
}

static void data_and_nothing_are_not(void **state)
{
    int here;

    (void)state;
    host_guest_read(&guest, HOST_GUEST_TO_INTERRUPT);
    assert_false(host_guest_has(&guest, 0));
    assert_false(host_guest_has(&guest, UINTPTR_MAX));
    assert_false(host_guest_has(&guest, (uintptr_t)&here));
    assert_false(host_guest_has(&guest, (uintptr_t)&guest));
}

static void an_executable_with_a_sanitizer_is_not_to_be_interrupted(void **state)
{
    (void)state;
    host_guest_read(&guest, HOST_GUEST_TO_INTERRUPT);
    assert_true(host_guest_has(&guest, (uintptr_t)function_of_the_test) == !guest.has_heap_inside);
}

static uintptr_t load_module(void **module)
{
    *module = dlopen(HOST_TEST_MODULE, RTLD_NOW);
    assert_non_null(*module);
    return (uintptr_t)dlsym(*module, "module_function");
}

static void a_loaded_module_is_guest_code_until_it_goes(void **state)
{
    uintptr_t function;
    void *module;

    (void)state;
    host_guest_renew(false);
    function = load_module(&module);
    assert_false(host_guest_has_now(function)); /* Nobody has looked again. */
    host_guest_renew(false);
    assert_true(host_guest_has_now(function));
    dlclose(module);
    host_guest_renew(false);
    assert_false(host_guest_has_now(function));
}

static void one_may_ask_to_look_again(void **state)
{
    uintptr_t function;
    void *module;

    (void)state;
    host_guest_renew(false);
    function = load_module(&module);
    host_kicks_look_again();
    assert_true(host_guest_has_now(function));
    dlclose(module);
    host_kicks_look_again();
}

static void looking_again_changes_nothing_else(void **state)
{
    int i;

    (void)state;
    need_plain_executable();
    for (i = 0; i < 10; i++) {
        host_kicks_look_again();
        assert_true(host_guest_has_now((uintptr_t)function_of_the_test));
        assert_false(host_guest_has_now(library_function("malloc")));
    }
}

static void a_module_makes_kicks_possible_whatever_the_executable_holds(void **state)
{
    void *module;

    (void)state;
    load_module(&module);
    assert_true(host_kicks_can_be_had(NULL, 0));
    dlclose(module);
}

static void a_module_has_a_name(void **state)
{
    char name[64];
    void *module;

    (void)state;
    host_guest_module(load_module(&module), name, sizeof name);
    assert_non_null(strstr(name, "module"));
    dlclose(module);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_test_is_guest_code),
        cmocka_unit_test(runtime_libraries_are_not),
        cmocka_unit_test(data_and_nothing_are_not),
        cmocka_unit_test(an_executable_with_a_sanitizer_is_not_to_be_interrupted),
        cmocka_unit_test(a_loaded_module_is_guest_code_until_it_goes),
        cmocka_unit_test(one_may_ask_to_look_again),
        cmocka_unit_test(looking_again_changes_nothing_else),
        cmocka_unit_test(a_module_makes_kicks_possible_whatever_the_executable_holds),
        cmocka_unit_test(a_module_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

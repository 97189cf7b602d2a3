/*
 * test_exception.cpp - each context has C++ exceptions of its own.
 *
 * CMocka's header comes last: it is C, and the context's functions are declared for C too.
 */
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <exception>
#include <stdexcept>
#include <string>

extern "C" {
#include <cmocka.h>

#define _Noreturn [[noreturn]]
#include "host/host.h"
#undef _Noreturn
}

namespace {

const std::size_t stack_bytes = 256 * 1024;

host_context home;
host_context other;

std::string seen;

void throw_and_switch_in_handler(void *)
{
    try {
        throw std::runtime_error("other");
    } catch (const std::exception &) {
        host_context_switch(&other, &home);
        try {
            throw; /* The one of this context, whatever home has in hand now. */
        } catch (const std::exception &again) {
            seen += again.what();
        }
    }
    host_context_switch(&other, &home);
    host_context_leave(&other, &home);
}

void handlers_of_two_contexts_are_independent(void **)
{
    seen.clear();
    host_context_adopt(&home);
    assert_true(host_context_make(&other, stack_bytes, throw_and_switch_in_handler, nullptr));
    try {
        throw std::runtime_error("home");
    } catch (const std::exception &) {
        host_context_switch(&home, &other); /* Now both are in a handler. */
        assert_true(std::current_exception() != nullptr);
        host_context_switch(&home, &other); /* The other one leaves its handler first. */
        try {
            throw;
        } catch (const std::exception &again) {
            seen += again.what();
        }
    }
    assert_string_equal(seen.c_str(), "otherhome");
    host_context_release(&other);
}

struct switches_when_destroyed {
    host_context *from;
    host_context *to;
    bool *unwinding;

    ~switches_when_destroyed()
    {
        host_context_switch(from, to);
        *unwinding = std::uncaught_exception();
    }
};

bool other_unwinds;
bool other_still_unwinds;

void unwind_over_a_switch(void *)
{
    try {
        switches_when_destroyed guard = { &other, &home, &other_still_unwinds };
        (void)guard;
        throw 1;
    } catch (int) {
        other_unwinds = std::uncaught_exception();
    }
    host_context_leave(&other, &home);
}

void unwinding_is_a_matter_of_one_context(void **)
{
    other_unwinds = true;
    other_still_unwinds = false;
    host_context_adopt(&home);
    assert_true(host_context_make(&other, stack_bytes, unwind_over_a_switch, nullptr));
    host_context_switch(&home, &other);
    assert_false(std::uncaught_exception());
    host_context_switch(&home, &other);
    assert_true(other_still_unwinds);
    assert_false(other_unwinds);
    host_context_release(&other);
}

void throw_through_frames(int depth)
{
    std::string local(100, 'x');

    if (depth == 0) {
        throw std::runtime_error(local);
    }
    throw_through_frames(depth - 1);
}

void throw_and_catch(void *argument)
{
    for (int i = 0; i < 100; i++) {
        try {
            throw_through_frames(20);
        } catch (const std::exception &) {
            ++*static_cast<int *>(argument);
        }
    }
    host_context_leave(&other, &home);
}

void exceptions_unwind_on_a_context(void **)
{
    int caught = 0;

    host_context_adopt(&home);
    assert_true(host_context_make(&other, stack_bytes, throw_and_catch, &caught));
    host_context_switch(&home, &other);
    assert_int_equal(caught, 100);
    host_context_release(&other);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handlers_of_two_contexts_are_independent),
        cmocka_unit_test(unwinding_is_a_matter_of_one_context),
        cmocka_unit_test(exceptions_unwind_on_a_context),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}

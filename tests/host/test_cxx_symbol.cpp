/*
 * test_cxx_symbol.cpp - functions of C++ have the names that their source gives them.
 */
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <string>

extern "C" {
#include <cmocka.h>

#define _Noreturn [[noreturn]]
#include "host/host.h"
#undef _Noreturn
}

class Miniport {
public:
    static int Isr(void *context);
};

int Miniport::Isr(void *context)
{
    return context != nullptr;
}

static __attribute__((noinline)) const char *place_of_the_call()
{
    return static_cast<const char *>(__builtin_return_address(0)) - 1;
}

class Inlined {
public:
    __attribute__((always_inline)) static const char *Place(int)
    {
        const char *place = place_of_the_call();

        __asm__ volatile("" ::: "memory"); /* The call is not the last thing that it does. */
        return place;
    }
};

/* Outside the namespace: clang writes what is in one where libdw does not look for inlined code. */
static void an_inlined_method_is_named_with_its_class_too(void **)
{
    const char *place = Inlined::Place(1);
    host_symbol symbol;

    host_symbol_find(place, &symbol);
    if (symbol.line == 0) {
        skip(); /* There is no debug information. */
    }
    assert_string_equal(symbol.function, "Inlined::Place");
}

namespace {

int hidden(int (*function)(void *))
{
    return function(nullptr);
}

/* A string, so that the program needs the C++ library, which spells names out. */
std::string name_of(const void *address)
{
    host_symbol symbol;

    host_symbol_find(address, &symbol);
    return symbol.function;
}

void a_method_is_named_with_its_class_and_without_parameters(void **)
{
    assert_string_equal(name_of(reinterpret_cast<const void *>(&Miniport::Isr)).c_str(),
                        "Miniport::Isr");
}

void parentheses_of_the_name_itself_are_kept(void **)
{
    int (*volatile function)(int (*)(void *)) = hidden;

    assert_string_equal(name_of(reinterpret_cast<const void *>(function)).c_str(),
                        "(anonymous namespace)::hidden");
}

} /* namespace */

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_method_is_named_with_its_class_and_without_parameters),
        cmocka_unit_test(an_inlined_method_is_named_with_its_class_too),
        cmocka_unit_test(parentheses_of_the_name_itself_are_kept),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}

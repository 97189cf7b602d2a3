/*
 * test_operators.cpp - plain delete of pool objects, beside ordinary C++.
 */
#include <portcls.h>
#include <stdunk.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/dirql.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "blocks.h"

enum { TAG = 0x54534554 };

/* AddressSanitizer's malloc ends the program when there is no memory, unless it is told not to.
 * */
extern "C" __attribute__((visibility("default"))) const char *__asan_default_options();

const char *__asan_default_options()
{
    return "allocator_may_return_null=1";
}

namespace {

int destroyed;

/* As drivers have them: no base class, no operators of its own. */
struct Plain {
    int value[8];
    ~Plain() { destroyed++; }
};

struct Virtual {
    virtual ~Virtual() {}
};

struct Derived : Virtual {
    Plain part;
};

struct Large {
    char bytes[3 * PAGE_SIZE];
};

int start(void **)
{
    destroyed = 0;
    return 0;
}

/* ---- In a run -------------------------------------------------------------------------------- */

void plain_delete_gives_a_pool_object_back(void **)
{
    Plain *object = new (NonPagedPoolNx, TAG) Plain;

    assert_int_equal(blocks_in_use(), 1);
    delete object;
    assert_int_equal(destroyed, 1);
    assert_int_equal(blocks_in_use(), 0);
}

void so_does_delete_through_a_base_class(void **)
{
    Virtual *object = new (PagedPool, TAG) Derived;

    delete object;
    assert_int_equal(destroyed, 1);
    assert_int_equal(blocks_in_use(), 0);
}

void so_does_delete_of_an_array_and_of_a_large_object(void **)
{
    char *text = new (NonPagedPoolNx, TAG) char[100];
    Large *large = new (NonPagedPoolNx) Large;

    assert_int_equal(blocks_in_use(), 2);
    delete[] text;
    delete large;
    assert_int_equal(blocks_in_use(), 0);
}

void so_does_a_smart_pointer(void **)
{
    {
        std::unique_ptr<Plain> object(new (NonPagedPoolNx, TAG) Plain);

        assert_int_equal(blocks_in_use(), 1);
    }
    assert_int_equal(blocks_in_use(), 0);
}

void ordinary_cplusplus_keeps_to_itself(void **)
{
    std::string text = "a text that is too long for the place inside a string object";
    std::vector<std::string> texts;
    int *numbers = new int[100];
    Plain *object = new Plain;
    Plain *silent = new (std::nothrow) Plain;

    for (int i = 0; i < 100; i++) {
        texts.push_back(text + std::to_string(i));
        numbers[i] = i;
    }
    assert_int_equal(texts.size(), 100);
    assert_non_null(silent);
    assert_int_equal(blocks_in_use(), 0);
    delete[] numbers;
    delete object;
    delete silent;
    delete static_cast<Plain *>(nullptr);
    assert_int_equal(destroyed, 2);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Walloc-size-larger-than="
#endif

volatile size_t too_much = static_cast<size_t>(1) << 62;

void nothrow_new_returns_null_when_there_is_no_memory(void **)
{
    assert_null(::operator new(too_much, std::nothrow));
    assert_null(::operator new[](too_much, std::nothrow));
}

void new_throws_when_there_is_no_memory(void **)
{
    bool thrown = false;

    try {
        ::operator delete(::operator new(too_much));
    } catch (const std::bad_alloc &) {
        thrown = true;
    }
    assert_true(thrown);
}

/* The pool remembers freed blocks; what malloc makes of their memory is none of its business. */
void memory_that_was_pool_memory_can_become_ordinary(void **)
{
    for (int i = 0; i < 1000; i++) {
        Plain *pool = new (NonPagedPoolNx, TAG) Plain;
        Plain *ordinary;

        delete pool;
        ordinary = new Plain;
        delete ordinary;
    }
    assert_int_equal(destroyed, 2000);
    assert_int_equal(blocks_in_use(), 0);
}

void deleting_a_pool_object_twice_is_found(void **)
{
    void *const memory = ExAllocatePoolZero(NonPagedPoolNx, sizeof(Plain), TAG);
    void *volatile object = memory; /* The compiler would see the mistake. */

    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 7, DIRQL_ANY, TAG,
                               reinterpret_cast<ULONG_PTR>(memory));
    ::operator delete(object);
    ::operator delete(object);
}

void deleting_a_pool_object_in_an_isr_is_found(void **)
{
    Plain *object = new (NonPagedPoolNx, TAG) Plain;
    KIRQL old;

    dirql_expect_bugcheck_with(BAD_POOL_CALLER, 9, 5, DIRQL_ANY, DIRQL_ANY);
    KeRaiseIrql(5, &old);
    delete object;
}

/* ---- After a run ----------------------------------------------------------------------------- */

Plain *left;

void leave(void *)
{
    left = new (NonPagedPoolNx, TAG) Plain;
}

void nothing(void *) {}

/* CMocka's own test: no machine runs. */
void deleting_it_after_its_machine_has_gone_has_no_effect(void **)
{
    dirql_result result;

    dirql_options options = {};

    options.leaks = DIRQL_LEAKS_IGNORED; // It is what is left that this is about.
    assert_int_equal(dirql_run(&options, leave, NULL, NULL), DIRQL_PASSED);
    ::operator delete(left);
    /* The call is told to the next run. */
    assert_int_equal(dirql_run(NULL, nothing, NULL, &result), DIRQL_FAILED);
    assert_int_equal(result.errors, 1);
    dirql_result_free(&result);
    assert_int_equal(dirql_run(NULL, nothing, NULL, NULL), DIRQL_PASSED);
}

void ordinary_cplusplus_needs_no_machine(void **)
{
    std::vector<std::string> texts(100, std::string(100, 'x'));

    assert_int_equal(texts.back().size(), 100);
}

dirql_options retail()
{
    dirql_options options = dirql_options();

    options.checks = DIRQL_CHECKS_NONE;
    return options;
}

} // namespace

int main()
{
    static const dirql_options without_checks = retail();
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(plain_delete_gives_a_pool_object_back, start),
        dirql_unit_test_setup(so_does_delete_through_a_base_class, start),
        dirql_unit_test_setup(so_does_delete_of_an_array_and_of_a_large_object, start),
        dirql_unit_test_setup(so_does_a_smart_pointer, start),
        dirql_unit_test_setup(ordinary_cplusplus_keeps_to_itself, start),
        dirql_unit_test(nothrow_new_returns_null_when_there_is_no_memory),
        dirql_unit_test(new_throws_when_there_is_no_memory),
        dirql_unit_test_setup(memory_that_was_pool_memory_can_become_ordinary, start),
        dirql_unit_test_options(deleting_a_pool_object_twice_is_found, NULL, NULL, &without_checks),
        dirql_unit_test_options(deleting_a_pool_object_in_an_isr_is_found, NULL, NULL,
                                &without_checks),
        cmocka_unit_test(deleting_it_after_its_machine_has_gone_has_no_effect),
        cmocka_unit_test(ordinary_cplusplus_needs_no_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

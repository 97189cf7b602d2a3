/*
 * test_cxx.cpp - instrumented C++ says what it touches.
 */
#include <wdm.h>

#include <dirql/cmocka.h>

#include <cstring>
#include <new>

#include "hear.h"
#include "objects.h"

static union {
    char bytes[64];
    void *aligned;
} memory;

static int start(void **)
{
    std::memset(&memory, 0, sizeof(memory));
    hear_from(&memory, sizeof(memory));
    return 0;
}

static void objects_are_written_with_their_table(void **)
{
    shape *made = make_shape(memory.bytes);

    assert_true(heard_bytes(HEARD_WRITE) >= sizeof(void *) + sizeof(int));
    forget_heard();
    assert_int_equal(ask_corners(made), 3);
    assert_int_equal(heard_bytes(HEARD_READ), sizeof(void *) + sizeof(int));
}

static void standard_atomics_say_their_order(void **)
{
    std::atomic<int> *at = new (memory.bytes) std::atomic<int>(4);

    forget_heard();
    assert_int_equal(count_up(at), 4);
    assert_int_equal(heard_bytes(HEARD_READ_WRITE_ATOMIC_BOTH), 4);
}

int main()
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(objects_are_written_with_their_table, start),
        dirql_unit_test_setup(standard_atomics_say_their_order, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

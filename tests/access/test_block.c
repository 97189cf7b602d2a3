/*
 * test_block.c - copies of structures and of blocks of memory arrive, however the compiler makes
 * them.
 */
#include <dirql/cmocka.h>

#include <string.h>

#include "blocks.h"
#include "listener.h"

enum { R = DQ_ACCESS_READ, W = DQ_ACCESS_WRITE };

static listener ear;
static _Alignas(64) char memory[256];

static int start(void **state)
{
    (void)state;
    memset(memory, 0x11, sizeof(memory));
    listen(&ear, memory, sizeof(memory));
    return 0;
}

/* gcc says the write first. */
static void a_structure_is_read_and_written(void **state)
{
    const heard read = { .offset = 128, .bytes = sizeof(large), .flags = R };
    const heard write = { .offset = 0, .bytes = sizeof(large), .flags = W };

    (void)state;
    memory[128 + 70] = 9;
    copy_large((large *)memory, (large *)(memory + 128));
    if (ear.first[0].flags == R) {
        EXPECT(&ear, read, write);
    } else {
        EXPECT(&ear, write, read);
    }
    assert_int_equal(memory[70], 9);
    clear_large((large *)memory);
    EXPECT(&ear, { .offset = 0, .bytes = sizeof(large), .flags = W });
    assert_int_equal(memory[70], 0);
}

static void memory_functions_are_read_and_written(void **state)
{
    (void)state;
    memory[100] = 9;
    copy_bytes(memory, memory + 100, 33);
    EXPECT(&ear, { .offset = 100, .bytes = 33, .flags = R },
           { .offset = 0, .bytes = 33, .flags = W });
    assert_int_equal(memory[0], 9);
    move_bytes(memory + 1, memory, 7);
    EXPECT(&ear, { .offset = 0, .bytes = 7, .flags = R }, { .offset = 1, .bytes = 7, .flags = W });
    assert_int_equal(memory[1], 9);
    fill_bytes(memory, 129);
    EXPECT(&ear, { .offset = 0, .bytes = 129, .flags = W });
    assert_int_equal(memory[128], 0x22);
    assert_true(are_equal(memory, memory + 64, 60));
    EXPECT(&ear, { .offset = 0, .bytes = 60, .flags = R },
           { .offset = 64, .bytes = 60, .flags = R });
}

static void nothing_is_touched_by_no_bytes(void **state)
{
    (void)state;
    copy_bytes(memory, memory + 100, 0);
    move_bytes(memory, memory + 100, 0);
    fill_bytes(memory, 0);
    assert_int_equal(ear.count, 0);
}

/* In how many pieces is the compiler's business. */
static void expect_covered(uint64_t flag, size_t from, size_t bytes)
{
    char covered[sizeof(memory)] = { 0 };

    for (unsigned i = 0; i < ear.count; i++) {
        if (ear.first[i].flags == flag) {
            memset(covered + ear.first[i].offset, 1, (size_t)ear.first[i].bytes);
        }
    }
    for (size_t i = 0; i < sizeof(memory); i++) {
        assert_int_equal(covered[i], i >= from && i < from + bytes);
    }
}

static void a_copy_of_known_length_is_covered(void **state)
{
    (void)state;
    copy_twenty(memory, memory + 64);
    expect_covered(R, 64, 20);
    expect_covered(W, 0, 20);
}

static void a_loop_that_could_be_a_function_is_covered(void **state)
{
    (void)state;
    clear_by_loop(memory + 5, 40);
    expect_covered(W, 5, 40);
    assert_int_equal(memory[44], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(a_structure_is_read_and_written, start),
        dirql_unit_test_setup(memory_functions_are_read_and_written, start),
        dirql_unit_test_setup(nothing_is_touched_by_no_bytes, start),
        dirql_unit_test_setup(a_copy_of_known_length_is_covered, start),
        dirql_unit_test_setup(a_loop_that_could_be_a_function_is_covered, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

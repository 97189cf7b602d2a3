/*
 * test_arena.c - memory that is put back, and given out at the same addresses again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>
#include <string.h>

#include "sim/arena.h"

enum { BLOCKS = 6, BYTES = 100 };

static dq_arena arena;

static int start(void **state)
{
    (void)state;
    return dq_arena_start(&arena) ? 0 : 1;
}

static int stop(void **state)
{
    (void)state;
    dq_arena_stop(&arena);
    return 0;
}

/* As a run does: takes some, gives one back, takes another. */
static void take_blocks(void *blocks[BLOCKS])
{
    for (unsigned i = 0; i + 1 < BLOCKS; i++) {
        blocks[i] = dq_arena_get(&arena, BYTES);
        assert_non_null(blocks[i]);
    }
    dq_arena_give(&arena, blocks[1]);
    blocks[BLOCKS - 1] = dq_arena_get(&arena, BYTES);
}

static void a_block_is_zeroed_and_used_again(void **state)
{
    static const unsigned char zeros[BYTES];
    void *block = dq_arena_get(&arena, BYTES);

    (void)state;
    memset(block, 0xAB, BYTES);
    dq_arena_give(&arena, block);
    assert_ptr_equal(dq_arena_get(&arena, BYTES), block);
    assert_memory_equal(block, zeros, BYTES);
}

static void what_it_held_at_the_mark_is_put_back(void **state)
{
    uint64_t *block = dq_arena_get(&arena, sizeof(*block));

    (void)state;
    *block = 7;
    assert_true(dq_arena_mark(&arena));
    for (unsigned run = 0; run < 3; run++) {
        assert_int_equal(*block, 7);
        *block = 8;
        dq_arena_rewind(&arena);
    }
}

static void each_run_gets_the_same_addresses(void **state)
{
    void *first[BLOCKS], *again[BLOCKS];

    (void)state;
    assert_true(dq_arena_mark(&arena));
    take_blocks(first);
    for (unsigned run = 0; run < 3; run++) {
        dq_arena_rewind(&arena);
        take_blocks(again);
        assert_memory_equal(again, first, sizeof(first));
    }
}

/* The first run would get them, and the others not. */
static void blocks_that_are_free_at_the_mark_are_given_to_no_run(void **state)
{
    void *before = dq_arena_get(&arena, BYTES), *blocks[BLOCKS];

    (void)state;
    dq_arena_give(&arena, before);
    assert_true(dq_arena_mark(&arena));
    for (unsigned run = 0; run < 3; run++) {
        take_blocks(blocks);
        for (unsigned i = 0; i < BLOCKS; i++) {
            assert_ptr_not_equal(blocks[i], before);
        }
        dq_arena_rewind(&arena);
    }
}

static void once_cleared_it_is_as_new(void **state)
{
    void *first[BLOCKS], *again[BLOCKS];

    (void)state;
    take_blocks(first);
    assert_true(dq_arena_mark(&arena));
    dq_arena_clear(&arena);
    take_blocks(again);
    assert_memory_equal(again, first, sizeof(first));
}

static void a_larger_block_holds_what_the_smaller_one_did(void **state)
{
    char *block = dq_arena_get(&arena, 4), *larger;

    (void)state;
    memcpy(block, "isr", 4);
    larger = dq_arena_enlarge(&arena, block, 4, 1000);
    assert_string_equal(larger, "isr");
    assert_int_equal(larger[999], 0);
}

#define IN_ARENA(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ARENA(a_block_is_zeroed_and_used_again),
        IN_ARENA(what_it_held_at_the_mark_is_put_back),
        IN_ARENA(each_run_gets_the_same_addresses),
        IN_ARENA(blocks_that_are_free_at_the_mark_are_given_to_no_run),
        IN_ARENA(once_cleared_it_is_as_new),
        IN_ARENA(a_larger_block_holds_what_the_smaller_one_did),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

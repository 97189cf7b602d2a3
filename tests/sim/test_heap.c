/*
 * test_heap.c - memory of guest code: pieces, the apron behind them, and what is put back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "sim/heap.h"

enum { PAGE = 4096 };

static dq_heap *heap;

static int start(void **state)
{
    (void)state;
    heap = dq_heap_start();
    return heap != NULL ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    dq_heap_stop(heap);
    return 0;
}

static unsigned char *take(size_t bytes)
{
    unsigned char *piece = dq_heap_take(heap, dq_heap_room(bytes), false);

    assert_non_null(piece);
    return piece;
}

static void room_is_what_was_asked_for_and_at_most_a_quarter_more(void **state)
{
    (void)state;
    for (size_t bytes = 1; bytes < 100000; bytes = bytes * 9 / 8 + 1) {
        const size_t room = dq_heap_room(bytes);

        assert_true(room >= bytes);
        assert_true(room <= bytes + bytes / 4 + 64);
        assert_int_equal(dq_heap_room(room), room);
    }
}

static void pieces_do_not_overlap(void **state)
{
    unsigned char *first = take(100), *second = take(1000), *third = take(100);

    (void)state;
    memset(first, 1, 100);
    memset(second, 2, 1000);
    memset(third, 3, 100);
    assert_int_equal(first[99], 1);
    assert_int_equal(second[0], 2);
    assert_int_equal(second[999], 2);
    assert_int_equal(third[0], 3);
}

static void pieces_are_aligned_to_a_line_or_a_page(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal((uintptr_t)take(1 + 50 * (size_t)i) % 64, 0);
        assert_int_equal((uintptr_t)dq_heap_take(heap, dq_heap_room(5000), true) % PAGE, 0);
    }
}

static void a_piece_that_was_given_back_is_used_again(void **state)
{
    unsigned char *piece = take(100);

    (void)state;
    (void)take(100);
    dq_heap_give(heap, piece, dq_heap_room(100), false);
    assert_ptr_equal(take(100), piece);
    assert_ptr_not_equal(take(100), piece);
}

static void pieces_on_pages_are_not_mixed_with_others(void **state)
{
    const size_t room = dq_heap_room(5000);
    unsigned char *piece = dq_heap_take(heap, room, false);

    (void)state;
    dq_heap_give(heap, piece, room, false);
    assert_int_equal((uintptr_t)dq_heap_take(heap, room, true) % PAGE, 0);
}

static void what_there_is_no_room_for_is_refused(void **state)
{
    (void)state;
    assert_null(dq_heap_take(heap, dq_heap_room(SIZE_MAX / 4), false));
    assert_null(dq_heap_take(heap, dq_heap_room(heap->bytes), false));
}

static void its_addresses_are_known(void **state)
{
    int other;

    (void)state;
    assert_true(dq_heap_has(heap, take(100)));
    assert_false(dq_heap_has(heap, &other));
    assert_false(dq_heap_has(NULL, &other));
}

/* ---- The apron ------------------------------------------------------------------------------- */

static void a_write_behind_what_is_in_use_is_seen(void **state)
{
    unsigned char *piece = take(128);

    (void)state;
    assert_null(dq_heap_damage(heap));
    piece[128 + 500] = 0;
    assert_ptr_equal(dq_heap_damage(heap), piece + 128 + 500);
}

static void it_is_remembered_when_the_memory_is_used(void **state)
{
    unsigned char *piece = take(128);

    (void)state;
    piece[128 + 500] = 0;
    (void)take(4000);
    assert_ptr_equal(dq_heap_damage(heap), piece + 128 + 500);
}

static void pieces_of_any_size_leave_it_whole(void **state)
{
    (void)state;
    for (size_t bytes = 1; bytes < 300000; bytes = bytes * 5 / 4 + 1) {
        memset(take(bytes), 0, bytes);
        memset(dq_heap_take(heap, dq_heap_room(bytes), true), 0, bytes);
        assert_null(dq_heap_damage(heap));
    }
}

static void another_heap_does_not_inherit_the_damage(void **state)
{
    take(128)[200] = 0;
    dq_heap_stop(heap);
    assert_int_equal(start(state), 0);
    assert_null(dq_heap_damage(heap));
}

/* ---- Putting back ---------------------------------------------------------------------------- */

static void what_was_there_at_the_mark_is_put_back(void **state)
{
    unsigned char *before = take(100), *after;

    (void)state;
    memset(before, 1, 100);
    assert_true(dq_heap_mark(heap));
    memset(before, 2, 100);
    after = take(100);
    dq_heap_rewind(heap);
    assert_int_equal(before[0], 1);
    assert_int_equal(before[99], 1);
    assert_ptr_equal(take(100), after);
}

/* So that an address is one block's in each run. */
static void a_marked_heap_gives_nothing_out_twice(void **state)
{
    unsigned char *piece;

    (void)state;
    assert_true(dq_heap_mark(heap));
    piece = take(100);
    dq_heap_give(heap, piece, dq_heap_room(100), false);
    assert_ptr_not_equal(take(100), piece);
}

static void damage_is_forgotten_with_the_run(void **state)
{
    (void)state;
    assert_true(dq_heap_mark(heap));
    take(128)[200] = 0;
    assert_non_null(dq_heap_damage(heap));
    dq_heap_rewind(heap);
    assert_null(dq_heap_damage(heap));
}

static void a_heap_that_is_cleared_is_as_new(void **state)
{
    unsigned char *first = take(100);

    (void)state;
    assert_true(dq_heap_mark(heap));
    dq_heap_clear(heap);
    assert_ptr_equal(take(100), first);
    dq_heap_give(heap, first, dq_heap_room(100), false);
    assert_ptr_equal(take(100), first);
}

#define HEAP_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(room_is_what_was_asked_for_and_at_most_a_quarter_more),
        HEAP_TEST(pieces_do_not_overlap),
        HEAP_TEST(pieces_are_aligned_to_a_line_or_a_page),
        HEAP_TEST(a_piece_that_was_given_back_is_used_again),
        HEAP_TEST(pieces_on_pages_are_not_mixed_with_others),
        HEAP_TEST(what_there_is_no_room_for_is_refused),
        HEAP_TEST(its_addresses_are_known),
        HEAP_TEST(a_write_behind_what_is_in_use_is_seen),
        HEAP_TEST(it_is_remembered_when_the_memory_is_used),
        HEAP_TEST(pieces_of_any_size_leave_it_whole),
        HEAP_TEST(another_heap_does_not_inherit_the_damage),
        HEAP_TEST(what_was_there_at_the_mark_is_put_back),
        HEAP_TEST(a_marked_heap_gives_nothing_out_twice),
        HEAP_TEST(damage_is_forgotten_with_the_run),
        HEAP_TEST(a_heap_that_is_cleared_is_as_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

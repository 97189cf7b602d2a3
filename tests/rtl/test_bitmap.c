/*
 * test_bitmap.c - bitmaps.
 */
#include <dirql/cmocka.h>

#include <ntddk.h>

#define BITS 100u
#define NONE 0xFFFFFFFFu

static ULONG words[5];
static RTL_BITMAP map;
static ULONG start;

/* All clear, and a word behind it that must stay. */
static int reset(void **state)
{
    (void)state;
    RtlZeroMemory(words, sizeof(words));
    words[4] = 0xA5A5A5A5;
    RtlInitializeBitMap(&map, words, BITS);
    return 0;
}

static void ranges_cross_words(void **state)
{
    (void)state;
    RtlSetBits(&map, 30, 40);
    assert_int_equal(words[0], 0xC0000000);
    assert_int_equal(words[1], 0xFFFFFFFF);
    assert_int_equal(words[2], 0x0000003F);
    RtlClearBits(&map, 31, 1);
    RtlClearBit(&map, 69);
    RtlSetBit(&map, 0);
    RtlSetBits(&map, 5, 0);
    assert_int_equal(words[0], 0x40000001);
    assert_int_equal(words[2], 0x0000001F);
    assert_int_equal(RtlNumberOfSetBits(&map), 39);
    assert_int_equal(RtlNumberOfClearBits(&map), 61);
}

static void all_bits_are_those_of_the_bitmap(void **state)
{
    (void)state;
    RtlSetAllBits(&map);
    assert_int_equal(RtlNumberOfSetBits(&map), BITS);
    assert_int_equal(words[3], 0x0000000F);
    RtlClearAllBits(&map);
    assert_int_equal(RtlNumberOfSetBits(&map), 0);
    assert_int_equal(words[4], 0xA5A5A5A5);
}

static void single_bits_are_tested(void **state)
{
    (void)state;
    RtlSetBit(&map, 99);
    assert_true(RtlTestBit(&map, 99));
    assert_false(RtlTestBit(&map, 98));
    assert_int_equal(RtlCheckBit(&map, 99), 1);
}

static void ranges_are_tested_within_the_bitmap(void **state)
{
    (void)state;
    RtlSetBits(&map, 20, 80);
    assert_true(RtlAreBitsSet(&map, 20, 80));
    assert_false(RtlAreBitsSet(&map, 19, 2));
    assert_false(RtlAreBitsSet(&map, 20, 81));
    assert_false(RtlAreBitsSet(&map, 20, 0));
    assert_false(RtlAreBitsSet(&map, 100, 1));
    assert_false(RtlAreBitsSet(&map, 50, 0xFFFFFFFF));
    assert_true(RtlAreBitsClear(&map, 0, 20));
    assert_false(RtlAreBitsClear(&map, 0, 21));
    assert_false(RtlAreBitsClear(&map, 0, 0));
}

static void clear_ranges_are_found_from_the_hint_on(void **state)
{
    (void)state;
    RtlSetBits(&map, 10, 10);
    RtlSetBits(&map, 40, 10);
    assert_int_equal(RtlFindClearBits(&map, 5, 0), 0);
    assert_int_equal(RtlFindClearBits(&map, 15, 0), 20);
    assert_int_equal(RtlFindClearBits(&map, 5, 25), 25);
    assert_int_equal(RtlFindClearBits(&map, 20, 25), 50);
    assert_int_equal(RtlFindClearBits(&map, 10, 95), 0);  /* Again from the beginning. */
    assert_int_equal(RtlFindClearBits(&map, 50, 60), 50); /* It reaches across the hint. */
    assert_int_equal(RtlFindClearBits(&map, 51, 0), NONE);
    assert_int_equal(RtlFindClearBits(&map, 3, 1000), 0);
}

static void set_ranges_are_found(void **state)
{
    (void)state;
    RtlSetBits(&map, 10, 10);
    RtlSetBits(&map, 90, 10);
    assert_int_equal(RtlFindSetBits(&map, 10, 0), 10);
    assert_int_equal(RtlFindSetBits(&map, 10, 11), 90);
    assert_int_equal(RtlFindSetBits(&map, 11, 0), NONE);
    assert_int_equal(RtlFindSetBitsAndClear(&map, 4, 0), 10);
    assert_int_equal(RtlNumberOfSetBits(&map), 16);
    assert_int_equal(RtlFindSetBitsAndClear(&map, 11, 0), NONE);
    assert_int_equal(RtlNumberOfSetBits(&map), 16);
}

static void found_ranges_are_taken(void **state)
{
    (void)state;
    assert_int_equal(RtlFindClearBitsAndSet(&map, 33, 60), 60);
    assert_int_equal(RtlFindClearBitsAndSet(&map, 33, 60), 0);
    assert_int_equal(RtlFindClearBitsAndSet(&map, 33, 60), NONE);
    assert_int_equal(RtlNumberOfSetBits(&map), 66);
}

static void runs_are_found_forward(void **state)
{
    (void)state;
    RtlSetBits(&map, 0, 3);
    RtlSetBits(&map, 40, 30);
    assert_int_equal(RtlFindFirstRunClear(&map, &start), 37);
    assert_int_equal(start, 3);
    assert_int_equal(RtlFindNextForwardRunClear(&map, 10, &start), 30);
    assert_int_equal(start, 10);
    assert_int_equal(RtlFindNextForwardRunClear(&map, 40, &start), 30);
    assert_int_equal(start, 70);
    RtlSetBits(&map, 70, 30);
    assert_int_equal(RtlFindNextForwardRunClear(&map, 40, &start), 0);
    assert_int_equal(RtlFindNextForwardRunClear(&map, 200, &start), 0);
}

static void runs_are_found_backward(void **state)
{
    (void)state;
    RtlSetBits(&map, 0, 3);
    RtlSetBits(&map, 40, 30);
    assert_int_equal(RtlFindLastBackwardRunClear(&map, 60, &start), 37);
    assert_int_equal(start, 3);
    assert_int_equal(RtlFindLastBackwardRunClear(&map, 75, &start), 6);
    assert_int_equal(start, 70);
    assert_int_equal(RtlFindLastBackwardRunClear(&map, 500, &start), 30);
    assert_int_equal(RtlFindLastBackwardRunClear(&map, 2, &start), 0);
    RtlClearBit(&map, 0);
    assert_int_equal(RtlFindLastBackwardRunClear(&map, 2, &start), 1);
    assert_int_equal(start, 0);
}

static void the_longest_runs_come_first(void **state)
{
    RTL_BITMAP_RUN runs[3];

    (void)state;
    RtlSetAllBits(&map);
    RtlClearBits(&map, 5, 2);
    RtlClearBits(&map, 30, 7);
    RtlClearBits(&map, 50, 7);
    RtlClearBits(&map, 96, 4);
    assert_int_equal(RtlFindLongestRunClear(&map, &start), 7);
    assert_int_equal(start, 30);
    assert_int_equal(RtlFindClearRuns(&map, runs, 3, TRUE), 3);
    assert_int_equal(runs[0].StartingIndex, 30);
    assert_int_equal(runs[1].StartingIndex, 50);
    assert_int_equal(runs[2].StartingIndex, 96);
    assert_int_equal(runs[2].NumberOfBits, 4);
    assert_int_equal(RtlFindClearRuns(&map, runs, 3, FALSE), 3);
    assert_int_equal(runs[0].StartingIndex, 5);
    assert_int_equal(runs[0].NumberOfBits, 2);
    assert_int_equal(runs[2].StartingIndex, 50);
    RtlSetAllBits(&map);
    assert_int_equal(RtlFindClearRuns(&map, runs, 3, TRUE), 0);
    assert_int_equal(RtlFindLongestRunClear(&map, &start), 0);
}

/* Against a second opinion, bit by bit. */
static void counts_agree_with_single_bits(void **state)
{
    ULONG seed = 1;

    (void)state;
    for (int round = 0; round < 200; round++) {
        ULONG set = 0;

        for (unsigned i = 0; i < 4; i++) {
            words[i] = RtlRandomEx(&seed) * 2 + (RtlRandomEx(&seed) & 1);
        }
        map.SizeOfBitMap = 1 + RtlRandomEx(&seed) % 128;
        for (ULONG i = 0; i < map.SizeOfBitMap; i++) {
            set += RtlTestBit(&map, i);
        }
        assert_int_equal(RtlNumberOfSetBits(&map), set);
        assert_int_equal(RtlNumberOfClearBits(&map), map.SizeOfBitMap - set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(ranges_cross_words, reset),
        dirql_unit_test_setup(all_bits_are_those_of_the_bitmap, reset),
        dirql_unit_test_setup(single_bits_are_tested, reset),
        dirql_unit_test_setup(ranges_are_tested_within_the_bitmap, reset),
        dirql_unit_test_setup(clear_ranges_are_found_from_the_hint_on, reset),
        dirql_unit_test_setup(set_ranges_are_found, reset),
        dirql_unit_test_setup(found_ranges_are_taken, reset),
        dirql_unit_test_setup(runs_are_found_forward, reset),
        dirql_unit_test_setup(runs_are_found_backward, reset),
        dirql_unit_test_setup(the_longest_runs_come_first, reset),
        dirql_unit_test_setup(counts_agree_with_single_bits, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

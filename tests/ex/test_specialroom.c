/*
 * test_specialroom.c - how much room special pool has, and what happens with what finds none.
 */
#include <stdlib.h>

#include "special.h"

static void hold_many(void *context)
{
    enum { MANY = 17000 };
    unsigned char **blocks = calloc(MANY, sizeof(*blocks));

    (void)context;
    for (unsigned i = 0; i < MANY; i++) {
        blocks[i] = get(24);
        blocks[i][23] = 1;
    }
    for (unsigned i = 0; i < MANY; i++) {
        ExFreePoolWithTag(blocks[i], TAG);
    }
    free(blocks);
}

static void what_finds_no_room_is_ordinary(void **state)
{
    (void)state;
    run_overruns(hold_many);
    assert_passed();
}

static void free_many_large_ones(void *context)
{
    (void)context;
    for (unsigned i = 0; i < 1600; i++) {
        unsigned char *large = get(200000);

        large[199999] = 1;
        ExFreePoolWithTag(large, TAG);
    }
    block = get(200000);
    block[PAGE_SIZE * 49] = 1;
}

static void freed_blocks_make_room_for_new_ones(void **state)
{
    (void)state;
    run_overruns(free_many_large_ones);
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block + PAGE_SIZE * 49, 1);
}

static void allocate_much(void *context)
{
    unsigned char *large = get((SIZE_T)40 * 1024 * 1024);

    (void)context;
    large[0] = 1;
    ExFreePoolWithTag(large, TAG);
}

static void a_very_large_block_is_ordinary(void **state)
{
    (void)state;
    run_overruns(allocate_much);
    assert_passed();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_finds_no_room_is_ordinary),
        cmocka_unit_test(freed_blocks_make_room_for_new_ones),
        cmocka_unit_test(a_very_large_block_is_ordinary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

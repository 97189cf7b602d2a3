/*
 * test_poolguard.c - who writes behind a pool block, or before it, is found when it is freed.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <string.h>

#include <wdm.h>

#include "ex/poolguard.h"

#define TAG 'tseT'

static char *block_of(SIZE_T bytes)
{
    char *block = ExAllocatePoolWithTag(NonPagedPoolNx, bytes, TAG);

    assert_non_null(block);
    return block;
}

/* AddressSanitizer sees the write itself, and ends the process. */
static void write_behind(SIZE_T bytes, SIZE_T at)
{
    volatile char *block;

    if (DQ_POOL_IS_SANITIZED) {
        return;
    }
    block = block_of(bytes);
    block[at] = 1;
    dirql_expect_bugcheck_with(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, (ULONG_PTR)block,
                               (ULONG_PTR)block + at, 0, 0x24);
    ExFreePoolWithTag((PVOID)block, TAG);
    fail_msg("it is damaged");
}

static void one_byte_behind_the_end_is_c1_24(void **state)
{
    (void)state;
    write_behind(16, 16);
}

static void the_end_is_the_length_that_was_asked_for(void **state)
{
    (void)state;
    write_behind(13, 13);
}

static void a_byte_further_behind_is_found_too(void **state)
{
    (void)state;
    write_behind(100, 110);
}

static void a_page_has_a_guard_behind_it(void **state)
{
    (void)state;
    write_behind(PAGE_SIZE, PAGE_SIZE);
}

static void a_structure_behind_the_end_is_found_at_its_first_byte(void **state)
{
    volatile char *block;

    (void)state;
    if (DQ_POOL_IS_SANITIZED) {
        return;
    }
    block = block_of(100);
    for (SIZE_T at = 100; at < 150; at++) {
        block[at] = 1;
    }
    dirql_expect_bugcheck_with(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, (ULONG_PTR)block,
                               (ULONG_PTR)block + 100, 0, 0x24);
    ExFreePoolWithTag((PVOID)block, TAG);
    fail_msg("it is damaged");
}

/* Of `written` bytes before it, the nearest one is told. */
static void write_before(SIZE_T bytes, SIZE_T written)
{
    volatile char *block;

    if (DQ_POOL_IS_SANITIZED) {
        return;
    }
    block = block_of(bytes);
    for (SIZE_T i = 1; i <= written; i++) {
        block[-(LONG_PTR)i] = 1;
    }
    dirql_expect_bugcheck_with(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, (ULONG_PTR)block,
                               (ULONG_PTR)block - 1, 0, 0x23);
    ExFreePoolWithTag((PVOID)block, TAG);
    fail_msg("it is damaged");
}

static void a_byte_before_the_block_is_c1_23(void **state)
{
    (void)state;
    write_before(16, 1);
}

static void a_structure_before_the_block_is_found(void **state)
{
    (void)state;
    write_before(16, 50);
}

static void a_byte_before_a_page_is_c1_23(void **state)
{
    (void)state;
    write_before(PAGE_SIZE, 1);
}

static void a_structure_before_many_pages_is_found(void **state)
{
    (void)state;
    write_before(100 * PAGE_SIZE, 50);
}

/* Where blocks lie side by side. */
static void who_writes_before_the_second_of_two_pages_is_told_of_it(void **state)
{
    volatile char *first, *second;

    (void)state;
    if (DQ_POOL_IS_SANITIZED) {
        return;
    }
    first = block_of(PAGE_SIZE);
    second = block_of(PAGE_SIZE);
    first[-8] = 1;
    second[-8] = 1;
    dirql_expect_bugcheck_with(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, (ULONG_PTR)second,
                               (ULONG_PTR)second - 8, 0, 0x23);
    ExFreePoolWithTag((PVOID)second, TAG);
    fail_msg("it is damaged");
}

static void all_that_was_asked_for_may_be_written(void **state)
{
    static const SIZE_T lengths[] = { 1, 13, 16, 100, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1 };

    (void)state;
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char *block = block_of(lengths[i]);

        assert_int_equal((ULONG_PTR)block % 16, 0);
        memset(block, 0xEE, lengths[i]);
        ExFreePoolWithTag(block, TAG);
    }
}

static void a_block_of_a_page_begins_on_a_page(void **state)
{
    char *block = block_of(PAGE_SIZE);

    (void)state;
    assert_int_equal((ULONG_PTR)block % PAGE_SIZE, 0);
    ExFreePoolWithTag(block, TAG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(one_byte_behind_the_end_is_c1_24),
        dirql_unit_test(the_end_is_the_length_that_was_asked_for),
        dirql_unit_test(a_byte_further_behind_is_found_too),
        dirql_unit_test(a_page_has_a_guard_behind_it),
        dirql_unit_test(a_structure_behind_the_end_is_found_at_its_first_byte),
        dirql_unit_test(a_byte_before_the_block_is_c1_23),
        dirql_unit_test(a_structure_before_the_block_is_found),
        dirql_unit_test(a_byte_before_a_page_is_c1_23),
        dirql_unit_test(a_structure_before_many_pages_is_found),
        dirql_unit_test(who_writes_before_the_second_of_two_pages_is_told_of_it),
        dirql_unit_test(all_that_was_asked_for_may_be_written),
        dirql_unit_test(a_block_of_a_page_begins_on_a_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_noncached.c - noncached memory: whole pages that lie anywhere.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>

#include <ntddk.h>

enum { BYTES = 2 * PAGE_SIZE + 100 };

static void it_is_whole_pages_on_a_page(void **state)
{
    char *memory = MmAllocateNonCachedMemory(BYTES);

    (void)state;
    assert_non_null(memory);
    assert_int_equal(BYTE_OFFSET(memory), 0);
    memory[3 * PAGE_SIZE - 1] = 1; /* All of the last page is there. */
    MmFreeNonCachedMemory(memory, BYTES);
}

static void it_is_not_zeroed(void **state)
{
    unsigned char *memory = MmAllocateNonCachedMemory(16);

    (void)state;
    assert_int_not_equal(memory[0], 0);
    MmFreeNonCachedMemory(memory, 16);
}

static void its_pages_are_not_contiguous(void **state)
{
    char *memory = MmAllocateNonCachedMemory(2 * PAGE_SIZE);

    (void)state;
    assert_int_not_equal(MmGetPhysicalAddress(memory + PAGE_SIZE).QuadPart,
                         MmGetPhysicalAddress(memory).QuadPart + PAGE_SIZE);
    MmFreeNonCachedMemory(memory, 2 * PAGE_SIZE);
}

static void there_may_be_none(void **state)
{
    (void)state;
    dirql_fail_set("other:1");
    assert_null(MmAllocateNonCachedMemory(16));
    assert_null(MmAllocateNonCachedMemory((SIZE_T)-1));
}

static void the_length_is_the_one_of_the_allocation(void **state)
{
    PVOID memory = MmAllocateNonCachedMemory(BYTES);

    (void)state;
    dirql_expect_finding("NonCachedMemory");
    MmFreeNonCachedMemory(memory, 3 * PAGE_SIZE);
    fail_msg("that was another length");
}

static void it_is_freed_once(void **state)
{
    PVOID memory = MmAllocateNonCachedMemory(16);

    (void)state;
    MmFreeNonCachedMemory(memory, 16);
    dirql_expect_finding("NonCachedMemory");
    MmFreeNonCachedMemory(memory, 16);
    fail_msg("it was freed before");
}

static void other_memory_is_refused(void **state)
{
    int something = 0;

    (void)state;
    dirql_expect_finding("NonCachedMemory");
    MmFreeNonCachedMemory(&something, sizeof(something));
    fail_msg("that is another's");
}

static void above_apc_level_it_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKeApcLte1");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)MmAllocateNonCachedMemory(16);
    fail_msg("that was too high");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(it_is_whole_pages_on_a_page),
        dirql_unit_test(it_is_not_zeroed),
        dirql_unit_test(its_pages_are_not_contiguous),
        dirql_unit_test(there_may_be_none),
        dirql_unit_test(the_length_is_the_one_of_the_allocation),
        dirql_unit_test(it_is_freed_once),
        dirql_unit_test(other_memory_is_refused),
        dirql_unit_test(above_apc_level_it_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

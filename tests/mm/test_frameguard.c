/*
 * test_frameguard.c - with special pool, memory for devices has guard pages, too.
 */
#include "../hal/dma.h"

static const PHYSICAL_ADDRESS anywhere = { .QuadPart = MAXLONGLONG };

static char *get(SIZE_T bytes)
{
    char *memory = MmAllocateContiguousMemory(bytes, anywhere);

    assert_non_null(memory);
    return memory;
}

static void behind_contiguous_memory_lies_a_guard(void **state)
{
    volatile char *memory = get(PAGE_SIZE + 100);

    (void)state;
    memory[PAGE_SIZE + 99] = 1;
    dirql_expect_bugcheck_with(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION,
                               (ULONG_PTR)memory + 2 * PAGE_SIZE, 0, DIRQL_ANY, 0);
    (void)memory[2 * PAGE_SIZE];
    fail_msg("nobody was stopped");
}

static void in_its_last_page_a_write_is_found_when_it_is_freed(void **state)
{
    volatile char *memory = get(100);

    (void)state;
    memory[100] = 1;
    dirql_expect_finding("ContiguousMemory");
    MmFreeContiguousMemory((PVOID)memory);
    fail_msg("it is damaged");
}

static void freed_contiguous_memory_is_not_touched(void **state)
{
    volatile char *memory = get(100);

    (void)state;
    MmFreeContiguousMemory((PVOID)memory);
    dirql_expect_bugcheck_with(DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, (ULONG_PTR)memory + 7, 1,
                               DIRQL_ANY, 0);
    memory[7] = 1;
    fail_msg("nobody was stopped");
}

static void many_come_and_go(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        char *memory = get(100000);

        memory[99999] = 1;
        MmFreeContiguousMemory(memory);
    }
}

static void behind_a_common_buffer_lies_a_guard(void **state)
{
    PDMA_ADAPTER adapter = dma_adapter(DMA_GATHERING, 1000);
    PHYSICAL_ADDRESS logical;
    volatile char *buffer =
        adapter->DmaOperations->AllocateCommonBuffer(adapter, PAGE_SIZE, &logical, TRUE);

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION,
                               (ULONG_PTR)buffer + PAGE_SIZE, 1, DIRQL_ANY, 0);
    buffer[PAGE_SIZE] = 1;
    fail_msg("nobody was stopped");
}

#define GUARDED(test) dirql_unit_test(test, .special_pool = DIRQL_SPECIAL_POOL_OVERRUNS)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GUARDED(behind_contiguous_memory_lies_a_guard),
        GUARDED(in_its_last_page_a_write_is_found_when_it_is_freed),
        GUARDED(freed_contiguous_memory_is_not_touched),
        GUARDED(many_come_and_go),
        GUARDED(behind_a_common_buffer_lies_a_guard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

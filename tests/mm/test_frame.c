/*
 * test_frame.c - page frames, and what a device reaches by their addresses.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/dma.h>

#include <ntddk.h>

static const PHYSICAL_ADDRESS anywhere = { .QuadPart = -1 };

static uint64_t physical_of(PVOID address)
{
    return (uint64_t)MmGetPhysicalAddress(address).QuadPart;
}

static void a_device_sees_what_the_driver_wrote(void **state)
{
    char *memory = MmAllocateContiguousMemory(3 * PAGE_SIZE, anywhere);

    (void)state;
    strcpy(memory + PAGE_SIZE - 2, "across");
    assert_string_equal(dirql_dma_pointer(physical_of(memory) + PAGE_SIZE - 2, 7), "across");
    memset(dirql_dma_pointer(physical_of(memory), 3 * PAGE_SIZE), 0x55, 3 * PAGE_SIZE);
    assert_int_equal(memory[3 * PAGE_SIZE - 1], 0x55);
    MmFreeContiguousMemory(memory);
}

static void a_device_reaches_ordinary_memory_page_by_page(void **state)
{
    char *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 2 * PAGE_SIZE, 'tseT');

    (void)state;
    assert_ptr_equal(dirql_dma_pointer(physical_of(memory + 5), PAGE_SIZE - 5), memory + 5);
    assert_ptr_equal(dirql_dma_pointer(physical_of(memory + PAGE_SIZE), PAGE_SIZE),
                     memory + PAGE_SIZE);
    ExFreePoolWithTag(memory, 'tseT');
}

static void a_device_cannot_take_ordinary_memory_for_contiguous(void **state)
{
    char *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 2 * PAGE_SIZE, 'tseT');

    (void)state;
    (void)physical_of(memory + PAGE_SIZE);
    dirql_expect_finding("DmaAddress");
    (void)dirql_dma_pointer(physical_of(memory), 2 * PAGE_SIZE);
    fail_msg("that is not contiguous");
}

static void a_device_cannot_reach_freed_memory(void **state)
{
    char *memory = MmAllocateContiguousMemory(PAGE_SIZE, anywhere);
    const uint64_t physical = physical_of(memory);

    (void)state;
    MmFreeContiguousMemory(memory);
    dirql_expect_finding("DmaAddress");
    (void)dirql_dma_pointer(physical, 4);
    fail_msg("that is freed");
}

static void a_device_cannot_reach_behind_the_end(void **state)
{
    char *memory = MmAllocateContiguousMemory(100, anywhere);

    (void)state;
    assert_non_null(dirql_dma_pointer(physical_of(memory), 100));
    dirql_expect_finding("DmaAddress");
    (void)dirql_dma_pointer(physical_of(memory), 101);
    fail_msg("that is behind the end");
}

static void a_device_cannot_reach_nobodys_memory(void **state)
{
    (void)state;
    dirql_expect_finding("DmaAddress");
    (void)dirql_dma_pointer(0x12345678, 4);
    fail_msg("that is nobody's");
}

static void a_device_cannot_reach_registers(void **state)
{
    const dirql_device device = { .name = "device" };

    (void)state;
    dirql_device_add_memory(&device, 0xFD000000u, 64);
    dirql_expect_finding("DmaAddress");
    (void)dirql_dma_pointer(0xFD000000u, 4);
    fail_msg("those are registers");
}

static void a_probe_fails_no_run(void **state)
{
    char *memory = MmAllocateContiguousMemory(100, anywhere);
    const uint64_t physical = physical_of(memory);

    (void)state;
    assert_ptr_equal(dirql_dma_probe(physical, 100), memory);
    assert_null(dirql_dma_probe(physical, 101));
    assert_null(dirql_dma_probe(physical, 0));
    assert_null(dirql_dma_probe(UINT64_MAX - 3, 8));
    MmFreeContiguousMemory(memory);
    assert_null(dirql_dma_probe(physical, 100));
}

static void addresses_of_freed_memory_are_not_used_again_at_once(void **state)
{
    char *first = MmAllocateContiguousMemory(PAGE_SIZE, anywhere);
    const uint64_t was = physical_of(first);

    (void)state;
    MmFreeContiguousMemory(first);
    for (unsigned i = 0; i < 100; i++) {
        char *next = MmAllocateContiguousMemory(PAGE_SIZE, anywhere);

        assert_int_not_equal(physical_of(next), was);
        MmFreeContiguousMemory(next);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_device_sees_what_the_driver_wrote),
        dirql_unit_test(a_device_reaches_ordinary_memory_page_by_page),
        dirql_unit_test(a_device_cannot_take_ordinary_memory_for_contiguous),
        dirql_unit_test(a_device_cannot_reach_freed_memory),
        dirql_unit_test(a_device_cannot_reach_behind_the_end),
        dirql_unit_test(a_device_cannot_reach_nobodys_memory),
        dirql_unit_test(a_device_cannot_reach_registers),
        dirql_unit_test(a_probe_fails_no_run),
        dirql_unit_test(addresses_of_freed_memory_are_not_used_again_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

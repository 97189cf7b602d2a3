/*
 * test_contiguous.c - contiguous memory, and the physical address of any memory.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/dma.h>
#include <dirql/fail.h>

#include <ntddk.h>

enum { BYTES = 3 * PAGE_SIZE + 100 };

static const PHYSICAL_ADDRESS anywhere = { .QuadPart = -1 };
static const PHYSICAL_ADDRESS nothing = { .QuadPart = 0 };

static ULONGLONG physical_of(PVOID address)
{
    return (ULONGLONG)MmGetPhysicalAddress(address).QuadPart;
}

static PHYSICAL_ADDRESS at(ULONGLONG address)
{
    const PHYSICAL_ADDRESS physical = { .QuadPart = (LONGLONG)address };

    return physical;
}

static void memory_is_contiguous_and_on_a_page(void **state)
{
    char *memory = MmAllocateContiguousMemory(BYTES, anywhere);

    (void)state;
    assert_non_null(memory);
    assert_int_equal(BYTE_OFFSET(memory), 0);
    assert_int_equal(physical_of(memory) % PAGE_SIZE, 0);
    for (unsigned i = 0; i < BYTES; i += 100) {
        assert_int_equal(physical_of(memory + i), physical_of(memory) + i);
    }
    MmFreeContiguousMemory(memory);
}

static void memory_is_not_zeroed(void **state)
{
    unsigned char *memory = MmAllocateContiguousMemory(16, anywhere);

    (void)state;
    assert_int_not_equal(memory[0], 0);
    MmFreeContiguousMemory(memory);
}

static void there_may_be_none(void **state)
{
    PVOID memory;

    (void)state;
    dirql_fail_set("other:1");
    assert_null(MmAllocateContiguousMemory(16, anywhere));
    memory = MmAllocateContiguousMemory(16, anywhere);
    assert_non_null(memory);
    MmFreeContiguousMemory(memory);
}

static void limits_are_kept(void **state)
{
    const ULONGLONG sixteen_mb = 0x1000000;
    PVOID low = MmAllocateContiguousMemory(BYTES, at(sixteen_mb - 1));
    PVOID high = MmAllocateContiguousMemorySpecifyCache(BYTES, at(sixteen_mb), anywhere, nothing,
                                                        MmCached);
    PVOID far_up = MmAllocateContiguousMemorySpecifyCacheNode(
        BYTES, at(0x100000000u), anywhere, nothing, MmNonCached, MM_ANY_NODE_OK);

    (void)state;
    assert_true(physical_of(low) + BYTES <= sixteen_mb);
    assert_true(physical_of(high) >= sixteen_mb);
    assert_true(physical_of(far_up) >= 0x100000000u);
    MmFreeContiguousMemory(low);
    MmFreeContiguousMemorySpecifyCache(high, BYTES, MmCached);
    MmFreeContiguousMemory(far_up);
}

static void a_boundary_is_not_crossed(void **state)
{
    enum { BLOCKS = 20 };
    const ULONGLONG boundary = 0x10000;
    PVOID blocks[BLOCKS];

    (void)state;
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = MmAllocateContiguousMemorySpecifyCache(5 * PAGE_SIZE, nothing, anywhere,
                                                           at(boundary), MmCached);
        assert_non_null(blocks[i]);
        assert_int_equal(physical_of(blocks[i]) / boundary,
                         (physical_of(blocks[i]) + 5 * PAGE_SIZE - 1) / boundary);
    }
    assert_null(MmAllocateContiguousMemorySpecifyCache((SIZE_T)boundary + 1, nothing, anywhere,
                                                       at(boundary), MmCached));
    for (unsigned i = 0; i < BLOCKS; i++) {
        MmFreeContiguousMemorySpecifyCache(blocks[i], 5 * PAGE_SIZE, MmCached);
    }
}

static void there_is_not_more_than_the_range_holds(void **state)
{
    PVOID page;

    (void)state;
    assert_null(MmAllocateContiguousMemory(0x2000, at(0x1000)));
    assert_null(MmAllocateContiguousMemory(0, anywhere));
    page = MmAllocateContiguousNodeMemory(PAGE_SIZE, at(0x200000), at(0x200FFF), nothing,
                                          PAGE_READWRITE, 0);
    assert_int_equal(physical_of(page), 0x200000);
    assert_null(MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, at(0x200000), at(0x200FFF),
                                                       nothing, MmCached));
    MmFreeContiguousMemory(page);
    page = MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, at(0x200000), at(0x200FFF), nothing,
                                                  MmCached);
    assert_int_equal(physical_of(page), 0x200000);
    MmFreeContiguousMemorySpecifyCache(page, PAGE_SIZE, MmCached);
}

static void pages_of_ordinary_memory_are_never_neighbours(void **state)
{
    char *memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 4 * PAGE_SIZE, 'tseT');

    (void)state;
    assert_int_equal(physical_of(memory + 10), physical_of(memory) + 10);
    for (unsigned i = 0; i < 3; i++) {
        const ULONGLONG here = physical_of(memory + i * PAGE_SIZE);
        const ULONGLONG next = physical_of(memory + (i + 1) * PAGE_SIZE);

        assert_int_not_equal(next, here + PAGE_SIZE);
        assert_int_not_equal(here, next + PAGE_SIZE);
        assert_int_equal(physical_of(memory + i * PAGE_SIZE), here);
    }
    ExFreePoolWithTag(memory, 'tseT');
}

static void mapped_registers_have_the_address_of_their_device(void **state)
{
    const dirql_device device = { .name = "device" };
    const PHYSICAL_ADDRESS physical = dirql_device_add_memory(&device, 0xFD000000u, 64);
    char *mapped = MmMapIoSpace(physical, 64, MmNonCached);

    (void)state;
    assert_int_equal(physical_of(mapped + 8), 0xFD000008u);
    MmUnmapIoSpace(mapped, 64);
}

/* There is one, so its number makes no difference. */
static void memory_comes_from_any_node(void **state)
{
    PVOID memory =
        MmAllocateContiguousMemorySpecifyCacheNode(BYTES, nothing, anywhere, nothing, MmCached, 3);
    PVOID nx = MmAllocateContiguousNodeMemory(BYTES, nothing, anywhere, nothing, PAGE_READWRITE, 0);

    (void)state;
    assert_non_null(memory);
    assert_non_null(nx);
    MmFreeContiguousMemorySpecifyCache(memory, BYTES, MmCached);
    MmFreeContiguousMemory(nx);
}

static void it_does_not_lie_around_a_device(void **state)
{
    const dirql_device device = { .name = "device" };
    PVOID memory;

    (void)state;
    dirql_device_add_memory(&device, 0x204000, 64);
    assert_null(MmAllocateContiguousNodeMemory(8 * PAGE_SIZE, at(0x200000), at(0x208FFF), nothing,
                                               PAGE_READWRITE, MM_ANY_NODE_OK));
    memory = MmAllocateContiguousNodeMemory(8 * PAGE_SIZE, at(0x200000), at(0x20CFFF), nothing,
                                            PAGE_READWRITE, MM_ANY_NODE_OK);
    assert_int_equal(physical_of(memory), 0x205000);
    MmFreeContiguousMemory(memory);
}

static void node_memory_can_be_executable_and_not_cached(void **state)
{
    static const ULONG protections[] = { PAGE_READWRITE | PAGE_NOCACHE,
                                         PAGE_READWRITE | PAGE_WRITECOMBINE, PAGE_EXECUTE_READWRITE,
                                         PAGE_EXECUTE_READWRITE | PAGE_NOCACHE };

    (void)state;
    for (unsigned i = 0; i < ARRAYSIZE(protections); i++) {
        PVOID memory = MmAllocateContiguousNodeMemory(BYTES, nothing, anywhere, nothing,
                                                      protections[i], MM_ANY_NODE_OK);

        assert_non_null(memory);
        MmFreeContiguousMemory(memory);
    }
}

/* ---- What goes wrong ------------------------------------------------------------------------- */

static void freeing_twice_is_reported(void **state)
{
    PVOID memory = MmAllocateContiguousMemory(BYTES, anywhere);

    (void)state;
    MmFreeContiguousMemory(memory);
    dirql_expect_finding("ContiguousMemory");
    MmFreeContiguousMemory(memory);
    fail_msg("it was freed before");
}

static void freeing_what_is_none_is_reported(void **state)
{
    int variable;

    (void)state;
    dirql_expect_finding("ContiguousMemory");
    MmFreeContiguousMemory(&variable);
    fail_msg("that was not allocated");
}

static void freeing_another_size_is_reported(void **state)
{
    PVOID memory = MmAllocateContiguousMemory(BYTES, anywhere);

    (void)state;
    dirql_expect_finding("ContiguousMemory");
    MmFreeContiguousMemorySpecifyCache(memory, BYTES - 1, MmCached);
    fail_msg("the size is wrong");
}

static void freeing_with_another_cache_type_is_reported(void **state)
{
    PVOID memory =
        MmAllocateContiguousMemorySpecifyCache(BYTES, nothing, anywhere, nothing, MmNonCached);

    (void)state;
    dirql_expect_finding("ContiguousMemory");
    MmFreeContiguousMemorySpecifyCache(memory, BYTES, MmCached);
    fail_msg("the cache type is wrong");
}

static void what_has_no_cache_type_is_freed_without(void **state)
{
    PVOID memory = MmAllocateContiguousMemory(BYTES, anywhere);

    (void)state;
    dirql_expect_finding("ContiguousMemory");
    MmFreeContiguousMemorySpecifyCache(memory, BYTES, MmCached);
    fail_msg("MmFreeContiguousMemory frees it");
}

static void a_boundary_that_is_no_power_of_two_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("ContiguousMemory");
    (void)MmAllocateContiguousMemorySpecifyCache(BYTES, nothing, anywhere, at(0x30000), MmCached);
    fail_msg("it is no power of two");
}

static void allocate_with(ULONG protect)
{
    dirql_expect_finding("ContiguousMemory");
    (void)MmAllocateContiguousNodeMemory(BYTES, nothing, anywhere, nothing, protect,
                                         MM_ANY_NODE_OK);
    fail_msg("there is no such protection");
}

static void node_memory_that_cannot_be_written_is_reported(void **state)
{
    (void)state;
    allocate_with(PAGE_READONLY);
}

static void node_memory_with_two_ways_to_cache_is_reported(void **state)
{
    (void)state;
    allocate_with(PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE);
}

static void a_write_behind_the_end_is_reported(void **state)
{
    char *memory = MmAllocateContiguousMemory(BYTES, anywhere);

    (void)state;
    memory[BYTES] = 1;
    dirql_expect_finding("ContiguousMemory");
    MmFreeContiguousMemory(memory);
    fail_msg("somebody has written behind the end");
}

static void a_null_pointer_has_no_physical_address(void **state)
{
    (void)state;
    dirql_expect_finding("PhysicalAddress");
    (void)MmGetPhysicalAddress(NULL);
    fail_msg("that is no address");
}

static void it_is_refused_above_dispatch_level(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(5, &old);
    dirql_expect_finding("IrqlMmDispatch");
    (void)MmAllocateContiguousMemory(BYTES, anywhere);
    fail_msg("the IRQL is too high");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(memory_is_contiguous_and_on_a_page),
        dirql_unit_test(memory_is_not_zeroed),
        dirql_unit_test(there_may_be_none),
        dirql_unit_test(limits_are_kept),
        dirql_unit_test(a_boundary_is_not_crossed),
        dirql_unit_test(there_is_not_more_than_the_range_holds),
        dirql_unit_test(pages_of_ordinary_memory_are_never_neighbours),
        dirql_unit_test(mapped_registers_have_the_address_of_their_device),
        dirql_unit_test(freeing_twice_is_reported),
        dirql_unit_test(freeing_what_is_none_is_reported),
        dirql_unit_test(freeing_another_size_is_reported),
        dirql_unit_test(a_write_behind_the_end_is_reported),
        dirql_unit_test(a_null_pointer_has_no_physical_address),
        dirql_unit_test(it_is_refused_above_dispatch_level),
        dirql_unit_test(memory_comes_from_any_node),
        dirql_unit_test(it_does_not_lie_around_a_device),
        dirql_unit_test(node_memory_can_be_executable_and_not_cached),
        dirql_unit_test(freeing_with_another_cache_type_is_reported),
        dirql_unit_test(what_has_no_cache_type_is_freed_without),
        dirql_unit_test(a_boundary_that_is_no_power_of_two_is_reported),
        dirql_unit_test(node_memory_that_cannot_be_written_is_reported),
        dirql_unit_test(node_memory_with_two_ways_to_cache_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

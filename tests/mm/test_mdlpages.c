/*
 * test_mdlpages.c - pages without an address.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/dma.h>

#include <ntddk.h>

static const PHYSICAL_ADDRESS anywhere = { .QuadPart = -1 };
static const PHYSICAL_ADDRESS nothing = { .QuadPart = 0 };

static PMDL get(SIZE_T bytes, ULONG flags)
{
    PMDL mdl = MmAllocatePagesForMdlEx(nothing, anywhere, nothing, bytes, MmCached, flags);

    assert_non_null(mdl);
    return mdl;
}

static void give_back(PMDL mdl)
{
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

static void pages_are_zeroed_locked_and_scattered(void **state)
{
    PMDL mdl = get(3 * PAGE_SIZE, 0);
    const PFN_NUMBER *frames = MmGetMdlPfnArray(mdl);
    unsigned char *memory;

    (void)state;
    assert_int_equal(MmGetMdlByteCount(mdl), 3 * PAGE_SIZE);
    assert_true(mdl->MdlFlags & MDL_PAGES_LOCKED);
    assert_int_not_equal(frames[1], frames[0] + 1);
    memory = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    assert_int_equal(memory[3 * PAGE_SIZE - 1], 0);
    memory[PAGE_SIZE] = 7;
    assert_memory_equal(dirql_dma_pointer((uint64_t)frames[1] << PAGE_SHIFT, 1), "\7", 1);
    MmUnmapLockedPages(memory, mdl);
    give_back(mdl);
}

static void a_count_that_is_no_multiple_is_rounded_up(void **state)
{
    PMDL mdl = MmAllocatePagesForMdl(nothing, anywhere, nothing, PAGE_SIZE + 1);

    (void)state;
    assert_int_equal(MmGetMdlByteCount(mdl), 2 * PAGE_SIZE);
    give_back(mdl);
}

static void contiguous_chunks_are_contiguous(void **state)
{
    PMDL mdl = get(3 * PAGE_SIZE, MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS | MM_DONT_ZERO_ALLOCATION);
    const PFN_NUMBER *frames = MmGetMdlPfnArray(mdl);

    (void)state;
    assert_int_equal(frames[2], frames[0] + 2);
    give_back(mdl);
}

static void less_than_asked_for_comes_from_a_small_range(void **state)
{
    const PHYSICAL_ADDRESS low = { .QuadPart = 0x200000 }, high = { .QuadPart = 0x204FFF };
    PMDL mdl = MmAllocatePagesForMdlEx(low, high, nothing, 0x100000, MmCached, 0);

    (void)state;
    assert_int_equal(MmGetMdlByteCount(mdl), 0x5000);
    give_back(mdl);
    assert_null(MmAllocatePagesForMdlEx(low, high, nothing, 0x100000, MmCached,
                                        MM_ALLOCATE_FULLY_REQUIRED));
    assert_null(MmAllocatePagesForMdl(nothing, nothing, nothing, PAGE_SIZE));
}

static void freeing_releases_the_mapping(void **state)
{
    PMDL mdl = get(PAGE_SIZE, 0);

    (void)state;
    assert_non_null(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    MmFreePagesFromMdl(mdl);
    assert_int_equal(mdl->MdlFlags, 0);
    ExFreePool(mdl);
}

static void freeing_twice_is_reported(void **state)
{
    PMDL mdl = get(PAGE_SIZE, 0);

    (void)state;
    MmFreePagesFromMdl(mdl);
    dirql_expect_finding("MdlPages");
    MmFreePagesFromMdl(mdl);
    fail_msg("the pages are freed");
}

static void freeing_pages_of_pool_is_reported(void **state)
{
    PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tseT');
    PMDL mdl = IoAllocateMdl(memory, 16, FALSE, FALSE, NULL);

    (void)state;
    MmBuildMdlForNonPagedPool(mdl);
    dirql_expect_finding("MdlPages");
    MmFreePagesFromMdl(mdl);
    fail_msg("those are the pool's");
}

static void freed_pages_are_out_of_a_devices_reach(void **state)
{
    PMDL mdl = get(PAGE_SIZE, 0);
    const uint64_t physical = (uint64_t)MmGetMdlPfnArray(mdl)[0] << PAGE_SHIFT;

    (void)state;
    give_back(mdl);
    dirql_expect_finding("DmaAddress");
    (void)dirql_dma_pointer(physical, 1);
    fail_msg("the pages are freed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(pages_are_zeroed_locked_and_scattered),
        dirql_unit_test(a_count_that_is_no_multiple_is_rounded_up),
        dirql_unit_test(contiguous_chunks_are_contiguous),
        dirql_unit_test(less_than_asked_for_comes_from_a_small_range),
        dirql_unit_test(freeing_releases_the_mapping),
        dirql_unit_test(freeing_twice_is_reported),
        dirql_unit_test(freeing_pages_of_pool_is_reported),
        dirql_unit_test(freed_pages_are_out_of_a_devices_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_mdlpages.c - pages without an address.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/dma.h>
#include <dirql/fail.h>

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

static PHYSICAL_ADDRESS at(ULONGLONG address)
{
    const PHYSICAL_ADDRESS physical = { .QuadPart = (LONGLONG)address };

    return physical;
}

static void what_one_range_does_not_have_comes_from_the_next_ones(void **state)
{
    static const PFN_NUMBER expected[] = { 0x200, 0x201, 0x300, 0x301, 0x400 };
    PMDL mdl = MmAllocatePagesForMdlEx(at(0x200000), at(0x201FFF), at(0x100000), 5 * PAGE_SIZE,
                                       MmCached, MM_ALLOCATE_FULLY_REQUIRED);
    char *memory;

    (void)state;
    assert_non_null(mdl);
    assert_int_equal(MmGetMdlByteCount(mdl), 5 * PAGE_SIZE);
    assert_memory_equal(MmGetMdlPfnArray(mdl), expected, sizeof(expected));
    memory = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    memory[2 * PAGE_SIZE] = 7;
    assert_memory_equal(dirql_dma_pointer(0x300000, 1), "\7", 1);
    give_back(mdl);
    assert_null(dirql_dma_probe(0x400000, 1));
}

static void ranges_that_overlap_give_each_page_once(void **state)
{
    PMDL mdl = MmAllocatePagesForMdl(at(0x200000), at(0x202FFF), at(PAGE_SIZE), 6 * PAGE_SIZE);

    (void)state;
    assert_int_equal(MmGetMdlByteCount(mdl), 6 * PAGE_SIZE);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(MmGetMdlPfnArray(mdl)[i], 0x200 + i);
    }
    give_back(mdl);
}

static void what_others_have_is_left_out(void **state)
{
    PVOID taken = MmAllocateContiguousNodeMemory(PAGE_SIZE, at(0x204000), at(0x204FFF), nothing,
                                                 PAGE_READWRITE, MM_ANY_NODE_OK);
    PMDL mdl = MmAllocatePagesForMdl(at(0x200000), at(0x209FFF), nothing, 10 * PAGE_SIZE);

    (void)state;
    assert_true(MmGetMdlByteCount(mdl) < 10 * PAGE_SIZE);
    for (unsigned i = 0; i < BYTES_TO_PAGES(MmGetMdlByteCount(mdl)); i++) {
        assert_int_not_equal(MmGetMdlPfnArray(mdl)[i], 0x204);
    }
    give_back(mdl);
    MmFreeContiguousMemory(taken);
}

static void chunks_have_their_size_and_lie_at_multiples_of_it(void **state)
{
    enum { CHUNK = 4 * PAGE_SIZE };
    PMDL mdl = MmAllocatePagesForMdlEx(at(0x201000), at(0x20DFFF), at(CHUNK), 8 * CHUNK, MmCached,
                                       MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS);

    (void)state;
    assert_int_equal(MmGetMdlByteCount(mdl), 2 * CHUNK);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(MmGetMdlPfnArray(mdl)[i], 0x204 + i);
    }
    give_back(mdl);
    assert_null(MmAllocatePagesForMdlEx(at(0x201000), at(0x20DFFF), at(CHUNK), 8 * CHUNK, MmCached,
                                        MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS |
                                            MM_ALLOCATE_FULLY_REQUIRED));
}

static void one_chunk_is_all_or_nothing(void **state)
{
    (void)state;
    assert_null(MmAllocatePagesForMdlEx(at(0x200000), at(0x204FFF), nothing, 6 * PAGE_SIZE,
                                        MmCached, MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS));
}

static void not_more_than_4_gb_less_a_page_can_be_asked_for(void **state)
{
    (void)state;
    assert_null(MmAllocatePagesForMdl(nothing, anywhere, nothing, (SIZE_T)0x100000000));
}

static void there_may_be_none(void **state)
{
    (void)state;
    dirql_fail_set("other:1");
    assert_null(MmAllocatePagesForMdl(nothing, anywhere, nothing, PAGE_SIZE));
    assert_int_equal(dirql_fail_count(), 1);
}

static void flags_that_make_no_difference_here_are_taken(void **state)
{
    (void)state;
    give_back(get(PAGE_SIZE, MM_ALLOCATE_NO_WAIT | MM_ALLOCATE_FROM_LOCAL_NODE_ONLY |
                                 MM_ALLOCATE_PREFER_CONTIGUOUS));
    give_back(get(PAGE_SIZE, MM_ALLOCATE_AND_HOT_REMOVE));
}

static void large_pages_are_chunks_of_their_size(void **state)
{
    enum { LARGE = 0x200000 };
    PMDL mdl = MmAllocatePagesForMdlEx(nothing, anywhere, at(LARGE), LARGE, MmCached,
                                       MM_ALLOCATE_FAST_LARGE_PAGES |
                                           MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS);

    (void)state;
    assert_int_equal(MmGetMdlByteCount(mdl), LARGE);
    assert_int_equal(MmGetMdlPfnArray(mdl)[0] % (LARGE / PAGE_SIZE), 0);
    give_back(mdl);
}

/* ---- What does not go together --------------------------------------------------------------- */

static void ask_for(ULONGLONG skip, SIZE_T bytes, ULONG flags)
{
    dirql_expect_finding("MdlAllocate");
    (void)MmAllocatePagesForMdlEx(nothing, anywhere, at(skip), bytes, MmCached, flags);
    fail_msg("that does not go together");
}

static void skipping_a_part_of_a_page_is_reported(void **state)
{
    (void)state;
    ask_for(PAGE_SIZE + 1, PAGE_SIZE, 0);
}

static void chunks_that_are_no_power_of_two_are_reported(void **state)
{
    (void)state;
    ask_for(3 * PAGE_SIZE, 3 * PAGE_SIZE, MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS);
}

static void a_part_of_a_chunk_is_reported(void **state)
{
    (void)state;
    ask_for(2 * PAGE_SIZE, 3 * PAGE_SIZE, MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS);
}

static void large_pages_without_chunks_are_reported(void **state)
{
    (void)state;
    ask_for(0x200000, 0x200000, MM_ALLOCATE_FAST_LARGE_PAGES);
}

static void large_pages_that_are_small_are_reported(void **state)
{
    (void)state;
    ask_for(0x1000, 0x200000, MM_ALLOCATE_FAST_LARGE_PAGES | MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS);
}

static void removing_all_or_nothing_is_reported(void **state)
{
    (void)state;
    ask_for(0, PAGE_SIZE, MM_ALLOCATE_AND_HOT_REMOVE | MM_ALLOCATE_FULLY_REQUIRED);
}

static void removing_above_passive_level_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    ask_for(0, PAGE_SIZE, MM_ALLOCATE_AND_HOT_REMOVE);
}

/* ---- Freeing --------------------------------------------------------------------------------- */

static void freeing_what_user_mode_still_sees_is_reported(void **state)
{
    PMDL mdl = get(PAGE_SIZE, 0);

    (void)state;
    (void)MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    dirql_expect_finding("MdlMap");
    MmFreePagesFromMdl(mdl);
    fail_msg("it is still mapped");
}

static void freeing_at_dispatch_level_is_fine(void **state)
{
    KIRQL old;
    PMDL mdl;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    mdl = MmAllocatePagesForMdl(nothing, anywhere, nothing, PAGE_SIZE);
    give_back(mdl);
    KeLowerIrql(old);
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
        dirql_unit_test(what_one_range_does_not_have_comes_from_the_next_ones),
        dirql_unit_test(ranges_that_overlap_give_each_page_once),
        dirql_unit_test(what_others_have_is_left_out),
        dirql_unit_test(chunks_have_their_size_and_lie_at_multiples_of_it),
        dirql_unit_test(one_chunk_is_all_or_nothing),
        dirql_unit_test(not_more_than_4_gb_less_a_page_can_be_asked_for),
        dirql_unit_test(there_may_be_none),
        dirql_unit_test(flags_that_make_no_difference_here_are_taken),
        dirql_unit_test(large_pages_are_chunks_of_their_size),
        dirql_unit_test(skipping_a_part_of_a_page_is_reported),
        dirql_unit_test(chunks_that_are_no_power_of_two_are_reported),
        dirql_unit_test(a_part_of_a_chunk_is_reported),
        dirql_unit_test(large_pages_without_chunks_are_reported),
        dirql_unit_test(large_pages_that_are_small_are_reported),
        dirql_unit_test(removing_all_or_nothing_is_reported),
        dirql_unit_test(removing_above_passive_level_is_reported),
        dirql_unit_test(freeing_what_user_mode_still_sees_is_reported),
        dirql_unit_test(freeing_at_dispatch_level_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_iospace.c - mapping device memory, and giving it back.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/fail.h>

#include <ntddk.h>

enum { LENGTH = 256 };

static PHYSICAL_ADDRESS physical;

static int start(void **state)
{
    const dirql_device silent = { .name = "silent" };

    (void)state;
    physical = dirql_device_add_memory(&silent, 0xFD000000u, LENGTH);
    return physical.QuadPart != 0xFD000000;
}

static void device_memory_can_be_mapped_and_unmapped(void **state)
{
    PVOID mapped = MmMapIoSpace(physical, LENGTH, MmNonCached);

    (void)state;
    assert_non_null(mapped);
    assert_int_equal(READ_REGISTER_UCHAR(mapped), 0xFF);
    MmUnmapIoSpace(mapped, LENGTH);
}

static void extended_form_maps_the_same(void **state)
{
    PVOID mapped = MmMapIoSpaceEx(physical, LENGTH, PAGE_READWRITE | PAGE_NOCACHE);

    (void)state;
    assert_int_equal(READ_REGISTER_ULONG(mapped), 0xFFFFFFFF);
    MmUnmapIoSpace(mapped, LENGTH);
}

static void a_protection_is_one_with_one_way_to_cache(void **state)
{
    (void)state;
    dirql_expect_finding("MmMapIoSpace");
    assert_null(MmMapIoSpaceEx(physical, LENGTH, PAGE_NOCACHE));
    assert_null(MmMapIoSpaceEx(physical, LENGTH, PAGE_READONLY | PAGE_READWRITE));
    assert_null(
        MmMapIoSpaceEx(physical, LENGTH, PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE));
}

static void two_mappings_of_a_device_are_counted(void **state)
{
    PVOID first = MmMapIoSpace(physical, LENGTH, MmNonCached);
    PVOID second = MmMapIoSpace(physical, LENGTH, MmNonCached);

    (void)state;
    MmUnmapIoSpace(first, LENGTH);
    assert_int_equal(READ_REGISTER_UCHAR(second), 0xFF);
    MmUnmapIoSpace(second, LENGTH);
}

static void address_of_no_device_cannot_be_mapped(void **state)
{
    PHYSICAL_ADDRESS elsewhere;

    (void)state;
    elsewhere.QuadPart = 0x1000;
    dirql_expect_finding("MmMapIoSpace");
    assert_null(MmMapIoSpace(elsewhere, 4, MmNonCached));
}

static void more_than_the_device_has_cannot_be_mapped(void **state)
{
    (void)state;
    dirql_expect_finding("MmMapIoSpace");
    assert_null(MmMapIoSpace(physical, LENGTH + 1, MmNonCached));
}

static void nothing_cannot_be_mapped(void **state)
{
    (void)state;
    dirql_expect_finding("MmMapIoSpace");
    assert_null(MmMapIoSpace(physical, 0, MmNonCached));
}

static void there_may_be_no_address_left(void **state)
{
    PVOID mapped;

    (void)state;
    dirql_fail_set("map:1");
    assert_null(MmMapIoSpaceEx(physical, LENGTH, PAGE_READWRITE));
    mapped = MmMapIoSpace(physical, LENGTH, MmNonCached);
    assert_non_null(mapped);
    MmUnmapIoSpace(mapped, LENGTH);
}

/* ---- Cache types ----------------------------------------------------------------------------- */

static void two_cache_types_at_once_are_reported(void **state)
{
    PVOID mapped = MmMapIoSpace(physical, 16, MmNonCached);
    PHYSICAL_ADDRESS beside = physical;

    (void)state;
    assert_non_null(mapped);
    beside.QuadPart += 16; /* Of the same page. */
    dirql_expect_finding("MapCacheType");
    (void)MmMapIoSpace(beside, 16, MmCached);
    fail_msg("a page has one cache type");
}

static void two_cache_types_one_after_the_other_are_fine(void **state)
{
    (void)state;
    MmUnmapIoSpace(MmMapIoSpace(physical, LENGTH, MmNonCached), LENGTH);
    MmUnmapIoSpace(MmMapIoSpace(physical, LENGTH, MmWriteCombined), LENGTH);
}

static void a_protection_says_how_to_cache(void **state)
{
    PVOID first = MmMapIoSpace(physical, LENGTH, MmNonCached);
    PVOID second = MmMapIoSpaceEx(physical, LENGTH, PAGE_READONLY | PAGE_NOCACHE);

    (void)state;
    MmUnmapIoSpace(first, LENGTH);
    MmUnmapIoSpace(second, LENGTH);
    first = MmMapIoSpace(physical, LENGTH, MmWriteCombined);
    second = MmMapIoSpaceEx(physical, LENGTH, PAGE_READWRITE | PAGE_WRITECOMBINE);
    MmUnmapIoSpace(first, LENGTH);
    MmUnmapIoSpace(second, LENGTH);
    first = MmMapIoSpace(physical, LENGTH, MmCached);
    dirql_expect_finding("MapCacheType");
    (void)MmMapIoSpaceEx(physical, LENGTH, PAGE_READWRITE | PAGE_NOCACHE);
    fail_msg("a page has one cache type");
}

/* ---- Protections ----------------------------------------------------------------------------- */

static void a_write_through_a_mapping_to_be_read_is_bug_check_be(void **state)
{
    PULONG mapped = MmMapIoSpaceEx(physical, LENGTH, PAGE_READONLY | PAGE_NOCACHE);

    (void)state;
    assert_int_equal(READ_REGISTER_ULONG(mapped), 0xFFFFFFFF);
    dirql_expect_bugcheck_with(ATTEMPTED_WRITE_TO_READONLY_MEMORY, (ULONG_PTR)(mapped + 1),
                               DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    WRITE_REGISTER_ULONG(mapped + 1, 0);
    fail_msg("it is to be read only");
}

/* All mappings have one address here. */
static void a_write_is_fine_while_it_is_mapped_to_be_written_too(void **state)
{
    PULONG to_read = MmMapIoSpaceEx(physical, LENGTH, PAGE_EXECUTE_READ | PAGE_NOCACHE);
    PULONG to_write = MmMapIoSpaceEx(physical, LENGTH, PAGE_EXECUTE_READWRITE | PAGE_NOCACHE);

    (void)state;
    WRITE_REGISTER_ULONG(to_write, 0);
    MmUnmapIoSpace(to_write, LENGTH);
    MmUnmapIoSpace(to_read, LENGTH);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static const PHYSICAL_ADDRESS anywhere = { .QuadPart = -1 };

static void memory_that_stays_where_it_is_can_be_mapped(void **state)
{
    PULONG memory = MmAllocateContiguousMemory(2 * PAGE_SIZE, anywhere);
    PULONG mapped = MmMapIoSpace(MmGetPhysicalAddress(memory + 8), PAGE_SIZE, MmCached);

    (void)state;
    WRITE_REGISTER_ULONG(mapped, 42);
    assert_int_equal(memory[8], 42);
    assert_int_equal(READ_REGISTER_ULONG(mapped), 42);
    MmUnmapIoSpace(mapped, PAGE_SIZE);
    MmFreeContiguousMemory(memory);
}

static void memory_that_is_not_locked_is_c4_83(void **state)
{
    PVOID pool = ExAllocatePool2(POOL_FLAG_PAGED, PAGE_SIZE, 'tseT');
    const PHYSICAL_ADDRESS where = MmGetPhysicalAddress(pool);

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x83, (ULONG_PTR)where.QuadPart,
                               16, (ULONG_PTR)where.QuadPart >> PAGE_SHIFT);
    (void)MmMapIoSpace(where, 16, MmCached);
    fail_msg("that may be given back");
}

/* ---- Unmapping ------------------------------------------------------------------------------- */

static void unmapping_what_was_never_mapped_is_reported(void **state)
{
    int something;

    (void)state;
    dirql_expect_finding("MmUnmapIoSpace");
    MmUnmapIoSpace(&something, sizeof(something));
    fail_msg("that was never mapped");
}

static void unmapping_at_dispatch_level_is_warned_of(void **state)
{
    PVOID mapped = MmMapIoSpace(physical, LENGTH, MmNonCached);
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlMmUnmapIoSpace");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    MmUnmapIoSpace(mapped, LENGTH);
    KeLowerIrql(old);
}

static void unmapping_twice_is_reported(void **state)
{
    PVOID mapped = MmMapIoSpace(physical, LENGTH, MmNonCached);

    (void)state;
    MmUnmapIoSpace(mapped, LENGTH);
    dirql_expect_finding("MmUnmapIoSpace");
    MmUnmapIoSpace(mapped, LENGTH);
    fail_msg("it was unmapped before");
}

static void unmapping_another_length_is_reported(void **state)
{
    PVOID mapped = MmMapIoSpace(physical, LENGTH, MmNonCached);

    (void)state;
    dirql_expect_finding("MmUnmapIoSpace");
    MmUnmapIoSpace(mapped, LENGTH / 2);
    fail_msg("the length is not that of the mapping");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(device_memory_can_be_mapped_and_unmapped, start),
        dirql_unit_test_setup(extended_form_maps_the_same, start),
        dirql_unit_test_setup(a_protection_is_one_with_one_way_to_cache, start),
        dirql_unit_test_setup(two_mappings_of_a_device_are_counted, start),
        dirql_unit_test_setup(address_of_no_device_cannot_be_mapped, start),
        dirql_unit_test_setup(more_than_the_device_has_cannot_be_mapped, start),
        dirql_unit_test_setup(unmapping_what_was_never_mapped_is_reported, start),
        dirql_unit_test_setup(unmapping_at_dispatch_level_is_warned_of, start),
        dirql_unit_test_setup(unmapping_twice_is_reported, start),
        dirql_unit_test_setup(unmapping_another_length_is_reported, start),
        dirql_unit_test_setup(nothing_cannot_be_mapped, start),
        dirql_unit_test_setup(there_may_be_no_address_left, start),
        dirql_unit_test_setup(two_cache_types_at_once_are_reported, start),
        dirql_unit_test_setup(two_cache_types_one_after_the_other_are_fine, start),
        dirql_unit_test_setup(a_protection_says_how_to_cache, start),
        dirql_unit_test_setup(a_write_through_a_mapping_to_be_read_is_bug_check_be, start),
        dirql_unit_test_setup(a_write_is_fine_while_it_is_mapped_to_be_written_too, start),
        dirql_unit_test_setup(memory_that_stays_where_it_is_can_be_mapped, start),
        dirql_unit_test_setup(memory_that_is_not_locked_is_c4_83, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

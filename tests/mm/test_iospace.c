/*
 * test_iospace.c - mapping device memory, and giving it back.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

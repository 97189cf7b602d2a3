/*
 * test_reservedmapping.c - mapping an MDL at an address that was reserved.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>

#include <ntddk.h>

enum { TAG = 'tseT', OTHER_TAG = 'rhtO', RESERVED = 2 * PAGE_SIZE };

static _Alignas(PAGE_SIZE) char memory[4 * PAGE_SIZE];

typedef struct locked {
    MDL mdl;
    PFN_NUMBER pages[4];
} locked;

static locked first, second;

static PMDL lock(locked *of, char *start, ULONG bytes)
{
    MmInitializeMdl(&of->mdl, start, bytes);
    MmProbeAndLockPages(&of->mdl, KernelMode, IoModifyAccess);
    return &of->mdl;
}

static PVOID reserve(void)
{
    PVOID address = MmAllocateMappingAddress(RESERVED, TAG);

    assert_non_null(address);
    return address;
}

static PVOID map(PVOID address, PMDL mdl)
{
    PVOID mapped = MmMapLockedPagesWithReservedMapping(address, TAG, mdl, MmCached);

    assert_non_null(mapped);
    return mapped;
}

static void the_pages_are_seen_at_the_address_that_is_returned(void **state)
{
    PVOID address = reserve();
    PMDL mdl = lock(&first, memory + 10, 20);
    char *mapped = map(address, mdl);

    (void)state;
    mapped[0] = 7;
    assert_int_equal(memory[10], 7);
    assert_int_equal(BYTE_OFFSET(mapped), BYTE_OFFSET(memory + 10));
    assert_true(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    assert_ptr_equal(mdl->MappedSystemVa, mapped - mdl->ByteOffset); /* Without the offset. */
    MmUnmapReservedMapping(address, TAG, mdl);
    assert_false(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    MmUnlockPages(mdl);
    MmFreeMappingAddress(address, TAG);
}

static void it_is_used_again_and_again(void **state)
{
    PVOID address = MmAllocateMappingAddressEx(RESERVED, TAG, 0);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        PMDL mdl = lock(&first, memory, PAGE_SIZE * (i % 2 + 1));
        PVOID mapped = map(address, mdl);

        MmUnmapReservedMapping(i == 0 ? mapped : address, TAG, mdl);
        MmUnlockPages(mdl);
    }
    MmFreeMappingAddress(address, TAG);
}

static void an_mdl_that_is_too_large_is_not_mapped(void **state)
{
    PVOID address = reserve();
    PMDL mdl = lock(&first, memory, 3 * PAGE_SIZE);

    (void)state;
    assert_null(MmMapLockedPagesWithReservedMapping(address, TAG, mdl, MmCached));
    MmUnlockPages(mdl);
    MmFreeMappingAddress(address, TAG);
}

static void an_mdl_without_pages_is_reported(void **state)
{
    PVOID address = reserve();

    (void)state;
    MmInitializeMdl(&first.mdl, memory, PAGE_SIZE);
    dirql_expect_finding("MdlPages");
    (void)MmMapLockedPagesWithReservedMapping(address, TAG, &first.mdl, MmCached);
    fail_msg("it is not locked");
}

static void an_mdl_that_is_mapped_is_reported(void **state)
{
    PVOID address = reserve();
    PMDL mdl = lock(&first, memory, PAGE_SIZE);

    (void)state;
    assert_non_null(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    dirql_expect_finding("MdlMap");
    (void)MmMapLockedPagesWithReservedMapping(address, TAG, mdl, MmCached);
    fail_msg("it has an address already");
}

static void an_mdl_of_nonpaged_memory_is_reported(void **state)
{
    PVOID address = reserve();

    (void)state;
    MmInitializeMdl(&first.mdl, memory, PAGE_SIZE);
    MmBuildMdlForNonPagedPool(&first.mdl);
    dirql_expect_finding("MdlMap");
    (void)MmMapLockedPagesWithReservedMapping(address, TAG, &first.mdl, MmCached);
    fail_msg("it has an address already");
}

static void a_reservation_may_fail(void **state)
{
    (void)state;
    dirql_fail_set("map:1");
    assert_null(MmAllocateMappingAddress(RESERVED, TAG));
}

static void it_can_be_mapped_at_dispatch_level(void **state)
{
    PVOID address = reserve();
    PMDL mdl = lock(&first, memory, 100);
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)map(address, mdl);
    MmUnmapReservedMapping(address, TAG, mdl);
    KeLowerIrql(old);
    MmUnlockPages(mdl);
    MmFreeMappingAddress(address, TAG);
}

/* ---- Misuse ---------------------------------------------------------------------------------- */

#define expect_misuse(subcode, p2, p3, p4)                                                   \
    dirql_expect_bugcheck_with(SYSTEM_PTE_MISUSE, subcode, (ULONG_PTR)(p2), (ULONG_PTR)(p3), \
                               (ULONG_PTR)(p4))

static void nothing_cannot_be_reserved(void **state)
{
    (void)state;
    expect_misuse(0x100, 0, TAG, DIRQL_ANY);
    (void)MmAllocateMappingAddress(0, TAG);
    fail_msg("that was nothing");
}

static void it_is_freed_with_its_tag(void **state)
{
    PVOID address = reserve();

    (void)state;
    expect_misuse(0x101, address, OTHER_TAG, TAG);
    MmFreeMappingAddress(address, OTHER_TAG);
    fail_msg("that was another tag");
}

static void it_is_freed_once(void **state)
{
    PVOID address = reserve();

    (void)state;
    MmFreeMappingAddress(address, TAG);
    expect_misuse(0x102, address, TAG, 0);
    MmFreeMappingAddress(address, TAG);
    fail_msg("it was freed before");
}

static void it_is_unmapped_before_it_is_freed(void **state)
{
    PVOID address = reserve();

    (void)state;
    (void)map(address, lock(&first, memory, 100));
    expect_misuse(0x103, address, TAG, 2);
    MmFreeMappingAddress(address, TAG);
    fail_msg("it is mapped");
}

static void it_is_mapped_with_its_tag(void **state)
{
    PVOID address = reserve();

    (void)state;
    expect_misuse(0x104, address, OTHER_TAG, TAG);
    (void)MmMapLockedPagesWithReservedMapping(address, OTHER_TAG, lock(&first, memory, 100),
                                              MmCached);
    fail_msg("that was another tag");
}

static void only_what_was_reserved_is_mapped(void **state)
{
    (void)state;
    expect_misuse(0x105, memory, TAG, 0);
    (void)MmMapLockedPagesWithReservedMapping(memory, TAG, lock(&first, memory, 100), MmCached);
    fail_msg("nothing is reserved there");
}

static void one_mdl_is_mapped_at_a_time(void **state)
{
    char *address = reserve();

    (void)state;
    (void)map(address, lock(&first, memory, 100));
    expect_misuse(0x107, address, address, address + PAGE_SIZE);
    (void)MmMapLockedPagesWithReservedMapping(address, TAG, lock(&second, memory + PAGE_SIZE, 100),
                                              MmCached);
    fail_msg("it is mapped");
}

static void it_is_unmapped_with_its_tag(void **state)
{
    PVOID address = reserve();
    PMDL mdl = lock(&first, memory, 100);

    (void)state;
    (void)map(address, mdl);
    expect_misuse(0x108, address, OTHER_TAG, TAG);
    MmUnmapReservedMapping(address, OTHER_TAG, mdl);
    fail_msg("that was another tag");
}

static void what_is_not_reserved_is_not_unmapped(void **state)
{
    (void)state;
    expect_misuse(0x109, memory, TAG, 0);
    MmUnmapReservedMapping(memory, TAG, lock(&first, memory, 100));
    fail_msg("nothing is reserved there");
}

static void what_is_not_mapped_is_not_unmapped(void **state)
{
    PVOID address = reserve();

    (void)state;
    expect_misuse(0x10B, address, TAG, 1);
    MmUnmapReservedMapping(address, TAG, lock(&first, memory, 100));
    fail_msg("nothing is mapped there");
}

static void not_more_is_unmapped_than_was_mapped(void **state)
{
    PVOID address = reserve();

    (void)state;
    (void)map(address, lock(&first, memory, 100));
    expect_misuse(0x10A, address, 1, 2);
    MmUnmapReservedMapping(address, TAG, lock(&second, memory, 2 * PAGE_SIZE));
    fail_msg("that is more");
}

static void all_that_was_mapped_is_unmapped(void **state)
{
    PVOID address = reserve();

    (void)state;
    (void)map(address, lock(&first, memory, 2 * PAGE_SIZE));
    expect_misuse(0x10C, address, TAG, 1);
    MmUnmapReservedMapping(address, TAG, lock(&second, memory, 100));
    fail_msg("that is less");
}

static void the_mdl_is_the_one_that_was_mapped(void **state)
{
    PVOID address = reserve();
    PMDL other;

    (void)state;
    (void)map(address, lock(&first, memory, 100));
    other = lock(&second, memory, 100);
    expect_misuse(0x06, other, address, 1);
    MmUnmapReservedMapping(address, TAG, other);
    fail_msg("that is another");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(the_pages_are_seen_at_the_address_that_is_returned),
        dirql_unit_test(it_is_used_again_and_again),
        dirql_unit_test(an_mdl_that_is_too_large_is_not_mapped),
        dirql_unit_test(an_mdl_without_pages_is_reported),
        dirql_unit_test(an_mdl_that_is_mapped_is_reported),
        dirql_unit_test(an_mdl_of_nonpaged_memory_is_reported),
        dirql_unit_test(a_reservation_may_fail),
        dirql_unit_test(it_can_be_mapped_at_dispatch_level),
        dirql_unit_test(nothing_cannot_be_reserved),
        dirql_unit_test(it_is_freed_with_its_tag),
        dirql_unit_test(it_is_freed_once),
        dirql_unit_test(it_is_unmapped_before_it_is_freed),
        dirql_unit_test(it_is_mapped_with_its_tag),
        dirql_unit_test(only_what_was_reserved_is_mapped),
        dirql_unit_test(one_mdl_is_mapped_at_a_time),
        dirql_unit_test(it_is_unmapped_with_its_tag),
        dirql_unit_test(what_is_not_reserved_is_not_unmapped),
        dirql_unit_test(what_is_not_mapped_is_not_unmapped),
        dirql_unit_test(not_more_is_unmapped_than_was_mapped),
        dirql_unit_test(all_that_was_mapped_is_unmapped),
        dirql_unit_test(the_mdl_is_the_one_that_was_mapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

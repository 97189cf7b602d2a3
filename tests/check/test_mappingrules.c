/*
 * test_mappingrules.c - each rule about mappings of physical memory, and about pages that are
 * allocated without an address, is found when it is broken, and not when it is kept.
 */
#include "rule.h"

#include <dirql/device.h>

enum { TAG = 0x74736554, LENGTH = 64 };

static const PHYSICAL_ADDRESS anywhere = { .QuadPart = -1 };
static const PHYSICAL_ADDRESS nothing = { .QuadPart = 0 };

static KIRQL old;
static PHYSICAL_ADDRESS where;
static PVOID mapped;
static PMDL mdl;

static void add_device(void)
{
    const dirql_device device = { .name = "device" };

    where = dirql_device_add_memory(&device, 0, LENGTH);
}

/* ---- Device memory --------------------------------------------------------------------------- */

static void map_one_after_the_other(void *context)
{
    (void)context;
    add_device();
    MmUnmapIoSpace(MmMapIoSpace(where, LENGTH, MmNonCached), LENGTH);
    MmUnmapIoSpace(MmMapIoSpace(where, LENGTH, MmCached), LENGTH);
}

static void map_with_two_cache_types(void *context)
{
    (void)context;
    add_device();
    (void)MmMapIoSpace(where, LENGTH, MmNonCached);
    (void)MmMapIoSpace(where, LENGTH, MmCached);
}

static void a_page_with_two_cache_types_is_found(void **state)
{
    (void)state;
    assert_error(map_with_two_cache_types, 1, "MapCacheType");
    assert_silent(map_one_after_the_other, 1, "MapCacheType");
}

static void map_pool(void *context)
{
    (void)context;
    where = MmGetPhysicalAddress(ExAllocatePool2(POOL_FLAG_NON_PAGED, LENGTH, TAG));
    (void)MmMapIoSpace(where, LENGTH, MmCached);
}

static void map_contiguous_memory(void *context)
{
    PVOID memory = MmAllocateContiguousMemory(LENGTH, anywhere);

    (void)context;
    MmUnmapIoSpace(MmMapIoSpace(MmGetPhysicalAddress(memory), LENGTH, MmCached), LENGTH);
    MmFreeContiguousMemory(memory);
}

static void memory_that_is_not_locked_is_found(void **state)
{
    (void)state;
    assert_verifier(map_pool, 0x83, (ULONG_PTR)where.QuadPart, LENGTH,
                    (ULONG_PTR)where.QuadPart >> PAGE_SHIFT, "MapUnlocked");
    assert_silent(map_contiguous_memory, 1, "MapUnlocked");
}

/* ---- Pages ----------------------------------------------------------------------------------- */

static void skip_a_part_of_a_page(void *context)
{
    const PHYSICAL_ADDRESS part = { .QuadPart = 100 };

    (void)context;
    (void)MmAllocatePagesForMdl(nothing, anywhere, part, PAGE_SIZE);
}

static void allocate_and_free(void *context)
{
    const PHYSICAL_ADDRESS chunk = { .QuadPart = 2 * PAGE_SIZE };

    (void)context;
    mdl = MmAllocatePagesForMdlEx(nothing, anywhere, chunk, 4 * PAGE_SIZE, MmCached,
                                  MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

static void pages_that_are_asked_for_amiss_are_found(void **state)
{
    (void)state;
    assert_error(skip_a_part_of_a_page, 1, "MdlAllocate");
    assert_silent(allocate_and_free, 1, "MdlAllocate");
}

/* ---- Mappings of MDLs ------------------------------------------------------------------------ */

static void lock(void)
{
    static char buffer[LENGTH];

    mdl = IoAllocateMdl(buffer, LENGTH, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
}

static void map_in_the_old_way(void *context)
{
    lock();
    KeRaiseIrql(*(const KIRQL *)context, &old);
    (void)MmMapLockedPages(mdl, *(const KIRQL *)context == DISPATCH_LEVEL ? UserMode : KernelMode);
}

static void map_what_is_not_locked(void *context)
{
    static char buffer[LENGTH];

    (void)context;
    mdl = IoAllocateMdl(buffer, LENGTH, FALSE, FALSE, NULL);
    (void)MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
}

static void map_at_dirql(void *context)
{
    (void)context;
    map_in_the_old_way(&(KIRQL){ 5 });
}

static void map_for_user_mode_at_dispatch(void *context)
{
    (void)context;
    map_in_the_old_way(&(KIRQL){ DISPATCH_LEVEL });
}

static void unmap_for_user_mode_at_dispatch(void *context)
{
    (void)context;
    lock();
    mapped = MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    MmUnmapLockedPages(mapped, mdl);
}

static void map_for_user_mode(void *context)
{
    (void)context;
    lock();
    MmUnmapLockedPages(
        MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority),
        mdl);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void mappings_are_found_with_the_verifiers_parameters(void **state)
{
    (void)state;
    assert_verifier(map_at_dirql, 0x74, 5, (ULONG_PTR)mdl, KernelMode, "IrqlMmDispatch");
    assert_verifier(map_for_user_mode_at_dispatch, 0x75, DISPATCH_LEVEL, (ULONG_PTR)mdl, UserMode,
                    "MdlMap");
    assert_verifier(map_what_is_not_locked, 0xB3, (ULONG_PTR)mdl, 0, DIRQL_ANY, "MdlPages");
    assert_verifier(unmap_for_user_mode_at_dispatch, 0x7A, DISPATCH_LEVEL, (ULONG_PTR)mapped,
                    (ULONG_PTR)mdl, "MdlMap");
    assert_silent(map_for_user_mode, 1, "MdlMap");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_with_two_cache_types_is_found),
        cmocka_unit_test(memory_that_is_not_locked_is_found),
        cmocka_unit_test(pages_that_are_asked_for_amiss_are_found),
        cmocka_unit_test(mappings_are_found_with_the_verifiers_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_mdlrules.c - each rule about memory descriptor lists, contiguous memory and DMA is found
 * when it is broken, and not when it is kept.
 */
#include "rule.h"

#include <dirql/dma.h>

enum { TAG = 0x74736554, BYTES = 100 };

static const PHYSICAL_ADDRESS anywhere = { .QuadPart = -1 };

static KIRQL old;
static char *memory;
static PMDL mdl, part;
static PVOID mapped;
static PDMA_ADAPTER adapter;

static void make(POOL_FLAGS pool)
{
    memory = ExAllocatePool2(pool, BYTES, TAG);
    mdl = IoAllocateMdl(memory, BYTES, FALSE, FALSE, NULL);
}

static void unmake(void)
{
    IoFreeMdl(mdl);
    ExFreePoolWithTag(memory, TAG);
}

static void lock_and_map(void *context)
{
    (void)context;
    make(POOL_FLAG_PAGED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    mapped =
        MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    MmUnmapLockedPages(mapped, mdl);
    part = IoAllocateMdl(memory, BYTES, FALSE, FALSE, NULL);
    IoBuildPartialMdl(mdl, part, memory + 10, 20);
    IoFreeMdl(part);
    MmUnlockPages(mdl);
    unmake();
}

static void build_from_nonpaged_pool(void *context)
{
    (void)context;
    make(POOL_FLAG_NON_PAGED);
    MmBuildMdlForNonPagedPool(mdl);
    unmake();
}

/* ---- Pages and locks ------------------------------------------------------------------------- */

static void build_from_paged_pool(void *context)
{
    (void)context;
    make(POOL_FLAG_PAGED);
    MmBuildMdlForNonPagedPool(mdl);
}

static void lock_pageable_memory_at_dispatch(void *context)
{
    (void)context;
    make(POOL_FLAG_PAGED);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
}

static void an_mdl_of_the_wrong_memory_is_found(void **state)
{
    (void)state;
    assert_verifier(build_from_paged_pool, 0x7F, (ULONG_PTR)mdl, DIRQL_ANY, 0, "MdlPages");
    assert_broken(lock_pageable_memory_at_dispatch, 1, DRIVER_IRQL_NOT_LESS_OR_EQUAL,
                  (ULONG_PTR)memory, DISPATCH_LEVEL, 0, 0, "MdlPages");
    assert_silent(build_from_nonpaged_pool, 1, "MdlPages");
}

static void lock_twice(void *context)
{
    (void)context;
    make(POOL_FLAG_PAGED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
}

static void unlock_what_is_not_locked(void *context)
{
    (void)context;
    make(POOL_FLAG_PAGED);
    MmUnlockPages(mdl);
}

static void unlock_nonpaged_pool(void *context)
{
    (void)context;
    make(POOL_FLAG_NON_PAGED);
    MmBuildMdlForNonPagedPool(mdl);
    MmUnlockPages(mdl);
}

static void locks_and_unlocks_that_are_no_pair_are_found(void **state)
{
    (void)state;
    assert_verifier(lock_twice, 0xB0, (ULONG_PTR)mdl, DIRQL_ANY, MDL_PAGES_LOCKED, "MdlLock");
    assert_verifier(unlock_what_is_not_locked, 0x7C, (ULONG_PTR)mdl, DIRQL_ANY, 0, "MdlLock");
    assert_verifier(unlock_nonpaged_pool, 0x7D, (ULONG_PTR)mdl, DIRQL_ANY, 0, "MdlLock");
    assert_silent(lock_and_map, 1, "MdlLock");
}

/* ---- Mappings and parts ---------------------------------------------------------------------- */

static PVOID map(KPROCESSOR_MODE mode)
{
    return MmMapLockedPagesSpecifyCache(mdl, mode, MmCached, NULL, FALSE, NormalPagePriority);
}

static void map_twice(void *context)
{
    (void)context;
    make(POOL_FLAG_PAGED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    (void)map(KernelMode);
    (void)map(KernelMode);
}

static void map_for_user_mode_at_dispatch(void *context)
{
    (void)context;
    make(POOL_FLAG_PAGED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)map(UserMode);
}

static void a_second_mapping_is_found(void **state)
{
    (void)state;
    assert_verifier(map_twice, 0xB2, (ULONG_PTR)mdl, DIRQL_ANY, MDL_MAPPED_TO_SYSTEM_VA, "MdlMap");
    assert_verifier(map_for_user_mode_at_dispatch, 0x77, DISPATCH_LEVEL, (ULONG_PTR)mdl, UserMode,
                    "MdlMap");
    assert_silent(lock_and_map, 1, "MdlMap");
}

static void free_what_is_mapped(void *context)
{
    (void)context;
    make(POOL_FLAG_PAGED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    (void)map(KernelMode);
    IoFreeMdl(mdl);
}

static void free_what_is_locked(void *context)
{
    (void)context;
    make(POOL_FLAG_PAGED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    IoFreeMdl(mdl);
}

static void an_mdl_that_is_freed_too_early_is_found(void **state)
{
    (void)state;
    assert_verifier(free_what_is_mapped, 0xB8, (ULONG_PTR)mdl, DIRQL_ANY, 0, "MdlFree");
    assert_broken(free_what_is_locked, 1, 0, 0, (ULONG_PTR)mdl, DIRQL_ANY, 0, "MdlFree");
    assert_silent(lock_and_map, 1, "MdlFree");
}

static void build_a_part_beyond_the_source(void *context)
{
    (void)context;
    make(POOL_FLAG_PAGED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    part = IoAllocateMdl(memory, BYTES, FALSE, FALSE, NULL);
    IoBuildPartialMdl(mdl, part, memory + BYTES - 1, 2);
}

static void a_part_beyond_its_source_is_found(void **state)
{
    (void)state;
    assert_broken(build_a_part_beyond_the_source, 1, 0, 0, (ULONG_PTR)mdl, DIRQL_ANY, 0, "MdlPart");
    assert_silent(lock_and_map, 1, "MdlPart");
}

static void lock_at_dirql(void *context)
{
    (void)context;
    make(POOL_FLAG_NON_PAGED);
    KeRaiseIrql(5, &old);
    MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
}

static void map_at_dirql(void *context)
{
    (void)context;
    make(POOL_FLAG_NON_PAGED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    KeRaiseIrql(5, &old);
    (void)map(UserMode);
}

static void unmap_at_dirql(void *context)
{
    (void)context;
    make(POOL_FLAG_NON_PAGED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    mapped = map(KernelMode);
    KeRaiseIrql(5, &old);
    MmUnmapLockedPages(mapped, mdl);
}

static void unlock_at_dirql(void *context)
{
    (void)context;
    make(POOL_FLAG_NON_PAGED);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    KeRaiseIrql(5, &old);
    MmUnlockPages(mdl);
}

static void allocate_pages_at_dirql(void *context)
{
    (void)context;
    KeRaiseIrql(5, &old);
    (void)MmAllocatePagesForMdl(anywhere, anywhere, anywhere, BYTES);
}

static void mdls_at_dirql_are_found_with_the_verifiers_parameters(void **state)
{
    (void)state;
    assert_verifier(lock_at_dirql, 0x70, 5, (ULONG_PTR)mdl, UserMode, "IrqlMmDispatch");
    assert_verifier(map_at_dirql, 0x76, 5, (ULONG_PTR)mdl, UserMode, "IrqlMmDispatch");
    assert_verifier(unmap_at_dirql, 0x79, 5, (ULONG_PTR)mapped, (ULONG_PTR)mdl, "IrqlMmDispatch");
    assert_verifier(unlock_at_dirql, 0x78, 5, (ULONG_PTR)mdl, 0, "IrqlMmDispatch");
    assert_verifier(allocate_pages_at_dirql, 0x7E, 5, DISPATCH_LEVEL, 0, "IrqlMmDispatch");
    assert_silent(lock_and_map, 1, "IrqlMmDispatch");
}

/* ---- Contiguous memory ----------------------------------------------------------------------- */

static uint64_t physical;

static void use_contiguous_memory(void *context)
{
    (void)context;
    memory = MmAllocateContiguousMemory(BYTES, anywhere);
    physical = (uint64_t)MmGetPhysicalAddress(memory).QuadPart;
    assert_ptr_equal(dirql_dma_pointer(physical, BYTES), memory);
    MmFreeContiguousMemory(memory);
}

static void free_contiguous_memory_twice(void *context)
{
    use_contiguous_memory(context);
    MmFreeContiguousMemory(memory);
}

static void free_noncached_memory_twice(void *context)
{
    (void)context;
    memory = MmAllocateNonCachedMemory(100);
    MmFreeNonCachedMemory(memory, 100);
    MmFreeNonCachedMemory(memory, 100);
}

static void free_another_length(void *context)
{
    (void)context;
    memory = MmAllocateNonCachedMemory(100);
    MmFreeNonCachedMemory(memory, 3 * PAGE_SIZE);
}

static void noncached_memory_is_freed_once_with_its_length(void **state)
{
    (void)state;
    assert_error(free_noncached_memory_twice, 1, "NonCachedMemory");
    assert_report_has("which was freed before");
    assert_error(free_another_length, 1, "NonCachedMemory");
}

static void contiguous_memory_that_is_freed_twice_is_found(void **state)
{
    (void)state;
    assert_error(free_contiguous_memory_twice, 1, "ContiguousMemory");
    assert_silent(use_contiguous_memory, 1, "ContiguousMemory");
}

static void ask_where_null_is(void *context)
{
    (void)context;
    (void)MmGetPhysicalAddress(NULL);
}

static void the_physical_address_of_null_is_found(void **state)
{
    (void)state;
    assert_error(ask_where_null_is, 1, "PhysicalAddress");
    assert_silent(use_contiguous_memory, 1, "PhysicalAddress");
}

static void access_what_was_freed(void *context)
{
    use_contiguous_memory(context);
    (void)dirql_dma_pointer(physical, BYTES);
}

static void a_device_that_accesses_what_was_freed_is_found(void **state)
{
    (void)state;
    assert_error(access_what_was_freed, 1, "DmaAddress");
    assert_silent(use_contiguous_memory, 1, "DmaAddress");
}

/* ---- Adapters -------------------------------------------------------------------------------- */

static void use_an_adapter(void *context)
{
    DEVICE_DESCRIPTION description = { .Version = DEVICE_DESCRIPTION_VERSION2,
                                       .Master = TRUE,
                                       .ScatterGather = TRUE,
                                       .Dma32BitAddresses = TRUE,
                                       .InterfaceType = PCIBus,
                                       .MaximumLength = 0x1000 };
    ULONG registers;
    PHYSICAL_ADDRESS logical;
    PVOID buffer;

    (void)context;
    adapter = IoGetDmaAdapter(NULL, &description, &registers);
    buffer = adapter->DmaOperations->AllocateCommonBuffer(adapter, BYTES, &logical, TRUE);
    adapter->DmaOperations->FreeCommonBuffer(adapter, BYTES, logical, buffer, TRUE);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

static void put_an_adapter_twice(void *context)
{
    void (*put)(PDMA_ADAPTER of);

    use_an_adapter(context);
    put = adapter->DmaOperations->PutDmaAdapter;
    put(adapter);
}

static void an_adapter_that_is_released_twice_is_found(void **state)
{
    (void)state;
    assert_broken(put_an_adapter_twice, 1, DRIVER_VERIFIER_DMA_VIOLATION, 0x18, (ULONG_PTR)adapter,
                  0, 0, "DmaAdapter");
    assert_silent(use_an_adapter, 1, "DmaAdapter");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_mdl_of_the_wrong_memory_is_found),
        cmocka_unit_test(locks_and_unlocks_that_are_no_pair_are_found),
        cmocka_unit_test(a_second_mapping_is_found),
        cmocka_unit_test(an_mdl_that_is_freed_too_early_is_found),
        cmocka_unit_test(a_part_beyond_its_source_is_found),
        cmocka_unit_test(mdls_at_dirql_are_found_with_the_verifiers_parameters),
        cmocka_unit_test(noncached_memory_is_freed_once_with_its_length),
        cmocka_unit_test(contiguous_memory_that_is_freed_twice_is_found),
        cmocka_unit_test(the_physical_address_of_null_is_found),
        cmocka_unit_test(a_device_that_accesses_what_was_freed_is_found),
        cmocka_unit_test(an_adapter_that_is_released_twice_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

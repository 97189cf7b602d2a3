/*
 * test_leakedmemory.c - what is still locked, mapped or given out for DMA when a run is over.
 */
#include "left.h"

static const PHYSICAL_ADDRESS anywhere = { .QuadPart = MAXLONGLONG };

/* ---- MDLs ------------------------------------------------------------------------------------ */

static char pages[2 * PAGE_SIZE]; /* Outlives the body, as does its MDL. */

static union {
    MDL mdl;
    char bytes[256];
} locked;

static PMDL lock(void)
{
    MmInitializeMdl(&locked.mdl, pages, PAGE_SIZE);
    MmProbeAndLockPages(&locked.mdl, KernelMode, IoReadAccess);
    return &locked.mdl;
}

static void leave_locked_pages(void *context)
{
    (void)context;
    MmInitializeMdl(&locked.mdl, pages, PAGE_SIZE);
    MmProbeAndLockPages(&locked.mdl, KernelMode, IoReadAccess);
    if (tidy) {
        MmUnlockPages(&locked.mdl);
    }
}

static void pages_that_are_still_locked_are_reported(void **state)
{
    (void)state;
    assert_left(leave_locked_pages, "LockedPagesLeft",
                "the pages of an MDL are still locked: 4096 bytes in 1 block. MmProbeAndLockPages "
                "was called at leave_locked_pages");
    tidy = false;
    rule_run(1, leave_locked_pages);
    assert_int_equal(rule_result.code, DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS);
}

static void leave_a_user_mapping(void *context)
{
    PMDL mdl = lock();
    PVOID address =
        MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);

    (void)context;
    if (tidy) {
        MmUnmapLockedPages(address, mdl);
    }
    MmUnlockPages(mdl);
}

static void leave_a_part_mapped(void *context)
{
    PMDL whole = lock();
    PMDL part = IoAllocateMdl(pages, 100, FALSE, FALSE, NULL);

    (void)context;
    IoBuildPartialMdl(whole, part, pages, 100);
    (void)MmGetSystemAddressForMdlSafe(part, NormalPagePriority | MdlMappingNoExecute);
    MmUnlockPages(whole);
    if (tidy) {
        IoFreeMdl(part);
    } else {
        ExFreePool(part);
    }
}

static void map_and_unlock(void *context)
{
    PMDL mdl = lock();

    (void)context;
    (void)MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute);
    MmUnlockPages(mdl);
}

static void mappings_are_reported_unless_they_went_with_the_lock(void **state)
{
    (void)state;
    assert_left(leave_a_user_mapping, "MdlMappingLeft",
                "the pages of an MDL are still mapped for user mode");
    assert_left(leave_a_part_mapped, "MdlMappingLeft", "the pages of an MDL are still mapped: 100");
    assert_silent(map_and_unlock, 1, "MdlMappingLeft");
}

static void leave_pages_of_an_mdl(void *context)
{
    PHYSICAL_ADDRESS none = { .QuadPart = 0 };
    PMDL mdl = MmAllocatePagesForMdlEx(none, anywhere, none, 3 * PAGE_SIZE, MmCached, 0);

    (void)context;
    if (tidy) {
        MmFreePagesFromMdl(mdl);
    }
    ExFreePool(mdl);
}

static void pages_that_were_allocated_for_an_mdl_are_reported(void **state)
{
    (void)state;
    assert_left(leave_pages_of_an_mdl, "MdlMemoryLeft",
                "the pages that an MDL was allocated with are not freed: 12288 bytes");
}

/* ---- Memory for devices ---------------------------------------------------------------------- */

static void leave_noncached_memory(void *context)
{
    PVOID memory = MmAllocateNonCachedMemory(100);

    (void)context;
    if (tidy) {
        MmFreeNonCachedMemory(memory, 100);
    }
}

static void noncached_memory_is_reported(void **state)
{
    (void)state;
    assert_left(leave_noncached_memory, "NonCachedMemoryLeft",
                "noncached memory is not freed: 4096 bytes");
    assert_silent(leave_noncached_memory, 1, "NonCachedMemory");
}

static void leave_a_mapping_address(void *context)
{
    PVOID address = MmAllocateMappingAddress(100, 'tseT');

    (void)context;
    if (tidy) {
        MmFreeMappingAddress(address, 'tseT');
    }
}

static void a_reserved_mapping_address_is_reported(void **state)
{
    (void)state;
    assert_left(leave_a_mapping_address, "MappingAddressLeft",
                "a reserved mapping address is not freed");
}

static void leave_contiguous_memory(void *context)
{
    PVOID memory = MmAllocateContiguousMemory(10000, anywhere);

    (void)context;
    if (tidy) {
        MmFreeContiguousMemory(memory);
    }
}

static void contiguous_memory_is_reported(void **state)
{
    (void)state;
    assert_left(leave_contiguous_memory, "ContiguousMemoryLeft",
                "contiguous memory is not freed: 10000 bytes in 1 block");
}

static DEVICE_DESCRIPTION description = { .Version = DEVICE_DESCRIPTION_VERSION2,
                                          .Master = TRUE,
                                          .Dma32BitAddresses = TRUE,
                                          .ScatterGather = TRUE,
                                          .InterfaceType = PCIBus,
                                          .MaximumLength = 2 * PAGE_SIZE };
static ULONG registers;

static void leave_an_adapter(void *context)
{
    PDMA_ADAPTER adapter = IoGetDmaAdapter(NULL, &description, &registers);

    (void)context;
    if (tidy) {
        adapter->DmaOperations->PutDmaAdapter(adapter);
    }
}

static void leave_a_common_buffer(void *context)
{
    PDMA_ADAPTER adapter = IoGetDmaAdapter(NULL, &description, &registers);
    PHYSICAL_ADDRESS logical;
    PVOID buffer = adapter->DmaOperations->AllocateCommonBuffer(adapter, 5000, &logical, FALSE);

    (void)context;
    if (tidy) {
        adapter->DmaOperations->FreeCommonBuffer(adapter, 5000, logical, buffer, FALSE);
        adapter->DmaOperations->PutDmaAdapter(adapter);
    }
}

static IO_ALLOCATION_ACTION keep_registers(PDEVICE_OBJECT device, PIRP irp, PVOID base,
                                           PVOID context)
{
    (void)device;
    (void)irp;
    *(PVOID *)context = base;
    return DeallocateObjectKeepRegisters;
}

static void leave_map_registers(void *context)
{
    PDMA_ADAPTER adapter = IoGetDmaAdapter(NULL, &description, &registers);
    PDEVICE_OBJECT device;
    PVOID base = NULL;
    KIRQL old;

    (void)context;
    IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    adapter->DmaOperations->AllocateAdapterChannel(adapter, device, 1, keep_registers, &base);
    if (tidy) {
        adapter->DmaOperations->FreeMapRegisters(adapter, base, 1);
    }
    KeLowerIrql(old);
    IoDeleteDevice(device);
    if (tidy) {
        adapter->DmaOperations->PutDmaAdapter(adapter);
    }
}

static void take_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)device;
    (void)irp;
    *(PSCATTER_GATHER_LIST *)context = list;
}

static void leave_a_list(void *context)
{
    PDMA_ADAPTER adapter = IoGetDmaAdapter(NULL, &description, &registers);
    PMDL mdl = lock();
    PSCATTER_GATHER_LIST list = NULL;
    PDEVICE_OBJECT device;
    KIRQL old;

    (void)context;
    IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    adapter->DmaOperations->GetScatterGatherList(adapter, device, mdl, pages, 100, take_list, &list,
                                                 FALSE);
    if (tidy) {
        adapter->DmaOperations->PutScatterGatherList(adapter, list, FALSE);
    }
    KeLowerIrql(old);
    IoDeleteDevice(device);
    MmUnlockPages(mdl);
    if (tidy) {
        adapter->DmaOperations->PutDmaAdapter(adapter);
    }
}

/* An adapter with something out cannot be given back, so that both are left. */
static void run_untidy(void (*body)(void *))
{
    tidy = false;
    rule_run(1, body);
    assert_int_equal(rule_result.errors, 2);
    assert_report_has("rule:  DmaAdapterLeft:");
    tidy = true;
}

static void adapters_and_what_they_gave_out_are_reported(void **state)
{
    (void)state;
    assert_left(leave_an_adapter, "DmaAdapterLeft", "a DMA adapter is not given back");
    run_untidy(leave_a_common_buffer);
    assert_finding_is(0, 0, 0, 0, 0, "CommonBufferLeft");
    assert_report_has("a common buffer is not freed: 5000 bytes");
    assert_silent(leave_a_common_buffer, 1, "CommonBufferLeft");
    run_untidy(leave_map_registers);
    assert_finding_is(0, 0, 0, 0, 0, "MapRegistersLeft");
    assert_report_has("the map registers of an adapter are not freed. AllocateAdapterChannel was "
                      "called at leave_map_registers");
    assert_silent(leave_map_registers, 1, "MapRegistersLeft");
    run_untidy(leave_a_list);
    assert_report_has("a scatter/gather list is not given back. GetScatterGatherList was called at "
                      "leave_a_list");
    assert_silent(leave_a_list, 1, "MapRegistersLeft");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noncached_memory_is_reported),
        cmocka_unit_test(a_reserved_mapping_address_is_reported),
        cmocka_unit_test(pages_that_are_still_locked_are_reported),
        cmocka_unit_test(mappings_are_reported_unless_they_went_with_the_lock),
        cmocka_unit_test(pages_that_were_allocated_for_an_mdl_are_reported),
        cmocka_unit_test(contiguous_memory_is_reported),
        cmocka_unit_test(adapters_and_what_they_gave_out_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

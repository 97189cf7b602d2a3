/*
 * test_adapter.c - getting an adapter, and giving it back.
 */
#include "dma.h"

#include <dirql/fail.h>

static void an_adapter_has_its_operations(void **state)
{
    PDMA_ADAPTER adapter = dma_adapter(DMA_GATHERING, 64 * 1024);

    (void)state;
    assert_int_equal(adapter->Version, 1);
    assert_int_equal(adapter->Size, sizeof(DMA_ADAPTER));
    assert_int_equal(adapter->DmaOperations->Size, sizeof(DMA_OPERATIONS));
    assert_int_equal(adapter->DmaOperations->GetDmaAlignment(adapter), 1);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

static void there_is_no_version_3(void **state)
{
    DEVICE_DESCRIPTION description;
    ULONG registers;

    (void)state;
    memset(&description, 0, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    assert_null(IoGetDmaAdapter(NULL, &description, &registers));
}

static void a_controller_has_seventeen_map_registers_at_most(void **state)
{
    DEVICE_DESCRIPTION description;
    PDMA_ADAPTER adapter;
    ULONG registers;

    (void)state;
    memset(&description, 0, sizeof(description));
    description.MaximumLength = 1024 * 1024;
    adapter = IoGetDmaAdapter(NULL, &description, &registers);
    assert_non_null(adapter);
    assert_int_equal(registers, 17);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

static void there_may_be_none(void **state)
{
    DEVICE_DESCRIPTION description;
    ULONG registers;

    (void)state;
    memset(&description, 0, sizeof(description));
    dirql_fail_set("other:1");
    assert_null(IoGetDmaAdapter(NULL, &description, &registers));
}

static void flushing_needs_a_described_buffer(void **state)
{
    PMDL mdl = dma_buffer(100, 0);

    (void)state;
    KeFlushIoBuffers(mdl, TRUE, TRUE);
    mdl->MdlFlags = 0;
    dirql_expect_finding("MdlPages");
    KeFlushIoBuffers(mdl, TRUE, TRUE);
    fail_msg("it describes nothing");
}

static void use_after_release_is_e6_18(void **state)
{
    PDMA_ADAPTER adapter = dma_adapter(DMA_GATHERING, 4096);
    PDMA_OPERATIONS operations = adapter->DmaOperations;

    (void)state;
    operations->PutDmaAdapter(adapter);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x18, (ULONG_PTR)adapter, DIRQL_ANY,
                               DIRQL_ANY);
    (void)operations->GetDmaAlignment(adapter);
    fail_msg("it was released");
}

static void a_null_adapter_is_e6_19(void **state)
{
    PDMA_ADAPTER adapter = dma_adapter(DMA_GATHERING, 4096);

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x19, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    adapter->DmaOperations->PutDmaAdapter(NULL);
    fail_msg("there is none");
}

static void releasing_with_a_common_buffer_is_e6_7(void **state)
{
    PDMA_ADAPTER adapter = dma_adapter(DMA_GATHERING, 4096);
    PHYSICAL_ADDRESS logical;

    (void)state;
    assert_non_null(adapter->DmaOperations->AllocateCommonBuffer(adapter, 100, &logical, TRUE));
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x07, (ULONG_PTR)adapter, 1,
                               DIRQL_ANY);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    fail_msg("a buffer is left");
}

static void getting_one_at_dispatch_level_is_refused(void **state)
{
    DEVICE_DESCRIPTION description;
    ULONG registers;
    KIRQL old;

    (void)state;
    memset(&description, 0, sizeof(description));
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5, DISPATCH_LEVEL, DIRQL_ANY,
                               0);
    (void)IoGetDmaAdapter(NULL, &description, &registers);
    fail_msg("the IRQL is too high");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(an_adapter_has_its_operations),
        dirql_unit_test(there_is_no_version_3),
        dirql_unit_test(a_controller_has_seventeen_map_registers_at_most),
        dirql_unit_test(there_may_be_none),
        dirql_unit_test(flushing_needs_a_described_buffer),
        dirql_unit_test(use_after_release_is_e6_18),
        dirql_unit_test(a_null_adapter_is_e6_19),
        dirql_unit_test(releasing_with_a_common_buffer_is_e6_7),
        dirql_unit_test(getting_one_at_dispatch_level_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

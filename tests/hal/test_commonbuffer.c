/*
 * test_commonbuffer.c - memory that processor and device share.
 */
#include "dma.h"

static PDMA_ADAPTER adapter;
static PHYSICAL_ADDRESS logical;

static char *get(dma_kind kind, ULONG bytes)
{
    char *buffer;

    adapter = dma_adapter(kind, 64 * 1024 - 1);
    buffer = adapter->DmaOperations->AllocateCommonBuffer(adapter, bytes, &logical, TRUE);
    assert_non_null(buffer);
    return buffer;
}

static void put(char *buffer, ULONG bytes)
{
    adapter->DmaOperations->FreeCommonBuffer(adapter, bytes, logical, buffer, TRUE);
}

static void driver_and_device_see_the_same(void **state)
{
    char *buffer = get(DMA_GATHERING, 10000);

    (void)state;
    buffer[9999] = 'x';
    assert_memory_equal(dirql_dma_pointer((uint64_t)logical.QuadPart + 9999, 1), "x", 1);
    assert_ptr_equal(dirql_dma_pointer((uint64_t)logical.QuadPart, 10000), buffer);
    assert_int_equal(MmGetPhysicalAddress(buffer).QuadPart, logical.QuadPart);
    put(buffer, 10000);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

static void a_subordinate_device_is_reached_below_16_mb_within_64_kb(void **state)
{
    enum { BUFFERS = 10 };
    PHYSICAL_ADDRESS addresses[BUFFERS];
    char *buffers[BUFFERS];

    (void)state;
    adapter = dma_adapter(DMA_SUBORDINATE, 64 * 1024 - 1);
    for (unsigned i = 0; i < BUFFERS; i++) {
        buffers[i] =
            adapter->DmaOperations->AllocateCommonBuffer(adapter, 40000, &addresses[i], TRUE);
        assert_non_null(buffers[i]);
        assert_true(addresses[i].QuadPart + 40000 <= 0x1000000);
        assert_int_equal(addresses[i].QuadPart >> 16, (addresses[i].QuadPart + 39999) >> 16);
    }
    for (unsigned i = 0; i < BUFFERS; i++) {
        logical = addresses[i];
        put(buffers[i], 40000);
    }
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

static void an_empty_buffer_there_is_not(void **state)
{
    (void)state;
    adapter = dma_adapter(DMA_GATHERING, 4096);
    assert_null(adapter->DmaOperations->AllocateCommonBuffer(adapter, 0, &logical, TRUE));
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

static void without_memory_there_is_none(void **state)
{
    (void)state;
    adapter = dma_adapter(DMA_GATHERING, 4096);
    dirql_fail_set("other:1");
    assert_null(adapter->DmaOperations->AllocateCommonBuffer(adapter, 100, &logical, TRUE));
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

static void freeing_at_another_logical_address_is_reported(void **state)
{
    char *buffer = get(DMA_GATHERING, 100);

    (void)state;
    logical.QuadPart += PAGE_SIZE;
    dirql_expect_finding("DmaAdapter");
    put(buffer, 100);
    fail_msg("the buffer is elsewhere");
}

static void freeing_by_another_adapter_is_reported(void **state)
{
    char *buffer = get(DMA_GATHERING, 100);

    (void)state;
    adapter = dma_adapter(DMA_GATHERING, 4096);
    dirql_expect_finding("DmaAdapter");
    put(buffer, 100);
    fail_msg("the buffer is another adapter's");
}

static void freeing_twice_is_e6_3(void **state)
{
    char *buffer = get(DMA_GATHERING, 100);

    (void)state;
    put(buffer, 100);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x03, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    put(buffer, 100);
    fail_msg("it was freed before");
}

static void freeing_another_length_is_reported(void **state)
{
    char *buffer = get(DMA_GATHERING, 100);

    (void)state;
    dirql_expect_finding("DmaAdapter");
    put(buffer, 99);
    fail_msg("the length is wrong");
}

static void freeing_as_not_cached_is_reported(void **state)
{
    char *buffer = get(DMA_GATHERING, 100);

    (void)state;
    dirql_expect_finding("DmaAdapter");
    adapter->DmaOperations->FreeCommonBuffer(adapter, 100, logical, buffer, FALSE);
    fail_msg("it was allocated as cached");
}

static void a_write_behind_the_end_is_e6_f(void **state)
{
    char *buffer = get(DMA_GATHERING, 100);

    (void)state;
    buffer[100] = 1;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x0F, 0x05, (ULONG_PTR)buffer,
                               DIRQL_ANY);
    put(buffer, 100);
    fail_msg("somebody has written behind the end");
}

static void a_device_that_goes_on_after_the_free_is_found(void **state)
{
    char *buffer = get(DMA_GATHERING, 100);

    (void)state;
    put(buffer, 100);
    dirql_expect_finding("DmaAddress");
    (void)dirql_dma_pointer((uint64_t)logical.QuadPart, 4);
    fail_msg("it was freed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(driver_and_device_see_the_same),
        dirql_unit_test(a_subordinate_device_is_reached_below_16_mb_within_64_kb),
        dirql_unit_test(an_empty_buffer_there_is_not),
        dirql_unit_test(without_memory_there_is_none),
        dirql_unit_test(freeing_at_another_logical_address_is_reported),
        dirql_unit_test(freeing_by_another_adapter_is_reported),
        dirql_unit_test(freeing_twice_is_e6_3),
        dirql_unit_test(freeing_another_length_is_reported),
        dirql_unit_test(freeing_as_not_cached_is_reported),
        dirql_unit_test(a_write_behind_the_end_is_e6_f),
        dirql_unit_test(a_device_that_goes_on_after_the_free_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

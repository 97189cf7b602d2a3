/*
 * test_transfer.c - MapTransfer and FlushAdapterBuffers.
 */
#include "dma.h"

enum { BYTES = 2 * PAGE_SIZE };

static PDMA_ADAPTER adapter;
static PVOID base;
static PMDL mdl;

static IO_ALLOCATION_ACTION keep(PDEVICE_OBJECT device, PIRP irp, PVOID map_registers,
                                 PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    base = map_registers;
    return KeepObject;
}

static void begin(dma_kind kind)
{
    PDEVICE_OBJECT device = dma_device();
    KIRQL old;

    adapter = dma_adapter(kind, BYTES);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(
        adapter->DmaOperations->AllocateAdapterChannel(adapter, device, 3, keep, NULL), 0);
    KeLowerIrql(old);
    mdl = dma_buffer(BYTES, 'd');
}

static void end(void)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    adapter->DmaOperations->FreeAdapterChannel(adapter);
    KeLowerIrql(old);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

static char *virtual_address(void)
{
    return MmGetMdlVirtualAddress(mdl);
}

static uint64_t map(size_t offset, ULONG *bytes, BOOLEAN to_device)
{
    return (uint64_t)adapter->DmaOperations
        ->MapTransfer(adapter, mdl, base, virtual_address() + offset, bytes, to_device)
        .QuadPart;
}

static BOOLEAN flush(size_t offset, ULONG bytes, BOOLEAN to_device)
{
    return adapter->DmaOperations->FlushAdapterBuffers(
        adapter, mdl, base, virtual_address() + offset, bytes, to_device);
}

static void a_gathering_master_gets_piece_by_piece(void **state)
{
    size_t done = 0;
    unsigned pieces = 0;

    (void)state;
    begin(DMA_GATHERING);
    while (done < BYTES) {
        ULONG bytes = (ULONG)(BYTES - done);
        const uint64_t logical = map(done, &bytes, TRUE);

        assert_ptr_equal(dirql_dma_pointer(logical, bytes), virtual_address() + done);
        done += bytes;
        pieces++;
    }
    assert_int_equal(pieces, 3);
    assert_true(flush(0, BYTES, TRUE));
    end();
}

static void another_master_gets_all_in_one_piece(void **state)
{
    ULONG bytes = BYTES;
    uint64_t logical;

    (void)state;
    begin(DMA_PACKET);
    virtual_address()[BYTES - 1] = 'e';
    logical = map(0, &bytes, TRUE);
    assert_int_equal(bytes, BYTES);
    assert_int_equal(((char *)dirql_dma_pointer(logical, BYTES))[0], 'd');
    assert_int_equal(((char *)dirql_dma_pointer(logical, BYTES))[BYTES - 1], 'e');
    assert_true(flush(0, BYTES, TRUE));
    end();
}

static void data_of_the_device_is_there_when_it_is_flushed(void **state)
{
    ULONG bytes = BYTES;
    uint64_t logical;

    (void)state;
    begin(DMA_PACKET);
    logical = map(0, &bytes, FALSE);
    memset(dirql_dma_pointer(logical, BYTES), 'n', BYTES);
    assert_int_equal(virtual_address()[PAGE_SIZE], 'd');
    assert_true(flush(0, BYTES, FALSE));
    assert_int_equal(virtual_address()[0], 'n');
    assert_int_equal(virtual_address()[BYTES - 1], 'n');
    assert_int_equal(virtual_address()[BYTES], 'd');
    end();
}

static void registers_can_be_used_again_after_the_flush(void **state)
{
    (void)state;
    begin(DMA_PACKET);
    for (unsigned i = 0; i < 5; i++) {
        ULONG bytes = BYTES;

        (void)map(0, &bytes, TRUE);
        assert_true(flush(0, BYTES, TRUE));
    }
    end();
}

static void a_subordinate_device_reads_low_memory_and_counts(void **state)
{
    ULONG bytes = 100;
    uint64_t logical;

    (void)state;
    begin(DMA_SUBORDINATE);
    logical = map(0, &bytes, TRUE);
    assert_true(logical + 100 <= 0x1000000);
    assert_int_equal(adapter->DmaOperations->ReadDmaCounter(adapter), 100);
    assert_true(flush(0, 100, TRUE));
    assert_int_equal(adapter->DmaOperations->ReadDmaCounter(adapter), 0);
    end();
}

/* ---- What goes wrong ------------------------------------------------------------------------- */

static void freeing_what_is_not_flushed_is_e6_d(void **state)
{
    ULONG bytes = 100;

    (void)state;
    begin(DMA_PACKET);
    (void)map(0, &bytes, FALSE);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x0D, 1, DIRQL_ANY, DIRQL_ANY);
    end();
    fail_msg("it was not flushed");
}

static void flushing_what_is_not_mapped_is_e6_16(void **state)
{
    (void)state;
    begin(DMA_PACKET);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x16, (ULONG_PTR)base, DIRQL_ANY,
                               DIRQL_ANY);
    (void)flush(0, 100, FALSE);
    fail_msg("nothing is mapped");
}

static void flushing_the_other_way_is_reported(void **state)
{
    ULONG bytes = 100;

    (void)state;
    begin(DMA_PACKET);
    (void)map(0, &bytes, TRUE);
    dirql_expect_finding("DmaAdapter");
    (void)flush(0, 100, FALSE);
    fail_msg("it was mapped for the device");
}

static void more_than_the_registers_hold_is_e6_c(void **state)
{
    ULONG bytes = BYTES;

    (void)state;
    begin(DMA_PACKET);
    (void)map(0, &bytes, TRUE);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x0C, DIRQL_ANY, 3, DIRQL_ANY);
    (void)map(0, &bytes, TRUE);
    fail_msg("there are three");
}

static void an_unlocked_buffer_is_e6_e(void **state)
{
    ULONG bytes = 100;

    (void)state;
    begin(DMA_PACKET);
    mdl->MdlFlags = 0;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x0E, (ULONG_PTR)mdl, DIRQL_ANY,
                               DIRQL_ANY);
    (void)map(0, &bytes, TRUE);
    fail_msg("it is not locked");
}

static void a_range_beyond_the_buffer_is_reported(void **state)
{
    ULONG bytes = BYTES;

    (void)state;
    begin(DMA_PACKET);
    dirql_expect_finding("DmaAdapter");
    (void)map(1, &bytes, TRUE);
    fail_msg("it ends before");
}

static void a_masters_counter_is_reported(void **state)
{
    (void)state;
    begin(DMA_PACKET);
    dirql_expect_finding("DmaAdapter");
    (void)adapter->DmaOperations->ReadDmaCounter(adapter);
    fail_msg("a master has none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_gathering_master_gets_piece_by_piece),
        dirql_unit_test(another_master_gets_all_in_one_piece),
        dirql_unit_test(data_of_the_device_is_there_when_it_is_flushed),
        dirql_unit_test(registers_can_be_used_again_after_the_flush),
        dirql_unit_test(a_subordinate_device_reads_low_memory_and_counts),
        dirql_unit_test(freeing_what_is_not_flushed_is_e6_d),
        dirql_unit_test(flushing_what_is_not_mapped_is_e6_16),
        dirql_unit_test(flushing_the_other_way_is_reported),
        dirql_unit_test(more_than_the_registers_hold_is_e6_c),
        dirql_unit_test(an_unlocked_buffer_is_e6_e),
        dirql_unit_test(a_range_beyond_the_buffer_is_reported),
        dirql_unit_test(a_masters_counter_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_oldnames.c - an adapter's operations by their old names: each is the operation itself.
 */
#include "dma.h"

static PDMA_ADAPTER adapter;
static PDEVICE_OBJECT device;

static int start(void **state)
{
    (void)state;
    adapter = dma_adapter(DMA_SUBORDINATE, 3 * PAGE_SIZE);
    device = dma_device();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    adapter->DmaOperations->PutDmaAdapter(adapter);
    IoDeleteDevice(device);
    return 0;
}

static void a_common_buffer(void **state)
{
    PHYSICAL_ADDRESS logical;
    char *buffer = HalAllocateCommonBuffer(adapter, 100, &logical, TRUE);

    (void)state;
    assert_ptr_equal(dirql_dma_pointer((uint64_t)logical.QuadPart, 100), buffer);
    HalFreeCommonBuffer(adapter, 100, logical, buffer, TRUE);
}

typedef struct transfer {
    PVOID base;
    IO_ALLOCATION_ACTION action;
} transfer;

static IO_ALLOCATION_ACTION keep(PDEVICE_OBJECT object, PIRP irp, PVOID base, PVOID context)
{
    transfer *t = context;

    (void)object;
    (void)irp;
    t->base = base;
    return t->action;
}

static void a_transfer_of_a_controller(void **state)
{
    PMDL mdl = dma_buffer(100, 'x');
    transfer t = { .action = KeepObject };
    PHYSICAL_ADDRESS logical;
    ULONG length = 100;
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(IoAllocateAdapterChannel(adapter, device, 2, keep, &t), STATUS_SUCCESS);
    logical = IoMapTransfer(adapter, mdl, t.base, MmGetMdlVirtualAddress(mdl), &length, TRUE);
    assert_int_equal(length, 100);
    assert_int_equal(HalReadDmaCounter(adapter), 100);
    assert_int_equal(*(char *)dirql_dma_pointer((uint64_t)logical.QuadPart, 1), 'x');
    assert_true(
        IoFlushAdapterBuffers(adapter, mdl, t.base, MmGetMdlVirtualAddress(mdl), length, TRUE));
    IoFreeAdapterChannel(adapter);
    KeLowerIrql(old);
    assert_int_equal(HalGetDmaAlignment(adapter), 1);
}

static void map_registers(void **state)
{
    transfer t = { .action = DeallocateObjectKeepRegisters };
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(IoAllocateAdapterChannel(adapter, device, 2, keep, &t), STATUS_SUCCESS);
    IoFreeMapRegisters(adapter, t.base, 2);
    KeLowerIrql(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(a_common_buffer, start, stop),
        dirql_unit_test_setup_teardown(a_transfer_of_a_controller, start, stop),
        dirql_unit_test_setup_teardown(map_registers, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

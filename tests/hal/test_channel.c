/*
 * test_channel.c - whose turn an adapter is.
 */
#include "dma.h"

typedef struct call {
    IO_ALLOCATION_ACTION action;
    unsigned count;
    PVOID base;
    KIRQL irql;
} call;

static PDMA_ADAPTER adapter;
static PDEVICE_OBJECT first, second;

static int start(void **state)
{
    (void)state;
    adapter = dma_adapter(DMA_PACKET, 3 * PAGE_SIZE); /* Four map registers. */
    first = dma_device();
    second = dma_device();
    return 0;
}

static void end(void)
{
    adapter->DmaOperations->PutDmaAdapter(adapter);
    IoDeleteDevice(first);
    IoDeleteDevice(second);
}

static IO_ALLOCATION_ACTION control(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    call *c = context;

    assert_ptr_equal(irp, device->CurrentIrp);
    c->count++;
    c->base = base;
    c->irql = KeGetCurrentIrql();
    return c->action;
}

static NTSTATUS allocate(PDEVICE_OBJECT device, ULONG registers, call *c)
{
    KIRQL old;
    NTSTATUS status;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    status = adapter->DmaOperations->AllocateAdapterChannel(adapter, device, registers, control, c);
    KeLowerIrql(old);
    return status;
}

static void free_channel(void)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    adapter->DmaOperations->FreeAdapterChannel(adapter);
    KeLowerIrql(old);
}

static void free_registers(PVOID base, ULONG registers)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    adapter->DmaOperations->FreeMapRegisters(adapter, base, registers);
    KeLowerIrql(old);
}

static void a_free_adapter_serves_at_once_at_dispatch_level(void **state)
{
    call c = { .action = DeallocateObject };
    IRP irp;

    (void)state;
    first->CurrentIrp = &irp;
    assert_int_equal(allocate(first, 4, &c), STATUS_SUCCESS);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.irql, DISPATCH_LEVEL);
    assert_non_null(c.base);
    assert_int_equal(allocate(first, 4, &c), STATUS_SUCCESS);
    assert_int_equal(c.count, 2);
    end();
}

static void more_registers_than_there_are_are_refused(void **state)
{
    call c = { .action = DeallocateObject };

    (void)state;
    assert_int_equal(allocate(first, 5, &c), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(c.count, 0);
    end();
}

static void without_resources_the_routine_is_not_called(void **state)
{
    call c = { .action = DeallocateObject };

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(allocate(first, 1, &c), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(c.count, 0);
    end();
}

static void a_kept_channel_makes_others_wait(void **state)
{
    call keeper = { .action = KeepObject }, waiter = { .action = DeallocateObject };

    (void)state;
    assert_int_equal(allocate(first, 1, &keeper), STATUS_SUCCESS);
    assert_int_equal(allocate(second, 1, &waiter), STATUS_SUCCESS);
    assert_int_equal(waiter.count, 0);
    free_channel();
    assert_int_equal(waiter.count, 1);
    end();
}

static void kept_registers_make_wait_who_needs_them(void **state)
{
    call keeper = { .action = DeallocateObjectKeepRegisters };
    call small = { .action = DeallocateObject }, large = { .action = DeallocateObject };

    (void)state;
    assert_int_equal(allocate(first, 3, &keeper), STATUS_SUCCESS);
    assert_int_equal(allocate(first, 1, &small), STATUS_SUCCESS);
    assert_int_equal(small.count, 1);
    assert_int_equal(allocate(second, 2, &large), STATUS_SUCCESS);
    assert_int_equal(large.count, 0);
    free_registers(keeper.base, 3);
    assert_int_equal(large.count, 1);
    end();
}

/* ---- What goes wrong ------------------------------------------------------------------------- */

static void freeing_a_channel_twice_is_e6_4(void **state)
{
    call c = { .action = KeepObject };

    (void)state;
    (void)allocate(first, 1, &c);
    free_channel();
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x04, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    free_channel();
    fail_msg("it is free");
}

static void freeing_registers_twice_is_e6_5(void **state)
{
    call c = { .action = DeallocateObjectKeepRegisters };

    (void)state;
    (void)allocate(first, 2, &c);
    free_registers(c.base, 2);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x05, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    free_registers(c.base, 2);
    fail_msg("they are free");
}

static void freeing_another_number_is_e6_5(void **state)
{
    call c = { .action = DeallocateObjectKeepRegisters };

    (void)state;
    (void)allocate(first, 2, &c);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x05, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    free_registers(c.base, 1);
    fail_msg("there are two");
}

static void a_second_request_of_a_device_is_e6_b(void **state)
{
    call keeper = { .action = KeepObject }, waiter = { .action = DeallocateObject };

    (void)state;
    (void)allocate(first, 1, &keeper);
    (void)allocate(second, 1, &waiter);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x0B, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    (void)allocate(second, 1, &waiter);
    fail_msg("one is queued");
}

static IO_ALLOCATION_ACTION control_that_asks(PDEVICE_OBJECT device, PIRP irp, PVOID base,
                                              PVOID context)
{
    (void)irp;
    (void)base;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x0B, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    (void)adapter->DmaOperations->AllocateAdapterChannel(adapter, device, 1, control, context);
    fail_msg("its own routine asks");
    return DeallocateObject;
}

static void a_request_in_its_own_routine_is_e6_b(void **state)
{
    call c = { .action = DeallocateObject };
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)adapter->DmaOperations->AllocateAdapterChannel(adapter, first, 1, control_that_asks, &c);
    fail_msg("the routine asks again");
}

static void releasing_with_a_channel_is_e6_8(void **state)
{
    call c = { .action = KeepObject };

    (void)state;
    (void)allocate(first, 1, &c);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x08, (ULONG_PTR)adapter, DIRQL_ANY,
                               DIRQL_ANY);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    fail_msg("the channel is allocated");
}

static void releasing_with_registers_is_e6_9(void **state)
{
    call c = { .action = DeallocateObjectKeepRegisters };

    (void)state;
    (void)allocate(first, 1, &c);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x09, (ULONG_PTR)adapter, 1,
                               DIRQL_ANY);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    fail_msg("a register is allocated");
}

static void allocating_below_dispatch_level_is_found(void **state)
{
    call c = { .action = DeallocateObject };

    (void)state;
    dirql_expect_finding("IrqlDispatch");
    (void)adapter->DmaOperations->AllocateAdapterChannel(adapter, first, 1, control, &c);
    fail_msg("the IRQL is too low");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(a_free_adapter_serves_at_once_at_dispatch_level, start),
        dirql_unit_test_setup(more_registers_than_there_are_are_refused, start),
        dirql_unit_test_setup(without_resources_the_routine_is_not_called, start),
        dirql_unit_test_setup(a_kept_channel_makes_others_wait, start),
        dirql_unit_test_setup(kept_registers_make_wait_who_needs_them, start),
        dirql_unit_test_setup(freeing_a_channel_twice_is_e6_4, start),
        dirql_unit_test_setup(freeing_registers_twice_is_e6_5, start),
        dirql_unit_test_setup(freeing_another_number_is_e6_5, start),
        dirql_unit_test_setup(a_second_request_of_a_device_is_e6_b, start),
        dirql_unit_test_setup(a_request_in_its_own_routine_is_e6_b, start),
        dirql_unit_test_setup(releasing_with_a_channel_is_e6_8, start),
        dirql_unit_test_setup(releasing_with_registers_is_e6_9, start),
        dirql_unit_test_setup(allocating_below_dispatch_level_is_found, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

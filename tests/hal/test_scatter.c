/*
 * test_scatter.c - scatter/gather lists.
 */
#include "dma.h"

enum { BYTES = 2 * PAGE_SIZE };

static PDMA_ADAPTER adapter;
static PDEVICE_OBJECT device;
static PMDL mdl;
static PSCATTER_GATHER_LIST given;
static KIRQL given_irql;

static void begin(dma_kind kind)
{
    adapter = dma_adapter(kind, 2 * BYTES);
    device = dma_device();
    mdl = dma_buffer(BYTES, 'd');
    given = NULL;
}

static void end(void)
{
    adapter->DmaOperations->PutDmaAdapter(adapter);
    IoDeleteDevice(device);
}

static VOID take(PDEVICE_OBJECT of, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)irp;
    assert_ptr_equal(of, device);
    assert_ptr_equal(context, &given);
    given = list;
    given_irql = KeGetCurrentIrql();
}

static NTSTATUS get(ULONG bytes, BOOLEAN to_device)
{
    NTSTATUS status;
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    status = adapter->DmaOperations->GetScatterGatherList(
        adapter, device, mdl, MmGetMdlVirtualAddress(mdl), bytes, take, &given, to_device);
    KeLowerIrql(old);
    return status;
}

static void put(PSCATTER_GATHER_LIST list, BOOLEAN to_device)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    adapter->DmaOperations->PutScatterGatherList(adapter, list, to_device);
    KeLowerIrql(old);
}

static void a_list_covers_the_buffer(void **state)
{
    char *memory;
    ULONG done = 0;

    (void)state;
    begin(DMA_GATHERING);
    memory = MmGetMdlVirtualAddress(mdl);
    assert_int_equal(get(BYTES, FALSE), STATUS_SUCCESS);
    assert_int_equal(given_irql, DISPATCH_LEVEL);
    assert_int_equal(given->NumberOfElements, 3);
    for (ULONG i = 0; i < 3; i++) {
        const SCATTER_GATHER_ELEMENT *element = &given->Elements[i];

        memset(dirql_dma_pointer((uint64_t)element->Address.QuadPart, element->Length), 'n',
               element->Length);
        done += element->Length;
    }
    assert_int_equal(done, BYTES);
    put(given, FALSE);
    assert_int_equal(memory[0], 'n');
    assert_int_equal(memory[BYTES - 1], 'n');
    assert_int_equal(memory[BYTES], 'd');
    end();
}

static void a_chain_of_buffers_is_one_list(void **state)
{
    (void)state;
    begin(DMA_GATHERING);
    mdl->Next = dma_buffer(100, 'e');
    assert_int_equal(get(BYTES + 100, TRUE), STATUS_SUCCESS);
    assert_int_equal(given->NumberOfElements, 4);
    assert_memory_equal(dirql_dma_pointer((uint64_t)given->Elements[3].Address.QuadPart, 100), "ee",
                        2);
    put(given, TRUE);
    end();
}

static void a_device_that_cannot_gather_gets_one_element(void **state)
{
    char *memory;

    (void)state;
    begin(DMA_PACKET);
    memory = MmGetMdlVirtualAddress(mdl);
    assert_int_equal(get(BYTES, FALSE), STATUS_SUCCESS);
    assert_int_equal(given->NumberOfElements, 1);
    memset(dirql_dma_pointer((uint64_t)given->Elements[0].Address.QuadPart, BYTES), 'n', BYTES);
    assert_int_equal(memory[0], 'd'); /* Not yet. */
    put(given, FALSE);
    assert_int_equal(memory[BYTES - 1], 'n');
    end();
}

static void statuses_are_as_documented(void **state)
{
    (void)state;
    begin(DMA_GATHERING);
    assert_int_equal(get(BYTES + 1, TRUE), STATUS_BUFFER_TOO_SMALL);
    mdl->Next = dma_buffer(4 * BYTES, 0);
    assert_int_equal(get(5 * BYTES, TRUE), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(given);
    end();
}

static void a_list_can_be_built_in_the_drivers_memory(void **state)
{
    ULONG bytes, registers;
    PSCATTER_GATHER_LIST list;
    PMDL target;
    KIRQL old;

    (void)state;
    begin(DMA_GATHERING);
    assert_int_equal(adapter->DmaOperations->CalculateScatterGatherList(
                         adapter, mdl, MmGetMdlVirtualAddress(mdl), BYTES, &bytes, &registers),
                     STATUS_SUCCESS);
    assert_int_equal(registers, 3);
    list = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, 'tseT');
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(adapter->DmaOperations->BuildScatterGatherList(
                         adapter, device, mdl, MmGetMdlVirtualAddress(mdl), BYTES, take, &given,
                         TRUE, list, bytes - 1),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(adapter->DmaOperations->BuildScatterGatherList(
                         adapter, device, mdl, MmGetMdlVirtualAddress(mdl), BYTES, take, &given,
                         TRUE, list, bytes),
                     STATUS_SUCCESS);
    KeLowerIrql(old);
    assert_ptr_equal(given, list);
    assert_int_equal(
        adapter->DmaOperations->BuildMdlFromScatterGatherList(adapter, list, mdl, &target),
        STATUS_SUCCESS);
    assert_ptr_equal(target, mdl);
    put(list, TRUE);
    ExFreePool(list);
    end();
}

static void an_mdl_of_a_list_describes_what_the_device_sees(void **state)
{
    PMDL target;

    (void)state;
    begin(DMA_PACKET);
    assert_int_equal(get(BYTES, TRUE), STATUS_SUCCESS);
    assert_int_equal(
        adapter->DmaOperations->BuildMdlFromScatterGatherList(adapter, given, mdl, &target),
        STATUS_SUCCESS);
    assert_ptr_not_equal(target, mdl);
    assert_int_equal(MmGetMdlPfnArray(target)[0],
                     given->Elements[0].Address.QuadPart >> PAGE_SHIFT);
    assert_int_equal(
        adapter->DmaOperations->BuildMdlFromScatterGatherList(adapter, given, mdl, &target),
        STATUS_NONE_MAPPED);
    put(given, TRUE);
    end();
}

static void an_mdl_of_a_list_needs_the_original(void **state)
{
    PMDL target = NULL;

    (void)state;
    begin(DMA_PACKET);
    assert_int_equal(get(BYTES, TRUE), STATUS_SUCCESS);
    assert_int_equal(
        adapter->DmaOperations->BuildMdlFromScatterGatherList(adapter, given, NULL, &target),
        STATUS_INVALID_PARAMETER);
    dirql_fail_set("pool:1");
    assert_int_equal(
        adapter->DmaOperations->BuildMdlFromScatterGatherList(adapter, given, mdl, &target),
        STATUS_INSUFFICIENT_RESOURCES);
    assert_null(target);
    put(given, TRUE);
    end();
}

static void without_memory_there_is_no_list(void **state)
{
    (void)state;
    begin(DMA_GATHERING);
    dirql_fail_set("other:1");
    assert_int_equal(get(BYTES, TRUE), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(given);
    end();
}

static void a_size_is_calculated_for_what_there_is_room_for(void **state)
{
    ULONG bytes = 7, registers = 7;
    PCALCULATE_SCATTER_GATHER_LIST_SIZE calculate;
    PVOID from;

    (void)state;
    begin(DMA_GATHERING);
    calculate = adapter->DmaOperations->CalculateScatterGatherList;
    from = MmGetMdlVirtualAddress(mdl);
    assert_int_equal(calculate(adapter, mdl, from, BYTES + 1, &bytes, &registers),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(calculate(adapter, NULL, from, 100 * BYTES, &bytes, &registers),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(bytes, 7);
    assert_int_equal(calculate(adapter, NULL, (PVOID)0x1FFF, 2, &bytes, NULL), STATUS_SUCCESS);
    assert_int_equal(bytes, sizeof(SCATTER_GATHER_LIST) + 2 * sizeof(SCATTER_GATHER_ELEMENT));
    assert_int_equal(registers, 7);
    end();
}

/* ---- What goes wrong ------------------------------------------------------------------------- */

static void giving_back_twice_is_e6_6(void **state)
{
    (void)state;
    begin(DMA_GATHERING);
    (void)get(BYTES, TRUE);
    put(given, TRUE);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x06, DIRQL_ANY, DIRQL_ANY,
                               DIRQL_ANY);
    put(given, TRUE);
    fail_msg("it was given back");
}

static void giving_back_the_other_way_is_reported(void **state)
{
    (void)state;
    begin(DMA_GATHERING);
    (void)get(BYTES, TRUE);
    dirql_expect_finding("DmaAdapter");
    put(given, FALSE);
    fail_msg("it was for the device");
}

static void releasing_with_a_list_is_e6_a(void **state)
{
    (void)state;
    begin(DMA_GATHERING);
    (void)get(BYTES, TRUE);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x0A, (ULONG_PTR)adapter, 1,
                               DIRQL_ANY);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    fail_msg("a list is left");
}

static void an_unlocked_buffer_is_e6_e(void **state)
{
    (void)state;
    begin(DMA_GATHERING);
    mdl->MdlFlags = 0;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_DMA_VIOLATION, 0x0E, (ULONG_PTR)mdl, DIRQL_ANY,
                               DIRQL_ANY);
    (void)get(BYTES, TRUE);
    fail_msg("it is not locked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_list_covers_the_buffer),
        dirql_unit_test(a_chain_of_buffers_is_one_list),
        dirql_unit_test(a_device_that_cannot_gather_gets_one_element),
        dirql_unit_test(statuses_are_as_documented),
        dirql_unit_test(a_list_can_be_built_in_the_drivers_memory),
        dirql_unit_test(an_mdl_of_a_list_describes_what_the_device_sees),
        dirql_unit_test(an_mdl_of_a_list_needs_the_original),
        dirql_unit_test(without_memory_there_is_no_list),
        dirql_unit_test(a_size_is_calculated_for_what_there_is_room_for),
        dirql_unit_test(giving_back_twice_is_e6_6),
        dirql_unit_test(giving_back_the_other_way_is_reported),
        dirql_unit_test(releasing_with_a_list_is_e6_a),
        dirql_unit_test(an_unlocked_buffer_is_e6_e),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

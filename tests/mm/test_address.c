/* Tests of lib/mm/address.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

#include "host/host.h"

enum { TAG = 0x74736554 };

/* An address that stands for no memory. */
static char *nowhere(void)
{
    static char *reserved;

    if (reserved == NULL) {
        reserved = host_address_reserve(PAGE_SIZE);
    }
    assert_non_null(reserved);
    return reserved;
}

static void what_can_be_read_is_valid(void **state)
{
    static int variable;
    void *pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);

    (void)state;
    assert_true(MmIsAddressValid(&variable));
    assert_true(MmIsAddressValid(&pool));
    assert_true(MmIsAddressValid(pool));
    assert_false(MmIsAddressValid(NULL));
    assert_false(MmIsAddressValid(nowhere()));
    ExFreePoolWithTag(pool, TAG);
}

static void above_dispatch_level_it_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    dirql_expect_finding("IrqlMmDispatch");
    (void)MmIsAddressValid(state);
}

static void virtual_memory_is_copied(void **state)
{
    char from[100], to[100] = { 0 };
    MM_COPY_ADDRESS source = { .VirtualAddress = from };
    SIZE_T copied = 0;

    (void)state;
    memset(from, 7, sizeof(from));
    assert_int_equal(MmCopyMemory(to, source, sizeof(to), MM_COPY_MEMORY_VIRTUAL, &copied),
                     STATUS_SUCCESS);
    assert_int_equal(copied, sizeof(to));
    assert_memory_equal(to, from, sizeof(to));
}

static void a_copy_ends_where_there_is_no_memory(void **state)
{
    MM_COPY_ADDRESS source = { .VirtualAddress = nowhere() };
    char to[100];
    SIZE_T copied = 1;

    (void)state;
    assert_int_equal(MmCopyMemory(to, source, sizeof(to), MM_COPY_MEMORY_VIRTUAL, &copied),
                     STATUS_INVALID_ADDRESS);
    assert_int_equal(copied, 0);
}

static void physical_memory_is_copied(void **state)
{
    enum { BYTES = 2 * PAGE_SIZE };
    const PHYSICAL_ADDRESS highest = { .QuadPart = -1 };
    char *from = MmAllocateContiguousMemory(BYTES, highest);
    char *to = ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, TAG);
    MM_COPY_ADDRESS source;
    SIZE_T copied = 0;

    (void)state;
    assert_non_null(from);
    memset(from, 3, BYTES);
    source.PhysicalAddress = MmGetPhysicalAddress(from + 10);
    assert_int_equal(MmCopyMemory(to, source, BYTES - 10, MM_COPY_MEMORY_PHYSICAL, &copied),
                     STATUS_SUCCESS);
    assert_int_equal(copied, BYTES - 10);
    assert_memory_equal(to, from, BYTES - 10);
    MmFreeContiguousMemory(from);
    ExFreePoolWithTag(to, TAG);
}

static void physical_memory_that_is_not_there_is_not_copied(void **state)
{
    MM_COPY_ADDRESS source = { .PhysicalAddress = { .QuadPart = 0x7FFFFFFFF000 } };
    char to[10];
    SIZE_T copied = 1;

    (void)state;
    assert_int_equal(MmCopyMemory(to, source, sizeof(to), MM_COPY_MEMORY_PHYSICAL, &copied),
                     STATUS_INVALID_ADDRESS);
    assert_int_equal(copied, 0);
}

static void one_of_the_flags_is_given(void **state)
{
    MM_COPY_ADDRESS source = { .VirtualAddress = state };
    char to[8];
    SIZE_T copied;

    (void)state;
    assert_int_equal(MmCopyMemory(to, source, 8, 0, &copied), STATUS_INVALID_PARAMETER_4);
    assert_int_equal(MmCopyMemory(to, source, 8, 3, &copied), STATUS_INVALID_PARAMETER_4);
}

static void a_copy_into_paged_memory_is_reported(void **state)
{
    MM_COPY_ADDRESS source = { .VirtualAddress = state };
    void *to = ExAllocatePool2(POOL_FLAG_PAGED, 8, TAG);
    SIZE_T copied;

    (void)state;
    dirql_expect_finding("PageableObject");
    (void)MmCopyMemory(to, source, 8, MM_COPY_MEMORY_VIRTUAL, &copied);
}

static void the_system_is_large(void **state)
{
    (void)state;
    assert_int_equal(MmQuerySystemSize(), MmLargeSystem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(what_can_be_read_is_valid),
        dirql_unit_test(above_dispatch_level_it_is_reported),
        dirql_unit_test(virtual_memory_is_copied),
        dirql_unit_test(a_copy_ends_where_there_is_no_memory),
        dirql_unit_test(physical_memory_is_copied),
        dirql_unit_test(physical_memory_that_is_not_there_is_not_copied),
        dirql_unit_test(one_of_the_flags_is_given),
        dirql_unit_test(a_copy_into_paged_memory_is_reported),
        dirql_unit_test(the_system_is_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_memoryrange.c - which physical memory the machine has.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/fail.h>

#include <ntddk.h>

static PPHYSICAL_MEMORY_RANGE ranges;

/* True if the byte of that physical address is in one of the ranges. */
static bool has(LONGLONG address)
{
    for (PPHYSICAL_MEMORY_RANGE r = ranges; r->NumberOfBytes.QuadPart != 0; r++) {
        if (address >= r->BaseAddress.QuadPart &&
            address < r->BaseAddress.QuadPart + r->NumberOfBytes.QuadPart) {
            return true;
        }
    }
    return false;
}

static void they_rise_and_end_in_zeroes(void **state)
{
    LONGLONG end = 0;
    PPHYSICAL_MEMORY_RANGE r;

    (void)state;
    ranges = MmGetPhysicalMemoryRanges();
    assert_non_null(ranges);
    for (r = ranges; r->NumberOfBytes.QuadPart != 0; r++) {
        assert_true(r->BaseAddress.QuadPart > end);
        assert_int_equal(r->BaseAddress.QuadPart % PAGE_SIZE, 0);
        assert_int_equal(r->NumberOfBytes.QuadPart % PAGE_SIZE, 0);
        end = r->BaseAddress.QuadPart + r->NumberOfBytes.QuadPart;
    }
    assert_true(r > ranges);
    assert_int_equal(r->BaseAddress.QuadPart, 0);
    ExFreePool(ranges);
}

static void memory_lies_in_them(void **state)
{
    const PHYSICAL_ADDRESS anywhere = { .QuadPart = -1 };
    PVOID contiguous = MmAllocateContiguousMemory(PAGE_SIZE, anywhere);

    (void)state;
    ranges = MmGetPhysicalMemoryRangesEx(NULL);
    assert_true(has(MmGetPhysicalAddress(ranges).QuadPart));
    assert_true(has(MmGetPhysicalAddress(contiguous).QuadPart));
    MmFreeContiguousMemory(contiguous);
    ExFreePool(ranges);
}

static void what_a_device_has_does_not(void **state)
{
    const dirql_device silent = { .name = "silent" };
    const LONGLONG inside = 0x20000000;

    (void)state;
    ranges = MmGetPhysicalMemoryRanges();
    assert_true(has(inside));
    ExFreePool(ranges);
    (void)dirql_device_add_memory(&silent, (ULONGLONG)inside, 2 * PAGE_SIZE);
    ranges = MmGetPhysicalMemoryRangesEx2(NULL, 0);
    assert_true(has(inside - 1));
    assert_false(has(inside));
    assert_false(has(inside + 2 * PAGE_SIZE - 1));
    assert_true(has(inside + 2 * PAGE_SIZE));
    ExFreePool(ranges);
}

static void there_are_no_partitions(void **state)
{
    int partition = 0;

    (void)state;
    assert_null(MmGetPhysicalMemoryRangesEx(&partition));
}

static void memory_may_be_short(void **state)
{
    (void)state;
    dirql_fail_set("other:1");
    assert_null(MmGetPhysicalMemoryRanges());
}

static void above_passive_level_it_is_reported(void **state)
{
    KIRQL old;

    (void)state;
    dirql_expect_finding("IrqlKePassive");
    KeRaiseIrql(APC_LEVEL, &old);
    (void)MmGetPhysicalMemoryRanges();
    fail_msg("that was too high");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(they_rise_and_end_in_zeroes),
        dirql_unit_test(memory_lies_in_them),
        dirql_unit_test(what_a_device_has_does_not),
        dirql_unit_test(there_are_no_partitions),
        dirql_unit_test(memory_may_be_short),
        dirql_unit_test(above_passive_level_it_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

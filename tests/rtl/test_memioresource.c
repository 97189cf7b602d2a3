/*
 * test_memioresource.c - long ranges in resource descriptors.
 */
#include <dirql/cmocka.h>

#include <ntddk.h>

/* Not the range's business. */
enum { OTHER_FLAGS = CM_RESOURCE_MEMORY_PREFETCHABLE };

static void a_range_that_a_device_has_is_read_as_it_was_written(void **state)
{
    static const struct {
        ULONGLONG length;
        UCHAR type;
        USHORT flag;
        ULONG kept;
    } rows[] = {
        { 0x1000, CmResourceTypeMemory, 0, 0x1000 },
        { 0xFFFFFFFF, CmResourceTypeMemory, 0, 0xFFFFFFFF },
        { 0x100000000, CmResourceTypeMemoryLarge, CM_RESOURCE_MEMORY_LARGE_40, 0x1000000 },
        { 0xFFFFFFFF00, CmResourceTypeMemoryLarge, CM_RESOURCE_MEMORY_LARGE_40, 0xFFFFFFFF },
        { 0x10000000000, CmResourceTypeMemoryLarge, CM_RESOURCE_MEMORY_LARGE_48, 0x1000000 },
        { 0x1000000000000, CmResourceTypeMemoryLarge, CM_RESOURCE_MEMORY_LARGE_64, 0x10000 },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAYSIZE(rows); i++) {
        CM_PARTIAL_RESOURCE_DESCRIPTOR range = { .Flags = OTHER_FLAGS | CM_RESOURCE_MEMORY_LARGE };
        ULONGLONG start = 0;

        assert_int_equal(
            RtlCmEncodeMemIoResource(&range, CmResourceTypeMemory, rows[i].length, 0x123456789000),
            STATUS_SUCCESS);
        assert_int_equal(range.Type, rows[i].type);
        assert_int_equal(range.Flags, OTHER_FLAGS | rows[i].flag);
        assert_int_equal(range.u.Memory.Length, rows[i].kept);
        assert_true(RtlCmDecodeMemIoResource(&range, &start) == rows[i].length);
        assert_true(start == 0x123456789000);
        assert_true(RtlCmDecodeMemIoResource(&range, NULL) == rows[i].length);
    }
}

static void a_length_whose_lowest_bits_are_set_cannot_be_written(void **state)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR range = { .Type = CmResourceTypeInterrupt };

    (void)state;
    assert_int_equal(RtlCmEncodeMemIoResource(&range, CmResourceTypeMemoryLarge, 0x100000001, 0),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(RtlCmEncodeMemIoResource(&range, CmResourceTypeMemoryLarge, 0x10000000100, 0),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(
        RtlCmEncodeMemIoResource(&range, CmResourceTypeMemoryLarge, 0x1000000010000, 0),
        STATUS_UNSUCCESSFUL);
    assert_int_equal(range.Type, CmResourceTypeInterrupt);
}

static void a_ports_length_has_32_bits(void **state)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR port = { .Flags = CM_RESOURCE_PORT_16_BIT_DECODE };
    ULONGLONG start = 0;

    (void)state;
    assert_int_equal(RtlCmEncodeMemIoResource(&port, CmResourceTypePort, 8, 0x330), STATUS_SUCCESS);
    assert_int_equal(port.Type, CmResourceTypePort);
    assert_int_equal(port.Flags, CM_RESOURCE_PORT_16_BIT_DECODE);
    assert_int_equal(RtlCmDecodeMemIoResource(&port, &start), 8);
    assert_int_equal(start, 0x330);
    assert_int_equal(RtlCmEncodeMemIoResource(&port, CmResourceTypePort, 0x100000000, 0),
                     STATUS_UNSUCCESSFUL);
}

static void other_types_have_no_range(void **state)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR line = { .Type = CmResourceTypeInterrupt };
    IO_RESOURCE_DESCRIPTOR wanted = { .Type = CmResourceTypeInterrupt };

    (void)state;
    assert_int_equal(RtlCmEncodeMemIoResource(&line, CmResourceTypeInterrupt, 1, 0),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCmDecodeMemIoResource(&line, NULL), 0);
    assert_int_equal(RtlIoEncodeMemIoResource(&wanted, CmResourceTypeInterrupt, 1, 1, 0, 1),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIoDecodeMemIoResource(&wanted, NULL, NULL, NULL), 0);
}

static void a_range_that_a_device_could_have_has_an_alignment(void **state)
{
    IO_RESOURCE_DESCRIPTOR range = { .Option = IO_RESOURCE_PREFERRED };
    ULONGLONG alignment = 0, first = 0, last = 0;

    (void)state;
    assert_int_equal(RtlIoEncodeMemIoResource(&range, CmResourceTypeMemory, 0x200000000, 0x10000,
                                              0x100000000, 0x8000000000),
                     STATUS_SUCCESS);
    assert_int_equal(range.Option, IO_RESOURCE_PREFERRED);
    assert_int_equal(range.Type, CmResourceTypeMemoryLarge);
    assert_int_equal(range.Flags, CM_RESOURCE_MEMORY_LARGE_40);
    assert_true(RtlIoDecodeMemIoResource(&range, &alignment, &first, &last) == 0x200000000);
    assert_int_equal(alignment, 0x10000);
    assert_true(first == 0x100000000 && last == 0x8000000000);
    assert_true(RtlIoDecodeMemIoResource(&range, NULL, NULL, NULL) == 0x200000000);
}

static void its_alignment_is_kept_as_its_length_is(void **state)
{
    IO_RESOURCE_DESCRIPTOR range = { 0 };

    (void)state;
    assert_int_equal(RtlIoEncodeMemIoResource(&range, CmResourceTypeMemory, 0x1000, 0x100000000, 0,
                                              MAXULONGLONG),
                     STATUS_SUCCESS);
    assert_int_equal(range.Type, CmResourceTypeMemoryLarge);
    assert_int_equal(range.u.Memory40.Length40, 0x10);
    assert_int_equal(RtlIoEncodeMemIoResource(&range, CmResourceTypeMemory, 0x1001, 0x100000000, 0,
                                              MAXULONGLONG),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(
        RtlIoEncodeMemIoResource(&range, CmResourceTypeMemory, 0x200000000, 1, 0, MAXULONGLONG),
        STATUS_UNSUCCESSFUL);
}

static void a_range_does_not_end_before_it_begins(void **state)
{
    IO_RESOURCE_DESCRIPTOR range = { 0 };

    (void)state;
    assert_int_equal(RtlIoEncodeMemIoResource(&range, CmResourceTypePort, 8, 8, 0x400, 0x3FF),
                     STATUS_INVALID_PARAMETER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_range_that_a_device_has_is_read_as_it_was_written),
        dirql_unit_test(a_length_whose_lowest_bits_are_set_cannot_be_written),
        dirql_unit_test(a_ports_length_has_32_bits),
        dirql_unit_test(other_types_have_no_range),
        dirql_unit_test(a_range_that_a_device_could_have_has_an_alignment),
        dirql_unit_test(its_alignment_is_kept_as_its_length_is),
        dirql_unit_test(a_range_does_not_end_before_it_begins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

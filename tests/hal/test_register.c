/*
 * test_register.c - accesses to mapped registers end in the device behind them.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>

#include <ntddk.h>

enum { LENGTH = 64 };

static UCHAR memory[LENGTH]; /* The registers, as plain memory. */
static unsigned accesses;
static PHYSICAL_ADDRESS physical;
static PUCHAR mapped;

static uint64_t read_device(void *context, uint64_t offset, unsigned bytes)
{
    uint64_t value = 0;

    (void)context;
    accesses++;
    memcpy(&value, memory + offset, bytes);
    return value;
}

static void write_device(void *context, uint64_t offset, unsigned bytes, uint64_t value)
{
    (void)context;
    accesses++;
    memcpy(memory + offset, &value, bytes);
}

static int start(void **state)
{
    const dirql_device description = { "registers", read_device, write_device, NULL };

    (void)state;
    accesses = 0;
    for (unsigned i = 0; i < LENGTH; i++) {
        memory[i] = (UCHAR)i;
    }
    physical = dirql_device_add_memory(&description, 0, LENGTH);
    mapped = MmMapIoSpace(physical, LENGTH, MmNonCached);
    return mapped == NULL;
}

static int stop(void **state)
{
    (void)state;
    dirql_suppress("MmUnmapIoSpace", NULL, "the test has unmapped it already");
    MmUnmapIoSpace(mapped, LENGTH);
    return 0;
}

#define REGISTER(type, offset) ((type volatile *)(void *)(mapped + (offset)))

static void each_width_reads_its_bytes(void **state)
{
    (void)state;
    assert_int_equal(READ_REGISTER_UCHAR(REGISTER(UCHAR, 1)), 0x01);
    assert_int_equal(READ_REGISTER_USHORT(REGISTER(USHORT, 2)), 0x0302);
    assert_int_equal(READ_REGISTER_ULONG(REGISTER(ULONG, 4)), 0x07060504);
    assert_true(READ_REGISTER_ULONG64(REGISTER(ULONG64, 8)) == 0x0F0E0D0C0B0A0908u);
    assert_int_equal(accesses, 4);
}

static void each_width_writes_its_bytes(void **state)
{
    (void)state;
    WRITE_REGISTER_UCHAR(REGISTER(UCHAR, 0), 0x10);
    WRITE_REGISTER_USHORT(REGISTER(USHORT, 2), 0x2120);
    WRITE_REGISTER_ULONG(REGISTER(ULONG, 4), 0x33323130);
    WRITE_REGISTER_ULONG64(REGISTER(ULONG64, 8), 0x4746454443424140u);
    assert_memory_equal(memory, "\x10\x01\x20\x21\x30\x31\x32\x33\x40\x41\x42\x43\x44\x45\x46\x47",
                        16);
}

static void buffer_forms_walk_through_the_registers(void **state)
{
    ULONG longs[2];
    USHORT words[3] = { 0xA0A1, 0xA2A3, 0xA4A5 };

    (void)state;
    READ_REGISTER_BUFFER_ULONG(REGISTER(ULONG, 0), longs, 2);
    assert_int_equal(longs[1], 0x07060504);
    WRITE_REGISTER_BUFFER_USHORT(REGISTER(USHORT, 16), words, 3);
    assert_memory_equal(memory + 16, words, sizeof(words));
}

static void forms_without_a_fence_do_the_same(void **state)
{
    (void)state;
    WRITE_REGISTER_NOFENCE_ULONG(REGISTER(ULONG, 20), 0x12345678);
    assert_int_equal(READ_REGISTER_NOFENCE_ULONG(REGISTER(ULONG, 20)), 0x12345678);
}

static void part_of_a_device_can_be_mapped(void **state)
{
    PHYSICAL_ADDRESS inside = physical;
    PULONG part;

    (void)state;
    inside.QuadPart += 32;
    part = MmMapIoSpace(inside, 16, MmNonCached);
    assert_int_equal(READ_REGISTER_ULONG(part), 0x23222120);
    MmUnmapIoSpace(part, 16);
}

static void ordinary_memory_as_a_register_is_reported(void **state)
{
    ULONG ordinary = 0;

    (void)state;
    dirql_expect_finding("RegisterPointer");
    READ_REGISTER_ULONG(&ordinary);
    fail_msg("that is no register");
}

static void physical_address_as_a_register_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("RegisterPointer");
    WRITE_REGISTER_ULONG((PULONG)(ULONG_PTR)physical.QuadPart, 1);
    fail_msg("that is not mapped");
}

static void register_after_unmapping_is_reported(void **state)
{
    (void)state;
    MmUnmapIoSpace(mapped, LENGTH);
    dirql_expect_finding("RegisterPointer");
    READ_REGISTER_UCHAR(mapped);
    fail_msg("the mapping is gone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(each_width_reads_its_bytes, start, stop),
        dirql_unit_test_setup_teardown(each_width_writes_its_bytes, start, stop),
        dirql_unit_test_setup_teardown(buffer_forms_walk_through_the_registers, start, stop),
        dirql_unit_test_setup_teardown(forms_without_a_fence_do_the_same, start, stop),
        dirql_unit_test_setup_teardown(part_of_a_device_can_be_mapped, start, stop),
        dirql_unit_test_setup_teardown(ordinary_memory_as_a_register_is_reported, start, stop),
        dirql_unit_test_setup_teardown(physical_address_as_a_register_is_reported, start, stop),
        dirql_unit_test_setup_teardown(register_after_unmapping_is_reported, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

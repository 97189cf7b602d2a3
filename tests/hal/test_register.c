/*
 * test_register.c - accesses to mapped registers end in the device behind them.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>

#include <ntddk.h>

enum { LENGTH = 64 };

static UCHAR memory[LENGTH];     /* The registers, as plain memory. */
static unsigned accesses, width; /* How many, and the last one's bytes. */
static PHYSICAL_ADDRESS physical;
static PUCHAR mapped;

static uint64_t read_device(void *context, uint64_t offset, unsigned bytes)
{
    uint64_t value = 0;

    (void)context;
    accesses++;
    width = bytes;
    memcpy(&value, memory + offset, bytes);
    return value;
}

static void write_device(void *context, uint64_t offset, unsigned bytes, uint64_t value)
{
    (void)context;
    accesses++;
    width = bytes;
    memcpy(memory + offset, &value, bytes);
}

static void start_again(void)
{
    accesses = 0;
    for (unsigned i = 0; i < LENGTH; i++) {
        memory[i] = (UCHAR)i;
    }
}

static int start(void **state)
{
    const dirql_device description = { "registers", read_device, write_device, NULL };

    (void)state;
    start_again();
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

/* Three registers, the fourth stays as it is. */
#define BUFFER_FORM_WALKS(type)                                                 \
    do {                                                                        \
        type buffer[4] = { 0, 0, 0, 0x55 };                                     \
        UCHAR expected[3 * sizeof(type)];                                       \
                                                                                \
        start_again();                                                          \
        READ_REGISTER_BUFFER_##type(REGISTER(type, 8), buffer, 3);              \
        assert_int_equal(accesses, 3);                                          \
        assert_int_equal(width, sizeof(type));                                  \
        assert_memory_equal(buffer, memory + 8, 3 * sizeof(type));              \
        assert_int_equal(buffer[3], 0x55);                                      \
        memset(buffer, 0xA5, sizeof(buffer));                                   \
        memset(expected, 0xA5, sizeof(expected));                               \
        WRITE_REGISTER_BUFFER_##type(REGISTER(type, 16), buffer, 3);            \
        assert_int_equal(accesses, 6);                                          \
        assert_int_equal(width, sizeof(type));                                  \
        assert_memory_equal(memory + 16, expected, sizeof(expected));           \
        assert_int_equal(memory[15], 15);                                       \
        assert_int_equal(memory[16 + sizeof(expected)], 16 + sizeof(expected)); \
    } while (0)

static void buffer_forms_walk_through_the_registers(void **state)
{
    (void)state;
    BUFFER_FORM_WALKS(UCHAR);
    BUFFER_FORM_WALKS(USHORT);
    BUFFER_FORM_WALKS(ULONG);
    BUFFER_FORM_WALKS(ULONG64);
}

static void buffer_of_nothing_touches_no_register(void **state)
{
    ULONG value = 0x55;

    (void)state;
    READ_REGISTER_BUFFER_ULONG(REGISTER(ULONG, 8), &value, 0);
    WRITE_REGISTER_BUFFER_ULONG(REGISTER(ULONG, 8), &value, 0);
    assert_int_equal(accesses, 0);
    assert_int_equal(value, 0x55);
}

#define FORM_WITHOUT_FENCE_DOES_THE_SAME(type, value)                                   \
    do {                                                                                \
        WRITE_REGISTER_NOFENCE_##type(REGISTER(type, 24), (type)(value));               \
        assert_int_equal(width, sizeof(type));                                          \
        assert_true(READ_REGISTER_NOFENCE_##type(REGISTER(type, 24)) == (type)(value)); \
        assert_int_equal(width, sizeof(type));                                          \
        assert_int_equal(memory[24 + sizeof(type)], 24 + sizeof(type));                 \
    } while (0)

static void forms_without_a_fence_do_the_same(void **state)
{
    (void)state;
    FORM_WITHOUT_FENCE_DOES_THE_SAME(UCHAR, 0x1122334455667788u);
    FORM_WITHOUT_FENCE_DOES_THE_SAME(USHORT, 0x1122334455667788u);
    FORM_WITHOUT_FENCE_DOES_THE_SAME(ULONG, 0x1122334455667788u);
    FORM_WITHOUT_FENCE_DOES_THE_SAME(ULONG64, 0x1122334455667788u);
    assert_int_equal(accesses, 8);
}

static void registers_can_be_used_at_any_irql(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    WRITE_REGISTER_ULONG(REGISTER(ULONG, 4), 7);
    assert_int_equal(READ_REGISTER_ULONG(REGISTER(ULONG, 4)), 7);
    KeLowerIrql(old);
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
        dirql_unit_test_setup_teardown(buffer_of_nothing_touches_no_register, start, stop),
        dirql_unit_test_setup_teardown(forms_without_a_fence_do_the_same, start, stop),
        dirql_unit_test_setup_teardown(registers_can_be_used_at_any_irql, start, stop),
        dirql_unit_test_setup_teardown(part_of_a_device_can_be_mapped, start, stop),
        dirql_unit_test_setup_teardown(ordinary_memory_as_a_register_is_reported, start, stop),
        dirql_unit_test_setup_teardown(physical_address_as_a_register_is_reported, start, stop),
        dirql_unit_test_setup_teardown(register_after_unmapping_is_reported, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

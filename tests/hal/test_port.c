/*
 * test_port.c - port accesses end in the device that owns the port.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/line.h>

#include <ntddk.h>

enum { BASE = 0x220, LENGTH = 16 };

/* Sixteen bytes of port space that remember the last access. */
static struct {
    uint64_t offset, value;
    unsigned bytes, reads, writes;
    uint64_t answer;
    dirql_line *line; /* Asserted by a write, if set. */
} device;

static uint64_t read_device(void *context, uint64_t offset, unsigned bytes)
{
    assert_ptr_equal(context, &device);
    device.offset = offset;
    device.bytes = bytes;
    device.reads++;
    return device.answer++;
}

static void write_device(void *context, uint64_t offset, unsigned bytes, uint64_t value)
{
    assert_ptr_equal(context, &device);
    device.offset = offset;
    device.bytes = bytes;
    device.value = value;
    device.writes++;
    if (device.line != NULL) {
        dirql_line_assert(device.line);
    }
}

static int start(void **state)
{
    const dirql_device description = { "ports", read_device, write_device, &device };

    (void)state;
    memset(&device, 0, sizeof(device));
    dirql_device_add_ports(&description, BASE, LENGTH);
    return 0;
}

#define PORT(type, offset) ((type *)(ULONG_PTR)(BASE + (offset)))

static void each_width_reads_as_many_bytes(void **state)
{
    (void)state;
    device.answer = 0x1122334455667788u;
    assert_int_equal(READ_PORT_UCHAR(PORT(UCHAR, 3)), 0x88);
    assert_int_equal(device.offset, 3);
    assert_int_equal(device.bytes, 1);
    assert_int_equal(READ_PORT_USHORT(PORT(USHORT, 4)), 0x7789);
    assert_int_equal(device.bytes, 2);
    assert_int_equal(READ_PORT_ULONG(PORT(ULONG, 8)), 0x5566778A);
    assert_int_equal(device.bytes, 4);
    assert_int_equal(device.offset, 8);
}

static void each_width_writes_as_many_bytes(void **state)
{
    (void)state;
    WRITE_PORT_UCHAR(PORT(UCHAR, 1), 0xAB);
    assert_int_equal(device.bytes, 1);
    assert_int_equal(device.value, 0xAB);
    WRITE_PORT_USHORT(PORT(USHORT, 2), 0xABCD);
    assert_int_equal(device.bytes, 2);
    assert_int_equal(device.value, 0xABCD);
    WRITE_PORT_ULONG(PORT(ULONG, 12), 0xABCDEF01u);
    assert_int_equal(device.bytes, 4);
    assert_int_equal(device.value, 0xABCDEF01u);
    assert_int_equal(device.offset, 12);
}

/* The device answers 0, 1, 2 and so on, and is written what follows the index. */
#define BUFFER_FORM_USES_ONE_PORT(type)                     \
    do {                                                    \
        type buffer[4] = { 0x55, 0x55, 0x55, 0x55 };        \
                                                            \
        device.answer = device.reads = device.writes = 0;   \
        READ_PORT_BUFFER_##type(PORT(type, 4), buffer, 3);  \
        assert_int_equal(device.reads, 3);                  \
        assert_int_equal(device.bytes, sizeof(type));       \
        assert_int_equal(device.offset, 4);                 \
        for (unsigned i = 0; i < 3; i++) {                  \
            assert_int_equal(buffer[i], i);                 \
        }                                                   \
        assert_int_equal(buffer[3], 0x55);                  \
        device.offset = device.bytes = 0;                   \
        WRITE_PORT_BUFFER_##type(PORT(type, 8), buffer, 3); \
        assert_int_equal(device.writes, 3);                 \
        assert_int_equal(device.bytes, sizeof(type));       \
        assert_int_equal(device.offset, 8);                 \
        assert_int_equal(device.value, 2);                  \
    } while (0)

static void buffer_forms_use_the_one_port_again_and_again(void **state)
{
    (void)state;
    BUFFER_FORM_USES_ONE_PORT(UCHAR);
    BUFFER_FORM_USES_ONE_PORT(USHORT);
    BUFFER_FORM_USES_ONE_PORT(ULONG);
}

static void buffer_of_nothing_touches_no_port(void **state)
{
    UCHAR byte = 0x55;

    (void)state;
    READ_PORT_BUFFER_UCHAR(PORT(UCHAR, 5), &byte, 0);
    WRITE_PORT_BUFFER_UCHAR(PORT(UCHAR, 5), &byte, 0);
    assert_int_equal(device.reads + device.writes, 0);
    assert_int_equal(byte, 0x55);
}

static void ports_can_be_used_at_any_irql(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    (void)READ_PORT_ULONG(PORT(ULONG, 4));
    WRITE_PORT_USHORT(PORT(USHORT, 2), 1);
    KeLowerIrql(old);
    assert_int_equal(device.reads, 1);
    assert_int_equal(device.writes, 1);
}

static void access_takes_virtual_time(void **state)
{
    const uint64_t before_ns = dirql_time_ns();

    (void)state;
    READ_PORT_UCHAR(PORT(UCHAR, 0));
    assert_int_equal(dirql_time_ns() - before_ns, 1000);
}

static unsigned isr_calls;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    isr_calls++;
    dirql_line_deassert(context);
    return TRUE;
}

static void interrupt_that_a_write_causes_is_taken_before_the_write_returns(void **state)
{
    PKINTERRUPT interrupt;

    (void)state;
    isr_calls = 0;
    device.line = dirql_line_create(NULL);
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, device.line, NULL,
                                        dirql_line_vector(device.line),
                                        dirql_line_irql(device.line), dirql_line_irql(device.line),
                                        LevelSensitive, FALSE, 1, FALSE),
                     STATUS_SUCCESS);
    WRITE_PORT_UCHAR(PORT(UCHAR, 0), 1);
    assert_int_equal(isr_calls, 1);
    IoDisconnectInterrupt(interrupt);
}

static void port_of_no_device_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("no device");
    READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)0x300);
    fail_msg("nobody owns that port");
}

static void access_that_leaves_the_window_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("no device");
    WRITE_PORT_ULONG(PORT(ULONG, LENGTH - 2), 0);
    fail_msg("two of the bytes are nobody's");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(each_width_reads_as_many_bytes, start),
        dirql_unit_test_setup(each_width_writes_as_many_bytes, start),
        dirql_unit_test_setup(buffer_forms_use_the_one_port_again_and_again, start),
        dirql_unit_test_setup(buffer_of_nothing_touches_no_port, start),
        dirql_unit_test_setup(ports_can_be_used_at_any_irql, start),
        dirql_unit_test_setup(access_takes_virtual_time, start),
        dirql_unit_test_setup(interrupt_that_a_write_causes_is_taken_before_the_write_returns,
                              start, .fixed = 1),
        dirql_unit_test_setup(port_of_no_device_is_reported, start),
        dirql_unit_test_setup(access_that_leaves_the_window_is_reported, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

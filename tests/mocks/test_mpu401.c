/*
 * test_mpu401.c - the simulated MPU-401, access by access.
 *
 * The ISR only empties the device. Most tests hold the processor at HIGH_LEVEL, so that it waits,
 * and look at the registers themselves.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include <mock_mpu401.h>

#include "../settle.h"

#define BASE 0x330u
#define DATA ((PUCHAR)(ULONG_PTR)(BASE + MPU401_DATA))
#define STATUS ((PUCHAR)(ULONG_PTR)(BASE + MPU401_STATUS))
#define COMMAND ((PUCHAR)(ULONG_PTR)(BASE + MPU401_COMMAND))
#define OVERRUN ((PUCHAR)(ULONG_PTR)(BASE + MPU401_OVERRUN))

#define IDLE (MPU401_STATUS_OTHER | MPU401_STATUS_DSR)
#define ACK_DELAY_US 20u

struct fixture {
    mock_mpu401 mpu;
    PKINTERRUPT interrupt;
    KIRQL old_irql;
    UCHAR taken[512];
    uint64_t taken_ns[512];
    unsigned taken_count;
    UCHAR sent[8];
    unsigned sent_count;
};

static struct fixture fixture;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    struct fixture *f = context;
    BOOLEAN ours = FALSE;

    (void)interrupt;
    while ((READ_PORT_UCHAR(STATUS) & MPU401_STATUS_DSR) == 0) {
        f->taken_ns[f->taken_count] = dirql_time_ns();
        f->taken[f->taken_count++] = READ_PORT_UCHAR(DATA);
        ours = TRUE;
    }
    return ours;
}

static void transmit(void *context, UCHAR byte)
{
    struct fixture *f = context;

    f->sent[f->sent_count++] = byte;
}

/* It interrupts the processor of the test's body, which can keep the interrupt away. */
static int set(void **state, mock_mpu401_options options)
{
    struct fixture *f = &fixture;

    memset(f, 0, sizeof(*f));
    options.line.processors = 1;
    dirql_thread_move(0);
    options.transmit = transmit;
    options.transmit_context = f;
    mock_mpu401_init(&f->mpu, &options);
    *state = f;
    return IoConnectInterrupt(&f->interrupt, isr, f, NULL, dirql_line_vector(f->mpu.line),
                              dirql_line_irql(f->mpu.line), dirql_line_irql(f->mpu.line),
                              dirql_line_mode(f->mpu.line), FALSE,
                              dirql_line_processors(f->mpu.line), FALSE) != STATUS_SUCCESS;
}

/* With the interrupt held off until the teardown. */
static int set_masked(void **state)
{
    int status = set(state, (mock_mpu401_options){.fifo_bytes = 4, .overrun_port = true});

    KeRaiseIrql(HIGH_LEVEL, &fixture.old_irql);
    return status;
}

static int set_plain(void **state)
{
    return set(state, (mock_mpu401_options){0});
}

static int set_edge(void **state)
{
    return set(state, (mock_mpu401_options){.line.trigger = DIRQL_EDGE});
}

static int set_hurried(void **state)
{
    return set(state, (mock_mpu401_options){.byte_ns = 100000});
}

static int set_acknowledging(void **state)
{
    return set(state, (mock_mpu401_options){.ack_uart_reset = true});
}

static int set_silent(void **state)
{
    return set(state, (mock_mpu401_options){.never_acknowledges = true});
}

static int clear(void **state)
{
    struct fixture *f = *state;

    if (KeGetCurrentIrql() != PASSIVE_LEVEL) {
        KeLowerIrql(f->old_irql);
    }
    mock_mpu401_unplug(&f->mpu);
    IoDisconnectInterrupt(f->interrupt);
    return 0;
}

static void command(UCHAR value)
{
    WRITE_PORT_UCHAR(COMMAND, value);
    dirql_time_advance_us(ACK_DELAY_US + 1);
}

static void enter_uart(struct fixture *f)
{
    command(MPU401_CMD_ENTER_UART);
    if (f->mpu.waiting != 0) {
        READ_PORT_UCHAR(DATA); /* The acknowledge, when the ISR is held off. */
    }
    f->taken_count = 0;
}

/* ---- Commands -------------------------------------------------------------------------------- */

static void a_reset_is_acknowledged_after_a_while(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(READ_PORT_UCHAR(STATUS), IDLE);
    WRITE_PORT_UCHAR(COMMAND, MPU401_CMD_RESET);
    assert_int_equal(READ_PORT_UCHAR(STATUS), IDLE | MPU401_STATUS_DRR);
    assert_false(dirql_line_is_asserted(f->mpu.line));
    dirql_time_advance_us(ACK_DELAY_US);
    assert_int_equal(READ_PORT_UCHAR(STATUS), MPU401_STATUS_OTHER);
    assert_true(dirql_line_is_asserted(f->mpu.line));
    assert_int_equal(READ_PORT_UCHAR(DATA), MPU401_ACK);
    assert_int_equal(READ_PORT_UCHAR(STATUS), IDLE);
    assert_false(dirql_line_is_asserted(f->mpu.line));
}

static void an_acknowledge_interrupts(void **state)
{
    struct fixture *f = *state;

    command(MPU401_CMD_RESET);
    assert_int_equal(f->taken_count, 1);
    assert_int_equal(f->taken[0], MPU401_ACK);
    assert_int_equal(dirql_line_count(f->mpu.line), 1);
}

static void uart_mode_begins_with_its_acknowledge(void **state)
{
    struct fixture *f = *state;

    WRITE_PORT_UCHAR(COMMAND, MPU401_CMD_ENTER_UART);
    mock_mpu401_receive(&f->mpu, 0xF8);
    assert_int_equal(f->mpu.counters.ignored, 1);
    dirql_time_advance_us(ACK_DELAY_US);
    mock_mpu401_receive(&f->mpu, 0xFA);
    assert_int_equal(READ_PORT_UCHAR(DATA), MPU401_ACK);
    assert_int_equal(READ_PORT_UCHAR(DATA), 0xFA);
}

static void a_reset_in_uart_mode_empties_the_fifo_and_is_not_acknowledged(void **state)
{
    struct fixture *f = *state;

    enter_uart(f);
    mock_mpu401_receive(&f->mpu, 1);
    command(MPU401_CMD_RESET);
    assert_int_equal(READ_PORT_UCHAR(STATUS), IDLE);
    assert_false(dirql_line_is_asserted(f->mpu.line));
    assert_false(f->mpu.uart);
}

static void some_parts_acknowledge_it(void **state)
{
    struct fixture *f = *state;

    enter_uart(f);
    command(MPU401_CMD_RESET);
    assert_int_equal(f->taken_count, 1);
    assert_int_equal(f->taken[0], MPU401_ACK);
    assert_false(f->mpu.uart);
}

static void other_commands_are_acknowledged_but_not_in_uart_mode(void **state)
{
    struct fixture *f = *state;

    command(0xAB);
    assert_int_equal(f->taken_count, 1);
    enter_uart(f);
    command(0xAB);
    command(MPU401_CMD_ENTER_UART);
    assert_int_equal(f->taken_count, 0);
    assert_int_equal(f->mpu.counters.unknown, 3);
}

static void a_command_while_busy_is_lost(void **state)
{
    struct fixture *f = *state;

    WRITE_PORT_UCHAR(COMMAND, MPU401_CMD_RESET);
    WRITE_PORT_UCHAR(COMMAND, MPU401_CMD_ENTER_UART);
    dirql_time_advance_ms(1);
    assert_false(f->mpu.uart);
    assert_int_equal(f->mpu.counters.commands, 1);
    assert_int_equal(f->mpu.counters.refused, 1);
}

static void a_silent_part_takes_commands_and_says_nothing(void **state)
{
    struct fixture *f = *state;

    command(MPU401_CMD_RESET);
    command(MPU401_CMD_ENTER_UART);
    dirql_time_advance_ms(100);
    assert_int_equal(f->taken_count, 0);
    assert_int_equal(f->mpu.counters.commands, 2);
    assert_false(f->mpu.uart);
}

/* ---- Input ----------------------------------------------------------------------------------- */

static void bytes_come_out_in_order_and_an_empty_port_reads_as_ones(void **state)
{
    struct fixture *f = *state;
    unsigned i, round;

    enter_uart(f);
    for (round = 0; round < 3; round++) { /* Once around the FIFO, and more. */
        for (i = 0; i < 3; i++) {
            mock_mpu401_receive(&f->mpu, (UCHAR)(10 * round + i));
        }
        for (i = 0; i < 3; i++) {
            assert_int_equal(READ_PORT_UCHAR(DATA), 10 * round + i);
        }
    }
    assert_int_equal(READ_PORT_UCHAR(DATA), 0xFF);
    assert_int_equal(f->mpu.counters.underruns, 1);
    assert_int_equal(f->mpu.counters.fullest, 3);
}

static void a_full_fifo_loses_the_newest_and_counts(void **state)
{
    struct fixture *f = *state;
    unsigned i;

    enter_uart(f);
    for (i = 0; i < 6; i++) {
        mock_mpu401_receive(&f->mpu, (UCHAR)i);
    }
    assert_true(f->mpu.overrun);
    assert_int_equal(f->mpu.counters.overruns, 2);
    assert_int_equal(READ_PORT_UCHAR(OVERRUN), 2);
    assert_int_equal(READ_PORT_UCHAR(OVERRUN), 0);
    for (i = 0; i < 4; i++) {
        assert_int_equal(READ_PORT_UCHAR(DATA), i);
    }
    command(MPU401_CMD_RESET);
    assert_false(f->mpu.overrun);
}

static void a_wide_access_is_not_understood(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(READ_PORT_USHORT((PUSHORT)DATA), 0xFFFF);
    WRITE_PORT_USHORT((PUSHORT)DATA, 0xFFFF);
    assert_int_equal(f->mpu.counters.refused, 1);
    assert_int_equal(f->mpu.counters.commands, 0);
}

static void the_line_is_up_as_long_as_input_waits(void **state)
{
    struct fixture *f = *state;

    enter_uart(f);
    mock_mpu401_receive(&f->mpu, 1);
    mock_mpu401_receive(&f->mpu, 2);
    READ_PORT_UCHAR(DATA);
    assert_true(dirql_line_is_asserted(f->mpu.line));
    READ_PORT_UCHAR(DATA);
    assert_false(dirql_line_is_asserted(f->mpu.line));
}

static void an_edge_comes_with_the_first_byte_that_waits(void **state)
{
    struct fixture *f = *state;

    enter_uart(f);
    mock_mpu401_receive(&f->mpu, 1);
    settle();
    mock_mpu401_receive(&f->mpu, 2);
    settle();
    assert_int_equal(f->taken_count, 2);
    assert_int_equal(dirql_line_count(f->mpu.line), 3); /* One for the acknowledge. */
    KeRaiseIrql(HIGH_LEVEL, &f->old_irql);
    mock_mpu401_receive(&f->mpu, 3);
    mock_mpu401_receive(&f->mpu, 4);
    KeLowerIrql(f->old_irql);
    settle();
    assert_int_equal(f->taken_count, 4);
    assert_int_equal(dirql_line_count(f->mpu.line), 4);
}

/* ---- The cable ------------------------------------------------------------------------------- */

static void a_stream_back_to_back_takes_320_us_a_byte(void **state)
{
    static const UCHAR bytes[] = {0x90, 60, 64};
    struct fixture *f = *state;
    mock_mpu401_stream stream = {.bytes = bytes, .count = 3};
    uint64_t begin_ns;
    unsigned i;

    enter_uart(f);
    begin_ns = dirql_time_ns();
    mock_mpu401_play(&f->mpu, &stream);
    assert_int_equal(mock_mpu401_remaining(&f->mpu), 3);
    dirql_time_advance_ms(1);
    assert_int_equal(mock_mpu401_remaining(&f->mpu), 0);
    assert_int_equal(f->taken_count, 3);
    assert_memory_equal(f->taken, bytes, 3);
    for (i = 0; i < 3; i++) { /* And the ISR's register accesses. */
        assert_in_range(f->taken_ns[i] - begin_ns, (i + 1) * MPU401_BYTE_NS,
                        (i + 1) * MPU401_BYTE_NS + 10000);
    }
}

static void a_cable_can_be_hurried(void **state)
{
    struct fixture *f = *state;
    mock_mpu401_stream stream = {.bytes = (const UCHAR[]){1, 2}, .count = 2};
    uint64_t begin_ns;

    enter_uart(f);
    begin_ns = dirql_time_ns();
    mock_mpu401_play(&f->mpu, &stream);
    dirql_time_advance_us(400);
    assert_int_equal(f->taken_count, 2);
    assert_in_range(f->taken_ns[1] - begin_ns, 200000, 210000);
}

static void a_byte_comes_when_it_is_due_and_the_cable_is_free(void **state)
{
    static const UCHAR bytes[] = {1, 2, 3};
    static const uint64_t due_ns[] = {1000000, 1000000, 5000000};
    static const uint64_t expected_ns[] = {1320000, 1640000, 5320000};
    struct fixture *f = *state;
    mock_mpu401_stream stream = {bytes, 3, due_ns};
    uint64_t begin_ns;
    unsigned i;

    enter_uart(f);
    begin_ns = dirql_time_ns();
    mock_mpu401_play(&f->mpu, &stream);
    dirql_time_advance_ms(6);
    assert_int_equal(f->taken_count, 3);
    for (i = 0; i < 3; i++) {
        assert_in_range(f->taken_ns[i] - begin_ns, expected_ns[i], expected_ns[i] + 10000);
    }
}

static void a_pulled_cable_brings_nothing_more(void **state)
{
    static const UCHAR bytes[] = {1, 2, 3};
    struct fixture *f = *state;
    mock_mpu401_stream stream = {.bytes = bytes, .count = 3};

    enter_uart(f);
    mock_mpu401_play(&f->mpu, &stream);
    dirql_time_advance_us(400);
    mock_mpu401_unplug(&f->mpu);
    dirql_time_advance_ms(1);
    assert_int_equal(f->taken_count, 1);
    assert_int_equal(mock_mpu401_remaining(&f->mpu), 0);
    mock_mpu401_play(&f->mpu, &stream);
    dirql_time_advance_ms(1);
    assert_int_equal(f->taken_count, 4);
}

/* ---- Output ---------------------------------------------------------------------------------- */

static void a_byte_leaves_after_320_us_and_the_next_must_wait(void **state)
{
    struct fixture *f = *state;

    enter_uart(f);
    WRITE_PORT_UCHAR(DATA, 0x90);
    assert_int_equal(READ_PORT_UCHAR(STATUS), IDLE | MPU401_STATUS_DRR);
    WRITE_PORT_UCHAR(DATA, 0x80);
    assert_int_equal(f->sent_count, 0);
    dirql_time_advance_us(320);
    assert_int_equal(f->sent_count, 1);
    assert_int_equal(f->sent[0], 0x90);
    assert_int_equal(READ_PORT_UCHAR(STATUS), IDLE);
    assert_int_equal(f->mpu.counters.refused, 1);
    assert_int_equal(f->mpu.counters.transmitted, 1);
}

static void nothing_leaves_in_intelligent_mode(void **state)
{
    struct fixture *f = *state;

    WRITE_PORT_UCHAR(DATA, 0x90);
    dirql_time_advance_ms(1);
    assert_int_equal(f->sent_count, 0);
    assert_int_equal(f->mpu.counters.refused, 1);
}

/* ---- Options --------------------------------------------------------------------------------- */

static void a_fifo_that_is_too_deep_is_refused(void **state)
{
    static mock_mpu401 mpu;

    (void)state;
    dirql_expect_finding("assertion");
    mock_mpu401_init(&mpu, &(mock_mpu401_options){.fifo_bytes = MOCK_MPU401_FIFO_MAX + 1});
}

static void two_streams_at_once_are_refused(void **state)
{
    struct fixture *f = *state;
    mock_mpu401_stream stream = {.bytes = (const UCHAR[]){1}, .count = 1};

    dirql_expect_finding("assertion");
    mock_mpu401_play(&f->mpu, &stream);
    mock_mpu401_play(&f->mpu, &stream);
}

#define MPU_TEST(name, setup) dirql_unit_test_setup_teardown(name, setup, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MPU_TEST(a_reset_is_acknowledged_after_a_while, set_masked),
        MPU_TEST(an_acknowledge_interrupts, set_plain),
        MPU_TEST(uart_mode_begins_with_its_acknowledge, set_masked),
        MPU_TEST(a_reset_in_uart_mode_empties_the_fifo_and_is_not_acknowledged, set_masked),
        MPU_TEST(some_parts_acknowledge_it, set_acknowledging),
        MPU_TEST(other_commands_are_acknowledged_but_not_in_uart_mode, set_plain),
        MPU_TEST(a_command_while_busy_is_lost, set_plain),
        MPU_TEST(a_silent_part_takes_commands_and_says_nothing, set_silent),
        MPU_TEST(bytes_come_out_in_order_and_an_empty_port_reads_as_ones, set_masked),
        MPU_TEST(a_full_fifo_loses_the_newest_and_counts, set_masked),
        MPU_TEST(a_wide_access_is_not_understood, set_plain),
        MPU_TEST(the_line_is_up_as_long_as_input_waits, set_masked),
        MPU_TEST(an_edge_comes_with_the_first_byte_that_waits, set_edge),
        MPU_TEST(a_stream_back_to_back_takes_320_us_a_byte, set_plain),
        MPU_TEST(a_cable_can_be_hurried, set_hurried),
        MPU_TEST(a_byte_comes_when_it_is_due_and_the_cable_is_free, set_plain),
        MPU_TEST(a_pulled_cable_brings_nothing_more, set_plain),
        MPU_TEST(a_byte_leaves_after_320_us_and_the_next_must_wait, set_plain),
        MPU_TEST(nothing_leaves_in_intelligent_mode, set_plain),
        dirql_unit_test(a_fifo_that_is_too_deep_is_refused),
        dirql_unit_test_setup(two_streams_at_once_are_refused, set_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

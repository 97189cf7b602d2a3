/*
 * test_miniport.c - the miniport against its device: start, stop, and what goes wrong in between.
 */
#include <string.h>

#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/thread.h>

#include "stage.h"

#define RING_BYTES 256u /* Of the miniport. */
#define MS 1000000u

static const UCHAR NOTE[] = {0x90, 60, 64};

static struct sent {
    UCHAR bytes[16];
    unsigned count;
} sent;

static void transmit(void *context, UCHAR byte)
{
    struct sent *s = context;

    assert_true(s->count < sizeof(s->bytes));
    s->bytes[s->count++] = byte;
}

/* ---- Stages with one device or another ------------------------------------------------------- */

static stage the_stage;

static int set(void **state, const mock_mpu401_options *options)
{
    stage_set(&the_stage, options);
    *state = &the_stage;
    return 0;
}

static int set_stage(void **state)
{
    mock_mpu401_options options = {.overrun_port = true, .transmit = transmit};

    memset(&sent, 0, sizeof(sent));
    options.transmit_context = &sent;
    return set(state, &options);
}

static int set_playing_stage(void **state)
{
    set_stage(state);
    assert_int_equal(stage_init_miniport(*state), STATUS_SUCCESS);
    return 0;
}

/* All that the cable brings reaches the ring, however late the interrupts are. */
static int set_stage_with_a_deep_fifo(void **state)
{
    const mock_mpu401_options options = {.overrun_port = true, .fifo_bytes = 256};

    set(state, &options);
    assert_int_equal(stage_init_miniport(*state), STATUS_SUCCESS);
    return 0;
}

static int set_edge_stage(void **state)
{
    const mock_mpu401_options options = {.line.trigger = DIRQL_EDGE};

    set(state, &options);
    assert_int_equal(stage_init_miniport(*state), STATUS_SUCCESS);
    return 0;
}

/* The interrupt goes to processor 1 only, and the device has room for nearly nothing. */
static int set_stage_for_processor_1(void **state)
{
    const mock_mpu401_options options = {
        .overrun_port = true, .fifo_bytes = 2, .line.processors = 2};

    set(state, &options);
    assert_int_equal(stage_init_miniport(*state), STATUS_SUCCESS);
    return 0;
}

static int set_stage_with_acknowledged_resets(void **state)
{
    const mock_mpu401_options options = {.ack_uart_reset = true};

    return set(state, &options);
}

static int set_silent_stage(void **state)
{
    const mock_mpu401_options options = {.never_acknowledges = true};

    return set(state, &options);
}

static int set_busy_stage(void **state)
{
    const mock_mpu401_options options = {.never_ready = true};

    return set(state, &options);
}

static int clear_stage(void **state)
{
    stage_clear(*state);
    return 0;
}

/* ---- Helpers --------------------------------------------------------------------------------- */

static MPU401_STATISTICS statistics_of(stage *s)
{
    MPU401_STATISTICS statistics;

    assert_int_equal(s->miniport->lpVtbl->GetStatistics(s->miniport, &statistics), STATUS_SUCCESS);
    return statistics;
}

static void receive(stage *s, unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        mock_mpu401_receive(&s->mpu, (UCHAR)i);
    }
}

/* These bytes, in as many pieces as they come. */
static void reads(stage *s, const UCHAR *bytes, ULONG count)
{
    UCHAR buffer[RING_BYTES];
    ULONG taken;

    for (; count != 0; bytes += taken, count -= taken) {
        assert_int_equal(stage_read(s, buffer, count, &taken, 1000), STATUS_SUCCESS);
        assert_memory_equal(buffer, bytes, taken);
    }
}

/* ---- Start ----------------------------------------------------------------------------------- */

static void reset_acknowledges_and_uart_mode_is_entered(void **state)
{
    stage *s = *state;

    assert_int_equal(stage_init_miniport(s), STATUS_SUCCESS);
    assert_int_equal(s->mpu.counters.commands, 2);
    assert_int_equal(s->mpu.counters.read, 2);
    assert_int_equal(s->mpu.counters.unknown, 0);
    assert_true(s->mpu.uart);
    assert_false(dirql_line_is_asserted(s->mpu.line));
    assert_int_equal(statistics_of(s).Interrupts, 2);
    assert_int_equal(statistics_of(s).Received, 0); /* Acknowledges are no MIDI. */
}

static void a_device_left_in_uart_mode_is_reset_twice(void **state)
{
    stage *s = *state;

    s->mpu.uart = true;
    assert_int_equal(stage_init_miniport(s), STATUS_SUCCESS);
    assert_int_equal(s->mpu.counters.commands, 3);
    assert_true(s->mpu.uart);
    assert_true(dirql_time_ns() >= 50 * MS);
}

static void a_device_that_does_not_answer_is_given_up(void **state)
{
    stage *s = *state;

    assert_int_equal(stage_init_miniport(s), STATUS_IO_TIMEOUT);
    assert_in_range(dirql_time_ns(), 100 * MS, 101 * MS);
    assert_int_equal(s->mpu.counters.commands, 2);
}

static void a_device_that_is_never_ready_is_given_up(void **state)
{
    stage *s = *state;

    assert_int_equal(stage_init_miniport(s), STATUS_IO_TIMEOUT);
    assert_int_equal(s->mpu.counters.commands, 0);
    assert_int_equal(s->mpu.counters.refused, 0); /* Nobody writes to what is not ready. */
}

static void a_failed_start_may_be_repeated(void **state)
{
    stage *s = *state;

    assert_int_equal(stage_init_miniport(s), STATUS_IO_TIMEOUT);
    s->mpu.options.never_acknowledges = false;
    assert_int_equal(stage_init_miniport(s), STATUS_SUCCESS);
}

static void nothing_works_before_the_start(void **state)
{
    stage *s = *state;
    MPU401_STATISTICS statistics;
    UCHAR byte;
    ULONG taken;

    assert_int_equal(stage_read(s, &byte, 1, &taken, 1), STATUS_DEVICE_NOT_READY);
    assert_int_equal(s->miniport->lpVtbl->Write(s->miniport, NOTE, 1), STATUS_DEVICE_NOT_READY);
    assert_int_equal(s->miniport->lpVtbl->GetStatistics(s->miniport, &statistics),
                     STATUS_DEVICE_NOT_READY);
}

static void a_second_start_is_refused(void **state)
{
    stage *s = *state;

    assert_int_equal(stage_init_miniport(s), STATUS_INVALID_DEVICE_STATE);
}

/* ---- Input and output ------------------------------------------------------------------------ */

static void what_arrives_is_read(void **state)
{
    stage *s = *state;

    mock_mpu401_receive(&s->mpu, NOTE[0]);
    mock_mpu401_receive(&s->mpu, NOTE[1]);
    reads(s, NOTE, 2);
    mock_mpu401_receive(&s->mpu, NOTE[2]);
    reads(s, NOTE + 2, 1);
}

static void an_edge_for_each_byte_is_enough(void **state)
{
    stage *s = *state;

    mock_mpu401_receive(&s->mpu, NOTE[0]);
    mock_mpu401_receive(&s->mpu, NOTE[1]);
    reads(s, NOTE, 2);
}

static void a_reader_sleeps_until_something_arrives(void **state)
{
    stage *s = *state;
    mock_mpu401_stream stream = {.bytes = NOTE, .count = 1};
    uint64_t begin_ns = dirql_time_ns();

    mock_mpu401_play(&s->mpu, &stream);
    reads(s, NOTE, 1);
    assert_in_range(dirql_time_ns() - begin_ns, MPU401_BYTE_NS, MPU401_BYTE_NS + 50000);
}

static void a_reader_waits_no_longer_than_it_said(void **state)
{
    stage *s = *state;
    uint64_t begin_ns = dirql_time_ns();
    UCHAR byte;
    ULONG taken;

    assert_int_equal(stage_read(s, &byte, 1, &taken, 5), STATUS_TIMEOUT);
    assert_int_equal(taken, 0);
    assert_in_range(dirql_time_ns() - begin_ns, 5 * MS, 6 * MS);
}

static void a_full_ring_counts_what_it_drops(void **state)
{
    static UCHAR bytes[RING_BYTES + 3];
    stage *s = *state;
    mock_mpu401_stream stream = {.bytes = bytes, .count = sizeof(bytes)};
    unsigned i;

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (UCHAR)i;
    }
    mock_mpu401_play(&s->mpu, &stream);
    dirql_time_advance_ns(sizeof(bytes) * MPU401_BYTE_NS + MS);
    assert_int_equal(statistics_of(s).Dropped, 3);
    assert_int_equal(statistics_of(s).Overruns, 0);
    reads(s, bytes, RING_BYTES);
}

static void what_the_device_loses_is_counted(void **state)
{
    stage *s = *state;
    const UCHAR expected[] = {0, 1};
    mask m;

    mask_begin(&m, 1, HIGH_LEVEL);
    receive(s, 5);
    mask_end(&m);
    assert_int_equal(s->mpu.counters.overruns, 3);
    reads(s, expected, 2);
    assert_int_equal(statistics_of(s).Overruns, 3);
}

static void what_is_written_leaves_in_order_at_the_cable_s_pace(void **state)
{
    stage *s = *state;
    uint64_t begin_ns = dirql_time_ns();

    assert_int_equal(s->miniport->lpVtbl->Write(s->miniport, NOTE, sizeof(NOTE)), STATUS_SUCCESS);
    dirql_time_advance_ms(1);
    assert_int_equal(sent.count, sizeof(NOTE));
    assert_memory_equal(sent.bytes, NOTE, sizeof(NOTE));
    assert_true(dirql_time_ns() - begin_ns >= 3 * MPU401_BYTE_NS);
    assert_int_equal(s->mpu.counters.refused, 0);
}

static void input_and_output_do_not_disturb_each_other(void **state)
{
    stage *s = *state;
    mock_mpu401_stream stream = {.bytes = NOTE, .count = sizeof(NOTE)};

    mock_mpu401_play(&s->mpu, &stream);
    assert_int_equal(s->miniport->lpVtbl->Write(s->miniport, NOTE, sizeof(NOTE)), STATUS_SUCCESS);
    dirql_time_advance_ms(1);
    assert_memory_equal(sent.bytes, NOTE, sizeof(NOTE));
    reads(s, NOTE, sizeof(NOTE));
}

/* ---- Stop ------------------------------------------------------------------------------------ */

static void nothing_arrives_after_stop(void **state)
{
    stage *s = *state;
    UCHAR byte;
    ULONG taken;

    s->miniport->lpVtbl->Stop(s->miniport);
    assert_false(s->mpu.uart);
    receive(s, 3);
    assert_false(dirql_line_is_asserted(s->mpu.line));
    assert_int_equal(s->mpu.counters.ignored, 3);
    assert_int_equal(stage_read(s, &byte, 1, &taken, 1), STATUS_DEVICE_NOT_READY);
    assert_int_equal(s->miniport->lpVtbl->Write(s->miniport, NOTE, 1), STATUS_DEVICE_NOT_READY);
}

static void an_acknowledged_last_reset_is_not_left_behind(void **state)
{
    stage *s = *state;

    assert_int_equal(stage_init_miniport(s), STATUS_SUCCESS);
    s->miniport->lpVtbl->Stop(s->miniport);
    dirql_time_advance_ms(1);
    assert_int_equal(s->mpu.counters.commands, 3);
    assert_false(dirql_line_is_asserted(s->mpu.line));
}

static void a_stopped_miniport_starts_again(void **state)
{
    stage *s = *state;

    s->miniport->lpVtbl->Stop(s->miniport);
    s->miniport->lpVtbl->Stop(s->miniport);
    assert_int_equal(stage_init_miniport(s), STATUS_SUCCESS);
    mock_mpu401_receive(&s->mpu, 0xF8);
    reads(s, (const UCHAR[]){0xF8}, 1);
}

static void stop_with_an_interrupt_pending_takes_it_away(void **state)
{
    stage *s = *state;
    uint64_t before = dirql_line_count(s->mpu.line);
    mask m;

    mask_begin(&m, 1, HIGH_LEVEL);
    receive(s, 1);
    assert_true(dirql_line_is_asserted(s->mpu.line));
    assert_int_equal(dirql_line_count(s->mpu.line), before);
    s->miniport->lpVtbl->Stop(s->miniport);
    assert_false(dirql_line_is_asserted(s->mpu.line));
    assert_false(mask_is_over(&m));
    mask_end(&m);
    assert_int_equal(dirql_line_count(s->mpu.line), before);
}

/* Processor 1 takes the interrupt but cannot run the DPC that asks the miniport for service. */
static void stop_waits_for_the_dpc_on_another_processor(void **state)
{
    stage *s = *state;
    uint64_t before = dirql_line_count(s->mpu.line);
    mask m;

    mask_begin(&m, 1, DISPATCH_LEVEL);
    receive(s, 1);
    while (dirql_line_count(s->mpu.line) == before) {
        dirql_time_advance_us(100);
    }
    mask_end_after(&m, 200); /* Longer than anything that Stop does by the clock. */
    s->miniport->lpVtbl->Stop(s->miniport);
    assert_true(mask_is_over(&m));
    mask_end(&m);
}

struct reader {
    stage *stage;
    NTSTATUS status;
};

static void read_one(void *context)
{
    struct reader *reader = context;
    UCHAR byte;
    ULONG taken;

    reader->status = stage_read(reader->stage, &byte, 1, &taken, 1000);
}

static void stop_wakes_the_reader(void **state)
{
    struct reader reader = {*state, STATUS_PENDING};
    stage *s = *state;
    dirql_thread *thread = dirql_thread_start("reader", 1, read_one, &reader);

    dirql_time_advance_ms(1);
    s->miniport->lpVtbl->Stop(s->miniport);
    dirql_thread_join(thread);
    assert_int_equal(reader.status, STATUS_DEVICE_NOT_READY);
    assert_true(dirql_time_ns() < 1000 * UINT64_C(1000000));
}

static void stop_in_the_middle_of_a_stream_loses_only_what_follows(void **state)
{
    static UCHAR bytes[100];
    stage *s = *state;
    mock_mpu401_stream stream = {.bytes = bytes, .count = sizeof(bytes)};
    struct reader reader = {s, STATUS_PENDING};
    dirql_thread *thread;

    mock_mpu401_play(&s->mpu, &stream);
    dirql_time_advance_ns(40 * MPU401_BYTE_NS + 100);
    thread = dirql_thread_start("reader", 1, read_one, &reader);
    s->miniport->lpVtbl->Stop(s->miniport);
    dirql_thread_join(thread);
    dirql_time_advance_ms(100);
    assert_int_equal(mock_mpu401_remaining(&s->mpu), 0);
    assert_true(s->mpu.counters.ignored > 0);
}

#define MPU401_TEST(name, setup, ...) \
    dirql_unit_test_setup_teardown(name, setup, clear_stage, __VA_ARGS__)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MPU401_TEST(reset_acknowledges_and_uart_mode_is_entered, set_stage, .processors = 1),
        MPU401_TEST(a_device_left_in_uart_mode_is_reset_twice, set_stage, .processors = 1),
        MPU401_TEST(a_device_that_does_not_answer_is_given_up, set_silent_stage, .processors = 1),
        MPU401_TEST(a_device_that_is_never_ready_is_given_up, set_busy_stage, .processors = 1),
        MPU401_TEST(a_failed_start_may_be_repeated, set_silent_stage, .processors = 1),
        MPU401_TEST(nothing_works_before_the_start, set_stage, .processors = 1),
        MPU401_TEST(a_second_start_is_refused, set_playing_stage, .processors = 1),
        MPU401_TEST(what_arrives_is_read, set_playing_stage, .processors = 1),
        MPU401_TEST(an_edge_for_each_byte_is_enough, set_edge_stage, .processors = 1),
        MPU401_TEST(a_reader_sleeps_until_something_arrives, set_playing_stage, .processors = 1),
        MPU401_TEST(a_reader_waits_no_longer_than_it_said, set_playing_stage, .processors = 1),
        MPU401_TEST(a_full_ring_counts_what_it_drops, set_stage_with_a_deep_fifo, .processors = 1),
        MPU401_TEST(what_the_device_loses_is_counted, set_stage_for_processor_1, .processors = 2),
        MPU401_TEST(what_is_written_leaves_in_order_at_the_cable_s_pace, set_playing_stage,
                    .processors = 1),
        MPU401_TEST(input_and_output_do_not_disturb_each_other, set_playing_stage, .processors = 1),
        MPU401_TEST(nothing_arrives_after_stop, set_playing_stage, .processors = 1),
        MPU401_TEST(an_acknowledged_last_reset_is_not_left_behind,
                    set_stage_with_acknowledged_resets, .processors = 1),
        MPU401_TEST(a_stopped_miniport_starts_again, set_playing_stage, .processors = 1),
        MPU401_TEST(stop_with_an_interrupt_pending_takes_it_away, set_stage_for_processor_1,
                    .processors = 2),
        MPU401_TEST(stop_waits_for_the_dpc_on_another_processor, set_stage_for_processor_1,
                    .processors = 2),
        MPU401_TEST(stop_wakes_the_reader, set_playing_stage, .processors = 2),
        MPU401_TEST(stop_in_the_middle_of_a_stream_loses_only_what_follows, set_playing_stage,
                    .processors = 2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

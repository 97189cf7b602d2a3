/*
 * mock_mpu401.c - the MPU-401's state, and what each register access and each passing byte does to
 * it.
 *
 * The line follows from the state alone: update_line() is called whenever the FIFO may have
 * changed, and nothing else touches the line. Time is the machine's: commands are answered, and
 * bytes come and go, as stimuli.
 */
#include "mock_mpu401.h"

#include <string.h>

#include <dirql/clock.h>

#define DEFAULT_PORT 0x330u
#define DEFAULT_FIFO_BYTES 16u
#define DEFAULT_ACK_DELAY_NS 20000u

static void update_line(mock_mpu401 *mpu)
{
    bool wanted = mpu->waiting != 0;

    if (wanted && !dirql_line_is_asserted(mpu->line)) {
        dirql_line_assert(mpu->line);
    } else if (!wanted && dirql_line_is_asserted(mpu->line)) {
        dirql_line_deassert(mpu->line);
    }
}

/* ---- The input FIFO -------------------------------------------------------------------------- */

static bool push(mock_mpu401 *mpu, UCHAR byte)
{
    if (mpu->waiting == mpu->options.fifo_bytes) {
        return false;
    }
    mpu->fifo[(mpu->first + mpu->waiting) % mpu->options.fifo_bytes] = byte;
    mpu->waiting++;
    if (mpu->waiting > mpu->counters.fullest) {
        mpu->counters.fullest = mpu->waiting;
    }
    update_line(mpu);
    return true;
}

static UCHAR pull(mock_mpu401 *mpu)
{
    UCHAR byte;

    if (mpu->waiting == 0) {
        mpu->counters.underruns++;
        return 0xFF; /* Nothing drives the bus. */
    }
    byte = mpu->fifo[mpu->first];
    mpu->first = (mpu->first + 1) % mpu->options.fifo_bytes;
    mpu->waiting--;
    mpu->counters.read++;
    update_line(mpu);
    return byte;
}

static void receive(mock_mpu401 *mpu, UCHAR byte)
{
    mpu->counters.arrived++;
    if (!mpu->uart) {
        mpu->counters.ignored++;
    } else if (!push(mpu, byte)) {
        mpu->counters.overruns++;
        mpu->overrun = true;
        if (mpu->lost < 0xFF) {
            mpu->lost++;
        }
    }
}

/* ---- Commands -------------------------------------------------------------------------------- */

static void answered(void *context)
{
    mock_mpu401 *mpu = context;

    mpu->answering = false;
    if (mpu->command == MPU401_CMD_ENTER_UART) {
        mpu->uart = true;
    }
    push(mpu, MPU401_ACK);
}

static void reset(mock_mpu401 *mpu)
{
    mpu->uart = false;
    mpu->overrun = false;
    mpu->lost = 0;
    mpu->first = 0;
    mpu->waiting = 0;
    mpu->sending = false;
    dirql_stimulus_cancel(&mpu->departure);
    update_line(mpu);
}

static void write_command(mock_mpu401 *mpu, UCHAR command)
{
    bool answers = !mpu->options.never_acknowledges;

    if (mpu->answering || mpu->options.never_ready) {
        mpu->counters.refused++;
        return;
    }
    mpu->counters.commands++;
    if (command == MPU401_CMD_RESET) {
        answers = answers && (!mpu->uart || mpu->options.ack_uart_reset);
        reset(mpu);
    } else if (mpu->uart) {
        answers = false; /* UART mode knows no command but RESET. */
        mpu->counters.unknown++;
    } else if (command != MPU401_CMD_ENTER_UART) {
        mpu->counters.unknown++;
    }
    if (answers) {
        mpu->command = command;
        mpu->answering = true;
        dirql_stimulus_after(&mpu->answer, mpu->options.ack_delay_ns);
    }
}

/* ---- Output ---------------------------------------------------------------------------------- */

static void departed(void *context)
{
    mock_mpu401 *mpu = context;

    mpu->sending = false;
    mpu->counters.transmitted++;
    if (mpu->options.transmit != NULL) {
        mpu->options.transmit(mpu->options.transmit_context, mpu->outgoing);
    }
}

static void write_data(mock_mpu401 *mpu, UCHAR byte)
{
    if (!mpu->uart || mpu->sending || mpu->answering || mpu->options.never_ready) {
        mpu->counters.refused++;
        return;
    }
    mpu->sending = true;
    mpu->outgoing = byte;
    dirql_stimulus_after(&mpu->departure, mpu->options.byte_ns);
}

/* ---- Registers ------------------------------------------------------------------------------- */

static UCHAR status(const mock_mpu401 *mpu)
{
    UCHAR value = MPU401_STATUS_OTHER;

    if (mpu->waiting == 0) {
        value |= MPU401_STATUS_DSR;
    }
    if (mpu->answering || mpu->sending || mpu->options.never_ready) {
        value |= MPU401_STATUS_DRR;
    }
    return value;
}

static uint64_t read_register(void *context, uint64_t offset, unsigned bytes)
{
    mock_mpu401 *mpu = context;
    UCHAR value;

    if (bytes != 1) {
        return ~UINT64_C(0); /* An 8-bit device: nothing answers a wider access. */
    }
    switch (offset) {
    case MPU401_DATA:
        return pull(mpu);
    case MPU401_STATUS:
        return status(mpu);
    case MPU401_OVERRUN:
        value = mpu->lost;
        mpu->lost = 0;
        return value;
    default:
        return 0xFF;
    }
}

static void write_register(void *context, uint64_t offset, unsigned bytes, uint64_t value)
{
    mock_mpu401 *mpu = context;

    if (bytes != 1) {
        mpu->counters.refused++;
        return;
    }
    switch (offset) {
    case MPU401_DATA:
        write_data(mpu, (UCHAR)value);
        break;
    case MPU401_COMMAND:
        write_command(mpu, (UCHAR)value);
        break;
    default:
        break; /* MPU401_OVERRUN is read only. */
    }
}

/* ---- The cable ------------------------------------------------------------------------------- */

/* The next byte starts when it is due, but not before the one that ends now has left the cable. */
static void expect_next(mock_mpu401 *mpu)
{
    uint64_t start_ns = dirql_time_ns();

    if (mpu->next == mpu->stream.count) {
        return;
    }
    if (mpu->stream.due_ns != NULL &&
        mpu->stream_start_ns + mpu->stream.due_ns[mpu->next] > start_ns) {
        start_ns = mpu->stream_start_ns + mpu->stream.due_ns[mpu->next];
    }
    dirql_stimulus_at(&mpu->arrival, start_ns + mpu->options.byte_ns);
}

static void arrived(void *context)
{
    mock_mpu401 *mpu = context;
    UCHAR byte = mpu->stream.bytes[mpu->next++];

    expect_next(mpu);
    receive(mpu, byte);
}

/* ---- The test's hands on the cable: each call is one stimulus -------------------------------- */

typedef struct touch {
    mock_mpu401 *mpu;
    const mock_mpu401_stream *stream;
    size_t remaining;
    UCHAR byte;
} touch;

static void push_by_hand(void *context)
{
    const touch *t = context;

    receive(t->mpu, t->byte);
}

void mock_mpu401_receive(mock_mpu401 *mpu, UCHAR byte)
{
    touch t = {.mpu = mpu, .byte = byte};

    dirql_stimulus_now(push_by_hand, &t);
}

static void begin_stream(void *context)
{
    const touch *t = context;
    mock_mpu401 *mpu = t->mpu;

    if (mpu->next != mpu->stream.count) {
        dirql_fail(__FILE__, __LINE__, "mock_mpu401_play: a stream is already being played");
    }
    mpu->stream = *t->stream;
    mpu->next = 0;
    mpu->stream_start_ns = dirql_time_ns();
    expect_next(mpu);
}

void mock_mpu401_play(mock_mpu401 *mpu, const mock_mpu401_stream *stream)
{
    touch t = {.mpu = mpu, .stream = stream};

    dirql_stimulus_now(begin_stream, &t);
}

static void count_remaining(void *context)
{
    touch *t = context;

    t->remaining = t->mpu->stream.count - t->mpu->next;
}

size_t mock_mpu401_remaining(mock_mpu401 *mpu)
{
    touch t = {.mpu = mpu};

    dirql_stimulus_now(count_remaining, &t);
    return t.remaining;
}

static void pull_the_plug(void *context)
{
    mock_mpu401 *mpu = context;

    dirql_stimulus_cancel(&mpu->arrival);
    mpu->stream.count = mpu->next;
}

void mock_mpu401_unplug(mock_mpu401 *mpu)
{
    dirql_stimulus_now(pull_the_plug, mpu);
}

/* ---- Installation ---------------------------------------------------------------------------- */

static ULONG port_count(const mock_mpu401 *mpu)
{
    return mpu->options.overrun_port ? 3 : 2;
}

static void fill_in_defaults(mock_mpu401_options *options)
{
    if (options->port == 0) {
        options->port = DEFAULT_PORT;
    }
    if (options->fifo_bytes == 0) {
        options->fifo_bytes = DEFAULT_FIFO_BYTES;
    }
    if (options->ack_delay_ns == 0) {
        options->ack_delay_ns = DEFAULT_ACK_DELAY_NS;
    }
    if (options->byte_ns == 0) {
        options->byte_ns = MPU401_BYTE_NS;
    }
    if (options->line.name == NULL) {
        options->line.name = "mpu401";
    }
}

void mock_mpu401_init(mock_mpu401 *mpu, const mock_mpu401_options *options)
{
    dirql_device device;

    memset(mpu, 0, sizeof(*mpu));
    if (options != NULL) {
        mpu->options = *options;
    }
    fill_in_defaults(&mpu->options);
    if (mpu->options.fifo_bytes > MOCK_MPU401_FIFO_MAX) {
        dirql_fail(__FILE__, __LINE__, "mock_mpu401_init: fifo_bytes must be at most 256");
    }
    mpu->answer.happen = answered;
    mpu->answer.context = mpu;
    mpu->arrival.happen = arrived;
    mpu->arrival.context = mpu;
    mpu->departure.happen = departed;
    mpu->departure.context = mpu;

    mpu->line = dirql_line_create(&mpu->options.line);
    memset(&device, 0, sizeof(device));
    device.name = mpu->options.line.name;
    device.read = read_register;
    device.write = write_register;
    device.context = mpu;
    dirql_device_add_ports(&device, mpu->options.port, port_count(mpu));
}

void mock_mpu401_add_resources(const mock_mpu401 *mpu, dirql_resources *resources)
{
    dirql_resources_add_line(resources, mpu->line);
    dirql_resources_add_port(resources, mpu->options.port, port_count(mpu));
}

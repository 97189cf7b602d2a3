/*
 * mock_mpu401.h - a simulated MPU-401 MIDI interface at register level.
 *
 * Two ports: data at 0, status (read) and command (write) at 1. After power-on it is in intelligent
 * mode, where it answers commands with an acknowledge byte in the input FIFO and lets no MIDI in or
 * out; the command ENTER UART turns it into a plain serial port at 31,250 baud. Its line is
 * asserted while input waits, so acknowledges interrupt as well.
 *
 * The struct belongs to the caller and must live as long as the run does. It uses no heap. Counters
 * may be read at any time; everything else is the mock's own.
 */
#ifndef MOCK_MPU401_H
#define MOCK_MPU401_H

#include <stdbool.h>

#include <dirql/device.h>
#include <dirql/line.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Registers, as offsets from the base port ------------------------------------------------ */

#define MPU401_DATA 0u
#define MPU401_STATUS 1u  /* When read. */
#define MPU401_COMMAND 1u /* When written. */
/* An addition of this mock's: bytes lost since the last read, at most 255. Reading clears it. */
#define MPU401_OVERRUN 2u

#define MPU401_STATUS_DSR 0x80u  /* 0: a byte waits in the data port. */
#define MPU401_STATUS_DRR 0x40u  /* 0: ready for a command or a data byte. */
#define MPU401_STATUS_OTHER 0x3Fu /* Not driven; they read as ones. */

#define MPU401_CMD_ENTER_UART 0x3Fu
#define MPU401_CMD_RESET 0xFFu
#define MPU401_ACK 0xFEu

/* One byte on a MIDI cable: a start bit, eight data bits and a stop bit at 31,250 baud. */
#define MPU401_BYTE_NS 320000u

#define MOCK_MPU401_FIFO_MAX 256u

/* Zero in any member means its default. */
typedef struct mock_mpu401_options {
    ULONG port;              /* Base; default 0x330. */
    unsigned fifo_bytes;     /* Depth of the input FIFO, 1 to 256; default 16. */
    uint64_t ack_delay_ns;   /* From a command until its acknowledge, then ready; default 20,000. */
    uint64_t byte_ns;        /* On the cable; default MPU401_BYTE_NS. Less, to hurry a driver. */
    bool ack_uart_reset;     /* RESET is acknowledged in UART mode too; default: only obeyed. */
    bool overrun_port;       /* There is a third port, MPU401_OVERRUN. */
    bool never_acknowledges; /* A fault: commands are taken and not answered. */
    bool never_ready;        /* A fault: DRR stays 1, and commands are not even taken. */
    dirql_line_options line; /* Default: named "mpu401", else the line's own defaults. */
    /* Takes each byte that leaves in UART mode, when it has left. */
    void (*transmit)(void *context, UCHAR byte);
    void *transmit_context;
} mock_mpu401_options;

/* Bytes that arrive over the cable, one after the other. The arrays must live until they have been
 * played. */
typedef struct mock_mpu401_stream {
    const UCHAR *bytes;
    size_t count;
    /* When each byte's start bit may come, counted from the call; ascending. NULL: back to back. A
     * byte that is not finished delays the next. */
    const uint64_t *due_ns;
} mock_mpu401_stream;

typedef struct mock_mpu401_counters {
    uint64_t commands;    /* Written to the command port and taken. */
    uint64_t unknown;     /* Of these, neither RESET nor ENTER UART: without effect. */
    uint64_t arrived;     /* Bytes that came over the cable. */
    uint64_t ignored;     /* Of these, in intelligent mode: nobody listens. */
    uint64_t overruns;    /* Of these, lost because the FIFO was full. */
    uint64_t read;        /* Bytes taken from the data port. */
    uint64_t underruns;   /* Reads of the data port when it was empty. */
    uint64_t transmitted; /* Bytes handed to the transmit callback. */
    uint64_t refused;     /* Writes while not ready, and data in intelligent mode: lost. */
    unsigned fullest;     /* The most bytes that the FIFO ever held. */
} mock_mpu401_counters;

typedef struct mock_mpu401 {
    mock_mpu401_options options;
    mock_mpu401_counters counters;
    dirql_line *line;

    bool uart;
    bool overrun; /* A byte was lost since the last RESET. */
    bool answering; /* A command is being worked on. */
    UCHAR command;
    UCHAR lost;   /* What MPU401_OVERRUN reads. */
    UCHAR fifo[MOCK_MPU401_FIFO_MAX];
    unsigned first, waiting;
    bool sending;
    UCHAR outgoing;

    mock_mpu401_stream stream;
    size_t next;
    uint64_t stream_start_ns;
    dirql_stimulus answer, arrival, departure;
} mock_mpu401;

/* Makes the line and the ports. IRQL: PASSIVE_LEVEL, in a run. Bad options fail the run. */
void mock_mpu401_init(mock_mpu401 *mpu, const mock_mpu401_options *options);

/* One more pair of resources for a list: its line, and its ports. IRQL: PASSIVE_LEVEL. */
void mock_mpu401_add_resources(const mock_mpu401 *mpu, dirql_resources *resources);

/* A byte has arrived now. Any IRQL, and in callbacks. */
void mock_mpu401_receive(mock_mpu401 *mpu, UCHAR byte);

/* Begins to play a stream; fails the run if one is being played. The first byte is complete one
 * byte's time after it is due. Any IRQL, and in callbacks. */
void mock_mpu401_play(mock_mpu401 *mpu, const mock_mpu401_stream *stream);
/* Bytes that have not arrived yet. */
size_t mock_mpu401_remaining(mock_mpu401 *mpu);
/* Pulls the cable: what has not arrived never will. */
void mock_mpu401_unplug(mock_mpu401 *mpu);

#ifdef __cplusplus
}
#endif

#endif

/*
 * smf.c - the reader for Standard MIDI Files.
 *
 * All tracks are walked at once: a cursor for each, and the one whose next event has the lowest
 * tick goes on. A tempo therefore holds for all tracks from its tick on. Nothing is read past the
 * end of the chunk that it belongs to: take() is the only way to a byte.
 */
#include "smf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LENGTH 6u
#define CHUNK_NAME_LENGTH 4u
#define MAX_TRACKS 256u
#define MAX_TICK (UINT64_C(1) << 28) /* Keeps all times within 64 bits, at any tempo. */
#define DEFAULT_TEMPO_US 500000u /* Per quarter note: 120 a minute. */
#define NS_PER_S UINT64_C(1000000000)

#define META 0xFFu
#define META_END_OF_TRACK 0x2Fu
#define META_TEMPO 0x51u
#define SYSEX 0xF0u
#define SYSEX_PACKET 0xF7u

/* A part of the file. */
typedef struct span {
    const uint8_t *file; /* Its start, for the offsets in error texts. */
    const uint8_t *next;
    const uint8_t *end;
} span;

typedef struct track {
    span rest;
    uint64_t tick; /* Of the event that comes next. */
    uint8_t running_status;
    int ended;
} track;

typedef struct reader {
    smf *song;
    track tracks[MAX_TRACKS];
    /* Time runs from the latest change of tempo, so that no rounding adds up. */
    uint64_t base_tick, base_ns;
    uint64_t tick_numerator_ns, tick_denominator; /* One tick is this many nanoseconds. */
    unsigned ticks_per_quarter; /* 0: time code, where tempo means nothing. */
    size_t event_room, byte_room;
    char *error;
} reader;

static void explain(reader *r, const span *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A macro, so that a compiler sees that the answer is -1, and what it need not warn about. */
#define fail(...) (explain(__VA_ARGS__), -1)

static void explain(reader *r, const span *at, const char *format, ...)
{
    va_list arguments;
    int used = 0;

    if (at != NULL) {
        used = snprintf(r->error, SMF_ERROR_LENGTH, "offset %llu: ",
                        (unsigned long long)(at->next - at->file));
    }
    va_start(arguments, format);
    vsnprintf(r->error + used, SMF_ERROR_LENGTH - (size_t)used, format, arguments);
    va_end(arguments);
}

/* ---- Bytes and numbers ----------------------------------------------------------------------- */

static size_t left(const span *s)
{
    return (size_t)(s->end - s->next);
}

static int take(reader *r, span *s, size_t count, const uint8_t **bytes)
{
    if (left(s) < count) {
        return fail(r, s, "truncated: %llu byte%s missing", (unsigned long long)(count - left(s)),
                    count - left(s) == 1 ? " is" : "s are");
    }
    *bytes = s->next;
    s->next += count;
    return 0;
}

static int take_number(reader *r, span *s, unsigned width, uint32_t *value)
{
    const uint8_t *bytes;
    unsigned i;

    if (take(r, s, width, &bytes) != 0) {
        return -1;
    }
    *value = 0;
    for (i = 0; i < width; i++) {
        *value = *value << 8 | bytes[i];
    }
    return 0;
}

/* Seven bits a byte, the highest first, with bit 7 set in all but the last; at most four bytes. */
static int take_variable(reader *r, span *s, uint32_t *value)
{
    span start = *s;
    uint32_t byte;
    unsigned i;

    *value = 0;
    for (i = 0; i < 4; i++) {
        if (take_number(r, s, 1, &byte) != 0) {
            return -1;
        }
        *value = *value << 7 | (byte & 0x7F);
        if ((byte & 0x80) == 0) {
            return 0;
        }
    }
    return fail(r, &start, "a variable-length number has more than four bytes");
}

/* ---- What is kept ---------------------------------------------------------------------------- */

static int make_room(reader *r, void **array, size_t *room, size_t wanted, size_t size)
{
    size_t new_room = *room == 0 ? 256 : *room;
    void *moved;

    while (new_room < wanted) {
        new_room *= 2;
    }
    if (new_room == *room) {
        return 0;
    }
    moved = realloc(*array, new_room * size);
    if (moved == NULL) {
        return fail(r, NULL, "out of memory");
    }
    *array = moved;
    *room = new_room;
    return 0;
}

static int append(reader *r, const uint8_t *bytes, size_t count)
{
    smf *song = r->song;
    void *array = song->bytes;

    if (make_room(r, &array, &r->byte_room, song->byte_count + count, 1) != 0) {
        return -1;
    }
    song->bytes = array;
    if (count != 0) {
        memcpy(song->bytes + song->byte_count, bytes, count);
    }
    song->byte_count += count;
    song->events[song->event_count - 1].length += count;
    return 0;
}

static uint64_t time_at(const reader *r, uint64_t tick)
{
    uint64_t ticks = tick - r->base_tick;
    uint64_t whole = ticks / r->tick_denominator, part = ticks % r->tick_denominator;

    return r->base_ns + whole * r->tick_numerator_ns +
           part * r->tick_numerator_ns / r->tick_denominator;
}

static int begin_event(reader *r, uint64_t tick)
{
    smf *song = r->song;
    void *array = song->events;

    if (make_room(r, &array, &r->event_room, song->event_count + 1, sizeof(smf_event)) != 0) {
        return -1;
    }
    song->events = array;
    song->events[song->event_count].time_ns = time_at(r, tick);
    song->events[song->event_count].offset = song->byte_count;
    song->events[song->event_count].length = 0;
    song->event_count++;
    return 0;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void set_tempo(reader *r, uint64_t tick, uint32_t tempo_us)
{
    r->base_ns = time_at(r, tick);
    r->base_tick = tick;
    r->tick_numerator_ns = (uint64_t)tempo_us * 1000;
    r->tick_denominator = r->ticks_per_quarter;
}

static int read_meta(reader *r, track *t)
{
    span start = t->rest;
    const uint8_t *data;
    uint32_t type, length;

    if (take_number(r, &t->rest, 1, &type) != 0 || take_variable(r, &t->rest, &length) != 0 ||
        take(r, &t->rest, length, &data) != 0) {
        return -1;
    }
    if (type == META_END_OF_TRACK) {
        if (left(&t->rest) != 0) {
            return fail(r, &t->rest, "the track goes on after its end-of-track event");
        }
        t->ended = 1;
    } else if (type == META_TEMPO) {
        uint32_t tempo_us;

        if (length != 3) {
            return fail(r, &start, "a tempo has %u bytes instead of 3", (unsigned)length);
        }
        tempo_us = (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];
        if (tempo_us == 0) {
            return fail(r, &start, "a tempo of zero");
        }
        if (r->ticks_per_quarter != 0) {
            set_tempo(r, t->tick, tempo_us);
        }
    }
    return 0;
}

/* F0 opens a message and is sent; F7 opens a later packet of one, or any bytes at all, and is not.
 * */
static int read_sysex(reader *r, track *t, uint8_t kind)
{
    const uint8_t *data;
    uint32_t length;

    if (take_variable(r, &t->rest, &length) != 0 || take(r, &t->rest, length, &data) != 0) {
        return -1;
    }
    if (kind == SYSEX_PACKET && length == 0) {
        return 0;
    }
    if (begin_event(r, t->tick) != 0 || (kind == SYSEX && append(r, &kind, 1) != 0)) {
        return -1;
    }
    return append(r, data, length);
}

static unsigned data_bytes_of(uint8_t status)
{
    unsigned kind = status & 0xF0u;

    return kind == 0xC0 || kind == 0xD0 ? 1 : 2; /* Program change and channel pressure have one. */
}

static int read_channel_message(reader *r, track *t)
{
    unsigned i, count = data_bytes_of(t->running_status);
    const uint8_t *data;

    if (take(r, &t->rest, count, &data) != 0) {
        return -1;
    }
    for (i = 0; i < count; i++) {
        if (data[i] >= 0x80) {
            t->rest.next = data + i;
            return fail(r, &t->rest, "status byte %02X where data should be", data[i]);
        }
    }
    if (begin_event(r, t->tick) != 0 || append(r, &t->running_status, 1) != 0) {
        return -1;
    }
    return append(r, data, count);
}

static int read_event(reader *r, track *t)
{
    span start = t->rest;
    uint32_t first;

    if (take_number(r, &t->rest, 1, &first) != 0) {
        return -1;
    }
    if (first < 0x80) {
        if (t->running_status == 0) {
            return fail(r, &start, "data byte %02X without a status before it", (unsigned)first);
        }
        t->rest = start;
        return read_channel_message(r, t);
    }
    if (first < 0xF0) {
        t->running_status = (uint8_t)first;
        return read_channel_message(r, t);
    }
    t->running_status = 0; /* System exclusive and meta events end it. */
    if (first == META) {
        return read_meta(r, t);
    }
    if (first == SYSEX || first == SYSEX_PACKET) {
        return read_sysex(r, t, (uint8_t)first);
    }
    return fail(r, &start, "status byte %02X has no place in a file", (unsigned)first);
}

/* ---- Tracks ---------------------------------------------------------------------------------- */

static int read_delta(reader *r, track *t)
{
    uint32_t delta;

    if (t->ended) {
        return 0;
    }
    if (left(&t->rest) == 0) {
        return fail(r, &t->rest, "the track has no end-of-track event");
    }
    if (take_variable(r, &t->rest, &delta) != 0) {
        return -1;
    }
    t->tick += delta;
    if (t->tick > MAX_TICK) {
        return fail(r, &t->rest, "the track is too long");
    }
    return 0;
}

static track *earliest(reader *r)
{
    track *best = NULL;
    unsigned i;

    for (i = 0; i < r->song->tracks; i++) {
        track *t = &r->tracks[i];

        if (!t->ended && (best == NULL || t->tick < best->tick)) {
            best = t;
        }
    }
    return best;
}

static int merge_tracks(reader *r)
{
    track *t;
    unsigned i;

    for (i = 0; i < r->song->tracks; i++) {
        if (read_delta(r, &r->tracks[i]) != 0) {
            return -1;
        }
    }
    while ((t = earliest(r)) != NULL) {
        if (read_event(r, t) != 0 || read_delta(r, t) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- Chunks ---------------------------------------------------------------------------------- */

static int take_chunk(reader *r, span *file, char name[CHUNK_NAME_LENGTH + 1], span *chunk)
{
    const uint8_t *bytes;
    uint32_t length;

    if (take(r, file, CHUNK_NAME_LENGTH, &bytes) != 0 || take_number(r, file, 4, &length) != 0) {
        return -1;
    }
    memcpy(name, bytes, CHUNK_NAME_LENGTH);
    name[CHUNK_NAME_LENGTH] = '\0';
    *chunk = *file;
    if (take(r, file, length, &bytes) != 0) {
        return -1;
    }
    chunk->end = file->next;
    return 0;
}

/* The sign bit tells time code (frames a second, negated, and ticks a frame) from ticks a quarter
 * note. */
static int set_division(reader *r, const span *at, uint32_t division)
{
    unsigned frames = 256 - (division >> 8), ticks = division & 0xFF;

    if (division == 0) {
        return fail(r, at, "a division of zero");
    }
    if ((division & 0x8000) == 0) {
        r->ticks_per_quarter = division;
        r->tick_numerator_ns = DEFAULT_TEMPO_US * UINT64_C(1000);
        r->tick_denominator = division;
        return 0;
    }
    if (ticks == 0 || (frames != 24 && frames != 25 && frames != 29 && frames != 30)) {
        return fail(r, at, "unknown time code, %u frames of %u ticks", frames, ticks);
    }
    /* 29 stands for 30,000 frames in 1,001 seconds. */
    r->tick_numerator_ns = frames == 29 ? NS_PER_S * 1001 : NS_PER_S;
    r->tick_denominator = (uint64_t)(frames == 29 ? 30000 : frames) * ticks;
    return 0;
}

static int read_header(reader *r, span *file, unsigned *tracks)
{
    char name[CHUNK_NAME_LENGTH + 1];
    uint32_t format, count, division;
    span start = *file, chunk;

    if (left(file) < CHUNK_NAME_LENGTH || memcmp(file->next, "MThd", CHUNK_NAME_LENGTH) != 0) {
        return fail(r, &start, "not a Standard MIDI File: it does not begin with MThd");
    }
    if (take_chunk(r, file, name, &chunk) != 0) {
        return -1;
    }
    start = chunk;
    if (left(&chunk) < HEADER_LENGTH) {
        return fail(r, &start, "the header is too short");
    }
    if (take_number(r, &chunk, 2, &format) != 0 || take_number(r, &chunk, 2, &count) != 0 ||
        take_number(r, &chunk, 2, &division) != 0) {
        return -1;
    }
    if (format > 1) {
        return fail(r, &start, "format %u is not supported, only 0 and 1", (unsigned)format);
    }
    if (count == 0 || count > MAX_TRACKS || (format == 0 && count != 1)) {
        return fail(r, &start, "%u tracks in a file of format %u", (unsigned)count,
                    (unsigned)format);
    }
    r->song->format = format;
    *tracks = count;
    return set_division(r, &start, division);
}

static int read_file(reader *r, span *file)
{
    char name[CHUNK_NAME_LENGTH + 1];
    unsigned tracks;
    span chunk;

    if (read_header(r, file, &tracks) != 0) {
        return -1;
    }
    while (r->song->tracks < tracks) {
        if (left(file) == 0) {
            return fail(r, file, "truncated: the header names %u tracks, there are %u", tracks,
                        r->song->tracks);
        }
        if (take_chunk(r, file, name, &chunk) != 0) {
            return -1;
        }
        if (strcmp(name, "MTrk") == 0) { /* Other chunks are to be skipped. */
            r->tracks[r->song->tracks++].rest = chunk;
        }
    }
    return merge_tracks(r);
}

int smf_parse(smf *song, const uint8_t *file, size_t size, char error[SMF_ERROR_LENGTH])
{
    reader *r = calloc(1, sizeof(*r));
    span whole;
    int status;

    memset(song, 0, sizeof(*song));
    error[0] = '\0';
    if (r == NULL) {
        snprintf(error, SMF_ERROR_LENGTH, "out of memory");
        return -1;
    }
    r->song = song;
    r->error = error;
    whole.file = whole.next = file;
    whole.end = file + size;
    status = read_file(r, &whole);
    free(r);
    return status;
}

void smf_free(smf *song)
{
    free(song->events);
    free(song->bytes);
    memset(song, 0, sizeof(*song));
}

/*
 * smf.h - Standard MIDI Files as what a cable would carry.
 *
 * Reads formats 0 and 1, merges the tracks by time, and keeps the events that are sent: channel
 * messages, each with its status byte (running status is written out), and system exclusive
 * messages. Meta events are obeyed (tempo, end of track) or skipped. Where tracks have events at
 * the same tick, the earlier track's come first.
 */
#ifndef SMF_H
#define SMF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct smf_event {
    uint64_t time_ns; /* From the start of the piece. */
    size_t offset;    /* Of its first byte in smf.bytes. */
    size_t length;
} smf_event;

typedef struct smf {
    unsigned format;
    unsigned tracks;
    smf_event *events; /* Ascending in time; their bytes follow each other without gaps. */
    size_t event_count;
    uint8_t *bytes;
    size_t byte_count;
} smf;

#define SMF_ERROR_LENGTH 128

/* Both return 0, or -1 with a sentence in `error` that names what is wrong and where. `song` is to
 * be given to smf_free() in either case. */
int smf_parse(smf *song, const uint8_t *file, size_t size, char error[SMF_ERROR_LENGTH]);
int smf_load(smf *song, const char *path, char error[SMF_ERROR_LENGTH]);

void smf_free(smf *song);

#ifdef __cplusplus
}
#endif

#endif

/*
 * smf_load.c - from a file on disk to smf_parse().
 */
#include "smf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES (16u * 1024u * 1024u)

static int load(FILE *stream, uint8_t **bytes, size_t *size, char error[SMF_ERROR_LENGTH])
{
    size_t room = 4096, got;
    uint8_t *moved;

    *size = 0;
    do {
        room *= 2;
        moved = room <= MAX_FILE_BYTES ? realloc(*bytes, room) : NULL;
        if (moved == NULL) {
            snprintf(error, SMF_ERROR_LENGTH, "the file is too large");
            return -1;
        }
        *bytes = moved;
        got = fread(*bytes + *size, 1, room - *size, stream);
        *size += got;
    } while (*size == room);
    if (ferror(stream)) {
        snprintf(error, SMF_ERROR_LENGTH, "the file cannot be read");
        return -1;
    }
    return 0;
}

int smf_load(smf *song, const char *path, char error[SMF_ERROR_LENGTH])
{
    FILE *stream = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t size;
    int status;

    memset(song, 0, sizeof(*song));
    if (stream == NULL) {
        snprintf(error, SMF_ERROR_LENGTH, "the file cannot be opened");
        return -1;
    }
    status = load(stream, &bytes, &size, error);
    if (status == 0) {
        status = smf_parse(song, bytes, size, error);
    }
    fclose(stream);
    free(bytes);
    return status;
}

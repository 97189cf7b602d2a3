/*
 * maps_posix.c - reads the list of the process's mappings from /proc.
 */
#include "host/maps_posix.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES_MAX 4600 /* A path and what stands before it. */

const char *host_maps_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* "start-end rwxp offset device inode   path" */
static bool parse(const char *line, host_mapping *mapping)
{
    char *end;
    const char *slash;

    mapping->start = (uintptr_t)strtoull(line, &end, 16);
    if (*end != '-') {
        return false;
    }
    mapping->end = (uintptr_t)strtoull(end + 1, &end, 16);
    if (strlen(end) < 5) {
        return false;
    }
    mapping->readable = end[1] == 'r';
    mapping->writable = end[2] == 'w';
    mapping->executable = end[3] == 'x';
    slash = strchr(end, '/');
    mapping->path = slash != NULL ? slash : "";
    return true;
}

/* Visits the complete lines in the buffer. Returns how many bytes they took, or 0 to end the
 * walk. */
static size_t visit_lines(char *buffer, host_mapping_visitor *visitor, void *owner)
{
    host_mapping mapping;
    char *line = buffer;
    char *end;

    while ((end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        if (parse(line, &mapping) && !visitor(owner, &mapping)) {
            return 0;
        }
        line = end + 1;
    }
    return (size_t)(line - buffer);
}

void host_maps_visit(host_mapping_visitor *visitor, void *owner)
{
    char buffer[LINE_BYTES_MAX];
    size_t held = 0, used;
    ssize_t got;
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

    if (file < 0) {
        return;
    }
    while ((got = read(file, buffer + held, sizeof buffer - 1 - held)) > 0) {
        held += (size_t)got;
        buffer[held] = '\0';
        used = visit_lines(buffer, visitor, owner);
        if (used == 0) {
            break;
        }
        held -= used;
        memmove(buffer, buffer + used, held);
    }
    close(file);
}

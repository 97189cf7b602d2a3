/*
 * file_posix.c - files that are replaced at once, and the names of program and process.
 */
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/maps_posix.h"

static bool write_all(int file, const char *text, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t written = write(file, text, bytes);

        if (written < 0 && errno != EINTR) {
            return false;
        }
        text += written > 0 ? written : 0;
        bytes -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* False with errno. */
static bool write_file(const char *path, const char *text, size_t bytes)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool written;
    int error;

    if (file < 0) {
        return false;
    }
    written = write_all(file, text, bytes);
    error = errno;
    if (close(file) != 0 && written) {
        return false;
    }
    errno = error;
    return written;
}

/* Renaming would put a file in the place of a device (/dev/stdout) or a link. */
static bool is_special(const char *path)
{
    char target[8];

    return strncmp(path, "/dev/", 5) == 0 || readlink(path, target, sizeof target) >= 0;
}

bool host_file_replace(const char *path, const char *text, size_t bytes, char *reason,
                       size_t reason_bytes)
{
    const size_t length = strlen(path) + 32;
    char *beside = malloc(length);
    bool done = false;

    if (beside != NULL && is_special(path)) {
        done = write_file(path, text, bytes);
    } else if (beside != NULL) {
        snprintf(beside, length, "%s.%u.tmp", path, host_process_number());
        done = write_file(beside, text, bytes) && rename(beside, path) == 0;
    }
    if (!done) {
        snprintf(reason, reason_bytes, "%s", strerror(beside != NULL ? errno : ENOMEM));
        if (beside != NULL) {
            (void)unlink(beside);
        }
    }
    free(beside);
    return done;
}

bool host_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool host_file_is_stream(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 && !S_ISREG(found.st_mode);
}

/* A pipe that nobody reads yet is as good as one that is read. */
bool host_file_is_writable(const char *path, char *reason, size_t reason_bytes)
{
    const bool was_there = host_file_exists(path);
    const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0666);

    if (file < 0 && errno != ENXIO) {
        snprintf(reason, reason_bytes, "%s", strerror(errno));
        return false;
    }
    if (file >= 0) {
        (void)close(file);
    }
    if (!was_there) {
        (void)unlink(path);
    }
    return true;
}

/* ---- Claims ---------------------------------------------------------------------------------- */

struct host_claim {
    int file; /* -1: there is no lock to be had. */
    char path[];
};

/* Between opening and locking, who had the file may have removed it. */
static bool is_there(int file, const char *path)
{
    struct stat opened, named;

    return fstat(file, &opened) == 0 && stat(path, &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/* -1: it cannot be locked; -2: somebody else has it. */
static int lock_file(const char *path)
{
    for (;;) {
        const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        const bool locked = file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0;
        const int error = errno;

        if (locked && is_there(file, path)) {
            return file;
        }
        if (file >= 0) {
            (void)close(file);
        }
        if (!locked && file >= 0 && error == EWOULDBLOCK) {
            return -2;
        }
        if (!locked) {
            return -1;
        }
    }
}

host_claim *host_file_claim(const char *path)
{
    const size_t bytes = strlen(path) + 1;
    host_claim *claim = malloc(sizeof(*claim) + bytes);

    if (claim == NULL) {
        return NULL;
    }
    memcpy(claim->path, path, bytes);
    claim->file = lock_file(path);
    if (claim->file == -2) {
        free(claim);
        return NULL;
    }
    return claim;
}

void host_file_disclaim(host_claim *claim)
{
    if (claim != NULL && claim->file >= 0) {
        (void)unlink(claim->path);
        (void)close(claim->file);
    }
    free(claim);
}

/* ---- Names ----------------------------------------------------------------------------------- */

const char *host_program_name(char *name, size_t bytes)
{
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    path[length > 0 ? length : 0] = '\0';
    snprintf(name, bytes, "%s", path[0] != '\0' ? host_maps_base_name(path) : "program");
    return name;
}

/* The whole file, with a null behind it, to be freed. */
static char *read_all(FILE *file, size_t *bytes)
{
    size_t capacity = 4096, got;
    char *text = malloc(capacity);

    *bytes = 0;
    while (text != NULL && (got = fread(text + *bytes, 1, capacity - *bytes - 1, file)) > 0) {
        char *more;

        *bytes += got;
        more = *bytes + 1 < capacity ? text : realloc(text, capacity *= 2);
        if (more == NULL) {
            free(text);
        }
        text = more;
    }
    if (text != NULL) {
        text[*bytes] = '\0';
    }
    return text;
}

char *host_program_arguments(size_t *bytes)
{
    FILE *file = fopen("/proc/self/cmdline", "rbe");
    char *text = file != NULL ? read_all(file, bytes) : NULL;
    size_t name;

    if (file != NULL) {
        fclose(file);
    }
    name = text != NULL ? strlen(text) + 1 : 0;
    if (text == NULL || name >= *bytes) {
        free(text);
        *bytes = 0;
        return NULL;
    }
    *bytes -= name;
    memmove(text, text + name, *bytes + 1);
    return text;
}

unsigned host_process_number(void)
{
    return (unsigned)getpid();
}

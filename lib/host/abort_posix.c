/*
 * abort_posix.c - why the C library has called abort(), by the words that it keeps for who looks at
 * the dead process.
 *
 * The GNU library keeps them in a variable for debuggers. Elsewhere nothing is known.
 */
#include "host/abort.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"

/* What the variable points at; the length counts the whole of it. */
typedef struct words {
    unsigned bytes;
    char text[];
} words;

static HOST_KEPT words *volatile *said_at;

void host_abort_prepare(void)
{
#ifdef __GLIBC__
    static HOST_KEPT bool has_looked;

    if (!has_looked) {
        has_looked = true;
        said_at = dlvsym(RTLD_DEFAULT, "__abort_msg", "GLIBC_PRIVATE");
    }
#endif
}

typedef struct saying {
    const char *begins;
    host_abort cause;
} saying;

/* The first one that fits. Who refuses a pointer has not taken the heap's lock. */
static const saying sayings[] = {
    { "free(): invalid pointer", HOST_ABORT_POINTER },
    { "free(): invalid size", HOST_ABORT_POINTER },
    { "free(): double free detected", HOST_ABORT_POINTER },
    { "double free or corruption (fasttop)", HOST_ABORT_POINTER },
    { "munmap_chunk(): invalid pointer", HOST_ABORT_POINTER },
    { "mremap_chunk(): invalid pointer", HOST_ABORT_POINTER },
    { "realloc(): invalid pointer", HOST_ABORT_POINTER },
    { "double free or corruption", HOST_ABORT_HEAP },
    { "free()", HOST_ABORT_HEAP },
    { "malloc", HOST_ABORT_HEAP },
    { "realloc()", HOST_ABORT_HEAP },
    { "corrupted ", HOST_ABORT_HEAP },
    { "corrupted_", HOST_ABORT_HEAP },
    { "break adjusted to free malloc space", HOST_ABORT_HEAP },
    { "invalid fastbin entry", HOST_ABORT_HEAP },
    { "tcache_thread_shutdown()", HOST_ABORT_HEAP },
    { "unaligned ", HOST_ABORT_HEAP },
    { "*** stack smashing detected", HOST_ABORT_STACK },
    { "*** ", HOST_ABORT_BUFFER },
};

static host_abort cause_of(const char *said)
{
    for (size_t i = 0; i < sizeof sayings / sizeof *sayings; i++) {
        if (strncmp(said, sayings[i].begins, strlen(sayings[i].begins)) == 0) {
            return sayings[i].cause;
        }
    }
    return HOST_ABORT_UNKNOWN;
}

/* They are taken away: the next abort() may have none. */
host_abort host_abort_cause(char *said, size_t bytes)
{
    const words *kept = said_at != NULL ? *said_at : NULL;

    said[0] = '\0';
    if (kept == NULL) {
        return HOST_ABORT_UNKNOWN;
    }
    *said_at = NULL;
    snprintf(said, bytes, "%s", kept->text);
    said[strcspn(said, "\n")] = '\0';
    return cause_of(said);
}

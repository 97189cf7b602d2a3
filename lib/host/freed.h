/*
 * freed.h - blocks of the C library's heap that were freed, for whoever remembers what lay there.
 *
 * A program in which somebody may want to know has functions of its own in front of the C library's
 * free() and realloc() (heap_posix.c). They say what is freed before it is, on any host thread and
 * at any time, so that who gets the memory next gets it afterwards. The latest ranges are kept until
 * they are read; who reads too late learns only that some are missing.
 *
 * The functions may be on top of a library that holds locks of its own. So nothing is run on top of
 * them in turn: their code lies in a section of its own, and is no guest code (guest.h).
 */
#ifndef HOST_FREED_H
#define HOST_FREED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_HEAP_CODE __attribute__((section("dirql_heap"), noinline))

typedef struct host_range {
    uintptr_t from, to;
} host_range;

/* How much was said, or read. */
typedef struct host_freed_mark {
    uint64_t count, missing;
} host_freed_mark;

/* What the functions in front of the C library's know of the readers. */
typedef struct host_heap_ear {
    unsigned listeners; /* Atomic. */
    void (*freed)(const void *block, size_t bytes);
} host_heap_ear;

const host_heap_ear *host_freed_ear(void);

/* Nothing is kept while nobody listens; who begins to has read all. */
void host_freed_listen(host_freed_mark *read);
void host_freed_ignore(void);

/* True if there is something to read. */
bool host_freed_has_more(const host_freed_mark *read);

/* Copies at most `most` of what was said since, oldest first, counts it and counts it as read.
 * False: part of it is not known. */
bool host_freed_read(host_freed_mark *read, host_range *ranges, unsigned most, unsigned *count);

/* ---- heap_posix.c, which is in each module with instrumented code ---------------------------- */

/* From now on, what is freed is said. */
void host_heap_tell(const host_heap_ear *ear);

#endif

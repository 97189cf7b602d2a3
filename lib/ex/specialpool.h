/*
 * specialpool.h - pool blocks on pages of their own, with pages around them that fault when
 * touched.
 *
 * A block ends where its last page ends, as far as its alignment allows, or begins where its first
 * page begins. The page before it and the page behind it are nobody's. When it is freed, its own
 * pages are, too, until the pool forgets the block. What is left of its pages holds a pattern that
 * is looked at when it is freed.
 *
 * The pages are those of one range of addresses, in which a run goes on from block to block, and
 * begins anew at its end. A process keeps the range from one run to the next: so blocks lie at the
 * same addresses in each schedule of an exploration. A range has room for so many bytes and so many
 * blocks; what finds none is for the ordinary pool.
 */
#ifndef DQ_SPECIALPOOL_H
#define DQ_SPECIALPOOL_H

#include "sim/machine.h"

typedef struct dq_special dq_special;

/* What lies there, for reports. */
typedef struct dq_special_thing {
    const void *address;
    size_t bytes;
    bool freed;
    char what[80]; /* "pool block of 16 bytes (tag Test)". */
    const void *place, *freed_place;
    const char *damage; /* A byte next to it that somebody has written to, or NULL. */
} dq_special_thing;

/* NULL when it cannot be had. */
dq_special *dq_special_start(void);
void dq_special_stop(dq_special *special);

/* `alignment`: a power of two, a page at most. NULL: there is no room, or it is too large. */
void *dq_special_allocate(dq_special *special, size_t bytes, size_t alignment,
                          dq_special_pool side);

/* True if it failed only because too much is in use, or is not forgotten. */
bool dq_special_is_full(const dq_special *special, size_t bytes);

/* The damaged byte that lies next to the block, of those around it; NULL if there is none. */
const char *dq_special_damage(const dq_special *special, const void *block, size_t bytes);

/* It is freed: nobody may touch it any more. */
void dq_special_close(dq_special *special, const void *block, size_t bytes);

/* Its pages are there for others. It was closed before. */
void dq_special_forget(dq_special *special, const void *block, size_t bytes);

/* Whose page it is, or behind whom it lies: where the block begins, or began. NULL: nobody's. */
const void *dq_special_owner(const dq_special *special, const void *address);

/* The next block in memory behind that page, if it begins there. NULL: none. */
const void *dq_special_next(const dq_special *special, const void *address);

/* True if the address lies in pages that were in use since the start. */
bool dq_special_was_used(const dq_special *special, const void *address);

#endif

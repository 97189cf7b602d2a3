/*
 * arena.h - memory that lies at the same addresses in every run of an exploration, and is put back
 * between them.
 *
 * A machine that explores lives in an arena with all that its parts allocate. When it is ready to
 * run, the arena is marked: what it holds then is copied. dq_arena_rewind() puts that back and
 * forgets everything newer, so that the next run costs a copy of some thousand bytes, whatever the
 * one before has left lying about.
 *
 * Where there is no arena, the same functions use the host's allocator.
 */
#ifndef DQ_ARENA_H
#define DQ_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/heap.h"

enum { DQ_ARENA_CLASSES = 128 };

typedef struct dq_arena {
    unsigned char *start;
    size_t bytes;
    size_t used;
    size_t most; /* That was ever in use. */
    void *given[DQ_ARENA_CLASSES]; /* Blocks that were given back, by size. */
    uint64_t waiting[DQ_ARENA_CLASSES / 64]; /* Bit n: given[n] may not be NULL. */
    unsigned char *image;          /* What [0, marked) held; NULL: it is not marked. */
    size_t marked;
    dq_heap *heap; /* Guest code's memory: marked and put back with the arena. NULL: the host's. */
} dq_arena;

/* False when memory is short. */
bool dq_arena_start(dq_arena *arena);
void dq_arena_stop(dq_arena *arena);

/* Everything is free again, and there is no mark. */
void dq_arena_clear(dq_arena *arena);

/* Remembers what is in use, and what it holds. False when memory is short. */
bool dq_arena_mark(dq_arena *arena);

/* As it was when it was marked. */
void dq_arena_rewind(dq_arena *arena);

/* ---- With an arena or without: `arena` may be NULL ------------------------------------------- */

/* Zeroed, aligned for anything. NULL when memory is short. */
void *dq_arena_get(dq_arena *arena, size_t bytes);

/* What dq_arena_get() returned; NULL: nothing. */
void dq_arena_give(dq_arena *arena, void *memory);

/* As realloc(): moves the `before` bytes of a block to a larger one; the rest is zeroed. On NULL
 * the block stays as it is. */
void *dq_arena_enlarge(dq_arena *arena, void *memory, size_t before, size_t bytes);

static inline bool dq_arena_has(const dq_arena *arena, const void *address)
{
    return arena != NULL && (uintptr_t)address - (uintptr_t)arena->start < arena->bytes;
}

#endif

/*
 * arena.h - memory that lies at the same addresses in every run of an exploration.
 *
 * What is given back is not used again before the next run begins.
 */
#ifndef DQ_ARENA_H
#define DQ_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dq_arena {
    unsigned char *start;
    size_t bytes;
    size_t used;
} dq_arena;

/* False when memory is short. */
bool dq_arena_start(dq_arena *arena);
void dq_arena_stop(dq_arena *arena);

/* Everything is free again. */
void dq_arena_rewind(dq_arena *arena);

/* `alignment` is a power of two. NULL when it is used up. */
void *dq_arena_allocate(dq_arena *arena, size_t bytes, size_t alignment);

/* `arena` may be NULL. */
static inline bool dq_arena_has(const dq_arena *arena, const void *address)
{
    return arena != NULL && (uintptr_t)address - (uintptr_t)arena->start < arena->bytes;
}

#endif

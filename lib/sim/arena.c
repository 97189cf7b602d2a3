/*
 * arena.c - one block from which memory is cut in order.
 */
#include "sim/arena.h"

#include "host/host.h"

enum { PAGE = 4096 };

/* Untouched pages of it cost nothing. */
static const size_t arena_bytes = (size_t)64 * 1024 * 1024;

bool dq_arena_start(dq_arena *arena)
{
    arena->start = host_aligned_allocate(arena_bytes, PAGE);
    arena->bytes = arena->start != NULL ? arena_bytes : 0;
    arena->used = 0;
    return arena->start != NULL;
}

void dq_arena_stop(dq_arena *arena)
{
    host_aligned_free(arena->start);
    *arena = (dq_arena){ 0 };
}

void dq_arena_rewind(dq_arena *arena)
{
    arena->used = 0;
}

void *dq_arena_allocate(dq_arena *arena, size_t bytes, size_t alignment)
{
    const size_t start = (arena->used + alignment - 1) & ~(alignment - 1);

    if (start > arena->bytes || bytes > arena->bytes - start) {
        return NULL;
    }
    arena->used = start + bytes;
    return arena->start + start;
}

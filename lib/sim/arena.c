/*
 * arena.c - one block from which memory is cut in order; what is given back waits by size.
 */
#include "sim/arena.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"

enum { PAGE = 4096, LINE = 64, UNIT = 16, POWER_FIRST = 6 };

/* Untouched pages of it cost nothing. */
static const size_t arena_bytes = (size_t)64 * 1024 * 1024;

/* What one exploration leaves to the next: pages that are there already. Not if they are many. */
static const size_t kept_bytes_max = (size_t)1024 * 1024;
static HOST_KEPT void *kept; /* Under host_lock(). */

/* In front of each block that can be given back; the union makes what follows aligned for
 * anything. */
typedef union header {
    unsigned size_class;
    union header *next; /* While it waits. */
    max_align_t alignment;
} header;

/* Keeps `memory` instead of what was kept, which is returned. */
static void *keep_instead(void *memory)
{
    void *before;

    host_lock();
    before = kept;
    kept = memory;
    host_unlock();
    return before;
}

bool dq_arena_start(dq_arena *arena)
{
    *arena = (dq_arena){ .start = keep_instead(NULL) };
    if (arena->start == NULL) {
        arena->start = host_aligned_allocate(arena_bytes, PAGE);
    }
    if (arena->start == NULL) {
        return false;
    }
    arena->bytes = arena_bytes;
    arena->heap = dq_heap_start();
    return true;
}

static void note_use(dq_arena *arena)
{
    arena->most = arena->used > arena->most ? arena->used : arena->most;
}

void dq_arena_stop(dq_arena *arena)
{
    note_use(arena);
    host_aligned_free(arena->most <= kept_bytes_max ? keep_instead(arena->start) : arena->start);
    host_aligned_free(arena->image);
    dq_heap_stop(arena->heap);
    *arena = (dq_arena){ 0 };
}

static void forget_given(dq_arena *arena)
{
    for (unsigned i = 0; i < DQ_ARENA_CLASSES / 64; i++) {
        for (uint64_t left = arena->waiting[i]; left != 0; left &= left - 1) {
            arena->given[64 * i + (unsigned)__builtin_ctzll(left)] = NULL;
        }
        arena->waiting[i] = 0;
    }
}

void dq_arena_clear(dq_arena *arena)
{
    note_use(arena);
    host_aligned_free(arena->image);
    arena->image = NULL;
    arena->used = 0;
    forget_given(arena);
    if (arena->heap != NULL) {
        dq_heap_clear(arena->heap);
    }
}

/* Blocks that wait at the mark are not used again: they are few. */
bool dq_arena_mark(dq_arena *arena)
{
    arena->used = (arena->used + LINE - 1) & ~(size_t)(LINE - 1);
    arena->marked = arena->used;
    arena->image = host_aligned_allocate(arena->marked > 0 ? arena->marked : LINE, LINE);
    forget_given(arena);
    if (arena->image != NULL) {
        memcpy(arena->image, arena->start, arena->marked);
    }
    return arena->image != NULL && (arena->heap == NULL || dq_heap_mark(arena->heap));
}

void dq_arena_rewind(dq_arena *arena)
{
    memcpy(arena->start, arena->image, arena->marked);
    note_use(arena);
    arena->used = arena->marked;
    forget_given(arena);
    if (arena->heap != NULL) {
        dq_heap_rewind(arena->heap);
    }
}

static void *allocate(dq_arena *arena, size_t bytes)
{
    const size_t unit = sizeof(max_align_t);
    const size_t start = (arena->used + unit - 1) & ~(unit - 1);

    if (start > arena->bytes || bytes > arena->bytes - start) {
        return NULL;
    }
    arena->used = start + bytes;
    return arena->start + start;
}

/* Classes are multiples of 16 bytes up to 64, and then four between a power of two and the next:
 * 80, 96, 112, 128, 160 and so on. */
static unsigned class_of(size_t bytes)
{
    unsigned power;

    if (bytes <= 4 * UNIT) {
        return bytes <= UNIT ? 0 : (unsigned)((bytes - 1) / UNIT);
    }
    power = 63 - (unsigned)__builtin_clzll((unsigned long long)bytes - 1);
    return 4 * (power - POWER_FIRST) + (unsigned)((bytes - 1) >> (power - 2));
}

static size_t bytes_of(unsigned size_class)
{
    const unsigned power = POWER_FIRST + size_class / 4 - 1;

    return size_class < 4 ? (size_t)(size_class + 1) * UNIT :
                            (size_t)(5 + size_class % 4) << (power - 2);
}

static header *cut(dq_arena *arena, unsigned size_class)
{
    const size_t bytes = bytes_of(size_class);
    header *block = arena->given[size_class];

    if (block != NULL) {
        arena->given[size_class] = block->next;
        return block;
    }
    return allocate(arena, sizeof(header) + bytes);
}

void *dq_arena_get(dq_arena *arena, size_t bytes)
{
    header *block;
    unsigned size_class;

    if (arena == NULL) {
        return calloc(1, bytes);
    }
    if (bytes > arena->bytes) {
        return NULL;
    }
    size_class = class_of(bytes);
    block = cut(arena, size_class);
    if (block == NULL) {
        return NULL;
    }
    block->size_class = size_class;
    return memset(block + 1, 0, bytes);
}

void dq_arena_give(dq_arena *arena, void *memory)
{
    header *block = memory != NULL ? (header *)memory - 1 : NULL;
    unsigned size_class;

    if (arena == NULL) {
        free(memory);
    } else if (block != NULL) {
        size_class = block->size_class;
        block->next = arena->given[size_class];
        arena->given[size_class] = block;
        arena->waiting[size_class / 64] |= 1ull << size_class % 64;
    }
}

void *dq_arena_enlarge(dq_arena *arena, void *memory, size_t before, size_t bytes)
{
    void *larger = dq_arena_get(arena, bytes);

    if (larger != NULL && memory != NULL) {
        memcpy(larger, memory, before);
        dq_arena_give(arena, memory);
    }
    return larger;
}

/*
 * heap.h - memory of guest code: apart from what dirql lives on, and from the host's heap.
 *
 * A heap is a range of addresses of its own, of which only the part that is in use is memory. Who
 * writes outside of a block hits what lies around other blocks there, memory that nobody has, or an
 * address that faults. What is known of a block is kept elsewhere, by whom it belongs to.
 *
 * Memory is cut in order; what is given back waits by size, but in a heap that is marked, which
 * forgets it all when it is rewound. Behind what was ever cut lies an apron that nobody may write
 * to.
 */
#ifndef DQ_HEAP_H
#define DQ_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dq_heap {
    unsigned char *start;
    size_t bytes;                /* Of the range. */
    size_t opened;               /* So much of it is memory. */
    size_t used;                 /* So much was cut; the apron follows. */
    const unsigned char *struck; /* A byte of an apron that somebody had written to, or NULL. */
    struct dq_heap_list *lists;  /* What waits. */
    unsigned char *image;        /* What [0, marked) held; NULL: it is not marked. */
    size_t marked;
} dq_heap;

/* What there is around and behind blocks, as long as nobody writes to it. */
enum { DQ_HEAP_FILL = 0xFB };

/* NULL when it cannot be had: there are no such addresses. */
dq_heap *dq_heap_start(void);
void dq_heap_stop(dq_heap *heap); /* May be NULL. */

/* Everything is free again, and there is no mark. */
void dq_heap_clear(dq_heap *heap);

/* Remembers what is in use, and what it holds; later, it is as it was then. False when memory is
 * short. */
bool dq_heap_mark(dq_heap *heap);
void dq_heap_rewind(dq_heap *heap);

/* How much is cut for so many bytes. */
size_t dq_heap_room(size_t bytes);

/* A piece of what dq_heap_room() said, aligned to 64 bytes, or to a page of the guest's; one of a
 * page at most lies within a page. What it holds is anything. NULL: there is no room. */
void *dq_heap_take(dq_heap *heap, size_t room, bool on_page);
void dq_heap_give(dq_heap *heap, void *piece, size_t room, bool on_page);

/* The byte of the apron, present or past, that somebody has written to. NULL: there is none. */
const void *dq_heap_damage(const dq_heap *heap);

/* True if the address is one of its range. `heap` may be NULL. */
static inline bool dq_heap_has(const dq_heap *heap, const void *address)
{
    return heap != NULL && (uintptr_t)address - (uintptr_t)heap->start < heap->bytes;
}

#endif

/*
 * poolguard.c - gets memory for blocks, sets guards, and looks at them.
 */
#include "ex/poolguard.h"

#include <stdbool.h>
#include <string.h>

#include <wdm.h>

enum {
    GUARD = DQ_POOL_IS_SANITIZED ? 0 : 64,
    FILL = DQ_HEAP_FILL
};

_Static_assert(GUARD % SYSTEM_CACHE_ALIGNMENT_SIZE == 0, "the block is aligned as its memory is");

/* Those of a page or more. And those that would not lie within a page together with their guards:
 * a smaller block does not reach from one page into the next. */
static bool is_on_page(size_t bytes)
{
    return bytes >= PAGE_SIZE || bytes + 2 * GUARD > PAGE_SIZE;
}

/* What begins on a page has one before it, to stay there. */
static size_t before(size_t bytes)
{
    return is_on_page(bytes) && GUARD > 0 ? PAGE_SIZE : GUARD;
}

/* All that a block takes. */
static size_t room_of(size_t bytes)
{
    const size_t wanted = bytes + before(bytes) + GUARD;

    return wanted >= bytes && wanted > 0 ? dq_heap_room(wanted)
                                         : bytes | 1; /* Too large anyhow, or nothing. */
}

static void *memory_of(dq_machine *machine, size_t bytes, size_t alignment)
{
    dq_heap *heap = dq_machine_heap(machine);
    const size_t room = room_of(bytes);
    void *memory = heap != NULL ? dq_heap_take(heap, room, is_on_page(bytes)) : NULL;

    return memory != NULL ? memory
                          : host_aligned_allocate(room, is_on_page(bytes) ? PAGE_SIZE : alignment);
}

void *dq_poolguard_get(dq_machine *machine, size_t bytes, size_t alignment)
{
    char *memory = memory_of(machine, bytes, alignment);
    char *block = memory != NULL ? memory + before(bytes) : NULL;

    if (block != NULL) {
        memset(memory, FILL, before(bytes));
        memset(block + bytes, FILL, GUARD);
    }
    return block;
}

void dq_poolguard_give(dq_machine *machine, void *block, size_t bytes)
{
    dq_heap *heap = dq_machine_heap(machine);
    char *memory = (char *)block - before(bytes);

    if (dq_heap_has(heap, memory)) {
        dq_heap_give(heap, memory, room_of(bytes), is_on_page(bytes));
    } else {
        host_aligned_free(memory);
    }
}

void dq_poolguard_drop(dq_machine *machine, void *block, size_t bytes)
{
    if (!dq_heap_has(dq_machine_heap(machine), block)) {
        dq_poolguard_give(machine, block, bytes);
    }
}

/* All bytes are alike if each is as the next one. */
static bool is_whole(const char *guard, size_t bytes)
{
    return bytes == 0 ||
           ((unsigned char)guard[0] == FILL && memcmp(guard, guard + 1, bytes - 1) == 0);
}

const char *dq_poolguard_damage(const void *block, size_t bytes)
{
    const char *at = (const char *)block + bytes;

    if (!is_whole(at, GUARD)) {
        while ((unsigned char)*at == FILL) {
            at++;
        }
        return at;
    }
    at = block;
    if (!is_whole(at - before(bytes), before(bytes))) {
        do {
            at--;
        } while ((unsigned char)*at == FILL);
        return at;
    }
    return NULL;
}

/*
 * pooltable.c - the pool's blocks by address, those that were freed for a while longer.
 */
#include "ex/pooltable.h"

#include <stdlib.h>
#include <string.h>

#include "ex/poolguard.h"
#include "ex/poolmap.h"
#include "ke/ki.h"

enum { BUCKETS = 1024, FREED_AT_FIRST = 64, FREED_KEPT = 4096, FREED_FILL = 0xDD };

typedef struct kept {
    void *address; /* NULL: nothing. */
    size_t bytes;
} kept;

typedef struct dq_pool {
    dq_pool_block *buckets[BUCKETS];
    dq_pool_block *unused;
    void **freed; /* Addresses. When it has grown, a ring: the oldest is forgotten. */
    unsigned freed_next, freed_room;
    kept kept[DQ_POOL_KEPT]; /* A ring of what is not given back to the host yet. */
    unsigned kept_next;
} dq_pool;

/* ---- By address ------------------------------------------------------------------------------ */

static dq_pool_block **bucket_of(dq_pool *p, const void *address)
{
    const uint64_t value = (uintptr_t)address >> 4;

    return &p->buckets[(value * 0x9E3779B97F4A7C15u) >> 54];
}

static dq_pool_block **link_of(dq_pool *p, const void *address)
{
    dq_pool_block **link = bucket_of(p, address);

    while (*link != NULL && (*link)->address != address) {
        link = &(*link)->next;
    }
    return link;
}

dq_pool_block *dq_pool_find(dq_pool *p, const void *address)
{
    return *link_of(p, address);
}

static void forget(dq_pool *p, dq_pool_block **link)
{
    dq_pool_block *block = *link;

    dq_poolmap_remove(block->address, p);
    *link = block->next;
    block->next = p->unused;
    p->unused = block;
}

/* ---- Freed ones ------------------------------------------------------------------------------ */

static void make_room(dq_machine *machine, dq_pool *p)
{
    const unsigned wanted = p->freed_room == 0 ? FREED_AT_FIRST : 4 * p->freed_room;
    void **freed = NULL;

    if (p->freed_next == p->freed_room && p->freed_room < FREED_KEPT) {
        freed = dq_arena_enlarge(machine->options.arena, p->freed, p->freed_room * sizeof(*freed),
                                 wanted * sizeof(*freed));
    }
    if (freed != NULL) {
        p->freed = freed;
        p->freed_room = wanted;
    }
}

static void remember_freed(dq_machine *machine, dq_pool *p, dq_pool_block *block, const void *place)
{
    void **oldest;
    dq_pool_block **link;

    block->freed = true;
    block->freed_place = place;
    make_room(machine, p);
    if (p->freed_room == 0) {
        return;
    }
    oldest = &p->freed[p->freed_next++ % p->freed_room];
    link = *oldest != NULL ? link_of(p, *oldest) : NULL;
    if (link != NULL && *link != NULL && (*link)->freed && *link != block) {
        forget(p, link);
    }
    *oldest = block->address;
}

static void free_memory(const dq_arena *arena, void *address, size_t bytes)
{
    if (address == NULL || dq_arena_has(arena, address)) {
        return;
    }
    if (bytes >= PAGE_SIZE) {
        host_aligned_free(dq_poolguard_memory(address, bytes));
    } else {
        free(dq_poolguard_memory(address, bytes));
    }
}

/* Freed memory is of no use to anybody for a while. A sanitizer keeps it itself, and finds those who
 * touch it. */
static void put_aside(dq_pool *p, const dq_arena *arena, void *address, size_t bytes)
{
    kept *oldest;

    memset(address, FREED_FILL, bytes);
    if (DQ_POOL_IS_SANITIZED || bytes > DQ_POOL_KEPT_BYTES || dq_arena_has(arena, address)) {
        free_memory(arena, address, bytes);
        return;
    }
    oldest = &p->kept[p->kept_next++ % DQ_POOL_KEPT];
    if (oldest->address != NULL) {
        free_memory(arena, oldest->address, oldest->bytes);
    }
    *oldest = (kept){ address, bytes };
}

void dq_pool_retire(dq_machine *machine, dq_pool *p, dq_pool_block *block, const void *place)
{
    remember_freed(machine, p, block, place);
    put_aside(p, machine->options.arena, block->address, block->bytes);
}

/* ---- New ones -------------------------------------------------------------------------------- */

static dq_pool_block *block_at(dq_machine *machine, dq_pool *p, void *address)
{
    dq_pool_block **link = link_of(p, address);
    dq_pool_block *block = *link;

    if (block == NULL) {
        block = p->unused != NULL ? p->unused : dq_machine_get(machine, sizeof(*block));
        if (block == NULL) {
            return NULL;
        }
        if (block == p->unused) {
            p->unused = block->next;
        }
        *link = block;
        block->next = NULL;
    }
    return block;
}

dq_pool_block *dq_pool_take_in(dq_machine *machine, dq_pool *p, void *address, size_t bytes)
{
    dq_pool_block *block =
        dq_poolmap_add(address, p) ? block_at(machine, p, address) : NULL;

    if (block == NULL) {
        dq_poolmap_strike_off(address);
        free_memory(machine->options.arena, address, bytes);
        return NULL;
    }
    block->address = address;
    block->bytes = bytes;
    block->freed = false;
    return block;
}

/* ---- The table's life ------------------------------------------------------------------------ */

static void free_kept(dq_pool *p, const dq_arena *arena)
{
    for (unsigned i = 0; i < DQ_POOL_KEPT; i++) {
        if (p->kept[i].address != NULL) {
            free_memory(arena, p->kept[i].address, p->kept[i].bytes);
        }
    }
}

static void halt(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;
    dq_pool *p = kernel->pool;

    for (unsigned i = 0; i < BUCKETS; i++) {
        while (p->buckets[i] != NULL) {
            dq_pool_block *block = p->buckets[i];

            p->buckets[i] = block->next;
            if (block->freed) {
                dq_poolmap_remove(block->address, p);
            } else {
                dq_poolmap_orphan(block->address, p);
                free_memory(machine->options.arena, block->address, block->bytes);
            }
            dq_machine_give(machine, block);
        }
    }
    free_kept(p, machine->options.arena);
    while (p->unused != NULL) {
        dq_pool_block *block = p->unused;

        p->unused = block->next;
        dq_machine_give(machine, block);
    }
    dq_machine_give(machine, p->freed);
    dq_machine_give(machine, p);
    kernel->pool = NULL;
}

dq_pool *dq_pool_of(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    if (kernel->pool == NULL) {
        kernel->pool = dq_machine_get(machine, sizeof(dq_pool));
        kernel->pool_halt = kernel->pool != NULL ? halt : NULL;
    }
    return kernel->pool;
}

void dq_pool_for_each(dq_machine *machine, void (*visit)(void *context, const dq_pool_block *block),
                      void *context)
{
    const dq_pool *p = ((dq_kernel *)machine->kernel)->pool;

    for (unsigned i = 0; p != NULL && i < BUCKETS; i++) {
        for (const dq_pool_block *block = p->buckets[i]; block != NULL; block = block->next) {
            if (!block->freed) {
                visit(context, block);
            }
        }
    }
}

/*
 * pooltable.c - the pool's blocks by address, those that were freed for a while longer.
 */
#include "ex/pooltable.h"

#include <string.h>

#include "ex/poolguard.h"
#include "ex/poolmap.h"
#include "ex/poolnear.h"
#include "ke/ki.h"

enum { BUCKETS = 1024, FREED_AT_FIRST = 64, FREED_KEPT = 4096, FREED_FILL = 0xDD };

typedef struct dq_pool {
    dq_pool_block *buckets[BUCKETS];
    dq_pool_block *unused;
    void **freed; /* Addresses. When it has grown, a ring: the oldest is forgotten. */
    unsigned freed_next, freed_room;
    dq_special *special; /* NULL: there is none. */
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
    if (block->special) {
        dq_special_forget(p->special, block->address, block->bytes);
    }
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

void dq_pool_let_go(dq_machine *machine, dq_pool_block *block)
{
    block->kept = false;
    dq_poolguard_give(machine, block->address, block->bytes);
}

static bool is_special(const dq_pool *p, const void *address)
{
    return p->special != NULL && dq_special_owner(p->special, address) == address;
}

/* The next place in the ring; what stands there is forgotten. */
static void **next_freed(dq_machine *machine, dq_pool *p, const dq_pool_block *newest)
{
    void **oldest;
    dq_pool_block **link;

    make_room(machine, p);
    if (p->freed_room == 0) {
        return NULL;
    }
    oldest = &p->freed[p->freed_next++ % p->freed_room];
    link = *oldest != NULL ? link_of(p, *oldest) : NULL;
    if (link != NULL && *link != NULL && (*link)->freed && *link != newest) {
        if ((*link)->kept) {
            dq_pool_let_go(machine, *link);
        }
        forget(p, link);
    }
    return oldest;
}

/* The block that was freed so many frees ago, if its memory is still kept. */
static dq_pool_block *kept_before(dq_pool *p, unsigned frees)
{
    dq_pool_block *block = NULL;

    if (frees < p->freed_next && frees < p->freed_room) {
        block = dq_pool_find(p, p->freed[(p->freed_next - 1 - frees) % p->freed_room]);
    }
    return block != NULL && block->kept ? block : NULL;
}

/* Freed memory is of no use to anybody for a while. A sanitizer keeps it itself, and finds those
 * who touch it. */
dq_pool_block *dq_pool_retire(dq_machine *machine, dq_pool *p, dq_pool_block *block,
                              const void *place)
{
    void **freed = next_freed(machine, p, block);

    block->freed = true;
    block->freed_place = place;
    if (freed != NULL) {
        *freed = block->address;
    }
    if (block->special) {
        dq_special_close(p->special, block->address, block->bytes);
        return kept_before(p, DQ_POOL_KEPT);
    }
    memset(block->address, FREED_FILL, block->bytes);
    if (freed == NULL || DQ_POOL_IS_SANITIZED || block->bytes > DQ_POOL_KEPT_BYTES) {
        dq_pool_let_go(machine, block);
    } else {
        block->kept = true;
    }
    return kept_before(p, DQ_POOL_KEPT);
}

const char *dq_pool_touched(const dq_pool_block *block)
{
    const unsigned char *bytes = block->address;
    size_t i = 0;

    while (i < block->bytes && bytes[i] == FREED_FILL) {
        i++;
    }
    return i < block->bytes ? (const char *)&bytes[i] : NULL;
}

void dq_pool_for_each_kept(dq_machine *machine,
                           void (*visit)(void *context, const dq_pool_block *block), void *context)
{
    dq_pool *p = ((dq_kernel *)machine->kernel)->pool;

    for (unsigned frees = DQ_POOL_KEPT; p != NULL && frees-- > 0;) {
        const dq_pool_block *block = kept_before(p, frees);

        if (block != NULL) {
            visit(context, block);
        }
    }
}

/* ---- Special ones ---------------------------------------------------------------------------- */

dq_special *dq_pool_special(const dq_pool *p)
{
    return p->special;
}

/* A part of those that are remembered: the oldest. False if there are none at all. */
static bool forget_oldest(dq_pool *p)
{
    const unsigned count = p->freed_next < p->freed_room ? p->freed_next : p->freed_room;
    bool forgot = false;

    for (unsigned i = 0, tried = 0; i < count && tried < 1 + count / 4; i++) {
        void **oldest = &p->freed[(p->freed_next - count + i) % p->freed_room];
        dq_pool_block **link = *oldest != NULL ? link_of(p, *oldest) : NULL;

        if (link != NULL && *link != NULL && (*link)->freed && (*link)->special) {
            forget(p, link);
            *oldest = NULL;
            forgot = true;
            tried++;
        }
    }
    return forgot;
}

void *dq_pool_special_memory(dq_pool *p, size_t bytes, size_t alignment, dq_special_pool side)
{
    void *memory = NULL;

    if (p->special != NULL) {
        do {
            memory = dq_special_allocate(p->special, bytes, alignment, side);
        } while (memory == NULL && dq_special_is_full(p->special, bytes) && forget_oldest(p));
    }
    return memory;
}

const char *dq_pool_damage(dq_machine *machine, const dq_pool_block *block)
{
    const dq_pool *p = ((dq_kernel *)machine->kernel)->pool;

    return block->special ? dq_special_damage(p->special, block->address, block->bytes)
                          : dq_poolguard_damage(block->address, block->bytes);
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
    const bool special = is_special(p, address);
    dq_pool_block *block =
        dq_poolmap_add(address, p) ? block_at(machine, p, address) : NULL;

    if (block == NULL) {
        dq_poolmap_strike_off(address);
        if (special) {
            dq_special_close(p->special, address, bytes);
            dq_special_forget(p->special, address, bytes);
        } else {
            dq_poolguard_give(machine, address, bytes);
        }
        return NULL;
    }
    block->special = special;
    block->address = address;
    block->bytes = bytes;
    block->freed = false;
    block->kept = false;
    return block;
}

/* ---- The table's life ------------------------------------------------------------------------ */

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
            }
            if (!block->special && (!block->freed || block->kept)) {
                dq_poolguard_drop(machine, block->address, block->bytes);
            }
            dq_machine_give(machine, block);
        }
    }
    while (p->unused != NULL) {
        dq_pool_block *block = p->unused;

        p->unused = block->next;
        dq_machine_give(machine, block);
    }
    dq_machine_give(machine, p->freed);
    dq_special_stop(p->special);
    dq_machine_give(machine, p);
    kernel->pool = NULL;
}

static void start_special(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;
    dq_pool *p = kernel->pool;

    if (p != NULL && machine->options.special_pool != DQ_SPECIAL_OFF) {
        p->special = dq_special_start();
        kernel->pool_fault = dq_special_fault;
        kernel->pool_owns = dq_special_owns;
    }
}

dq_pool *dq_pool_of(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    if (kernel->pool == NULL) {
        kernel->pool = dq_machine_get(machine, sizeof(dq_pool));
        kernel->pool_halt = kernel->pool != NULL ? halt : NULL;
        kernel->pool_describe = dq_pool_describe;
        kernel->pool_describe_block = dq_pool_describe_block;
        kernel->pool_refuse_freed = dq_pool_refuse_freed;
        kernel->pool_tell_damages = dq_pool_tell_damages;
        start_special(machine);
    }
    return kernel->pool;
}

static void for_each(dq_machine *machine, bool freed,
                     void (*visit)(void *context, const dq_pool_block *block), void *context)
{
    const dq_pool *p = ((dq_kernel *)machine->kernel)->pool;

    for (unsigned i = 0; p != NULL && i < BUCKETS; i++) {
        for (const dq_pool_block *block = p->buckets[i]; block != NULL; block = block->next) {
            if (freed || !block->freed) {
                visit(context, block);
            }
        }
    }
}

void dq_pool_for_each(dq_machine *machine, void (*visit)(void *context, const dq_pool_block *block),
                      void *context)
{
    for_each(machine, false, visit, context);
}

void dq_pool_for_each_known(dq_machine *machine,
                            void (*visit)(void *context, const dq_pool_block *block),
                            void *context)
{
    for_each(machine, true, visit, context);
}

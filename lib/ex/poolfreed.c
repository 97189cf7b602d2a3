/*
 * poolfreed.c - what a service was given lies in a block that was freed.
 *
 * Asked once something is known not to be what it should be: all blocks are looked at. The Driver
 * Verifier has no code for it; where the block is one of special pool the service faults, with the
 * same code.
 */
#include "ex/poolnear.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

typedef struct search {
    uintptr_t address;
    const dq_pool_block *freed;
    bool is_in_use; /* The memory has been given out again. */
} search;

static void consider(void *context, const dq_pool_block *block)
{
    search *s = context;

    if (s->address - (uintptr_t)block->address < block->bytes) {
        if (block->freed) {
            s->freed = block;
        } else {
            s->is_in_use = true;
        }
    }
}

void dq_pool_refuse_freed(dq_processor *cpu, const volatile void *object, const char *who,
                          const void *place)
{
    search s = { .address = (uintptr_t)object };
    char freed[PLACE_TEXT], allocated[PLACE_TEXT];
    dq_special_thing thing;

    dq_pool_for_each_known(cpu->machine, consider, &s);
    if (s.freed == NULL || s.is_in_use) {
        return;
    }
    thing = dq_pool_thing(s.freed);
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "PoolUsedAfterFree",
                           .page = "debugger: bug check 0xCC",
                           .code = PAGE_FAULT_IN_FREED_SPECIAL_POOL,
                           .parameters = { (uintptr_t)object },
                           .place = place,
                           .memory = thing.address,
                           .memory_bytes = thing.bytes },
            "%s was given what lies at byte %zu of a %s that was freed.\n"
            "  It was freed by %s,\n  and had been allocated by %s.",
            who, (size_t)(s.address - (uintptr_t)thing.address), thing.what,
            dq_place_describe(thing.freed_place, freed, sizeof(freed)),
            dq_place_describe(thing.place, allocated, sizeof(allocated)));
}

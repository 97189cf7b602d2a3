/*
 * frameguard.c - memory for devices that lies in special pool.
 */
#include "mm/frameguard.h"

#include <stdio.h>

#include "ex/pooltable.h"

enum { KEPT = 64 };

/* The list begins with the latest made: that is nearly the order in which they are freed. */
void dq_frameguard_close(dq_machine *machine, const dq_frame_block *block, dq_frame_block *first)
{
    dq_special *special = dq_pool_special(dq_pool_of(machine));
    dq_frame_block *last = NULL;
    unsigned kept = 0;

    dq_special_close(special, block->memory, block->pages * PAGE_SIZE);
    for (dq_frame_block *b = first; b != NULL; b = b->next) {
        if (b != block && b->special && b->memory == NULL) {
            last = b;
            kept++;
        }
    }
    if (kept >= KEPT) {
        dq_special_forget(special, (const void *)last->address, last->pages * PAGE_SIZE);
        last->special = false;
    }
}

bool dq_frameguard_describe(const dq_frame_block *first, const void *address,
                            dq_special_thing *thing)
{
    static const char *const names[] = {
        [DQ_FRAME_CONTIGUOUS] = "contiguous buffer",
        [DQ_FRAME_NONCACHED] = "noncached buffer",
        [DQ_FRAME_PAGES] = "part of the pages of an MDL",
        [DQ_FRAME_COMMON] = "common buffer",
        [DQ_FRAME_REGISTERS] = "map register",
    };
    const dq_frame_block *block = first;

    while (block != NULL && (!block->special || block->address != (uintptr_t)address)) {
        block = block->next;
    }
    if (block == NULL) {
        return false;
    }
    *thing = (dq_special_thing){ .address = address,
                                 .bytes = block->bytes,
                                 .freed = block->memory == NULL,
                                 .place = block->place,
                                 .freed_place = block->freed_place };
    snprintf(thing->what, sizeof(thing->what), "%s of %zu bytes", names[block->use], block->bytes);
    return true;
}

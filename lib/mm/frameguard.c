/*
 * frameguard.c - what lies around memory for devices, also in special pool.
 */
#include "mm/frameguard.h"

#include <stdio.h>

#include "ex/poolguard.h"
#include "ex/poolnear.h"
#include "ex/pooltable.h"
#include "ke/ki.h"

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

/* The damaged byte that lies next to it, or NULL. */
static const char *damage_of(const dq_frame_block *block)
{
    for (size_t i = block->bytes; i < block->pages * PAGE_SIZE; i++) {
        if (block->memory[i] != DQ_FRAME_PADDING) {
            return block->memory + i;
        }
    }
    return block->special ? NULL : dq_poolguard_damage(block->memory, block->pages * PAGE_SIZE);
}

bool dq_frame_block_tell_damage(dq_machine *machine, const dq_frame_block *block, char *text,
                                size_t bytes)
{
    const dq_special_thing thing = dq_frameguard_thing(block);

    if (thing.damage != NULL) {
        dq_pool_tell_damage(machine, &thing, thing.damage, text, bytes);
    }
    return thing.damage != NULL;
}

void dq_frame_block_check(dq_processor *cpu, const dq_frame_block *block, const void *place)
{
    const dq_special_thing thing = dq_frameguard_thing(block);
    char text[DQ_FINDING_TEXT];

    if (dq_frame_block_tell_damage(cpu->machine, block, text, sizeof(text))) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "bug check",
                               .code = SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION,
                               .parameters = { (uintptr_t)block->memory, (uintptr_t)thing.damage,
                                               0, thing.damage >= block->memory ? 0x24 : 0x23 },
                               .place = place },
                "%s", text);
    }
}

dq_special_thing dq_frameguard_thing(const dq_frame_block *block)
{
    dq_special_thing thing = { .address = (const void *)block->address,
                               .bytes = block->bytes,
                               .freed = block->memory == NULL,
                               .place = block->place,
                               .freed_place = block->freed_place,
                               .damage = block->memory != NULL ? damage_of(block) : NULL };

    static const char *const names[] = {
        [DQ_FRAME_CONTIGUOUS] = "contiguous buffer",
        [DQ_FRAME_NONCACHED] = "noncached buffer",
        [DQ_FRAME_PAGES] = "part of the pages of an MDL",
        [DQ_FRAME_COMMON] = "common buffer",
        [DQ_FRAME_REGISTERS] = "map register",
    };

    snprintf(thing.what, sizeof(thing.what), "%s of %zu bytes", names[block->use], block->bytes);
    return thing;
}

bool dq_frameguard_describe(const dq_frame_block *first, const void *address,
                            dq_special_thing *thing)
{
    const dq_frame_block *block = first;

    while (block != NULL && (!block->special || block->address != (uintptr_t)address)) {
        block = block->next;
    }
    if (block == NULL) {
        return false;
    }
    *thing = dq_frameguard_thing(block);
    return true;
}

/*
 * racememory.c - pool blocks by address, static variables by name, stacks by thread.
 */
#include "check/racememory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/place.h"

enum { PLACE_TEXT = 160 };

static dq_raceblock **bucket_of(dq_racememory *memory, uintptr_t address)
{
    return &memory->buckets[((uint64_t)address * 0x9E3779B97F4A7C15u) >> 55];
}

void dq_racememory_allocate(dq_racememory *memory, const dq_event *event)
{
    dq_raceblock **bucket = bucket_of(memory, (uintptr_t)event->object);
    dq_raceblock *block = memory->unused;

    memory->is_used = true;
    if (block != NULL) {
        memory->unused = block->next;
    } else {
        block = malloc(sizeof(*block));
        if (block == NULL) {
            return; /* A report will know less. */
        }
    }
    *block = (dq_raceblock){ .address = (uintptr_t)event->object,
                             .bytes = event->a,
                             .tag = (uint32_t)event->b,
                             .place = event->place,
                             .next = *bucket };
    *bucket = block;
    for (unsigned i = 0; i < DQ_RACE_FREED; i++) {
        if (memory->freed[i].address - block->address < block->bytes ||
            block->address - memory->freed[i].address < memory->freed[i].bytes) {
            memory->freed[i].bytes = 0;
        }
    }
}

void dq_racememory_release(dq_racememory *memory, const dq_event *event)
{
    const void *address = event->object;
    dq_raceblock **link = bucket_of(memory, (uintptr_t)address);
    dq_raceblock *block;

    while (*link != NULL && (*link)->address != (uintptr_t)address) {
        link = &(*link)->next;
    }
    block = *link;
    if (block != NULL) {
        *link = block->next;
        block->freed_place = event->place;
        if (block->bytes <= DQ_POOL_KEPT_BYTES) {
            memory->freed[memory->next_freed++ % DQ_RACE_FREED] = *block;
        }
        block->next = memory->unused;
        memory->unused = block;
    }
}

void dq_racememory_clear(dq_racememory *memory)
{
    for (unsigned i = 0; memory->is_used && i < 512; i++) {
        while (memory->buckets[i] != NULL) {
            dq_raceblock *block = memory->buckets[i];

            memory->buckets[i] = block->next;
            block->next = memory->unused;
            memory->unused = block;
        }
    }
    memset(memory->freed, 0, memory->is_used ? sizeof(memory->freed) : 0);
    memory->next_freed = 0;
    memory->is_used = false;
}

static void free_list(dq_raceblock *block)
{
    while (block != NULL) {
        dq_raceblock *next = block->next;

        free(block);
        block = next;
    }
}

void dq_racememory_free_all(dq_racememory *memory)
{
    for (unsigned i = 0; i < 512; i++) {
        free_list(memory->buckets[i]);
        memory->buckets[i] = NULL;
    }
    free_list(memory->unused);
    memory->unused = NULL;
}

/* ---- Words ----------------------------------------------------------------------------------- */

static const dq_raceblock *block_at(const dq_racememory *memory, uintptr_t address)
{
    for (unsigned i = 0; i < 512; i++) {
        for (const dq_raceblock *block = memory->buckets[i]; block != NULL; block = block->next) {
            if (address - block->address < block->bytes) {
                return block;
            }
        }
    }
    return NULL;
}

const dq_raceblock *dq_racememory_freed(const dq_racememory *memory, uintptr_t address)
{
    for (unsigned i = 0; i < DQ_RACE_FREED; i++) {
        if (address - memory->freed[i].address < memory->freed[i].bytes) {
            return &memory->freed[i];
        }
    }
    return NULL;
}

static void name_block(const dq_raceblock *block, bool is_freed, uintptr_t address, char *text,
                       size_t bytes)
{
    char tag[5];

    for (unsigned i = 0; i < 4; i++) {
        const char letter = (char)(block->tag >> (8 * i));

        tag[i] = letter >= ' ' && letter <= '~' ? letter : '.';
    }
    tag[4] = '\0';
    snprintf(text, bytes, "%spool block '%s'+%" PRIu64, is_freed ? "freed " : "", tag,
             (uint64_t)(address - block->address));
}

static const dq_task *stack_at(const dq_machine *machine, uintptr_t address)
{
    for (const dq_task *task = machine->tasks; task != NULL; task = task->next) {
        if (address - (uintptr_t)task->context.stack < task->context.stack_bytes) {
            return task;
        }
    }
    return NULL;
}

static bool name_own(dq_machine *machine, uintptr_t address, dq_memory_name *name)
{
    return machine->name_memory != NULL &&
           machine->name_memory(machine, (const void *)address, name);
}

const char *dq_racememory_name(const dq_racememory *memory, dq_machine *machine,
                               uintptr_t address, char *text, size_t bytes)
{
    dq_memory_name own;
    const dq_raceblock *block = memory != NULL ? block_at(memory, address) : NULL;
    const dq_raceblock *freed = memory != NULL ? dq_racememory_freed(memory, address) : NULL;
    const dq_task *task = stack_at(machine, address);
    host_symbol symbol;
    char who[96];

    if (name_own(machine, address, &own)) {
        snprintf(text, bytes, "%s", own.text);
    } else if (block != NULL) {
        name_block(block, false, address, text, bytes);
    } else if (freed != NULL) {
        name_block(freed, true, address, text, bytes);
    } else if (task != NULL) {
        snprintf(text, bytes, "the stack of %s",
                 dq_execution_describe(&task->execution, who, sizeof(who)));
    } else if (host_symbol_find_data((const void *)address, &symbol)) {
        if (symbol.offset != 0) {
            snprintf(text, bytes, "`%s`+%zu", symbol.function, symbol.offset);
        } else {
            snprintf(text, bytes, "`%s`", symbol.function);
        }
    } else {
        snprintf(text, bytes, "address 0x%" PRIxPTR, address);
    }
    return text;
}

const char *dq_racememory_describe(const dq_racememory *memory, dq_machine *machine,
                                   uintptr_t address, char *text, size_t bytes)
{
    const dq_raceblock *block = block_at(memory, address);
    char place[PLACE_TEXT];
    dq_memory_name own;
    size_t used;

    if (name_own(machine, address, &own)) {
        snprintf(text, bytes, "%s%s%s", own.text, own.origin[0] != '\0' ? ", " : "", own.origin);
        return text;
    }
    dq_racememory_name(memory, machine, address, text, bytes);
    used = strlen(text);
    if (block != NULL) {
        snprintf(text + used, bytes - used, ", allocated by %s",
                 dq_place_describe(block->place, place, sizeof(place)));
    }
    return text;
}

const char *dq_racememory_advice(dq_machine *machine, uintptr_t address)
{
    dq_memory_name own;

    return name_own(machine, address, &own) ? own.advice : NULL;
}

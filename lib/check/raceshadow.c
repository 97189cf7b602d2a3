/*
 * raceshadow.c - pages of cells, and which access a cell forgets when it is full.
 */
#include "check/raceshadow.h"

#include <stdlib.h>
#include <string.h>

#include "sim/access.h"

enum { BUCKETS = 4096, CELL_SHIFT = 3, PAGE_SHIFT = 9 };

/* ---- Slots ----------------------------------------------------------------------------------- */

static void clear_slot(dq_raceshadow *shadow, dq_raceslot *slot)
{
    if (slot->mask != 0) {
        shadow->refs[slot->lane]--;
        slot->mask = 0;
    }
}

/* The bits of the cells in [from, to), which is not empty. */
static uint64_t bits_of(unsigned from, unsigned to)
{
    return UINT64_MAX << from & UINT64_MAX >> (DQ_RACE_CELLS - to);
}

static void clear_cells(dq_raceshadow *shadow, dq_racepage *page, unsigned from, unsigned to)
{
    for (uint64_t left = page->touched & bits_of(from, to); left != 0; left &= left - 1) {
        dq_racecell *cell = &page->cells[__builtin_ctzll(left)];

        for (unsigned s = 0; s < DQ_RACE_SLOTS; s++) {
            clear_slot(shadow, &cell->slots[s]);
        }
    }
    page->touched &= ~bits_of(from, to);
    page->freed &= ~bits_of(from, to);
}

/* True if whoever races with `old` races with `new`, too, as far as both are equally known to
 * others. */
static bool covers(const dq_raceslot *new, const dq_raceslot *old)
{
    const bool writes = (new->flags & DQ_ACCESS_WRITE) != 0 || (old->flags & DQ_ACCESS_WRITE) == 0;
    const bool plain = (new->flags & DQ_ACCESS_ATOMIC) == 0 || (old->flags & DQ_ACCESS_ATOMIC) != 0;

    return (old->mask & ~new->mask) == 0 && writes && plain && new->irql <= old->irql &&
           (new->only == DQ_RACE_ANYWHERE || new->only == old->only);
}

/* Activations of a kind that exclude each other say the same; the latest is enough. */
static bool is_alike(const dq_raceslot *new, const dq_raceslot *old)
{
    return new->base == old->base && new->base >= DQ_LEVEL_DISPATCH &&
           new->only != DQ_RACE_ANYWHERE;
}

/* NULL: it says nothing new. */
static dq_raceslot *slot_for(dq_raceshadow *shadow, dq_racecell *cell, const dq_raceslot *access,
                             bool (*is_ordered)(const void *, const dq_raceslot *),
                             const void *who)
{
    dq_raceslot *empty = NULL, *older = NULL;

    for (unsigned i = 0; i < DQ_RACE_SLOTS; i++) {
        dq_raceslot *slot = &cell->slots[i];

        if (slot->mask == 0) {
            empty = slot;
        } else if (slot->lane == access->lane && slot->epoch == access->epoch &&
                   covers(slot, access)) {
            return NULL;
        } else if (covers(access, slot)) {
            if (slot->lane == access->lane) {
                return slot;
            }
            if (is_ordered(who, slot) || is_alike(access, slot)) {
                older = slot;
            }
        }
    }
    if (empty == NULL && older == NULL) {
        older = &cell->slots[shadow->turn++ % DQ_RACE_SLOTS];
    }
    return empty != NULL ? empty : older;
}

void dq_raceshadow_store(dq_raceshadow *shadow, dq_racecell *cell, const dq_raceslot *access,
                         bool (*is_ordered)(const void *who, const dq_raceslot *slot),
                         const void *who)
{
    dq_raceslot *slot = slot_for(shadow, cell, access, is_ordered, who);

    if (slot != NULL) {
        clear_slot(shadow, slot);
        *slot = *access;
        shadow->refs[access->lane]++;
    }
}

/* ---- Pages ----------------------------------------------------------------------------------- */

static dq_racepage **bucket_of(const dq_raceshadow *shadow, uintptr_t number)
{
    return &shadow->buckets[((uint64_t)number * 0x9E3779B97F4A7C15u >> 40) % BUCKETS];
}

static dq_racepage *find(const dq_raceshadow *shadow, uintptr_t number)
{
    dq_racepage *page = *bucket_of(shadow, number);

    while (page != NULL && page->number != number) {
        page = page->next;
    }
    return page;
}

static void strike_off(dq_raceshadow *shadow, dq_racepage *page)
{
    dq_racepage **link = bucket_of(shadow, page->number);

    while (*link != page) {
        link = &(*link)->next;
    }
    *link = page->next;
    if (page->on_stack) {
        link = &shadow->on_stack;
        while (*link != page) {
            link = &(*link)->next_on_stack;
        }
        *link = page->next_on_stack;
    }
    if (shadow->latest == page) {
        shadow->latest = NULL;
    }
    clear_cells(shadow, page, 0, DQ_RACE_CELLS);
}

static dq_racepage *fresh_page(dq_raceshadow *shadow)
{
    dq_racepage *page;

    if (shadow->page_count < DQ_RACE_PAGES) {
        page = calloc(1, sizeof(*page));
        if (page != NULL) {
            shadow->pages[shadow->page_count++] = page;
        }
        return page;
    }
    page = shadow->pages[shadow->oldest];
    shadow->oldest = (shadow->oldest + 1) % DQ_RACE_PAGES;
    strike_off(shadow, page);
    return page;
}

static dq_racepage *make(dq_raceshadow *shadow, uintptr_t number)
{
    dq_racepage *page = fresh_page(shadow);
    dq_racepage **bucket = bucket_of(shadow, number);

    if (page == NULL) {
        return NULL;
    }
    page->number = number;
    page->next = *bucket;
    *bucket = page;
    page->on_stack = shadow->is_stack(shadow->owner, number << PAGE_SHIFT);
    if (page->on_stack) {
        page->next_on_stack = shadow->on_stack;
        shadow->on_stack = page;
    }
    return page;
}

dq_racecell *dq_raceshadow_cell(dq_raceshadow *shadow, uintptr_t address)
{
    const uintptr_t number = address >> PAGE_SHIFT;
    const unsigned cell = address >> CELL_SHIFT & (DQ_RACE_CELLS - 1);
    dq_racepage *page = shadow->latest;

    if (page == NULL || page->number != number) {
        page = find(shadow, number);
        if (page == NULL) {
            page = make(shadow, number);
        }
        if (page == NULL) {
            return NULL;
        }
        shadow->latest = page;
    }
    page->touched |= 1ull << cell;
    return &page->cells[cell];
}

/* ---- Forgetting ------------------------------------------------------------------------------ */

/* Whole cells, for memory that begins or ends in one is only partly new. */
static void clear_range(dq_raceshadow *shadow, dq_racepage *page, uintptr_t from, uintptr_t to)
{
    const uintptr_t start = page->number << PAGE_SHIFT;
    const uintptr_t end = start + ((uintptr_t)1 << PAGE_SHIFT);

    if (from < end && to > start) {
        clear_cells(shadow, page, from > start ? (unsigned)((from - start) >> CELL_SHIFT) : 0,
                    to < end ? (unsigned)((to - start + 7) >> CELL_SHIFT) : DQ_RACE_CELLS);
    }
}

void dq_raceshadow_forget(dq_raceshadow *shadow, uintptr_t from, uintptr_t to)
{
    if (from >= to) {
        return;
    }
    if ((to - from) >> PAGE_SHIFT >= shadow->page_count) {
        for (unsigned i = 0; i < shadow->page_count; i++) {
            clear_range(shadow, shadow->pages[i], from, to);
        }
        return;
    }
    for (uintptr_t number = from >> PAGE_SHIFT; number <= (to - 1) >> PAGE_SHIFT; number++) {
        dq_racepage *page = find(shadow, number);

        if (page != NULL) {
            clear_range(shadow, page, from, to);
        }
    }
}

void dq_raceshadow_begin_stack(dq_raceshadow *shadow, uintptr_t from, uintptr_t to)
{
    dq_raceshadow_forget(shadow, from, to);
    for (unsigned i = 0; i < shadow->page_count; i++) {
        dq_racepage *page = shadow->pages[i];
        const uintptr_t start = page->number << PAGE_SHIFT;

        if (!page->on_stack && start >= from && start < to) {
            page->on_stack = true;
            page->next_on_stack = shadow->on_stack;
            shadow->on_stack = page;
        }
    }
}

void dq_raceshadow_forget_frames(dq_raceshadow *shadow, uintptr_t from, uintptr_t to)
{
    for (dq_racepage *page = shadow->on_stack; page != NULL; page = page->next_on_stack) {
        if (page->touched != 0) {
            clear_range(shadow, page, from, to);
        }
    }
}

void dq_raceshadow_sweep(dq_raceshadow *shadow, bool (*is_dead)(const void *owner, unsigned lane),
                         const void *owner)
{
    for (unsigned i = 0; i < shadow->page_count; i++) {
        dq_racepage *page = shadow->pages[i];

        for (unsigned s = 0; page->touched != 0 && s < DQ_RACE_CELLS * DQ_RACE_SLOTS; s++) {
            dq_raceslot *slot = &page->cells[s / DQ_RACE_SLOTS].slots[s % DQ_RACE_SLOTS];

            if (slot->mask != 0 && is_dead(owner, slot->lane)) {
                clear_slot(shadow, slot);
            }
        }
    }
}

const dq_racecell *dq_raceshadow_look(const dq_raceshadow *shadow, uintptr_t address)
{
    const dq_racepage *page = find(shadow, address >> PAGE_SHIFT);
    const unsigned cell = address >> CELL_SHIFT & (DQ_RACE_CELLS - 1);

    return page != NULL && (page->touched >> cell & 1) != 0 ? &page->cells[cell] : NULL;
}

void dq_raceshadow_free(dq_raceshadow *shadow, uintptr_t from, uintptr_t to)
{
    dq_raceshadow_forget(shadow, from, to);
    for (uintptr_t at = from; at < to; at += 1u << CELL_SHIFT) {
        if (dq_raceshadow_cell(shadow, at) == NULL) {
            return; /* Short of memory: what touches it is not found. */
        }
        shadow->latest->freed |= 1ull << (at >> CELL_SHIFT & (DQ_RACE_CELLS - 1));
    }
}

/* ---- Start and stop -------------------------------------------------------------------------- */

bool dq_raceshadow_start(dq_raceshadow *shadow,
                         bool (*is_stack)(const void *owner, uintptr_t address),
                         const void *owner)
{
    if (shadow->buckets != NULL) {
        return true;
    }
    shadow->is_stack = is_stack;
    shadow->owner = owner;
    shadow->buckets = calloc(BUCKETS, sizeof(*shadow->buckets));
    shadow->pages = calloc(DQ_RACE_PAGES, sizeof(*shadow->pages));
    return shadow->buckets != NULL && shadow->pages != NULL;
}

void dq_raceshadow_clear(dq_raceshadow *shadow)
{
    if (shadow->page_count == DQ_RACE_PAGES) {
        dq_raceshadow_stop(shadow); /* Which page is the oldest must not depend on what was. */
        return;
    }
    for (unsigned i = 0; i < shadow->page_count; i++) {
        clear_cells(shadow, shadow->pages[i], 0, DQ_RACE_CELLS);
    }
    shadow->turn = 0;
    shadow->latest = NULL;
}

void dq_raceshadow_stop(dq_raceshadow *shadow)
{
    for (unsigned i = 0; i < shadow->page_count; i++) {
        free(shadow->pages[i]);
    }
    free(shadow->pages);
    free(shadow->buckets);
    *shadow = (dq_raceshadow){ .buckets = NULL };
}

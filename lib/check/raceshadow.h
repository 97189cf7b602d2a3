/*
 * raceshadow.h - the latest accesses to each eight bytes of memory.
 *
 * A cell keeps a few accesses that differ in who, where in the cell, how, or at which IRQL. Pages
 * of cells are made as memory is touched; there is a limit, beyond which the oldest page is used
 * again. What is forgotten is a race not found, never one that is none.
 */
#ifndef DQ_CHECK_RACESHADOW_H
#define DQ_CHECK_RACESHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DQ_RACE_SLOTS = 4,
    DQ_RACE_CELLS = 64, /* Of a page, which has a bit for each. */
    DQ_RACE_PAGES = 8192,
    DQ_RACE_LANES = 512,
    DQ_RACE_ANYWHERE = 0xFF
};

/* One access. */
typedef struct dq_raceslot {
    const void *place;
    uint32_t epoch;
    uint16_t lane;
    uint8_t mask;  /* A bit for each byte of the cell; 0: nothing here. */
    uint8_t flags; /* DQ_ACCESS_READ, _WRITE, _ATOMIC. */
    uint8_t irql;
    uint8_t base; /* Level of the execution. */
    uint8_t only; /* The one processor that it can run on, or DQ_RACE_ANYWHERE. */
    uint8_t cpu;  /* The one that it ran on. */
} dq_raceslot;

typedef struct dq_racecell {
    dq_raceslot slots[DQ_RACE_SLOTS];
} dq_racecell;

typedef struct dq_racepage {
    uintptr_t number;
    uint64_t touched; /* A bit for each cell that may hold an access. */
    uint64_t freed;   /* The same of those that lie in freed memory. */
    bool on_stack;
    struct dq_racepage *next; /* In its bucket. */
    struct dq_racepage *next_on_stack;
    dq_racecell cells[DQ_RACE_CELLS];
} dq_racepage;

typedef struct dq_raceshadow {
    dq_racepage **buckets;
    dq_racepage **pages; /* In order of making, round and round. */
    unsigned page_count, oldest;
    dq_racepage *on_stack;
    dq_racepage *latest;
    unsigned turn;                 /* Whose slot goes next when none suggests itself. */
    uint32_t refs[DQ_RACE_LANES]; /* Slots that speak of each lane. */
    bool (*is_stack)(const void *owner, uintptr_t address);
    const void *owner;
} dq_raceshadow;

/* Does nothing if it was started before. */
bool dq_raceshadow_start(dq_raceshadow *shadow,
                         bool (*is_stack)(const void *owner, uintptr_t address),
                         const void *owner);
void dq_raceshadow_stop(dq_raceshadow *shadow);

/* Forgets all accesses; the pages stay. */
void dq_raceshadow_clear(dq_raceshadow *shadow);

/* The cell of `address`, made if need be. NULL when memory is short. */
dq_racecell *dq_raceshadow_cell(dq_raceshadow *shadow, uintptr_t address);

/* Remembers an access. `is_ordered` says whether a slot's access happened before it. */
void dq_raceshadow_store(dq_raceshadow *shadow, dq_racecell *cell, const dq_raceslot *access,
                         bool (*is_ordered)(const void *who, const dq_raceslot *slot),
                         const void *who);

/* The cell of `address`, or NULL: nobody has touched it. */
const dq_racecell *dq_raceshadow_look(const dq_raceshadow *shadow, uintptr_t address);

/* Memory is freed: all that touched it is forgotten, and nobody may until it begins anew. */
void dq_raceshadow_free(dq_raceshadow *shadow, uintptr_t from, uintptr_t to);

/* Whether an address lies in such memory; its cell must have been asked for last. */
static inline bool dq_raceshadow_is_freed(const dq_raceshadow *shadow, uintptr_t address)
{
    return (shadow->latest->freed >> (address / 8 % DQ_RACE_CELLS) & 1) != 0;
}

/* Memory begins anew. */
void dq_raceshadow_forget(dq_raceshadow *shadow, uintptr_t from, uintptr_t to);

/* It is a stack from now on. */
void dq_raceshadow_begin_stack(dq_raceshadow *shadow, uintptr_t from, uintptr_t to);

/* The same as dq_raceshadow_forget() for the part of a stack that is in use, or was, which is
 * faster. */
void dq_raceshadow_forget_frames(dq_raceshadow *shadow, uintptr_t from, uintptr_t to);

/* Forgets all accesses of lanes for which `is_dead` holds. */
void dq_raceshadow_sweep(dq_raceshadow *shadow, bool (*is_dead)(const void *owner, unsigned lane),
                         const void *owner);

#endif

/*
 * met.c - a hash table of buckets: a state lies in one of them.
 */
#include "explore/met.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUCKET = 4, /* Entries: a line of a host's cache. */
    ENTRIES_AT_FIRST = 1024,
    ENTRIES_MAX = 1 << 22, /* 64 MiB. */
    BOUNDS = 4
};

struct dq_met_entry {
    uint64_t state; /* 0: free. */
    uint16_t used[BOUNDS];
};

void dq_met_stop(dq_met *met)
{
    free(met->entries);
    *met = (dq_met){ 0 };
}

void dq_met_clear(dq_met *met)
{
    if (met->count > 0) {
        memset(met->entries, 0, met->capacity * sizeof(*met->entries));
        met->count = 0;
    }
}

static dq_met_entry *bucket_of(const dq_met *met, uint64_t state)
{
    return &met->entries[(size_t)(state % (met->capacity / BUCKET)) * BUCKET];
}

static void put(dq_met *met, const dq_met_entry *entry)
{
    dq_met_entry *bucket = bucket_of(met, entry->state);
    unsigned place = 0;

    while (place < BUCKET && bucket[place].state != 0) {
        place++;
    }
    met->count += place < BUCKET;
    bucket[place < BUCKET ? place : met->next++ % BUCKET] = *entry;
}

/* Short of memory, it stays as it is. */
static void enlarge(dq_met *met)
{
    const size_t capacity = met->capacity == 0 ? ENTRIES_AT_FIRST : 2 * met->capacity;
    dq_met larger = { .capacity = capacity };

    if (capacity > ENTRIES_MAX) {
        return;
    }
    larger.entries = calloc(capacity, sizeof(*larger.entries));
    if (larger.entries == NULL) {
        return;
    }
    for (size_t i = 0; i < met->capacity; i++) {
        if (met->entries[i].state != 0) {
            put(&larger, &met->entries[i]);
        }
    }
    free(met->entries);
    *met = larger;
}

static bool counts(const dq_bounds *limit, unsigned i)
{
    return limit->of[DQ_BOUND_PREEMPTION + i] != DQ_UNBOUNDED;
}

/* False: more than an entry can hold. */
static bool fill(dq_met_entry *entry, uint64_t state, const dq_bounds *used, const dq_bounds *limit)
{
    entry->state = state != 0 ? state : 1;
    for (unsigned i = 0; i < BOUNDS; i++) {
        const uint32_t value = used->of[DQ_BOUND_PREEMPTION + i];

        if (value > UINT16_MAX && counts(limit, i)) {
            return false;
        }
        entry->used[i] = (uint16_t)(value > UINT16_MAX ? UINT16_MAX : value);
    }
    return true;
}

static bool is_cheaper(const dq_met_entry *a, const dq_met_entry *b, const dq_bounds *limit)
{
    for (unsigned i = 0; i < BOUNDS; i++) {
        if (a->used[i] > b->used[i] && counts(limit, i)) {
            return false;
        }
    }
    return true;
}

bool dq_met_before(dq_met *met, uint64_t state, const dq_bounds *used, const dq_bounds *limit)
{
    dq_met_entry entry, *bucket;

    if (!fill(&entry, state, used, limit)) {
        return false;
    }
    if (2 * met->count >= met->capacity) {
        enlarge(met);
    }
    if (met->capacity == 0) {
        return false;
    }
    bucket = bucket_of(met, entry.state);
    for (unsigned i = 0; i < BUCKET; i++) {
        if (bucket[i].state != entry.state) {
            continue;
        }
        if (is_cheaper(&bucket[i], &entry, limit)) {
            return true;
        }
        if (is_cheaper(&entry, &bucket[i], limit)) {
            bucket[i] = entry;
            return false;
        }
    }
    put(met, &entry);
    return false;
}

/*
 * racesync.c - a hash table of objects. Neighbours in memory share a bucket, so that a range is
 * forgotten bucket by bucket.
 */
#include "check/racesync.h"

#include <stdlib.h>

enum { NEIGHBOURS_SHIFT = 6, BUCKETS_FIRST = 256 };

static size_t bucket_of(const dq_racesyncs *syncs, uintptr_t address)
{
    const uint64_t block = address >> NEIGHBOURS_SHIFT;

    return (size_t)(block * 0x9E3779B97F4A7C15u >> 32) & (syncs->bucket_count - 1);
}

dq_racesync *dq_racesync_find(const dq_racesyncs *syncs, uintptr_t address, dq_racesync_role role)
{
    dq_racesync *sync =
        syncs->bucket_count != 0 ? syncs->buckets[bucket_of(syncs, address)] : NULL;

    while (sync != NULL && (sync->address != address || sync->role != role)) {
        sync = sync->next;
    }
    return sync;
}

static bool grow(dq_racesyncs *syncs)
{
    const dq_racesyncs old = *syncs;
    const size_t wanted = old.bucket_count != 0 ? old.bucket_count * 2 : BUCKETS_FIRST;
    dq_racesync **buckets = calloc(wanted, sizeof(*buckets));

    if (buckets == NULL) {
        return false;
    }
    syncs->buckets = buckets;
    syncs->bucket_count = wanted;
    for (size_t i = 0; i < old.bucket_count; i++) {
        dq_racesync *sync = old.buckets[i];

        while (sync != NULL) {
            dq_racesync *next = sync->next;
            dq_racesync **bucket = &buckets[bucket_of(syncs, sync->address)];

            sync->next = *bucket;
            *bucket = sync;
            sync = next;
        }
    }
    free(old.buckets);
    return true;
}

/* Nothing was handed over through it. */
static dq_racesync *take(dq_racesyncs *syncs)
{
    dq_racesync *sync = syncs->unused;

    if (sync == NULL) {
        return calloc(1, sizeof(*sync));
    }
    syncs->unused = sync->next;
    dq_raceclock_clear(&sync->clock);
    return sync;
}

dq_racesync *dq_racesync_at(dq_racesyncs *syncs, uintptr_t address, dq_racesync_role role)
{
    dq_racesync *sync = dq_racesync_find(syncs, address, role);
    dq_racesync **bucket;

    if (sync != NULL) {
        return sync;
    }
    if (syncs->count >= syncs->bucket_count && !grow(syncs)) {
        return NULL;
    }
    sync = take(syncs);
    if (sync != NULL) {
        bucket = &syncs->buckets[bucket_of(syncs, address)];
        sync->address = address;
        sync->role = role;
        sync->next = *bucket;
        *bucket = sync;
        syncs->count++;
    }
    return sync;
}

static void forget_in(dq_racesyncs *syncs, size_t bucket, uintptr_t from, uintptr_t to)
{
    dq_racesync **link = &syncs->buckets[bucket];

    while (*link != NULL) {
        dq_racesync *sync = *link;

        if (sync->address < from || sync->address >= to) {
            link = &sync->next;
            continue;
        }
        *link = sync->next;
        sync->next = syncs->unused;
        syncs->unused = sync;
        syncs->count--;
    }
}

void dq_racesync_forget(dq_racesyncs *syncs, uintptr_t from, uintptr_t to)
{
    const uintptr_t size = (uintptr_t)1 << NEIGHBOURS_SHIFT;

    if (syncs->count == 0 || from >= to) {
        return;
    }
    if ((to - from) / size >= syncs->bucket_count) {
        for (size_t i = 0; i < syncs->bucket_count; i++) {
            forget_in(syncs, i, from, to);
        }
        return;
    }
    for (uintptr_t at = from & ~(size - 1); at < to; at += size) {
        forget_in(syncs, bucket_of(syncs, at), from, to);
    }
}

void dq_racesync_clear(dq_racesyncs *syncs)
{
    for (size_t i = 0; syncs->count > 0 && i < syncs->bucket_count; i++) {
        forget_in(syncs, i, 0, UINTPTR_MAX);
    }
}

void dq_racesync_free_all(dq_racesyncs *syncs)
{
    dq_racesync_clear(syncs);
    while (syncs->unused != NULL) {
        dq_racesync *sync = syncs->unused;

        syncs->unused = sync->next;
        dq_raceclock_free(&sync->clock);
        free(sync);
    }
    free(syncs->buckets);
    *syncs = (dq_racesyncs){ .buckets = NULL };
}

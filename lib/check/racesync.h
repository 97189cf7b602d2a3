/*
 * racesync.h - what was handed over through each object: a clock for each lock, event, DPC, thread,
 * or atomically accessed variable.
 *
 * None is ever forgotten while its memory lives: that would make races of what is none.
 */
#ifndef DQ_CHECK_RACESYNC_H
#define DQ_CHECK_RACESYNC_H

#include <stddef.h>

#include "check/raceclock.h"

/* One address can be several things at once. */
typedef enum dq_racesync_role {
    DQ_RACESYNC_ORDER,  /* Given, then taken. Of a lock: by its exclusive holders. */
    DQ_RACESYNC_SHARED, /* By its shared holders. */
    DQ_RACESYNC_START,  /* Of a thread: what its creator had done. */
    DQ_RACESYNC_ATOMIC  /* By atomic accesses. */
} dq_racesync_role;

typedef struct dq_racesync {
    uintptr_t address;
    dq_racesync_role role;
    dq_raceclock clock;
    struct dq_racesync *next;
} dq_racesync;

typedef struct dq_racesyncs {
    dq_racesync **buckets;
    size_t bucket_count, count;
    dq_racesync *unused;
} dq_racesyncs;

/* NULL if nothing was handed over there. */
dq_racesync *dq_racesync_find(const dq_racesyncs *syncs, uintptr_t address, dq_racesync_role role);

/* Makes it if need be. NULL when memory is short. */
dq_racesync *dq_racesync_at(dq_racesyncs *syncs, uintptr_t address, dq_racesync_role role);

/* The objects in this memory are gone, or begin anew. */
void dq_racesync_forget(dq_racesyncs *syncs, uintptr_t from, uintptr_t to);

/* All are gone. */
void dq_racesync_clear(dq_racesyncs *syncs);
void dq_racesync_free_all(dq_racesyncs *syncs);

#endif

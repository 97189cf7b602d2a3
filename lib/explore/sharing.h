/*
 * sharing.h - which memory more than one execution touches.
 *
 * Only before an access to such memory does it make a difference who goes on: any schedule that
 * switches elsewhere can be put in order so that it switches there, without a switch more. What is
 * shared is found out by running, and only grows; when it has grown, the pass is made again. When a
 * pass ends without, then also no schedule within its bounds shares anything else: the first access
 * that did would have been seen in the schedule put in order.
 *
 * Only memory counts that lies at the same address in each run: static data, the kernel's pool and
 * simulated stacks. All other is taken as shared.
 */
#ifndef DQ_SHARING_H
#define DQ_SHARING_H

#include "sim/machine.h"

typedef struct dq_cell dq_cell;

typedef struct dq_sharing {
    dq_cell *cells; /* A hash table by address. */
    size_t capacity, count;
    uint32_t run;
    bool grew; /* Since it was last set to false. */
    bool short_of_memory;
    /* True if `address` lies in static data that is the same for each run. */
    bool (*is_static)(void *owner, const void *address);
    void *owner;
    const dq_arena *arena;
} dq_sharing;

void dq_sharing_stop(dq_sharing *sharing);

void dq_sharing_begin_run(dq_sharing *sharing);

/* `cpu` is about to touch memory. True if that may be shared. */
bool dq_sharing_touch(dq_sharing *sharing, dq_processor *cpu, const void *address, size_t bytes,
                      unsigned flags);

#endif

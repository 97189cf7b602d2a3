/*
 * rwlock.h - what the graph of waits asks about an EX_SPIN_LOCK.
 */
#ifndef DQ_RWLOCK_H
#define DQ_RWLOCK_H

#include "ke/lockgraph.h"

static inline bool dq_rwlock_is_exclusive(dq_lock_api api)
{
    return api == DQ_LOCK_EXCLUSIVE || api == DQ_LOCK_EXCLUSIVE_DPC;
}

/* True if `holder` holds the EX_SPIN_LOCK in a way that keeps `want` out. */
bool dq_rwlock_is_blocked_by_hold(const dq_lock_want *want, const dq_processor *holder);

#endif

/*
 * lock.h - how a lock is taken: what the LOCK_* events carry, for checkers and the kernel alike.
 */
#ifndef DQ_LOCK_H
#define DQ_LOCK_H

/* `a` of LOCK_WAIT, LOCK_ACQUIRE and LOCK_RELEASE: the family of the routine that was called. */
typedef enum dq_lock_api {
    DQ_LOCK_SPIN,     /* KeAcquireSpinLock, RaiseToDpc, ForDpc: saves an IRQL. */
    DQ_LOCK_SPIN_DPC, /* AtDpcLevel, TryTo...: saves none. */
    DQ_LOCK_QUEUED,
    DQ_LOCK_QUEUED_DPC,
    DQ_LOCK_INTERRUPT,     /* By the kernel around an ISR, KeSynchronizeExecution,
                              KeAcquireInterruptSpinLock. */
    DQ_LOCK_EXINTERLOCKED, /* Inside an ExInterlocked routine. */
    DQ_LOCK_SHARED,        /* EX_SPIN_LOCK. */
    DQ_LOCK_SHARED_DPC,
    DQ_LOCK_EXCLUSIVE,
    DQ_LOCK_EXCLUSIVE_DPC,
    DQ_LOCK_MUTEX, /* From here on, who waits gives its processor away. */
    DQ_LOCK_FAST_MUTEX,
    DQ_LOCK_RESOURCE_SHARED, /* ERESOURCE. */
    DQ_LOCK_RESOURCE_EXCLUSIVE,
    DQ_LOCK_PUSH_SHARED, /* EX_PUSH_LOCK. */
    DQ_LOCK_PUSH_EXCLUSIVE,
    DQ_LOCK_PASSIVE_ISR, /* In place of a passive-level interrupt's lock. */
    DQ_LOCK_API_COUNT
} dq_lock_api;

/* `c` of LOCK_ACQUIRE: bits. A try never waits. A conversion turns a shared hold into an exclusive
 * one, or back. An unfair reader does not wait behind writers that wait. */
enum { DQ_LOCK_FLAG_TRY = 1, DQ_LOCK_FLAG_CONVERT = 2, DQ_LOCK_FLAG_UNFAIR = 4 };

/* True for those that a thread waits for, rather than a processor. */
static inline _Bool dq_lock_blocks(unsigned api)
{
    return api >= DQ_LOCK_MUTEX;
}

#endif

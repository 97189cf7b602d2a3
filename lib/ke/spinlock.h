/*
 * spinlock.h - taking and releasing a KSPIN_LOCK, whoever asks: executive, interrupt, queued,
 * ExInterlocked.
 *
 * The word holds 0 when free, else owner processor + 1 in its top byte and the place of acquisition
 * (a return address, 48 bits) below, so that a lock can always say who holds it. All functions: the
 * caller has raised to DISPATCH_LEVEL or above already; the processor does not change.
 */
#ifndef DQ_SPINLOCK_H
#define DQ_SPINLOCK_H

#include <wdm.h>

#include "sim/lock.h"
#include "sim/processor.h"

/* `old_irql` is for the event. `fifo`: first come, first served. A recursive acquisition is bug
 * check 0xF with both sites; a cycle of owners is a "deadlock" finding, at once. */
void dq_spinlock_acquire(dq_processor *cpu, PKSPIN_LOCK lock, dq_lock_api api, unsigned old_irql,
                         bool fifo, const void *place);
bool dq_spinlock_try(dq_processor *cpu, PKSPIN_LOCK lock, dq_lock_api api, const void *place);
/* Bug check 0x10 when nobody holds it. `new_irql` is for the event; the caller lowers. */
void dq_spinlock_release(dq_processor *cpu, PKSPIN_LOCK lock, dq_lock_api api, unsigned new_irql);

/* For executive locks. Raises to DISPATCH_LEVEL and returns the old IRQL; bug check
 * 0x9 from above. */
KIRQL dq_spinlock_raise(dq_processor *cpu);
/* Ends at `irql`, as the routines that release do; bug check 0xA if that is higher. */
void dq_spinlock_lower(dq_processor *cpu, unsigned irql);

/* Before a spin. Below DISPATCH_LEVEL the processor can be taken away, and then nobody spins: bug
 * check 0x8. */
void dq_spinlock_expect_dispatch(dq_processor *cpu);

static inline bool dq_spinlock_is_held_by(const KSPIN_LOCK *lock, const dq_processor *cpu)
{
    return (*lock >> 56) == cpu->number + 1u;
}

/* ---- Private part: the word ------------------------------------------------------------------ */

enum { DQ_SPINLOCK_OWNER_SHIFT = 56 };

static inline KSPIN_LOCK dq_spinlock_word(const dq_processor *cpu, const void *place)
{
    return ((KSPIN_LOCK)(cpu->number + 1u) << DQ_SPINLOCK_OWNER_SHIFT) |
           ((KSPIN_LOCK)(uintptr_t)place & (((KSPIN_LOCK)1 << 48) - 1));
}

/* -1 for a free lock. */
static inline int dq_spinlock_owner(KSPIN_LOCK word)
{
    return (int)(word >> DQ_SPINLOCK_OWNER_SHIFT) - 1;
}

static inline const void *dq_spinlock_place(KSPIN_LOCK word)
{
    return (const void *)(uintptr_t)(word & (((KSPIN_LOCK)1 << 48) - 1));
}

#endif

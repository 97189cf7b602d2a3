/*
 * rwlock.c - reader/writer spin locks (EX_SPIN_LOCK).
 *
 * The word: bits 0..15 readers, 16..23 writers that wait, 24..31 the writer's processor + 1. A
 * writer that waits keeps new readers out. A processor that holds the lock in any form and cannot
 * have it again waits for itself: bug check 0xF.
 */
#include "ke/rwlock.h"

#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/spinlock.h"
#include "ke/wrongobject.h"

#define COLD __attribute__((noinline, cold))

enum { READER = 1u, READERS = 0xFFFFu, WAITING_WRITER = 1u << 16, WAITING_WRITERS = 0xFFu << 16 };
enum { OWNER_SHIFT = 24 };

static uint32_t owner_bits(const dq_processor *cpu)
{
    return (cpu->number + 1u) << OWNER_SHIFT;
}

static bool exchange(PEX_SPIN_LOCK lock, uint32_t from, uint32_t to)
{
    LONG expected = (LONG)from;

    return __atomic_compare_exchange_n(lock, &expected, (LONG)to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static uint32_t word_of(PEX_SPIN_LOCK lock)
{
    return (uint32_t)__atomic_load_n(lock, __ATOMIC_RELAXED);
}

static void add(PEX_SPIN_LOCK lock, uint32_t change)
{
    __atomic_fetch_add(lock, (LONG)change, __ATOMIC_ACQ_REL);
}

static bool take_shared(PEX_SPIN_LOCK lock)
{
    uint32_t word = word_of(lock);

    while ((word & ~(uint32_t)READERS) == 0) {
        if (exchange(lock, word, word + READER)) {
            return true;
        }
        word = word_of(lock);
    }
    return false;
}

/* `waits`: the caller is one of the waiting writers, and no longer when it has the lock. */
static bool take_exclusive(dq_processor *cpu, PEX_SPIN_LOCK lock, bool waits)
{
    uint32_t word = word_of(lock);

    while ((word & ~(uint32_t)WAITING_WRITERS) == 0) {
        if (exchange(lock, word, word - (waits ? WAITING_WRITER : 0) + owner_bits(cpu))) {
            return true;
        }
        word = word_of(lock);
    }
    return false;
}

static bool take(dq_processor *cpu, PEX_SPIN_LOCK lock, dq_lock_api api, bool waits)
{
    return dq_rwlock_is_exclusive(api) ? take_exclusive(cpu, lock, waits) : take_shared(lock);
}

bool dq_rwlock_is_blocked_by_hold(const dq_lock_want *want, const dq_processor *holder)
{
    const dq_lock_hold *hold = dq_lockgraph_hold(holder, (const volatile LONG *)want->lock);

    return hold != NULL && (dq_rwlock_is_exclusive(want->api) || dq_rwlock_is_exclusive(hold->api));
}

/* ---- Who holds it ---------------------------------------------------------------------------- */

static void note_hold(dq_processor *cpu, PEX_SPIN_LOCK lock, dq_lock_api api, const void *place)
{
    dq_locks *locks = &dq_prcb_of(cpu)->locks;

    if (locks->holds == NULL) {
        locks->holds = dq_keep(cpu->machine, DQ_LOCK_HOLDS * sizeof(*locks->holds));
    }
    if (locks->holds == NULL) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "short of memory for the reader/writer spin locks that a processor holds");
        return;
    }
    if (locks->hold_count == DQ_LOCK_HOLDS) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "limit" },
                "A processor holds more than %d reader/writer spin locks at once.", DQ_LOCK_HOLDS);
        return;
    }
    locks->holds[locks->hold_count++] = (dq_lock_hold){ .lock = lock, .place = place, .api = api };
    cpu->locks_held++;
}

static void forget_hold(dq_processor *cpu, dq_lock_hold *hold)
{
    dq_locks *locks = &dq_prcb_of(cpu)->locks;

    locks->hold_count--;
    for (dq_lock_hold *at = hold; at < locks->holds + locks->hold_count; at++) {
        at[0] = at[1];
    }
    cpu->locks_held--;
}

/* ---- Taking and releasing -------------------------------------------------------------------- */

/* As in spinlock.c. */
static int expect_owner(dq_processor *cpu, PEX_SPIN_LOCK lock, const void *place)
{
    const int owner = (int)(word_of(lock) >> OWNER_SHIFT) - 1;

    if (owner >= (int)cpu->machine->processor_count) {
        dq_expect_not_freed(cpu, lock, place);
        return -1;
    }
    return owner;
}

static COLD void wait_for(dq_processor *cpu, PEX_SPIN_LOCK lock, dq_lock_api api, const void *place)
{
    const bool exclusive = dq_rwlock_is_exclusive(api);
    const dq_lock_hold *hold = dq_lockgraph_hold(cpu, lock);
    dq_lock_want want = { .lock = (const void *)lock, .api = api, .place = place };
    const int owner = expect_owner(cpu, lock, place);
    uint64_t ticket = 0;

    if (hold != NULL) {
        dq_lockgraph_recursion(cpu, lock, "a reader/writer spin lock", hold->place, place);
    }
    dq_spinlock_expect_dispatch(cpu);
    dq_emit(cpu, LOCK_WAIT, (const void *)lock, api, owner, 0);
    if (exclusive) {
        add(lock, WAITING_WRITER);
    }
    dq_lockgraph_wait_begin(cpu, &want);
    do {
        dq_lockgraph_check(cpu);
        dq_spin(cpu, (const void *)lock, &ticket);
    } while (!take(cpu, lock, api, exclusive));
    dq_lockgraph_wait_end(cpu, &want);
    dq_spin_done(cpu);
}

static KIRQL acquire(dq_service service, PEX_SPIN_LOCK lock, dq_lock_api api, bool raises,
                     const void *place)
{
    dq_processor *cpu = dq_enter(service, place, (const void *)lock, 0, 0, 0);
    DQ_LEAVES(cpu);
    KIRQL old_irql;

    if (cpu == NULL) {
        return PASSIVE_LEVEL;
    }
    old_irql = raises ? dq_spinlock_raise(cpu) : cpu->irql;
    if (!take(cpu, lock, api, false)) {
        wait_for(cpu, lock, api, place);
    }
    note_hold(cpu, lock, api, place);
    dq_emit(cpu, LOCK_ACQUIRE, (const void *)lock, api, old_irql, 0);
    return old_irql;
}

static LOGICAL try_acquire(dq_service service, PEX_SPIN_LOCK lock, dq_lock_api api,
                           const void *place)
{
    dq_processor *cpu = dq_enter(service, place, (const void *)lock, 0, 0, 0);
    DQ_LEAVES(cpu);

    if (cpu == NULL) {
        return FALSE;
    }
    dq_notice_tried(cpu->machine);
    if (!take(cpu, lock, api, false)) {
        (void)expect_owner(cpu, lock, place);
        dq_yield(cpu); /* Somebody who tries again and again lets the holder go on. */
        return FALSE;
    }
    note_hold(cpu, lock, api, place);
    dq_emit(cpu, LOCK_ACQUIRE, (const void *)lock, api, cpu->irql, DQ_LOCK_FLAG_TRY);
    return TRUE;
}

static void release(dq_service service, PEX_SPIN_LOCK lock, dq_lock_api api, bool lowers,
                    KIRQL old_irql, const void *place)
{
    dq_processor *cpu = dq_enter(service, place, (const void *)lock, old_irql, 0, 0);
    DQ_LEAVES(cpu);
    const bool exclusive = dq_rwlock_is_exclusive(api);
    dq_lock_hold *hold;

    if (cpu == NULL) {
        return;
    }
    dq_emit(cpu, LOCK_RELEASE, (const void *)lock, api, lowers ? old_irql : cpu->irql, 0);
    hold = dq_lockgraph_hold(cpu, lock);
    if (hold == NULL || dq_rwlock_is_exclusive(hold->api) != exclusive) {
        (void)expect_owner(cpu, lock, place);
        dq_bugcheck(cpu, SPIN_LOCK_NOT_OWNED, (uintptr_t)lock, 0, 0, 0,
                    "CPU%u releases a reader/writer spin lock that it does not hold%s.",
                    cpu->number,
                    hold == NULL ? ""
                    : exclusive  ? " exclusive"
                                 : " shared");
    }
    forget_hold(cpu, hold);
    add(lock, 0u - (exclusive ? owner_bits(cpu) : (uint32_t)READER));
    dq_spin_released(cpu, (const void *)lock);
    if (lowers) {
        dq_spinlock_lower(cpu, old_irql);
    }
}

/* ---- The services ---------------------------------------------------------------------------- */

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    return acquire(DQ_SERVICE_ExAcquireSpinLockShared, SpinLock, DQ_LOCK_SHARED, true,
                   DQ_CALL_PLACE);
}

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    return acquire(DQ_SERVICE_ExAcquireSpinLockExclusive, SpinLock, DQ_LOCK_EXCLUSIVE, true,
                   DQ_CALL_PLACE);
}

VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    acquire(DQ_SERVICE_ExAcquireSpinLockSharedAtDpcLevel, SpinLock, DQ_LOCK_SHARED_DPC, false,
            DQ_CALL_PLACE);
}

VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    acquire(DQ_SERVICE_ExAcquireSpinLockExclusiveAtDpcLevel, SpinLock, DQ_LOCK_EXCLUSIVE_DPC, false,
            DQ_CALL_PLACE);
}

LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    return try_acquire(DQ_SERVICE_ExTryAcquireSpinLockSharedAtDpcLevel, SpinLock,
                       DQ_LOCK_SHARED_DPC, DQ_CALL_PLACE);
}

LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    return try_acquire(DQ_SERVICE_ExTryAcquireSpinLockExclusiveAtDpcLevel, SpinLock,
                       DQ_LOCK_EXCLUSIVE_DPC, DQ_CALL_PLACE);
}

VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release(DQ_SERVICE_ExReleaseSpinLockShared, SpinLock, DQ_LOCK_SHARED, true, OldIrql,
            DQ_CALL_PLACE);
}

VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release(DQ_SERVICE_ExReleaseSpinLockExclusive, SpinLock, DQ_LOCK_EXCLUSIVE, true, OldIrql,
            DQ_CALL_PLACE);
}

VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    release(DQ_SERVICE_ExReleaseSpinLockSharedFromDpcLevel, SpinLock, DQ_LOCK_SHARED_DPC, false, 0,
            DQ_CALL_PLACE);
}

VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    release(DQ_SERVICE_ExReleaseSpinLockExclusiveFromDpcLevel, SpinLock, DQ_LOCK_EXCLUSIVE_DPC,
            false, 0, DQ_CALL_PLACE);
}

/* Succeeds for the only reader, if no writer waits. It is then released as what it has become, in
 * the form that it was acquired with. */
LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    dq_processor *cpu = dq_enter(DQ_SERVICE_ExTryConvertSharedSpinLockExclusive,
                                 __builtin_return_address(0), (const void *)SpinLock, 0, 0, 0);
    DQ_LEAVES(cpu);
    dq_lock_hold *hold;

    if (cpu == NULL) {
        return FALSE;
    }
    hold = dq_lockgraph_hold(cpu, SpinLock);
    if (hold == NULL || dq_rwlock_is_exclusive(hold->api)) {
        dq_bugcheck(cpu, SPIN_LOCK_NOT_OWNED, (uintptr_t)SpinLock, 0, 0, 0,
                    "CPU%u converts a reader/writer spin lock that it does not hold shared.",
                    cpu->number);
    }
    dq_notice_tried(cpu->machine);
    if (!exchange(SpinLock, READER, owner_bits(cpu))) {
        dq_yield(cpu);
        return FALSE;
    }
    hold->api = hold->api == DQ_LOCK_SHARED ? DQ_LOCK_EXCLUSIVE : DQ_LOCK_EXCLUSIVE_DPC;
    dq_emit(cpu, LOCK_ACQUIRE, (const void *)SpinLock, hold->api, cpu->irql, DQ_LOCK_FLAG_CONVERT);
    return TRUE;
}

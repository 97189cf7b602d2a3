/*
 * spinlock.c - executive spin locks: KeAcquireSpinLock and its forms.
 *
 * IRQL is raised first, then the lock is taken: a processor that spins has DPCs masked, but takes
 * device interrupts. The caller's old IRQL is written after the lock was taken, so that a variable
 * shared under one lock is safe. The short way needs no atomic access: whatever other processor
 * could interfere runs on the same host thread, or has made itself known in the attention word.
 */
#include "ke/spinlock.h"

#include <stdio.h>

#include "ke/ki.h"
#include "ke/lockgraph.h"
#include "ke/wrongobject.h"
#include "sim/access.h"
#include "sim/order.h"

#define COLD __attribute__((noinline, cold))
#define SLOW __attribute__((noinline))

/* In an exploration, each touch of a lock is ordered after the one before. */
static inline void say_touched(dq_processor *cpu, PKSPIN_LOCK lock)
{
    if (dq_order_is_kept(cpu->machine)) {
        dq_order_touch(cpu->machine, cpu->execution, lock, 1, true);
    }
}

/* ---- The lock itself ------------------------------------------------------------------------- */

static bool take(PKSPIN_LOCK lock, KSPIN_LOCK word)
{
    KSPIN_LOCK free_word = 0;

    return __atomic_load_n(lock, __ATOMIC_RELAXED) == 0 &&
           __atomic_compare_exchange_n(lock, &free_word, word, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

/* The processor that the word names; -1: none that there is, as in memory that was freed. */
static int expect_owner(dq_processor *cpu, PKSPIN_LOCK lock, const void *place)
{
    const int owner = dq_spinlock_owner(__atomic_load_n(lock, __ATOMIC_RELAXED));

    if (owner >= (int)cpu->machine->processor_count) {
        dq_expect_not_freed(cpu, lock, place);
        return -1;
    }
    return owner;
}

static void refuse_recursion(dq_processor *cpu, PKSPIN_LOCK lock, dq_lock_api api,
                             const void *place)
{
    const KSPIN_LOCK word = __atomic_load_n(lock, __ATOMIC_RELAXED);

    if (dq_spinlock_owner(word) == cpu->number) {
        dq_lockgraph_recursion(cpu, lock,
                               api == DQ_LOCK_INTERRUPT ? "an interrupt lock" : "a spin lock",
                               dq_spinlock_place(word), place);
    }
}

static COLD _Noreturn void refuse_release(dq_processor *cpu, PKSPIN_LOCK lock, int owner)
{
    char holder[16] = "nobody";

    if (owner >= 0) {
        snprintf(holder, sizeof(holder), "CPU%d", owner);
    }
    dq_bugcheck(cpu, SPIN_LOCK_NOT_OWNED, (uintptr_t)lock, 0, 0, 0,
                "CPU%u releases a spin lock that %s holds.", cpu->number, holder);
}

void dq_spinlock_expect_dispatch(dq_processor *cpu)
{
    if (cpu->irql < DISPATCH_LEVEL) {
        dq_bugcheck(cpu, IRQL_NOT_DISPATCH_LEVEL, cpu->irql, 0, 0, 0,
                    "%s waits for a spin lock at IRQL %u; that takes DISPATCH_LEVEL or more.",
                    dq_service_name(cpu->execution->service), cpu->irql);
    }
}

static COLD void wait_for(dq_processor *cpu, PKSPIN_LOCK lock, dq_lock_api api, bool fifo,
                          const void *place)
{
    dq_lock_want want = { .lock = lock, .api = api, .place = place };
    const int owner = expect_owner(cpu, lock, place);
    uint64_t ticket = 0;

    refuse_recursion(cpu, lock, api, place);
    dq_spinlock_expect_dispatch(cpu);
    dq_emit(cpu, LOCK_WAIT, lock, api, owner, 0);
    dq_lockgraph_wait_begin(cpu, &want);
    do {
        dq_lockgraph_check(cpu);
        dq_spin(cpu, lock, &ticket);
    } while ((fifo && dq_spin_is_behind(cpu, lock, ticket)) ||
             !take(lock, dq_spinlock_word(cpu, place)));
    dq_lockgraph_wait_end(cpu, &want);
    dq_spin_done(cpu);
}

void dq_spinlock_acquire(dq_processor *cpu, PKSPIN_LOCK lock, dq_lock_api api, unsigned old_irql,
                         bool fifo, const void *place)
{
    if (cpu->machine->choices.searcher != NULL) {
        (void)dq_access_by_own(cpu, lock, sizeof(*lock)); /* An ISR calls no service for it. */
    }
    say_touched(cpu, lock);
    if ((fifo && dq_spin_is_behind(cpu, lock, 0)) || !take(lock, dq_spinlock_word(cpu, place))) {
        wait_for(cpu, lock, api, fifo, place);
    }
    cpu->locks_held++;
    dq_emit(cpu, LOCK_ACQUIRE, lock, api, old_irql, 0);
}

bool dq_spinlock_try(dq_processor *cpu, PKSPIN_LOCK lock, dq_lock_api api, const void *place)
{
    dq_notice_tried(cpu->machine);
    say_touched(cpu, lock);
    if (!take(lock, dq_spinlock_word(cpu, place))) {
        (void)expect_owner(cpu, lock, place);
        return false;
    }
    cpu->locks_held++;
    dq_emit(cpu, LOCK_ACQUIRE, lock, api, cpu->irql, DQ_LOCK_FLAG_TRY);
    return true;
}

void dq_spinlock_release(dq_processor *cpu, PKSPIN_LOCK lock, dq_lock_api api, unsigned new_irql)
{
    int owner;

    say_touched(cpu, lock);
    dq_emit(cpu, LOCK_RELEASE, lock, api, new_irql, 0);
    owner = dq_spinlock_owner(__atomic_load_n(lock, __ATOMIC_RELAXED));
    if (owner != cpu->number) {
        (void)expect_owner(cpu, lock, NULL);
        refuse_release(cpu, lock, owner);
    }
    cpu->locks_held--;
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    dq_spin_released(cpu, lock);
}

KIRQL dq_spinlock_raise(dq_processor *cpu)
{
    const KIRQL old_irql = cpu->irql;

    if (old_irql > DISPATCH_LEVEL) {
        dq_bugcheck(cpu, IRQL_NOT_GREATER_OR_EQUAL, old_irql, DISPATCH_LEVEL, 0, 0,
                    "%s raises IRQL to DISPATCH_LEVEL, but IRQL is %u already.",
                    dq_service_name(cpu->execution->service), old_irql);
    }
    dq_irql_raise(cpu, DISPATCH_LEVEL);
    return old_irql;
}

void dq_spinlock_lower(dq_processor *cpu, unsigned irql)
{
    if (irql > cpu->irql) {
        dq_bugcheck(cpu, IRQL_NOT_LESS_OR_EQUAL, cpu->irql, irql, 0, 0,
                    "%s was asked to end at IRQL %u, which is higher than the current %u.",
                    dq_service_name(cpu->execution->service), irql, cpu->irql);
    }
    dq_irql_lower(cpu, irql);
}

/* ---- Initialising and testing ---------------------------------------------------------------- */

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    DQ_ENTER(KeInitializeSpinLock, SpinLock, 0, 0, 0, DQ_VOID);
    dq_emit(cpu, LOCK_INIT, SpinLock, 0, 0, 0);
    *SpinLock = 0;
}

BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    DQ_ENTER(KeTestSpinLock, SpinLock, 0, 0, 0, FALSE);
    dq_notice_tried(cpu->machine);
    if (__atomic_load_n(SpinLock, __ATOMIC_RELAXED) != 0) {
        (void)expect_owner(cpu, SpinLock, DQ_CALL_PLACE);
        dq_yield(cpu); /* Somebody who polls for the lock lets its holder go on. */
    }
    return (BOOLEAN)(__atomic_load_n(SpinLock, __ATOMIC_ACQUIRE) == 0);
}

/* ---- Where sinks listen, and have nothing to say --------------------------------------------- */

static const uintptr_t owner_bits = (uintptr_t)0xFF << DQ_SPINLOCK_OWNER_SHIFT;

static inline bool take_told(dq_processor *cpu, dq_service service, PKSPIN_LOCK lock,
                             dq_lock_api api, const void *place)
{
    const dq_lock_call call = { .service = service,
                                .api = (uint8_t)api,
                                .irql = cpu->irql,
                                .lock = lock,
                                .mask = UINTPTR_MAX,
                                .place = place };

    if (cpu->irql > DISPATCH_LEVEL || !dq_enter_lock_call(cpu, &call)) {
        return false;
    }
    *lock = dq_spinlock_word(cpu, place);
    cpu->locks_held++;
    return true;
}

static inline bool release_told(dq_processor *cpu, dq_service service, PKSPIN_LOCK lock,
                                dq_lock_api api, KIRQL new_irql, const void *place)
{
    const dq_lock_call call = { .service = service,
                                .api = (uint8_t)api,
                                .irql = new_irql,
                                .releases = true,
                                .lock = lock,
                                .mask = owner_bits,
                                .word = dq_spinlock_word(cpu, NULL),
                                .place = place };

    if (new_irql > cpu->irql || !dq_enter_lock_call(cpu, &call)) {
        return false;
    }
    cpu->locks_held--;
    *lock = 0;
    return true;
}

/* ---- Acquire with a raise, release with a lowering ------------------------------------------- */

static SLOW KIRQL acquire_slowly(dq_service service, PKSPIN_LOCK lock, const void *place)
{
    dq_processor *cpu = dq_self;
    KIRQL old_irql = cpu->irql;

    if (take_told(cpu, service, lock, DQ_LOCK_SPIN, place)) {
        cpu->irql = DISPATCH_LEVEL;
        return old_irql;
    }
    cpu = dq_enter(service, place, lock, 0, 0, 0);
    DQ_LEAVES(cpu);
    if (cpu == NULL) {
        return PASSIVE_LEVEL;
    }
    old_irql = dq_spinlock_raise(cpu);
    dq_spinlock_acquire(cpu, lock, DQ_LOCK_SPIN, old_irql, false, place);
    return old_irql;
}

static inline KIRQL acquire(dq_service service, PKSPIN_LOCK lock, const void *place)
{
    dq_processor *cpu = dq_self;
    const KIRQL old_irql = cpu->irql;

    if (dq_must_look(cpu, old_irql) || old_irql > DISPATCH_LEVEL || *lock != 0) {
        return acquire_slowly(service, lock, place);
    }
    cpu->points++;
    cpu->irql = DISPATCH_LEVEL;
    *lock = dq_spinlock_word(cpu, place);
    cpu->locks_held++;
    return old_irql;
}

static SLOW void release_slowly(dq_service service, PKSPIN_LOCK lock, KIRQL new_irql,
                                const void *place)
{
    dq_processor *cpu = dq_self;

    if (release_told(cpu, service, lock, DQ_LOCK_SPIN, new_irql, place)) {
        cpu->irql = new_irql;
        return;
    }
    cpu = dq_enter(service, place, lock, new_irql, 0, 0);
    DQ_LEAVES(cpu);
    if (cpu != NULL) {
        dq_spinlock_release(cpu, lock, DQ_LOCK_SPIN, new_irql);
        dq_spinlock_lower(cpu, new_irql);
    }
}

static inline void release(dq_service service, PKSPIN_LOCK lock, KIRQL new_irql, const void *place)
{
    dq_processor *cpu = dq_self;

    if (dq_must_look(cpu, new_irql) || new_irql > cpu->irql || !dq_spinlock_is_held_by(lock, cpu) ||
        cpu->machine->spinners != 0) {
        release_slowly(service, lock, new_irql, place);
        return;
    }
    cpu->locks_held--;
    *lock = 0;
    cpu->irql = new_irql;
}

VOID NTAPI KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql)
{
    *OldIrql = acquire(DQ_SERVICE_KeAcquireSpinLock, SpinLock, DQ_CALL_PLACE);
}

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    return acquire(DQ_SERVICE_KeAcquireSpinLockRaiseToDpc, SpinLock, DQ_CALL_PLACE);
}

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    release(DQ_SERVICE_KeReleaseSpinLock, SpinLock, NewIrql, DQ_CALL_PLACE);
}

/* In a threaded DPC, IRQL is PASSIVE_LEVEL or, with threaded DPCs disabled, DISPATCH_LEVEL. */
KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    return acquire(DQ_SERVICE_KeAcquireSpinLockForDpc, SpinLock, DQ_CALL_PLACE);
}

VOID NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release(DQ_SERVICE_KeReleaseSpinLockForDpc, SpinLock, OldIrql, DQ_CALL_PLACE);
}

/* ---- At DISPATCH_LEVEL already --------------------------------------------------------------- */

static SLOW void acquire_at_dpc_slowly(PKSPIN_LOCK lock, const void *place)
{
    dq_processor *cpu = dq_self;

    if (take_told(cpu, DQ_SERVICE_KeAcquireSpinLockAtDpcLevel, lock, DQ_LOCK_SPIN_DPC, place)) {
        return;
    }
    cpu = dq_enter(DQ_SERVICE_KeAcquireSpinLockAtDpcLevel, place, lock, 0, 0, 0);
    DQ_LEAVES(cpu);
    if (cpu != NULL) {
        dq_spinlock_acquire(cpu, lock, DQ_LOCK_SPIN_DPC, cpu->irql, false, place);
    }
}

VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    dq_processor *cpu = dq_self;
    const void *place = DQ_CALL_PLACE;

    if (dq_must_look(cpu, cpu->irql) || *SpinLock != 0) {
        acquire_at_dpc_slowly(SpinLock, place);
        return;
    }
    cpu->points++;
    *SpinLock = dq_spinlock_word(cpu, place);
    cpu->locks_held++;
}

static SLOW void release_from_dpc_slowly(PKSPIN_LOCK lock, const void *place)
{
    dq_processor *cpu = dq_self;

    if (release_told(cpu, DQ_SERVICE_KeReleaseSpinLockFromDpcLevel, lock, DQ_LOCK_SPIN_DPC,
                     cpu->irql, place)) {
        return;
    }
    cpu = dq_enter(DQ_SERVICE_KeReleaseSpinLockFromDpcLevel, place, lock, 0, 0, 0);
    DQ_LEAVES(cpu);
    if (cpu != NULL) {
        dq_spinlock_release(cpu, lock, DQ_LOCK_SPIN_DPC, cpu->irql);
    }
}

VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    dq_processor *cpu = dq_self;

    if (dq_must_look(cpu, cpu->irql) || !dq_spinlock_is_held_by(SpinLock, cpu) ||
        cpu->machine->spinners != 0) {
        release_from_dpc_slowly(SpinLock, DQ_CALL_PLACE);
        return;
    }
    cpu->locks_held--;
    *SpinLock = 0;
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    DQ_ENTER(KeTryToAcquireSpinLockAtDpcLevel, SpinLock, 0, 0, 0, FALSE);
    if (dq_spinlock_try(cpu, SpinLock, DQ_LOCK_SPIN_DPC, DQ_CALL_PLACE)) {
        return TRUE;
    }
    dq_yield(cpu); /* Somebody who tries again and again lets the holder go on. */
    return FALSE;
}

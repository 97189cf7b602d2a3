/*
 * fastmutex.c - fast mutexes, and guarded mutexes, which have been the same since Windows 8.
 *
 * Count is 1 when free, 0 when owned, one less for each thread that waits; a release hands the
 * mutex to a waiter at once. An owner runs at APC_LEVEL, but for the Unsafe routines, whose
 * callers have disabled APCs themselves. For checkers a fast mutex is its Event: an acquisition
 * is a wait for it, a release its signal. For the order of locks it is the mutex itself.
 */
#include "ke/fastmutex.h"

#include "ke/apc.h"
#include "ke/initplace.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/spinlock.h"
#include "ke/waitreport.h"
#include "ke/waiters.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

/* ---- Who owns what --------------------------------------------------------------------------- */

dq_fast_hold **dq_fast_find(const dq_processor *cpu, const FAST_MUTEX *mutex)
{
    dq_fast_hold **link = &dq_kernel_of(cpu)->fast_mutexes.held;

    while (*link != NULL && (*link)->mutex != mutex) {
        link = &(*link)->next;
    }
    return link;
}

void dq_fast_forget(const dq_processor *cpu, dq_fast_hold **link)
{
    dq_fast_mutexes *mutexes = &dq_kernel_of(cpu)->fast_mutexes;
    dq_fast_hold *hold = *link;

    *link = hold->next;
    hold->next = mutexes->unused;
    mutexes->unused = hold;
}

static dq_fast_hold *new_hold(dq_processor *cpu)
{
    dq_fast_mutexes *mutexes = &dq_kernel_of(cpu)->fast_mutexes;
    dq_fast_hold *hold = mutexes->unused;

    if (hold != NULL) {
        mutexes->unused = hold->next;
        return hold;
    }
    hold = dq_keep(cpu->machine, sizeof(*hold));
    if (hold == NULL) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "short of memory for the owner of a fast mutex");
        dq_go_home(cpu);
    }
    return hold;
}

static void own(dq_processor *cpu, const dq_fast_call *c, uint8_t old_irql, unsigned flags)
{
    dq_thread *thread = dq_thread_current(cpu);
    dq_fast_hold *hold = new_hold(cpu);

    *hold = (dq_fast_hold){ .mutex = c->mutex,
                            .thread = thread,
                            .api = c->api,
                            .place = c->place,
                            .next = dq_kernel_of(cpu)->fast_mutexes.held };
    dq_kernel_of(cpu)->fast_mutexes.held = hold;
    c->mutex->Owner = thread;
    if (!dq_fast_is_unsafe(c->api)) {
        c->mutex->OldIrql = old_irql;
    }
    thread->guarded += c->api == DQ_FAST_GUARDED;
    dq_emit(cpu, LOCK_ACQUIRE, c->mutex, DQ_LOCK_FAST_MUTEX, old_irql, flags);
}

/* ---- Acquiring and releasing ----------------------------------------------------------------- */

/* Who owns it, for reports. */
static void tell_owner(dq_machine *machine, const dq_wait_matter *matter, dq_text *text)
{
    const dq_fast_hold *hold = *dq_fast_find(&machine->processors[0], matter->object);

    if (hold != NULL) {
        dq_waitreport_thread(machine, text, hold->thread, "owns it", hold->place);
    }
}

static dq_processor *wait_for(dq_processor *cpu, const dq_fast_call *c)
{
    const dq_wait_matter matter = {
        .what = dq_fast_is_guarded(c->api) ? "a guarded mutex" : "a fast mutex",
        .object = c->mutex,
        .made = dq_initplace_of(cpu->machine, &c->mutex->Event.Header),
        .tell = tell_owner,
    };
    dq_fast_mutexes *mutexes = &dq_kernel_of(cpu)->fast_mutexes;
    dq_fast_want want = { .mutex = c->mutex, .thread = dq_thread_current(cpu), .place = c->place };
    dq_fast_want **link = &mutexes->wants;

    dq_fast_check_deadlock(cpu, &want, c);
    dq_emit(cpu, LOCK_WAIT, c->mutex, DQ_LOCK_FAST_MUTEX, -1, 0);
    want.next = mutexes->wants;
    mutexes->wants = &want;
    c->mutex->Contention++;
    (void)dq_wait_for_matter(cpu, &c->mutex->Event, c->service, c->place, &matter);
    while (*link != &want) {
        link = &(*link)->next;
    }
    *link = want.next;
    return dq_self;
}

static void acquire(dq_processor *cpu, const dq_fast_call *c)
{
    const uint8_t old_irql = cpu->irql;

    dq_fast_check_acquire(cpu, c);
    if (!dq_fast_is_unsafe(c->api)) {
        dq_irql_raise(cpu, DQ_LEVEL_APC);
    }
    if (--c->mutex->Count == 0) {
        dq_emit(cpu, WAIT_BEGIN, &c->mutex->Event, DQ_WAIT_FOREVER, 1, 0);
        dq_emit(cpu, WAIT_END, &c->mutex->Event, STATUS_SUCCESS, 0, 0);
    } else {
        cpu = wait_for(cpu, c);
    }
    own(cpu, c, old_irql, 0);
}

static BOOLEAN try_to_acquire(dq_processor *cpu, const dq_fast_call *c)
{
    const uint8_t old_irql = cpu->irql;
    const bool is_free = c->mutex->Count == 1;

    dq_notice_tried(cpu->machine);
    dq_fast_check_acquire(cpu, c);
    dq_emit(cpu, WAIT_BEGIN, &c->mutex->Event, DQ_WAIT_POLL, 1, 0);
    dq_emit(cpu, WAIT_END, &c->mutex->Event, (uint32_t)(is_free ? STATUS_SUCCESS : STATUS_TIMEOUT),
            0, 0);
    if (!is_free) {
        dq_yield(cpu); /* Somebody who tries again and again lets the owner go on. */
        return FALSE;
    }
    dq_irql_raise(cpu, DQ_LEVEL_APC);
    c->mutex->Count = 0;
    own(cpu, c, old_irql, DQ_LOCK_FLAG_TRY);
    return TRUE;
}

static void release(dq_processor *cpu, const dq_fast_call *c)
{
    PFAST_MUTEX mutex = c->mutex;
    dq_thread *thread = dq_thread_current(cpu);
    dq_fast_hold **link;
    dq_fast_api api;

    dq_wait_expect(cpu, &mutex->Event.Header, 1u << DQ_TYPE_EVENT_SYNCHRONIZATION, c->service,
                   c->place);
    link = dq_fast_find(cpu, mutex);
    dq_fast_check_release(cpu, c, *link);
    dq_emit(cpu, LOCK_RELEASE, mutex, DQ_LOCK_FAST_MUTEX, cpu->irql, 0);
    dq_emit(cpu, SIGNAL, &mutex->Event, 0, 0, 0);
    api = (*link)->api;
    dq_fast_forget(cpu, link);
    thread->guarded -= api == DQ_FAST_GUARDED;
    dq_apc_switch(cpu, thread);
    mutex->Owner = NULL;
    if (++mutex->Count <= 0) {
        mutex->Event.Header.SignalState = 1;
        dq_wait_release(cpu->machine, &mutex->Event.Header);
    }
    if (!dq_fast_is_unsafe(api)) {
        dq_spinlock_lower(cpu, mutex->OldIrql);
    } else if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}

static void initialize(dq_processor *cpu, PFAST_MUTEX mutex, dq_service service, const void *place)
{
    dq_fast_hold **link = dq_fast_find(cpu, mutex);
    char held[PLACE_TEXT];

    if (*link != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "FastMutexHeld",
                               .page = dq_service_name(service),
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { 0x1005, (uintptr_t)mutex } },
                "%s of a %s that thread %s owns, acquired at %s", dq_service_name(service),
                dq_fast_name((*link)->api), (*link)->thread->name,
                dq_place_describe((*link)->place, held, sizeof(held)));
        dq_fast_forget(cpu, link);
    }
    dq_waiters_check_init(cpu, &mutex->Event.Header);
    mutex->Count = FM_LOCK_BIT;
    mutex->Owner = NULL;
    mutex->Contention = 0;
    mutex->OldIrql = PASSIVE_LEVEL;
    dq_wait_header_init(&mutex->Event.Header, DQ_TYPE_EVENT_SYNCHRONIZATION, 0);
    dq_initplace_set(cpu->machine, &mutex->Event.Header, place);
}

/* ---- Services -------------------------------------------------------------------------------- */

#define CALL(mutex_, api_, service_)                    \
    (&(dq_fast_call){ .mutex = (mutex_),                \
                      .api = DQ_FAST_##api_,            \
                      .service = DQ_SERVICE_##service_, \
                      .place = DQ_CALL_PLACE })

VOID NTAPI ExInitializeFastMutex(PFAST_MUTEX FastMutex)
{
    DQ_ENTER(ExInitializeFastMutex, FastMutex, FastMutex, 0, 0, DQ_VOID);
    initialize(cpu, FastMutex, DQ_SERVICE_ExInitializeFastMutex, DQ_CALL_PLACE);
}

VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    DQ_ENTER(ExAcquireFastMutex, FastMutex, FastMutex, 0, 0, DQ_VOID);
    acquire(cpu, CALL(FastMutex, SAFE, ExAcquireFastMutex));
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    DQ_ENTER(ExTryToAcquireFastMutex, FastMutex, FastMutex, 0, 0, FALSE);
    return try_to_acquire(cpu, CALL(FastMutex, SAFE, ExTryToAcquireFastMutex));
}

VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    DQ_ENTER(ExReleaseFastMutex, FastMutex, FastMutex, 0, 0, DQ_VOID);
    release(cpu, CALL(FastMutex, SAFE, ExReleaseFastMutex));
}

VOID NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    DQ_ENTER(ExAcquireFastMutexUnsafe, FastMutex, FastMutex, 0, 0, DQ_VOID);
    acquire(cpu, CALL(FastMutex, UNSAFE, ExAcquireFastMutexUnsafe));
}

VOID NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    DQ_ENTER(ExReleaseFastMutexUnsafe, FastMutex, FastMutex, 0, 0, DQ_VOID);
    release(cpu, CALL(FastMutex, UNSAFE, ExReleaseFastMutexUnsafe));
}

VOID NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    DQ_ENTER(KeInitializeGuardedMutex, Mutex, Mutex, 0, 0, DQ_VOID);
    initialize(cpu, Mutex, DQ_SERVICE_KeInitializeGuardedMutex, DQ_CALL_PLACE);
}

VOID NTAPI KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    DQ_ENTER(KeAcquireGuardedMutex, Mutex, Mutex, 0, 0, DQ_VOID);
    acquire(cpu, CALL(Mutex, GUARDED, KeAcquireGuardedMutex));
}

BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    DQ_ENTER(KeTryToAcquireGuardedMutex, Mutex, Mutex, 0, 0, FALSE);
    return try_to_acquire(cpu, CALL(Mutex, GUARDED, KeTryToAcquireGuardedMutex));
}

VOID NTAPI KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    DQ_ENTER(KeReleaseGuardedMutex, Mutex, Mutex, 0, 0, DQ_VOID);
    release(cpu, CALL(Mutex, GUARDED, KeReleaseGuardedMutex));
}

VOID NTAPI KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    DQ_ENTER(KeAcquireGuardedMutexUnsafe, Mutex, Mutex, 0, 0, DQ_VOID);
    acquire(cpu, CALL(Mutex, GUARDED_UNSAFE, KeAcquireGuardedMutexUnsafe));
}

VOID NTAPI KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    DQ_ENTER(KeReleaseGuardedMutexUnsafe, Mutex, Mutex, 0, 0, DQ_VOID);
    release(cpu, CALL(Mutex, GUARDED_UNSAFE, KeReleaseGuardedMutexUnsafe));
}

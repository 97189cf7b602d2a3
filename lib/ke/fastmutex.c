/*
 * fastmutex.c - fast mutexes, and guarded mutexes, which have been the same since Windows 8.
 *
 * Count is 1 when free, 0 when owned, one less for each thread that waits; a release hands the
 * mutex to a waiter at once. An owner runs at APC_LEVEL, but for the Unsafe routines, whose
 * callers have disabled APCs themselves. For checkers a fast mutex is its Event: an acquisition
 * is a wait for it, a release its signal. For the order of locks it is the mutex itself.
 */
#include "ke/fastmutex.h"

#include <stdio.h>

#include "ke/apc.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/spinlock.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160, CYCLE_MOST = 6 };

/* One call of a service. */
typedef struct call {
    PFAST_MUTEX mutex;
    dq_fast_api api;
    dq_service service;
    const void *place;
} call;

static bool is_unsafe(dq_fast_api api)
{
    return api == DQ_FAST_UNSAFE || api == DQ_FAST_GUARDED_UNSAFE;
}

static const char *name_of(dq_fast_api api)
{
    return api == DQ_FAST_SAFE || api == DQ_FAST_UNSAFE ? "fast mutex" : "guarded mutex";
}

static dq_fast_mutexes *mutexes_of(const dq_processor *cpu)
{
    return &dq_kernel_of(cpu)->fast_mutexes;
}

/* ---- Who owns what --------------------------------------------------------------------------- */

static dq_fast_hold **find_hold(const dq_processor *cpu, const FAST_MUTEX *mutex)
{
    dq_fast_hold **link = &mutexes_of(cpu)->held;

    while (*link != NULL && (*link)->mutex != mutex) {
        link = &(*link)->next;
    }
    return link;
}

static void forget(const dq_processor *cpu, dq_fast_hold **link)
{
    dq_fast_hold *hold = *link;

    *link = hold->next;
    hold->next = mutexes_of(cpu)->unused;
    mutexes_of(cpu)->unused = hold;
}

static dq_fast_hold *new_hold(dq_processor *cpu)
{
    dq_fast_mutexes *mutexes = mutexes_of(cpu);
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

static void own(dq_processor *cpu, const call *c, uint8_t old_irql, unsigned flags)
{
    dq_thread *thread = dq_thread_current(cpu);
    dq_fast_hold *hold = new_hold(cpu);

    *hold = (dq_fast_hold){ .mutex = c->mutex,
                            .thread = thread,
                            .api = c->api,
                            .place = c->place,
                            .next = mutexes_of(cpu)->held };
    mutexes_of(cpu)->held = hold;
    c->mutex->Owner = thread;
    if (!is_unsafe(c->api)) {
        c->mutex->OldIrql = old_irql;
    }
    thread->guarded += c->api == DQ_FAST_GUARDED;
    dq_emit(cpu, LOCK_ACQUIRE, c->mutex, DQ_LOCK_FAST_MUTEX, old_irql, flags);
}

/* ---- Deadlock -------------------------------------------------------------------------------- */

static const dq_fast_want *want_of(const dq_processor *cpu, const dq_thread *thread)
{
    const dq_fast_want *want = mutexes_of(cpu)->wants;

    while (want != NULL && want->thread != thread) {
        want = want->next;
    }
    return want;
}

static void report_recursion(dq_processor *cpu, const dq_fast_hold *hold, const call *c)
{
    char held[PLACE_TEXT], wanted[PLACE_TEXT];

    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "deadlock",
                           .page = dq_service_name(c->service),
                           .code = MUTEX_ALREADY_OWNED,
                           .parameters = { (uintptr_t)c->mutex, (uintptr_t)hold->thread },
                           .place = c->place },
            "thread %s waits for a %s that it owns itself: acquired at %s, wanted again at %s. It "
            "is not recursive, and nobody else can release it.",
            hold->thread->name, name_of(hold->api),
            dq_place_describe(hold->place, held, sizeof(held)),
            dq_place_describe(c->place, wanted, sizeof(wanted)));
}

static void report_cycle(dq_processor *cpu, const dq_fast_want **wants, unsigned length,
                         const call *c)
{
    char text[DQ_FINDING_TEXT - 100];
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < length && used < sizeof(text); i++) {
        const dq_fast_hold *hold = *find_hold(cpu, wants[i]->mutex);
        char held[PLACE_TEXT], wanted[PLACE_TEXT];

        used += (size_t)snprintf(
            text + used, sizeof(text) - used,
            " Thread %s waits at %s for mutex %c, which thread %s acquired at %s.",
            wants[i]->thread->name, dq_place_describe(wants[i]->place, wanted, sizeof(wanted)),
            'A' + (int)i, hold->thread->name, dq_place_describe(hold->place, held, sizeof(held)));
    }
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "deadlock",
                           .page = dq_service_name(c->service),
                           .place = c->place },
            "%u threads wait for each other's mutexes for ever.%s", length, text);
}

/* The thread of `want` is about to wait. It closes a cycle if the owners on the way from it wait,
 * down to itself. */
static void check_deadlock(dq_processor *cpu, const dq_fast_want *want, const call *c)
{
    const dq_fast_want *wants[CYCLE_MOST];
    unsigned length = 0;

    for (const dq_fast_want *at = want; at != NULL && length < CYCLE_MOST;) {
        const dq_fast_hold *hold = *find_hold(cpu, at->mutex);

        if (hold == NULL) {
            return; /* Released: a waiter has it, and only has to go on. */
        }
        wants[length++] = at;
        if (hold->thread == want->thread) {
            if (length == 1) {
                report_recursion(cpu, hold, c);
            } else {
                report_cycle(cpu, wants, length, c);
            }
            return;
        }
        at = want_of(cpu, hold->thread);
    }
}

/* ---- Rules ----------------------------------------------------------------------------------- */

/* The checker knows most of the IRQL rules; these remain without it. */
static void check_acquire(dq_processor *cpu, const call *c)
{
    dq_thread *thread = dq_thread_current(cpu);

    dq_wait_expect(cpu, &c->mutex->Event.Header, 1u << DQ_TYPE_EVENT_SYNCHRONIZATION, c->service,
                   c->place);
    if (cpu->irql > DQ_LEVEL_APC) {
        dq_bugcheck(cpu, KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL, (uintptr_t)thread,
                    (uintptr_t)c->mutex, cpu->irql, 0,
                    "%s at IRQL %u: a %s is acquired at IRQL <= APC_LEVEL",
                    dq_service_name(c->service), cpu->irql, name_of(c->api));
    }
    if (cpu->execution->kind == DQ_EXECUTION_THREADED_DPC) {
        dq_bugcheck(cpu, ATTEMPTED_SWITCH_FROM_DPC, (uintptr_t)thread, 0, 0, 0,
                    "%s in a threaded DPC: a DPC cannot wait", dq_service_name(c->service));
    }
}

static void check_apcs(dq_processor *cpu, const call *c, uint64_t subcode)
{
    const dq_thread *thread = dq_thread_current(cpu);

    if (is_unsafe(c->api) && cpu->irql < DQ_LEVEL_APC && thread->apc_disable <= 0 &&
        thread->guarded <= 0) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "FastMutexUnsafe",
                               .page = dq_service_name(c->service),
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { subcode, cpu->irql, (uint64_t)-thread->apc_disable,
                                               (uintptr_t)c->mutex },
                               .place = c->place },
                "%s at IRQL %u, with APCs enabled: it leaves it to its caller to keep them away",
                dq_service_name(c->service), cpu->irql);
    }
}

static _Noreturn void refuse_stranger(dq_processor *cpu, const call *c, const dq_fast_hold *hold)
{
    dq_thread *thread = dq_thread_current(cpu);
    char held[PLACE_TEXT];

    if (hold != NULL) {
        dq_bugcheck(cpu, KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE, (uintptr_t)thread,
                    (uintptr_t)c->mutex, 0, 0,
                    "%s by thread %s of a %s that thread %s owns (acquired at %s)",
                    dq_service_name(c->service), thread->name, name_of(hold->api),
                    hold->thread->name, dq_place_describe(hold->place, held, sizeof(held)));
    }
    dq_bugcheck(cpu, KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE, (uintptr_t)thread, (uintptr_t)c->mutex,
                0, 0, "%s by thread %s of a %s that nobody owns", dq_service_name(c->service),
                thread->name, name_of(c->api));
}

static void check_pair(dq_processor *cpu, const call *c, const dq_fast_hold *hold)
{
    static const char *const acquires[] = { "ExAcquireFastMutex", "ExAcquireFastMutexUnsafe",
                                            "KeAcquireGuardedMutex",
                                            "KeAcquireGuardedMutexUnsafe" };
    char held[PLACE_TEXT];

    if (hold->api != c->api) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "FastMutexRelease",
                               .page = dq_service_name(c->service),
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { 0x1009, (uintptr_t)c->mutex },
                               .place = c->place },
                "%s of a mutex that was acquired with %s, at %s", dq_service_name(c->service),
                acquires[hold->api], dq_place_describe(hold->place, held, sizeof(held)));
    }
}

/* A mutex that restores IRQL must be released before those that were acquired earlier. */
static void check_order(dq_processor *cpu, const call *c, const dq_fast_hold *hold)
{
    char held[PLACE_TEXT];

    if (is_unsafe(hold->api) || c->mutex->OldIrql >= DQ_LEVEL_APC) {
        return;
    }
    for (const dq_fast_hold *later = mutexes_of(cpu)->held; later != hold; later = later->next) {
        if (later->thread == hold->thread && !is_unsafe(later->api)) {
            dq_find(cpu,
                    &(dq_finding){
                        .severity = DQ_ERROR,
                        .rule = "FastMutexOrder",
                        .page = dq_service_name(c->service),
                        .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                        .parameters = { 0x1003, (uintptr_t)c->mutex, (uintptr_t)later->mutex },
                        .place = c->place },
                    "%s restores IRQL %u while the thread owns another %s, acquired later, at %s",
                    dq_service_name(c->service), (unsigned)c->mutex->OldIrql, name_of(later->api),
                    dq_place_describe(later->place, held, sizeof(held)));
            return;
        }
    }
}

void dq_fastmutex_thread_ends(dq_processor *cpu, dq_thread *thread)
{
    dq_fast_hold **link = &mutexes_of(cpu)->held;
    char held[PLACE_TEXT];

    while (*link != NULL) {
        const dq_fast_hold *hold = *link;

        if (hold->thread != thread) {
            link = &(*link)->next;
            continue;
        }
        dq_find(
            cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "FastMutexHeld",
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0x100A, (uintptr_t)hold->mutex, (uintptr_t)thread } },
            "thread %s ended while it owned a %s, acquired at %s: nobody else can release it",
            thread->name, name_of(hold->api), dq_place_describe(hold->place, held, sizeof(held)));
        forget(cpu, link);
    }
}

/* ---- Acquiring and releasing ----------------------------------------------------------------- */

static dq_processor *wait_for(dq_processor *cpu, const call *c)
{
    dq_fast_mutexes *mutexes = mutexes_of(cpu);
    dq_fast_want want = { .mutex = c->mutex, .thread = dq_thread_current(cpu), .place = c->place };
    dq_fast_want **link = &mutexes->wants;

    check_deadlock(cpu, &want, c);
    dq_emit(cpu, LOCK_WAIT, c->mutex, DQ_LOCK_FAST_MUTEX, -1, 0);
    want.next = mutexes->wants;
    mutexes->wants = &want;
    c->mutex->Contention++;
    (void)dq_wait_for(cpu, &c->mutex->Event, c->service, c->place);
    while (*link != &want) {
        link = &(*link)->next;
    }
    *link = want.next;
    return dq_self;
}

static void acquire(dq_processor *cpu, const call *c)
{
    const uint8_t old_irql = cpu->irql;

    check_acquire(cpu, c);
    check_apcs(cpu, c, 0x39);
    if (!is_unsafe(c->api)) {
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

static BOOLEAN try_to_acquire(dq_processor *cpu, const call *c)
{
    const uint8_t old_irql = cpu->irql;
    const bool is_free = c->mutex->Count == 1;

    check_acquire(cpu, c);
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

static void release(dq_processor *cpu, const call *c)
{
    PFAST_MUTEX mutex = c->mutex;
    dq_thread *thread = dq_thread_current(cpu);
    dq_fast_hold **link;
    dq_fast_api api;

    dq_wait_expect(cpu, &mutex->Event.Header, 1u << DQ_TYPE_EVENT_SYNCHRONIZATION, c->service,
                   c->place);
    link = find_hold(cpu, mutex);
    if (*link == NULL || (*link)->thread != thread) {
        refuse_stranger(cpu, c, *link);
    }
    check_pair(cpu, c, *link);
    check_apcs(cpu, c, 0x3A);
    check_order(cpu, c, *link);
    dq_emit(cpu, LOCK_RELEASE, mutex, DQ_LOCK_FAST_MUTEX, cpu->irql, 0);
    dq_emit(cpu, SIGNAL, &mutex->Event, 0, 0, 0);
    api = (*link)->api;
    forget(cpu, link);
    thread->guarded -= api == DQ_FAST_GUARDED;
    dq_apc_switch(cpu, thread);
    mutex->Owner = NULL;
    if (++mutex->Count <= 0) {
        mutex->Event.Header.SignalState = 1;
        dq_wait_release(cpu->machine, &mutex->Event.Header);
    }
    if (!is_unsafe(api)) {
        dq_spinlock_lower(cpu, mutex->OldIrql);
    } else if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}

static void initialize(dq_processor *cpu, PFAST_MUTEX mutex, dq_service service)
{
    dq_fast_hold **link = find_hold(cpu, mutex);
    char held[PLACE_TEXT];

    if (*link != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "FastMutexHeld",
                               .page = dq_service_name(service),
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { 0x1005, (uintptr_t)mutex } },
                "%s of a %s that thread %s owns, acquired at %s", dq_service_name(service),
                name_of((*link)->api), (*link)->thread->name,
                dq_place_describe((*link)->place, held, sizeof(held)));
        forget(cpu, link);
    }
    mutex->Count = FM_LOCK_BIT;
    mutex->Owner = NULL;
    mutex->Contention = 0;
    mutex->OldIrql = PASSIVE_LEVEL;
    dq_wait_header_init(&mutex->Event.Header, DQ_TYPE_EVENT_SYNCHRONIZATION, 0);
}

/* ---- Services -------------------------------------------------------------------------------- */

#define CALL(mutex_, api_, service_)            \
    (&(call){ .mutex = (mutex_),                \
              .api = DQ_FAST_##api_,            \
              .service = DQ_SERVICE_##service_, \
              .place = __builtin_return_address(0) })

VOID NTAPI ExInitializeFastMutex(PFAST_MUTEX FastMutex)
{
    DQ_ENTER(ExInitializeFastMutex, FastMutex, FastMutex, 0, 0, DQ_VOID);
    initialize(cpu, FastMutex, DQ_SERVICE_ExInitializeFastMutex);
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
    initialize(cpu, Mutex, DQ_SERVICE_KeInitializeGuardedMutex);
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

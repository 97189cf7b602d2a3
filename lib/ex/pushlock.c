/*
 * pushlock.c - push locks.
 *
 * A released lock is handed over at once when somebody waits. The pages promise no order among
 * those that want exclusive access, and say that a reader waits behind them: the first in order of
 * arrival goes, unless chosen otherwise, and all waiting readers go with a reader. The page of
 * shared acquisition lets a reader in again, as long as no writer waits; when one does, that reader
 * waits for itself.
 *
 * The pages give no IRQL. Who waits is a thread, with normal kernel APCs disabled: <= APC_LEVEL.
 */
#include "ex/pushlock.h"

#include <stdio.h>

#include "ex/executive.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/waitreport.h"
#include "ke/wrongobject.h"
#include "sim/lock.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160, LOCKED = 1 };

/* One call of a service. */
typedef struct call {
    PEX_PUSH_LOCK lock;
    bool exclusive;
    dq_service service;
    const void *place;
} call;

static dq_push_locks *locks_of(const dq_processor *cpu)
{
    return &dq_executive_of(cpu->machine)->push_locks;
}

static unsigned api_of(bool exclusive)
{
    return exclusive ? DQ_LOCK_PUSH_EXCLUSIVE : DQ_LOCK_PUSH_SHARED;
}

/* ---- Who owns what --------------------------------------------------------------------------- */

/* The hold of `thread`, or of anybody if that is NULL. */
static dq_push_hold **find_hold(const dq_processor *cpu, PEX_PUSH_LOCK lock,
                                const dq_thread *thread)
{
    dq_push_hold **link = &locks_of(cpu)->holds;

    while (*link != NULL &&
           ((*link)->lock != lock || (thread != NULL && (*link)->thread != thread))) {
        link = &(*link)->next;
    }
    return link;
}

static dq_push_wait **find_wait(const dq_processor *cpu, PEX_PUSH_LOCK lock)
{
    dq_push_wait **link = &locks_of(cpu)->waits;

    while (*link != NULL && (*link)->lock != lock) {
        link = &(*link)->next;
    }
    return link;
}

static unsigned count_waits(const dq_processor *cpu, PEX_PUSH_LOCK lock, bool exclusive)
{
    unsigned count = 0;

    for (const dq_push_wait *wait = locks_of(cpu)->waits; wait != NULL; wait = wait->next) {
        count += wait->lock == lock && wait->exclusive == exclusive;
    }
    return count;
}

static dq_push_hold *new_hold(dq_processor *cpu)
{
    dq_push_locks *locks = locks_of(cpu);
    dq_push_hold *hold = locks->unused;

    if (hold != NULL) {
        locks->unused = hold->next;
        return hold;
    }
    hold = dq_keep(cpu->machine, sizeof(*hold));
    if (hold == NULL) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "no memory for the owner of a push lock");
        dq_go_home(cpu);
    }
    return hold;
}

static void own(dq_processor *cpu, PEX_PUSH_LOCK lock, dq_thread *thread, bool exclusive,
                const void *place)
{
    dq_push_hold *hold = new_hold(cpu);

    *hold = (dq_push_hold){ .lock = lock,
                            .thread = thread,
                            .count = 1,
                            .exclusive = exclusive,
                            .place = place,
                            .next = locks_of(cpu)->holds };
    locks_of(cpu)->holds = hold;
    *lock = LOCKED;
}

static void forget(const dq_processor *cpu, dq_push_hold **link)
{
    dq_push_hold *hold = *link;

    *link = hold->next;
    hold->next = locks_of(cpu)->unused;
    locks_of(cpu)->unused = hold;
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void check_flags(dq_processor *cpu, PEX_PUSH_LOCK lock, ULONG flags, dq_service service)
{
    if (flags > EX_PUSH_LOCK_DISABLE_AUTO_BOOST) {
        dq_bugcheck(cpu, INVALID_PUSH_LOCK_FLAGS, flags, (uintptr_t)lock, 0, 0,
                    "%s with flags 0x%X: 0, 1 or 2 are valid", dq_service_name(service),
                    (unsigned)flags);
    }
}

static void accuse(dq_processor *cpu, const call *c, const char *rule, const char *what)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = rule,
                           .page = dq_service_name(c->service),
                           .place = c->place },
            "%s %s", dq_service_name(c->service), what);
}

static void check_call(dq_processor *cpu, const call *c)
{
    const dq_thread *thread = dq_thread_current(cpu);

    if (cpu->irql > DQ_LEVEL_APC) {
        dq_bugcheck(cpu, KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL, (uintptr_t)thread,
                    (uintptr_t)c->lock, cpu->irql, 0,
                    "%s at IRQL %u: a push lock is used at IRQL <= APC_LEVEL",
                    dq_service_name(c->service), cpu->irql);
    }
    if (cpu->irql < DQ_LEVEL_APC && thread->apc_disable <= 0 && thread->guarded <= 0) {
        accuse(cpu, c, "PushLockRegion", "was called with normal kernel APCs enabled");
    }
    if (*find_hold(cpu, c->lock, NULL) == NULL && *c->lock != 0) {
        dq_expect_not_freed_for(cpu, c->lock, dq_service_name(c->service), c->place);
        accuse(cpu, c, "PushLock",
               "was given a lock that was not initialised: nobody owns it, and its word is not 0");
        *c->lock = 0;
    }
}

static void check_recursion(dq_processor *cpu, const call *c)
{
    const dq_push_hold *own_hold = *find_hold(cpu, c->lock, dq_thread_current(cpu));
    char held[PLACE_TEXT], what[PLACE_TEXT + 160];

    if (own_hold == NULL) {
        return;
    }
    snprintf(what, sizeof(what), "waits for a push lock that its own thread has %s, since %s: %s",
             own_hold->exclusive ? "exclusively" : "shared",
             dq_place_describe(own_hold->place, held, sizeof(held)),
             c->exclusive || own_hold->exclusive
                 ? "it is not recursive"
                 : "a thread waits for exclusive access, and goes first");
    accuse(cpu, c, "deadlock", what);
    dq_go_home(cpu);
}

static dq_push_hold **check_release(dq_processor *cpu, const call *c)
{
    dq_thread *thread = dq_thread_current(cpu);
    dq_push_hold **link = find_hold(cpu, c->lock, thread);
    const dq_push_hold *other = *find_hold(cpu, c->lock, NULL);
    char held[PLACE_TEXT], what[PLACE_TEXT + 100];

    if (*link == NULL) {
        dq_expect_not_freed_for(cpu, c->lock, dq_service_name(c->service), c->place);
        dq_bugcheck(cpu, KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE, (uintptr_t)thread,
                    (uintptr_t)c->lock, 0, 0, "%s by thread %s of a push lock that %s%s",
                    dq_service_name(c->service), thread->name,
                    other == NULL ? "nobody owns" : "another thread owns, since ",
                    other == NULL ? "" : dq_place_describe(other->place, held, sizeof(held)));
    }
    if ((*link)->exclusive != c->exclusive) {
        snprintf(what, sizeof(what), "releases what was acquired %s, at %s",
                 (*link)->exclusive ? "for exclusive access" : "for shared access",
                 dq_place_describe((*link)->place, held, sizeof(held)));
        accuse(cpu, c, "PushLock", what);
    }
    return link;
}

void dq_pushlock_thread_ends(dq_processor *cpu, const dq_thread *thread)
{
    dq_push_hold **link = &locks_of(cpu)->holds;
    char held[PLACE_TEXT];

    while (*link != NULL) {
        const dq_push_hold hold = **link;

        if (hold.thread != thread) {
            link = &(*link)->next;
            continue;
        }
        forget(cpu, link);
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "PushLockHeld",
                               .code = KERNEL_LOCK_ENTRY_LEAKED_ON_THREAD_TERMINATION,
                               .parameters = { (uintptr_t)thread, (uintptr_t)hold.lock, 1 } },
                "thread %s ended while it owned a push lock, acquired at %s", thread->name,
                dq_place_describe(hold.place, held, sizeof(held)));
    }
}

void dq_pushlock_check_free(dq_processor *cpu, const void *base, size_t bytes)
{
    dq_push_hold **link = &locks_of(cpu)->holds;
    char held[PLACE_TEXT];

    while (*link != NULL) {
        const dq_push_hold hold = **link;

        if ((uintptr_t)hold.lock - (uintptr_t)base >= bytes) {
            link = &(*link)->next;
            continue;
        }
        forget(cpu, link);
        dq_find(
            cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "PushLockHeld",
                           .page = "wdm: ExFreePool",
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0x100B, (uintptr_t)hold.lock, (uintptr_t)hold.thread } },
            "a pool block is freed that holds a push lock, which thread %s acquired at %s and "
            "has not released",
            hold.thread->name, dq_place_describe(hold.place, held, sizeof(held)));
    }
}

/* ---- Letting in ------------------------------------------------------------------------------ */

static void grant(dq_processor *cpu, dq_push_wait **link)
{
    dq_push_wait *wait = *link;

    *link = wait->next;
    own(cpu, wait->lock, wait->thread, wait->exclusive, wait->place);
    dq_signal(cpu, &wait->granted);
}

static void grant_readers(dq_processor *cpu, PEX_PUSH_LOCK lock)
{
    dq_push_wait **link = &locks_of(cpu)->waits;

    while (*link != NULL) {
        if ((*link)->lock != lock || (*link)->exclusive) {
            link = &(*link)->next;
        } else {
            grant(cpu, link);
        }
    }
}

/* Which of the writers is left open, too. */
static void grant_writer(dq_processor *cpu, PEX_PUSH_LOCK lock)
{
    const unsigned writers = count_waits(cpu, lock, true);
    unsigned skip = 0;
    dq_push_wait **link = &locks_of(cpu)->waits;

    if (writers > 1 && dq_mode_chooses(cpu->machine->options.mode)) {
        skip = dq_choose(cpu, DQ_CHOICE_WAKE, writers);
    }
    for (;; link = &(*link)->next) {
        if ((*link)->lock == lock && (*link)->exclusive && skip-- == 0) {
            grant(cpu, link);
            return;
        }
    }
}

/* Nobody owns it any more. */
static void hand_over(dq_processor *cpu, PEX_PUSH_LOCK lock)
{
    const dq_push_wait *first = *find_wait(cpu, lock);
    bool writer;

    *lock = 0;
    if (first == NULL) {
        return;
    }
    writer = first->exclusive;
    if (count_waits(cpu, lock, !writer) > 0 && dq_mode_chooses(cpu->machine->options.mode) &&
        dq_choose(cpu, DQ_CHOICE_WAKE, 2) == 1) {
        writer = !writer;
    }
    if (writer) {
        grant_writer(cpu, lock);
    } else {
        grant_readers(cpu, lock);
    }
}

/* ---- Acquiring and releasing ----------------------------------------------------------------- */

static bool can_have(const dq_processor *cpu, const call *c)
{
    const dq_push_hold *hold = *find_hold(cpu, c->lock, NULL);

    if (hold == NULL) {
        return true;
    }
    return !c->exclusive && !hold->exclusive && count_waits(cpu, c->lock, true) == 0;
}

/* Who has it, and the writers that readers wait behind: for reports. */
static void tell_owners(dq_machine *machine, const dq_wait_matter *matter, dq_text *text)
{
    const dq_push_locks *locks = &dq_executive_of(machine)->push_locks;
    bool exclusive = false;

    for (const dq_push_hold *hold = locks->holds; hold != NULL; hold = hold->next) {
        if (hold->lock == matter->object) {
            exclusive = hold->exclusive;
            dq_waitreport_thread(machine, text, hold->thread,
                                 exclusive ? "owns it exclusively" : "owns it shared", hold->place);
        }
    }
    for (const dq_push_wait *wait = locks->waits; wait != NULL && !exclusive; wait = wait->next) {
        if (wait->lock == matter->object && wait->exclusive) {
            dq_waitreport_thread(machine, text, wait->thread, "waits for exclusive access",
                                 wait->place);
        }
    }
}

static dq_processor *wait_for(dq_processor *cpu, const call *c)
{
    const dq_wait_matter matter = {
        .what = c->exclusive ? "exclusive access to a push lock" : "shared access to a push lock",
        .object = c->lock,
        .tell = tell_owners,
    };
    dq_push_wait wait = { .lock = c->lock,
                          .thread = dq_thread_current(cpu),
                          .exclusive = c->exclusive,
                          .place = c->place };
    dq_push_wait **link = &locks_of(cpu)->waits;

    check_recursion(cpu, c);
    dq_wait_header_init(&wait.granted.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = &wait;
    dq_emit(cpu, LOCK_WAIT, c->lock, api_of(c->exclusive), -1, 0);
    (void)dq_wait_for_matter(cpu, &wait.granted, c->service, c->place, &matter);
    return dq_self;
}

static void acquire(dq_processor *cpu, const call *c)
{
    dq_push_hold *again;

    check_call(cpu, c);
    if (!can_have(cpu, c)) {
        cpu = wait_for(cpu, c);
    } else {
        again = *find_hold(cpu, c->lock, dq_thread_current(cpu));
        if (again != NULL) {
            again->count++;
            return;
        }
        own(cpu, c->lock, dq_thread_current(cpu), c->exclusive, c->place);
    }
    dq_emit(cpu, ORDER_TAKE, c->lock, !c->exclusive, 0, 0);
    dq_emit(cpu, LOCK_ACQUIRE, c->lock, api_of(c->exclusive), cpu->irql, 0);
}

static void release(dq_processor *cpu, const call *c)
{
    dq_push_hold **link;
    bool exclusive;

    check_call(cpu, c);
    link = check_release(cpu, c);
    if (--(*link)->count > 0) {
        return;
    }
    exclusive = (*link)->exclusive;
    dq_emit(cpu, ORDER_GIVE, c->lock, !exclusive, 0, 0);
    dq_emit(cpu, LOCK_RELEASE, c->lock, api_of(exclusive), cpu->irql, 0);
    forget(cpu, link);
    if (*find_hold(cpu, c->lock, NULL) == NULL) {
        hand_over(cpu, c->lock);
    }
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}

/* ---- Services -------------------------------------------------------------------------------- */

#define CALL(lock_, exclusive_, service_)       \
    (&(call){ .lock = (lock_),                  \
              .exclusive = (exclusive_),        \
              .service = DQ_SERVICE_##service_, \
              .place = DQ_CALL_PLACE })

VOID NTAPI ExInitializePushLock(PEX_PUSH_LOCK PushLock)
{
    const dq_push_hold *hold;
    char held[PLACE_TEXT], what[PLACE_TEXT + 80];

    DQ_ENTER(ExInitializePushLock, PushLock, PushLock, 0, 0, DQ_VOID);
    hold = *find_hold(cpu, PushLock, NULL);
    if (hold != NULL) {
        snprintf(what, sizeof(what), "of a lock that thread %s owns, since %s", hold->thread->name,
                 dq_place_describe(hold->place, held, sizeof(held)));
        forget(cpu, find_hold(cpu, PushLock, NULL));
        accuse(cpu, CALL(PushLock, false, ExInitializePushLock), "PushLockHeld", what);
    }
    *PushLock = 0;
}

VOID NTAPI ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK Lock, ULONG Flags)
{
    DQ_ENTER(ExAcquirePushLockExclusive, Lock, Lock, Flags, 0, DQ_VOID);
    check_flags(cpu, Lock, Flags, DQ_SERVICE_ExAcquirePushLockExclusive);
    acquire(cpu, CALL(Lock, true, ExAcquirePushLockExclusive));
}

VOID NTAPI ExAcquirePushLockSharedEx(PEX_PUSH_LOCK Lock, ULONG Flags)
{
    DQ_ENTER(ExAcquirePushLockShared, Lock, Lock, Flags, 0, DQ_VOID);
    check_flags(cpu, Lock, Flags, DQ_SERVICE_ExAcquirePushLockShared);
    acquire(cpu, CALL(Lock, false, ExAcquirePushLockShared));
}

VOID NTAPI ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK Lock, ULONG Flags)
{
    DQ_ENTER(ExReleasePushLockExclusive, Lock, Lock, Flags, 0, DQ_VOID);
    check_flags(cpu, Lock, Flags, DQ_SERVICE_ExReleasePushLockExclusive);
    release(cpu, CALL(Lock, true, ExReleasePushLockExclusive));
}

VOID NTAPI ExReleasePushLockSharedEx(PEX_PUSH_LOCK Lock, ULONG Flags)
{
    DQ_ENTER(ExReleasePushLockShared, Lock, Lock, Flags, 0, DQ_VOID);
    check_flags(cpu, Lock, Flags, DQ_SERVICE_ExReleasePushLockShared);
    release(cpu, CALL(Lock, false, ExReleasePushLockShared));
}

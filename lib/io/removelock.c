/*
 * removelock.c - remove locks, in the form of the checked build: each acquisition is remembered
 * with its tag, whatever size the driver says its lock has.
 *
 * A lock counts one more than its acquisitions until IoReleaseRemoveLockAndWait; whoever makes the
 * count zero lets that go on.
 */
#include "io/removelock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io/io.h"
#include "ke/initplace.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/waitreport.h"
#include "ke/wrongobject.h"
#include "sim/place.h"

static const uint64_t minute_ns = 60ull * 1000 * 1000 * 1000;

enum { TAGS_SHOWN = 4, TAG_TEXT = 200, PLACE_TEXT = 160 };

/* ---- What is known --------------------------------------------------------------------------- */

static dq_remove_lock *find(dq_machine *machine, const IO_REMOVE_LOCK *lock)
{
    const dq_io *io = dq_io_of(machine);
    dq_remove_lock *known = io != NULL ? io->remove_locks : NULL;

    while (known != NULL && known->lock != lock) {
        known = known->next;
    }
    return known;
}

void dq_remove_locks_forget(dq_machine *machine, const void *base, size_t bytes)
{
    dq_remove_lock **link = &dq_io_of(machine)->remove_locks;

    while (*link != NULL) {
        dq_remove_lock *known = *link;

        if ((uintptr_t)known->lock - (uintptr_t)base < bytes) {
            *link = known->next;
            dq_keep_drop(machine, known);
        } else {
            link = &known->next;
        }
    }
}

static dq_remove_hold **find_hold(dq_remove_lock *known, const void *tag)
{
    dq_remove_hold **link = &known->holds;

    while (*link != NULL && (*link)->tag != tag) {
        link = &(*link)->next;
    }
    return link;
}

/* `subcode` 0: the Driver Verifier has none for it. */
static void accuse(dq_processor *cpu, uint64_t subcode, const IO_REMOVE_LOCK *lock, const void *tag,
                   const char *what)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "RemoveLock",
                           .page = dq_service_name(cpu->execution->service),
                           .code = subcode != 0 ? DRIVER_VERIFIER_DETECTED_VIOLATION : 0,
                           .parameters = { subcode, (uintptr_t)lock, (uintptr_t)tag } },
            "%s %s", dq_service_name(cpu->execution->service), what);
}

/* NULL after a finding. */
static dq_remove_lock *check(dq_processor *cpu, const IO_REMOVE_LOCK *lock)
{
    dq_remove_lock *known = find(cpu->machine, lock);

    if (known == NULL) {
        dq_expect_not_freed(cpu, lock, NULL);
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "wrong object",
                               .page = "IoInitializeRemoveLock",
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { 0xE1, (uintptr_t)lock } },
                "%s was given a remove lock that was not initialised",
                dq_service_name(cpu->execution->service));
    }
    return known;
}

/* ---- Acquiring ------------------------------------------------------------------------------- */

static void hold(dq_processor *cpu, dq_remove_lock *known, void *tag, const char *file, ULONG line)
{
    dq_io *io = dq_io_of(cpu->machine);
    dq_remove_hold *made = io->unused_holds;

    if (made != NULL) {
        io->unused_holds = made->next;
    } else {
        made = dq_keep(cpu->machine, sizeof(*made));
        if (made == NULL) {
            dq_find_outside(cpu->machine, "memory", "no memory for the holder of a remove lock");
            return;
        }
    }
    *made = (dq_remove_hold){ .tag = tag,
                              .file = file,
                              .line = line,
                              .since_ns = cpu->machine->clock.now_ns,
                              .place = cpu->execution->place,
                              .next = known->holds };
    known->holds = made;
    if (++known->count > known->most && known->most != 0) {
        char what[120];

        snprintf(what, sizeof(what),
                 "acquires a remove lock for the %uth time at once: %u is "
                 "what IoInitializeRemoveLock was told",
                 known->count, (unsigned)known->most);
        accuse(cpu, 0, known->lock, tag, what);
    }
}

/* ---- Releasing ------------------------------------------------------------------------------- */

/* The tags that the lock is held with. Returns text. */
static const char *list_tags(const dq_remove_lock *known, char *text, size_t bytes)
{
    size_t used = (size_t)snprintf(text, bytes, "%s",
                                   known->holds == NULL ? "; nobody holds it" : "; it is held");
    unsigned shown = 0;

    for (const dq_remove_hold *h = known->holds; h != NULL && shown < TAGS_SHOWN && used < bytes;
         h = h->next, shown++) {
        const char *name = strrchr(h->file, '/');

        used += (size_t)snprintf(text + used, bytes - used, "%s with %p since %s:%u",
                                 shown > 0 ? "," : "", h->tag, name != NULL ? name + 1 : h->file,
                                 (unsigned)h->line);
    }
    return text;
}

static void accuse_tag(dq_processor *cpu, uint64_t subcode, const dq_remove_lock *known,
                       const void *tag)
{
    char tags[TAG_TEXT], what[TAG_TEXT + 80];

    snprintf(what, sizeof(what),
             "releases a remove lock with tag %p, with which it was not acquired%s", tag,
             list_tags(known, tags, sizeof(tags)));
    accuse(cpu, subcode, known->lock, tag, what);
}

static void check_time(dq_processor *cpu, const dq_remove_lock *known, const dq_remove_hold *held)
{
    const uint64_t held_ns = cpu->machine->clock.now_ns - held->since_ns;
    char what[160];

    if (known->limit_ns != 0 && held_ns > known->limit_ns) {
        snprintf(what, sizeof(what),
                 "releases a remove lock after %" PRIu64 " s: %" PRIu64
                 " minutes are what IoInitializeRemoveLock was told",
                 held_ns / 1000000000u, known->limit_ns / minute_ns);
        accuse(cpu, 0, known->lock, held->tag, what);
    }
}

/* False after a finding: the lock was not held like this. */
static bool let_go(dq_processor *cpu, dq_remove_lock *known, const void *tag, uint64_t subcode)
{
    dq_io *io = dq_io_of(cpu->machine);
    dq_remove_hold **link = find_hold(known, tag);
    dq_remove_hold *held = *link;

    if (held == NULL) {
        accuse_tag(cpu, subcode, known, tag);
        return false;
    }
    check_time(cpu, known, held);
    *link = held->next;
    held->next = io->unused_holds;
    io->unused_holds = held;
    known->count--;
    return true;
}

static void count_down(dq_processor *cpu, PIO_REMOVE_LOCK lock)
{
    dq_emit(cpu, ORDER_GIVE, lock, 0, 0, 0);
    if (--lock->Common.IoCount == 0) {
        dq_emit(cpu, SIGNAL, &lock->Common.RemoveEvent, 0, 0, 0);
        lock->Common.RemoveEvent.Header.SignalState = 1;
        dq_wait_release(cpu->machine, &lock->Common.RemoveEvent.Header);
    }
}

/* ---- Services -------------------------------------------------------------------------------- */

/* A lock whose memory was freed with it is a new one: nothing is left of its event. */
static bool is_alive(const IO_REMOVE_LOCK *lock)
{
    const LIST_ENTRY *waiters = &lock->Common.RemoveEvent.Header.WaitListHead;

    return waiters->Flink == waiters && lock->Common.IoCount >= 0;
}

static dq_remove_lock *make(dq_processor *cpu, PIO_REMOVE_LOCK lock)
{
    dq_io *io = dq_io_of(cpu->machine);
    dq_remove_lock *known = find(cpu->machine, lock);

    if (known == NULL) {
        known = io != NULL ? dq_keep(cpu->machine, sizeof(*known)) : NULL;
        if (known == NULL) {
            dq_find_outside(cpu->machine, "memory", "no memory for a remove lock");
            return NULL;
        }
        known->next = io->remove_locks;
        io->remove_locks = known;
    } else if (is_alive(lock)) {
        accuse(cpu, 0xD7, lock, NULL,
               "was given a remove lock that was initialised before: it lives and dies with its "
               "device");
    }
    return known;
}

VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes,
                                    ULONG HighWatermark, ULONG RemlockSize)
{
    dq_remove_lock *known;

    DQ_ENTER(IoInitializeRemoveLockEx, Lock, Lock, AllocateTag, RemlockSize, DQ_VOID);
    known = make(cpu, Lock);
    if (known == NULL) {
        return;
    }
    known->lock = Lock;
    known->most = HighWatermark;
    known->limit_ns = MaxLockedMinutes * minute_ns;
    known->count = 0;
    known->holds = NULL;
    Lock->Common.Removed = FALSE;
    Lock->Common.IoCount = 1;
    dq_wait_header_init(&Lock->Common.RemoveEvent.Header, DQ_TYPE_EVENT_SYNCHRONIZATION, 0);
    dq_initplace_set(cpu->machine, &Lock->Common.RemoveEvent.Header, DQ_CALL_PLACE);
}

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line,
                                     ULONG RemlockSize)
{
    dq_remove_lock *known;

    DQ_ENTER(IoAcquireRemoveLockEx, RemoveLock, RemoveLock, Tag, RemlockSize, STATUS_UNSUCCESSFUL);
    known = check(cpu, RemoveLock);
    if (known == NULL || RemoveLock->Common.Removed) {
        return STATUS_DELETE_PENDING;
    }
    RemoveLock->Common.IoCount++;
    hold(cpu, known, Tag, File, Line);
    return STATUS_SUCCESS;
}

VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    dq_remove_lock *known;

    DQ_ENTER(IoReleaseRemoveLockEx, RemoveLock, RemoveLock, Tag, RemlockSize, DQ_VOID);
    known = check(cpu, RemoveLock);
    if (known != NULL && let_go(cpu, known, Tag, 0xD5)) {
        count_down(cpu, RemoveLock);
        if (dq_must_look(cpu, cpu->irql)) {
            (void)dq_deliver(cpu);
        }
    }
}

/* With which tags it is still acquired, for reports. */
static void tell_holders(dq_machine *machine, const dq_wait_matter *matter, dq_text *text)
{
    const dq_remove_lock *known = find(machine, matter->object);
    unsigned shown = 0;

    for (const dq_remove_hold *h = known != NULL ? known->holds : NULL;
         h != NULL && shown < TAGS_SHOWN; h = h->next, shown++) {
        char place[PLACE_TEXT];

        dq_text_add(text, "\n    it is held with tag %p, since %s", h->tag,
                    dq_place_describe(h->place, place, sizeof(place)));
    }
}

VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    dq_remove_lock *known;
    dq_wait_matter matter = { .what = "the release of a remove lock",
                              .object = RemoveLock,
                              .tell = tell_holders };

    DQ_ENTER(IoReleaseRemoveLockAndWaitEx, RemoveLock, RemoveLock, Tag, RemlockSize, DQ_VOID);
    known = check(cpu, RemoveLock);
    if (known == NULL || !let_go(cpu, known, Tag, 0xD6)) {
        return;
    }
    RemoveLock->Common.Removed = TRUE;
    RemoveLock->Common.IoCount--;
    count_down(cpu, RemoveLock);
    matter.made = dq_initplace_of(cpu->machine, &RemoveLock->Common.RemoveEvent.Header);
    (void)dq_wait_for_matter(cpu, &RemoveLock->Common.RemoveEvent,
                             DQ_SERVICE_IoReleaseRemoveLockAndWaitEx, DQ_CALL_PLACE, &matter);
    dq_emit(dq_self, ORDER_TAKE, RemoveLock, 0, 0, 0);
}

/*
 * resourceowner.c - how an executive resource comes into somebody's hands, and out of them.
 *
 * Who waits is let in by whoever makes it possible: a released resource is never free while
 * somebody waits. The documents promise no order between readers and writers; the first in order of
 * arrival goes, unless chosen otherwise, and all waiting readers go with a reader, but those of
 * ExAcquireSharedWaitForExclusive: they go behind the writers that came before them. So neither
 * starves, but by ExAcquireSharedStarveExclusive.
 */
#include <stdio.h>

#include "ex/executive.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/waitreport.h"
#include "sim/lock.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160, OWNERS_SHOWN = 8 };

/* ---- What is known --------------------------------------------------------------------------- */

static dq_resource_owner **link_of(dq_resource *r, ERESOURCE_THREAD id)
{
    dq_resource_owner **link = &r->owners;

    while (*link != NULL && (*link)->id != id) {
        link = &(*link)->next;
    }
    return link;
}

const dq_resource_owner *dq_resource_owner_of(const dq_resource *r, ERESOURCE_THREAD id)
{
    const dq_resource_owner *owner = r->owners;

    while (owner != NULL && owner->id != id) {
        owner = owner->next;
    }
    return owner;
}

unsigned dq_resource_count_waits(const dq_resource *r, bool exclusive)
{
    unsigned count = 0;

    for (const dq_resource_wait *wait = r->waits; wait != NULL; wait = wait->next) {
        count += wait->exclusive == exclusive;
    }
    return count;
}

/* What a debugger would see. */
static void show(const dq_resource *r)
{
    SHORT owners = 0;

    for (const dq_resource_owner *owner = r->owners; owner != NULL; owner = owner->next) {
        owners++;
    }
    r->resource->ActiveCount = owners;
    r->resource->ActiveEntries = (ULONG)owners;
    r->resource->NumberOfSharedWaiters = dq_resource_count_waits(r, false);
    r->resource->NumberOfExclusiveWaiters = dq_resource_count_waits(r, true);
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void check_irql(dq_processor *cpu, const ERESOURCE *resource)
{
    if (cpu->irql > DQ_LEVEL_APC) {
        dq_bugcheck(cpu, KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL, dq_resource_me(cpu),
                    (uintptr_t)resource, cpu->irql, 0,
                    "%s at IRQL %u: a resource is acquired at IRQL <= APC_LEVEL",
                    dq_service_name(cpu->execution->service), cpu->irql);
    }
}

static void check_apcs(dq_processor *cpu, const ERESOURCE *resource, uint64_t subcode)
{
    const dq_thread *thread = dq_thread_current(cpu);

    if (cpu->irql < DQ_LEVEL_APC && thread->apc_disable <= 0 && thread->guarded <= 0) {
        dq_resource_accuse(cpu, "WithinCriticalRegion", subcode, cpu->irql,
                           (uint64_t)-(int64_t)thread->apc_disable, (uintptr_t)resource,
                           "was called with normal kernel APCs enabled");
    }
}

/* ---- Owning ---------------------------------------------------------------------------------- */

static dq_resource_owner *borrow(dq_processor *cpu)
{
    dq_resources *resources = &dq_executive_of(cpu->machine)->resources;
    dq_resource_owner *owner = resources->unused;

    if (owner != NULL) {
        resources->unused = owner->next;
        return owner;
    }
    owner = dq_keep(cpu->machine, sizeof(*owner));
    if (owner == NULL) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "no memory for the owner of a resource");
        dq_go_home(cpu);
    }
    return owner;
}

static void own(dq_processor *cpu, dq_resource *r, ERESOURCE_THREAD id, bool exclusive,
                const void *place)
{
    dq_resource_owner *owner = *link_of(r, id);

    if (owner != NULL) {
        owner->count++;
        return;
    }
    owner = borrow(cpu);
    *owner = (dq_resource_owner){ .id = id, .count = 1, .place = place, .next = r->owners };
    r->owners = owner;
    r->exclusive = exclusive;
    show(r);
}

static bool can_have(const dq_resource *r, ERESOURCE_THREAD id, dq_resource_access wanted)
{
    const bool owns = dq_resource_owner_of(r, id) != NULL;

    if (r->owners == NULL || (owns && r->exclusive)) {
        return true;
    }
    if (r->exclusive || wanted == DQ_EXCLUSIVE) {
        return false;
    }
    return wanted == DQ_SHARED_STARVE || (wanted == DQ_SHARED && owns) ||
           dq_resource_count_waits(r, true) == 0;
}

/* ---- Letting in ------------------------------------------------------------------------------ */

static void grant(dq_processor *cpu, dq_resource *r, dq_resource_wait **link)
{
    dq_resource_wait *wait = *link;

    *link = wait->next;
    own(cpu, r, wait->id, wait->exclusive, wait->place);
    show(r);
    dq_signal(cpu, &wait->granted);
}

/* NULL at the end: the first reader from `link` on that may be let in. */
static dq_resource_wait **next_reader(dq_resource_wait **link, bool *behind)
{
    while (*link != NULL && ((*link)->exclusive || (*behind && (*link)->behind_writers))) {
        *behind = *behind || (*link)->exclusive;
        link = &(*link)->next;
    }
    return *link != NULL ? link : NULL;
}

static bool lets_readers_in(dq_resource *r)
{
    bool behind = false;

    return next_reader(&r->waits, &behind) != NULL;
}

static void grant_readers(dq_processor *cpu, dq_resource *r)
{
    bool behind = false;
    dq_resource_wait **link = next_reader(&r->waits, &behind);

    while (link != NULL) {
        grant(cpu, r, link);
        link = next_reader(link, &behind);
    }
}

static void grant_writer(dq_processor *cpu, dq_resource *r)
{
    dq_resource_wait **link = &r->waits;

    while (!(*link)->exclusive) {
        link = &(*link)->next;
    }
    grant(cpu, r, link);
}

/* Nobody owns it any more. */
static void hand_over(dq_processor *cpu, dq_resource *r)
{
    bool writer;

    if (r->waits == NULL) {
        return;
    }
    writer = r->waits->exclusive;
    if (dq_mode_chooses(cpu->machine->options.mode) &&
        (writer ? lets_readers_in(r) : dq_resource_count_waits(r, true) > 0) &&
        dq_choose(cpu, DQ_CHOICE_WAKE, 2) == 1) {
        writer = !writer;
    }
    if (writer) {
        grant_writer(cpu, r);
    } else {
        grant_readers(cpu, r);
    }
}

/* ---- For sinks ------------------------------------------------------------------------------- */

static unsigned api_of(bool exclusive)
{
    return exclusive ? DQ_LOCK_RESOURCE_EXCLUSIVE : DQ_LOCK_RESOURCE_SHARED;
}

/* The thread owns it from now on. */
static void tell_acquired(dq_processor *cpu, const dq_resource *r, dq_resource_access wanted,
                          bool wait)
{
    const unsigned flags = (wait ? 0u : DQ_LOCK_FLAG_TRY) |
                           (wanted == DQ_SHARED_STARVE ? DQ_LOCK_FLAG_UNFAIR : 0u);

    dq_emit(cpu, LOCK_ACQUIRE, r->resource, api_of(wanted == DQ_EXCLUSIVE), cpu->irql, flags);
}

/* `id` owns it no more. Of a pointer in place of a thread this was told when it took over. */
static void tell_released(dq_processor *cpu, const dq_resource *r, ERESOURCE_THREAD id)
{
    if ((id & 3) == 0) {
        dq_emit(cpu, LOCK_RELEASE, r->resource, api_of(r->exclusive), cpu->irql, 0);
    }
}

/* ---- Acquiring ------------------------------------------------------------------------------- */

/* Its own shared access would have to be released first. */
static void check_upgrade(dq_processor *cpu, dq_resource *r, dq_resource_access wanted)
{
    const dq_resource_owner *owner = dq_resource_owner_of(r, dq_resource_me(cpu));
    char what[PLACE_TEXT + 120], place[PLACE_TEXT];

    if (owner != NULL && wanted == DQ_EXCLUSIVE) {
        snprintf(what, sizeof(what),
                 "waits for exclusive access to a resource that its own thread has shared, since "
                 "%s: that access must be released first",
                 dq_place_describe(owner->place, place, sizeof(place)));
        dq_resource_accuse(cpu, "deadlock", 0x1000, (uintptr_t)r->resource, 0, 0, what);
    }
}

/* Who has it, and the writers that who wants shared access waits behind: for reports. */
static void tell_owners(dq_machine *machine, const dq_wait_matter *matter, dq_text *text)
{
    const dq_resource *r = matter->known;
    unsigned shown = 0;

    for (const dq_resource_owner *owner = r->owners; owner != NULL && shown < OWNERS_SHOWN;
         owner = owner->next, shown++) {
        const char *how = r->exclusive ? "owns it exclusively" : "owns it shared";

        if ((owner->id & 3) == 0) {
            dq_waitreport_thread(machine, text, (const void *)owner->id, how, owner->place);
        } else {
            dq_text_add(text, "\n    it is owned in the name of %p (ExSetResourceOwnerPointer)",
                        (const void *)owner->id);
        }
    }
    for (const dq_resource_wait *wait = r->waits; wait != NULL && !r->exclusive;
         wait = wait->next) {
        if (wait->exclusive) {
            dq_waitreport_thread(machine, text, (const void *)wait->id,
                                 "waits for exclusive access", wait->place);
        }
    }
}

static void wait_for(dq_processor *cpu, dq_resource *r, dq_resource_access wanted,
                     const void *place)
{
    const dq_wait_matter matter = {
        .what = wanted == DQ_EXCLUSIVE ? "exclusive access to a resource"
                                       : "shared access to a resource",
        .object = r->resource,
        .made = r->place,
        .tell = tell_owners,
        .known = r,
    };
    dq_resource_wait wait = { .id = dq_resource_me(cpu),
                              .exclusive = wanted == DQ_EXCLUSIVE,
                              .behind_writers = wanted == DQ_SHARED_WAIT,
                              .place = place };
    dq_resource_wait **link = &r->waits;

    check_upgrade(cpu, r, wanted);
    dq_wait_header_init(&wait.granted.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = &wait;
    r->resource->ContentionCount++;
    show(r);
    dq_emit(cpu, LOCK_WAIT, r->resource, api_of(wait.exclusive), -1,
            wanted == DQ_SHARED_STARVE ? DQ_LOCK_FLAG_UNFAIR : 0);
    (void)dq_wait_for_matter(cpu, &wait.granted, cpu->execution->service, place, &matter);
}

bool dq_resource_acquire(dq_processor *cpu, dq_resource *r, dq_resource_access wanted, bool wait,
                         const void *place)
{
    const bool owned = dq_resource_owner_of(r, dq_resource_me(cpu)) != NULL;

    check_irql(cpu, r->resource);
    check_apcs(cpu, r->resource, 0x37);
    if (can_have(r, dq_resource_me(cpu), wanted)) {
        own(cpu, r, dq_resource_me(cpu), wanted == DQ_EXCLUSIVE, place);
        dq_emit(cpu, ORDER_TAKE, r->resource, wanted != DQ_EXCLUSIVE, 0, 0);
        if (!owned) {
            tell_acquired(cpu, r, wanted, wait);
        }
        return true;
    }
    if (!wait) {
        (void)dq_yield(cpu); /* Somebody who tries again and again lets the owner go on. */
        return false;
    }
    wait_for(cpu, r, wanted, place);
    cpu = dq_self;
    dq_emit(cpu, ORDER_TAKE, r->resource, wanted != DQ_EXCLUSIVE, 0, 0);
    if (!owned) {
        tell_acquired(cpu, r, wanted, true);
    }
    return true;
}

/* ---- Releasing ------------------------------------------------------------------------------- */

static dq_resource_owner **check_owner(dq_processor *cpu, dq_resource *r, ERESOURCE_THREAD id)
{
    dq_resource_owner **link = link_of(r, id);
    char place[PLACE_TEXT];

    if (*link == NULL) {
        dq_bugcheck(cpu, RESOURCE_NOT_OWNED, (uintptr_t)r->resource, id, (uintptr_t)r->owners, 0,
                    "%s of a resource that is %s%s", dq_service_name(cpu->execution->service),
                    r->owners == NULL ? "free" : "owned by another thread, since ",
                    r->owners == NULL ? ""
                                      : dq_place_describe(r->owners->place, place, sizeof(place)));
    }
    return link;
}

static void drop(dq_processor *cpu, dq_resource_owner **link)
{
    dq_resources *resources = &dq_executive_of(cpu->machine)->resources;
    dq_resource_owner *owner = *link;

    *link = owner->next;
    owner->next = resources->unused;
    resources->unused = owner;
}

void dq_resource_release(dq_processor *cpu, dq_resource *r, ERESOURCE_THREAD id)
{
    dq_resource_owner **link = check_owner(cpu, r, id);

    if (id == dq_resource_me(cpu)) {
        check_apcs(cpu, r->resource, 0x38);
    }
    if (--(*link)->count > 0) {
        return;
    }
    dq_emit(cpu, ORDER_GIVE, r->resource, !r->exclusive, 0, 0);
    tell_released(cpu, r, id);
    drop(cpu, link);
    if (r->owners == NULL) {
        r->exclusive = false;
        hand_over(cpu, r);
    }
    show(r);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}

void dq_resource_share(dq_processor *cpu, dq_resource *r)
{
    (void)check_owner(cpu, r, dq_resource_me(cpu));
    if (!r->exclusive) {
        dq_resource_accuse(cpu, "ResourceConvert", 0, 0, 0, 0,
                           "was called for a resource that is acquired for shared access already");
        return;
    }
    dq_emit(cpu, ORDER_GIVE, r->resource, 0, 0, 0);
    dq_emit(cpu, LOCK_ACQUIRE, r->resource, DQ_LOCK_RESOURCE_SHARED, cpu->irql,
            DQ_LOCK_FLAG_CONVERT);
    r->exclusive = false;
    grant_readers(cpu, r);
    show(r);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
}

/* The pages speak only of the exclusive owner; a shared one's access goes over likewise. */
void dq_resource_rename(dq_processor *cpu, dq_resource *r, ERESOURCE_THREAD id)
{
    dq_resource_owner **link = check_owner(cpu, r, dq_resource_me(cpu));
    dq_resource_owner *same = *link_of(r, id);

    if (same != *link) {
        tell_released(cpu, r, dq_resource_me(cpu));
    }
    if (same == NULL || same == *link) {
        (*link)->id = id;
        return;
    }
    same->count += (*link)->count;
    drop(cpu, link);
    show(r);
}

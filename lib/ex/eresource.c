/*
 * eresource.c - executive resources: which are in use, and the services. resourceowner.c has what
 * they do.
 */
#include "ex/eresource.h"

#include <stdio.h>

#include "ex/executive.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

/* ---- Resources in use ------------------------------------------------------------------------ */

const dq_resource *dq_resource_inside(dq_machine *machine, const void *base, size_t bytes)
{
    const dq_executive *ex = ((dq_kernel *)machine->kernel)->ex;
    const dq_resource *r = ex != NULL ? ex->resources.all : NULL;

    while (r != NULL && (uintptr_t)r->resource - (uintptr_t)base >= bytes) {
        r = r->next;
    }
    return r;
}

static dq_resource *find(dq_executive *ex, const ERESOURCE *resource)
{
    dq_resource *r = ex != NULL ? ex->resources.all : NULL;

    while (r != NULL && r->resource != resource) {
        r = r->next;
    }
    return r;
}

/* ---- Rules ----------------------------------------------------------------------------------- */

void dq_resource_accuse(dq_processor *cpu, const char *rule, uint64_t subcode, uint64_t p2,
                        uint64_t p3, uint64_t p4, const char *what)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = rule,
                           .page = dq_service_name(cpu->execution->service),
                           .code = subcode != 0 ? DRIVER_VERIFIER_DETECTED_VIOLATION : 0,
                           .parameters = { subcode, p2, p3, p4 } },
            "%s %s", dq_service_name(cpu->execution->service), what);
}

/* NULL after a finding. */
static dq_resource *check(dq_processor *cpu, const ERESOURCE *resource)
{
    dq_resource *r = find(dq_executive_of(cpu->machine), resource);

    if (r == NULL) {
        dq_expect_not_freed(cpu, resource, NULL);
    }
    if ((uintptr_t)resource % _Alignof(ERESOURCE) != 0) {
        dq_resource_accuse(cpu, "ResourceAlignment", 0x3D, 0, 0, (uintptr_t)resource,
                           "was given a resource that is not aligned");
        return NULL;
    }
    if (r == NULL) {
        dq_resource_accuse(cpu, "ResourceInit", 0xD1, (uintptr_t)resource, 0, 0,
                           "was given a resource that was not initialised, or was deleted");
    }
    return r;
}

static void check_unowned(dq_processor *cpu, const dq_resource *r)
{
    char what[PLACE_TEXT + 60], place[PLACE_TEXT];

    if (r->owners != NULL) {
        snprintf(what, sizeof(what), "was given a resource that is owned, since %s",
                 dq_place_describe(r->owners->place, place, sizeof(place)));
        dq_resource_accuse(cpu, "ResourceHeld", 0, (uintptr_t)r->resource, 0, 0, what);
    }
}

void dq_resource_thread_ends(dq_processor *cpu, const dq_thread *thread)
{
    char place[PLACE_TEXT];

    for (dq_resource *r = dq_executive_of(cpu->machine)->resources.all; r != NULL; r = r->next) {
        const dq_resource_owner *owner = dq_resource_owner_of(r, (ERESOURCE_THREAD)thread);

        if (owner != NULL) {
            dq_find(cpu,
                    &(dq_finding){
                        .severity = DQ_ERROR,
                        .rule = "ResourceHeld",
                        .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                        .parameters = { 0x100A, (uintptr_t)r->resource, (uintptr_t)thread } },
                    "thread %s ended while it owned a resource, acquired at %s", thread->name,
                    dq_place_describe(owner->place, place, sizeof(place)));
        }
    }
}

/* ---- Initialising and deleting --------------------------------------------------------------- */

static void fill(dq_resource *r)
{
    *r->resource = (ERESOURCE){ .OwnerTable = r };
    InitializeListHead(&r->resource->SystemResourcesList);
}

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource)
{
    dq_executive *ex;
    dq_resource *r;

    DQ_ENTER(ExInitializeResourceLite, Resource, Resource, 0, 0, STATUS_UNSUCCESSFUL);
    ex = dq_executive_of(cpu->machine);
    r = find(ex, Resource);
    if (r != NULL) {
        dq_resource_accuse(cpu, "ResourceInit", 0xD0, (uintptr_t)Resource, 0, 0,
                           "was given a resource that is in use");
    } else {
        r = ex != NULL ? dq_keep(cpu->machine, sizeof(*r)) : NULL;
        if (r == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        r->next = ex->resources.all;
        ex->resources.all = r;
    }
    r->resource = Resource;
    r->place = DQ_CALL_PLACE;
    fill(r);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE Resource)
{
    dq_resource *r;

    DQ_ENTER(ExReinitializeResourceLite, Resource, Resource, 0, 0, STATUS_UNSUCCESSFUL);
    r = check(cpu, Resource);
    if (r != NULL) {
        check_unowned(cpu, r);
        fill(r);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource)
{
    dq_resource **link, *r;

    DQ_ENTER(ExDeleteResourceLite, Resource, Resource, 0, 0, STATUS_UNSUCCESSFUL);
    r = check(cpu, Resource);
    if (r == NULL) {
        return STATUS_SUCCESS;
    }
    check_unowned(cpu, r);
    link = &dq_executive_of(cpu->machine)->resources.all;
    while (*link != r) {
        link = &(*link)->next;
    }
    *link = r->next;
    Resource->OwnerTable = NULL;
    dq_keep_drop(cpu->machine, r);
    return STATUS_SUCCESS;
}

/* ---- Services -------------------------------------------------------------------------------- */

static BOOLEAN acquire(dq_processor *cpu, PERESOURCE resource, dq_resource_access wanted, bool wait,
                       const void *place)
{
    dq_resource *r = check(cpu, resource);

    if (!wait) {
        dq_notice_tried(cpu->machine);
    }
    return r != NULL && dq_resource_acquire(cpu, r, wanted, wait, place);
}

static void release(dq_processor *cpu, PERESOURCE resource, ERESOURCE_THREAD id)
{
    dq_resource *r = check(cpu, resource);

    if (r != NULL) {
        dq_resource_release(cpu, r, id);
    }
}

static void rename_owner(dq_processor *cpu, PERESOURCE resource, void *owner)
{
    dq_resource *r = check(cpu, resource);

    if (r != NULL) {
        dq_resource_rename(cpu, r, (ERESOURCE_THREAD)owner);
    }
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    DQ_ENTER(ExAcquireResourceSharedLite, Resource, Resource, Wait, 0, FALSE);
    return acquire(cpu, Resource, DQ_SHARED, Wait, DQ_CALL_PLACE);
}

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    DQ_ENTER(ExAcquireResourceExclusiveLite, Resource, Resource, Wait, 0, FALSE);
    return acquire(cpu, Resource, DQ_EXCLUSIVE, Wait, DQ_CALL_PLACE);
}

BOOLEAN NTAPI ExTryToAcquireResourceExclusiveLite(PERESOURCE Resource)
{
    DQ_ENTER(ExTryToAcquireResourceExclusiveLite, Resource, Resource, 0, 0, FALSE);
    return acquire(cpu, Resource, DQ_EXCLUSIVE, false, DQ_CALL_PLACE);
}

BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    DQ_ENTER(ExAcquireSharedStarveExclusive, Resource, Resource, Wait, 0, FALSE);
    return acquire(cpu, Resource, DQ_SHARED_STARVE, Wait, DQ_CALL_PLACE);
}

BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    DQ_ENTER(ExAcquireSharedWaitForExclusive, Resource, Resource, Wait, 0, FALSE);
    return acquire(cpu, Resource, DQ_SHARED_WAIT, Wait, DQ_CALL_PLACE);
}

VOID NTAPI ExReleaseResourceLite(PERESOURCE Resource)
{
    DQ_ENTER(ExReleaseResourceLite, Resource, Resource, 0, 0, DQ_VOID);
    release(cpu, Resource, dq_resource_me(cpu));
}

VOID NTAPI ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId)
{
    DQ_ENTER(ExReleaseResourceForThreadLite, Resource, Resource, ResourceThreadId, 0, DQ_VOID);
    release(cpu, Resource, ResourceThreadId);
}

VOID NTAPI ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    dq_resource *r;

    DQ_ENTER(ExConvertExclusiveToSharedLite, Resource, Resource, 0, 0, DQ_VOID);
    r = check(cpu, Resource);
    if (r != NULL) {
        dq_resource_share(cpu, r);
    }
}

VOID NTAPI ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer)
{
    DQ_ENTER(ExSetResourceOwnerPointer, Resource, Resource, OwnerPointer, 0, DQ_VOID);
    rename_owner(cpu, Resource, OwnerPointer);
}

VOID NTAPI ExSetResourceOwnerPointerEx(PERESOURCE Resource, PVOID OwnerPointer, ULONG Flags)
{
    DQ_ENTER(ExSetResourceOwnerPointerEx, Resource, Resource, OwnerPointer, Flags, DQ_VOID);
    rename_owner(cpu, Resource, OwnerPointer);
}

BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    dq_resource *r;

    DQ_ENTER(ExIsResourceAcquiredExclusiveLite, Resource, Resource, 0, 0, FALSE);
    r = check(cpu, Resource);
    return r != NULL && r->exclusive && dq_resource_owner_of(r, dq_resource_me(cpu)) != NULL;
}

ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    const dq_resource_owner *owner;
    dq_resource *r;

    DQ_ENTER(ExIsResourceAcquiredSharedLite, Resource, Resource, 0, 0, 0);
    r = check(cpu, Resource);
    owner = r != NULL ? dq_resource_owner_of(r, dq_resource_me(cpu)) : NULL;
    return owner != NULL ? owner->count : 0;
}

ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE Resource)
{
    const dq_resource *r;

    DQ_ENTER(ExGetExclusiveWaiterCount, Resource, Resource, 0, 0, 0);
    r = check(cpu, Resource);
    return r != NULL ? dq_resource_count_waits(r, true) : 0;
}

ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE Resource)
{
    const dq_resource *r;

    DQ_ENTER(ExGetSharedWaiterCount, Resource, Resource, 0, 0, 0);
    r = check(cpu, Resource);
    return r != NULL ? dq_resource_count_waits(r, false) : 0;
}

/* ---- With a critical region around ----------------------------------------------------------- */

/* The pages do not say what the pointer is for: it is the thread. */
static void *enter_and_acquire(dq_processor *cpu, PERESOURCE resource, dq_resource_access wanted,
                               const void *place)
{
    dq_thread_current(cpu)->apc_disable++;
    (void)acquire(cpu, resource, wanted, true, place);
    return dq_thread_current(dq_self);
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    DQ_ENTER(ExEnterCriticalRegionAndAcquireResourceExclusive, Resource, Resource, 0, 0, NULL);
    return enter_and_acquire(cpu, Resource, DQ_EXCLUSIVE, DQ_CALL_PLACE);
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    DQ_ENTER(ExEnterCriticalRegionAndAcquireResourceShared, Resource, Resource, 0, 0, NULL);
    return enter_and_acquire(cpu, Resource, DQ_SHARED, DQ_CALL_PLACE);
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE Resource)
{
    DQ_ENTER(ExEnterCriticalRegionAndAcquireSharedWaitForExclusive, Resource, Resource, 0, 0, NULL);
    return enter_and_acquire(cpu, Resource, DQ_SHARED_WAIT, DQ_CALL_PLACE);
}

VOID FASTCALL ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    DQ_ENTER(ExReleaseResourceAndLeaveCriticalRegion, Resource, Resource, 0, 0, DQ_VOID);
    release(cpu, Resource, dq_resource_me(cpu));
    dq_thread_current(dq_self)->apc_disable--;
}

/*
 * servicegroup.c - IServiceGroup: one DPC that forwards a request for service to every member.
 *
 * Several requests before the DPC runs are one delivery. The members are kept in a roster that is
 * never changed, only replaced: the DPC walks the one that it found, without holding a lock while
 * it calls sinks, so that a sink may add and remove members. A member stays referenced until the
 * last roster with it is gone.
 */
#include "unknown.h"
#include "verify.h"

typedef struct roster {
    LONG references; /* Under the group's lock. */
    ULONG count;
    PSERVICESINK sinks[];
} roster;

typedef struct service_group {
    pc_unknown unknown;
    KSPIN_LOCK lock;
    roster *members; /* NULL: none. Under the lock. */
    KDPC dpc;
    KDPC timer_dpc; /* A timer's DPC must not be queued by hand too. */
    KTIMER timer;
    BOOLEAN delayed_service; /* SupportDelayedService was called. */
} service_group;

static service_group *self(IServiceGroup *This)
{
    return (service_group *)This;
}

/* ---- Rosters --------------------------------------------------------------------------------- */

static roster *hold(service_group *group)
{
    KIRQL old_irql;
    roster *members;

    KeAcquireSpinLock(&group->lock, &old_irql);
    members = group->members;
    if (members != NULL) {
        members->references++;
    }
    KeReleaseSpinLock(&group->lock, old_irql);
    return members;
}

static void drop(service_group *group, roster *members)
{
    BOOLEAN last;
    KIRQL old_irql;

    if (members == NULL) {
        return;
    }
    KeAcquireSpinLock(&group->lock, &old_irql);
    last = --members->references == 0;
    KeReleaseSpinLock(&group->lock, old_irql);
    if (last) {
        for (ULONG i = 0; i < members->count; i++) {
            IServiceSink_Release(members->sinks[i]);
        }
        ExFreePoolWithTag(members, PC_POOL_TAG);
    }
}

/* A copy with room for `count` sinks, with its own references; NULL when memory is short.
 * `without`: left out once. */
static roster *copy_of(const roster *from, ULONG count, PSERVICESINK without,
                       const pc_origin *origin)
{
    const SIZE_T bytes = sizeof(roster) + count * sizeof(PSERVICESINK);
    roster *to = pc_allocate(NonPagedPoolNx, bytes, origin);

    if (to == NULL) {
        return NULL;
    }
    to->references = 1;
    for (ULONG i = 0; from != NULL && i < from->count; i++) {
        if (from->sinks[i] == without) {
            without = NULL;
            continue;
        }
        to->sinks[to->count++] = from->sinks[i];
        IServiceSink_AddRef(from->sinks[i]);
    }
    return to;
}

static void replace(service_group *group, roster *members)
{
    roster *old;
    KIRQL old_irql;

    KeAcquireSpinLock(&group->lock, &old_irql);
    old = group->members;
    group->members = members;
    KeReleaseSpinLock(&group->lock, old_irql);
    drop(group, old);
}

/* ---- Delivery -------------------------------------------------------------------------------- */

static VOID deliver(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    service_group *group = DeferredContext;
    roster *members = hold(group);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    for (ULONG i = 0; members != NULL && i < members->count; i++) {
        IServiceSink_RequestService(members->sinks[i]);
    }
    drop(group, members);
}

/* IRQL: any up to DIRQL. Queues the group's DPC. (portcls: IServiceSink::RequestService; its page
 * and the concept page differ on the IRQL: an ISR calls it, by way of IPortXxx::Notify) */
static VOID STDMETHODCALLTYPE RequestService(IServiceGroup *This)
{
    PC_CALLED;
    KeInsertQueueDpc(&self(This)->dpc, NULL, NULL);
}

/* ---- Members --------------------------------------------------------------------------------- */

/* IRQL: PASSIVE_LEVEL. STATUS_INVALID_PARAMETER without a sink, STATUS_INSUFFICIENT_RESOURCES.
 * (portcls: IServiceGroup::AddMember) */
static NTSTATUS STDMETHODCALLTYPE AddMember(IServiceGroup *This, PSERVICESINK pServiceSink)
{
    PC_CALLED;
    service_group *group = self(This);
    roster *old, *members;

    if (pServiceSink == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!pc_enter("IServiceGroup::AddMember", PASSIVE_LEVEL, "portcls: IServiceGroup::AddMember",
                  PC_PLACE)) {
        return STATUS_UNSUCCESSFUL;
    }
    old = hold(group);
    members = copy_of(old, (old != NULL ? old->count : 0) + 1, NULL,
                      PC_ORIGIN("", "IServiceGroup::AddMember"));
    drop(group, old);
    if (members == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IServiceSink_AddRef(pServiceSink);
    members->sinks[members->count++] = pServiceSink;
    replace(group, members);
    return STATUS_SUCCESS;
}

static BOOLEAN is_member(const roster *members, PSERVICESINK sink)
{
    for (ULONG i = 0; members != NULL && i < members->count; i++) {
        if (members->sinks[i] == sink) {
            return TRUE;
        }
    }
    return FALSE;
}

/* IRQL: PASSIVE_LEVEL. (portcls: IServiceGroup::RemoveMember; silent about a stranger: no effect
 * and a warning) */
static VOID STDMETHODCALLTYPE RemoveMember(IServiceGroup *This, PSERVICESINK pServiceSink)
{
    PC_CALLED;
    const char *page = "portcls: IServiceGroup::RemoveMember";
    service_group *group = self(This);
    roster *old, *members;

    if (!pc_enter("IServiceGroup::RemoveMember", PASSIVE_LEVEL, page, PC_PLACE)) {
        return;
    }
    old = hold(group);
    if (!is_member(old, pServiceSink)) {
        pc_report(PC_WARNING, "RemoveStranger", page, PC_PLACE,
                  "RemoveMember was called with a sink that is no member of the group; it has no "
                  "effect.");
        drop(group, old);
        return;
    }
    members = copy_of(old, old->count, pServiceSink, PC_ORIGIN("", NULL));
    drop(group, old);
    if (members != NULL) {
        replace(group, members);
    }
}

/* ---- Delayed service ------------------------------------------------------------------------- */

/* IRQL: <= DISPATCH_LEVEL. Once, before RequestDelayedService. (portcls:
 * IServiceGroup::SupportDelayedService) */
static VOID STDMETHODCALLTYPE SupportDelayedService(IServiceGroup *This)
{
    PC_CALLED;
    service_group *group = self(This);

    if (!pc_enter("IServiceGroup::SupportDelayedService", DISPATCH_LEVEL,
                  "portcls: IServiceGroup::SupportDelayedService", PC_PLACE)) {
        return;
    }
    if (!group->delayed_service) {
        KeInitializeTimer(&group->timer);
        group->delayed_service = TRUE;
    }
}

static BOOLEAN supports_delay(service_group *group, const char *page, const void *place)
{
    if (!group->delayed_service) {
        pc_report(PC_ERROR, "DelayedService", page, place,
                  "delayed service was asked of a service group that does not support it. Call "
                  "SupportDelayedService first.");
    }
    return group->delayed_service;
}

/* IRQL: <= DISPATCH_LEVEL (its page says PASSIVE_LEVEL). Delay in 100 ns: negative (as a signed
 * number) relative, else absolute system time. (portcls: IServiceGroup::RequestDelayedService) */
static VOID STDMETHODCALLTYPE RequestDelayedService(IServiceGroup *This, ULONGLONG ullDelay)
{
    PC_CALLED;
    const char *page = "portcls: IServiceGroup::RequestDelayedService";
    service_group *group = self(This);
    LARGE_INTEGER due;

    if (pc_enter("IServiceGroup::RequestDelayedService", DISPATCH_LEVEL, page, PC_PLACE) &&
        supports_delay(group, page, PC_PLACE)) {
        due.QuadPart = (LONGLONG)ullDelay;
        KeSetTimer(&group->timer, due, &group->timer_dpc);
    }
}

/* IRQL: <= DISPATCH_LEVEL (its page says PASSIVE_LEVEL). (portcls:
 * IServiceGroup::CancelDelayedService) */
static VOID STDMETHODCALLTYPE CancelDelayedService(IServiceGroup *This)
{
    PC_CALLED;
    const char *page = "portcls: IServiceGroup::CancelDelayedService";
    service_group *group = self(This);

    if (pc_enter("IServiceGroup::CancelDelayedService", DISPATCH_LEVEL, page, PC_PLACE) &&
        supports_delay(group, page, PC_PLACE)) {
        KeCancelTimer(&group->timer);
        KeRemoveQueueDpc(&group->timer_dpc);
    }
}

/* ---- The object ------------------------------------------------------------------------------ */

static NTSTATUS STDMETHODCALLTYPE QueryInterface(IServiceGroup *This, REFIID InterfaceId,
                                                 PVOID *Interface)
{
    PC_CALLED;
    return pc_unknown_query(&self(This)->unknown, InterfaceId, Interface);
}

static ULONG STDMETHODCALLTYPE AddRef(IServiceGroup *This)
{
    PC_CALLED;
    return pc_unknown_add(&self(This)->unknown);
}

static ULONG STDMETHODCALLTYPE Release(IServiceGroup *This)
{
    PC_CALLED;
    return pc_unknown_release(&self(This)->unknown, PC_PLACE);
}

/* A DPC of the group that runs on another processor must have ended before its memory goes; only
 * PASSIVE_LEVEL can wait. */
static void destroy(pc_unknown *unknown, const void *place)
{
    service_group *group = (service_group *)unknown;

    (void)place;
    if (group->delayed_service) {
        KeCancelTimer(&group->timer);
        KeRemoveQueueDpc(&group->timer_dpc);
    }
    KeRemoveQueueDpc(&group->dpc);
    if (KeGetCurrentIrql() == PASSIVE_LEVEL) {
        KeFlushQueuedDpcs();
    }
    drop(group, group->members);
}

static const IServiceGroupVtbl methods = {
    QueryInterface,
    AddRef,
    Release,
    RequestService,
    AddMember,
    RemoveMember,
    SupportDelayedService,
    RequestDelayedService,
    CancelDelayedService,
};

static const GUID sink_id = {
    0x22C6AC64, 0x851B, 0x11D0, { 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE }
};
static const GUID group_id = {
    0x22C6AC65, 0x851B, 0x11D0, { 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE }
};
static const GUID *const interfaces[] = { &group_id, &sink_id, NULL };

/* IRQL: PASSIVE_LEVEL. STATUS_INVALID_PARAMETER without an out pointer; STATUS_NOT_SUPPORTED:
 * aggregation; STATUS_INSUFFICIENT_RESOURCES. (portcls: PcNewServiceGroup; silent about the codes,
 * and that its DPC has HighImportance) */
NTSTATUS NTAPI PcNewServiceGroup(PSERVICEGROUP *OutServiceGroup, PUNKNOWN OuterUnknown)
{
    PC_CALLED;
    service_group *group;

    if (!pc_enter("PcNewServiceGroup", PASSIVE_LEVEL, "portcls: PcNewServiceGroup", PC_PLACE)) {
        return STATUS_UNSUCCESSFUL;
    }
    if (OutServiceGroup == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *OutServiceGroup = NULL;
    if (OuterUnknown != NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    group = pc_unknown_create(sizeof(*group), &methods, interfaces, destroy,
                              PC_ORIGIN("IServiceGroup", "PcNewServiceGroup"));
    if (group == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeSpinLock(&group->lock);
    KeInitializeDpc(&group->dpc, deliver, group);
    KeInitializeDpc(&group->timer_dpc, deliver, group);
    KeSetImportanceDpc(&group->dpc, HighImportance);
    KeSetImportanceDpc(&group->timer_dpc, HighImportance);
    *OutServiceGroup = (PSERVICEGROUP)group;
    return STATUS_SUCCESS;
}

/*
 * interruptsync.c - IInterruptSync: ISRs in a list behind one interrupt, and routines synchronized
 * with them.
 *
 * The object owns the spin lock that IoConnectInterrupt gets, so that connected or not there is one
 * lock. The arguments of CallSynchronizedRoutine travel on the caller's stack: a place in the
 * object would be shared by two callers before either holds the lock.
 */
#include "unknown.h"
#include "verify.h"

#define SYNC_PAGE "portcls: IInterruptSync"

typedef struct service_routine {
    LIST_ENTRY link;
    PINTERRUPTSYNCROUTINE routine;
    PVOID context;
} service_routine;

typedef struct interrupt_sync {
    pc_unknown unknown;
    PRESOURCELIST resources;
    ULONG index;
    INTERRUPTSYNCMODE mode;
    LIST_ENTRY routines; /* Changed under the lock; walked by the ISR, which holds it. */
    KSPIN_LOCK lock;
    KIRQL irql; /* DIRQL of the resource. */
    PVOID volatile interrupt;    /* A PKINTERRUPT: interrupt_of(). */
    BOOLEAN warned; /* Of an ISR that claims a silent line. */
    volatile LONG connecting; /* Inside IoConnectInterrupt. */
    volatile LONG callers; /* Inside CallSynchronizedRoutine by way of the interrupt object. */
} interrupt_sync;

enum { REPEAT_PASSES_MAX = 1000 };

static interrupt_sync *self(IInterruptSync *This)
{
    return (interrupt_sync *)This;
}

static IInterruptSync *interface_of(interrupt_sync *sync)
{
    return (IInterruptSync *)sync;
}

/* Callers on other processors read it at any time. NULL: not connected. */
static PKINTERRUPT interrupt_of(const interrupt_sync *sync)
{
    return (PKINTERRUPT)ReadPointerAcquire(&sync->interrupt);
}

static void set_interrupt(interrupt_sync *sync, PKINTERRUPT interrupt)
{
    WritePointerRelease(&sync->interrupt, interrupt);
}

/* ---- At interrupt time ----------------------------------------------------------------------- */

/* Success is STATUS_SUCCESS, as the documentation says; STATUS_PENDING and its like are most
 * probably a mistake. */
static BOOLEAN call_routine(interrupt_sync *sync, const service_routine *entry)
{
    const NTSTATUS status = entry->routine(interface_of(sync), entry->context);

    if (status != STATUS_SUCCESS && NT_SUCCESS(status)) {
        pc_report(
            PC_WARNING, "InterruptSyncStatus", "portcls: PINTERRUPTSYNCROUTINE",
            PC_CODE(entry->routine),
            "an ISR of an IInterruptSync returned a success code other than STATUS_SUCCESS. Only "
            "STATUS_SUCCESS claims the interrupt; return an error code if it was not yours.");
    }
    return status == STATUS_SUCCESS;
}

/* One that is called again must look at its device again. It is said once. */
static BOOLEAN call_again(interrupt_sync *sync, const service_routine *entry)
{
    const BOOLEAN silent = !sync->warned && pc_line_is_silent();
    const BOOLEAN claimed = call_routine(sync, entry);

    if (claimed && silent) {
        sync->warned = TRUE;
        pc_report(PC_WARNING, "InterruptSyncRepeat", "portcls: IInterruptSync",
                  PC_CODE(entry->routine),
                  "an ISR of an IInterruptSync of mode InterruptSyncModeRepeat returned "
                  "STATUS_SUCCESS in a later pass, when the line was not asserted: it served a "
                  "device that did not ask for it.");
    }
    return claimed;
}

static BOOLEAN pass_again(interrupt_sync *sync)
{
    BOOLEAN claimed = FALSE;

    for (PLIST_ENTRY at = sync->routines.Flink; at != &sync->routines; at = at->Flink) {
        if (call_again(sync, CONTAINING_RECORD(at, service_routine, link))) {
            claimed = TRUE;
        }
    }
    return claimed;
}

/* Walks the list once. `stop` ends the walk at the first success. */
static BOOLEAN pass(interrupt_sync *sync, BOOLEAN stop)
{
    BOOLEAN claimed = FALSE;

    for (PLIST_ENTRY at = sync->routines.Flink; at != &sync->routines; at = at->Flink) {
        if (call_routine(sync, CONTAINING_RECORD(at, service_routine, link))) {
            claimed = TRUE;
            if (stop) {
                break;
            }
        }
    }
    return claimed;
}

static BOOLEAN repeat(interrupt_sync *sync)
{
    const BOOLEAN claimed = pass(sync, FALSE);
    BOOLEAN again = claimed;
    ULONG passes = 0;

    while (again) {
        if (++passes == REPEAT_PASSES_MAX) {
            const service_routine *first =
                CONTAINING_RECORD(sync->routines.Flink, service_routine, link);

            pc_report(
                PC_ERROR, "livelock", "portcls: PcNewInterruptSync", PC_CODE(first->routine),
                "livelock in an IInterruptSync of mode InterruptSyncModeRepeat: after 1000 passes "
                "over the list some ISR still returns STATUS_SUCCESS. An ISR must return an error "
                "code once its device needs no more service.");
            break;
        }
        again = pass_again(sync);
    }
    return claimed;
}

static BOOLEAN service(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    interrupt_sync *sync = ServiceContext;

    if (ReadAcquire(&sync->connecting)) {
        /* The line was asserted before IoConnectInterrupt returned. */
        set_interrupt(sync, Interrupt);
    }
    switch (sync->mode) {
    case InterruptSyncModeNormal:
        return pass(sync, TRUE);
    case InterruptSyncModeAll:
        return pass(sync, FALSE);
    default:
        return repeat(sync);
    }
}

/* ---- Synchronized routines ------------------------------------------------------------------- */

typedef struct synchronized_call {
    interrupt_sync *sync;
    PINTERRUPTSYNCROUTINE routine;
    PVOID context;
    NTSTATUS status;
} synchronized_call;

static BOOLEAN run_call(PVOID SynchronizeContext)
{
    synchronized_call *call = SynchronizeContext;

    call->status = call->routine(interface_of(call->sync), call->context);
    return TRUE;
}

/* Runs `routine(context)` under the object's lock, at DIRQL, whether connected or not. */
static void synchronize(interrupt_sync *sync, PKSYNCHRONIZE_ROUTINE routine, PVOID context)
{
    PKINTERRUPT interrupt;

    InterlockedIncrement(
        &sync->callers); /* Disconnect waits until those who saw the object have left. */
    KeMemoryBarrier(); /* Counted before it looks: Disconnect writes first, and counts then. */
    interrupt = interrupt_of(sync);
    if (interrupt != NULL) {
        KeSynchronizeExecution(interrupt, routine, context);
    }
    InterlockedDecrement(&sync->callers);
    if (interrupt == NULL) {
        pc_synchronize(&sync->lock, sync->irql, routine, context);
    }
}

/* IRQL: <= DIRQL of the interrupt. Returns the routine's own status. (portcls:
 * IInterruptSync::CallSynchronizedRoutine; where it is silent: the status, and that an unconnected
 * object runs the routine at the resource's DIRQL under the object's lock.) */
static NTSTATUS STDMETHODCALLTYPE CallSynchronizedRoutine(IInterruptSync *This,
                                                          PINTERRUPTSYNCROUTINE Routine,
                                                          PVOID DynamicContext)
{
    PC_CALLED;
    synchronized_call call = { self(This), Routine, DynamicContext, STATUS_UNSUCCESSFUL };

    if (Routine == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!pc_enter("IInterruptSync::CallSynchronizedRoutine", call.sync->irql,
                  "portcls: IInterruptSync::CallSynchronizedRoutine", PC_PLACE)) {
        return STATUS_UNSUCCESSFUL;
    }
    synchronize(call.sync, run_call, &call);
    return call.status;
}

/* ---- Registration ---------------------------------------------------------------------------- */

typedef struct insertion {
    interrupt_sync *sync;
    service_routine *entry;
    BOOLEAN first;
} insertion;

static BOOLEAN insert(PVOID SynchronizeContext)
{
    insertion *in = SynchronizeContext;

    if (in->first) {
        InsertHeadList(&in->sync->routines, &in->entry->link);
    } else {
        InsertTailList(&in->sync->routines, &in->entry->link);
    }
    return TRUE;
}

static BOOLEAN is_registered(const interrupt_sync *sync, PINTERRUPTSYNCROUTINE routine,
                             PVOID context)
{
    for (PLIST_ENTRY at = sync->routines.Flink; at != &sync->routines; at = at->Flink) {
        const service_routine *entry = CONTAINING_RECORD(at, service_routine, link);

        if (entry->routine == routine && entry->context == context) {
            return TRUE;
        }
    }
    return FALSE;
}

static void warn_registration(const interrupt_sync *sync, PINTERRUPTSYNCROUTINE routine,
                              PVOID context, const void *place)
{
    const char *page = "portcls: IInterruptSync::RegisterServiceRoutine";

    if (interrupt_of(sync) != NULL) {
        pc_report(PC_WARNING, "RegisterWhileConnected", page, place,
                  "RegisterServiceRoutine was called on a connected IInterruptSync. The list that "
                  "the ISR "
                  "walks changes under it; register every routine before Connect.");
    }
    if (is_registered(sync, routine, context)) {
        pc_report(
            PC_WARNING, "RegisterTwice", page, place,
            "RegisterServiceRoutine was called twice with the same routine and context. It will be "
            "called once per registration.");
    }
}

/* IRQL: PASSIVE_LEVEL. STATUS_INSUFFICIENT_RESOURCES when memory is short, STATUS_INVALID_PARAMETER
 * without a routine. (portcls: IInterruptSync::RegisterServiceRoutine) */
static NTSTATUS STDMETHODCALLTYPE RegisterServiceRoutine(IInterruptSync *This,
                                                         PINTERRUPTSYNCROUTINE Routine,
                                                         PVOID DynamicContext, BOOLEAN First)
{
    PC_CALLED;
    insertion in = { self(This), NULL, First };

    if (Routine == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!pc_enter("IInterruptSync::RegisterServiceRoutine", PASSIVE_LEVEL,
                  "portcls: IInterruptSync::RegisterServiceRoutine", PC_PLACE)) {
        return STATUS_UNSUCCESSFUL;
    }
    in.entry = pc_allocate(NonPagedPoolNx, sizeof(*in.entry),
                           PC_ORIGIN("", "IInterruptSync::RegisterServiceRoutine"));
    if (in.entry == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    in.entry->routine = Routine;
    in.entry->context = DynamicContext;
    warn_registration(in.sync, Routine, DynamicContext, PC_PLACE);
    synchronize(in.sync, insert, &in);
    return STATUS_SUCCESS;
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static NTSTATUS connect(interrupt_sync *sync, const CM_PARTIAL_RESOURCE_DESCRIPTOR *resource)
{
    const BOOLEAN message = (resource->Flags & CM_RESOURCE_INTERRUPT_MESSAGE) != 0;
    const ULONG vector =
        message ? resource->u.MessageInterrupt.Translated.Vector : resource->u.Interrupt.Vector;
    const KAFFINITY processors =
        message ? resource->u.MessageInterrupt.Translated.Affinity : resource->u.Interrupt.Affinity;
    const KINTERRUPT_MODE mode = message || (resource->Flags & CM_RESOURCE_INTERRUPT_LATCHED) != 0
                                     ? Latched
                                     : LevelSensitive;
    const BOOLEAN passive =
        sync->irql == PASSIVE_LEVEL; /* Its lock is the interrupt object's own event. */
    PKINTERRUPT interrupt = NULL;
    NTSTATUS status;

    WriteRelease(&sync->connecting, TRUE);
    status = IoConnectInterrupt(
        &interrupt, service, sync, passive ? NULL : &sync->lock, vector, sync->irql, sync->irql,
        mode, resource->ShareDisposition == CmResourceShareShared, processors, FALSE);
    set_interrupt(sync, NT_SUCCESS(status) ? interrupt : NULL);
    WriteRelease(&sync->connecting, FALSE);
    return status;
}

/* IRQL: PASSIVE_LEVEL. STATUS_UNSUCCESSFUL without a registered routine, without the resource, or
 * when it is connected already; otherwise what IoConnectInterrupt returns. (portcls:
 * IInterruptSync::Connect; silent about the errors) */
static NTSTATUS STDMETHODCALLTYPE Connect(IInterruptSync *This)
{
    PC_CALLED;
    const char *page = "portcls: IInterruptSync::Connect";
    interrupt_sync *sync = self(This);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR resource;

    if (!pc_enter("IInterruptSync::Connect", PASSIVE_LEVEL, page, PC_PLACE)) {
        return STATUS_UNSUCCESSFUL;
    }
    if (interrupt_of(sync) != NULL) {
        pc_report(
            PC_ERROR, "ConnectTwice", page, PC_PLACE,
            "Connect was called on an IInterruptSync that is connected. Call Disconnect first.");
        return STATUS_UNSUCCESSFUL;
    }
    if (IsListEmpty(&sync->routines)) {
        pc_report(PC_WARNING, "ConnectWithoutRoutine", page, PC_PLACE,
                  "Connect was called on an IInterruptSync without a service routine. Call "
                  "RegisterServiceRoutine first.");
        return STATUS_UNSUCCESSFUL;
    }
    resource =
        IResourceList_FindTranslatedEntry(sync->resources, CmResourceTypeInterrupt, sync->index);
    return resource != NULL ? connect(sync, resource) : STATUS_UNSUCCESSFUL;
}

static void disconnect(interrupt_sync *sync)
{
    PKINTERRUPT interrupt = interrupt_of(sync);
    LARGE_INTEGER moment;

    moment.QuadPart = -10; /* 1 us. */
    set_interrupt(sync, NULL);
    KeMemoryBarrier();
    while (ReadAcquire(&sync->callers) != 0) {
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    }
    IoDisconnectInterrupt(interrupt);
}

/* IRQL: PASSIVE_LEVEL. No routine runs after it has returned. (portcls: IInterruptSync::Disconnect;
 * without a connection: no effect and a warning) */
static VOID STDMETHODCALLTYPE Disconnect(IInterruptSync *This)
{
    PC_CALLED;
    const char *page = "portcls: IInterruptSync::Disconnect";
    interrupt_sync *sync = self(This);

    if (!pc_enter("IInterruptSync::Disconnect", PASSIVE_LEVEL, page, PC_PLACE)) {
        return;
    }
    if (interrupt_of(sync) == NULL) {
        pc_report(
            PC_WARNING, "DisconnectUnconnected", page, PC_PLACE,
            "Disconnect was called on an IInterruptSync that is not connected; it has no effect.");
        return;
    }
    disconnect(sync);
}

/* IRQL: any. NULL before Connect and after Disconnect. (portcls: IInterruptSync::GetKInterrupt) */
static PKINTERRUPT STDMETHODCALLTYPE GetKInterrupt(IInterruptSync *This)
{
    return self(This)->interrupt;
}

/* ---- The object ------------------------------------------------------------------------------ */

static NTSTATUS STDMETHODCALLTYPE QueryInterface(IInterruptSync *This, REFIID InterfaceId,
                                                 PVOID *Interface)
{
    PC_CALLED;
    return pc_unknown_query(&self(This)->unknown, InterfaceId, Interface);
}

static ULONG STDMETHODCALLTYPE AddRef(IInterruptSync *This)
{
    PC_CALLED;
    return pc_unknown_add(&self(This)->unknown);
}

static ULONG STDMETHODCALLTYPE Release(IInterruptSync *This)
{
    PC_CALLED;
    return pc_unknown_release(&self(This)->unknown, PC_PLACE);
}

static void destroy(pc_unknown *unknown, const void *place)
{
    interrupt_sync *sync = (interrupt_sync *)unknown;

    if (interrupt_of(sync) != NULL) {
        PKINTERRUPT interrupt = interrupt_of(sync);

        set_interrupt(sync, NULL);
        IoDisconnectInterrupt(interrupt);
        pc_report(
            PC_ERROR, "ReleaseWhileConnected", SYNC_PAGE, place,
            "the last reference to a connected IInterruptSync was released. Call Disconnect first: "
            "its ISR could have run on freed memory.");
    }
    while (!IsListEmpty(&sync->routines)) {
        PLIST_ENTRY link = RemoveHeadList(&sync->routines);

        ExFreePoolWithTag(CONTAINING_RECORD(link, service_routine, link), PC_POOL_TAG);
    }
    IResourceList_Release(sync->resources);
}

static const IInterruptSyncVtbl methods = {
    QueryInterface, AddRef,  Release,    CallSynchronizedRoutine,
    GetKInterrupt,  Connect, Disconnect, RegisterServiceRoutine,
};

static const GUID sync_id = {
    0x22C6AC63, 0x851B, 0x11D0, { 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE }
};
static const GUID *const interfaces[] = { &sync_id, NULL };

static BOOLEAN are_valid(PINTERRUPTSYNC *out, PRESOURCELIST resources, INTERRUPTSYNCMODE mode)
{
    return out != NULL && resources != NULL && mode >= InterruptSyncModeNormal &&
           mode <= InterruptSyncModeRepeat;
}

static KIRQL level_of(const CM_PARTIAL_RESOURCE_DESCRIPTOR *resource)
{
    return (KIRQL)((resource->Flags & CM_RESOURCE_INTERRUPT_MESSAGE) != 0
                       ? resource->u.MessageInterrupt.Translated.Level
                       : resource->u.Interrupt.Level);
}

/* IRQL: PASSIVE_LEVEL. ResourceIndex counts interrupts only. STATUS_INVALID_PARAMETER: no out
 * pointer or list, an unknown mode, or an index that the list does not have; STATUS_NOT_SUPPORTED:
 * aggregation (OuterUnknown); STATUS_INSUFFICIENT_RESOURCES. (portcls: PcNewInterruptSync; silent
 * about the codes) */
NTSTATUS NTAPI PcNewInterruptSync(PINTERRUPTSYNC *OutInterruptSync, PUNKNOWN OuterUnknown,
                                  PRESOURCELIST ResourceList, ULONG ResourceIndex,
                                  INTERRUPTSYNCMODE Mode)
{
    PC_CALLED;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR resource;
    interrupt_sync *sync;

    if (!pc_enter("PcNewInterruptSync", PASSIVE_LEVEL, "portcls: PcNewInterruptSync", PC_PLACE)) {
        return STATUS_UNSUCCESSFUL;
    }
    if (!are_valid(OutInterruptSync, ResourceList, Mode)) {
        return STATUS_INVALID_PARAMETER;
    }
    *OutInterruptSync = NULL;
    if (OuterUnknown != NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    resource =
        IResourceList_FindTranslatedEntry(ResourceList, CmResourceTypeInterrupt, ResourceIndex);
    if (resource == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    sync = pc_unknown_create(sizeof(*sync), &methods, interfaces, destroy,
                             PC_ORIGIN("IInterruptSync", "PcNewInterruptSync"));
    if (sync == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IResourceList_AddRef(ResourceList);
    sync->resources = ResourceList;
    sync->index = ResourceIndex;
    sync->mode = Mode;
    sync->irql = level_of(resource);
    InitializeListHead(&sync->routines);
    KeInitializeSpinLock(&sync->lock);
    *OutInterruptSync = interface_of(sync);
    return STATUS_SUCCESS;
}

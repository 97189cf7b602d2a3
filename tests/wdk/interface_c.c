/*
 * interface_c.c: interfaces as C sees them, a pointer to a table of functions.
 */
#include "interface_c.h"

int interface_c_last_slot = -1;

static NTSTATUS query(IInterruptSync *This, REFIID InterfaceId, PVOID *Interface)
{
    *Interface = IsEqualGUID(InterfaceId, &IID_IInterruptSync) ? This : NULL;
    return *Interface != NULL ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static ULONG add_ref(IInterruptSync *This)
{
    UNREFERENCED_PARAMETER(This);
    return 1;
}

static ULONG release(IInterruptSync *This)
{
    UNREFERENCED_PARAMETER(This);
    return 2;
}

static NTSTATUS call(IInterruptSync *This, PINTERRUPTSYNCROUTINE Routine, PVOID DynamicContext)
{
    return Routine(This, DynamicContext);
}

static PKINTERRUPT interrupt(IInterruptSync *This)
{
    UNREFERENCED_PARAMETER(This);
    return (PKINTERRUPT)(ULONG_PTR)4;
}

static NTSTATUS connect(IInterruptSync *This)
{
    UNREFERENCED_PARAMETER(This);
    return 5;
}

static void disconnect(IInterruptSync *This)
{
    UNREFERENCED_PARAMETER(This);
    interface_c_last_slot = 6;
}

static NTSTATUS add_routine(IInterruptSync *This, PINTERRUPTSYNCROUTINE Routine,
                            PVOID DynamicContext, BOOLEAN First)
{
    UNREFERENCED_PARAMETER(This);
    UNREFERENCED_PARAMETER(Routine);
    UNREFERENCED_PARAMETER(DynamicContext);
    return First ? 7 : -7;
}

PINTERRUPTSYNC interface_c_sync(void)
{
    static const IInterruptSyncVtbl table = {query,     add_ref, release,    call,
                                             interrupt, connect, disconnect, add_routine};
    static IInterruptSync object = {&table};

    return &object;
}

void interface_c_call_sink(PSERVICESINK Sink)
{
    IServiceSink_AddRef(Sink);
    IServiceSink_RequestService(Sink);
    IServiceSink_Release(Sink);
}

NTSTATUS interface_c_query(PUNKNOWN Unknown, const GUID *Iid, PVOID *Interface)
{
    return IUnknown_QueryInterface(Unknown, Iid, Interface);
}

/*
 * etw.c - providers of events: registered by drivers, enabled by the session.
 *
 * A handle of 0 is what a driver has whose registration failed, or who has not registered yet: to
 * use it is documented to be harmless.
 */
#include "ex/etw.h"

#include <string.h>

#include <evntrace.h>

#include "ex/executive.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/fail.h"

/* The session. */
static const GUID session_id = {
    0x6B0F5A3E, 0x9B8F, 0x4C57, { 0x8E, 0x21, 0x4D, 0x10, 0x5A, 0x77, 0xC3, 0x01 }
};

dq_etw *dq_etw_of(dq_machine *machine)
{
    dq_executive *ex = dq_executive_of(machine);

    if (ex != NULL && ex->etw == NULL) {
        ex->etw = dq_keep(machine, sizeof(dq_etw));
    }
    return ex != NULL ? ex->etw : NULL;
}

/* ---- Finding --------------------------------------------------------------------------------- */

static dq_etw_provider **link_of(dq_machine *machine, REGHANDLE handle)
{
    dq_etw_provider **link = &dq_etw_of(machine)->providers;

    while (*link != NULL && (*link)->handle != handle) {
        link = &(*link)->next;
    }
    return link;
}

dq_etw_provider *dq_etw_look_up(dq_machine *machine, REGHANDLE handle)
{
    return dq_etw_of(machine) != NULL ? *link_of(machine, handle) : NULL;
}

dq_etw_provider *dq_etw_find(dq_processor *cpu, REGHANDLE handle, const void *place)
{
    const dq_etw *etw = dq_etw_of(cpu->machine);
    dq_etw_provider *provider = dq_etw_look_up(cpu->machine, handle);

    if (provider == NULL && handle != 0) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "EtwHandle",
                               .page = dq_service_name(cpu->execution->service),
                               .place = place },
                "%s was given a handle that %s", dq_service_name(cpu->execution->service),
                etw != NULL && handle <= etw->handles_made ? "is unregistered already"
                                                           : "EtwRegister has not returned");
    }
    return provider;
}

static dq_etw_enabling *enabling_of(const dq_etw *etw, const GUID *id)
{
    dq_etw_enabling *enabling = etw->enablings;

    while (enabling != NULL && memcmp(&enabling->id, id, sizeof(*id)) != 0) {
        enabling = enabling->next;
    }
    return enabling;
}

bool dq_etw_is_wanted(dq_machine *machine, const dq_etw_provider *provider, UCHAR level,
                      ULONGLONG keyword)
{
    const dq_etw_enabling *e = enabling_of(dq_etw_of(machine), &provider->id);

    if (e == NULL || !e->on || level > e->level) {
        return false;
    }
    return keyword == 0 ||
           ((e->any == 0 || (keyword & e->any) != 0) && (keyword & e->all) == e->all);
}

void dq_etw_for_each(dq_machine *machine, void (*visit)(void *context, const void *place),
                     void *context)
{
    const dq_executive *ex = ((dq_kernel *)machine->kernel)->ex;

    if (ex != NULL && ex->etw != NULL) {
        for (const dq_etw_provider *p = ex->etw->providers; p != NULL; p = p->next) {
            visit(context, p->place);
        }
    }
}

/* ---- Callbacks ------------------------------------------------------------------------------- */

static void call(dq_processor *cpu, dq_etw_provider *provider, const dq_etw_enabling *e, ULONG code)
{
    const dq_etw_enabling now = *e; /* The callback may change it. */
    unsigned depth;

    if (provider->callback == NULL) {
        return;
    }
    provider->running++;
    dq_emit(cpu, ORDER_TAKE, provider, 0, 0, 0);
    depth = dq_guest_begin(cpu);
    provider->callback(&session_id, code, now.level, now.any, now.all, NULL, provider->context);
    dq_guest_end(depth);
    dq_emit(dq_self, ORDER_GIVE, &provider->idle, 0, 0, 0);
    if (--provider->running == 0) {
        dq_signal(dq_self, &provider->idle);
    }
}

/* The first registration with this identifier whose handle is greater. The list falls. */
static dq_etw_provider *following(const dq_etw *etw, const GUID *id, REGHANDLE handle)
{
    dq_etw_provider *found = NULL;

    for (dq_etw_provider *p = etw->providers; p != NULL && p->handle > handle; p = p->next) {
        found = memcmp(&p->id, id, sizeof(*id)) == 0 ? p : found;
    }
    return found;
}

static void tell(dq_processor *cpu, const GUID *id, ULONG code)
{
    const dq_etw *etw = dq_etw_of(cpu->machine);
    const dq_etw_enabling *e = etw != NULL ? enabling_of(etw, id) : NULL;
    REGHANDLE handle = 0;

    while (e != NULL) {
        dq_etw_provider *provider = following(etw, id, handle);

        if (provider == NULL) {
            return;
        }
        handle = provider->handle; /* It may be gone when its callback returns. */
        call(dq_self, provider, e, code);
    }
}

void dq_etw_capture(dq_processor *cpu, const GUID *id)
{
    const dq_etw *etw = dq_etw_of(cpu->machine);
    const dq_etw_enabling *e = etw != NULL ? enabling_of(etw, id) : NULL;

    if (e != NULL && e->on) {
        tell(cpu, id, EVENT_CONTROL_CODE_CAPTURE_STATE);
    }
}

bool dq_etw_set(dq_processor *cpu, const dq_etw_enabling *enabling)
{
    dq_etw *etw = dq_etw_of(cpu->machine);
    dq_etw_enabling *e = etw != NULL ? enabling_of(etw, &enabling->id) : NULL;
    dq_etw_enabling *next;

    if (e == NULL) {
        e = etw != NULL ? dq_keep(cpu->machine, sizeof(*e)) : NULL;
        if (e == NULL) {
            return false;
        }
        e->next = etw->enablings;
        etw->enablings = e;
    }
    next = e->next;
    *e = *enabling;
    e->next = next;
    tell(cpu, &e->id,
         e->on ? EVENT_CONTROL_CODE_ENABLE_PROVIDER : EVENT_CONTROL_CODE_DISABLE_PROVIDER);
    return true;
}

/* ---- Registering ----------------------------------------------------------------------------- */

static NTSTATUS add(dq_processor *cpu, const GUID *id, PETWENABLECALLBACK callback, void *context,
                    const void *place, PREGHANDLE handle)
{
    dq_etw *etw = dq_etw_of(cpu->machine);
    dq_etw_provider *provider = etw != NULL ? dq_keep(cpu->machine, sizeof(*provider)) : NULL;
    const dq_etw_enabling *e;

    if (provider == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    provider->handle = ++etw->handles_made;
    provider->id = *id;
    provider->callback = callback;
    provider->context = context;
    provider->place = place;
    provider->next = etw->providers;
    dq_wait_header_init(&provider->idle.Header, DQ_TYPE_EVENT_SYNCHRONIZATION, 0);
    etw->providers = provider;
    *handle = provider->handle;
    dq_emit(cpu, ORDER_GIVE, provider, 0, 0, 0);
    e = enabling_of(etw, id);
    if (e != NULL && e->on) {
        call(cpu, provider, e, EVENT_CONTROL_CODE_ENABLE_PROVIDER);
    }
    return STATUS_SUCCESS;
}

NTSTATUS dq_etw_register(dq_processor *cpu, const GUID *id, PETWENABLECALLBACK callback,
                         void *context, const void *place, PREGHANDLE handle)
{
    if (id == NULL || handle == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *handle = 0;
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return add(cpu, id, callback, context, place, handle);
}

/* Who registers a provider again gets another handle, and has to unregister both. */
NTSTATUS NTAPI EtwRegister(LPCGUID ProviderId, PETWENABLECALLBACK EnableCallback,
                           PVOID CallbackContext, PREGHANDLE RegHandle)
{
    const void *place = DQ_CALL_PLACE;

    DQ_ENTER(EtwRegister, NULL, EnableCallback, 0, 0, STATUS_UNSUCCESSFUL);
    return dq_etw_register(cpu, ProviderId, EnableCallback, CallbackContext, place, RegHandle);
}

/* Called in the callback itself, it would wait for ever; Windows' page is silent. */
NTSTATUS NTAPI EtwUnregister(REGHANDLE RegHandle)
{
    const void *place = DQ_CALL_PLACE;
    dq_etw_provider *provider;

    DQ_ENTER(EtwUnregister, NULL, RegHandle, 0, 0, STATUS_UNSUCCESSFUL);
    provider = dq_etw_find(cpu, RegHandle, place);
    if (provider == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    *link_of(cpu->machine, RegHandle) = provider->next;
    while (provider->running > 0) {
        (void)dq_wait_for_matter(
            dq_self, &provider->idle, DQ_SERVICE_EtwUnregister, place,
            &(dq_wait_matter){ .what = "the calls of the provider's callback that run" });
    }
    dq_emit(dq_self, ORDER_TAKE, &provider->idle, 0, 0, 0);
    dq_keep_drop(dq_self->machine, provider);
    return STATUS_SUCCESS;
}

/* Traits, and how descriptors are read, make no difference to the session. */
NTSTATUS NTAPI EtwSetInformation(REGHANDLE RegHandle, EVENT_INFO_CLASS InformationClass,
                                 PVOID EventInformation, ULONG InformationLength)
{
    const void *place = DQ_CALL_PLACE;

    DQ_ENTER(EtwSetInformation, NULL, RegHandle, InformationClass, InformationLength,
             STATUS_UNSUCCESSFUL);
    if (dq_etw_find(cpu, RegHandle, place) == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (EventInformation == NULL && InformationLength != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    switch (InformationClass) {
    case EventProviderSetTraits:
        return InformationLength >= sizeof(USHORT) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    case EventProviderUseDescriptorType:
        return InformationLength == sizeof(BOOLEAN) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static BOOLEAN is_enabled(dq_processor *cpu, REGHANDLE handle, UCHAR level, ULONGLONG keyword,
                          const void *place)
{
    const dq_etw_provider *provider = dq_etw_find(cpu, handle, place);

    return provider != NULL && dq_etw_is_wanted(cpu->machine, provider, level, keyword);
}

BOOLEAN NTAPI EtwEventEnabled(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor)
{
    DQ_ENTER(EtwEventEnabled, NULL, RegHandle, 0, 0, FALSE);
    return is_enabled(cpu, RegHandle, EventDescriptor->Level, EventDescriptor->Keyword,
                      DQ_CALL_PLACE);
}

BOOLEAN NTAPI EtwProviderEnabled(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword)
{
    DQ_ENTER(EtwProviderEnabled, NULL, RegHandle, Level, Keyword, FALSE);
    return is_enabled(cpu, RegHandle, Level, Keyword, DQ_CALL_PLACE);
}

/* ---- Activities ------------------------------------------------------------------------------ */

static GUID make_activity(dq_etw *etw)
{
    GUID id = { 0x64715449, 0, 0, { 0 } }; /* The same in every run. */

    id.Data1 += ++etw->activities_made;
    return id;
}

NTSTATUS NTAPI EtwActivityIdControl(ULONG ControlCode, LPGUID ActivityId)
{
    const void *place = DQ_CALL_PLACE;
    dq_thread *thread;
    dq_etw *etw;
    GUID before;

    DQ_ENTER(EtwActivityIdControl, NULL, ControlCode, 0, 0, STATUS_UNSUCCESSFUL);
    thread = dq_thread_current(cpu);
    etw = dq_etw_of(cpu->machine);
    if (etw == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (ControlCode != EVENT_ACTIVITY_CTRL_CREATE_ID && cpu->irql >= DQ_LEVEL_DISPATCH) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "EtwActivity", .place = place },
                "EtwActivityIdControl was called above APC_LEVEL for the identifier of the "
                "current thread, which is an arbitrary one");
    }
    before = thread->activity;
    switch (ControlCode) {
    case EVENT_ACTIVITY_CTRL_GET_ID:
        *ActivityId = before;
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_SET_ID:
        thread->activity = *ActivityId;
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_CREATE_ID:
        *ActivityId = make_activity(etw);
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_GET_SET_ID:
        thread->activity = *ActivityId;
        *ActivityId = before;
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_CREATE_SET_ID:
        thread->activity = make_activity(etw);
        *ActivityId = before;
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

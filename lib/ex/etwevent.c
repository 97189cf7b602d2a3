/*
 * etwevent.c - events: written by providers, kept for the session.
 *
 * What an event points to is read only if the session wants the event: so it is only then found
 * that it is pageable, or that somebody changes it meanwhile.
 */
#include <string.h>

#include "ex/etw.h"
#include "ex/executive.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/access.h"

enum { EVENT_BYTES_MOST = 64 * 1024, EVENTS_MOST = 100000 };

static size_t round_up(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

static size_t text_bytes(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

/* ---- Copying --------------------------------------------------------------------------------- */

/* Where the next piece of a record goes. */
typedef struct tail {
    char *next;
} tail;

static void *put(tail *t, const void *data, size_t bytes)
{
    void *at = t->next;

    if (bytes > 0) {
        memcpy(at, data, bytes);
    }
    t->next += round_up(bytes);
    return at;
}

static const char *put_text(tail *t, const char *text)
{
    return text != NULL ? put(t, text, text_bytes(text)) : NULL;
}

static size_t bytes_of(const dq_etw_writing *w)
{
    size_t bytes = round_up(sizeof(dq_etw_record)) +
                   round_up(w->field_count * sizeof(dq_etw_field)) +
                   round_up(text_bytes(w->provider_name)) + round_up(text_bytes(w->name));

    for (unsigned i = 0; i < w->field_count; i++) {
        bytes += round_up(w->fields[i].bytes) + round_up(text_bytes(w->fields[i].name));
    }
    return bytes;
}

/* One block: the record, its fields, what they point to. */
static dq_etw_record *copy(dq_processor *cpu, const dq_etw_writing *w)
{
    dq_etw_record *record = dq_keep(cpu->machine, bytes_of(w));
    dq_etw_field *fields;
    tail t;

    if (record == NULL) {
        return NULL;
    }
    t.next = (char *)record + round_up(sizeof(*record));
    fields = put(&t, w->fields, w->field_count * sizeof(*fields));
    for (unsigned i = 0; i < w->field_count; i++) {
        fields[i].data = put(&t, w->fields[i].data, w->fields[i].bytes);
        fields[i].name = put_text(&t, w->fields[i].name);
    }
    record->provider = w->provider->id;
    record->provider_name = put_text(&t, w->provider_name);
    record->name = put_text(&t, w->name);
    record->descriptor = *w->descriptor;
    record->fields = fields;
    record->field_count = w->field_count;
    record->time_ns = cpu->machine->clock.now_ns;
    record->processor = cpu->number;
    record->irql = cpu->irql;
    record->activity = w->activity != NULL ? *w->activity : dq_thread_current(cpu)->activity;
    if (w->related != NULL) {
        record->related = *w->related;
    }
    return record;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void look_at_data(dq_processor *cpu, const dq_etw_writing *w)
{
    for (unsigned i = 0; i < w->field_count; i++) {
        if (w->fields[i].bytes > 0) {
            dq_access_by_service(cpu, w->fields[i].data, w->fields[i].bytes, DQ_ACCESS_READ);
        }
    }
}

NTSTATUS dq_etw_write(dq_processor *cpu, const dq_etw_writing *w)
{
    dq_etw *etw = dq_etw_of(cpu->machine);
    dq_etw_record *record;
    size_t bytes = 0;

    if (!dq_etw_is_wanted(cpu->machine, w->provider, w->descriptor->Level,
                          w->descriptor->Keyword)) {
        return STATUS_SUCCESS;
    }
    for (unsigned i = 0; i < w->field_count; i++) {
        bytes += w->fields[i].bytes;
    }
    if (bytes > EVENT_BYTES_MOST) {
        return STATUS_BUFFER_OVERFLOW;
    }
    look_at_data(cpu, w);
    record = etw->count < EVENTS_MOST ? copy(cpu, w) : NULL;
    if (record == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (etw->last != NULL) {
        etw->last->next = record;
    } else {
        etw->first = record;
    }
    etw->last = record;
    etw->count++;
    return STATUS_SUCCESS;
}

void dq_etw_forget(dq_machine *machine)
{
    dq_etw *etw = dq_etw_of(machine);

    while (etw != NULL && etw->first != NULL) {
        dq_etw_record *record = etw->first;

        etw->first = record->next;
        if (record->shown != NULL) {
            dq_keep_drop(machine, record->shown);
        }
        dq_keep_drop(machine, record);
    }
    if (etw != NULL) {
        etw->last = NULL;
        etw->count = 0;
    }
}

/* ---- Services -------------------------------------------------------------------------------- */

/* A call of one of them. */
typedef struct writing {
    REGHANDLE handle;
    PCEVENT_DESCRIPTOR descriptor;
    LPCGUID activity, related;
    ULONG count;
    const EVENT_DATA_DESCRIPTOR *data;
    const void *place;
} writing;

static NTSTATUS write(dq_processor *cpu, const writing *w)
{
    dq_etw_field fields[MAX_EVENT_DATA_DESCRIPTORS];
    const dq_etw_provider *provider = dq_etw_find(cpu, w->handle, w->place);

    if (provider == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (w->descriptor == NULL || w->count > MAX_EVENT_DATA_DESCRIPTORS ||
        (w->count > 0 && w->data == NULL)) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG i = 0; i < w->count; i++) {
        fields[i] = (dq_etw_field){ .kind = DQ_ETW_BYTES,
                                    .count = 1,
                                    .data = (const void *)(uintptr_t)w->data[i].Ptr,
                                    .bytes = w->data[i].Size };
    }
    return dq_etw_write(cpu, &(dq_etw_writing){ .provider = provider,
                                                .descriptor = w->descriptor,
                                                .activity = w->activity,
                                                .related = w->related,
                                                .fields = fields,
                                                .field_count = w->count });
}

NTSTATUS NTAPI EtwWrite(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, LPCGUID ActivityId,
                        ULONG UserDataCount, PEVENT_DATA_DESCRIPTOR UserData)
{
    const writing w = { .handle = RegHandle,
                        .descriptor = EventDescriptor,
                        .activity = ActivityId,
                        .count = UserDataCount,
                        .data = UserData,
                        .place = DQ_CALL_PLACE };

    DQ_ENTER(EtwWrite, NULL, RegHandle, UserDataCount, 0, STATUS_UNSUCCESSFUL);
    return write(cpu, &w);
}

NTSTATUS NTAPI EtwWriteTransfer(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor,
                                LPCGUID ActivityId, LPCGUID RelatedActivityId, ULONG UserDataCount,
                                PEVENT_DATA_DESCRIPTOR UserData)
{
    const writing w = { .handle = RegHandle,
                        .descriptor = EventDescriptor,
                        .activity = ActivityId,
                        .related = RelatedActivityId,
                        .count = UserDataCount,
                        .data = UserData,
                        .place = DQ_CALL_PLACE };

    DQ_ENTER(EtwWriteTransfer, NULL, RegHandle, UserDataCount, 0, STATUS_UNSUCCESSFUL);
    return write(cpu, &w);
}

/* A filter leaves out the session, which is the only one. */
NTSTATUS NTAPI EtwWriteEx(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, ULONG64 Filter,
                          ULONG Flags, LPCGUID ActivityId, LPCGUID RelatedActivityId,
                          ULONG UserDataCount, PEVENT_DATA_DESCRIPTOR UserData)
{
    const writing w = { .handle = RegHandle,
                        .descriptor = EventDescriptor,
                        .activity = ActivityId,
                        .related = RelatedActivityId,
                        .count = UserDataCount,
                        .data = UserData,
                        .place = DQ_CALL_PLACE };

    DQ_ENTER(EtwWriteEx, NULL, RegHandle, UserDataCount, Flags, STATUS_UNSUCCESSFUL);
    if (Flags != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Filter != 0) {
        return dq_etw_find(cpu, RegHandle, w.place) != NULL ? STATUS_SUCCESS
                                                            : STATUS_INVALID_HANDLE;
    }
    return write(cpu, &w);
}

NTSTATUS NTAPI EtwWriteString(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword,
                              LPCGUID ActivityId, PCWSTR String)
{
    const EVENT_DESCRIPTOR descriptor = { .Level = Level, .Keyword = Keyword };
    const void *place = DQ_CALL_PLACE;
    const dq_etw_provider *provider;
    dq_etw_field field = { .kind = DQ_ETW_WIDE_TEXT, .count = 1, .data = String };

    DQ_ENTER(EtwWriteString, NULL, RegHandle, Level, Keyword, STATUS_UNSUCCESSFUL);
    provider = dq_etw_find(cpu, RegHandle, place);
    if (provider == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (String == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    while (String[field.bytes / sizeof(WCHAR)] != 0) {
        field.bytes += sizeof(WCHAR);
    }
    return dq_etw_write(cpu, &(dq_etw_writing){ .provider = provider,
                                                .descriptor = &descriptor,
                                                .activity = ActivityId,
                                                .fields = &field,
                                                .field_count = 1 });
}

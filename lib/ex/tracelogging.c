/*
 * tracelogging.c - what the macros of TraceLoggingProvider.h call.
 */
#include <string.h>

#include <wdm.h>

#include <TraceLoggingProvider.h>

#include "ex/etw.h"
#include "ex/executive.h"
#include "ke/ki.h"
#include "sim/computing.h"
#include "sim/place.h"

/* ---- Registering ----------------------------------------------------------------------------- */

/* A handle that another machine's provider has left in the variable is nobody's here. */
static const dq_etw_provider *registration_of(dq_machine *machine, TraceLoggingHProvider provider)
{
    const dq_etw_provider *found = dq_etw_look_up(machine, provider->RegHandle);

    return found != NULL && memcmp(&found->id, &provider->Id, sizeof(GUID)) == 0 ? found : NULL;
}

NTSTATUS NTAPI WdkTraceLoggingRegister(TraceLoggingHProvider Provider,
                                       PETWENABLECALLBACK EnableCallback, PVOID CallbackContext)
{
    const void *place = DQ_CALL_PLACE;
    const dq_etw_provider *before;
    char first[160];

    DQ_ENTER(EtwRegister, NULL, EnableCallback, 0, 0, STATUS_UNSUCCESSFUL);
    before = registration_of(cpu->machine, Provider);
    if (before != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR, .rule = "TraceLoggingTwice", .place = place },
                "TraceLoggingRegister was given provider \"%s\", which is registered already, by "
                "%s. Nobody can unregister that any more.",
                Provider->Name, dq_place_describe(before->place, first, sizeof(first)));
    }
    return dq_etw_register(cpu, &Provider->Id, EnableCallback, CallbackContext, place,
                           &Provider->RegHandle);
}

/* ---- Writing --------------------------------------------------------------------------------- */

enum { CHANNEL_TRACELOGGING = 11, FIELDS_MOST = 128 };

/* True: it says something of the event; else it is a piece of data. */
static bool configure(EVENT_DESCRIPTOR *descriptor, const WDK_TLG_FIELD *field)
{
    switch (field->Kind) {
    case WdkTlgLevel:
        descriptor->Level = (UCHAR)field->Value.Number;
        return true;
    case WdkTlgKeyword:
        descriptor->Keyword |= field->Value.Number;
        return true;
    case WdkTlgOpcode:
        descriptor->Opcode = (UCHAR)field->Value.Number;
        return true;
    case WdkTlgChannel:
        descriptor->Channel = (UCHAR)field->Value.Number;
        return true;
    default:
        return field->Kind == WdkTlgNothing;
    }
}

static dq_etw_field convert(const WDK_TLG_FIELD *field)
{
    const bool groups = field->Kind == WdkTlgStruct;

    return (dq_etw_field){ .name = field->Name,
                           .kind = (dq_etw_kind)field->Kind,
                           .count = groups ? (unsigned)field->Value.Number : field->Count,
                           .data = field->Data != NULL ? field->Data : &field->Value,
                           .bytes = groups ? 0 : (size_t)field->Bytes * field->Count };
}

NTSTATUS NTAPI WdkTraceLoggingWrite(TraceLoggingHProvider Provider, PCSTR Name, LPCGUID ActivityId,
                                    LPCGUID RelatedActivityId, const WDK_TLG_FIELD *Fields,
                                    ULONG Count)
{
    EVENT_DESCRIPTOR descriptor = { .Channel = CHANNEL_TRACELOGGING, .Level = TRACE_LEVEL_VERBOSE };
    dq_etw_field fields[FIELDS_MOST];
    const void *place = DQ_CALL_PLACE;
    const dq_etw_provider *provider;
    unsigned count = 0;

    DQ_ENTER(TraceLoggingWrite, NULL, DQ_READ(TraceLoggingWrite, Provider->RegHandle), Count, 0,
             STATUS_UNSUCCESSFUL);
    provider = dq_etw_find(cpu, Provider->RegHandle, place);
    if (provider == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    for (ULONG i = 0; i < Count; i++) {
        if (!configure(&descriptor, &Fields[i])) {
            if (count == FIELDS_MOST) {
                return STATUS_INVALID_PARAMETER;
            }
            fields[count++] = convert(&Fields[i]);
        }
    }
    return dq_etw_write(cpu, &(dq_etw_writing){ .provider = provider,
                                                .descriptor = &descriptor,
                                                .activity = ActivityId,
                                                .related = RelatedActivityId,
                                                .provider_name = Provider->Name,
                                                .name = Name,
                                                .fields = fields,
                                                .field_count = count });
}

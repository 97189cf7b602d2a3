/*
 * allocate.c - memory for counted strings: paged pool with one tag, so that leak checks see it.
 */
#include <stddef.h>

#include "ex/pool.h"
#include "rtl/rtl.h"

enum { TAG_STRING = 0x67727453 }; /* "Strg" */

C_ASSERT(sizeof(STRING) == sizeof(UNICODE_STRING));
C_ASSERT(offsetof(STRING, Buffer) == offsetof(UNICODE_STRING, Buffer));

/* The caller's processor, of which dq_rtl_enter() has told already. Where there is none, tells that
 * memory needs one, and returns NULL. */
static dq_processor *processor_for(dq_service service, const void *place, const void *object)
{
    dq_processor *cpu = dq_self;

    return dq_attends(cpu, DQ_ATTEND_REFUSE) ? dq_enter(service, place, object, 0, 0, 0) : cpu;
}

static void *allocate_text(dq_service service, const void *place, size_t bytes)
{
    dq_processor *cpu = processor_for(service, place, NULL);

    return cpu != NULL ? dq_pool_allocate(cpu, PagedPool, bytes, TAG_STRING, place) : NULL;
}

NTSTATUS dq_rtl_make_room(dq_service service, const void *place, PSTRING string, size_t bytes,
                          size_t room, BOOLEAN allocate)
{
    if (bytes + room > MAXUSHORT) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (allocate) {
        string->Buffer = allocate_text(service, place, bytes + room);
        if (string->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        string->MaximumLength = (USHORT)(bytes + room);
    } else if (bytes + room > string->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    string->Length = (USHORT)bytes;
    return STATUS_SUCCESS;
}

/* The buffer may have another tag: drivers put text of their own into strings, too. */
static void free_string(dq_service service, const void *place, PSTRING string)
{
    dq_processor *cpu;

    if (string->Buffer == NULL) {
        return;
    }
    cpu = processor_for(service, place, string);
    if (cpu != NULL) {
        dq_pool_give_back(cpu, string->Buffer, 0, place);
        string->Buffer = NULL;
        string->Length = 0;
        string->MaximumLength = 0;
    }
}

VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    DQ_RTL_ENTER(RtlFreeUnicodeString, UnicodeString);
    free_string(DQ_SERVICE_RtlFreeUnicodeString, DQ_CALL_PLACE,
                (PSTRING)UnicodeString);
}

VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    DQ_RTL_ENTER(RtlFreeAnsiString, AnsiString);
    free_string(DQ_SERVICE_RtlFreeAnsiString, DQ_CALL_PLACE, AnsiString);
}

VOID NTAPI RtlFreeUTF8String(PUTF8_STRING utf8String)
{
    DQ_RTL_ENTER(RtlFreeUTF8String, utf8String);
    free_string(DQ_SERVICE_RtlFreeUTF8String, DQ_CALL_PLACE, utf8String);
}

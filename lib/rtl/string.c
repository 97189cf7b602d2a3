/*
 * string.c - counted strings: made, copied, appended.
 */
#include "rtl/rtl.h"

static size_t length_of(PCWSTR text)
{
    size_t chars = 0;

    while (text[chars] != UNICODE_NULL) {
        chars++;
    }
    return chars;
}

/* ---- Making ---------------------------------------------------------------------------------- */

static NTSTATUS init(PSTRING string, const void *text, size_t bytes, size_t unit)
{
    *string = (STRING){ .Buffer = (PCHAR)text };
    if (bytes + unit > MAXUSHORT) {
        return STATUS_NAME_TOO_LONG;
    }
    if (text != NULL) {
        string->Length = (USHORT)bytes;
        string->MaximumLength = (USHORT)(bytes + unit);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    DQ_COMPUTES();
    return init((PSTRING)DestinationString, SourceString,
                SourceString != NULL ? length_of(SourceString) * sizeof(WCHAR) : 0, sizeof(WCHAR));
}

static NTSTATUS init_narrow(PSTRING string, PCSZ text)
{
    return init(string, text, text != NULL ? strlen(text) : 0, 1);
}

NTSTATUS NTAPI RtlInitStringEx(PSTRING DestinationString, PCSZ SourceString)
{
    DQ_COMPUTES();
    return init_narrow(DestinationString, SourceString);
}

NTSTATUS NTAPI RtlInitAnsiStringEx(PANSI_STRING DestinationString, PCSZ SourceString)
{
    DQ_COMPUTES();
    return init_narrow(DestinationString, SourceString);
}

NTSTATUS NTAPI RtlInitUTF8StringEx(PUTF8_STRING DestinationString, PCSZ SourceString)
{
    DQ_COMPUTES();
    return init_narrow(DestinationString, SourceString);
}

BOOLEAN NTAPI RtlCreateUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    DQ_RTL_ENTER(RtlCreateUnicodeString, DestinationString);
    const size_t bytes = length_of(SourceString) * sizeof(WCHAR);

    if (!NT_SUCCESS(DQ_RTL_MAKE_ROOM(RtlCreateUnicodeString, DestinationString, bytes,
                                     sizeof(WCHAR), TRUE))) {
        return FALSE;
    }
    memcpy(DestinationString->Buffer, SourceString, bytes + sizeof(WCHAR));
    return TRUE;
}

NTSTATUS NTAPI RtlValidateUnicodeString(ULONG Flags, PCUNICODE_STRING String)
{
    DQ_COMPUTES();
    if (Flags != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (String != NULL &&
        (String->Length % sizeof(WCHAR) != 0 || String->MaximumLength % sizeof(WCHAR) != 0 ||
         String->Length > String->MaximumLength ||
         (String->Buffer == NULL && String->MaximumLength != 0))) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* ---- Copying and appending ------------------------------------------------------------------- */

static size_t shorter(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void end_with_null(PUNICODE_STRING string)
{
    if (string->Length + sizeof(WCHAR) <= string->MaximumLength) {
        string->Buffer[dq_rtl_chars(string)] = UNICODE_NULL;
    }
}

VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    DQ_COMPUTES();
    size_t bytes = 0;

    if (SourceString != NULL) {
        bytes = shorter(SourceString->Length, DestinationString->MaximumLength);
        if (bytes > 0) {
            memmove(DestinationString->Buffer, SourceString->Buffer, bytes);
        }
    }
    DestinationString->Length = (USHORT)bytes;
    if (SourceString != NULL) {
        end_with_null(DestinationString);
    }
}

VOID NTAPI RtlCopyString(PSTRING DestinationString, const STRING *SourceString)
{
    DQ_COMPUTES();
    size_t bytes = 0;

    if (SourceString != NULL) {
        bytes = shorter(SourceString->Length, DestinationString->MaximumLength);
        if (bytes > 0) {
            memmove(DestinationString->Buffer, SourceString->Buffer, bytes);
        }
    }
    DestinationString->Length = (USHORT)bytes;
}

static NTSTATUS append(PSTRING string, const void *text, size_t bytes)
{
    if (bytes + string->Length > string->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (bytes > 0) {
        memmove(string->Buffer + string->Length, text, bytes);
        string->Length = (USHORT)(string->Length + bytes);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS append_wide(PUNICODE_STRING string, PCWSTR text, size_t bytes)
{
    const NTSTATUS status = append((PSTRING)string, text, bytes);

    if (NT_SUCCESS(status) && bytes > 0) {
        end_with_null(string);
    }
    return status;
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    DQ_COMPUTES();
    return append_wide(Destination, Source->Buffer, Source->Length);
}

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    DQ_COMPUTES();
    return append_wide(Destination, Source, Source != NULL ? length_of(Source) * sizeof(WCHAR) : 0);
}

NTSTATUS NTAPI RtlAppendStringToString(PSTRING Destination, const STRING *Source)
{
    DQ_RTL_ENTER(RtlAppendStringToString, Destination);
    return append(Destination, Source->Buffer, Source->Length);
}

/*
 * convert.c - text from ANSI to Unicode and back. Each ANSI character is one byte.
 */
#include "rtl/rtl.h"

static ULONG shorter(ULONG a, ULONG b)
{
    return a < b ? a : b;
}

static void widen(PWCH to, const CHAR *from, ULONG chars)
{
    for (ULONG i = 0; i < chars; i++) {
        to[i] = dq_ansi_to_wide(from[i]);
    }
}

static void narrow(PCHAR to, PCWCH from, ULONG chars)
{
    for (ULONG i = 0; i < chars; i++) {
        to[i] = dq_ansi_from_wide(from[i]);
    }
}

/* ---- Whole strings --------------------------------------------------------------------------- */

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString,
                                            PCANSI_STRING SourceString,
                                            BOOLEAN AllocateDestinationString)
{
    DQ_RTL_ENTER(RtlAnsiStringToUnicodeString, DestinationString);
    const USHORT chars = SourceString->Length;
    NTSTATUS status;

    status = DQ_RTL_MAKE_ROOM(RtlAnsiStringToUnicodeString, DestinationString,
                              chars * sizeof(WCHAR), sizeof(WCHAR), AllocateDestinationString);
    if (NT_SUCCESS(status)) {
        widen(DestinationString->Buffer, SourceString->Buffer, chars);
        DestinationString->Buffer[chars] = UNICODE_NULL;
    }
    return status;
}

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString,
                                            PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString)
{
    DQ_RTL_ENTER(RtlUnicodeStringToAnsiString, DestinationString);
    const size_t chars = dq_rtl_chars(SourceString);
    NTSTATUS status;

    status = DQ_RTL_MAKE_ROOM(RtlUnicodeStringToAnsiString, DestinationString, chars, 1,
                              AllocateDestinationString);
    if (NT_SUCCESS(status)) {
        narrow(DestinationString->Buffer, SourceString->Buffer, (ULONG)chars);
        DestinationString->Buffer[chars] = ANSI_NULL;
    }
    return status;
}

ULONG NTAPI RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString)
{
    DQ_RTL_ENTER(RtlxAnsiStringToUnicodeSize, AnsiString);
    return (ULONG)((AnsiString->Length + 1u) * sizeof(WCHAR));
}

ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString)
{
    DQ_RTL_ENTER(RtlxUnicodeStringToAnsiSize, UnicodeString);
    return (ULONG)dq_rtl_chars(UnicodeString) + 1;
}

/* ---- Buffers --------------------------------------------------------------------------------- */

NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                      PULONG BytesInUnicodeString, const CHAR *MultiByteString,
                                      ULONG BytesInMultiByteString)
{
    const ULONG chars =
        shorter(BytesInMultiByteString, (ULONG)(MaxBytesInUnicodeString / sizeof(WCHAR)));

    DQ_RTL_ENTER(RtlMultiByteToUnicodeN, UnicodeString);
    widen(UnicodeString, MultiByteString, chars);
    if (BytesInUnicodeString != NULL) {
        *BytesInUnicodeString = (ULONG)(chars * sizeof(WCHAR));
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                      PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                      ULONG BytesInUnicodeString)
{
    const ULONG chars =
        shorter((ULONG)(BytesInUnicodeString / sizeof(WCHAR)), MaxBytesInMultiByteString);

    DQ_RTL_ENTER(RtlUnicodeToMultiByteN, MultiByteString);
    narrow(MultiByteString, UnicodeString, chars);
    if (BytesInMultiByteString != NULL) {
        *BytesInMultiByteString = chars;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUpcaseUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                            PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                            ULONG BytesInUnicodeString)
{
    const ULONG chars =
        shorter((ULONG)(BytesInUnicodeString / sizeof(WCHAR)), MaxBytesInMultiByteString);

    DQ_RTL_ENTER(RtlUpcaseUnicodeToMultiByteN, MultiByteString);
    for (ULONG i = 0; i < chars; i++) {
        MultiByteString[i] = dq_ansi_up(dq_ansi_from_wide(UnicodeString[i]));
    }
    if (BytesInMultiByteString != NULL) {
        *BytesInMultiByteString = chars;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlMultiByteToUnicodeSize(PULONG BytesInUnicodeString, const CHAR *MultiByteString,
                                         ULONG BytesInMultiByteString)
{
    DQ_RTL_ENTER(RtlMultiByteToUnicodeSize, MultiByteString);
    *BytesInUnicodeString = (ULONG)(BytesInMultiByteString * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToMultiByteSize(PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                         ULONG BytesInUnicodeString)
{
    DQ_RTL_ENTER(RtlUnicodeToMultiByteSize, UnicodeString);
    *BytesInMultiByteString = (ULONG)(BytesInUnicodeString / sizeof(WCHAR));
    return STATUS_SUCCESS;
}

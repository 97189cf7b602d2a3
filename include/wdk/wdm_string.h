/*
 * wdm_string.h: counted strings: made, copied, appended, compared, in upper and lower case.
 *
 * Lengths are in bytes. ANSI text is in code page 1252, as on a machine whose language is English.
 */
#ifndef WDM_STRING_H
#define WDM_STRING_H

#include <wdm_base.h>

EXTERN_C_START

/* -- Making --------------------------------------------------------------------------------------
 * Any IRQL. The text must stay where it is. "wdm: RtlInitUnicodeString" and its neighbours; the Ex
 * forms return STATUS_NAME_TOO_LONG for what does not fit, the others cut it off. */

WDK_INLINE VOID RtlInitUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                      _In_opt_ PCWSTR SourceString)
{
    SIZE_T Chars = 0;

    if (SourceString == NULL) {
        DestinationString->Length = 0;
        DestinationString->MaximumLength = 0;
    } else {
        while (Chars < UNICODE_STRING_MAX_CHARS - 1 && SourceString[Chars] != UNICODE_NULL) {
            Chars++;
        }
        DestinationString->Length = (USHORT)(Chars * sizeof(WCHAR));
        DestinationString->MaximumLength = (USHORT)((Chars + 1) * sizeof(WCHAR));
    }
    DestinationString->Buffer = (PWCH)SourceString;
}

WDK_INLINE VOID RtlInitString(_Out_ PSTRING DestinationString, _In_opt_ PCSZ SourceString)
{
    SIZE_T Chars = 0;

    if (SourceString == NULL) {
        DestinationString->Length = 0;
        DestinationString->MaximumLength = 0;
    } else {
        while (Chars < MAXUSHORT - 1 && SourceString[Chars] != ANSI_NULL) {
            Chars++;
        }
        DestinationString->Length = (USHORT)Chars;
        DestinationString->MaximumLength = (USHORT)(Chars + 1);
    }
    DestinationString->Buffer = (PCHAR)SourceString;
}

#define RtlInitAnsiString(DestinationString, SourceString) \
    RtlInitString((DestinationString), (SourceString))
#define RtlInitUTF8String(DestinationString, SourceString) \
    RtlInitString((DestinationString), (SourceString))

NTSYSAPI NTSTATUS NTAPI RtlInitUnicodeStringEx(_Out_ PUNICODE_STRING DestinationString,
                                               _In_opt_ PCWSTR SourceString);
NTSYSAPI NTSTATUS NTAPI RtlInitStringEx(_Out_ PSTRING DestinationString,
                                        _In_opt_ PCSZ SourceString);
NTSYSAPI NTSTATUS NTAPI RtlInitAnsiStringEx(_Out_ PANSI_STRING DestinationString,
                                            _In_opt_ PCSZ SourceString);
NTSYSAPI NTSTATUS NTAPI RtlInitUTF8StringEx(_Out_ PUTF8_STRING DestinationString,
                                            _In_opt_ PCSZ SourceString);

WDK_INLINE VOID RtlInitEmptyUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                           _In_opt_ PWCHAR Buffer, _In_ USHORT BufferSize)
{
    DestinationString->Length = 0;
    DestinationString->MaximumLength = BufferSize;
    DestinationString->Buffer = Buffer;
}

WDK_INLINE VOID RtlInitEmptyAnsiString(_Out_ PANSI_STRING DestinationString,
                                        _In_opt_ PCHAR Buffer, _In_ USHORT BufferSize)
{
    DestinationString->Length = 0;
    DestinationString->MaximumLength = BufferSize;
    DestinationString->Buffer = Buffer;
}

#define RtlInitEmptyUTF8String(DestinationString, Buffer, BufferSize) \
    RtlInitEmptyAnsiString((DestinationString), (Buffer), (BufferSize))

/* PASSIVE_LEVEL. FALSE when there is no memory. Freed by RtlFreeUnicodeString.
 * "ntifs: RtlCreateUnicodeString". */
NTSYSAPI BOOLEAN NTAPI RtlCreateUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                              _In_ PCWSTR SourceString);

/* IRQL <= APC_LEVEL; UTF-8: PASSIVE_LEVEL. Frees what a routine here has allocated, and empties
 * the string; no effect on an empty one. "wdm: RtlFreeUnicodeString" and its neighbours. */
NTSYSAPI VOID NTAPI RtlFreeUnicodeString(_Inout_ PUNICODE_STRING UnicodeString);
NTSYSAPI VOID NTAPI RtlFreeAnsiString(_Inout_ PANSI_STRING AnsiString);
NTSYSAPI VOID NTAPI RtlFreeUTF8String(_Inout_ PUTF8_STRING utf8String);

/* Any IRQL. STATUS_INVALID_PARAMETER for lengths that are odd, too large or without a buffer. */
NTSYSAPI NTSTATUS NTAPI RtlValidateUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING String);

/* Zeroes what lies behind the text. "wdm: RtlSanitizeUnicodeStringPadding". */
WDK_INLINE VOID RtlSanitizeUnicodeStringPadding(_Inout_ PUNICODE_STRING String)
{
    if (String->MaximumLength > String->Length) {
        memset((PUCHAR)String->Buffer + String->Length, 0,
               (SIZE_T)(String->MaximumLength - String->Length));
    }
}

/* -- Copying -------------------------------------------------------------------------------------
 * Any IRQL, when the memory is resident; RtlAppendStringToString: IRQL <= APC_LEVEL. Copying cuts
 * off what does not fit; appending refuses it with STATUS_BUFFER_TOO_SMALL. A null follows Unicode
 * text where there is room. "wdm: RtlCopyUnicodeString", "wdm: RtlAppendUnicodeStringToString" and
 * their neighbours. */

NTSYSAPI VOID NTAPI RtlCopyUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                         _In_opt_ PCUNICODE_STRING SourceString);
NTSYSAPI VOID NTAPI RtlCopyString(_Out_ PSTRING DestinationString,
                                  _In_opt_ const STRING *SourceString);
NTSYSAPI NTSTATUS NTAPI RtlAppendUnicodeStringToString(_Inout_ PUNICODE_STRING Destination,
                                                       _In_ PCUNICODE_STRING Source);
NTSYSAPI NTSTATUS NTAPI RtlAppendUnicodeToString(_Inout_ PUNICODE_STRING Destination,
                                                 _In_opt_ PCWSTR Source);
NTSYSAPI NTSTATUS NTAPI RtlAppendStringToString(_Inout_ PSTRING Destination,
                                                _In_ const STRING *Source);

/* -- Comparing -----------------------------------------------------------------------------------
 * PASSIVE_LEVEL. Below 0, 0 or above, as the first difference is; a beginning comes before the
 * whole. "wdm: RtlCompareUnicodeString" and its neighbours. */

NTSYSAPI LONG NTAPI RtlCompareUnicodeString(_In_ PCUNICODE_STRING String1,
                                            _In_ PCUNICODE_STRING String2,
                                            _In_ BOOLEAN CaseInSensitive);
NTSYSAPI LONG NTAPI RtlCompareString(_In_ const STRING *String1, _In_ const STRING *String2,
                                     _In_ BOOLEAN CaseInSensitive);
NTSYSAPI BOOLEAN NTAPI RtlEqualUnicodeString(_In_ PCUNICODE_STRING String1,
                                             _In_ PCUNICODE_STRING String2,
                                             _In_ BOOLEAN CaseInSensitive);
NTSYSAPI BOOLEAN NTAPI RtlEqualString(_In_ const STRING *String1, _In_ const STRING *String2,
                                      _In_ BOOLEAN CaseInSensitive);
NTSYSAPI BOOLEAN NTAPI RtlPrefixUnicodeString(_In_ PCUNICODE_STRING String1,
                                              _In_ PCUNICODE_STRING String2,
                                              _In_ BOOLEAN CaseInSensitive);
NTSYSAPI BOOLEAN NTAPI RtlPrefixString(_In_ const STRING *String1, _In_ const STRING *String2,
                                       _In_ BOOLEAN CaseInSensitive);

#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599 1
#define HASH_STRING_ALGORITHM_INVALID 0xffffffffU

/* IRQL <= APC_LEVEL. "wdm: RtlHashUnicodeString". */
NTSYSAPI NTSTATUS NTAPI RtlHashUnicodeString(_In_ PCUNICODE_STRING String,
                                             _In_ BOOLEAN CaseInSensitive,
                                             _In_ ULONG HashAlgorithm, _Out_ PULONG HashValue);

/* -- Case ----------------------------------------------------------------------------------------
 * IRQL <= APC_LEVEL, RtlDowncaseUnicodeChar: PASSIVE_LEVEL. "wdm: RtlUpcaseUnicodeChar" etc. */

NTSYSAPI WCHAR NTAPI RtlUpcaseUnicodeChar(_In_ WCHAR SourceCharacter);
NTSYSAPI WCHAR NTAPI RtlDowncaseUnicodeChar(_In_ WCHAR SourceCharacter);
NTSYSAPI CHAR NTAPI RtlUpperChar(_In_ CHAR Character);
NTSYSAPI VOID NTAPI RtlUpperString(_Inout_ PSTRING DestinationString,
                                   _In_ const STRING *SourceString);

/* STATUS_BUFFER_OVERFLOW when it does not fit, STATUS_NO_MEMORY. Without a null at its end. */
NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                               _In_ PCUNICODE_STRING SourceString,
                                               _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS NTAPI RtlDowncaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                                 _In_ PCUNICODE_STRING SourceString,
                                                 _In_ BOOLEAN AllocateDestinationString);

EXTERN_C_END

#endif

/*
 * compare.c - counted strings compared, hashed, and in upper and lower case.
 */
#include "rtl/rtl.h"

/* ---- Unicode --------------------------------------------------------------------------------- */

static LONG compare_wide(PCWCH first, size_t first_chars, PCWCH second, size_t second_chars,
                         BOOLEAN fold)
{
    const size_t chars = first_chars < second_chars ? first_chars : second_chars;

    for (size_t i = 0; i < chars; i++) {
        const WCHAR a = fold ? dq_case_up(first[i]) : first[i];
        const WCHAR b = fold ? dq_case_up(second[i]) : second[i];

        if (a != b) {
            return (LONG)(USHORT)a - (LONG)(USHORT)b;
        }
    }
    return (LONG)first_chars - (LONG)second_chars;
}

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                   BOOLEAN CaseInSensitive)
{
    DQ_RTL_ENTER(RtlCompareUnicodeString, String1);
    return compare_wide(String1->Buffer, dq_rtl_chars(String1), String2->Buffer,
                        dq_rtl_chars(String2), CaseInSensitive);
}

BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                    BOOLEAN CaseInSensitive)
{
    DQ_RTL_ENTER(RtlEqualUnicodeString, String1);
    return String1->Length == String2->Length &&
           compare_wide(String1->Buffer, dq_rtl_chars(String1), String2->Buffer,
                        dq_rtl_chars(String2), CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                     BOOLEAN CaseInSensitive)
{
    DQ_RTL_ENTER(RtlPrefixUnicodeString, String1);
    return String1->Length <= String2->Length &&
           compare_wide(String1->Buffer, dq_rtl_chars(String1), String2->Buffer,
                        dq_rtl_chars(String1), CaseInSensitive) == 0;
}

NTSTATUS NTAPI RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive,
                                    ULONG HashAlgorithm, PULONG HashValue)
{
    ULONG hash = 0;

    DQ_RTL_ENTER(RtlHashUnicodeString, String);
    if (String == NULL || HashValue == NULL || HashAlgorithm > HASH_STRING_ALGORITHM_X65599) {
        return STATUS_INVALID_PARAMETER;
    }
    for (size_t i = 0; i < dq_rtl_chars(String); i++) {
        const WCHAR c = CaseInSensitive ? dq_case_up(String->Buffer[i]) : String->Buffer[i];

        hash = hash * 65599 + (USHORT)c;
    }
    *HashValue = hash;
    return STATUS_SUCCESS;
}

/* ---- ANSI ------------------------------------------------------------------------------------ */

static LONG compare_narrow(const CHAR *first, size_t first_chars, const CHAR *second,
                           size_t second_chars, BOOLEAN fold)
{
    const size_t chars = first_chars < second_chars ? first_chars : second_chars;

    for (size_t i = 0; i < chars; i++) {
        const CHAR a = fold ? dq_ansi_up(first[i]) : first[i];
        const CHAR b = fold ? dq_ansi_up(second[i]) : second[i];

        if (a != b) {
            return (LONG)(UCHAR)a - (LONG)(UCHAR)b;
        }
    }
    return (LONG)first_chars - (LONG)second_chars;
}

LONG NTAPI RtlCompareString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    DQ_RTL_ENTER(RtlCompareString, String1);
    return compare_narrow(String1->Buffer, String1->Length, String2->Buffer, String2->Length,
                          CaseInSensitive);
}

BOOLEAN NTAPI RtlEqualString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    DQ_RTL_ENTER(RtlEqualString, String1);
    return String1->Length == String2->Length &&
           compare_narrow(String1->Buffer, String1->Length, String2->Buffer, String2->Length,
                          CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlPrefixString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    DQ_COMPUTES();
    return String1->Length <= String2->Length &&
           compare_narrow(String1->Buffer, String1->Length, String2->Buffer, String1->Length,
                          CaseInSensitive) == 0;
}

/* ---- Case ------------------------------------------------------------------------------------ */

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    DQ_RTL_ENTER(RtlUpcaseUnicodeChar, NULL);
    return dq_case_up(SourceCharacter);
}

WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter)
{
    DQ_RTL_ENTER(RtlDowncaseUnicodeChar, NULL);
    return dq_case_down(SourceCharacter);
}

CHAR NTAPI RtlUpperChar(CHAR Character)
{
    DQ_RTL_ENTER(RtlUpperChar, NULL);
    return dq_ansi_up(Character);
}

VOID NTAPI RtlUpperString(PSTRING DestinationString, const STRING *SourceString)
{
    DQ_RTL_ENTER(RtlUpperString, DestinationString);
    const USHORT length = SourceString->Length < DestinationString->MaximumLength
                              ? SourceString->Length
                              : DestinationString->MaximumLength;

    for (USHORT i = 0; i < length; i++) {
        DestinationString->Buffer[i] = dq_ansi_up(SourceString->Buffer[i]);
    }
    DestinationString->Length = length;
}

static void convert(PUNICODE_STRING to, PCUNICODE_STRING from, WCHAR (*change)(WCHAR character))
{
    for (size_t i = 0; i < dq_rtl_chars(from); i++) {
        to->Buffer[i] = change(from->Buffer[i]);
    }
}

NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString,
                                      PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    NTSTATUS status;

    DQ_RTL_ENTER(RtlUpcaseUnicodeString, DestinationString);
    status = DQ_RTL_MAKE_ROOM(RtlUpcaseUnicodeString, DestinationString, SourceString->Length, 0,
                              AllocateDestinationString);
    if (NT_SUCCESS(status)) {
        convert(DestinationString, SourceString, dq_case_up);
    }
    return status;
}

NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString,
                                        PCUNICODE_STRING SourceString,
                                        BOOLEAN AllocateDestinationString)
{
    NTSTATUS status;

    DQ_RTL_ENTER(RtlDowncaseUnicodeString, DestinationString);
    status = DQ_RTL_MAKE_ROOM(RtlDowncaseUnicodeString, DestinationString, SourceString->Length, 0,
                              AllocateDestinationString);
    if (NT_SUCCESS(status)) {
        convert(DestinationString, SourceString, dq_case_down);
    }
    return status;
}

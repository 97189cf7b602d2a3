/*
 * number.c - numbers and GUIDs as text, and back.
 */
#include "rtl/rtl.h"

static const char symbols[] = "0123456789ABCDEF";

/* ---- Writing --------------------------------------------------------------------------------- */

static NTSTATUS write_number(ULONGLONG value, ULONG base, PUNICODE_STRING string)
{
    WCHAR digits[64];
    size_t count = 0;

    base = base == 0 ? 10 : base;
    if (base != 2 && base != 8 && base != 10 && base != 16) {
        return STATUS_INVALID_PARAMETER;
    }
    do {
        digits[count++] = (WCHAR)symbols[value % base];
        value /= base;
    } while (value != 0);
    if ((count + 1) * sizeof(WCHAR) > string->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    string->Length = (USHORT)(count * sizeof(WCHAR));
    string->Buffer[count] = UNICODE_NULL;
    for (size_t i = 0; i < count; i++) {
        string->Buffer[i] = digits[count - 1 - i];
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    DQ_RTL_ENTER(RtlIntegerToUnicodeString, String);
    return write_number(Value, Base, String);
}

NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String)
{
    DQ_RTL_ENTER(RtlInt64ToUnicodeString, String);
    return write_number(Value, Base, String);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* Text of either width: as much of it as there is, then nulls. */
typedef struct text {
    const CHAR *narrow;
    PCWCH wide;
    size_t chars;
} text;

static unsigned at(const text *t, size_t i)
{
    if (i >= t->chars) {
        return 0;
    }
    return t->wide != NULL ? (USHORT)t->wide[i] : (UCHAR)t->narrow[i];
}

static int digit(unsigned character)
{
    if (character >= '0' && character <= '9') {
        return (int)(character - '0');
    }
    if (character >= 'A' && character <= 'F') {
        return (int)(character - 'A') + 10;
    }
    return character >= 'a' && character <= 'f' ? (int)(character - 'a') + 10 : 16;
}

/* Reads the prefix that tells the base, if there is one. */
static ULONG read_base(const text *t, size_t *i)
{
    static const struct {
        char letter;
        ULONG base;
    } prefixes[] = { { 'x', 16 }, { 'o', 8 }, { 'b', 2 } };

    for (unsigned k = 0; at(t, *i) == '0' && k < RTL_NUMBER_OF(prefixes); k++) {
        if (at(t, *i + 1) == (unsigned)prefixes[k].letter) {
            *i += 2;
            return prefixes[k].base;
        }
    }
    return 10;
}

static NTSTATUS read_number(const text *t, ULONG base, PULONG value)
{
    size_t i = 0;
    bool negative;
    ULONG number = 0;

    if (t->chars == 0 || (base != 0 && base != 2 && base != 8 && base != 10 && base != 16)) {
        return STATUS_INVALID_PARAMETER;
    }
    while (i < t->chars && at(t, i) <= ' ') {
        i++;
    }
    negative = at(t, i) == '-';
    if (negative || at(t, i) == '+') {
        i++;
    }
    base = base == 0 ? read_base(t, &i) : base;
    while (digit(at(t, i)) < (int)base) {
        number = number * base + (ULONG)digit(at(t, i++));
    }
    *value = negative ? 0 - number : number;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    DQ_RTL_ENTER(RtlUnicodeStringToInteger, String);
    const text t = { .wide = String->Buffer, .chars = dq_rtl_chars(String) };

    return read_number(&t, Base, Value);
}

NTSTATUS NTAPI RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value)
{
    DQ_RTL_ENTER(RtlCharToInteger, String);
    const text t = { .narrow = String, .chars = strlen(String) };

    return read_number(&t, Base, Value);
}

/* ---- GUIDs ----------------------------------------------------------------------------------- */

/* Which byte of the structure each pair of digits is; the rest are the characters themselves. */
static const char form[] = "{3210-54-76-89-abcdef}";

enum { GUID_CHARS = 38 };

NTSTATUS NTAPI RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString)
{
    const UCHAR *bytes = (const UCHAR *)Guid;
    PWCH to;
    NTSTATUS status;

    DQ_RTL_ENTER(RtlStringFromGUID, GuidString);
    status = DQ_RTL_MAKE_ROOM(RtlStringFromGUID, GuidString, GUID_CHARS * sizeof(WCHAR),
                              sizeof(WCHAR), TRUE);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    to = GuidString->Buffer;
    for (const char *f = form; *f != '\0'; f++) {
        if (digit((unsigned)*f) < 16) {
            *to++ = (WCHAR)symbols[bytes[digit((unsigned)*f)] >> 4];
            *to++ = (WCHAR)symbols[bytes[digit((unsigned)*f)] & 15];
        } else {
            *to++ = (WCHAR)*f;
        }
    }
    *to = UNICODE_NULL;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    DQ_RTL_ENTER(RtlGUIDFromString, GuidString);
    const text t = { .wide = GuidString->Buffer, .chars = dq_rtl_chars(GuidString) };
    UCHAR bytes[sizeof(GUID)];
    size_t i = 0;

    for (const char *f = form; *f != '\0'; f++) {
        if (digit((unsigned)*f) < 16) {
            const int high = digit(at(&t, i)), low = digit(at(&t, i + 1));

            if (high == 16 || low == 16) {
                return STATUS_INVALID_PARAMETER;
            }
            bytes[digit((unsigned)*f)] = (UCHAR)(high << 4 | low);
            i += 2;
        } else if (at(&t, i++) != (unsigned)*f) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    if (t.chars != GUID_CHARS) {
        return STATUS_INVALID_PARAMETER;
    }
    memcpy(Guid, bytes, sizeof(bytes));
    return STATUS_SUCCESS;
}

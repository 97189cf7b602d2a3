/*
 * utf8.c - text from UTF-8 to UTF-16 and back.
 *
 * Both ways work on characters: one is read, then written if it still fits, so that neither a
 * character of UTF-8 nor a pair of surrogates is ever cut in two. What is no character becomes
 * U+FFFD: a half of a pair, and of UTF-8 each longest beginning of a character (Unicode, 3.9).
 */
#include "rtl/rtl.h"

enum { REPLACEMENT = 0xFFFD, FIRST_HIGH = 0xD800, FIRST_LOW = 0xDC00, AFTER_LOW = 0xE000 };

typedef struct character {
    unsigned code;
    unsigned units; /* That it takes in the source. */
    bool mapped;
} character;

typedef struct output {
    void *text; /* NULL: only counts. */
    ULONG bytes, limit;
    bool full;
} output;

/* ---- Reading --------------------------------------------------------------------------------- */

static character no_character(unsigned units)
{
    return (character){ .code = REPLACEMENT, .units = units, .mapped = false };
}

/* How many bytes a character has that begins so, and which second bytes it may have. */
static unsigned size_of(unsigned first, unsigned *lowest, unsigned *highest)
{
    *lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    *highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
        return 0;
    }
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

static character read_utf8(const UCHAR *bytes, ULONG left)
{
    unsigned lowest, highest;
    const unsigned size = size_of(bytes[0], &lowest, &highest);
    unsigned code;

    if (size <= 1) {
        return size == 1 ? (character){ bytes[0], 1, true } : no_character(1);
    }
    code = bytes[0] & (0x7Fu >> size);
    for (unsigned i = 1; i < size; i++) {
        if (i >= left || bytes[i] < lowest || bytes[i] > highest) {
            return no_character(i);
        }
        code = code << 6 | (bytes[i] & 0x3F);
        lowest = 0x80;
        highest = 0xBF;
    }
    return (character){ code, size, true };
}

static character read_utf16(PCWCH text, ULONG left)
{
    const unsigned first = (USHORT)text[0];

    if (first < FIRST_HIGH || first >= AFTER_LOW) {
        return (character){ first, 1, true };
    }
    if (first < FIRST_LOW && left > 1 && (USHORT)text[1] >= FIRST_LOW &&
        (USHORT)text[1] < AFTER_LOW) {
        return (character){ 0x10000 + ((first - FIRST_HIGH) << 10) + ((USHORT)text[1] - FIRST_LOW),
                            2, true };
    }
    return no_character(1);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void put(output *out, const void *bytes, ULONG count)
{
    if (out->text != NULL) {
        if (out->full || count > out->limit - out->bytes) {
            out->full = true;
            return;
        }
        memcpy((char *)out->text + out->bytes, bytes, count);
    }
    out->bytes += count;
}

static void write_utf8(output *out, unsigned code)
{
    static const UCHAR marks[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    const unsigned size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    UCHAR bytes[4];

    for (unsigned i = size - 1; i > 0; i--) {
        bytes[i] = (UCHAR)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (UCHAR)(marks[size] | code);
    put(out, bytes, size);
}

static void write_utf16(output *out, unsigned code)
{
    WCHAR units[2];

    if (code < 0x10000) {
        units[0] = (WCHAR)code;
        put(out, units, sizeof(units[0]));
    } else {
        units[0] = (WCHAR)(FIRST_HIGH + ((code - 0x10000) >> 10));
        units[1] = (WCHAR)(FIRST_LOW + ((code - 0x10000) & 0x3FF));
        put(out, units, sizeof(units));
    }
}

/* ---- Both ways ------------------------------------------------------------------------------- */

static NTSTATUS to_utf16(output *out, const CHAR *text, ULONG count)
{
    bool mapped = true;
    character c;

    for (ULONG i = 0; i < count && !out->full; i += c.units) {
        c = read_utf8((const UCHAR *)text + i, count - i);
        write_utf16(out, c.code);
        mapped = mapped && c.mapped;
    }
    return out->full ? STATUS_BUFFER_TOO_SMALL : mapped ? STATUS_SUCCESS : STATUS_SOME_NOT_MAPPED;
}

static NTSTATUS to_utf8(output *out, PCWCH text, ULONG count)
{
    bool mapped = true;
    character c;

    for (ULONG i = 0; i < count && !out->full; i += c.units) {
        c = read_utf16(text + i, count - i);
        write_utf8(out, c.code);
        mapped = mapped && c.mapped;
    }
    return out->full ? STATUS_BUFFER_TOO_SMALL : mapped ? STATUS_SUCCESS : STATUS_SOME_NOT_MAPPED;
}

NTSTATUS NTAPI RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
                                 PULONG UnicodeStringActualByteCount, PCCH UTF8StringSource,
                                 ULONG UTF8StringByteCount)
{
    output out = { .text = UnicodeStringDestination, .limit = UnicodeStringMaxByteCount };
    NTSTATUS status;

    DQ_RTL_ENTER(RtlUTF8ToUnicodeN, UnicodeStringDestination);
    if (UTF8StringSource == NULL) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (UnicodeStringDestination == NULL && UnicodeStringActualByteCount == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    status = to_utf16(&out, UTF8StringSource, UTF8StringByteCount);
    if (UnicodeStringActualByteCount != NULL) {
        *UnicodeStringActualByteCount = out.bytes;
    }
    return status;
}

NTSTATUS NTAPI RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount,
                                 PULONG UTF8StringActualByteCount, PCWCH UnicodeStringSource,
                                 ULONG UnicodeStringByteCount)
{
    output out = { .text = UTF8StringDestination, .limit = UTF8StringMaxByteCount };
    NTSTATUS status;

    DQ_RTL_ENTER(RtlUnicodeToUTF8N, UTF8StringDestination);
    if (UnicodeStringSource == NULL) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (UTF8StringDestination == NULL && UTF8StringActualByteCount == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (UnicodeStringByteCount % sizeof(WCHAR) != 0) {
        return STATUS_INVALID_PARAMETER_5;
    }
    status = to_utf8(&out, UnicodeStringSource, (ULONG)(UnicodeStringByteCount / sizeof(WCHAR)));
    if (UTF8StringActualByteCount != NULL) {
        *UTF8StringActualByteCount = out.bytes;
    }
    return status;
}

NTSTATUS NTAPI RtlUTF8StringToUnicodeString(PUNICODE_STRING DestinationString,
                                            PCUTF8_STRING SourceString,
                                            BOOLEAN AllocateDestinationString)
{
    output out = { .text = NULL };
    NTSTATUS status;

    DQ_RTL_ENTER(RtlUTF8StringToUnicodeString, DestinationString);
    (void)to_utf16(&out, SourceString->Buffer, SourceString->Length);
    status = DQ_RTL_MAKE_ROOM(RtlUTF8StringToUnicodeString, DestinationString, out.bytes,
                              sizeof(WCHAR), AllocateDestinationString);
    if (NT_SUCCESS(status)) {
        out = (output){ .text = DestinationString->Buffer, .limit = out.bytes };
        status = to_utf16(&out, SourceString->Buffer, SourceString->Length);
        DestinationString->Buffer[out.bytes / sizeof(WCHAR)] = UNICODE_NULL;
    }
    return status;
}

NTSTATUS NTAPI RtlUnicodeStringToUTF8String(PUTF8_STRING DestinationString,
                                            PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString)
{
    DQ_RTL_ENTER(RtlUnicodeStringToUTF8String, DestinationString);
    const ULONG chars = (ULONG)dq_rtl_chars(SourceString);
    output out = { .text = NULL };
    NTSTATUS status;

    (void)to_utf8(&out, SourceString->Buffer, chars);
    status = DQ_RTL_MAKE_ROOM(RtlUnicodeStringToUTF8String, DestinationString, out.bytes, 1,
                              AllocateDestinationString);
    if (NT_SUCCESS(status)) {
        out = (output){ .text = DestinationString->Buffer, .limit = out.bytes };
        status = to_utf8(&out, SourceString->Buffer, chars);
        DestinationString->Buffer[out.bytes] = ANSI_NULL;
    }
    return status;
}

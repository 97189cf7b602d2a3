/*
 * unicodesafe.c - the safe routines for counted strings: RtlUnicodeStringCopy and so on.
 *
 * Where the pages leave a case open: something appended to a string that fills its buffer
 * overflows, as it would with one character of room too few.
 */
#include "rtl/safetext.h"

typedef struct call {
    PUNICODE_STRING dest;
    PUNICODE_STRING remaining;
    ULONG flags;
} call;

/* ---- Arguments ------------------------------------------------------------------------------- */

static bool is_string(PCUNICODE_STRING string)
{
    return RtlValidateUnicodeString(0, string) == STATUS_SUCCESS;
}

/* Nobody's, for a destination that is not there: without room. */
static UNICODE_STRING nowhere(void)
{
    return (UNICODE_STRING){ 0, 0, NULL };
}

static bool are_valid(const call *c, const dq_safe_source *source)
{
    if ((c->flags & STRSAFE_IGNORE_NULLS) == 0 && (c->dest == NULL || source->text == NULL)) {
        return false;
    }
    return source->limit <= NTSTRSAFE_UNICODE_STRING_MAX_CCH || source->limit == DQ_SAFE_NO_LIMIT;
}

/* ---- The one way through --------------------------------------------------------------------- */

static void fail(const call *c, PUNICODE_STRING dest)
{
    if ((c->flags & STRSAFE_FILL_ON_FAILURE) != 0) {
        dq_safe_fill(dest->Buffer, dest->MaximumLength, c->flags);
        dest->Length = STRSAFE_GET_FILL_PATTERN(c->flags) == 0 ? 0 : dest->MaximumLength;
    }
    if ((c->flags & STRSAFE_ZERO_LENGTH_ON_FAILURE) != 0) {
        dest->Length = 0;
    }
}

static NTSTATUS refuse(const call *c)
{
    if (c->dest != NULL) {
        fail(c, c->dest);
    }
    return STATUS_INVALID_PARAMETER;
}

static void tell_remaining(const call *c, PCUNICODE_STRING dest)
{
    if (c->remaining != NULL) {
        c->remaining->Buffer =
            dest->Buffer != NULL ? dest->Buffer + dq_rtl_chars(dest) : dest->Buffer;
        c->remaining->Length = 0;
        c->remaining->MaximumLength = (USHORT)(dest->MaximumLength - dest->Length);
    }
}

/* As much as fits, or nothing. True if something was left over. */
static bool put(const call *c, PUNICODE_STRING dest, const dq_safe_source *source)
{
    const size_t used = source->kind == DQ_SAFE_APPEND ? dq_rtl_chars(dest) : 0;
    const size_t room = dest->MaximumLength / sizeof(WCHAR) - used;
    dq_safe_written written;

    if ((c->flags & STRSAFE_NO_TRUNCATION) != 0 && dq_safe_write(NULL, true, room, source).cut) {
        if (source->kind == DQ_SAFE_COPY) {
            dest->Length = 0;
        }
        return true;
    }
    written = dq_safe_write(dest->Buffer != NULL ? dest->Buffer + used : NULL, true, room, source);
    dest->Length = (USHORT)((used + written.chars) * sizeof(WCHAR));
    return written.cut;
}

static NTSTATUS write(const call *c, const dq_safe_source *source)
{
    UNICODE_STRING none = nowhere();
    PUNICODE_STRING dest = c->dest != NULL ? c->dest : &none;
    bool cut;

    if ((c->flags & ~(ULONG)STRSAFE_UNICODE_STRING_VALID_FLAGS) != 0 || !is_string(dest)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!are_valid(c, source)) {
        return refuse(c);
    }
    if (dest->MaximumLength == 0 && dq_safe_write(NULL, true, 0, source).cut) {
        return STATUS_INVALID_PARAMETER;
    }
    cut = put(c, dest, source);
    if (cut) {
        fail(c, dest);
    } else if ((c->flags & STRSAFE_FILL_BEHIND) != 0) {
        dq_safe_fill((PCHAR)dest->Buffer + dest->Length,
                     (size_t)(dest->MaximumLength - dest->Length), c->flags);
    }
    tell_remaining(c, dest);
    return cut ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

/* ---- The routines ---------------------------------------------------------------------------- */

static NTSTATUS put_text(const call *c, dq_safe_kind kind, PCWSTR text, size_t limit)
{
    const dq_safe_source source = { .kind = kind, .text = text, .limit = limit };

    return write(c, &source);
}

static NTSTATUS put_string(const call *c, dq_safe_kind kind, PCUNICODE_STRING from, size_t limit)
{
    dq_safe_source source = { .kind = kind, .limit = limit, .counted = true };

    if (limit != DQ_SAFE_NO_LIMIT && limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return put_text(c, kind, NULL, limit); /* Which refuses it. */
    }
    if (from != NULL) {
        if (!is_string(from)) {
            return c->dest == NULL || is_string(c->dest) ? refuse(c) : STATUS_INVALID_PARAMETER;
        }
        /* An empty string may have no buffer, which is not the same as no string. */
        source.text = from->Buffer != NULL ? from->Buffer : L"";
        source.limit = dq_rtl_chars(from) < limit ? dq_rtl_chars(from) : limit;
    }
    return write(c, &source);
}

static NTSTATUS put_format(const call *c, PCWSTR format, va_list list)
{
    dq_safe_arguments arguments;
    const dq_safe_source source = {
        .kind = DQ_SAFE_PRINT, .text = format, .limit = DQ_SAFE_NO_LIMIT, .arguments = &arguments
    };
    NTSTATUS status;

    va_copy(arguments.list, list);
    status = write(c, &source);
    va_end(arguments.list);
    return status;
}

/* RtlUnicodeStringCopy and RtlUnicodeStringCopyEx; or those of another verb and source. */
#define WHOLE_ROUTINES(Verb, Put, Kind, Source)                                       \
    NTSTATUS NTAPI RtlUnicodeString##Verb(PUNICODE_STRING dest, Source source)        \
    {                                                                                 \
        const call c = { .dest = dest };                                              \
                                                                                      \
        DQ_RTL_ENTER(RtlUnicodeString##Verb, dest);                                   \
        return Put(&c, Kind, source, DQ_SAFE_NO_LIMIT);                               \
    }                                                                                 \
    NTSTATUS NTAPI RtlUnicodeString##Verb##Ex(PUNICODE_STRING dest, Source source,    \
                                              PUNICODE_STRING remaining, ULONG flags) \
    {                                                                                 \
        const call c = { dest, remaining, flags };                                    \
                                                                                      \
        DQ_RTL_ENTER(RtlUnicodeString##Verb##Ex, dest);                               \
        return Put(&c, Kind, source, DQ_SAFE_NO_LIMIT);                               \
    }

/* With a limit in bytes or characters. */
#define PART_ROUTINES(Verb, Put, Kind, Source, unit)                                              \
    NTSTATUS NTAPI RtlUnicodeString##Verb##N(PUNICODE_STRING dest, Source source, size_t limit)   \
    {                                                                                             \
        const call c = { .dest = dest };                                                          \
                                                                                                  \
        DQ_RTL_ENTER(RtlUnicodeString##Verb##N, dest);                                            \
        return Put(&c, Kind, source, dq_safe_limit(limit, (unit)));                               \
    }                                                                                             \
    NTSTATUS NTAPI RtlUnicodeString##Verb##NEx(PUNICODE_STRING dest, Source source, size_t limit, \
                                               PUNICODE_STRING remaining, ULONG flags)            \
    {                                                                                             \
        const call c = { dest, remaining, flags };                                                \
                                                                                                  \
        DQ_RTL_ENTER(RtlUnicodeString##Verb##NEx, dest);                                          \
        return Put(&c, Kind, source, dq_safe_limit(limit, (unit)));                               \
    }

#define ROUTINES(Verb, Put, Kind, Source)                     \
    WHOLE_ROUTINES(Verb, Put, Kind, Source)                   \
    PART_ROUTINES(Cb##Verb, Put, Kind, Source, sizeof(WCHAR)) \
    PART_ROUTINES(Cch##Verb, Put, Kind, Source, 1)

ROUTINES(Copy, put_string, DQ_SAFE_COPY, PCUNICODE_STRING)
ROUTINES(CopyString, put_text, DQ_SAFE_COPY, PCWSTR)
ROUTINES(Cat, put_string, DQ_SAFE_APPEND, PCUNICODE_STRING)
ROUTINES(CatString, put_text, DQ_SAFE_APPEND, PCWSTR)

NTSTATUS NTAPI RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString,
                                       NTSTRSAFE_PCWSTR pszFormat, va_list argList)
{
    const call c = { .dest = DestinationString };

    DQ_RTL_ENTER(RtlUnicodeStringVPrintf, DestinationString);
    return put_format(&c, pszFormat, argList);
}

NTSTATUS NTAPI RtlUnicodeStringVPrintfEx(PUNICODE_STRING DestinationString,
                                         PUNICODE_STRING RemainingString, ULONG dwFlags,
                                         NTSTRSAFE_PCWSTR pszFormat, va_list argList)
{
    const call c = { DestinationString, RemainingString, dwFlags };

    DQ_RTL_ENTER(RtlUnicodeStringVPrintfEx, DestinationString);
    return put_format(&c, pszFormat, argList);
}

NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat, ...)
{
    const call c = { .dest = DestinationString };
    va_list arguments;
    NTSTATUS status;

    DQ_RTL_ENTER(RtlUnicodeStringPrintf, DestinationString);
    va_start(arguments, pszFormat);
    status = put_format(&c, pszFormat, arguments);
    va_end(arguments);
    return status;
}

NTSTATUS RtlUnicodeStringPrintfEx(PUNICODE_STRING DestinationString,
                                  PUNICODE_STRING RemainingString, ULONG dwFlags,
                                  NTSTRSAFE_PCWSTR pszFormat, ...)
{
    const call c = { DestinationString, RemainingString, dwFlags };
    va_list arguments;
    NTSTATUS status;

    DQ_RTL_ENTER(RtlUnicodeStringPrintfEx, DestinationString);
    va_start(arguments, pszFormat);
    status = put_format(&c, pszFormat, arguments);
    va_end(arguments);
    return status;
}

/* ---- Made and looked at ---------------------------------------------------------------------- */

static NTSTATUS init(PUNICODE_STRING dest, PCWSTR text, ULONG flags)
{
    size_t chars = 0;

    if ((flags & ~(ULONG)STRSAFE_IGNORE_NULLS) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (dest == NULL) {
        return text == NULL && flags != 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    while (text != NULL && text[chars] != UNICODE_NULL) {
        if (++chars > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    dest->Buffer = (PWCH)text;
    dest->Length = (USHORT)(chars * sizeof(WCHAR));
    dest->MaximumLength = dest->Length;
    if (text != NULL && chars < NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        dest->MaximumLength = (USHORT)(dest->MaximumLength + sizeof(WCHAR));
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringInit(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    DQ_RTL_ENTER(RtlUnicodeStringInit, DestinationString);
    return init(DestinationString, pszSrc, 0);
}

NTSTATUS NTAPI RtlUnicodeStringInitEx(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                      ULONG dwFlags)
{
    DQ_RTL_ENTER(RtlUnicodeStringInitEx, DestinationString);
    return init(DestinationString, pszSrc, dwFlags);
}

static NTSTATUS validate(PCUNICODE_STRING string, ULONG flags)
{
    if ((flags & ~(ULONG)STRSAFE_IGNORE_NULLS) != 0 || (string == NULL && flags == 0) ||
        !is_string(string)) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringValidate(PCUNICODE_STRING SourceString)
{
    DQ_RTL_ENTER(RtlUnicodeStringValidate, SourceString);
    return validate(SourceString, 0);
}

NTSTATUS NTAPI RtlUnicodeStringValidateEx(PCUNICODE_STRING SourceString, ULONG dwFlags)
{
    DQ_RTL_ENTER(RtlUnicodeStringValidateEx, SourceString);
    return validate(SourceString, dwFlags);
}

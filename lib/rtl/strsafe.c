/*
 * strsafe.c - the safe routines for strings that end with a null: RtlStringCbCopyA and so on.
 *
 * Where the pages leave a case open: a terminated string that fills its buffer is not "already
 * full", but something appended to it overflows; a buffer of no size is an error unless nulls are
 * ignored and there is nothing to write.
 */
#include "rtl/safetext.h"

typedef struct call {
    void *dest;
    size_t size; /* In bytes, or in characters. */
    bool wide, bytes;
    ULONG flags;
    void *end; /* NULL, or a pointer to the pointer that receives the end. */
    size_t *remaining;
} call;

static size_t unit_of(const call *c)
{
    return c->wide ? sizeof(WCHAR) : sizeof(CHAR);
}

/* Of the buffer, in characters. */
static size_t room_of(const call *c)
{
    return c->bytes ? c->size / unit_of(c) : c->size;
}

static size_t bytes_of(const call *c)
{
    return c->bytes ? c->size : c->size * unit_of(c);
}

static void terminate(const call *c, size_t at)
{
    memset((PCHAR)c->dest + at * unit_of(c), 0, unit_of(c));
}

/* ---- Arguments ------------------------------------------------------------------------------- */

static bool is_buffer(const call *c)
{
    return c->dest != NULL && room_of(c) > 0 && room_of(c) <= NTSTRSAFE_MAX_CCH;
}

static bool are_valid(const call *c, const dq_safe_source *source)
{
    const bool ignores = (c->flags & STRSAFE_IGNORE_NULLS) != 0;

    if (!ignores && (source->text == NULL || !is_buffer(c))) {
        return false;
    }
    if (room_of(c) > NTSTRSAFE_MAX_CCH || (c->dest == NULL && c->size != 0)) {
        return false;
    }
    return source->limit <= NTSTRSAFE_MAX_CCH || source->limit == DQ_SAFE_NO_LIMIT;
}

/* How long the string is that is there already; the room, if no null ends it. */
static size_t length_of(const void *text, bool wide, size_t room)
{
    const dq_safe_source source = { .text = text, .limit = room };

    return dq_safe_write(NULL, wide, room, &source).chars;
}

/* ---- The one way through --------------------------------------------------------------------- */

/* Where the string ends now, after a failure. */
static size_t fail(const call *c, size_t end)
{
    if ((c->flags & STRSAFE_FILL_ON_FAILURE) != 0) {
        dq_safe_fill(c->dest, bytes_of(c), c->flags);
        end = STRSAFE_GET_FILL_PATTERN(c->flags) == 0 ? 0 : room_of(c) - 1;
        terminate(c, end);
    }
    if ((c->flags & STRSAFE_NULL_ON_FAILURE) != 0) {
        end = 0;
        terminate(c, end);
    }
    return end;
}

static NTSTATUS refuse(const call *c)
{
    if (is_buffer(c)) {
        (void)fail(c, 0);
    }
    return STATUS_INVALID_PARAMETER;
}

static void tell_end(const call *c, size_t end)
{
    if (c->end != NULL) {
        void *place = c->dest != NULL ? (PCHAR)c->dest + end * unit_of(c) : NULL;

        memcpy(c->end, &place, sizeof(place));
    }
    if (c->remaining != NULL) {
        *c->remaining = c->bytes ? c->size - end * unit_of(c) : c->size - end;
    }
}

/* The text does not fit, and must not be cut. */
static size_t keep_whole(const call *c, dq_safe_kind kind, size_t used)
{
    if (kind == DQ_SAFE_COPY) {
        terminate(c, 0);
    }
    return used;
}

static NTSTATUS write(const call *c, const dq_safe_source *source)
{
    const size_t room = room_of(c);
    dq_safe_written written;
    size_t used = 0;
    size_t end;

    if ((c->flags & ~(ULONG)STRSAFE_VALID_FLAGS) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!are_valid(c, source)) {
        return refuse(c);
    }
    if (room == 0) {
        if (dq_safe_write(NULL, c->wide, 0, source).cut) {
            return STATUS_INVALID_PARAMETER;
        }
        tell_end(c, 0);
        return STATUS_SUCCESS;
    }
    if (source->kind == DQ_SAFE_APPEND) {
        used = length_of(c->dest, c->wide, room);
        if (used == room) {
            return refuse(c);
        }
    }
    if ((c->flags & STRSAFE_NO_TRUNCATION) != 0 &&
        dq_safe_write(NULL, c->wide, room - 1 - used, source).cut) {
        end = keep_whole(c, source->kind, used);
        written.cut = true;
    } else {
        written =
            dq_safe_write((PCHAR)c->dest + used * unit_of(c), c->wide, room - 1 - used, source);
        end = used + written.chars;
        terminate(c, end);
    }
    if (written.cut) {
        end = fail(c, end);
    } else if ((c->flags & STRSAFE_FILL_BEHIND_NULL) != 0) {
        const size_t behind = (end + 1) * unit_of(c);

        dq_safe_fill((PCHAR)c->dest + behind, bytes_of(c) - behind, c->flags);
    }
    tell_end(c, end);
    return written.cut ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

/* ---- The routines ---------------------------------------------------------------------------- */

static NTSTATUS put_text(const call *c, dq_safe_kind kind, const void *text, size_t limit)
{
    const dq_safe_source source = { .kind = kind, .text = text, .limit = limit };

    return write(c, &source);
}

/* A limit as the caller gave it, in bytes or characters. */
static NTSTATUS put_part(const call *c, dq_safe_kind kind, const void *text, size_t limit)
{
    return put_text(c, kind, text, dq_safe_limit(limit, c->bytes ? unit_of(c) : 1));
}

static NTSTATUS put_format(const call *c, const void *format, va_list list)
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

static NTSTATUS measure(const void *text, const call *c, size_t *length)
{
    const size_t room = room_of(c);
    size_t chars = 0;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (text != NULL && room <= NTSTRSAFE_MAX_CCH) {
        chars = length_of(text, c->wide, room);
        status = chars < room ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    if (length != NULL) {
        *length = status != STATUS_SUCCESS ? 0 : c->bytes ? chars * unit_of(c) : chars;
    }
    return status;
}

#define CALL(Wide, Bytes)                                            \
    {                                                                \
        .dest = dest, .size = size, .wide = (Wide), .bytes = (Bytes) \
    }
#define CALL_EX(Wide, Bytes)                                                                      \
    {                                                                                             \
        .dest = dest, .size = size, .wide = (Wide), .bytes = (Bytes), .flags = flags, .end = end, \
        .remaining = remaining                                                                    \
    }

/* RtlStringCbCopyA and RtlStringCbCopyNA; or those of another unit, width or verb. */
#define TEXT_ROUTINES(Verb, Suffix, Kind, Char, Wide, Bytes)                                 \
    NTSTATUS NTAPI RtlString##Verb##Suffix(Char *dest, size_t size, const Char *text)        \
    {                                                                                        \
        const call c = CALL(Wide, Bytes);                                                    \
                                                                                             \
        DQ_RTL_ENTER(RtlString##Verb##Suffix, dest);                                         \
        return put_text(&c, Kind, text, DQ_SAFE_NO_LIMIT);                                   \
    }                                                                                        \
    NTSTATUS NTAPI RtlString##Verb##Ex##Suffix(Char *dest, size_t size, const Char *text,    \
                                               Char **end, size_t *remaining, ULONG flags)   \
    {                                                                                        \
        const call c = CALL_EX(Wide, Bytes);                                                 \
                                                                                             \
        DQ_RTL_ENTER(RtlString##Verb##Ex##Suffix, dest);                                     \
        return put_text(&c, Kind, text, DQ_SAFE_NO_LIMIT);                                   \
    }                                                                                        \
    NTSTATUS NTAPI RtlString##Verb##N##Suffix(Char *dest, size_t size, const Char *text,     \
                                              size_t limit)                                  \
    {                                                                                        \
        const call c = CALL(Wide, Bytes);                                                    \
                                                                                             \
        DQ_RTL_ENTER(RtlString##Verb##N##Suffix, dest);                                      \
        return put_part(&c, Kind, text, limit);                                              \
    }                                                                                        \
    NTSTATUS NTAPI RtlString##Verb##NEx##Suffix(Char *dest, size_t size, const Char *text,   \
                                                size_t limit, Char **end, size_t *remaining, \
                                                ULONG flags)                                 \
    {                                                                                        \
        const call c = CALL_EX(Wide, Bytes);                                                 \
                                                                                             \
        DQ_RTL_ENTER(RtlString##Verb##NEx##Suffix, dest);                                    \
        return put_part(&c, Kind, text, limit);                                              \
    }

#define FORMAT_ROUTINES(Unit, Suffix, Char, Wide, Bytes)                                           \
    NTSTATUS NTAPI RtlString##Unit##VPrintf##Suffix(Char *dest, size_t size, const Char *format,   \
                                                    va_list arguments)                             \
    {                                                                                              \
        const call c = CALL(Wide, Bytes);                                                          \
                                                                                                   \
        DQ_RTL_ENTER(RtlString##Unit##VPrintf##Suffix, dest);                                      \
        return put_format(&c, format, arguments);                                                  \
    }                                                                                              \
    NTSTATUS NTAPI RtlString##Unit##VPrintfEx##Suffix(Char *dest, size_t size, Char **end,         \
                                                      size_t *remaining, ULONG flags,              \
                                                      const Char *format, va_list arguments)       \
    {                                                                                              \
        const call c = CALL_EX(Wide, Bytes);                                                       \
                                                                                                   \
        DQ_RTL_ENTER(RtlString##Unit##VPrintfEx##Suffix, dest);                                    \
        return put_format(&c, format, arguments);                                                  \
    }                                                                                              \
    NTSTATUS RtlString##Unit##Printf##Suffix(Char *dest, size_t size, const Char *format, ...)     \
    {                                                                                              \
        const call c = CALL(Wide, Bytes);                                                          \
        va_list arguments;                                                                         \
        NTSTATUS status;                                                                           \
                                                                                                   \
        DQ_RTL_ENTER(RtlString##Unit##Printf##Suffix, dest);                                       \
        va_start(arguments, format);                                                               \
        status = put_format(&c, format, arguments);                                                \
        va_end(arguments);                                                                         \
        return status;                                                                             \
    }                                                                                              \
    NTSTATUS RtlString##Unit##PrintfEx##Suffix(Char *dest, size_t size, Char **end,                \
                                               size_t *remaining, ULONG flags, const Char *format, \
                                               ...)                                                \
    {                                                                                              \
        const call c = CALL_EX(Wide, Bytes);                                                       \
        va_list arguments;                                                                         \
        NTSTATUS status;                                                                           \
                                                                                                   \
        DQ_RTL_ENTER(RtlString##Unit##PrintfEx##Suffix, dest);                                     \
        va_start(arguments, format);                                                               \
        status = put_format(&c, format, arguments);                                                \
        va_end(arguments);                                                                         \
        return status;                                                                             \
    }

#define LENGTH_ROUTINE(Unit, Suffix, Char, Wide, Bytes)                                           \
    NTSTATUS NTAPI RtlString##Unit##Length##Suffix(const Char *text, size_t size, size_t *length) \
    {                                                                                             \
        const call c = { .size = size, .wide = (Wide), .bytes = (Bytes) };                        \
                                                                                                  \
        DQ_RTL_ENTER(RtlString##Unit##Length##Suffix, text);                                      \
        return measure(text, &c, length);                                                         \
    }

#define ROUTINES(Unit, Suffix, Char, Wide, Bytes)                       \
    TEXT_ROUTINES(Unit##Copy, Suffix, DQ_SAFE_COPY, Char, Wide, Bytes)  \
    TEXT_ROUTINES(Unit##Cat, Suffix, DQ_SAFE_APPEND, Char, Wide, Bytes) \
    FORMAT_ROUTINES(Unit, Suffix, Char, Wide, Bytes)                    \
    LENGTH_ROUTINE(Unit, Suffix, Char, Wide, Bytes)

ROUTINES(Cb, A, CHAR, false, true)
ROUTINES(Cb, W, WCHAR, true, true)
ROUTINES(Cch, A, CHAR, false, false)
ROUTINES(Cch, W, WCHAR, true, false)

/* ---- From a counted string ------------------------------------------------------------------- */

static NTSTATUS put_counted(const call *c, PCUNICODE_STRING from)
{
    dq_safe_source source = { .kind = DQ_SAFE_COPY };

    if ((c->flags & ~(ULONG)STRSAFE_VALID_FLAGS) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (from != NULL) {
        if (RtlValidateUnicodeString(0, from) != STATUS_SUCCESS) {
            return refuse(c);
        }
        /* An empty string may have no buffer, which is not the same as no string. */
        source.text = from->Buffer != NULL ? from->Buffer : L"";
        source.limit = dq_rtl_chars(from);
    }
    return write(c, &source);
}

#define COUNTED_ROUTINES(Unit, Bytes)                                                      \
    NTSTATUS NTAPI RtlString##Unit##CopyUnicodeString(PWSTR dest, size_t size,             \
                                                      PCUNICODE_STRING from)               \
    {                                                                                      \
        const call c = CALL(true, Bytes);                                                  \
                                                                                           \
        DQ_RTL_ENTER(RtlString##Unit##CopyUnicodeString, dest);                            \
        return put_counted(&c, from);                                                      \
    }                                                                                      \
    NTSTATUS NTAPI RtlString##Unit##CopyUnicodeStringEx(PWSTR dest, size_t size,           \
                                                        PCUNICODE_STRING from, PWSTR *end, \
                                                        size_t *remaining, ULONG flags)    \
    {                                                                                      \
        const call c = CALL_EX(true, Bytes);                                               \
                                                                                           \
        DQ_RTL_ENTER(RtlString##Unit##CopyUnicodeStringEx, dest);                          \
        return put_counted(&c, from);                                                      \
    }

COUNTED_ROUTINES(Cb, true)
COUNTED_ROUTINES(Cch, false)

/* ---- At addresses that are not aligned ------------------------------------------------------- */

static NTSTATUS measure_unaligned(const void *text, size_t room, size_t unit, size_t *length)
{
    size_t chars = 0;
    bool found = false;
    WCHAR c;

    if (text != NULL && room <= NTSTRSAFE_MAX_CCH) {
        for (; chars < room && !found; chars += !found) {
            memcpy(&c, (const char *)text + chars * sizeof(c), sizeof(c));
            found = c == UNICODE_NULL;
        }
    }
    if (length != NULL) {
        *length = found ? chars * unit : 0;
    }
    return found ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI RtlUnalignedStringCbLengthW(NTSTRSAFE_PCUWSTR psz, size_t cbMax, size_t *pcbLength)
{
    DQ_RTL_ENTER(RtlUnalignedStringCbLengthW, (const void *)psz);
    return measure_unaligned(psz, cbMax / sizeof(WCHAR), sizeof(WCHAR), pcbLength);
}

NTSTATUS NTAPI RtlUnalignedStringCchLengthW(NTSTRSAFE_PCUWSTR psz, size_t cchMax,
                                            size_t *pcchLength)
{
    DQ_RTL_ENTER(RtlUnalignedStringCchLengthW, (const void *)psz);
    return measure_unaligned(psz, cchMax, 1, pcchLength);
}

/*
 * safetext.c - text written into a bounded buffer.
 */
#include "rtl/safetext.h"

#include "ke/format.h"

/* ---- A format -------------------------------------------------------------------------------- */

typedef struct bounded_output {
    dq_format_output base;
    void *to;
    bool wide;
    size_t room;
    dq_safe_written written;
} bounded_output;

static void put(bounded_output *out, WCHAR wide, char narrow)
{
    if (out->written.chars == out->room) {
        out->written.cut = true;
        return;
    }
    if (out->to != NULL && out->wide) {
        ((PWCH)out->to)[out->written.chars] = wide;
    } else if (out->to != NULL) {
        ((PCHAR)out->to)[out->written.chars] = narrow;
    }
    out->written.chars++;
}

static void put_narrow(dq_format_output *base, char c)
{
    put((bounded_output *)base, dq_ansi_to_wide(c), c);
}

static void put_wide(dq_format_output *base, WCHAR c)
{
    put((bounded_output *)base, c, dq_ansi_from_wide(c));
}

static dq_safe_written print(void *to, bool wide, size_t room, const dq_safe_source *source)
{
    bounded_output out = { .base = { put_narrow, put_wide }, .to = to, .wide = wide, .room = room };
    dq_safe_arguments arguments;

    va_copy(arguments.list, source->arguments->list);
    dq_format_to(&out.base, source->text, wide, arguments.list);
    va_end(arguments.list);
    return out.written;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static bool ends(const dq_safe_source *source, bool wide, size_t at)
{
    if (at >= source->limit) {
        return true;
    }
    return !source->counted && (wide ? ((PCWCH)source->text)[at] == UNICODE_NULL
                                     : ((const CHAR *)source->text)[at] == ANSI_NULL);
}

dq_safe_written dq_safe_write(void *to, bool wide, size_t room, const dq_safe_source *source)
{
    dq_safe_written written = { 0, false };

    if (source->text == NULL) {
        return written;
    }
    if (source->arguments != NULL) {
        return print(to, wide, room, source);
    }
    while (written.chars < room && !ends(source, wide, written.chars)) {
        written.chars++;
    }
    written.cut = !ends(source, wide, written.chars);
    if (to != NULL && written.chars > 0) {
        memmove(to, source->text, written.chars * (wide ? sizeof(WCHAR) : 1));
    }
    return written;
}

void dq_safe_fill(void *to, size_t bytes, ULONG flags)
{
    if (bytes > 0) {
        memset(to, STRSAFE_GET_FILL_PATTERN(flags), bytes);
    }
}

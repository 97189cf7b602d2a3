/*
 * wpp.c - messages of WPP tracing, as dirql_tmh() lets drivers write them: a PRINT event each.
 *
 * The extended formats become plain ones. What a configuration block names on its own (CUSTOM_TYPE
 * and the like) is a number of 32 bits here.
 */
#include <string.h>

#include <wdkwpp.h>

#include "ke/format.h"
#include "ke/ki.h"

enum { MESSAGE_BYTES = 512, FORMAT_BYTES = 1024 };

/* Where a message comes from. */
typedef struct site {
    const char *level, *flags, *function, *file;
    ULONG line;
} site;

typedef struct builder {
    char text[FORMAT_BYTES];
    size_t used;
} builder;

static void add(builder *b, const char *text, size_t count)
{
    for (size_t i = 0; i < count && b->used + 1 < sizeof(b->text); i++) {
        b->text[b->used++] = text[i];
    }
    b->text[b->used] = '\0';
}

/* As it stands, whatever it holds. */
static void add_text(builder *b, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        add(b, "%%", *text == '%' ? 1 : 0);
        add(b, text, 1);
    }
}

static void add_number(builder *b, ULONG number)
{
    char digits[16];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add(b, digits + at, sizeof(digits) - at);
}

static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash != NULL ? slash + 1 : file;
}

/* ---- Extended formats ------------------------------------------------------------------------ */

static const struct {
    const char *name, *format;
} formats[] = {
    { "STDPREFIX", "" },
    { "STATUS", "0x%08X" },
    { "HRESULT", "0x%08X" },
    { "WINERROR", "%u" },
    { "bool", "%d" },
    { "BOOLEAN", "%d" },
    { "irql", "%d" },
    { "GUID", DQ_FORMAT_GUID },
    { "CLSID", DQ_FORMAT_GUID },
    { "LIBID", DQ_FORMAT_GUID },
    { "IID", DQ_FORMAT_GUID },
    { "sid", "%p" },
    { "delta", "%I64d" },
    { "WAITTIME", "%I64d" },
    { "due", "%I64d" },
    { "TIMESTAMP", "%I64d" },
    { "datetime", "%I64d" },
    { "TIME", "%I64d" },
    { "IPADDR", "%p" },
    { "PORT", "%u" },
    { "ANSTR", "%Z" },
    { "USTR", "%wZ" },
    { "ASTR", "%s" },
    { "WSTR", "%S" },
    { "HANDLE", "%p" },
    { "PTR", "%p" },
    { "XX", "%I64X" },
};

static bool is_name(const char *name, size_t count, const char *known)
{
    return strlen(known) == count && strncmp(name, known, count) == 0;
}

/* What takes no argument. */
static bool add_of_site(builder *b, const char *name, size_t count, const site *s)
{
    if (is_name(name, count, "FUNC")) {
        add_text(b, s->function);
    } else if (is_name(name, count, "LEVEL")) {
        add_text(b, s->level);
    } else if (is_name(name, count, "FLAGS")) {
        add_text(b, s->flags);
    } else if (is_name(name, count, "FILE")) {
        add_text(b, base_name(s->file));
    } else if (is_name(name, count, "LINE")) {
        add_number(b, s->line);
    } else {
        return false;
    }
    return true;
}

/* A single letter, or one with a length before it: "%!d!" is "%d". */
static bool is_plain(const char *name, size_t count)
{
    return count > 0 && count <= 4 && strchr("diuxXscpSC", name[count - 1]) != NULL &&
           (count == 1 || strchr("0123456789lhwI", name[0]) != NULL);
}

static void add_extended(builder *b, const char *name, size_t count, const site *s)
{
    if (add_of_site(b, name, count, s)) {
        return;
    }
    for (size_t i = 0; i < RTL_NUMBER_OF(formats); i++) {
        if (is_name(name, count, formats[i].name)) {
            add(b, formats[i].format, strlen(formats[i].format));
            return;
        }
    }
    if (is_plain(name, count)) {
        add(b, "%", 1);
        add(b, name, count);
    } else {
        add(b, "%d", 2);
    }
}

static void add_format(builder *b, const char *format, const site *s)
{
    while (*format != '\0') {
        const char *end = format[0] == '%' && format[1] == '!' ? strchr(format + 2, '!') : NULL;

        if (end != NULL) {
            add_extended(b, format + 2, (size_t)(end - format - 2), s);
            format = end + 1;
        } else {
            const size_t count = format[0] == '%' && format[1] == '%' ? 2 : 1;

            add(b, format, count);
            format += count;
        }
    }
}

/* ---- A message ------------------------------------------------------------------------------- */

/* "[ERROR DBG_INIT] ", of TRACE_LEVEL_ERROR. */
static void add_head(builder *b, const site *s)
{
    static const char prefix[] = "TRACE_LEVEL_";
    const char *level = s->level;

    if (level == NULL && s->flags == NULL) {
        return;
    }
    if (level != NULL && strncmp(level, prefix, sizeof(prefix) - 1) == 0) {
        level += sizeof(prefix) - 1;
    }
    add(b, "[", 1);
    add_text(b, level);
    add(b, " ", level != NULL && s->flags != NULL ? 1 : 0);
    add_text(b, s->flags);
    add(b, "] ", 2);
}

VOID WdkWppTrace(PCSTR Level, PCSTR Flags, PCSTR Function, PCSTR File, ULONG Line, PCSTR Prefix,
                 PCSTR Suffix, PCSTR Format, ...)
{
    const site s = { Level, Flags, Function, File, Line };
    char text[MESSAGE_BYTES + 1];
    builder b = { .used = 0 };
    va_list arguments;
    size_t length;

    DQ_ENTER(DoTraceMessage, NULL, Line, 0, 0, DQ_VOID);
    add_head(&b, &s);
    add_format(&b, Prefix, &s);
    add_format(&b, Format, &s);
    add_format(&b, Suffix, &s);
    va_start(arguments, Format);
    length = dq_format(text, sizeof(text), b.text, arguments);
    va_end(arguments);
    if (length > 0 && text[length - 1] == '\n') {
        text[length - 1] = '\0'; /* Of a KdPrint that became a message. */
    }
    dq_emit_text(cpu, PRINT, NULL, text);
}

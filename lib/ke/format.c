/*
 * format.c - the kernel's printf formats.
 */
#include "ke/format.h"

#include <stdint.h>
#include <string.h>

#include <wdm.h>

typedef enum length {
    LENGTH_NONE,
    LENGTH_CHAR,
    LENGTH_SHORT,
    LENGTH_LONG,
    LENGTH_64,
    LENGTH_WIDE
} length;

typedef struct conversion {
    bool left, plus, space, alternate, zero;
    bool wide_format;
    int width;
    int precision; /* -1: none was given. */
    length size;
    char letter;
} conversion;

typedef dq_format_output output;

/* A format, of either width, and how far it has been read. */
typedef struct reader {
    const void *format;
    bool wide;
    size_t at;
} reader;

/* Wrapped, so that a pointer to it can be passed on every host. */
typedef struct arguments {
    va_list list;
} arguments;

static void put(output *out, char c)
{
    out->put_narrow(out, c);
}

static void put_text(output *out, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(out, text[i]);
    }
}

static void pad(output *out, char c, int count)
{
    while (count-- > 0) {
        put(out, c);
    }
}

/* ---- Reading a conversion -------------------------------------------------------------------- */

static unsigned unit_at(const reader *in, size_t at)
{
    return in->wide ? (USHORT)((const WCHAR *)in->format)[at]
                    : (UCHAR)((const char *)in->format)[at];
}

static unsigned peek(const reader *in)
{
    return unit_at(in, in->at);
}

static void read_flags(reader *in, conversion *c)
{
    for (;; in->at++) {
        switch (peek(in)) {
        case '-':
            c->left = true;
            break;
        case '+':
            c->plus = true;
            break;
        case ' ':
            c->space = true;
            break;
        case '#':
            c->alternate = true;
            break;
        case '0':
            c->zero = true;
            break;
        default:
            return;
        }
    }
}

/* `list` NULL: only looks at the format. */
static int read_number(reader *in, arguments *list)
{
    int number = 0;

    if (peek(in) == '*') {
        in->at++;
        return list != NULL ? va_arg(list->list, int) : 0;
    }
    for (; peek(in) >= '0' && peek(in) <= '9'; in->at++) {
        if (number < 10000) {
            number = number * 10 + ((int)peek(in) - '0');
        }
    }
    return number;
}

static const struct {
    char text[4];
    length size;
} prefixes[] = {
    { "hh", LENGTH_CHAR }, { "h", LENGTH_SHORT },  { "ll", LENGTH_64 }, { "l", LENGTH_LONG },
    { "I64", LENGTH_64 },  { "I32", LENGTH_NONE }, { "I", LENGTH_64 },  { "w", LENGTH_WIDE },
    { "z", LENGTH_64 },    { "t", LENGTH_64 },     { "j", LENGTH_64 },
};

static void read_prefix(reader *in, conversion *c)
{
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t count = 0;

        while (prefixes[i].text[count] != '\0' &&
               unit_at(in, in->at + count) == (UCHAR)prefixes[i].text[count]) {
            count++;
        }
        if (prefixes[i].text[count] == '\0') {
            c->size = prefixes[i].size;
            in->at += count;
            return;
        }
    }
}

/* From after the percent sign to after the letter. */
static conversion read_conversion(reader *in, arguments *list)
{
    conversion c = { .precision = -1, .wide_format = in->wide };

    read_flags(in, &c);
    c.width = read_number(in, list);
    if (c.width < 0) {
        c.left = true;
        c.width = -c.width;
    }
    if (peek(in) == '.') {
        in->at++;
        c.precision = read_number(in, list);
    }
    read_prefix(in, &c);
    c.letter = peek(in) < 0x80 ? (char)peek(in) : '?';
    in->at += peek(in) != 0;
    return c;
}

static bool is_wide(const conversion *c)
{
    const bool widened = c->size == LENGTH_LONG || c->size == LENGTH_WIDE;

    switch (c->letter) {
    case 's':
    case 'c':
        return c->wide_format ? c->size != LENGTH_SHORT : widened;
    case 'Z':
        return widened;
    case 'S':
    case 'C':
        return c->wide_format ? widened : c->size != LENGTH_SHORT;
    default:
        return false;
    }
}

/* ---- Numbers --------------------------------------------------------------------------------- */

/* Writes the digits backwards, ending at `end`. Returns where they begin. */
static char *digits(char *end, uint64_t value, unsigned base, bool upper)
{
    const char *const symbols = upper ? "0123456789ABCDEF" : "0123456789abcdef";

    for (; value != 0; value /= base) {
        *--end = symbols[value % base];
    }
    return end;
}

static void put_number(output *out, const conversion *c, uint64_t value, const char *sign,
                       unsigned base, bool upper)
{
    char buffer[24];
    char *const end = buffer + sizeof(buffer);
    char *first = digits(end, value, base, upper);
    const int count = (int)(end - first);
    int zeros = (c->precision >= 0 ? c->precision : 1) - count;
    int blanks;

    zeros = zeros > 0 ? zeros : 0;
    blanks = c->width - (int)strlen(sign) - zeros - count;
    if (c->zero && !c->left && c->precision < 0 && blanks > 0) {
        zeros += blanks;
        blanks = 0;
    }
    pad(out, ' ', c->left ? 0 : blanks);
    put_text(out, sign, strlen(sign));
    pad(out, '0', zeros);
    put_text(out, first, (size_t)count);
    pad(out, ' ', c->left ? blanks : 0);
}

static void put_signed(output *out, const conversion *c, arguments *list)
{
    int64_t value =
        c->size == LENGTH_64 ? va_arg(list->list, int64_t) : va_arg(list->list, int32_t);

    if (c->size == LENGTH_SHORT) {
        value = (int16_t)value;
    } else if (c->size == LENGTH_CHAR) {
        value = (int8_t)value;
    }
    put_number(out, c, value < 0 ? 0 - (uint64_t)value : (uint64_t)value,
               value < 0  ? "-"
               : c->plus  ? "+"
               : c->space ? " "
                          : "",
               10, false);
}

static void put_unsigned(output *out, const conversion *c, arguments *list)
{
    const bool upper = c->letter == 'X';
    const unsigned base = c->letter == 'o' ? 8 : c->letter == 'u' ? 10 : 16;
    uint64_t value =
        c->size == LENGTH_64 ? va_arg(list->list, uint64_t) : va_arg(list->list, uint32_t);

    if (c->size == LENGTH_SHORT) {
        value = (uint16_t)value;
    } else if (c->size == LENGTH_CHAR) {
        value = (uint8_t)value;
    }
    put_number(out, c, value, base == 16 && c->alternate && value != 0 ? (upper ? "0X" : "0x") : "",
               base, upper);
}

static void put_pointer(output *out, const conversion *c, arguments *list)
{
    conversion wide = *c;

    wide.precision = 2 * (int)sizeof(void *);
    put_number(out, &wide, (uintptr_t)va_arg(list->list, void *), "", 16, true);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static size_t shortest(const conversion *c, size_t count)
{
    return c->precision >= 0 && (size_t)c->precision < count ? (size_t)c->precision : count;
}

static void put_narrow(output *out, const conversion *c, const char *text, size_t count)
{
    const int blanks = c->width - (int)count;

    pad(out, ' ', c->left ? 0 : blanks);
    put_text(out, text, count);
    pad(out, ' ', c->left ? blanks : 0);
}

static void put_wide(output *out, const conversion *c, const WCHAR *text, size_t count)
{
    const int blanks = c->width - (int)count;

    pad(out, ' ', c->left ? 0 : blanks);
    for (size_t i = 0; i < count; i++) {
        out->put_wide(out, text[i]);
    }
    pad(out, ' ', c->left ? blanks : 0);
}

static size_t length_of(const conversion *c, const char *text)
{
    size_t count = 0;

    while ((c->precision < 0 || count < (size_t)c->precision) && text[count] != '\0') {
        count++;
    }
    return count;
}

static size_t wide_length_of(const conversion *c, const WCHAR *text)
{
    size_t count = 0;

    while ((c->precision < 0 || count < (size_t)c->precision) && text[count] != 0) {
        count++;
    }
    return count;
}

static void put_null(output *out, const conversion *c)
{
    put_narrow(out, c, "(null)", shortest(c, 6));
}

static void put_string(output *out, const conversion *c, arguments *list)
{
    const void *text = va_arg(list->list, const void *);

    if (text == NULL) {
        put_null(out, c);
    } else if (is_wide(c)) {
        put_wide(out, c, text, wide_length_of(c, text));
    } else {
        put_narrow(out, c, text, length_of(c, text));
    }
}

/* A counted string: ANSI_STRING, or UNICODE_STRING with the prefix w. */
static void put_counted(output *out, const conversion *c, arguments *list)
{
    const void *string = va_arg(list->list, const void *);

    if (string == NULL) {
        put_null(out, c);
    } else if (is_wide(c)) {
        const UNICODE_STRING *wide = string;

        put_wide(out, c, wide->Buffer, shortest(c, wide->Length / sizeof(WCHAR)));
    } else {
        const ANSI_STRING *narrow = string;

        put_narrow(out, c, narrow->Buffer, shortest(c, narrow->Length));
    }
}

static void put_hex(output *out, uint64_t number, int digits)
{
    while (digits-- > 0) {
        put(out, "0123456789abcdef"[number >> (4 * digits) & 0xF]);
    }
}

static void put_guid(output *out, const conversion *c, arguments *list)
{
    const GUID *guid = va_arg(list->list, const GUID *);

    if (guid == NULL) {
        put_null(out, c);
        return;
    }
    put_hex(out, guid->Data1, 8);
    put(out, '-');
    put_hex(out, guid->Data2, 4);
    put(out, '-');
    put_hex(out, guid->Data3, 4);
    for (unsigned i = 0; i < sizeof(guid->Data4); i++) {
        pad(out, '-', i == 0 || i == 2);
        put_hex(out, guid->Data4[i], 2);
    }
}

static void put_character(output *out, const conversion *c, arguments *list)
{
    const int character = va_arg(list->list, int);
    const WCHAR wide = (WCHAR)character;
    const char narrow = (char)character;

    if (is_wide(c)) {
        put_wide(out, c, &wide, 1);
    } else {
        put_narrow(out, c, &narrow, 1);
    }
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void put_unit(output *out, const reader *in, size_t at)
{
    if (in->wide) {
        out->put_wide(out, (WCHAR)unit_at(in, at));
    } else {
        out->put_narrow(out, (char)unit_at(in, at));
    }
}

/* The conversion as it stands in the format, from its percent sign on. */
static void put_source(output *out, const reader *in, size_t begin)
{
    for (; begin < in->at; begin++) {
        put_unit(out, in, begin);
    }
}

static void convert(output *out, const conversion *c, arguments *list, const reader *in,
                    size_t begin)
{
    switch (c->letter) {
    case 'd':
    case 'i':
        put_signed(out, c, list);
        break;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        put_unsigned(out, c, list);
        break;
    case 'p':
        put_pointer(out, c, list);
        break;
    case 's':
    case 'S':
        put_string(out, c, list);
        break;
    case 'Z':
        put_counted(out, c, list);
        break;
    case '\1': /* DQ_FORMAT_GUID. */
        put_guid(out, c, list);
        break;
    case 'c':
    case 'C':
        put_character(out, c, list);
        break;
    case '%':
        put(out, '%');
        break;
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
        (void)va_arg(list->list, double);
        put_source(out, in, begin);
        break;
    default:
        put_source(out, in, begin);
        break;
    }
}

void dq_format_to(dq_format_output *out, const void *format, bool wide, va_list given)
{
    reader in = { .format = format, .wide = wide };
    arguments list;

    va_copy(list.list, given);
    while (peek(&in) != 0) {
        const size_t begin = in.at++;
        conversion c;

        if (unit_at(&in, begin) != '%') {
            put_unit(out, &in, begin);
            continue;
        }
        c = read_conversion(&in, &list);
        convert(out, &c, &list, &in, begin);
    }
    va_end(list.list);
}

bool dq_format_is_wide(const char *format)
{
    reader in = { .format = format };

    while (peek(&in) != 0) {
        conversion c;

        if (unit_at(&in, in.at++) != '%') {
            continue;
        }
        c = read_conversion(&in, NULL);
        if (is_wide(&c)) {
            return true;
        }
    }
    return false;
}

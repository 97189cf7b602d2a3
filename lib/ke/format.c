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
    int width;
    int precision; /* -1: none was given. */
    length size;
    char letter;
} conversion;

typedef struct output {
    char *text;
    size_t used, limit;
} output;

/* Wrapped, so that a pointer to it can be passed on every host. */
typedef struct arguments {
    va_list list;
} arguments;

static void put(output *out, char c)
{
    if (out->used < out->limit) {
        out->text[out->used++] = c;
    }
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

static const char *read_flags(const char *at, conversion *c)
{
    for (;; at++) {
        switch (*at) {
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
            return at;
        }
    }
}

/* `list` NULL: only looks at the format. */
static const char *read_number(const char *at, arguments *list, int *number)
{
    if (*at == '*') {
        *number = list != NULL ? va_arg(list->list, int) : 0;
        return at + 1;
    }
    for (*number = 0; *at >= '0' && *at <= '9'; at++) {
        if (*number < 10000) {
            *number = *number * 10 + (*at - '0');
        }
    }
    return at;
}

static const struct {
    char text[4];
    length size;
} prefixes[] = {
    { "hh", LENGTH_CHAR }, { "h", LENGTH_SHORT },  { "ll", LENGTH_64 }, { "l", LENGTH_LONG },
    { "I64", LENGTH_64 },  { "I32", LENGTH_NONE }, { "I", LENGTH_64 },  { "w", LENGTH_WIDE },
    { "z", LENGTH_64 },    { "t", LENGTH_64 },     { "j", LENGTH_64 },
};

static const char *read_prefix(const char *at, conversion *c)
{
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        const size_t count = strlen(prefixes[i].text);

        if (strncmp(at, prefixes[i].text, count) == 0) {
            c->size = prefixes[i].size;
            return at + count;
        }
    }
    return at;
}

/* From after the percent sign to after the letter. */
static const char *read_conversion(const char *at, arguments *list, conversion *c)
{
    *c = (conversion){ .precision = -1 };
    at = read_flags(at, c);
    at = read_number(at, list, &c->width);
    if (c->width < 0) {
        c->left = true;
        c->width = -c->width;
    }
    if (*at == '.') {
        at = read_number(at + 1, list, &c->precision);
    }
    at = read_prefix(at, c);
    c->letter = *at;
    return *at != '\0' ? at + 1 : at;
}

static bool is_wide(const conversion *c)
{
    const bool widened = c->size == LENGTH_LONG || c->size == LENGTH_WIDE;

    switch (c->letter) {
    case 's':
    case 'c':
    case 'Z':
        return widened;
    case 'S':
    case 'C':
        return c->size != LENGTH_SHORT;
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

/* One 16-bit character as UTF-8; returns the number of bytes. A half of a pair comes out as a
 * question mark. */
static size_t encode(WCHAR character, char *bytes)
{
    const unsigned c = (unsigned)character;

    if (c < 0x80) {
        bytes[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        bytes[0] = (char)(0xC0 | c >> 6);
        bytes[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c >= 0xD800 && c <= 0xDFFF) {
        bytes[0] = '?';
        return 1;
    }
    bytes[0] = (char)(0xE0 | c >> 12);
    bytes[1] = (char)(0x80 | (c >> 6 & 0x3F));
    bytes[2] = (char)(0x80 | (c & 0x3F));
    return 3;
}

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
    char bytes[4];

    pad(out, ' ', c->left ? 0 : blanks);
    for (size_t i = 0; i < count; i++) {
        put_text(out, bytes, encode(text[i], bytes));
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

static void convert(output *out, const conversion *c, arguments *list, const char *begin,
                    const char *end)
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
        put_text(out, begin, (size_t)(end - begin));
        break;
    default:
        put_text(out, begin, (size_t)(end - begin));
        break;
    }
}

size_t dq_format(char *text, size_t bytes, const char *format, va_list given)
{
    output out = { .text = text, .limit = bytes - 1 };
    arguments list;

    va_copy(list.list, given);
    while (*format != '\0') {
        const char *begin = format;
        conversion c;

        if (*format != '%') {
            put(&out, *format++);
            continue;
        }
        format = read_conversion(format + 1, &list, &c);
        convert(&out, &c, &list, begin, format);
    }
    va_end(list.list);
    text[out.used] = '\0';
    return out.used;
}

bool dq_format_is_wide(const char *format)
{
    while (*format != '\0') {
        conversion c;

        if (*format++ != '%') {
            continue;
        }
        format = read_conversion(format, NULL, &c);
        if (is_wide(&c)) {
            return true;
        }
    }
    return false;
}

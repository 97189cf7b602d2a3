/*
 * formatutf8.c - formatted text in UTF-8: what a history and a trace hold.
 */
#include "ke/format.h"

typedef struct utf8_output {
    dq_format_output base;
    char *text;
    size_t used, limit;
} utf8_output;

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

static void put_byte(dq_format_output *base, char c)
{
    utf8_output *out = (utf8_output *)base;

    if (out->used < out->limit) {
        out->text[out->used++] = c;
    }
}

static void put_encoded(dq_format_output *base, WCHAR c)
{
    char bytes[4];
    const size_t count = encode(c, bytes);

    for (size_t i = 0; i < count; i++) {
        put_byte(base, bytes[i]);
    }
}

size_t dq_format(char *text, size_t bytes, const char *format, va_list given)
{
    utf8_output out = { .base = { put_byte, put_encoded }, .text = text, .limit = bytes - 1 };

    dq_format_to(&out.base, format, false, given);
    text[out.used] = '\0';
    return out.used;
}

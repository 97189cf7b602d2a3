/*
 * xml.c - writes text into XML 1.0.
 */
#include "report/xml.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "report/utf8.h"

static size_t plain_length(const char *text)
{
    const char *at = text;

    while ((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7F && strchr("<>&\"'", *at) == NULL) {
        at++;
    }
    return (size_t)(at - text);
}

static bool is_sayable(uint32_t character)
{
    return character != 0xFFFE && character != 0xFFFF;
}

/* One character that is not plain. Returns its bytes. */
static size_t add_character(dq_text *out, const char *text, bool in_attribute)
{
    uint32_t character = 0;
    const size_t bytes = dq_utf8_read(text, &character);

    if (bytes == 0 || !is_sayable(character)) {
        dq_text_add(out, DQ_UTF8_REPLACEMENT);
        return bytes != 0 ? bytes : 1;
    }
    if (character == '\n' && !in_attribute) {
        dq_text_add(out, "\n");
    } else if (character == '\n' || character == '\t' || character == '\r' ||
               (character > ' ' && character < 0x7F)) {
        dq_text_add(out, "&#%" PRIu32 ";", character);
    } else if (character < ' ') {
        dq_text_add(out, "\xE2\x90%c", (int)(0x80 + character));
    } else if (character == 0x7F) {
        dq_text_add(out, "\xE2\x90\xA1");
    } else {
        dq_text_add(out, "%.*s", (int)bytes, text);
    }
    return bytes;
}

static void add(dq_text *out, const char *text, bool in_attribute)
{
    while (*text != '\0') {
        const size_t plain = plain_length(text);

        if (plain > 0) {
            dq_text_add(out, "%.*s", (int)plain, text);
            text += plain;
        } else {
            text += add_character(out, text, in_attribute);
        }
    }
}

void dq_xml_text(dq_text *out, const char *text)
{
    add(out, text, false);
}

void dq_xml_attribute(dq_text *out, const char *name, const char *value)
{
    dq_text_add(out, " %s=\"", name);
    add(out, value, true);
    dq_text_add(out, "\"");
}

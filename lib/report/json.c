/*
 * json.c - writes JSON onto a text.
 */
#include "report/json.h"

#include <inttypes.h>
#include <string.h>

#include "report/utf8.h"

static size_t plain_length(const char *text)
{
    const char *at = text;

    while ((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7F && *at != '"' && *at != '\\') {
        at++;
    }
    return (size_t)(at - text);
}

/* One character that is not plain. Returns its bytes. */
static size_t add_character(dq_text *out, const char *text)
{
    uint32_t character = 0;
    const size_t bytes = dq_utf8_read(text, &character);

    if (bytes == 0) {
        dq_text_add(out, DQ_UTF8_REPLACEMENT);
        return 1;
    }
    if (character == '"' || character == '\\') {
        dq_text_add(out, "\\%c", (int)character);
    } else if (character == '\n') {
        dq_text_add(out, "\\n");
    } else if (character < 0x20 || character == 0x7F) {
        dq_text_add(out, "\\u%04" PRIx32, character);
    } else {
        dq_text_add(out, "%.*s", (int)bytes, text);
    }
    return bytes;
}

static void add_string(dq_text *out, const char *text)
{
    dq_text_add(out, "\"");
    while (*text != '\0') {
        const size_t plain = plain_length(text);

        if (plain > 0) {
            dq_text_add(out, "%.*s", (int)plain, text);
            text += plain;
        } else {
            text += add_character(out, text);
        }
    }
    dq_text_add(out, "\"");
}

static void add_key(dq_json *json, const char *key)
{
    if (json->follows) {
        dq_text_add(json->out, ",");
    }
    json->follows = true;
    if (key != NULL) {
        add_string(json->out, key);
        dq_text_add(json->out, ":");
    }
}

void dq_json_text(dq_json *json, const char *key, const char *value)
{
    add_key(json, key);
    add_string(json->out, value);
}

void dq_json_number(dq_json *json, const char *key, uint64_t value)
{
    add_key(json, key);
    dq_text_add(json->out, "%" PRIu64, value);
}

void dq_json_bool(dq_json *json, const char *key, bool value)
{
    dq_json_raw(json, key, value ? "true" : "false");
}

void dq_json_begin(dq_json *json, const char *key, char bracket)
{
    add_key(json, key);
    dq_text_add(json->out, "%c", bracket);
    json->follows = false;
}

void dq_json_end(dq_json *json, char bracket)
{
    dq_text_add(json->out, "%c", bracket);
    json->follows = true;
}

void dq_json_raw(dq_json *json, const char *key, const char *value)
{
    add_key(json, key);
    dq_text_add(json->out, "%s", value);
}

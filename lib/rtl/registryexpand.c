/*
 * registryexpand.c - references to environment variables in texts of the registry.
 *
 * There is no environment in the kernel but the one that the caller brings.
 */
#include <string.h>

#include "ke/keep.h"
#include "rtl/registryquery.h"
#include "rtl/rtl.h"

typedef struct span {
    const WCHAR *text;
    size_t count;
} span;

static size_t length_of(const WCHAR *text)
{
    size_t length = 0;

    while (text[length] != 0) {
        length++;
    }
    return length;
}

static bool begins_with(const WCHAR *text, span name)
{
    for (size_t i = 0; i < name.count; i++) {
        if (text[i] == 0 || dq_case_up(text[i]) != dq_case_up(name.text[i])) {
            return false;
        }
    }
    return text[name.count] == '=';
}

/* False: there is no such variable. */
static bool look_up(const WCHAR *environment, span name, span *value)
{
    for (const WCHAR *at = environment; at != NULL && *at != 0; at += length_of(at) + 1) {
        if (begins_with(at, name)) {
            value->text = at + name.count + 1;
            value->count = length_of(value->text);
            return true;
        }
    }
    return false;
}

/* The reference that `text` begins with: its name between two percent signs. */
static bool reference(const WCHAR *text, const WCHAR *end, span *name)
{
    const WCHAR *at = text + 1;

    while (at < end && *at != '%') {
        at++;
    }
    *name = (span){ text + 1, (size_t)(at - text - 1) };
    return *text == '%' && at < end && name->count > 0;
}

/* Writes to `to` if that is not NULL. Returns how many characters there are. */
static size_t expand(const WCHAR *environment, const WCHAR *text, const WCHAR *end, WCHAR *to)
{
    size_t count = 0;

    while (text < end) {
        span name, piece = { text, 1 };
        const WCHAR *after = text + 1;

        if (reference(text, end, &name) && look_up(environment, name, &piece)) {
            after = name.text + name.count + 1;
        }
        if (to != NULL) {
            memcpy(to + count, piece.text, piece.count * sizeof(WCHAR));
        }
        count += piece.count;
        text = after;
    }
    return count;
}

WCHAR *dq_registry_expand(dq_machine *machine, const WCHAR *environment, const WCHAR *text,
                          size_t *characters)
{
    const WCHAR *end = text + *characters;
    const size_t count = expand(environment, text, end, NULL);
    WCHAR *expanded = dq_keep(machine, (count + 1) * sizeof(WCHAR));

    if (expanded != NULL) {
        (void)expand(environment, text, end, expanded);
        *characters = count;
    }
    return expanded;
}

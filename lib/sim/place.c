/*
 * place.c - a return address in words, for reports.
 */
#include "sim/place.h"

#include <stdio.h>

#include "host/host.h"

const char *dq_place_describe(const void *place, char *text, size_t bytes)
{
    host_symbol symbol = { .line = 0 };

    if (place == NULL) {
        snprintf(text, bytes, "an unknown place");
        return text;
    }
    /* A return address belongs to the statement after the call; one byte before it is the call. */
    host_symbol_find((const char *)place - 1, &symbol);
    if (symbol.line != 0 && symbol.function[0] != '\0') {
        snprintf(text, bytes, "%s %s:%u", symbol.function, symbol.file, symbol.line);
    } else if (symbol.line != 0) {
        snprintf(text, bytes, "%s:%u", symbol.file, symbol.line);
    } else if (symbol.function[0] != '\0') {
        snprintf(text, bytes, "%s+0x%zx", symbol.function, symbol.offset);
    } else if (symbol.module[0] != '\0') {
        snprintf(text, bytes, "%s+0x%zx", symbol.module, symbol.offset);
    } else {
        snprintf(text, bytes, "an unknown place");
    }
    return text;
}

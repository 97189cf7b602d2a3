/*
 * growing.c - a text that grows.
 */
#include "trace/growing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool make_room(dq_growing *growing, size_t more)
{
    size_t capacity = growing->capacity == 0 ? 1024 : growing->capacity;
    char *text;

    while (capacity < growing->length + more + 1) {
        capacity *= 2;
    }
    if (capacity == growing->capacity) {
        return true;
    }
    text = realloc(growing->text, capacity);
    if (text == NULL) {
        growing->failed = true;
        return false;
    }
    growing->text = text;
    growing->capacity = capacity;
    return true;
}

void dq_growing_add(dq_growing *growing, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (growing->failed || length < 0 || !make_room(growing, (size_t)length)) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(growing->text + growing->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    growing->length += (size_t)length;
}

char *dq_growing_take(dq_growing *growing)
{
    char *text = growing->text;

    if (!growing->failed && text == NULL) {
        dq_growing_add(growing, "%s", "");
        text = growing->text;
    }
    if (growing->failed) {
        free(text);
        text = NULL;
    }
    *growing = (dq_growing){ 0 };
    return text;
}

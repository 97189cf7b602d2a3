/*
 * text.c - a text that grows.
 */
#include "sim/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool make_room(dq_text *self, size_t more)
{
    size_t capacity = self->capacity == 0 ? 1024 : self->capacity;
    char *text;

    while (capacity < self->length + more + 1) {
        capacity *= 2;
    }
    if (capacity == self->capacity) {
        return true;
    }
    text = realloc(self->text, capacity);
    if (text == NULL) {
        self->failed = true;
        return false;
    }
    self->text = text;
    self->capacity = capacity;
    return true;
}

/* What does not fit is written once more, when there is room for it. */
void dq_text_add(dq_text *self, const char *format, ...)
{
    const size_t room = self->capacity - self->length;
    char *end = self->text != NULL ? self->text + self->length : NULL;
    va_list arguments;
    int length;

    if (self->failed) {
        return;
    }
    va_start(arguments, format);
    length = vsnprintf(end, room, format, arguments);
    va_end(arguments);
    if (length < 0 || ((size_t)length >= room && !make_room(self, (size_t)length))) {
        if (end != NULL) {
            *end = '\0';
        }
        return;
    }
    if ((size_t)length >= room) {
        va_start(arguments, format);
        vsnprintf(self->text + self->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    self->length += (size_t)length;
}

void dq_text_cut(dq_text *self, size_t length)
{
    if (length < self->length) {
        self->length = length;
        self->text[length] = '\0';
    }
}

char *dq_text_take(dq_text *self)
{
    char *text = self->text;

    if (!self->failed && text == NULL) {
        dq_text_add(self, "%s", "");
        text = self->text;
    }
    if (self->failed) {
        free(text);
        text = NULL;
    }
    *self = (dq_text){ 0 };
    return text;
}

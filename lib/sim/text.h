/*
 * text.h - a text that grows, and remembers whether memory was short.
 */
#ifndef DQ_TEXT_H
#define DQ_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct dq_text {
    char *text;
    size_t length, capacity;
    bool failed;
} dq_text;

void dq_text_add(dq_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes back what was added behind `length`. */
void dq_text_cut(dq_text *text, size_t length);

/* The text, freed with free(); NULL if memory was short. */
char *dq_text_take(dq_text *text);

#endif

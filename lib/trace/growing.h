/*
 * growing.h - a text that grows, and remembers whether memory was short.
 */
#ifndef DQ_GROWING_H
#define DQ_GROWING_H

#include <stdbool.h>
#include <stddef.h>

typedef struct dq_growing {
    char *text;
    size_t length, capacity;
    bool failed;
} dq_growing;

void dq_growing_add(dq_growing *growing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The text, freed with free(); NULL if memory was short. */
char *dq_growing_take(dq_growing *growing);

#endif

/*
 * spelling.h - names that somebody may have meant.
 */
#ifndef DQ_SPELLING_H
#define DQ_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

/* How many letters are to be changed, left out, put in or exchanged with their neighbour to make
 * one name of the other; capital letters or not. 64 for names that are longer than that. */
unsigned dq_spelling_distance(const char *a, const char *b);

/* True if `written` may well be `name` with a slip: one in a short name, two in others. */
bool dq_spelling_is_slip(const char *written, const char *name);

#endif

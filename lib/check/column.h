/*
 * column.h - a drawing with time downward and a column for each processor.
 */
#ifndef DQ_CHECK_COLUMN_H
#define DQ_CHECK_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dq_columns {
    char *text;
    size_t bytes, used;  /* What does not fit is left out, a whole line at a time. */
    uint64_t processors; /* A bit for each that has a column. */
    unsigned width; /* Of a column; 0: one column for all, and the processor named in each line. */
    bool timeless;  /* Steps that have an order, but no time. */
} dq_columns;

/* Writes the heading. `widest` is the longest text in any column but the last. */
void dq_columns_begin(dq_columns *columns, char *text, size_t bytes, uint64_t processors,
                      unsigned widest);
/* For steps without times, at most `width` wide. */
void dq_columns_begin_steps(dq_columns *columns, char *text, size_t bytes, uint64_t processors,
                            unsigned width);
void dq_columns_put(dq_columns *columns, unsigned processor, uint64_t time_ns, const char *cell);

#endif

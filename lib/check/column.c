/*
 * column.c - a drawing with time downward and a column for each processor.
 */
#include "check/column.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 512, COLUMNS_MAX = 3 };

/* As narrow as the texts allow, and not so wide that the last column leaves the screen. */
static unsigned width_for(unsigned count, unsigned widest)
{
    static const unsigned most[COLUMNS_MAX + 1] = { 0, 0, 96, 72 };
    const unsigned wanted = widest + 2;

    if (count > COLUMNS_MAX) {
        return 0;
    }
    return wanted < most[count] ? wanted : most[count];
}

static void put_line(dq_columns *columns, const char *line)
{
    size_t length = strlen(line);

    while (length > 0 && line[length - 1] == ' ') {
        length--;
    }
    if (columns->used + length + 2 <= columns->bytes) {
        memcpy(columns->text + columns->used, line, length);
        columns->text[columns->used + length] = '\n';
        columns->text[columns->used + length + 1] = '\0';
        columns->used += length + 1;
    }
}

/* How many columns stand left of the processor's. */
static unsigned column_of(const dq_columns *columns, unsigned processor)
{
    return (unsigned)__builtin_popcountll(columns->processors & ((1ull << processor) - 1));
}

static void put_heading(dq_columns *columns)
{
    const unsigned count = (unsigned)__builtin_popcountll(columns->processors);
    char line[LINE_BYTES];
    int length;

    if (columns->bytes > 0) {
        columns->text[0] = '\0';
    }
    length = snprintf(line, sizeof(line), "%s", columns->timeless ? "    " : "     time (us)  ");
    for (unsigned i = 0; i < 64 && count <= COLUMNS_MAX; i++) {
        if ((columns->processors >> i & 1) != 0) {
            char name[16];

            snprintf(name, sizeof(name), "CPU%u", i);
            length += snprintf(line + length, sizeof(line) - (size_t)length, "%-*s",
                               (int)columns->width, name);
        }
    }
    put_line(columns, line);
}

static void begin(dq_columns *columns, char *text, size_t bytes, uint64_t processors,
                  unsigned width, bool timeless)
{
    *columns = (dq_columns){ .text = text,
                             .bytes = bytes,
                             .processors = processors,
                             .width = width,
                             .timeless = timeless };
    put_heading(columns);
}

void dq_columns_begin(dq_columns *columns, char *text, size_t bytes, uint64_t processors,
                      unsigned widest)
{
    const unsigned count = (unsigned)__builtin_popcountll(processors);

    begin(columns, text, bytes, processors, width_for(count, widest), false);
}

void dq_columns_begin_steps(dq_columns *columns, char *text, size_t bytes, uint64_t processors,
                            unsigned width)
{
    const unsigned count = (unsigned)__builtin_popcountll(processors);
    const bool fits = width * COLUMNS_MAX + 8 < LINE_BYTES;

    begin(columns, text, bytes, processors, fits ? width : width_for(count, width), true);
}

void dq_columns_put(dq_columns *columns, unsigned processor, uint64_t time_ns, const char *cell)
{
    const unsigned column = column_of(columns, processor);
    const unsigned count = (unsigned)__builtin_popcountll(columns->processors);
    char line[LINE_BYTES];
    int length = columns->timeless ? snprintf(line, sizeof(line), "    ")
                                   : snprintf(line, sizeof(line), "  %8" PRIu64 ".%03u  ",
                                              time_ns / 1000, (unsigned)(time_ns % 1000));

    if (count > COLUMNS_MAX) {
        snprintf(line + length, sizeof(line) - (size_t)length, "CPU%-3u %s", processor, cell);
    } else {
        const bool last = column + 1 == count;

        length += snprintf(line + length, sizeof(line) - (size_t)length, "%*s",
                           (int)(column * columns->width), "");
        snprintf(line + length, sizeof(line) - (size_t)length, "%.*s",
                 last ? LINE_BYTES : (int)columns->width - 1, cell);
    }
    put_line(columns, line);
}

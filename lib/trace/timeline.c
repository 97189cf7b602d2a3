/*
 * timeline.c - the IRQL of each processor over virtual time, drawn as text.
 *
 * A row per IRQL that the processor was seen at, a column per stretch of time. `#` the processor
 * ran at this IRQL during the column, `.` it was idle.
 */
#include "sim/text.h"
#include "trace/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 400, ROW_IDLE = DQ_LEVELS, ROWS };

typedef struct drawing {
    uint64_t begin_ns, end_ns;
    unsigned columns;
    bool seen[DQ_LEVELS];
    char cells[ROWS][COLUMNS_MAX]; /* By level, and a row for idleness. */
} drawing;

/* What the processor is at after this event. */
static unsigned irql_after(const dq_record *record)
{
    if (record->kind == DQ_EVENT_IRQL_RAISE || record->kind == DQ_EVENT_IRQL_LOWER) {
        return (unsigned)record->b & 15;
    }
    return record->irql;
}

/* A switch is announced at DISPATCH_LEVEL; what it switches to goes on at PASSIVE_LEVEL, and to no
 * thread at all is idleness. */
static unsigned row_after(const dq_record *record)
{
    if (record->kind == DQ_EVENT_THREAD_RUN) {
        return record->number == 0 ? ROW_IDLE : DQ_LEVEL_PASSIVE;
    }
    if (record->execution == DQ_EXECUTION_IDLE && irql_after(record) <= DQ_LEVEL_DISPATCH) {
        return ROW_IDLE;
    }
    return irql_after(record);
}

static unsigned column_of(const drawing *draw, uint64_t time_ns)
{
    const uint64_t span_ns = draw->end_ns - draw->begin_ns;
    const double share = (double)(time_ns - draw->begin_ns) / (double)span_ns;
    const unsigned column = (unsigned)(share * draw->columns);

    return column < draw->columns ? column : draw->columns - 1;
}

static void fill(drawing *draw, unsigned row, uint64_t from_ns, uint64_t to_ns)
{
    if (to_ns < draw->begin_ns || from_ns >= draw->end_ns) {
        return;
    }
    if (from_ns < draw->begin_ns) {
        from_ns = draw->begin_ns;
    }
    /* A stretch that ends where a column begins does not touch that column. */
    to_ns = to_ns > from_ns ? to_ns - 1 : from_ns;
    if (to_ns >= draw->end_ns) {
        to_ns = draw->end_ns - 1;
    }
    for (unsigned i = column_of(draw, from_ns); i <= column_of(draw, to_ns); i++) {
        draw->cells[row][i] = '#';
    }
    if (row < DQ_LEVELS) {
        draw->seen[row] = true;
    }
}

static void sample(drawing *draw, const dq_recorder *recorder, unsigned processor)
{
    uint64_t since_ns = 0;
    unsigned row = ROW_IDLE;

    for (size_t i = 0; i < recorder->count; i++) {
        const dq_record *record = &recorder->records[i];

        if (record->processor != processor) {
            continue;
        }
        fill(draw, row, since_ns, record->time_ns);
        since_ns = record->time_ns;
        row = row_after(record);
        fill(draw, row, since_ns, since_ns);
    }
    fill(draw, row, since_ns, draw->end_ns);
}

static const char *level_name(unsigned level)
{
    static const char *const low[] = { "PASSIVE", "APC", "DISPATCH" };

    return level < 3 ? low[level] : level < 12 ? "DIRQL" : "HIGH";
}

static void draw_processor(dq_text *out, const dq_recorder *recorder, drawing *draw,
                           unsigned processor)
{
    memset(draw->seen, 0, sizeof(draw->seen));
    memset(draw->cells, ' ', sizeof(draw->cells));
    sample(draw, recorder, processor);
    draw->seen[DQ_LEVEL_PASSIVE] = true;
    dq_text_add(out, "CPU%u\n", processor);
    for (unsigned level = DQ_LEVELS; level-- > 0;) {
        if (!draw->seen[level]) {
            continue;
        }
        dq_text_add(out, "  %2u %-8s |", level, level_name(level));
        for (unsigned i = 0; i < draw->columns; i++) {
            const bool idle = level == DQ_LEVEL_PASSIVE && draw->cells[ROW_IDLE][i] == '#' &&
                              draw->cells[level][i] != '#';

            dq_text_add(out, "%c", idle ? '.' : draw->cells[level][i]);
        }
        dq_text_add(out, "|\n");
    }
}

char *dq_recorder_timeline(dq_sink *sink, uint64_t begin_ns, uint64_t end_ns, unsigned columns)
{
    const dq_recorder *recorder = sink->state;
    dq_text out = { 0 };
    drawing *draw = calloc(1, sizeof(*draw));

    if (draw == NULL) {
        return NULL;
    }
    draw->begin_ns = begin_ns;
    draw->end_ns = end_ns > begin_ns ? end_ns : begin_ns + 1;
    draw->columns = columns == 0 ? 72 : columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
    dq_text_add(&out,
                "IRQL from %" PRIu64 " us to %" PRIu64 " us, %.1f us a column (# runs, . idle)\n",
                draw->begin_ns / 1000, draw->end_ns / 1000,
                (double)(draw->end_ns - draw->begin_ns) / 1000.0 / draw->columns);
    for (unsigned i = 0; i < recorder->processors; i++) {
        draw_processor(&out, recorder, draw, i);
    }
    free(draw);
    return dq_text_take(&out);
}

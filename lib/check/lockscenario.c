/*
 * lockscenario.c - what the lock order checker found, in words and as the run that would not end.
 *
 * First each order that was seen, with who acquired what and where; then a drawing of one way in
 * which they meet, a step a line, with a column for each processor.
 */
#include "check/lockclass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/column.h"
#include "check/history_step.h"
#include "check/rules.h"
#include "sim/place.h"
#include "sim/text.h"

enum { PLACE_TEXT = 160, WHO_TEXT = 96, CELL = 320, STEPS = 3 * DQ_LOCK_PATH, DRAWING_BYTES = 32768 };

typedef struct scenario {
    unsigned processors[STEPS];
    char cells[STEPS][CELL];
    unsigned count;
    uint64_t used; /* Processors that have a part. */
} scenario;

const char *dq_lockscenario_who(const dq_lock_user *user, char *text, size_t bytes)
{
    const dq_execution execution = { .kind = user->kind,
                                     .routine = user->routine,
                                     .name = user->name[0] != '\0' ? user->name : NULL };

    return dq_execution_describe(&execution, text, bytes);
}

static char letter(unsigned index)
{
    return (char)('A' + (int)(index % 26));
}

/* ---- Words ----------------------------------------------------------------------------------- */

static void add_lock(dq_text *out, unsigned index, const dq_lock_class *class)
{
    char text[PLACE_TEXT + 40];

    dq_text_add(out, "  lock %c: %s\n", letter(index),
                dq_lockclass_describe(class, text, sizeof(text)));
}

static const char *how(dq_lock_mode mode)
{
    return mode == DQ_LOCK_WRITES ? "" : " (shared)";
}

static void add_edge(dq_text *out, const dq_lock_edge *edge, unsigned first, unsigned then)
{
    char who[WHO_TEXT], held[PLACE_TEXT], wanted[PLACE_TEXT];

    dq_text_add(out, "  seen:  %s acquired %c%s at %s (%s), then %c%s at %s (%s)\n",
                dq_lockscenario_who(&edge->who, who, sizeof(who)), letter(first),
                how(edge->first_mode), dq_place_describe(edge->first_place, held, sizeof(held)),
                dq_irql_name(edge->first_irql), letter(then), how(edge->then_mode),
                dq_place_describe(edge->then_place, wanted, sizeof(wanted)),
                dq_irql_name(edge->then_irql));
}

static void add_usage(dq_text *out, const dq_lock_usage *usage, unsigned index)
{
    char who[WHO_TEXT], place[PLACE_TEXT];

    dq_text_add(out, "  seen:  %s acquired %c%s at %s (%s)\n",
                dq_lockscenario_who(&usage->who, who, sizeof(who)), letter(index),
                how(usage->mode), dq_place_describe(usage->place, place, sizeof(place)),
                dq_irql_name(usage->irql));
}

/* ---- Steps ----------------------------------------------------------------------------------- */

/* A processor of the set that has no part yet; if there is none, any that has none. */
static unsigned cast(scenario *this, uint64_t set)
{
    const uint64_t free_ones = set & ~this->used;
    const uint64_t from = free_ones != 0 ? free_ones : ~this->used;
    const unsigned processor = from != 0 ? (unsigned)__builtin_ctzll(from) : 63;

    this->used |= 1ull << processor;
    return processor;
}

static void add_step(scenario *this, unsigned processor, unsigned irql, const dq_lock_user *who,
                     const char *what, const void *place)
{
    char name[WHO_TEXT], where[PLACE_TEXT] = "";

    if (this->count == STEPS) {
        return;
    }
    if (place != NULL) {
        dq_place_describe(place, where, sizeof(where));
    }
    this->processors[this->count] = processor;
    snprintf(this->cells[this->count++], CELL, "%-8s %s: %s%s%s", dq_step_level_name(irql),
             dq_lockscenario_who(who, name, sizeof(name)), what, where[0] != '\0' ? "  " : "",
             where);
}

static void acquires(scenario *this, unsigned processor, unsigned irql, const dq_lock_user *who,
                     unsigned lock, const void *place)
{
    char what[32];

    snprintf(what, sizeof(what), "acquires %c", letter(lock));
    add_step(this, processor, irql, who, what, place);
}

static void waits(scenario *this, unsigned processor, unsigned irql, const dq_lock_user *who,
                  unsigned lock, unsigned holder, const void *place)
{
    char what[48];

    snprintf(what, sizeof(what), "waits for %c, which CPU%u holds", letter(lock), holder);
    add_step(this, processor, irql, who, what, place);
}

static void add_drawing(dq_text *out, const scenario *this)
{
    dq_columns columns;
    char *drawing = malloc(DRAWING_BYTES);
    size_t width = 40;

    for (unsigned i = 0; i < this->count; i++) {
        const size_t length = strlen(this->cells[i]) + 2;

        width = length > width ? length : width;
    }
    if (drawing != NULL) {
        dq_columns_begin_steps(&columns, drawing, DRAWING_BYTES, this->used, (unsigned)width);
        for (unsigned i = 0; i < this->count; i++) {
            dq_columns_put(&columns, this->processors[i], 0, this->cells[i]);
        }
        dq_text_add(out, "  this can happen, and never ends:\n%s", drawing);
    }
    free(drawing);
}

/* ---- The findings ---------------------------------------------------------------------------- */

/* Each has its first lock, and waits for the next one's. */
static void draw_cycle(dq_text *out, scenario *this, const dq_lock_edge *const *path,
                       unsigned length)
{
    unsigned cpus[DQ_LOCK_PATH] = { 0 };

    for (unsigned i = 0; i < length; i++) {
        cpus[i] = cast(this, path[i]->who.processors);
        acquires(this, cpus[i], path[i]->first_irql, &path[i]->who, i, path[i]->first_place);
    }
    for (unsigned i = 0; i < length; i++) {
        waits(this, cpus[i], path[i]->then_irql, &path[i]->who, (i + 1) % length,
              cpus[(i + 1) % length], path[i]->then_place);
    }
    add_drawing(out, this);
}

char *dq_lockscenario_cycle(const dq_lock_edge *const *path, unsigned length)
{
    scenario *this = calloc(1, sizeof(*this));
    dq_text out = { 0 };

    for (unsigned i = 0; i < length; i++) {
        add_lock(&out, i, path[i]->first);
    }
    for (unsigned i = 0; i < length; i++) {
        add_edge(&out, path[i], i, (i + 1) % length);
    }
    if (this != NULL) {
        draw_cycle(&out, this, path, length);
    }
    free(this);
    return dq_text_take(&out);
}

/* Who interrupts does so on the holder's processor. */
static void interrupt(scenario *this, unsigned cpu, const dq_lock_usage *wanter, unsigned held)
{
    char what[48];

    snprintf(what, sizeof(what), "interrupts the holder of %c", letter(held));
    add_step(this, cpu, wanter->who.base_level, &wanter->who, what, NULL);
}

char *dq_lockscenario_inversion(const dq_lock_class *class, const dq_lock_usage *holder,
                                const dq_lock_usage *wanter)
{
    scenario *this = calloc(1, sizeof(*this));
    dq_text out = { 0 };

    add_lock(&out, 0, class);
    add_usage(&out, holder, 0);
    add_usage(&out, wanter, 0);
    if (this != NULL) {
        const unsigned cpu = cast(this, holder->who.processors & wanter->who.processors);

        acquires(this, cpu, holder->irql, &holder->who, 0, holder->place);
        interrupt(this, cpu, wanter, 0);
        waits(this, cpu, wanter->irql, &wanter->who, 0, cpu, wanter->place);
        add_drawing(&out, this);
    }
    free(this);
    return dq_text_take(&out);
}

static void draw_chain(dq_text *out, scenario *this, const dq_lock_edge *const *path,
                       unsigned length, const dq_lock_usage *holder, const dq_lock_usage *wanter)
{
    const uint64_t both = holder->who.processors & wanter->who.processors;
    const uint64_t roomy = both & ~path[0]->who.processors;
    const unsigned cpu = cast(this, roomy != 0 ? roomy : both);
    unsigned cpus[DQ_LOCK_PATH] = { 0 };

    acquires(this, cpu, holder->irql, &holder->who, length, holder->place);
    for (unsigned i = 0; i < length; i++) {
        cpus[i] = cast(this, path[i]->who.processors);
        acquires(this, cpus[i], path[i]->first_irql, &path[i]->who, i, path[i]->first_place);
    }
    interrupt(this, cpu, wanter, length);
    waits(this, cpu, wanter->irql, &wanter->who, 0, cpus[0], wanter->place);
    for (unsigned i = 0; i < length; i++) {
        waits(this, cpus[i], path[i]->then_irql, &path[i]->who, i + 1,
              i + 1 < length ? cpus[i + 1] : cpu, path[i]->then_place);
    }
    add_drawing(out, this);
}

char *dq_lockscenario_chain(const dq_lock_edge *const *path, unsigned length,
                            const dq_lock_usage *holder, const dq_lock_usage *wanter)
{
    scenario *this = calloc(1, sizeof(*this));
    dq_text out = { 0 };

    for (unsigned i = 0; i < length; i++) {
        add_lock(&out, i, path[i]->first);
    }
    add_lock(&out, length, path[length - 1]->then);
    add_usage(&out, wanter, 0);
    for (unsigned i = 0; i < length; i++) {
        add_edge(&out, path[i], i, i + 1);
    }
    add_usage(&out, holder, length);
    if (this != NULL) {
        draw_chain(&out, this, path, length, holder, wanter);
    }
    free(this);
    return dq_text_take(&out);
}

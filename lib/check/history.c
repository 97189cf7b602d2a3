/*
 * history.c - the last steps before a finding, drawn in a column per processor with time downward.
 *
 * A ring of events, cheap while the run goes on: routines and places stay addresses until somebody
 * asks. It stops at the first error, so that what is drawn is what led there.
 */
#include "check/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/column.h"
#include "check/history_step.h"
#include "sim/lock.h"

enum { NAME_BYTES = 24 };

typedef struct thread_name {
    uint32_t ordinal;
    char name[NAME_BYTES];
} thread_name;

typedef struct history {
    dq_sink sink;
    dq_machine *machine;
    dq_step steps[DQ_STEPS];
    uint64_t count;
    bool frozen;
    uint32_t last_thread[DQ_PROCESSORS_MAX];
    thread_name *names;
    size_t name_count, name_capacity;
} history;

/* ---- Recording ------------------------------------------------------------------------------- */

static const uint64_t recorded_kinds =
    DQ_EVENT_BIT(CALL) | DQ_EVENT_BIT(LINE_ASSERT) | DQ_EVENT_BIT(LINE_DEASSERT) |
    DQ_EVENT_BIT(KICK) |
    DQ_EVENT_BIT(INTERRUPT_LOST) | DQ_EVENT_BIT(ISR_BEGIN) | DQ_EVENT_BIT(ISR_END) |
    DQ_EVENT_BIT(SYNC_BEGIN) | DQ_EVENT_BIT(SYNC_END) | DQ_EVENT_BIT(LOCK_WAIT) |
    DQ_EVENT_BIT(DPC_BEGIN) | DQ_EVENT_BIT(DPC_END) | DQ_EVENT_BIT(THREAD_END) |
    DQ_EVENT_BIT(TIMER_EXPIRE) | DQ_EVENT_BIT(PORT_READ) | DQ_EVENT_BIT(PORT_WRITE) |
    DQ_EVENT_BIT(REGISTER_READ) | DQ_EVENT_BIT(REGISTER_WRITE) | DQ_EVENT_BIT(STIMULUS) |
    DQ_EVENT_BIT(FAIL) | DQ_EVENT_BIT(PRINT) | DQ_EVENT_BIT(MARK) | DQ_EVENT_BIT(FINDING);

/* Register accesses say more as events of their own than as calls; a wait for a mutex is a call. */
static bool is_told_otherwise(const dq_event *event)
{
    static const bool told[DQ_SERVICE_COUNT] = {
        [DQ_SERVICE_READ_PORT] = true,     [DQ_SERVICE_WRITE_PORT] = true,
        [DQ_SERVICE_READ_REGISTER] = true, [DQ_SERVICE_WRITE_REGISTER] = true,
        [DQ_SERVICE_DbgPrint] = true,
    };

    if (event->kind == DQ_EVENT_LOCK_WAIT) {
        return dq_lock_blocks((unsigned)event->a);
    }
    return event->kind == DQ_EVENT_CALL &&
           (told[event->service] || dq_service_is_tests(event->service));
}

static const char *name_of(const history *this, uint32_t ordinal)
{
    for (size_t i = 0; i < this->name_count; i++) {
        if (this->names[i].ordinal == ordinal) {
            return this->names[i].name;
        }
    }
    return NULL;
}

/* A thread is named when it is first seen: it may be gone when its name is wanted. */
static void learn_name(history *this, const dq_processor *cpu)
{
    const dq_execution *execution = cpu->execution;

    this->last_thread[cpu->number] = execution->ordinal;
    if (execution->name == NULL || name_of(this, execution->ordinal) != NULL) {
        return;
    }
    if (this->name_count == this->name_capacity) {
        const size_t wanted = this->name_capacity == 0 ? 16 : this->name_capacity * 2;
        thread_name *grown = realloc(this->names, wanted * sizeof(*grown));

        if (grown == NULL) {
            return;
        }
        this->names = grown;
        this->name_capacity = wanted;
    }
    this->names[this->name_count].ordinal = execution->ordinal;
    snprintf(this->names[this->name_count].name, NAME_BYTES, "%s", execution->name);
    this->name_count++;
}

/* The first line of a text. This is done for each event of a line, so it is no snprintf(). */
static void copy_line(char *to, size_t bytes, const char *from)
{
    size_t used = 0;

    while (used + 1 < bytes && from[used] != '\0' && from[used] != '\r' && from[used] != '\n') {
        to[used] = from[used];
        used++;
    }
    to[used] = '\0';
}

/* The words that are gone after the event: what was printed, or the name of a line. */
static void keep_text(dq_step *step, const dq_event *event)
{
    const char *text = event->text;

    if (event->kind == DQ_EVENT_CALL) {
        text = NULL;
    } else if (dq_event_object_class(event->kind) == DQ_OBJECT_LINE) {
        text = ((const dq_line *)event->object)->name;
    }
    if (text != NULL) {
        copy_line(step->text, sizeof(step->text), text);
    } else {
        step->text[0] = '\0';
    }
}

static void record(history *this, const dq_processor *cpu, const dq_event *event)
{
    dq_step *step = &this->steps[this->count++ % DQ_STEPS];
    const dq_execution *execution = cpu->execution;

    if (execution->kind == DQ_EXECUTION_THREAD &&
        execution->ordinal != this->last_thread[cpu->number]) {
        learn_name(this, cpu);
    }
    step->kind = event->kind;
    step->service = event->service;
    step->processor = cpu->number;
    step->irql = cpu->irql;
    step->execution = execution->kind;
    step->ordinal = execution->ordinal;
    step->routine = execution->routine;
    step->place = event->place;
    step->a = event->a;
    step->b = event->b;
    step->time_ns = cpu->machine->clock.now_ns;
    keep_text(step, event);
}

static void on_event(dq_sink *sink, dq_processor *cpu, const dq_event *event)
{
    history *this = (history *)sink;

    if (this->frozen || is_told_otherwise(event)) {
        return;
    }
    record(this, cpu, event);
    if (event->kind == DQ_EVENT_FINDING && this->machine->findings.last != NULL) {
        this->frozen = this->machine->findings.last->severity == DQ_ERROR;
    }
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static uint64_t first_drawn(const history *this)
{
    return this->count > DQ_STEPS_DRAWN ? this->count - DQ_STEPS_DRAWN : 0;
}

static uint64_t processors_in(const history *this)
{
    uint64_t processors = 0;

    for (uint64_t i = first_drawn(this); i < this->count; i++) {
        processors |= 1ull << this->steps[i % DQ_STEPS].processor;
    }
    return processors;
}

/* The name of the thread when another one went on since the last step on this
 * processor, else NULL. */
static const char *newcomer(const history *this, const dq_step *step, uint32_t *last)
{
    if (step->execution != DQ_EXECUTION_THREAD || last[step->processor] == step->ordinal) {
        return NULL;
    }
    last[step->processor] = step->ordinal;
    return name_of(this, step->ordinal);
}

void dq_history_visit(const dq_sink *sink,
                      void (*visit)(void *context, const dq_step *step, const char *newcomer),
                      void *context)
{
    const history *this = (const history *)sink;
    uint32_t last[DQ_PROCESSORS_MAX] = { 0 };

    for (uint64_t i = first_drawn(this); i < this->count; i++) {
        const dq_step *step = &this->steps[i % DQ_STEPS];

        visit(context, step, newcomer(this, step, last));
    }
}

static void draw(void *context, const dq_step *step, const char *newcomer)
{
    char cell[DQ_CELL_BYTES];

    dq_step_describe(step, newcomer, cell, sizeof(cell));
    dq_columns_put(context, step->processor, step->time_ns, cell);
}

static size_t explain(dq_sink *sink, char *text, size_t bytes)
{
    const history *this = (const history *)sink;
    dq_columns columns;

    if (this->count == 0) {
        return 0;
    }
    dq_columns_begin(&columns, text, bytes, processors_in(this));
    dq_history_visit(sink, draw, &columns);
    return columns.used;
}

static void stop(dq_sink *sink, dq_machine *machine)
{
    history *this = (history *)sink;

    (void)machine;
    free(this->names);
    free(this);
}

dq_sink *dq_history_create(dq_machine *machine)
{
    history *this = calloc(1, sizeof(*this));

    if (this == NULL) {
        return NULL;
    }
    this->machine = machine;
    this->sink.name = "history";
    this->sink.kinds = recorded_kinds;
    this->sink.event = on_event;
    this->sink.stop = stop;
    this->sink.explain = explain;
    return &this->sink;
}

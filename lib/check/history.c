/*
 * history.c - the last steps before a finding, drawn in a column per processor with time
 * downward.
 *
 * A ring of events, cheap while the run goes on: routines and places stay addresses until
 * somebody asks. Accesses of memory are many, and have a ring of their own; those that matter
 * are drawn among the other steps. It stops at the first error, so that what is drawn is what
 * led there.
 */
#include "check/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/column.h"
#include "check/touch.h"
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
    dq_touches touches;
    uint64_t order; /* Of the latest step or access. */
    const dq_racememory *memory;
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
    DQ_EVENT_BIT(ACCESS) | DQ_EVENT_BIT(FAIL) | DQ_EVENT_BIT(DELAY) | DQ_EVENT_BIT(PRINT) |
    DQ_EVENT_BIT(MARK) | DQ_EVENT_BIT(FINDING);

/* Accesses say more as events of their own than as calls; a wait for a mutex is a call; that an edge
 * is over says nothing; and of what comes at a time, only a stimulus has not more to say: a timer
 * expires, and a thread that has waited goes on. */
static bool is_told_otherwise(const dq_event *event)
{
    static const bool told[DQ_SERVICE_COUNT] = {
        [DQ_SERVICE_READ_PORT] = true,     [DQ_SERVICE_WRITE_PORT] = true,
        [DQ_SERVICE_READ_REGISTER] = true, [DQ_SERVICE_WRITE_REGISTER] = true,
        [DQ_SERVICE_DbgPrint] = true,      [DQ_SERVICE_Interlocked] = true,
        [DQ_SERVICE_DoTraceMessage] = true,
    };

    if (event->kind == DQ_EVENT_LOCK_WAIT) {
        return dq_lock_blocks((unsigned)event->a);
    }
    if (event->kind == DQ_EVENT_LINE_DEASSERT) {
        return ((const dq_line *)event->object)->edge;
    }
    if (event->kind == DQ_EVENT_STIMULUS) {
        return event->a != DQ_PRIORITY_STIMULUS;
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
static __attribute__((noinline)) void learn_name(history *this, const dq_processor *cpu)
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

    if (dq_event_object_class(event->kind) == DQ_OBJECT_LINE) {
        text = ((const dq_line *)event->object)->name;
    }
    if (text != NULL) {
        copy_line(step->text, sizeof(step->text), text);
    }
}

/* Where the code was that an ISR or a DPC runs on top of. */
static const void *interrupted(const dq_execution *execution, dq_event_kind kind)
{
    const dq_execution *below = execution->below;

    if (kind != DQ_EVENT_ISR_BEGIN && kind != DQ_EVENT_DPC_BEGIN) {
        return NULL;
    }
    while (below != NULL && below->kind == DQ_EXECUTION_DEVICE) {
        below = below->below;
    }
    return below != NULL && below->kind != DQ_EXECUTION_IDLE ? below->place : NULL;
}

/* What every step has. Of a call there is no more to say. */
static inline dq_step *record(history *this, const dq_processor *cpu, const dq_event *event)
{
    dq_step *step = &this->steps[this->count++ % DQ_STEPS];
    const dq_execution *execution = cpu->execution;

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
    step->below = NULL;
    step->object = NULL;
    step->time_ns = cpu->machine->clock.now_ns;
    step->order = ++this->order;
    step->note[0] = '\0';
    step->text[0] = '\0';
    return step;
}

static __attribute__((noinline)) void record_more(history *this, const dq_processor *cpu,
                                                  const dq_event *event)
{
    dq_step *step;

    if (event->kind == DQ_EVENT_ACCESS) {
        dq_touches_add(&this->touches, cpu, event, ++this->order);
        return;
    }
    step = record(this, cpu, event);
    step->below = interrupted(cpu->execution, event->kind);
    keep_text(step, event);
    if (event->kind == DQ_EVENT_FINDING && this->machine->findings.last != NULL) {
        this->frozen = this->machine->findings.last->severity == DQ_ERROR;
    }
}

static void on_event(dq_sink *sink, dq_processor *cpu, const dq_event *event)
{
    history *this = (history *)sink;
    const dq_execution *execution = cpu->execution;

    if (this->frozen || is_told_otherwise(event)) {
        return;
    }
    if (DQ_UNLIKELY(execution->ordinal != this->last_thread[cpu->number]) &&
        execution->kind == DQ_EXECUTION_THREAD && event->kind != DQ_EVENT_ACCESS) {
        learn_name(this, cpu);
    }
    if (event->kind == DQ_EVENT_CALL) {
        (void)record(this, cpu, event);
    } else {
        record_more(this, cpu, event);
    }
}

/* ---- Choosing what is drawn ------------------------------------------------------------------ */

/* Of one line of code in one execution, these are enough. */
enum { TOUCHES_OF_A_PLACE = 3 };

/* Filled from its end, the latest step first. */
typedef struct selection {
    dq_step of[DQ_STEPS_DRAWN];
    unsigned first;
    const void *from, *to; /* Memory that the finding is about, or NULL. */
} selection;

static const dq_finding *first_error(const dq_machine *machine)
{
    const dq_finding *finding = machine->findings.first;

    while (finding != NULL && (finding->severity != DQ_ERROR || finding->expected)) {
        finding = finding->next;
    }
    return finding;
}

static bool is_enough(const selection *chosen, const dq_touch *touch)
{
    unsigned count = 0;

    for (unsigned i = chosen->first; i < DQ_STEPS_DRAWN; i++) {
        const dq_step *step = &chosen->of[i];

        count += step->kind == DQ_EVENT_ACCESS && step->place == touch->place &&
                 step->ordinal == touch->ordinal;
    }
    return count >= TOUCHES_OF_A_PLACE;
}

/* A finding at an access is one line with it. */
static void choose_touch(const history *this, selection *chosen, const dq_touch *touch)
{
    const dq_step *next = &chosen->of[chosen->first];
    dq_step *step;

    if (!dq_touches_matters(&this->touches, touch, chosen->from, chosen->to) ||
        is_enough(chosen, touch)) {
        return;
    }
    if (chosen->first < DQ_STEPS_DRAWN && next->kind == DQ_EVENT_FINDING &&
        next->ordinal == touch->ordinal && next->place == touch->place) {
        char name[sizeof(next->note)];

        snprintf(name, sizeof(name), "%s", dq_step_finding(next));
        step = &chosen->of[chosen->first];
        *step = dq_touch_step(touch);
        snprintf(step->note, sizeof(step->note), "%s", name);
    } else {
        step = &chosen->of[--chosen->first];
        *step = dq_touch_step(touch);
    }
    dq_racememory_name(this->memory, this->machine, (uintptr_t)touch->address, step->text,
                       sizeof(step->text));
}

/* Goes back through both rings. */
static void choose(const history *this, selection *chosen)
{
    const dq_finding *finding = first_error(this->machine);
    uint64_t steps = this->count, touches = this->touches.count;
    const uint64_t steps_end = steps > DQ_STEPS ? steps - DQ_STEPS : 0;
    const uint64_t touches_end = touches > DQ_TOUCHES ? touches - DQ_TOUCHES : 0;

    chosen->first = DQ_STEPS_DRAWN;
    chosen->from = finding != NULL ? finding->memory : NULL;
    chosen->to = finding != NULL ? (const char *)finding->memory + finding->memory_bytes : NULL;
    while (chosen->first > 0 && (steps > steps_end || touches > touches_end)) {
        const dq_step *step = steps > steps_end ? &this->steps[(steps - 1) % DQ_STEPS] : NULL;
        const dq_touch *touch =
            touches > touches_end ? &this->touches.of[(touches - 1) % DQ_TOUCHES] : NULL;

        if (touch == NULL || (step != NULL && step->order > touch->order)) {
            chosen->of[--chosen->first] = *step;
            steps--;
        } else {
            choose_touch(this, chosen, touch);
            touches--;
        }
    }
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
    selection chosen;

    choose(this, &chosen);
    for (unsigned i = chosen.first; i < DQ_STEPS_DRAWN; i++) {
        visit(context, &chosen.of[i], newcomer(this, &chosen.of[i], last));
    }
}

/* ---- Drawing --------------------------------------------------------------------------------- */

typedef struct drawing {
    dq_columns columns;
    uint64_t processors;
    unsigned width[DQ_PROCESSORS_MAX];
} drawing;

static void measure(void *context, const dq_step *step, const char *newcomer)
{
    drawing *this = context;
    char cell[DQ_CELL_BYTES];
    size_t length;

    dq_step_describe(step, newcomer, cell, sizeof(cell));
    length = strlen(cell);
    this->processors |= 1ull << step->processor;
    if (length > this->width[step->processor]) {
        this->width[step->processor] = (unsigned)length;
    }
}

/* Of all columns but the last. */
static unsigned widest(const drawing *this)
{
    unsigned width = 0;

    for (uint64_t left = this->processors; (left & (left - 1)) != 0; left &= left - 1) {
        const unsigned of_column = this->width[__builtin_ctzll(left)];

        width = of_column > width ? of_column : width;
    }
    return width;
}

static void draw(void *context, const dq_step *step, const char *newcomer)
{
    drawing *this = context;
    char cell[DQ_CELL_BYTES];

    dq_step_describe(step, newcomer, cell, sizeof(cell));
    dq_columns_put(&this->columns, step->processor, step->time_ns, cell);
}

static size_t explain(dq_sink *sink, char *text, size_t bytes)
{
    drawing this = { .processors = 0 };

    dq_history_visit(sink, measure, &this);
    if (this.processors == 0) {
        return 0;
    }
    dq_columns_begin(&this.columns, text, bytes, this.processors, widest(&this));
    dq_history_visit(sink, draw, &this);
    return this.columns.used;
}

static void stop(dq_sink *sink, dq_machine *machine)
{
    history *this = (history *)sink;

    (void)machine;
    free(this->names);
    free(this);
}

dq_sink *dq_history_create(dq_machine *machine, const dq_racememory *memory)
{
    history *this = calloc(1, sizeof(*this));

    if (this == NULL) {
        return NULL;
    }
    this->machine = machine;
    this->memory = memory;
    this->sink.name = "history";
    this->sink.kinds = recorded_kinds;
    this->sink.event = on_event;
    this->sink.stop = stop;
    this->sink.explain = explain;
    return &this->sink;
}

/*
 * intc.c - lines become pending at a processor, are taken, and are looked at again.
 *
 * Where an interrupt goes and when it arrives are choices; the earliest moment and the first
 * processor of its set are option 0.
 */
#include "sim/machine.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Pending lists --------------------------------------------------------------------------- */

static void append(dq_processor *cpu, dq_line *line)
{
    const unsigned level = dq_line_level(line);

    if (cpu->machine->choices.searcher != NULL) {
        dq_notice_of(cpu->machine, DQ_NOTICE_MASKED);
    }
    line->target = cpu;
    line->pending_next = NULL;
    if (cpu->pending_first[level] == NULL) {
        cpu->pending_first[level] = line;
    } else {
        cpu->pending_last[level]->pending_next = line;
    }
    cpu->pending_last[level] = line;
    dq_attend(cpu, 1u << level);
}

static void withdraw(dq_line *line)
{
    dq_processor *cpu = line->target;
    const unsigned level = dq_line_level(line);
    dq_line *before = NULL;

    for (dq_line *at = cpu->pending_first[level]; at != line; at = at->pending_next) {
        before = at;
    }
    if (before == NULL) {
        cpu->pending_first[level] = line->pending_next;
    } else {
        before->pending_next = line->pending_next;
    }
    if (cpu->pending_last[level] == line) {
        cpu->pending_last[level] = before;
    }
    if (cpu->pending_first[level] == NULL) {
        dq_unattend(cpu, 1u << level);
    }
    line->target = NULL;
}

/* ---- Routing --------------------------------------------------------------------------------- */

uint64_t dq_intc_processors(const dq_machine *machine, const dq_line *line)
{
    const uint64_t active =
        machine->processor_count == 64 ? UINT64_MAX : (1ull << machine->processor_count) - 1;
    uint64_t set = active;

    if (line->affinity != 0) {
        set &= line->affinity;
    }
    if (line->vector->processors != 0) {
        set &= line->vector->processors;
    }
    return set != 0 ? set : active & 1;
}

/* An activation that starts elsewhere than at its earliest place is paid for once. */
static uint64_t price_of(const dq_line *line)
{
    return line->displaced ? 0 : UINT64_MAX;
}

/* Mode random. An answer at each place alone would hardly let an interrupt come late where there are
 * many: so one in two passes some by, about as often up to 1 as up to 2, 4, ... or 512. */
static uint16_t draw_patience(dq_machine *machine)
{
    const uint64_t number = dq_choice_draw(&machine->choices.random_state);
    const unsigned most = 1u << (number >> 8) % 10;

    return (number & 1) != 0 ? (uint16_t)(1 + (number >> 16) % most) : 0;
}

static bool is_impatient(dq_machine *machine, dq_line *line)
{
    if (machine->options.mode != DQ_MODE_RANDOM) {
        return true;
    }
    if (!line->deferred) {
        line->patience = draw_patience(machine);
    }
    if (line->patience == 0) {
        return true;
    }
    line->patience--;
    return false;
}

/* Against what runs on the processor. */
static bool is_put_off(dq_processor *cpu, dq_line *line, uint64_t costly)
{
    const bool rests = cpu->idle || cpu->spin_blocked;
    uint64_t processes[2];

    if (!dq_mode_chooses(cpu->machine->options.mode)) {
        return false;
    }
    if (!is_impatient(cpu->machine, line)) {
        return dq_choose_rarely(cpu, DQ_CHOICE_ARRIVAL, DQ_BOUND_INTERRUPT, 1) == 1;
    }
    processes[0] = dq_pct_line(line->vector->number);
    processes[1] = rests ? DQ_PCT_NOBODY : dq_process_on(cpu);
    return dq_choose_among(cpu, DQ_CHOICE_ARRIVAL, processes, 2, DQ_BOUND_INTERRUPT, costly) == 1;
}

static dq_processor *route(dq_machine *machine, dq_line *line)
{
    uint64_t set = dq_intc_processors(machine, line);
    unsigned skip = 0;

    if (dq_mode_chooses(machine->options.mode)) {
        skip = dq_choose_within(dq_self, DQ_CHOICE_ROUTE, (unsigned)__builtin_popcountll(set),
                                DQ_BOUND_INTERRUPT, price_of(line));
    }
    line->displaced = line->displaced || skip != 0;
    while (skip-- > 0) {
        set &= set - 1;
    }
    return &machine->processors[__builtin_ctzll(set)];
}

static bool wants_service(const dq_line *line)
{
    return line->edge ? line->latched : line->asserted;
}

/* Makes the line pending if there is something to take and nothing stands in the way. */
static void pend(dq_machine *machine, dq_line *line)
{
    if (!wants_service(line) || line->target != NULL || line->masked || line->deferred) {
        return;
    }
    if (!line->edge && line->in_service > 0) {
        return; /* Looked at again when its chain has ended. */
    }
    append(route(machine, line), line);
    dq_emit(dq_self, INTERRUPT_PEND, line, line->target->number, 0, 0);
    machine->scheduler->wake(line->target);
}

static void defer_or_pend(dq_machine *machine, dq_line *line)
{
    if (line->target == NULL && !line->masked && !line->deferred &&
        is_put_off(dq_self, line, price_of(line))) {
        line->displaced = true;
        line->deferred = true;
        machine->intc.deferred++;
        return;
    }
    pend(machine, line);
}

static void arrive(dq_machine *machine, dq_line *line)
{
    line->deferred = false;
    machine->intc.deferred--;
    pend(machine, line);
}

/* Where no processor would take it, it makes no difference whether it has arrived. */
static bool would_be_taken(const dq_machine *machine, const dq_line *line)
{
    for (uint64_t set = dq_intc_processors(machine, line); set != 0; set &= set - 1) {
        if (machine->processors[__builtin_ctzll(set)].irql < dq_line_level(line)) {
            return true;
        }
    }
    return false;
}

void dq_intc_arrivals(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    for (dq_line *line = machine->intc.lines; line != NULL && machine->intc.deferred > 0;
         line = line->next) {
        if (!line->deferred || (machine->choices.sparse && !would_be_taken(machine, line))) {
            continue;
        }
        if (!is_put_off(cpu, line, 0)) {
            arrive(machine, line);
        }
    }
}

bool dq_intc_arrive_all(dq_machine *machine)
{
    const bool any = machine->intc.deferred > 0;

    for (dq_line *line = machine->intc.lines; line != NULL; line = line->next) {
        if (line->deferred) {
            arrive(machine, line);
        }
    }
    return any;
}

/* ---- The wire -------------------------------------------------------------------------------- */

/* Simulated code takes what became pending before its call returns; a device is only hardware. */
static void deliver_to_caller(void)
{
    dq_processor *cpu = dq_self;

    if (!dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        dq_point(cpu);
    }
}

void dq_line_assert(dq_machine *machine, dq_line *line)
{
    dq_emit(dq_self, LINE_ASSERT, line, line->message_number, 0, 0);
    if (line->edge) {
        if (!line->latched) {
            line->asserted_ns = machine->clock.now_ns;
        }
        line->latched = true;
        line->asserted = !line->message;
    } else if (!line->asserted) {
        line->asserted = true;
        line->asserted_ns = machine->clock.now_ns;
    } else {
        return;
    }
    defer_or_pend(machine, line);
    deliver_to_caller();
}

void dq_line_deassert(dq_machine *machine, dq_line *line)
{
    if (!line->asserted) {
        return;
    }
    dq_emit(dq_self, LINE_DEASSERT, line, 0, 0, 0);
    line->asserted = false;
    line->refires = 0;
    if (line->edge) {
        return; /* The edge has been latched. */
    }
    if (line->deferred) {
        line->deferred = false;
        machine->intc.deferred--;
    }
    if (line->target != NULL) {
        withdraw(line);
    }
}

void dq_line_mask(dq_machine *machine, dq_line *line, bool masked)
{
    line->masked = masked;
    if (!masked) {
        pend(machine, line);
    } else if (line->target != NULL) {
        withdraw(line);
    }
}

/* ---- Taking an interrupt --------------------------------------------------------------------- */

static void note_latency(dq_machine *machine, const dq_line *line)
{
    const uint64_t latency_ns = machine->clock.now_ns - line->asserted_ns;

    if (line->refires == 0 && latency_ns > machine->worst_latency_ns) {
        machine->worst_latency_ns = latency_ns;
    }
}

void dq_intc_take(dq_processor *cpu, unsigned level)
{
    dq_machine *machine = cpu->machine;
    dq_line *line = cpu->pending_first[level];
    dq_vector *vector = line->vector;
    bool claimed = false;

    withdraw(line);
    line->latched = false;
    line->displaced = false;
    if (vector->dispatch == NULL) {
        /* Not looked at again before somebody connects: it would fire for ever. */
        dq_emit(cpu, INTERRUPT_LOST, line, vector->number, level, 0);
        return;
    }
    line->count++;
    line->in_service++;
    machine->counted_interrupts++;
    note_latency(machine, line);
    dq_emit(cpu, INTERRUPT_BEGIN, line, vector->number, level, 0);
    claimed = vector->dispatch(cpu, vector, line);
    line->in_service--;
    dq_emit(cpu, INTERRUPT_END, line, claimed, line->asserted, 0);
    if (!line->edge && line->asserted && !line->masked) {
        line->refires++;
        pend(machine, line);
    } else if (!line->edge) {
        line->refires = 0;
    }
}

/* ---- Lines and vectors ----------------------------------------------------------------------- */

dq_vector *dq_intc_vector(dq_machine *machine, uint32_t number)
{
    dq_vector *vector = machine->intc.vectors;

    while (vector != NULL && vector->number != number) {
        vector = vector->next;
    }
    if (vector == NULL) {
        vector = dq_machine_get(machine, sizeof(*vector));
        if (vector != NULL) {
            vector->number = number;
            vector->next = machine->intc.vectors;
            machine->intc.vectors = vector;
        }
    }
    return vector;
}

dq_line *dq_intc_line(dq_machine *machine, uint32_t vector)
{
    dq_line *line = machine->intc.lines;

    while (line != NULL && line->vector->number != vector) {
        line = line->next;
    }
    return line;
}

void dq_intc_refresh(dq_machine *machine, dq_vector *vector)
{
    for (dq_line *line = machine->intc.lines; line != NULL; line = line->next) {
        if (line->vector == vector) {
            pend(machine, line);
        }
    }
}

dq_line *dq_line_create(dq_machine *machine, const dq_line_options *options)
{
    dq_line *line = dq_machine_get(machine, sizeof(*line));
    dq_line **end = &machine->intc.lines;

    if (line == NULL || (line->vector = dq_intc_vector(machine, options->vector)) == NULL) {
        dq_machine_give(machine, line);
        return NULL;
    }
    snprintf(line->name, sizeof(line->name), "%s", options->name);
    line->level = options->level;
    line->edge = options->edge || options->message;
    line->message = options->message;
    line->shared = options->shared;
    line->affinity = options->affinity;
    line->message_number = options->message_number;
    while (*end != NULL) {
        end = &(*end)->next;
        line->number++;
    }
    *end = line;
    return line;
}

void dq_intc_stop(dq_machine *machine)
{
    while (machine->intc.lines != NULL) {
        dq_line *line = machine->intc.lines;

        machine->intc.lines = line->next;
        dq_machine_give(machine, line);
    }
    while (machine->intc.vectors != NULL) {
        dq_vector *vector = machine->intc.vectors;

        machine->intc.vectors = vector->next;
        dq_machine_give(machine, vector);
    }
}

/*
 * order.c - numbers for steps, from the numbers of those that they depend on.
 */
#include "sim/order.h"

#include <stdlib.h>

#include "sim/machine.h"

enum { PLACE_SHIFT = 3, PLACES_AT_FIRST = 256, PLACES_PER_TOUCH_MAX = 512 };

/* So that the same number is not made of different things. */
enum { STEP = 1, READS, WRITES, GENERAL, LEARNS, BEGINS, WAKES };

/* Eight bytes of memory, or the beginning of a lock or an object. */
struct dq_order_place {
    uintptr_t key; /* 0: free. */
    uint32_t run;
    uint64_t written; /* The step that wrote it last. */
    uint64_t read;    /* The sum of those that have read it since. */
};

void dq_order_stop(dq_order *order)
{
    free(order->places);
    *order = (dq_order){ 0 };
}

void dq_order_begin_run(dq_order *order)
{
    order->all = 0;
    order->general = 0;
    order->run++;
}

/* Sebastiano Vigna's splitmix64 generator has this at its end. */
uint64_t dq_order_mix(uint64_t a, uint64_t b)
{
    uint64_t z = a * 0x9E3779B97F4A7C15u + b + 0xD1B54A32D192ED03u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline dq_order *order_of(const dq_machine *machine)
{
    const dq_choice_log *log = &machine->choices;

    return log->searcher != NULL && !dq_choice_prepares(log) ? log->searcher->order : NULL;
}

static void count(dq_order *order, dq_execution *execution, uint64_t step)
{
    execution->latest_step = step;
    order->all += step;
}

/* ---- Places ---------------------------------------------------------------------------------- */

static dq_order_place *slot_of(dq_order_place *places, size_t capacity, uintptr_t key)
{
    size_t at = (size_t)(key >> PLACE_SHIFT) * 0x9E3779B97F4A7C15u & (capacity - 1);

    while (places[at].key != 0 && places[at].key != key) {
        at = (at + 1) & (capacity - 1);
    }
    return &places[at];
}

static bool enlarge(dq_order *order)
{
    const size_t capacity = order->capacity == 0 ? PLACES_AT_FIRST : 2 * order->capacity;
    dq_order_place *places = calloc(capacity, sizeof(*places));

    if (places == NULL) {
        return false;
    }
    for (size_t i = 0; i < order->capacity; i++) {
        if (order->places[i].key != 0) {
            *slot_of(places, capacity, order->places[i].key) = order->places[i];
        }
    }
    free(order->places);
    order->places = places;
    order->capacity = capacity;
    return true;
}

/* NULL: short of memory. */
static dq_order_place *place_of(dq_order *order, uintptr_t key)
{
    dq_order_place *place;

    if (2 * order->count >= order->capacity && !enlarge(order)) {
        return NULL;
    }
    place = slot_of(order->places, order->capacity, key);
    order->count += place->key == 0;
    if (place->key == 0 || place->run != order->run) {
        *place = (dq_order_place){ .key = key, .run = order->run };
    }
    return place;
}

static void touch_place(dq_order *order, dq_execution *execution, dq_order_place *place, bool writes)
{
    uint64_t step = dq_order_mix(execution->latest_step, order->general);

    step = dq_order_mix(step, place->written);
    if (writes) {
        step = dq_order_mix(dq_order_mix(step, place->read), WRITES);
        place->written = step;
        place->read = 0;
    } else {
        step = dq_order_mix(step, READS);
        place->read += step;
    }
    count(order, execution, step);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static void general(const dq_machine *machine, dq_order *order, dq_execution *execution,
                    uint64_t what)
{
    uint64_t step = dq_order_mix(execution->latest_step, order->all);

    step = dq_order_mix(dq_order_mix(step, machine->clock.now_ns), what);
    order->general = step;
    count(order, execution, step);
}

void dq_order_step(dq_machine *machine, dq_execution *execution)
{
    dq_order *order = order_of(machine);

    if (order != NULL) {
        count(order, execution, dq_order_mix(execution->latest_step, STEP));
    }
}

void dq_order_step_general(dq_machine *machine, dq_execution *execution)
{
    dq_order *order = order_of(machine);

    if (order != NULL) {
        general(machine, order, execution, GENERAL);
    }
}

void dq_order_touch(dq_machine *machine, dq_execution *execution, const volatile void *address,
                    size_t bytes, bool writes)
{
    const uintptr_t first = (uintptr_t)address >> PLACE_SHIFT << PLACE_SHIFT;
    const uintptr_t end = (uintptr_t)address + (bytes > 0 ? bytes : 1);
    dq_order *order = order_of(machine);

    if (order == NULL) {
        return;
    }
    if ((end - first) >> PLACE_SHIFT > PLACES_PER_TOUCH_MAX) {
        general(machine, order, execution, GENERAL);
        return;
    }
    for (uintptr_t key = first; key < end; key += 1u << PLACE_SHIFT) {
        dq_order_place *place = place_of(order, key);

        if (place == NULL) {
            general(machine, order, execution, GENERAL);
            return;
        }
        touch_place(order, execution, place, writes);
    }
}

void dq_order_learn(dq_machine *machine, dq_execution *execution, uint64_t what)
{
    dq_order *order = order_of(machine);

    if (order != NULL) {
        count(order, execution, dq_order_mix(dq_order_mix(execution->latest_step, what), LEARNS));
    }
}

/* ---- Executions ------------------------------------------------------------------------------ */

/* What an execution does follows from its beginning and from what it learns; so the beginning says
 * what it is of. */
static uint64_t number_of_beginning(const dq_processor *cpu, const dq_execution *execution)
{
    uint64_t number = dq_order_mix(execution->kind, cpu->number);

    number = dq_order_mix(number, (uintptr_t)execution->routine);
    return dq_order_mix(dq_order_mix(number, (uintptr_t)execution->object), BEGINS);
}

/* Activations of one ISR come one after the other, which its object tells, and those of DPCs are
 * said to (ke/dpc.c); of others, all do. */
void dq_order_begin(dq_processor *cpu, dq_execution *execution)
{
    dq_order *order = order_of(cpu->machine);

    if (order == NULL) {
        execution->latest_step = dq_order_mix(execution->ordinal, BEGINS);
        return;
    }
    execution->latest_step = number_of_beginning(cpu, execution);
    if (execution->kind == DQ_EXECUTION_ISR) {
        dq_order_touch(cpu->machine, execution, execution->object, 1, true);
    } else if (execution->kind != DQ_EXECUTION_DPC) {
        execution->latest_step =
            dq_order_mix(execution->latest_step, cpu->execution->latest_step);
        general(cpu->machine, order, execution, BEGINS);
        cpu->execution->latest_step = dq_order_mix(execution->latest_step, WAKES);
    }
}

static bool runs_on_top(const dq_execution *execution)
{
    return execution->kind == DQ_EXECUTION_ISR || execution->kind == DQ_EXECUTION_DPC;
}

/* A device answers who has asked it. */
void dq_order_end(dq_processor *cpu, dq_execution *execution)
{
    if (runs_on_top(execution) && !execution->unseen) {
        dq_order_step(cpu->machine, execution);
        return;
    }
    dq_order_step_general(cpu->machine, execution);
    if (execution->kind == DQ_EXECUTION_DEVICE && execution->below != NULL) {
        dq_order_learn(cpu->machine, execution->below, execution->latest_step);
    }
}

void dq_order_wake(dq_processor *cpu, dq_execution *other)
{
    dq_order *order = order_of(cpu->machine);

    if (order != NULL) {
        general(cpu->machine, order, cpu->execution, other->latest_step);
        other->latest_step = dq_order_mix(cpu->execution->latest_step, WAKES);
    }
}

void dq_order_pass(dq_processor *cpu)
{
    dq_execution *execution = cpu->execution;

    if (execution->touches || dq_service_footprint(execution->service) != DQ_FOOTPRINT_ALL) {
        dq_order_step(cpu->machine, execution);
    } else {
        dq_order_step_general(cpu->machine, execution);
    }
}

/* ---- The state ------------------------------------------------------------------------------- */

static uint64_t state_of_line(const dq_line *line, uint64_t state)
{
    const unsigned flags = (line->asserted ? 1u : 0) | (line->latched ? 2u : 0) |
                           (line->deferred ? 4u : 0) | (line->displaced ? 8u : 0) |
                           (line->masked ? 16u : 0) | line->in_service << 5;

    state = dq_order_mix(state, flags);
    state = dq_order_mix(state, line->target != NULL ? line->target->number + 1u : 0);
    return dq_order_mix(state, line->refires);
}

static uint64_t state_of_pending(const dq_processor *cpu, uint64_t state)
{
    for (unsigned level = 0; level < DQ_LEVELS; level++) {
        if (cpu->pending_first[level] == NULL) {
            continue;
        }
        for (const dq_line *line = cpu->pending_first[level]; line != NULL;
             line = line->pending_next) {
            state = dq_order_mix(state, line->number + 1u);
        }
    }
    return state;
}

static uint64_t state_of_processor(const dq_processor *cpu, uint64_t state)
{
    const unsigned flags = (cpu->idle ? 1u : 0) | (cpu->spin_blocked ? 2u : 0) |
                           (cpu->spinning_on != NULL ? 4u : 0) | (cpu->task != NULL ? 8u : 0) |
                           (unsigned)cpu->irql << 4;

    state = dq_order_mix(state, cpu->attention & (DQ_ATTEND_LEVELS | DQ_ATTEND_SWITCH));
    state = dq_order_mix(state, flags);
    return (cpu->attention & DQ_ATTEND_LEVELS) != 0 ? state_of_pending(cpu, state) : state;
}

uint64_t dq_order_state(const dq_machine *machine, uint64_t turn)
{
    uint64_t state = dq_order_mix(machine->choices.searcher->order->all, turn);

    state = dq_order_mix(state, machine->clock.now_ns);
    for (unsigned i = 0; i < machine->processor_count; i++) {
        state = state_of_processor(&machine->processors[i], state);
    }
    for (const dq_line *line = machine->intc.lines; line != NULL; line = line->next) {
        state = state_of_line(line, state);
    }
    return state;
}

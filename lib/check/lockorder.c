/*
 * lockorder.c - locks that are acquired in one order here and in another there, found though this
 * run did not deadlock.
 *
 * An edge is made when a lock is acquired while another is held. A cycle of edges is a violation,
 * of any length, unless one lock was held around all of its acquisitions, or all of them spin on
 * the same processor: then they exclude each other. A try does not wait, so it makes no edge into
 * its lock; nor does a conversion, which never waits. Readers of one lock do not wait for each
 * other, unless a writer may wait between them. A wait for a mutex counts whether it comes to its
 * end or not.
 */
#include "check/lockclass.h"

#include <stdio.h>
#include <stdlib.h>

#include "check/contract_state.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

dq_lock_mode dq_lockorder_mode(unsigned api, unsigned flags)
{
    if (api != DQ_LOCK_SHARED && api != DQ_LOCK_SHARED_DPC && api != DQ_LOCK_RESOURCE_SHARED &&
        api != DQ_LOCK_PUSH_SHARED) {
        return DQ_LOCK_WRITES;
    }
    return (flags & DQ_LOCK_FLAG_UNFAIR) != 0 ? DQ_LOCK_READS_UNFAIR : DQ_LOCK_READS;
}

/* True for what the code on `cpu` holds. A passive-level ISR is called by the thread that holds
 * its lock. */
bool dq_lockorder_holds(const dq_processor *cpu, const dq_held *held)
{
    const dq_execution *execution = cpu->execution;

    return held->execution == execution->ordinal ||
           (execution->kind == DQ_EXECUTION_PASSIVE_ISR &&
            held->execution == execution->below->ordinal);
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

void dq_lockorder_miss(dq_contract *contract, dq_processor *cpu, const char *what)
{
    if (!contract->order.misses) {
        contract->order.misses = true;
        dq_find(cpu,
                &(dq_finding){
                    .severity = DQ_WARNING,
                    .rule = "LockOrderBounds",
                    .page = "kernel: preventing-errors-and-deadlocks-while-using-spin-locks" },
                "the lock order checker has no room for %s: from here on it may not find a wrong "
                "order or an inversion.",
                what);
    }
}

/* ---- Gates ----------------------------------------------------------------------------------- */

void dq_lockorder_take_gates(const dq_contract *contract, const dq_processor *cpu, uint32_t *gates,
                             const void *except)
{
    unsigned count = 0;

    for (size_t i = 0; i < contract->held_count && count < DQ_LOCK_GATES; i++) {
        const dq_held *held = &contract->held[i];

        if (dq_lockorder_holds(cpu, held) && held->lock != except &&
            dq_lockorder_mode(held->api, 0) == DQ_LOCK_WRITES) {
            gates[count++] = held->number;
        }
    }
}

static bool is_held(const dq_contract *contract, const dq_processor *cpu, uint32_t number)
{
    for (size_t i = 0; i < contract->held_count; i++) {
        if (contract->held[i].number == number && dq_lockorder_holds(cpu, &contract->held[i])) {
            return true;
        }
    }
    return false;
}

bool dq_lockorder_drop_gates(const dq_contract *contract, const dq_processor *cpu, uint32_t *gates)
{
    bool dropped = false;

    for (unsigned i = 0; i < DQ_LOCK_GATES; i++) {
        if (gates[i] != 0 && !is_held(contract, cpu, gates[i])) {
            gates[i] = 0;
            dropped = true;
        }
    }
    return dropped;
}

static bool has_gate(const uint32_t *gates, uint32_t gate)
{
    for (unsigned i = 0; i < DQ_LOCK_GATES; i++) {
        if (gates[i] == gate) {
            return true;
        }
    }
    return false;
}

bool dq_lockorder_share_gate(const uint32_t *gates, const uint32_t *others)
{
    for (unsigned i = 0; i < DQ_LOCK_GATES; i++) {
        if (gates[i] != 0 && has_gate(others, gates[i])) {
            return true;
        }
    }
    return false;
}

/* True if one lock was held around every acquisition of the path. */
static bool is_gated(const dq_lock_edge *const *path, unsigned length)
{
    for (unsigned i = 0; i < DQ_LOCK_GATES; i++) {
        const uint32_t gate = path[0]->gates[i];
        bool everywhere = gate != 0;

        for (unsigned k = 1; k < length && everywhere; k++) {
            everywhere = has_gate(path[k]->gates, gate);
        }
        if (everywhere) {
            return true;
        }
    }
    return false;
}

/* ---- Searching ------------------------------------------------------------------------------- */

const dq_lock_edge *dq_lockorder_search(dq_lockorder *order, dq_lock_edge *start,
                                        dq_lock_ends *ends, void *argument)
{
    unsigned head = 0, tail = 0;

    start->visit = ++order->visit;
    start->parent = NULL;
    order->queue[tail++] = start;
    while (head < tail) {
        const dq_lock_edge *at = order->queue[head++];

        if (ends(at, argument)) {
            return at;
        }
        for (dq_lock_edge *next = at->then->edges; next != NULL; next = next->next) {
            if (next->visit != order->visit && next->first != next->then &&
                dq_lockclass_excludes(at->then, next->first_mode, at->then_mode)) {
                next->visit = order->visit;
                next->parent = at;
                order->queue[tail++] = next;
            }
        }
    }
    return NULL;
}

unsigned dq_lockorder_path(const dq_lock_edge *last, const dq_lock_edge **path)
{
    unsigned length = 0;

    for (const dq_lock_edge *at = last; at != NULL; at = at->parent) {
        if (length++ == DQ_LOCK_PATH) {
            return 0;
        }
    }
    for (unsigned i = length; i > 0; i--, last = last->parent) {
        path[i - 1] = last;
    }
    return length;
}

/* ---- Cycles ---------------------------------------------------------------------------------- */

/* Executions of one processor that all spin at or above DISPATCH_LEVEL do not meet; where one
 * interrupts the other, that is an inversion. */
static bool can_meet(const dq_lock_edge *const *path, unsigned length)
{
    const uint64_t set = path[0]->who.processors;

    if ((set & (set - 1)) != 0) {
        return true;
    }
    for (unsigned i = 0; i < length; i++) {
        if (path[i]->who.processors != set || path[i]->blocks) {
            return true;
        }
    }
    return false;
}

typedef struct closing {
    const dq_lock_edge *start;
    bool is_too_long;
} closing;

static bool closes(const dq_lock_edge *last, void *argument)
{
    closing *this = argument;
    const dq_lock_edge *start = this->start;
    const dq_lock_edge *path[DQ_LOCK_PATH];
    unsigned length;

    if (last->then != start->first ||
        !dq_lockclass_excludes(start->first, start->first_mode, last->then_mode)) {
        return false;
    }
    length = dq_lockorder_path(last, path);
    this->is_too_long = this->is_too_long || length == 0;
    return length > 0 && !is_gated(path, length) && can_meet(path, length);
}

static void accuse_cycle(dq_contract *contract, dq_processor *cpu,
                         const dq_lock_edge *const *path, unsigned length)
{
    const dq_lock_edge *edge = path[0], *other = path[1 % length];
    char wanted[PLACE_TEXT], held[PLACE_TEXT], first[PLACE_TEXT], then[PLACE_TEXT];

    free(contract->order.explanation);
    contract->order.explanation = dq_lockscenario_cycle(path, length);
    dq_find(cpu,
            DQ_VIOLATION(DQ_ERROR, "LockOrder",
                         "kernel: preventing-errors-and-deadlocks-while-using-spin-locks",
                         DQ_VERIFIER, 0x1001, (uintptr_t)edge->then_lock,
                         (uintptr_t)edge->first_lock),
            "lock B is acquired at %s by code that holds lock A, acquired at %s; lock %s is acquired "
            "at %s by code that holds lock B, acquired at %s%s. %s, each could wait for the other "
            "for ever.",
            dq_place_describe(edge->then_place, wanted, sizeof(wanted)),
            dq_place_describe(edge->first_place, held, sizeof(held)), length > 2 ? "C" : "A",
            dq_place_describe(other->then_place, then, sizeof(then)),
            dq_place_describe(other->first_place, first, sizeof(first)),
            length > 2 ? ", and from C on others lead to A" : "",
            edge->blocks ? "At the same time" : "On two processors");
    free(contract->order.explanation);
    contract->order.explanation = NULL;
}

static void check_cycle(dq_contract *contract, dq_processor *cpu, dq_lock_edge *edge)
{
    closing this = { .start = edge };
    const dq_lock_edge *path[DQ_LOCK_PATH];
    const dq_lock_edge *last;

    last = dq_lockorder_search(&contract->order, edge, closes, &this);
    if (last != NULL) {
        accuse_cycle(contract, cpu, path, dq_lockorder_path(last, path));
    } else if (this.is_too_long) {
        dq_lockorder_miss(contract, cpu, "a cycle of more than 64 orders");
    }
}

/* ---- Locks of one class ---------------------------------------------------------------------- */

/* Two locks of one class: what counts is the order of these two, and of others like them. */
static bool find_opposite(const dq_lock_edge *edge, const dq_lock_edge *at,
                          const dq_lock_edge **path, unsigned length)
{
    path[length++] = at;
    if (at->then_number == edge->first_number) {
        return !is_gated(path, length) && can_meet(path, length) && (path[length] = NULL, true);
    }
    if (length + 1 == DQ_LOCK_PATH) {
        return false;
    }
    for (dq_lock_edge *next = edge->first->edges; next != NULL; next = next->next) {
        if (next->first == next->then && next->first_number == at->then_number &&
            next->visit != edge->visit) {
            next->visit = edge->visit;
            if (find_opposite(edge, next, path, length)) {
                return true;
            }
        }
    }
    return false;
}

static void check_self(dq_contract *contract, dq_processor *cpu, const dq_event *event,
                       dq_lock_edge *edge)
{
    const dq_lock_edge *path[DQ_LOCK_PATH];
    unsigned length = 0;
    char held[PLACE_TEXT], name[PLACE_TEXT + 32];

    edge->visit = ++contract->order.visit;
    if (find_opposite(edge, edge, path, 0)) {
        while (path[length] != NULL) {
            length++;
        }
        accuse_cycle(contract, cpu, path, length);
    } else if (dq_contract_warns(contract, "LockNesting", edge->first->seen)) {
        dq_find(cpu,
                &(dq_finding){
                    .severity = DQ_WARNING,
                    .rule = "LockNesting",
                    .page = "kernel: preventing-errors-and-deadlocks-while-using-spin-locks" },
                "%s acquires a lock while this code holds another of the same class (%s), acquired "
                "at %s. Nothing says in which order two of them are acquired.",
                dq_service_name(event->service),
                dq_lockclass_describe(edge->first, name, sizeof(name)),
                dq_place_describe(edge->first_place, held, sizeof(held)));
    }
}

/* ---- Edges ----------------------------------------------------------------------------------- */

/* The edge that was used last comes first. */
static dq_lock_edge *find_edge(const dq_held *held, const dq_lock_entry *entry, dq_lock_mode mode)
{
    const dq_lock_mode first_mode = dq_lockorder_mode(held->api, held->flags);

    for (dq_lock_edge **link = &held->class->edges; *link != NULL; link = &(*link)->next) {
        dq_lock_edge *edge = *link;

        if (edge->then == entry->class && edge->first_mode == first_mode &&
            edge->then_mode == mode &&
            (edge->first != edge->then || (edge->first_number == held->number &&
                                           edge->then_number == entry->number))) {
            *link = edge->next;
            edge->next = held->class->edges;
            held->class->edges = edge;
            return edge;
        }
    }
    return NULL;
}

/* A search never has more edges than there are. */
static bool make_room(dq_lockorder *order)
{
    const unsigned wanted = order->queue_capacity == 0 ? 16 : 2 * order->queue_capacity;
    const dq_lock_edge **grown;

    if (order->edge_count < order->queue_capacity) {
        return true;
    }
    grown = realloc(order->queue, wanted * sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    order->queue = grown;
    order->queue_capacity = wanted;
    return true;
}

static dq_lock_edge *take_edge(dq_lockorder *order)
{
    dq_lock_edge *edge = order->unused_edges;

    if (edge == NULL) {
        return malloc(sizeof(*edge));
    }
    order->unused_edges = edge->next;
    return edge;
}

static dq_lock_edge *add_edge(dq_contract *contract, dq_processor *cpu, const dq_held *held,
                              const dq_lock_entry *entry, const dq_event *event)
{
    dq_lockorder *order = &contract->order;
    const bool is_self = held->class == entry->class;
    dq_lock_edge *edge;

    if (order->edge_count == DQ_LOCK_EDGES ||
        (is_self && held->class->self_edges == DQ_LOCK_SELF_EDGES)) {
        return NULL;
    }
    edge = make_room(order) ? take_edge(order) : NULL;
    if (edge == NULL) {
        return NULL;
    }
    *edge = (dq_lock_edge){ .first = held->class,
                            .then = entry->class,
                            .first_mode = dq_lockorder_mode(held->api, held->flags),
                            .then_mode = dq_lockorder_mode((unsigned)event->a, (unsigned)event->c),
                            .first_number = held->number,
                            .then_number = entry->number,
                            .first_lock = held->lock,
                            .then_lock = event->object,
                            .first_place = held->place,
                            .then_place = dq_lockclass_place(cpu, event),
                            .first_irql = held->irql,
                            .then_irql = cpu->irql,
                            .blocks = dq_lock_blocks((unsigned)event->a),
                            .next = held->class->edges };
    dq_lockclass_user(order, cpu->execution, &edge->who);
    dq_lockorder_take_gates(contract, cpu, edge->gates, held->lock);
    held->class->edges = edge;
    held->class->self_edges += is_self;
    order->edge_count++;
    return edge;
}

static void check_edge(dq_contract *contract, dq_processor *cpu, const dq_event *event,
                       dq_lock_edge *edge)
{
    if (edge->first != edge->then) {
        check_cycle(contract, cpu, edge);
        dq_lockusage_check(contract, cpu);
    } else if (dq_lockclass_excludes(edge->first, edge->first_mode, edge->then_mode)) {
        check_self(contract, cpu, event, edge);
    }
}

static void learn(dq_contract *contract, dq_processor *cpu, const dq_event *event,
                  const dq_held *held, const dq_lock_entry *entry)
{
    dq_lock_edge *edge = find_edge(held, entry,
                                   dq_lockorder_mode((unsigned)event->a, (unsigned)event->c));

    if (DQ_UNLIKELY(edge == NULL)) {
        edge = add_edge(contract, cpu, held, entry, event);
        if (edge != NULL) {
            check_edge(contract, cpu, event, edge);
        } else {
            dq_lockorder_miss(contract, cpu, "more orders in which locks are acquired");
        }
    } else if (DQ_UNLIKELY(dq_lockorder_drop_gates(contract, cpu, edge->gates))) {
        check_edge(contract, cpu, event, edge);
    }
}

/* Readers of the class wait for each other from now on. */
static void writers_come(dq_contract *contract, dq_processor *cpu, const dq_event *event,
                         dq_lock_class *class)
{
    dq_lockorder *order = &contract->order;

    class->writers_wait = true;
    if (!class->has_readers) {
        return;
    }
    for (unsigned i = 0; i < order->class_count; i++) {
        for (dq_lock_edge *edge = order->classes[i]->edges; edge != NULL; edge = edge->next) {
            if (edge->first == class || edge->then == class) {
                check_edge(contract, cpu, event, edge);
            }
        }
    }
    dq_lockusage_check(contract, cpu);
}

/* ---- Acquisitions ---------------------------------------------------------------------------- */

static uint32_t pack(const dq_processor *cpu, const dq_event *event)
{
    return dq_lockorder_pack(cpu->irql, cpu->execution, (unsigned)event->a, (unsigned)event->c);
}

static void look_closely(dq_contract *contract, dq_processor *cpu, const dq_event *event,
                         dq_lock_entry *entry)
{
    const bool waits = dq_lockorder_waits(event);
    const dq_lock_mode mode = dq_lockorder_mode((unsigned)event->a, (unsigned)event->c);
    dq_lock_class *class = dq_lockclass_of(&contract->order, cpu, entry, event);

    if (class == NULL) {
        dq_lockorder_miss(contract, cpu, "more classes of locks");
        return;
    }
    class->has_readers = class->has_readers || mode != DQ_LOCK_WRITES;
    if (dq_lock_blocks((unsigned)event->a) ||
        dq_lockusage_note(contract, cpu, class, event)) {
        entry->latest = pack(cpu, event);
        entry->processors = cpu->execution->processors;
    }
    for (size_t i = 0; i < contract->held_count && waits; i++) {
        const dq_held *held = &contract->held[i];

        if (dq_lockorder_holds(cpu, held) && held->lock != event->object && held->class != NULL) {
            learn(contract, cpu, event, held, entry);
        }
    }
    if (waits && mode == DQ_LOCK_WRITES && !class->writers_wait) {
        writers_come(contract, cpu, event, class);
    }
}

dq_lock_entry *dq_lockorder_acquire(dq_contract *contract, dq_processor *cpu,
                                    const dq_event *event)
{
    dq_lock_entry *entry = dq_lockclass_entry(&contract->order, event->object);

    if (entry == NULL) {
        dq_lockorder_miss(contract, cpu, "more locks");
    } else if (contract->held_count != 0 || entry->latest != pack(cpu, event) ||
               entry->processors != cpu->execution->processors) {
        look_closely(contract, cpu, event, entry);
    }
    return entry;
}

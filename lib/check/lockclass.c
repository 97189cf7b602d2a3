/*
 * lockclass.c - which locks there are, and of which class each is.
 */
#include "check/lockclass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/contract_state.h"
#include "sim/place.h"

enum { SLOTS_AT_FIRST = 64, PLACE_TEXT = 160 };

/* ---- Locks ----------------------------------------------------------------------------------- */

static dq_lock_entry *slot_of(const dq_lockorder *order, const void *lock)
{
    size_t slot = (size_t)(((uintptr_t)lock >> 2) * 0x9E3779B97F4A7C15u >> 20);

    for (;; slot++) {
        dq_lock_entry *at = &order->entries[slot & (order->slots - 1)];

        if (at->lock == NULL || at->lock == lock) {
            return at;
        }
    }
}

static size_t count_known(const dq_lockorder *order)
{
    size_t known = 0;

    for (size_t i = 0; i < order->slots; i++) {
        known += order->entries[i].number != 0;
    }
    return known;
}

/* Leaves out those that were forgotten. */
static bool make_room(dq_lockorder *order)
{
    const size_t known = count_known(order), old_slots = order->slots;
    const size_t slots = old_slots == 0           ? SLOTS_AT_FIRST
                         : known * 4 > old_slots ? old_slots * 2
                                                 : old_slots;
    dq_lock_entry *old = order->entries;
    dq_lock_entry *entries = slots <= DQ_LOCK_SLOTS_MOST ? calloc(slots, sizeof(*entries)) : NULL;

    if (entries == NULL) {
        return false;
    }
    order->entries = entries;
    order->slots = slots;
    order->used = known;
    order->recent = NULL;
    for (size_t i = 0; i < old_slots; i++) {
        if (old[i].number != 0) {
            *slot_of(order, old[i].lock) = old[i];
        }
    }
    free(old);
    return true;
}

/* NULL if the lock is not known. */
static dq_lock_entry *find(const dq_lockorder *order, const void *lock)
{
    dq_lock_entry *entry = order->slots != 0 ? slot_of(order, lock) : NULL;

    return entry != NULL && entry->number != 0 ? entry : NULL;
}

dq_lock_entry *dq_lockclass_find_or_make(dq_lockorder *order, const void *lock)
{
    dq_lock_entry *entry;

    if (order->used * 2 >= order->slots && !make_room(order)) {
        return find(order, lock);
    }
    entry = slot_of(order, lock);
    if (entry->number == 0) {
        order->used += entry->lock == NULL;
        *entry = (dq_lock_entry){ .lock = lock, .number = ++order->numbers };
    }
    order->recent = entry;
    return entry;
}

/* ---- Classes --------------------------------------------------------------------------------- */

static dq_lock_class *new_class(dq_lockorder *order)
{
    dq_lock_class *class;

    for (unsigned i = 0; i < order->class_count; i++) {
        class = order->classes[i];
        if (class->dead) {
            memset(class, 0, sizeof(*class));
            return class;
        }
    }
    if (order->class_count < order->classes_made) {
        class = order->classes[order->class_count++];
        memset(class, 0, sizeof(*class));
        return class;
    }
    class = order->class_count < DQ_LOCK_CLASSES ? calloc(1, sizeof(*class)) : NULL;
    if (class != NULL) {
        order->classes[order->class_count++] = class;
        order->classes_made = order->class_count;
    }
    return class;
}

static bool is_same(const dq_lock_class *class, const dq_lock_class *wanted)
{
    return !class->dead && class->kind == wanted->kind && class->key == wanted->key &&
           class->vector == wanted->vector &&
           (class->kind != DQ_CLASS_NAMED || strcmp(class->name, wanted->name) == 0);
}

static dq_lock_class *find_or_make(dq_lockorder *order, const dq_lock_class *wanted)
{
    dq_lock_class *class;

    for (unsigned i = 0; i < order->class_count; i++) {
        if (is_same(order->classes[i], wanted)) {
            return order->classes[i];
        }
    }
    class = new_class(order);
    if (class != NULL) {
        *class = *wanted;
    }
    return class;
}

/* An interrupt lock is like no other of its site: each line has an IRQL of its own. */
dq_lock_class *dq_lockclass_of(dq_lockorder *order, dq_processor *cpu, dq_lock_entry *entry,
                               const dq_event *event)
{
    const void *place = dq_lockclass_place(cpu, event);
    dq_lock_class wanted = { .seen = place };

    if (entry->class != NULL) {
        if (entry->class->seen == NULL) {
            entry->class->seen = place;
        }
        return entry->class;
    }
    if (entry->has_line) {
        const dq_line *line = dq_intc_line(cpu->machine, entry->vector);

        wanted.kind = DQ_CLASS_LINE;
        wanted.vector = entry->vector;
        snprintf(wanted.name, sizeof(wanted.name), "%s", line != NULL ? line->name : "?");
    } else if (entry->site != NULL && event->a != DQ_LOCK_INTERRUPT) {
        wanted.kind = DQ_CLASS_SITE;
        wanted.key = entry->site;
    } else {
        wanted.kind = DQ_CLASS_LOCK;
        wanted.key = entry->lock;
    }
    wanted.lock = entry->lock;
    entry->class = find_or_make(order, &wanted);
    if (entry->class != NULL && entry->class->lock != entry->lock) {
        entry->class->several = true;
    }
    return entry->class;
}

/* "`lock`, " of a variable that is the only lock of the class; else nothing. */
static void name_variable(const dq_lock_class *class, char *text, size_t bytes)
{
    host_symbol symbol;

    if (class->several || class->lock == NULL || !host_symbol_find_data(class->lock, &symbol)) {
        text[0] = '\0';
    } else if (symbol.offset != 0) {
        snprintf(text, bytes, "`%s`+%zu, ", symbol.function, symbol.offset);
    } else {
        snprintf(text, bytes, "`%s`, ", symbol.function);
    }
}

const char *dq_lockclass_describe(const dq_lock_class *class, char *text, size_t bytes)
{
    char place[PLACE_TEXT], variable[PLACE_TEXT];

    switch (class->kind) {
    case DQ_CLASS_NAMED:
        snprintf(text, bytes, "\"%s\"", class->name);
        break;
    case DQ_CLASS_LINE:
        snprintf(text, bytes, "the interrupt lock of line \"%s\"", class->name);
        break;
    case DQ_CLASS_SITE:
        name_variable(class, variable, sizeof(variable));
        snprintf(text, bytes, "%sinitialized at %s", variable,
                 dq_place_describe(class->key, place, sizeof(place)));
        break;
    case DQ_CLASS_LOCK:
        name_variable(class, variable, sizeof(variable));
        snprintf(text, bytes, "%sfirst acquired at %s", variable,
                 dq_place_describe(class->seen, place, sizeof(place)));
        break;
    }
    return text;
}

/* ---- Beginnings and ends --------------------------------------------------------------------- */

static void drop_edges(dq_lockorder *order, const dq_lock_class *gone)
{
    for (unsigned i = 0; i < order->class_count; i++) {
        dq_lock_edge **link = &order->classes[i]->edges;

        while (*link != NULL) {
            dq_lock_edge *edge = *link;

            if (edge->first == gone || edge->then == gone) {
                *link = edge->next;
                order->edge_count--;
                free(edge);
            } else {
                link = &edge->next;
            }
        }
    }
}

/* What is known of a class outlives its locks, but not when it was one lock's own. */
static void leave_class(dq_contract *contract, dq_lock_entry *entry)
{
    dq_lock_class *class = entry->class;

    entry->class = NULL;
    if (class != NULL && class->kind == DQ_CLASS_LOCK) {
        drop_edges(&contract->order, class);
        class->dead = true;
        for (size_t i = 0; i < contract->held_count; i++) {
            if (contract->held[i].class == class) {
                contract->held[i].class = NULL;
            }
        }
    }
}

static void forget(dq_contract *contract, dq_lock_entry *entry)
{
    leave_class(contract, entry);
    *entry = (dq_lock_entry){ .lock = entry->lock };
}

void dq_lockclass_begin(dq_contract *contract, const void *lock, const void *site, bool has_line,
                        uint32_t vector)
{
    dq_lock_entry *entry = dq_lockclass_entry(&contract->order, lock);

    if (entry != NULL) {
        forget(contract, entry);
        entry = dq_lockclass_entry(&contract->order, lock);
        entry->site = site;
        entry->has_line = has_line;
        entry->vector = vector;
    }
}

void dq_lockclass_name(dq_contract *contract, const void *lock, const char *name)
{
    dq_lock_entry *entry = dq_lockclass_entry(&contract->order, lock);
    dq_lock_class wanted = { .kind = DQ_CLASS_NAMED };

    if (entry != NULL) {
        snprintf(wanted.name, sizeof(wanted.name), "%s", name);
        leave_class(contract, entry);
        entry->class = find_or_make(&contract->order, &wanted);
        entry->latest = 0;
    }
}

void dq_lockclass_forget(dq_contract *contract, const void *memory, uint64_t bytes)
{
    dq_lockorder *order = &contract->order;

    for (size_t i = 0; i < order->slots; i++) {
        dq_lock_entry *entry = &order->entries[i];

        if (entry->number != 0 && (uintptr_t)entry->lock - (uintptr_t)memory < bytes) {
            forget(contract, entry);
        }
    }
}

void dq_lockclass_clear(dq_lockorder *order)
{
    for (unsigned i = 0; i < order->class_count; i++) {
        dq_lock_class *class = order->classes[i];

        while (class->edges != NULL) {
            dq_lock_edge *edge = class->edges;

            class->edges = edge->next;
            edge->next = order->unused_edges;
            order->unused_edges = edge;
        }
    }
    if (order->numbers != 0) {
        memset(order->entries, 0, order->slots * sizeof(*order->entries));
    }
    free(order->explanation);
    order->explanation = NULL;
    order->recent = NULL;
    order->used = 0;
    order->numbers = 0;
    order->class_count = 0;
    order->edge_count = 0;
    order->visit = 0;
    order->misses = false;
}

void dq_lockclass_stop(dq_lockorder *order)
{
    dq_lockclass_clear(order);
    for (unsigned i = 0; i < order->classes_made; i++) {
        free(order->classes[i]);
    }
    while (order->unused_edges != NULL) {
        dq_lock_edge *edge = order->unused_edges;

        order->unused_edges = edge->next;
        free(edge);
    }
    free(order->entries);
    free(order->queue);
}

void dq_lockclass_user(const dq_lockorder *order, const dq_execution *execution,
                       dq_lock_user *user)
{
    const uint64_t set = execution->processors & order->all_processors;

    *user = (dq_lock_user){ .processors = set == 0 || set == order->all_processors ? UINT64_MAX
                                                                                    : set,
                            .routine = execution->routine,
                            .kind = execution->kind,
                            .base_level = execution->base_level };
    if (execution->name != NULL) {
        snprintf(user->name, sizeof(user->name), "%s", execution->name);
    }
}

/*
 * lockusage.c - at which IRQLs a class of locks is held, from which it is wanted, and what that can
 * come to on one processor.
 *
 * Who holds a lock at an IRQL below the base level of somebody who acquires it can be interrupted
 * by that one, who then spins for ever on top of him: an inversion. The same comes about in a
 * chain: the holder of N is interrupted by code that waits for M, while the holder of M, elsewhere,
 * waits for N. It takes processors that both may run on, and for a chain another one.
 */
#include "check/lockclass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/contract_state.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160, WHO_TEXT = 96 };

/* ---- Inversions ------------------------------------------------------------------------------ */

/* True if `wanter` can interrupt `holder`. */
static bool interrupts(const dq_lock_usage *wanter, const dq_lock_usage *holder)
{
    return wanter->waits && wanter->who.base_level > holder->irql &&
           (wanter->who.processors & holder->who.processors) != 0;
}

static void accuse_inversion(dq_contract *contract, dq_processor *cpu, const dq_lock_class *class,
                             const dq_lock_usage *holder, const dq_lock_usage *wanter)
{
    const bool listed =
        holder->api == DQ_LOCK_EXINTERLOCKED || wanter->api == DQ_LOCK_EXINTERLOCKED;
    char who[WHO_TEXT], other[WHO_TEXT], wanted[PLACE_TEXT], held[PLACE_TEXT];

    contract->order.explanation = dq_lockscenario_inversion(class, holder, wanter);
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = listed ? "ExInterlockedLock" : "LockIrqlInversion",
                           .page = listed ? "kernel: calling-support-routines-that-use-spin-locks"
                                          : "kernel: managing-hardware-priorities" },
            "lock A is acquired at %s by %s, which runs at %s or above, and is held at %s by %s, "
            "since %s. If that is interrupted there, the one waits for the other on one processor, "
            "for ever.",
            dq_place_describe(wanter->place, wanted, sizeof(wanted)),
            dq_lockscenario_who(&wanter->who, who, sizeof(who)),
            dq_irql_name(wanter->who.base_level), dq_irql_name(holder->irql),
            dq_lockscenario_who(&holder->who, other, sizeof(other)),
            dq_place_describe(holder->place, held, sizeof(held)));
    free(contract->order.explanation);
    contract->order.explanation = NULL;
}

static void check_inversion(dq_contract *contract, dq_processor *cpu, const dq_lock_class *class)
{
    for (unsigned i = 0; i < class->usage_count; i++) {
        const dq_lock_usage *holder = &class->usages[i];

        for (unsigned k = 0; k < class->usage_count; k++) {
            const dq_lock_usage *wanter = &class->usages[k];

            if (interrupts(wanter, holder) &&
                dq_lockclass_excludes(class, holder->mode, wanter->mode)) {
                accuse_inversion(contract, cpu, class, holder, wanter);
                return;
            }
        }
    }
}

/* ---- Chains ---------------------------------------------------------------------------------- */

typedef struct chain {
    const dq_lock_edge *start;
    const dq_lock_usage *wanter, *holder;
} chain;

static bool is_gated(const dq_lock_edge *last, const dq_lock_usage *holder)
{
    for (const dq_lock_edge *at = last; at != NULL; at = at->parent) {
        if (dq_lockorder_share_gate(at->gates, holder->gates)) {
            return true;
        }
    }
    return false;
}

/* The holder of the first lock runs elsewhere meanwhile. */
static bool has_room(const chain *this, const dq_lock_usage *holder)
{
    const uint64_t both = this->wanter->who.processors & holder->who.processors;

    return (both & (both - 1)) != 0 || (this->start->who.processors & ~both) != 0;
}

static bool ends_chain(const dq_lock_edge *last, void *argument)
{
    chain *this = argument;
    const dq_lock_class *class = last->then;

    for (unsigned i = 0; i < class->usage_count && class != this->start->first; i++) {
        const dq_lock_usage *holder = &class->usages[i];

        if (interrupts(this->wanter, holder) && has_room(this, holder) &&
            dq_lockclass_excludes(class, holder->mode, last->then_mode) &&
            !is_gated(last, holder)) {
            this->holder = holder;
            return true;
        }
    }
    return false;
}

static void accuse_chain(dq_contract *contract, dq_processor *cpu, const chain *this,
                         const dq_lock_edge *last)
{
    const dq_lock_edge *path[DQ_LOCK_PATH];
    const unsigned length = dq_lockorder_path(last, path);
    char who[WHO_TEXT], wanted[PLACE_TEXT], held[PLACE_TEXT], then[PLACE_TEXT];

    if (length == 0) {
        return;
    }
    contract->order.explanation =
        dq_lockscenario_chain(path, length, this->holder, this->wanter);
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "LockSafeUnsafe",
                           .page = "kernel: managing-hardware-priorities" },
            "lock A is acquired at %s by %s, which can interrupt the holder of lock %c (acquired at "
            "%s, held at %s). Whoever holds A waits for %s%c at %s. On two processors, the "
            "interrupted code and the holder of A wait for each other for ever.",
            dq_place_describe(this->wanter->place, wanted, sizeof(wanted)),
            dq_lockscenario_who(&this->wanter->who, who, sizeof(who)), 'A' + (int)length % 26,
            dq_place_describe(this->holder->place, held, sizeof(held)),
            dq_irql_name(this->holder->irql), length > 1 ? "others, and they for " : "",
            'A' + (int)length % 26,
            dq_place_describe(last->then_place, then, sizeof(then)));
    free(contract->order.explanation);
    contract->order.explanation = NULL;
}

static void check_chains(dq_contract *contract, dq_processor *cpu, dq_lock_class *class,
                         const dq_lock_usage *wanter)
{
    for (dq_lock_edge *edge = class->edges; edge != NULL; edge = edge->next) {
        chain this = { .start = edge, .wanter = wanter };
        const dq_lock_edge *last;

        if (edge->first == edge->then ||
            !dq_lockclass_excludes(class, edge->first_mode, wanter->mode)) {
            continue;
        }
        last = dq_lockorder_search(&contract->order, edge, ends_chain, &this);
        if (last != NULL) {
            accuse_chain(contract, cpu, &this, last);
            return;
        }
    }
}

static void check_wanters(dq_contract *contract, dq_processor *cpu, dq_lock_class *class)
{
    for (unsigned i = 0; i < class->usage_count; i++) {
        if (class->usages[i].waits && class->usages[i].who.base_level > DQ_LEVEL_PASSIVE) {
            check_chains(contract, cpu, class, &class->usages[i]);
        }
    }
}

void dq_lockusage_check(dq_contract *contract, dq_processor *cpu)
{
    dq_lockorder *order = &contract->order;

    for (unsigned i = 0; i < order->class_count; i++) {
        check_inversion(contract, cpu, order->classes[i]);
    }
    for (unsigned i = 0; i < order->class_count; i++) {
        if (order->classes[i]->edges != NULL) {
            check_wanters(contract, cpu, order->classes[i]);
        }
    }
}

/* ---- Noting ---------------------------------------------------------------------------------- */

static bool has_gates(const dq_lock_usage *usage)
{
    static const uint32_t none[DQ_LOCK_GATES];

    return memcmp(usage->gates, none, sizeof(none)) != 0;
}

/* But for where. */
static bool is_alike(const dq_lock_usage *a, const dq_lock_usage *b)
{
    return a->irql == b->irql && a->api == b->api && a->mode == b->mode && a->waits == b->waits &&
           a->who.base_level == b->who.base_level && a->who.kind == b->who.kind;
}

static dq_lock_usage *find(dq_lock_class *class, const dq_lock_usage *wanted)
{
    for (unsigned i = 0; i < class->usage_count; i++) {
        if (is_alike(&class->usages[i], wanted) &&
            class->usages[i].who.processors == wanted->who.processors) {
            return &class->usages[i];
        }
    }
    return NULL;
}

static void keep_common_gates(dq_lock_usage *usage, const dq_lock_usage *other)
{
    for (unsigned i = 0; i < DQ_LOCK_GATES; i++) {
        bool common = false;

        for (unsigned k = 0; k < DQ_LOCK_GATES; k++) {
            common = common || other->gates[k] == usage->gates[i];
        }
        usage->gates[i] = common ? usage->gates[i] : 0;
    }
}

/* Where there are many processors, and code for each: of two that are alike, the first stands for
 * both, on the processors of both, and under the locks that both have held. */
static void fold(dq_lock_class *class)
{
    for (unsigned k = class->usage_count; k-- > 1;) {
        for (unsigned i = 0; i < k; i++) {
            if (is_alike(&class->usages[i], &class->usages[k])) {
                class->usages[i].who.processors |= class->usages[k].who.processors;
                keep_common_gates(&class->usages[i], &class->usages[k]);
                class->usages[k] = class->usages[--class->usage_count];
                return;
            }
        }
    }
}

static bool note(dq_contract *contract, dq_processor *cpu, dq_lock_class *class,
                 dq_lock_usage *usage, const void *lock)
{
    dq_lock_usage *known;

    dq_lockclass_user(&contract->order, cpu->execution, &usage->who);
    known = find(class, usage);
    if (known != NULL && !dq_lockorder_drop_gates(contract, cpu, known->gates)) {
        return !has_gates(known);
    }
    if (known == NULL && class->usage_count == DQ_LOCK_USAGES) {
        fold(class);
    }
    if (known == NULL && class->usage_count < DQ_LOCK_USAGES) {
        known = &class->usages[class->usage_count++];
        *known = *usage;
        dq_lockorder_take_gates(contract, cpu, known->gates, lock);
    }
    if (known == NULL) {
        dq_lockorder_miss(contract, cpu, "more ways in which locks of one class are held");
        return true;
    }
    dq_lockusage_check(contract, cpu);
    return !has_gates(known);
}

bool dq_lockusage_note(dq_contract *contract, dq_processor *cpu, dq_lock_class *class,
                       const dq_event *event)
{
    dq_lock_usage usage = { .place = dq_lockclass_place(cpu, event),
                            .irql = cpu->irql,
                            .api = (uint8_t)event->a,
                            .mode = dq_lockorder_mode((unsigned)event->a, (unsigned)event->c),
                            .waits = dq_lockorder_waits(event) };

    return note(contract, cpu, class, &usage, event->object);
}

void dq_lockusage_lower(dq_contract *contract, dq_processor *cpu, unsigned irql,
                        const void *except)
{
    for (size_t i = 0; i < contract->held_count; i++) {
        dq_held *held = &contract->held[i];

        if (held->irql > irql && held->lock != except && held->class != NULL &&
            !dq_lock_blocks(held->api) && dq_lockorder_holds(cpu, held)) {
            dq_lock_usage usage = { .place = held->place,
                                    .irql = (uint8_t)irql,
                                    .api = held->api,
                                    .mode = dq_lockorder_mode(held->api, held->flags) };

            held->irql = (uint8_t)irql;
            (void)note(contract, cpu, held->class, &usage, held->lock);
        }
    }
}

/*
 * lockorder.c - locks that are acquired in one order here and in another there, found though this
 * run did not deadlock.
 *
 * An edge is made when a lock is acquired while another is held; a cycle of edges is a violation,
 * unless one more lock was held at all of its acquisitions: then they exclude each other. A try
 * does not wait, so it makes no edge into its lock.
 */
#include <stdio.h>

#include "check/contract_state.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160, CHAIN_MAX = 32 };

/* The edges of a cycle, the new one first. */
typedef struct chain {
    const dq_order *edges[CHAIN_MAX];
    unsigned length;
} chain;

static bool has_gate(const dq_order *order, const void *lock)
{
    for (unsigned i = 0; i < DQ_ORDER_GATES; i++) {
        if (order->gates[i] == lock) {
            return true;
        }
    }
    return false;
}

/* True if one lock was held around every acquisition of the cycle. */
static bool is_gated(const chain *cycle)
{
    for (unsigned i = 0; i < DQ_ORDER_GATES; i++) {
        const void *gate = cycle->edges[0]->gates[i];
        bool everywhere = gate != NULL;

        for (unsigned k = 1; k < cycle->length && everywhere; k++) {
            everywhere = has_gate(cycle->edges[k], gate);
        }
        if (everywhere) {
            return true;
        }
    }
    return false;
}

/* Depth first, from the end of the chain back to where it begins. */
static bool find_cycle(dq_contract *contract, chain *at)
{
    const void *end = at->edges[at->length - 1]->then;

    if (end == at->edges[0]->first) {
        return !is_gated(at);
    }
    for (size_t i = 0; i < contract->order_count && at->length < CHAIN_MAX; i++) {
        dq_order *next = &contract->orders[i];

        if (next->first != end || next->visit == contract->order_visit) {
            continue;
        }
        next->visit = contract->order_visit;
        at->edges[at->length++] = next;
        if (find_cycle(contract, at)) {
            return true;
        }
        at->length--;
    }
    return false;
}

static void check_cycle(dq_contract *contract, dq_processor *cpu, const dq_event *event,
                        const dq_order *order)
{
    chain cycle = { .edges = { order }, .length = 1 };
    char held[PLACE_TEXT], first[PLACE_TEXT], then[PLACE_TEXT];
    const dq_order *other;

    contract->order_visit++;
    if (!find_cycle(contract, &cycle)) {
        return;
    }
    other = cycle.edges[1];
    dq_find(cpu,
            DQ_VIOLATION(DQ_ERROR, "SpinLockOrder",
                         "kernel: preventing-errors-and-deadlocks-while-using-spin-locks",
                         DQ_VERIFIER, 0x1001, (uintptr_t)order->then, (uintptr_t)order->first),
            "%s acquires lock B while this code holds lock A, acquired at %s. Before, lock %s was "
            "acquired at %s by code that held lock B, acquired at %s%s. On two processors, each "
            "could wait for the other for ever.",
            dq_service_name(event->service),
            dq_place_describe(order->first_place, held, sizeof(held)),
            cycle.length > 2 ? "C" : "A", dq_place_describe(other->then_place, then, sizeof(then)),
            dq_place_describe(other->first_place, first, sizeof(first)),
            cycle.length > 2 ? ", and from C on others lead to A" : "");
}

/* ---- Edges ----------------------------------------------------------------------------------- */

static dq_order *find_order(const dq_contract *contract, const void *first, const void *then)
{
    for (size_t i = 0; i < contract->order_count; i++) {
        if (contract->orders[i].first == first && contract->orders[i].then == then) {
            return &contract->orders[i];
        }
    }
    return NULL;
}

static bool holds(const dq_contract *contract, uint32_t execution, const void *lock)
{
    for (size_t i = 0; i < contract->held_count; i++) {
        if (contract->held[i].execution == execution && contract->held[i].lock == lock) {
            return true;
        }
    }
    return false;
}

static void take_gates(const dq_contract *contract, dq_order *order, uint32_t execution)
{
    unsigned count = 0;

    for (size_t i = 0; i < contract->held_count && count < DQ_ORDER_GATES; i++) {
        const dq_held *held = &contract->held[i];

        if (held->execution == execution && held->lock != order->first) {
            order->gates[count++] = held->lock;
        }
    }
}

/* Forgets the gates that were not held this time. True if there was one. */
static bool drop_gates(const dq_contract *contract, dq_order *order, uint32_t execution)
{
    bool dropped = false;

    for (unsigned i = 0; i < DQ_ORDER_GATES; i++) {
        if (order->gates[i] != NULL && !holds(contract, execution, order->gates[i])) {
            order->gates[i] = NULL;
            dropped = true;
        }
    }
    return dropped;
}

static dq_order *add_order(dq_contract *contract, const dq_held *held, const dq_event *event)
{
    dq_order *order;

    if (!dq_contract_grow((void **)&contract->orders, &contract->order_capacity,
                          contract->order_count, sizeof(dq_order))) {
        return NULL;
    }
    order = &contract->orders[contract->order_count++];
    *order = (dq_order){ .first = held->lock,
                         .then = event->object,
                         .first_place = held->place,
                         .then_place = event->place };
    return order;
}

static void learn(dq_contract *contract, dq_processor *cpu, const dq_event *event,
                  const dq_held *held)
{
    dq_order *order = find_order(contract, held->lock, event->object);

    if (order == NULL) {
        order = add_order(contract, held, event);
        if (order != NULL) {
            take_gates(contract, order, held->execution);
            check_cycle(contract, cpu, event, order);
        }
    } else if (drop_gates(contract, order, held->execution)) {
        check_cycle(contract, cpu, event, order);
    }
}

void dq_lockorder_acquire(dq_contract *contract, dq_processor *cpu, const dq_event *event)
{
    if (event->c & (DQ_LOCK_FLAG_TRY | DQ_LOCK_FLAG_CONVERT)) {
        return;
    }
    for (size_t i = 0; i < contract->held_count; i++) {
        const dq_held *held = &contract->held[i];

        if (held->execution == cpu->execution->ordinal && held->lock != event->object) {
            learn(contract, cpu, event, held);
        }
    }
}

void dq_lockorder_forget(dq_contract *contract, const void *memory, uint64_t bytes)
{
    size_t kept = 0;

    for (size_t i = 0; i < contract->order_count; i++) {
        const dq_order *order = &contract->orders[i];

        if ((uintptr_t)order->first - (uintptr_t)memory >= bytes &&
            (uintptr_t)order->then - (uintptr_t)memory >= bytes) {
            contract->orders[kept++] = *order;
        }
    }
    contract->order_count = kept;
}

/*
 * order.h - what has happened in a run, up to the order of steps that commute: as one number.
 *
 * A step is what an execution does from one schedule point to the next. Two steps depend on each
 * other if they belong to one execution, or if both touch the same memory or lock and one changes
 * it; a step of which it is not known what it touches depends on all. Each step has a number, made
 * from those of the steps that it depends on, so it stands for all that has led to it; and the sum
 * of all these numbers stands for what has happened (the trace of Mazurkiewicz): the same steps,
 * and the same order of those that depend on each other. From that, and from what a machine is
 * about to do (who runs, what is pending, what time it is: dq_order_state), follows all that can
 * come of it: executions are deterministic, and what they learn they learn in their steps.
 *
 * An ISR or a DPC depends on what it interrupts no more than on anything else. So it is the same
 * whether an interrupt comes before a step or behind it, if the ISR and the step have nothing in
 * common.
 *
 * Known are the steps of instrumented code, and the services of footprint.def. All else (services
 * that are not in it, threads that are woken or switched, devices, functions of include/dirql, and
 * any code that is not instrumented) depends on all, and on the time. What an execution alone
 * touches (explore/sharing.h) needs no order.
 */
#ifndef DQ_ORDER_H
#define DQ_ORDER_H

#include "sim/machine.h"

typedef struct dq_order_place dq_order_place;

typedef struct dq_order {
    uint64_t all;     /* The sum of all steps. */
    uint64_t general; /* The latest that depends on all. */
    dq_order_place *places; /* A hash table: who has touched what, in this run. */
    size_t capacity, count;
    uint32_t run;
} dq_order;

/* Else nothing of this need be called. */
static inline bool dq_order_is_kept(const dq_machine *machine)
{
    const dq_searcher *searcher = machine->choices.searcher;

    return DQ_UNLIKELY(searcher != NULL) && searcher->order != NULL;
}

void dq_order_stop(dq_order *order);
void dq_order_begin_run(dq_order *order);

/* All of these do nothing where no order is kept. `execution` has taken a step that touches nothing
 * that others may touch. */
void dq_order_step(dq_machine *machine, dq_execution *execution);
/* The same of a lock or an object, or memory. */
void dq_order_touch(dq_machine *machine, dq_execution *execution, const volatile void *address,
                    size_t bytes, bool writes);
/* A step that depends on all. */
void dq_order_step_general(dq_machine *machine, dq_execution *execution);
/* The execution has learnt something. */
void dq_order_learn(dq_machine *machine, dq_execution *execution, uint64_t what);
/* It begins on `cpu`, or is made by what runs there. */
void dq_order_begin(dq_processor *cpu, dq_execution *execution);
void dq_order_end(dq_processor *cpu, dq_execution *execution);
/* `other` goes on because of the execution of `cpu`. */
void dq_order_wake(dq_processor *cpu, dq_execution *other);
/* The execution of `cpu` has passed a schedule point. */
void dq_order_pass(dq_processor *cpu);

/* What has happened, and what the machine is about to do. `turn` stands for whose turn it is. */
uint64_t dq_order_state(const dq_machine *machine, uint64_t turn);

/* One of many numbers of two. */
uint64_t dq_order_mix(uint64_t a, uint64_t b);

#endif

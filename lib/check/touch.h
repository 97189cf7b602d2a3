/*
 * touch.h - the latest accesses of memory, and which of them a report draws.
 *
 * Instrumented code makes many accesses, and few matter. Those do that a finding is about; where
 * it is about none, those to memory which several executions touch, one of them writing. A step
 * of an Interlocked routine is always drawn, like any other call.
 */
#ifndef DQ_CHECK_TOUCH_H
#define DQ_CHECK_TOUCH_H

#include "check/history_step.h"

enum { DQ_TOUCHES = 256 };

typedef struct dq_touch {
    uint64_t order; /* Among all steps. */
    uint64_t time_ns;
    const void *address, *place;
    uint32_t bytes, ordinal, times;
    dq_service service;
    uint8_t flags, processor, irql, execution;
    bool own; /* Of the part of the stack that the execution itself has taken. */
} dq_touch;

/* A ring. */
typedef struct dq_touches {
    dq_touch of[DQ_TOUCHES];
    uint64_t count;
} dq_touches;

/* Remembers an access. The same one again, with nothing between, is counted only. */
void dq_touches_add(dq_touches *touches, const dq_processor *cpu, const dq_event *event,
                    uint64_t order);

/* What is drawn: of memory from `from` to `to`, or where these are NULL, of what is shared. */
bool dq_touches_matters(const dq_touches *touches, const dq_touch *touch, const void *from,
                        const void *to);

/* As a step, without a name for the memory. */
dq_step dq_touch_step(const dq_touch *touch);

#endif

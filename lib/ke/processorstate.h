/*
 * processorstate.h - floating-point and extended state that was saved and is not restored yet.
 */
#ifndef DQ_PROCESSORSTATE_H
#define DQ_PROCESSORSTATE_H

#include <wdm.h>

#include "ke/thread.h"

typedef struct dq_saved_state {
    const void *buffer; /* The driver's; it has no room for the rest. */
    const dq_thread *thread;
    uint32_t execution;
    uint8_t irql;
    bool extended;
    host_float words;
    const void *place;
    struct dq_saved_state *next;
} dq_saved_state;

/* In the machine's block. */
typedef struct dq_saved_states {
    dq_saved_state *latest;
    dq_saved_state *unused;
} dq_saved_states;

/* The innermost execution of `cpu` returns: what it saved must be restored. */
void dq_processorstate_ends(dq_processor *cpu);

#endif

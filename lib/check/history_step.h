/*
 * history_step.h - one step of the history, and how it reads.
 */
#ifndef DQ_CHECK_HISTORY_STEP_H
#define DQ_CHECK_HISTORY_STEP_H

#include "sim/machine.h"

enum { DQ_STEPS = 64, DQ_STEPS_DRAWN = 32, DQ_CELL_BYTES = 400 };

/* The members are in another order than those of dq_event: a compiler that copies two neighbours at
 * once would read what was written in two halves just before, and stall. */
typedef struct dq_step {
    dq_event_kind kind;
    dq_execution_kind execution;
    dq_service service;
    uint32_t ordinal;
    uint64_t a;
    const void *routine;
    const void *place;
    const void *below; /* Where an ISR or a DPC has interrupted somebody, or NULL. */
    uint64_t b;
    const void *object; /* Memory that is touched; of other steps NULL. */
    uint64_t time_ns;
    uint64_t order; /* Among all steps. */
    uint8_t processor, irql;
    char text[128]; /* As much as fits into a line of a report. */
    char note[48]; /* What was found at it, or empty. */
} dq_step;

/* "DISPATCH". */
const char *dq_step_level_name(unsigned irql);

/* "DIRQL 7  KeInsertQueueDpc  uart_isr uart.c:41"; `newcomer` names a thread that goes on, or is
 * NULL. */
void dq_step_describe(const dq_step *step, const char *newcomer, char *cell, size_t bytes);

/* "DIRQL 7  KeInsertQueueDpc": without the place. */
void dq_step_tell(const dq_step *step, const char *newcomer, char *text, size_t bytes);

/* Of a FINDING: the rule; for what has none of its own, the name of the bug check. */
const char *dq_step_finding(const dq_step *step);

/* Where it happened in guest code, as a return address: for a routine that begins or returns, the
 * routine. NULL: nowhere. */
const void *dq_step_place(const dq_step *step);

#endif

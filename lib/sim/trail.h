/*
 * trail.h - the beginning that a run of an exploration has in common with the one before it.
 *
 * Up to the answer that is new, a run is what the one before was: at each place where the scheduler
 * asks who goes on, the same may be done again without asking. The trail remembers what came of
 * each such place. The scheduler holds it against the run as that goes along: where another
 * processor or another service asks, it leaves the trail, and the search sees for itself what is
 * different.
 */
#ifndef DQ_TRAIL_H
#define DQ_TRAIL_H

#include "sim/choice.h"

/* Whose turn it is, see sched_turns.c. */
typedef struct dq_turns {
    unsigned turn; /* The processor whose thread code goes on. */
    uint64_t began_ns;
    uint64_t points;
    uint64_t put_off;  /* Processors with an interrupt before which others have gone on: paid for. */
    uint64_t gave_way; /* Processors in activations after which others have gone on: not urgent. */
} dq_turns;

enum { DQ_TRAIL_NOBODY = 0xFF };

/* A place where the scheduler asked, and all that it changed. */
typedef struct dq_trail_step {
    uint32_t calls; /* Of the execution that came there. */
    uint16_t service;
    uint8_t processor;
    uint8_t next; /* Who went on, or DQ_TRAIL_NOBODY. */
    uint8_t pinned_answer;
    bool pinned;
    dq_turns turns;
    size_t answers; /* Choices that the search had answered then, */
    size_t asked;   /* and all that were asked */
    size_t logged;  /* and written down. */
} dq_trail_step;

typedef struct dq_trail {
    dq_trail_step *steps;
    size_t count, capacity;
} dq_trail;

/* Remembers what came of the place. `next` is NULL if nobody could go on; `turns` as it is now. */
void dq_trail_leave(const dq_processor *cpu, const dq_processor *next, const dq_turns *turns);

void dq_trail_forget(dq_trail *trail);

#endif

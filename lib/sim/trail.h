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

/* Whose turn it is where processors take turns, see sched_turns.c. */
typedef struct dq_turns {
    uint32_t turn;   /* The processor whose thread code goes on. */
    uint32_t points; /* So many of its turn are over. */
    uint64_t began_ns;
    uint64_t put_off;  /* Processors with an interrupt before which others have gone on: paid for. */
    uint64_t gave_way; /* Processors in activations after which others have gone on: not urgent. */
} dq_turns;

enum { DQ_TRAIL_NOBODY = 0xFF };

/* A place where the scheduler asked, and all that it changed. */
typedef struct dq_trail_step {
    uint64_t place; /* See dq_trail_place(). */
    uint32_t ordinal; /* Of the execution that came there. */
    uint8_t next;   /* Who went on, or DQ_TRAIL_NOBODY. */
    uint8_t pinned_answer;
    bool pinned;
    bool is_short; /* A service came there by a short way: there was nothing else to be done. */
    uint32_t answers; /* Choices that the search had answered then, */
    uint32_t asked;   /* and all that were asked */
    uint32_t logged;  /* and written down. */
    dq_turns turns;
} dq_trail_step;

typedef struct dq_trail {
    dq_trail_step *steps;
    size_t count, capacity;
} dq_trail;

/* Before a run: what the search answers now as it did in the run before is left of the trail. */
void dq_trail_begin(dq_trail *trail, const dq_searcher *searcher);

/* Makes room for more steps. False: there is none. */
bool dq_trail_enlarge(dq_trail *trail);

void dq_trail_forget(dq_trail *trail);

#endif

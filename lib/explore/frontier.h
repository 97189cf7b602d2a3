/*
 * frontier.h - the ways that a pass leaves to a later one, since its bounds cannot afford them.
 *
 * A way is a schedule up to one answer that was too dear: all its answers other than 0. A pass with
 * larger bounds begins where these end, and need not run again what led there.
 *
 * Room for them is limited. When there is no more, all are dropped: then the next pass begins at
 * the root, which costs time and nothing else.
 */
#ifndef DQ_FRONTIER_H
#define DQ_FRONTIER_H

#include "explore/met.h"

/* An answer other than 0 of a way, and what was asked there. */
typedef struct dq_turning {
    uint32_t at; /* The how manieth choice, from 0. */
    uint16_t service;
    uint8_t kind, options, answer;
} dq_turning;

typedef struct dq_way {
    dq_bounds used; /* By all of it. */
    size_t count;
    const dq_turning *turnings; /* In order. They stay until the next dq_frontier_take(). */
} dq_way;

/* A list of ways, one behind the other. */
typedef struct dq_ways {
    unsigned char *bytes;
    size_t used, capacity;
} dq_ways;

typedef struct dq_frontier {
    dq_ways waiting;             /* For larger bounds than the present ones: */
    size_t begun;                /* so much of it since before the pass. */
    dq_ways present;             /* Those that the present pass goes. */
    const unsigned char **order; /* The same, in the order in which it goes them. */
    size_t count, next;
    bool beyond[DQ_BOUND_COUNT]; /* Ways were left out that no pass can afford. */
    bool is_lost;                /* There was no room: what waits is not all. */
} dq_frontier;

void dq_frontier_stop(dq_frontier *frontier);

/* Nothing waits, and nothing is lost. */
void dq_frontier_clear(dq_frontier *frontier);

/* Leaves a way to a later pass. */
void dq_frontier_leave(dq_frontier *frontier, const dq_way *way);

/* For a pass with that limit: sorts out which of the ways that wait it can afford. `cut` is told
 * which bounds keep the others waiting. False if ways were lost. */
bool dq_frontier_take(dq_frontier *frontier, const dq_bounds *limit, bool cut[DQ_BOUND_COUNT]);

/* All that there were when the present pass began. */
void dq_frontier_visit(const dq_frontier *frontier, void (*visit)(void *owner, const dq_way *way),
                       void *owner);

/* All that are left now: those of the present pass that it has not begun, and all that wait. */
void dq_frontier_visit_rest(const dq_frontier *frontier,
                            void (*visit)(void *owner, const dq_way *way), void *owner);

/* The next of them, in the order of a depth-first search from the root. False: there is none. */
bool dq_frontier_next(dq_frontier *frontier, dq_way *way);

#endif

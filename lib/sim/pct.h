/*
 * pct.h - probabilistic concurrency testing: who goes on is a matter of priorities that are
 * drawn.
 *
 * Burckhardt, Kothari, Musuvathi and Nagarakatte, "A Randomized Scheduler with Probabilistic
 * Guarantees of Finding Bugs", ASPLOS 2010. Every process has a priority of its own, drawn at
 * random, and the highest that can go on does. At depth - 1 steps, drawn too, the process that
 * is about to go on falls below all others. Of n processes and k steps, a run finds a bug of
 * that depth (the number of orders between steps that it takes) with a probability of at least 1
 * / (n k^(depth-1)).
 *
 * Processes are threads, activations of ISRs and DPCs, and the arrivals of interrupts: an
 * interrupt arrives when its line's priority is higher than that of what runs. What has no
 * process (which waiter gets an object, when a DPC of low importance starts, what a test
 * chooses) is drawn as in mode random, so the bound holds for one drawing of these. A process
 * that goes on for very long while others could falls behind them, so that loops that wait for
 * others end. Not only in a row: two that give way to each other would keep a third from going on.
 */
#ifndef DQ_PCT_H
#define DQ_PCT_H

#include <stdbool.h>
#include <stdint.h>

enum { DQ_PCT_DEPTH_MAX = 64, DQ_PCT_PROCESSES = 1024, DQ_PCT_FALLEN = 64 };

typedef struct dq_pct_fallen {
    uint64_t process;
    uint64_t priority;
} dq_pct_fallen;

typedef struct dq_pct {
    uint64_t seed;
    bool counts; /* Its steps are what is asked for: interrupts arrive as late as they can. */
    uint64_t points[DQ_PCT_DEPTH_MAX]; /* Steps at which a priority changes. */
    unsigned point_count;
    dq_pct_fallen fallen[DQ_PCT_FALLEN]; /* The latest ones. */
    unsigned fallen_count;
    uint64_t steps;    /* So far. */
    uint64_t seen[DQ_PCT_PROCESSES];    /* A hash table. */
    uint32_t gone_on[DQ_PCT_PROCESSES]; /* Each so many times, since it fell, although others could. */
    unsigned processes; /* Different ones, as far as there is room. */
} dq_pct;

/* What a process is, from its number among its kind. */
static inline uint64_t dq_pct_execution(uint32_t ordinal)
{
    return ordinal;
}

static inline uint64_t dq_pct_line(uint32_t vector)
{
    return 1ull << 40 | vector;
}

static inline uint64_t dq_pct_dispatch(unsigned processor)
{
    return 2ull << 40 | processor;
}

/* Nobody: what rests. */
enum { DQ_PCT_NOBODY = 0 };

/* Draws change points among the first `steps` steps. `steps` 0: they are to be counted. */
void dq_pct_start(dq_pct *pct, uint64_t seed, unsigned depth, uint64_t steps);

/* Which of these has the highest priority. */
unsigned dq_pct_highest(const dq_pct *pct, const uint64_t *processes, unsigned count);

/* Which of these goes on: a step. */
unsigned dq_pct_choose(dq_pct *pct, const uint64_t *processes, unsigned count);

#endif

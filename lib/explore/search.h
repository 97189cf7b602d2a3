/*
 * search.h - the ways in which a run can go, within bounds: depth first over the log of choices.
 *
 * A run is repeated from its start; the answers up to some choice are given again, that one is
 * answered in the next way, and what follows takes option 0. So the memory that is needed grows with
 * the length of a run, not with their number.
 *
 * Bounds limit what a run may use up of preemptions, displaced interrupts and faults. A search is
 * made in passes with growing bounds (passes.h), so that what fails with the fewest is found
 * first. An answer that is too dear in one pass is left to the first that can afford it
 * (frontier.h), with the way that leads there; that pass begins behind it, so nothing is run twice.
 * Where these ways take too much memory, a pass begins at the root, and runs again what those
 * before it have run. The order is the same: the ways are gone in the order of their answers.
 *
 * Reduction, first: no branch is made at a point whose step is independent of all that others do in any
 * run: it touches only memory that nobody else touches, or it is a service that touches only what it is
 * given, and that is the caller's own (sharing.h, sim/manner.def). A switch at such a point, or an
 * interrupt that arrives there, can as well come behind the step: the same is done in the same
 * order, but for steps that commute, and it takes not one preemption or interrupt more. So every
 * state and finding within the bounds stays within them. (Moving steps the other way would not do:
 * that may take more preemptions than there are, see Coons, Musuvathi and McKinley, "Bounded
 * Partial-Order Reduction", OOPSLA 2013.) For that, what a choice costs must not depend on the
 * number of steps: who was chosen goes on until it rests, and an interrupt is put off once
 * (sched_turns.c).
 *
 * Nor is one made before a lock is released, as long as all wait for locks that are held: to them it
 * is the same how long one is. Once any is tried or looked at, there is one before each release.
 *
 * What is independent is found out by running. Whatever turns out not to be begins the pass again
 * (sharing.grew, dq_notice). Doubtful things are dependent: memory that does not lie at the same
 * address in each run; services without a row in the table; and, as soon as any code of the test is
 * not instrumented, everything. That is looked at where routines begin and where services are
 * called from; so it goes unseen when instrumented code calls other code that calls no service
 * itself. A device is one object: what its callbacks touch is taken as its own.
 *
 * Reduction, second: where a run comes to a state that one before it had met, nothing is branched on
 * any more (it goes on to its end, by option 0, and does not count). States are told apart by what
 * has happened, up to the order of steps that commute, and by what the machine is about to do:
 * sim/order.h. That keeps every state and finding within the bounds:
 *   - What can come of a state follows from it. So every end that the run could still come to, what
 *     was there before could come to by the same answers.
 *   - The answers cost the same from there on. What a choice costs follows from whose turn it is, who
 *     has just taken another's place and what has been put off, and that is part of the state. And
 *     the one that was there before had used up no more, of each bound, or it does not count as met
 *     (met.h). So it had what these answers cost; and if there is a cheaper way to the state, that is
 *     gone, too.
 *   - All answers from there are given: those of a state on the way to the present run are still to
 *     come in this pass, and those of others have been; but for what was too dear, which is left
 *     to a later pass: no later than to the one that could afford what the run could do from here,
 *     which had paid no less. So a pass remembers the states of those before it. Not if it begins
 *     at the root: then the ways that were left are forgotten, and the states with them. What is
 *     not limited counts, too, as long as a later pass may limit it again.
 * The rest follows by induction over the runs, in the order in which they are made. Where the same
 * state is met twice in one run, the way between was in vain.
 *
 * Why not sleep sets or dynamic partial-order reduction: both leave out a schedule since another,
 * made or to be made, is equivalent; but that one may need more preemptions, or leave the turn to
 * somebody else, and be left out itself for what it costs. The remedy of Coons et al., more places
 * to come back to, has to be found for every bound; and to them an interrupt depends on each
 * step that it can interrupt. Here both have come to the same state, whoever runs, with what they
 * paid: nothing is left to be equivalent. The price is a run for each way into a state, where a
 * better reduction would make none, and a table (of bounded size). Musuvathi and Qadeer's
 * "Partial-order reduction for context-bounded state exploration" (2007) caches so for preemptions.
 *
 * The two together: the first decides by the step that is next where there is a branch, and that is
 * the same in the same state. When more memory is found to be shared, both begin anew.
 *
 * Of several shards each runs what is its own (shard.h), and, to come there, what differs only in
 * early answers. So none of the rest is run by two, and nothing has to be agreed on. They branch at
 * every point: what each found to be shared would be something else. A state that was met where not
 * all ways from there are gone by this shard does not count.
 */
#ifndef DQ_SEARCH_H
#define DQ_SEARCH_H

#include "explore/frontier.h"
#include "explore/sharing.h"
#include "sim/order.h"

/* A choice of the present run. */
typedef struct dq_node {
    dq_choice choice;
    uint16_t service; /* That it was asked in. */
} dq_node;

typedef enum dq_search_error {
    DQ_SEARCH_GOES_ON,
    DQ_SEARCH_DIVERGED, /* A run was asked other things than the one before, up to the same answers. */
    DQ_SEARCH_SHORT_OF_MEMORY
} dq_search_error;

typedef struct dq_search {
    dq_searcher searcher; /* Answers for machines in mode explore. */
    dq_node *nodes;
    size_t count, capacity;
    size_t depth; /* Choices of the run before; those behind `count` are still there. */
    dq_bounds last;  /* The largest limit that a pass will have. */
    dq_bounds limit;
    dq_bounds price; /* The same, for states that were met. */
    dq_bounds used;           /* By the answers of the present run. */
    bool cut[DQ_BOUND_COUNT]; /* An answer was left out because of that limit. */
    unsigned shards, shard; /* How many there are, and which this is. */
    dq_turning *turnings; /* Answers of the present run that are not 0, ... */
    size_t deviations;    /* ... so many. There is room for one more. */
    dq_frontier frontier;
    dq_way way;    /* That an earlier pass has left: behind it, all is to be run. */
    size_t turned; /* So many of its answers have been given. */
    size_t floor;  /* Choices up to its end: other answers to them are not for this way. */
    bool is_laid_down; /* All that is left is in the frontier. */
    bool left_rest; /* Of a run that asked for more choices than are kept. */
    dq_sharing sharing;
    dq_order order;
    dq_met met;
    bool is_new;   /* The run that begins is not one that was made before. */
    bool has_met;  /* The present run has come to a state that had been met, ... */
    size_t met_at; /* ... after so many choices. */
    dq_search_error error;
    size_t error_at;     /* The choice at which it was seen. */
    dq_choice expected;  /* What the run before was asked there. */
    dq_choice asked;     /* And this one. */
    uint16_t expected_service;
} dq_search;

void dq_search_start(dq_search *search);
void dq_search_stop(dq_search *search);

/* Begins a pass at the root, whatever was run before: its first run takes option 0 everywhere. */
void dq_search_begin(dq_search *search, const dq_bounds *limit);

/* Begins a pass with what the passes before it have left to it; at the root if that is not known.
 * False if they have left nothing: the pass is complete. */
bool dq_search_go_on(dq_search *search, const dq_bounds *limit);

/* Before each run. */
void dq_search_begin_run(dq_search *search);

/* After a run: true, with the reason in `error`, if it was not what it had to be. */
bool dq_search_has_diverged(dq_search *search);

/* After a run: prepares the next one. False if there is none: the pass is complete. */
bool dq_search_advance(dq_search *search);

/* The search ends in the middle of a pass: what that has still to run is left to a later search, as
 * ways in its frontier. False if they are not known. */
bool dq_search_lay_down(dq_search *search);

/* Begins the pass again if more memory is shared than it has known of. */
bool dq_search_is_begun_again(dq_search *search);

/* How much of the pass has been seen, from 0 to 1: an estimate, see share.c. 0 when memory is
 * short. Slow: for people. */
double dq_search_share(const dq_search *search);

#endif

/*
 * share.c - how much of a pass has been seen.
 *
 * Bounds leave out nearly all of the tree of choices, so a share that halves at each of them would
 * be next to nothing for most of the time. Instead the schedules are counted that there would be if
 * every run had the choices of the present one: with what is left of each bound, behind each
 * choice. Those behind the answers that have been given before are seen. Of a pass that goes ways
 * which others have left to it, each way is as large as any.
 */
#include "explore/search.h"

#include <stdlib.h>

/* More than that of a bound is taken as any number. */
enum { BUDGET_MAX = 4 };

/* A state has what is left of each bound: they are counted like the digits of a number. For each
 * state, the schedules behind a choice; relative, since there can be very many. */
typedef struct ledger {
    const dq_search *search;
    unsigned place[DQ_BOUND_COUNT]; /* What one of a bound adds to a state; 0: it has no digit. */
    unsigned digits[DQ_BOUND_COUNT]; /* So many it has. */
    unsigned states;
    double *counts; /* An array of `states` for each choice, and one behind the last. */
    double *scales; /* Each array was divided by that, so that its largest is 1. */
} ledger;

static double *counts_at(const ledger *l, size_t at)
{
    return &l->counts[at * l->states];
}

static unsigned left_of(const ledger *l, unsigned state, unsigned bound)
{
    return state / l->place[bound] % l->digits[bound];
}

static void lay_out(ledger *l, const dq_search *search)
{
    l->search = search;
    l->states = 1;
    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        if (search->limit.of[bound] <= BUDGET_MAX) {
            l->place[bound] = l->states;
            l->digits[bound] = search->limit.of[bound] + 1;
            l->states *= l->digits[bound];
        }
    }
}

/* What is left after the answer; `state` itself where it costs nothing. False: it is too dear. */
static bool spend(const ledger *l, const dq_choice *choice, unsigned answer, unsigned *state)
{
    if ((choice->costly >> answer & 1) == 0 || l->place[choice->bound] == 0) {
        return true;
    }
    if (left_of(l, *state, choice->bound) == 0) {
        return false;
    }
    *state -= l->place[choice->bound];
    return true;
}

/* Behind the answers up to `end`, from what there is behind the next choice. */
static double behind(const ledger *l, size_t at, unsigned end, unsigned state)
{
    const dq_choice *choice = &l->search->nodes[at].choice;
    const double *next = counts_at(l, at + 1);
    double sum = 0;

    for (unsigned answer = 0; answer < end; answer++) {
        unsigned then = state;

        if (spend(l, choice, answer, &then)) {
            sum += next[then];
        }
    }
    return sum;
}

static size_t shorter(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The choices of the run that is next are known up to the answer that is new: what comes then is
 * taken from the run before. Behind so many, all is one schedule: each choice takes memory. */
static size_t length_of(const dq_search *search)
{
    enum { CHOICES_MAX = 65536 };

    return shorter(search->depth > search->count ? search->depth : search->count, CHOICES_MAX);
}

/* From the last choice to the first. */
static void count(ledger *l, size_t length)
{
    for (unsigned state = 0; state < l->states; state++) {
        counts_at(l, length)[state] = 1;
    }
    for (size_t i = length; i-- > l->search->floor;) {
        const unsigned options = l->search->nodes[i].choice.options;
        double *counts = counts_at(l, i);

        l->scales[i] = 1;
        for (unsigned state = 0; state < l->states; state++) {
            counts[state] = behind(l, i, options, state);
            l->scales[i] = counts[state] > l->scales[i] ? counts[state] : l->scales[i];
        }
        for (unsigned state = 0; state < l->states; state++) {
            counts[state] /= l->scales[i];
        }
    }
}

static double add_up(const ledger *l, size_t length)
{
    const dq_search *search = l->search;
    const size_t end = shorter(search->count, length);
    unsigned state = l->states - 1; /* All is left. */
    double share = 0, scale;

    for (size_t i = 0; i < search->floor; i++) {
        (void)spend(l, &search->nodes[i].choice, search->nodes[i].choice.answer, &state);
    }
    scale = 1 / counts_at(l, search->floor)[state];
    for (size_t i = search->floor; i < end; i++) {
        const dq_choice *choice = &search->nodes[i].choice;

        scale /= l->scales[i];
        share += scale * behind(l, i, choice->answer, state);
        (void)spend(l, choice, choice->answer, &state);
    }
    return share;
}

/* Of the present way, or of a pass that begins at the root. Of a way whose first run is still to
 * come, nothing is known. */
static double share_of_way(const dq_search *search)
{
    const size_t length = length_of(search);
    ledger l = { 0 };
    double share = 0;

    if (search->turned < search->way.count || search->floor > length) {
        return 0;
    }
    lay_out(&l, search);
    l.counts = calloc(length + 1, l.states * sizeof(*l.counts));
    l.scales = malloc((length + 1) * sizeof(*l.scales));
    if (l.counts != NULL && l.scales != NULL) {
        count(&l, length);
        share = add_up(&l, length);
    }
    free(l.counts);
    free(l.scales);
    return share;
}

double dq_search_share(const dq_search *search)
{
    const dq_frontier *frontier = &search->frontier;
    const double share = share_of_way(search);

    return frontier->count > 0 ? ((double)(frontier->next - 1) + share) / (double)frontier->count
                               : share;
}

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
enum { BUDGET_MAX = 4, BUDGETS = BUDGET_MAX + 1, STATES = BUDGETS * BUDGETS * BUDGETS };

_Static_assert(DQ_BOUND_COUNT == DQ_BOUND_PREEMPTION + 3, "a state has what is left of three");

/* For each state, the schedules behind a choice; relative, since there can be very many. */
typedef struct counts {
    double of[STATES];
} counts;

static const unsigned place_of[DQ_BOUND_COUNT] = { [DQ_BOUND_PREEMPTION] = 1,
                                                   [DQ_BOUND_INTERRUPT] = BUDGETS,
                                                   [DQ_BOUND_FAULT] = BUDGETS * BUDGETS };

static unsigned left_of(unsigned state, dq_bound bound)
{
    return state / place_of[bound] % BUDGETS;
}

static bool costs(const dq_choice *choice, unsigned answer)
{
    return choice->bound >= DQ_BOUND_PREEMPTION && (choice->costly >> answer & 1) != 0;
}

/* What is left after the answer; `state` itself where it costs nothing. False: it is too dear. */
static bool spend(const dq_search *search, const dq_choice *choice, unsigned answer,
                  unsigned *state)
{
    if (!costs(choice, answer) || search->limit.of[choice->bound] > BUDGET_MAX) {
        return true;
    }
    if (left_of(*state, choice->bound) == 0) {
        return false;
    }
    *state -= place_of[choice->bound];
    return true;
}

/* Behind the answers up to `end`, from what there is behind the next choice. */
static double behind(const dq_search *search, size_t at, unsigned end, unsigned state,
                     const counts *next)
{
    const dq_choice *choice = &search->nodes[at].choice;
    double sum = 0;

    for (unsigned answer = 0; answer < end; answer++) {
        unsigned then = state;

        if (spend(search, choice, answer, &then)) {
            sum += next->of[then];
        }
    }
    return sum;
}

static unsigned first_state(const dq_search *search)
{
    unsigned state = 0;

    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        const uint32_t limit = search->limit.of[bound];

        state += (limit < BUDGET_MAX ? limit : BUDGET_MAX) * place_of[bound];
    }
    return state;
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

/* From the last choice to the first. Each is scaled, so that its largest is 1, by `scales`. */
static void count(const dq_search *search, counts *all, double *scales)
{
    const size_t length = length_of(search);

    for (unsigned state = 0; state < STATES; state++) {
        all[length].of[state] = 1;
    }
    for (size_t i = length; i-- > search->floor;) {
        const unsigned options = search->nodes[i].choice.options;

        scales[i] = 1;
        for (unsigned state = 0; state < STATES; state++) {
            all[i].of[state] = behind(search, i, options, state, &all[i + 1]);
            scales[i] = all[i].of[state] > scales[i] ? all[i].of[state] : scales[i];
        }
        for (unsigned state = 0; state < STATES; state++) {
            all[i].of[state] /= scales[i];
        }
    }
}

static double add_up(const dq_search *search, const counts *all, const double *scales)
{
    const size_t end = shorter(search->count, length_of(search));
    unsigned state = first_state(search);
    double share = 0, scale;

    for (size_t i = 0; i < search->floor; i++) {
        (void)spend(search, &search->nodes[i].choice, search->nodes[i].choice.answer, &state);
    }
    scale = 1 / all[search->floor].of[state];
    for (size_t i = search->floor; i < end; i++) {
        const dq_choice *choice = &search->nodes[i].choice;

        scale /= scales[i];
        share += scale * behind(search, i, choice->answer, state, &all[i + 1]);
        (void)spend(search, choice, choice->answer, &state);
    }
    return share;
}

/* Of the present way, or of a pass that begins at the root. Of a way whose first run is still to
 * come, nothing is known. */
static double share_of_way(const dq_search *search)
{
    const size_t length = length_of(search);
    counts *all;
    double *scales;
    double share = 0;

    if (search->turned < search->way.count || search->floor > length) {
        return 0;
    }
    all = malloc((length + 1) * sizeof(*all));
    scales = malloc((length + 1) * sizeof(*scales));
    if (all != NULL && scales != NULL) {
        count(search, all, scales);
        share = add_up(search, all, scales);
    }
    free(all);
    free(scales);
    return share;
}

double dq_search_share(const dq_search *search)
{
    const dq_frontier *frontier = &search->frontier;
    const double share = share_of_way(search);

    return frontier->count > 0 ? ((double)(frontier->next - 1) + share) / (double)frontier->count
                               : share;
}

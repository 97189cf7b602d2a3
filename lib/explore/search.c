/*
 * search.c - depth first over the log of choices.
 */
#include "explore/search.h"

#include "explore/shard.h"

#include <stdlib.h>
#include <string.h>

static bool costs(const dq_choice *choice, unsigned answer)
{
    return (choice->costly >> answer & 1) != 0;
}

static bool is_affordable(const dq_search *search, const dq_choice *choice, unsigned answer)
{
    return !costs(choice, answer) ||
           search->used.of[choice->bound] < search->limit.of[choice->bound];
}

static dq_turning turning_at(const dq_search *search, size_t at, unsigned answer)
{
    const dq_node *node = &search->nodes[at];

    return (dq_turning){ .at = (uint32_t)at,
                         .service = node->service,
                         .kind = node->choice.kind,
                         .options = node->choice.options,
                         .answer = (uint8_t)answer };
}

/* For the answer to the choice at that place, which is the last one so far. */
static void pay(dq_search *search, size_t at)
{
    const dq_choice *choice = &search->nodes[at].choice;

    if (choice->answer != 0) {
        search->turnings[search->deviations++] = turning_at(search, at, choice->answer);
        search->used.of[choice->bound] += costs(choice, choice->answer);
    }
}

static void pay_back(dq_search *search, const dq_choice *choice)
{
    search->deviations -= choice->answer != 0;
    search->used.of[choice->bound] -= costs(choice, choice->answer);
}

/* ---- Answering ------------------------------------------------------------------------------- */

static void fail(dq_search *search, dq_search_error error, const dq_choice *asked)
{
    search->error = error;
    search->error_at = search->searcher.at;
    search->asked = *asked;
    if (search->searcher.at < search->count) {
        search->expected = search->nodes[search->searcher.at].choice;
        search->expected_service = search->nodes[search->searcher.at].service;
    } else if (search->turned < search->way.count) {
        const dq_turning *turning = &search->way.turnings[search->turned];

        search->expected = (dq_choice){ .kind = turning->kind, .options = turning->options };
        search->expected_service = turning->service;
    }
}

bool dq_search_has_diverged(dq_search *search)
{
    if (search->error == DQ_SEARCH_GOES_ON &&
        (search->searcher.at < search->count || search->turned < search->way.count)) {
        fail(search, DQ_SEARCH_DIVERGED, &(dq_choice){ 0 });
    }
    return search->error != DQ_SEARCH_GOES_ON;
}

/* Room for one more choice, and its answer. */
static bool enlarge(dq_search *search)
{
    const size_t capacity = search->capacity == 0 ? 256 : 2 * search->capacity;
    dq_node *nodes = realloc(search->nodes, capacity * sizeof(*nodes));
    dq_turning *turnings;

    if (nodes == NULL) {
        return false;
    }
    search->nodes = nodes;
    turnings = realloc(search->turnings, (capacity + 1) * sizeof(*turnings));
    if (turnings == NULL) {
        return false;
    }
    search->turnings = turnings;
    search->capacity = capacity;
    return true;
}

static void ask_again(dq_search *search, dq_choice *choice, unsigned service)
{
    const dq_node *node = &search->nodes[search->searcher.at];

    if (node->choice.kind != choice->kind || node->choice.options != choice->options ||
        node->service != service) {
        fail(search, DQ_SEARCH_DIVERGED, choice);
        return;
    }
    choice->answer = node->choice.answer;
}

/* The answers that an earlier pass has left to this one. False: what is asked is something else. */
static bool take_turning(dq_search *search, dq_choice *choice, unsigned service)
{
    const dq_turning *turning = &search->way.turnings[search->turned];

    if (turning->at != search->count) {
        return true;
    }
    if (turning->kind != choice->kind || turning->options != choice->options ||
        turning->service != service) {
        fail(search, DQ_SEARCH_DIVERGED, choice);
        return false;
    }
    choice->answer = turning->answer;
    search->turned++;
    return true;
}

static void ask_first(dq_search *search, dq_choice *choice, unsigned service)
{
    if (search->count == search->capacity && !enlarge(search)) {
        fail(search, DQ_SEARCH_SHORT_OF_MEMORY, choice);
        return;
    }
    if (search->turned < search->way.count && !take_turning(search, choice, service)) {
        return;
    }
    search->nodes[search->count] = (dq_node){ .choice = *choice, .service = (uint16_t)service };
    pay(search, search->count);
    search->count++;
}

static void answer(dq_searcher *searcher, dq_processor *cpu, dq_choice *choice)
{
    dq_search *search = (dq_search *)searcher;
    const unsigned service = cpu->execution->service;

    choice->answer = 0;
    if (search->error != DQ_SEARCH_GOES_ON) {
        return;
    }
    if (search->searcher.at == DQ_CHOICES_KEPT) {
        search->left_rest = true;
        return;
    }
    if (search->searcher.at < search->count) {
        ask_again(search, choice, service);
    } else {
        ask_first(search, choice, service);
    }
    search->searcher.at++;
}

static unsigned touch(dq_searcher *searcher, dq_processor *cpu, const void *address, size_t bytes,
                      unsigned flags)
{
    dq_search *search = (dq_search *)searcher;

    if (!searcher->hears) {
        searcher->hears = true;
        search->sharing.grew = true; /* So far nobody has told of what services touch. */
    }
    if (dq_sharing_touch(&search->sharing, cpu, address, bytes, flags)) {
        return DQ_TOUCH_BRANCHES | DQ_TOUCH_MEETS;
    }
    return (searcher->noticed & DQ_NOTICE_UNSEEN) != 0 ? DQ_TOUCH_BRANCHES : 0;
}

static bool keeps_order(const dq_search *search)
{
    return search->searcher.hears && !search->searcher.exhaustive;
}

/* Where other shards go some of the ways, what was met does not count. */
static void arrive(dq_searcher *searcher, uint64_t state)
{
    dq_search *search = (dq_search *)searcher;

    if (!dq_shard_has_all(search)) {
        return;
    }
    if (dq_met_before(&search->met, state, &search->used, &search->price)) {
        search->met_at = search->count;
        search->has_met = true;
        searcher->frontier = SIZE_MAX;
    }
}

/* What was taken as nobody else's may not be. */
static void notice(dq_searcher *searcher, dq_notice what)
{
    dq_search *search = (dq_search *)searcher;

    searcher->noticed |= what;
    search->sharing.grew = true;
}

/* ---- From one run to the next ---------------------------------------------------------------- */

void dq_search_start(dq_search *search)
{
    memset(search, 0, sizeof(*search));
    search->searcher.answer = answer;
    search->searcher.touch = touch;
    search->searcher.notice = notice;
    search->searcher.arrive = arrive;
}

void dq_search_stop(dq_search *search)
{
    dq_sharing_stop(&search->sharing);
    dq_order_stop(&search->order);
    dq_met_stop(&search->met);
    dq_frontier_stop(&search->frontier);
    free(search->nodes);
    free(search->turnings);
    search->nodes = NULL;
    search->turnings = NULL;
    search->count = 0;
    search->capacity = 0;
}

/* What is not limited does not count where a state was met: but it does if later passes, in which
 * more of a slower bound is allowed (passes.c), limit it again. */
static void set_limit(dq_search *search, const dq_bounds *limit)
{
    bool is_last = true;

    search->limit = *limit;
    search->price = *limit;
    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        if (!is_last && limit->of[bound] == DQ_UNBOUNDED) {
            search->price.of[bound] = DQ_UNBOUNDED - 1;
        }
        is_last = is_last && limit->of[bound] == search->last.of[bound];
    }
}

static void forget_way(dq_search *search)
{
    search->way = (dq_way){ .count = 0 };
    search->turned = 0;
    search->floor = 0;
}

void dq_search_begin(dq_search *search, const dq_bounds *limit)
{
    set_limit(search, limit);
    search->searcher.same = 0;
    search->count = 0;
    search->depth = 0;
    search->deviations = 0;
    forget_way(search);
    memset(&search->used, 0, sizeof(search->used));
    memset(search->cut, 0, sizeof(search->cut));
    search->is_new = true;
    dq_frontier_clear(&search->frontier);
    dq_met_clear(&search->met);
}

/* So many choices have their answers before the run begins. */
static size_t length_given(const dq_search *search)
{
    return search->count > search->floor ? search->count : search->floor;
}

void dq_search_begin_run(dq_search *search)
{
    dq_sharing_begin_run(&search->sharing);
    dq_order_begin_run(&search->order);
    search->searcher.order = keeps_order(search) ? &search->order : NULL;
    search->searcher.frontier = search->is_new ? length_given(search) : SIZE_MAX;
    search->searcher.at = 0;
    search->searcher.releases =
        search->searcher.unreduced || (search->searcher.noticed & DQ_NOTICE_TRIED) != 0;
    search->is_new = false;
    search->has_met = false;
    search->error = DQ_SEARCH_GOES_ON;
}

/* Leaves the answer to the last choice to a pass that can afford it, if there will be one. */
static void set_aside(dq_search *search, const dq_choice *choice, unsigned answer)
{
    dq_way way = { .used = search->used,
                   .count = search->deviations + 1,
                   .turnings = search->turnings };

    way.used.of[choice->bound]++;
    if (way.used.of[choice->bound] > search->last.of[choice->bound]) {
        search->frontier.beyond[choice->bound] = true;
        return;
    }
    search->turnings[search->deviations] = turning_at(search, search->count - 1, answer);
    dq_frontier_leave(&search->frontier, &way);
}

/* The next affordable answer of the last choice. */
static bool turn(dq_search *search, dq_choice *choice)
{
    pay_back(search, choice);
    for (unsigned next = choice->answer + 1u; next < choice->options; next++) {
        const bool affordable = is_affordable(search, choice, next);

        search->cut[choice->bound] = search->cut[choice->bound] || !affordable;
        if (!dq_shard_goes(search, search->count - 1, next)) {
            continue;
        }
        if (affordable) {
            choice->answer = (uint8_t)next;
            pay(search, search->count - 1);
            return true;
        }
        set_aside(search, choice, next);
    }
    return false;
}

bool dq_search_is_begun_again(dq_search *search)
{
    const dq_bounds limit = search->limit;

    if (!search->sharing.grew) {
        return false;
    }
    search->sharing.grew = false;
    search->searcher.anew = true;
    dq_search_begin(search, &limit);
    return true;
}

/* ---- Ways that were left to this pass -------------------------------------------------------- */

static unsigned answer_at(const dq_way *way, size_t turned, size_t at)
{
    return turned < way->count && way->turnings[turned].at == at ? way->turnings[turned].answer : 0;
}

/* As far as the latest run went the same way, and one choice further, its choices stand. */
static void go_back_to(dq_search *search, const dq_way *way)
{
    const size_t length = way->turnings[way->count - 1].at + 1;

    search->way = *way;
    search->floor = length;
    search->turned = 0;
    search->deviations = 0;
    memset(&search->used, 0, sizeof(search->used));
    search->searcher.same = 0;
    for (search->count = 0; search->count < search->depth && search->count < length;) {
        dq_choice *choice = &search->nodes[search->count].choice;
        const unsigned wanted = answer_at(way, search->turned, search->count);
        const bool same = choice->answer == wanted;

        choice->answer = (uint8_t)wanted;
        pay(search, search->count);
        search->turned += wanted != 0;
        search->count++;
        if (!same) {
            return;
        }
        search->searcher.same = search->count;
    }
}

static bool take_up(dq_search *search)
{
    dq_way way;

    if (!dq_frontier_next(&search->frontier, &way)) {
        return false;
    }
    go_back_to(search, &way);
    return true;
}

bool dq_search_go_on(dq_search *search, const dq_bounds *limit)
{
    bool cut[DQ_BOUND_COUNT] = { false };

    if (!dq_frontier_take(&search->frontier, limit, cut)) {
        dq_search_begin(search, limit);
        return true;
    }
    set_limit(search, limit);
    memcpy(search->cut, cut, sizeof(cut));
    search->is_new = true;
    return take_up(search);
}

/* ---- The next run ---------------------------------------------------------------------------- */

bool dq_search_advance(dq_search *search)
{
    search->depth = search->count;
    search->searcher.anew = false;
    search->is_new = true;
    if (search->has_met) {
        search->count = search->met_at; /* From there on, all ways have been gone. */
    }
    while (search->count > search->floor) {
        if (turn(search, &search->nodes[search->count - 1].choice)) {
            search->searcher.same = search->count - 1;
            return true;
        }
        search->count--;
    }
    return take_up(search);
}

/* ---- The end in the middle of a pass --------------------------------------------------------- */

/* Behind the last answer other than 0, the present run has decided nothing. */
static void drop_undecided(dq_search *search)
{
    while (search->count > search->floor &&
           search->nodes[search->count - 1].choice.answer == 0) {
        search->count--;
    }
}

static void leave_present(dq_search *search)
{
    const dq_way way = search->count > search->floor
                           ? (dq_way){ .used = search->used,
                                       .count = search->deviations,
                                       .turnings = search->turnings }
                           : search->way;

    dq_frontier_leave(&search->frontier, &way);
}

/* The present run itself, with all that is behind it, and what else is to be run of the choices
 * that led there. */
bool dq_search_lay_down(dq_search *search)
{
    drop_undecided(search);
    if (search->count <= search->floor && search->way.count == 0) {
        return false; /* It is at the root. */
    }
    leave_present(search);
    while (search->count > search->floor) {
        if (turn(search, &search->nodes[search->count - 1].choice)) {
            leave_present(search);
        } else {
            search->count--;
        }
    }
    search->is_laid_down = !search->frontier.is_lost;
    return search->is_laid_down;
}

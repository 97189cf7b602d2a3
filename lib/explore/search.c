/*
 * search.c - depth first over the log of choices.
 */
#include "explore/search.h"

#include <stdlib.h>
#include <string.h>

static bool costs(const dq_choice *choice, unsigned answer)
{
    return (choice->costly >> answer & 1) != 0;
}

static bool is_affordable(dq_search *search, const dq_choice *choice, unsigned answer)
{
    if (!costs(choice, answer) || search->used.of[choice->bound] < search->limit.of[choice->bound]) {
        return true;
    }
    search->cut[choice->bound] = true;
    return false;
}

static void pay(dq_search *search, const dq_choice *choice)
{
    search->deviations += choice->answer != 0;
    search->used.of[choice->bound] += costs(choice, choice->answer);
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
    }
}

static bool reserve(dq_search *search)
{
    const size_t capacity = search->capacity == 0 ? 256 : 2 * search->capacity;
    dq_node *nodes;

    if (search->count < search->capacity) {
        return true;
    }
    nodes = realloc(search->nodes, capacity * sizeof(*nodes));
    if (nodes == NULL) {
        return false;
    }
    search->nodes = nodes;
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

static void ask_first(dq_search *search, const dq_choice *choice, unsigned service)
{
    if (!reserve(search)) {
        fail(search, DQ_SEARCH_SHORT_OF_MEMORY, choice);
        return;
    }
    search->nodes[search->count++] = (dq_node){ .choice = *choice, .service = (uint16_t)service };
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

/* Behind the first answer other than 0, a shard goes all ways; before, other shards go some. */
static void arrive(dq_searcher *searcher, uint64_t state)
{
    dq_search *search = (dq_search *)searcher;

    if (search->shards > 1 && search->deviations == 0) {
        return;
    }
    if (dq_met_before(&search->met, state, &search->used, &search->limit)) {
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
    free(search->nodes);
    search->nodes = NULL;
    search->count = 0;
    search->capacity = 0;
}

void dq_search_begin(dq_search *search, const dq_bounds *limit)
{
    search->searcher.same = 0;
    search->count = 0;
    search->depth = 0;
    search->limit = *limit;
    search->deviations = 0;
    memset(&search->used, 0, sizeof(search->used));
    memset(search->cut, 0, sizeof(search->cut));
    search->is_new = true;
    dq_met_clear(&search->met);
}

void dq_search_begin_run(dq_search *search)
{
    dq_sharing_begin_run(&search->sharing);
    dq_order_begin_run(&search->order);
    search->searcher.order = keeps_order(search) ? &search->order : NULL;
    search->searcher.frontier = search->is_new ? search->count : SIZE_MAX;
    search->searcher.at = 0;
    search->is_new = false;
    search->has_met = false;
    search->error = DQ_SEARCH_GOES_ON;
}

static bool is_ours(const dq_search *search, size_t at, unsigned answer)
{
    return search->shards <= 1 || search->deviations > 0 ||
           (at + answer) % search->shards == search->shard;
}

/* The next affordable answer of the last choice. */
static bool turn(dq_search *search, dq_choice *choice)
{
    pay_back(search, choice);
    for (unsigned next = choice->answer + 1u; next < choice->options; next++) {
        if (is_affordable(search, choice, next) && is_ours(search, search->count - 1, next)) {
            choice->answer = (uint8_t)next;
            pay(search, choice);
            return true;
        }
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

bool dq_search_advance(dq_search *search)
{
    search->depth = search->count;
    search->searcher.anew = false;
    search->is_new = true;
    if (search->has_met) {
        search->count = search->met_at; /* From there on, all ways have been gone. */
    }
    while (search->count > 0) {
        if (turn(search, &search->nodes[search->count - 1].choice)) {
            search->searcher.same = search->count - 1;
            return true;
        }
        search->count--;
    }
    return false;
}

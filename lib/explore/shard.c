/*
 * shard.c - adds up early answers and their places.
 */
#include "explore/shard.h"

#include "explore/search.h"

/* So many early ways for each shard: where the choices are between two, one shard of two has them
 * within 8 % of half of the schedules, and one of eight within 10 % of an eighth. */
enum { EARLY_WAYS_PER_SHARD = 16 };

/* So many choices of the present run are early. Those behind `count` are not known. */
static size_t early_end(const dq_search *search)
{
    const size_t enough = (size_t)EARLY_WAYS_PER_SHARD * search->shards;
    size_t ways = 1, at = 0;

    while (at < search->count && ways < enough) {
        ways *= search->nodes[at++].choice.options;
    }
    return ways < enough ? SIZE_MAX : at;
}

static unsigned owner_by(const dq_search *search, size_t sum)
{
    return (unsigned)(sum % search->shards);
}

/* By the answers that are given. False: all are 0. */
static bool find_owner(const dq_search *search, size_t end, unsigned *owner)
{
    size_t sum = 0;

    for (size_t i = 0; i < search->deviations; i++) {
        const dq_turning *turning = &search->turnings[i];

        if (i > 0 && turning->at >= end) {
            break;
        }
        sum += turning->at + turning->answer;
    }
    *owner = owner_by(search, sum);
    return search->deviations > 0;
}

bool dq_shard_goes(const dq_search *search, size_t at, unsigned answer)
{
    size_t end;
    unsigned owner;

    if (search->shards <= 1) {
        return true;
    }
    end = early_end(search);
    if (at < end) {
        return true;
    }
    return (find_owner(search, end, &owner) ? owner : owner_by(search, at + answer)) ==
           search->shard;
}

bool dq_shard_counts(const dq_search *search)
{
    unsigned owner = 0;

    if (search->shards <= 1) {
        return true;
    }
    return (find_owner(search, early_end(search), &owner) ? owner : 0) == search->shard;
}

bool dq_shard_has_all(const dq_search *search)
{
    size_t end;
    unsigned owner;

    if (search->shards <= 1) {
        return true;
    }
    end = early_end(search);
    return end <= search->count && find_owner(search, end, &owner) && owner == search->shard;
}

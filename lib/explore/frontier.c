/*
 * frontier.c - two lists of ways: those that wait, and those of the present pass.
 */
#include "explore/frontier.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_AT_FIRST = 4096, BYTES_MAX = 1 << 22 }; /* Of each list. */

/* What stands in front of its turnings. */
typedef struct head {
    dq_bounds used;
    size_t count;
} head;

static void drop(dq_ways *ways)
{
    free(ways->bytes);
    *ways = (dq_ways){ NULL, 0, 0 };
}

void dq_frontier_stop(dq_frontier *frontier)
{
    drop(&frontier->waiting);
    drop(&frontier->present);
    free(frontier->order);
    *frontier = (dq_frontier){ .order = NULL };
}

void dq_frontier_clear(dq_frontier *frontier)
{
    frontier->waiting.used = 0;
    frontier->begun = 0;
    frontier->present.used = 0;
    frontier->count = frontier->next = 0;
    memset(frontier->beyond, 0, sizeof(frontier->beyond));
    frontier->is_lost = false;
}

/* ---- Lists ----------------------------------------------------------------------------------- */

/* A multiple of what aligns a head. */
static size_t bytes_of(size_t turnings)
{
    const size_t bytes = sizeof(head) + turnings * sizeof(dq_turning);

    return (bytes + sizeof(size_t) - 1) / sizeof(size_t) * sizeof(size_t);
}

static const head *head_of(const unsigned char *way)
{
    return (const head *)(const void *)way;
}

static const dq_turning *turnings_of(const unsigned char *way)
{
    return (const dq_turning *)(const void *)(way + sizeof(head));
}

/* Room for another way. NULL: there is none. */
static unsigned char *add(dq_ways *ways, size_t bytes)
{
    size_t capacity = ways->capacity == 0 ? BYTES_AT_FIRST : ways->capacity;
    unsigned char *larger;

    while (capacity - ways->used < bytes && capacity <= BYTES_MAX) {
        capacity *= 2;
    }
    if (capacity > BYTES_MAX) {
        return NULL;
    }
    if (capacity > ways->capacity) {
        larger = realloc(ways->bytes, capacity);
        if (larger == NULL) {
            return NULL;
        }
        ways->bytes = larger;
        ways->capacity = capacity;
    }
    ways->used += bytes;
    return ways->bytes + ways->used - bytes;
}

void dq_frontier_leave(dq_frontier *frontier, const dq_way *way)
{
    const head front = { .used = way->used, .count = way->count };
    unsigned char *room = frontier->is_lost ? NULL : add(&frontier->waiting, bytes_of(way->count));

    if (room == NULL) {
        frontier->is_lost = true;
        return;
    }
    memcpy(room, &front, sizeof(front));
    memcpy(room + sizeof(front), way->turnings, way->count * sizeof(*way->turnings));
}

/* ---- Order ----------------------------------------------------------------------------------- */

/* A depth-first search comes first to the one that has 0 where they part. */
static int compare(const unsigned char *a, const unsigned char *b)
{
    const dq_turning *of_a = turnings_of(a), *of_b = turnings_of(b);
    const size_t count_a = head_of(a)->count, count_b = head_of(b)->count;

    for (size_t i = 0; i < count_a && i < count_b; i++) {
        if (of_a[i].at != of_b[i].at) {
            return of_a[i].at > of_b[i].at ? -1 : 1;
        }
        if (of_a[i].answer != of_b[i].answer) {
            return of_a[i].answer < of_b[i].answer ? -1 : 1;
        }
    }
    return (count_a > count_b) - (count_a < count_b);
}

static int compare_places(const void *a, const void *b)
{
    return compare(*(const unsigned char *const *)a, *(const unsigned char *const *)b);
}

/* Ways that one pass has left lie in order already; those of several may not. */
static bool arrange(dq_frontier *frontier, size_t count)
{
    const unsigned char **order =
        count > 0 ? realloc(frontier->order, count * sizeof(*order)) : frontier->order;
    bool in_order = true;

    if (count > 0 && order == NULL) {
        return false;
    }
    frontier->order = order;
    for (size_t i = 0, at = 0; i < count; i++) {
        order[i] = frontier->present.bytes + at;
        at += bytes_of(head_of(order[i])->count);
        in_order = in_order && (i == 0 || compare(order[i - 1], order[i]) < 0);
    }
    if (!in_order) {
        qsort(order, count, sizeof(*order), compare_places);
    }
    frontier->count = count;
    return true;
}

/* ---- Passes ---------------------------------------------------------------------------------- */

static bool is_within(const dq_bounds *used, const dq_bounds *limit, bool cut[DQ_BOUND_COUNT])
{
    bool within = true;

    for (unsigned bound = DQ_BOUND_PREEMPTION; bound < DQ_BOUND_COUNT; bound++) {
        if (used->of[bound] > limit->of[bound]) {
            cut[bound] = true;
            within = false;
        }
    }
    return within;
}

/* How many there are. */
static size_t sort_out(dq_frontier *frontier, const dq_bounds *limit, bool cut[DQ_BOUND_COUNT])
{
    dq_ways *waiting = &frontier->waiting;
    const size_t end = waiting->used;
    size_t count = 0;

    waiting->used = 0;
    for (size_t at = 0, bytes; at < end; at += bytes) {
        const unsigned char *way = waiting->bytes + at;
        const bool within = is_within(&head_of(way)->used, limit, cut);
        unsigned char *room;

        bytes = bytes_of(head_of(way)->count);
        room = add(within ? &frontier->present : waiting, bytes);
        if (room == NULL) {
            frontier->is_lost = true;
            break;
        }
        memmove(room, way, bytes);
        count += within;
    }
    return count;
}

bool dq_frontier_take(dq_frontier *frontier, const dq_bounds *limit, bool cut[DQ_BOUND_COUNT])
{
    size_t count;

    frontier->present.used = 0;
    frontier->count = frontier->next = 0;
    if (frontier->is_lost) {
        return false;
    }
    count = sort_out(frontier, limit, cut);
    if (frontier->is_lost || !arrange(frontier, count)) {
        return false;
    }
    frontier->begun = frontier->waiting.used;
    for (unsigned bound = 0; bound < DQ_BOUND_COUNT; bound++) {
        cut[bound] = cut[bound] || frontier->beyond[bound];
    }
    return true;
}

static dq_way way_at(const unsigned char *place)
{
    return (dq_way){ .used = head_of(place)->used,
                     .count = head_of(place)->count,
                     .turnings = turnings_of(place) };
}

static void visit_list(const unsigned char *bytes, size_t end,
                       void (*visit)(void *owner, const dq_way *way), void *owner)
{
    for (size_t at = 0; at < end;) {
        const dq_way way = way_at(bytes + at);

        visit(owner, &way);
        at += bytes_of(way.count);
    }
}

void dq_frontier_visit(const dq_frontier *frontier, void (*visit)(void *owner, const dq_way *way),
                       void *owner)
{
    visit_list(frontier->present.bytes, frontier->present.used, visit, owner);
    visit_list(frontier->waiting.bytes, frontier->begun, visit, owner);
}

void dq_frontier_visit_rest(const dq_frontier *frontier,
                            void (*visit)(void *owner, const dq_way *way), void *owner)
{
    for (size_t i = frontier->next; i < frontier->count; i++) {
        const dq_way way = way_at(frontier->order[i]);

        visit(owner, &way);
    }
    visit_list(frontier->waiting.bytes, frontier->waiting.used, visit, owner);
}

bool dq_frontier_next(dq_frontier *frontier, dq_way *way)
{
    if (frontier->next == frontier->count) {
        return false;
    }
    *way = way_at(frontier->order[frontier->next++]);
    return true;
}

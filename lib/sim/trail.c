/*
 * trail.c - a list of the places of the latest run, by the order in which it came to them.
 */
#include "sim/trail.h"

#include <stdlib.h>

#include "sim/machine.h"

/* A run that loops must not take all memory before it is found out; 80 MB or so. */
static const size_t steps_max = (size_t)1 << 20;

bool dq_trail_enlarge(dq_trail *trail)
{
    const size_t capacity = trail->capacity == 0 ? 256 : 2 * trail->capacity;
    dq_trail_step *steps;

    if (capacity > steps_max) {
        return false;
    }
    steps = realloc(trail->steps, capacity * sizeof(*steps));
    if (steps == NULL) {
        return false;
    }
    trail->steps = steps;
    trail->capacity = capacity;
    return true;
}

void dq_trail_begin(dq_trail *trail, const dq_searcher *searcher)
{
    trail->count = searcher->anew ? 0 : trail->count;
    while (trail->count > 0 && trail->steps[trail->count - 1].answers > searcher->same) {
        trail->count--;
    }
}

void dq_trail_forget(dq_trail *trail)
{
    free(trail->steps);
    *trail = (dq_trail){ 0 };
}

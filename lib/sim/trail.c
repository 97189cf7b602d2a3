/*
 * trail.c - a list of the places of the latest run, by the order in which it came to them.
 */
#include "sim/trail.h"

#include <stdlib.h>

#include "sim/machine.h"

/* A run that loops must not take all memory before it is found out; 80 MB or so. */
static const size_t steps_max = (size_t)1 << 20;

static bool make_room(dq_trail *trail)
{
    const size_t capacity = trail->capacity == 0 ? 256 : 2 * trail->capacity;
    dq_trail_step *steps;

    if (trail->count < trail->capacity) {
        return true;
    }
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

void dq_trail_leave(const dq_processor *cpu, const dq_processor *next)
{
    dq_machine *machine = cpu->machine;
    const dq_choice_log *log = &machine->choices;
    const dq_execution *execution = cpu->execution;

    if (machine->trail_at != machine->trail.count || !make_room(&machine->trail)) {
        return; /* The next run will ask from here on. */
    }
    machine->trail_at++;
    machine->trail.steps[machine->trail.count++] =
        (dq_trail_step){ .calls = execution->calls,
                         .service = (uint16_t)execution->service,
                         .processor = cpu->number,
                         .next = next != NULL ? next->number : DQ_TRAIL_NOBODY,
                         .pinned_answer = execution->pinned_answer,
                         .pinned = execution->pinned,
                         .answers = (uint32_t)log->searcher->at,
                         .asked = (uint32_t)log->asked,
                         .logged = (uint32_t)log->count,
                         .turns = machine->turns };
}

void dq_trail_forget(dq_trail *trail)
{
    free(trail->steps);
    *trail = (dq_trail){ 0 };
}

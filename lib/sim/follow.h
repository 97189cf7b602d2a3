/*
 * follow.h - going along the trail that the run before has left (trail.h), and leaving one.
 */
#ifndef DQ_FOLLOW_H
#define DQ_FOLLOW_H

#include "sim/machine.h"

/* Where an execution of `cpu` comes to: that service, after so many calls. */
static inline uint64_t dq_trail_place(const dq_processor *cpu, dq_service service, uint32_t calls)
{
    return (uint64_t)cpu->number << 48 | (uint64_t)service << 32 | calls;
}

/* The next place on the trail, if it is the one that what runs on `cpu` has come to; else NULL. Two
 * threads of one processor may well come to the same place. */
static inline const dq_trail_step *dq_trail_ahead(const dq_machine *machine,
                                                  const dq_processor *cpu, dq_service service,
                                                  uint32_t calls)
{
    const dq_trail_step *step = &machine->trail.steps[machine->trail_at];

    return machine->trail_at < machine->trail.count &&
                   step->place == dq_trail_place(cpu, service, calls) &&
                   step->ordinal == cpu->execution->ordinal
               ? step
               : NULL;
}

/* What was done at the place is done again. The entries of the log are still those of the run
 * before. */
static inline void dq_trail_follow(dq_machine *machine, const dq_trail_step *step)
{
    machine->trail_at++;
    machine->choices.searcher->at = step->answers;
    machine->choices.asked = step->asked;
    machine->choices.count = step->logged;
    machine->turns = step->turns;
}

/* Remembers what came of the place. `next` is NULL if nobody could go on. */
static inline void dq_trail_leave(const dq_processor *cpu, const dq_processor *next, bool is_short)
{
    dq_machine *machine = cpu->machine;
    dq_trail *trail = &machine->trail;
    const dq_choice_log *log = &machine->choices;
    const dq_execution *execution = cpu->execution;
    dq_trail_step *step;

    if (machine->trail_at != trail->count ||
        (trail->count == trail->capacity && !dq_trail_enlarge(trail))) {
        return; /* The next run will ask from here on. */
    }
    step = &trail->steps[trail->count++];
    machine->trail_at++;
    step->place = dq_trail_place(cpu, execution->service, execution->calls);
    step->ordinal = execution->ordinal;
    step->next = next != NULL ? next->number : DQ_TRAIL_NOBODY;
    step->pinned_answer = execution->pinned_answer;
    step->pinned = execution->pinned;
    step->is_short = is_short;
    step->answers = (uint32_t)log->searcher->at;
    step->asked = (uint32_t)log->asked;
    step->logged = (uint32_t)log->count;
    step->turns = machine->turns;
}

#endif

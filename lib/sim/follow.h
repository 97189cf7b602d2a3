/*
 * follow.h - going along the trail that the run before has left (trail.h).
 */
#ifndef DQ_FOLLOW_H
#define DQ_FOLLOW_H

#include "sim/machine.h"

/* The next place on the trail, if it is the one that `cpu` has come to; else NULL. `calls`: of its
 * execution. */
static inline const dq_trail_step *dq_trail_ahead(const dq_machine *machine,
                                                  const dq_processor *cpu, dq_service service,
                                                  uint32_t calls)
{
    const dq_trail_step *step = &machine->trail.steps[machine->trail_at];

    return machine->trail_at < machine->trail.count && step->processor == cpu->number &&
                   step->service == service && step->calls == calls
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

#endif

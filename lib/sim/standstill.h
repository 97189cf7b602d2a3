/*
 * standstill.h - what schedulers do when no processor can go on.
 */
#ifndef DQ_STANDSTILL_H
#define DQ_STANDSTILL_H

#include "sim/machine.h"

static inline bool dq_has_interrupt(const dq_processor *cpu)
{
    return (cpu->attention & DQ_ATTEND_LEVELS & (~1u << cpu->irql)) != 0;
}

static inline bool dq_can_run(const dq_processor *cpu)
{
    if (dq_has_interrupt(cpu)) {
        return true;
    }
    if (cpu->spin_blocked) {
        return false;
    }
    if (cpu->idle) {
        return (cpu->attention & DQ_ATTEND_SWITCH) != 0;
    }
    return true;
}

/* Nobody can run: put-off interrupts arrive, or time goes on to the next deadline. If there is
 * none, or only periodic ones for long, that is a finding. */
void dq_move_the_world(dq_processor *cpu);

/* For who ends a run from outside: what every processor does, who waits for what, and what cannot
 * come, each behind a new line. To be freed; NULL: short of memory. */
char *dq_standstill_describe_all(dq_machine *machine);

/* Live: writes down that nobody outside did anything for `quiet_ns` of the host's time. */
void dq_standstill_note(dq_processor *cpu, uint64_t quiet_ns);

#endif

/*
 * visit.c - a host thread enters the monitor of a live machine from outside.
 *
 * It gets a processor of its own for the time, which refuses services as a device's does: so
 * nothing is delivered on its stack, and no finding tries to leave by it.
 */
#include "sim/visit.h"

#include "sim/live.h"

static dq_visit_answer enter(dq_machine *machine)
{
    if (machine->options.mode != DQ_MODE_LIVE) {
        return machine->stopping ? DQ_VISIT_OVER : DQ_VISIT_OTHER_MODE;
    }
    if (dq_live_of(machine) == NULL) {
        return DQ_VISIT_OVER; /* It was refused. */
    }
    dq_monitor_enter(machine);
    if (machine->monitor.over) {
        dq_monitor_leave(machine);
        return DQ_VISIT_OVER;
    }
    machine->progress++;
    return DQ_VISIT_INSIDE;
}

dq_visit_answer dq_visit_begin(dq_visit *visit, uintptr_t generation)
{
    bool was_there;
    dq_visit_answer answer;

    visit->caller = dq_self;
    visit->machine = dq_machine_hold(generation, &was_there);
    if (visit->machine == NULL) {
        return was_there ? DQ_VISIT_OVER : DQ_VISIT_UNKNOWN;
    }
    answer = enter(visit->machine);
    if (answer == DQ_VISIT_INSIDE) {
        visit->execution =
            (dq_execution){ .kind = DQ_EXECUTION_DEVICE, .name = "host thread" };
        visit->cpu = (dq_processor){ .attention = DQ_ATTEND_REFUSE,
                                     .execution = &visit->execution,
                                     .machine = visit->machine,
                                     .live = visit->machine };
        dq_self = &visit->cpu;
    }
    return answer;
}

void dq_visit_end(dq_visit *visit)
{
    const bool inside = dq_self == &visit->cpu;

    dq_self = visit->caller;
    if (inside) {
        dq_monitor_leave(visit->machine);
    }
    if (visit->machine != NULL) {
        dq_machine_let_go(visit->machine);
    }
}

void dq_visit_speak_for(dq_visit *visit, uint64_t processors)
{
    const dq_processor *other = &visit->machine->processors[__builtin_ctzll(processors)];

    visit->cpu.number = other->number;
    visit->cpu.irql = other->irql;
    visit->cpu.sink_kinds = other->sink_kinds;
    visit->cpu.attention |= other->attention & DQ_ATTEND_SINKS;
}

void dq_visit_end_run(dq_visit *visit)
{
    dq_live_end(visit->machine);
}

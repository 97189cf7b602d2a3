/*
 * standin.c - the idle loop (task.c) for the cases in which it is short.
 */
#include "sim/standin.h"

#include "sim/standstill.h"

/* And all have idle loops: making one frees the stacks of threads that have ended, which may be the
 * one that runs. */
static bool another_can_run(const dq_processor *cpu)
{
    const dq_machine *machine = cpu->machine;
    bool can = false;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        const dq_processor *other = &machine->processors[i];

        if (other->idle_task == NULL) {
            return false;
        }
        can = can || (other != cpu && dq_can_run(other));
    }
    return can;
}

static void wake_up(dq_processor *cpu)
{
    cpu->irql = DQ_LEVEL_PASSIVE;
    dq_emit(cpu, RESUME, NULL, DQ_LEVEL_PASSIVE, 0, 0);
}

bool dq_standin_rests(dq_processor *cpu)
{
    const dq_machine *machine = cpu->machine;

    if (!cpu->parked || (cpu->attention & (DQ_ATTEND_LEVELS | DQ_ATTEND_SWITCH)) != 0 ||
        machine->intc.deferred > 0 || machine->delays_left > 0 || !machine->hooks->is_quiet(cpu) ||
        !another_can_run(cpu)) {
        return false;
    }
    wake_up(cpu);
    cpu->idle = true;
    return true;
}

bool dq_standin_switches(dq_processor *cpu)
{
    const dq_machine *machine = cpu->machine;

    if (cpu->task != cpu->idle_task || !cpu->parked ||
        (cpu->attention & (DQ_ATTEND_LEVELS | DQ_ATTEND_SWITCH)) != DQ_ATTEND_SWITCH ||
        !machine->hooks->only_switches(cpu)) {
        return false;
    }
    cpu->idle = false;
    wake_up(cpu);
    cpu->irql = DQ_LEVEL_DISPATCH;
    machine->hooks->dispatch(cpu);
    return true;
}

/*
 * poll.c - finds loops that only look, and lets time pass for them.
 */
#include "sim/poll.h"

#include "sim/outlook.h"

/* More than any loop has that gives up in the end. */
enum { ROUNDS_FOR_EVER = 4 * 1000 * 1000 };

bool dq_polls_again(dq_execution *execution, uint64_t look)
{
    enum { LOOKS_MAX = 8 }; /* In one round. */

    execution->polls_alone = false;
    if (look == 0) {
        execution->polled_at = 0;
        execution->rounds = 0;
    } else if (execution->polled_at == look) {
        execution->polls = 0;
        execution->rounds++;
        execution->polls_alone = execution->rounds >= DQ_POLL_ROUNDS;
        return true;
    } else if (execution->polled_at == 0 || ++execution->polls == LOOKS_MAX) {
        execution->polled_at = look;
        execution->polls = 0;
        execution->rounds = 0;
    }
    return false;
}

static void report(dq_processor *cpu)
{
    char name[96];

    dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "livelock" },
            "livelock in `%s`, IRQL %u: it looks at memory again and again, and nobody is there to "
            "change it: nothing else can run, and no timer or device is due.",
            dq_execution_describe(cpu->execution, name, sizeof(name)), cpu->irql);
}

dq_processor *dq_poll_alone(dq_processor *cpu)
{
    const dq_machine *machine = cpu->machine;

    if ((dq_look_at_all(machine).runnable & ~(1ull << cpu->number)) != 0 ||
        machine->intc.deferred > 0 || machine->contenders > 0) {
        return cpu;
    }
    if (dq_clock_next_ns(machine) != UINT64_MAX) {
        return dq_clock_charge(cpu);
    }
    if (cpu->execution->rounds >= ROUNDS_FOR_EVER) {
        report(cpu);
    }
    return cpu;
}

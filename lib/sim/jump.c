/*
 * jump.c - says which routine was left, as far as that can be known.
 */
#include "sim/jump.h"

#include <stdio.h>

/* Is it what it was? Other code may have used its memory since. */
static bool is_whole(const dq_processor *cpu, const dq_execution *execution)
{
    const dq_machine *machine = cpu->machine;

    return execution->kind != DQ_EXECUTION_IDLE && execution->kind <= DQ_EXECUTION_DEVICE &&
           execution->ordinal > cpu->task->execution.ordinal &&
           execution->ordinal <= machine->executions &&
           execution->begun_ns <= machine->clock.now_ns &&
           (execution->below == &cpu->task->execution || execution->below > execution);
}

static void describe(const dq_processor *cpu, char *text, size_t bytes)
{
    dq_execution left = *cpu->execution;

    if (is_whole(cpu, cpu->execution)) {
        left.name = NULL; /* It may be in memory that is gone, too. */
        dq_execution_describe(&left, text, bytes);
    } else {
        snprintf(text, bytes, "%s", "an ISR, a DPC or another routine that the kernel has called");
    }
}

/* Down to one that is still there. The task's own always is. */
static dq_execution *still_there(dq_processor *cpu, const void *frame)
{
    while (dq_is_left(cpu, frame)) {
        cpu->execution =
            is_whole(cpu, cpu->execution) ? cpu->execution->below : &cpu->task->execution;
    }
    return cpu->execution;
}

void dq_find_left(dq_processor *cpu, const void *frame, dq_service service, const void *place)
{
    char name[160];
    dq_execution *execution;

    describe(cpu, name, sizeof(name));
    execution = still_there(cpu, frame);
    execution->service = service;
    execution->place = place;
    dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "jump" },
            "%s was left by longjmp(), or by an exception that was caught in the code below it. "
            "The kernel's part of it is gone: IRQL is still %u, and what comes after the routine "
            "was not done.",
            name, cpu->irql);
}

void dq_find_left_in_guest(const void *frame)
{
    DQ_INSIDE(dq_self->live);
    dq_find_left(dq_self, frame, DQ_SERVICE_NONE, NULL);
}

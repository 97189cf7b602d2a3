/*
 * standin.h - what an idle processor does, done by whoever comes by: without its stack.
 *
 * An idle processor mostly does no more than to switch to a thread that became ready, and to rest
 * when a thread waits or ends. Where processors take turns, that need not be done on the stack of
 * its idle loop: who gives it the turn switches to the thread at once, and who leaves it idle gives
 * the turn to another. It is still done in its name (dq_self, cpu->task, cpu->execution), in the
 * same order and with the same events. The idle loop stands where it rests meanwhile, and goes on
 * from there, or begins, as soon as there is more to do: a DPC, an interrupt, time that must pass.
 *
 * So the stack that runs is not always that of the processor's task. No guest code runs on it but
 * the task's own.
 */
#ifndef DQ_STANDIN_H
#define DQ_STANDIN_H

#include "sim/machine.h"

/* The stack that runs waits, and that of `to` goes on. */
static inline void dq_stand_on(dq_machine *machine, host_context *to)
{
    host_context *from = machine->standing;

    if (to != from) {
        machine->standing = to;
        host_context_switch(from, to);
    }
}

/* `cpu` has become idle, and would rest at once while others go on. Then it is at rest. */
bool dq_standin_rests(dq_processor *cpu);

/* `cpu` has the turn, is idle, and would only switch to a thread. Then this is done, and comes back
 * when the stack that ran goes on. False: its own stack must go on. */
bool dq_standin_switches(dq_processor *cpu);

#endif

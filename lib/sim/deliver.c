/*
 * deliver.c - raising and lowering, what is pending, and the one delivery loop.
 */
#include "sim/machine.h"

void dq_irql_raise(dq_processor *cpu, unsigned irql)
{
    dq_emit(cpu, IRQL_RAISE, NULL, cpu->irql, irql, 0);
    cpu->irql = (uint8_t)irql;
}

dq_processor *dq_irql_lower(dq_processor *cpu, unsigned irql)
{
    dq_emit(cpu, IRQL_LOWER, NULL, cpu->irql, irql, 0);
    cpu->irql = (uint8_t)irql;
    return dq_is_deliverable(cpu) ? dq_deliver(cpu) : cpu;
}

static unsigned highest(uint32_t levels)
{
    return 31u - (unsigned)__builtin_clz(levels);
}

dq_processor *dq_deliver(dq_processor *cpu)
{
    while (dq_is_deliverable(cpu)) {
        const uint32_t above = cpu->attention & DQ_ATTEND_LEVELS & (~1u << cpu->irql);
        const unsigned level = above != 0 ? highest(above) : DQ_LEVEL_DISPATCH;
        const uint8_t interrupted_irql = cpu->irql;
        const uint32_t executions = cpu->machine->executions;

        cpu->irql = (uint8_t)level;
        if (level == DQ_LEVEL_IPI) {
            dq_unpend(cpu, level);
            cpu->machine->hooks->ipi(cpu);
        } else if (level == DQ_LEVEL_HIGH) {
            dq_unpend(cpu, level);
            cpu->machine->hooks->nmi(cpu);
        } else if (level > DQ_LEVEL_DISPATCH) {
            dq_intc_take(cpu, level);
        } else {
            dq_unattend(cpu, 1u << level);
            if (level == DQ_LEVEL_DISPATCH) {
                cpu->machine->hooks->dispatch(cpu);
            } else {
                cpu->machine->hooks->apc(cpu);
            }
            cpu = dq_self; /* The thread may have been switched, and moved. */
        }
        cpu->irql = interrupted_irql;
        if (cpu->machine->executions != executions) {
            cpu->execution->left = true;
        }
        dq_emit(cpu, RESUME, NULL, interrupted_irql, 0, 0);
    }
    return cpu;
}

/* In an exploration: IRQL now matters on `target` to others than who raises it. Not if it does
 * nothing, or asks itself. */
static void note_demand(const dq_processor *target)
{
    dq_machine *machine = target->machine;
    const dq_execution *execution = target->execution;

    if (machine->choices.searcher == NULL || execution == NULL ||
        execution->kind == DQ_EXECUTION_IDLE || dq_choice_prepares(&machine->choices)) {
        return;
    }
    if (target != dq_self || execution->kind == DQ_EXECUTION_DEVICE) {
        dq_notice_of(machine, DQ_NOTICE_MASKED);
    }
}

void dq_pend(dq_processor *target, unsigned level)
{
    note_demand(target);
    dq_attend(target, 1u << level);
    target->machine->scheduler->wake(target);
}

void dq_unpend(dq_processor *target, unsigned level)
{
    dq_unattend(target, 1u << level);
}

void dq_want_switch(dq_processor *target)
{
    note_demand(target);
    dq_attend(target, DQ_ATTEND_SWITCH);
    target->machine->scheduler->wake(target);
}

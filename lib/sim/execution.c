/*
 * execution.c - what runs on a processor: its beginning, its end, and its name.
 */
#include "sim/access.h"
#include "sim/order.h"

#include <stdio.h>

static void begin_explored(dq_processor *cpu, dq_execution *execution)
{
    if (dq_order_is_kept(cpu->machine)) {
        dq_order_begin(cpu, execution);
    }
    if (execution->kind != DQ_EXECUTION_DEVICE) {
        dq_access_look(cpu->machine, execution, execution->routine);
    }
}

static bool is_done_by_thread(dq_execution_kind kind)
{
    return kind == DQ_EXECUTION_THREAD || kind == DQ_EXECUTION_THREADED_DPC ||
           kind == DQ_EXECUTION_PASSIVE_ISR;
}

/* What a thread does for somebody else, such as a work item, begins behind what it did before. */
static void begin_in_place_of(dq_execution *execution, dq_execution *below)
{
    if (is_done_by_thread(execution->kind) && below != NULL) {
        execution->under_way = true;
        execution->handed = below->handed;
        below->handed = false;
    }
}

void dq_execution_begin(dq_processor *cpu, dq_execution *execution, dq_execution_kind kind,
                        unsigned base_level, const void *routine, const void *object,
                        const char *name)
{
    *execution = dq_execution_blank;
    execution->kind = kind;
    execution->base_level = (uint8_t)base_level;
    execution->interrupted_irql = cpu->irql;
    execution->ordinal = ++cpu->machine->executions;
    execution->routine = routine;
    execution->object = object;
    execution->name = name;
    execution->begun_ns = cpu->machine->clock.now_ns;
    execution->below = cpu->execution;
    begin_in_place_of(execution, execution->below);
    if (cpu->machine->choices.searcher != NULL) {
        begin_explored(cpu, execution);
    }
    cpu->execution = execution;
}

void dq_execution_end(dq_processor *cpu, dq_execution *execution)
{
    dq_emit(cpu, EXECUTION_END, NULL, 0, 0, 0);
    if (dq_order_is_kept(cpu->machine)) {
        dq_order_end(cpu, execution);
    }
    cpu->execution = execution->below;
}

static const char *const kind_names[] = {
    [DQ_EXECUTION_IDLE] = "idle loop",
    [DQ_EXECUTION_THREAD] = "thread",
    [DQ_EXECUTION_THREADED_DPC] = "threaded DPC",
    [DQ_EXECUTION_PASSIVE_ISR] = "passive-level ISR",
    [DQ_EXECUTION_DPC] = "DPC",
    [DQ_EXECUTION_ISR] = "ISR",
    [DQ_EXECUTION_IPI] = "IPI function",
    [DQ_EXECUTION_NMI] = "NMI callback",
    [DQ_EXECUTION_DEVICE] = "device",
};

const char *dq_execution_describe(const dq_execution *execution, char *text, size_t bytes)
{
    host_symbol symbol;
    const char *name = execution->name;

    if (name == NULL && execution->routine != NULL) {
        host_symbol_find(execution->routine, &symbol);
        name = symbol.function[0] != '\0' ? symbol.function : NULL;
    }
    if (name != NULL) {
        snprintf(text, bytes, "%s %s", kind_names[execution->kind], name);
    } else {
        snprintf(text, bytes, "%s", kind_names[execution->kind]);
    }
    return text;
}

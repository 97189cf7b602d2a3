/*
 * task.c - stacks that processors run: threads, and each processor's idle loop.
 */
#include "sim/machine.h"
#include "sim/order.h"

#include <stdio.h>
#include <stdlib.h>

/* In an arena it waits, with its stack, for the next that begins. */
static void free_task(dq_machine *machine, dq_task *task)
{
    machine->scheduler->retire(task);
    dq_machine_give(machine, task->catches);
    if (machine->options.arena != NULL) {
        host_context_drop(&task->context);
        task->next = machine->spare_tasks;
        machine->spare_tasks = task;
        return;
    }
    host_context_release(&task->context);
    free(task);
}

static void reap(dq_machine *machine)
{
    while (machine->ended_tasks != NULL) {
        dq_task *task = machine->ended_tasks;

        machine->ended_tasks = task->next;
        free_task(machine, task);
    }
}

void dq_tasks_free(dq_machine *machine)
{
    while (machine->tasks != NULL) {
        dq_task *task = machine->tasks;

        machine->tasks = task->next;
        free_task(machine, task);
    }
    reap(machine);
    dq_shelf_clear(&machine->shelf);
}

/* In an arena: a spare one, or one with a stack of the shelf. */
static dq_task *take_task(dq_machine *machine)
{
    dq_task *task = machine->spare_tasks;
    const host_stack *stack;

    if (task != NULL) {
        machine->spare_tasks = task->next;
        *task = (dq_task){ .context = task->context };
        return task;
    }
    stack = dq_shelf_stack(&machine->shelf, machine->stacks_taken, machine->options.stack_bytes);
    task = stack != NULL ? dq_machine_get(machine, sizeof(*task)) : NULL;
    if (task != NULL) {
        machine->stacks_taken++;
        task->context.stack = stack->base;
        task->context.stack_bytes = stack->bytes;
    }
    return task;
}

static dq_task *begin_task(dq_machine *machine, host_entry *entry, void *argument)
{
    dq_task *task;

    if (machine->options.arena != NULL) {
        task = take_task(machine);
        if (task != NULL) {
            host_context_prepare(&task->context, entry, argument);
        }
        return task;
    }
    task = calloc(1, sizeof(*task));
    if (task == NULL ||
        !host_context_make(&task->context, machine->options.stack_bytes, entry, argument)) {
        free(task);
        return NULL;
    }
    return task;
}

static dq_task *new_task(dq_machine *machine, host_entry *entry, void *argument,
                         dq_execution_kind kind)
{
    dq_task *task;

    reap(machine);
    task = begin_task(machine, entry, argument);
    if (task == NULL) {
        return NULL;
    }
    task->execution.kind = kind;
    task->execution.ordinal = ++machine->executions;
    task->execution.latest_step = dq_order_mix(kind, task->execution.ordinal);
    task->top = &task->execution;
    task->next = machine->tasks;
    machine->tasks = task;
    return task;
}

dq_task *dq_task_create(dq_machine *machine, host_entry *entry, void *argument, void *kernel,
                        const char *name, const void *routine)
{
    dq_task *task = new_task(machine, entry, argument, DQ_EXECUTION_THREAD);

    if (task != NULL) {
        task->kernel = kernel;
        task->execution.object = kernel;
        task->execution.name = name;
        task->execution.routine = routine;
        if (dq_self->machine == machine) {
            dq_order_begin(dq_self, &task->execution);
        }
    }
    return task;
}

static void idle_loop(void *argument)
{
    dq_processor *cpu = argument;

    cpu->parked = false;
    cpu->machine->idle_begun |= 1ull << cpu->number;
    for (;;) {
        cpu->idle = false;
        cpu->irql = DQ_LEVEL_PASSIVE;
        dq_emit(cpu, RESUME, NULL, DQ_LEVEL_PASSIVE, 0, 0);
        dq_deliver(cpu);
        if (cpu->machine->hooks->idle(cpu)) {
            continue;
        }
        cpu->idle = true;
        cpu->machine->scheduler->rest(cpu);
    }
}

static dq_task *idle_task(dq_processor *cpu)
{
    if (cpu->idle_task == NULL) {
        cpu->idle_task = new_task(cpu->machine, idle_loop, cpu, DQ_EXECUTION_IDLE);
        if (cpu->idle_task == NULL) {
            fprintf(stderr, "dirql: short of memory for the idle loop of CPU%u\n", cpu->number);
            abort();
        }
        cpu->parked = true;
    }
    return cpu->idle_task;
}

void dq_processors_make_idle_tasks(dq_machine *machine)
{
    for (unsigned i = 0; i < machine->processor_count; i++) {
        (void)idle_task(&machine->processors[i]);
    }
}

void dq_processor_ready(dq_processor *cpu)
{
    if (cpu->task == NULL) {
        cpu->task = idle_task(cpu);
        cpu->task->processor = cpu;
        cpu->execution = cpu->task->top;
        cpu->idle = false;
    }
}

dq_processor *dq_task_switch(dq_processor *cpu, dq_task *to)
{
    dq_machine *machine = cpu->machine;
    dq_task *from = cpu->task;

    if (to == NULL) {
        to = idle_task(cpu);
    } else {
        machine->thread_ran_ns = machine->clock.now_ns;
        machine->skips_since_thread = 0;
    }
    if (to == from) {
        return cpu;
    }
    if (dq_order_is_kept(machine)) {
        dq_order_wake(cpu, to->top);
    }
    from->top = cpu->execution;
    cpu->execution->left = true;
    from->processor = NULL;
    to->processor = cpu;
    cpu->execution = to->top;
    machine->scheduler->switch_task(cpu, to);
    return dq_self;
}

_Noreturn void dq_task_end(dq_processor *cpu, dq_task *to)
{
    dq_machine *machine = cpu->machine;
    dq_task *task = cpu->task;
    dq_task **at = &machine->tasks;

    if (to == NULL) {
        to = idle_task(cpu); /* Made first: making a task reaps those that have ended. */
    }
    while (*at != task) {
        at = &(*at)->next;
    }
    *at = task->next;
    task->ended = true;
    task->next = machine->ended_tasks;
    machine->ended_tasks = task;
    dq_task_switch(cpu, to);
    __builtin_unreachable();
}

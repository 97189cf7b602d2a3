/*
 * rewind.c - puts a machine back to where it was marked.
 */
#include "sim/rewind.h"

/* What a run leaves to the next one. */
typedef struct lasting {
    dq_machine *next;
    dq_choice *log;
    size_t log_capacity;
    uint64_t progress;
    uint64_t moved;
    host_watch *watch;
    dq_shelf shelf;
    dq_trail trail;
    dq_finding_list findings; /* What another host thread did between two runs. */
} lasting;

static lasting lasting_of(const dq_machine *machine)
{
    return (lasting){ .next = machine->next,
                      .log = machine->choices.entries,
                      .log_capacity = machine->choices.capacity,
                      .progress = machine->progress,
                      .moved = dq_loop_moved(machine),
                      .watch = machine->watch,
                      .shelf = machine->shelf,
                      .trail = machine->trail,
                      .findings = machine->findings };
}

static void put_back(dq_machine *machine)
{
    const lasting last = lasting_of(machine);
    uint64_t wakes;

    dq_arena_rewind(machine->options.arena);
    wakes = machine->wakes;
    machine->next = last.next;
    machine->choices.entries = last.log;
    machine->choices.capacity = last.log_capacity;
    machine->progress = last.progress + 1; /* Each run is some. */
    machine->wakes = last.moved + 1;
    machine->loop.wakes_before = machine->wakes - wakes;
    machine->watch = last.watch;
    machine->shelf = last.shelf;
    machine->trail = last.trail;
    if (last.findings.first != NULL) {
        machine->findings = last.findings;
    }
}

/* The stack of an idle loop that has not begun is as it was, and so is its context: as it was at the
 * mark, which is good for any run unless somebody keeps books about it. */
static bool is_as_new(const dq_task *task, uint64_t idle_begun)
{
    const dq_processor *cpu = task->context.argument;

    return task->execution.kind == DQ_EXECUTION_IDLE && (idle_begun >> cpu->number & 1) == 0 &&
           !host_contexts_are_watched();
}

static void drop(dq_task *task, uint64_t idle_begun)
{
    for (; task != NULL; task = task->next) {
        if (!is_as_new(task, idle_begun)) {
            host_context_drop(&task->context);
        }
    }
}

bool dq_rewind_mark(dq_machine *machine)
{
    machine->marked = true;
    return dq_arena_mark(machine->options.arena);
}

static bool rewind_sinks(dq_machine *machine)
{
    for (unsigned i = 0; i < machine->sink_count; i++) {
        if (machine->sinks[i]->rewind == NULL) {
            return false;
        }
    }
    for (unsigned i = 0; i < machine->sink_count; i++) {
        machine->sinks[i]->rewind(machine->sinks[i], machine);
    }
    return true;
}

bool dq_machine_rewind(dq_machine *machine)
{
    const uint64_t idle_begun = machine->idle_begun;

    if (!machine->marked || machine->findings.errors > 0 || !rewind_sinks(machine)) {
        return false;
    }
    machine->hooks->rewind(machine);
    dq_address_map_stop(machine);
    dq_finding_stop(machine);
    drop(machine->tasks, idle_begun);
    drop(machine->ended_tasks, idle_begun);
    dq_machine_renew(machine, put_back);
    for (dq_task *task = machine->tasks; task != NULL; task = task->next) {
        if (!is_as_new(task, idle_begun)) {
            host_context_prepare(&task->context, task->context.entry, task->context.argument);
        }
    }
    return true;
}

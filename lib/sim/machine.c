/*
 * machine.c - a machine's life, its tasks, and the way home.
 */
#include "sim/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static DQ_TLS dq_machine *here;  /* Whose home context this host thread is. */
static dq_machine *all_machines; /* Under host_lock(). */
static char foreign_call[128];   /* A refused call while no machine ran. Under host_lock(). */

/* ---- Creation -------------------------------------------------------------------------------- */

static void enlist(dq_machine *machine)
{
    char earlier[sizeof(foreign_call)];

    host_lock();
    machine->next = all_machines;
    all_machines = machine;
    memcpy(earlier, foreign_call, sizeof(earlier));
    foreign_call[0] = '\0';
    host_unlock();
    if (earlier[0] != '\0') {
        dq_find_outside(machine, "foreign thread",
                        "%s was called while no machine was running, before this "
                        "run. Kernel services exist only inside a run.",
                        earlier);
    }
}

static void strike_off(dq_machine *machine)
{
    dq_machine **at = &all_machines;

    host_lock();
    while (*at != NULL && *at != machine) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = machine->next;
    }
    host_unlock();
}

dq_machine *dq_machine_create(const dq_machine_options *options, const dq_kernel_hooks *hooks)
{
    dq_machine *machine = calloc(1, sizeof(*machine));

    if (machine == NULL) {
        return NULL;
    }
    machine->processors = calloc(options->processors, sizeof(dq_processor));
    if (machine->processors == NULL) {
        free(machine);
        return NULL;
    }
    machine->options = *options;
    machine->hooks = hooks;
    machine->processor_count = options->processors;
    machine->scheduler = &dq_sched_turns;
    for (unsigned i = 0; i < machine->processor_count; i++) {
        dq_processor *cpu = &machine->processors[i];

        cpu->number = (uint8_t)i;
        cpu->machine = machine;
        cpu->idle = true;
        if (machine->processor_count > 1 || dq_mode_chooses(options->mode)) {
            cpu->attention |= DQ_ATTEND_TURNS;
        }
    }
    enlist(machine);
    return machine;
}

dq_machine *dq_machine_here(void)
{
    return here;
}

void dq_refuse_foreign(const char *service)
{
    dq_machine *machine = here;

    host_lock();
    if (machine == NULL) {
        machine = all_machines;
    }
    if (machine == NULL) {
        snprintf(foreign_call, sizeof(foreign_call), "%s", service);
    }
    host_unlock();
    if (machine == NULL) {
        fprintf(
            stderr,
            "dirql: %s was called while no machine is running. Kernel services exist only inside "
            "dirql_run(); the call had no effect.\n",
            service);
        return;
    }
    if (machine == here) {
        dq_find_outside(machine, "foreign thread",
                        "%s was called on the test framework's own stack (inside one of "
                        "its callbacks), which is no simulated thread. The call had no effect.",
                        service);
    } else {
        dq_find_outside(
            machine, "foreign thread",
            "%s was called from a host thread that the machine does not "
            "know. Only simulated threads can call the kernel: start one with dirql_thread_start() "
            "or PsCreateSystemThread(). The call had no effect.",
            service);
    }
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static void report_stall(dq_processor *cpu, const host_fault *fault)
{
    char name[96];

    dq_find(cpu,
            &(dq_finding){
                .severity = DQ_ERROR, .rule = "livelock", .place = (const char *)fault->place + 1 },
            "livelock in `%s`, IRQL %u: no schedule point for %" PRIu64
            " seconds of host time. An endless "
            "loop that calls no kernel service cannot be interrupted in this mode.",
            dq_execution_describe(cpu->execution, name, sizeof(name)), cpu->irql,
            cpu->machine->options.watchdog_ns / 1000000000u);
}

static void report_abort(dq_processor *cpu)
{
    char name[96];

    dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "abort" },
            "abort() was called in `%s`, IRQL %u: by a failed assert(), by the C library over "
            "damaged memory, or "
            "because of a C++ exception that nothing caught. What it printed stands before this "
            "report.",
            dq_execution_describe(cpu->execution, name, sizeof(name)), cpu->irql);
}

static const char *access_name(const host_fault *fault)
{
    static const char *const names[] = { "read of", "write to", "call of" };

    return names[fault->access];
}

static uint64_t access_code(const host_fault *fault)
{
    static const uint64_t codes[] = { 0, 1, 8 };

    return codes[fault->access];
}

static void report_access(dq_processor *cpu, const host_fault *fault)
{
    const uint64_t address = (uintptr_t)fault->address;
    const uint64_t place = (uintptr_t)fault->place;
    dq_window *window = dq_window_by_mapped(cpu->machine, fault->address);

    if (window != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "device memory",
                               .place = (const char *)fault->place + 1 },
                "%s the device memory of %s (offset 0x%" PRIx64
                ") by a plain pointer. Device memory is "
                "accessed with READ_REGISTER_* and WRITE_REGISTER_*.",
                access_name(fault), window->name, address - (uintptr_t)window->mapped);
    }
    if (cpu->irql >= DQ_LEVEL_DISPATCH) {
        dq_bugcheck(cpu, 0xD1, address, cpu->irql, access_code(fault), place,
                    "%s address 0x%" PRIx64 " at IRQL %u", access_name(fault), address, cpu->irql);
    }
    if (address < 0x10000 || fault->access == HOST_FAULT_EXECUTE) {
        dq_bugcheck(cpu, 0x1E, 0xC0000005u, place, access_code(fault), address,
                    "access violation: %s address 0x%" PRIx64, access_name(fault), address);
    }
    dq_bugcheck(cpu, 0x50, address, access_code(fault), place, 0, "%s invalid address 0x%" PRIx64,
                access_name(fault), address);
}

static void on_fault(void *owner, const host_fault *fault)
{
    dq_processor *cpu = dq_self;
    const uint64_t place = (uintptr_t)fault->place;

    (void)owner;
    if (fault->kind !=
        HOST_FAULT_ABORT) { /* Which is placed in the C library: the last call says more. */
        cpu->execution->place =
            (const char *)fault->place + 1; /* Reports look one before a return address. */
    }
    switch (fault->kind) {
    case HOST_FAULT_STALLED:
        report_stall(cpu, fault);
        break;
    case HOST_FAULT_ABORT:
        report_abort(cpu);
        break;
    case HOST_FAULT_STACK_OVERFLOW:
        dq_bugcheck(cpu, 0x7F, 8, (uintptr_t)fault->address, 0, 0,
                    "stack overflow: the stack of this thread (%zu KiB) is used up. Recursion, or "
                    "large local "
                    "variables?",
                    cpu->task->context.stack_bytes / 1024);
    case HOST_FAULT_ARITHMETIC:
        dq_bugcheck(cpu, 0x1E, 0xC0000094u, place, 0, 0, "integer division by zero, or overflow");
    case HOST_FAULT_INSTRUCTION:
        dq_bugcheck(cpu, 0x1E, 0xC000001Du, place, 0, 0, "illegal instruction");
    case HOST_FAULT_BUS:
        dq_bugcheck(cpu, 0x1E, 0x80000002u, place, 0, (uintptr_t)fault->address,
                    "misaligned or impossible access to address 0x%" PRIx64,
                    (uint64_t)(uintptr_t)fault->address);
    case HOST_FAULT_ACCESS:
        report_access(cpu, fault);
    }
}

/* ---- Running --------------------------------------------------------------------------------- */

static bool prepare(dq_machine *machine)
{
    char error[256];

    if (!dq_choice_start(machine, error, sizeof(error))) {
        dq_find_outside(machine, "replay", "%s", error);
        return false;
    }
    if (!machine->hooks->boot(machine)) {
        dq_find_outside(machine, "memory", "short of memory for the machine's first threads");
        return false;
    }
    return true;
}

static void settle(dq_machine *machine)
{
    char error[256];

    if (machine->abandoned) {
        return; /* What the test still expected could not come any more. */
    }
    if (machine->findings.errors == 0 && !machine->findings.crash_expected &&
        !dq_choice_settle(machine, error, sizeof(error))) {
        dq_find_outside(machine, "replay", "%s", error);
    }
    dq_finding_settle(machine);
}

dq_outcome dq_machine_run(dq_machine *machine, void (*body)(void *argument), void *argument)
{
    const volatile uint64_t *progress =
        machine->processor_count == 1 ? &machine->processors[0].points : &machine->progress;

    machine->body = body;
    machine->body_argument = argument;
    here = machine;
    host_context_adopt(&machine->home);
    if (!prepare(machine)) {
        dq_machine_stop(machine);
        return DQ_OUTCOME_REFUSED;
    }
    host_faults_catch(on_fault, machine);
    machine->watch = host_watch_start(progress, machine->options.watchdog_ns);
    machine->scheduler->run(machine);
    dq_machine_stop(machine);
    return machine->findings.errors > 0 ? DQ_OUTCOME_FAILED : DQ_OUTCOME_PASSED;
}

void dq_machine_stop(dq_machine *machine)
{
    if (machine->stopping) {
        return;
    }
    machine->stopping = true;
    dq_self = dq_processor_foreign();
    host_watch_stop(machine->watch);
    machine->watch = NULL;
    host_faults_release();
    settle(machine);
    here = NULL;
}

_Noreturn void dq_go_home(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    machine->last_cpu = cpu;
    machine->home_errand = NULL;
    machine->scheduler->home(cpu, true);
    __builtin_unreachable();
}

void dq_at_home(void (*errand)(void *argument), void *argument)
{
    dq_processor *cpu = dq_self;
    dq_machine *machine = cpu->machine;

    if (machine == NULL) {
        errand(argument);
        return;
    }
    machine->home_errand = errand;
    machine->home_argument = argument;
    machine->home_caller = cpu;
    machine->last_cpu = cpu;
    machine->scheduler->home(cpu, false);
}

/* ---- Tasks ----------------------------------------------------------------------------------- */

static void free_task(dq_task *task)
{
    host_context_release(&task->context);
    free(task);
}

static void reap(dq_machine *machine)
{
    while (machine->ended_tasks != NULL) {
        dq_task *task = machine->ended_tasks;

        machine->ended_tasks = task->next;
        free_task(task);
    }
}

static dq_task *new_task(dq_machine *machine, host_entry *entry, void *argument,
                         dq_execution_kind kind)
{
    dq_task *task = calloc(1, sizeof(*task));

    reap(machine);
    if (task == NULL ||
        !host_context_make(&task->context, machine->options.stack_bytes, entry, argument)) {
        free(task);
        return NULL;
    }
    task->execution.kind = kind;
    task->execution.ordinal = ++machine->executions;
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
    }
    return task;
}

static void idle_loop(void *argument)
{
    dq_processor *cpu = argument;

    for (;;) {
        cpu->irql = DQ_LEVEL_PASSIVE;
        dq_emit(cpu, RESUME, NULL, DQ_LEVEL_PASSIVE, 0, 0);
        dq_deliver(cpu);
        if (cpu->machine->hooks->idle(cpu)) {
            continue;
        }
        cpu->idle = true;
        cpu->machine->scheduler->rest(cpu);
        cpu->idle = false;
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
    }
    return cpu->idle_task;
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
    from->top = cpu->execution;
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
    task->next = machine->ended_tasks;
    machine->ended_tasks = task;
    dq_task_switch(cpu, to);
    __builtin_unreachable();
}

void dq_machine_destroy(dq_machine *machine)
{
    if (machine == NULL) {
        return;
    }
    strike_off(machine);
    dq_sinks_stop(machine);
    dq_clock_stop(machine); /* Lets go of deadlines in memory that the kernel is about to free. */
    if (machine->hooks->halt != NULL) {
        machine->hooks->halt(machine);
    }
    while (machine->tasks != NULL) {
        dq_task *task = machine->tasks;

        machine->tasks = task->next;
        free_task(task);
    }
    reap(machine);
    machine->scheduler->stop(machine);
    dq_intc_stop(machine);
    dq_address_map_stop(machine);
    dq_choice_stop(machine);
    dq_finding_stop(machine);
    free(machine->processors);
    free(machine);
}

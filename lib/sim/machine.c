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
    machine->scheduler =
        options->mode == DQ_MODE_LIVE ? &dq_sched_live : &dq_sched_turns;
    for (unsigned i = 0; i < machine->processor_count; i++) {
        dq_processor *cpu = &machine->processors[i];

        cpu->number = (uint8_t)i;
        cpu->machine = machine;
        cpu->idle = true;
        cpu->live = options->mode == DQ_MODE_LIVE ? machine : NULL;
        if (machine->processor_count > 1 || options->mode != DQ_MODE_FIRST) {
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

/* ---- Running --------------------------------------------------------------------------------- */

static bool prepare(dq_machine *machine)
{
    char error[512];

    if (machine->options.mode == DQ_MODE_LIVE && !host_kicks_can_be_had(error, sizeof(error))) {
        dq_find_outside(machine, "live", "%s", error);
        return false;
    }
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
    machine->body = body;
    machine->body_argument = argument;
    here = machine;
    host_context_adopt(&machine->home);
    if (!prepare(machine)) {
        dq_machine_stop(machine);
        return DQ_OUTCOME_REFUSED;
    }
    host_faults_catch(dq_machine_fault, machine);
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
    machine->scheduler->end(machine);
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
    (void)dq_monitor_begin(cpu->live);
    cpu = dq_self;
    machine->home_errand = errand;
    machine->home_argument = argument;
    machine->home_caller = cpu;
    machine->last_cpu = cpu;
    machine->scheduler->home(cpu, false);
    dq_leave(cpu);
}

/* ---- The end ---------------------------------------------------------------------------------- */

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
    dq_tasks_free(machine);
    machine->scheduler->stop(machine);
    dq_intc_stop(machine);
    dq_address_map_stop(machine);
    dq_choice_stop(machine);
    dq_finding_stop(machine);
    free(machine->processors);
    free(machine);
}

/*
 * machine.c - a machine's life, its tasks, and the way home.
 */
#include "sim/jump.h"
#include "sim/order.h"
#include "sim/rewind.h"
#include "sim/standstill.h"
#include "sim/visit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static DQ_TLS dq_machine *here; /* Whose home context this host thread is. */

/* Under host_lock(): */
static HOST_KEPT dq_machine *all_machines;
static HOST_KEPT uintptr_t last_generation;
static HOST_KEPT char foreign_call[128]; /* A refused call while no machine ran. */

/* ---- Creation -------------------------------------------------------------------------------- */

static void enlist(dq_machine *machine)
{
    char earlier[sizeof(foreign_call)];

    host_lock();
    machine->generation = ++last_generation & DQ_GENERATIONS;
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

/* Inside the lock. Each holds it for the time of one call. */
static void wait_for_holders(const dq_machine *machine)
{
    while (machine->holders > 0) {
        host_unlock();
        host_thread_give_way();
        host_lock();
    }
}

/* Returns when nobody holds it any more. */
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
    wait_for_holders(machine);
    host_unlock();
}

dq_machine *dq_machine_hold(uintptr_t generation, bool *was_there)
{
    dq_machine *machine;

    host_lock();
    machine = all_machines;
    while (machine != NULL && machine->generation != generation) {
        machine = machine->next;
    }
    if (machine != NULL) {
        machine->holders++;
    }
    *was_there = generation != 0 && generation <= last_generation;
    host_unlock();
    return machine;
}

void dq_machine_let_go(dq_machine *machine)
{
    host_lock();
    machine->holders--;
    host_unlock();
}

dq_machine *dq_machine_create(const dq_machine_options *options, const dq_kernel_hooks *hooks)
{
    dq_machine *machine = dq_arena_get(options->arena, sizeof(*machine));

    if (machine == NULL) {
        return NULL;
    }
    machine->options = *options;
    machine->processors = dq_machine_get(machine, options->processors * sizeof(dq_processor));
    if (machine->processors == NULL) {
        dq_machine_give(machine, machine);
        return NULL;
    }
    machine->hooks = hooks;
    machine->delays_left = options->delays;
    machine->delays_state = options->seed;
    machine->processor_count = options->processors;
    machine->scheduler = options->mode == DQ_MODE_LIVE ? &dq_sched_live : &dq_sched_turns;
    for (unsigned i = 0; i < machine->processor_count; i++) {
        dq_processor *cpu = &machine->processors[i];

        cpu->number = (uint8_t)i;
        cpu->machine = machine;
        cpu->idle = true;
        cpu->live = options->mode == DQ_MODE_LIVE ? machine : NULL;
        if (machine->processor_count > 1 || options->mode != DQ_MODE_FIRST) {
            cpu->attention |= DQ_ATTEND_TURNS;
        }
        if (options->loops_since != NULL) {
            cpu->attention |= DQ_ATTEND_LOOP;
        }
    }
    enlist(machine);
    return machine;
}

void dq_machine_renew(dq_machine *machine, void (*put_back)(dq_machine *machine))
{
    host_lock();
    wait_for_holders(machine);
    put_back(machine);
    machine->generation = ++last_generation & DQ_GENERATIONS;
    host_unlock();
}

/* A sanitizer, or Valgrind, knows more of the host's memory. */
dq_heap *dq_machine_heap_make(dq_machine *machine)
{
    machine->heap_was_asked = true;
    machine->heap = host_contexts_are_watched() ? NULL : dq_heap_start();
    return machine->heap;
}

dq_machine *dq_machine_here(void)
{
    return here;
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void refuse_without_machine(const char *service)
{
    host_lock();
    snprintf(foreign_call, sizeof(foreign_call), "%s", service);
    host_unlock();
    fprintf(stderr,
            "dirql: %s was called while no machine is running. Kernel services exist only inside "
            "dirql_run(); the call had no effect. (A driver in a module of its own has a second "
            "copy of dirql, unless the module and the test are linked with the target property "
            "DIRQL_SHARED.)\n",
            service);
}

static void refuse_stranger(dq_machine *machine, const char *service)
{
    dq_find_outside(
        machine, "foreign thread",
        "%s was called from a host thread that the machine does not know. Only simulated threads "
        "can call the kernel: start one with dirql_thread_start() or PsCreateSystemThread(). The "
        "call had no effect.",
        service);
}

static uintptr_t any_generation(void)
{
    uintptr_t generation;

    host_lock();
    generation = all_machines != NULL ? all_machines->generation : 0;
    host_unlock();
    return generation;
}

void dq_refuse_foreign(const char *service)
{
    dq_visit visit;

    if (here != NULL) {
        dq_find_outside(here, "foreign thread",
                        "%s was called on the test framework's own stack (inside one of "
                        "its callbacks), which is no simulated thread. The call had no effect.",
                        service);
        return;
    }
    switch (dq_visit_begin(&visit, any_generation())) {
    case DQ_VISIT_INSIDE:
        refuse_stranger(visit.machine, service);
        dq_visit_end_run(&visit);
        break;
    case DQ_VISIT_OTHER_MODE:
        refuse_stranger(visit.machine, service);
        break;
    default:
        refuse_without_machine(service);
        break;
    }
    dq_visit_end(&visit);
}

/* ---- Running --------------------------------------------------------------------------------- */

static bool start(dq_machine *machine)
{
    const dq_scheduler *scheduler = machine->scheduler;

    if ((scheduler->start != NULL && !scheduler->start(machine)) ||
        !machine->hooks->boot(machine)) {
        return false;
    }
    return machine->options.arena == NULL || dq_rewind_mark(machine);
}

/* Once, for all runs of the machine. */
static bool prepare(dq_machine *machine)
{
    char error[512];

    if (machine->marked) {
        return true;
    }
    if (machine->options.mode == DQ_MODE_LIVE && !host_kicks_can_be_had(error, sizeof(error))) {
        dq_find_outside(machine, "live", "%s", error);
        return false;
    }
    if (!dq_choice_start(machine, error, sizeof(error))) {
        dq_find_outside(machine, "replay", "%s", error);
        return false;
    }
    if (!start(machine)) {
        dq_find_outside(machine, "memory", "short of memory for the machine's first threads");
        return false;
    }
    return true;
}

static void settle(dq_machine *machine)
{
    char error[512];

    if (machine->abandoned || machine->overdue) {
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
    host_faults_on_top(dq_machine_guards);
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

void dq_machine_look_at_deadline(dq_processor *cpu)
{
    enum { POINTS_PER_LOOK = 4096 };
    dq_machine *machine = cpu->machine;

    if (++machine->points % POINTS_PER_LOOK == 0 &&
        host_clock_ns() > machine->options.deadline_ns) {
        machine->overdue = true;
        machine->overdue_state = dq_standstill_describe_all(machine);
        dq_go_home(cpu);
    }
}

_Noreturn void dq_go_home(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    machine->last_cpu = cpu;
    machine->home_errand = NULL;
    machine->scheduler->home(cpu, true);
    __builtin_unreachable();
}

static const dq_finding errand_failure = { .severity = DQ_ERROR, .rule = "assertion" };
static const char errand_failure_text[] =
    "the test failed here, with the message that the test framework has printed";

static void mark_failed_errand(dq_processor *cpu, const void *place)
{
    if (place != NULL) {
        cpu->execution->service = DQ_SERVICE_NONE;
        cpu->execution->place = place;
    }
    cpu->machine->failed_in_errand = true;
}

static void fail_at_errand(dq_processor *cpu, const void *place)
{
    mark_failed_errand(cpu, place);
    dq_find(cpu, &errand_failure, "%s", errand_failure_text);
}

void dq_machine_left_by_errand(dq_machine *machine, const void *place)
{
    if (machine->home_errand != NULL) {
        mark_failed_errand(machine->home_caller, place);
        dq_note(machine->home_caller, &errand_failure, "%s", errand_failure_text);
    }
}

/* False: the errand is not run. */
static bool try_errand(dq_processor *cpu, dq_ending ending, const void *place)
{
    switch (ending) {
    case DQ_ENDING_FAILS:
        fail_at_errand(cpu, place);
        return false;
    case DQ_ENDING_UNKNOWN:
        cpu->machine->errand_is_unknown = true;
        fail_at_errand(cpu, place);
        return false;
    case DQ_ENDING_PRINTS:
        return false;
    default:
        return true;
    }
}

/* What it does not do: the journey home, which in live mode is one to another host thread. */
static bool is_to_be_run(dq_processor *cpu, dq_ending ending, const void *place)
{
    return ending != DQ_ENDING_PASSES &&
           (!cpu->machine->options.tries || try_errand(cpu, ending, place));
}

/* A call of the test framework is one: to the watchdog, whichever of the two it looks at. */
static void count_progress(dq_processor *cpu)
{
    cpu->machine->progress++;
    cpu->points++;
}

void dq_at_home_foretold(void (*errand)(void *argument), void *argument, dq_ending ending,
                         const void *place)
{
    dq_processor *cpu = dq_self;
    dq_machine *machine = cpu->machine;

    if (machine == NULL) {
        errand(argument);
        return;
    }
    (void)dq_monitor_begin(cpu->live);
    cpu = dq_self;
    DQ_LOOK_FOR_JUMP(cpu, DQ_SERVICE_NONE, place);
    count_progress(cpu);
    cpu->execution->calls++;
    if (dq_attends(cpu, DQ_ATTEND_LOOP)) {
        dq_loop_look(cpu);
    }
    if (machine->options.deadline_ns != 0) {
        dq_machine_look_at_deadline(cpu);
    }
    if (++machine->errands == machine->failing_errand) {
        fail_at_errand(cpu, machine->failing_place);
    }
    if (is_to_be_run(cpu, ending, place)) {
        dq_order_step_general(machine, cpu->execution);
        machine->home_errand = errand;
        machine->home_argument = argument;
        machine->home_caller = cpu;
        machine->last_cpu = cpu;
        machine->scheduler->home(cpu, false);
    }
    dq_leave(cpu);
}

void dq_errand(dq_machine *machine)
{
    host_faults_pass(true);
    machine->home_errand(machine->home_argument);
    count_progress(machine->home_caller); /* It may have waited for who reads what it prints. */
    host_faults_pass(false);
}

void dq_at_home(void (*errand)(void *argument), void *argument)
{
    dq_at_home_foretold(errand, argument, DQ_ENDING_UNKNOWN, NULL);
}

/* ---- The end
 * ---------------------------------------------------------------------------------- */

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
    dq_trail_forget(&machine->trail);
    dq_finding_stop(machine);
    dq_heap_stop(machine->heap);
    free(machine->overdue_state);
    dq_machine_give(machine, machine->processors);
    dq_machine_give(machine, machine);
}

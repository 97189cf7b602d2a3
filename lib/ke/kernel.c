/*
 * kernel.c - the hooks that the machine calls: start, dispatch, idle, stop.
 */
#include "ke/apc.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/nmi.h"
#include "ke/process.h"
#include "ke/waitreport.h"
#include "sim/delay.h"
#include "sim/jump.h"
#include "sim/live.h"

/* A run that found something has not come to the end that its body planned. */
static void check_leftovers(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    if (machine->findings.errors == 0 && !machine->findings.crash_expected) {
        if (machine->body_done != NULL) {
            machine->body_done(cpu);
        }
        dq_region_thread_ends(dq_self, dq_thread_current(dq_self));
    }
}

/* The first thread: the caller's body. When it returns, so does the run, whatever else still
 * waits. */
static void run_body(void *context)
{
    dq_machine *machine = context;
    const unsigned depth = dq_guest_begin(dq_self);

    machine->body(machine->body_argument);
    DQ_LOOK_FOR_JUMP_IN_GUEST();
    dq_guest_end(depth);
    if (dq_delay_may_come(machine)) {
        (void)dq_point(dq_self);
    } else {
        (void)dq_point_behind(dq_self);
    }
    dq_thread_check_end(dq_self);
    if (machine->options.mode == DQ_MODE_LIVE) {
        dq_live_settle(dq_self);
    }
    check_leftovers(dq_self);
    dq_go_home(dq_self);
}

static bool start_processors(dq_machine *machine)
{
    dq_prcb *blocks = dq_machine_get(machine, machine->processor_count * sizeof(dq_prcb));

    if (blocks == NULL) {
        return false;
    }
    for (unsigned i = 0; i < machine->processor_count; i++) {
        blocks[i].cpu = &machine->processors[i];
        machine->processors[i].kernel = &blocks[i];
    }
    return true;
}

static void give_back(dq_machine *machine)
{
    const dq_kernel *kernel = machine->kernel;

    if (kernel->pool_halt != NULL) {
        kernel->pool_halt(machine);
    }
    if (kernel->frames_halt != NULL) {
        kernel->frames_halt(machine);
    }
}

static void halt(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    if (kernel == NULL) {
        return;
    }
    give_back(machine);
    if (machine->processors[0].kernel != NULL) {
        dq_threads_stop(machine);
    }
    dq_timers_stop(machine);
    dq_keep_stop(machine);
    dq_machine_give(machine, machine->processors[0].kernel);
    for (unsigned i = 0; i < machine->processor_count; i++) {
        machine->processors[i].kernel = NULL;
    }
    dq_machine_give(machine, kernel);
    machine->kernel = NULL;
}

static bool boot(dq_machine *machine)
{
    dq_kernel *kernel = dq_machine_get(machine, sizeof(dq_kernel));
    dq_thread *first;

    if (kernel == NULL) {
        return false;
    }
    kernel->machine = machine;
    machine->kernel = kernel;
    if (!start_processors(machine) || !dq_threads_start(machine) || !dq_process_start(machine)) {
        return false;
    }
    dq_dpcs_start(machine);
    first = dq_thread_create(machine, "test", 0, DQ_PRIORITY_NORMAL, run_body, machine);
    return first != NULL;
}

static void dispatch(dq_processor *cpu)
{
    dq_dpc_drain(cpu);
    if (cpu->attention & DQ_ATTEND_SWITCH) {
        dq_thread_dispatch(cpu);
    }
}

static bool only_switches(const dq_processor *cpu)
{
    return dq_dpc_is_quiet(cpu) && dq_thread_is_awaited(cpu);
}

static int apcs_off(const dq_task *task, bool special)
{
    const dq_thread *thread = task->kernel;

    return special ? thread->guarded : thread->apc_disable;
}

static void fault(dq_processor *cpu, const host_fault *what)
{
    const dq_kernel *kernel = dq_kernel_of(cpu);

    if (kernel->pool_fault != NULL) {
        kernel->pool_fault(cpu, what);
    }
}

static bool owns(const dq_machine *machine, const void *address)
{
    const dq_kernel *kernel = machine->kernel;

    return kernel->pool_owns != NULL && kernel->pool_owns(machine, address);
}

static bool describe(dq_machine *machine, const void *address, char *text, size_t bytes)
{
    const dq_kernel *kernel = machine->kernel;

    return kernel->pool_describe != NULL &&
           kernel->pool_describe(machine, address, text, bytes);
}

static bool describe_block(dq_machine *machine, const void *address, char *text, size_t bytes)
{
    const dq_kernel *kernel = machine->kernel;

    return kernel->pool_describe_block != NULL &&
           kernel->pool_describe_block(machine, address, text, bytes);
}

static unsigned tell_damages(dq_machine *machine, char *text, size_t bytes)
{
    const dq_kernel *kernel = machine->kernel;

    text[0] = '\0';
    return kernel->pool_tell_damages != NULL ? kernel->pool_tell_damages(machine, text, bytes) : 0;
}

const dq_kernel_hooks dq_kernel_hooks_table = {
    .boot = boot,
    .dispatch = dispatch,
    .apc = dq_apc_run,
    .apcs_off = apcs_off,
    .preempt = dq_thread_consider,
    .quantum = dq_thread_end_turn,
    .ipi = dq_ipi_arrive,
    .nmi = dq_nmi_arrive,
    .idle = dq_dpc_idle,
    .is_quiet = dq_dpc_is_quiet,
    .only_switches = only_switches,
    .describe_waits = dq_waitreport_all,
    .describe_pending = dq_pending_describe_ke,
    .fault = fault,
    .owns = owns,
    .describe = describe,
    .describe_block = describe_block,
    .tell_damages = tell_damages,
    .rewind = give_back,
    .halt = halt,
};

/*
 * sched_live.c - processors as slots that host threads hold: live mode.
 *
 * A processor that rests (idle, or spinning on a held lock) sleeps until somebody changes
 * something for it; one that runs guest code is kicked. Virtual time goes on when all rest, unless
 * it follows the host's clock. The last one to rest moves the world.
 */
#include "sim/live.h"

#include <stdlib.h>

#include "sim/standstill.h"

/* ---- Processors ------------------------------------------------------------------------------ */

void dq_live_rouse(dq_processor *cpu)
{
    dq_live *live = dq_live_of(cpu->machine);

    cpu->resting = false;
    live->running++;
    live->waits_outside = false;
    dq_live_beat_again(live);
    dq_processor_ready(cpu);
    dq_carrier_wake(cpu->machine, cpu->task);
}

static void live_wake(dq_processor *target)
{
    dq_machine *machine = target->machine;

    if (dq_live_of(machine) == NULL) {
        return; /* Not started yet. */
    }
    if (!target->resting) {
        if (target != dq_self && dq_is_deliverable(target)) {
            machine->monitor.kicks |= 1ull << target->number;
        }
    } else if (dq_can_run(target)) {
        dq_live_rouse(target);
    }
}

static void sleep_on(dq_processor *cpu)
{
    cpu->resting = true;
    dq_live_of(cpu->machine)->running--;
    dq_carrier_park();
}

/* The test's own host thread waits at home. */
static bool somebody_is_outside(void)
{
    return host_thread_count_strangers() > 1;
}

/* Everybody rests. True if time goes on by itself, or if nothing is due but somebody outside may
 * still do something. */
static bool may_sleep(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);
    const bool something_is_due = machine->clock.count > 0;

    if (something_is_due ? machine->options.clock_percent == 0 : !somebody_is_outside()) {
        return false;
    }
    live->waits_outside = !something_is_due;
    live->quiet_ns = 0;
    live->looked_ns = host_clock_ns();
    live->beats = true;
    host_beat_within(live->beat, 0);
    return true;
}

static void live_rest(dq_processor *cpu)
{
    dq_live *live = dq_live_of(cpu->machine);

    for (;;) {
        dq_live_follow_clock(cpu);
        if (dq_can_run(cpu)) {
            return;
        }
        if (live->running > 1 || may_sleep(cpu->machine)) {
            sleep_on(cpu);
        } else {
            dq_move_the_world(cpu);
        }
    }
}

/* A loop that polls while all other processors rest has nobody to give way to: only the host's
 * other work would go first, each time. */
static dq_processor *live_point(dq_processor *cpu, bool yields)
{
    dq_machine *machine = cpu->machine;

    if (yields && dq_live_of(machine)->running > 1) {
        const unsigned depth = dq_inside;

        dq_inside = 1;
        dq_monitor_unlock(machine);
        host_thread_give_way();
        dq_monitor_lock(machine);
        dq_inside = depth;
        if (machine->monitor.over) {
            dq_carrier_leave(NULL);
        }
    }
    dq_live_follow_clock(cpu);
    return cpu;
}

/* Something has come for it that it may take now, or it is taking something. */
static bool is_being_interrupted(const dq_processor *cpu)
{
    const dq_execution *at = cpu->execution;

    while (at != NULL && at->kind != DQ_EXECUTION_ISR) {
        at = at->below;
    }
    return at != NULL || dq_has_interrupt(cpu);
}

static bool is_any_other_interrupted(const dq_processor *cpu)
{
    const dq_machine *machine = cpu->machine;
    bool any = false;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        any = any || (i != cpu->number && is_being_interrupted(&machine->processors[i]));
    }
    return any;
}

void dq_live_settle(dq_processor *cpu)
{
    while (is_any_other_interrupted(cpu)) {
        (void)live_point(cpu, true);
    }
}

/* ---- Tasks ----------------------------------------------------------------------------------- */

static void live_switch_task(dq_processor *cpu, dq_task *to)
{
    dq_task *from = cpu->task;

    cpu->task = to;
    if (from->ended) {
        dq_carrier_leave(to);
    }
    dq_carrier_wake(cpu->machine, to);
    dq_carrier_park();
}

/* ---- Home ------------------------------------------------------------------------------------ */

/* The caller keeps the monitor: it is lent to the home context. */
static void run_errand(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;
    dq_carrier *carrier = dq_carrier_here;

    carrier->served = false;
    dq_live_of(machine)->errand = carrier;
    host_gate_open(dq_live_of(machine)->home);
    host_gate_wait(carrier->gate);
    if (!carrier->served) { /* The errand left by longjmp. */
        dq_monitor_lock(machine);
        dq_carrier_leave(NULL);
    }
}

static void live_home(dq_processor *cpu, bool for_good)
{
    if (for_good) {
        cpu->machine->monitor.over = true;
        dq_carrier_leave(NULL);
    }
    run_errand(cpu);
}

void dq_live_end(dq_machine *machine)
{
    machine->monitor.over = true;
    host_gate_open(dq_live_of(machine)->home);
}

/* The watch is for an errand that does not come back: the caller has the monitor. */
static void serve(dq_machine *machine, dq_live *live)
{
    dq_carrier *carrier = live->errand;

    dq_inside = 1;
    machine->watch = host_watch_start(&machine->progress, machine->options.watchdog_ns);
    dq_errand(machine);
    host_watch_stop(machine->watch);
    machine->watch = NULL;
    dq_inside = 0;
    machine->home_errand = NULL;
    live->errand = NULL;
    carrier->served = true;
    host_gate_open(carrier->gate);
}

/* Returns with the monitor taken, when the run is over. */
static void stay_at_home(dq_machine *machine, dq_live *live)
{
    for (;;) {
        host_gate_wait(live->home);
        if (live->errand != NULL) {
            serve(machine, live);
            continue;
        }
        dq_inside = 1;
        dq_monitor_lock(machine);
        if (machine->monitor.over) {
            return;
        }
        dq_monitor_unlock(machine);
        dq_inside = 0;
    }
}

static bool make(dq_machine *machine)
{
    dq_live *live = calloc(1, sizeof(*live));

    if (live == NULL) {
        return false;
    }
    live->machine = machine;
    live->home = host_gate_create();
    machine->monitor.mutex = host_mutex_create();
    machine->monitor.forks = host_fork_count();
    machine->scheduler_state = live;
    return live->home != NULL && machine->monitor.mutex != NULL && dq_live_beat_start(machine);
}

static void live_run(dq_machine *machine)
{
    if (!make(machine)) {
        dq_find_outside(machine, "memory", "short of memory for the scheduler of live mode");
        return;
    }
    dq_inside = 1;
    dq_monitor_lock(machine);
    for (unsigned i = 0; i < machine->processor_count; i++) {
        machine->processors[i].resting = true;
    }
    for (unsigned i = 0; i < machine->processor_count; i++) {
        live_wake(&machine->processors[i]);
    }
    dq_monitor_unlock(machine);
    dq_inside = 0;
    stay_at_home(machine, dq_live_of(machine));
}

static void live_stop(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);

    if (live == NULL) {
        return;
    }
    if (live->home != NULL) {
        host_gate_destroy(live->home);
    }
    if (machine->monitor.mutex != NULL) {
        host_mutex_destroy(machine->monitor.mutex);
    }
    free(live);
    machine->scheduler_state = NULL;
}

const dq_scheduler dq_sched_live = {
    .name = "live",
    .run = live_run,
    .point = live_point,
    .rest = live_rest,
    .wake = live_wake,
    .switch_task = live_switch_task,
    .home = live_home,
    .end = dq_live_stop_all,
    .retire = dq_carrier_retire,
    .stop = live_stop,
};

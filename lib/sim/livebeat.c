/*
 * livebeat.c - what a live run needs somebody for who is on no processor: kicks that came at a bad
 * moment are sent again, turns end by the host's clock, and a run that stands still is noticed
 * (livewatch.c).
 *
 * While nothing runs the beat sleeps: an idle machine costs nothing.
 */
#include "sim/live.h"

static const uint64_t beat_ns = 5 * 1000 * 1000;
static const uint64_t quantum_ns = 20 * 1000 * 1000;
static const uint64_t retry_min_ns = 50 * 1000;
static const uint64_t retry_max_ns = 10 * 1000 * 1000;

/* ---- Late kicks ------------------------------------------------------------------------------ */

static bool is_owed(const dq_processor *cpu)
{
    return !cpu->resting && cpu->task != NULL && cpu->task->carrier != NULL &&
           __atomic_load_n(&cpu->task->carrier->in_guest, __ATOMIC_SEQ_CST) &&
           dq_is_deliverable(cpu);
}

/* Spreads the moments, so that a loop that is never in guest code at the same one is met. */
static uint64_t jitter(uint64_t ns)
{
    return ns + host_clock_ns() % (ns / 2 + 1);
}

/* A thread that calls a library again and again is met in guest code at some time, and one that
 * does not return from a call mostly sleeps there: so what it computes counts for little, unless no
 * kick can come at all. */
static bool is_held_up(dq_processor *cpu, dq_live_stay *stay)
{
    const uint64_t late_ns = dq_live_span_ns(&stay->late, cpu);
    const uint64_t weighed_ns = late_ns - stay->late.given.used_ns / 10 * 9;

    return host_kicks_are_prompt() && late_ns > dq_live_patience_ns &&
           (weighed_ns > dq_live_patience_ns || dq_live_hindrance(cpu->task->carrier) != NULL);
}

static void send_late_kick(dq_processor *cpu, dq_live_stay *stay)
{
    __atomic_store_n(&cpu->task->carrier->hinted, false, __ATOMIC_SEQ_CST);
    cpu->machine->monitor.kicks |= 1ull << cpu->number;
    if (is_held_up(cpu, stay) && !cpu->machine->monitor.over) {
        dq_live_give_up(cpu);
    }
}

/* Returns when to look again. */
static uint64_t send_late_kicks(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);
    bool any = false;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        if (is_owed(&machine->processors[i])) {
            send_late_kick(&machine->processors[i], &live->stays[i]);
            any = true;
        } else {
            live->stays[i].late.thread = NULL;
        }
    }
    if (!any || !host_kicks_are_prompt()) {
        live->retry_ns = retry_min_ns;
        return beat_ns;
    }
    if (live->retry_ns >= retry_max_ns) {
        host_kicks_look_again();
    }
    live->retry_ns = live->retry_ns * 2 < retry_max_ns ? live->retry_ns * 2 : retry_max_ns;
    return jitter(live->retry_ns);
}

/* ---- Turns ----------------------------------------------------------------------------------- */

static void end_turns(dq_machine *machine, uint64_t now_ns)
{
    dq_live *live = dq_live_of(machine);

    if (now_ns < live->quantum_ns) {
        return;
    }
    live->quantum_ns = now_ns + quantum_ns;
    for (unsigned i = 0; i < machine->processor_count; i++) {
        if (!machine->processors[i].resting) {
            machine->hooks->quantum(&machine->processors[i]);
        }
    }
}

/* ---- The host's clock ------------------------------------------------------------------------ */

static uint64_t host_time_ns(const dq_machine *machine)
{
    const uint64_t passed_ns = host_clock_ns() - dq_live_of(machine)->began_ns;
    const uint64_t percent = machine->options.clock_percent;

    return passed_ns / 100 * percent + passed_ns % 100 * percent / 100;
}

void dq_live_follow_clock(dq_processor *cpu)
{
    if (cpu->machine->options.clock_percent != 0 && cpu->execution->kind != DQ_EXECUTION_DEVICE) {
        dq_clock_follow(cpu, host_time_ns(cpu->machine));
    }
}

/* Somebody must let the next deadline happen: a processor that rests or, without one, all the
 * others at their next moment in guest code. */
static void rouse_for_deadline(dq_machine *machine)
{
    for (unsigned i = 0; i < machine->processor_count; i++) {
        if (machine->processors[i].resting) {
            dq_live_rouse(&machine->processors[i]);
            return;
        }
    }
    machine->monitor.kicks |= dq_live_processors(machine);
}

/* Returns when to look again. */
static uint64_t wait_for_deadline(dq_machine *machine)
{
    const uint64_t now_ns = host_time_ns(machine);
    const uint64_t due_ns = dq_clock_next_ns(machine);
    const uint64_t percent = machine->options.clock_percent;

    if (due_ns == UINT64_MAX) {
        return UINT64_MAX;
    }
    if (due_ns <= now_ns) {
        rouse_for_deadline(machine);
        return retry_max_ns;
    }
    return (due_ns - now_ns) / percent * 100 + (due_ns - now_ns) % percent * 100 / percent + 1;
}

/* ---- The beat itself ------------------------------------------------------------------------- */

static uint64_t beat(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);
    const uint64_t now_ns = host_clock_ns();
    uint64_t next_ns = UINT64_MAX, wait_ns;

    dq_live_watch(machine, now_ns);
    if (live->running > 0) {
        end_turns(machine, now_ns);
        next_ns = send_late_kicks(machine);
    } else if (live->waits_outside && machine->options.watchdog_ns != 0) {
        next_ns = machine->options.watchdog_ns / 4 + beat_ns;
    }
    if (machine->options.clock_percent != 0) {
        wait_ns = wait_for_deadline(machine);
        next_ns = wait_ns < next_ns ? wait_ns : next_ns;
    }
    live->beats = next_ns != UINT64_MAX;
    return next_ns;
}

static uint64_t on_beat(void *owner)
{
    dq_machine *machine = owner;
    uint64_t next_ns = UINT64_MAX;

    dq_inside = 1;
    dq_monitor_lock(machine);
    dq_live_of(machine)->wakes++;
    if (!machine->monitor.over) {
        next_ns = beat(machine);
    }
    dq_monitor_unlock(machine);
    dq_inside = 0;
    return next_ns;
}

bool dq_live_beat_start(dq_machine *machine)
{
    dq_live *live = dq_live_of(machine);

    live->began_ns = host_clock_ns();
    live->looked_ns = live->began_ns;
    live->quantum_ns = live->began_ns + quantum_ns;
    live->retry_ns = retry_min_ns;
    live->beats = true;
    live->beat = host_beat_start(on_beat, machine, beat_ns);
    return live->beat != NULL;
}

void dq_live_beat_again(dq_live *live)
{
    if (!live->beats) {
        live->beats = true;
        live->quiet_ns = 0;
        live->looked_ns = host_clock_ns();
        host_beat_within(live->beat, beat_ns);
    }
}

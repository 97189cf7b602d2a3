/*
 * standstill.c - time goes on when nobody can run; and if that does not help, who waits for what.
 */
#include "sim/standstill.h"

#include <inttypes.h>

#include "sim/pending.h"
#include "sim/place.h"

static const uint64_t lost_after_ns = 10ull * 1000 * 1000 * 1000;
enum { LOST_AFTER_SKIPS = 3 };

/* Timers alone keep the machine going, and no thread has been woken for long. */
static bool wake_up_is_lost(const dq_machine *machine)
{
    if (machine->skips_since_thread < LOST_AFTER_SKIPS ||
        machine->clock.now_ns - machine->thread_ran_ns < lost_after_ns) {
        return false;
    }
    for (size_t i = 0; i < machine->clock.count; i++) {
        if (machine->clock.heap[i]->priority != DQ_PRIORITY_TIMER) {
            return false;
        }
    }
    return machine->clock.count > 0;
}

/* Who waits for what, and what cannot come. */
static void add_waits(dq_machine *machine, dq_text *text)
{
    if (machine->hooks->describe_waits != NULL) {
        machine->hooks->describe_waits(machine, text);
    }
    dq_pending_describe(machine, text);
}

static char *describe(dq_machine *machine)
{
    dq_text text = { 0 };

    add_waits(machine, &text);
    return dq_text_take(&text);
}

static void add_whereabouts(const dq_processor *cpu, dq_text *text)
{
    const dq_execution *execution = cpu->execution;
    char name[96], place[300];

    if (execution == NULL || execution->kind == DQ_EXECUTION_IDLE || cpu->spin_blocked) {
        return; /* Who spins on a lock is told with those who wait. */
    }
    dq_text_add(text, "\n  CPU%u, IRQL %u: %s", cpu->number, cpu->irql,
                dq_execution_describe(execution, name, sizeof(name)));
    if (execution->service != DQ_SERVICE_NONE) {
        dq_text_add(text, ", in %s", dq_service_name(execution->service));
    }
    if (execution->place != NULL) {
        dq_text_add(text, ", at %s", dq_place_describe(execution->place, place, sizeof(place)));
    }
}

char *dq_standstill_describe_all(dq_machine *machine)
{
    dq_text text = { 0 };

    for (unsigned i = 0; i < machine->processor_count; i++) {
        add_whereabouts(&machine->processors[i], &text);
    }
    add_waits(machine, &text);
    return dq_text_take(&text);
}

static void report(dq_processor *cpu, const char *rule, const char *what)
{
    dq_find(cpu,
            &(dq_finding){
                .severity = DQ_ERROR, .rule = rule, .more = describe(cpu->machine) },
            "%s", what);
}

void dq_standstill_note(dq_processor *cpu, uint64_t quiet_ns)
{
    dq_note(cpu,
            &(dq_finding){
                .severity = DQ_ERROR, .rule = "deadlock", .more = describe(cpu->machine) },
            "deadlock: nothing can run, no timer or device is due, and for %" PRIu64
            " seconds no host thread of the process has raised a line",
            quiet_ns / 1000000000u);
}

void dq_move_the_world(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    machine->progress++;
    if (dq_intc_arrive_all(machine)) {
        return;
    }
    if (wake_up_is_lost(machine)) {
        report(cpu, "lost wake-up",
               "lost wake-up: for 10 virtual seconds only periodic timers ran, while every "
               "thread waited for what nobody signalled");
    }
    machine->skips_since_thread++;
    if (!dq_clock_skip(machine)) {
        report(cpu, "deadlock",
               "deadlock: nothing can run, no timer or device is due, and no interrupt can be "
               "delivered");
    }
}

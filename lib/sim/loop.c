/*
 * loop.c - finds a loop in which services are called for ever and nothing happens.
 */
#include "sim/loop.h"

#include "host/sanitizer.h"

#define LOOP_FORMAT                                                                          \
    "livelock in `%s`, IRQL %u: it calls kernel services for ever. In %g seconds of host "   \
    "time (%u times option watchdog_ms) no virtual time has passed, no thread has begun or " \
    "been woken, and no interrupt, DPC or stimulus was taken."

static const dq_finding livelock = { .severity = DQ_ERROR, .rule = "livelock" };

static double limit_s(const dq_machine *machine)
{
    return (double)HOST_WATCH_LOOP_LIMITS * (double)machine->options.watchdog_ns / 1e9;
}

/* ---- On the watchdog's thread ---------------------------------------------------------------- */

HOST_UNINSTRUMENTED uint64_t dq_loop_moved(const dq_machine *machine)
{
    return __atomic_load_n(&machine->clock.now_ns, __ATOMIC_RELAXED) +
           __atomic_load_n(&machine->executions, __ATOMIC_RELAXED) +
           __atomic_load_n(&machine->wakes, __ATOMIC_RELAXED);
}

static uint64_t moved(const void *machine)
{
    return dq_loop_moved(machine);
}

/* A processor that changes its word at this moment may undo it: then the watchdog asks again. */
static HOST_UNINSTRUMENTED void ask(void *owner, uint64_t seen)
{
    dq_machine *machine = owner;

    __atomic_store_n(&machine->loop_at, seen, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < machine->processor_count; i++) {
        __atomic_fetch_or(&machine->processors[i].attention, DQ_ATTEND_LOOP, __ATOMIC_RELEASE);
    }
}

/* ---- On a processor -------------------------------------------------------------------------- */

void dq_loop_watch(dq_machine *machine)
{
    host_watch_for_loops(machine->watch, &(host_watch_loops){ moved, ask, machine });
}

void dq_loop_look(dq_processor *cpu)
{
    const dq_machine *machine = cpu->machine;
    char name[96];

    dq_unattend(cpu, DQ_ATTEND_LOOP);
    if (__atomic_load_n(&machine->loop_at, __ATOMIC_RELAXED) != dq_loop_moved(machine)) {
        return; /* Something has happened since. */
    }
    dq_find(cpu, &livelock, LOOP_FORMAT, dq_execution_describe(cpu->execution, name, sizeof(name)),
            cpu->irql, limit_s(machine), HOST_WATCH_LOOP_LIMITS);
}

void dq_loop_note(dq_processor *cpu)
{
    char name[96];

    dq_note(cpu, &livelock, LOOP_FORMAT, dq_execution_describe(cpu->execution, name, sizeof(name)),
            cpu->irql, limit_s(cpu->machine), HOST_WATCH_LOOP_LIMITS);
}

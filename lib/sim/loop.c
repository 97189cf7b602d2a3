/*
 * loop.c - finds a loop in which services are called for ever and nothing happens.
 */
#include "sim/loop.h"

#include "host/sanitizer.h"
#include "sim/machine.h"
#include "sim/pending.h"

#define LOOP_FORMAT                                                                         \
    "livelock in `%s`, IRQL %u: it calls kernel services for ever. In %g seconds of host "  \
    "time (%u times option watchdog_ms) no virtual time has passed but by "                 \
    "YieldProcessor, no thread has begun or been woken, and no interrupt, DPC or stimulus " \
    "was taken."

/* Of a known loop, before it is taken for one: more than the processors' turns take. */
enum { CALLS_OF_KNOWN_LOOP = 100000 };

static double limit_s(const dq_machine *machine)
{
    return (double)HOST_WATCH_LOOP_LIMITS * (double)machine->options.watchdog_ns / 1e9;
}

/* ---- On the watchdog's thread ---------------------------------------------------------------- */

HOST_UNINSTRUMENTED uint64_t dq_loop_moved(const dq_machine *machine)
{
    return __atomic_load_n(&machine->spent_ns, __ATOMIC_RELAXED) +
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

    __atomic_store_n(&machine->loop.asked_at, seen, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < machine->processor_count; i++) {
        __atomic_fetch_or(&machine->processors[i].attention, DQ_ATTEND_LOOP, __ATOMIC_RELEASE);
    }
}

/* ---- On a processor -------------------------------------------------------------------------- */

void dq_loop_watch(dq_machine *machine)
{
    host_watch_for_loops(machine->watch, &(host_watch_loops){ moved, ask, machine });
}

/* The idle loops of a machine that is rewound are there from the beginning. */
static uint32_t idle_loops(const dq_machine *machine)
{
    uint32_t count = 0;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        count += machine->processors[i].idle_task != NULL;
    }
    return count;
}

static dq_loop_moment moment_of(const dq_machine *machine)
{
    return (dq_loop_moment){ .spent_ns = machine->spent_ns,
                             .wakes = machine->wakes - machine->loop.wakes_before,
                             .executions = machine->executions - idle_loops(machine) };
}

static bool is_at(const dq_machine *machine, const dq_loop_moment *wanted)
{
    const dq_loop_moment now = moment_of(machine);

    return now.spent_ns == wanted->spent_ns && now.wakes == wanted->wakes &&
           now.executions == wanted->executions;
}

/* Counts the calls since something has happened. */
static bool goes_round(dq_machine *machine)
{
    dq_loop *loop = &machine->loop;
    const uint64_t moved = dq_loop_moved(machine);

    if (loop->calls == 0 || loop->moved != moved) {
        loop->moved = moved;
        loop->calls = 0;
        loop->choices = machine->choices.count;
    }
    loop->calls++;
    return loop->calls >= CALLS_OF_KNOWN_LOOP && is_at(machine, machine->options.loops_since);
}

static bool loops(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    if (machine->options.loops_since != NULL && goes_round(machine)) {
        return true;
    }
    if (machine->options.loops_since == NULL) {
        dq_unattend(cpu, DQ_ATTEND_LOOP);
    }
    return __atomic_load_n(&machine->loop.asked_at, __ATOMIC_RELAXED) == dq_loop_moved(machine);
}

static dq_finding livelock_on(const dq_processor *cpu)
{
    return (dq_finding){ .severity = DQ_ERROR,
                         .rule = "livelock",
                         .more = dq_pending_take(cpu->machine) };
}

void dq_loop_look(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;
    dq_finding livelock;
    char name[96];

    if (!loops(cpu)) {
        return; /* Something has happened since, or may still. */
    }
    machine->loop.found = true;
    machine->loop.since = moment_of(machine);
    livelock = livelock_on(cpu);
    dq_find(cpu, &livelock, LOOP_FORMAT, dq_execution_describe(cpu->execution, name, sizeof(name)),
            cpu->irql, limit_s(machine), HOST_WATCH_LOOP_LIMITS);
}

void dq_loop_note(dq_processor *cpu)
{
    const dq_finding livelock = livelock_on(cpu);
    char name[96];

    dq_note(cpu, &livelock, LOOP_FORMAT, dq_execution_describe(cpu->execution, name, sizeof(name)),
            cpu->irql, limit_s(cpu->machine), HOST_WATCH_LOOP_LIMITS);
}

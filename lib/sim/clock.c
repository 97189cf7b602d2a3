/*
 * clock.c - a heap of deadlines and the ways in which time passes.
 */
#include "sim/machine.h"

#include <stdlib.h>

#include "sim/pending.h"

/* Work on behalf of one activation may not last longer than this: it is then an endless loop that
 * polls. */
static const uint64_t activation_limit_ns = 10ull * 1000 * 1000 * 1000;
static const uint64_t tick_ns = 15625ull * 1000; /* In which bug check 0x133 counts. */

static bool earlier(const dq_deadline *a, const dq_deadline *b)
{
    if (a->due_ns != b->due_ns) {
        return a->due_ns < b->due_ns;
    }
    if (a->priority != b->priority) {
        return a->priority < b->priority;
    }
    return a->sequence < b->sequence;
}

static void put(dq_clock *clock, size_t place, dq_deadline *deadline)
{
    clock->heap[place] = deadline;
    deadline->slot = place + 1;
}

static void rise(dq_clock *clock, size_t place, dq_deadline *deadline)
{
    while (place > 0 && earlier(deadline, clock->heap[(place - 1) / 2])) {
        put(clock, place, clock->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(clock, place, deadline);
}

static void sink_down(dq_clock *clock, size_t place, dq_deadline *deadline)
{
    for (;;) {
        size_t child = 2 * place + 1;

        if (child >= clock->count) {
            break;
        }
        if (child + 1 < clock->count && earlier(clock->heap[child + 1], clock->heap[child])) {
            child++;
        }
        if (!earlier(clock->heap[child], deadline)) {
            break;
        }
        put(clock, place, clock->heap[child]);
        place = child;
    }
    put(clock, place, deadline);
}

static void take_out(dq_clock *clock, dq_deadline *deadline)
{
    size_t place = deadline->slot - 1;
    dq_deadline *last = clock->heap[--clock->count];

    deadline->slot = 0;
    if (last != deadline) {
        rise(clock, place, last);
        sink_down(clock, last->slot - 1, last);
    }
}

bool dq_clock_set(dq_machine *machine, dq_deadline *deadline, uint64_t due_ns)
{
    dq_clock *clock = &machine->clock;

    if (deadline->slot != 0) {
        take_out(clock, deadline);
    }
    if (clock->count == clock->capacity) {
        size_t capacity = clock->capacity == 0 ? 16 : 2 * clock->capacity;
        dq_deadline **heap =
            dq_arena_enlarge(machine->options.arena, clock->heap,
                             clock->capacity * sizeof(dq_deadline *),
                             capacity * sizeof(dq_deadline *));

        if (heap == NULL) {
            return false;
        }
        clock->heap = heap;
        clock->capacity = capacity;
    }
    if (machine->choices.searcher != NULL) {
        machine->choices.searcher->noticed |= DQ_NOTICE_TIMED;
    }
    deadline->due_ns = due_ns < clock->now_ns ? clock->now_ns : due_ns;
    deadline->sequence = ++clock->sequence;
    rise(clock, clock->count++, deadline);
    return true;
}

bool dq_clock_cancel(dq_machine *machine, dq_deadline *deadline)
{
    if (deadline->slot == 0) {
        return false;
    }
    take_out(&machine->clock, deadline);
    return true;
}

uint64_t dq_clock_next_ns(const dq_machine *machine)
{
    return machine->clock.count > 0 ? machine->clock.heap[0]->due_ns : UINT64_MAX;
}

static void check_limits(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;
    uint64_t now_ns = machine->clock.now_ns;
    const dq_execution *execution = cpu->execution;

    if (machine->options.busy_limit_ns != 0 && machine->busy_ns > machine->options.busy_limit_ns) {
        uint64_t limit_ns = machine->options.busy_limit_ns;

        machine->options.busy_limit_ns = 0;
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "time limit",
                               .more = dq_pending_take(machine) },
                "the processors have stalled and polled for more than %llu virtual seconds (option "
                "busy_limit_s): does something poll for what will never come?",
                (unsigned long long)(limit_ns / 1000000000u));
    }
    if ((execution->kind == DQ_EXECUTION_ISR || execution->kind == DQ_EXECUTION_DPC ||
         execution->kind == DQ_EXECUTION_IPI || execution->kind == DQ_EXECUTION_NMI) &&
        now_ns - execution->begun_ns > activation_limit_ns) {
        char name[96];

        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "livelock",
                               .page = "debugger: bug check 0x133",
                               .code = 0x133,
                               .parameters = { 0, activation_limit_ns / tick_ns + 1,
                                               activation_limit_ns / tick_ns },
                               .more = dq_pending_take(machine) },
                "livelock in `%s`, IRQL %u: it has been running for 10 virtual seconds and "
                "still polls",
                dq_execution_describe(execution, name, sizeof(name)), cpu->irql);
    }
}

/* The earliest deadline happens. It is hardware: the processor that runs it is only borrowed. */
static void fire_first(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;
    dq_deadline *deadline = machine->clock.heap[0];
    dq_execution execution;

    take_out(&machine->clock, deadline);
    if (deadline->due_ns > machine->clock.now_ns) {
        machine->clock.now_ns = deadline->due_ns;
    }
    dq_device_call_begin(cpu, &execution, NULL, "clock");
    dq_emit(cpu, STIMULUS, NULL, deadline->priority, 0, 0);
    deadline->fire(machine, deadline);
    dq_device_call_end(cpu, &execution);
}

/* Waiting for others is no work of one's own, and what the test does is none of the driver's. */
static void charge(dq_processor *cpu, uint64_t ns)
{
    const dq_service service = cpu->execution->service;

    cpu->machine->busy_ns += ns;
    if (service == DQ_SERVICE_YieldProcessor) {
        return;
    }
    cpu->machine->spent_ns += ns;
    if (!dq_service_is_tests(service)) {
        cpu->execution->spent_ns += ns;
    }
}

dq_processor *dq_clock_pass(dq_processor *cpu, uint64_t until_ns)
{
    dq_machine *machine = cpu->machine;
    bool happened = false;

    if (until_ns > machine->clock.now_ns) {
        charge(cpu, until_ns - machine->clock.now_ns);
    }
    while (dq_clock_next_ns(machine) <= until_ns) {
        happened = true;
        fire_first(cpu);
        check_limits(cpu);
        cpu = dq_point(cpu);
    }
    if (machine->clock.now_ns < until_ns) {
        machine->clock.now_ns = until_ns;
    }
    check_limits(cpu);
    return happened ? dq_point(cpu) : dq_point_within(cpu);
}

void dq_clock_follow(dq_processor *cpu, uint64_t until_ns)
{
    dq_machine *machine = cpu->machine;

    while (dq_clock_next_ns(machine) <= until_ns) {
        fire_first(cpu);
        check_limits(cpu);
    }
    if (machine->clock.now_ns < until_ns) {
        machine->clock.now_ns = until_ns;
    }
}

dq_processor *dq_clock_charge(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    return dq_clock_pass(cpu, machine->clock.now_ns + machine->options.access_cost_ns);
}

bool dq_clock_skip(dq_machine *machine)
{
    if (machine->clock.count == 0) {
        return false;
    }
    fire_first(dq_self);
    check_limits(dq_self);
    return true;
}

void dq_clock_stop(dq_machine *machine)
{
    for (size_t i = 0; i < machine->clock.count; i++) {
        machine->clock.heap[i]->slot = 0;
    }
    dq_machine_give(machine, machine->clock.heap);
    machine->clock = (dq_clock){ .now_ns = machine->clock.now_ns,
                                 .sequence = machine->clock.sequence };
}

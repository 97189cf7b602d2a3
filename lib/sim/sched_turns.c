/*
 * sched_turns.c - all processors on one host thread, one at a time: modes first, random and replay.
 *
 * A processor goes on until a schedule point, where another may go on instead. Undisturbed (option
 * 0), an interrupt is taken at the first point after its arrival, whichever processor takes it;
 * ISRs and DPCs then run to their end; and thread code keeps its turn until it rests or has had a
 * slice of virtual time or of points while others could run. A processor that rests (idle, or
 * spinning on a held lock) is passed over until something changes for it.
 */
#include "sim/machine.h"

#include <stdio.h>
#include <stdlib.h>

static const uint64_t slice_ns = 10 * 1000;
static const uint64_t slice_points = 256;
static const uint64_t lost_after_ns = 10ull * 1000 * 1000 * 1000;
enum { LOST_AFTER_SKIPS = 3 };

typedef struct turns {
    unsigned turn; /* The processor whose thread code goes on. */
    uint64_t turn_began_ns;
    uint64_t turn_points;
} turns;

static turns *turns_of(const dq_machine *machine)
{
    return machine->scheduler_state;
}

/* ---- Who could go on ------------------------------------------------------------------------- */

static bool has_interrupt(const dq_processor *cpu)
{
    return (cpu->attention & DQ_ATTEND_LEVELS & (~1u << cpu->irql)) != 0;
}

static bool can_run(const dq_processor *cpu)
{
    if (has_interrupt(cpu)) {
        return true;
    }
    if (cpu->spin_blocked) {
        return false;
    }
    if (cpu->idle) {
        return (cpu->attention & DQ_ATTEND_SWITCH) != 0;
    }
    return true;
}

static bool in_activation(const dq_processor *cpu)
{
    return cpu->execution != NULL && cpu->execution->base_level >= DQ_LEVEL_DISPATCH;
}

static dq_processor *after(dq_machine *machine, unsigned number,
                           bool (*wanted)(const dq_processor *))
{
    for (unsigned i = 1; i <= machine->processor_count; i++) {
        dq_processor *cpu = &machine->processors[(number + i) % machine->processor_count];

        if (wanted(cpu)) {
            return cpu;
        }
    }
    return NULL;
}

static bool is_urgent(const dq_processor *cpu)
{
    return has_interrupt(cpu) || (in_activation(cpu) && can_run(cpu));
}

static bool turn_is_over(const dq_machine *machine)
{
    const turns *t = turns_of(machine);

    return t->turn_points >= slice_points || machine->clock.now_ns - t->turn_began_ns >= slice_ns;
}

static void give_turn(dq_machine *machine, const dq_processor *cpu)
{
    turns *t = turns_of(machine);

    t->turn = cpu->number;
    t->turn_began_ns = machine->clock.now_ns;
    t->turn_points = 0;
}

/* What an undisturbed machine would do. NULL if nobody can run. */
static dq_processor *undisturbed(dq_machine *machine, dq_processor *cpu, bool yields)
{
    turns *t = turns_of(machine);
    dq_processor *holder = &machine->processors[t->turn];
    dq_processor *urgent = is_urgent(cpu) && !yields ? cpu : after(machine, cpu->number, is_urgent);
    dq_processor *next;

    if (urgent != NULL && !(yields && urgent == cpu)) {
        return urgent;
    }
    if (can_run(holder) && !(yields && holder == cpu) && !turn_is_over(machine)) {
        t->turn_points++;
        return holder;
    }
    next = after(machine, t->turn, can_run);
    if (yields && next == cpu) {
        next = after(machine, cpu->number, can_run); /* Itself only if nobody else can. */
    }
    if (next != NULL) {
        give_turn(machine, next);
    }
    return next;
}

static dq_processor *choose_next(dq_machine *machine, dq_processor *cpu, bool yields)
{
    dq_processor *options[DQ_PROCESSORS_MAX];
    unsigned count = 0;
    dq_processor *first = undisturbed(machine, cpu, yields);

    if (first == NULL || machine->options.mode == DQ_MODE_FIRST) {
        return first;
    }
    options[count++] = first;
    for (unsigned i = 1; i < machine->processor_count; i++) {
        dq_processor *other = &machine->processors[(first->number + i) % machine->processor_count];

        if (can_run(other) && !(yields && other == cpu)) {
            options[count++] = other;
        }
    }
    return options[dq_choose(cpu, DQ_CHOICE_PROCESSOR, count)];
}

/* ---- Going on -------------------------------------------------------------------------------- */

static void go(dq_processor *from, dq_processor *to)
{
    from->machine->progress++;
    dq_processor_ready(to);
    dq_self = to;
    host_context_switch(&from->task->context, &to->task->context);
}

static dq_processor *turns_point(dq_processor *cpu, bool yields)
{
    dq_machine *machine = cpu->machine;
    dq_processor *next;

    if (machine->intc.deferred > 0) {
        dq_intc_arrivals(cpu);
    }
    next = choose_next(machine, cpu, yields);
    if (next != NULL && next != cpu) {
        go(cpu, next);
    }
    return dq_self;
}

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

static size_t describe_spinners(const dq_machine *machine, char *text, size_t bytes)
{
    size_t length = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < machine->processor_count && length < bytes; i++) {
        const dq_processor *cpu = &machine->processors[i];
        char name[96];
        int added;

        if (!cpu->spin_blocked) {
            continue;
        }
        added =
            snprintf(text + length, bytes - length, "\n  CPU%u, IRQL %u: %s spins on a lock, in %s",
                     i, cpu->irql, dq_execution_describe(cpu->execution, name, sizeof(name)),
                     dq_service_name(cpu->execution->service));
        length += added > 0 ? (size_t)added : 0;
    }
    return length;
}

static void report_standstill(dq_processor *cpu, const char *rule, const char *what)
{
    dq_machine *machine = cpu->machine;
    char waits[DQ_FINDING_TEXT];
    size_t length = describe_spinners(machine, waits, sizeof(waits));

    if (length < sizeof(waits) && machine->hooks->describe_waits != NULL) {
        machine->hooks->describe_waits(machine, waits + length, sizeof(waits) - length);
    }
    dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = rule }, "%s%s", what, waits);
}

/* Nobody can run: put-off interrupts arrive, or time goes on. */
static void move_the_world(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    machine->progress++;
    if (dq_intc_arrive_all(machine)) {
        return;
    }
    if (wake_up_is_lost(machine)) {
        report_standstill(
            cpu, "lost wake-up",
            "lost wake-up: for 10 virtual seconds only periodic timers ran, while every "
            "thread waited for what nobody signalled");
    }
    machine->skips_since_thread++;
    if (!dq_clock_skip(machine)) {
        report_standstill(
            cpu, "deadlock",
            "deadlock: nothing can run, no timer or device is due, and no interrupt can be "
            "delivered");
    }
}

static void turns_rest(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    for (;;) {
        dq_processor *next;

        if (machine->intc.deferred > 0) {
            dq_intc_arrivals(cpu);
        }
        next = choose_next(machine, cpu, false);
        if (next == cpu) {
            return;
        }
        if (next != NULL) {
            go(cpu, next);
            return;
        }
        move_the_world(cpu);
    }
}

static void turns_wake(dq_processor *target)
{
    (void)target; /* It is seen at the next point. */
}

static void turns_switch_task(dq_processor *cpu, dq_task *to)
{
    dq_task *from = cpu->task;

    cpu->task = to;
    host_context_switch(&from->context, &to->context);
}

static void turns_home(dq_processor *cpu, bool for_good)
{
    dq_machine *machine = cpu->machine;

    dq_self = dq_processor_foreign();
    if (for_good) {
        host_context_leave(&cpu->task->context, &machine->home);
    }
    host_context_switch(&cpu->task->context, &machine->home);
}

static void turns_run(dq_machine *machine)
{
    dq_processor *first = &machine->processors[0];

    machine->scheduler_state = calloc(1, sizeof(turns));
    if (machine->scheduler_state == NULL) {
        dq_find_outside(machine, "memory", "short of memory for the scheduler");
        return;
    }
    dq_processor_ready(first);
    dq_self = first;
    host_context_switch(&machine->home, &first->task->context);
    while (machine->home_errand != NULL) {
        dq_processor *caller = machine->home_caller;

        machine->home_errand(machine->home_argument);
        machine->home_errand = NULL;
        dq_self = caller;
        host_context_switch(&machine->home, &caller->task->context);
    }
}

static void turns_stop(dq_machine *machine)
{
    free(machine->scheduler_state);
    machine->scheduler_state = NULL;
}

const dq_scheduler dq_sched_turns = {
    .name = "turns",
    .run = turns_run,
    .point = turns_point,
    .rest = turns_rest,
    .wake = turns_wake,
    .switch_task = turns_switch_task,
    .home = turns_home,
    .stop = turns_stop,
};

/*
 * sched_turns.c - all processors on one host thread, one at a time: modes first, random, replay, explore.
 *
 * A processor goes on until a schedule point, where another may go on instead. Undisturbed (option
 * 0), an interrupt is taken at the first point after its arrival, whichever processor takes it;
 * ISRs and DPCs then run to their end; and thread code keeps its turn until it rests or has had a
 * slice of virtual time or of points while others could run. A processor that rests (idle, or
 * spinning on a held lock) is passed over until something changes for it.
 */
#include "sim/follow.h"
#include "sim/order.h"
#include "sim/standstill.h"

static const uint64_t slice_ns = 10 * 1000;
static const uint64_t slice_counted_ns = 10 * 1000 * 1000; /* Where a switch is to be paid for. */
static const uint32_t slice_points = 256;
static const uint32_t slice_counted_points = 20000;

/* ---- Who could go on ------------------------------------------------------------------------- */

static bool in_activation(const dq_processor *cpu)
{
    return cpu->execution != NULL && cpu->execution->base_level >= DQ_LEVEL_DISPATCH;
}

static inline bool is_in(uint64_t set, const dq_processor *cpu)
{
    return (set >> cpu->number & 1) != 0;
}

static inline bool is_urgent(const dq_processor *cpu)
{
    const dq_turns *t = &cpu->machine->turns;

    return (dq_has_interrupt(cpu) && !is_in(t->put_off, cpu)) ||
           (in_activation(cpu) && !is_in(t->gave_way, cpu) && dq_can_run(cpu));
}

/* They stand in a circle. */
static inline dq_processor *neighbour(const dq_machine *machine, const dq_processor *cpu)
{
    return cpu->number + 1u < machine->processor_count ? &machine->processors[cpu->number + 1u] :
                                                         &machine->processors[0];
}

/* The first one after `cpu`, it itself last of all, or NULL. */
static inline dq_processor *urgent_after(const dq_machine *machine, const dq_processor *cpu)
{
    dq_processor *at = neighbour(machine, cpu);

    while (at != cpu && !is_urgent(at)) {
        at = neighbour(machine, at);
    }
    return at != cpu || is_urgent(at) ? at : NULL;
}

static dq_processor *runnable_after(const dq_machine *machine, const dq_processor *cpu)
{
    dq_processor *at = neighbour(machine, cpu);

    while (at != cpu && !dq_can_run(at)) {
        at = neighbour(machine, at);
    }
    return at != cpu || dq_can_run(at) ? at : NULL;
}

static bool turn_is_over(dq_machine *machine)
{
    const dq_turns *t = &machine->turns;
    const bool sparse = machine->choices.sparse;
    const uint64_t limit_ns = sparse ? slice_counted_ns : slice_ns;
    const uint32_t limit_points = sparse ? slice_counted_points : slice_points;

    if (t->points < limit_points && machine->clock.now_ns - t->began_ns < limit_ns) {
        return false;
    }
    dq_notice_of(machine, DQ_NOTICE_SLICED);
    return true;
}

static void give_turn(dq_machine *machine, const dq_processor *cpu)
{
    dq_turns *t = &machine->turns;

    t->turn = cpu->number;
    t->began_ns = machine->clock.now_ns;
    t->points = 0;
}

/* What an undisturbed machine would do. NULL if nobody can run. */
static dq_processor *undisturbed(dq_machine *machine, dq_processor *cpu, bool yields)
{
    dq_turns *t = &machine->turns;
    dq_processor *holder = &machine->processors[t->turn];
    dq_processor *urgent = is_urgent(cpu) && !yields ? cpu : urgent_after(machine, cpu);
    dq_processor *next;

    if (urgent != NULL && !(yields && urgent == cpu)) {
        return urgent;
    }
    if (dq_can_run(holder) && !(yields && holder == cpu) && !turn_is_over(machine)) {
        t->points++;
        return holder;
    }
    next = runnable_after(machine, holder);
    if (yields && next == cpu) {
        next = runnable_after(machine, cpu); /* Itself only if nobody else can. */
    }
    if (next != NULL) {
        give_turn(machine, next);
    }
    return next;
}

/* ---- Who goes on instead --------------------------------------------------------------------- */

/* How the caller stands to going on. */
typedef enum readiness {
    READY,   /* At a schedule point. */
    YIELDS,  /* It asks others to go on. */
    WAITS    /* It has nothing to do, or spins. */
} readiness;

typedef struct contest {
    dq_processor *option[DQ_PROCESSORS_MAX];
    uint64_t process[DQ_PROCESSORS_MAX]; /* That goes on there. */
    unsigned count;
    dq_bound bound;  /* What it costs to go against the undisturbed order, ... */
    uint64_t costly; /* ... by option. */
} contest;

/* An interrupt that was put off comes whenever it likes. */
static uint64_t without_late_interrupts(const contest *c)
{
    uint64_t costly = UINT64_MAX;

    for (unsigned i = 1; i < c->count; i++) {
        const dq_processor *cpu = c->option[i];

        if (is_in(cpu->machine->turns.put_off, cpu) && dq_has_interrupt(cpu)) {
            costly &= ~(1ull << i);
        }
    }
    return costly;
}

/* An alternative costs an interrupt if one that could be taken now is put off by it, else a
 * preemption if it takes the turn from one that could use it. Going on where one has asked others
 * to costs as much, so that a loop which polls is left after a bounded number of rounds. */
static void price(contest *c, const dq_processor *cpu, readiness caller)
{
    const dq_processor *first = c->option[0];

    c->bound = DQ_BOUND_PREEMPTION;
    if (first != cpu && is_urgent(first)) {
        c->bound = DQ_BOUND_INTERRUPT;
        c->costly = UINT64_MAX;
    } else if (first == cpu) {
        c->costly = caller == READY ? without_late_interrupts(c) : 0;
    } else {
        for (unsigned i = 1; i < c->count; i++) {
            c->costly |= c->option[i] == cpu && caller != WAITS ? 1ull << i : 0;
        }
    }
}

/* Where schedules are counted, a turn that is over is no alternative: it would go on for ever. */
static bool is_alternative(const dq_processor *other, const dq_processor *cpu, readiness caller)
{
    dq_machine *machine = cpu->machine;

    if (!dq_can_run(other)) {
        return false;
    }
    if (other != cpu) {
        return true;
    }
    return machine->choices.sparse ? caller != READY || is_urgent(cpu) || !turn_is_over(machine) :
                                     caller != YIELDS;
}

/* 0 if it is none of them. */
static unsigned place_of(const contest *c, const dq_processor *cpu)
{
    unsigned place = c->count - 1;

    while (place > 0 && c->option[place] != cpu) {
        place--;
    }
    return place;
}

/* Only mode pct asks who they are. */
static const uint64_t *processes_of(contest *c, const dq_machine *machine)
{
    for (unsigned i = 0; i < c->count && machine->options.mode == DQ_MODE_PCT; i++) {
        c->process[i] = dq_process_on(c->option[i]);
    }
    return c->process;
}

/* What was chosen holds, however many steps it is until something else happens: where schedules are
 * counted, steps are not. */
static void settle(dq_processor *cpu, const contest *c, unsigned answer, readiness caller,
                   const dq_turns *before)
{
    dq_machine *machine = cpu->machine;
    dq_turns *t = &machine->turns;
    const dq_processor *chosen = c->option[answer];

    if (answer != 0 && !is_urgent(chosen)) {
        give_turn(machine, chosen); /* Else going on with it would cost again. */
    } else if (answer != 0 && chosen == cpu) {
        *t = *before;
    }
    if ((answer != 0 || caller == YIELDS) && chosen != cpu && caller != WAITS) {
        t->gave_way |= 1ull << cpu->number;
    }
    if (answer != 0 && c->option[0] != cpu && dq_has_interrupt(c->option[0])) {
        t->put_off |= 1ull << c->option[0]->number;
    }
}

static dq_processor *choose_next(dq_machine *machine, dq_processor *cpu, readiness caller)
{
    const dq_turns before = machine->turns;
    dq_processor *next = undisturbed(machine, cpu, caller == YIELDS);
    contest c;
    unsigned answer;

    if (next == NULL || machine->options.mode == DQ_MODE_FIRST) {
        return next;
    }
    c.option[0] = next; /* The rest of the array is not worth the time to clear it. */
    c.count = 1;
    c.costly = 0;
    for (dq_processor *other = neighbour(machine, next); other != next;
         other = neighbour(machine, other)) {
        if (is_alternative(other, cpu, caller)) {
            c.option[c.count++] = other;
        }
    }
    price(&c, cpu, caller);
    if (next != cpu && caller == READY) {
        cpu->execution->pinned = false; /* It is not its turn: to go on is to be paid for. */
    }
    cpu->execution->pinned_answer = (uint8_t)place_of(&c, cpu);
    answer = dq_choose_among(cpu, DQ_CHOICE_PROCESSOR, processes_of(&c, machine), c.count, c.bound,
                             c.costly);
    if (machine->choices.sparse) {
        settle(cpu, &c, answer, caller, &before);
    }
    return c.option[answer];
}

static dq_processor *go_along(dq_machine *machine, dq_processor *cpu, const dq_trail_step *step)
{
    dq_trail_follow(machine, step);
    cpu->execution->pinned_answer = step->pinned_answer;
    cpu->execution->pinned = step->pinned;
    return step->next != DQ_TRAIL_NOBODY ? &machine->processors[step->next] : NULL;
}

static dq_processor *who_goes_on(dq_machine *machine, dq_processor *cpu, readiness caller)
{
    const dq_execution *execution = cpu->execution;
    const dq_trail_step *step;
    dq_processor *next;

    if (!machine->marked) {
        return choose_next(machine, cpu, caller);
    }
    step = dq_trail_ahead(machine, cpu, execution->service, execution->calls);
    if (step != NULL) {
        return go_along(machine, cpu, step);
    }
    machine->trail.count = machine->trail_at; /* The run is not what the one before was. */
    next = choose_next(machine, cpu, caller);
    dq_trail_leave(cpu, next);
    return next;
}

/* ---- Where it has come to -------------------------------------------------------------------- */

/* Whose turn it is, and what has been settled (dq_turns). */
static uint64_t number_of_turn(const dq_processor *cpu, readiness caller)
{
    const dq_machine *machine = cpu->machine;
    const dq_turns *t = &machine->turns;
    uint64_t number = dq_order_mix(cpu->number, (uint64_t)caller << 32 | t->turn);

    number = dq_order_mix(dq_order_mix(number, t->put_off), t->gave_way);
    if ((machine->choices.searcher->noticed & DQ_NOTICE_SLICED) != 0) {
        number = dq_order_mix(number, t->points);
        number = dq_order_mix(number, machine->clock.now_ns - t->began_ns);
    }
    return number;
}

static inline void look_around(dq_processor *cpu, readiness caller)
{
    const dq_choice_log *log = &cpu->machine->choices;
    dq_searcher *searcher = log->searcher;

    if (searcher != NULL && searcher->order != NULL && searcher->at >= searcher->frontier &&
        log->paused == 0 && !cpu->execution->pinned) {
        searcher->arrive(searcher, dq_order_state(cpu->machine, number_of_turn(cpu, caller)));
    }
}

/* ---- Going on -------------------------------------------------------------------------------- */

/* What held while it did not go on. */
static void forget(const dq_processor *cpu)
{
    dq_turns *t = &cpu->machine->turns;

    t->put_off &= ~(1ull << cpu->number);
    t->gave_way &= ~(1ull << cpu->number);
}

static void go(dq_processor *from, dq_processor *to)
{
    from->machine->progress++;
    forget(to);
    dq_processor_ready(to);
    dq_self = to;
    host_context_switch(&from->task->context, &to->task->context);
}

static dq_processor *turns_point(dq_processor *cpu, bool yields)
{
    dq_machine *machine = cpu->machine;
    dq_processor *next;

    look_around(cpu, yields ? YIELDS : READY);
    if (machine->intc.deferred > 0) {
        dq_intc_arrivals(cpu);
    }
    next = who_goes_on(machine, cpu, yields ? YIELDS : READY);
    if (next != NULL && next != cpu) {
        go(cpu, next);
    }
    return dq_self;
}

static void turns_rest(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;

    for (;;) {
        dq_processor *next;

        look_around(cpu, WAITS);
        if (machine->intc.deferred > 0) {
            dq_intc_arrivals(cpu);
        }
        next = who_goes_on(machine, cpu, WAITS);
        if (next == cpu) {
            return;
        }
        if (next != NULL) {
            go(cpu, next);
            return;
        }
        dq_move_the_world(cpu);
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

static bool turns_start(dq_machine *machine)
{
    if (machine->options.arena != NULL) {
        dq_processors_make_idle_tasks(machine);
    }
    return true;
}

/* What the watchdog looks at. One processor alone counts its short ways too, but not beyond a
 * rewind. */
static const volatile uint64_t *progress_of(const dq_machine *machine)
{
    return machine->processor_count == 1 && !machine->marked ? &machine->processors[0].points :
                                                               &machine->progress;
}

static void turns_run(dq_machine *machine)
{
    dq_processor *first = &machine->processors[0];

    if (machine->watch == NULL) {
        machine->watch = host_watch_start(progress_of(machine), machine->options.watchdog_ns);
        dq_loop_watch(machine);
    }
    if (machine->marked) {
        dq_trail_begin(&machine->trail, machine->choices.searcher);
    }
    dq_processor_ready(first);
    dq_self = first;
    host_context_switch(&machine->home, &first->task->context);
    while (machine->home_errand != NULL) {
        dq_processor *caller = machine->home_caller;

        dq_errand(machine);
        machine->home_errand = NULL;
        dq_self = caller;
        host_context_switch(&machine->home, &caller->task->context);
    }
}

/* A machine that is rewound is watched until it is stopped: its next run is not far. */
static void turns_end(dq_machine *machine)
{
    if (!machine->marked) {
        host_watch_stop(machine->watch);
        machine->watch = NULL;
    }
}

static void turns_retire(dq_task *task)
{
    (void)task;
}

static void turns_stop(dq_machine *machine)
{
    host_watch_stop(machine->watch);
    machine->watch = NULL;
}

const dq_scheduler dq_sched_turns = {
    .name = "turns",
    .start = turns_start,
    .run = turns_run,
    .point = turns_point,
    .rest = turns_rest,
    .wake = turns_wake,
    .switch_task = turns_switch_task,
    .home = turns_home,
    .end = turns_end,
    .retire = turns_retire,
    .stop = turns_stop,
};

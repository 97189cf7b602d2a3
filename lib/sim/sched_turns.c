/*
 * sched_turns.c - all processors on one host thread, one at a time: modes first, random, replay,
 * explore.
 *
 * A processor goes on until a schedule point, where another may go on instead. Undisturbed (option
 * 0), an interrupt is taken at the first point after its arrival, whichever processor takes it;
 * ISRs and DPCs then run to their end; and thread code keeps its turn until it rests or has had a
 * slice of virtual time or of points while others could run. A processor that rests (idle, or
 * spinning on a held lock) is passed over until something changes for it.
 */
#include "sim/delay.h"
#include "sim/follow.h"
#include "sim/order.h"
#include "sim/outlook.h"
#include "sim/standin.h"

static const uint64_t slice_ns = 10 * 1000;
static const uint64_t slice_counted_ns = 10 * 1000 * 1000; /* Where a switch is to be paid for. */
static const uint32_t slice_points = 256;
static const uint32_t slice_counted_points = 20000;

/* ---- Undisturbed
 * ------------------------------------------------------------------------------ */

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
static dq_processor *undisturbed(dq_machine *machine, dq_processor *cpu, const dq_outlook *view,
                                 bool yields)
{
    dq_turns *t = &machine->turns;
    dq_processor *holder = &machine->processors[t->turn];
    dq_processor *urgent =
        dq_is_urgent(cpu, view) && !yields ? cpu : dq_first_after(cpu, view->urgent);
    dq_processor *next;

    if (urgent != NULL && !(yields && urgent == cpu)) {
        return urgent;
    }
    if (dq_is_in(view->runnable, holder) && !(yields && holder == cpu) && !turn_is_over(machine)) {
        t->points++;
        return holder;
    }
    next = dq_first_after(holder, view->runnable);
    if (yields && next == cpu) {
        next = dq_first_after(cpu, view->runnable); /* Itself only if nobody else can. */
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

/* Answer 0 lets the first one go on, and the others follow in the order of the circle. */
typedef struct contest {
    dq_outlook view;
    dq_processor *first; /* Who goes on undisturbed. */
    uint64_t others;     /* As bits: those that may go on instead. */
    dq_bound bound;      /* What it costs to go against the undisturbed order, ... */
    uint64_t costly;     /* ... by answer. */
} contest;

static dq_processor *option_of(const contest *c, unsigned answer)
{
    dq_processor *option = c->first;

    for (uint64_t left = c->others; answer > 0; answer--) {
        option = dq_first_after(option, left);
        left &= ~(1ull << option->number);
    }
    return option;
}

/* 0 also if no answer lets `cpu` go on. */
static unsigned answer_for(const contest *c, const dq_processor *cpu)
{
    unsigned answer = 0;

    while (dq_is_in(c->others, cpu) && option_of(c, answer) != cpu) {
        answer++;
    }
    return answer;
}

/* An interrupt that was put off comes whenever it likes. */
static uint64_t without_late_interrupts(const contest *c)
{
    const dq_machine *machine = c->first->machine;
    uint64_t costly = UINT64_MAX;

    for (uint64_t late = c->others & machine->turns.put_off; late != 0; late &= late - 1) {
        const dq_processor *cpu = &machine->processors[__builtin_ctzll(late)];

        if (dq_has_interrupt(cpu)) {
            costly &= ~(1ull << answer_for(c, cpu));
        }
    }
    return costly;
}

/* An alternative costs an interrupt if one that could be taken now is put off by it, else a
 * preemption if it takes the turn from one that could use it. Going on where one has asked others
 * to costs as much, so that a loop which polls is left after a bounded number of rounds. */
static void price(contest *c, const dq_processor *cpu, readiness caller)
{
    c->bound = DQ_BOUND_PREEMPTION;
    if (c->first == cpu) {
        c->costly = caller == READY ? without_late_interrupts(c) : 0;
    } else if (dq_is_urgent(c->first, &c->view)) {
        c->bound = DQ_BOUND_INTERRUPT;
        c->costly = UINT64_MAX;
    } else {
        c->costly = caller != WAITS ? 1ull << answer_for(c, cpu) : 0;
    }
}

/* The caller instead of who goes on undisturbed. Where schedules are counted, a turn that is over
 * is no alternative: it would go on for ever. */
static bool is_alternative(const dq_processor *cpu, const dq_outlook *view, readiness caller)
{
    dq_machine *machine = cpu->machine;

    return machine->choices.sparse
               ? caller != READY || dq_is_urgent(cpu, view) || !turn_is_over(machine)
               : caller != YIELDS;
}

static uint64_t others_of(const contest *c, const dq_processor *cpu, readiness caller)
{
    const uint64_t own = 1ull << cpu->number;
    const uint64_t others = c->view.runnable & ~(1ull << c->first->number);

    return (others & own) != 0 && !is_alternative(cpu, &c->view, caller) ? others & ~own : others;
}

/* Only mode pct asks who they are. */
static unsigned choose_by_process(const contest *c, dq_processor *cpu, unsigned count)
{
    uint64_t processes[DQ_PROCESSORS_MAX];

    for (unsigned i = 0; i < count; i++) {
        processes[i] = dq_process_on(option_of(c, i));
    }
    return dq_choose_among(cpu, DQ_CHOICE_PROCESSOR, processes, count, c->bound, c->costly);
}

static unsigned choose(contest *c, dq_processor *cpu, readiness caller)
{
    const unsigned count = 1 + (unsigned)__builtin_popcountll(c->others);

    price(c, cpu, caller);
    return cpu->machine->options.mode == DQ_MODE_PCT
               ? choose_by_process(c, cpu, count)
               : dq_choose_within(cpu, DQ_CHOICE_PROCESSOR, count, c->bound, c->costly);
}

/* What was chosen holds, however many steps it is until something else happens: where schedules are
 * counted, steps are not. */
static void settle(dq_processor *cpu, const contest *c, unsigned answer, readiness caller,
                   const dq_turns *before)
{
    dq_machine *machine = cpu->machine;
    dq_turns *t = &machine->turns;
    const dq_processor *chosen = option_of(c, answer);

    if (answer != 0 && !dq_is_urgent(chosen, &c->view)) {
        give_turn(machine, chosen); /* Else going on with it would cost again. */
    } else if (answer != 0 && chosen == cpu) {
        *t = *before;
    }
    if ((answer != 0 || caller == YIELDS) && chosen != cpu && caller != WAITS) {
        t->gave_way |= 1ull << cpu->number;
    }
    if (answer != 0 && c->first != cpu && dq_has_interrupt(c->first)) {
        t->put_off |= 1ull << c->first->number;
    }
}

static dq_processor *choose_next(dq_machine *machine, dq_processor *cpu, readiness caller)
{
    const dq_turns before = machine->turns;
    contest c = { .view = dq_look_at_all(machine) };
    unsigned answer;

    c.first = undisturbed(machine, cpu, &c.view, caller == YIELDS);
    if (c.first == NULL || machine->options.mode == DQ_MODE_FIRST) {
        return c.first;
    }
    if (c.first != cpu && caller == READY) {
        cpu->execution->pinned = false; /* It is not its turn: to go on is to be paid for. */
    }
    c.others = others_of(&c, cpu, caller);
    cpu->execution->pinned_answer = (uint8_t)answer_for(&c, cpu);
    answer = c.others != 0 ? choose(&c, cpu, caller) : 0;
    if (machine->choices.sparse && (answer != 0 || caller == YIELDS)) {
        settle(cpu, &c, answer, caller, &before);
    }
    return option_of(&c, answer);
}

/* To go on in the place of a thread that waits or has ended is free. */
static readiness readiness_of(const dq_processor *cpu, bool yields)
{
    return yields ? YIELDS : cpu->execution->handed ? WAITS : READY;
}

static dq_processor *go_along(dq_machine *machine, dq_processor *cpu, const dq_trail_step *step)
{
    dq_trail_follow(machine, step);
    cpu->execution->pinned_answer = step->pinned_answer;
    cpu->execution->pinned = step->pinned;
    return step->next != DQ_TRAIL_NOBODY ? &machine->processors[step->next] : NULL;
}

/* Where the run is not what the one before was. */
static dq_processor *choose_anew(dq_machine *machine, dq_processor *cpu, readiness caller,
                                 bool is_short)
{
    dq_processor *next;

    machine->trail.count = machine->trail_at;
    next = choose_next(machine, cpu, caller);
    dq_trail_leave(cpu, next, is_short);
    return next;
}

static dq_processor *who_goes_on(dq_machine *machine, dq_processor *cpu, readiness caller)
{
    const dq_execution *execution = cpu->execution;
    const dq_trail_step *step;

    if (!machine->marked) {
        return choose_next(machine, cpu, caller);
    }
    step = dq_trail_ahead(machine, cpu, execution->service, execution->calls);
    return step != NULL ? go_along(machine, cpu, step) : choose_anew(machine, cpu, caller, false);
}

/* ---- Where it has come to -------------------------------------------------------------------- */

/* Whose next alternatives are free, as bits. */
static uint64_t handed_over(const dq_machine *machine)
{
    uint64_t set = 0;

    for (unsigned i = 0; i < machine->processor_count; i++) {
        const dq_execution *execution = machine->processors[i].execution;

        set |= (uint64_t)(execution != NULL && execution->handed) << i;
    }
    return set;
}

/* Whose turn it is, and what has been settled (dq_turns). */
static uint64_t number_of_turn(const dq_processor *cpu, readiness caller)
{
    const dq_machine *machine = cpu->machine;
    const dq_turns *t = &machine->turns;
    uint64_t number = dq_order_mix(cpu->number, (uint64_t)caller << 32 | t->turn);

    number = dq_order_mix(dq_order_mix(number, t->put_off), t->gave_way);
    number = dq_order_mix(number, handed_over(machine));
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

/* From whatever stack. */
static void enter(dq_processor *to)
{
    dq_processor_ready(to);
    dq_self = to;
    if (!dq_standin_switches(to)) {
        dq_stand_on(to->machine, &to->task->context);
    }
}

static void go(dq_processor *to)
{
    to->machine->progress++;
    forget(to);
    enter(to);
}

dq_processor *dq_turns_go(dq_processor *to)
{
    go(to);
    return dq_self;
}

dq_processor *dq_turns_part(dq_processor *cpu)
{
    dq_machine *machine = cpu->machine;
    dq_processor *next;

    if (machine->options.deadline_ns != 0) {
        dq_machine_look_at_deadline(cpu);
    }
    next = choose_anew(machine, cpu, readiness_of(cpu, false), true);
    cpu->execution->handed = false;
    if (next != NULL && next != cpu) {
        go(next);
    }
    return dq_self;
}

static dq_processor *turns_point(dq_processor *cpu, bool yields)
{
    const readiness caller = readiness_of(cpu, yields);
    dq_machine *machine = cpu->machine;
    dq_processor *next;

    look_around(cpu, caller);
    if (machine->intc.deferred > 0) {
        dq_intc_arrivals(cpu);
    }
    if (dq_delay_may_come(machine)) {
        (void)dq_delay_at(cpu);
    }
    next = who_goes_on(machine, cpu, caller);
    cpu->execution->handed = cpu->execution->handed && cpu->execution->pinned;
    if (next != NULL && next != cpu) {
        go(next);
        if (machine->choices.sparse && dq_delay_may_come(machine)) {
            (void)dq_delay_at(dq_self); /* Also when the others have come to rest. */
        }
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
        if (dq_delay_may_come(machine) && dq_look_at_all(machine).runnable != 0 &&
            dq_delay_at(cpu)) {
            return; /* There may be something to do for it now. */
        }
        next = who_goes_on(machine, cpu, WAITS);
        if (next == cpu) {
            return;
        }
        if (next != NULL) {
            cpu->parked = cpu->idle;
            go(next);
            cpu->parked = false;
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
    cpu->task = to;
    if (to == cpu->idle_task && dq_standin_rests(cpu)) {
        look_around(cpu, WAITS);
        go(who_goes_on(cpu->machine, cpu, WAITS));
    } else {
        dq_stand_on(cpu->machine, &to->context);
    }
}

static void turns_home(dq_processor *cpu, bool for_good)
{
    dq_machine *machine = cpu->machine;

    dq_self = dq_processor_foreign();
    machine->home_back = machine->standing;
    if (for_good) {
        machine->standing = &machine->home;
        host_context_leave(machine->home_back, &machine->home);
    }
    dq_stand_on(machine, &machine->home);
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

/* A run that is known to stall is not waited for as long as one that may only be slow. */
static uint64_t limit_of(const dq_machine *machine)
{
    const uint64_t known_ns = 1000000000u, limit_ns = machine->options.watchdog_ns;

    return machine->options.stalls && limit_ns > known_ns ? known_ns : limit_ns;
}

static void turns_run(dq_machine *machine)
{
    dq_processor *first = &machine->processors[0];

    if (machine->watch == NULL) {
        machine->watch = host_watch_start(progress_of(machine), limit_of(machine));
        dq_loop_watch(machine);
    }
    if (machine->marked) {
        dq_trail_begin(&machine->trail, machine->choices.searcher);
    }
    machine->standing = &machine->home;
    enter(first);
    while (machine->home_errand != NULL) {
        dq_processor *caller = machine->home_caller;

        dq_errand(machine);
        machine->home_errand = NULL;
        dq_self = caller;
        dq_stand_on(machine, machine->home_back);
    }
}

/* A machine that is rewound is watched until it is stopped: its next run is not far. One that has
 * failed is not rewound, and to write down what it did may take long. */
static void turns_end(dq_machine *machine)
{
    if (!machine->marked || machine->findings.errors > 0) {
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

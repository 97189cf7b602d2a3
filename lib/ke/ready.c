/*
 * ready.c - which thread goes on: ready lists, turns, selection, switching.
 *
 * Nothing here is interrupted: schedule points are only where dq_task_switch() and delivery are
 * called. A thread that becomes ready goes into its list and asks one processor to look: an idle
 * one of its set (the lowest number), else the one that runs the lowest priority below its own.
 * `claimed` remembers who was asked, so that two ready threads ask two processors.
 */
#include "ke/apc.h"
#include "ke/ki.h"
#include "sim/order.h"

static const uint64_t turn_ns = 20ull * 1000 * 1000;

static dq_threads *threads_of(dq_machine *machine)
{
    return &((dq_kernel *)machine->kernel)->threads;
}

static uint64_t bit_of(const dq_processor *cpu)
{
    return 1ull << cpu->number;
}

static bool chooses(const dq_machine *machine)
{
    return dq_mode_chooses(machine->options.mode);
}

/* ---- Turns: equal priorities go round every 20 virtual milliseconds -------------------------- */

static void end_turn(dq_machine *machine, dq_deadline *deadline)
{
    dq_prcb *prcb = deadline->owner;

    (void)machine;
    prcb->turn.over = true;
    dq_want_switch(prcb->cpu);
}

/* Turns that nobody waited for are over without notice: the next end is a whole number of turns
 * away. */
static void limit_turn(dq_prcb *prcb)
{
    dq_machine *machine = prcb->cpu->machine;
    const uint64_t ran_ns = machine->clock.now_ns - prcb->turn.begun_ns;

    if (prcb->turn.end.slot == 0) {
        (void)dq_clock_set(machine, &prcb->turn.end,
                           prcb->turn.begun_ns + (ran_ns / turn_ns + 1) * turn_ns);
    }
}

void dq_thread_start_turns(dq_processor *cpu)
{
    dq_prcb *prcb = dq_prcb_of(cpu);

    prcb->turn.claimed = -1;
    prcb->turn.end =
        (dq_deadline){ .priority = DQ_PRIORITY_WAIT, .fire = end_turn, .owner = prcb };
}

static void begin_turn(dq_prcb *prcb)
{
    dq_machine *machine = prcb->cpu->machine;

    if (prcb->turn.end.slot != 0) {
        dq_clock_cancel(machine, &prcb->turn.end);
    }
    prcb->turn.over = false;
    prcb->turn.chosen = false;
    prcb->turn.begun_ns = machine->clock.now_ns;
    prcb->turn.claimed = prcb->thread == &prcb->idle ? -1 : prcb->thread->priority;
    if (prcb->thread != &prcb->idle && threads_of(machine)->ready_mask != 0) {
        limit_turn(prcb);
    }
}

/* ---- Ready threads --------------------------------------------------------------------------- */

static void put_in_list(dq_thread *thread, bool first)
{
    dq_threads *threads = threads_of(thread->machine);
    LIST_ENTRY *list = &threads->ready[thread->priority];

    thread->state = DQ_THREAD_READY;
    if (first) {
        InsertHeadList(list, &thread->ready_link);
    } else {
        InsertTailList(list, &thread->ready_link);
    }
    threads->ready_mask |= 1u << thread->priority;
    thread->machine->contenders++;
}

static void take_from_list(dq_thread *thread)
{
    dq_threads *threads = threads_of(thread->machine);

    (void)RemoveEntryList(&thread->ready_link);
    thread->machine->contenders--;
    if (IsListEmpty(&threads->ready[thread->priority])) {
        threads->ready_mask &= ~(1u << thread->priority);
    }
}

/* Whom to ask to run `thread`: NULL if all that could are busy with the same priority or a higher
 * one. */
static dq_prcb *find_processor(const dq_thread *thread)
{
    dq_machine *machine = thread->machine;
    dq_prcb *lowest = NULL;

    for (uint64_t set = thread->allowed; set != 0; set &= set - 1) {
        dq_prcb *prcb = dq_prcb_of(&machine->processors[__builtin_ctzll(set)]);

        if (prcb->turn.claimed < 0) {
            return prcb;
        }
        if (prcb->turn.claimed < thread->priority &&
            (lowest == NULL || prcb->turn.claimed < lowest->turn.claimed)) {
            lowest = prcb;
        }
    }
    return lowest;
}

/* All processors that could run `thread` are busy. It gets its turn later. */
static void wait_for_turn(const dq_thread *thread)
{
    dq_machine *machine = thread->machine;

    for (uint64_t set = thread->allowed; set != 0; set &= set - 1) {
        dq_prcb *prcb = dq_prcb_of(&machine->processors[__builtin_ctzll(set)]);

        if (prcb->turn.claimed == thread->priority) {
            limit_turn(prcb);
        }
    }
}

static void compete(dq_thread *thread, bool first)
{
    dq_prcb *prcb;

    put_in_list(thread, first);
    prcb = find_processor(thread);
    if (prcb != NULL) {
        prcb->turn.claimed = thread->priority;
        dq_want_switch(prcb->cpu);
    } else {
        wait_for_turn(thread);
    }
}

void dq_thread_ready(dq_thread *thread)
{
    thread->machine->wakes++;
    if (dq_self->machine == thread->machine && thread->task != NULL) {
        dq_order_wake(dq_self, thread->task->top);
    }
    compete(thread, false);
}

/* As one of those that mode pct gives priorities. */
static uint64_t process_of(const dq_thread *thread)
{
    const dq_execution *top = thread->task->top;

    return dq_pct_execution(top != NULL ? top->ordinal : thread->task->execution.ordinal);
}

static unsigned list_eligible(const LIST_ENTRY *list, uint64_t bit, uint64_t processes[64])
{
    unsigned count = 0;

    for (const LIST_ENTRY *link = list->Flink; link != list && count < 64; link = link->Flink) {
        const dq_thread *thread = CONTAINING_RECORD(link, dq_thread, ready_link);

        if ((thread->allowed & bit) != 0) {
            processes[count++] = process_of(thread);
        }
    }
    return count;
}

static unsigned choose_of_list(dq_processor *cpu, const LIST_ENTRY *list)
{
    uint64_t processes[64];
    const unsigned count = list_eligible(list, bit_of(cpu), processes);

    return count > 1 ? dq_choose_among(cpu, DQ_CHOICE_THREAD, processes, count, DQ_BOUND_FREE, 0)
                     : 0;
}

/* The longest ready, unless chosen otherwise. */
static dq_thread *take_of_list(dq_processor *cpu, LIST_ENTRY *list)
{
    const uint64_t bit = bit_of(cpu);
    const bool has_several = list->Flink != list->Blink;
    unsigned skip = has_several && chooses(cpu->machine) ? choose_of_list(cpu, list) : 0;

    for (LIST_ENTRY *link = list->Flink; link != list; link = link->Flink) {
        dq_thread *thread = CONTAINING_RECORD(link, dq_thread, ready_link);

        if ((thread->allowed & bit) != 0 && skip-- == 0) {
            take_from_list(thread);
            return thread;
        }
    }
    return NULL;
}

/* A ready thread of at least `lowest` priority that may run on `cpu`. NULL: none. */
static dq_thread *take_ready(dq_processor *cpu, int lowest)
{
    dq_threads *threads = threads_of(cpu->machine);
    uint32_t mask = threads->ready_mask & (~0u << lowest);

    while (mask != 0) {
        const int priority = 31 - __builtin_clz(mask);
        dq_thread *thread = take_of_list(cpu, &threads->ready[priority]);

        if (thread != NULL) {
            return thread;
        }
        mask &= ~(1u << priority);
    }
    return NULL;
}

bool dq_thread_is_awaited(const dq_processor *cpu)
{
    const dq_threads *threads = threads_of(cpu->machine);

    for (uint32_t mask = threads->ready_mask; mask != 0; mask &= mask - 1) {
        const LIST_ENTRY *list = &threads->ready[__builtin_ctz(mask)];

        for (const LIST_ENTRY *link = list->Flink; link != list; link = link->Flink) {
            if ((CONTAINING_RECORD(link, dq_thread, ready_link)->allowed & bit_of(cpu)) != 0) {
                return true;
            }
        }
    }
    return false;
}

/* ---- Switching ------------------------------------------------------------------------------- */

/* From here on `cpu` belongs to `thread`. */
static void hand_over(dq_processor *cpu, dq_thread *thread)
{
    dq_prcb *prcb = dq_prcb_of(cpu);

    dq_unattend(cpu, DQ_ATTEND_SWITCH);
    prcb->thread = thread;
    thread->state = DQ_THREAD_RUNNING;
    begin_turn(prcb);
    dq_apc_switch(cpu, thread);
    dq_emit(cpu, THREAD_RUN, thread == &prcb->idle ? NULL : thread, 0, 0, 0);
}

static bool is_for_both(const LIST_ENTRY *list, uint64_t one, uint64_t other)
{
    for (const LIST_ENTRY *link = list->Flink; link != list; link = link->Flink) {
        const dq_thread *thread = CONTAINING_RECORD(link, dq_thread, ready_link);

        if ((thread->allowed & one) != 0 && (thread->allowed & other) != 0) {
            return true;
        }
    }
    return false;
}

static uint64_t processors_to_switch(const dq_processor *but)
{
    uint64_t set = 0;

    for (unsigned i = 0; i < but->machine->processor_count; i++) {
        const dq_processor *other = &but->machine->processors[i];

        if (other != but && (other->attention & DQ_ATTEND_SWITCH) != 0) {
            set |= bit_of(other);
        }
    }
    return set;
}

dq_processor *dq_thread_about_to_leave(dq_processor *cpu)
{
    const dq_threads *threads = threads_of(cpu->machine);
    const uint64_t others = cpu->machine->choices.sparse && threads->ready_mask != 0
                                ? processors_to_switch(cpu)
                                : 0;

    for (uint32_t mask = others != 0 ? threads->ready_mask : 0; mask != 0; mask &= mask - 1) {
        if (is_for_both(&threads->ready[__builtin_ctz(mask)], bit_of(cpu), others)) {
            return dq_point(cpu);
        }
    }
    return cpu;
}

dq_thread *dq_thread_hand_on(dq_processor *cpu)
{
    const dq_prcb *prcb = dq_prcb_of(cpu);
    const bool was_idle = prcb->thread == &prcb->idle;
    dq_thread *next = take_ready(cpu, 0);

    if (next != NULL) {
        next->task->top->handed = !was_idle;
    } else {
        next = &dq_prcb_of(cpu)->idle;
    }
    hand_over(cpu, next);
    return next;
}

dq_processor *dq_thread_resume_at(dq_processor *cpu, unsigned irql)
{
    cpu->irql = (uint8_t)irql;
    return dq_must_look(cpu, irql) ? dq_deliver(cpu) : cpu;
}

dq_processor *dq_thread_block(dq_processor *cpu)
{
    dq_thread *next = dq_thread_hand_on(cpu);

    return dq_task_switch(cpu, next->task);
}

/* Who was chosen in the place of another goes on, as that would have: to ask once more would go round
 * for ever. Anybody else asks first, also where it starts. */
static void note_asked(const dq_thread *next, bool chosen)
{
    if (next->task == NULL) {
        return; /* The idle loop asks anyhow. */
    }
    if (chosen) {
        next->task->top->left = false;
    } else {
        next->task->top->under_way = true;
    }
}

void dq_thread_dispatch(dq_processor *cpu)
{
    dq_prcb *prcb = dq_prcb_of(cpu);
    const bool chosen = prcb->turn.chosen;
    dq_thread *current = prcb->thread;
    const bool idle = current == &prcb->idle;
    const bool must_leave = !idle && (current->allowed & bit_of(cpu)) == 0;
    const bool over = prcb->turn.over;
    int lowest = 0;
    dq_thread *next;

    if (!idle && !must_leave) {
        lowest = over ? current->priority : current->priority + 1;
    }
    next = lowest < DQ_PRIORITIES ? take_ready(cpu, lowest) : NULL;
    if (next == NULL && must_leave) {
        next = &prcb->idle;
    }
    if (next == NULL) {
        dq_unattend(cpu, DQ_ATTEND_SWITCH);
        prcb->turn.over = false;
        prcb->turn.chosen = false;
        prcb->turn.claimed = idle ? -1 : current->priority;
        return;
    }
    hand_over(cpu, next);
    if (!idle) {
        compete(current, !over && !must_leave);
        note_asked(next, chosen);
    }
    (void)dq_task_switch(cpu, next->task);
}

void dq_thread_consider(dq_processor *cpu)
{
    dq_prcb *prcb = dq_prcb_of(cpu);
    const dq_threads *threads = threads_of(cpu->machine);
    const dq_thread *current = prcb->thread;
    uint64_t processes[64];
    unsigned count;

    if (threads->ready_mask == 0 || current == &prcb->idle ||
        (threads->ready_mask >> current->priority & 1u) == 0) {
        return;
    }
    count = list_eligible(&threads->ready[current->priority], bit_of(cpu), processes);
    if (count == 0) {
        return;
    }
    if (cpu->machine->options.mode == DQ_MODE_PCT) {
        processes[1] = processes[dq_pct_highest(cpu->machine->choices.pct, processes, count)];
        processes[0] = dq_process_on(cpu);
    }
    if (dq_choose_among(cpu, DQ_CHOICE_THREAD, processes, 2, DQ_BOUND_PREEMPTION, UINT64_MAX) ==
        1) {
        prcb->turn.over = true;
        prcb->turn.chosen = true;
        dq_want_switch(cpu);
    }
}

void dq_thread_end_turn(dq_processor *cpu)
{
    dq_prcb *prcb = dq_prcb_of(cpu);

    if (prcb->thread != &prcb->idle &&
        (threads_of(cpu->machine)->ready_mask >> prcb->thread->priority & 1u) != 0) {
        prcb->turn.over = true;
        dq_want_switch(cpu);
    }
}

dq_processor *dq_thread_yield(dq_processor *cpu)
{
    dq_prcb_of(cpu)->turn.over = true;
    dq_attend(cpu, DQ_ATTEND_SWITCH);
    return dq_deliver(cpu);
}

void dq_thread_rearrange(dq_thread *thread)
{
    const uint64_t all = dq_processor_set(thread->machine);
    const uint64_t wanted =
        thread->system_affinity != 0 ? thread->system_affinity : thread->affinity;

    thread->allowed = (wanted & all) != 0 ? wanted & all : all;
    if (thread->task != NULL) {
        thread->task->execution.processors = thread->allowed;
    }
    if (thread->state == DQ_THREAD_RUNNING) {
        dq_prcb *prcb = dq_prcb_of(thread->task->processor);

        prcb->turn.claimed = thread->priority;
        dq_want_switch(prcb->cpu);
    }
}

void dq_thread_set_priority(dq_thread *thread, int priority)
{
    const bool ready = thread->state == DQ_THREAD_READY;

    if (ready) {
        take_from_list(thread);
    }
    thread->priority = priority;
    if (ready) {
        compete(thread, false);
    } else if (thread->state == DQ_THREAD_RUNNING) {
        dq_thread_rearrange(thread);
    }
}

/*
 * access.c - an access of guest code is a schedule point, and then an event.
 *
 * The short way is for runs in which nothing can come of an access: one processor, mode first,
 * nothing pending, and nobody who listens. Sinks run no guest code; should one be instrumented all
 * the same (a test's), its own accesses while it is told of one are none.
 */
#include "sim/access.h"

#include "sim/instrumented.h"
#include "sim/jump.h"
#include "sim/machine.h"
#include "sim/order.h"
#include "sim/poll.h"

/* In mode first nothing is decided at an access but whose turn it is while code polls memory: then
 * one in so many is enough. */
enum { ACCESSES_PER_POINT = 64 };

enum { TOUCHES = 2 }; /* The most in one step. */

typedef struct touch {
    const void *address;
    size_t bytes;
    unsigned flags;
} touch;

/* Also asked outside the monitor. */
static inline bool hears_access(const dq_processor *cpu)
{
    return (__atomic_load_n(&cpu->sink_kinds, __ATOMIC_RELAXED) & DQ_EVENT_BIT(ACCESS)) != 0;
}

/* True if nobody would notice the access. */
static inline bool is_unnoticed(const dq_processor *cpu)
{
    const uint32_t attention = dq_attention(cpu) & (~1u << cpu->irql);

    return attention == 0 ||
           (attention == DQ_ATTEND_SINKS && !hears_access(cpu));
}

static void say(dq_processor *cpu, const touch *what)
{
    if (!cpu->says_access) {
        cpu->says_access = true;
        dq_emit(cpu, ACCESS, what->address, what->bytes, what->flags, 0);
        cpu->says_access = false;
    }
}

/* In an exploration: whether anybody else has to do with what is touched, by touch. */
static void look_for_others(dq_processor *cpu, const touch *touches, unsigned count,
                            unsigned found[TOUCHES])
{
    dq_searcher *searcher = cpu->machine->choices.searcher;

    if (searcher == NULL || dq_choice_prepares(&cpu->machine->choices)) {
        found[0] = DQ_TOUCH_BRANCHES;
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        found[i] = searcher->touch(searcher, cpu, touches[i].address, touches[i].bytes,
                                   touches[i].flags);
    }
}

/* Tells a look from one at another place or at something else. 0: it is more than a look. */
static uint64_t look_of(const touch *what, const void *place)
{
    if ((what->flags & DQ_ACCESS_WRITE) != 0) {
        return 0;
    }
    return ((uintptr_t)place * 0x9E3779B97F4A7C15u ^ (uintptr_t)what->address) | 1;
}

static dq_processor *point_sparse(dq_processor *cpu, const touch *touches, unsigned count,
                                  uint64_t look)
{
    unsigned found[TOUCHES] = { 0 };

    look_for_others(cpu, touches, count, found);
    cpu->execution->lonely = ((found[0] | found[1]) & DQ_TOUCH_BRANCHES) == 0;
    cpu->execution->pinned = cpu->execution->lonely && !cpu->machine->choices.searcher->unreduced;
    cpu->execution->touches = true;
    cpu = look != 0 ? dq_point_looking(cpu, look) : dq_point(cpu);
    cpu->execution->touches = false;
    for (unsigned i = 0; i < count; i++) {
        if ((found[i] & DQ_TOUCH_MEETS) != 0) {
            dq_order_touch(cpu->machine, cpu->execution, touches[i].address, touches[i].bytes,
                           (touches[i].flags & DQ_ACCESS_WRITE) != 0);
        }
    }
    return cpu;
}

/* Whoever polls gives its turn away. */
static dq_processor *point_plainly(dq_processor *cpu, uint64_t look)
{
    dq_execution *execution = cpu->execution;

    if (execution->rounds_since != execution->calls) {
        execution->rounds_since = execution->calls;
        execution->rounds = 0;
    }
    if (dq_polls_again(execution, look) && execution->polls_alone) {
        return dq_yield(cpu);
    }
    if (!dq_mode_chooses(cpu->machine->options.mode) && !dq_is_deliverable(cpu) &&
        ++cpu->accesses < ACCESSES_PER_POINT) {
        return cpu;
    }
    cpu->accesses = 0;
    return dq_point(cpu);
}

static dq_processor *point(dq_processor *cpu, const touch *touches, unsigned count,
                           const void *place)
{
    const uint64_t look = count == 1 ? look_of(touches, place) : 0;
    const uint64_t progress = cpu->machine->progress;
    dq_execution *execution = cpu->execution;

    execution->polls_alone = false;
    cpu = cpu->machine->choices.sparse ? point_sparse(cpu, touches, count, look)
                                       : point_plainly(cpu, look);
    if (DQ_UNLIKELY(execution->polls_alone) && cpu->machine->progress == progress) {
        cpu = dq_poll_alone(cpu);
    }
    return cpu;
}

/* The execution is at `place` meanwhile, and in no service, for whoever interrupts or describes it;
 * then it is again in the call that it may be in. */
static void step(dq_processor *cpu, const touch *touches, unsigned count, const void *place)
{
    dq_execution *execution;
    dq_service service;
    const void *call;

    DQ_LOOK_FOR_JUMP(cpu, DQ_SERVICE_NONE, place);
    execution = cpu->execution;
    service = execution->service;
    call = execution->place;
    execution->service = DQ_SERVICE_NONE;
    execution->place = place;
    cpu = cpu->live != NULL ? cpu : point(cpu, touches, count, place);
    for (unsigned i = 0; i < count; i++) {
        say(cpu, &touches[i]);
    }
    execution->service = service;
    execution->place = call;
}

/* Guest code runs outside the monitor; what is inside is none. */
static void step_live(dq_machine *machine, const touch *touches, unsigned count, const void *place)
{
    if (dq_inside > 0 || !hears_access(machine->processors)) {
        return;
    }
    dq_monitor_enter(machine);
    if (!dq_attends(dq_self, DQ_ATTEND_REFUSE)) {
        step(dq_self, touches, count, place);
    }
    dq_monitor_leave(machine);
}

static void look(dq_processor *cpu, const touch *touches, unsigned count, const void *place)
{
    if (cpu->live != NULL) {
        step_live(cpu->live, touches, count, place);
    } else if (dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        dq_instrumented_hear(touches[0].address);
    } else if (!cpu->says_access) {
        step(cpu, touches, count, place);
    }
}

void dq_access(const void *address, size_t bytes, unsigned flags, const void *place)
{
    dq_processor *cpu = dq_self;

    if (DQ_UNLIKELY(!is_unnoticed(cpu))) {
        look(cpu, &(touch){ address, bytes, flags }, 1, place);
    }
}

void dq_access_both(const void *from, const void *other, unsigned other_flags, size_t bytes,
                    const void *place)
{
    dq_processor *cpu = dq_self;

    if (DQ_UNLIKELY(!is_unnoticed(cpu))) {
        const touch touches[] = { { from, bytes, DQ_ACCESS_READ }, { other, bytes, other_flags } };

        look(cpu, touches, 2, place);
    }
}

void dq_access_look(dq_machine *machine, dq_execution *execution, const void *place)
{
    if (execution->unseen || dq_access_instrumented(place)) {
        return;
    }
    execution->unseen = true;
    if (machine->choices.searcher->unseen_at == NULL) {
        machine->choices.searcher->unseen_at = place;
    }
    dq_notice_of(machine, DQ_NOTICE_UNSEEN);
}

bool dq_access_by_own(dq_processor *cpu, const void *object, size_t bytes)
{
    dq_choice_log *log = &cpu->machine->choices;

    return dq_choice_watches(log) && log->searcher->hears && !dq_choice_prepares(log) &&
           log->searcher->touch(log->searcher, cpu, object, bytes, DQ_ACCESS_WRITE) == 0;
}

void dq_access_by_service(dq_processor *cpu, const volatile void *address, size_t bytes,
                          unsigned flags)
{
    const dq_choice_log *log = &cpu->machine->choices;

    if (dq_choice_watches(log) && log->searcher->hears && !dq_choice_prepares(log)) {
        const unsigned found =
            log->searcher->touch(log->searcher, cpu, (const void *)address, bytes, flags);

        if ((found & DQ_TOUCH_MEETS) != 0) {
            dq_order_touch(cpu->machine, cpu->execution, address, bytes,
                           (flags & DQ_ACCESS_WRITE) != 0);
        }
    }
    dq_emit(cpu, ACCESS, (const void *)address, bytes, flags, 0);
}

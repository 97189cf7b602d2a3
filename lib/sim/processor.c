/*
 * processor.c - entering services, and schedule points.
 */
#include "sim/access.h"
#include "sim/follow.h"
#include "sim/jump.h"
#include "sim/order.h"
#include "sim/poll.h"

/* What a host thread is that simulates nothing: every service refuses it. */
static dq_execution foreign_execution = { .kind = DQ_EXECUTION_DEVICE, .name = "host thread" };
static dq_processor foreign = { .attention = DQ_ATTEND_REFUSE, .execution = &foreign_execution };

DQ_TLS dq_processor *dq_self = &foreign;

const dq_execution dq_execution_blank;

dq_processor *dq_processor_foreign(void)
{
    return &foreign;
}

static dq_processor *refuse(dq_processor *cpu, dq_service service, const void *place)
{
    if (cpu->machine == NULL) {
        dq_refuse_foreign(dq_service_name(service));
        return NULL;
    }
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "device calls kernel",
                           .place = place,
                           .service = service },
            "%s was called from the code of a simulated device (%s). A device is hardware: it can "
            "assert "
            "lines and set stimuli, but cannot call the kernel. Let an ISR or a thread do it.",
            dq_service_name(service),
            cpu->execution->name != NULL ? cpu->execution->name : "unnamed");
    return NULL;
}

static inline dq_manner manner_here(const dq_processor *cpu, dq_service service)
{
    const dq_manner manner = dq_service_manner(service);

    if (DQ_LIKELY(manner != DQ_MANNER_RELEASES)) {
        return manner;
    }
    return dq_choice_at_releases(&cpu->machine->choices) ? DQ_MANNER_KNOWN : DQ_MANNER_BRANCHLESS;
}

/* A thread that starts on a processor which was idle was chosen to go on just before. */
static bool is_branchless(const dq_execution *execution, dq_manner manner)
{
    const bool starts = execution->kind == DQ_EXECUTION_THREAD && !execution->under_way;

    return (starts && !execution->handed) || manner == DQ_MANNER_BRANCHLESS;
}

/* A schedule point where only the choices of an exploration are asked. */
static bool asks_nobody(dq_processor *cpu, dq_manner manner, uint64_t look, bool *yields)
{
    dq_execution *execution = cpu->execution;
    bool branchless;

    if (!cpu->machine->choices.sparse) {
        return false;
    }
    branchless = is_branchless(execution, manner);
    execution->under_way = true;
    if (branchless) {
        return true;
    }
    if (dq_polls_again(execution, look)) {
        /* Another round would be the same but for the time: nothing is put off for longer. */
        (void)dq_intc_arrive_all(cpu->machine);
        *yields = true;
        execution->pinned = execution->lonely && execution->rounds < DQ_POLL_ROUNDS;
    }
    return false;
}

/* In an exploration: before a service that touches only what it is given, if that is the caller's
 * alone, it makes no difference what others do. */
static void look_at_object(dq_processor *cpu, dq_manner manner, const void *object, size_t bytes)
{
    const dq_searcher *searcher = cpu->machine->choices.searcher;
    dq_execution *execution = cpu->execution;
    const unsigned against = DQ_NOTICE_STRANGE | (manner == DQ_MANNER_MASKS ? DQ_NOTICE_MASKED : 0);
    const bool own = object != NULL && manner != DQ_MANNER_BRANCHLESS &&
                     dq_access_by_own(cpu, object, bytes);

    if (cpu->machine->choices.paused > 0) {
        return;
    }
    if (manner == DQ_MANNER_ORDINARY) {
        dq_notice_of(cpu->machine, DQ_NOTICE_STRANGE);
    } else if (manner == DQ_MANNER_OBJECT || manner == DQ_MANNER_MASKS) {
        execution->pinned = own && !searcher->unreduced && (searcher->noticed & against) == 0;
    }
}

/* The caller goes on, if no other thread does here; what is pending is delivered. */
static inline dq_processor *after_turn(dq_processor *cpu)
{
    const dq_machine *machine = cpu->machine;

    if (machine->contenders > 0 && cpu->irql < DQ_LEVEL_DISPATCH &&
        dq_mode_chooses(machine->options.mode)) {
        machine->hooks->preempt(cpu);
    }
    return dq_is_deliverable(cpu) ? dq_deliver(cpu) : cpu;
}

/* Asks who goes on, and delivers what is pending. */
static dq_processor *ask(dq_processor *cpu, bool yields, dq_manner manner, uint64_t look)
{
    dq_machine *machine = cpu->machine;
    dq_execution *execution = cpu->execution;

    if (DQ_UNLIKELY(machine->options.deadline_ns != 0)) {
        dq_machine_look_at_deadline(cpu);
    }
    if ((cpu->attention & DQ_ATTEND_TURNS) == 0 || asks_nobody(cpu, manner, look, &yields)) {
        return dq_is_deliverable(cpu) ? dq_deliver(cpu) : cpu;
    }
    cpu = machine->scheduler->point(cpu, yields);
    if (manner == DQ_MANNER_MASKS) {
        execution->pinned = false; /* Another thread of the processor could not go on later. */
    }
    return after_turn(cpu);
}

/* Others may go on, and interrupts arrive, also before the step of a thread that was switched here,
 * or interrupted: whoever left the processor to it may have come to no such place since. */
static dq_processor *point(dq_processor *cpu, bool yields, dq_manner manner, uint64_t look)
{
    const dq_machine *machine = cpu->machine;
    dq_execution *execution = cpu->execution;

    if (execution->unseen && dq_order_is_kept(machine)) {
        dq_order_step_general(cpu->machine, execution); /* Since the point before. */
    }
    do {
        execution->left = false;
        cpu = ask(cpu, yields, manner, look);
        yields = false;
        look = 0;
    } while (execution->left && machine->choices.sparse);
    execution->lonely = false;
    execution->owes = execution->pinned;
    execution->pinned = false;
    if (dq_order_is_kept(machine)) {
        dq_order_pass(cpu);
    }
    return cpu;
}

/* KeSetEvent with `Wait` raises IRQL until the wait. */
static bool does_more(dq_service service, uint64_t c)
{
    return service == DQ_SERVICE_KeSetEvent && c != 0;
}

static dq_manner manner_of(const dq_processor *cpu, dq_service service, uint64_t c)
{
    return does_more(service, c) ? DQ_MANNER_KNOWN : manner_here(cpu, service);
}

static void look_closer(dq_processor *cpu, dq_service service, const void *place,
                        const void *object, uint64_t a, uint64_t c)
{
    if (cpu->machine->choices.paused == 0) {
        dq_access_look(cpu->machine, cpu->execution, place);
    }
    look_at_object(cpu, manner_of(cpu, service, c), object,
                   service == DQ_SERVICE_Interlocked ? a : sizeof(void *));
}

dq_call dq_call_begin(const void *place)
{
    const dq_processor *cpu = dq_self;
    dq_execution *execution = cpu->execution;
    dq_call call;

    if (cpu->machine == NULL) {
        return (dq_call){ .place = place };
    }
    if (dq_caller(cpu, NULL) != NULL) {
        return (dq_call){ .place = execution->caller };
    }
    call = (dq_call){ execution, place, execution->caller, execution->caller_at };
    execution->caller = place;
    execution->caller_at = execution->guests;
    execution->place = place;
    execution->place_at = execution->guests;
    if (execution->kind != DQ_EXECUTION_DEVICE) { /* That is in the service that it answers. */
        execution->service = DQ_SERVICE_NONE;
    }
    return call;
}

void dq_call_end(const dq_call *call)
{
    if (call->execution != NULL) {
        call->execution->caller = call->outer;
        call->execution->caller_at = call->outer_at;
    }
}

/* KeSetEvent with `Wait` does more. */
static void touch_given(dq_processor *cpu, dq_service service, const void *object, uint64_t c)
{
    const dq_footprint footprint = dq_service_footprint(service);

    if (does_more(service, c)) {
        dq_order_step_general(cpu->machine, cpu->execution);
    } else if (footprint == DQ_FOOTPRINT_READS || footprint == DQ_FOOTPRINT_WRITES) {
        dq_order_touch(cpu->machine, cpu->execution, object, 1,
                       footprint == DQ_FOOTPRINT_WRITES);
    }
}

static inline void note_call(dq_processor *cpu, dq_service service, const void *place)
{
    cpu->points++;
    cpu->machine->progress++;
    cpu->execution->calls++;
    cpu->execution->service = service;
    cpu->execution->place = dq_caller(cpu, place);
    cpu->execution->place_at = cpu->execution->guests;
    cpu->execution->frame = __builtin_frame_address(0);
}

/* Nothing is to be decided at a point, and nothing is pending: true of most calls in mode first. */
static inline bool is_eventless(const dq_processor *cpu)
{
    const uint32_t what = DQ_ATTEND_LEVELS | DQ_ATTEND_SWITCH | DQ_ATTEND_TURNS;

    return (dq_attention(cpu) & what) == 0 && cpu->machine->options.deadline_ns == 0 &&
           cpu->machine->choices.searcher == NULL;
}

static inline bool is_only_told(const dq_processor *cpu)
{
    return (dq_attention(cpu) & DQ_ATTEND_ALWAYS) == DQ_ATTEND_SINKS && cpu->live == NULL &&
           is_eventless(cpu);
}

static inline dq_processor *point_of_service(dq_processor *cpu, dq_service service,
                                             const void *place)
{
    const dq_manner manner = manner_here(cpu, service);

    if (is_eventless(cpu)) {
        return cpu;
    }
    return point(cpu, false, manner, manner == DQ_MANNER_POLL ? (uintptr_t)place : 0);
}

/* Where nobody is asked, see asks_nobody. */
static inline dq_processor *pass_by(dq_processor *cpu)
{
    dq_execution *execution = cpu->execution;

    if (DQ_UNLIKELY(cpu->machine->options.deadline_ns != 0)) {
        dq_machine_look_at_deadline(cpu);
    }
    execution->under_way = true;
    execution->left = false;
    return cpu;
}

/* A thread that was switched has more to ask, see point(). */
static inline dq_processor *end_shortly(dq_processor *cpu, const dq_execution *execution,
                                        dq_manner manner)
{
    if (cpu->machine->contenders > 0 || cpu->attention != DQ_ATTEND_TURNS) {
        cpu = after_turn(cpu);
    }
    return DQ_UNLIKELY(execution->left) ? point(cpu, false, manner, 0) : cpu;
}

/* What is short on the trail was so in the run before, and all that led there is the same. */
static inline const dq_trail_step *short_step_ahead(const dq_processor *cpu, dq_service service)
{
    const dq_trail_step *step = NULL;

    if (dq_attention(cpu) == DQ_ATTEND_TURNS) {
        step = dq_trail_ahead(cpu->machine, cpu, service, cpu->execution->calls + 1);
    }
    return step != NULL && step->is_short ? step : NULL;
}

static __attribute__((noinline)) dq_processor *enter_along(dq_processor *cpu,
                                                           const dq_trail_step *step,
                                                           dq_service service, const void *place)
{
    dq_execution *execution = cpu->execution;

    note_call(cpu, service, place);
    execution->polled_at = 0;
    execution->under_way = true;
    execution->left = false;
    execution->handed = false;
    dq_trail_follow(cpu->machine, step);
    if (step->next != cpu->number) {
        cpu = dq_turns_go(&cpu->machine->processors[step->next]);
    }
    return end_shortly(cpu, execution, manner_here(cpu, service));
}

/* The other short ways of an exploration that keeps no order: where nobody is asked, and where the
 * trail ends. NULL: none of these. */
static inline dq_processor *go_shortly(dq_processor *cpu, dq_service service)
{
    dq_machine *machine = cpu->machine;
    dq_execution *execution = cpu->execution;
    const dq_manner manner = manner_here(cpu, service);

    if (!machine->marked || cpu->attention != DQ_ATTEND_TURNS) {
        return NULL;
    }
    if (is_branchless(execution, manner)) {
        return pass_by(cpu);
    }
    if (machine->intc.deferred > 0 || machine->delays_left > 0 || manner == DQ_MANNER_POLL ||
        dq_trail_ahead(machine, cpu, service, execution->calls) != NULL) {
        return NULL;
    }
    execution->polled_at = 0;
    execution->under_way = true;
    execution->left = false;
    return end_shortly(dq_turns_part(cpu), execution, manner);
}

static inline void tell_of_call(dq_processor *cpu, dq_service service, const void *object,
                                uint64_t a, uint64_t b, uint64_t c)
{
    const dq_event event = { .kind = DQ_EVENT_CALL,
                             .service = service,
                             .object = object,
                             .a = a,
                             .b = b,
                             .c = c,
                             .place = cpu->execution->place };

    dq_emit_to_sinks(cpu, &event);
}

/* The sinks want to know of the call, and that is all. */
static __attribute__((noinline)) dq_processor *enter_told(dq_service service, const void *place,
                                                          const void *object, uint64_t a,
                                                          uint64_t b, uint64_t c)
{
    dq_processor *cpu = dq_self;

    note_call(cpu, service, place);
    tell_of_call(cpu, service, object, a, b, c);
    return cpu;
}

/* Somebody wants to know of the call, or to stop it. */
static __attribute__((noinline)) dq_processor *enter_heard(dq_service service, const void *place,
                                                           const void *object, uint64_t a,
                                                           uint64_t b, uint64_t c)
{
    dq_processor *cpu = dq_self;

    if (DQ_UNLIKELY(cpu->live != NULL)) {
        dq_monitor_enter(cpu->live);
        cpu = dq_self; /* The thread may have been moved before it was inside. */
    }
    if (cpu->attention & DQ_ATTEND_REFUSE) {
        return refuse(cpu, service, place);
    }
    DQ_LOOK_FOR_JUMP(cpu, service, place);
    note_call(cpu, service, place);
    if (dq_attends(cpu, DQ_ATTEND_LOOP)) {
        dq_loop_look(cpu);
    }
    if (dq_choice_watches(&cpu->machine->choices)) {
        look_closer(cpu, service, place, object, a, c);
    }
    if (cpu->attention & DQ_ATTEND_SINKS) {
        tell_of_call(cpu, service, object, a, b, c);
    }
    cpu = point_of_service(cpu, service, place);
    if (dq_order_is_kept(cpu->machine)) {
        touch_given(cpu, service, object, c);
    }
    return cpu;
}

static __attribute__((noinline)) dq_processor *enter_long(dq_service service, const void *place,
                                                          const void *object, uint64_t a,
                                                          uint64_t b, uint64_t c)
{
    dq_processor *cpu = dq_self, *on;

    if (cpu->live != NULL ||
        dq_attends(cpu, DQ_ATTEND_REFUSE | DQ_ATTEND_LOOP | DQ_ATTEND_SINKS) ||
        dq_choice_watches(&cpu->machine->choices)) {
        return enter_heard(service, place, object, a, b, c);
    }
    DQ_LOOK_FOR_JUMP(cpu, service, place);
    note_call(cpu, service, place);
    on = go_shortly(cpu, service);
    return on != NULL ? on : point_of_service(cpu, service, place);
}

dq_processor *dq_enter(dq_service service, const void *place, const void *object, uint64_t a,
                       uint64_t b, uint64_t c)
{
    dq_processor *cpu = dq_self;
    const void *frame = __builtin_frame_address(0);
    const dq_trail_step *step;

    if (is_only_told(cpu) && !dq_is_left(cpu, frame)) {
        return enter_told(service, place, object, a, b, c);
    }
    step = dq_is_left(cpu, frame) ? NULL : short_step_ahead(cpu, service);
    return step != NULL ? enter_along(cpu, step, service, place)
                        : enter_long(service, place, object, a, b, c);
}

bool dq_enter_lock_call(dq_processor *cpu, const dq_lock_call *call)
{
    if (!is_only_told(cpu) || dq_is_left(cpu, __builtin_frame_address(0)) ||
        !dq_emit_lock_call(cpu, call)) {
        return false;
    }
    note_call(cpu, call->service, call->place);
    return true;
}

dq_processor *dq_point(dq_processor *cpu)
{
    return point(cpu, false, DQ_MANNER_ORDINARY, 0);
}

dq_processor *dq_point_behind(dq_processor *cpu)
{
    const dq_choice_log *log = &cpu->machine->choices;
    dq_execution *execution = cpu->execution;

    if (!log->sparse || log->paused > 0) {
        return cpu;
    }
    execution->pinned = log->searcher != NULL && !execution->owes;
    return dq_point(cpu);
}

dq_processor *dq_point_looking(dq_processor *cpu, uint64_t look)
{
    return point(cpu, false, DQ_MANNER_POLL, look);
}

dq_processor *dq_point_within(dq_processor *cpu)
{
    return point(cpu, false, DQ_MANNER_BRANCHLESS, 0);
}

dq_processor *dq_yield(dq_processor *cpu)
{
    return point(cpu, true, DQ_MANNER_ORDINARY, 0);
}

/*
 * emit.c - hands events to the sinks, in the order in which these were added.
 */
#include "sim/machine.h"

#include <string.h>

static const char *const event_names[DQ_EVENT_COUNT] = {
#define X(name, object, a, b, c) #name,
    DQ_EVENTS(X)
#undef X
};

static const dq_object_class event_classes[DQ_EVENT_COUNT] = {
#define X(name, object, a, b, c) DQ_OBJECT_##object,
    DQ_EVENTS(X)
#undef X
};

const char *dq_event_name(dq_event_kind kind)
{
    return event_names[kind];
}

dq_object_class dq_event_object_class(dq_event_kind kind)
{
    return event_classes[kind];
}

void dq_sink_add(dq_machine *machine, dq_sink *sink)
{
    const uint64_t kinds = sink->kinds != 0 ? sink->kinds : UINT64_MAX;

    machine->sinks[machine->sink_count++] = sink;
    sink->kinds = 0;
    dq_sink_listen(machine, sink, kinds);
    for (unsigned i = 0; i < machine->processor_count; i++) {
        dq_attend(&machine->processors[i], DQ_ATTEND_SINKS);
    }
}

/* NULL unless it alone listens to what a lock call does. */
static dq_sink *lock_sink(const dq_machine *machine)
{
    const unsigned listeners = machine->listeners[DQ_EVENT_LOCK_ACQUIRE];
    dq_sink *sink = listeners != 0 ? machine->sinks[__builtin_ctz(listeners)] : NULL;

    return sink != NULL && sink->ordinary != NULL && (listeners & (listeners - 1)) == 0 &&
                   machine->listeners[DQ_EVENT_LOCK_RELEASE] == listeners &&
                   (machine->listeners[DQ_EVENT_CALL] & listeners) != 0 &&
                   machine->listeners[DQ_EVENT_IRQL_RAISE] == 0 &&
                   machine->listeners[DQ_EVENT_IRQL_LOWER] == 0
               ? sink
               : NULL;
}

void dq_sink_listen(dq_machine *machine, dq_sink *sink, uint64_t kinds)
{
    const uint64_t known = UINT64_MAX >> (64 - DQ_EVENT_COUNT);
    uint64_t changed = (sink->kinds ^ kinds) & known, all = 0;
    uint8_t own = 0;

    sink->kinds = kinds & known;
    for (unsigned i = 0; i < machine->sink_count; i++) {
        own |= (uint8_t)((machine->sinks[i] == sink) << i);
        all |= machine->sinks[i]->kinds;
    }
    for (; changed != 0; changed &= changed - 1) {
        machine->listeners[__builtin_ctzll(changed)] ^= own;
    }
    for (unsigned i = 0; i < machine->processor_count; i++) {
        __atomic_store_n(&machine->processors[i].sink_kinds, all, __ATOMIC_RELAXED);
    }
    machine->lock_sink = lock_sink(machine);
}

void dq_sinks_stop(dq_machine *machine)
{
    const unsigned count = machine->sink_count;

    machine->sink_count = 0;
    machine->lock_sink = NULL;
    memset(machine->listeners, 0, sizeof(machine->listeners));
    for (unsigned i = 0; i < count; i++) {
        if (machine->sinks[i]->stop != NULL) {
            machine->sinks[i]->stop(machine->sinks[i], machine);
        }
    }
}

static inline void hand_out(dq_processor *cpu, const dq_event *event)
{
    dq_machine *machine = cpu->machine;

    machine->event_sequence++;
    for (unsigned left = machine->listeners[event->kind]; left != 0; left &= left - 1) {
        dq_sink *sink = machine->sinks[__builtin_ctz(left)];

        sink->event(sink, cpu, event);
    }
}

/* Senders may leave out service and place where they are those of the call that they are in. */
static __attribute__((noinline)) void hand_out_completed(dq_processor *cpu, const dq_event *event)
{
    dq_event copy = *event;

    copy.service = cpu->execution->service;
    copy.place = event->place != NULL ? event->place : cpu->execution->place;
    hand_out(cpu, &copy);
}

void dq_emit_to_sinks(dq_processor *cpu, const dq_event *event)
{
    if (DQ_UNLIKELY(event->service == DQ_SERVICE_NONE)) {
        hand_out_completed(cpu, event);
    } else {
        hand_out(cpu, event);
    }
}

bool dq_emit_lock_call(dq_processor *cpu, const dq_lock_call *call)
{
    const dq_event event = { .kind = DQ_EVENT_CALL,
                             .service = call->service,
                             .object = call->lock,
                             .a = call->releases ? call->irql : 0,
                             .place = call->place };
    dq_machine *machine = cpu->machine;
    dq_sink *asked = machine->lock_sink;
    unsigned left = machine->listeners[DQ_EVENT_CALL] & ~machine->listeners[DQ_EVENT_LOCK_ACQUIRE];

    if (asked == NULL || !asked->ordinary(asked, cpu, call)) {
        return false;
    }
    machine->event_sequence += 2;
    for (; left != 0; left &= left - 1) {
        dq_sink *sink = machine->sinks[__builtin_ctz(left)];

        sink->event(sink, cpu, &event);
    }
    return true;
}

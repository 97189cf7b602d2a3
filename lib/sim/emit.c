/*
 * emit.c - hands events to the sinks, in the order in which these were added.
 */
#include "sim/machine.h"

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
    dq_sink **end = &machine->sinks;

    while (*end != NULL) {
        end = &(*end)->next;
    }
    sink->next = NULL;
    sink->kinds = sink->kinds != 0 ? sink->kinds : UINT64_MAX;
    *end = sink;
    for (unsigned i = 0; i < machine->processor_count; i++) {
        machine->processors[i].sink_kinds |= sink->kinds;
        dq_attend(&machine->processors[i], DQ_ATTEND_SINKS);
    }
}

void dq_sinks_stop(dq_machine *machine)
{
    dq_sink *sink = machine->sinks;

    machine->sinks = NULL;
    while (sink != NULL) {
        dq_sink *next = sink->next;

        if (sink->stop != NULL) {
            sink->stop(sink, machine);
        }
        sink = next;
    }
}

/* Senders may leave out service and place where they are those of the call that they are in. */
static const dq_event *completed(const dq_processor *cpu, const dq_event *event, dq_event *copy)
{
    if (event->service != DQ_SERVICE_NONE) {
        return event;
    }
    *copy = *event;
    copy->service = cpu->execution->service;
    copy->place = event->place != NULL ? event->place : cpu->execution->place;
    return copy;
}

void dq_emit_to_sinks(dq_processor *cpu, const dq_event *event)
{
    dq_machine *machine = cpu->machine;
    dq_event copy;

    event = completed(cpu, event, &copy);
    machine->event_sequence++;
    for (dq_sink *sink = machine->sinks; sink != NULL; sink = sink->next) {
        if ((sink->kinds >> event->kind & 1) != 0) {
            sink->event(sink, cpu, event);
        }
    }
}

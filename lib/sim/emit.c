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
    *end = sink;
    for (unsigned i = 0; i < machine->processor_count; i++) {
        machine->processors[i].attention |= DQ_ATTEND_SINKS;
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

void dq_emit_to_sinks(dq_processor *cpu, const dq_event *event)
{
    dq_event complete = *event;

    if (complete.service == DQ_SERVICE_NONE) {
        complete.service = cpu->execution->service;
        complete.place = complete.place != NULL ? complete.place : cpu->execution->place;
    }
    cpu->machine->event_sequence++;
    for (dq_sink *sink = cpu->machine->sinks; sink != NULL; sink = sink->next) {
        sink->event(sink, cpu, &complete);
    }
}

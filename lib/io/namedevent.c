/*
 * namedevent.c - IoCreateNotificationEvent and IoCreateSynchronizationEvent: events that drivers
 * find by name.
 */
#include "io/io.h"
#include "io/name.h"
#include "ke/handle.h"
#include "ke/keep.h"
#include "ke/ki.h"

typedef struct dq_named_event {
    dq_object object; /* One reference for each handle. */
    UNICODE_STRING name;
    KEVENT event;
    struct dq_named_event *next;
} dq_named_event;

static void retire(dq_machine *machine, dq_object *object)
{
    dq_named_event *event = CONTAINING_RECORD(object, dq_named_event, object);
    dq_named_event **link = &dq_io_of(machine)->events;

    while (*link != event) {
        link = &(*link)->next;
    }
    *link = event->next;
    dq_object_remove(machine, object);
    dq_name_drop(machine, &event->name);
    dq_keep_drop(machine, event);
}

static dq_named_event *find(dq_machine *machine, const UNICODE_STRING *name)
{
    dq_named_event *event = dq_io_of(machine)->events;

    while (event != NULL && !dq_name_is(&event->name, name)) {
        event = event->next;
    }
    return event;
}

static dq_named_event *make(dq_machine *machine, const UNICODE_STRING *name, dq_object_type type)
{
    dq_io *io = dq_io_of(machine);
    dq_named_event *event = dq_keep(machine, sizeof(*event));

    if (event == NULL) {
        return NULL;
    }
    event->name = dq_name_keep(machine, name);
    event->object =
        (dq_object){ .pointer = &event->event, .what = "named event", .type = *ExEventObjectType,
                     .retire = retire };
    dq_wait_header_init(&event->event.Header, type, 1);
    dq_object_add(machine, &event->object);
    event->next = io->events;
    io->events = event;
    return event;
}

/* An event of the other kind has the name: it is not opened. */
static PKEVENT open(dq_processor *cpu, const UNICODE_STRING *name, dq_object_type type,
                    PHANDLE handle, const void *place)
{
    dq_named_event *event;

    *handle = NULL;
    if (!dq_name_is_valid(name) || dq_io_of(cpu->machine) == NULL ||
        dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return NULL;
    }
    event = find(cpu->machine, name);
    if (event != NULL && event->event.Header.Type != type) {
        return NULL;
    }
    if (event == NULL) {
        event = make(cpu->machine, name, type);
    }
    if (event == NULL) {
        return NULL;
    }
    event->object.references++;
    *handle = dq_handle_open_object(cpu->machine, &event->object, cpu->execution->service, place);
    if (*handle == NULL) {
        (void)dq_object_release(cpu->machine, &event->object);
        return NULL;
    }
    return &event->event;
}

PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    DQ_ENTER(IoCreateNotificationEvent, NULL, EventName, 0, 0, NULL);
    return open(cpu, EventName, DQ_TYPE_EVENT_NOTIFICATION, EventHandle,
                DQ_CALL_PLACE);
}

PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    DQ_ENTER(IoCreateSynchronizationEvent, NULL, EventName, 0, 0, NULL);
    return open(cpu, EventName, DQ_TYPE_EVENT_SYNCHRONIZATION, EventHandle,
                DQ_CALL_PLACE);
}

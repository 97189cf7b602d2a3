/*
 * event.c - notification and synchronization events.
 *
 * A synchronization event lets one waiter go and is clear again; without a waiter it stays set. The
 * priority increment is not modelled: priorities change only by KeSetPriorityThread.
 */
#include "ke/initplace.h"
#include "ke/ki.h"
#include "ke/waiters.h"

enum { EVENT_TYPES = 1u << DQ_TYPE_EVENT_NOTIFICATION | 1u << DQ_TYPE_EVENT_SYNCHRONIZATION };

static void expect_event(dq_processor *cpu, PRKEVENT event, dq_service service, const void *place)
{
    dq_wait_expect(cpu, &event->Header, EVENT_TYPES, service, place);
}

VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    DQ_ENTER(KeInitializeEvent, Event, Event, Type, State, DQ_VOID);
    dq_waiters_check_init(cpu, &Event->Header);
    dq_wait_header_init(&Event->Header,
                        Type == NotificationEvent ? DQ_TYPE_EVENT_NOTIFICATION
                                                  : DQ_TYPE_EVENT_SYNCHRONIZATION,
                        State != FALSE);
    dq_initplace_set(cpu->machine, &Event->Header, DQ_CALL_PLACE);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG before;

    DQ_ENTER(KeSetEvent, Event, Event, Increment, Wait, 0);
    expect_event(cpu, Event, DQ_SERVICE_KeSetEvent, DQ_CALL_PLACE);
    before = Event->Header.SignalState;
    dq_emit(cpu, SIGNAL, Event, before, 0, 0);
    Event->Header.SignalState = 1;
    if (dq_wait_has_waiters(&Event->Header)) {
        dq_wait_release(cpu->machine, &Event->Header);
    }
    if (Wait) {
        dq_wait_announce(cpu);
    } else if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return before;
}

LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG before;

    DQ_ENTER(KePulseEvent, Event, Event, Increment, Wait, 0);
    expect_event(cpu, Event, DQ_SERVICE_KePulseEvent, DQ_CALL_PLACE);
    before = Event->Header.SignalState;
    dq_emit(cpu, SIGNAL, Event, before, 0, 0);
    Event->Header.SignalState = 1;
    dq_wait_release(cpu->machine, &Event->Header);
    Event->Header.SignalState = 0;
    if (Wait) {
        dq_wait_announce(cpu);
    } else if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return before;
}

VOID NTAPI KeClearEvent(PRKEVENT Event)
{
    DQ_ENTER(KeClearEvent, Event, Event, 0, 0, DQ_VOID);
    expect_event(cpu, Event, DQ_SERVICE_KeClearEvent, DQ_CALL_PLACE);
    Event->Header.SignalState = 0;
}

LONG NTAPI KeResetEvent(PRKEVENT Event)
{
    LONG before;

    DQ_ENTER(KeResetEvent, Event, Event, 0, 0, 0);
    expect_event(cpu, Event, DQ_SERVICE_KeResetEvent, DQ_CALL_PLACE);
    before = Event->Header.SignalState;
    dq_wait_tell_read(cpu, &Event->Header);
    Event->Header.SignalState = 0;
    return before;
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event)
{
    DQ_ENTER(KeReadStateEvent, Event, Event, 0, 0, 0);
    expect_event(cpu, Event, DQ_SERVICE_KeReadStateEvent, DQ_CALL_PLACE);
    dq_wait_tell_read(cpu, &Event->Header);
    return Event->Header.SignalState;
}

/*
 * timer.c - KTIMER: one shot and periodic, relative and absolute, with or without a DPC.
 *
 * The simulated clock is finer than any interrupt of a real one: a timer expires exactly when it is
 * due, never early. Expiry is hardware: it signals the timer, then queues its DPC as if inserted on
 * the processor that set it. A due time that has passed expires within the call that sets it.
 */
#include "ke/gonestack.h"
#include "ke/initplace.h"
#include "ke/ki.h"
#include "ke/waiters.h"

#include <stdlib.h>

enum { TIMER_TYPES = 1u << DQ_TYPE_TIMER_NOTIFICATION | 1u << DQ_TYPE_TIMER_SYNCHRONIZATION };

typedef struct timer_slot {
    dq_deadline deadline;
    PKTIMER timer;
    const void *place; /* Who set it. */
    PKDPC dpc;
    uint32_t timer_stack, dpc_stack; /* On whose stack they lie: dq_stack_owner(). */
    struct timer_slot *next, *previous;
} timer_slot;

struct dq_timers {
    timer_slot *set;
    timer_slot *unused;
};

static struct dq_timers *timers_of(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    if (kernel->timers == NULL) {
        kernel->timers = dq_machine_get(machine, sizeof(struct dq_timers));
    }
    return kernel->timers;
}

static timer_slot *slot_of(const KTIMER *timer)
{
    return (timer_slot *)(void *)timer->TimerListEntry.Flink;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static timer_slot *borrow(dq_machine *machine, PKTIMER timer)
{
    struct dq_timers *timers = timers_of(machine);
    timer_slot *slot = timers != NULL ? timers->unused : NULL;

    if (slot != NULL) {
        timers->unused = slot->next;
    } else {
        slot = timers != NULL ? dq_machine_get(machine, sizeof(timer_slot)) : NULL;
        if (slot == NULL) {
            return NULL;
        }
    }
    slot->timer = timer;
    slot->previous = NULL;
    slot->next = timers->set;
    if (timers->set != NULL) {
        timers->set->previous = slot;
    }
    timers->set = slot;
    timer->TimerListEntry.Flink = (LIST_ENTRY *)(void *)slot;
    return slot;
}

/* Does not touch the timer. */
static void unlink_slot(dq_machine *machine, timer_slot *slot)
{
    struct dq_timers *timers = timers_of(machine);

    if (slot->previous != NULL) {
        slot->previous->next = slot->next;
    } else {
        timers->set = slot->next;
    }
    if (slot->next != NULL) {
        slot->next->previous = slot->previous;
    }
    slot->timer = NULL;
    slot->next = timers->unused;
    timers->unused = slot;
}

static void give_back(dq_machine *machine, timer_slot *slot)
{
    slot->timer->TimerListEntry.Flink = NULL;
    unlink_slot(machine, slot);
}

static void free_slots(dq_machine *machine, timer_slot *slot)
{
    while (slot != NULL) {
        timer_slot *next = slot->next;

        dq_machine_give(machine, slot);
        slot = next;
    }
}

void dq_timers_stop(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    if (kernel->timers != NULL) {
        free_slots(machine, kernel->timers->set);
        free_slots(machine, kernel->timers->unused);
        dq_machine_give(machine, kernel->timers);
        kernel->timers = NULL;
    }
}

PKTIMER dq_timer_inside(dq_machine *machine, const void *base, size_t bytes)
{
    const struct dq_timers *timers = ((dq_kernel *)machine->kernel)->timers;

    for (const timer_slot *slot = timers != NULL ? timers->set : NULL; slot != NULL;
         slot = slot->next) {
        if ((uintptr_t)slot->timer - (uintptr_t)base < bytes) {
            return slot->timer;
        }
    }
    return NULL;
}

void dq_timer_for_each(dq_machine *machine, void (*visit)(void *context, const void *place),
                       void *context)
{
    const struct dq_timers *timers = ((dq_kernel *)machine->kernel)->timers;

    for (const timer_slot *slot = timers != NULL ? timers->set : NULL; slot != NULL;
         slot = slot->next) {
        visit(context, slot->place);
    }
}

/* ---- Expiry ---------------------------------------------------------------------------------- */

/* `place`: where it was set. */
static void expire(dq_machine *machine, PKTIMER timer, const void *place)
{
    dq_processor *cpu = &machine->processors[timer->Processor];
    PKDPC dpc = timer->Dpc;

    dq_emit(cpu, TIMER_EXPIRE, timer, dpc != NULL ? (uintptr_t)dpc->DeferredRoutine : 0,
            (uintptr_t)place, 0);
    timer->Header.SignalState = 1;
    if (dq_wait_has_waiters(&timer->Header)) {
        dq_wait_release(machine, &timer->Header);
    }
    if (dpc != NULL) {
        (void)dq_dpc_insert_by_timer(cpu, dpc, place);
    }
}

/* False after a finding: the timer is given up, and nothing of it looked at. */
static bool is_there(dq_machine *machine, timer_slot *slot)
{
    dq_processor *cpu = dq_self->machine == machine ? dq_self : machine->processors;
    const PKTIMER timer = slot->timer;
    const bool timer_gone = dq_stack_is_gone(machine, timer, slot->timer_stack);
    const bool dpc_gone = dq_stack_is_gone(machine, slot->dpc, slot->dpc_stack);
    const PKDPC dpc = slot->dpc;
    const void *place = slot->place;

    if (!timer_gone && !dpc_gone) {
        if (slot_of(timer) != slot) {
            dq_bugcheck(cpu, TIMER_OR_DPC_INVALID, 0, (uintptr_t)timer, (uintptr_t)timer,
                        (uintptr_t)(timer + 1),
                        "the memory of a timer that is set is overwritten: it is cleared, or in "
                        "use for something else");
        }
        return true;
    }
    if (timer_gone) {
        unlink_slot(machine, slot);
        dq_stack_accuse(cpu, false, timer, sizeof(*timer), place);
    } else {
        give_back(machine, slot);
        dq_stack_accuse(cpu, true, dpc, sizeof(*dpc), place);
    }
    return false;
}

static void come_due(dq_machine *machine, dq_deadline *deadline)
{
    timer_slot *slot = deadline->owner;
    PKTIMER timer = slot->timer;
    const void *place = slot->place;

    if (!is_there(machine, slot)) {
        return;
    }
    if (timer->Period != 0) {
        (void)dq_clock_set(machine, deadline, deadline->due_ns + timer->Period * 1000000ull);
    } else {
        give_back(machine, slot);
    }
    expire(machine, timer, place);
}

/* ---- Setting and cancelling ------------------------------------------------------------------ */

static void start(dq_processor *cpu, PKTIMER timer, uint64_t due_ns)
{
    dq_machine *machine = cpu->machine;
    timer_slot *slot = borrow(machine, timer);

    if (slot != NULL) {
        slot->deadline.priority = DQ_PRIORITY_TIMER;
        slot->deadline.fire = come_due;
        slot->deadline.owner = slot;
        slot->place = cpu->execution->place;
        slot->dpc = timer->Dpc;
        slot->timer_stack = dq_stack_owner(machine, timer);
        slot->dpc_stack = dq_stack_owner(machine, timer->Dpc);
    }
    if (slot == NULL || !dq_clock_set(machine, &slot->deadline, due_ns)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "no memory to set a timer");
    }
}

/* True if it was set. */
static bool stop(dq_machine *machine, PKTIMER timer)
{
    timer_slot *slot = slot_of(timer);

    if (slot == NULL) {
        return false;
    }
    dq_clock_cancel(machine, &slot->deadline);
    give_back(machine, slot);
    return true;
}

static BOOLEAN set(dq_processor *cpu, PKTIMER timer, int64_t due_100ns, LONG period_ms, PKDPC dpc,
                   dq_service service, const void *place)
{
    dq_machine *machine = cpu->machine;
    uint64_t due_ns = dq_wait_due_ns(machine, due_100ns);
    bool was_set;

    dq_wait_expect(cpu, &timer->Header, TIMER_TYPES, service, place);
    cpu->execution->frame = __builtin_frame_address(0); /* The short way does not say it. */
    dq_emit(cpu, TIMER_SET, timer, due_ns, period_ms, slot_of(timer) != NULL);
    if (dpc != NULL) {
        dq_dpc_use(cpu, dpc, DQ_DPC_OF_TIMER);
    }
    was_set = stop(machine, timer);
    timer->Header.SignalState = 0;
    timer->DueTime.QuadPart = (uint64_t)due_100ns;
    timer->Dpc = dpc;
    timer->Period = period_ms > 0 ? (ULONG)period_ms : 0;
    timer->Processor = cpu->number;
    if (due_ns <= machine->clock.now_ns) {
        if (timer->Period != 0) {
            start(cpu, timer, machine->clock.now_ns + timer->Period * 1000000ull);
        }
        expire(machine, timer, place);
    } else {
        start(cpu, timer, due_ns);
    }
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return was_set;
}

/* ---- Services -------------------------------------------------------------------------------- */

static void initialise(dq_processor *cpu, PKTIMER timer, TIMER_TYPE type)
{
    if (dq_timer_inside(cpu->machine, timer, sizeof(*timer)) != NULL) {
        dq_bugcheck(cpu, TIMER_OR_DPC_INVALID, 0, (uintptr_t)timer, (uintptr_t)timer,
                    (uintptr_t)(timer + 1),
                    "a timer is initialised while it is set (or its memory was freed while it was "
                    "set, and is in use "
                    "again): cancel it first");
    }
    dq_waiters_check_init(cpu, &timer->Header);
    *timer = (KTIMER){ .Processor = 0 };
    dq_wait_header_init(
        &timer->Header,
        type == NotificationTimer ? DQ_TYPE_TIMER_NOTIFICATION : DQ_TYPE_TIMER_SYNCHRONIZATION, 0);
}

VOID NTAPI KeInitializeTimer(PKTIMER Timer)
{
    DQ_ENTER(KeInitializeTimer, Timer, Timer, 0, 0, DQ_VOID);
    initialise(cpu, Timer, NotificationTimer);
    dq_initplace_set(cpu->machine, &Timer->Header, DQ_CALL_PLACE);
}

VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    DQ_ENTER(KeInitializeTimerEx, Timer, Timer, Type, 0, DQ_VOID);
    initialise(cpu, Timer, Type);
    dq_initplace_set(cpu->machine, &Timer->Header, DQ_CALL_PLACE);
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    DQ_ENTER(KeSetTimer, Timer, Timer, DueTime.QuadPart, Dpc, FALSE);
    return set(cpu, Timer, DueTime.QuadPart, 0, Dpc, DQ_SERVICE_KeSetTimer,
               DQ_CALL_PLACE);
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    DQ_ENTER(KeSetTimerEx, Timer, Timer, DueTime.QuadPart, Period, FALSE);
    return set(cpu, Timer, DueTime.QuadPart, Period, Dpc, DQ_SERVICE_KeSetTimerEx,
               DQ_CALL_PLACE);
}

/* Nothing is gained by coalescing simulated ticks: the timer expires when due, which is within
 * every tolerance. */
BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period,
                                    ULONG TolerableDelay, PKDPC Dpc)
{
    DQ_ENTER(KeSetCoalescableTimer, Timer, Timer, DueTime.QuadPart, Period, FALSE);
    (void)TolerableDelay;
    return set(cpu, Timer, DueTime.QuadPart, (LONG)Period, Dpc, DQ_SERVICE_KeSetCoalescableTimer,
               DQ_CALL_PLACE);
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer)
{
    DQ_ENTER(KeCancelTimer, Timer, Timer, 0, 0, FALSE);
    dq_wait_expect(cpu, &Timer->Header, TIMER_TYPES, DQ_SERVICE_KeCancelTimer,
                   DQ_CALL_PLACE);
    dq_emit(cpu, TIMER_CANCEL, Timer, slot_of(Timer) != NULL, 0, 0);
    return stop(cpu->machine, Timer);
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer)
{
    DQ_ENTER(KeReadStateTimer, Timer, Timer, 0, 0, FALSE);
    dq_wait_expect(cpu, &Timer->Header, TIMER_TYPES, DQ_SERVICE_KeReadStateTimer,
                   DQ_CALL_PLACE);
    dq_wait_tell_read(cpu, &Timer->Header);
    return Timer->Header.SignalState != 0;
}

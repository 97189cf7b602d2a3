/*
 * extimer.c - ExAllocateTimer and its family.
 *
 * As with KTIMER, a timer expires exactly when it is due, never early: that is within every
 * tolerance, and as good as the highest resolution. Expiry is hardware: it signals the timer and
 * queues a DPC on the processor that set it, which calls the callback routine.
 */
#include "ex/extimer.h"

#include "ex/executive.h"
#include "ke/keep.h"
#include "ke/ki.h"

/* ---- Rules ----------------------------------------------------------------------------------- */

/* The pages say "bug check" without a code. */
static void accuse(dq_processor *cpu, const void *timer, const char *what)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "ExTimer",
                           .page = dq_service_name(cpu->execution->service),
                           .parameters = { (uintptr_t)timer } },
            "%s %s", dq_service_name(cpu->execution->service), what);
}

static bool check(dq_processor *cpu, const struct _EX_TIMER *timer)
{
    const dq_executive *ex = dq_executive_of(cpu->machine);
    const struct _EX_TIMER *known = ex != NULL ? ex->timers : NULL;

    while (known != NULL && known != timer) {
        known = known->next;
    }
    if (known == NULL) {
        accuse(cpu, timer, "was given a pointer that is no EX_TIMER, or no longer one");
    }
    return known != NULL;
}

/* ---- The end of a timer ---------------------------------------------------------------------- */

static bool is_busy(const struct _EX_TIMER *timer)
{
    return timer->deadline.slot != 0 || timer->under_way > 0;
}

static void call_delete_callback(PEXT_DELETE_CALLBACK callback, PVOID context)
{
    const unsigned depth = dq_guest_begin(dq_self);

    callback(context);
    dq_guest_end(depth);
}

/* Nothing of a deleted timer is left to happen. At IRQL <= DISPATCH_LEVEL. What its callback routine
 * has done lies behind the delete callback, and behind who waits for the deletion; who does not wait
 * is told nothing of it. */
static void finish(dq_machine *machine, PEX_TIMER timer, bool waits)
{
    PEX_TIMER *link = &dq_executive_of(machine)->timers;
    PEXT_DELETE_CALLBACK callback = timer->delete_callback;
    PVOID context = timer->delete_context;
    PKEVENT gone = timer->gone;

    while (*link != timer) {
        link = &(*link)->next;
    }
    *link = timer->next;
    if (waits || callback != NULL) {
        dq_emit(dq_self, ORDER_TAKE, &timer->gone, 0, 0, 0);
    }
    dq_keep_drop(machine, timer);
    if (callback != NULL) {
        call_delete_callback(callback, context);
    }
    if (gone != NULL) {
        dq_signal(dq_self, gone);
    }
}

/* ---- Expiry ---------------------------------------------------------------------------------- */

/* The DPC's routine, which is called as guest code. */
static void expired(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    DQ_INSIDE(dq_self->live);
    PEX_TIMER timer = context;

    (void)dpc;
    (void)argument1;
    (void)argument2;
    if (timer->callback != NULL) {
        unsigned depth;

        dq_self->execution->routine = DQ_CODE(timer->callback);
        depth = dq_guest_begin(dq_self);
        timer->callback(timer, timer->context);
        dq_guest_end(depth);
        dq_emit(dq_self, ORDER_GIVE, &timer->gone, 0, 0, 0);
    }
    timer->under_way--;
    if (timer->deleted && !is_busy(timer)) {
        finish(dq_self->machine, timer, timer->gone != NULL);
    }
}

static void expire(dq_machine *machine, PEX_TIMER timer)
{
    dq_processor *cpu = &machine->processors[timer->timer.Processor];

    dq_emit(cpu, TIMER_EXPIRE, timer, (uintptr_t)timer->callback, (uintptr_t)timer->place, 0);
    timer->timer.Header.SignalState = 1;
    if (dq_wait_has_waiters(&timer->timer.Header)) {
        dq_wait_release(machine, &timer->timer.Header);
    }
    if ((timer->callback != NULL || timer->deleted) &&
        dq_dpc_insert_by_timer(cpu, &timer->dpc, NULL)) {
        timer->under_way++;
    }
}

/* A periodic timer that was deleted expires once more at most. */
static void come_due(dq_machine *machine, dq_deadline *deadline)
{
    PEX_TIMER timer = deadline->owner;

    if (timer->period_ns != 0 && !timer->deleted) {
        (void)dq_clock_set(machine, deadline, deadline->due_ns + timer->period_ns);
    }
    expire(machine, timer);
}

/* ---- Services -------------------------------------------------------------------------------- */

static void fill(dq_processor *cpu, PEX_TIMER timer, ULONG attributes)
{
    dq_wait_header_init(&timer->timer.Header,
                        (attributes & EX_TIMER_NOTIFICATION) != 0 ? DQ_TYPE_TIMER_NOTIFICATION
                                                                  : DQ_TYPE_TIMER_SYNCHRONIZATION,
                        0);
    timer->precise = (attributes & EX_TIMER_HIGH_RESOLUTION) != 0;
    timer->deadline =
        (dq_deadline){ .priority = DQ_PRIORITY_TIMER, .fire = come_due, .owner = timer };
    dq_dpc_initialise(cpu, &timer->dpc, expired, timer);
}

PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes)
{
    const ULONG exclusive = EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE;
    dq_executive *ex;
    PEX_TIMER timer;

    DQ_ENTER(ExAllocateTimer, NULL, (uintptr_t)Callback, CallbackContext, Attributes, NULL);
    if ((Attributes & exclusive) == exclusive) {
        accuse(cpu, NULL,
               "was given EX_TIMER_HIGH_RESOLUTION and EX_TIMER_NO_WAKE, which exclude each other");
    }
    if (dq_fails(cpu, DQ_FAIL_TIMER, 0, NULL, DQ_CALL_PLACE)) {
        return NULL;
    }
    ex = dq_executive_of(cpu->machine);
    timer = ex != NULL ? dq_keep(cpu->machine, sizeof(*timer)) : NULL;
    if (timer == NULL) {
        return NULL;
    }
    timer->callback = Callback;
    timer->context = CallbackContext;
    timer->place = DQ_CALL_PLACE;
    fill(cpu, timer, Attributes);
    timer->next = ex->timers;
    ex->timers = timer;
    return timer;
}

static bool cancel(dq_processor *cpu, PEX_TIMER timer)
{
    dq_emit(cpu, TIMER_CANCEL, timer, timer->deadline.slot != 0, 0, 0);
    return dq_clock_cancel(cpu->machine, &timer->deadline);
}

static void set(dq_processor *cpu, PEX_TIMER timer, uint64_t due_ns)
{
    dq_machine *machine = cpu->machine;
    const bool is_due = due_ns <= machine->clock.now_ns;

    timer->timer.Header.SignalState = 0;
    timer->timer.Processor = cpu->number;
    if (is_due) {
        due_ns = machine->clock.now_ns + timer->period_ns;
    }
    if ((!is_due || timer->period_ns != 0) && !dq_clock_set(machine, &timer->deadline, due_ns)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "no memory to set a timer");
    }
    if (is_due) {
        expire(machine, timer);
    }
}

BOOLEAN NTAPI ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period,
                         PEXT_SET_PARAMETERS Parameters)
{
    uint64_t due_ns;
    bool was_set;

    DQ_ENTER(ExSetTimer, Timer, Timer, DueTime, Period, FALSE);
    (void)Parameters;
    if (!check(cpu, Timer) || Timer->deleted) {
        return FALSE;
    }
    if (Timer->precise && DueTime >= 0) {
        accuse(cpu, Timer, "was given an absolute due time for a high-resolution timer");
    }
    if (Period < 0 || Period > MAXLONG) {
        accuse(cpu, Timer, "was given a period that is not between 0 and MAXLONG");
        return FALSE;
    }
    due_ns = dq_wait_due_ns(cpu->machine, DueTime);
    dq_emit(cpu, TIMER_SET, Timer, due_ns, (uint64_t)Period / 10000u, Timer->deadline.slot != 0);
    was_set = dq_clock_cancel(cpu->machine, &Timer->deadline);
    Timer->period_ns = (uint64_t)Period * 100u;
    set(cpu, Timer, due_ns);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return was_set;
}

BOOLEAN NTAPI ExCancelTimer(PEX_TIMER Timer, PEXT_CANCEL_PARAMETERS Parameters)
{
    DQ_ENTER(ExCancelTimer, Timer, Timer, 0, 0, FALSE);
    if (Parameters != NULL) {
        accuse(cpu, Timer, "was given parameters, for which a driver gives NULL");
    }
    return check(cpu, Timer) && !Timer->deleted && cancel(cpu, Timer);
}

static void wait_until_gone(dq_processor *cpu, PEX_TIMER timer, const void *place)
{
    KEVENT gone;

    dq_wait_header_init(&gone.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    timer->gone = &gone;
    (void)dq_wait_for_matter(cpu, &gone, DQ_SERVICE_ExDeleteTimer, place,
                             &(dq_wait_matter){ .what = "the end of the timer's callback" });
}

BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait,
                            PEXT_DELETE_PARAMETERS Parameters)
{
    bool was_set;

    DQ_ENTER(ExDeleteTimer, Timer, Timer, Cancel, Wait, FALSE);
    if (!check(cpu, Timer) || Timer->deleted) {
        return FALSE;
    }
    if (Wait && !Cancel) {
        accuse(cpu, Timer, "was called with Wait, but without Cancel");
    }
    if (Wait && cpu->irql > DQ_LEVEL_APC) {
        accuse(cpu, Timer, "was called with Wait above APC_LEVEL (or in the timer's callback)");
        return FALSE;
    }
    was_set = Cancel && cancel(cpu, Timer);
    Timer->deleted = true;
    if (Parameters != NULL) {
        Timer->delete_callback = Parameters->DeleteCallback;
        Timer->delete_context = Parameters->DeleteContext;
    }
    if (!is_busy(Timer)) {
        finish(cpu->machine, Timer, Wait);
    } else if (Wait) {
        wait_until_gone(cpu, Timer, DQ_CALL_PLACE);
    }
    return was_set;
}

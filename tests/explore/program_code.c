/*
 * program_code.c - what the actors of a generated program do. Compiled twice, instrumented and not.
 */
#include "program.h"

#include <dirql/line.h>
#include <dirql/thread.h>

static LONG *variable(unsigned actor, const program_step *step)
{
    return step->which < PROGRAM_VARIABLES - 1 ? &program_data.shared[step->which]
                                               : &program_data.own[actor];
}

static BOOLEAN is_isr(unsigned actor)
{
    return (BOOLEAN)(actor == ACTOR_ISR || actor == ACTOR_OTHER_ISR);
}

static BOOLEAN is_thread(unsigned actor)
{
    return (BOOLEAN)(actor == ACTOR_BODY || actor == ACTOR_THREAD || actor == ACTOR_WORK);
}

static void note(unsigned actor, LONG value)
{
    program_data.seen[actor] = program_data.seen[actor] * 7 + value + 1;
}

static void add(LONG *at, LONG value)
{
    *at = *at + value;
}

static BOOLEAN add_synchronized(PVOID context)
{
    add(context, 1000);
    return TRUE;
}

static void add_locked(unsigned actor, const program_step *step)
{
    PKSPIN_LOCK lock = &program_things.locks[step->which % PROGRAM_LOCKS];
    KIRQL old;

    if (is_isr(actor)) {
        add(variable(actor, step), 3);
    } else if (actor == ACTOR_DPC) {
        KeAcquireSpinLockAtDpcLevel(lock);
        add(variable(actor, step), 100);
        KeReleaseSpinLockFromDpcLevel(lock);
    } else {
        KeAcquireSpinLock(lock, &old);
        add(variable(actor, step), 100);
        KeReleaseSpinLock(lock, old);
    }
}

static void add_raised(unsigned actor, const program_step *step, KIRQL irql)
{
    KIRQL old;

    if (KeGetCurrentIrql() >= irql) {
        add(variable(actor, step), 5);
        return;
    }
    KeRaiseIrql(irql, &old);
    add(variable(actor, step), 50);
    KeLowerIrql(old);
}

static void try_lock(unsigned actor, const program_step *step)
{
    PKSPIN_LOCK lock = &program_things.locks[step->which % PROGRAM_LOCKS];
    KIRQL old;

    if (is_isr(actor)) {
        note(actor, *variable(actor, step));
        return;
    }
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    if (KeTryToAcquireSpinLockAtDpcLevel(lock)) {
        add(variable(actor, step), 7);
        KeReleaseSpinLockFromDpcLevel(lock);
    } else {
        note(actor, 3);
    }
    KeLowerIrql(old);
}

static void wait_for_event(unsigned actor, const program_step *step, LONGLONG timeout)
{
    PKEVENT event = &program_things.events[step->which % PROGRAM_EVENTS];
    LARGE_INTEGER due;

    due.QuadPart = timeout;
    note(actor, KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &due));
}

static void set_timer(void)
{
    LARGE_INTEGER due;

    due.QuadPart = -20;
    KeSetTimer(&program_things.timer, due, &program_things.dpc);
}

static void allocate(unsigned actor, const program_step *step)
{
    LONG *memory = ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'psat');

    if (memory != NULL) {
        *memory = *variable(actor, step);
        note(actor, *memory);
        ExFreePoolWithTag(memory, 'psat');
    }
}

static void add_in_step(unsigned actor, const program_step *step)
{
    PKINTERRUPT interrupt = program_things.interrupts[step->which % PROGRAM_LINES];

    if (is_isr(actor) || interrupt == NULL) {
        add(variable(actor, step), 9);
    } else {
        (void)KeSynchronizeExecution(interrupt, add_synchronized, variable(actor, step));
    }
}

static void pulse(const program_step *step)
{
    const unsigned which = step->which % PROGRAM_LINES;

    if (program_things.interrupts[which] != NULL) {
        dirql_line_pulse(program_things.lines[which]);
    }
}

static void queue_work(void)
{
    if (InterlockedExchange(&program_things.is_queued, 1) == 0) {
        KeClearEvent(&program_things.no_work);
        ExQueueWorkItem(&program_things.work, DelayedWorkQueue);
    }
}

/* What an ISR cannot do, it does in another way. */
static void take(unsigned actor, const program_step *step)
{
    PKEVENT event = &program_things.events[step->which % PROGRAM_EVENTS];
    LONG *at = variable(actor, step);

    switch (step->what) {
    case DO_READ:
        note(actor, *at);
        break;
    case DO_WRITE:
        *at = (LONG)(actor + 1);
        break;
    case DO_ADD:
        add(at, (LONG)(10 * (actor + 1)));
        break;
    case DO_INCREMENT:
        InterlockedIncrement(at);
        break;
    case DO_EXCHANGE:
        note(actor, InterlockedExchange(at, (LONG)(20 + actor)));
        break;
    case DO_LOCKED_ADD:
        add_locked(actor, step);
        break;
    case DO_RAISED_ADD:
        add_raised(actor, step, DISPATCH_LEVEL);
        break;
    case DO_MASKED_ADD:
        add_raised(actor, step, 7);
        break;
    case DO_SYNCHRONIZED_ADD:
        add_in_step(actor, step);
        break;
    case DO_SET_EVENT:
        if (!is_isr(actor)) {
            note(actor, KeSetEvent(event, 0, FALSE));
        }
        break;
    case DO_CLEAR_EVENT:
        if (!is_isr(actor)) {
            KeClearEvent(event);
        }
        break;
    case DO_READ_EVENT:
        if (!is_isr(actor)) {
            note(actor, KeReadStateEvent(event));
        }
        break;
    case DO_POLL_EVENT:
        if (!is_isr(actor)) {
            wait_for_event(actor, step, 0);
        }
        break;
    case DO_AWAIT_EVENT:
        if (is_thread(actor)) {
            wait_for_event(actor, step, -30);
        }
        break;
    case DO_QUEUE_DPC:
        if (actor != ACTOR_DPC) { /* Else for ever. */
            note(actor, KeInsertQueueDpc(&program_things.dpc, NULL, NULL));
        }
        break;
    case DO_REMOVE_DPC:
        note(actor, KeRemoveQueueDpc(&program_things.dpc));
        break;
    case DO_PULSE:
        if (is_thread(actor)) {
            pulse(step);
        }
        break;
    case DO_STALL:
        KeStallExecutionProcessor(1);
        break;
    case DO_READ_TIME:
        note(actor, (LONG)KeQueryInterruptTime());
        break;
    case DO_SET_TIMER:
        if (is_thread(actor)) {
            set_timer();
        }
        break;
    case DO_CANCEL_TIMER:
        if (!is_isr(actor)) {
            note(actor, KeCancelTimer(&program_things.timer));
        }
        break;
    case DO_TRY_LOCK:
        try_lock(actor, step);
        break;
    case DO_YIELD:
        YieldProcessor();
        break;
    case DO_ALLOCATE:
        if (!is_isr(actor)) {
            allocate(actor, step);
        }
        break;
    case DO_QUEUE_WORK:
        if (is_thread(actor) && actor != ACTOR_WORK) { /* Not the DPC, which that may queue. */
            queue_work();
        }
        break;
    default:
        if (*at > 100) {
            InterlockedOr(&program_data.failed, 1 << actor);
        }
        break;
    }
}

static void act(unsigned actor)
{
    const program *p = &program_now;

    for (unsigned i = 0; i < p->counts[actor]; i++) {
        take(actor, &p->steps[actor][i]);
    }
}

static const program_code *code_of(unsigned actor)
{
    return (program_now.instrumented >> actor & 1) != 0 ? &program_instrumented : &program_plain;
}

static VOID NTAPI thread(PVOID context)
{
    (void)context;
    act(ACTOR_THREAD);
}

static BOOLEAN NTAPI isr(PKINTERRUPT interrupt, PVOID context)
{
    const unsigned which = context == program_things.lines[0] ? 0 : 1;

    (void)interrupt;
    act(which == 0 ? ACTOR_ISR : ACTOR_OTHER_ISR);
    if (program_now.lines[which].is_level) {
        dirql_line_deassert(context);
    }
    return TRUE;
}

static VOID NTAPI dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    act(ACTOR_DPC);
}

static VOID NTAPI work(PVOID context)
{
    (void)context;
    InterlockedExchange(&program_things.is_queued, 0);
    act(ACTOR_WORK);
    KeSetEvent(&program_things.no_work, IO_NO_INCREMENT, FALSE);
}

static const program_code *code_of_isr(unsigned which)
{
    return code_of(which == 0 ? ACTOR_ISR : ACTOR_OTHER_ISR);
}

static void connect(unsigned which)
{
    program_objects *o = &program_things;
    const program_line *line = &program_now.lines[which];

    if (line->irql == 0) {
        return;
    }
    o->lines[which] = dirql_line_create(
        &(dirql_line_options){ .name = which == 0 ? "it" : "other",
                               .irql = line->irql,
                               .trigger = line->is_level ? DIRQL_LEVEL : DIRQL_EDGE });
    (void)IoConnectInterrupt(&o->interrupts[which], code_of_isr(which)->isr, o->lines[which], NULL,
                             dirql_line_vector(o->lines[which]), line->irql, line->irql,
                             line->is_level ? LevelSensitive : Latched, FALSE,
                             (KAFFINITY)((1u << program_now.processors) - 1), FALSE);
}

static void prepare(void)
{
    program_objects *o = &program_things;
    const program *p = &program_now;

    for (unsigned i = 0; i < PROGRAM_LOCKS; i++) {
        KeInitializeSpinLock(&o->locks[i]);
    }
    for (unsigned i = 0; i < PROGRAM_EVENTS; i++) {
        KeInitializeEvent(&o->events[i], i == 0 ? NotificationEvent : SynchronizationEvent, FALSE);
    }
    KeInitializeTimer(&o->timer);
    KeInitializeDpc(&o->dpc, code_of(ACTOR_DPC)->dpc, NULL);
    KeSetImportanceDpc(&o->dpc, (KDPC_IMPORTANCE)p->importance);
    if (p->dpc_processor != 0xFF) {
        KeSetTargetProcessorDpc(&o->dpc, (CCHAR)p->dpc_processor);
    }
    ExInitializeWorkItem(&o->work, code_of(ACTOR_WORK)->work, NULL);
    KeInitializeEvent(&o->no_work, NotificationEvent, TRUE);
    for (unsigned i = 0; i < PROGRAM_LINES; i++) {
        connect(i);
    }
}

/* Whatever was put off happens, and all is quiet. */
static void settle(void)
{
    LARGE_INTEGER moment;

    if (program_now.delays > 0) {
        dirql_explore_pause(); /* Else the moment may be over before all is quiet. */
    }
    moment.QuadPart = -1000;
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    (void)KeWaitForSingleObject(&program_things.no_work, Executive, KernelMode, FALSE, NULL);
    KeCancelTimer(&program_things.timer);
    KeFlushQueuedDpcs();
    for (unsigned i = 0; i < PROGRAM_LINES; i++) {
        if (program_things.interrupts[i] != NULL) {
            IoDisconnectInterrupt(program_things.interrupts[i]);
        }
    }
    if (program_now.delays > 0) {
        dirql_explore_resume();
    }
}

static void run(void)
{
    const program *p = &program_now;
    dirql_thread *second = NULL;

    dirql_explore_pause();
    prepare();
    if (p->has_thread) {
        second = dirql_thread_start(
            "second", p->thread_processor == 0xFF ? DIRQL_ANY_PROCESSOR : p->thread_processor,
            code_of(ACTOR_THREAD)->thread, NULL);
    }
    dirql_explore_resume();
    for (unsigned i = 0; i < PROGRAM_LINES; i++) {
        if (program_things.lines[i] != NULL) {
            dirql_line_assert(program_things.lines[i]);
        }
    }
    act(ACTOR_BODY);
    if (second != NULL) {
        dirql_thread_join(second);
    }
    settle();
}

const program_code PROGRAM_CODE = { act, thread, isr, dpc, work, run };

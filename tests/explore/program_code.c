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

    if (actor == ACTOR_ISR) {
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

    if (actor == ACTOR_ISR) {
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

/* What an ISR cannot do, it does in another way. */
static void take(unsigned actor, const program_step *step)
{
    PKEVENT event = &program_things.events[step->which % PROGRAM_EVENTS];
    LONG *at = variable(actor, step);
    const BOOLEAN is_isr = (BOOLEAN)(actor == ACTOR_ISR);
    const BOOLEAN is_thread = (BOOLEAN)(actor <= ACTOR_THREAD);

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
        if (is_isr || program_things.interrupt == NULL) {
            add(at, 9);
        } else {
            (void)KeSynchronizeExecution(program_things.interrupt, add_synchronized, at);
        }
        break;
    case DO_SET_EVENT:
        if (!is_isr) {
            note(actor, KeSetEvent(event, 0, FALSE));
        }
        break;
    case DO_CLEAR_EVENT:
        if (!is_isr) {
            KeClearEvent(event);
        }
        break;
    case DO_READ_EVENT:
        if (!is_isr) {
            note(actor, KeReadStateEvent(event));
        }
        break;
    case DO_POLL_EVENT:
        if (!is_isr) {
            wait_for_event(actor, step, 0);
        }
        break;
    case DO_AWAIT_EVENT:
        if (is_thread) {
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
        if (is_thread && program_things.interrupt != NULL) {
            dirql_line_pulse(program_things.line);
        }
        break;
    case DO_STALL:
        KeStallExecutionProcessor(1);
        break;
    case DO_READ_TIME:
        note(actor, (LONG)KeQueryInterruptTime());
        break;
    case DO_SET_TIMER:
        if (is_thread) {
            set_timer();
        }
        break;
    case DO_CANCEL_TIMER:
        if (!is_isr) {
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
        if (!is_isr) {
            allocate(actor, step);
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
    (void)interrupt;
    act(ACTOR_ISR);
    if (program_now.is_level) {
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
    if (p->has_line) {
        const KINTERRUPT_MODE mode = p->is_level ? LevelSensitive : Latched;

        o->line = dirql_line_create(&(dirql_line_options){
            .name = "it", .irql = 7, .trigger = p->is_level ? DIRQL_LEVEL : DIRQL_EDGE });
        (void)IoConnectInterrupt(&o->interrupt, code_of(ACTOR_ISR)->isr, o->line, NULL,
                                 dirql_line_vector(o->line), 7, 7, mode, FALSE,
                                 (KAFFINITY)((1u << p->processors) - 1), FALSE);
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
    KeCancelTimer(&program_things.timer);
    KeFlushQueuedDpcs();
    if (program_things.interrupt != NULL) {
        IoDisconnectInterrupt(program_things.interrupt);
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
    if (p->has_line) {
        dirql_line_assert(program_things.line);
    }
    act(ACTOR_BODY);
    if (second != NULL) {
        dirql_thread_join(second);
    }
    settle();
}

const program_code PROGRAM_CODE = { act, thread, isr, dpc, run };

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

    if (program_is_isr(actor)) {
        add(variable(actor, step), 3);
    } else if (KeGetCurrentIrql() == DISPATCH_LEVEL) {
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

    if (program_is_isr(actor)) {
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

    if (program_is_isr(actor) || interrupt == NULL) {
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

static void queue_work(unsigned which)
{
    if (InterlockedExchange(&program_things.is_queued[which], 1) == 0) {
        KeClearEvent(&program_things.no_work[which]);
        ExQueueWorkItem(&program_things.work[which], DelayedWorkQueue);
    }
}

static const program_doing doing = { note, variable, queue_work };

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
        if (!program_is_isr(actor)) {
            note(actor, KeSetEvent(event, 0, FALSE));
        }
        break;
    case DO_CLEAR_EVENT:
        if (!program_is_isr(actor)) {
            KeClearEvent(event);
        }
        break;
    case DO_READ_EVENT:
        if (!program_is_isr(actor)) {
            note(actor, KeReadStateEvent(event));
        }
        break;
    case DO_POLL_EVENT:
        if (!program_is_isr(actor)) {
            wait_for_event(actor, step, 0);
        }
        break;
    case DO_AWAIT_EVENT:
        if (program_is_thread(actor)) {
            wait_for_event(actor, step, -30);
        }
        break;
    case DO_QUEUE_DPC:
        if (!program_is_dpc(actor)) { /* Else for ever. */
            note(actor, KeInsertQueueDpc(&program_things.dpc, NULL, NULL));
        }
        break;
    case DO_REMOVE_DPC:
        note(actor, KeRemoveQueueDpc(&program_things.dpc));
        break;
    case DO_PULSE:
        if (program_is_thread(actor)) {
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
        if (program_is_thread(actor)) {
            set_timer();
        }
        break;
    case DO_CANCEL_TIMER:
        if (!program_is_isr(actor)) {
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
        if (!program_is_isr(actor)) {
            allocate(actor, step);
        }
        break;
    case DO_QUEUE_WORK:
        /* Not a DPC, which that may queue. */
        if (program_is_thread(actor) && actor != ACTOR_WORK && actor != ACTOR_OTHER_WORK) {
            queue_work(0);
        }
        break;
    case DO_CHECK:
        if (*at > 100) {
            InterlockedOr(&program_data.failed, 1 << actor);
        }
        break;
    default:
        PROGRAM_JOINED(PROGRAM_CODE, _theme).take(actor, step, &doing);
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

/* Of twins each is who its context says. */
static VOID NTAPI thread(PVOID context)
{
    act((unsigned)(uintptr_t)context);
}

static bool leaves_line(unsigned which)
{
    const program_line *line = &program_now.lines[which];

    return line->is_level && (line->holds == 0 || program_data.taken[which]++ % 2 == line->holds);
}

static BOOLEAN NTAPI isr(PKINTERRUPT interrupt, PVOID context)
{
    const unsigned which = context == program_things.lines[0] ? 0 : 1;

    (void)interrupt;
    act(which == 0 ? ACTOR_ISR : ACTOR_OTHER_ISR);
    if (leaves_line(which)) {
        dirql_line_deassert(context);
    }
    return TRUE;
}

static VOID NTAPI dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)argument1;
    (void)argument2;
    act((unsigned)(uintptr_t)context);
}

/* `context` is who it is. */
static VOID NTAPI work(PVOID context)
{
    const unsigned actor = (unsigned)(uintptr_t)context, which = actor == ACTOR_WORK ? 0 : 1;

    InterlockedExchange(&program_things.is_queued[which], 0);
    act(actor);
    KeSetEvent(&program_things.no_work[which], IO_NO_INCREMENT, FALSE);
}

static const program_code *code_of_isr(unsigned which)
{
    return code_of(which == 0 ? ACTOR_ISR : ACTOR_OTHER_ISR);
}

static void connect_passive(unsigned which)
{
    program_objects *o = &program_things;
    IO_CONNECT_INTERRUPT_PARAMETERS p = { .Version = CONNECT_FULLY_SPECIFIED };

    p.FullySpecified.PhysicalDeviceObject = dirql_pdo_create("slow", &o->lines[which], 1);
    p.FullySpecified.InterruptObject = &o->interrupts[which];
    p.FullySpecified.ServiceRoutine = code_of_isr(which)->isr;
    p.FullySpecified.ServiceContext = o->lines[which];
    p.FullySpecified.Vector = dirql_line_vector(o->lines[which]);
    p.FullySpecified.InterruptMode = dirql_line_mode(o->lines[which]);
    p.FullySpecified.ProcessorEnableMask = dirql_line_processors(o->lines[which]);
    (void)IoConnectInterruptEx(&p);
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
                               .passive = line->is_passive,
                               .trigger = line->is_message ? DIRQL_MESSAGE :
                                          line->is_level   ? DIRQL_LEVEL :
                                                             DIRQL_EDGE });
    if (line->is_passive) {
        connect_passive(which);
        return;
    }
    (void)IoConnectInterrupt(&o->interrupts[which], code_of_isr(which)->isr, o->lines[which], NULL,
                             dirql_line_vector(o->lines[which]), line->irql, line->irql,
                             line->is_level ? LevelSensitive : Latched, FALSE,
                             (KAFFINITY)((1u << program_now.processors) - 1), FALSE);
}

static void prepare_dpc(PKDPC dpc, unsigned actor, unsigned processor, BOOLEAN is_threaded)
{
    PVOID context = (PVOID)(uintptr_t)actor;

    if (is_threaded) {
        KeInitializeThreadedDpc(dpc, code_of(actor)->dpc, context);
    } else {
        KeInitializeDpc(dpc, code_of(actor)->dpc, context);
        KeSetImportanceDpc(dpc, (KDPC_IMPORTANCE)program_now.importance);
    }
    if (processor != 0xFF) {
        KeSetTargetProcessorDpc(dpc, (CCHAR)processor);
    }
}

static void prepare(void)
{
    static const unsigned workers[] = { ACTOR_WORK, ACTOR_OTHER_WORK };
    program_objects *o = &program_things;
    const program *p = &program_now;

    for (unsigned i = 0; i < PROGRAM_LOCKS; i++) {
        KeInitializeSpinLock(&o->locks[i]);
    }
    for (unsigned i = 0; i < PROGRAM_EVENTS; i++) {
        KeInitializeEvent(&o->events[i], i == 0 ? NotificationEvent : SynchronizationEvent, FALSE);
    }
    KeInitializeTimer(&o->timer);
    prepare_dpc(&o->dpc, ACTOR_DPC, p->dpc_processor, FALSE);
    prepare_dpc(&o->other_dpc, ACTOR_OTHER_DPC, p->other_processor, p->is_threaded);
    for (unsigned i = 0; i < 2; i++) {
        ExInitializeWorkItem(&o->work[i], code_of(workers[i])->work,
                             (PVOID)(uintptr_t)workers[i]);
        KeInitializeEvent(&o->no_work[i], NotificationEvent, TRUE);
    }
    PROGRAM_JOINED(PROGRAM_CODE, _theme).prepare();
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
    for (unsigned i = 0; i < 2; i++) {
        (void)KeWaitForSingleObject(&program_things.no_work[i], Executive, KernelMode, FALSE,
                                    NULL);
    }
    KeCancelTimer(&program_things.timer);
    KeFlushQueuedDpcs();
    for (unsigned i = 0; i < PROGRAM_LINES; i++) {
        if (program_things.interrupts[i] != NULL) {
            IoDisconnectInterrupt(program_things.interrupts[i]);
        }
    }
    PROGRAM_JOINED(PROGRAM_CODE, _theme).settle();
    if (program_now.delays > 0) {
        dirql_explore_resume();
    }
}

static dirql_thread *start(const char *name, unsigned actor, const program_code *code)
{
    const unsigned processor = program_now.thread_processor;

    return dirql_thread_start(name, processor == 0xFF ? DIRQL_ANY_PROCESSOR : processor,
                              code->thread, (void *)(uintptr_t)actor);
}

static void run(void)
{
    const program *p = &program_now;
    dirql_thread *second = NULL, *twin = NULL;

    dirql_explore_pause();
    prepare();
    if (p->has_thread) {
        second = start("second", ACTOR_THREAD, code_of(ACTOR_THREAD));
    }
    if (p->has_twin) {
        twin = start("twin", ACTOR_TWIN, code_of(ACTOR_TWIN));
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
    if (twin != NULL) {
        dirql_thread_join(twin);
    }
    settle();
}

const program_code PROGRAM_CODE = { act, thread, isr, dpc, work, run };

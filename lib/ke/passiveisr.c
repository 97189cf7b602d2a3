/*
 * passiveisr.c - ISRs that run at PASSIVE_LEVEL, for devices that can only be reached by waiting
 * (a slow bus).
 *
 * The trap puts a level line away (masks it) and wakes a system thread through a DPC; the thread
 * calls the ISRs and then lets the line in again. An edge is simply taken. In place of the
 * interrupt spin lock there is an event.
 */
#include "ke/chain.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/waitreport.h"
#include "sim/lock.h"

enum { WORKER_PRIORITY = 28 };

/* One for each vector, so that its ISRs are walked in order. */
typedef struct dq_passive_worker {
    dq_chain *chain;
    dq_thread *thread;
    KEVENT wake;
    KDPC waker;
    bool ending;
    unsigned refires; /* Runs in a row after which a level line was still asserted. */
} dq_passive_worker;

/* ---- The event in place of the lock ---------------------------------------------------------- */

/* As KeSetEvent, but not a call that the driver made. */
static void set(PKEVENT event)
{
    dq_processor *cpu = dq_self;

    dq_emit(cpu, SIGNAL, event, event->Header.SignalState, 0, 0);
    event->Header.SignalState = 1;
    if (dq_wait_has_waiters(&event->Header)) {
        dq_wait_release(cpu->machine, &event->Header);
    }
    dq_deliver(cpu);
}

void dq_passive_lock_init(dq_passive_lock *lock)
{
    dq_wait_header_init(&lock->event.Header, DQ_TYPE_EVENT_SYNCHRONIZATION, 1);
}

static void tell_owner(dq_machine *machine, const dq_wait_matter *matter, dq_text *text)
{
    const dq_passive_lock *lock = matter->known;

    if (lock->owner != NULL) {
        dq_waitreport_thread(machine, text, lock->owner, "holds it", NULL);
    }
}

void dq_passive_lock_acquire(dq_processor *cpu, PKINTERRUPT interrupt, const char *function)
{
    dq_passive_lock *lock = interrupt->passive_lock;
    const dq_service service = cpu->execution->service;
    const void *place = cpu->execution->place;
    const dq_wait_matter matter = { .what = "what keeps a passive-level ISR apart",
                                    .made = interrupt->connect_place,
                                    .tell = tell_owner,
                                    .known = lock };

    if (lock->owner == dq_thread_current(cpu)) {
        dq_bugcheck(cpu, SPIN_LOCK_ALREADY_OWNED, (uintptr_t)interrupt, 0, 0, 0,
                    "%s waits for the passive-level interrupt of line \"%s\", which its own thread "
                    "holds already: from the ISR, or from a routine synchronized with it",
                    function, dq_interrupt_name(cpu->machine, interrupt));
    }
    if (lock->owner != NULL) {
        dq_emit(cpu, LOCK_WAIT, lock, DQ_LOCK_PASSIVE_ISR, -1, 0);
    }
    (void)dq_wait_for_matter(cpu, &lock->event, service, place, &matter);
    cpu = dq_self;
    lock->owner = dq_thread_current(cpu);
    dq_emit(cpu, LOCK_ACQUIRE, lock, DQ_LOCK_PASSIVE_ISR, cpu->irql, 0);
}

void dq_passive_lock_release(PKINTERRUPT interrupt)
{
    dq_emit(dq_self, LOCK_RELEASE, interrupt->passive_lock, DQ_LOCK_PASSIVE_ISR, dq_self->irql, 0);
    interrupt->passive_lock->owner = NULL;
    set(&interrupt->passive_lock->event);
}

/* ---- The thread ------------------------------------------------------------------------------ */

static bool call_watched(dq_processor *cpu, PKINTERRUPT interrupt, const dq_line *line)
{
    dq_execution execution;
    bool asserted = line->asserted;
    bool claimed;

    dq_execution_begin(cpu, &execution, DQ_EXECUTION_PASSIVE_ISR, DQ_LEVEL_PASSIVE,
                       dq_interrupt_routine(interrupt), interrupt, NULL);
    /* The lock is its thread's; what it keeps apart is what the ISR does. */
    dq_emit(cpu, ORDER_TAKE, &interrupt->passive_lock->event, 0, 0, 0);
    dq_emit(cpu, ISR_BEGIN, interrupt, DQ_LEVEL_PASSIVE, 0, 0);
    claimed = dq_interrupt_call(interrupt);
    cpu = dq_self;
    dq_check_saved_states(cpu);
    dq_emit(cpu, ORDER_GIVE, &interrupt->passive_lock->event, 0, 0, 0);
    dq_emit(cpu, ISR_END, interrupt, DQ_LEVEL_PASSIVE, claimed, asserted);
    if (DQ_UNLIKELY(cpu->irql != DQ_LEVEL_PASSIVE)) {
        dq_bugcheck(cpu, IRQL_UNEXPECTED_VALUE, (uint64_t)cpu->irql << 16 | 3,
                    (uintptr_t)dq_interrupt_routine(interrupt), (uintptr_t)interrupt, 0,
                    "the passive-level ISR of line \"%s\" returned at IRQL %u", line->name,
                    cpu->irql);
    }
    dq_execution_end(cpu, &execution);
    return claimed;
}

static bool run(dq_processor *cpu, PKINTERRUPT interrupt, dq_line *line)
{
    bool claimed = false;

    /* For reports, who acquires the lock is the ISR. */
    cpu->execution->place = (const char *)dq_interrupt_routine(interrupt) + 1;
    dq_passive_lock_acquire(cpu, interrupt, "the ISR's thread");
    if (dq_interrupt_is_callable(interrupt)) {
        claimed = call_watched(dq_self, interrupt, line);
    }
    dq_passive_lock_release(interrupt);
    return claimed;
}

/* The trap handler has masked every asserted level line of the vector. */
static void let_in_again(dq_passive_worker *worker, const dq_vector *vector)
{
    dq_machine *machine = dq_self->machine;

    for (dq_line *line = machine->intc.lines; line != NULL; line = line->next) {
        if (line->vector == vector && line->masked) {
            worker->refires = line->asserted && line->refires != 0 ? worker->refires + 1 : 0;
            line->refires = worker->refires;
            dq_line_mask(machine, line, false);
        }
    }
    dq_deliver(dq_self);
}

static void serve(dq_passive_worker *worker)
{
    dq_chain *chain = worker->chain;
    dq_line *line = dq_intc_line(dq_self->machine, chain->vector->number);

    if (line == NULL || chain->first == NULL) {
        return;
    }
    line->refires = worker->refires + 1; /* A deassertion meanwhile makes it zero. */
    dq_storm_note(chain, dq_chain_walk(dq_self, chain, line, run));
    let_in_again(worker, chain->vector);
}

static void work(void *context)
{
    dq_passive_worker *worker = context;

    for (;;) {
        dq_wait_for(dq_self, &worker->wake, DQ_SERVICE_KeWaitForSingleObject, NULL);
        if (worker->ending) {
            return;
        }
        serve(worker);
    }
}

/* ---- The trap -------------------------------------------------------------------------------- */

static void wake(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    DQ_INSIDE(dq_self->live); /* A DPC's routine is called as guest code. */
    dq_passive_worker *worker = context;

    (void)dpc;
    (void)argument1;
    (void)argument2;
    set(&worker->wake);
}

bool dq_passive_dispatch(dq_processor *cpu, dq_chain *chain, dq_line *line)
{
    if (!line->edge) {
        dq_line_mask(cpu->machine, line, true);
    }
    dq_dpc_insert(cpu, &chain->worker->waker, NULL, NULL);
    return false;
}

bool dq_passive_start(dq_processor *cpu, dq_chain *chain)
{
    dq_machine *machine = cpu->machine;
    dq_passive_worker *worker;

    if (chain->worker != NULL) {
        return true;
    }
    worker = dq_keep(machine, sizeof(*worker));
    if (worker == NULL) {
        return false;
    }
    worker->chain = chain;
    dq_wait_header_init(&worker->wake.Header, DQ_TYPE_EVENT_SYNCHRONIZATION, 0);
    dq_dpc_initialise(cpu, &worker->waker, wake, worker);
    worker->thread =
        dq_thread_create(machine, "passive-level ISR", 0, WORKER_PRIORITY, work, worker);
    if (worker->thread == NULL) {
        return false;
    }
    worker->thread->internal = true;
    chain->worker = worker;
    return true;
}

void dq_passive_stop(dq_processor *cpu, dq_chain *chain)
{
    dq_passive_worker *worker = chain->worker;

    chain->worker = NULL;
    worker->ending = true;
    set(&worker->wake);
    cpu = dq_self;
    (void)dq_wait_for_matter(cpu, &worker->thread->header, DQ_SERVICE_IoDisconnectInterrupt,
                             cpu->execution->place,
                             &(dq_wait_matter){ .what = "the end of its passive-level ISR" });
    dq_thread_release(cpu->machine, worker->thread);
}

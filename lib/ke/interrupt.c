/*
 * interrupt.c - the life of a KINTERRUPT: connected, active or not, disconnected.
 */
#include "ke/interrupt.h"

#include <inttypes.h>

#include "ke/chain.h"
#include "ke/keep.h"
#include "ke/ki.h"

/* ---- Objects --------------------------------------------------------------------------------- */

static PKINTERRUPT allocate(dq_machine *machine)
{
    dq_interrupts *interrupts = &((dq_kernel *)machine->kernel)->interrupts;
    dq_interrupt_chunk *chunk = interrupts->chunks;
    PKINTERRUPT interrupt;

    if (chunk == NULL || chunk->used == DQ_INTERRUPTS_IN_CHUNK) {
        chunk = dq_keep(machine, sizeof(*chunk));
        if (chunk == NULL) {
            return NULL;
        }
        chunk->next = interrupts->chunks;
        interrupts->chunks = chunk;
    }
    interrupt = &chunk->objects[chunk->used++];
    interrupt->next = interrupts->all;
    interrupts->all = interrupt;
    return interrupt;
}

const char *dq_interrupt_name(dq_machine *machine, const struct _KINTERRUPT *interrupt)
{
    const dq_line *line = dq_intc_line(machine, interrupt->chain->vector->number);

    return line != NULL ? line->name : "no line";
}

static void accuse_pointer(dq_processor *cpu, const void *pointer, const char *function,
                           const void *place, const char *reason)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "InterruptPointer",
                           .page = "wdm: IoConnectInterrupt",
                           .code = PAGE_FAULT_IN_NONPAGED_AREA,
                           .parameters = { (uintptr_t)pointer, 0, (uintptr_t)place, 0 },
                           .place = place },
            "%s was given an interrupt object pointer that %s", function, reason);
}

PKINTERRUPT dq_interrupt_check(dq_processor *cpu, const void *pointer, const char *function,
                               const void *place)
{
    PKINTERRUPT interrupt = dq_interrupt_find(&dq_kernel_of(cpu)->interrupts, pointer);

    if (DQ_LIKELY(interrupt != NULL && interrupt->is_handle &&
                  interrupt->state != DQ_INTERRUPT_DISCONNECTED)) {
        return interrupt;
    }
    if (pointer == NULL) {
        accuse_pointer(
            cpu, pointer, function, place,
            "is NULL. Is it called before the interrupt was connected, or from an ISR that "
            "ran before the connecting call had stored the pointer?");
    } else if (interrupt == NULL || !interrupt->is_handle) {
        accuse_pointer(
            cpu, pointer, function, place,
            "IoConnectInterrupt(Ex) never returned. Is the variable uninitialised, or is it the "
            "address of the variable rather than its value?");
    } else {
        accuse_pointer(
            cpu, pointer, function, place,
            "is stale: its interrupt has been disconnected. Disconnect last, after "
            "everything that synchronizes with the ISR has ended, and forget the pointer.");
    }
    return NULL;
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static void fill(PKINTERRUPT interrupt, const dq_connection *wanted, dq_chain *chain)
{
    interrupt->state = DQ_INTERRUPT_CONNECTED;
    interrupt->active = true;
    interrupt->shared = wanted->shared;
    interrupt->passive = wanted->passive;
    interrupt->irql = wanted->irql;
    interrupt->synchronize_irql = wanted->synchronize_irql;
    interrupt->mode = wanted->mode;
    interrupt->processors = wanted->processors;
    interrupt->routine = wanted->routine;
    interrupt->message_routine = wanted->message_routine;
    interrupt->context = wanted->context;
    interrupt->message_id = wanted->message_id;
    interrupt->chain = chain;
    interrupt->connect_place = wanted->place;
    interrupt->is_handle = wanted->set == NULL;
}

/* Chooses the lock, or for a passive-level ISR the event. */
static void give_lock(dq_processor *cpu, PKINTERRUPT interrupt, const dq_connection *wanted)
{
    const PKINTERRUPT leader = wanted->set != NULL ? wanted->set : interrupt;

    if (wanted->passive) {
        interrupt->passive_lock = &leader->own_passive_lock;
        if (leader == interrupt) {
            dq_emit(cpu, LOCK_INIT, interrupt->passive_lock, wanted->vector, 1, 0);
            dq_passive_lock_init(&interrupt->own_passive_lock);
        }
    } else if (wanted->spin_lock != NULL) {
        interrupt->lock = wanted->spin_lock;
    } else {
        interrupt->lock = &leader->own_lock;
        if (leader == interrupt) {
            dq_emit(cpu, LOCK_INIT, interrupt->lock, wanted->vector, 1, 0);
        }
    }
}

static bool fits(const dq_chain *chain, const dq_connection *wanted)
{
    const struct _KINTERRUPT *old = chain->first;

    return old == NULL || (old->shared && wanted->shared && old->mode == wanted->mode &&
                           old->passive == wanted->passive);
}

/* ISRs under one lock must run at one IRQL, the highest of theirs: else one interrupts the holder
 * and spins. */
static void check_lock_levels(dq_processor *cpu, const dq_connection *wanted)
{
    if (wanted->spin_lock == NULL) {
        return;
    }
    for (PKINTERRUPT old = dq_kernel_of(cpu)->interrupts.all; old != NULL; old = old->next) {
        if (old->state == DQ_INTERRUPT_CONNECTED && old->lock == wanted->spin_lock &&
            (old->synchronize_irql < wanted->irql || wanted->synchronize_irql < old->irql)) {
            dq_find(cpu,
                    &(dq_finding){ .severity = DQ_ERROR,
                                   .rule = "ConnectSynchronizeIrql",
                                   .page = "wdm: IoConnectInterrupt",
                                   .place = wanted->place },
                    "the interrupt at IRQL %u (SynchronizeIrql %u) shares its spin lock with the "
                    "one of line \"%s\" at IRQL %u (SynchronizeIrql %u): the higher ISR can "
                    "interrupt the lower one while that holds the lock, and then spins for ever. "
                    "Give both the highest IRQL as SynchronizeIrql.",
                    wanted->irql, wanted->synchronize_irql, dq_interrupt_name(cpu->machine, old),
                    old->irql, old->synchronize_irql);
            return;
        }
    }
}

/* An ISR for several vectors can run on two processors at once unless all have one lock. */
static void check_several_vectors(dq_processor *cpu, const dq_connection *wanted)
{
    if (wanted->spin_lock != NULL || wanted->set != NULL || wanted->routine == NULL) {
        return;
    }
    for (PKINTERRUPT old = dq_kernel_of(cpu)->interrupts.all; old != NULL; old = old->next) {
        if (old->state == DQ_INTERRUPT_CONNECTED && old->routine == wanted->routine &&
            old->context == wanted->context && old->chain->vector->number != wanted->vector) {
            dq_find(
                cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "ConnectSpinLock",
                               .page = "wdm: IoConnectInterrupt",
                               .place = wanted->place },
                "the ISR is connected to vectors 0x%" PRIx32 " and 0x%" PRIx32
                " with one context but no common SpinLock: it can run on two processors at once",
                old->chain->vector->number, wanted->vector);
            return;
        }
    }
}

static void join_set(PKINTERRUPT handle, PKINTERRUPT interrupt)
{
    while (handle->next_in_set != NULL) {
        handle = handle->next_in_set;
    }
    handle->next_in_set = interrupt;
}

NTSTATUS dq_interrupt_connect(dq_processor *cpu, const dq_connection *wanted,
                              PKINTERRUPT *interrupt)
{
    dq_machine *machine = cpu->machine;
    dq_vector *vector = dq_intc_vector(machine, wanted->vector);
    dq_chain *chain = vector != NULL ? dq_chain_of(machine, vector) : NULL;
    PKINTERRUPT connected;

    if (chain == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!fits(chain, wanted) || dq_chain_processors(machine, chain, wanted->processors) == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    check_lock_levels(cpu, wanted);
    check_several_vectors(cpu, wanted);
    connected = allocate(machine);
    if (connected == NULL || (wanted->passive && !dq_passive_start(cpu, chain))) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    cpu = dq_self;
    fill(connected, wanted, chain);
    give_lock(cpu, connected, wanted);
    if (wanted->set != NULL) {
        join_set(wanted->set, connected);
    }
    cpu = dq_self;
    dq_emit(cpu, CONNECT, connected, wanted->vector, wanted->irql, wanted->synchronize_irql);
    dq_chain_append(chain, connected);
    dq_intc_refresh(machine, vector);
    dq_deliver(cpu);
    *interrupt = connected;
    return STATUS_SUCCESS;
}

/* ---- Disconnecting --------------------------------------------------------------------------- */

/* True if the caller is the ISR, or something that interrupted it. */
static bool is_inside(const dq_processor *cpu, const struct _KINTERRUPT *interrupt)
{
    for (const dq_execution *e = cpu->execution; e != NULL; e = e->below) {
        if (e->object == interrupt &&
            (e->kind == DQ_EXECUTION_ISR || e->kind == DQ_EXECUTION_PASSIVE_ISR)) {
            return true;
        }
    }
    return false;
}

/* Waits until no call of the ISR runs. Those that have not taken the lock yet will see that they
 * came too late. */
static void drain(dq_processor *cpu, PKINTERRUPT interrupt)
{
    uint64_t ticket = 0;
    unsigned irql;

    if (interrupt->running == 0) {
        return;
    }
    irql = cpu->irql;
    if (irql < DQ_LEVEL_DISPATCH) {
        dq_irql_raise(cpu, DQ_LEVEL_DISPATCH);
    }
    while (interrupt->running != 0) {
        dq_spin(cpu, &interrupt->drained, &ticket);
    }
    if (ticket != 0) {
        dq_spin_done(cpu);
    }
    if (irql < DQ_LEVEL_DISPATCH) {
        dq_irql_lower(cpu, irql);
    }
}

static void drain_passive(dq_processor *cpu, PKINTERRUPT interrupt)
{
    dq_passive_lock_acquire(cpu, interrupt, "IoDisconnectInterrupt");
    dq_passive_lock_release(interrupt);
}

static void disconnect_one(PKINTERRUPT interrupt)
{
    dq_processor *cpu = dq_self;
    dq_machine *machine = cpu->machine;
    dq_chain *chain = interrupt->chain;

    interrupt->state = DQ_INTERRUPT_LEAVING;
    if (interrupt->passive) {
        drain_passive(cpu, interrupt);
    } else {
        drain(cpu, interrupt);
    }
    cpu = dq_self;
    dq_emit(cpu, DISCONNECT, interrupt, chain->vector->number, 0, 0);
    interrupt->state = DQ_INTERRUPT_DISCONNECTED;
    dq_chain_remove(chain, interrupt);
    dq_intc_refresh(machine, chain->vector);
    if (interrupt->passive && chain->connected == 0) {
        dq_passive_stop(cpu, chain);
    }
    dq_deliver(dq_self);
}

static void accuse_inside(dq_processor *cpu, const struct _KINTERRUPT *interrupt)
{
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "DisconnectInIsr",
                           .page = "wdm: IoDisconnectInterrupt" },
            "the interrupt of line \"%s\" is disconnected by code that its own ISR is waiting for: "
            "disconnecting waits until the ISR has returned",
            dq_interrupt_name(cpu->machine, interrupt));
}

void dq_interrupt_disconnect(dq_processor *cpu, PKINTERRUPT handle)
{
    if (handle->state != DQ_INTERRUPT_CONNECTED) {
        accuse_pointer(cpu, handle, "a disconnecting call", cpu->execution->place,
                       "another call disconnects, or has disconnected, already");
        return;
    }
    for (PKINTERRUPT i = handle; i != NULL; i = i->next_in_set) {
        if (is_inside(cpu, i)) {
            accuse_inside(cpu, i);
            return;
        }
    }
    for (PKINTERRUPT i = handle; i != NULL; i = i->next_in_set) {
        disconnect_one(i);
    }
}

void dq_interrupt_activate(dq_processor *cpu, PKINTERRUPT handle, bool active)
{
    dq_machine *machine = cpu->machine;

    for (PKINTERRUPT interrupt = handle; interrupt != NULL; interrupt = interrupt->next_in_set) {
        if (interrupt->active == active) {
            continue;
        }
        if (active) {
            dq_emit(dq_self, ORDER_GIVE, interrupt, 0, 0, 0);
        }
        interrupt->active = active;
        interrupt->chain->active += active ? 1u : -1u;
        if (!active && !interrupt->passive) {
            drain(dq_self, interrupt);
            dq_emit(dq_self, ORDER_TAKE, interrupt, 0, 0, 0);
        }
        dq_chain_update(interrupt->chain);
        dq_intc_refresh(machine, interrupt->chain->vector);
    }
    dq_deliver(dq_self);
}

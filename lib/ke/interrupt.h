/*
 * interrupt.h - KINTERRUPT objects: who they are, whether a pointer is one, connecting and
 * disconnecting.
 *
 * A KINTERRUPT stands for an ISR on a vector, on a set of processors, with one lock. A handle may
 * stand for several vectors (all lines of a device): its further objects hang behind it and share
 * its lock. Objects stay registered until the machine ends, so that a stale pointer is known as
 * such and no unknown pointer is ever followed.
 */
#ifndef DQ_INTERRUPT_H
#define DQ_INTERRUPT_H

#include <wdm.h>

#include "sim/machine.h"

struct dq_thread;

typedef enum dq_interrupt_state {
    DQ_INTERRUPT_CONNECTED,
    DQ_INTERRUPT_LEAVING, /* No new call of its ISR; calls that run are waited for. */
    DQ_INTERRUPT_DISCONNECTED
} dq_interrupt_state;

/* In place of a spin lock, for an ISR at PASSIVE_LEVEL. */
typedef struct dq_passive_lock {
    KEVENT event; /* Signalled while nobody has the lock. */
    struct dq_thread *owner;
} dq_passive_lock;

struct _KINTERRUPT {
    dq_interrupt_state state;
    bool active;
    bool shared;
    bool passive;
    uint8_t irql;
    uint8_t synchronize_irql; /* The IRQL at which the ISR runs and the lock is held. */
    uint8_t saved_irql;       /* KeAcquireInterruptSpinLock's, while that holds the lock. */
    KINTERRUPT_MODE mode;
    uint64_t processors;
    PKSERVICE_ROUTINE routine;
    PKMESSAGE_SERVICE_ROUTINE message_routine; /* In place of routine, for a message. */
    void *context;
    ULONG message_id;
    PKSPIN_LOCK lock; /* The driver's, another object's, or the next: */
    KSPIN_LOCK own_lock;
    dq_passive_lock *passive_lock;
    dq_passive_lock own_passive_lock;
    unsigned
        running; /* Calls of the ISR that have begun (they may wait for the lock) and not ended. */
    KSPIN_LOCK drained; /* What a disconnect spins on until none runs. Always free. */
    struct dq_chain *chain;
    PKINTERRUPT next_in_chain; /* Stays after leaving, so that a walk under way goes on. */
    PKINTERRUPT next_in_set;   /* Further objects of the same handle. */
    bool is_handle;            /* First of its set: what the driver holds. */
    uint8_t version;  /* CONNECT_xxx as the connecting call answered it; 0: IoConnectInterrupt. */
    PKINTERRUPT next; /* All objects of the machine. */
    const void *connect_place; /* Who connected it. */
};

enum { DQ_INTERRUPTS_IN_CHUNK = 64 };

typedef struct dq_interrupt_chunk {
    struct _KINTERRUPT objects[DQ_INTERRUPTS_IN_CHUNK];
    unsigned used;
    struct dq_interrupt_chunk *next;
} dq_interrupt_chunk;

typedef struct dq_interrupts {
    PKINTERRUPT
        all; /* Connected, and disconnected ones kept so that a stale pointer is known as such. */
    dq_interrupt_chunk *chunks;
} dq_interrupts;

/* What a driver asked for, with every default filled in. */
typedef struct dq_connection {
    PKSERVICE_ROUTINE routine;
    PKMESSAGE_SERVICE_ROUTINE message_routine;
    void *context;
    ULONG message_id;
    PKSPIN_LOCK spin_lock; /* NULL: one of its own, or that of `set`. */
    PKINTERRUPT set;       /* The handle that it joins. */
    uint32_t vector;
    uint8_t irql;
    uint8_t synchronize_irql;
    KINTERRUPT_MODE mode;
    bool shared;
    bool passive;
    uint64_t processors;
    const void *place;
} dq_connection;

/* Connects; if the line is asserted, the ISR has run before this returns.
 * STATUS_INVALID_PARAMETER: no processor is left, or the vector is taken and cannot be shared.
 * IRQL: PASSIVE_LEVEL. */
NTSTATUS dq_interrupt_connect(dq_processor *cpu, const dq_connection *wanted,
                              PKINTERRUPT *interrupt);

/* Disconnects the whole set of a handle. Returns when no ISR of it runs on any processor. IRQL:
 * PASSIVE_LEVEL. */
void dq_interrupt_disconnect(dq_processor *cpu, PKINTERRUPT handle);

/* Makes the whole set of a handle active or inactive. IRQL: <= DISPATCH_LEVEL. */
void dq_interrupt_activate(dq_processor *cpu, PKINTERRUPT handle, bool active);

/* The object that `pointer` is, connected or not; NULL if it never was one of this machine. Does
 * not follow it. */
static inline PKINTERRUPT dq_interrupt_find(const dq_interrupts *interrupts, const void *pointer)
{
    for (dq_interrupt_chunk *chunk = interrupts->chunks; chunk != NULL; chunk = chunk->next) {
        const uintptr_t offset = (uintptr_t)pointer - (uintptr_t)chunk->objects;

        if (offset < chunk->used * sizeof(struct _KINTERRUPT)) {
            return offset % sizeof(struct _KINTERRUPT) == 0 ? (PKINTERRUPT)pointer : NULL;
        }
    }
    return NULL;
}

/* As dq_interrupt_find, for a handle that must be connected: anything else is a finding of
 * `function`, and the result is NULL if that was suppressed. */
PKINTERRUPT dq_interrupt_check(dq_processor *cpu, const void *pointer, const char *function,
                               const void *place);

/* The name of the line behind it, for reports. */
const char *dq_interrupt_name(dq_machine *machine, const struct _KINTERRUPT *interrupt);

#endif

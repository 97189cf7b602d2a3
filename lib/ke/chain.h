/*
 * chain.h - what a vector calls: its ISRs in order of connection, and how they are walked.
 *
 * Level-sensitive: the first ISR that claims ends the walk; the line interrupts again if it is
 * still asserted. Latched, two ISRs or more: the whole chain, again and again, until a pass in
 * which nobody claims, because an edge comes only once. One ISR: once.
 */
#ifndef DQ_CHAIN_H
#define DQ_CHAIN_H

#include "ke/interrupt.h"

typedef struct dq_chain {
    dq_vector *vector;
    PKINTERRUPT first;
    unsigned connected;
    unsigned active;
    unsigned claimed_in_row; /* Level line: takings since it was last silent, by result. */
    unsigned refused_in_row;
    struct dq_passive_worker *worker; /* While passive-level ISRs are connected. */
} dq_chain;

/* The chain of a vector, made if need be. NULL when memory is short. */
dq_chain *dq_chain_of(dq_machine *machine, dq_vector *vector);

void dq_chain_append(dq_chain *chain, PKINTERRUPT interrupt);
void dq_chain_remove(dq_chain *chain, PKINTERRUPT interrupt);

/* Tells the interrupt controller what changed: whether anybody listens, and on which processors. */
void dq_chain_update(dq_chain *chain);

/* The active processors on which the vector's lines and all that are connected agree, if `more`
 * joined. */
uint64_t dq_chain_processors(dq_machine *machine, const dq_chain *chain, uint64_t more);

/* Calls the ISRs, each through `call`, in the flow of the chain's mode. True if one claimed. */
typedef bool dq_chain_call(dq_processor *cpu, PKINTERRUPT interrupt, dq_line *line);
bool dq_chain_walk(dq_processor *cpu, dq_chain *chain, dq_line *line, dq_chain_call *call);

/* The driver's routine, for reports and events. */
static inline const void *dq_interrupt_routine(const struct _KINTERRUPT *interrupt)
{
    return interrupt->message_routine != NULL ? (const void *)(uintptr_t)interrupt->message_routine
                                              : (const void *)(uintptr_t)interrupt->routine;
}

/* Calls it. True if it claimed the interrupt. */
static inline bool dq_interrupt_call(PKINTERRUPT interrupt)
{
    const unsigned depth = dq_guest_begin(dq_self);
    const BOOLEAN claimed =
        interrupt->message_routine != NULL
            ? interrupt->message_routine(interrupt, interrupt->context, interrupt->message_id)
            : interrupt->routine(interrupt, interrupt->context);

    dq_guest_end(depth);
    return claimed != FALSE;
}

static inline bool dq_interrupt_is_callable(const struct _KINTERRUPT *interrupt)
{
    return interrupt->state == DQ_INTERRUPT_CONNECTED && interrupt->active;
}

/* ---- storm.c --------------------------------------------------------------------------------- */

/* Before a walk for a level line: ends the run when the line has interrupted too many times
 * without being silenced. */
void dq_storm_check(dq_processor *cpu, dq_chain *chain, const dq_line *line);
/* After it. */
void dq_storm_note(dq_chain *chain, bool claimed);

/* ---- passiveisr.c ---------------------------------------------------------------------------- */

/* Prepares a chain for passive-level ISRs. False when memory is short. IRQL: PASSIVE_LEVEL. */
bool dq_passive_start(dq_processor *cpu, dq_chain *chain);
/* Ends it, when the last one has left. IRQL: PASSIVE_LEVEL. */
void dq_passive_stop(dq_processor *cpu, dq_chain *chain);
/* The trap: puts the line away and wakes the thread that will call the ISRs. Nobody has claimed
 * yet: false. */
bool dq_passive_dispatch(dq_processor *cpu, dq_chain *chain, dq_line *line);

void dq_passive_lock_init(dq_passive_lock *lock);
/* Waits for, and gives back, the event that stands for the lock. IRQL: PASSIVE_LEVEL. */
void dq_passive_lock_acquire(dq_processor *cpu, PKINTERRUPT interrupt, const char *function);
void dq_passive_lock_release(PKINTERRUPT interrupt);

#endif

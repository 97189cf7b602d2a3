/*
 * intc.h - the interrupt controller: lines, vectors, and who takes an interrupt.
 *
 * A line is an input: level or edge triggered (a message is an edge), routed to a vector with its
 * level and a set of processors. Interrupts are pending per line; at equal level they are taken in
 * order of arrival, never nested. A level line is pending while asserted; it is in service from
 * acceptance to the end of its chain and not delivered to another processor meanwhile. An edge is
 * latched once; while its ISR runs, a new edge may be taken elsewhere.
 */
#ifndef DQ_INTC_H
#define DQ_INTC_H

#include "sim/processor.h"

enum { DQ_VECTORS = 4096 };

typedef struct dq_vector {
    uint32_t number;
    /* The kernel's: calls the chain on `cpu`, at the vector's level. Returns true if an ISR claimed
     * it. NULL while nobody is connected. */
    bool (*dispatch)(dq_processor *cpu, struct dq_vector *vector, dq_line *line);
    void *kernel; /* The kernel's chain. */
    uint64_t
        processors; /* Set by the kernel: those that its interrupts were connected for; 0: all. */
    struct dq_vector *next;
} dq_vector;

struct dq_line {
    char name[32];
    unsigned number;
    dq_vector *vector;
    uint8_t level; /* DIRQL; 0: passive-level interrupt, delivered at level 3 to wake its thread. */
    bool edge;
    bool message; /* A message-signalled interrupt: an edge without a wire. */
    bool shared;
    uint64_t affinity; /* Processors that may take it. */
    uint32_t message_number;
    bool asserted;
    bool latched;         /* An edge not yet taken. */
    bool deferred;        /* Arrived at the wire, not yet at a processor: by choice. */
    bool displaced;       /* It was deferred or rerouted: that has been paid for. */
    uint16_t patience;    /* Mode random: it is put off at so many places anyhow. */
    bool masked;          /* By the kernel, while a passive-level ISR has not run. */
    unsigned in_service;  /* Processors that run its chain now. */
    dq_processor *target; /* Where it is pending, or NULL. */
    dq_line *pending_next;
    uint64_t asserted_ns; /* When the interrupt that is now awaited was asserted. */
    unsigned refires;     /* Taken again without having been deasserted. */
    uint64_t count;       /* Times taken. */
    dq_line *next;        /* All lines of the machine. */
    void *owner;          /* The control API's. */
};

typedef struct dq_intc {
    dq_line *lines;
    dq_vector *vectors;
    unsigned deferred; /* Lines whose arrival was put off. */
} dq_intc;

typedef struct dq_line_options {
    const char *name;
    uint32_t vector;
    uint8_t level;
    bool edge, message, shared;
    uint64_t affinity; /* 0: every processor. */
    uint32_t message_number;
} dq_line_options;

enum { DQ_PASSIVE_TRAP_LEVEL = 3 }; /* At which a passive-level interrupt wakes its thread. */

/* That it interrupts at. */
static inline unsigned dq_line_level(const dq_line *line)
{
    return line->level == DQ_LEVEL_PASSIVE ? DQ_PASSIVE_TRAP_LEVEL : line->level;
}

dq_line *dq_line_create(dq_machine *machine,
                        const dq_line_options *options); /* NULL: short of memory. */

/* The wire. May be called by simulated code and by device callbacks; delivery on the caller's own
 * processor happens before it returns if the caller is simulated code and the level is unmasked. */
void dq_line_assert(dq_machine *machine, dq_line *line);
void dq_line_deassert(dq_machine *machine, dq_line *line);

/* For the kernel: a passive-level interrupt keeps its line masked until its ISR ran. */
void dq_line_mask(dq_machine *machine, dq_line *line, bool masked);

/* For the kernel: a vector was connected, disconnected, activated: asserted lines are looked at
 * again. */
void dq_intc_refresh(dq_machine *machine, dq_vector *vector);

/* The vector by number, made if need be. NULL: short of memory. */
dq_vector *dq_intc_vector(dq_machine *machine, uint32_t number);
/* That may take an interrupt of the line; at least one. */
uint64_t dq_intc_processors(const dq_machine *machine, const dq_line *line);
/* First line routed to the vector, or NULL. */
dq_line *dq_intc_line(dq_machine *machine, uint32_t vector);

/* ---- For the delivery loop and the scheduler ------------------------------------------------- */

void dq_intc_take(dq_processor *cpu,
                  unsigned level); /* Accept, dispatch, complete. At `level` already. */
/* Decides whether put-off arrivals happen now. */
void dq_intc_arrivals(dq_processor *cpu);
/* When nothing else can happen: put-off arrivals happen. True if there were any. */
bool dq_intc_arrive_all(dq_machine *machine);
void dq_intc_stop(dq_machine *machine);

#endif

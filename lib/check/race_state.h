/*
 * race_state.h - what the race detector remembers, and how its files share the work.
 */
#ifndef DQ_CHECK_RACE_STATE_H
#define DQ_CHECK_RACE_STATE_H

#include "check/raceexecution.h"
#include "check/racememory.h"
#include "check/racesync.h"
#include "sim/instrumented.h"

/* In the flags of a slot: the memory is freed, which counts as a write to all of it. */
enum { DQ_RACE_FREES = 128 };

enum { DQ_RACE_PAIRS = 128, DQ_RACE_IGNORES = 64, DQ_RACE_EARLY = 64 };

/* A race that was told. */
typedef struct dq_racepair {
    const void *first, *second;
} dq_racepair;

typedef struct dq_raceignore {
    uintptr_t from, to;
    char reason[96];
} dq_raceignore;

/* Which vector an interrupt object was connected to. */
typedef struct dq_raceconnection {
    const void *interrupt;
    uint32_t vector;
} dq_raceconnection;

/* An atomic load that was said before there was something to order. */
typedef struct dq_raceload {
    uint32_t ordinal; /* Of the execution. */
    uintptr_t address;
} dq_raceload;

typedef struct dq_race {
    dq_sink sink;
    dq_machine *machine;
    bool awake; /* An access has come: there is something to order. */
    bool blind; /* Memory was short: what is not known to be ordered may be. */
    bool iso;   /* Volatile accesses order nothing. */
    dq_raceload early[DQ_RACE_EARLY]; /* By ordinal, the latest; in live mode only. */
    dq_raceexecutions executions;
    dq_racesyncs syncs;
    dq_raceshadow shadow;
    dq_racememory memory;
    host_freed_mark freed; /* What was heard of the host's heap. */
    const void *expired;  /* The timer that hardware has just found due. */
    const void *stimulus; /* The stimulus that happens. */
    dq_raceconnection *connections;
    size_t connection_count, connection_capacity;
    dq_racepair pairs[DQ_RACE_PAIRS];
    unsigned pair_count;
    dq_raceignore ignores[DQ_RACE_IGNORES];
    unsigned ignore_count;
} dq_race;

/* What the access is that the code on a processor is about to make. */
typedef struct dq_raceaccess {
    uintptr_t address;
    size_t bytes;
    dq_raceslot slot;
    const dq_raceexecution *execution;
    const dq_execution *who;
} dq_raceaccess;

/* ---- raceedges.c: what orders ---------------------------------------------------------------- */

/* Of these is made what was handed over. */
#define DQ_RACE_EDGE_KINDS                                                                    \
    (DQ_EVENT_BIT(LOCK_INIT) | DQ_EVENT_BIT(LOCK_ACQUIRE) | DQ_EVENT_BIT(LOCK_RELEASE) |      \
     DQ_EVENT_BIT(ISR_BEGIN) | DQ_EVENT_BIT(ISR_END) | DQ_EVENT_BIT(DISCONNECT) |             \
     DQ_EVENT_BIT(DPC_QUEUE) | DQ_EVENT_BIT(DPC_BEGIN) | DQ_EVENT_BIT(DPC_END) |              \
     DQ_EVENT_BIT(DPC_FLUSH) | DQ_EVENT_BIT(THREAD_CREATE) | DQ_EVENT_BIT(THREAD_BEGIN) |     \
     DQ_EVENT_BIT(WAIT_END) | DQ_EVENT_BIT(SIGNAL) | DQ_EVENT_BIT(TIMER_SET) |                \
     DQ_EVENT_BIT(TIMER_EXPIRE) | DQ_EVENT_BIT(STIMULUS) | DQ_EVENT_BIT(LINE_ASSERT) |        \
     DQ_EVENT_BIT(ORDER_GIVE) | DQ_EVENT_BIT(ORDER_TAKE) | DQ_EVENT_BIT(EXECUTION_END))

void dq_raceedges_event(dq_race *race, dq_processor *cpu, const dq_event *event);

/* An atomic access: what it learns before, and hands over after it. */
void dq_raceedges_atomic_before(dq_race *race, dq_raceexecution *execution, uintptr_t address,
                                unsigned flags);
void dq_raceedges_atomic_after(dq_race *race, dq_raceexecution *execution, uintptr_t address,
                               unsigned flags);

/* Before there is something to order: in live mode, the access may not be done when there is. */
void dq_raceedges_atomic_early(dq_race *race, const dq_execution *who, uintptr_t address,
                               unsigned flags);

/* The execution on `cpu`; NULL for what is no code of a processor's, or when memory is short. */
dq_raceexecution *dq_raceedges_execution(dq_race *race, dq_processor *cpu,
                                         const dq_execution *who);

/* ---- racereport.c: what is told -------------------------------------------------------------- */

/* `other` is the earlier access, `mask` the bytes of the cell at `cell` that both touch. */
void dq_racereport_tell(dq_race *race, dq_processor *cpu, const dq_raceaccess *access,
                        const dq_raceslot *other, uintptr_t cell, unsigned mask);

/* The access is one of memory that was freed. False: it is not, any more. */
bool dq_racereport_freed(dq_race *race, dq_processor *cpu, const dq_raceaccess *access);

#endif

/*
 * contract_state.h - what the contract checker remembers, and how its files share the rules.
 */
#ifndef DQ_CHECK_CONTRACT_STATE_H
#define DQ_CHECK_CONTRACT_STATE_H

#include "check/lockclass.h"
#include "check/rules.h"
#include "sim/access.h"
#include "sim/lock.h"
#include "sim/machine.h"

/* A raise that has not been undone. */
typedef struct dq_raise {
    uint32_t execution;
    uint8_t old_irql;
    dq_service service;
    const void *place;
} dq_raise;

/* A lock that is held. Shared holds have one each. */
typedef struct dq_held {
    const void *lock;
    uint32_t execution;
    uint8_t processor;
    uint8_t api;
    uint8_t old_irql; /* What the acquisition returned. */
    uint8_t level;    /* Who holds it must not lower below. */
    uint8_t irql;     /* The lowest since then. */
    uint8_t flags;    /* Of the acquisition. */
    uint32_t number;  /* The lock's, see lockclass.h. */
    dq_lock_class *class; /* NULL: there are too many, or the lock is gone. */
    const void *place;
    const void *thread; /* The kernel's, of the acquisition. */
    uint64_t since_ns;  /* What its execution had spent. */
} dq_held;

/* A release with Wait TRUE that a wait must follow. */
typedef struct dq_half_wait {
    bool is_due;
    uint32_t execution;
    dq_service service;
} dq_half_wait;

/* Which family of routines a KSPIN_LOCK was used with. */
typedef enum dq_family {
    DQ_FAMILY_NONE,
    DQ_FAMILY_PLAIN,
    DQ_FAMILY_QUEUED,
    DQ_FAMILY_LISTS /* ExInterlocked list routines. */
} dq_family;

typedef struct dq_connected {
    const void *interrupt;
    uint64_t vector;
} dq_connected;

/* A block of paged pool. */
typedef struct dq_paged {
    uintptr_t address;
    uint64_t bytes;
} dq_paged;

typedef struct dq_warned {
    const char *rule;
    const void *place;
} dq_warned;

enum { DQ_WARNED = 64 };

/* As the pages say: no lock is held for longer. */
enum { DQ_LOCK_MOST_NS = 25000 };

typedef struct dq_contract {
    dq_sink sink;
    dq_raise *raises;
    size_t raise_count, raise_capacity;
    dq_held *held;
    size_t held_count, held_capacity;
    dq_lockorder order;
    dq_connected *connected;
    size_t connected_count, connected_capacity;
    dq_paged *paged;
    size_t paged_count, paged_capacity;
    dq_warned warned[DQ_WARNED];
    unsigned warned_count;
    dq_half_wait half_waits[64]; /* By processor: who has released stays there. */
    unsigned half_wait_count;
} dq_contract;

/* A finding with 0xC4 and its parameters, or with another code. */
#define DQ_VIOLATION(severity_, rule_, page_, code_, ...)                           \
    &(dq_finding)                                                                   \
    {                                                                               \
        .severity = (severity_), .rule = (rule_), .page = (page_), .code = (code_), \
        .parameters = {                                                             \
            __VA_ARGS__                                                             \
        }                                                                           \
    }

enum { DQ_VERIFIER = 0xC4, DQ_IOMANAGER = 0xC9 };

/* Makes room for one more. False when memory is short: the checker then forgets, and finds less. */
bool dq_contract_grow(void **entries, size_t *capacity, size_t count, size_t entry_bytes);

/* True the first time that this warning is given for this place. */
bool dq_contract_warns(dq_contract *contract, const char *rule, const void *place);

/* ---- irqlrules.c ----------------------------------------------------------------------------- */

void dq_irqlrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call);
/* An execution is over: its raises are forgotten. */
void dq_irqlrules_end(dq_contract *contract, uint32_t execution);

/* ---- lockrules.c ----------------------------------------------------------------------------- */

void dq_lockrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call);
void dq_lockrules_init(dq_contract *contract, dq_processor *cpu, const dq_event *event);
/* A mutex or resource is initialised. */
void dq_lockrules_init_mutex(dq_contract *contract, dq_processor *cpu, const dq_event *call);
void dq_lockrules_wait(dq_contract *contract, dq_processor *cpu, const dq_event *event);
/* Of a lock whose entry is this; NULL: it has none. */
void dq_lockrules_acquire(dq_contract *contract, dq_processor *cpu, const dq_event *event,
                          const dq_lock_entry *entry);
void dq_lockrules_release(dq_contract *contract, dq_processor *cpu, const dq_event *event);
void dq_lockrules_free(dq_contract *contract, dq_processor *cpu, const dq_event *event);
/* What the code on `cpu` must not lower below `irql` for, or NULL. `except` does not count. */
const dq_held *dq_lockrules_held_above(const dq_contract *contract, const dq_processor *cpu,
                                       unsigned irql, const void *except);
void dq_lockrules_end(dq_contract *contract, dq_processor *cpu);

/* All of one that is acquired now. Member by member: a literal is cleared first, which takes longer
 * than all else that is done for a lock. */
static inline void dq_held_begin(dq_held *held, const dq_processor *cpu, const void *lock,
                                 const dq_lock_entry *entry, const void *place)
{
    held->lock = lock;
    held->execution = cpu->execution->ordinal;
    held->processor = cpu->number;
    held->number = entry != NULL ? entry->number : 0;
    held->class = entry != NULL ? entry->class : NULL;
    held->place = place;
    held->thread = cpu->task != NULL ? cpu->task->kernel : NULL;
    held->since_ns = cpu->execution->spent_ns;
}

static inline void dq_held_set(dq_held *held, uint8_t api, uint8_t flags, uint8_t old_irql,
                               uint8_t level, uint8_t irql)
{
    held->api = api;
    held->flags = flags;
    held->old_irql = old_irql;
    held->level = level;
    held->irql = irql;
}

/* ---- lockorder.c ----------------------------------------------------------------------------- */

/* Before the lock is among those that are held. The lock's entry, or NULL. */
dq_lock_entry *dq_lockorder_acquire(dq_contract *contract, dq_processor *cpu,
                                    const dq_event *event);

/* How a lock was acquired, in one number that is not 0. */
static inline uint32_t dq_lockorder_pack(unsigned irql, const dq_execution *execution,
                                         unsigned api, unsigned flags)
{
    return 1u | irql << 1 | (uint32_t)execution->base_level << 5 | api << 9 | flags << 14;
}

/* ---- lockordinary.c -------------------------------------------------------------------------- */

bool dq_lockordinary(dq_sink *sink, dq_processor *cpu, const dq_lock_call *call);

/* ---- poolrules.c ----------------------------------------------------------------------------- */

void dq_poolrules_call(dq_processor *cpu, const dq_event *call);
void dq_poolrules_free(dq_processor *cpu, const dq_event *event);

/* ---- waitrules.c ----------------------------------------------------------------------------- */

void dq_waitrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call);
/* A release with Wait TRUE. */
void dq_waitrules_release(dq_contract *contract, dq_processor *cpu, const dq_event *event);
/* Any call, while some releases have not been followed by their wait. */
void dq_waitrules_next(dq_contract *contract, dq_processor *cpu, const dq_event *call);
/* Something that is waited for. */
void dq_waitrules_object(dq_processor *cpu, const dq_event *event);
/* The array of wait blocks that a wait was given. */
void dq_waitrules_blocks(dq_processor *cpu, const dq_event *event);

/* ---- irprules.c ------------------------------------------------------------------------------ */

void dq_irprules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call);

/* ---- memoryrules.c --------------------------------------------------------------------------- */

void dq_memoryrules_allocate(dq_contract *contract, const dq_event *event);
void dq_memoryrules_free(dq_contract *contract, dq_processor *cpu, const dq_event *event);
/* When there is paged memory at all. */
void dq_memoryrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call);
/* Any call. */
void dq_memoryrules_unmap(dq_contract *contract, dq_processor *cpu, const dq_event *call);
void dq_memoryrules_access(dq_contract *contract, dq_processor *cpu, const dq_event *event);

/* ---- timerules.c ----------------------------------------------------------------------------- */

void dq_timerules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call);
/* Before an execution ends. */
void dq_timerules_end(dq_contract *contract, dq_processor *cpu);
/* Before a lock is released. */
void dq_timerules_release(dq_contract *contract, dq_processor *cpu, const dq_event *event);

/* ---- dpcrules.c ------------------------------------------------------------------------------ */

/* A call by a threaded DPC. True, after the finding, of one that may wait. */
bool dq_dpcrules_waits(dq_processor *cpu, const dq_event *call);
void dq_dpcrules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call);
void dq_dpcrules_lock(dq_contract *contract, dq_processor *cpu, const dq_event *call);
void dq_dpcrules_queue(dq_contract *contract, dq_processor *cpu, const dq_event *event);

/* ---- isrrules.c ------------------------------------------------------------------------------ */

void dq_isrrules_event(dq_contract *contract, dq_processor *cpu, const dq_event *event);

#endif

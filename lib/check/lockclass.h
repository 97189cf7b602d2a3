/*
 * lockclass.h - locks by class, and what is known of each class: how it is held, how it is wanted,
 * what is acquired under it.
 *
 * A class is a name that the test gave, an interrupt line, the place that initialised the locks, or
 * a single lock that nobody initialised. What one lock of a class was seen to do, every lock of it
 * may do: so one passing run shows what another could come to. All is bounded; what does not fit is
 * forgotten, which is said once: then less is found. lockclass.c knows the locks, lockusage.c at
 * which IRQLs they are held and wanted, lockorder.c in which order, lockscenario.c draws what would
 * happen.
 */
#ifndef DQ_CHECK_LOCKCLASS_H
#define DQ_CHECK_LOCKCLASS_H

#include "sim/lock.h"
#include "sim/machine.h"

enum {
    DQ_LOCK_SLOTS_MOST = 1 << 16, /* Locks known at once: half of it. */
    DQ_LOCK_CLASSES = 512,
    DQ_LOCK_USAGES = 16, /* Per class. */
    DQ_LOCK_EDGES = 4096,
    DQ_LOCK_SELF_EDGES = 64, /* Per class. */
    DQ_LOCK_GATES = 4,
    DQ_LOCK_NAME = 48,
    DQ_LOCK_PATH = 64
};

struct dq_contract;
struct dq_held;
typedef struct dq_lock_class dq_lock_class;
typedef struct dq_lock_edge dq_lock_edge;

/* An unfair reader waits for a writer, but not behind writers that wait. */
typedef enum dq_lock_mode { DQ_LOCK_WRITES, DQ_LOCK_READS, DQ_LOCK_READS_UNFAIR } dq_lock_mode;

/* Who did something when it was first seen. Names are kept, since the thread may be gone. */
typedef struct dq_lock_user {
    uint64_t processors; /* Those that it may run on, all bits: any. */
    const void *routine;
    dq_execution_kind kind;
    uint8_t base_level;
    char name[24];
} dq_lock_user;

/* How a lock was acquired and then held. */
typedef struct dq_lock_usage {
    dq_lock_user who;
    const void *place;
    uint8_t irql; /* While held. */
    uint8_t api;
    dq_lock_mode mode;
    bool waits;                    /* It was no try. */
    uint32_t gates[DQ_LOCK_GATES]; /* Other locks that were held each time, by number. */
} dq_lock_usage;

/* Some code acquired a lock of `then` while it held one of `first`. */
struct dq_lock_edge {
    dq_lock_class *first, *then;
    dq_lock_mode first_mode, then_mode;
    uint32_t first_number, then_number;
    const void *first_lock, *then_lock;
    dq_lock_user who;
    const void *first_place, *then_place;
    uint8_t first_irql, then_irql;
    bool blocks; /* A thread waits, not a processor. */
    uint32_t gates[DQ_LOCK_GATES];
    dq_lock_edge *next;         /* Under the same `first`. */
    const dq_lock_edge *parent; /* In the latest search that came here. */
    uint64_t visit;
};

typedef enum dq_class_kind { DQ_CLASS_NAMED, DQ_CLASS_LINE, DQ_CLASS_SITE, DQ_CLASS_LOCK } dq_class_kind;

struct dq_lock_class {
    dq_class_kind kind;
    const void *key;  /* Of a site its place, of a lock its address. */
    uint32_t vector;  /* Of a line. */
    const void *seen; /* Where it was first acquired. */
    const void *lock; /* The first one of it ... */
    bool several;     /* ... which is not the only one. */
    char name[DQ_LOCK_NAME];
    bool has_readers;
    bool writers_wait; /* Somebody acquires it exclusively, and not by a try. */
    bool dead;         /* Its only lock is gone. */
    unsigned usage_count, self_edges;
    dq_lock_usage usages[DQ_LOCK_USAGES];
    dq_lock_edge *edges;
};

/* A lock. */
typedef struct dq_lock_entry {
    const void *lock;      /* NULL: the slot was never used. */
    uint32_t number;       /* 0: forgotten. Never given again. */
    uint8_t family;        /* dq_family. */
    bool has_line;         /* It is the interrupt lock of `vector`. */
    uint32_t vector;
    uint32_t latest;       /* The latest acquisition, packed: the same again is nothing new. */
    uint64_t processors;   /* Of that. */
    const void *site;      /* Who initialised it, or NULL. */
    dq_lock_class *class; /* NULL: not acquired yet. */
} dq_lock_entry;

typedef struct dq_lockorder {
    dq_lock_entry *entries; /* A hash table with a power of two of slots. */
    size_t slots, used;
    dq_lock_entry *recent; /* The one that was asked for last. */
    uint32_t numbers;
    dq_lock_class *classes[DQ_LOCK_CLASSES];
    unsigned class_count;
    unsigned classes_made; /* Beyond the count there are some to be used again. */
    unsigned edge_count;
    dq_lock_edge *unused_edges;
    const dq_lock_edge **queue; /* Of the search: room for every edge. */
    unsigned queue_capacity;
    uint64_t visit;
    uint64_t all_processors;
    char *explanation; /* Of the finding that ended the run. */
    bool misses;       /* Something did not fit, and that has been said. */
} dq_lockorder;

/* ---- lockclass.c ----------------------------------------------------------------------------- */

dq_lock_entry *dq_lockclass_find_or_make(dq_lockorder *order, const void *lock);

/* The lock's entry; made if need be. NULL when there are too many. Valid until the next one is
 * asked for. */
static inline dq_lock_entry *dq_lockclass_entry(dq_lockorder *order, const void *lock)
{
    dq_lock_entry *entry = order->recent;

    return DQ_LIKELY(entry != NULL && entry->lock == lock && entry->number != 0)
               ? entry
               : dq_lockclass_find_or_make(order, lock);
}

/* The class of the lock that is acquired. NULL when there are too many. */
dq_lock_class *dq_lockclass_of(dq_lockorder *order, dq_processor *cpu, dq_lock_entry *entry,
                               const dq_event *event);

/* The lock begins anew: initialised at `site`, for the line of `vector` if it has one. */
void dq_lockclass_begin(struct dq_contract *contract, const void *lock, const void *site,
                        bool has_line, uint32_t vector);
void dq_lockclass_name(struct dq_contract *contract, const void *lock, const char *name);
void dq_lockclass_forget(struct dq_contract *contract, const void *memory, uint64_t bytes);

/* There are no locks any more, and no classes. */
void dq_lockclass_clear(dq_lockorder *order);
void dq_lockclass_stop(dq_lockorder *order);

/* "lock "uart.lock"", "the interrupt lock of line "uart"": returns text. */
const char *dq_lockclass_describe(const dq_lock_class *class, char *text, size_t bytes);

/* True if `wanted` must wait while somebody holds a lock of the class as `held`. */
static inline bool dq_lockclass_excludes(const dq_lock_class *class, dq_lock_mode held,
                                         dq_lock_mode wanted)
{
    return held == DQ_LOCK_WRITES || wanted == DQ_LOCK_WRITES ||
           (wanted == DQ_LOCK_READS && class->writers_wait);
}

void dq_lockclass_user(const dq_lockorder *order, const dq_execution *execution,
                       dq_lock_user *user);

/* An ISR has its lock before its first call: its place is the routine. */
static inline const void *dq_lockclass_place(const dq_processor *cpu, const dq_event *event)
{
    return event->place != NULL || cpu->execution->routine == NULL
               ? event->place
               : (const char *)cpu->execution->routine + 1;
}

/* ---- lockusage.c ----------------------------------------------------------------------------- */

/* Notes how a lock is held and wanted. False if locks that were held each time stand between it
 * and being common knowledge. */
bool dq_lockusage_note(struct dq_contract *contract, dq_processor *cpu, dq_lock_class *class,
                       const dq_event *event);
/* The code on `cpu` goes down to `irql` with the locks that it holds, but for `except`. */
void dq_lockusage_lower(struct dq_contract *contract, dq_processor *cpu, unsigned irql,
                        const void *except);
/* Everything again: what excludes what has changed. */
void dq_lockusage_check(struct dq_contract *contract, dq_processor *cpu);

/* ---- lockorder.c ----------------------------------------------------------------------------- */

/* Breadth first along what the thread of each edge could come to wait for, from `start` on. The
 * first edge for which ends() says so, or NULL. */
typedef bool dq_lock_ends(const dq_lock_edge *last, void *argument);
const dq_lock_edge *dq_lockorder_search(dq_lockorder *order, dq_lock_edge *start,
                                        dq_lock_ends *ends, void *argument);
/* The edges that led to `last`, the first one first. Returns how many; 0: too many. */
unsigned dq_lockorder_path(const dq_lock_edge *last, const dq_lock_edge **path);

/* Gates: locks that were held around something each time. */
void dq_lockorder_take_gates(const struct dq_contract *contract, const dq_processor *cpu,
                             uint32_t *gates, const void *except);
/* Forgets those that are not held this time. True if there was one. */
bool dq_lockorder_drop_gates(const struct dq_contract *contract, const dq_processor *cpu,
                             uint32_t *gates);
bool dq_lockorder_share_gate(const uint32_t *gates, const uint32_t *others);
bool dq_lockorder_holds(const dq_processor *cpu, const struct dq_held *held);
dq_lock_mode dq_lockorder_mode(unsigned api, unsigned flags);
/* Says, once, that there is no room for something: "more classes of locks". */
void dq_lockorder_miss(struct dq_contract *contract, dq_processor *cpu, const char *what);

static inline bool dq_lockorder_waits(const dq_event *event)
{
    return (event->c & (DQ_LOCK_FLAG_TRY | DQ_LOCK_FLAG_CONVERT)) == 0;
}

/* ---- lockscenario.c: what would happen, as explanations
 * ---------------------------------------- */

char *dq_lockscenario_cycle(const dq_lock_edge *const *path, unsigned length);
char *dq_lockscenario_inversion(const dq_lock_class *class, const dq_lock_usage *holder,
                                const dq_lock_usage *wanter);
/* `wanter` interrupts `holder` of the last edge's lock and waits for the first edge's. */
char *dq_lockscenario_chain(const dq_lock_edge *const *path, unsigned length,
                            const dq_lock_usage *holder, const dq_lock_usage *wanter);
/* "ISR uart_isr": returns text. Slow. */
const char *dq_lockscenario_who(const dq_lock_user *user, char *text, size_t bytes);

#endif

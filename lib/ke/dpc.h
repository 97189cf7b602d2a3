/*
 * dpc.h - the DPC queues of a processor.
 *
 * A KDPC is in at most one queue; KDPC.DpcData points to the queue's owner while it is.
 * ProcessorHistory holds a running number of the insertion, by which a flush knows what was queued
 * before it, whether a timer did it, and who has ever queued it.
 */
#ifndef DQ_DPC_H
#define DQ_DPC_H

#include <wdm.h>

#include "sim/clock.h"
#include "sim/processor.h"
#include "sim/text.h"

/* A queued one that lies on the stack of a thread. */
typedef struct dq_stack_dpc {
    PKDPC dpc;
    uint32_t owner;    /* dq_stack_owner() */
    const void *place; /* Who queued it. */
    struct dq_stack_dpc *next;
} dq_stack_dpc;

typedef struct dq_dpc_list {
    PKDPC first, last;
    uint64_t running; /* Insertion number of the one that runs now; 0: none. */
} dq_dpc_list;

typedef struct dq_dpc_queue {
    dq_dpc_list normal, threaded;
    unsigned depth;           /* Of the normal list. */
    struct dq_thread *thread; /* Runs the threaded ones; made at the first. */
    dq_deadline tick; /* Drains what an insertion from another processor did not start at once. */
} dq_dpc_queue;

/* Machine-wide. */
typedef struct dq_dpcs {
    uint64_t inserted;    /* Insertion numbers. */
    unsigned depth_limit; /* Queues longer than this are drained whatever the importance. */
    bool threaded_off;    /* Threaded DPCs run as ordinary ones. */
    KEVENT done;          /* Pulsed when a DPC is done while somebody flushes. */
    unsigned flushers;
    dq_stack_dpc *on_stack, *unused_on_stack;
} dq_dpcs;

/* The dispatch hook's first half: runs every queued ordinary DPC. At DISPATCH_LEVEL. */
void dq_dpc_drain(dq_processor *cpu);

/* For the kernel's own: as KeInitializeDpc, without being a service call. */
void dq_dpc_initialise(dq_processor *cpu, PKDPC dpc, PKDEFERRED_ROUTINE routine, void *context);

/* For timers and the kernel: as KeInsertQueueDpc, without being a service call; `cpu` is where it
 * counts as inserted. */
bool dq_dpc_insert(dq_processor *cpu, PKDPC dpc, void *argument1, void *argument2);

/* The same for a timer that has expired: without arguments. It was set at `place`. */
bool dq_dpc_insert_by_timer(dq_processor *cpu, PKDPC dpc, const void *place);

/* Drains what waits for an idle processor (Low importance). True if any ran. In the idle loop, at
 * PASSIVE_LEVEL. */
bool dq_dpc_idle(dq_processor *cpu);

/* True if no DPC waits. */
bool dq_dpc_is_quiet(const dq_processor *cpu);

/* ---- For the kernel's own files -------------------------------------------------------------- */

/* Takes the first off; NULL when the list is empty. The copy is what runs: the object may be
 * queued again or freed. */
bool dq_dpc_take(dq_machine *machine, dq_dpc_list *list, KDPC *copy, PKDPC *object);

/* Says that the one that ran is done: for flushes. */
void dq_dpc_done(dq_processor *cpu, dq_dpc_list *list);

/* threadeddpc.c: wakes (or makes) the processor's thread for threaded DPCs. */
void dq_threadeddpc_wake(dq_processor *target);

/* A queued KDPC that lies in these bytes, or NULL: for frees. */
PKDPC dq_dpc_inside(dq_machine *machine, const void *base, size_t bytes);

/* pendingdpc.c: the describe_pending hook. */
void dq_pending_describe_ke(dq_machine *machine, dq_text *text);

void dq_dpcs_start(dq_machine *machine);

enum { DQ_DPC_BY_TIMER_SHIFT = 63 };

/* Who has queued it since it was initialised. */
#define DQ_DPC_OF_TIMER  (1ull << 62)
#define DQ_DPC_OF_DRIVER (1ull << 61)

/* The running number of its insertion. */
static inline uint64_t dq_dpc_insertion(const KDPC *dpc)
{
    return dpc->ProcessorHistory & (DQ_DPC_OF_DRIVER - 1);
}

/* Warns, once, of a DPC that both may queue. Not of something that is no DPC. */
void dq_dpc_use(dq_processor *cpu, PKDPC dpc, uint64_t use);

/* What follows in its list, or NULL. */
static inline PKDPC dq_dpc_next(const KDPC *dpc)
{
    return dpc->DpcListEntry.Next == NULL
               ? NULL
               : CONTAINING_RECORD(dpc->DpcListEntry.Next, KDPC, DpcListEntry);
}

#endif

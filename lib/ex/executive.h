/*
 * executive.h - what the executive's files keep for a machine: each noun its own part.
 */
#ifndef DQ_EXECUTIVE_H
#define DQ_EXECUTIVE_H

#include "ex/callback.h"
#include "ex/eresource.h"
#include "ex/extimer.h"
#include "ex/lookaside.h"
#include "ex/pushlock.h"
#include "ex/rundown.h"
#include "ex/workqueue.h"

typedef struct dq_executive {
    dq_work_queues work;       /* workqueue.c */
    dq_lookaside *lookasides;  /* lookaside.c: those in use. */
    dq_rundown_wait *rundowns; /* rundown.c */
    dq_rundown_hold *rundown_holds, *unused_rundown_holds; /* rundownhold.c: latest first. */
    dq_callbacks callbacks;    /* callback.c */
    dq_resources resources;    /* eresource.c */
    dq_push_locks push_locks;  /* pushlock.c */
    uint64_t uuid_time;        /* uuid.c: of the latest identifier. */
    PEX_TIMER timers;          /* extimer.c */
    struct dq_key *registry;   /* registry.c: the root. */
    struct dq_etw *etw;        /* etw.c */
} dq_executive;

/* Made at the first use. NULL when memory is short. */
dq_executive *dq_executive_of(dq_machine *machine);

/* As KeSetEvent, but not a call that the driver made. The caller delivers. */
void dq_signal(dq_processor *cpu, PKEVENT event);

#endif

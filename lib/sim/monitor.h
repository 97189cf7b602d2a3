/*
 * monitor.h - in live mode, dirql's own code runs on one host thread at a time.
 *
 * Guest code (the test's body, threads, ISRs, DPCs) runs in parallel, as on real processors. A
 * service call enters the machine's monitor and leaves it when it returns; register callbacks,
 * stimuli and sinks run inside. So the kernel is written as if nothing else happened meanwhile,
 * except where it calls guest code or waits. In all other modes one host thread runs everything,
 * and nothing here does anything.
 *
 * `dq_inside` is also what a kick looks at: above 0, the interrupt waits until the monitor is left.
 */
#ifndef DQ_MONITOR_H
#define DQ_MONITOR_H

#include "host/host.h"

#define DQ_LIKELY(x)   __builtin_expect(!!(x), 1)
#define DQ_UNLIKELY(x) __builtin_expect(!!(x), 0)

#if defined(__GNUC__) && !defined(__MINGW32__)
#define DQ_TLS _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define DQ_TLS _Thread_local
#endif

typedef struct dq_machine dq_machine;

/* How deep the calling host thread is in dirql's own code; 0: in guest code. */
extern DQ_TLS unsigned dq_inside;

typedef struct dq_monitor {
    host_mutex *mutex;
    uint64_t kicks; /* Processors whose host threads are kicked when the monitor is free. */
    unsigned forks; /* host_fork_count() of the process that runs it. */
    bool over;      /* The run is over: a simulated thread that enters is stopped for good. */
} dq_monitor;

/* ---- Stays ----------------------------------------------------------------------------------- */

/* Enters; nests. A simulated thread does not come back when the run is over. */
void dq_monitor_enter(dq_machine *machine);

/* Leaves what was entered. The outermost leaving delivers what is pending for the caller's
 * processor. */
void dq_monitor_leave(dq_machine *machine);

/* `live` is NULL in other modes. */
static inline dq_machine *dq_monitor_begin(dq_machine *live)
{
    if (DQ_UNLIKELY(live != NULL)) {
        dq_monitor_enter(live);
    }
    return live;
}

static inline void dq_monitor_scope_end(dq_machine **machine)
{
    if (DQ_UNLIKELY(*machine != NULL)) {
        dq_monitor_leave(*machine);
    }
}

#define DQ_MONITOR_SCOPE \
    __attribute__((cleanup(dq_monitor_scope_end), unused)) dq_machine *dq_monitor_scope

/* For other entry points than services: inside until the enclosing block ends. */
#define DQ_INSIDE(live) DQ_MONITOR_SCOPE = dq_monitor_begin(live)

/* ---- Guest code called from inside ----------------------------------------------------------- */

/* Opens the monitor for a call of guest code. Returns how deep the caller was. */
unsigned dq_monitor_open(dq_machine *machine);
void dq_monitor_close(dq_machine *machine, unsigned depth);

/* ---- For schedulers -------------------------------------------------------------------------- */

/* Takes the lock without a look at anything else, and frees it, sending the kicks that are due.
 * `dq_inside` is the caller's business. */
void dq_monitor_lock(dq_machine *machine);
void dq_monitor_unlock(dq_machine *machine);

#endif

/*
 * apc.h - special kernel APCs: what the kernel does in the context of one thread, at APC_LEVEL.
 *
 * An APC waits while its thread is at APC_LEVEL or above, or in a guarded region. A thread that
 * waits for something below APC_LEVEL is interrupted for it, and waits on.
 */
#ifndef DQ_APC_H
#define DQ_APC_H

#include "ke/thread.h"

/* In its owner's memory; queued once at a time. */
typedef struct dq_apc {
    void (*routine)(dq_processor *cpu, void *context); /* It does not wait. */
    void *context;
    struct dq_apc *next;
} dq_apc;

/* Any IRQL. The caller delivers. The thread has not ended. What the caller did is ordered before
 * the APC, and so before what the thread does after it. */
void dq_apc_queue(dq_thread *thread, dq_apc *apc);

/* The apc hook: runs what is queued for the current thread. At APC_LEVEL. */
void dq_apc_run(dq_processor *cpu);

/* The processor's pending APC is that of its thread, now `thread`. */
void dq_apc_switch(dq_processor *cpu, const dq_thread *thread);

/* The current thread has left a guarded region. Delivers. */
void dq_apc_leave_region(dq_processor *cpu);

#endif

/*
 * pushlock.h - who owns push locks and who waits for them: the word has no room for it.
 *
 * Only what is owned is known here; the word of a lock that nobody owns is zero.
 */
#ifndef DQ_PUSHLOCK_H
#define DQ_PUSHLOCK_H

#include <wdm.h>

#include "ke/thread.h"

typedef struct dq_push_hold {
    PEX_PUSH_LOCK lock;
    dq_thread *thread;
    unsigned count; /* More than one of shared access only. */
    bool exclusive;
    const void *place; /* Of the first acquisition. */
    struct dq_push_hold *next;
} dq_push_hold;

/* On the stack of the thread that waits. */
typedef struct dq_push_wait {
    PEX_PUSH_LOCK lock;
    dq_thread *thread;
    bool exclusive;
    const void *place;
    KEVENT granted;
    struct dq_push_wait *next; /* In order of arrival. */
} dq_push_wait;

typedef struct dq_push_locks {
    dq_push_hold *holds;
    dq_push_hold *unused;
    dq_push_wait *waits;
} dq_push_locks;

/* A thread that ends owning one is an error: nobody else may release it. */
void dq_pushlock_thread_ends(dq_processor *cpu, const dq_thread *thread);

/* These bytes are freed: no lock in them may be owned. */
void dq_pushlock_check_free(dq_processor *cpu, const void *base, size_t bytes);

#endif

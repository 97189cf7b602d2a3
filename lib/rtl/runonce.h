/*
 * runonce.h - who initialises something once, and who waits for that.
 */
#ifndef DQ_RUNONCE_H
#define DQ_RUNONCE_H

#include <wdm.h>

#include "ke/thread.h"

/* Begun and not completed, by one thread at a time. */
typedef struct dq_once {
    PRTL_RUN_ONCE once;
    const dq_thread *thread;
    const void *place;
    struct dq_once *next;
} dq_once;

/* On the stack of the thread that waits. */
typedef struct dq_once_wait {
    PRTL_RUN_ONCE once;
    KEVENT over;
    struct dq_once_wait *next; /* In order of arrival. */
} dq_once_wait;

/* In the machine's block. */
typedef struct dq_onces {
    dq_once *pending;
    dq_once *unused;
    dq_once_wait *waits;
} dq_onces;

#endif

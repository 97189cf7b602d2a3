/*
 * rundown.h - who waits for rundown protection to be released.
 */
#ifndef DQ_RUNDOWN_H
#define DQ_RUNDOWN_H

#include <wdm.h>

/* On the stack of the thread that waits. */
typedef struct dq_rundown_wait {
    const EX_RUNDOWN_REF *ref;
    KEVENT released;
    struct dq_rundown_wait *next;
} dq_rundown_wait;

#endif

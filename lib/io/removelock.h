/*
 * removelock.h - what is known of remove locks beyond their members: their limits, and who holds
 * each since when.
 */
#ifndef DQ_REMOVELOCK_H
#define DQ_REMOVELOCK_H

#include <wdm.h>

typedef struct dq_remove_hold {
    void *tag;
    const char *file; /* As the macro gave them. */
    ULONG line;
    uint64_t since_ns;
    const void *place; /* Who acquired it. */
    struct dq_remove_hold *next;
} dq_remove_hold;

typedef struct dq_remove_lock {
    PIO_REMOVE_LOCK lock;
    ULONG most;        /* Acquisitions at once; 0: any. */
    uint64_t limit_ns; /* How long each may last; 0: any time. */
    unsigned count;
    dq_remove_hold *holds;
    struct dq_remove_lock *next;
} dq_remove_lock;

#endif

/*
 * extimer.h - EX_TIMER objects.
 *
 * A timer that was deleted lives until it is neither set nor on its way to its callback routine.
 */
#ifndef DQ_EXTIMER_H
#define DQ_EXTIMER_H

#include <wdm.h>

#include "sim/clock.h"

struct _EX_TIMER {
    KTIMER timer; /* First: threads wait for it. */
    dq_deadline deadline;
    KDPC dpc;
    PEXT_CALLBACK callback;
    PVOID context;
    uint64_t period_ns; /* 0: once. */
    bool precise;       /* EX_TIMER_HIGH_RESOLUTION. */
    unsigned under_way; /* DPCs that are queued or run. */
    bool deleted;
    PEXT_DELETE_CALLBACK delete_callback;
    PVOID delete_context;
    PKEVENT gone; /* Somebody waits for the deletion. */
    const void *place; /* Who allocated it. */
    struct _EX_TIMER *next;
};

#endif

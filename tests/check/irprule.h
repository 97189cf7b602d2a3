/*
 * irprule.h - a request of our own, sent down the two drivers of io/stack.h.
 */
#ifndef TEST_IRPRULE_H
#define TEST_IRPRULE_H

#include "rule.h"

#include "../io/stack.h"

enum { IO_MANAGER = DRIVER_VERIFIER_IOMANAGER_VIOLATION };

static struct own_request own;

/* With these two drivers, sends a read of our own. */
static inline NTSTATUS try_both(PDRIVER_DISPATCH upper, PDRIVER_DISPATCH lower)
{
    stack_make();
    stack.upper_does = upper;
    stack.lower_does = lower;
    own_make(&own, IRP_MJ_READ);
    return own_send(&own);
}

/* The body of a run that does so. */
#define TRIES(name, upper, lower)         \
    static void name(void *context)       \
    {                                     \
        (void)context;                    \
        (void)try_both((upper), (lower)); \
    }

static inline NTSTATUS let_go(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    return STATUS_SUCCESS;
}

static inline VOID cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

#endif

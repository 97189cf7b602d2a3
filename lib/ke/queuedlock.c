/*
 * queuedlock.c - in-stack queued spin locks: a KSPIN_LOCK that is served in order of arrival.
 *
 * The handle remembers lock and IRQL; its Next points to itself while it holds the lock, so that a
 * handle that is released twice is known as such.
 */
#include "ke/ki.h"
#include "ke/spinlock.h"
#include "sim/computing.h"

static void hold(PKLOCK_QUEUE_HANDLE handle, PKSPIN_LOCK lock, KIRQL old_irql)
{
    handle->LockQueue.Lock = lock;
    handle->LockQueue.Next = &handle->LockQueue;
    handle->OldIrql = old_irql;
}

/* Raises to DISPATCH_LEVEL if asked to. */
static void acquire(dq_service service, PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle, bool raises,
                    const void *place)
{
    dq_processor *cpu = dq_enter(service, place, lock, 0, 0, 0);
    DQ_LEAVES(cpu);
    KIRQL old_irql;

    if (cpu == NULL) {
        return;
    }
    old_irql = raises ? dq_spinlock_raise(cpu) : cpu->irql;
    dq_spinlock_acquire(cpu, lock, raises ? DQ_LOCK_QUEUED : DQ_LOCK_QUEUED_DPC, old_irql, true,
                        place);
    hold(handle, lock, old_irql);
}

/* Lowers to the IRQL in the handle if asked to. */
static void release(dq_service service, PKLOCK_QUEUE_HANDLE handle, bool lowers, const void *place)
{
    PKSPIN_LOCK lock = DQ_READ_FROM(service, place, handle->LockQueue.Lock);
    const KIRQL new_irql = DQ_READ_FROM(service, place, handle->OldIrql);
    dq_processor *cpu = dq_enter(service, place, lock, new_irql, 0, 0);
    DQ_LEAVES(cpu);

    if (cpu == NULL) {
        return;
    }
    if (handle->LockQueue.Next != &handle->LockQueue) {
        dq_bugcheck(cpu, SPIN_LOCK_NOT_OWNED, (uintptr_t)lock, 0, 0, 0,
                    "%s was given a lock handle that holds no lock: it was released already, or "
                    "never used.",
                    dq_service_name(service));
    }
    dq_spinlock_release(cpu, lock, lowers ? DQ_LOCK_QUEUED : DQ_LOCK_QUEUED_DPC,
                        lowers ? new_irql : cpu->irql);
    handle->LockQueue.Next = NULL;
    if (lowers) {
        dq_spinlock_lower(cpu, new_irql);
    }
}

VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    acquire(DQ_SERVICE_KeAcquireInStackQueuedSpinLock, SpinLock, LockHandle, true,
            DQ_CALL_PLACE);
}

VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    release(DQ_SERVICE_KeReleaseInStackQueuedSpinLock, LockHandle, true,
            DQ_CALL_PLACE);
}

VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                                    PKLOCK_QUEUE_HANDLE LockHandle)
{
    acquire(DQ_SERVICE_KeAcquireInStackQueuedSpinLockAtDpcLevel, SpinLock, LockHandle, false,
            DQ_CALL_PLACE);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    release(DQ_SERVICE_KeReleaseInStackQueuedSpinLockFromDpcLevel, LockHandle, false,
            DQ_CALL_PLACE);
}

VOID NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock,
                                                PKLOCK_QUEUE_HANDLE LockHandle)
{
    acquire(DQ_SERVICE_KeAcquireInStackQueuedSpinLockForDpc, SpinLock, LockHandle, true,
            DQ_CALL_PLACE);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle)
{
    release(DQ_SERVICE_KeReleaseInStackQueuedSpinLockForDpc, LockHandle, true,
            DQ_CALL_PLACE);
}

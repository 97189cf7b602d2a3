/*
 * cancellock.c - the system's cancel spin lock: an executive spin lock that the system owns.
 */
#include "ke/ki.h"
#include "ke/spinlock.h"

VOID NTAPI IoAcquireCancelSpinLock(PKIRQL Irql)
{
    dq_processor *cpu = dq_self;
    PKSPIN_LOCK lock = cpu->machine != NULL ? &dq_kernel_of(cpu)->cancel_lock : NULL;
    KIRQL old_irql;

    cpu = dq_enter(DQ_SERVICE_IoAcquireCancelSpinLock, __builtin_return_address(0), lock, 0, 0, 0);
    if (cpu == NULL) {
        return;
    }
    DQ_LEAVES(cpu);
    old_irql = dq_spinlock_raise(cpu);
    dq_spinlock_acquire(cpu, lock, DQ_LOCK_SPIN, old_irql, false, DQ_CALL_PLACE);
    *Irql = old_irql;
}

VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql)
{
    dq_processor *cpu = dq_self;
    PKSPIN_LOCK lock = cpu->machine != NULL ? &dq_kernel_of(cpu)->cancel_lock : NULL;

    cpu =
        dq_enter(DQ_SERVICE_IoReleaseCancelSpinLock, __builtin_return_address(0), lock, Irql, 0, 0);
    if (cpu == NULL) {
        return;
    }
    DQ_LEAVES(cpu);
    dq_spinlock_release(cpu, lock, DQ_LOCK_SPIN, Irql);
    dq_spinlock_lower(cpu, Irql);
}

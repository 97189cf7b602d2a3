/*
 * cancelirp.c - cancel routines: set, and called by IoCancelIrp.
 *
 * Whoever takes the routine out of the IRP, by an exchange, decides what becomes of the request:
 * IoCancelIrp, which calls it, or the driver, which may complete it then.
 */
#include "io/io.h"
#include "io/irp.h"
#include "ke/ki.h"
#include "ke/spinlock.h"

PDRIVER_CANCEL NTAPI IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine)
{
    const void *place = DQ_CALL_PLACE;
    const dq_irp_frame *frame;
    PDRIVER_CANCEL old;

    DQ_ENTER(IoSetCancelRoutine, Irp, Irp, (uintptr_t)CancelRoutine, 0, NULL);
    if (dq_irp_check(cpu, Irp, 0, place) == NULL) {
        return NULL;
    }
    frame = dq_irp_frame_of(cpu, Irp);
    if (CancelRoutine != NULL && dq_irp_is_below(frame)) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "IrpInUse",
                                       .severity = DQ_ERROR,
                                       .code = 0x229,
                                       .place = place },
                      "a cancel routine is set for an IRP that the lower driver, which returned "
                      "STATUS_PENDING, still has");
    }
    dq_emit(cpu, ORDER_TAKE, Irp, 0, 0, 0);
    dq_emit(cpu, ORDER_GIVE, Irp, 0, 0, 0);
    old = Irp->CancelRoutine;
    Irp->CancelRoutine = CancelRoutine;
    return old;
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

/* In the cancel spin lock, which the routine releases. */
static void call(dq_processor *cpu, PIRP irp, PDRIVER_CANCEL routine, KIRQL old_irql,
                 const void *place)
{
    const KSPIN_LOCK *lock = &dq_kernel_of(cpu)->cancel_lock;
    PDEVICE_OBJECT device = irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
    unsigned depth;

    irp->CancelIrql = old_irql;
    depth = dq_guest_begin(cpu);
    routine(device, irp);
    dq_guest_end(depth);
    cpu = dq_self;
    if (cpu->irql != old_irql || dq_spinlock_is_held_by(lock, cpu)) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "CancelSpinLock",
                                       .severity = DQ_ERROR,
                                       .place = place },
                      "a cancel routine returned at IRQL %u, with the cancel spin lock %s: it "
                      "calls IoReleaseCancelSpinLock(Irp->CancelIrql), which is %u here",
                      cpu->irql, dq_spinlock_is_held_by(lock, cpu) ? "held" : "released",
                      old_irql);
    }
}

static bool check(dq_processor *cpu, const dq_irp *record, const void *place)
{
    const IRP *irp = record->irp;

    if (!record->final) {
        return true;
    }
    if (irp->CancelRoutine != NULL) {
        dq_bugcheck(cpu, CANCEL_STATE_IN_COMPLETED_IRP, (uintptr_t)irp,
                    (uintptr_t)irp->CancelRoutine, 0, 0,
                    "an IRP is cancelled that was completed while its cancel routine was set");
    }
    (void)place;
    return false;
}

BOOLEAN NTAPI IoCancelIrp(PIRP Irp)
{
    const void *place = DQ_CALL_PLACE;
    PKSPIN_LOCK lock;
    PDRIVER_CANCEL routine;
    KIRQL old_irql;
    dq_irp *record;

    DQ_ENTER(IoCancelIrp, Irp, Irp, 0, 0, FALSE);
    record = dq_irp_check(cpu, Irp, 0, place);
    if (record == NULL || !check(cpu, record, place)) {
        return FALSE;
    }
    lock = &dq_kernel_of(cpu)->cancel_lock;
    old_irql = dq_spinlock_raise(cpu);
    dq_spinlock_acquire(cpu, lock, DQ_LOCK_SPIN, old_irql, false, place);
    record = dq_irp_check(cpu, Irp, 0, place); /* It may be gone by now. */
    if (record == NULL) {
        dq_spinlock_release(cpu, lock, DQ_LOCK_SPIN, old_irql);
        dq_spinlock_lower(cpu, old_irql);
        return FALSE;
    }
    Irp->Cancel = TRUE;
    dq_emit(cpu, ORDER_TAKE, Irp, 0, 0, 0);
    dq_emit(cpu, ORDER_GIVE, Irp, 0, 0, 0);
    routine = Irp->CancelRoutine;
    Irp->CancelRoutine = NULL;
    if (routine == NULL) {
        dq_spinlock_release(cpu, lock, DQ_LOCK_SPIN, old_irql);
        dq_spinlock_lower(cpu, old_irql);
        return FALSE;
    }
    call(cpu, Irp, routine, old_irql, place);
    return TRUE;
}

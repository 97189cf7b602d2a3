/*
 * csq.c - cancel-safe queues: the driver's own queue and lock, with cancelling done for it.
 *
 * Written as a driver would write it, on IoSetCancelRoutine: the driver's routines are called as
 * from its own code.
 */
#include "io/io.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"

/* The call counts, and its IRQL is checked; nothing else happens. */
static bool enter(dq_service service, const void *place, const void *csq, const void *irp)
{
    dq_processor *cpu = dq_self;

    if (!dq_attends(cpu, DQ_ATTEND_ALWAYS | DQ_ATTEND_SWITCH | DQ_ATTEND_LEVELS)) {
        return true;
    }
    cpu = dq_enter(service, place, csq, (uintptr_t)irp, 0, 0);
    if (cpu != NULL) {
        dq_leave(cpu);
    }
    return cpu != NULL;
}

static bool is_initialised(const IO_CSQ *csq, const void *place)
{
    DQ_INSIDE(dq_self->live);
    dq_processor *cpu = dq_self;

    if (csq != NULL && (csq->Type == IO_TYPE_CSQ || csq->Type == IO_TYPE_CSQ_EX)) {
        return true;
    }
    dq_wrong_object(cpu, csq, place, "a cancel-safe queue that was not initialised");
    return false;
}

/* ---- Initialising ---------------------------------------------------------------------------- */

NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                               PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                               PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                               PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                               PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                               PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    *Csq = (IO_CSQ){ .Type = IO_TYPE_CSQ,
                     .CsqInsertIrp = CsqInsertIrp,
                     .CsqRemoveIrp = CsqRemoveIrp,
                     .CsqPeekNextIrp = CsqPeekNextIrp,
                     .CsqAcquireLock = CsqAcquireLock,
                     .CsqReleaseLock = CsqReleaseLock,
                     .CsqCompleteCanceledIrp = CsqCompleteCanceledIrp };
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                                 PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                                 PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                 PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                                 PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    /* The first member stands for both types of routine. */
    (void)IoCsqInitialize(Csq, (PIO_CSQ_INSERT_IRP)(void (*)(void))CsqInsertIrp, CsqRemoveIrp,
                          CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
    Csq->Type = IO_TYPE_CSQ_EX;
    return STATUS_SUCCESS;
}

/* ---- What an IRP knows of its queue ---------------------------------------------------------- */

static void link_irp(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    if (context != NULL) {
        *context = (IO_CSQ_IRP_CONTEXT){ .Type = IO_TYPE_CSQ_IRP_CONTEXT, .Irp = irp, .Csq = csq };
        irp->Tail.Overlay.DriverContext[3] = context;
    } else {
        irp->Tail.Overlay.DriverContext[3] = csq;
    }
}

static PIO_CSQ csq_of(const IRP *irp, PIO_CSQ_IRP_CONTEXT *context)
{
    PIO_CSQ_IRP_CONTEXT linked = irp->Tail.Overlay.DriverContext[3];

    *context = linked->Type == IO_TYPE_CSQ_IRP_CONTEXT ? linked : NULL;
    return *context != NULL ? linked->Csq : irp->Tail.Overlay.DriverContext[3];
}

static void unlink_irp(PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context;

    (void)csq_of(irp, &context);
    if (context != NULL) {
        context->Irp = NULL;
    }
    irp->Tail.Overlay.DriverContext[3] = NULL;
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context;
    PIO_CSQ csq;
    KIRQL irql;

    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    csq = csq_of(irp, &context);
    csq->CsqAcquireLock(csq, &irql);
    csq->CsqRemoveIrp(csq, irp);
    unlink_irp(irp);
    csq->CsqReleaseLock(csq, irql);
    csq->CsqCompleteCanceledIrp(csq, irp);
}

/* ---- Inserting ------------------------------------------------------------------------------- */

static NTSTATUS call_insert(PIO_CSQ csq, PIRP irp, PVOID insert_context)
{
    if (csq->Type == IO_TYPE_CSQ_EX) {
        return ((PIO_CSQ_INSERT_IRP_EX)(void (*)(void))csq->CsqInsertIrp)(csq, irp,
                                                                         insert_context);
    }
    csq->CsqInsertIrp(csq, irp);
    return STATUS_SUCCESS;
}

/* In the queue's lock. True: the request was cancelled before it could be, and is the caller's. */
static bool make_cancelable(PIO_CSQ csq, PIRP irp)
{
    (void)IoSetCancelRoutine(irp, cancel);
    if (!irp->Cancel || IoSetCancelRoutine(irp, NULL) == NULL) {
        return false;
    }
    csq->CsqRemoveIrp(csq, irp);
    unlink_irp(irp);
    return true;
}

static NTSTATUS insert(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, PVOID insert_context)
{
    NTSTATUS status = STATUS_SUCCESS;
    bool cancelled = irp->Cancel;
    KIRQL irql;

    link_irp(csq, irp, context);
    csq->CsqAcquireLock(csq, &irql);
    if (cancelled) {
        IoMarkIrpPending(irp);
        unlink_irp(irp);
    } else {
        status = call_insert(csq, irp, insert_context);
        if (NT_SUCCESS(status)) {
            IoMarkIrpPending(irp);
            cancelled = make_cancelable(csq, irp);
        } else {
            unlink_irp(irp);
        }
    }
    csq->CsqReleaseLock(csq, irql);
    if (cancelled) {
        csq->CsqCompleteCanceledIrp(csq, irp);
    }
    return status;
}

VOID NTAPI IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    const void *place = DQ_CALL_PLACE;

    if (enter(DQ_SERVICE_IoCsqInsertIrp, place, Csq, Irp) && is_initialised(Csq, place)) {
        (void)insert(Csq, Irp, Context, NULL);
    }
}

NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context,
                                PVOID InsertContext)
{
    const void *place = DQ_CALL_PLACE;

    if (!enter(DQ_SERVICE_IoCsqInsertIrpEx, place, Csq, Irp) || !is_initialised(Csq, place)) {
        return STATUS_UNSUCCESSFUL;
    }
    return insert(Csq, Irp, Context, InsertContext);
}

/* ---- Removing -------------------------------------------------------------------------------- */

PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    const void *place = DQ_CALL_PLACE;
    KIRQL irql;
    PIRP irp;

    if (!enter(DQ_SERVICE_IoCsqRemoveIrp, place, Csq, NULL) || !is_initialised(Csq, place)) {
        return NULL;
    }
    Csq->CsqAcquireLock(Csq, &irql);
    irp = Context->Irp;
    if (irp != NULL && IoSetCancelRoutine(irp, NULL) == NULL) {
        irp = NULL; /* The cancel routine has it. */
    }
    if (irp != NULL) {
        Csq->CsqRemoveIrp(Csq, irp);
        unlink_irp(irp);
    }
    Csq->CsqReleaseLock(Csq, irql);
    return irp;
}

PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    const void *place = DQ_CALL_PLACE;
    KIRQL irql;
    PIRP irp;

    if (!enter(DQ_SERVICE_IoCsqRemoveNextIrp, place, Csq, NULL) || !is_initialised(Csq, place)) {
        return NULL;
    }
    Csq->CsqAcquireLock(Csq, &irql);
    irp = Csq->CsqPeekNextIrp(Csq, NULL, PeekContext);
    while (irp != NULL && IoSetCancelRoutine(irp, NULL) == NULL) {
        irp = Csq->CsqPeekNextIrp(Csq, irp, PeekContext);
    }
    if (irp != NULL) {
        Csq->CsqRemoveIrp(Csq, irp);
        unlink_irp(irp);
    }
    Csq->CsqReleaseLock(Csq, irql);
    return irp;
}

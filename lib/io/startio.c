/*
 * startio.c - one request at a time for a device: its queue, and the driver's StartIo routine.
 *
 * StartIo runs at DISPATCH_LEVEL. A device with the attribute DeferredStartIo is given the next
 * request when its routine has returned, never within it.
 */
#include "io/io.h"
#include "ke/devicequeue.h"
#include "ke/ki.h"
#include "ke/spinlock.h"

static void accuse(dq_processor *cpu, const char *rule, dq_severity severity, const void *place,
                   const char *what)
{
    dq_irp_accuse(cpu,
                  &(dq_irp_error){ .rule = rule,
                                   .severity = severity,
                                   .page = dq_service_name(cpu->execution->service),
                                   .place = place },
                  "%s %s", dq_service_name(cpu->execution->service), what);
}

static dq_startio *check(dq_processor *cpu, PDEVICE_OBJECT device, const void *place)
{
    dq_startio *startio = dq_device_startio(cpu->machine, device);

    if (startio == NULL) {
        accuse(cpu, "DevicePointer", DQ_ERROR, place,
               "was given a pointer that is no device object, or no longer one");
    } else if (device->DriverObject == NULL || device->DriverObject->DriverStartIo == NULL) {
        accuse(cpu, "StartIo", DQ_ERROR, place, "was called by a driver without a StartIo routine");
        startio = NULL;
    }
    return startio;
}

/* ---- The cancel spin lock -------------------------------------------------------------------- */

/* Who releases it, a cancel routine perhaps, lowers to the IRQL of before. */
static void lock(dq_processor *cpu, bool wanted, unsigned before, const void *place)
{
    if (wanted) {
        dq_spinlock_acquire(cpu, &dq_kernel_of(cpu)->cancel_lock, DQ_LOCK_SPIN, before, false,
                            place);
    }
}

static void unlock(dq_processor *cpu, bool wanted, unsigned before)
{
    if (wanted) {
        dq_spinlock_release(cpu, &dq_kernel_of(cpu)->cancel_lock, DQ_LOCK_SPIN, before);
    }
}

/* ---- Starting -------------------------------------------------------------------------------- */

static void call(dq_processor *cpu, PDEVICE_OBJECT device, PIRP irp, const void *place)
{
    unsigned depth = dq_guest_begin(cpu);

    device->DriverObject->DriverStartIo(device, irp);
    dq_guest_end(depth);
    cpu = dq_self;
    if (cpu->irql != DQ_LEVEL_DISPATCH) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "IrqlReturn", .severity = DQ_ERROR, .place = place },
                      "a StartIo routine was called at DISPATCH_LEVEL and returned at IRQL %u",
                      cpu->irql);
    }
}

static PIRP take_next(dq_processor *cpu, PDEVICE_OBJECT device, const dq_startio *startio,
                      const dq_start_next *how, const void *place)
{
    PKDEVICE_QUEUE_ENTRY entry;
    PIRP irp = NULL;

    lock(cpu, how->cancelable, cpu->irql, place);
    device->CurrentIrp = NULL;
    entry = dq_devicequeue_remove(&device->DeviceQueue, how->by_key ? &how->key : NULL);
    if (entry != NULL) {
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
        device->CurrentIrp = irp;
        if (how->cancelable && startio->non_cancelable) {
            irp->CancelRoutine = NULL;
        }
    }
    unlock(cpu, how->cancelable, cpu->irql);
    return irp;
}

/* This one, and those whose turn comes meanwhile. */
static void start(dq_processor *cpu, PDEVICE_OBJECT device, dq_startio *startio, PIRP irp,
                  const void *place)
{
    dq_machine *machine = cpu->machine;

    dq_device_object_hold(machine, device);
    do {
        const dq_execution *outer = startio->within;

        startio->within = cpu->execution;
        startio->wanted = false;
        call(cpu, device, irp, place);
        cpu = dq_self;
        startio->within = outer;
        irp = startio->wanted ? take_next(cpu, device, startio, &startio->next, place) : NULL;
    } while (irp != NULL);
    dq_device_object_release(machine, device);
}

/* ---- Services -------------------------------------------------------------------------------- */

/* Cancelled before it came: its cancel routine is called, which takes it out of the queue. */
static void cancel(dq_processor *cpu, PDEVICE_OBJECT device, PIRP irp, KIRQL old_irql)
{
    PDRIVER_CANCEL routine = irp->CancelRoutine;
    unsigned depth;

    irp->CancelRoutine = NULL;
    irp->CancelIrql = old_irql;
    depth = dq_guest_begin(cpu);
    routine(device, irp);
    dq_guest_end(depth);
}

VOID NTAPI IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key,
                         PDRIVER_CANCEL CancelFunction)
{
    const void *place = DQ_CALL_PLACE;
    const bool cancelable = CancelFunction != NULL;
    dq_startio *startio;
    KIRQL old_irql;

    DQ_ENTER(IoStartPacket, DeviceObject, Irp, (uintptr_t)CancelFunction, 0, DQ_VOID);
    startio = check(cpu, DeviceObject, place);
    if (startio == NULL || dq_irp_check(cpu, Irp, 0, place) == NULL) {
        return;
    }
    old_irql = dq_spinlock_raise(cpu);
    lock(cpu, cancelable, old_irql, place);
    Irp->CancelRoutine = cancelable ? CancelFunction : Irp->CancelRoutine;
    dq_emit(cpu, ORDER_GIVE, Irp, 0, 0, 0);
    if (!dq_devicequeue_insert(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry,
                               Key)) {
        DeviceObject->CurrentIrp = Irp;
        if (cancelable && startio->non_cancelable) {
            Irp->CancelRoutine = NULL;
        }
        unlock(cpu, cancelable, old_irql);
        start(cpu, DeviceObject, startio, Irp, place);
    } else if (cancelable && Irp->Cancel && Irp->CancelRoutine != NULL) {
        cancel(cpu, DeviceObject, Irp, old_irql);
        return; /* The routine has released the lock, and lowered. */
    } else {
        unlock(cpu, cancelable, old_irql);
    }
    dq_spinlock_lower(dq_self, old_irql);
}

static void start_next(dq_processor *cpu, PDEVICE_OBJECT device, const dq_start_next *how,
                       const void *place)
{
    dq_startio *startio = check(cpu, device, place);
    KIRQL old_irql;
    PIRP irp;

    if (startio == NULL) {
        return;
    }
    if (startio->within != NULL && startio->deferred) {
        startio->wanted = true;
        startio->next = *how;
        dq_emit(cpu, ORDER_GIVE, &device->DeviceQueue, 0, 0, 0);
        return;
    }
    if (startio->within == cpu->execution) {
        accuse(cpu, "StartIoRecursion", DQ_WARNING, place,
               "was called within the StartIo routine, which it calls again");
    }
    old_irql = dq_spinlock_raise(cpu);
    irp = take_next(cpu, device, startio, how, place);
    if (irp != NULL) {
        start(cpu, device, startio, irp, place);
    }
    dq_spinlock_lower(dq_self, old_irql);
}

VOID NTAPI IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable)
{
    DQ_ENTER(IoStartNextPacket, DeviceObject, Cancelable, 0, 0, DQ_VOID);
    start_next(cpu, DeviceObject, &(dq_start_next){ .cancelable = Cancelable != FALSE },
               DQ_CALL_PLACE);
}

VOID NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key)
{
    DQ_ENTER(IoStartNextPacketByKey, DeviceObject, Cancelable, Key, 0, DQ_VOID);
    start_next(cpu, DeviceObject,
               &(dq_start_next){ .cancelable = Cancelable != FALSE, .by_key = true, .key = Key },
               DQ_CALL_PLACE);
}

VOID NTAPI IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo,
                                  BOOLEAN NonCancelable)
{
    const void *place = DQ_CALL_PLACE;
    dq_startio *startio;

    DQ_ENTER(IoSetStartIoAttributes, DeviceObject, DeferredStartIo, NonCancelable, 0, DQ_VOID);
    startio = dq_device_startio(cpu->machine, DeviceObject);
    if (startio == NULL) {
        accuse(cpu, "DevicePointer", DQ_ERROR, place,
               "was given a pointer that is no device object, or no longer one");
        return;
    }
    startio->deferred = DeferredStartIo != FALSE;
    startio->non_cancelable = NonCancelable != FALSE;
}

/*
 * irp.c - I/O request packets: allocated, initialised, used again and freed.
 */
#include "io/irp.h"

#include <string.h>

#include "ex/pool.h"
#include "io/io.h"
#include "ke/ki.h"

enum {
    POOL_TAG = 0x20707249, /* "Irp " */
    STACK_MOST = 126       /* CurrentLocation is a CHAR, and one more than the locations. */
};

/* ---- Initialising ---------------------------------------------------------------------------- */

static void fill(PIRP irp, USHORT packet_size, CCHAR stack_size)
{
    memset(irp, 0, packet_size);
    irp->Type = IO_TYPE_IRP;
    irp->Size = packet_size;
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    irp->RequestorMode = KernelMode;
    InitializeListHead(&irp->ThreadListEntry);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
}

static bool initialise(dq_processor *cpu, PIRP irp, USHORT packet_size, CCHAR stack_size)
{
    const dq_irp_error error = { .rule = "IrpSize",
                                 .severity = DQ_ERROR,
                                 .page = dq_service_name(cpu->execution->service) };

    if (stack_size < 0 || stack_size > STACK_MOST) {
        dq_irp_accuse(cpu, &error, "%s for %d stack locations: there are 0 to %d",
                      dq_service_name(cpu->execution->service), stack_size, STACK_MOST);
        return false;
    }
    if (packet_size < IoSizeOfIrp(stack_size)) {
        dq_irp_accuse(cpu, &error, "%s of %u bytes: an IRP with %d stack locations has %u",
                      dq_service_name(cpu->execution->service), packet_size, stack_size,
                      IoSizeOfIrp(stack_size));
        return false;
    }
    fill(irp, packet_size, stack_size);
    return true;
}

/* ---- Allocating ------------------------------------------------------------------------------ */

dq_irp *dq_irp_allocate(dq_processor *cpu, CCHAR stack_size, dq_irp_origin origin,
                        dq_service service, const void *place)
{
    return dq_fails(cpu, DQ_FAIL_IRP, 0, dq_service_name(service), place)
               ? NULL
               : dq_irp_make(cpu, stack_size, origin, service, place);
}

dq_irp *dq_irp_make(dq_processor *cpu, CCHAR stack_size, dq_irp_origin origin, dq_service service,
                    const void *place)
{
    dq_irp *record = NULL;
    PIRP irp;

    irp = dq_pool_part(cpu, IoSizeOfIrp(stack_size > 0 ? stack_size : 0), POOL_TAG,
                       "", place);
    if (irp != NULL) {
        record = initialise(cpu, irp, IoSizeOfIrp(stack_size), stack_size)
                     ? dq_irp_record(cpu, irp, origin, (unsigned)stack_size, service, place)
                     : NULL;
    }
    if (irp != NULL && record == NULL) {
        dq_pool_give_back(cpu, irp, POOL_TAG, place);
    }
    return record;
}

void dq_irp_free(dq_processor *cpu, dq_irp *record, dq_service service, const void *place)
{
    const bool raw = record->origin == DQ_IRP_RAW;

    dq_irp_end(record, service, place);
    record->irp->Type = 0;
    if (record->buffer != NULL) {
        dq_pool_give_back(cpu, record->buffer, DQ_IRP_BUFFER_TAG, place);
        record->buffer = NULL;
    }
    if (!raw) {
        dq_pool_give_back(cpu, record->irp, POOL_TAG, place);
    }
}

static PIRP allocate(dq_processor *cpu, CCHAR stack_size, BOOLEAN charge, dq_service service,
                     const void *place)
{
    dq_irp *record = dq_irp_allocate(cpu, stack_size, DQ_IRP_ALLOCATED, service, place);

    if (record == NULL) {
        return NULL;
    }
    record->charged = charge != FALSE;
    return record->irp;
}

PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    DQ_ENTER(IoAllocateIrp, NULL, StackSize, ChargeQuota, 0, NULL);
    return allocate(cpu, StackSize, ChargeQuota, DQ_SERVICE_IoAllocateIrp,
                    DQ_CALL_PLACE);
}

/* No device needs more of an IRP than there is. */
PIRP NTAPI IoAllocateIrpEx(PDEVICE_OBJECT DeviceObject, CCHAR StackSize, BOOLEAN ChargeQuota)
{
    DQ_ENTER(IoAllocateIrpEx, DeviceObject, StackSize, ChargeQuota, 0, NULL);
    return allocate(cpu, StackSize, ChargeQuota, DQ_SERVICE_IoAllocateIrpEx,
                    DQ_CALL_PLACE);
}

/* ---- Freeing --------------------------------------------------------------------------------- */

static void check_free(dq_processor *cpu, const dq_irp *record, const void *place)
{
    dq_irp_error error = { .rule = "IrpFree",
                           .severity = DQ_ERROR,
                           .code = 0x20B,
                           .p2 = (uintptr_t)place,
                           .p3 = (uintptr_t)record->irp,
                           .place = place };

    if (record->origin == DQ_IRP_THREADED) {
        error.code = 0x02;
        error.p2 = (uintptr_t)record->irp;
        error.p3 = 0;
        dq_irp_accuse(cpu, &error,
                      "IoFreeIrp of an IRP of %s, which belongs to a thread: the I/O manager frees "
                      "it when it is completed",
                      dq_service_name(record->service));
    } else if (record->sent) {
        dq_irp_accuse(cpu, &error,
                      "IoFreeIrp of an IRP that is in use: a driver that it was sent to has not "
                      "completed it");
    }
}

VOID NTAPI IoFreeIrp(PIRP Irp)
{
    const void *place = DQ_CALL_PLACE;
    dq_irp *record;

    DQ_ENTER(IoFreeIrp, Irp, Irp, 0, 0, DQ_VOID);
    record = dq_irp_check(cpu, Irp, 0x01, place);
    if (record != NULL) {
        check_free(cpu, record, place);
        dq_irp_free(cpu, record, DQ_SERVICE_IoFreeIrp, place);
    }
}

/* ---- Using again ----------------------------------------------------------------------------- */

static void check_renew(dq_processor *cpu, const dq_irp *record, const void *place)
{
    dq_irp_error error = { .rule = "IrpRenew",
                           .severity = DQ_ERROR,
                           .code = 0x310,
                           .p2 = (uintptr_t)place,
                           .p3 = (uintptr_t)record->irp,
                           .place = place };

    if (record->sent) {
        dq_irp_accuse(cpu, &error, "%s of an IRP that is in use",
                      dq_service_name(cpu->execution->service));
    }
    if (record->origin != DQ_IRP_ALLOCATED && record->origin != DQ_IRP_RAW) {
        error.code = 0x311;
        dq_irp_accuse(cpu, &error, "%s of an IRP of %s: only those of IoAllocateIrp are used again",
                      dq_service_name(cpu->execution->service),
                      dq_service_name(record->service));
    }
}

static void check_needless(dq_processor *cpu, const dq_irp *record, const void *place)
{
    const dq_irp_error error = { .rule = record->charged ? "IrpRenew" : "IrpInitNeedless",
                                 .severity = record->charged ? DQ_ERROR : DQ_WARNING,
                                 .code = record->charged ? 0x20D : 0x238,
                                 .p2 = (uintptr_t)place,
                                 .p3 = (uintptr_t)record->irp,
                                 .place = place };

    if (record->origin == DQ_IRP_ALLOCATED) {
        dq_irp_accuse(cpu, &error,
                      "IoInitializeIrp of an IRP of IoAllocateIrp, which has initialised it%s: to "
                      "use it again, call IoReuseIrp",
                      record->charged ? " and charged a quota for it" : "");
    }
}

VOID NTAPI IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    const void *place = DQ_CALL_PLACE;
    dq_irp *record;

    DQ_ENTER(IoInitializeIrp, Irp, Irp, PacketSize, StackSize, DQ_VOID);
    record = dq_irp_find(cpu->machine, Irp);
    if (record != NULL && record->alive && Irp->Type == IO_TYPE_IRP) {
        check_renew(cpu, record, place);
        check_needless(cpu, record, place);
    }
    if (!initialise(cpu, Irp, PacketSize, StackSize)) {
        return;
    }
    if (record != NULL && record->alive && record->origin != DQ_IRP_RAW) {
        record->dispatched = false;
    } else if (dq_irp_record(cpu, Irp, DQ_IRP_RAW, (unsigned)StackSize, DQ_SERVICE_IoInitializeIrp,
                             place) == NULL) {
        dq_find_outside(cpu->machine, "memory", "no memory for what is known of an IRP");
    }
}

VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    const void *place = DQ_CALL_PLACE;
    dq_irp *record;

    DQ_ENTER(IoReuseIrp, Irp, Irp, Iostatus, 0, DQ_VOID);
    record = dq_irp_check(cpu, Irp, 0, place);
    if (record == NULL) {
        return;
    }
    check_renew(cpu, record, place);
    fill(Irp, IoSizeOfIrp(Irp->StackCount), Irp->StackCount);
    Irp->IoStatus.Status = Iostatus;
    record->dispatched = false;
}

/* ---- Associated IRPs ------------------------------------------------------------------------- */

/* The driver counts them in the master's AssociatedIrp.IrpCount. */
PIRP NTAPI IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize)
{
    const void *place = DQ_CALL_PLACE;
    dq_irp *master, *record;

    DQ_ENTER(IoMakeAssociatedIrp, Irp, Irp, StackSize, 0, NULL);
    master = dq_irp_check(cpu, Irp, 0, place);
    record = master != NULL
                 ? dq_irp_allocate(cpu, StackSize, DQ_IRP_ASSOCIATED,
                                   DQ_SERVICE_IoMakeAssociatedIrp, place)
                 : NULL;
    if (record == NULL) {
        return NULL;
    }
    record->master = master;
    record->irp->Flags |= IRP_ASSOCIATED_IRP;
    record->irp->AssociatedIrp.MasterIrp = Irp;
    record->irp->Tail.Overlay.Thread = Irp->Tail.Overlay.Thread;
    return record->irp;
}

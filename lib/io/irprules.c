/*
 * irprules.c - what is wrong with a request and with what drivers do with it, by the codes of bug
 * check 0xC9, which are those of the Driver Verifier's I/O verification.
 *
 * The verifier's fatal and non-fatal errors are errors here; its warnings are warnings.
 */
#include <stdarg.h>
#include <stdio.h>

#include "io/io.h"
#include "io/irp.h"
#include "ke/ki.h"
#include "sim/place.h"

enum { HISTORY_TEXT = 400 };

void dq_irp_accuse(dq_processor *cpu, const dq_irp_error *error, const char *format, ...)
{
    dq_finding finding = { .severity = error->severity, .rule = error->rule, .page = error->page };
    char text[DQ_FINDING_TEXT];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    finding.place = error->place;
    if (error->code != 0) {
        finding.code = DRIVER_VERIFIER_IOMANAGER_VIOLATION;
        finding.parameters[0] = error->code;
        finding.parameters[1] = error->p2;
        finding.parameters[2] = error->p3;
        finding.parameters[3] = error->p4;
    }
    dq_find(cpu, &finding, "%s", text);
}

/* Those of 0x200 and above carry the place and the IRP. */
static dq_irp_error error_of(const char *rule, unsigned code, const dq_irp *record,
                             const void *place)
{
    return (dq_irp_error){ .rule = rule,
                           .severity = DQ_ERROR,
                           .code = code,
                           .p2 = (uintptr_t)place,
                           .p3 = (uintptr_t)record->irp,
                           .place = place };
}

static const char *service_of(const dq_processor *cpu)
{
    return dq_service_name(cpu->execution->service);
}

/* ---- Which IRP ------------------------------------------------------------------------------- */

static void refuse_irp(dq_processor *cpu, const IRP *irp, const dq_irp *record, unsigned code,
                       const void *place)
{
    const dq_irp_error error = { .rule = "IrpPointer",
                                 .severity = DQ_ERROR,
                                 .code = code,
                                 .p2 = (uintptr_t)irp,
                                 .place = place };
    char history[HISTORY_TEXT];

    if (record == NULL) {
        dq_irp_accuse(cpu, &error, "%s was given %s", service_of(cpu),
                      irp == NULL ? "a null pointer" : "a pointer that is no IRP");
    } else {
        dq_irp_accuse(cpu, &error, "%s was given an IRP that is no more: %s", service_of(cpu),
                      dq_irp_history(record, history, sizeof(history)));
    }
}

dq_irp *dq_irp_check(dq_processor *cpu, const IRP *irp, unsigned code, const void *place)
{
    dq_irp *record = irp != NULL ? dq_irp_find(cpu->machine, irp) : NULL;

    if (record == NULL || !record->alive || irp->Type != IO_TYPE_IRP) {
        refuse_irp(cpu, irp, record != NULL && !record->alive ? record : NULL, code, place);
        return NULL;
    }
    return record;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static bool check_device(dq_processor *cpu, const dq_irp *record, PDEVICE_OBJECT device,
                         const void *place)
{
    dq_irp_error error = { .rule = "IrpDevice",
                           .severity = DQ_ERROR,
                           .code = device == NULL ? 0x204 : 0x04,
                           .p2 = (uintptr_t)device,
                           .place = place };

    if (device != NULL && dq_device_is_alive(cpu->machine, device) &&
        device->DriverObject != NULL) {
        return true;
    }
    if (device == NULL) {
        error.p2 = (uintptr_t)place;
        error.p3 = (uintptr_t)record->irp;
        dq_irp_accuse(cpu, &error, "IoCallDriver was given a null pointer as device object");
    } else if (dq_device_is_alive(cpu->machine, device)) {
        dq_irp_accuse(cpu, &error, "IoCallDriver was given a device object without a driver");
    } else {
        dq_irp_accuse(cpu, &error,
                      "IoCallDriver was given a pointer that is no device object, or no longer "
                      "one");
    }
    return false;
}

static bool is_of_pnp(const IO_STACK_LOCATION *stack)
{
    return stack->MajorFunction == IRP_MJ_PNP || stack->MajorFunction == IRP_MJ_POWER ||
           stack->MajorFunction == IRP_MJ_SYSTEM_CONTROL;
}

static unsigned of_three(const IO_STACK_LOCATION *stack, unsigned pnp, unsigned power, unsigned wmi)
{
    return stack->MajorFunction == IRP_MJ_PNP     ? pnp
           : stack->MajorFunction == IRP_MJ_POWER ? power
                                                  : wmi;
}

/* Those of Plug and Play begin as STATUS_NOT_SUPPORTED, and go down only if nobody has failed
 * them. */
static void check_status(dq_processor *cpu, const dq_irp *record, const void *place)
{
    const IRP *irp = record->irp;
    const IO_STACK_LOCATION *stack = irp->Tail.Overlay.CurrentStackLocation - 1;
    const NTSTATUS status = irp->IoStatus.Status;
    dq_irp_error error = error_of("IrpStatus", 0, record, place);

    if (!is_of_pnp(stack)) {
        return;
    }
    if (!record->sent && status != STATUS_NOT_SUPPORTED) {
        error.code = of_three(stack, 0x20E, 0x20F, 0x210);
        dq_irp_accuse(cpu, &error,
                      "a request for Plug and Play, power or WMI is sent with status 0x%08X: it "
                      "must begin with STATUS_NOT_SUPPORTED",
                      (unsigned)status);
    } else if (record->sent && !NT_SUCCESS(status) && status != STATUS_NOT_SUPPORTED &&
               stack->MajorFunction != IRP_MJ_SYSTEM_CONTROL) {
        error.code = of_three(stack, 0x215, 0x219, 0);
        dq_irp_accuse(cpu, &error,
                      "a request for Plug and Play or power that failed with 0x%08X is sent down: "
                      "complete it instead",
                      (unsigned)status);
    }
}

static const char *const major_names[] = {
    [IRP_MJ_CREATE] = "IRP_MJ_CREATE",   [IRP_MJ_CLOSE] = "IRP_MJ_CLOSE",
    [IRP_MJ_CLEANUP] = "IRP_MJ_CLEANUP", [IRP_MJ_SHUTDOWN] = "IRP_MJ_SHUTDOWN",
    [IRP_MJ_PNP] = "IRP_MJ_PNP",         [IRP_MJ_SYSTEM_CONTROL] = "IRP_MJ_SYSTEM_CONTROL",
};

/* "devtest: ForwardedAtBadIrql": reads, writes, controls and power may go at DISPATCH_LEVEL. */
static void check_irql(dq_processor *cpu, const dq_irp *record, const void *place)
{
    const unsigned major = (record->irp->Tail.Overlay.CurrentStackLocation - 1)->MajorFunction;
    dq_irp_error error = error_of("ForwardedAtBadIrql", 0x23A, record, place);

    if (cpu->irql >= DQ_LEVEL_DISPATCH && major < sizeof(major_names) / sizeof(major_names[0]) &&
        major_names[major] != NULL) {
        dq_irp_accuse(cpu, &error, "a request of %s is sent at IRQL %u", major_names[major],
                      cpu->irql);
    }
    if (record->origin == DQ_IRP_THREADED && !record->sent && cpu->irql >= DQ_LEVEL_APC) {
        error.code = 0x302;
        error.p4 = cpu->irql;
        dq_irp_accuse(cpu, &error,
                      "a request of %s is sent at IRQL %u: its thread gets the result by an APC, "
                      "which cannot come before IRQL is lowered",
                      dq_service_name(record->service), cpu->irql);
    }
}

/* A driver that sends to the device below its neighbour. */
static void check_neighbour(dq_processor *cpu, const dq_irp *record, const DEVICE_OBJECT *device,
                            const void *place)
{
    const IRP *irp = record->irp;
    const dq_irp_error error = error_of("IrpDevice", 0x211, record, place);
    const dq_irp_frame *frame = dq_irp_frame_of(cpu, irp);
    const DEVICE_OBJECT *lower;

    if (frame == NULL || frame->device == NULL ||
        !dq_device_is_alive(cpu->machine, frame->device)) {
        return;
    }
    lower = dq_device_lower(cpu->machine, frame->device);
    if (lower == NULL || lower == device) {
        return;
    }
    for (; lower != NULL; lower = dq_device_lower(cpu->machine, lower)) {
        if (lower == device) {
            dq_irp_accuse(cpu, &error,
                          "the IRP skips a device of the stack: send it to what "
                          "IoAttachDeviceToDeviceStack returned, not to the physical device "
                          "object");
        }
    }
}

bool dq_irp_check_send(dq_processor *cpu, dq_irp *record, PDEVICE_OBJECT device,
                       const void *place)
{
    const IRP *irp = record->irp;
    dq_irp_error error = error_of("IrpInUse", 0x205, record, place);

    if (!check_device(cpu, record, device, place)) {
        return false;
    }
    if (irp->CurrentLocation <= 1) {
        dq_bugcheck(cpu, NO_MORE_IRP_STACK_LOCATIONS, (uintptr_t)irp, 0, 0, 0,
                    "an IRP with %d stack locations is sent to one driver more: allocate it with "
                    "the StackSize of the device that it is sent to",
                    irp->StackCount);
    }
    if (dq_irp_is_below(dq_irp_frame_of(cpu, irp))) {
        dq_irp_accuse(cpu, &error,
                      "the IRP is sent on again while the lower driver, which returned "
                      "STATUS_PENDING, still has it");
    }
    if (irp->CancelRoutine != NULL) {
        error.rule = "IrpCancelRoutine";
        error.code = 0x203;
        dq_irp_accuse(cpu, &error,
                      "the IRP is sent on while a cancel routine is set: call "
                      "IoSetCancelRoutine(Irp, NULL) first");
    }
    dq_irp_check_location(cpu, record, device, place);
    check_status(cpu, record, place);
    check_irql(cpu, record, place);
    check_neighbour(cpu, record, device, place);
    return true;
}

/* ---- Completing ------------------------------------------------------------------------------ */

void dq_irp_check_complete(dq_processor *cpu, dq_irp *record, const void *place)
{
    const IRP *irp = record->irp;
    const NTSTATUS status = irp->IoStatus.Status;
    dq_irp_error error = { .rule = "IrpStatus",
                           .severity = DQ_ERROR,
                           .code = 0x06,
                           .p2 = (uint32_t)status,
                           .p3 = (uintptr_t)irp,
                           .place = place };

    if (status == STATUS_PENDING || status == (NTSTATUS)-1) {
        dq_irp_accuse(cpu, &error, "the IRP is completed with status %s",
                      status == STATUS_PENDING ? "STATUS_PENDING" : "-1");
    }
    if (irp->CancelRoutine != NULL) {
        error.rule = "IrpCancelRoutine";
        error.code = 0x07;
        error.p2 = (uintptr_t)irp->CancelRoutine;
        dq_irp_accuse(cpu, &error,
                      "the IRP is completed while its cancel routine is set: call "
                      "IoSetCancelRoutine(Irp, NULL) first, and leave the IRP alone if that "
                      "returns NULL");
    }
    if (record->output_limited && NT_SUCCESS(status) &&
        irp->IoStatus.Information > record->output_bytes) {
        error = error_of("IrpInformation", 0x312, record, place);
        dq_irp_accuse(cpu, &error,
                      "the IRP is completed with %llu as IoStatus.Information, but the buffer for "
                      "its output has %u bytes",
                      (unsigned long long)irp->IoStatus.Information,
                      (unsigned)record->output_bytes);
    }
    if (dq_irp_is_below(dq_irp_frame_of(cpu, irp))) {
        error = error_of("IrpInUse", 0x209, record, place);
        dq_irp_accuse(cpu, &error,
                      "the IRP is completed while the lower driver, which returned "
                      "STATUS_PENDING, still has it");
    }
    if (!record->dispatched) {
        error = error_of("IrpNotSent", 0x239, record, place);
        error.severity = DQ_WARNING;
        dq_irp_accuse(cpu, &error, "the IRP is completed, but was never sent to a driver");
    }
}

void dq_irp_check_pending(dq_processor *cpu, dq_irp *record, int level, bool marked,
                          const void *place)
{
    const dq_irp_stage *stage = dq_irp_stage_at(record, level);
    dq_irp_error error = error_of("IrpPending", stage->forwarded ? 0x228 : 0x23D, record, place);
    char routine[160];

    if (!stage->returned || stage->status != STATUS_PENDING || marked) {
        return;
    }
    error.p4 = (uint32_t)stage->status;
    (void)dq_place_describe((const char *)stage->routine + 1, routine, sizeof(routine));
    if (stage->forwarded) {
        error.p4 = 0;
        dq_irp_accuse(cpu, &error,
                      "a completion routine let a request go on that is not marked pending, though "
                      "the driver's dispatch routine (%s) has returned STATUS_PENDING: `if "
                      "(Irp->PendingReturned) IoMarkIrpPending(Irp);`",
                      routine);
    } else {
        dq_irp_accuse(cpu, &error,
                      "a dispatch routine (%s) returned STATUS_PENDING without having called "
                      "IoMarkIrpPending",
                      routine);
    }
}

/* ---- Returning ------------------------------------------------------------------------------- */

dq_irp_entry dq_irp_enter(const dq_processor *cpu)
{
    return (dq_irp_entry){ .irql = cpu->irql,
                           .apc_disable = dq_thread_current(cpu)->apc_disable };
}

static void accuse_irql(dq_processor *cpu, const dq_irp_entry *entry, const dq_irp_frame *frame,
                        const void *place)
{
    const dq_irp_error error = { .rule = "IrqlReturn",
                                 .severity = DQ_ERROR,
                                 .code = 0x05,
                                 .p2 = (uintptr_t)frame->device,
                                 .p3 = entry->irql,
                                 .p4 = cpu->irql,
                                 .place = place };

    if (!frame->completion) {
        dq_irp_accuse(cpu, &error, "a dispatch routine was called at IRQL %u and returned at %u",
                      entry->irql, cpu->irql);
        return;
    }
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "IrqlReturn",
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0xFA, (uintptr_t)frame->routine, entry->irql,
                                           cpu->irql },
                           .place = place },
            "a completion routine was called at IRQL %u and returned at %u", entry->irql,
            cpu->irql);
}

void dq_irp_check_return(dq_processor *cpu, const dq_irp_entry *entry, const dq_irp_frame *frame,
                         const void *place)
{
    const int apc_disable = dq_thread_current(cpu)->apc_disable;

    if (cpu->irql != entry->irql) {
        accuse_irql(cpu, entry, frame, place);
    }
    if (apc_disable != entry->apc_disable) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "CriticalRegions",
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { frame->completion ? 0xFB : 0xC5,
                                               (uintptr_t)frame->routine,
                                               (uint64_t)(int64_t)-apc_disable,
                                               (uint64_t)(int64_t)-entry->apc_disable },
                               .place = place },
                "a %s routine entered a critical region and did not leave it, or the other way "
                "round",
                frame->completion ? "completion" : "dispatch");
    }
}

/* What the status of an IRP reads as once the IRP is freed. */
static const char *remark_on(const dq_irp_frame *frame, NTSTATUS status)
{
    return (uint32_t)status == 0xDDDDDDDD && !frame->record->alive
               ? ". It read that from the request, which was freed when it was completed: keep the "
                 "status in a variable"
               : "";
}

static void check_completed(dq_processor *cpu, const dq_irp_frame *frame, NTSTATUS status,
                            const void *place)
{
    dq_irp_error error = error_of("IrpPending", 0x23D, frame->record, place);

    error.p3 = (uintptr_t)frame->irp;
    error.p4 = (uint32_t)status;
    if (status == STATUS_PENDING && !frame->marked && frame->forwarded) {
        error.code = 0x228;
        error.p4 = 0;
        dq_irp_accuse(cpu, &error,
                      "a dispatch routine returned the STATUS_PENDING of the lower driver, but its "
                      "completion routine did not mark the request: `if (Irp->PendingReturned) "
                      "IoMarkIrpPending(Irp);`");
    } else if (status == STATUS_PENDING && !frame->marked) {
        dq_irp_accuse(cpu, &error,
                      "a dispatch routine completed its request without IoMarkIrpPending, and "
                      "returned STATUS_PENDING: it must return the status of the request, 0x%08X",
                      (unsigned)frame->status);
    } else if (status != STATUS_PENDING && frame->marked) {
        error.code = 0x23E;
        dq_irp_accuse(cpu, &error,
                      "a dispatch routine returned 0x%08X for a request that is marked pending: "
                      "after IoMarkIrpPending it returns STATUS_PENDING",
                      (unsigned)status);
    } else if (status != STATUS_PENDING && status != frame->status) {
        error.rule = "IrpStatus";
        error.code = 0x224;
        error.p4 = (uint32_t)frame->status;
        dq_irp_accuse(cpu, &error,
                      "a dispatch routine returned 0x%08X for a request that it, or the driver "
                      "below, completed with 0x%08X%s",
                      (unsigned)status, (unsigned)frame->status, remark_on(frame, status));
    }
}

/* The request is not completed yet: somebody has it, or nobody. */
static void check_open(dq_processor *cpu, const dq_irp_frame *frame, NTSTATUS status,
                       const void *place)
{
    const IRP *irp = frame->irp;
    dq_irp_error error = error_of("IrpPending", 0x226, frame->record, place);
    const bool has = irp->CurrentLocation == frame->level;
    const bool marked =
        has && (irp->Tail.Overlay.CurrentStackLocation->Control & SL_PENDING_RETURNED) != 0;

    if (status != STATUS_PENDING && marked) {
        error.code = 0x23E;
        error.p4 = (uint32_t)status;
        dq_irp_accuse(cpu, &error,
                      "a dispatch routine returned 0x%08X for a request that is marked pending: "
                      "after IoMarkIrpPending it returns STATUS_PENDING",
                      (unsigned)status);
    } else if (status != STATUS_PENDING) {
        dq_irp_accuse(cpu, &error,
                      "a dispatch routine returned 0x%08X, but its request is neither completed "
                      "nor %s: complete it, or return STATUS_PENDING",
                      (unsigned)status, frame->forwarded ? "given back by the lower driver"
                                                         : "sent to a lower driver");
    } else if (has && !marked && !frame->forwarded) {
        error.code = 0x23D;
        error.p4 = (uint32_t)status;
        dq_irp_accuse(cpu, &error,
                      "a dispatch routine returned STATUS_PENDING without having called "
                      "IoMarkIrpPending");
    }
}

void dq_irp_check_dispatch(dq_processor *cpu, const dq_irp_frame *frame, NTSTATUS status,
                           const void *place)
{
    const dq_irp *record = frame->record;

    if (status == (NTSTATUS)-1) {
        dq_irp_error error = error_of("IrpStatus", 0x225, record, place);

        error.p3 = (uintptr_t)frame->irp;
        error.p4 = (uint32_t)status;
        dq_irp_accuse(cpu, &error, "a dispatch routine returned 0xFFFFFFFF");
    } else if (frame->completed) {
        check_completed(cpu, frame, status, place);
    } else if (record->alive && record->sent) {
        check_open(cpu, frame, status, place);
    }
}

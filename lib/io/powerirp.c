/*
 * powerirp.c - PoRequestPowerIrp: power requests that drivers ask for.
 *
 * The request is the power manager's: it ends by calling the driver's routine, and is freed then. A
 * stack that is pageable is called at PASSIVE_LEVEL, by a worker thread if need be.
 */
#include "ex/workqueue.h"
#include "io/io.h"
#include "io/irp.h"
#include "ke/keep.h"
#include "ke/ki.h"

struct dq_power_irp {
    PDEVICE_OBJECT device; /* That the driver named. */
    PREQUEST_POWER_COMPLETE routine;
    PVOID context;
    UCHAR minor;
    POWER_STATE state;
    dq_irp *record;
};

/* ---- The end --------------------------------------------------------------------------------- */

void dq_power_finish(dq_processor *cpu, dq_irp *record, dq_service service, const void *place)
{
    struct dq_power_irp *request = record->power;
    unsigned depth;

    record->final = true;
    if (request->routine != NULL) {
        dq_emit(cpu, ORDER_TAKE, request, 0, 0, 0);
        depth = dq_guest_begin(cpu);
        request->routine(request->device, request->minor, request->state, request->context,
                         &record->irp->IoStatus);
        dq_guest_end(depth);
        cpu = dq_self;
    }
    record->power = NULL;
    dq_irp_free(cpu, record, service, place);
    dq_device_object_release(cpu->machine, request->device);
    dq_keep_drop(cpu->machine, request);
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void fill(const struct dq_power_irp *request)
{
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(request->record->irp);

    stack->MajorFunction = IRP_MJ_POWER;
    stack->MinorFunction = request->minor;
    if (request->minor == IRP_MN_WAIT_WAKE) {
        stack->Parameters.WaitWake.PowerState = request->state.SystemState;
    } else {
        stack->Parameters.Power.Type = DevicePowerState;
        stack->Parameters.Power.State = request->state;
        stack->Parameters.Power.ShutdownType = PowerActionNone;
    }
    request->record->irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
}

static void send(dq_processor *cpu, dq_irp *record)
{
    (void)dq_irp_send(cpu, dq_device_top(record->power->device), record->irp,
                      DQ_SERVICE_PoRequestPowerIrp, record->place);
}

static void send_from_worker(const dq_work *work)
{
    DQ_INSIDE(dq_self->live);
    dq_self->execution->service = DQ_SERVICE_PoRequestPowerIrp;
    send(dq_self, work->parameter);
}

static void send_now_or_soon(dq_processor *cpu, dq_irp *record)
{
    const bool pageable = (dq_device_top(record->power->device)->Flags & DO_POWER_PAGABLE) != 0;

    if (!pageable || cpu->irql == PASSIVE_LEVEL) {
        send(cpu, record);
        return;
    }
    dq_work_queue_insert(cpu,
                         &(dq_work){ .item = record->power,
                                     .bytes = sizeof(*record->power),
                                     .routine = DQ_CODE(send_from_worker),
                                     .parameter = record,
                                     .call = send_from_worker,
                                     .place = record->place,
                                     .system = true },
                         CriticalWorkQueue);
}

static dq_irp *make(dq_processor *cpu, const struct dq_power_irp *wanted, const void *place)
{
    struct dq_power_irp *request = dq_keep(cpu->machine, sizeof(*request));
    dq_irp *record;

    if (request == NULL) {
        return NULL;
    }
    *request = *wanted;
    record = dq_irp_allocate(cpu, dq_device_top(wanted->device)->StackSize, DQ_IRP_POWER,
                             DQ_SERVICE_PoRequestPowerIrp, place);
    if (record == NULL) {
        dq_keep_drop(cpu->machine, request);
        return NULL;
    }
    request->record = record;
    record->power = request;
    fill(request);
    dq_device_object_hold(cpu->machine, wanted->device);
    dq_emit(cpu, ORDER_GIVE, request, 0, 0, 0);
    return record;
}

NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction,
                                 POWER_STATE PowerState, PREQUEST_POWER_COMPLETE CompletionFunction,
                                 PVOID Context, PIRP *Irp)
{
    dq_irp *record;

    DQ_ENTER(PoRequestPowerIrp, DeviceObject, MinorFunction, PowerState.DeviceState, 0,
             STATUS_UNSUCCESSFUL);
    if (!dq_device_is_alive(cpu->machine, DeviceObject)) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "DevicePointer",
                                       .severity = DQ_ERROR,
                                       .page = "wdm: PoRequestPowerIrp",
                                       .place = DQ_CALL_PLACE },
                      "PoRequestPowerIrp was given a pointer that is no device object, or no "
                      "longer one");
        return STATUS_INVALID_PARAMETER_1;
    }
    if (MinorFunction != IRP_MN_SET_POWER && MinorFunction != IRP_MN_QUERY_POWER &&
        MinorFunction != IRP_MN_WAIT_WAKE) {
        return STATUS_INVALID_PARAMETER_2;
    }
    record = make(cpu,
                  &(struct dq_power_irp){ .device = DeviceObject,
                                          .routine = CompletionFunction,
                                          .context = Context,
                                          .minor = MinorFunction,
                                          .state = PowerState },
                  DQ_CALL_PLACE);
    if (record == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Irp != NULL && MinorFunction == IRP_MN_WAIT_WAKE) {
        *Irp = record->irp;
    }
    send_now_or_soon(cpu, record);
    return STATUS_PENDING;
}

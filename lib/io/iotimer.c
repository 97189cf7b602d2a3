/*
 * iotimer.c - the timer of a device object: a DPC calls its routine each second after its start.
 *
 * Windows calls the routines of all devices in one beat, so that the first call may come earlier;
 * here it comes after a whole second. A timer stays in memory as long as the machine, so that a DPC
 * on its way when the device is deleted finds that there is nothing to call.
 */
#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"

static const uint64_t second_ns = 1000ull * 1000 * 1000;

struct _IO_TIMER {
    PDEVICE_OBJECT device;
    PIO_TIMER_ROUTINE routine;
    PVOID context;
    dq_deadline deadline;
    KDPC dpc;
    uint8_t processor;
    bool started;
    const void *place; /* Who started it. */
};

static void accuse(dq_processor *cpu, dq_severity severity, const DEVICE_OBJECT *device,
                   const char *what)
{
    dq_find(cpu,
            &(dq_finding){ .severity = severity,
                           .rule = "IoTimer",
                           .page = dq_service_name(cpu->execution->service),
                           .parameters = { (uintptr_t)device } },
            "%s %s", dq_service_name(cpu->execution->service), what);
}

/* ---- Calling --------------------------------------------------------------------------------- */

static void come_due(dq_machine *machine, dq_deadline *deadline)
{
    struct _IO_TIMER *timer = deadline->owner;

    (void)dq_clock_set(machine, deadline, deadline->due_ns + second_ns);
    (void)dq_dpc_insert_by_timer(&machine->processors[timer->processor], &timer->dpc, NULL);
}

/* The DPC's routine, which is called as guest code. */
static void call(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    DQ_INSIDE(dq_self->live);
    struct _IO_TIMER *timer = context;
    unsigned depth;

    (void)dpc;
    (void)argument1;
    (void)argument2;
    if (!timer->started) {
        return;
    }
    dq_self->execution->routine = DQ_CODE(timer->routine);
    depth = dq_guest_begin(dq_self);
    timer->routine(timer->device, timer->context);
    dq_guest_end(depth);
}

/* True if the caller is the timer's routine, or was called by it. */
static bool is_in_routine(const dq_processor *cpu, const struct _IO_TIMER *timer)
{
    return cpu->execution->kind == DQ_EXECUTION_DPC && cpu->execution->object == &timer->dpc;
}

void dq_iotimer_delete(dq_processor *cpu, PDEVICE_OBJECT device)
{
    struct _IO_TIMER *timer = device->Timer;

    if (timer == NULL) {
        return;
    }
    if (timer->started) {
        accuse(cpu, DQ_ERROR, device, "deletes a device whose timer is started");
    }
    timer->started = false;
    (void)dq_clock_cancel(cpu->machine, &timer->deadline);
    device->Timer = NULL;
}

const void *dq_iotimer_started(const DEVICE_OBJECT *device)
{
    const struct _IO_TIMER *timer = device->Timer;

    return timer != NULL && timer->started ? timer->place : NULL;
}

/* ---- Services -------------------------------------------------------------------------------- */

/* Called again, it changes the routine: the page says that it should not be. */
NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine,
                                 PVOID Context)
{
    struct _IO_TIMER *timer;

    DQ_ENTER(IoInitializeTimer, DeviceObject, (uintptr_t)TimerRoutine, Context, 0,
             STATUS_UNSUCCESSFUL);
    timer = DeviceObject->Timer;
    if (timer == NULL && dq_fails(cpu, DQ_FAIL_TIMER, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (timer != NULL) {
        accuse(cpu, DQ_WARNING, DeviceObject, "was called for the device before");
    } else {
        timer = dq_keep(cpu->machine, sizeof(*timer));
        if (timer == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        timer->device = DeviceObject;
        timer->deadline =
            (dq_deadline){ .priority = DQ_PRIORITY_TIMER, .fire = come_due, .owner = timer };
        dq_dpc_initialise(cpu, &timer->dpc, call, timer);
        DeviceObject->Timer = timer;
    }
    timer->routine = TimerRoutine;
    timer->context = Context;
    return STATUS_SUCCESS;
}

static struct _IO_TIMER *check(dq_processor *cpu, PDEVICE_OBJECT device)
{
    if (device->Timer == NULL) {
        accuse(cpu, DQ_ERROR, device, "was called without IoInitializeTimer");
    }
    return device->Timer;
}

VOID NTAPI IoStartTimer(PDEVICE_OBJECT DeviceObject)
{
    struct _IO_TIMER *timer;

    DQ_ENTER(IoStartTimer, DeviceObject, DeviceObject, 0, 0, DQ_VOID);
    timer = check(cpu, DeviceObject);
    if (timer == NULL || timer->started) {
        return;
    }
    dq_emit(cpu, ORDER_GIVE, &timer->dpc, 0, 0, 0);
    timer->started = true;
    timer->place = DQ_CALL_PLACE;
    timer->processor = cpu->number;
    if (!dq_clock_set(cpu->machine, &timer->deadline, cpu->machine->clock.now_ns + second_ns)) {
        dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "memory" },
                "no memory to start a device's timer");
    }
}

VOID NTAPI IoStopTimer(PDEVICE_OBJECT DeviceObject)
{
    struct _IO_TIMER *timer;

    DQ_ENTER(IoStopTimer, DeviceObject, DeviceObject, 0, 0, DQ_VOID);
    timer = check(cpu, DeviceObject);
    if (timer == NULL) {
        return;
    }
    if (is_in_routine(cpu, timer)) {
        accuse(cpu, DQ_ERROR, DeviceObject, "is called by the timer's own routine");
    }
    timer->started = false;
    (void)dq_clock_cancel(cpu->machine, &timer->deadline);
}

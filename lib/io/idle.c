/*
 * idle.c - idle detection: a device that nobody has used for some seconds is sent to a lower power
 * state.
 *
 * Each second the idle counter, which is the driver's to clear, is looked at and counted up. When
 * it reaches the time-out, a worker thread sends the request; then nothing is counted until the
 * device is used again. Windows looks at all devices in one beat, so that it may take a second
 * longer.
 */
#include "ex/workqueue.h"
#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"

static const uint64_t second_ns = 1000ull * 1000 * 1000;

struct dq_idle {
    ULONG counter; /* Seconds without use, which the driver clears. */
    PDEVICE_OBJECT device;
    ULONG limit;
    DEVICE_POWER_STATE state;
    LONG busy; /* PoStartDeviceBusy without PoEndDeviceBusy. */
    bool enabled;
    bool sent; /* And not used since. */
    dq_deadline deadline;
    KDPC dpc;
    uint8_t processor;
    const void *place;
    struct dq_idle *next;
};

/* ---- Watching -------------------------------------------------------------------------------- */

static void come_due(dq_machine *machine, dq_deadline *deadline)
{
    struct dq_idle *idle = deadline->owner;

    (void)dq_clock_set(machine, deadline, deadline->due_ns + second_ns);
    (void)dq_dpc_insert(&machine->processors[idle->processor], &idle->dpc, NULL, NULL);
}

static void send_from_worker(const dq_work *work)
{
    const struct dq_idle *idle = work->parameter;
    POWER_STATE state;

    state.DeviceState = idle->state;
    (void)PoRequestPowerIrp(idle->device, IRP_MN_SET_POWER, state, NULL, NULL, NULL);
}

static void release_device(dq_machine *machine, const dq_work *work)
{
    dq_device_object_release(machine, ((const struct dq_idle *)work->parameter)->device);
}

static void send(dq_processor *cpu, struct dq_idle *idle)
{
    idle->sent = true;
    dq_device_object_hold(cpu->machine, idle->device);
    dq_work_queue_insert(cpu,
                         &(dq_work){ .item = idle,
                                     .bytes = sizeof(*idle),
                                     .routine = DQ_CODE(send_from_worker),
                                     .parameter = idle,
                                     .call = send_from_worker,
                                     .done = release_device,
                                     .place = idle->place,
                                     .system = true },
                         DelayedWorkQueue);
}

/* The DPC's routine. */
static void look(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    DQ_INSIDE(dq_self->live);
    struct dq_idle *idle = context;

    (void)dpc;
    (void)argument1;
    (void)argument2;
    if (!idle->enabled || idle->busy > 0) {
        return;
    }
    if (idle->counter == 0) {
        idle->sent = false;
    }
    if (!idle->sent && ++idle->counter >= idle->limit) {
        send(dq_self, idle);
    }
}

/* ---- Registering ----------------------------------------------------------------------------- */

static struct dq_idle *find_of(dq_machine *machine, const DEVICE_OBJECT *device)
{
    struct dq_idle *idle = dq_io_of(machine)->idles;

    while (idle != NULL && idle->device != device) {
        idle = idle->next;
    }
    return idle;
}

static struct dq_idle *make(dq_processor *cpu, PDEVICE_OBJECT device)
{
    dq_io *io = dq_io_of(cpu->machine);
    struct dq_idle *idle = dq_keep(cpu->machine, sizeof(*idle));

    if (idle != NULL) {
        idle->device = device;
        idle->deadline =
            (dq_deadline){ .priority = DQ_PRIORITY_TIMER, .fire = come_due, .owner = idle };
        idle->processor = cpu->number;
        dq_dpc_initialise(cpu, &idle->dpc, look, idle);
        idle->next = io->idles;
        io->idles = idle;
    }
    return idle;
}

static void disable(dq_machine *machine, struct dq_idle *idle)
{
    idle->enabled = false;
    (void)dq_clock_cancel(machine, &idle->deadline);
}

static bool is_possible(const DEVICE_OBJECT *device, ULONG seconds)
{
    return seconds != (ULONG)-1 || device->DeviceType == FILE_DEVICE_DISK ||
           device->DeviceType == FILE_DEVICE_MASS_STORAGE;
}

PULONG NTAPI PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT DeviceObject,
                                              ULONG ConservationIdleTime,
                                              ULONG PerformanceIdleTime, DEVICE_POWER_STATE State)
{
    struct dq_idle *idle;

    DQ_ENTER(PoRegisterDeviceForIdleDetection, DeviceObject, ConservationIdleTime,
             PerformanceIdleTime, State, NULL);
    if (!dq_device_is_alive(cpu->machine, DeviceObject)) {
        dq_wrong_object(cpu, DeviceObject, NULL, "no device object, or no longer one");
        return NULL;
    }
    idle = find_of(cpu->machine, DeviceObject);
    if (idle != NULL) {
        disable(cpu->machine, idle);
    }
    if ((ConservationIdleTime == 0 && PerformanceIdleTime == 0) ||
        !is_possible(DeviceObject, ConservationIdleTime) ||
        !is_possible(DeviceObject, PerformanceIdleTime) ||
        dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, DQ_CALL_PLACE)) {
        return NULL;
    }
    if (idle == NULL) {
        idle = make(cpu, DeviceObject);
    }
    if (idle == NULL) {
        return NULL;
    }
    idle->counter = 0;
    idle->sent = false;
    idle->limit = PerformanceIdleTime;
    idle->state = State;
    idle->place = DQ_CALL_PLACE;
    idle->enabled = true;
    if (PerformanceIdleTime != 0 && PerformanceIdleTime != (ULONG)-1 &&
        !dq_clock_set(cpu->machine, &idle->deadline, cpu->machine->clock.now_ns + second_ns)) {
        disable(cpu->machine, idle);
        return NULL;
    }
    return &idle->counter;
}

void dq_idle_delete(dq_machine *machine, const DEVICE_OBJECT *device)
{
    struct dq_idle *idle = dq_io_of(machine) != NULL ? find_of(machine, device) : NULL;

    if (idle != NULL) {
        disable(machine, idle);
        idle->device = NULL;
    }
}

/* ---- Use ------------------------------------------------------------------------------------- */

static struct dq_idle *check(dq_processor *cpu, const ULONG *counter)
{
    struct dq_idle *idle = dq_io_of(cpu->machine) != NULL ? dq_io_of(cpu->machine)->idles : NULL;

    while (idle != NULL && &idle->counter != counter) {
        idle = idle->next;
    }
    if (idle == NULL) {
        dq_wrong_object(cpu, counter, NULL,
                        counter == NULL ? "a null pointer: there is no idle counter when "
                                          "PoRegisterDeviceForIdleDetection returns NULL"
                                        : "no idle counter");
    }
    return idle;
}

VOID NTAPI PoSetDeviceBusyEx(PULONG IdlePointer)
{
    struct dq_idle *idle;

    DQ_ENTER(PoSetDeviceBusyEx, IdlePointer, 0, 0, 0, DQ_VOID);
    idle = check(cpu, IdlePointer);
    if (idle != NULL) {
        idle->counter = 0;
    }
}

VOID NTAPI PoStartDeviceBusy(PULONG IdlePointer)
{
    struct dq_idle *idle;

    DQ_ENTER(PoStartDeviceBusy, IdlePointer, 0, 0, 0, DQ_VOID);
    idle = check(cpu, IdlePointer);
    if (idle != NULL) {
        idle->busy++;
    }
}

VOID NTAPI PoEndDeviceBusy(PULONG IdlePointer)
{
    struct dq_idle *idle;

    DQ_ENTER(PoEndDeviceBusy, IdlePointer, 0, 0, 0, DQ_VOID);
    idle = check(cpu, IdlePointer);
    if (idle == NULL) {
        return;
    }
    if (idle->busy == 0) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "DeviceBusy",
                               .page = "wdm: PoEndDeviceBusy",
                               .parameters = { (uintptr_t)IdlePointer },
                               .place = DQ_CALL_PLACE },
                "PoEndDeviceBusy without a PoStartDeviceBusy before it");
        return;
    }
    if (--idle->busy == 0) {
        idle->counter = 0;
    }
}

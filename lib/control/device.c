/*
 * device.c - simulated hardware in a test's hands (include/dirql/device.h).
 */
#include "control/control.h"
#include "control/handle.h"

#include <dirql/device.h>

#include <stdio.h>

#include "ke/keep.h"

/* ---- Windows --------------------------------------------------------------------------------- */

static const dq_window *add_window(const dirql_device *device, dq_space space, uint64_t base,
                                   uint64_t length, const char *function)
{
    dq_machine *machine = dirql_control_machine(function);
    dq_window window = { .space = space, .base = base, .bytes = length };
    const dq_window *added;
    char error[256];

    if (machine == NULL) {
        return NULL;
    }
    if (device == NULL) {
        dirql_control_fail(machine, "device", "%s: `device` is NULL", function);
        return NULL;
    }
    snprintf(window.name, sizeof(window.name), "%s",
             device->name != NULL ? device->name : "device");
    window.read = device->read;
    window.write = device->write;
    window.device = device->context;
    added = dq_window_add(machine, &window, error, sizeof(error));
    if (added == NULL) {
        dirql_control_fail(machine, "device", "%s: %s", function, error);
    }
    return added;
}

void dirql_device_add_ports(const dirql_device *device, ULONG port, ULONG length)
{
    DIRQL_INSIDE;
    add_window(device, DQ_SPACE_PORT, port, length, "dirql_device_add_ports");
}

PHYSICAL_ADDRESS dirql_device_add_memory(const dirql_device *device, uint64_t at, uint64_t length)
{
    DIRQL_INSIDE;
    const dq_window *window =
        add_window(device, DQ_SPACE_MEMORY, at, length, "dirql_device_add_memory");
    PHYSICAL_ADDRESS address;

    address.QuadPart = window != NULL ? (LONGLONG)window->base : 0;
    return address;
}

/* ---- Stimuli --------------------------------------------------------------------------------- */

/* The machine's own copy: the caller's memory is not touched when it happens. reserved[0] of the
 * caller's holds its handle. */
typedef struct stimulus_record {
    dq_deadline deadline;
    void (*happen)(void *context);
    void *context;
} stimulus_record;

static void fire(dq_machine *machine, dq_deadline *deadline)
{
    stimulus_record *record = deadline->owner;

    (void)machine;
    dq_emit(dq_self, ORDER_TAKE, record, 0, 0, 0);
    record->happen(record->context);
}

static stimulus_record *known(const dq_machine *machine, const dirql_stimulus *stimulus)
{
    return dirql_handle_find(machine, DIRQL_HANDLE_STIMULUS, (uintptr_t)stimulus->reserved[0]);
}

static stimulus_record *make(dq_machine *machine, dirql_stimulus *stimulus)
{
    stimulus_record *record = dq_keep(machine, sizeof(*record));
    uintptr_t handle =
        record != NULL ? dirql_handle_make(machine, DIRQL_HANDLE_STIMULUS, record) : 0;

    if (handle == 0) {
        return NULL;
    }
    record->deadline.priority = DQ_PRIORITY_STIMULUS;
    record->deadline.fire = fire;
    record->deadline.owner = record;
    stimulus->reserved[0] = (void *)handle;
    return record;
}

static void set(dq_machine *machine, dirql_stimulus *stimulus, uint64_t due_ns,
                const char *function)
{
    stimulus_record *record;

    if (stimulus == NULL || stimulus->happen == NULL) {
        dirql_control_fail(machine, "stimulus", "%s: %s is NULL", function,
                           stimulus == NULL ? "`stimulus`" : "`happen`");
        return;
    }
    if (due_ns > UINT64_MAX / 2) {
        dirql_control_fail(machine, "stimulus",
                           "%s: virtual time ends after 292 years. Was a negative time meant?",
                           function);
        return;
    }
    record = known(machine, stimulus);
    record = record != NULL ? record : make(machine, stimulus);
    if (record != NULL) {
        record->happen = stimulus->happen;
        record->context = stimulus->context;
        if (dq_self->machine == machine && dq_self->execution->kind == DQ_EXECUTION_DEVICE) {
            dq_emit(dq_self, ORDER_GIVE, record, 0, 0, 0);
        }
    }
    if (record == NULL || !dq_clock_set(machine, &record->deadline, due_ns)) {
        dirql_control_fail(machine, "memory", "%s: short of memory", function);
    }
}

void dirql_stimulus_after(dirql_stimulus *stimulus, uint64_t delay_ns)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_stimulus_after");

    if (machine != NULL) {
        const uint64_t now_ns = machine->clock.now_ns;

        set(machine, stimulus, delay_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + delay_ns,
            "dirql_stimulus_after");
    }
}

void dirql_stimulus_at(dirql_stimulus *stimulus, uint64_t time_ns)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_stimulus_at");

    if (machine != NULL) {
        set(machine, stimulus, time_ns, "dirql_stimulus_at");
    }
}

int dirql_stimulus_cancel(dirql_stimulus *stimulus)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_stimulus_cancel");
    stimulus_record *record;

    if (machine == NULL) {
        return 0;
    }
    if (stimulus == NULL) {
        dirql_control_fail(machine, "stimulus", "dirql_stimulus_cancel: `stimulus` is NULL");
        return 0;
    }
    record = known(machine, stimulus);
    return record != NULL && dq_clock_cancel(machine, &record->deadline);
}

void dirql_stimulus_now(void (*happen)(void *context), void *context)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_stimulus_now");
    dq_processor *cpu = dirql_control_cpu();
    dq_execution execution;

    if (machine == NULL) {
        return;
    }
    if (happen == NULL || cpu == NULL) {
        dirql_control_fail(machine, "stimulus", "dirql_stimulus_now: %s",
                           happen == NULL ? "`happen` is NULL" : "it was called at home");
        return;
    }
    dq_device_call_begin(cpu, &execution, NULL, "stimulus");
    happen(context);
    dq_device_call_end(cpu, &execution);
    if (!dq_attends(cpu, DQ_ATTEND_REFUSE)) {
        dq_point(cpu);
    }
}

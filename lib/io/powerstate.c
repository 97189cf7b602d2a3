/*
 * powerstate.c - the power state that a driver says its device has; systems and wait/wake requests
 * that are marked.
 */
#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"

struct dq_system_state {
    EXECUTION_STATE flags;
    bool registered;
    const void *place;
    struct dq_system_state *next;
};

/* ---- Devices --------------------------------------------------------------------------------- */

static void check_state(dq_processor *cpu, POWER_STATE_TYPE type, POWER_STATE state,
                        const void *place)
{
    const bool level = state.DeviceState == PowerDeviceD0 || cpu->irql <= APC_LEVEL;
    const bool known = type == DevicePowerState && state.DeviceState > PowerDeviceUnspecified &&
                       state.DeviceState < PowerDeviceMaximum;

    if (known && level) {
        return;
    }
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "PowerState",
                           .page = "wdm: PoSetPowerState",
                           .parameters = { (uintptr_t)type, (uintptr_t)state.DeviceState },
                           .place = place },
            known ? "PoSetPowerState for a state below D0 at IRQL %u: it needs IRQL <= APC_LEVEL"
                  : "PoSetPowerState was told of something else than the state of a device (type "
                    "DevicePowerState, PowerDeviceD0 to D3), at IRQL %u",
            cpu->irql);
}

POWER_STATE NTAPI PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type,
                                  POWER_STATE State)
{
    POWER_STATE before = { .DeviceState = PowerDeviceUnspecified };
    POWER_STATE *kept;

    DQ_ENTER(PoSetPowerState, DeviceObject, Type, State.DeviceState, 0, before);
    check_state(cpu, Type, State, DQ_CALL_PLACE);
    kept = dq_device_power(cpu->machine, DeviceObject);
    if (kept == NULL) {
        dq_wrong_object(cpu, DeviceObject, NULL, "no device object, or no longer one");
        return before;
    }
    before = *kept;
    *kept = State;
    return before;
}

/* ---- Requests that wake ---------------------------------------------------------------------- */

VOID NTAPI PoSetSystemWake(PIRP Irp)
{
    dq_irp *record;

    DQ_ENTER(PoSetSystemWake, Irp, Irp, 0, 0, DQ_VOID);
    record = dq_irp_check(cpu, Irp, 0, DQ_CALL_PLACE);
    if (record != NULL) {
        record->wakes_system = true;
    }
}

BOOLEAN NTAPI PoGetSystemWake(PIRP Irp)
{
    const dq_irp *record;

    DQ_ENTER(PoGetSystemWake, Irp, Irp, 0, 0, FALSE);
    record = dq_irp_check(cpu, Irp, 0, DQ_CALL_PLACE);
    return record != NULL && record->wakes_system;
}

/* ---- The system ------------------------------------------------------------------------------ */

static struct dq_system_state *find(dq_machine *machine, const void *handle)
{
    struct dq_system_state *state = dq_io_of(machine) != NULL ? dq_io_of(machine)->system_states
                                                              : NULL;

    while (state != NULL && state != handle) {
        state = state->next;
    }
    return state != NULL && state->registered ? state : NULL;
}

static struct dq_system_state *check(dq_processor *cpu, const void *handle)
{
    struct dq_system_state *state = find(cpu->machine, handle);

    if (state == NULL) {
        dq_wrong_object(cpu, handle, NULL,
                        "no registration that PoRegisterSystemState returned, or one that is "
                        "unregistered");
    }
    return state;
}

static struct dq_system_state *add(dq_processor *cpu, const void *place)
{
    dq_io *io = dq_io_of(cpu->machine);
    struct dq_system_state *made;

    if (io == NULL || dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, place)) {
        return NULL;
    }
    made = dq_keep(cpu->machine, sizeof(*made));
    if (made != NULL) {
        *made = (struct dq_system_state){ .registered = true,
                                          .place = place,
                                          .next = io->system_states };
        io->system_states = made;
    }
    return made;
}

PVOID NTAPI PoRegisterSystemState(PVOID StateHandle, EXECUTION_STATE Flags)
{
    struct dq_system_state *state;

    DQ_ENTER(PoRegisterSystemState, StateHandle, Flags, 0, 0, NULL);
    state = StateHandle != NULL ? check(cpu, StateHandle) : add(cpu, DQ_CALL_PLACE);
    if (state != NULL) {
        state->flags = Flags;
    }
    return state;
}

VOID NTAPI PoUnregisterSystemState(PVOID StateHandle)
{
    struct dq_system_state *state;

    DQ_ENTER(PoUnregisterSystemState, StateHandle, 0, 0, 0, DQ_VOID);
    state = check(cpu, StateHandle);
    if (state != NULL) {
        state->registered = false;
    }
}

/* A moment's activity, of which nothing remains. */
VOID NTAPI PoSetSystemState(EXECUTION_STATE Flags)
{
    DQ_ENTER(PoSetSystemState, NULL, Flags, 0, 0, DQ_VOID);
    (void)cpu;
}

void dq_system_states_for_each(dq_machine *machine,
                               void (*visit)(void *context, const void *place), void *context)
{
    for (const struct dq_system_state *s =
             dq_io_of(machine) != NULL ? dq_io_of(machine)->system_states : NULL;
         s != NULL; s = s->next) {
        if (s->registered) {
            visit(context, s->place);
        }
    }
}

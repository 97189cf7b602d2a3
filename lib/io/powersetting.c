/*
 * powersetting.c - power settings, and who is told of their changes.
 *
 * A machine begins as a computer in use: on mains, with its display on and its lid open.
 */
#include <string.h>

#include "io/io.h"
#include "io/power.h"
#include "ke/keep.h"
#include "ke/ki.h"

/* One that has changed. Values are kept as long as the machine: somebody may still read an old
 * one. */
struct dq_power_setting {
    GUID guid;
    void *value;
    ULONG bytes;
    struct dq_power_setting *next;
};

struct dq_power_callback {
    GUID guid;
    PPOWER_SETTING_CALLBACK routine;
    PVOID context;
    bool registered;
    const void *place;
    struct dq_power_callback *next; /* Registered later. */
};

typedef struct value {
    const void *data; /* NULL: there is none. */
    ULONG bytes;
} value;

/* ---- Values ---------------------------------------------------------------------------------- */

static bool is_same(const GUID *a, const GUID *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static value initial(const GUID *guid)
{
    static const struct {
        const GUID *guid;
        ULONG value;
    } numbers[] = {
        { &GUID_ACDC_POWER_SOURCE, PoAc },
        { &GUID_BATTERY_PERCENTAGE_REMAINING, 100 },
        { &GUID_CONSOLE_DISPLAY_STATE, PowerMonitorOn },
        { &GUID_GLOBAL_USER_PRESENCE, PowerUserPresent },
        { &GUID_LIDSWITCH_STATE_CHANGE, 1 },
        { &GUID_MONITOR_POWER_ON, 1 },
        { &GUID_POWER_SAVING_STATUS, 0 },
        { &GUID_SYSTEM_AWAYMODE, 0 },
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        if (is_same(numbers[i].guid, guid)) {
            return (value){ &numbers[i].value, sizeof(numbers[i].value) };
        }
    }
    if (is_same(&GUID_POWERSCHEME_PERSONALITY, guid)) {
        return (value){ &GUID_TYPICAL_POWER_SAVINGS, sizeof(GUID) };
    }
    return (value){ NULL, 0 };
}

static struct dq_power_setting *find(const dq_io *io, const GUID *guid)
{
    struct dq_power_setting *setting = io->power_settings;

    while (setting != NULL && !is_same(&setting->guid, guid)) {
        setting = setting->next;
    }
    return setting;
}

static value present(const dq_io *io, const GUID *guid)
{
    const struct dq_power_setting *setting = find(io, guid);

    return setting != NULL ? (value){ setting->value, setting->bytes } : initial(guid);
}

/* ---- Telling --------------------------------------------------------------------------------- */

static void check_irql(dq_processor *cpu, const struct dq_power_callback *callback)
{
    if (cpu->irql != DQ_LEVEL_PASSIVE) {
        dq_bugcheck(cpu, IRQL_UNEXPECTED_VALUE, (uint64_t)cpu->irql << 16 | 3,
                    (uintptr_t)DQ_CODE(callback->routine), 0, 0,
                    "a power setting callback was called at PASSIVE_LEVEL and returns at IRQL %u",
                    cpu->irql);
    }
}

/* The routine has its own copy: it may write to it. */
static void tell(dq_processor *cpu, const struct dq_power_callback *callback, const value *what)
{
    const GUID guid = callback->guid;
    void *copy = dq_keep(cpu->machine, what->bytes > 0 ? what->bytes : 1);
    unsigned depth;

    if (copy == NULL) {
        return;
    }
    memcpy(copy, what->data, what->bytes);
    depth = dq_guest_begin(cpu);
    (void)callback->routine(&guid, copy, what->bytes, callback->context);
    dq_guest_end(depth);
    check_irql(dq_self, callback);
    dq_keep_drop(dq_self->machine, copy);
}

static bool set(dq_machine *machine, dq_io *io, const GUID *guid, const value *what)
{
    struct dq_power_setting *setting = find(io, guid);
    void *copy = dq_keep(machine, what->bytes > 0 ? what->bytes : 1);

    if (setting == NULL) {
        setting = dq_keep(machine, sizeof(*setting));
        if (setting != NULL) {
            setting->guid = *guid;
            setting->next = io->power_settings;
            io->power_settings = setting;
        }
    }
    if (setting == NULL || copy == NULL) {
        return false;
    }
    memcpy(copy, what->data, what->bytes);
    setting->value = copy;
    setting->bytes = what->bytes;
    return true;
}

static const struct dq_power_callback *last_of(const dq_io *io)
{
    const struct dq_power_callback *last = io->power_callbacks;

    while (last != NULL && last->next != NULL) {
        last = last->next;
    }
    return last;
}

/* Who registers meanwhile has been told of the new value by that. */
static void tell_all(const dq_io *io, const GUID *guid, const value *what)
{
    const struct dq_power_callback *last = last_of(io);
    const struct dq_power_callback *next;

    for (const struct dq_power_callback *c = io->power_callbacks; c != NULL; c = next) {
        next = c != last ? c->next : NULL; /* Before the routine may register another. */
        if (c->registered && is_same(&c->guid, guid)) {
            tell(dq_self, c, what);
        }
    }
}

bool dq_power_setting_change(dq_processor *cpu, const GUID *guid, const void *data, ULONG bytes)
{
    dq_io *io = dq_io_of(cpu->machine);
    const value before = io != NULL ? present(io, guid) : (value){ NULL, 0 };
    const value after = { bytes > 0 ? data : "", bytes };

    if (before.data != NULL && before.bytes == bytes &&
        memcmp(before.data, after.data, bytes) == 0) {
        return true;
    }
    if (io == NULL || !set(cpu->machine, io, guid, &after)) {
        return false;
    }
    tell_all(io, guid, &after);
    return true;
}

/* ---- Registering ----------------------------------------------------------------------------- */

static void append(dq_io *io, struct dq_power_callback *callback)
{
    struct dq_power_callback **link = &io->power_callbacks;

    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = callback;
}

NTSTATUS NTAPI PoRegisterPowerSettingCallback(PDEVICE_OBJECT DeviceObject, LPCGUID SettingGuid,
                                              PPOWER_SETTING_CALLBACK Callback, PVOID Context,
                                              PVOID *Handle)
{
    struct dq_power_callback *made;
    value now;
    dq_io *io;

    DQ_ENTER(PoRegisterPowerSettingCallback, DeviceObject, (uintptr_t)Callback, SettingGuid, 0,
             STATUS_UNSUCCESSFUL);
    io = dq_io_of(cpu->machine);
    if (io == NULL || dq_fails(cpu, DQ_FAIL_CALLBACK, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    made = dq_keep(cpu->machine, sizeof(*made));
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *made = (struct dq_power_callback){ .guid = *SettingGuid,
                                        .routine = Callback,
                                        .context = Context,
                                        .registered = true,
                                        .place = DQ_CALL_PLACE };
    append(io, made);
    if (Handle != NULL) {
        *Handle = made;
    }
    now = present(io, SettingGuid);
    if (now.data != NULL) {
        tell(cpu, made, &now);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PoUnregisterPowerSettingCallback(PVOID Handle)
{
    struct dq_power_callback *callback;

    DQ_ENTER(PoUnregisterPowerSettingCallback, Handle, 0, 0, 0, STATUS_UNSUCCESSFUL);
    callback = dq_io_of(cpu->machine) != NULL ? dq_io_of(cpu->machine)->power_callbacks : NULL;
    while (callback != NULL && (callback != Handle || !callback->registered)) {
        callback = callback->next;
    }
    if (callback == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    callback->registered = false;
    return STATUS_SUCCESS;
}

void dq_power_settings_for_each(dq_machine *machine,
                                void (*visit)(void *context, const void *place), void *context)
{
    const struct dq_power_callback *c =
        dq_io_of(machine) != NULL ? dq_io_of(machine)->power_callbacks : NULL;

    for (; c != NULL; c = c->next) {
        if (c->registered) {
            visit(context, c->place);
        }
    }
}

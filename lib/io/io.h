/*
 * io.h - what the files of this folder share: who owns which device and which interrupt lines.
 */
#ifndef DQ_IO_H
#define DQ_IO_H

#include <ntddk.h>

#include "io/file.h"
#include "io/irp.h"
#include "io/name.h"
#include "ke/interrupt.h"
#include "sim/machine.h"

/* How far a device has come. */
typedef enum dq_pdo_state {
    DQ_PDO_PRESENT, /* Nobody has added it to a driver yet; or it was stopped. */
    DQ_PDO_ADDED,   /* To a driver, and not started yet: nobody can open it. */
    DQ_PDO_STARTED,
    DQ_PDO_SURPRISED, /* IRP_MN_SURPRISE_REMOVAL was sent. */
    DQ_PDO_REMOVED
} dq_pdo_state;

/* What the PnP manager would know about a physical device object. */
typedef struct dq_pdo {
    PDEVICE_OBJECT device;
    char name[32];
    dq_line **lines;
    unsigned line_count;
    dq_pdo_state state; /* For who sends it requests. */
    const void *state_place;
    struct dq_pdo *next;
} dq_pdo;

/* What a message-based connection returned. Kept when disconnected, so that a stale pointer is
 * known as such. */
typedef struct dq_message_table {
    PIO_INTERRUPT_MESSAGE_INFO info;
    bool connected;
    struct dq_message_table *next;
} dq_message_table;

typedef struct dq_io {
    dq_pdo *pdos;
    dq_message_table *tables;
    struct dq_device_record *devices; /* device.c */
    struct dq_remove_lock *remove_locks; /* removelock.c */
    struct dq_devnode *devnodes;         /* devnode.c */
    struct dq_interface *interfaces;     /* deviceinterface.c */
    struct dq_remove_hold *unused_holds;
    dq_irps irps; /* irprecord.c */
    struct dq_symbolic_link *links;         /* name.c */
    struct dq_file *files;                  /* file.c */
    struct dq_volume *volume;               /* volume.c */
    struct dq_named_event *events;          /* namedevent.c */
    struct dq_shutdown *shutdowns;          /* shutdown.c */
    struct dq_idle *idles;                  /* idle.c */
    struct dq_system_state *system_states;  /* powerstate.c */
    struct dq_power_request *power_requests;   /* powerrequest.c */
    struct dq_power_setting *power_settings;   /* powersetting.c */
    struct dq_power_callback *power_callbacks; /* powersetting.c */
    struct dq_error_entry *error_entries;   /* errorlog.c */
    struct dq_wmi_provider *wmi_providers;  /* wmi.c */
    ULONG wmi_providers_made;
    struct dq_pnp_notification *notifications; /* pnpnotify.c */
    struct dq_driver_extension *extensions; /* driverobject.c */
    DRIVER_OBJECT bus;                      /* bus.c */
} dq_io;

/* NULL when memory is short. */
dq_io *dq_io_of(dq_machine *machine);

/* ---- device.c -------------------------------------------------------------------------------- */

/* A device object without a driver, and without an extension. NULL when memory is short. */
PDEVICE_OBJECT dq_device_object_create(dq_machine *machine);

/* True if it is one that is not deleted. */
bool dq_device_is_alive(dq_machine *machine, const void *device);

/* True if it is one, deleted or not, whose memory is still there. */
bool dq_device_is_known(dq_machine *machine, const void *device);

/* The one, not deleted, that has the address in it or in its extension, how far from its start, and
 * who made it; NULL: none. */
PDEVICE_OBJECT dq_device_at(dq_machine *machine, const void *address, size_t *offset,
                            const void **place);

/* NULL: it is none. */
const UNICODE_STRING *dq_device_name(dq_machine *machine, const DEVICE_OBJECT *device);

/* The device that it is attached to; NULL: none. */
PDEVICE_OBJECT dq_device_lower(dq_machine *machine, const DEVICE_OBJECT *device);
void dq_device_set_lower(dq_machine *machine, const DEVICE_OBJECT *device, PDEVICE_OBJECT lower);

/* The highest device of its stack. */
static inline PDEVICE_OBJECT dq_device_top(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice != NULL) {
        device = device->AttachedDevice;
    }
    return device;
}

/* What IoStartNextPacket was asked for. */
typedef struct dq_start_next {
    bool cancelable, by_key;
    ULONG key;
} dq_start_next;

/* A device's part of startio.c. */
typedef struct dq_startio {
    bool deferred, non_cancelable; /* Its attributes. */
    bool wanted;                   /* The next, when StartIo has returned. */
    dq_start_next next;
    const dq_execution *within; /* That is in its StartIo routine, or NULL. */
} dq_startio;

/* NULL: it is no device. */
dq_startio *dq_device_startio(dq_machine *machine, const DEVICE_OBJECT *device);

/* The power state that its driver has told. NULL: it is no device. */
POWER_STATE *dq_device_power(dq_machine *machine, const void *device);

/* NULL: no device has this name. */
PDEVICE_OBJECT dq_device_named(dq_machine *machine, const UNICODE_STRING *name);

/* A held device object stays in memory when it is deleted, until it is released. Anything else than
 * a device object has no effect. */
void dq_device_object_hold(dq_machine *machine, const void *device);
void dq_device_object_release(dq_machine *machine, const void *device);

/* Calls visit() for each that IoCreateDevice made, called from `place`, and that is not deleted:
 * for leak reports. */
void dq_device_for_each(dq_machine *machine,
                        void (*visit)(void *context, PDEVICE_OBJECT device, const void *place),
                        void *context);

/* The same for each with references, deleted or not. */
void dq_device_for_each_referenced(dq_machine *machine,
                                   void (*visit)(void *context, PDEVICE_OBJECT device,
                                                 const void *place),
                                   void *context);

/* ---- iotimer.c ------------------------------------------------------------------------------- */

/* The device is deleted, and its timer with it: a finding if that is started. */
void dq_iotimer_delete(dq_processor *cpu, PDEVICE_OBJECT device);

/* The place that started the device's timer; NULL: it is not started. */
const void *dq_iotimer_started(const DEVICE_OBJECT *device);

/* ---- shutdown.c ------------------------------------------------------------------------------ */

/* The device is told nothing any more. */
void dq_shutdown_forget(dq_machine *machine, PDEVICE_OBJECT device);
/* Who registered the device; NULL: nobody. */
const void *dq_shutdown_registered(dq_machine *machine, const DEVICE_OBJECT *device);
/* The system shuts down. At PASSIVE_LEVEL. */
void dq_shutdown_tell(dq_processor *cpu, const void *place);

/* ---- idle.c, powerstate.c, errorlog.c -------------------------------------------------------- */

/* The device is deleted, and its idle counter with it. */
void dq_idle_delete(dq_machine *machine, const DEVICE_OBJECT *device);

/* Calls visit() for each registration, or entry, that is left, with who made it: for leak
 * reports. */
void dq_system_states_for_each(dq_machine *machine,
                               void (*visit)(void *context, const void *place), void *context);
void dq_error_entries_for_each(dq_machine *machine,
                               void (*visit)(void *context, const void *place), void *context);

/* ---- driverobject.c -------------------------------------------------------------------------- */

/* The driver object goes, and its extensions with it. */
void dq_driver_extensions_drop(dq_machine *machine, const DRIVER_OBJECT *driver);

/* ---- bus.c ----------------------------------------------------------------------------------- */

/* The driver of all physical device objects of the test. NULL when memory is short. */
PDRIVER_OBJECT dq_bus_driver(dq_machine *machine);

/* ---- removelock.c ---------------------------------------------------------------------------- */

/* The memory is given back: the remove locks in it are no more. */
void dq_remove_locks_forget(dq_machine *machine, const void *base, size_t bytes);

/* ---- resource.c ------------------------------------------------------------------------------ */

/* A physical device object that owns these lines. NULL when memory is short. */
dq_pdo *dq_pdo_create(dq_machine *machine, const char *name, dq_line *const *lines, unsigned count);
/* NULL for a device object that is none. */
dq_pdo *dq_pdo_find(dq_machine *machine, const void *device);

/* The device of the enabled interface that a name leads to (deviceinterface.c), and how much of the
 * name leads there: the rest, which a reference string is part of, is for its driver. NULL: there is
 * none. */
PDEVICE_OBJECT dq_interface_device(dq_machine *machine, const UNICODE_STRING *name, USHORT *bytes);
/* How many of its lines are messages. */
unsigned dq_pdo_messages(const dq_pdo *pdo);

/* The processors that may take a line's interrupts. */
uint64_t dq_resource_processors(const dq_machine *machine, const dq_line *line);
/* Fills in what the line itself decides: vector, IRQL, mode, sharing, processors. */
void dq_resource_connection(const dq_machine *machine, const dq_line *line,
                            dq_connection *connection);

/* ---- connect.c ------------------------------------------------------------------------------- */

/* Which status a refused connection gets: the two families of calls differ. */
typedef struct dq_connect_statuses {
    NTSTATUS no_processor;
    NTSTATUS no_line;
} dq_connect_statuses;

/* Checks a connection that the driver specified in full, and makes it. */
NTSTATUS dq_connect_specified(dq_processor *cpu, dq_connection *wanted,
                              const dq_connect_statuses *statuses, PKINTERRUPT *interrupt);

/* ---- message.c ------------------------------------------------------------------------------- */

/* Connects every message of `pdo`; `common` says what all have in common. */
NTSTATUS dq_message_connect(dq_processor *cpu, const dq_pdo *pdo, const dq_connection *common,
                            PIO_INTERRUPT_MESSAGE_INFO *info);
/* The connected table that `pointer` is; anything else is a finding of `function`, and NULL. */
dq_message_table *dq_message_check(dq_processor *cpu, const void *pointer, const char *function,
                                   const void *place);

/* ---- disconnect.c ---------------------------------------------------------------------------- */

/* The handle for a Version and ConnectionContext, to be disconnected or (de)activated: a finding
 * if they do not match what the connecting call answered. NULL if there is none (for messages,
 * always). */
PKINTERRUPT dq_connected_object(dq_processor *cpu, ULONG version, const void *context,
                                const char *function, const void *place);

#endif

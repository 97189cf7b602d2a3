/*
 * leftex.c - what is left over of pool, lists, resources, timers, callbacks, work items, devices,
 * remove locks, rundown protection, mappings and PortCls objects when the body has returned.
 */
#include <stdio.h>
#include <string.h>

#include "control/left.h"
#include "ex/etw.h"
#include "ex/executive.h"
#include "ex/pool.h"
#include "io/devnode.h"
#include "io/pci.h"
#include "io/pnpnotify.h"
#include "io/power.h"
#include "io/removelock.h"
#include "ke/bugcheckcallback.h"
#include "ke/handle.h"
#include "ke/ki.h"
#include "ke/nmi.h"
#include "ke/processorchange.h"
#include "mm/iospace.h"
#include "mm/pagable.h"
#include "pc/unknown.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

/* ---- Pool ------------------------------------------------------------------------------------ */

static void add_object(dq_leaks *leaks, const dq_pool_block *block)
{
    const pc_unknown *object = block->address;

    dq_leak leak = { .rule = "ReferenceLeak",
                     .severity = DQ_ERROR,
                     .service = block->service,
                     .maker = block->maker,
                     .place = block->place };

    snprintf(leak.text, sizeof(leak.text), "an %s still has %d reference%s", block->object,
             (int)object->references, object->references == 1 ? "" : "s");
    dq_leaks_add(leaks, &leak);
}

static void add_block(void *context, const dq_pool_block *block)
{
    dq_leak leak = { .rule = "PoolLeak",
                     .severity = DQ_ERROR,
                     .service = block->service,
                     .place = block->place,
                     .bytes = block->bytes };

    if (block->object != NULL) {
        if (block->object[0] != '\0') { /* Its parts go with it. */
            add_object(context, block);
        }
        return;
    }
    snprintf(leak.text, sizeof(leak.text), "%s pool with tag \"%.4s\" was never freed",
             block->paged ? "paged" : "nonpaged", (const char *)&block->tag);
    dq_leaks_add(context, &leak);
}

/* ---- The executive's objects ----------------------------------------------------------------- */

static void find_work(const dq_executive *ex, dq_leaks *leaks)
{
    char routine[PLACE_TEXT];

    for (unsigned i = 0; i < DQ_PRIORITIES; i++) {
        for (const dq_work_entry *e = ex->work.queues[i].first; e != NULL; e = e->next) {
            if (!e->work.system) {
                dirql_left(leaks, "WorkItemLeft", DQ_SERVICE_IoQueueWorkItem, e->work.place,
                           "a work item is still queued (its routine: %s)",
                           dq_place_describe((const char *)e->work.routine + 1, routine,
                                             sizeof(routine)));
            }
        }
    }
}

static void find_callbacks(const dq_executive *ex, dq_leaks *leaks)
{
    for (PCALLBACK_OBJECT object = ex->callbacks.objects; object != NULL; object = object->next) {
        LONG registered = 0;

        for (const dq_registration *r = object->registrations; r != NULL; r = r->next) {
            registered++;
            dirql_left(leaks, "CallbackLeft", DQ_SERVICE_ExRegisterCallback, r->place,
                       "a callback routine is still registered");
        }
        if (object->object.references > registered) {
            dirql_left(leaks, "ReferenceLeak", DQ_SERVICE_ExCreateCallback, object->place,
                       "a callback object still has %d reference%s",
                       (int)(object->object.references - registered),
                       object->object.references - registered == 1 ? "" : "s");
        }
    }
}

static void find_executive(const dq_executive *ex, dq_leaks *leaks)
{
    for (const dq_lookaside *list = ex->lookasides; list != NULL; list = list->next) {
        dirql_left(leaks, "LookasideLeft",
                   list->takes_list ? DQ_SERVICE_ExInitializeLookasideListEx
                                    : DQ_SERVICE_ExInitializeNPagedLookasideList,
                   list->place, "a lookaside list is not deleted");
    }
    for (const dq_resource *r = ex->resources.all; r != NULL; r = r->next) {
        dirql_left(leaks, "ResourceLeft", DQ_SERVICE_ExInitializeResourceLite, r->place,
                   "an ERESOURCE is not deleted");
    }
    for (const struct _EX_TIMER *timer = ex->timers; timer != NULL; timer = timer->next) {
        if (!timer->deleted) {
            dirql_left(leaks, "TimerLeft", DQ_SERVICE_ExAllocateTimer, timer->place,
                       "an EX_TIMER is not deleted");
        }
    }
    for (const dq_rundown_hold *hold = ex->rundown_holds; hold != NULL; hold = hold->next) {
        dirql_left(leaks, "RundownLeft", hold->service, hold->place,
                   "rundown protection is still acquired %u time%s", (unsigned)hold->count,
                   hold->count == 1 ? "" : "s");
    }
    find_callbacks(ex, leaks);
    find_work(ex, leaks);
}

/* ---- Devices --------------------------------------------------------------------------------- */

static void add_device(void *leaks, PDEVICE_OBJECT device, const void *place)
{
    const void *started = dq_iotimer_started(device);

    dq_leaks_add(leaks, &(dq_leak){ .rule = "DeviceLeft",
                                    .severity = DQ_WARNING,
                                    .service = DQ_SERVICE_IoCreateDevice,
                                    .place = place,
                                    .text = "a device object is not deleted" });
    if (started != NULL) {
        dirql_left(leaks, "TimerLeft", DQ_SERVICE_IoStartTimer, started,
                   "the timer of a device object is still started");
    }
}

static void add_irp(void *leaks, dq_irp *record)
{
    if (record->final) {
        return; /* All drivers are done with it: its thread, or the power manager, will free it. */
    }
    dirql_left(leaks, "IrpLeft", record->service, record->place, "%s",
               record->sent ? "a request is not completed" : "an IRP is not freed");
}

static void add_system_state(void *leaks, const void *place)
{
    dirql_left(leaks, "SystemStateLeft", DQ_SERVICE_PoRegisterSystemState, place,
               "a system state is still registered");
}

static void add_notification(void *leaks, const void *place)
{
    dirql_left(leaks, "NotificationLeft", DQ_SERVICE_IoRegisterPlugPlayNotification, place,
               "a notification of Plug and Play events is still registered");
}

static void add_bus_interface(void *leaks, const void *place)
{
    dirql_left(leaks, "BusInterfaceLeft", DQ_SERVICE_IoCallDriver, place,
               "a bus interface is still referenced");
}

static void add_processor_change(void *leaks, const void *place)
{
    dirql_left(leaks, "ProcessorChangeLeft", DQ_SERVICE_KeRegisterProcessorChangeCallback, place,
               "a routine that is told of added processors is still registered");
}

static void add_bugcheck_callback(void *leaks, const void *place)
{
    dirql_left(leaks, "BugCheckCallbackLeft", DQ_SERVICE_KeRegisterBugCheckCallback, place,
               "a bug check routine is still registered");
}

static void add_provider(void *leaks, const void *place)
{
    dirql_left(leaks, "EtwProviderLeft", DQ_SERVICE_EtwRegister, place,
               "a provider of events is still registered");
}

static void add_bugcheck_reason(void *leaks, const void *place)
{
    dirql_left(leaks, "BugCheckCallbackLeft", DQ_SERVICE_KeRegisterBugCheckReasonCallback, place,
               "a bug check routine is still registered");
}

static void add_nmi_callback(void *leaks, const void *place)
{
    dirql_left(leaks, "NmiCallbackLeft", DQ_SERVICE_KeRegisterNmiCallback, place,
               "an NMI callback is still registered");
}

static void add_power_request(void *leaks, const void *place)
{
    dirql_left(leaks, "PowerRequestLeft", DQ_SERVICE_PoCreatePowerRequest, place,
               "a power request is not deleted");
}

static void add_power_setting(void *leaks, const void *place)
{
    dirql_left(leaks, "PowerSettingLeft", DQ_SERVICE_PoRegisterPowerSettingCallback, place,
               "a power setting callback is still registered");
}

static void add_error_entry(void *leaks, const void *place)
{
    dirql_left(leaks, "ErrorLogLeft", DQ_SERVICE_IoAllocateErrorLogEntry, place,
               "an entry of the error log is neither written nor freed");
}

/* Those with an open handle are told of with the handles, those in use with the requests. */
static void add_file(void *leaks, const dq_file_left *left)
{
    if (!left->has_handle && !left->is_busy) {
        dirql_left(leaks, "ReferenceLeak", left->service, left->place,
                   "a file object still has a reference: its device is open");
    }
}

/* Those of open files are told of with the files. */
typedef struct references {
    dq_leaks *leaks;
    const DEVICE_OBJECT *device;
    LONG count;
} references;

static void take_off_file(void *context, const dq_file_left *left)
{
    references *r = context;

    r->count -= left->file->DeviceObject == r->device ? 1 : 0;
}

static void add_references(void *context, PDEVICE_OBJECT device, const void *place)
{
    references *r = context;

    r->device = device;
    r->count = device->ReferenceCount;
    dq_file_for_each(dq_self->machine, take_off_file, r);
    if (r->count > 0) {
        dirql_left(r->leaks, "ReferenceLeak", DQ_SERVICE_IoCreateDevice, place,
                   "a device object still has %d reference%s", (int)r->count,
                   r->count == 1 ? "" : "s");
    }
}

static void find_links(const dq_io *io, dq_leaks *leaks)
{
    for (const dq_symbolic_link *link = io->links; link != NULL; link = link->next) {
        dq_leaks_add(leaks, &(dq_leak){ .rule = "LinkLeft",
                                        .severity = DQ_WARNING,
                                        .service = DQ_SERVICE_IoCreateSymbolicLink,
                                        .place = link->place,
                                        .text = "a symbolic link is not deleted" });
    }
}

static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash != NULL ? slash + 1 : file;
}

static void find_interfaces(const dq_io *io, dq_leaks *leaks)
{
    for (const dq_interface *i = io->interfaces; i != NULL; i = i->next) {
        if (i->enabled) {
            dq_leaks_add(leaks, &(dq_leak){ .rule = "InterfaceLeft",
                                            .severity = DQ_WARNING,
                                            .service = DQ_SERVICE_IoSetDeviceInterfaceState,
                                            .place = i->place,
                                            .text = "a device interface is still enabled" });
        }
    }
}

static void find_remove_locks(const dq_io *io, dq_leaks *leaks)
{
    for (const dq_remove_lock *lock = io->remove_locks; lock != NULL; lock = lock->next) {
        for (const dq_remove_hold *hold = lock->holds; hold != NULL; hold = hold->next) {
            dirql_left(leaks, "RemoveLockLeft", DQ_SERVICE_IoAcquireRemoveLockEx, hold->place,
                       "a remove lock is still acquired, since %s:%u",
                       hold->file != NULL ? base_name(hold->file) : "?", (unsigned)hold->line);
        }
    }
}

/* ---- Handles --------------------------------------------------------------------------------- */

static void add_handle(void *leaks, const dq_handle_left *left)
{
    dirql_left(leaks, "HandleLeak", left->service, left->place, "a handle of a %s is not closed",
               left->object->what != NULL ? left->object->what : "kernel object");
}

static void find_sections(const dq_kernel *kernel, dq_leaks *leaks)
{
    for (const dq_section *s = kernel->sections; s != NULL; s = s->next) {
        if (s->locks > 0) {
            dirql_left(leaks, "SectionLeft", DQ_SERVICE_MmLockPagableDataSection, s->place,
                       "a pageable section is still locked %u time%s", s->locks,
                       s->locks == 1 ? "" : "s");
        }
    }
}

void dirql_left_executive(dq_machine *machine, dq_leaks *leaks)
{
    const dq_kernel *kernel = machine->kernel;

    dq_pool_for_each(machine, add_block, leaks);
    find_sections(kernel, leaks);
    if (kernel->ex != NULL) {
        find_executive(kernel->ex, leaks);
        dq_etw_for_each(machine, add_provider, leaks);
    }
    if (kernel->io != NULL) {
        dq_device_for_each(machine, add_device, leaks);
        find_interfaces(kernel->io, leaks);
        find_remove_locks(kernel->io, leaks);
        dq_irp_for_each(machine, add_irp, leaks);
        dq_system_states_for_each(machine, add_system_state, leaks);
        dq_power_requests_for_each(machine, add_power_request, leaks);
        dq_power_settings_for_each(machine, add_power_setting, leaks);
        dq_error_entries_for_each(machine, add_error_entry, leaks);
        dq_pnp_notifications_for_each(machine, add_notification, leaks);
        dq_bus_references_for_each(machine, add_bus_interface, leaks);
        dq_file_for_each(machine, add_file, leaks);
        dq_device_for_each_referenced(machine, add_references, &(references){ .leaks = leaks });
        find_links(kernel->io, leaks);
    }
    dq_bugcheck_callbacks_for_each(machine, add_bugcheck_callback, leaks);
    dq_bugcheck_reasons_for_each(machine, add_bugcheck_reason, leaks);
    dq_nmi_callbacks_for_each(machine, add_nmi_callback, leaks);
    dq_processor_changes_for_each(machine, add_processor_change, leaks);
    dq_handle_for_each(machine, add_handle, leaks);
    for (const dq_mapping *m = kernel->mappings; m != NULL; m = m->next) {
        dq_leak leak = { .rule = "MappingLeft",
                         .severity = DQ_ERROR,
                         .service = DQ_SERVICE_MmMapIoSpace,
                         .place = m->place,
                         .bytes = m->bytes,
                         .text = "device memory is still mapped" };

        dq_leaks_add(leaks, &leak);
    }
}

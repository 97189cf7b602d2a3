/*
 * pnpnotify.h - who is told of Plug and Play events, and telling them.
 */
#ifndef DQ_IO_PNPNOTIFY_H
#define DQ_IO_PNPNOTIFY_H

#include <wdm.h>

#include "io/io.h"

/* An interface of this class has come, or gone: who is registered for the class is told soon after,
 * on a worker thread. */
void dq_pnp_tell_interface(dq_processor *cpu, const GUID *class_id, const UNICODE_STRING *link,
                           bool arrived, const void *place);

/* The device is about to be removed, is not after all, or is gone: who is registered with a file
 * object of its stack is told at once, at PASSIVE_LEVEL. Returns the status of who objects to
 * IRP_MN_QUERY_REMOVE_DEVICE; whoever was told before is told that it is off. */
NTSTATUS dq_pnp_tell_target(dq_processor *cpu, PDEVICE_OBJECT pdo, UCHAR minor);

/* A custom event: who is registered with a file object of the device's stack is told at once, at
 * PASSIVE_LEVEL, each with its own file object. */
void dq_pnp_tell_custom(dq_machine *machine, PDEVICE_OBJECT pdo,
                        PTARGET_DEVICE_CUSTOM_NOTIFICATION told);

/* True if the event is one that only the PnP manager tells of. */
bool dq_pnp_is_system_event(const GUID *event);

/* Who made the registration that keeps this driver loaded, or NULL. */
const void *dq_pnp_holds_driver(dq_machine *machine, const DRIVER_OBJECT *driver);

/* Calls visit() for each registration, with who made it: for leak reports. */
void dq_pnp_notifications_for_each(dq_machine *machine,
                                   void (*visit)(void *context, const void *place), void *context);

#endif

/*
 * name.h - names of objects: which device or link has one.
 */
#ifndef DQ_NAME_H
#define DQ_NAME_H

#include <ntddk.h>

#include "sim/processor.h"

/* Names are compared without regard to case. */
bool dq_name_is(const UNICODE_STRING *one, const UNICODE_STRING *other);

/* True if `name` is `prefix`, or goes on with a backslash after it. */
bool dq_name_begins(const UNICODE_STRING *name, const UNICODE_STRING *prefix);

/* True if it begins with a backslash and has no empty part. */
bool dq_name_is_valid(const UNICODE_STRING *name);

/* A copy that lives as long as the machine. Buffer NULL: no memory. */
UNICODE_STRING dq_name_keep(dq_machine *machine, const UNICODE_STRING *name);
void dq_name_drop(dq_machine *machine, UNICODE_STRING *name);

typedef struct dq_symbolic_link {
    UNICODE_STRING name;
    UNICODE_STRING target;
    const void *place; /* Who made it. */
    struct dq_symbolic_link *next;
} dq_symbolic_link;

/* True if it is that of a symbolic link. */
bool dq_name_is_link(dq_machine *machine, const UNICODE_STRING *name);

/* The device that the name begins with, or that links and device interfaces lead to from there, and
 * the rest of the name, which is to be dropped. NULL: there is none, and `status` says why. \DosDevices is \??; \??\C:
 * and \SystemRoot lead to the volume (volume.h). */
PDEVICE_OBJECT dq_name_open(dq_machine *machine, const UNICODE_STRING *name, UNICODE_STRING *rest,
                            NTSTATUS *status);

#endif

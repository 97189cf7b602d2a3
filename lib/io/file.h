/*
 * file.h - file objects: a device opened, by a driver or by the test.
 */
#ifndef DQ_FILE_H
#define DQ_FILE_H

#include <ntddk.h>

#include "sim/processor.h"

/* Opens the device of this name, or that a link leads to: IRP_MJ_CREATE to the top of its stack.
 * At PASSIVE_LEVEL; may wait. */
NTSTATUS dq_file_open_name(dq_processor *cpu, const UNICODE_STRING *name, PFILE_OBJECT *file,
                           const void *place);
/* The same for a device. */
NTSTATUS dq_file_open(dq_processor *cpu, PDEVICE_OBJECT device, PFILE_OBJECT *file,
                      const void *place);

/* Gives back the reference that opening made. The last one sends IRP_MJ_CLEANUP and
 * IRP_MJ_CLOSE. */
void dq_file_close(dq_processor *cpu, PFILE_OBJECT file, const void *place);

/* False, after a finding, if it is none that is open. */
bool dq_file_check(dq_processor *cpu, const FILE_OBJECT *file, const void *place);

/* Calls visit() for each that is open: for leak reports. */
void dq_file_for_each(dq_machine *machine,
                      void (*visit)(void *context, PFILE_OBJECT file, const void *place),
                      void *context);

#endif

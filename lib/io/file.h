/*
 * file.h - file objects: a device, or a file on a volume, opened by a driver or by the test.
 */
#ifndef DQ_FILE_H
#define DQ_FILE_H

#include <ntddk.h>

#include "ke/handle.h"
#include "sim/processor.h"

/* ---- file.c ---------------------------------------------------------------------------------- */

/* How a file is opened. */
typedef struct dq_file_request {
    PDEVICE_OBJECT device;
    const UNICODE_STRING *name; /* Behind the device's; NULL: none. */
    PFILE_OBJECT related;       /* That it is relative to, or NULL. */
    ACCESS_MASK access;         /* Without generic rights. */
    ULONG attributes, share, disposition, options;
    LONGLONG allocation;
    bool can_fail; /* For want of resources, where a test makes calls fail. */
    const void *place;
} dq_file_request;

/* IRP_MJ_CREATE to the top of the device's stack. `information` (or NULL): FILE_OPENED ... At
 * PASSIVE_LEVEL; may wait. */
NTSTATUS dq_file_create(dq_processor *cpu, const dq_file_request *request, PFILE_OBJECT *file,
                        ULONG_PTR *information);

/* Opens a device; or what this name leads to, for a driver (`can_fail`) or the test. */
NTSTATUS dq_file_open(dq_processor *cpu, PDEVICE_OBJECT device, PFILE_OBJECT *file,
                      const void *place);
NTSTATUS dq_file_open_name(dq_processor *cpu, const UNICODE_STRING *name, bool can_fail,
                           PFILE_OBJECT *file, const void *place);

/* Gives back the reference that opening made. The last one sends IRP_MJ_CLEANUP and
 * IRP_MJ_CLOSE. */
void dq_file_close(dq_processor *cpu, PFILE_OBJECT file, const void *place);

/* False, after a finding, if it is none that is open. */
bool dq_file_check(dq_processor *cpu, const FILE_OBJECT *file, const void *place);

/* Makes a handle, which takes over the reference that opening made; closing it sends
 * IRP_MJ_CLEANUP. On failure the file is closed. */
NTSTATUS dq_file_open_handle(dq_processor *cpu, PFILE_OBJECT file, const void *place,
                             PHANDLE handle);

/* The file of an open handle: STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH. */
NTSTATUS dq_file_of_handle(dq_processor *cpu, HANDLE handle, PFILE_OBJECT *file);

/* How it was opened. */
ACCESS_MASK dq_file_access(const FILE_OBJECT *file);
ULONG dq_file_options(const FILE_OBJECT *file);

/* A reference to it. */
dq_object *dq_file_hold(PFILE_OBJECT file);
/* Gives back a reference of any object, also at APC_LEVEL: the last one of a file object is given
 * back by a worker thread. */
void dq_file_release_later(dq_processor *cpu, dq_object *object);

/* Calls visit() for each that is open: for leak reports. */
typedef struct dq_file_left {
    PFILE_OBJECT file;
    dq_service service; /* That opened it. */
    const void *place;
    bool has_handle;
    bool is_busy; /* Its references are those of requests on their way. */
} dq_file_left;
void dq_file_for_each(dq_machine *machine,
                      void (*visit)(void *context, const dq_file_left *left), void *context);

/* ---- filerequest.c --------------------------------------------------------------------------- */

/* A request to an open file, for the service that `cpu` is in. */
typedef struct dq_file_call {
    PFILE_OBJECT file;
    UCHAR major, minor;
    HANDLE event;                 /* To be set at the end, or NULL. */
    PIO_STATUS_BLOCK status_block;
    void *buffer;
    ULONG bytes;
    bool input, output;           /* Drivers read the buffer, write to it. */
    bool copy;                    /* They get a copy, whatever the device says. */
    bool waits;                   /* Even if the file was not opened for synchronous requests. */
    /* When it is the request's turn, and when it is done if it was waited for. May be NULL. */
    void (*fill)(PIRP irp, PIO_STACK_LOCATION stack, void *context);
    void (*finish)(void *context, NTSTATUS status);
    void *context;
    const void *place;
} dq_file_call;

/* Waits if the file was opened for synchronous requests, one at a time; else may return
 * STATUS_PENDING. */
NTSTATUS dq_file_ask(dq_processor *cpu, const dq_file_call *call);

/* A file is used for what its handle was opened for, and not after it is marked for deletion: else
 * a warning. */
void dq_file_check_use(dq_processor *cpu, const FILE_OBJECT *file, ACCESS_MASK needed,
                       const void *place);

#endif

/*
 * file.c - file objects: made by IRP_MJ_CREATE, ended by IRP_MJ_CLEANUP and IRP_MJ_CLOSE.
 *
 * An open file keeps a reference to its device. IRP_MJ_CLEANUP is sent when its handle is closed;
 * where there was none, just before IRP_MJ_CLOSE.
 */
#include "io/file.h"

#include <stdio.h>

#include "ex/workqueue.h"
#include "io/io.h"
#include "io/irp.h"
#include "ke/keep.h"
#include "ke/ki.h"

enum { WHAT_TEXT = 80 };

typedef struct dq_file {
    dq_object object;
    const void *place; /* Who opened it. */
    dq_service service;
    ACCESS_MASK access;
    ULONG options;
    bool has_handle;
    bool cleaned_up;      /* IRP_MJ_CLEANUP was sent. */
    char what[WHAT_TEXT]; /* For reports. */
    struct dq_file *next;
    FILE_OBJECT file;
} dq_file;

static char file_type_mark;
static POBJECT_TYPE file_type = (POBJECT_TYPE)(void *)&file_type_mark;
POBJECT_TYPE *IoFileObjectType = &file_type;

static dq_file *record_of(const FILE_OBJECT *file)
{
    return CONTAINING_RECORD((FILE_OBJECT *)(uintptr_t)file, dq_file, file);
}

static dq_file **find(dq_machine *machine, const FILE_OBJECT *file)
{
    dq_io *io = dq_io_of(machine);
    dq_file **link = &io->files;

    while (*link != NULL && &(*link)->file != file) {
        link = &(*link)->next;
    }
    return link;
}

bool dq_file_check(dq_processor *cpu, const FILE_OBJECT *file, const void *place)
{
    if (file != NULL && dq_io_of(cpu->machine) != NULL && *find(cpu->machine, file) != NULL) {
        return true;
    }
    dq_find(cpu, &(dq_finding){ .severity = DQ_ERROR, .rule = "FileObject", .place = place },
            "%s was given %s", dq_service_name(cpu->execution->service),
            file != NULL ? "what is no file object, or one that is closed" : "NULL for a file");
    return false;
}

ACCESS_MASK dq_file_access(const FILE_OBJECT *file)
{
    return record_of(file)->access;
}

ULONG dq_file_options(const FILE_OBJECT *file)
{
    return record_of(file)->options;
}

typedef struct holders {
    const dq_object *object;
    LONG count;
} holders;

static void count_holder(void *context, dq_irp *record)
{
    holders *h = context;

    for (size_t i = 0; i < RTL_NUMBER_OF(record->held); i++) {
        h->count += record->held[i] == h->object;
    }
}

static bool is_busy(dq_machine *machine, const dq_file *file)
{
    holders h = { .object = &file->object };

    dq_irp_for_each(machine, count_holder, &h);
    return h.count > 0 && file->object.references == h.count;
}

void dq_file_for_each(dq_machine *machine, void (*visit)(void *context, const dq_file_left *left),
                      void *context)
{
    const dq_io *io = ((dq_kernel *)machine->kernel)->io;

    for (dq_file *file = io != NULL ? io->files : NULL; file != NULL; file = file->next) {
        visit(context, &(dq_file_left){ &file->file, file->service, file->place, file->has_handle,
                                        is_busy(machine, file) });
    }
}

/* ---- Closing --------------------------------------------------------------------------------- */

static void forget(dq_machine *machine, dq_file *file)
{
    *find(machine, &file->file) = file->next;
    file->file.DeviceObject->ReferenceCount--;
    dq_device_object_release(machine, file->file.DeviceObject);
    dq_name_drop(machine, &file->file.FileName);
    dq_keep_drop(machine, file);
}

static void send(dq_processor *cpu, dq_file *file, UCHAR major, const void *place)
{
    (void)dq_irp_transact(cpu,
                          &(dq_irp_transaction){ .device = file->file.DeviceObject,
                                                 .file = &file->file,
                                                 .major = major,
                                                 .place = place },
                          NULL);
}

static void clean_up(dq_file *file)
{
    if (!file->cleaned_up) {
        file->cleaned_up = true;
        send(dq_self, file, IRP_MJ_CLEANUP, file->place);
    }
}

/* Its handle is closed. */
static void close_handle(dq_machine *machine, dq_object *object)
{
    dq_file *file = CONTAINING_RECORD(object, dq_file, object);

    (void)machine;
    file->has_handle = false;
    clean_up(file);
}

/* The last reference is given back. */
static void retire(dq_machine *machine, dq_object *object)
{
    dq_file *file = CONTAINING_RECORD(object, dq_file, object);

    dq_object_remove(machine, object);
    clean_up(file);
    send(dq_self, file, IRP_MJ_CLOSE, file->place);
    forget(machine, file);
}

void dq_file_close(dq_processor *cpu, PFILE_OBJECT file, const void *place)
{
    if (dq_file_check(cpu, file, place)) {
        (void)dq_object_release(cpu->machine, &(*find(cpu->machine, file))->object);
    }
}

dq_object *dq_file_hold(PFILE_OBJECT file)
{
    record_of(file)->object.references++;
    return &record_of(file)->object;
}

static void do_nothing(const dq_work *work)
{
    (void)work;
}

static void release_in_worker(dq_machine *machine, const dq_work *work)
{
    (void)dq_object_release(machine, work->parameter);
}

void dq_file_release_later(dq_processor *cpu, dq_object *object)
{
    if (object->retire != retire || object->references > 1) {
        (void)dq_object_release(cpu->machine, object);
        return;
    }
    dq_work_queue_insert(cpu,
                         &(dq_work){ .item = object,
                                     .bytes = sizeof(*object),
                                     .routine = DQ_CODE(release_in_worker),
                                     .parameter = object,
                                     .call = do_nothing,
                                     .done = release_in_worker,
                                     .place = CONTAINING_RECORD(object, dq_file, object)->place,
                                     .system = true },
                         DelayedWorkQueue);
}

/* ---- Opening --------------------------------------------------------------------------------- */

static ULONG flags_of(ULONG options)
{
    ULONG flags = 0;

    flags |= options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)
                 ? FO_SYNCHRONOUS_IO
                 : 0;
    flags |= options & FILE_SYNCHRONOUS_IO_ALERT ? FO_ALERTABLE_IO : 0;
    flags |= options & FILE_NO_INTERMEDIATE_BUFFERING ? FO_NO_INTERMEDIATE_BUFFERING : 0;
    flags |= options & FILE_WRITE_THROUGH ? FO_WRITE_THROUGH : 0;
    flags |= options & FILE_SEQUENTIAL_ONLY ? FO_SEQUENTIAL_ONLY : 0;
    flags |= options & FILE_RANDOM_ACCESS ? FO_RANDOM_ACCESS : 0;
    flags |= options & FILE_DELETE_ON_CLOSE ? FO_DELETE_ON_CLOSE : 0;
    return flags;
}

static void fill(PFILE_OBJECT file, const dq_file_request *request)
{
    const ACCESS_MASK access = request->access;

    file->Type = IO_TYPE_FILE;
    file->Size = sizeof(FILE_OBJECT);
    file->DeviceObject = request->device;
    file->RelatedFileObject = request->related;
    file->Flags = flags_of(request->options);
    file->ReadAccess = (access & (FILE_READ_DATA | FILE_EXECUTE)) != 0;
    file->WriteAccess = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->DeleteAccess = (access & DELETE) != 0;
    file->SharedRead = (request->share & FILE_SHARE_READ) != 0;
    file->SharedWrite = (request->share & FILE_SHARE_WRITE) != 0;
    file->SharedDelete = (request->share & FILE_SHARE_DELETE) != 0;
    dq_wait_header_init(&file->Event.Header, DQ_TYPE_EVENT_NOTIFICATION, 0);
    dq_wait_header_init(&file->Lock.Header, DQ_TYPE_EVENT_SYNCHRONIZATION, 0);
}

/* "file "\x.wav"": of the name as much as fits, and of ASCII. */
static void describe(dq_file *file)
{
    const UNICODE_STRING *name = &file->file.FileName;
    size_t count = (size_t)snprintf(file->what, sizeof(file->what), "file");

    if (name->Length > 0) {
        count = (size_t)snprintf(file->what, sizeof(file->what), "file \"");
        for (size_t i = 0; i < name->Length / sizeof(WCHAR) && count < WHAT_TEXT - 2; i++) {
            file->what[count++] = name->Buffer[i] < 0x7F ? (char)name->Buffer[i] : '?';
        }
        file->what[count++] = '"';
        file->what[count] = '\0';
    }
}

static dq_file *make(dq_processor *cpu, const dq_file_request *request)
{
    dq_io *io = dq_io_of(cpu->machine);
    dq_file *file = dq_keep(cpu->machine, sizeof(*file));

    if (file == NULL) {
        return NULL;
    }
    if (request->name != NULL && request->name->Length > 0) {
        file->file.FileName = dq_name_keep(cpu->machine, request->name);
        if (file->file.FileName.Buffer == NULL) {
            dq_keep_drop(cpu->machine, file);
            return NULL;
        }
    }
    file->place = request->place;
    file->service = cpu->execution->service;
    file->access = request->access;
    file->options = request->options;
    fill(&file->file, request);
    describe(file);
    file->object = (dq_object){ .pointer = &file->file,
                                .what = file->what,
                                .type = file_type,
                                .references = 1,
                                .retire = retire,
                                .close = close_handle };
    request->device->ReferenceCount++;
    dq_device_object_hold(cpu->machine, request->device);
    file->next = io->files;
    io->files = file;
    return file;
}

/* What IRP_MJ_CREATE says. */
typedef struct creation {
    const dq_file_request *request;
    IO_SECURITY_CONTEXT security;
} creation;

static void fill_create(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    creation *c = context;
    const dq_file_request *request = c->request;

    irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
    irp->Overlay.AllocationSize.QuadPart = request->allocation;
    stack->Parameters.Create.SecurityContext = &c->security;
    stack->Parameters.Create.FileAttributes = (USHORT)request->attributes;
    stack->Parameters.Create.ShareAccess = (USHORT)request->share;
    stack->Parameters.Create.Options =
        request->disposition << 24 | (request->options & FILE_VALID_OPTION_FLAGS);
}

static bool is_open(dq_machine *machine, const DEVICE_OBJECT *device)
{
    const dq_file *file = dq_io_of(machine)->files;

    while (file != NULL && file->file.DeviceObject != device) {
        file = file->next;
    }
    return file != NULL;
}

/* Its stack waits for IRP_MN_START_DEVICE. */
static bool is_starting(dq_machine *machine, PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT bottom = device, lower;
    const dq_pdo *pdo;

    while ((lower = dq_device_lower(machine, bottom)) != NULL) {
        bottom = lower;
    }
    pdo = dq_pdo_find(machine, bottom);
    return pdo != NULL && pdo->state == DQ_PDO_ADDED;
}

static NTSTATUS check_device(dq_machine *machine, const dq_file_request *request)
{
    PDEVICE_OBJECT device = request->device;

    if (!dq_device_is_alive(machine, device) || is_starting(machine, device) ||
        (dq_device_top(device)->Flags & DO_DEVICE_INITIALIZING) != 0) {
        return STATUS_NO_SUCH_DEVICE;
    }
    return (device->Flags & DO_EXCLUSIVE) != 0 && request->related == NULL &&
                   is_open(machine, device)
               ? STATUS_ACCESS_DENIED
               : STATUS_SUCCESS;
}

NTSTATUS dq_file_create(dq_processor *cpu, const dq_file_request *request, PFILE_OBJECT *file,
                        ULONG_PTR *information)
{
    NTSTATUS status = check_device(cpu->machine, request);
    creation c = { .request = request,
                   .security = { .DesiredAccess = request->access,
                                 .FullCreateOptions = request->options } };
    dq_file *made = NULL;

    *file = NULL;
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!request->can_fail || !dq_fails(cpu, DQ_FAIL_IRP, 0, NULL, request->place)) {
        made = make(cpu, request);
    }
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = dq_irp_transact(cpu,
                             &(dq_irp_transaction){ .device = request->device,
                                                    .file = &made->file,
                                                    .major = IRP_MJ_CREATE,
                                                    .fill = fill_create,
                                                    .context = &c,
                                                    .place = request->place },
                             information);
    made->file.RelatedFileObject = NULL; /* Documented to be valid while it is opened only. */
    if (NT_SUCCESS(status)) {
        dq_object_add(dq_self->machine, &made->object);
        *file = &made->file;
    } else {
        forget(dq_self->machine, made);
    }
    return status;
}

/* As the test and IoGetDeviceObjectPointer open a device. */
static dq_file_request plain_request(PDEVICE_OBJECT device, const UNICODE_STRING *name,
                                     const void *place)
{
    return (dq_file_request){ .device = device,
                              .name = name,
                              .access = FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_ATTRIBUTES,
                              .share = FILE_SHARE_READ | FILE_SHARE_WRITE,
                              .disposition = FILE_OPEN,
                              .place = place };
}

NTSTATUS dq_file_open(dq_processor *cpu, PDEVICE_OBJECT device, PFILE_OBJECT *file,
                      const void *place)
{
    const dq_file_request request = plain_request(device, NULL, place);

    return dq_file_create(cpu, &request, file, NULL);
}

NTSTATUS dq_file_open_name(dq_processor *cpu, const UNICODE_STRING *name, bool can_fail,
                           PFILE_OBJECT *file, const void *place)
{
    dq_machine *machine = cpu->machine;
    dq_file_request request;
    PDEVICE_OBJECT device;
    UNICODE_STRING rest;
    NTSTATUS status;

    *file = NULL;
    if (!dq_name_is_valid(name)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    device = dq_name_open(machine, name, &rest, &status);
    if (device != NULL) {
        request = plain_request(device, &rest, place);
        request.can_fail = can_fail;
        status = dq_file_create(cpu, &request, file, NULL);
    }
    dq_name_drop(machine, &rest);
    return status;
}

/* ---- Handles --------------------------------------------------------------------------------- */

NTSTATUS dq_file_open_handle(dq_processor *cpu, PFILE_OBJECT file, const void *place,
                             PHANDLE handle)
{
    dq_file *record = record_of(file);

    *handle = dq_handle_open_object(cpu->machine, &record->object, record->service, place);
    if (*handle == NULL) {
        (void)dq_object_release(cpu->machine, &record->object);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    record->has_handle = true;
    file->Flags |= FO_HANDLE_CREATED;
    return STATUS_SUCCESS;
}

NTSTATUS dq_file_of_handle(dq_processor *cpu, HANDLE handle, PFILE_OBJECT *file)
{
    dq_object *object = dq_handle_object(cpu->machine, handle);

    *file = NULL;
    if (object == NULL) {
        return dq_handle_refuse(cpu, handle);
    }
    if (object->retire != retire) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    *file = &CONTAINING_RECORD(object, dq_file, object)->file;
    return STATUS_SUCCESS;
}

/* The page gives no access that is refused: who asks is the kernel. */
NTSTATUS NTAPI IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess,
                                        PFILE_OBJECT *FileObject, PDEVICE_OBJECT *DeviceObject)
{
    NTSTATUS status;

    DQ_ENTER(IoGetDeviceObjectPointer, NULL, ObjectName, DesiredAccess, 0, STATUS_UNSUCCESSFUL);
    if (FileObject == NULL || DeviceObject == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *DeviceObject = NULL;
    status = dq_file_open_name(cpu, ObjectName, true, FileObject, DQ_CALL_PLACE);
    if (NT_SUCCESS(status)) {
        *DeviceObject = dq_device_top((*FileObject)->DeviceObject);
    }
    return status;
}

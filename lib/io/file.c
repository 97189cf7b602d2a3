/*
 * file.c - file objects: made by IRP_MJ_CREATE, ended by IRP_MJ_CLEANUP and IRP_MJ_CLOSE.
 *
 * An open file keeps a reference to its device.
 */
#include "io/file.h"

#include "io/io.h"
#include "ke/handle.h"
#include "ke/keep.h"
#include "ke/ki.h"

typedef struct dq_file {
    dq_object object;
    const void *place; /* Who opened it. */
    dq_service service;
    struct dq_file *next;
    FILE_OBJECT file;
} dq_file;

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
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR, .rule = "FileObject", .place = place },
            "%s was given %s", dq_service_name(cpu->execution->service),
            file != NULL ? "what is no file object, or one that is closed" : "NULL for a file");
    return false;
}

void dq_file_for_each(dq_machine *machine,
                      void (*visit)(void *context, PFILE_OBJECT file, const void *place),
                      void *context)
{
    const dq_io *io = ((dq_kernel *)machine->kernel)->io;

    for (dq_file *file = io != NULL ? io->files : NULL; file != NULL; file = file->next) {
        visit(context, &file->file, file->place);
    }
}

/* ---- Closing --------------------------------------------------------------------------------- */

static void forget(dq_machine *machine, dq_file *file)
{
    *find(machine, &file->file) = file->next;
    file->file.DeviceObject->ReferenceCount--;
    dq_device_object_release(machine, file->file.DeviceObject);
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

/* The last reference is given back. */
static void retire(dq_machine *machine, dq_object *object)
{
    dq_file *file = CONTAINING_RECORD(object, dq_file, object);

    dq_object_remove(machine, object);
    send(dq_self, file, IRP_MJ_CLEANUP, file->place);
    send(dq_self, file, IRP_MJ_CLOSE, file->place);
    forget(machine, file);
}

void dq_file_close(dq_processor *cpu, PFILE_OBJECT file, const void *place)
{
    if (dq_file_check(cpu, file, place)) {
        (void)dq_object_release(cpu->machine, &(*find(cpu->machine, file))->object);
    }
}

/* ---- Opening --------------------------------------------------------------------------------- */

static dq_file *make(dq_processor *cpu, PDEVICE_OBJECT device, const void *place)
{
    dq_io *io = dq_io_of(cpu->machine);
    dq_file *file = dq_keep(cpu->machine, sizeof(*file));

    if (file == NULL) {
        return NULL;
    }
    file->place = place;
    file->service = cpu->execution->service;
    file->object = (dq_object){
        .pointer = &file->file, .what = "file", .references = 1, .retire = retire
    };
    file->file.Type = IO_TYPE_FILE;
    file->file.Size = sizeof(FILE_OBJECT);
    file->file.DeviceObject = device;
    file->file.ReadAccess = TRUE;
    file->file.WriteAccess = TRUE;
    device->ReferenceCount++;
    dq_device_object_hold(cpu->machine, device);
    file->next = io->files;
    io->files = file;
    return file;
}

static void fill_create(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    (void)context;
    irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
    stack->Parameters.Create.ShareAccess = FILE_SHARE_READ | FILE_SHARE_WRITE;
    stack->Parameters.Create.Options = (ULONG)FILE_OPEN << 24;
}

static bool is_open(dq_machine *machine, const DEVICE_OBJECT *device)
{
    const dq_file *file = dq_io_of(machine)->files;

    while (file != NULL && file->file.DeviceObject != device) {
        file = file->next;
    }
    return file != NULL;
}

NTSTATUS dq_file_open(dq_processor *cpu, PDEVICE_OBJECT device, PFILE_OBJECT *file,
                      const void *place)
{
    dq_file *made;
    NTSTATUS status;

    *file = NULL;
    if (!dq_device_is_alive(cpu->machine, device) ||
        (dq_device_top(device)->Flags & DO_DEVICE_INITIALIZING) != 0) {
        return STATUS_NO_SUCH_DEVICE;
    }
    if ((device->Flags & DO_EXCLUSIVE) != 0 && is_open(cpu->machine, device)) {
        return STATUS_ACCESS_DENIED;
    }
    if (dq_fails(cpu, DQ_FAIL_IRP, 0, NULL, place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    made = make(cpu, device, place);
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = dq_irp_transact(cpu,
                             &(dq_irp_transaction){ .device = device,
                                                    .file = &made->file,
                                                    .major = IRP_MJ_CREATE,
                                                    .fill = fill_create,
                                                    .place = place },
                             NULL);
    if (NT_SUCCESS(status)) {
        dq_object_add(dq_self->machine, &made->object);
        *file = &made->file;
    } else {
        forget(dq_self->machine, made);
    }
    return status;
}

NTSTATUS dq_file_open_name(dq_processor *cpu, const UNICODE_STRING *name, PFILE_OBJECT *file,
                           const void *place)
{
    PDEVICE_OBJECT device;

    *file = NULL;
    if (!dq_name_is_valid(name)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    device = dq_name_device(cpu->machine, name);
    return device != NULL ? dq_file_open(cpu, device, file, place) : STATUS_OBJECT_NAME_NOT_FOUND;
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
    status = dq_file_open_name(cpu, ObjectName, FileObject, DQ_CALL_PLACE);
    if (NT_SUCCESS(status)) {
        *DeviceObject = dq_device_top((*FileObject)->DeviceObject);
    }
    return status;
}

/*
 * createfile.c - opening by a name: ZwCreateFile, ZwOpenFile, IoCreateFile; and what is done with a
 * file that is named, without a handle.
 *
 * Whoever calls is the kernel, which is granted whatever access it asks for. All handles are those
 * of the system process: OBJ_KERNEL_HANDLE makes no difference. Names are compared without regard
 * to case, as on every Windows that is not told otherwise, with OBJ_CASE_INSENSITIVE or without.
 */
#include <string.h>

#include "io/io.h"
#include "io/name.h"
#include "ke/ki.h"

enum { SYNCHRONOUS = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT };

/* A call. */
typedef struct creation {
    ACCESS_MASK access;
    const OBJECT_ATTRIBUTES *attributes;
    const LARGE_INTEGER *allocation;
    ULONG file_attributes, share, disposition, options;
    const void *ea;
    ULONG ea_bytes;
    const void *place;
} creation;

static ACCESS_MASK granted(ACCESS_MASK wanted)
{
    ACCESS_MASK access = wanted & 0x00FFFFFF;

    access |= wanted & GENERIC_READ ? FILE_GENERIC_READ : 0;
    access |= wanted & GENERIC_WRITE ? FILE_GENERIC_WRITE : 0;
    access |= wanted & GENERIC_EXECUTE ? FILE_GENERIC_EXECUTE : 0;
    access |= wanted & (GENERIC_ALL | MAXIMUM_ALLOWED) ? FILE_ALL_ACCESS : 0;
    return access;
}

/* ---- Parameters ------------------------------------------------------------------------------ */

static bool options_fit(const creation *c)
{
    const ULONG options = c->options;
    const ULONG directory = FILE_DIRECTORY_FILE;
    const ULONG with_directory = SYNCHRONOUS | directory | FILE_WRITE_THROUGH |
                                 FILE_OPEN_FOR_BACKUP_INTENT | FILE_OPEN_BY_FILE_ID |
                                 FILE_DELETE_ON_CLOSE | FILE_OPEN_REPARSE_POINT |
                                 FILE_COMPLETE_IF_OPLOCKED | FILE_OPEN_FOR_FREE_SPACE_QUERY;

    if ((options & ~(ULONG)FILE_VALID_OPTION_FLAGS) != 0 ||
        (options & SYNCHRONOUS) == SYNCHRONOUS ||
        ((options & SYNCHRONOUS) != 0 && (c->access & SYNCHRONIZE) == 0) ||
        ((options & FILE_DELETE_ON_CLOSE) != 0 && (c->access & DELETE) == 0) ||
        ((options & FILE_NO_INTERMEDIATE_BUFFERING) != 0 &&
         (c->access & (FILE_APPEND_DATA | FILE_WRITE_DATA)) == FILE_APPEND_DATA)) {
        return false;
    }
    return (options & directory) == 0 ||
           ((options & ~with_directory) == 0 &&
            (c->disposition == FILE_CREATE || c->disposition == FILE_OPEN ||
             c->disposition == FILE_OPEN_IF));
}

static NTSTATUS check(const creation *c)
{
    if (c->attributes == NULL || c->attributes->Length != sizeof(OBJECT_ATTRIBUTES) ||
        c->disposition > FILE_MAXIMUM_DISPOSITION || !options_fit(c) ||
        (c->share & ~(ULONG)FILE_SHARE_VALID_FLAGS) != 0 ||
        (c->file_attributes & ~(ULONG)(FILE_ATTRIBUTE_VALID_FLAGS | FILE_ATTRIBUTE_DIRECTORY)) !=
            0 ||
        (c->allocation != NULL && c->allocation->QuadPart < 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    return c->ea != NULL || c->ea_bytes != 0 ? STATUS_EAS_NOT_SUPPORTED : STATUS_SUCCESS;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static NTSTATUS find_related(dq_processor *cpu, const creation *c, dq_file_request *request)
{
    NTSTATUS status = dq_file_of_handle(cpu, c->attributes->RootDirectory, &request->related);

    if (NT_SUCCESS(status)) {
        (void)dq_file_hold(request->related); /* The handle may be closed meanwhile. */
        request->device = request->related->DeviceObject;
        request->name = c->attributes->ObjectName;
    }
    return status;
}

/* `rest` is to be dropped. */
static NTSTATUS find(dq_processor *cpu, const creation *c, dq_file_request *request,
                     UNICODE_STRING *rest)
{
    const UNICODE_STRING *name = c->attributes->ObjectName;
    NTSTATUS status;

    if (c->attributes->RootDirectory != NULL) {
        return find_related(cpu, c, request);
    }
    if (name == NULL || name->Length == 0 || name->Buffer[0] != '\\') {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    request->device = dq_name_open(cpu->machine, name, rest, &status);
    request->name = rest;
    return request->device != NULL ? STATUS_SUCCESS : status;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static NTSTATUS open_file(dq_processor *cpu, const creation *c, PFILE_OBJECT *file,
                          ULONG_PTR *information)
{
    dq_machine *machine = cpu->machine;
    UNICODE_STRING rest = { 0 };
    dq_file_request request = { .access = c->access,
                                .attributes = c->file_attributes,
                                .share = c->share,
                                .disposition = c->disposition,
                                .options = c->options,
                                .allocation = c->allocation != NULL ? c->allocation->QuadPart : 0,
                                .place = c->place };
    NTSTATUS status = check(c);

    *file = NULL;
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (dq_fails(cpu, DQ_FAIL_FILE, 0, NULL, c->place)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = find(cpu, c, &request, &rest);
    if (NT_SUCCESS(status)) {
        status = dq_file_create(cpu, &request, file, information);
    }
    if (request.related != NULL) {
        dq_file_close(dq_self, request.related, c->place);
    }
    dq_name_drop(machine, &rest);
    return status;
}

static NTSTATUS create(dq_processor *cpu, const creation *c, PHANDLE handle,
                       PIO_STATUS_BLOCK status_block)
{
    ULONG_PTR information = 0;
    PFILE_OBJECT file;
    NTSTATUS status;

    *handle = NULL;
    status = open_file(cpu, c, &file, &information);
    if (NT_SUCCESS(status)) {
        status = dq_file_open_handle(dq_self, file, c->place, handle);
    }
    status_block->Status = status;
    status_block->Information = information;
    if (dq_must_look(dq_self, dq_self->irql)) {
        (void)dq_deliver(dq_self);
    }
    return status;
}

/* Opportunistic locks, and files by their numbers, are not there: STATUS_NOT_SUPPORTED; nor are
 * extended attributes: STATUS_EAS_NOT_SUPPORTED. */
NTSTATUS NTAPI ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                            ULONG EaLength)
{
    const creation c = { .access = granted(DesiredAccess),
                         .attributes = ObjectAttributes,
                         .allocation = AllocationSize,
                         .file_attributes = FileAttributes,
                         .share = ShareAccess,
                         .disposition = CreateDisposition,
                         .options = CreateOptions,
                         .ea = EaBuffer,
                         .ea_bytes = EaLength,
                         .place = DQ_CALL_PLACE };

    DQ_ENTER(ZwCreateFile, NULL, DesiredAccess, CreateDisposition, CreateOptions,
             STATUS_UNSUCCESSFUL);
    return create(cpu, &c, FileHandle, IoStatusBlock);
}

NTSTATUS NTAPI ZwOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                          POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                          ULONG ShareAccess, ULONG OpenOptions)
{
    const creation c = { .access = granted(DesiredAccess),
                         .attributes = ObjectAttributes,
                         .share = ShareAccess,
                         .disposition = FILE_OPEN,
                         .options = OpenOptions,
                         .place = DQ_CALL_PLACE };

    DQ_ENTER(ZwOpenFile, NULL, DesiredAccess, ShareAccess, OpenOptions, STATUS_UNSUCCESSFUL);
    return create(cpu, &c, FileHandle, IoStatusBlock);
}

/* No driver makes pipes or mailslots with it. Of the options, IO_NO_PARAMETER_CHECKING and those
 * that ask for more checks have no effect. */
NTSTATUS NTAPI IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength,
                            CREATE_FILE_TYPE CreateFileType, PVOID InternalParameters,
                            ULONG Options)
{
    const creation c = { .access = granted(DesiredAccess),
                         .attributes = ObjectAttributes,
                         .allocation = AllocationSize,
                         .file_attributes = FileAttributes,
                         .share = ShareAccess,
                         .disposition = Disposition,
                         .options = CreateOptions,
                         .ea = EaBuffer,
                         .ea_bytes = EaLength,
                         .place = DQ_CALL_PLACE };

    DQ_ENTER(IoCreateFile, NULL, DesiredAccess, Disposition, CreateOptions, STATUS_UNSUCCESSFUL);
    (void)Options;
    if (CreateFileType != CreateFileTypeNone || InternalParameters != NULL) {
        *FileHandle = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    return create(cpu, &c, FileHandle, IoStatusBlock);
}

/* ---- Without a handle ------------------------------------------------------------------------ */

/* Opened, asked something, and closed. */
static NTSTATUS ask_by_name(dq_processor *cpu, const creation *c, dq_file_call *call)
{
    PFILE_OBJECT file;
    NTSTATUS status = open_file(cpu, c, &file, NULL);

    if (NT_SUCCESS(status)) {
        if (call != NULL) {
            call->file = file;
            status = dq_file_ask(dq_self, call);
        }
        dq_file_close(dq_self, file, c->place);
    }
    if (dq_must_look(dq_self, dq_self->irql)) {
        (void)dq_deliver(dq_self);
    }
    return status;
}

NTSTATUS NTAPI ZwDeleteFile(POBJECT_ATTRIBUTES ObjectAttributes)
{
    const creation c = { .access = DELETE,
                         .attributes = ObjectAttributes,
                         .share = FILE_SHARE_VALID_FLAGS,
                         .disposition = FILE_OPEN,
                         .options = FILE_DELETE_ON_CLOSE,
                         .place = DQ_CALL_PLACE };

    DQ_ENTER(ZwDeleteFile, NULL, 0, 0, 0, STATUS_UNSUCCESSFUL);
    return ask_by_name(cpu, &c, NULL);
}

static void fill_query(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    (void)irp;
    (void)context;
    stack->Parameters.QueryFile.Length = sizeof(FILE_NETWORK_OPEN_INFORMATION);
    stack->Parameters.QueryFile.FileInformationClass = FileNetworkOpenInformation;
}

NTSTATUS NTAPI ZwQueryFullAttributesFile(POBJECT_ATTRIBUTES ObjectAttributes,
                                         PFILE_NETWORK_OPEN_INFORMATION FileInformation)
{
    IO_STATUS_BLOCK status_block;
    const creation c = { .access = FILE_READ_ATTRIBUTES,
                         .attributes = ObjectAttributes,
                         .share = FILE_SHARE_VALID_FLAGS,
                         .disposition = FILE_OPEN,
                         .place = DQ_CALL_PLACE };
    dq_file_call call = { .major = IRP_MJ_QUERY_INFORMATION,
                          .status_block = &status_block,
                          .buffer = FileInformation,
                          .bytes = sizeof(*FileInformation),
                          .output = true,
                          .copy = true,
                          .waits = true,
                          .fill = fill_query,
                          .place = DQ_CALL_PLACE };

    DQ_ENTER(ZwQueryFullAttributesFile, NULL, 0, 0, 0, STATUS_UNSUCCESSFUL);
    return ask_by_name(cpu, &c, &call);
}

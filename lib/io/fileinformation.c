/*
 * fileinformation.c - ZwQueryInformationFile, ZwSetInformationFile, ZwQueryDirectoryFile.
 *
 * What the I/O manager knows itself it tells without asking a driver: access, mode, alignment, the
 * position of a file that is used synchronously.
 */
#include <string.h>

#include "io/file.h"
#include "io/io.h"
#include "io/name.h"
#include "ke/keep.h"
#include "ke/ki.h"

/* A call. */
typedef struct asking {
    FILE_INFORMATION_CLASS class;
    ULONG length;
    PFILE_OBJECT file;
    void *information;
    PFILE_OBJECT target;  /* Of a rename: what the name is relative to, or NULL. */
    UNICODE_STRING *name; /* Of a directory's entries. */
    bool single, restart;
} asking;

/* ---- What the I/O manager knows -------------------------------------------------------------- */

static ULONG mode_of(const FILE_OBJECT *file)
{
    return dq_file_options(file) &
           (FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY | FILE_NO_INTERMEDIATE_BUFFERING |
            FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT | FILE_DELETE_ON_CLOSE);
}

static NTSTATUS tell(const void *information, ULONG bytes, PIO_STATUS_BLOCK status_block,
                     void *buffer, ULONG length)
{
    if (length < bytes) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    memcpy(buffer, information, bytes);
    status_block->Status = STATUS_SUCCESS;
    status_block->Information = bytes;
    return STATUS_SUCCESS;
}

/* True: it was told, with this status. */
static bool tell_known(const FILE_OBJECT *file, FILE_INFORMATION_CLASS class,
                       PIO_STATUS_BLOCK status_block, void *buffer, ULONG length, NTSTATUS *status)
{
    const FILE_ACCESS_INFORMATION access = { dq_file_access(file) };
    const FILE_MODE_INFORMATION mode = { mode_of(file) };
    const FILE_ALIGNMENT_INFORMATION alignment = {
        dq_device_top(file->DeviceObject)->AlignmentRequirement
    };
    const FILE_POSITION_INFORMATION position = { file->CurrentByteOffset };

    if (class == FileAccessInformation) {
        *status = tell(&access, sizeof(access), status_block, buffer, length);
    } else if (class == FileModeInformation) {
        *status = tell(&mode, sizeof(mode), status_block, buffer, length);
    } else if (class == FileAlignmentInformation) {
        *status = tell(&alignment, sizeof(alignment), status_block, buffer, length);
    } else if (class == FilePositionInformation && (file->Flags & FO_SYNCHRONOUS_IO) != 0) {
        *status = tell(&position, sizeof(position), status_block, buffer, length);
    } else {
        return false;
    }
    return true;
}

static void add_known(void *context, NTSTATUS status)
{
    const asking *a = context;
    FILE_ALL_INFORMATION *all = a->information;

    if (a->class == FileAllInformation && a->length >= sizeof(*all) && !NT_ERROR(status)) {
        all->AccessInformation.AccessFlags = dq_file_access(a->file);
        all->ModeInformation.Mode = mode_of(a->file);
        all->AlignmentInformation.AlignmentRequirement =
            dq_device_top(a->file->DeviceObject)->AlignmentRequirement;
    }
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static ACCESS_MASK access_to_query(FILE_INFORMATION_CLASS class)
{
    switch (class) {
    case FileBasicInformation:
    case FileNetworkOpenInformation:
    case FileAttributeTagInformation:
    case FileAllInformation:
        return FILE_READ_ATTRIBUTES;
    case FilePositionInformation:
        return FILE_READ_DATA | FILE_WRITE_DATA;
    default:
        return 0;
    }
}

static ACCESS_MASK access_to_set(FILE_INFORMATION_CLASS class)
{
    switch (class) {
    case FileBasicInformation:
        return FILE_WRITE_ATTRIBUTES;
    case FileDispositionInformation:
    case FileRenameInformation:
        return DELETE;
    case FileEndOfFileInformation:
    case FileAllocationInformation:
        return FILE_WRITE_DATA;
    case FilePositionInformation:
        return FILE_READ_DATA | FILE_WRITE_DATA;
    default:
        return 0;
    }
}

static void fill_query(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    const asking *a = context;

    (void)irp;
    stack->Parameters.QueryFile.Length = a->length;
    stack->Parameters.QueryFile.FileInformationClass = a->class;
}

NTSTATUS NTAPI ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                      PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass)
{
    asking a = { .class = FileInformationClass, .length = Length, .information = FileInformation };
    dq_file_call call = { .major = IRP_MJ_QUERY_INFORMATION,
                          .status_block = IoStatusBlock,
                          .buffer = FileInformation,
                          .bytes = Length,
                          .output = true,
                          .copy = true,
                          .waits = true,
                          .fill = fill_query,
                          .finish = add_known,
                          .context = &a,
                          .place = DQ_CALL_PLACE };
    NTSTATUS status;

    DQ_ENTER(ZwQueryInformationFile, NULL, FileHandle, FileInformationClass, Length,
             STATUS_UNSUCCESSFUL);
    status = dq_file_of_handle(cpu, FileHandle, &call.file);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    dq_file_check_use(cpu, call.file, access_to_query(FileInformationClass), call.place);
    if (tell_known(call.file, FileInformationClass, IoStatusBlock, FileInformation, Length,
                   &status)) {
        return status;
    }
    a.file = call.file;
    return dq_file_ask(cpu, &call);
}

/* ---- Setting --------------------------------------------------------------------------------- */

static void fill_set(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    const asking *a = context;

    (void)irp;
    stack->Parameters.SetFile.Length = a->length;
    stack->Parameters.SetFile.FileInformationClass = a->class;
    stack->Parameters.SetFile.FileObject = a->target;
}

static void mark_deletion(void *context, NTSTATUS status)
{
    const asking *a = context;

    if (a->class == FileDispositionInformation && NT_SUCCESS(status)) {
        a->file->DeletePending = ((const FILE_DISPOSITION_INFORMATION *)a->information)->DeleteFile;
    }
}

/* A full name, of which the driver gets what is behind the device's: `made`, to be dropped. */
static NTSTATUS follow_name(dq_processor *cpu, const FILE_RENAME_INFORMATION *rename,
                            dq_file_call *call, asking *a, void **made)
{
    UNICODE_STRING name = { .Buffer = (PWCH)(uintptr_t)rename->FileName,
                            .Length = (USHORT)rename->FileNameLength };
    const size_t front = FIELD_OFFSET(FILE_RENAME_INFORMATION, FileName);
    FILE_RENAME_INFORMATION *copy = NULL;
    PDEVICE_OBJECT device;
    UNICODE_STRING rest;
    NTSTATUS status;

    device = dq_name_open(cpu->machine, &name, &rest, &status);
    if (device == call->file->DeviceObject) {
        a->length = (ULONG)max(front + rest.Length, sizeof(*copy));
        copy = dq_keep(cpu->machine, a->length);
        status = copy != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    } else if (device != NULL) {
        status = STATUS_NOT_SAME_DEVICE;
    }
    if (copy != NULL) {
        copy->Flags = rename->Flags;
        copy->FileNameLength = rest.Length;
        memcpy(copy->FileName, rest.Buffer, rest.Length);
        call->buffer = copy;
        call->bytes = a->length;
    }
    dq_name_drop(cpu->machine, &rest);
    *made = copy;
    return status;
}

/* With a reference: the handle may be closed meanwhile. */
static NTSTATUS find_target(dq_processor *cpu, HANDLE handle, const FILE_OBJECT *renamed,
                            PFILE_OBJECT *target)
{
    PFILE_OBJECT found;
    const NTSTATUS status = dq_file_of_handle(cpu, handle, &found);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (found->DeviceObject != renamed->DeviceObject) {
        return STATUS_NOT_SAME_DEVICE;
    }
    (void)dq_file_hold(found);
    *target = found;
    return STATUS_SUCCESS;
}

static NTSTATUS prepare_rename(dq_processor *cpu, dq_file_call *call, asking *a, void **made)
{
    const FILE_RENAME_INFORMATION *rename = call->buffer;
    const size_t front = FIELD_OFFSET(FILE_RENAME_INFORMATION, FileName);

    if (a->length < sizeof(*rename)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if (rename->FileNameLength == 0 || rename->FileNameLength % sizeof(WCHAR) != 0 ||
        rename->FileNameLength > MAXUSHORT || rename->FileNameLength > a->length - front) {
        return STATUS_INVALID_PARAMETER;
    }
    if (rename->RootDirectory != NULL) {
        return find_target(cpu, rename->RootDirectory, call->file, &a->target);
    }
    return rename->FileName[0] == '\\' ? follow_name(cpu, rename, call, a, made) : STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                    PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass)
{
    asking a = { .class = FileInformationClass, .length = Length, .information = FileInformation };
    dq_file_call call = { .major = IRP_MJ_SET_INFORMATION,
                          .status_block = IoStatusBlock,
                          .buffer = FileInformation,
                          .bytes = Length,
                          .input = true,
                          .copy = true,
                          .waits = true,
                          .fill = fill_set,
                          .finish = mark_deletion,
                          .context = &a,
                          .place = DQ_CALL_PLACE };
    const bool deletes = FileInformationClass == FileDispositionInformation;
    void *made = NULL;
    NTSTATUS status;

    DQ_ENTER(ZwSetInformationFile, NULL, FileHandle, FileInformationClass, Length,
             STATUS_UNSUCCESSFUL);
    status = dq_file_of_handle(cpu, FileHandle, &call.file);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!deletes || !call.file->DeletePending) { /* A deletion may be taken back. */
        dq_file_check_use(cpu, call.file, access_to_set(FileInformationClass), call.place);
    }
    a.file = call.file;
    if (FileInformationClass == FileRenameInformation) {
        status = prepare_rename(cpu, &call, &a, &made);
    }
    if (NT_SUCCESS(status)) {
        status = dq_file_ask(cpu, &call);
    }
    if (made != NULL) {
        dq_keep_drop(dq_self->machine, made);
    }
    if (a.target != NULL) {
        dq_file_close(dq_self, a.target, call.place);
    }
    return status;
}

/* ---- Directories ----------------------------------------------------------------------------- */

static void fill_list(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    const asking *a = context;

    (void)irp;
    stack->Flags =
        (UCHAR)((a->restart ? SL_RESTART_SCAN : 0) | (a->single ? SL_RETURN_SINGLE_ENTRY : 0));
    stack->Parameters.QueryDirectory.Length = a->length;
    stack->Parameters.QueryDirectory.FileName = a->name;
    stack->Parameters.QueryDirectory.FileInformationClass = a->class;
}

/* An APC routine is refused: STATUS_INVALID_PARAMETER. */
NTSTATUS NTAPI ZwQueryDirectoryFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                    PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                    PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass,
                                    BOOLEAN ReturnSingleEntry, PUNICODE_STRING FileName,
                                    BOOLEAN RestartScan)
{
    asking a = { .class = FileInformationClass,
                 .length = Length,
                 .name = FileName,
                 .single = ReturnSingleEntry != FALSE,
                 .restart = RestartScan != FALSE };
    dq_file_call call = { .major = IRP_MJ_DIRECTORY_CONTROL,
                          .minor = IRP_MN_QUERY_DIRECTORY,
                          .event = Event,
                          .status_block = IoStatusBlock,
                          .buffer = FileInformation,
                          .bytes = Length,
                          .output = true,
                          .fill = fill_list,
                          .context = &a,
                          .place = DQ_CALL_PLACE };
    NTSTATUS status;

    DQ_ENTER(ZwQueryDirectoryFile, NULL, FileHandle, FileInformationClass, Length,
             STATUS_UNSUCCESSFUL);
    (void)ApcContext;
    status = dq_file_of_handle(cpu, FileHandle, &call.file);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    dq_file_check_use(cpu, call.file, FILE_LIST_DIRECTORY, call.place);
    return ApcRoutine == NULL ? dq_file_ask(cpu, &call) : STATUS_INVALID_PARAMETER;
}

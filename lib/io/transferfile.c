/*
 * transferfile.c - ZwReadFile, ZwWriteFile and ZwFlushBuffersFile.
 *
 * The kernel may read and write with a handle that was opened for something else; that is a
 * warning. A handle for appending only writes at the end, whatever the offset says.
 */
#include "io/file.h"

#include "io/io.h"
#include "ke/ki.h"
#include "sim/access.h"

enum { SECTOR_BYTES = 512 };

/* A call. */
typedef struct transfer {
    bool writes;
    PFILE_OBJECT file;
    HANDLE event;
    PIO_APC_ROUTINE apc_routine;
    const void *apc_context;
    PIO_STATUS_BLOCK status_block;
    void *buffer;
    ULONG length;
    const LARGE_INTEGER *wanted; /* The caller's offset, or NULL. */
    const ULONG *key;
    LARGE_INTEGER offset;
    const void *place;
} transfer;

static bool is_special(LARGE_INTEGER offset, ULONG low)
{
    return offset.HighPart == -1 && offset.LowPart == low;
}

static bool appends_only(const transfer *t)
{
    return t->writes &&
           (dq_file_access(t->file) & (FILE_APPEND_DATA | FILE_WRITE_DATA)) == FILE_APPEND_DATA;
}

static bool is_at_position(const transfer *t)
{
    return !appends_only(t) &&
           (t->wanted == NULL || is_special(*t->wanted, FILE_USE_FILE_POINTER_POSITION));
}

/* Where the transfer begins, unless at the position; a device's driver is told the same as a
 * volume's. False: it has no offset, and the file has no position. */
static bool find_offset(transfer *t)
{
    if (is_at_position(t)) {
        return (t->file->Flags & FO_SYNCHRONOUS_IO) != 0;
    }
    if (appends_only(t)) {
        t->offset.HighPart = -1;
        t->offset.LowPart = FILE_WRITE_TO_END_OF_FILE;
        return true;
    }
    t->offset = *t->wanted;
    return t->offset.QuadPart >= 0 ||
           (t->writes && is_special(t->offset, FILE_WRITE_TO_END_OF_FILE));
}

static bool is_aligned(const transfer *t)
{
    return (t->file->Flags & FO_NO_INTERMEDIATE_BUFFERING) == 0 ||
           (t->length % SECTOR_BYTES == 0 &&
            (t->offset.QuadPart < 0 || t->offset.QuadPart % SECTOR_BYTES == 0));
}

static void check_reserved(dq_processor *cpu, const transfer *t)
{
    const char *service = dq_service_name(cpu->execution->service);

    if ((t->apc_routine != NULL || t->apc_context != NULL || t->key != NULL) &&
        dq_attends(cpu, DQ_ATTEND_SINKS)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "FileReserved",
                               .page = service,
                               .place = t->place },
                "%s was given %s, which %s reserved", service,
                t->key != NULL ? "a key" : "an APC routine or its context",
                t->key != NULL ? "is" : "are");
    }
}

/* Now nobody else moves the position. */
static void fill(PIRP irp, PIO_STACK_LOCATION stack, void *context)
{
    transfer *t = context;

    if (is_at_position(t)) {
        t->offset = t->file->CurrentByteOffset;
    }
    if (t->writes) {
        irp->Flags |= IRP_WRITE_OPERATION;
        stack->Parameters.Write.Length = t->length;
        stack->Parameters.Write.ByteOffset = t->offset;
        stack->Parameters.Write.Key = t->key != NULL ? *t->key : 0;
    } else {
        irp->Flags |= IRP_READ_OPERATION;
        stack->Parameters.Read.Length = t->length;
        stack->Parameters.Read.ByteOffset = t->offset;
        stack->Parameters.Read.Key = t->key != NULL ? *t->key : 0;
    }
}

/* Also of what failed, an explicit offset is the position from then on. */
static void move_position(void *context, NTSTATUS status)
{
    const transfer *t = context;

    if ((t->file->Flags & FO_SYNCHRONOUS_IO) != 0 && t->offset.QuadPart >= 0) {
        t->file->CurrentByteOffset.QuadPart =
            t->offset.QuadPart + (NT_SUCCESS(status) ? (LONGLONG)t->status_block->Information : 0);
    }
}

static NTSTATUS run(dq_processor *cpu, transfer *t)
{
    const dq_file_call call = { .file = t->file,
                                .major = t->writes ? IRP_MJ_WRITE : IRP_MJ_READ,
                                .event = t->event,
                                .status_block = t->status_block,
                                .buffer = t->buffer,
                                .bytes = t->length,
                                .input = t->writes,
                                .output = !t->writes,
                                .fill = fill,
                                .finish = move_position,
                                .context = t,
                                .place = t->place };
    NTSTATUS status;

    check_reserved(cpu, t);
    if (t->apc_routine != NULL || !find_offset(t) || !is_aligned(t)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (t->writes && t->length > 0) {
        dq_access_by_service(cpu, t->buffer, t->length, DQ_ACCESS_READ);
    }
    status = dq_file_ask(cpu, &call);
    if (!t->writes && NT_SUCCESS(status) && status != STATUS_PENDING &&
        t->status_block->Information > 0) {
        dq_access_by_service(dq_self, t->buffer, min(t->status_block->Information, t->length),
                             DQ_ACCESS_WRITE);
    }
    return status;
}

/* On the file of a handle that must give one of these rights. */
static NTSTATUS run_with(dq_processor *cpu, HANDLE handle, ACCESS_MASK access, transfer *t)
{
    const NTSTATUS status = dq_file_of_handle(cpu, handle, &t->file);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    dq_file_check_use(cpu, t->file, access, t->place);
    return run(cpu, t);
}

/* An APC routine is reserved: STATUS_INVALID_PARAMETER. */
NTSTATUS NTAPI ZwReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                          PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                          ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key)
{
    transfer t = { .event = Event,
                   .apc_routine = ApcRoutine,
                   .apc_context = ApcContext,
                   .status_block = IoStatusBlock,
                   .buffer = Buffer,
                   .length = Length,
                   .wanted = ByteOffset,
                   .key = Key,
                   .place = DQ_CALL_PLACE };

    DQ_ENTER(ZwReadFile, NULL, FileHandle, Length, 0, STATUS_UNSUCCESSFUL);
    return run_with(cpu, FileHandle, FILE_READ_DATA, &t);
}

/* As ZwReadFile. */
NTSTATUS NTAPI ZwWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                           PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                           ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key)
{
    transfer t = { .writes = true,
                   .event = Event,
                   .apc_routine = ApcRoutine,
                   .apc_context = ApcContext,
                   .status_block = IoStatusBlock,
                   .buffer = Buffer,
                   .length = Length,
                   .wanted = ByteOffset,
                   .key = Key,
                   .place = DQ_CALL_PLACE };

    DQ_ENTER(ZwWriteFile, NULL, FileHandle, Length, 0, STATUS_UNSUCCESSFUL);
    return run_with(cpu, FileHandle, FILE_WRITE_DATA | FILE_APPEND_DATA, &t);
}

/* What is written is in the file at once; so it only asks the drivers. */
NTSTATUS NTAPI ZwFlushBuffersFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    dq_file_call call = { .major = IRP_MJ_FLUSH_BUFFERS,
                          .status_block = IoStatusBlock,
                          .waits = true,
                          .place = DQ_CALL_PLACE };
    NTSTATUS status;

    DQ_ENTER(ZwFlushBuffersFile, NULL, FileHandle, 0, 0, STATUS_UNSUCCESSFUL);
    status = dq_file_of_handle(cpu, FileHandle, &call.file);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    dq_file_check_use(cpu, call.file, FILE_WRITE_DATA | FILE_APPEND_DATA, call.place);
    return dq_file_ask(cpu, &call);
}
